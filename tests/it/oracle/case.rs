//! A configuration and a request, made from bytes, so that a property test and a fuzzer can both
//! look for the ones that matter.

use std::net::{IpAddr, SocketAddr};

use forwarded_headers::{AllowedHosts, Family, ForwardedHeaders, Peer, TrustedProxies};
use http::header::{HeaderName, HeaderValue};
use http::uri::Scheme;
use http::{HeaderMap, Request};

#[derive(Debug, Clone)]
pub struct Case {
    pub setup: Setup,
    /// An address with a port, or `unix`.
    pub peer: Option<String>,
    pub uri: String,
    /// Names in lower case.
    pub lines: Vec<(String, Vec<u8>)>,
}

#[derive(Debug, Clone)]
pub struct Setup {
    pub forwarded: bool,
    pub set: Vec<&'static str>,
    pub model: Model,
    pub allow_direct: bool,
    pub aligned: bool,
    pub read_for: bool,
    pub read_proto: bool,
    pub read_host: bool,
    pub read_port: bool,
    pub read_prefix: bool,
    pub allowed: Option<Vec<&'static str>>,
    pub client_ip_header: bool,
    pub with_port: bool,
    pub exact: bool,
    pub single_line: bool,
    pub renamed: bool,
    pub keep: Option<&'static str>,
    pub keep_all: bool,
    pub rewrite_uri: bool,
    pub own_https: Option<bool>,
}

