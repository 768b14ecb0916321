//! A configuration and a request, made from bytes, so that a property test and a fuzzer can both
//! look for the ones that matter.

use std::net::{IpAddr, SocketAddr};

use forwarded_headers::{
    AllowedHosts, ClientSource, ForwardedHeaders, Peer, SchemeSource, TrustedProxies, UriRewrite,
    Writing,
};
use http::header::{HeaderName, HeaderValue};
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
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of the generator")]
pub struct Setup {
    pub forwarded: bool,
    /// The sets of trusted proxies, outermost first.
    pub chain: Vec<Vec<&'static str>>,
    /// The place of the nearest proxy's report from the right end of its list.
    pub place: u8,
    pub may_be_client: bool,
    pub writing: Writing,
    pub read_client: bool,
    pub scheme: SchemeSetup,
    pub read_host: bool,
    pub read_port: bool,
    pub read_prefix: bool,
    pub allowed: Option<Vec<&'static str>>,
    pub single_address: bool,
    pub with_port: bool,
    pub renamed: bool,
    pub keep: Option<&'static str>,
    pub rewrite: UriRewrite,
    pub direct_https: Option<bool>,
}

/// Where the scheme comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemeSetup {
    /// The list of schemes, or `proto`.
    Read,
    OnOff,
    Always(bool),
    Nothing,
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
    "x-forwarded-ssl",
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
const SWITCHES: [&str; 4] = ["on", "off", "ON", "https"];
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
            "x-forwarded-ssl" => vec![self.of(&SWITCHES).into()],
            "x-forwarded-host" | "host" => vec![self.of(&HOSTS).into()],
            "x-forwarded-port" => vec![self.of(&PORTS).into()],
            "x-forwarded-prefix" => vec![self.of(&PREFIXES).into()],
            "cf-connecting-ip" | "cloudfront-viewer-address" => vec![self.of(&ENTRIES).into()],
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

    /// The chain, and the place of the nearest report.
    fn trust(&mut self) -> (Vec<Vec<&'static str>>, u8) {
        let set = self.set();
        match self.byte() % 4 {
            0 => (vec![set], 1),
            1 => (vec![set; usize::from(1 + self.byte() % 4)], 1),
            2 => {
                let length = 1 + self.byte() % 3;
                ((0..length).map(|_| self.set()).collect(), 1)
            }
            _ => (vec![set], 1 + self.byte() % 3),
        }
    }

    fn setup(&mut self) -> Setup {
        let read_host = self.one_in(2);
        let restricted = read_host || self.one_in(4);
        let forwarded = self.one_in(2);
        let (chain, place) = self.trust();
        let may_be_client = self.one_in(4);
        let to_each = self.one_in(4);
        let read_client = !self.one_in(8);
        let read_scheme = !self.one_in(4);
        let (read_port, read_prefix) = (self.one_in(3), self.one_in(3));
        let allowed = restricted.then(|| self.of(&PATTERNS).to_vec());
        let (single_address, renamed) = (self.one_in(8), self.one_in(8));
        let keep = self.one_in(8).then(|| self.of(&KEPT));
        let leave = self.one_in(8);
        let stated = self.one_in(4).then(|| self.one_in(2));
        Setup {
            forwarded,
            chain,
            place,
            may_be_client,
            writing: if to_each { Writing::AppendToEach } else { Writing::Append },
            read_client,
            scheme: match (read_scheme, stated) {
                (true, _) => SchemeSetup::Read,
                (false, Some(https)) => SchemeSetup::Always(https),
                (false, None) => SchemeSetup::Nothing,
            },
            read_host,
            read_port,
            read_prefix,
            allowed,
            single_address,
            with_port: false,
            renamed,
            keep,
            rewrite: if leave { UriRewrite::Leave } else { UriRewrite::Complete },
            direct_https: stated.filter(|_| read_scheme),
        }
    }
}

