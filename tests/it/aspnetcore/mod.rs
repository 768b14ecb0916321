//! The test cases of ASP.NET Core's Forwarded Headers Middleware, the nearest relative of this
//! crate. Each row has the same result here, or the reason for a difference.
//!
//! A row asserts what the test of the middleware asserts. Its name is the test's name, without
//! `XForwarded`, and the number of the case. The options have other names here:
//!
//! - `ForwardLimit` is the number of sets in `trust_chain`;
//! - `RequireHeaderSymmetry` is `Writing::AppendToEach`;
//! - both trust lists empty is `insecure_any`. A chain refuses it, so `ForwardLimit` is then the
//!   client's place in the list, `nth_from_right`.
//!
//! The headers that are left have a column of their own, since they differ in nearly every row. The
//! middleware removes what it read, and leaves the entries that no trusted proxy wrote. It keeps the
//! proxy's address in `X-Original-For`. This crate leaves the client's address and nothing else.

mod address;
mod host;
mod prefix;
mod proto;

use self::Fact::{Client, Host, Prefix, Scheme};
use self::Theirs::{Differs, Refused, Same};
use crate::support::{Line, info, lines, request, through};
use forwarded_headers::{
    AllowedHosts, ClientSource, ConfigError, ForwardedHeaders, Outcome, SchemeSource,
    TrustedProxies, Writing,
};
use http::Request;
use http::request::Parts;
use http::uri;

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const PREFIX: &str = "x-forwarded-prefix";

const LOOPBACK: &str = "[::1]:0";
const NO_PEER: &str = "";

