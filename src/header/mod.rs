//! Headers as bytes. Knows no configuration and no trust.

pub(crate) mod forwarded;
pub(crate) mod lines;
pub(crate) mod list;
pub(crate) mod names;
pub(crate) mod report;
pub(crate) mod single;
pub(crate) mod x_forwarded;
