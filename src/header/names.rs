//! The names of forwarding headers, as proxies and frameworks write them.
//!
//! The layer removes each known name unless a trusted proxy wrote its value. Names that identify the
//! *user* (`X-Forwarded-User`, `X-Forwarded-Client-Cert`) or the path (`X-Forwarded-Uri`,
//! `X-Original-URL`) are not forwarding headers.

use std::fmt;
use std::sync::LazyLock;

use http::HeaderName;

/// What the value of a known header is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    AddressList,
    Address,
    AddressAndPort,
    Forwarded,
    Scheme,
    OnOff,
    Host,
    Port,
    Prefix,
    /// A value that this crate removes and does not read.
    Unread,
}

/// The known names. Each of the first 64, which most proxies write, has a bit of its own in a [`Set`].
const KNOWN: [(&str, Holds); 101] = [
    // The standard and de facto standard names.
    ("x-forwarded-for", Holds::AddressList),
    ("x-forwarded-proto", Holds::Scheme),
    ("x-forwarded-host", Holds::Host),
    ("x-forwarded-port", Holds::Port),
    ("x-forwarded-prefix", Holds::Prefix),
    ("forwarded", Holds::Forwarded),
    ("x-real-ip", Holds::Address),
    ("forwarded-for", Holds::AddressList),
    ("x-forwarded", Holds::AddressList),
    ("x-forwarded-by", Holds::Unread),
    ("x-forwarded-client-ip", Holds::Address),
    ("x-forwarded-protocol", Holds::Scheme),
    ("x-forwarded-scheme", Holds::Scheme),
    ("x-forwarded-server", Holds::Unread),
    ("x-forwarded-ssl", Holds::OnOff),
    // Copies that other middleware keeps.
    ("x-original-for", Holds::AddressList),
    ("x-original-forwarded-for", Holds::AddressList),
    ("x-original-forwarded-host", Holds::Host),
    ("x-original-host", Holds::Host),
    ("x-original-prefix", Holds::Prefix),
    ("x-original-proto", Holds::Scheme),
    // The host, the port and the scheme under vendors' names.
    ("cf-visitor", Holds::Unread),
    ("cloudfront-forwarded-proto", Holds::Scheme),
    ("disguised-host", Holds::Host),
    ("fly-forwarded-port", Holds::Port),
    ("front-end-https", Holds::OnOff),
    ("x-appengine-https", Holds::OnOff),
    ("x-appservice-proto", Holds::Scheme),
    ("x-arr-ssl", Holds::Unread),
    ("x-client-port", Holds::Unread),
    ("x-envoy-original-host", Holds::Host),
    ("x-host", Holds::Host),
    ("x-http-host-override", Holds::Host),
    ("x-scheme", Holds::Scheme),
    ("x-url-scheme", Holds::Scheme),
    // The client's address under vendors' names.
    ("ali-cdn-real-ip", Holds::Address),
    ("cf-connecting-ip", Holds::Address),
    ("cf-connecting-ipv6", Holds::Address),
    ("cf-pseudo-ipv4", Holds::Address),
    ("client-ip", Holds::Address),
    ("cloudfront-viewer-address", Holds::AddressAndPort),
    ("do-connecting-ip", Holds::Address),
    ("eo-connecting-ip", Holds::Address),
    ("fastly-client-ip", Holds::Address),
    ("fly-client-ip", Holds::Address),
    ("incap-client-ip", Holds::Address),
    ("proxy-client-ip", Holds::Address),
    ("remote-addr", Holds::Address),
    ("true-client-ip", Holds::Address),
    ("wl-proxy-client-ip", Holds::Address),
    ("x-appengine-remote-addr", Holds::Address),
    ("x-appengine-user-ip", Holds::Address),
    ("x-azure-clientip", Holds::Address),
    ("x-azure-socketip", Holds::Address),
    ("x-client-ip", Holds::Address),
    ("x-cluster-client-ip", Holds::Address),
    ("x-envoy-external-address", Holds::Address),
    ("x-nf-client-connection-ip", Holds::Address),
    ("x-remote-addr", Holds::Address),
    ("x-remote-ip", Holds::Address),
    ("x-sucuri-clientip", Holds::Address),
    ("x-true-client-ip", Holds::Address),
    ("x-user-ip", Holds::Address),
    ("x-vercel-forwarded-for", Holds::AddressList),
    // Less usual names of the host, the port, the scheme and the prefix.
    ("fastly-orig-host", Holds::Host),
    ("fastly-ssl", Holds::Unread),
    ("fly-forwarded-proto", Holds::Scheme),
    ("fly-forwarded-ssl", Holds::OnOff),
    ("script-name", Holds::Prefix),
    ("wl-proxy-ssl", Holds::Unread),
    ("x-client-proto", Holds::Scheme),
    ("x-client-scheme", Holds::Scheme),
    ("x-forwarded-client-srcport", Holds::Unread),
    ("x-forwarded-context", Holds::Prefix),
    ("x-forwarded-for-port", Holds::Unread),
    ("x-forwarded-https", Holds::Unread),
    ("x-forwarded-slbport", Holds::Port),
    ("x-https", Holds::Unread),
    ("x-ingress-path", Holds::Prefix),
    ("x-port", Holds::Port),
    ("x-proxied-https", Holds::Unread),
    ("x-proxycontextpath", Holds::Prefix),
    ("x-proxyhost", Holds::Host),
    ("x-proxyport", Holds::Port),
    ("x-proxyscheme", Holds::Scheme),
    ("x-script-name", Holds::Prefix),
    // Less usual names of the client's address.
    ("ali-real-client-ip", Holds::Address),
    ("ar-real-ip", Holds::Address),
    ("cdn-src-ip", Holds::Address),
    ("coming-from", Holds::Unread),
    ("ddg-connecting-ip", Holds::Address),
    ("eo-client-ip", Holds::Address),
    ("http-client-ip", Holds::Address),
    ("x-ah-client-ip", Holds::Address),
    ("x-coming-from", Holds::Unread),
    ("x-ms-forwarded-client-ip", Holds::Unread),
    ("x-originating-ip", Holds::Unread),
    ("x-proxyuser-ip", Holds::Unread),
    ("x-qrator-ip-source", Holds::Address),
    ("x-rdwr-ip", Holds::Unread),
    ("x-vercel-proxied-for", Holds::Unread),
];