#[derive(Debug, Clone)]
pub enum Model {
    MaxHops(u8),
    /// Outermost first.
    Chain(Vec<Vec<&'static str>>),
    Count(u8),
}

const NETWORKS: [&str; 6] = [
    "10.0.0.0/8",
    "192.0.2.7",
    "2001:db8:f::/48",
    "::ffff:198.51.100.0/120",
    "unix",
    "64:ff9b::/96",
];

const PEERS: [&str; 10] = [
    "10.0.0.1:50000",
    "10.0.0.1:50000",
    "10.0.0.1:50000",
    "[::ffff:10.0.0.1]:50000",
    "192.0.2.7:1",
    "203.0.113.7:4711",
    "[2001:db8:f::1]:50000",
    "[2001:db8::7]:4711",
    "[::ffff:198.51.100.9]:50000",
    "unix",
];

const NAMES: [&str; 16] = [
    "x-forwarded-for",
    "x-forwarded-for",
    "x-forwarded-for",
    "x-clients",
    "forwarded",
    "forwarded",
    "forwarded",
    "x-forwarded-proto",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "cf-connecting-ip",
    "x_forwarded.for",
    "x-real-ip",
    "host",
];

const URIS: [&str; 6] = [
    "/",
    "/a?b",
    "https://example.com/a",
    "http://evil.example:99999/",
    "http://user@example.com/",
    "https://EXAMPLE.com.:443/?q",
];

/// Members that are whole, and mean something where they stand.
const ENTRIES: [&str; 18] = [
    "203.0.113.7",
    "203.0.113.7:4711",
    "10.0.0.2",
    "10.0.0.3",
    "10.0.0.2:80",
    "192.0.2.7",
    "2001:db8::7",
    "[2001:db8::7]:443",
    "2001:db8:f::2",
    "::ffff:10.0.0.4",
    "::ffff:203.0.113.9",
    "198.51.100.9",
    "\"203.0.113.7\"",
    "unknown",
    "",
    "0.0.0.0",
    "203.0.113.7:70000",
    "_hidden",
];
const ELEMENTS: [&str; 20] = [
    "for=203.0.113.7",
    "for=10.0.0.2",
    "for=10.0.0.3",
    "For=192.0.2.7",
    "for=\"203.0.113.7:4711\"",
    "for=\"[2001:db8::7]\"",
    "for=\"[2001:db8:f::2]:443\"",
    "for=\"\\1\\0.0.0.2\"",
    "for=unknown",
    "for=_hidden",
    "for=\"203.0.113.7:_x\"",
    "for=\"[::ffff:10.0.0.4]\"",
    "proto=https",
    "",
    "by=10.0.0.1;for=10.0.0.2",
    "for=2001:db8::7",
    "for=10.0.0.2;for=10.0.0.3",
    "for=\"",
    ";",
    "for=0.0.0.0",
];
const PAIRS: [&str; 16] = [
    "",
    "",
    "",
    ";proto=https",
    ";proto=http",
    ";PROTO=\"HTTPS\"",
    ";proto=javascript",
    ";host=example.com",
    ";host=\"example.com:8443\";proto=https",
    ";host=evil.example",
    ";by=_a;by=_b",
    ";sig=QQ==;exp=1",
    " ; ext=a/b",
    ";ext=\"a,b\"",
    ";ext=\"\\\"\"",
    ";ext=\"\\\\\"",
];
const SCHEMES: [&str; 6] = ["https", "http", "HTTPS", "wss", "javascript", ""];
const HOSTS: [&str; 8] = [
    "example.com",
    "EXAMPLE.com.",
    "a.example.net",
    "a.example.net:8443",
    "example.com:443",
    "evil.example",
    "user@example.com",
    "[::1]:8443",
];
const PORTS: [&str; 5] = ["443", "80", "8443", "0443", "65536"];
const PREFIXES: [&str; 6] = ["/app", "/app/", "/a/b%41", "//evil", "/a%2e/b", "/.."];

/// What junk is made of.
const PIECES: [&str; 32] = [
    ", ",
    ",",
    ",,",
    ",",
    " ",
    "\t",
    "\"",
    "\"",
    "\"",
    "\\",
    "\\\"",
    "\\\\",
    ";",
    "; ",
    "=",
    ":",
    "[",
    "]",
    "for=",
    "for=\"",
    "proto=",
    ";host=",
    "203.0.113.7",
    "10.0.0.2",
    "010.0.0.1",
    "fe80::1%eth0",
    "255.255.255.255",
    "ff02::1",
    "localhost",
    "1.2.3.256",
    "\u{e9}",
    "unknown",
];

const PATTERNS: [&[&str]; 5] = [
    &["any"],
    &["example.com"],
    &["example.com", "*.example.net:8443"],
    &["example.com:*", "[::1]:8443"],
    &["example.com:8443"],
];

const KEPT: [&str; 4] = ["x-real-ip", "x-forwarded-for", "forwarded", "x_forwarded.for"];

/// Bytes that choose; when they run out, all choices are the first.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn of<T: Copy>(&mut self, options: &[T]) -> T {
        options[usize::from(self.byte()) % options.len()]
    }

    /// One time in `n`.
    fn one_in(&mut self, n: u8) -> bool {
        self.byte() % n == 1 % n
    }

    fn set(&mut self) -> Vec<&'static str> {
        let bits = self.byte();
        let chosen =
            NETWORKS.iter().enumerate().filter(|(bit, _)| *bit == 0 || bits >> bit & 1 == 0);
        chosen.map(|(_, network)| *network).collect()
    }

    /// Junk, members that make sense under this name, or the one left of the other.
    fn value(&mut self, name: &str) -> Vec<u8> {
        match self.byte() % 8 {
            0 => self.junk(),
            1 => [self.junk(), b",".to_vec(), self.members(name)].concat(),
            _ => self.members(name),
        }
    }

    fn members(&mut self, name: &str) -> Vec<u8> {
        let count = 1 + self.byte() % 3;
        let members: Vec<_> = match name {
            "forwarded" => {
                (0..count).map(|_| format!("{}{}", self.of(&ELEMENTS), self.of(&PAIRS))).collect()
            }
            "x-forwarded-proto" => (0..count).map(|_| self.of(&SCHEMES).into()).collect(),
            "x-forwarded-host" | "host" => vec![self.of(&HOSTS).into()],
            "x-forwarded-port" => vec![self.of(&PORTS).into()],
            "x-forwarded-prefix" => vec![self.of(&PREFIXES).into()],
            "cf-connecting-ip" => vec![self.of(&ENTRIES).into()],
            _ => (0..count).map(|_| self.of(&ENTRIES).into()).collect(),
        };
        members.join(self.of(&[", ", ",", " ,\t"])).into_bytes()
    }

    fn junk(&mut self) -> Vec<u8> {
        let mut value = Vec::new();
        for _ in 0..self.byte() % 8 {
            match self.byte() {
                byte @ 240.. => value.push(byte),
                byte @ 224.. => value.push(0x20 + (byte & 0xF) * 6),
                _ => value.extend_from_slice(self.of(&PIECES).as_bytes()),
            }
        }
        value
    }

    fn model(&mut self) -> Model {
        match self.byte() % 4 {
            0 => Model::MaxHops(1),
            1 => Model::MaxHops(1 + self.byte() % 4),
            2 => {
                let length = 1 + self.byte() % 3;
                Model::Chain((0..length).map(|_| self.set()).collect())
            }
            _ => Model::Count(1 + self.byte() % 3),
        }
    }

    fn setup(&mut self) -> Setup {
        let read_host = self.one_in(2);
        let restricted = read_host || self.one_in(4);
        Setup {
            forwarded: self.one_in(2),
            set: self.set(),
            model: self.model(),
            allow_direct: self.one_in(4),
            aligned: self.one_in(4),
            read_for: !self.one_in(8),
            read_proto: !self.one_in(4),
            read_host,
            read_port: self.one_in(3),
            read_prefix: self.one_in(3),
            allowed: restricted.then(|| self.of(&PATTERNS).to_vec()),
            client_ip_header: self.one_in(8),
            with_port: false,
            exact: false,
            single_line: false,
            renamed: self.one_in(8),
            keep: self.one_in(8).then(|| self.of(&KEPT)),
            keep_all: self.one_in(16),
            rewrite_uri: !self.one_in(8),
            own_https: self.one_in(4).then(|| self.one_in(2)),
        }
    }
}

