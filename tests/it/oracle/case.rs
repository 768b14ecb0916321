//! A configuration and a request, made from bytes, so that a property test and a fuzzer can both
//! look for the ones that matter.

use std::net::{IpAddr, SocketAddr};

use axum::extract::connect_info::{ConnectInfo, MockConnectInfo};
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
    /// The extension that holds the peer.
    pub peer_in: PeerIn,
    /// Another record of a peer, which is not read.
    pub other_record: Option<PeerIn>,
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
    pub rewrite_connect_info: bool,
    pub direct_https: Option<bool>,
    /// Whether the settings start from the profile of Traefik, which joins prefixes.
    pub traefik: bool,
    /// What each set of the chain needs a secret for, outermost first.
    pub secrets: Vec<Needs>,
    /// The headers of an identity, and whether the outermost proxy writes each.
    pub identity: Vec<(&'static str, bool)>,
}

/// Which part of a set needs a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// The whole set.
    Secret,
    /// All but [`BESIDE`].
    SecretBeside,
}

const NEEDS: [Needs; 4] = [Needs::Nothing, Needs::Nothing, Needs::Secret, Needs::SecretBeside];

/// The address that needs no secret beside a set that does.
const BESIDE: &str = "10.0.0.2";

/// The header of the secret of each set, outermost first.
const SECRET_HEADERS: [&str; 4] = ["x-proof-a", "x-proof-b", "x-proof-c", "x-proof-d"];
const SECRETS: [&str; 2] = ["an-old-secret-of-26-letters", "a-new-secret-of-26-letters"];

const IDENTITY: [&[(&str, bool)]; 5] = [
    &[],
    &[],
    &[("x-forwarded-user", false)],
    &[("remote-user", true)],
    &[("x-forwarded-user", false), ("remote-user", true)],
];

const USERS: [&str; 3] = ["alice", "", "203.0.113.7, \u{e9}"];

/// Whether a sender belongs to a set of proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Proxy,
    NotProven,
    Other,
}

/// An extension that can hold the peer, in the order in which they are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeerIn {
    Peer,
    SocketAddr,
    ConnectInfo,
    MockConnectInfo,
}

const PEER_IN: [PeerIn; 4] =
    [PeerIn::Peer, PeerIn::SocketAddr, PeerIn::ConnectInfo, PeerIn::MockConnectInfo];

/// Where the client's address comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    XForwardedFor,
    Renamed,
    Forwarded,
    Address,
    AddressAndPort,
    Nothing,
    Traefik,
}

const SOURCES: [Source; 12] = [
    Source::XForwardedFor,
    Source::XForwardedFor,
    Source::XForwardedFor,
    Source::Forwarded,
    Source::Forwarded,
    Source::Forwarded,
    Source::Renamed,
    Source::Address,
    Source::AddressAndPort,
    Source::Nothing,
    Source::Traefik,
    Source::Traefik,
];

const WRITINGS: [Writing; 6] = [
    Writing::Append,
    Writing::Append,
    Writing::Append,
    Writing::AppendToEach,
    Writing::AppendToFirstLine,
    Writing::Replace,
];

const SCHEME_SETUPS: [SchemeSetup; 7] = [
    SchemeSetup::Read,
    SchemeSetup::Read,
    SchemeSetup::Read,
    SchemeSetup::OnOff,
    SchemeSetup::Always(true),
    SchemeSetup::Always(false),
    SchemeSetup::Nothing,
];

const URI_REWRITES: [UriRewrite; 4] =
    [UriRewrite::Complete, UriRewrite::Complete, UriRewrite::Correct, UriRewrite::Leave];

/// Where the scheme comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemeSetup {
    /// The list of schemes, or `proto`.
    Read,
    OnOff,
    Always(bool),
    Nothing,
}

const NETWORKS: [&str; 7] = [
    "10.0.0.0/8",
    "192.0.2.7",
    "2001:db8:f::/48",
    "::ffff:198.51.100.0/120",
    "unix",
    "64:ff9b::/96",
    "fe80::/10",
];