impl Case {
    /// `None` where the bytes make no valid configuration.
    pub fn from_bytes(bytes: &[u8]) -> Option<(Self, ForwardedHeaders)> {
        let mut choices = Choices(bytes);
        let mut setup = choices.setup();
        // The last two bytes choose as well, so that what earlier bytes mean stays the same.
        let (last, other) = match bytes {
            [.., other, last] => (*last, *other),
            _ => (0, 0),
        };
        match (last & 7, last >> 3 & 7) {
            (1, _) => setup.writing = Writing::Replace,
            (_, 1) => setup.writing = Writing::AppendToFirstLine,
            _ => {}
        }
        setup.with_port = setup.single_address && last >> 6 & 1 == 1;
        if other & 7 == 1 {
            setup.rewrite = UriRewrite::Correct;
        }
        if other >> 3 & 7 == 1 && setup.scheme == SchemeSetup::Read && !setup.forwarded {
            setup.scheme = SchemeSetup::OnOff;
        }
        setup.keep_what_goes_together();
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
            // A header of another name is no forwarding header until the configuration reads it.
            if HeaderValue::from_bytes(&value).is_ok() && (name != "x-clients" || setup.renamed) {
                lines.push((name.to_string(), value));
            }
        }
        // A proxy that reports the scheme and not the client.
        if choices.one_in(16) {
            lines.retain(|(name, _)| name != setup.client_name());
        }
        // Clients put `Host` first (RFC 9110 §7.2).
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
    /// `None` if the settings do not go together.
    fn layer(&self) -> Option<ForwardedHeaders> {
        let mut builder = ForwardedHeaders::builder()
            .trust_chain(self.chain.iter().map(|set| proxies(set)))
            .client_from(self.client_source()?)
            .trusted_peer_may_be_client(self.may_be_client)
            .proxies_write(self.writing)
            .rewrite_uri(self.rewrite);
        if let Some(source) = self.scheme_source() {
            builder = builder.scheme_from(source);
        }
        if self.read_host {
            builder =
                builder.host_from(if self.forwarded { "forwarded" } else { "x-forwarded-host" });
        }
        if self.read_port {
            builder = builder.port_from("x-forwarded-port");
        }
        if self.read_prefix {
            builder = builder.prefix_from("x-forwarded-prefix");
        }
        if let Some(patterns) = &self.allowed {
            let parse = |pattern: &&str| match *pattern {
                "any" => AllowedHosts::any(),
                pattern => pattern.parse().unwrap(),
            };
            builder = builder.allowed_hosts(patterns.iter().map(parse).collect::<AllowedHosts>());
        }
        if let Some(kept) = self.keep {
            builder = builder.insecure_keep_header(kept);
        }
        if let Some(https) = self.direct_https {
            builder = builder.direct_scheme(scheme(https));
        }
        builder.build().ok()
    }

    /// Drops the settings that cannot be written beside others, so that few cases are refused.
    fn keep_what_goes_together(&mut self) {
        self.forwarded &= self.read_client;
        self.single_address &= self.read_client && !self.forwarded;
        self.with_port &= self.single_address;
        let reads_list = self.read_client && !self.forwarded && !self.single_address;
        self.renamed &= reads_list;
        self.read_port &= !self.forwarded;
        if !reads_list {
            self.place = 1;
        }
        if self.single_address {
            self.chain.truncate(1);
        }
    }

    fn client_source(&self) -> Option<ClientSource> {
        if self.forwarded || self.single_address {
            return self.client_name().parse().ok();
        }
        if !self.read_client {
            return Some(ClientSource::none());
        }
        Some(ClientSource::list(self.for_name()).nth_from_right(self.place))
    }

    fn scheme_source(&self) -> Option<SchemeSource> {
        match self.scheme {
            SchemeSetup::Read => None,
            SchemeSetup::OnOff => Some(SchemeSource::on_off("x-forwarded-ssl")),
            SchemeSetup::Always(https) => Some(SchemeSource::always(scheme(https))),
            SchemeSetup::Nothing => Some(SchemeSource::none()),
        }
    }

    pub fn for_name(&self) -> &'static str {
        if self.renamed { "x-clients" } else { "x-forwarded-for" }
    }

    /// The header that reports the client.
    pub fn client_name(&self) -> &'static str {
        match (self.forwarded, self.single_address) {
            (true, _) => "forwarded",
            (false, true) if self.with_port => "cloudfront-viewer-address",
            (false, true) => "cf-connecting-ip",
            (false, false) => self.for_name(),
        }
    }

    /// The header that reports the scheme, if a header of its own does.
    pub fn scheme_name(&self) -> Option<&'static str> {
        match self.scheme {
            SchemeSetup::Read if !self.forwarded => Some("x-forwarded-proto"),
            SchemeSetup::OnOff => Some("x-forwarded-ssl"),
            _ => None,
        }
    }

    /// The headers that show that a peer is a proxy.
    pub fn evidence(&self) -> Vec<&'static str> {
        if self.forwarded {
            let prefix = self.read_prefix.then_some("x-forwarded-prefix");
            return [Some("forwarded"), prefix].into_iter().flatten().collect();
        }
        let mut names = vec![
            self.for_name(),
            self.scheme_name().unwrap_or("x-forwarded-proto"),
            "x-forwarded-host",
            "x-forwarded-port",
            "x-forwarded-prefix",
        ];
        if self.single_address {
            names.push(self.client_name());
        }
        names
    }

    pub fn is_kept(&self, name: &str) -> bool {
        self.keep == Some(name)
    }
}

fn scheme(https: bool) -> &'static str {
    if https { "https" } else { "http" }
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
