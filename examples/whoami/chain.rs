//! The way of the request, from the client to the app.

use forwarded_headers::explain::{Entry, Explanation, Verdict};
use forwarded_headers::{ConnectionInfo, Outcome};

use super::html::{sentence, shortened, title_case};
use super::table::reason;

/// The most characters of a text that a client can choose.
const CLAIMED: usize = 40;
/// The most claims in the picture.
const MOST_CLAIMS: usize = 3;
/// The most proxies in the picture.
const MOST_PROXIES: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text to the left of the client, which the app does not see.
    Claimed,
    Client,
    /// A client without an address.
    Unknown,
    Proxy,
    App,
}

/// One station of the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) text: String,
    pub(crate) note: String,
    /// Whether it is inside of the trust boundary.
    pub(crate) is_trusted: bool,
}

impl Node {
    fn new(kind: Kind, text: impl Into<String>, note: impl Into<String>) -> Self {
        let is_trusted = matches!(kind, Kind::Proxy | Kind::App);
        Self { kind, text: text.into(), note: note.into(), is_trusted }
    }
}

/// Returns what was claimed, the client, the trusted proxies and the app, outermost first.
pub(crate) fn nodes(why: &Explanation) -> Vec<Node> {
    let mut nodes = claims(why);
    nodes.push(client(why));
    nodes.extend(proxies(why));
    nodes.push(app(why.info()));
    nodes
}

fn claims(why: &Explanation) -> Vec<Node> {
    let mut claims: Vec<_> = match why.info().outcome() {
        Outcome::Direct | Outcome::NoPeer => unread_lines(why).map(from_untrusted).collect(),
        _ => why.entries().iter().filter(|entry| is_claim(entry)).map(claim).collect(),
    };
    if claims.len() > MOST_CLAIMS {
        claims.truncate(MOST_CLAIMS);
        claims.push(Node::new(Kind::Claimed, "…", "More entries, not read."));
    }
    claims.reverse();
    claims
}

/// Returns the lines of the header that would report the client: they stand before all other values.
fn unread_lines(why: &Explanation) -> impl Iterator<Item = &Entry> {
    let entries = why.entries().iter().skip(1);
    entries.take_while(|entry| entry.verdict == Verdict::NotRead)
}

fn is_claim(entry: &Entry) -> bool {
    matches!(entry.verdict, Verdict::LeftOfReports | Verdict::Extra)
}

fn claim(entry: &Entry) -> Node {
    Node::new(Kind::Claimed, claimed(entry), sentence(&reason(&entry.note)))
}

fn from_untrusted(entry: &Entry) -> Node {
    Node::new(Kind::Claimed, claimed(entry), "Not read: no trusted proxy sent it.")
}

fn claimed(entry: &Entry) -> String {
    match entry.text.as_deref() {
        None | Some("") => "(empty)".into(),
        Some(text) => shortened(text, CLAIMED),
    }
}

fn client(why: &Explanation) -> Node {
    let info = why.info();
    let text = match info.client_ip() {
        Some(ip) => ip.to_string(),
        None if info.outcome() == Outcome::Direct => "a Unix socket".into(),
        None => return unknown(why),
    };
    let note = why.entries().iter().find_map(|entry| match &entry.verdict {
        Verdict::Client { reported_by } => Some(format!("Reported by {reported_by}.")),
        _ => None,
    });
    let note = note.unwrap_or_else(|| match info.outcome() {
        Outcome::NotForwarded => "Opened the connection, and reported no other client.".into(),
        _ => "Opened the connection. Not trusted.".into(),
    });
    let is_trusted = info.outcome() == Outcome::NotForwarded;
    Node { is_trusted, ..Node::new(Kind::Client, text, note) }
}

/// Returns the client whose address is unknown, with the report that should have it.
fn unknown(why: &Explanation) -> Node {
    let entry = why.entries().iter().find(|entry| is_end(&entry.verdict));
    let note = match entry.map(|entry| (entry, entry.text.as_deref())) {
        Some((entry, Some(text))) => {
            format!("{}: {}.", shortened(text, CLAIMED), reason(&entry.note))
        }
        Some((entry, None)) if entry.verdict == Verdict::NotSent => {
            format!("No trusted proxy reported it: {} is missing.", title_case(&entry.name))
        }
        Some((entry, None)) => sentence(&entry.note),
        None => sentence(why.summary().trim_start_matches("no client: ")),
    };
    Node::new(Kind::Unknown, "?", note)
}

fn is_end(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::UnknownPeer
            | Verdict::NotSent
            | Verdict::NotProven { .. }
            | Verdict::Missing { .. }
            | Verdict::Unusable { .. }
            | Verdict::NotBelieved { .. }
            | Verdict::OtherLink { .. }
    )
}

fn proxies(why: &Explanation) -> Vec<Node> {
    if why.info().outcome() == Outcome::NotForwarded {
        return vec![];
    }
    let mut proxies: Vec<_> = why.entries().iter().filter_map(proxy).collect();
    proxies.reverse();
    let more = proxies.len().saturating_sub(MOST_PROXIES);
    if more > 0 {
        let note = format!("{more} more trusted proxies.");
        let middle = MOST_PROXIES / 2;
        proxies.splice(middle..middle + more, [Node::new(Kind::Proxy, "…", note)]);
    }
    proxies
}

fn proxy(entry: &Entry) -> Option<Node> {
    let (from, item) = match &entry.verdict {
        Verdict::TrustedPeer { item } => ("Opened the connection".into(), item),
        Verdict::TrustedProxy { reported_by, item } => (format!("Reported by {reported_by}"), item),
        _ => return None,
    };
    let note = format!("{from}. Trusted: {}.", shortened(item, CLAIMED));
    let text = entry.text.as_deref().unwrap_or_default();
    Some(Node::new(Kind::Proxy, shortened(without_port(text), CLAIMED), note))
}

/// Removes the port of an address. A report may have none.
fn without_port(text: &str) -> &str {
    match text.parse::<std::net::SocketAddr>() {
        Ok(_) => text.rsplit_once(':').map_or(text, |(ip, _)| ip.trim_matches(['[', ']'])),
        Err(_) => text,
    }
}

fn app(info: &ConnectionInfo) -> Node {
    let prefix = info.prefix().unwrap_or_default();
    let text = match info.origin() {
        Some(origin) => format!("{origin}{prefix}"),
        None => format!("{}, no host", info.scheme()),
    };
    let note = match info.outcome() {
        Outcome::Unresolved(_) | Outcome::NoPeer => "Gets no client.",
        Outcome::Direct if info.has_untrusted_headers() => "Gets no forwarding header.",
        _ => "Every header that is left agrees.",
    };
    Node::new(Kind::App, shortened(&text, 80), note)
}