const PEERS: [&str; 16] = [
    "10.0.0.1:50000",
    "10.0.0.1:50000",
    "10.0.0.1:50000",
    "10.0.0.1:50000",
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
    "0.0.0.0:0",
    "203.0.113.7:0",
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
const ENTRIES: [&str; 26] = [
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
    "unix:",
    "fe80::7%eth0",
    "[fe80::7%lo]:4711",
    "::1%\u{e9} lo",
    "2001:db8::7%eth0",
    "fe80::7%",
    "[fe80::7]%lo",
    "203.0.113.7:0",
];
const ELEMENTS: [&str; 23] = [
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
    "for=\"[fe80::7%eth0]\"",
    "for=\"[fe80::7%\\e]:4711\"",
    "for=\"unix:\"",
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
const HOSTS: [&str; 11] = [
    "example.com",
    "EXAMPLE.com.",
    "a.example.net",
    "a.example.net:8443",
    "example.com:443",
    "evil.example",
    "user@example.com",
    "[::1]:8443",
    "example.com:",
    "-a-.example.net:8443",
    "example.com.:",
];
const PORTS: [&str; 6] = ["443", "80", "8443", "0443", "65536", "0"];
const PREFIXES: [&str; 8] =
    ["/app", "/app", "/app/", "/a/b%41", "//evil", "/a%2e/b", "/..", "/a%3Bb"];

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

    /// A set behind the peer, where `unix` stands alone.
    fn outer_set(&mut self) -> Vec<&'static str> {
        if self.one_in(4) {
            return vec!["unix"];
        }
        self.set().into_iter().filter(|network| *network != "unix").collect()
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
            "x-forwarded-ssl" => self.copies(&SWITCHES),
            "x-forwarded-host" => self.copies(&HOSTS),
            "host" => vec![self.of(&HOSTS).into()],
            "x-forwarded-port" => self.copies(&PORTS),
            "x-forwarded-prefix" => self.copies(&PREFIXES),
            "cf-connecting-ip" | "cloudfront-viewer-address" => vec![self.of(&ENTRIES).into()],
            _ => (0..count).map(|_| self.of(&ENTRIES).into()).collect(),
        };
        members.join(self.of(&[", ", ",", " ,\t"])).into_bytes()
    }

    /// A single value, and at times a second one, which may be its copy.
    fn copies(&mut self, options: &[&str]) -> Vec<String> {
        let first = self.of(options).into();
        match self.byte() % 8 {
            0 => vec![first, self.of(options).into()],
            1 => vec![first; 2],
            _ => vec![first],
        }
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
        let kind = self.byte() % 4;
        let place = if kind == 3 { 1 + self.byte() % 3 } else { 1 };
        let outer = match kind {
            1 => vec![self.outer_set(); usize::from(self.byte() % 4)],
            2 => (0..self.byte() % 4).map(|_| self.outer_set()).collect(),
            _ => vec![],
        };
        (outer.into_iter().chain([self.set()]).collect(), place)
    }

    fn setup(&mut self) -> Setup {
        let source = self.of(&SOURCES);
        let (chain, place) = self.trust();
        let read_host = self.one_in(3);
        let restricted = read_host || self.one_in(2);
        let scheme = self.of(&SCHEME_SETUPS);
        let direct = self.one_in(3).then(|| self.one_in(2));
        Setup {
            forwarded: source == Source::Forwarded,
            chain,
            place,
            may_be_client: self.one_in(4),
            writing: self.of(&WRITINGS),
            read_client: source != Source::Nothing,
            scheme,
            read_host,
            read_port: self.one_in(3),
            read_prefix: self.one_in(3),
            allowed: restricted.then(|| self.of(&PATTERNS).to_vec()),
            single_address: matches!(source, Source::Address | Source::AddressAndPort),
            with_port: source == Source::AddressAndPort,
            renamed: source == Source::Renamed,
            keep: self.one_in(8).then(|| self.of(&KEPT)),
            rewrite: self.of(&URI_REWRITES),
            rewrite_connect_info: !self.one_in(6),
            direct_https: direct.filter(|_| !matches!(scheme, SchemeSetup::Always(_))),
            traefik: source == Source::Traefik,
            secrets: vec![],
            identity: vec![],
        }
    }

    fn guard(&mut self, setup: &mut Setup) {
        if self.one_in(3) {
            setup.secrets = setup.chain.iter().map(|_| self.of(&NEEDS)).collect();
        }
        setup.identity = self.of(&IDENTITY).to_vec();
    }

    /// The lines of secrets and identities, and of names that look like them.
    fn guarded_lines(&mut self, setup: &Setup) -> Vec<(String, Vec<u8>)> {
        let mut lines = vec![];
        for name in setup.guarded() {
            let is_secret = setup.is_secret(name);
            for _ in 0..self.of(&[1, 1, 1, 1, 0, 2]) {
                let value = match (is_secret, self.byte() % 8) {
                    (true, 0) => "another-secret-of-26-letter".into(),
                    (true, 1) => self.junk(),
                    (true, _) => self.of(&SECRETS).into(),
                    (false, _) => self.of(&USERS).into(),
                };
                let name = if self.one_in(8) { name.replace('-', "_") } else { name.into() };
                if HeaderValue::from_bytes(&value).is_ok() {
                    lines.push((name, value));
                }
            }
        }
        lines
    }

    /// The peer, the extension that holds it, and another record.
    fn peer(&mut self) -> (Option<String>, PeerIn, Option<PeerIn>) {
        if self.one_in(16) {
            return (None, PeerIn::Peer, None);
        }
        let peer = self.of(&PEERS);
        let peer_in = if peer == "unix" { PeerIn::Peer } else { self.of(&PEER_IN) };
        let other = self.one_in(3).then(|| self.of(&PEER_IN));
        (Some(peer.into()), peer_in, other.filter(|other| *other > peer_in))
    }
}

