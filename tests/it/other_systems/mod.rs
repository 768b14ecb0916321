//! The test cases of four other systems. Each row has the same result here, or the reason for a
//! difference.
//!
//! The systems are `proxy-addr` and Express's `trust proxy` (Node.js), `ProxyFix` of Werkzeug
//! (Python), and nginx's realip module. A row asserts what the test of the other system asserts, and
//! writes its options as settings of this crate.
//!
//! In all four, a trusted peer that sends no header is the client. Here the default is no client. Each
//! row that reads addresses sets `trusted_peer_may_be_client(true)`, so that not every row differs.

mod express;
mod nginx_realip;
mod proxy_addr;
mod werkzeug;

use self::Fact::{Authority, Client, Hops, Host, Peer, Port, Root, Scheme, Secure};
use self::Theirs::{Differs, Elsewhere, Refused, Same};
use crate::support::{Line, info, request, through};
use forwarded_headers::{
    Builder, ConfigError, ForwardedHeaders, Outcome, TrustedProxies, Unresolved,
};
use http::Request;
use http::request::Parts;

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const PORT: &str = "x-forwarded-port";
const PREFIX: &str = "x-forwarded-prefix";

const LOCAL: &str = "127.0.0.1";
const NO_PEER: &str = "";
/// A proxy whose address is in no case.
const PROXY: &str = "198.51.100.1";

/// The trust in every address.
const ANY: &str = "*";
/// More proxies than any list of a case has: the other system's walk has no bound.
const NO_BOUND: u8 = 255;

const ANY_IN_CHAIN: &str = "a chain of every address counts the client as a proxy, which reports its \
                            own client";
const NO_ADDRESS: &str = "a name is not an address: it does not tell which host to trust";
const UNNAMED: &str =
    "a proxy that does not report the client may pass on every other header from it";