/// One value of the result. An empty text is no value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fact {
    /// The client's address, with its port if the port is known.
    Client(&'static str),
    /// The scheme that a trusted proxy reported. Without a report the scheme is http in every row.
    Scheme(&'static str),
    Host(&'static str),
    Prefix(&'static str),
}

impl Fact {
    fn text(self) -> &'static str {
        match self {
            Client(text) | Scheme(text) | Host(text) | Prefix(text) => text,
        }
    }

    fn found(self, parts: &Parts) -> String {
        match self {
            Client(_) => client(parts),
            Scheme(_) => {
                info(parts).forwarded_scheme().map(ToString::to_string).unwrap_or_default()
            }
            Host(_) => authority(parts).into(),
            Prefix(_) => info(parts).prefix().unwrap_or_default().into(),
        }
    }
}

fn authority(parts: &Parts) -> &str {
    info(parts).authority().map_or("", uri::Authority::as_str)
}

fn client(parts: &Parts) -> String {
    match (info(parts).client_ip(), info(parts).client_port()) {
        (Some(ip), Some(port)) => std::net::SocketAddr::new(ip, port).to_string(),
        (Some(ip), None) => ip.to_string(),
        (None, _) => String::new(),
    }
}

/// How the result here compares with the middleware's.
#[derive(Debug, Clone, Copy)]
enum Theirs {
    Same,
    /// The reason, and the result here.
    Differs(&'static str, &'static [Fact]),
    /// The reason why `build` refuses the configuration.
    Refused(&'static str),
}

/// A header, the value that the middleware leaves, and the value that this crate leaves.
type Left = (&'static str, &'static str, &'static str);

#[derive(Debug, Clone, Copy)]
struct Options {
    /// `None` trusts every address.
    trust: Option<&'static str>,
    /// The most reports that are read.
    limit: u8,
    /// The headers that are read. Without one, the layer is `ForwardedHeaders::new()`.
    reads: &'static [&'static str],
    hosts: &'static str,
    symmetry: bool,
}

const DEFAULT: Options =
    Options { trust: Some("loopback"), limit: 1, reads: &[], hosts: "*", symmetry: false };

impl Options {
    fn layer(&self) -> Result<ForwardedHeaders, ConfigError> {
        if self.reads.is_empty() {
            return Ok(ForwardedHeaders::new());
        }
        let trust = self.trust.map_or(Ok(TrustedProxies::insecure_any()), str::parse)?;
        let hosts = match self.hosts {
            "*" => AllowedHosts::any(),
            hosts => hosts.parse()?,
        };
        let reads = |name| self.reads.contains(&name);
        let counts_entries = self.trust.is_none() && reads(FOR);
        let (proxies, place) = if counts_entries { (1, self.limit) } else { (self.limit, 1) };
        let x_forwarded_for = ClientSource::x_forwarded_for().nth_from_right(place);
        let mut builder = ForwardedHeaders::builder()
            .client_from(if reads(FOR) { x_forwarded_for } else { ClientSource::none() })
            .allowed_hosts(hosts);
        builder = match proxies {
            1 => builder.trust(trust),
            _ => builder.trust_chain(vec![trust; proxies.into()]),
        };
        if !reads(PROTO) {
            builder = builder.scheme_from(SchemeSource::none());
        }
        if reads(HOST) {
            builder = builder.host_from(HOST);
        }
        if reads(PREFIX) {
            builder = builder.prefix_from(PREFIX);
        }
        if self.symmetry {
            builder = builder.proxies_write(Writing::AppendToEach);
        }
        builder.build()
    }
}

struct Row {
    name: String,
    options: Options,
    peer: &'static str,
    sent: Vec<(&'static str, &'static str)>,
    /// The number of layers, one inside the other.
    layers: usize,
    expect: Vec<Fact>,
    theirs: Theirs,
    left: Vec<Left>,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            name: String::new(),
            options: DEFAULT,
            peer: LOOPBACK,
            sent: Vec::new(),
            layers: 1,
            expect: Vec::new(),
            theirs: Same,
            left: Vec::new(),
        }
    }
}

impl Row {
    fn check(&self) {
        let name = &self.name;
        let layer = self.options.layer();
        if let Refused(why) = self.theirs {
            assert!(layer.is_err(), "{name}: {why}");
            return;
        }
        let parts = self.run(&layer.expect(name), self.peer);
        let expect = self.ours();
        assert!(!expect.is_empty(), "{name} expects nothing");
        for fact in expect {
            assert_eq!(fact.found(&parts), fact.text(), "{name}: {fact:?}, {:?}", self.theirs);
        }
        for (header, _, ours) in &self.left {
            assert_eq!(lines(&parts, header), one(ours), "{name}: what is left of {header}");
        }
        self.check_agreement(&parts);
    }

    fn ours(&self) -> &[Fact] {
        match self.theirs {
            Same => &self.expect,
            Differs(_, ours) => ours,
            Refused(_) => &[],
        }
    }

    /// Checks that `Host` and `ConnectionInfo` agree, and that no header holds an earlier value.
    fn check_agreement(&self, parts: &Parts) {
        let (name, info) = (&self.name, info(parts));
        assert_eq!(lines(parts, "host"), one(authority(parts)), "{name}: Host");
        let scheme = info.forwarded_scheme().unwrap_or(&uri::Scheme::HTTP);
        assert_eq!(info.scheme(), scheme, "{name}: the scheme is reported, or http");
        let mut names = parts.headers.keys().map(http::HeaderName::as_str);
        assert!(!names.any(|header| header.starts_with("x-original")), "{name}: X-Original-*");
    }

    fn run(&self, layer: &ForwardedHeaders, peer: &str) -> Parts {
        let mut sent: Vec<Line<'_>> = vec![("host", b"localhost")];
        sent.extend(self.sent.iter().map(|(name, value)| (*name, value.as_bytes())));
        let mut request = request(peer, "/", &sent);
        for _ in 1..self.layers {
            request = Request::from_parts(through(layer, request), ());
        }
        through(layer, request)
    }
}

/// Returns the lines of a header with this value. An empty value is no line.
fn one(value: &str) -> Vec<&[u8]> {
    Some(value.as_bytes()).filter(|value| !value.is_empty()).into_iter().collect()
}

/// The number of rows of each kind.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    same: usize,
    differs: usize,
    refused: usize,
    /// The rows that leave other headers than the middleware, of every kind.
    left_differs: usize,
}

fn tally(rows: &[Row]) -> Tally {
    let mut tally = Tally::default();
    for row in rows {
        match row.theirs {
            Same => tally.same += 1,
            Differs(why, ours) => {
                assert_ne!(
                    row.expect, ours,
                    "{} has the same result, but a reason: {why}",
                    row.name
                );
                tally.differs += 1;
            }
            Refused(_) => tally.refused += 1,
        }
        tally.left_differs += usize::from(row.left.iter().any(|(_, theirs, ours)| theirs != ours));
    }
    tally
}