impl Case {
    /// `None` where the bytes make no valid configuration.
    pub fn from_bytes(bytes: &[u8]) -> Option<(Self, ForwardedHeaders)> {
        let mut choices = Choices(bytes);
        let mut setup = choices.setup();
        setup.keep_what_goes_together();
        let (peer, peer_in, other_record) = choices.peer();
        let uri = choices.of(&URIS).to_string();
        let mut lines = vec![];
        for index in 0..choices.byte() % 8 {
            let name = match index {
                0 => setup.client_name(),
                1 | 2 => choices.of(&setup.names_read()),
                _ => choices.of(&NAMES),
            };
            let mut value = choices.value(name);
            if setup.with_port && name == setup.client_name() && choices.one_in(2) {
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
        choices.guard(&mut setup);
        setup.keep_guards_that_go_together();
        let layer = setup.layer()?;
        lines.extend(choices.guarded_lines(&setup));
        // Clients put `Host` first (RFC 9110 §7.2).
        if choices.one_in(2) {
            lines.sort_by_key(|(name, _)| name != "host");
        }
        Some((Self { setup, peer, peer_in, other_record, uri, lines }, layer))
    }

    pub fn request(&self) -> Request<()> {
        let mut request = Request::builder().uri(&self.uri).body(()).unwrap();
        match self.peer.as_deref() {
            None => {}
            Some("unix") => drop(request.extensions_mut().insert(Peer::Unix)),
            Some(peer) => self.peer_in.insert(&mut request, peer.parse().unwrap()),
        }
        if let Some(other) = self.other_record {
            other.insert(&mut request, ([198, 51, 100, 200], 9).into());
        }
        append(request.headers_mut(), &self.lines);
        request
    }
}

impl PeerIn {
    fn insert(self, request: &mut Request<()>, address: SocketAddr) {
        let extensions = request.extensions_mut();
        match self {
            Self::Peer => drop(extensions.insert(Peer::Inet(address))),
            Self::SocketAddr => drop(extensions.insert(address)),
            Self::ConnectInfo => drop(extensions.insert(ConnectInfo(address))),
            Self::MockConnectInfo => drop(extensions.insert(MockConnectInfo(address))),
        }
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
        let start = if self.traefik {
            ForwardedHeaders::behind("traefik")
        } else {
            ForwardedHeaders::builder()
        };
        let mut builder = start
            .trust_chain((0..self.chain.len()).map(|index| self.proxies(index)))
            .client_from(self.client_source()?)
            .trusted_peer_may_be_client(self.may_be_client)
            .proxies_write(self.writing)
            .rewrite_uri(self.rewrite)
            .rewrite_connect_info(self.rewrite_connect_info);
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
        for (name, is_outermost) in &self.identity {
            builder = match is_outermost {
                true => builder.only_from_outermost(*name),
                false => builder.only_from_proxy(*name),
            };
        }
        if let Some(https) = self.direct_https {
            builder = builder.direct_scheme(scheme(https));
        }
        builder.build().ok()
    }

    /// A set of the chain, with the secret that it needs.
    fn proxies(&self, index: usize) -> TrustedProxies {
        let set = proxies(&self.chain[index]);
        let secret = || {
            let secrets = SECRETS.join("\n");
            set.clone().with_secret(SECRET_HEADERS[index], secrets).unwrap()
        };
        match self.needs(index) {
            Needs::Nothing => set,
            Needs::Secret => secret(),
            Needs::SecretBeside => secret().union(proxies(&[BESIDE])),
        }
    }

    fn needs(&self, index: usize) -> Needs {
        self.secrets.get(index).copied().unwrap_or(Needs::Nothing)
    }

    /// What an address or, without one, a Unix socket is to a set, nearest first. `has` tells the lines of
    /// a header.
    pub fn standing<'a>(
        &self,
        hops: usize,
        ip: Option<IpAddr>,
        has: impl Fn(&str) -> Vec<&'a [u8]>,
    ) -> Standing {
        let Some(index) = self.chain.len().checked_sub(hops + 1) else { return Standing::Other };
        let set = &self.chain[index];
        // Behind a proxy, `unix` stands for a set of its own.
        let is_in = match ip {
            Some(ip) => contains(set, ip),
            None => set.contains(&"unix") && (hops == 0 || set.len() == 1),
        };
        let needs = self.needs(index);
        if needs == Needs::SecretBeside && ip.is_some_and(|ip| contains(&[BESIDE], ip)) {
            return Standing::Proxy;
        }
        match (is_in, needs) {
            (false, _) => Standing::Other,
            (true, Needs::Nothing) => Standing::Proxy,
            (true, _) => match has(SECRET_HEADERS[index])[..] {
                [line] if SECRETS.iter().any(|secret| secret.as_bytes() == line) => Standing::Proxy,
                _ => Standing::NotProven,
            },
        }
    }

    fn keep_guards_that_go_together(&mut self) {
        for (needs, set) in self.secrets.iter_mut().zip(&self.chain) {
            if set.contains(&"unix") && *needs == Needs::SecretBeside {
                *needs = Needs::Secret;
            }
        }
        let skips = self.place > 1;
        self.identity.retain(|(_, is_outermost)| self.read_client && !(*is_outermost && skips));
    }

    /// The headers of secrets and identities.
    fn guarded(&self) -> Vec<&'static str> {
        let secrets = SECRET_HEADERS.into_iter().filter(|name| self.is_secret(name));
        secrets.chain(self.identity.iter().map(|(name, _)| *name)).collect()
    }

