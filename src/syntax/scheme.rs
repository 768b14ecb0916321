//! The two schemes that a web request can have.

use http::uri::Scheme;

static HTTP: Scheme = Scheme::HTTP;
static HTTPS: Scheme = Scheme::HTTPS;

/// `http` or `https`. `http`'s own `Scheme` accepts `javascript`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WebScheme {
    Http,
    Https,
}

/// The length of `https`, the longest scheme.
pub(crate) const MAX_SCHEME: usize = 5;

impl WebScheme {
    /// Reads a forwarded scheme, in any case. Traefik writes `ws` and `wss` for upgrade requests.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        if let Some((b"", scheme)) = Self::at_end(text) {
            return Some(scheme);
        }
        let is = |name: &[u8]| text.eq_ignore_ascii_case(name);
        if is(b"https") || is(b"wss") {
            Some(Self::Https)
        } else if is(b"http") || is(b"ws") {
            Some(Self::Http)
        } else {
            None
        }
    }

    /// Reads `on` as https and `off` as http, in any case.
    pub(crate) fn parse_on_off(text: &[u8]) -> Option<Self> {
        if text.eq_ignore_ascii_case(b"on") {
            Some(Self::Https)
        } else {
            text.eq_ignore_ascii_case(b"off").then_some(Self::Http)
        }
    }

    /// Splits off a scheme in lower case at the end of the text, as nearly all proxies write it.
    #[inline]
    pub(crate) fn at_end(text: &[u8]) -> Option<(&[u8], Self)> {
        let https = || text.strip_suffix(b"https").map(|before| (before, Self::Https));
        https().or_else(|| text.strip_suffix(b"http").map(|before| (before, Self::Http)))
    }

    pub(crate) fn as_scheme(self) -> &'static Scheme {
        match self {
            Self::Http => &HTTP,
            Self::Https => &HTTPS,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Returns the text of an on/off header for this scheme.
    pub(crate) fn as_on_off(self) -> &'static str {
        match self {
            Self::Http => "off",
            Self::Https => "on",
        }
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}