impl Case {
    /// `None` where the bytes make no valid configuration.
    pub fn from_bytes(bytes: &[u8]) -> Option<(Self, ForwardedHeaders)> {
        let mut choices = Choices(bytes);
        let mut setup = choices.setup();
        // The last byte chooses twice, so that what earlier bytes mean stays the same.
        let last = bytes.last().copied().unwrap_or_default();
        (setup.exact, setup.single_line) = (last & 7 == 1, last >> 3 & 7 == 1);
        setup.with_port = setup.client_ip_header && last >> 6 & 1 == 1;
        let layer = setup.layer()?;
        let peer = (!choices.one_in(16)).then(|| choices.of(&PEERS).to_string());
        let uri = choices.of(&URIS).to_string();
        let mut lines = vec![];
        for index in 0..choices.byte() % 8 {
            let name = if index == 0 { setup.client_name() } else { choices.of(&NAMES) };
            let mut value = choices.value(name);
            if setup.with_port && name == setup.client_name() && last >> 7 == 1 {
                value.extend_from_slice(b":4711");
            }
            // What nobody made a forwarding header is none.
            if HeaderValue::from_bytes(&value).is_ok() && (name != "x-clients" || setup.renamed) {
                lines.push((name.to_string(), value));
            }
        }
        // A proxy that says how it was asked, and not by whom.
        if choices.one_in(16) {
            lines.retain(|(name, _)| name != setup.client_name());
        }
        // Where clients put it (RFC 9110 §7.2).
        if choices.one_in(2) {
            lines.sort_by_key(|(name, _)| name != "host");
        }
        Some((Self { setup, peer, uri, lines }, layer))
    }