    pub fn is_secret(&self, name: &str) -> bool {
        let index = SECRET_HEADERS.iter().position(|header| *header == name);
        index.is_some_and(|index| self.needs(index) != Needs::Nothing)
    }

    /// Drops the settings that cannot be written beside others, so that few cases are refused.
    fn keep_what_goes_together(&mut self) {
        self.forwarded &= self.read_client;
        self.single_address &= self.read_client && !self.forwarded;
        self.with_port &= self.single_address;
        let reads_list = self.read_client && !self.forwarded && !self.single_address;
        self.renamed &= reads_list;
        self.read_port &= !(self.forwarded || self.traefik);
        if !reads_list || self.traefik {
            self.place = 1;
        }
        if self.single_address || self.traefik {
            self.chain.drain(..self.chain.len() - 1);
        }
        if self.forwarded {
            let length = self.chain.len();
            self.chain.iter_mut().take(length - 1).filter(|set| **set == ["unix"]).for_each(
                |set| {
                    *set = vec![NETWORKS[0]];
                },
            );
        }
        if self.scheme == SchemeSetup::OnOff && (self.forwarded || self.traefik) {
            self.scheme = SchemeSetup::Read;
        }
        self.writing = match self.writing {
            _ if self.traefik => Writing::Replace,
            Writing::AppendToEach if !reads_list => Writing::Append,
            Writing::Replace if !(reads_list || self.forwarded) => Writing::Append,
            writing => writing,
        };
        self.may_be_client &= self.read_client;
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

    /// How many settings are not the default.
    pub fn changed(&self) -> usize {
        let changed = [
            self.forwarded || self.single_address || self.renamed || !self.read_client,
            self.chain.len() > 1,
            self.place > 1,
            self.may_be_client,
            self.writing != Writing::Append,
            self.scheme != SchemeSetup::Read,
            self.read_host,
            self.read_port,
            self.read_prefix,
            self.allowed.is_some(),
            self.keep.is_some(),
            self.rewrite != UriRewrite::Complete,
            !self.rewrite_connect_info,
            self.direct_https.is_some(),
            self.traefik,
            self.secrets.iter().any(|needs| *needs != Needs::Nothing),
            !self.identity.is_empty(),
        ];
        changed.into_iter().filter(|changed| *changed).count()
    }

    /// The headers on which the answer depends.
    fn names_read(&self) -> Vec<&'static str> {
        let names = [
            Some("host"),
            self.scheme_name(),
            (self.read_host && !self.forwarded).then_some("x-forwarded-host"),
            self.read_port.then_some("x-forwarded-port"),
            self.read_prefix.then_some("x-forwarded-prefix"),
        ];
        names.into_iter().flatten().collect()
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
