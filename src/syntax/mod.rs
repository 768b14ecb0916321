//! Text proved valid, or refused: the layer below every header.

pub(crate) mod authority;
pub(crate) mod bytes;
pub(crate) mod ip;
pub(crate) mod prefix;
mod recent;
pub(crate) mod scheme;
pub(crate) mod zone;
