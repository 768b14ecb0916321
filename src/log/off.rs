//! The log without the feature `tracing`: nothing.

use http::{HeaderMap, Uri};

use crate::config::Config;
use crate::decide::Resolved;
use crate::peer::FoundIn;

#[derive(Debug)]
pub(crate) struct Log;

#[expect(clippy::unused_self, reason = "the same calls as with the feature")]
impl Log {
    pub(crate) fn new() -> Self {
        Self
    }

    #[inline(always)]
    pub(crate) fn request(&self, _: &Config, _: &Resolved, _: FoundIn, _: &HeaderMap, _: &Uri) {}

    pub(crate) fn configuration(&self, _: &Config) {}
}
