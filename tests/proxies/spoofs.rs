//! What clients send. None of it may change the answer.

use crate::support::Line;

pub(crate) struct Spoof {
    pub(crate) name: &'static str,
    pub(crate) target: &'static str,
    pub(crate) lines: &'static [Line<'static>],
}

impl Spoof {
    /// HTTP/2 has no such target.
    pub(crate) fn is_for(&self, version: &str) -> bool {
        version == "1.1" || self.target == "/path"
    }

    /// Of one that is none, nothing is left.
    pub(crate) fn is_about_the_host(&self) -> bool {
        self.lines.iter().any(|(name, _)| *name == "Host")
    }
}

const fn headers(name: &'static str, lines: &'static [Line<'static>]) -> Spoof {
    Spoof { name, target: "/path", lines }
}

const fn target(name: &'static str, target: &'static str) -> Spoof {
    Spoof { name, target, lines: &[] }
}

pub(crate) const LONG_HOST: &str = "a long host";
const ELEMENT: &[u8] = b"for=203.0.113.66;proto=https;host=app.example";

pub(crate) const SPOOFS: &[Spoof] = &[
    headers("an address", &[("X-Forwarded-For", b"203.0.113.66")]),
    headers("an address and the proxy's own", &[("X-Forwarded-For", b"203.0.113.66, 127.0.0.1")]),
    headers(
        "two lines of addresses",
        &[("X-Forwarded-For", b"203.0.113.66"), ("X-Forwarded-For", b"203.0.113.67")],
    ),
    headers("an empty list", &[("X-Forwarded-For", b"")]),
    headers("a list of nothing", &[("X-Forwarded-For", b", ,,")]),
    headers("an open quote", &[("X-Forwarded-For", b"203.0.113.66, \"\\")]),
    headers("https", &[("X-Forwarded-Proto", b"https")]),
    headers("http", &[("X-Forwarded-Proto", b"http")]),
    headers("both schemes", &[("X-Forwarded-Proto", b"http"), ("X-Forwarded-Proto", b"https")]),
    headers(
        "https under other names",
        &[
            ("X-Forwarded-Ssl", b"on"),
            ("X-Forwarded-Scheme", b"https"),
            ("X-Forwarded-Protocol", b"https"),
            ("X-Url-Scheme", b"https"),
            ("X-Scheme", b"https"),
            ("Front-End-Https", b"on"),
        ],
    ),
    headers("a host", &[("X-Forwarded-Host", b"evil.example")]),
    headers(
        "two hosts",
        &[("X-Forwarded-Host", b"evil.example"), ("X-Forwarded-Host", b"app.example")],
    ),
    headers("a port", &[("X-Forwarded-Port", b"8443")]),
    headers("a prefix", &[("X-Forwarded-Prefix", b"/evil")]),
    headers("an element", &[("Forwarded", b"for=203.0.113.66;proto=https;host=evil.example")]),
    headers(
        "two lines of elements",
        &[("Forwarded", b"for=203.0.113.66;proto=https"), ("Forwarded", b"for=203.0.113.67")],
    ),
    headers("an element that goes on", &[("Forwarded", b"for=203.0.113.66;")]),
    headers("an element with an open quote", &[("Forwarded", b"for=203.0.113.66;host=\"")]),
    headers("an element with an escaped quote", &[("Forwarded", b"for=\"203.0.113.66\\\"")]),
    headers("an empty element", &[("Forwarded", b"")]),
    headers(
        "an address under other names",
        &[
            ("X-Real-IP", b"203.0.113.66"),
            ("CF-Connecting-IP", b"203.0.113.66"),
            ("True-Client-IP", b"203.0.113.66"),
            ("X-Client-IP", b"203.0.113.66"),
            ("Client-IP", b"203.0.113.66"),
            ("X-Envoy-External-Address", b"203.0.113.66"),
        ],
    ),
    headers(
        // What CGI and WSGI servers take for the names with hyphens.
        "names with underscores",
        &[
            ("X_Forwarded_For", b"203.0.113.66"),
            ("X_Forwarded_Proto", b"https"),
            ("X-Forwarded_Host", b"evil.example"),
            ("X_Real_IP", b"203.0.113.66"),
        ],
    ),
    // Apache httpd once removed what it had just written (CVE-2022-31813).
    headers("removal of the address", &[("Connection", b"X-Forwarded-For")]),
    headers("removal of the scheme", &[("Connection", b"close, x-forwarded-proto")]),
    headers("removal of the element", &[("Connection", b"Forwarded")]),
    headers(
        "removal of everything",
        &[
            ("Connection", b"keep-alive, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host"),
            ("Connection", b"X-Real-IP, Forwarded"),
            ("X-Forwarded-For", b"203.0.113.66"),
            ("X-Forwarded-Proto", b"https"),
        ],
    ),
    target("a target with https", "https://app.example/path"),
    target("a target with http", "http://app.example/path"),
    headers("a list of hosts", &[("Host", b"evil.example,app.example")]),
    headers("an element in the host", &[("Host", b"app.example,for=203.0.113.66;proto=https")]),
    // A proxy that leaves its own report out when it gets long, leaves the client's.
    headers(
        LONG_HOST,
        &[("Host", &[b'a'; 2000]), ("Forwarded", ELEMENT), ("X-Forwarded-For", b"203.0.113.66")],
    ),
    headers("a pair in the host", &[("Host", b"app.example;for=203.0.113.66;proto=https")]),
    headers("a quote in the host", &[("Host", b"app.example\"")]),
    headers("a quote and an element in the host", &[("Host", b"a\",for=203.0.113.66;x=\"")]),
    headers("user information in the host", &[("Host", b"evil.example@app.example")]),
];
