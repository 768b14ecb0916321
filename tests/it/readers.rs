//! A reader of a header behind the layer, from either end, reads the value of `ConnectionInfo`, or
//! finds no header.

use std::net::IpAddr;

use forwarded_headers::{
    AllowedHosts, Builder, ClientSource, ForwardedHeaders, SchemeSource, Writing,
};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderName, Uri};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{Line, append, info, lines, peer_of, request, through};

/// Reads as apps do: one line, split at every comma, and one end of it.
#[derive(Debug, Clone, Copy)]
enum End {
    Leftmost,
    Rightmost,
}

impl End {
    fn of<'a>(self, parts: &'a Parts, name: &str) -> Option<&'a str> {
        let lines = lines(parts, name);
        let (line, at) = match self {
            Self::Leftmost => (lines.first()?, 0),
            Self::Rightmost => (lines.last()?, usize::MAX),
        };
        let entries: Vec<_> = std::str::from_utf8(line).ok()?.split(',').map(str::trim).collect();
        Some(entries[at.min(entries.len() - 1)])
    }

    fn address(self, parts: &Parts, name: &str) -> Option<IpAddr> {
        Some(self.of(parts, name)?.parse().expect("a plain address"))
    }

    /// Returns a parameter of `Forwarded`, without its quotes.
    fn parameter<'a>(self, parts: &'a Parts, name: &str) -> Option<&'a str> {
        let mut pairs = self.of(parts, "forwarded")?.split(';');
        let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        Some(value.trim_matches('"'))
    }
}

const ADDRESS_HEADERS: [&str; 3] = ["x-forwarded-for", "x-clients", "cf-connecting-ip"];

fn check_headers(parts: &Parts, config: &str) {
    let info = info(parts);
    assert_eq!(info.is_secure(), info.scheme() == "https", "{config}");
    for end in [End::Leftmost, End::Rightmost] {
        for name in ADDRESS_HEADERS {
            if let Some(address) = end.address(parts, name) {
                assert_eq!(Some(address), info.client_ip(), "{end:?} {name}, {config}");
            }
        }
        if let Some(node) = end.parameter(parts, "for") {
            let address = node.trim_matches(['[', ']']).parse().expect("an address");
            assert_eq!(Some(address), info.client_ip(), "{end:?} forwarded for, {config}");
        }
        let schemes = [end.of(parts, "x-forwarded-proto"), end.parameter(parts, "proto")];
        for scheme in schemes.into_iter().flatten() {
            assert_eq!(scheme, info.scheme().as_str(), "{end:?} scheme, {config}");
            assert_eq!(Some(info.scheme()), info.forwarded_scheme(), "{config}");
        }
        let hosts = [end.of(parts, "x-forwarded-host"), end.parameter(parts, "host")];
        for host in hosts.into_iter().flatten().chain(end.of(parts, "host")) {
            assert_eq!(
                Some(host),
                info.authority().map(Authority::as_str),
                "{end:?} host, {config}"
            );
        }
        if let Some(port) = end.of(parts, "x-forwarded-port") {
            let default = if info.is_secure() { 443 } else { 80 };
            assert_eq!(port, info.port().unwrap_or(default).to_string(), "{end:?}, {config}");
        }
        let prefix = end.of(parts, "x-forwarded-prefix");
        assert!(prefix.is_none() || prefix == info.prefix(), "{end:?} prefix, {config}");
    }
}

fn check_uri(before: &Uri, parts: &Parts, switches: &Switches, config: &str) {
    let info = info(parts);
    let uri = &parts.uri;
    assert_eq!(uri.path(), before.path(), "{config}");
    assert_eq!(uri.query(), before.query(), "{config}");
    let written = (uri.scheme(), uri.authority());
    let is_stated = switches.stated_scheme() == StatedScheme::Always;
    let completes = switches.restricts_hosts() && (is_stated || info.forwarded_scheme().is_some());
    match info.authority() {
        Some(host) if before.authority().is_some() || (completes && before.path() != "*") => {
            assert_eq!(written, (Some(info.scheme()), Some(host)), "{config}");
        }
        _ => assert_eq!(written, (None, None), "{config}"),
    }
}

const NAMES: [&str; 17] = [
    "x-forwarded-for",
    "x-forwarded-for",
    "x-forwarded-for",
    "x-clients",
    "x-forwarded-proto",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "forwarded",
    "forwarded",
    "cf-connecting-ip",
    "x-real-ip",
    "x_forwarded_for",
    "x.forwarded.proto",
    "x-forwarded_host",
    "x-forwarded-server",
];

