//! Whoever reads a header after the layer, from either end, reads what `ConnectionInfo` says, or
//! finds nothing.

use std::net::IpAddr;

use crate::support::{append, info, lines, peer, through};
use forwarded_headers::{
    AllowedHosts, ConnectionInfo, Family, ForwardedHeaders, Outcome, TrustedProxies,
};
use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderName, Request, Uri};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Reads the way applications do: one line, one end of it, split at every comma.
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

    /// A parameter of `Forwarded`, without its quotes.
    fn parameter<'a>(self, parts: &'a Parts, name: &str) -> Option<&'a str> {
        let mut pairs = self.of(parts, "forwarded")?.split(';');
        let value = pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        Some(value.trim_matches('"'))
    }
}

const ADDRESS_LISTS: [&str; 3] = ["x-forwarded-for", "x-clients", "cf-connecting-ip"];

fn check_headers(parts: &Parts, config: &str) {
    let info = info(parts);
    assert_eq!(info.is_secure(), info.scheme() == "https", "{config}");
    for end in [End::Leftmost, End::Rightmost] {
        for name in ADDRESS_LISTS {
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
            assert_eq!(Some(host), info.authority(), "{end:?} host, {config}");
        }
        if let Some(port) = end.of(parts, "x-forwarded-port") {
            let default = if info.is_secure() { 443 } else { 80 };
            assert_eq!(port, info.port().unwrap_or(default).to_string(), "{end:?}, {config}");
        }
        let prefix = end.of(parts, "x-forwarded-prefix");
        assert!(prefix.is_none() || prefix == info.prefix(), "{end:?} prefix, {config}");
    }
}

fn check_uri(before: &Uri, parts: &Parts, own_scheme: bool, config: &str) {
    let info = info(parts);
    let uri = &parts.uri;
    assert_eq!(uri.path(), before.path(), "{config}");
    assert_eq!(uri.query(), before.query(), "{config}");
    let authority = uri.authority().map(http::uri::Authority::as_str);
    let said = (uri.scheme(), authority);
    let decided = own_scheme || !matches!(info.outcome(), Outcome::Direct | Outcome::NoPeer);
    match info.authority() {
        Some(host) if before.authority().is_some() || (decided && before.path() != "*") => {
            assert_eq!(said, (Some(info.scheme()), Some(host)), "{config}");
        }
        _ => assert_eq!(said, (None, None), "{config}"),
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

#[derive(Debug, Clone)]
struct Switches {
    trust: usize,
    forwarded: bool,
    on: [bool; 9],
    single: bool,
}

fn switches() -> impl Strategy<Value = Switches> {
    (0..4_usize, any::<bool>(), any::<[bool; 9]>(), prop::bool::weighted(0.1))
        .prop_map(|(trust, forwarded, on, single)| Switches { trust, forwarded, on, single })
}

impl Switches {
    fn is_renamed(&self) -> bool {
        self.on[7]
    }

    /// Combinations that are an error at start-up are no configuration.
    fn layer(&self) -> Option<ForwardedHeaders> {
        let proxies = || "10.0.0.0/8, unix".parse::<TrustedProxies>().unwrap();
        let [direct, aligned, host, port, prefix, own_scheme, allow, renamed, no_proto] = self.on;
        let mut layer = ForwardedHeaders::new()
            .family(if self.forwarded { Family::Forwarded } else { Family::XForwarded })
            .allow_direct(direct)
            .aligned_lists(aligned)
            .read_proto(!no_proto)
            .read_host(host)
            .read_port(port)
            .read_prefix(prefix);
        layer = match self.trust {
            0 => layer.trust(proxies()),
            1 => layer.trust(proxies()).max_hops(3),
            2 => layer.proxy_chain([proxies(), proxies()]),
            _ => layer.trust(proxies()).trusted_hops(2),
        };
        if own_scheme {
            layer = layer.own_scheme(Scheme::HTTPS);
        }
        if allow {
            layer = layer.allowed_hosts("example.com, *.example.net:8443".parse().unwrap());
        } else if host {
            layer = layer.allowed_hosts(AllowedHosts::any());
        }
        if renamed {
            layer = layer.for_header(HeaderName::from_static("x-clients"));
        }
        if self.single {
            layer = layer.client_ip_header(HeaderName::from_static("cf-connecting-ip"));
        }
        layer.check().ok()
    }
}

fn is_nobody_vouched_for(info: &ConnectionInfo) -> bool {
    info.outcome() != Outcome::Forwarded
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
        hosts in vec(select(HOSTS.to_vec()), 0..3),
        uri in select(URIS.to_vec()),
    ) {
        let layer = switches.layer();
        prop_assume!(layer.is_some());
        let mut request = Request::new(());
        *request.uri_mut() = uri.parse().unwrap();
        request.extensions_mut().extend(peer(from).map(|peer| {
            let mut extensions = http::Extensions::new();
            extensions.insert(peer);
            extensions
        }).unwrap_or_default());
        append(request.headers_mut(), &[("accept", b"*/*")]);
        let host_lines = hosts.iter().map(|host| ("host", host.as_bytes()));
        // A name that no configuration makes a forwarding header is none.
        let known = |line: &&(&str, &str)| line.0 != "x-clients" || switches.is_renamed();
        let sent_lines = sent.iter().filter(known).map(|(name, value)| (*name, value.as_bytes()));
        append(request.headers_mut(), &host_lines.chain(sent_lines).collect::<Vec<_>>());

        let before = request.uri().clone();
        let parts = through(&layer.unwrap(), request);
        let config = format!("{switches:?}, from {from:?}: {parts:?}");
        check_headers(&parts, &config);
        check_uri(&before, &parts, switches.on[5], &config);
        if info(&parts).authority().is_none() {
            prop_assert!(lines(&parts, "host").is_empty(), "{}", config);
        }
        if is_nobody_vouched_for(info(&parts)) {
            prop_assert_eq!(left_over(&parts), [""; 0], "{}", config);
        }
    }
}

/// A layer that removed everything would pass the property above.
#[test]
fn a_resolved_request_keeps_what_it_read() {
    let layer = ForwardedHeaders::new().read_host(true).allowed_hosts(AllowedHosts::any());
    let mut request = Request::new(());
    request.extensions_mut().insert(peer("127.0.0.1").unwrap());
    let sent: [support::Line<'_>; 5] = [
        ("host", b"app:3000"),
        ("x-forwarded-for", b"6.6.6.6, 203.0.113.7:4711"),
        ("x-forwarded-proto", b"http, wss"),
        ("x-forwarded-host", b"example.com."),
        ("x-real-ip", b"6.6.6.6"),
    ];
    append(request.headers_mut(), &sent);
    let parts = through(&layer, request);
    assert_eq!(lines(&parts, "x-forwarded-for"), [b"203.0.113.7"]);
    assert_eq!(lines(&parts, "x-forwarded-proto"), [b"https"]);
    assert_eq!(lines(&parts, "x-forwarded-host"), [b"example.com"]);
    assert_eq!(lines(&parts, "host"), [b"example.com"]);
    assert_eq!(lines(&parts, "x-real-ip"), [] as [&[u8]; 0]);
    assert_eq!(parts.uri, "https://example.com/");
    assert_eq!(info(&parts).client_port(), Some(4711));
    assert_eq!(info(&parts).peer(), peer("127.0.0.1"));
}