    pub fn request(&self) -> Request<()> {
        let mut request = Request::builder().uri(&self.uri).body(()).unwrap();
        if let Some(peer) = &self.peer {
            let peer = match peer.as_str() {
                "unix" => Peer::Unix,
                address => Peer::Inet(address.parse().unwrap()),
            };
            request.extensions_mut().insert(peer);
        }
        append(request.headers_mut(), &self.lines);
        request
    }
}

fn append(headers: &mut HeaderMap, lines: &[(String, Vec<u8>)]) {
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value).unwrap());
    }
}

fn proxies(set: &[&str]) -> TrustedProxies {
    match set {
        [] => TrustedProxies::none(),
        _ => set.join(", ").parse().unwrap(),
    }
}

impl Setup {
    fn layer(&self) -> Option<ForwardedHeaders> {
        let name = HeaderName::from_static;
        let mut layer = ForwardedHeaders::new()
            .family(if self.forwarded { Family::Forwarded } else { Family::XForwarded })
            .allow_direct(self.allow_direct)
            .aligned_lists(self.aligned)
            .exact(self.exact)
            .single_line(self.single_line)
            .read_for(self.read_for)
            .read_proto(self.read_proto)
            .read_host(self.read_host)
            .read_port(self.read_port)
            .read_prefix(self.read_prefix)
            .rewrite_uri(self.rewrite_uri);
        layer = match &self.model {
            Model::MaxHops(n) => layer.trust(proxies(&self.set)).max_hops(*n),
            Model::Chain(sets) => layer.proxy_chain(sets.iter().map(|set| proxies(set))),
            Model::Count(n) => layer.trust(proxies(&self.set)).trusted_hops(*n),
        };
        if let Some(patterns) = &self.allowed {
            let parse = |pattern: &&str| match *pattern {
                "any" => AllowedHosts::any(),
                pattern => pattern.parse().unwrap(),
            };
            layer = layer.allowed_hosts(patterns.iter().map(parse).collect());
        }
        if self.client_ip_header {
            let read = match self.with_port {
                true => ForwardedHeaders::client_ip_port_header,
                false => ForwardedHeaders::client_ip_header,
            };
            layer = read(layer, name("cf-connecting-ip"));
        }
        if self.renamed {
            layer = layer.for_header(name("x-clients"));
        }
        if let Some(kept) = self.keep {
            layer = layer.keep_header(name(kept));
        }
        if self.keep_all {
            layer = layer.insecure_keep_headers();
        }
        if let Some(https) = self.own_https {
            layer = layer.own_scheme(if https { Scheme::HTTPS } else { Scheme::HTTP });
        }
        layer.check().ok()
    }

    pub fn for_name(&self) -> &'static str {
        if self.renamed { "x-clients" } else { "x-forwarded-for" }
    }

    /// The header that names the client.
    pub fn client_name(&self) -> &'static str {
        match (self.forwarded, self.client_ip_header) {
            (true, _) => "forwarded",
            (false, true) => "cf-connecting-ip",
            (false, false) => self.for_name(),
        }
    }

    pub fn x_names(&self) -> [&'static str; 5] {
        [
            self.for_name(),
            "x-forwarded-proto",
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-prefix",
        ]
    }

    pub fn is_kept(&self, name: &str) -> bool {
        self.keep_all || self.keep == Some(name)
    }
}

pub fn socket(text: &str) -> (IpAddr, u16) {
    let address: SocketAddr = text.parse().unwrap();
    (address.ip(), address.port())
}

/// An address as 128 bits, IPv4 in its mapped form.
fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// One network after the other, prefix bits compared.
pub fn contains(set: &[&str], ip: IpAddr) -> bool {
    set.iter().filter(|network| **network != "unix").any(|network| {
        let (address, length) = match network.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().unwrap())),
            None => (*network, None),
        };
        let address: IpAddr = address.parse().unwrap();
        let offset = if address.is_ipv4() { 96 } else { 0 };
        let length = length.map_or(128, |length| length + offset);
        (bits(address) ^ bits(ip)).leading_zeros() >= length
    })
}