const VALUES: [&str; 34] = [
    "203.0.113.7",
    "203.0.113.7:4711",
    "6.6.6.6, 203.0.113.7",
    "203.0.113.7, 10.0.0.2",
    "2001:DB8::7",
    "[2001:db8::7]:443",
    "::ffff:203.0.113.7, ::ffff:10.0.0.2",
    "unknown",
    "6.6.6.6, ",
    "",
    "0.0.0.0",
    "http",
    "HTTPS",
    "https, http",
    "wss",
    "javascript",
    "example.com",
    "EXAMPLE.com.",
    "evil.example",
    "example.com, evil.example",
    "example.com:8443",
    "[2001:db8::1]:8443",
    "user@example.com",
    "443",
    "8443",
    "/app/",
    "//evil.example",
    "for=203.0.113.7;proto=https;host=example.com",
    "for=6.6.6.6, for=\"[2001:db8::7]:4711\";proto=http;host=\"example.com:8443\"",
    "for=203.0.113.7;proto=wss, for=10.0.0.2;host=evil.example;proto=https",
    "for=_hidden;proto=https;host=example.com",
    "for=\"",
    "for=203.0.113.7;for=6.6.6.6",
    "proto=https;host=EXAMPLE.com",
];

/// What the proxies write: in a list of addresses, and in `Forwarded`.
const REPORTS: [(&str, &str); 4] = [
    ("203.0.113.7", "for=203.0.113.7;proto=https;host=example.com"),
    ("2001:DB8::7, 203.0.113.7:4711", "for=\"[2001:db8::7]:4711\";host=\"example.com:8443\""),
    ("203.0.113.7, 10.0.0.2", "for=203.0.113.7;proto=http, for=10.0.0.2;proto=https"),
    ("unknown", "for=_hidden;proto=wss;host=EXAMPLE.com."),
];

const HOSTS: [&str; 8] = [
    "example.com",
    "Example.COM.",
    "example.com:8443",
    "evil.example",
    "a,b",
    "[2001:db8::1]:80",
    "user@example.com",
    "",
];

const URIS: [&str; 6] = [
    "/path?query",
    "https://example.com/path",
    "http://EXAMPLE.com./",
    "https://user:pw@example.com:443/",
    "http://evil.example:99999/x",
    "*",
];

const WRITINGS: [Writing; 5] = [
    Writing::Append,
    Writing::Append,
    Writing::AppendToEach,
    Writing::AppendToFirstLine,
    Writing::Replace,
];

/// Whether the configuration states a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StatedScheme {
    No,
    /// For requests whose peer is the client.
    Direct,
    /// For every request; no scheme is read.
    Always,
}

#[derive(Debug, Clone)]
struct Switches {
    trust: usize,
    source: &'static str,
    writing: Writing,
    on: [bool; 7],
}

fn switches() -> impl Strategy<Value = Switches> {
    let source = prop_oneof![
        4 => Just("x-forwarded-for"),
        2 => Just("x-clients"),
        4 => Just("forwarded"),
        1 => Just("cf-connecting-ip"),
    ];
    (0..4_usize, source, select(WRITINGS.to_vec()), any::<[bool; 7]>())
        .prop_map(|(trust, source, writing, on)| Switches { trust, source, writing, on })
}

impl Switches {
    fn stated_scheme(&self) -> StatedScheme {
        let [.., is_stated, _, reads_scheme] = self.on;
        match (is_stated, reads_scheme) {
            (false, _) => StatedScheme::No,
            (true, true) => StatedScheme::Direct,
            (true, false) => StatedScheme::Always,
        }
    }

    fn restricts_hosts(&self) -> bool {
        let [.., allow, _] = self.on;
        allow
    }

    /// Returns `None` for switches that do not go together.
    fn layer(&self) -> Option<ForwardedHeaders> {
        let [may_be_client, host, port, prefix, _, allow, reads_scheme] = self.on;
        let mut builder = self.trusting(ForwardedHeaders::builder());
        builder = builder.trusted_peer_may_be_client(may_be_client).proxies_write(self.writing);
        builder = match self.stated_scheme() {
            StatedScheme::Always => builder.scheme_from(SchemeSource::always("https")),
            StatedScheme::Direct => builder.direct_scheme("https"),
            StatedScheme::No if reads_scheme => builder,
            StatedScheme::No => builder.scheme_from(SchemeSource::none()),
        };
        if host {
            let is_forwarded = self.source == "forwarded";
            builder =
                builder.host_from(if is_forwarded { "forwarded" } else { "x-forwarded-host" });
        }
        if port {
            builder = builder.port_from("x-forwarded-port");
        }
        if prefix {
            builder = builder.prefix_from("x-forwarded-prefix");
        }
        if allow {
            builder = builder.allowed_hosts("example.com, *.example.net:8443");
        } else if host {
            builder = builder.allowed_hosts(AllowedHosts::any());
        }
        builder.build().ok()
    }

