//! The headers that say where a request came from, as proxies and frameworks name them.
//!
//! They are removed unless a trusted proxy vouched for them. Names that tell who the *user* is
//! (`X-Forwarded-User`, `X-Forwarded-Client-Cert`), or which path it asked for (`X-Forwarded-Uri`,
//! `X-Original-URL`), are not among them.

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

/// Whether this is a known name, or looks like one.
pub(crate) fn is_known(name: &HeaderName) -> bool {
    let name = name.as_str();
    may_be_known(name.as_bytes()) && KNOWN.iter().any(|known| looks_like(name, known))
}

/// Whether some server folds these two names into one: `_` and `.` for `-` (CVE-2024-45614).
pub(crate) fn looks_like(name: &str, other: &str) -> bool {
    let fold = |byte| if matches!(byte, b'_' | b'.') { b'-' } else { byte };
    name.len() == other.len() && name.bytes().map(fold).eq(other.bytes().map(fold))
}

/// Rules out nearly every other header by its first letter and its length.
fn may_be_known(name: &[u8]) -> bool {
    let lengths = name.first().and_then(|first| LENGTHS.get(usize::from(*first)));
    lengths.is_some_and(|lengths| name.len() < 64 && lengths >> name.len() & 1 == 1)
}

/// By first letter, the bit of each length that a known name has.
#[expect(clippy::indexing_slicing, reason = "at compile time, where a panic is an error")]
const LENGTHS: [u64; 128] = {
    let mut lengths = [0; 128];
    let mut index = 0;
    while index < KNOWN.len() {
        let name = KNOWN[index].as_bytes();
        lengths[name[0] as usize] |= 1 << name.len();
        index += 1;
    }
    lengths
};
