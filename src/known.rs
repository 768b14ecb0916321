//! The headers that say where a request came from, as proxies and frameworks name them.
//!
//! They are removed unless a trusted proxy vouched for them. Names that tell who the *user* is
//! (`X-Forwarded-User`, `X-Forwarded-Client-Cert`), or which path it asked for (`X-Forwarded-Uri`,
//! `X-Original-URL`), are not among them.

use std::sync::LazyLock;

use http::HeaderName;

const KNOWN: [&str; 60] = [
    // Standard and de facto standard.
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "forwarded",
    "x-real-ip",
    "forwarded-for",
    "x-forwarded",
    "x-forwarded-by",
    "x-forwarded-client-ip",
    "x-forwarded-protocol",
    "x-forwarded-scheme",
    "x-forwarded-server",
    "x-forwarded-ssl",
    // What other middleware keeps of them.
    "x-original-for",
    "x-original-forwarded-for",
    "x-original-forwarded-host",
    "x-original-host",
    "x-original-prefix",
    "x-original-proto",
    // The host, the port and the scheme under other names.
    "cf-visitor",
    "cloudfront-forwarded-proto",
    "fly-forwarded-port",
    "front-end-https",
    "x-arr-ssl",
    "x-client-port",
    "x-envoy-original-host",
    "x-host",
    "x-http-host-override",
    "x-scheme",
    "x-url-scheme",
    // The client's address under other names.
    "ali-cdn-real-ip",
    "cf-connecting-ip",
    "cf-connecting-ipv6",
    "cf-pseudo-ipv4",
    "client-ip",
    "cloudfront-viewer-address",
    "do-connecting-ip",
    "fastly-client-ip",
    "fly-client-ip",
    "incap-client-ip",
    "proxy-client-ip",
    "remote-addr",
    "true-client-ip",
    "wl-proxy-client-ip",
    "x-appengine-remote-addr",
    "x-appengine-user-ip",
    "x-azure-clientip",
    "x-azure-socketip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-envoy-external-address",
    "x-nf-client-connection-ip",
    "x-remote-addr",
    "x-remote-ip",
    "x-sucuri-clientip",
    "x-true-client-ip",
    "x-user-ip",
    "x-vercel-forwarded-for",
];

/// Known names, by their places in the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Set(u64);

/// Beside the known names, so that one look tells which names matter.
const HOST: Set = Set(1 << 63);

// A bit for each, below that of `Host`.
const _: () = assert!(KNOWN.len() <= 63);

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

    /// That one alone, if the name is in the set.
    pub(crate) fn find(self, name: &HeaderName) -> Option<Self> {
        let mut indices = self.indices();
        indices
            .find(|index| KNOWN.get(*index) == Some(&name.as_str()))
            .map(|index| Self(1 << index))
    }

    /// Whether the name is or looks like one in the set.
    pub(crate) fn has_like(self, name: &HeaderName) -> bool {
        let mut known = self.indices().filter_map(|index| KNOWN.get(index));
        known.any(|known| looks_like(name.as_str(), known))
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

/// The known names, and `Host`, that have this one's length, first letter and last letter: nearly
/// always none, and all that it can look like.
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

/// Whether some server folds these two names into one: `_` and `.` for `-` (CVE-2024-45614).
pub(crate) fn looks_like(name: &str, other: &str) -> bool {
    let fold = |byte| if matches!(byte, b'_' | b'.') { b'-' } else { byte };
    name.len() == other.len() && name.bytes().zip(other.bytes()).all(|(a, b)| fold(a) == fold(b))
}

static NAMES: LazyLock<[HeaderName; KNOWN.len()]> =
    LazyLock::new(|| KNOWN.map(HeaderName::from_static));

static BY_LENGTH: [u64; 64] = sets(Property::Length);
static BY_FIRST: [u64; 256] = sets(Property::First);
static BY_LAST: [u64; 256] = sets(Property::Last);

#[derive(Clone, Copy)]
enum Property {
    Length,
    First,
    Last,
}

/// For each value of the property, the names that have it.
#[expect(clippy::indexing_slicing, reason = "at compile time, where a panic is an error")]
const fn sets<const N: usize>(property: Property) -> [u64; N] {
    let mut sets = [0; N];
    sets[value(property, b"host")] |= HOST.0;
    let mut index = 0;
    while index < KNOWN.len() {
        sets[value(property, KNOWN[index].as_bytes())] |= 1 << index;
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
