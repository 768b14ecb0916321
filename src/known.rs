//! The headers that say where a request came from, as proxies and frameworks name them.
//!
//! They are removed unless a trusted proxy vouched for them. Names that tell who the *user* is
//! (`X-Forwarded-User`, `X-Forwarded-Client-Cert`), or which path it asked for (`X-Forwarded-Uri`,
//! `X-Original-URL`), are not among them.

use std::sync::LazyLock;

use http::HeaderName;

const KNOWN: [&str; 59] = [
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
    "x-vercel-forwarded-for",
];

/// The known name that this is, or looks like.
pub(crate) fn known(name: &HeaderName) -> Option<&'static HeaderName> {
    if !may_be_known(name) {
        return None;
    }
    let names = BY_LENGTH.get(name.as_str().len())?;
    names.iter().find(|known| looks_like(name, known))
}

/// Whether some server folds these two names into one: `_` and `.` for `-` (CVE-2024-45614).
pub(crate) fn looks_like(name: &HeaderName, other: &HeaderName) -> bool {
    let fold = |byte| if matches!(byte, b'_' | b'.') { b'-' } else { byte };
    let (text, others) = (name.as_str(), other.as_str());
    let folded = || text.bytes().zip(others.bytes()).all(|(a, b)| fold(a) == fold(b));
    text.len() == others.len() && (text == others || folded())
}

static BY_LENGTH: LazyLock<[Vec<HeaderName>; 64]> = LazyLock::new(|| {
    std::array::from_fn(|length| {
        let names = KNOWN.into_iter().filter(|name| name.len() == length);
        names.map(HeaderName::from_static).collect()
    })
});

/// Rules out nearly every other header but `Host` by its length with its first and with its last
/// letter.
#[inline]
pub(crate) fn may_be_known(name: &HeaderName) -> bool {
    let (name, length) = (name.as_str().as_bytes(), name.as_str().len());
    let lengths = |letter: Option<&u8>| LENGTHS.get(usize::from(*letter?)).copied();
    let (first, last) = (lengths(name.first()), lengths(name.last()));
    let lengths = first.zip(last).map_or(0, |(first, last)| first.0 & last.1);
    length < 64 && lengths >> length & 1 == 1
}

/// By first and by last letter, the bit of each length that a known name has.
#[expect(clippy::indexing_slicing, reason = "at compile time, where a panic is an error")]
static LENGTHS: [(u64, u64); 256] = {
    let mut lengths = [(0, 0); 256];
    lengths[b'h' as usize].0 |= 1 << "host".len();
    lengths[b't' as usize].1 |= 1 << "host".len();
    let mut index = 0;
    while index < KNOWN.len() {
        let name = KNOWN[index].as_bytes();
        lengths[name[0] as usize].0 |= 1 << name.len();
        lengths[name[name.len() - 1] as usize].1 |= 1 << name.len();
        index += 1;
    }
    lengths
};