    fn trusting(&self, builder: Builder) -> Builder {
        const NETWORK: &str = "10.0.0.0/8";
        const PEERS: &str = "10.0.0.0/8, unix";
        let source = match self.source {
            "x-clients" => ClientSource::list("x-clients"),
            other => other.parse().unwrap(),
        };
        match self.trust {
            0 => builder.trust(PEERS).client_from(source),
            1 => builder.trust_chain([NETWORK, NETWORK, PEERS]).client_from(source),
            2 => builder.trust_chain([NETWORK, PEERS]).client_from(source),
            _ => builder.trust(PEERS).client_from(source.nth_from_right(2)),
        }
    }
}

fn left_over(parts: &Parts) -> Vec<&str> {
    let names = parts.headers.keys().map(HeaderName::as_str);
    names.filter(|name| *name != "host" && *name != "accept").collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1 << 20, ..ProptestConfig::with_cases(8192) })]

    #[test]
    fn all_readers_agree(
        switches in switches(),
        from in select(vec!["10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1", "203.0.113.7", "unix", ""]),
        sent in vec((select(NAMES.to_vec()), select(VALUES.to_vec())), 0..7),
        report in prop::option::of(select(REPORTS.to_vec())),
        hosts in vec(select(HOSTS.to_vec()), 0..3),
        uri in select(URIS.to_vec()),
    ) {
        let layer = switches.layer();
        prop_assume!(layer.is_some());
        let mut request = request(from, uri, &[("accept", b"*/*")]);
        let host_lines = hosts.iter().map(|host| ("host", host.as_bytes()));
        // Without this source, `x-clients` is not a forwarding header.
        let known = |line: &&(&str, &str)| line.0 != "x-clients" || switches.source == "x-clients";
        let sent_lines = sent.iter().filter(known).map(|(name, value)| (*name, value.as_bytes()));
        append(request.headers_mut(), &host_lines.chain(sent_lines).collect::<Vec<_>>());
        if let Some((list, element)) = report {
            let report = if switches.source == "forwarded" { element } else { list };
            append(request.headers_mut(), &[(switches.source, report.as_bytes())]);
        }

        let before = request.uri().clone();
        let parts = through(&layer.unwrap(), request);
        let config = format!("{switches:?}, from {from:?}: {parts:?}");
        check_headers(&parts, &config);
        check_uri(&before, &parts, &switches, &config);
        if info(&parts).authority().is_none() {
            prop_assert!(lines(&parts, "host").is_empty(), "{}", config);
        }
        if !info(&parts).is_forwarded() {
            prop_assert_eq!(left_over(&parts), [""; 0], "{}", config);
        }
    }
}

/// A layer that removed every header would pass the property above.
#[test]
fn a_forwarded_request_keeps_the_headers_that_are_read() {
    let layer = ForwardedHeaders::builder()
        .host_from("x-forwarded-host")
        .allowed_hosts(AllowedHosts::any())
        .build()
        .unwrap();
    let sent: [Line<'_>; 5] = [
        ("host", b"app:3000"),
        ("x-forwarded-for", b"6.6.6.6, 203.0.113.7:4711"),
        ("x-forwarded-proto", b"http, wss"),
        ("x-forwarded-host", b"example.com."),
        ("x-real-ip", b"6.6.6.6"),
    ];
    let parts = through(&layer, request("127.0.0.1", "http://app:3000/", &sent));
    assert_eq!(lines(&parts, "x-forwarded-for"), [b"203.0.113.7"]);
    assert_eq!(lines(&parts, "x-forwarded-proto"), [b"https"]);
    assert_eq!(lines(&parts, "x-forwarded-host"), [b"example.com"]);
    assert_eq!(lines(&parts, "host"), [b"example.com"]);
    assert_eq!(lines(&parts, "x-real-ip"), [] as [&[u8]; 0]);
    assert_eq!(parts.uri, "https://example.com/");
    assert_eq!(info(&parts).client_port(), Some(4711));
    assert_eq!(info(&parts).peer(), peer_of("127.0.0.1"));
}
