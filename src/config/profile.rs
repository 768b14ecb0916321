//! What a well-known proxy writes.

use super::Writing;

/// What a well-known proxy writes of its own, whatever the client sends.
#[derive(Debug)]
pub(crate) struct Profile {
    /// The name of the profile: `nginx`.
    pub(crate) name: &'static str,
    pub(crate) client: ProfileClient,
    /// The header of the scheme, as text for a source. `none` if the proxy reports no scheme.
    pub(crate) scheme: &'static str,
    pub(crate) writing: Writing,
    /// Whether the proxy adds a line of `X-Forwarded-Prefix` for each part of the prefix.
    pub(crate) joins_prefixes: bool,
    /// Further headers that the proxy writes, or writes with a line that its page shows.
    pub(crate) also: &'static [&'static str],
    /// What is refused with a sentence of the page: a header, a call, or `behind another proxy`.
    pub(crate) refused: &'static [(&'static str, &'static str)],
    /// The line of the proxy's configuration that writes a header, as its page has it.
    pub(crate) lines: &'static [(&'static str, &'static str)],
    /// Whether the proxy never runs on the app's machine.
    pub(crate) is_remote: bool,
}

impl Profile {
    /// Returns the line of the proxy's configuration that writes this header.
    pub(crate) fn line(&self, header: &str) -> Option<&'static str> {
        self.lines.iter().find(|(name, _)| *name == header).map(|(_, line)| *line)
    }
}

/// Where a proxy reports the client.
#[derive(Debug)]
pub(crate) enum ProfileClient {
    /// `X-Forwarded-For`, at this place from the right end.
    XForwardedFor(u8),
    /// `Forwarded`, or a header with one address.
    Header(&'static str),
}