/// The names of the protocol, which every client may send: those in `http::header` but `Forwarded`, and
/// what goes with them.
const STANDARD: [&str; 91] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "access-control-max-age",
    "access-control-request-headers",
    "access-control-request-method",
    "age",
    "allow",
    "alt-svc",
    "authorization",
    "cache-control",
    "cache-status",
    "cdn-cache-control",
    "connection",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-security-policy",
    "content-security-policy-report-only",
    "content-type",
    "cookie",
    "date",
    "dnt",
    "etag",
    "expect",
    "expires",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "public-key-pins",
    "public-key-pins-report-only",
    "range",
    "referer",
    "referrer-policy",
    "refresh",
    "retry-after",
    "sec-websocket-accept",
    "sec-websocket-extensions",
    "sec-websocket-key",
    "sec-websocket-protocol",
    "sec-websocket-version",
    "server",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "upgrade-insecure-requests",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-content-type-options",
    "x-dns-prefetch-control",
    "x-frame-options",
    "x-xss-protection",
    "grpc-encoding",
    "grpc-timeout",
    "http2-settings",
    "keep-alive",
    "last-event-id",
    "priority",
    "proxy-connection",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
];

/// Names of tracing, of credentials, of the user, and of the path.
const OTHER: [&str; 49] = [
    "api-key",
    "b3",
    "baggage",
    "cf-access-jwt-assertion",
    "dpop",
    "idempotency-key",
    "remote-user",
    "sentry-trace",
    "signature",
    "signature-input",
    "traceparent",
    "tracestate",
    "uber-trace-id",
    "x-amzn-oidc-accesstoken",
    "x-amzn-oidc-data",
    "x-amzn-oidc-identity",
    "x-amzn-trace-id",
    "x-api-key",
    "x-auth-request-access-token",
    "x-auth-request-email",
    "x-auth-request-groups",
    "x-auth-request-user",
    "x-auth-token",
    "x-b3-flags",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-spanid",
    "x-b3-traceid",
    "x-cloud-trace-context",
    "x-correlation-id",
    "x-csrf-token",
    "x-forwarded-access-token",
    "x-forwarded-client-cert",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-method",
    "x-forwarded-path",
    "x-forwarded-preferred-username",
    "x-forwarded-uri",
    "x-forwarded-user",
    "x-goog-iap-jwt-assertion",
    "x-http-method-override",
    "x-original-url",
    "x-remote-user",
    "x-request-id",
    "x-requested-with",
    "x-rewrite-url",
    "x-session-id",
    "x-xsrf-token",
];

/// Texts that an author means as a value, though each is a valid header name.
const KEYWORDS: [&str; 26] = [
    "all",
    "always",
    "any",
    "auto",
    "default",
    "direct",
    "false",
    "http",
    "https",
    "leftmost",
    "link-local",
    "localhost",
    "loopback",
    "no",
    "none",
    "off",
    "on",
    "peer",
    "private",
    "rightmost",
    "true",
    "unix",
    "unknown",
    "ws",
    "wss",
    "yes",
];

impl fmt::Display for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddressList => "a list of addresses",
            Self::Address => "one address",
            Self::AddressAndPort => "one address with its port",
            Self::Forwarded => "a list of elements",
            Self::Scheme => "a scheme",
            Self::OnOff => "on or off",
            Self::Host => "a host",
            Self::Port => "a port",
            Self::Prefix => "a path prefix",
            Self::Unread => "a value that this crate does not read",
        })
    }
}