/// One value of the result. An empty text is no value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fact {
    Client(&'static str),
    /// The client's port.
    Port(&'static str),
    Peer(&'static str),
    /// The number of addresses behind the peer, the client's included.
    Hops(&'static str),
    Scheme(&'static str),
    Secure(&'static str),
    Authority(&'static str),
    Host(&'static str),
    /// The start of the app's own links: origin and prefix.
    Root(&'static str),
}

impl Fact {
    fn text(self) -> &'static str {
        match self {
            Client(text) | Port(text) | Peer(text) | Hops(text) | Scheme(text) | Secure(text)
            | Authority(text) | Host(text) | Root(text) => text,
        }
    }

    fn found(self, parts: &Parts) -> String {
        let info = info(parts);
        let prefix = info.prefix().unwrap_or_default();
        let found = match self {
            Client(_) => info.client_ip().map(|ip| ip.to_string()),
            Port(_) => info.client_port().map(|port| port.to_string()),
            Peer(_) => info.peer_addr().map(|peer| peer.ip().to_string()),
            Hops(_) => Some(info.hops().to_string()),
            Scheme(_) => Some(info.scheme().to_string()),
            Secure(_) => Some(info.is_secure().to_string()),
            Authority(_) => info.authority().map(ToString::to_string),
            Host(_) => info.host().map(Into::into),
            Root(_) => info.origin().map(|origin| format!("{origin}{prefix}/")),
        };
        found.unwrap_or_default()
    }
}

/// How the result here compares with the other system's.
#[derive(Debug, Clone, Copy)]
enum Theirs {
    Same,
    /// The reason, and the result here.
    Differs(&'static str, &'static [Fact]),
    /// The reason why the trusted proxies are refused as written, and the text with the same result.
    Refused(&'static str, &'static str),
    /// The reason why this is the server's task. The row asserts what is left to this crate.
    Elsewhere(&'static str),
}

impl Theirs {
    fn why(self) -> &'static str {
        match self {
            Same => "the other system has the same result",
            Differs(why, _) | Refused(why, _) | Elsewhere(why) => why,
        }
    }
}

struct Row {
    name: String,
    /// All settings but the trusted proxies.
    options: Builder,
    /// Empty is no proxy, and [`ANY`] every address.
    trust: &'static str,
    /// The number of sets in the chain: the most reports that are read.
    proxies: u8,
    peer: &'static str,
    sent: Vec<Line<'static>>,
    /// The number of layers, one inside the other.
    layers: usize,
    expect: &'static [Fact],
    theirs: Theirs,
    /// How the result compares if a proxy forwards the same request for the peer.
    behind: Option<Theirs>,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            name: String::new(),
            options: ForwardedHeaders::builder().trusted_peer_may_be_client(true),
            trust: "",
            proxies: 1,
            peer: LOCAL,
            sent: Vec::new(),
            layers: 1,
            expect: &[],
            theirs: Same,
            behind: None,
        }
    }
}

impl Row {
    fn check(&self) {
        let (name, why) = (&self.name, self.theirs.why());
        let expect = match self.theirs {
            Differs(_, ours) => {
                assert_ne!(self.expect, ours, "{name} has the same result, but a reason: {why}");
                ours
            }
            Same | Refused(..) | Elsewhere(_) => self.expect,
        };
        assert!(!expect.is_empty(), "{name} expects nothing");
        let parts = self.run(&self.options);
        for fact in expect {
            assert_eq!(fact.found(&parts), fact.text(), "{name}: {fact:?}; {why}");
        }
    }

    fn run(&self, options: &Builder) -> Parts {
        let layer = self.layer(options).expect(&self.name);
        let mut request = request(self.peer, "/", &self.sent);
        for _ in 1..self.layers {
            request = Request::from_parts(through(&layer, request), ());
        }
        through(&layer, request)
    }

    fn layer(&self, options: &Builder) -> Result<ForwardedHeaders, ConfigError> {
        let Refused(why, spelled) = self.theirs else {
            return self.trusting(options, self.trust);
        };
        assert!(self.trusting(options, self.trust).is_err(), "{}: {why}", self.name);
        self.trusting(options, spelled)
    }

    fn trusting(&self, options: &Builder, trust: &str) -> Result<ForwardedHeaders, ConfigError> {
        let (options, set) = (options.clone(), proxies(trust)?);
        match self.proxies {
            1 => options.trust(set).build(),
            count => options.trust_chain(vec![set; count.into()]).build(),
        }
    }

    fn behind_a_proxy(&self) -> Option<Self> {
        let mut sent: Vec<Line<'_>> = vec![(FOR, self.peer.as_bytes())];
        sent.extend(&self.sent);
        Some(Self {
            name: format!("{}, behind a proxy", self.name),
            options: self.options.clone(),
            trust: PROXY,
            proxies: 1,
            peer: PROXY,
            sent,
            layers: self.layers,
            expect: self.expect,
            theirs: self.behind?,
            behind: None,
        })
    }
}

fn proxies(text: &str) -> Result<TrustedProxies, ConfigError> {
    match text {
        "" => Ok(TrustedProxies::none()),
        ANY => Ok(TrustedProxies::insecure_any()),
        _ => text.parse(),
    }
}

/// Returns the request's own `Host` line. An empty text is no line.
fn host(text: &'static str) -> Vec<Line<'static>> {
    Some(("host", text.as_bytes())).filter(|_| !text.is_empty()).into_iter().collect()
}

/// The number of rows of each kind.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    same: usize,
    differs: usize,
    refused: usize,
    elsewhere: usize,
}

fn tally(verdicts: impl IntoIterator<Item = Theirs>) -> Tally {
    let mut tally = Tally::default();
    for theirs in verdicts {
        match theirs {
            Same => tally.same += 1,
            Differs(..) => tally.differs += 1,
            Refused(..) => tally.refused += 1,
            Elsewhere(_) => tally.elsewhere += 1,
        }
    }
    tally
}

fn all() -> Vec<Row> {
    let tables = [proxy_addr::rows(), werkzeug::rows(), nginx_realip::rows(), express::rows()];
    tables.into_iter().flatten().collect()
}

/// Asks the rows again whose requests have a host or a scheme, and no client, which shows nothing here.
fn again(rows: &[Row]) -> Vec<Row> {
    rows.iter().filter_map(Row::behind_a_proxy).collect()
}

fn verdicts(rows: &[Row]) -> Vec<Theirs> {
    rows.iter().map(|row| row.theirs).collect()
}

#[test]
fn their_cases() {
    all().iter().for_each(Row::check);
}

#[test]
fn their_questions_with_a_client() {
    again(&all()).iter().for_each(Row::check);
    express::with_addresses().iter().for_each(Row::check);
}

/// Counts the rows, so that a change of a row's kind, and a lost row, fails.
#[test]
fn totals() {
    let theirs = verdicts(&proxy_addr::rows()).into_iter().chain(proxy_addr::trust_values());
    let proxy_addr = Tally { same: 56, differs: 8, refused: 13, elsewhere: 0 };
    assert_eq!(tally(theirs), proxy_addr, "proxy-addr, 77 cases");

    let werkzeug = Tally { same: 4, differs: 13, ..Tally::default() };
    assert_eq!(tally(verdicts(&werkzeug::rows())), werkzeug, "Werkzeug, 17 cases");
    let behind = Tally { same: 6, differs: 3, ..Tally::default() };
    assert_eq!(tally(verdicts(&again(&werkzeug::rows()))), behind, "Werkzeug, again");

    let nginx = Tally { same: 14, differs: 0, refused: 2, elsewhere: 6 };
    assert_eq!(tally(verdicts(&nginx_realip::rows())), nginx, "nginx, 22 cases");

    let express = Tally { same: 28, differs: 18, ..Tally::default() };
    assert_eq!(tally(verdicts(&express::rows())), express, "Express, 46 cases");
    let behind = Tally { same: 8, differs: 6, ..Tally::default() };
    assert_eq!(tally(verdicts(&again(&express::rows()))), behind, "Express, again");
    let named = Tally { same: 1, differs: 2, refused: 2, elsewhere: 0 };
    assert_eq!(tally(verdicts(&express::with_addresses())), named, "Express, with addresses");
}

/// A bare `proxy_pass` reports no client. If the proxy became the client, each visitor would be
/// 127.0.0.1, which an allow-list may hold.
#[test]
fn a_silent_proxy_is_no_client_by_default() {
    let mut silent = 0;
    for row in all() {
        let theirs = info(&row.run(&row.options)).outcome();
        let ours = info(&row.run(&row.options.clone().trusted_peer_may_be_client(false))).outcome();
        if theirs == Outcome::NotForwarded {
            silent += 1;
            assert_eq!(ours, Outcome::Unresolved(Unresolved::NoHeader), "{}", row.name);
        } else {
            assert_eq!(ours, theirs, "{}", row.name);
        }
    }
    assert_eq!(silent, 13, "rows in which a trusted peer sends nothing");
}
