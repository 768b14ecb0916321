//! The test cases of four other systems: the same result here, or why not.
//!
//! They are `proxy-addr` and Express's `trust proxy` (Node.js), `ProxyFix` of Werkzeug (Python), and
//! nginx's realip module. A row asserts what their test asserts, with their options in ours.
//!
//! All four take a trusted proxy that says nothing for the client. That is `allow_direct(true)`
//! here, which every row has that reads addresses, so that it is no difference in each of them.

mod express;
mod nginx_realip;
mod proxy_addr;
mod werkzeug;

use self::Fact::{Authority, Client, Hops, Host, Peer, Port, Root, Scheme, Secure};
use self::Theirs::{Differs, Elsewhere, Refused, Same};
use forwarded_headers::{ConfigError, ForwardedHeaders, Outcome, TrustedProxies, Unresolved};
use http::Request;
use http::request::Parts;
use crate::support::{Line, info, request, through};

const FOR: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const PORT: &str = "x-forwarded-port";
const PREFIX: &str = "x-forwarded-prefix";

const LOCAL: &str = "127.0.0.1";
const NO_PEER: &str = "";
/// No address of theirs.
const PROXY: &str = "198.51.100.1";

const EVERYBODY: &str = "where everybody is a proxy, the leftmost has to say for whom it asks, and \
                         it is what a client writes";
const NO_ADDRESS: &str =
    "a name is no address: nobody can tell who that is, or whether to trust it";
const UNNAMED: &str = "a proxy that names no client vouches for nothing: the rest may be whatever \
                       the client sent";

/// What a request comes to. An empty text is none.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fact {
    Client(&'static str),
    /// The client's port.
    Port(&'static str),
    Peer(&'static str),
    /// How many addresses lie between the peer and the client, the client's included.
    Hops(&'static str),
    Scheme(&'static str),
    Secure(&'static str),
    Authority(&'static str),
    Host(&'static str),
    /// What the app's own links start with: origin and prefix.
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
            Authority(_) => info.authority().map(Into::into),
            Host(_) => info.host().map(Into::into),
            Root(_) => info.origin().map(|origin| format!("{origin}{prefix}/")),
        };
        found.unwrap_or_default()
    }
}

/// How the result here compares with theirs.
#[derive(Debug, Clone, Copy)]
enum Theirs {
    Same,
    /// Why, and what it is here.
    Differs(&'static str, &'static [Fact]),
    /// Why the proxies are an error as they write them, and how to write them for the same result.
    Refused(&'static str, &'static str),
    /// Why it is not this crate's to do. The row has what is left of it here.
    Elsewhere(&'static str),
}

impl Theirs {
    fn why(self) -> &'static str {
        match self {
            Same => "the same in theirs",
            Differs(why, _) | Refused(why, _) | Elsewhere(why) => why,
        }
    }
}

struct Row {
    name: String,
    options: ForwardedHeaders,
    /// Empty is nobody, `*` everybody.
    trust: &'static str,
    peer: &'static str,
    sent: Vec<Line<'static>>,
    /// How many layers stand one behind the other.
    layers: usize,
    expect: &'static [Fact],
    theirs: Theirs,
    /// How it compares when asked again, as a request that a proxy forwards for their peer.
    behind: Option<Theirs>,
}

impl Default for Row {
    fn default() -> Self {
        Self {
            name: String::new(),
            options: ForwardedHeaders::new().allow_direct(true),
            trust: "",
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
                assert_ne!(self.expect, ours, "{name} is the same, yet {why}");
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

    fn run(&self, options: &ForwardedHeaders) -> Parts {
        let layer = options.clone().trust(self.proxies()).check().expect(&self.name);
        let mut request = request(self.peer, "/", &self.sent);
        for _ in 1..self.layers {
            request = Request::from_parts(through(&layer, request), ());
        }
        through(&layer, request)
    }

    fn proxies(&self) -> TrustedProxies {
        let Refused(why, spelled) = self.theirs else {
            return proxies(self.trust).expect(&self.name);
        };
        assert!(proxies(self.trust).is_err(), "{}: {why}", self.name);
        proxies(spelled).expect(&self.name)
    }

    fn behind_a_proxy(&self) -> Option<Self> {
        let mut sent: Vec<Line<'_>> = vec![(FOR, self.peer.as_bytes())];
        sent.extend(&self.sent);
        Some(Self {
            name: format!("{}, behind a proxy", self.name),
            options: self.options.clone().max_hops(1),
            trust: PROXY,
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
        "*" => Ok(TrustedProxies::insecure_any()),
        _ => text.parse(),
    }
}

/// The request's own host. Empty is none.
fn host(text: &'static str) -> Vec<Line<'static>> {
    Some(("host", text.as_bytes())).filter(|_| !text.is_empty()).into_iter().collect()
}

/// How many rows there are of each kind.
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

/// What their cases ask and these bytes cannot show here: they send a host or a scheme, and no
/// client.
fn again(rows: Vec<Row>) -> Vec<Row> {
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
fn their_questions_in_our_terms() {
    again(all()).iter().for_each(Row::check);
    express::with_addresses().iter().for_each(Row::check);
}

/// So that no row goes over to another kind unnoticed, or gets lost.
#[test]
fn totals() {
    let theirs = verdicts(&proxy_addr::rows()).into_iter().chain(proxy_addr::trust_values());
    let proxy_addr = Tally { same: 56, differs: 13, refused: 8, elsewhere: 0 };
    assert_eq!(tally(theirs), proxy_addr, "proxy-addr, 77 cases");

    let werkzeug = Tally { same: 4, differs: 13, ..Tally::default() };
    assert_eq!(tally(verdicts(&werkzeug::rows())), werkzeug, "Werkzeug, 17 cases");
    let behind = Tally { same: 6, differs: 3, ..Tally::default() };
    assert_eq!(tally(verdicts(&again(werkzeug::rows()))), behind, "Werkzeug, again");

    let nginx = Tally { same: 14, differs: 0, refused: 2, elsewhere: 6 };
    assert_eq!(tally(verdicts(&nginx_realip::rows())), nginx, "nginx, 22 cases");

    let express = Tally { same: 28, differs: 18, ..Tally::default() };
    assert_eq!(tally(verdicts(&express::rows())), express, "Express, 46 cases");
    let behind = Tally { same: 8, differs: 6, ..Tally::default() };
    assert_eq!(tally(verdicts(&again(express::rows()))), behind, "Express, again");
    let named = Tally { same: 3, differs: 2, ..Tally::default() };
    assert_eq!(tally(verdicts(&express::with_addresses())), named, "Express, with addresses");
}

/// What every row would differ in: bare `proxy_pass` makes each visitor 127.0.0.1, for whom an
/// allow-list may open.
#[test]
fn a_silent_proxy_is_no_client_by_default() {
    let mut silent = 0;
    for row in all() {
        let theirs = info(&row.run(&row.options)).outcome();
        let ours = info(&row.run(&row.options.clone().allow_direct(false))).outcome();
        if theirs == Outcome::NotForwarded {
            silent += 1;
            assert_eq!(ours, Outcome::Unresolved(Unresolved::NotReported), "{}", row.name);
        } else {
            assert_eq!(ours, theirs, "{}", row.name);
        }
    }
    assert_eq!(silent, 13, "rows in which a trusted peer sends nothing");
}