fn theirs() -> Vec<Row> {
    let tables =
        [defaults(), address::theirs(), host::theirs(), proto::theirs(), prefix::theirs(), peers()];
    tables.into_iter().flatten().collect()
}

/// The questions of cases whose own values cannot show an answer here. These rows ask them with
/// hosts, schemes, clients and peers that are valid here, and translate the expectation.
fn translated() -> Vec<Row> {
    let tables =
        [address::translated(), host::translated(), proto::translated(), prefix::translated()];
    tables.into_iter().flatten().collect()
}

#[test]
fn their_cases() {
    theirs().iter().for_each(Row::check);
}

#[test]
fn their_questions_with_other_values() {
    translated().iter().for_each(Row::check);
}

#[test]
fn totals() {
    let expected = Tally { same: 85, differs: 60, refused: 9, left_differs: 37 };
    assert_eq!(tally(&theirs()), expected);
    assert_eq!(theirs().len(), 154, "cases of the middleware");
    let expected = Tally { same: 47, differs: 13, refused: 0, left_differs: 0 };
    assert_eq!(tally(&translated()), expected);
}

/// The middleware once trusted an unknown peer. Nearly half of its cases have no peer.
#[test]
fn without_a_peer_nothing_is_read() {
    for row in theirs() {
        let Ok(layer) = row.options.layer() else { continue };
        let parts = row.run(&layer, NO_PEER);
        let found = [Client(""), Scheme(""), Prefix("")].map(|fact| fact.found(&parts));
        assert_eq!(found, ["", "", ""], "{}", row.name);
        assert_eq!(info(&parts).outcome(), Outcome::NoPeer, "{}", row.name);
        let left = [FOR, PROTO, HOST, PREFIX].map(|name| lines(&parts, name).len());
        assert_eq!(left, [0; 4], "{}", row.name);
    }
}

/// Sends a request where the test of the middleware has none. That test asserts that the options read
/// nothing by default, and trust loopback for one hop.
fn defaults() -> Vec<Row> {
    const WHY: &str = "an app that adds the layer wants the address and the scheme";
    vec![Row {
        name: "AllForwardsDisabledByDefault#1".into(),
        sent: vec![(FOR, "192.0.2.7, ::1"), (PROTO, "http, https")],
        expect: vec![Client(LOOPBACK), Scheme("")],
        theirs: Differs(WHY, &[Client("::1"), Scheme("https")]),
        ..Row::default()
    }]
}

/// Sends all four headers, and reads one.
fn peers() -> Vec<Row> {
    const UNTRUSTED: &[Fact] = &[Client("10.0.0.1:99"), Host("localhost"), Scheme(""), Prefix("")];
    let rows: [(_, bool, &'static [_], &[_], _); 8] = [
        (1, true, &[FOR], &[Client("11.111.111.11")], Same),
        (2, false, &[FOR], UNTRUSTED, Same),
        (3, true, &[HOST], &[Host("testhost")], Same),
        (4, false, &[HOST], UNTRUSTED, Same),
        (5, true, &[PROTO], &[Scheme("Protocol")], proto::NO_WEB_SCHEME),
        (6, false, &[PROTO], UNTRUSTED, Same),
        (7, true, &[PREFIX], &[Prefix("/pathbase")], Same),
        (8, false, &[PREFIX], UNTRUSTED, Same),
    ];
    let row = |(number, trusted, reads, expect, theirs): (_, _, _, &[Fact], _)| Row {
        name: format!("IgnoreHeadersFromUnknownProxy#{number}"),
        options: Options {
            trust: Some(if trusted { "loopback, 10.0.0.1" } else { "loopback" }),
            reads,
            ..DEFAULT
        },
        peer: "10.0.0.1:99",
        sent: vec![
            (FOR, "11.111.111.11"),
            (HOST, "testhost"),
            (PROTO, "Protocol"),
            (PREFIX, "/pathbase"),
        ],
        expect: expect.to_vec(),
        theirs,
        ..Row::default()
    };
    rows.map(row).into()
}
