//! The decision: who the client is, and which scheme and host it used.
//!
//! A pure function of the peer, the headers and the URI. It changes nothing, and allocates nothing
//! but to keep a forwarded host or prefix: of `Host` it keeps a cheap clone.

use std::net::SocketAddr;

use http::header::FORWARDED;
use http::{HeaderMap, Uri};

use crate::authority::{Authority, MAX_AUTHORITY, MAX_SCHEME, WebScheme, host_port, prefix};
use crate::config::Config;
use crate::forwarded;
use crate::hops::{Family, Hop};
use crate::lines::Found;
use crate::node::{Node, NodePort};
use crate::outcome::{Outcome, Unresolved};
use crate::peer::Peer;
use crate::trust::Trust;
use crate::x_forwarded;
use crate::{excess, ip_port};

/// What was decided. Every text in it has been validated.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) peer: Option<Peer>,
    pub(crate) client: Client,
    pub(crate) scheme: WebScheme,
    pub(crate) authority: Option<Authority>,
    pub(crate) prefix: Option<Box<str>>,
    pub(crate) said: Said,
}

#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) outcome: Outcome,
    pub(crate) node: Option<Node<'static>>,
    /// How many reports were read.
    pub(crate) hops: u8,
}

/// Which of these trusted proxies said, beside the client's address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    pub(crate) scheme: bool,
    pub(crate) host: bool,
    pub(crate) port: bool,
}

/// What they said.
#[derive(Default)]
struct Report {
    scheme: Option<WebScheme>,
    host: Option<Authority>,
    port: Option<u16>,
    prefix: Option<Box<str>>,
}

impl Resolved {
    pub(crate) fn client_port(&self) -> Option<u16> {
        match self.client.node.as_ref()?.port()? {
            NodePort::Number(port) => Some(*port),
            NodePort::Obfuscated(_) => None,
        }
    }

    pub(crate) fn is_peer_trusted(&self) -> bool {
        !matches!(self.client.outcome, Outcome::Direct | Outcome::NoPeer)
    }
}

pub(crate) fn resolve(
    config: &Config,
    peer: Option<Peer>,
    found: &Found<'_>,
    uri: &Uri,
) -> Resolved {
    let trusted = peer.is_some_and(|peer| config.trust.is_trusted_peer(peer));
    let mut walk = if trusted { read(config, found) } else { Walk::untaken() };
    if walk.is_believed() && excess::is_in(found, config, walk.hops) {
        walk.last = Hop::unusable(Unresolved::Excess);
    }
    let outcome = match peer {
        Some(_) if trusted => outcome(config, &walk, found),
        Some(_) => Outcome::Direct,
        None => Outcome::NoPeer,
    };
    let report = if trusted { say(config, found, &walk) } else { Report::default() };
    let said = Said {
        scheme: report.scheme.is_some(),
        host: report.host.is_some(),
        port: report.port.is_some(),
    };
    let scheme = report.scheme.unwrap_or_else(|| unsaid_scheme(config, trusted));
    let authority = report.host.or_else(|| own_authority(found, uri));
    let authority = authority.and_then(|host| authority_of(config, host, report.port, scheme));
    Resolved {
        peer,
        client: client(outcome, peer, walk),
        scheme,
        authority,
        prefix: report.prefix,
        said,
    }
}

/// Whom the trusted peer, and the trusted proxies behind it, name.
fn outcome(config: &Config, walk: &Walk<'_>, found: &Found<'_>) -> Outcome {
    match walk.last.address() {
        Ok(_) => Outcome::Forwarded,
        Err(Unresolved::NotReported) if config.allow_direct && is_silent(config, found.headers) => {
            Outcome::NotForwarded
        }
        Err(why) => Outcome::Unresolved(why),
    }
}

fn client(outcome: Outcome, peer: Option<Peer>, walk: Walk<'_>) -> Client {
    let node = match outcome {
        Outcome::Forwarded | Outcome::Unresolved(_) => walk.last.node.ok().map(Node::into_owned),
        // Whoever opened the connection, and nobody where that is not known.
        Outcome::Direct | Outcome::NotForwarded | Outcome::NoPeer => peer.and_then(node_of),
    };
    Client { outcome, node, hops: walk.hops }
}

fn node_of(peer: Peer) -> Option<Node<'static>> {
    match peer {
        Peer::Inet(address) => {
            Some(SocketAddr::new(address.ip().to_canonical(), address.port()).into())
        }
        Peer::Unix => None,
    }
}

/// Whether the request has no header of the family that is read.
fn is_silent(config: &Config, headers: &HeaderMap) -> bool {
    match config.family {
        Family::Forwarded => !headers.contains_key(FORWARDED),
        Family::XForwarded => {
            let mut names = config.names.all().into_iter().chain(&config.client_ip_header);
            !names.any(|name| headers.contains_key(name))
        }
    }
}

/// Where the walk ended.
struct Walk<'a> {
    hops: u8,
    last: Hop<'a>,
}