/// Returns what a header holds. `None` if the name is not known.
pub(crate) fn holds(name: &HeaderName) -> Option<Holds> {
    let is = |(known, _): &&(&str, Holds)| looks_like(name.as_str(), known);
    KNOWN.iter().find(is).map(|(_, holds)| *holds)
}

/// Returns whether this is a keyword, a number or an address, which an author passed for a header.
pub(crate) fn is_keyword(name: &HeaderName) -> bool {
    let name = name.as_str();
    KEYWORDS.contains(&name) || !name.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// Returns whether a request needs a header of this name, or one that looks like it, for another purpose.
pub(crate) fn has_other_meaning(name: &HeaderName) -> bool {
    is_standard(name) || OTHER.iter().any(|other| looks_like(name.as_str(), other))
}

/// Returns whether this is a name of the protocol, or looks like one.
pub(crate) fn is_standard(name: &HeaderName) -> bool {
    STANDARD.iter().any(|other| looks_like(name.as_str(), other))
}

/// A set of known names, one bit for each place in the table. Behind the first 64 places, the bits start
/// again from 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Set(u64);

/// The place of `Host`, whose bit is that of another name as well. One mask test then finds every header
/// that the layer needs.
const HOST: usize = 63;

/// Returns the bit of a place in the table.
const fn bit(index: usize) -> u64 {
    1 << (index % 64)
}

impl Set {
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(crate) fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'static HeaderName> {
        self.indices().filter_map(|index| NAMES.get(index))
    }

    /// Returns the set of this one name, if the name is in the set and has a bit of its own.
    pub(crate) fn find(self, name: &HeaderName) -> Option<Self> {
        let mut indices = self.indices();
        indices
            .find(|index| KNOWN.get(*index).is_some_and(|(known, _)| *known == name.as_str()))
            .map(|index| Self(bit(index)))
    }

    /// Returns whether a name with a bit of the set is this name, or looks like this name.
    pub(crate) fn has_like(self, name: &HeaderName) -> bool {
        let mut known = KNOWN.iter().enumerate().filter(|(index, _)| self.0 & bit(*index) != 0);
        known.any(|(_, (known, _))| looks_like(name.as_str(), known))
    }

    fn indices(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let index = rest.trailing_zeros();
            rest &= rest.checked_sub(1)?;
            usize::try_from(index).ok()
        })
    }
}

/// Returns the known names, and `Host`, that agree with this name in length, first and last letter:
/// nearly always none. A name can look like no other known name. Names that share their bit can add a name
/// that agrees in a part.
#[inline]
pub(crate) fn candidates(name: &HeaderName) -> Set {
    let name = name.as_str().as_bytes();
    let of_letter = |sets: &[u64; 256], letter: u8| sets.get(usize::from(letter)).copied();
    let sets = || {
        let (first, last) =
            (of_letter(&BY_FIRST, *name.first()?), of_letter(&BY_LAST, *name.last()?));
        Some(BY_LENGTH.get(name.len())? & first? & last?)
    };
    Set(sets().unwrap_or_default())
}

/// Returns whether some servers treat the two names as one: `_` and `.` for `-` (CVE-2024-45614).
pub(crate) fn looks_like(name: &str, other: &str) -> bool {
    let fold = |byte| if matches!(byte, b'_' | b'.') { b'-' } else { byte };
    name.len() == other.len() && name.bytes().zip(other.bytes()).all(|(a, b)| fold(a) == fold(b))
}

static NAMES: LazyLock<[HeaderName; KNOWN.len()]> =
    LazyLock::new(|| KNOWN.map(|(name, _)| HeaderName::from_static(name)));

static BY_LENGTH: [u64; 64] = sets(Property::Length);
static BY_FIRST: [u64; 256] = sets(Property::First);
static BY_LAST: [u64; 256] = sets(Property::Last);

#[derive(Clone, Copy)]
enum Property {
    Length,
    First,
    Last,
}

/// Returns, for each value of the property, the names that have it.
#[expect(clippy::indexing_slicing, reason = "at compile time, where a panic is an error")]
const fn sets<const N: usize>(property: Property) -> [u64; N] {
    let mut sets = [0; N];
    sets[value(property, b"host")] |= bit(HOST);
    let mut index = 0;
    while index < KNOWN.len() {
        sets[value(property, KNOWN[index].0.as_bytes())] |= bit(index);
        index += 1;
    }
    sets
}

#[expect(clippy::indexing_slicing, reason = "at compile time, where a panic is an error")]
const fn value(property: Property, name: &[u8]) -> usize {
    match property {
        Property::Length => name.len(),
        Property::First => name[0] as usize,
        Property::Last => name[name.len() - 1] as usize,
    }
}
