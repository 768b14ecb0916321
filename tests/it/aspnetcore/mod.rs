//! The test cases of ASP.NET Core's Forwarded Headers Middleware, the nearest relative of this
//! crate: the same result here, or why not.
//!
//! A row asserts what their test asserts. Its name is theirs, without `XForwarded`, with the number
//! of the case. In options theirs are ours, but for the names: `ForwardLimit` is `max_hops`,
//! `RequireHeaderSymmetry` is `aligned_lists`, both trust lists empty is `insecure_any`.
//!
//! What is left of the headers has a column of its own, since it nearly always differs. Theirs cuts
//! off what it read, leaves the rest, which nobody vouched for, and keeps the proxy's address in
//! `X-Original-For`. Here the client's address is left, and where there is none, nothing.

mod address;
mod host;
mod prefix;
mod proto;

use self::Fact::{Client, Host, Prefix, Scheme};
use self::Theirs::{Differs, Refused, Same};
use forwarded_headers::{AllowedHosts, ConfigError, ForwardedHeaders, Outcome, TrustedProxies};
use http::Request;
use http::request::Parts;
use http::uri;
use crate::support::{Line, info, lines, request, through};

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const PREFIX: &str = "x-forwarded-prefix";

const LOOPBACK: &str = "[::1]:0";
const NO_PEER: &str = "";

/// What a request comes to. An empty text is none.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fact {
    /// With the port, where there is one.
    Client(&'static str),
    /// The forwarded one. Where there is none, the scheme is the request's own: http, in all rows.
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
            Host(_) => info(parts).authority().unwrap_or_default().into(),
            Prefix(_) => info(parts).prefix().unwrap_or_default().into(),
        }
    }
}

fn client(parts: &Parts) -> String {
    match (info(parts).client_ip(), info(parts).client_port()) {
        (Some(ip), Some(port)) => std::net::SocketAddr::new(ip, port).to_string(),
        (Some(ip), None) => ip.to_string(),
        (None, _) => String::new(),
    }
}

/// How the result here compares with theirs.
#[derive(Debug, Clone, Copy)]
enum Theirs {
    Same,
    /// Why, and what it is here.
    Differs(&'static str, &'static [Fact]),
    /// Why the configuration is an error here.
    Refused(&'static str),
}

/// A header, with what they leave of it and what we do.
type Left = (&'static str, &'static str, &'static str);

#[derive(Debug, Clone, Copy)]
struct Options {
    /// `None` is everybody.
    trust: Option<&'static str>,
    hops: u8,
    /// None of them is `ForwardedHeaders::new()`.
    reads: &'static [&'static str],
    hosts: &'static str,
    symmetry: bool,
}

const DEFAULT: Options =
    Options { trust: Some("loopback"), hops: 1, reads: &[], hosts: "*", symmetry: false };

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
        ForwardedHeaders::new()
            .trust(trust)
            .max_hops(self.hops)
            .aligned_lists(self.symmetry)
            .read_for(reads(FOR))
            .read_proto(reads(PROTO))
            .read_host(reads(HOST))
            .read_prefix(reads(PREFIX))
            .allowed_hosts(hosts)
            .check()
    }
}

struct Row {
    name: String,
    options: Options,
    peer: &'static str,
    sent: Vec<(&'static str, &'static str)>,
    /// How many middlewares stand one behind the other.
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

    /// What is read in one place is what is read in the other, and nothing is kept of what was.
    fn check_agreement(&self, parts: &Parts) {
        let (name, info) = (&self.name, info(parts));
        let authority = info.authority().unwrap_or_default();
        assert_eq!(lines(parts, "host"), one(authority), "{name}: Host");
        let scheme = info.forwarded_scheme().unwrap_or(&uri::Scheme::HTTP);
        assert_eq!(info.scheme(), scheme, "{name}: the scheme is forwarded, or http");
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

/// The lines of a header that has this value, and none where it is empty.
fn one(value: &str) -> Vec<&[u8]> {
    Some(value.as_bytes()).filter(|value| !value.is_empty()).into_iter().collect()
}

/// How many rows there are of each kind.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    same: usize,
    differs: usize,
    refused: usize,
    /// Where other headers are left, whatever the result.
    left_differs: usize,
}

fn tally(rows: &[Row]) -> Tally {
    let mut tally = Tally::default();
    for row in rows {
        match row.theirs {
            Same => tally.same += 1,
            Differs(why, ours) => {
                assert_ne!(row.expect, ours, "{} is the same, yet {why}", row.name);
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

/// What their cases ask and these bytes cannot show here, asked again with hosts, schemes, clients
/// and peers that count. What they expect is translated with them.
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
fn their_questions_in_our_terms() {
    translated().iter().for_each(Row::check);
}

#[test]
fn totals() {
    let expected = Tally { same: 85, differs: 61, refused: 8, left_differs: 37 };
    assert_eq!(tally(&theirs()), expected);
    assert_eq!(theirs().len(), 154, "cases of theirs");
    let expected = Tally { same: 45, differs: 11, refused: 0, left_differs: 0 };
    assert_eq!(tally(&translated()), expected);
}

/// Theirs once trusted a peer that it did not know, and nearly half of their cases had none.
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

/// No request in theirs: it asserts that the options read nothing until they are told to, and then
/// trust loopback, for one hop.
fn defaults() -> Vec<Row> {
    const WHY: &str = "whoever adds the layer wants what it is for: address and scheme are read";
    vec![Row {
        name: "AllForwardsDisabledByDefault#1".into(),
        sent: vec![(FOR, "192.0.2.7, ::1"), (PROTO, "http, https")],
        expect: vec![Client(LOOPBACK), Scheme("")],
        theirs: Differs(WHY, &[Client("::1"), Scheme("https")]),
        ..Row::default()
    }]
}

/// All four headers are sent, one is read.
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