impl Walk<'_> {
    /// Nobody's report is read.
    fn untaken() -> Self {
        Self { hops: 0, last: Hop::unusable(Unresolved::NotReported) }
    }

    /// Whether something of what was reported would count.
    fn is_believed(&self) -> bool {
        matches!(self.last.node, Ok(_) | Err(Unresolved::NotRead))
    }
}

fn read<'a>(config: &Config, found: &Found<'a>) -> Walk<'a> {
    let list = || found.reports.right_to_left();
    match (config.family, &config.client_ip_header) {
        (Family::Forwarded, _) if config.read.r#for => walk(&config.trust, forwarded::hops(list())),
        (Family::Forwarded, _) => addressless(forwarded::hops(list()).next()),
        (Family::XForwarded, _) if !config.read.r#for => addressless(None),
        (Family::XForwarded, Some(_)) => {
            let hop = if config.client_port { ip_port::hop } else { x_forwarded::hop };
            walk(&config.trust, x_forwarded::single_hop(found.reports, hop).into_iter())
        }
        (Family::XForwarded, None) => walk(&config.trust, x_forwarded::hops(list())),
    }
}

/// Reads report after report for as long as each leads to a trusted proxy, whose own is then due.
fn walk<'a>(trust: &Trust, reports: impl Iterator<Item = Hop<'a>>) -> Walk<'a> {
    let mut hops = 0;
    for hop in reports {
        hops += 1;
        match hop.address() {
            Ok(address) if trust.is_proxy(hops, address) => {}
            _ => return Walk { hops, last: hop },
        }
    }
    let why = if hops == 0 { Unresolved::NotReported } else { Unresolved::Missing };
    Walk { hops, last: Hop::unusable(why) }
}

/// The nearest proxy's report without its address, which is not read.
fn addressless(hop: Option<Hop<'_>>) -> Walk<'_> {
    let nothing = Hop::unusable(Unresolved::NotRead);
    Walk { hops: 1, last: Hop { node: Err(Unresolved::NotRead), ..hop.unwrap_or(nothing) } }
}

fn say(config: &Config, found: &Found<'_>, walk: &Walk<'_>) -> Report {
    use Unresolved::{Excess, Malformed, Missing, NotReported};
    match (&walk.last.node, config.family) {
        // Whoever can break the address could break these as well.
        (Err(NotReported | Missing | Malformed | Excess), _) => Report::default(),
        (_, Family::Forwarded) => say_element(config, &walk.last),
        (_, Family::XForwarded) => say_headers(config, found, walk.hops),
    }
}

/// Scheme and host from the element that named the client, both from that one (RFC 7239 §1).
fn say_element(config: &Config, hop: &Hop<'_>) -> Report {
    let proto = hop.proto.filter(|_| config.read.proto);
    let host = hop.host.filter(|_| config.read.host);
    Report {
        scheme: proto.and_then(|proto| proto.read::<MAX_SCHEME, _>(WebScheme::parse)),
        host: host.and_then(|host| host.read::<MAX_AUTHORITY, _>(Authority::from_bytes)),
        ..Report::default()
    }
}

/// The rightmost entry of a list is the nearest proxy's. What stands further left is the client's
/// unless every proxy appends to every list, which most do not.
fn say_headers(config: &Config, found: &Found<'_>, hops: u8) -> Report {
    let Config { read, aligned_lists: aligned, .. } = config;
    let list = |lines| x_forwarded::nth(lines, if *aligned { hops } else { 1 });
    let single = |lines| match aligned {
        true => list(lines),
        false => x_forwarded::single(lines),
    };
    Report {
        scheme: read.proto.then(|| list(found.proto)).flatten().and_then(WebScheme::parse),
        host: read.host.then(|| single(found.host)).flatten().and_then(Authority::from_bytes),
        port: read.port.then(|| single(found.port)).flatten().and_then(host_port),
        prefix: read.prefix.then(|| single(found.prefix)).flatten().and_then(prefix),
    }
}

/// The scheme of the request's own URI plays no part: the client writes it, and proxies hand it on.
fn unsaid_scheme(config: &Config, trusted: bool) -> WebScheme {
    // A client can make some proxies delete the header (CVE-2022-31813): that is not "https".
    let own = config.own_web_scheme().filter(|_| !(trusted && config.read.proto));
    own.unwrap_or(WebScheme::Http)
}

/// With the port that was said, if the app answers to it.
fn authority_of(
    config: &Config,
    host: Authority,
    port: Option<u16>,
    scheme: WebScheme,
) -> Option<Authority> {
    let authority = match port {
        Some(port) => host.or_port(port, scheme),
        None => host,
    };
    let allowed = match &config.allowed_hosts {
        Some(hosts) => hosts.allows(&authority, Some(scheme)),
        None => !config.read.host,
    };
    allowed.then_some(authority)
}

/// The URI's comes before `Host` (RFC 9112 §3.2.2), of which there must not be two (§3.2).
fn own_authority(found: &Found<'_>, uri: &Uri) -> Option<Authority> {
    match uri.authority() {
        Some(authority) => Authority::from_uri(authority),
        None => found.own_host.single().and_then(Authority::from_header),
    }
}
