//! The decision: who the client is, and which scheme and host it used.
//!
//! A pure function of the peer, the headers and the URI. It changes nothing, and allocates nothing
//! but to keep a forwarded host or prefix: of `Host` it keeps a cheap clone.

use std::net::SocketAddr;

use http::header::{FORWARDED, HOST, HeaderValue};
use http::{HeaderMap, HeaderName, Uri};

use crate::authority::{Authority, MAX_AUTHORITY, MAX_SCHEME, WebScheme, host_port, prefix};
use crate::config::Config;
use crate::forwarded;
use crate::hops::{Family, Hop, RightToLeft};
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
    pub(crate) said: Said,
    pub(crate) scheme: WebScheme,
    pub(crate) authority: Option<Authority>,
}

#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) outcome: Outcome,
    pub(crate) node: Option<Node<'static>>,
    /// How many reports were read.
    pub(crate) hops: u8,
}

/// What trusted proxies said beside the client's address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) scheme: Option<WebScheme>,
    pub(crate) host: Option<Authority>,
    pub(crate) port: Option<u16>,
    pub(crate) prefix: Option<HeaderValue>,
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
    headers: &HeaderMap,
    uri: &Uri,
) -> Resolved {
    let trusted = peer.filter(|peer| config.trust.is_trusted_peer(*peer));
    let (client, said) = match trusted {
        Some(proxy) => reported(config, proxy, headers),
        None => (unreported(peer), Said::default()),
    };
    let scheme = scheme(config, trusted.is_some(), &said);
    let authority = authority(config, &said, scheme, headers, uri);
    Resolved { peer, client, said, scheme, authority }
}

/// Whoever opened the connection, and nobody where that is not known.
fn unreported(peer: Option<Peer>) -> Client {
    let outcome = if peer.is_some() { Outcome::Direct } else { Outcome::NoPeer };
    Client { outcome, node: peer.and_then(node_of), hops: 0 }
}

fn node_of(peer: Peer) -> Option<Node<'static>> {
    match peer {
        Peer::Inet(address) => {
            Some(SocketAddr::new(address.ip().to_canonical(), address.port()).into())
        }
        Peer::Unix => None,
    }
}

/// Whom the trusted peer, and the trusted proxies behind it, name.
fn reported(config: &Config, peer: Peer, headers: &HeaderMap) -> (Client, Said) {
    let Walk { hops, last } = match read(config, headers) {
        Walk { hops, last: Hop { node: Ok(_) | Err(Unresolved::NotRead), .. } }
            if excess::is_in(headers, config, hops) =>
        {
            Walk { hops, last: Hop::unusable(Unresolved::Excess) }
        }
        walk => walk,
    };
    let said = say(config, headers, hops, &last);
    let outcome = match last.address() {
        Ok(_) => Outcome::Forwarded,
        Err(Unresolved::NotReported) if config.allow_direct && is_silent(config, headers) => {
            Outcome::NotForwarded
        }
        Err(why) => Outcome::Unresolved(why),
    };
    let (node, hops) = match outcome {
        Outcome::NotForwarded => (node_of(peer), 0),
        _ => (last.node.ok().map(Node::into_owned), hops),
    };
    (Client { outcome, node, hops }, said)
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

fn read<'a>(config: &Config, headers: &'a HeaderMap) -> Walk<'a> {
    let list = |name: &HeaderName| RightToLeft::new(headers, name);
    match (config.family, &config.client_ip_header) {
        (Family::Forwarded, _) if config.read.r#for => {
            walk(&config.trust, forwarded::hops(list(&FORWARDED)))
        }
        (Family::Forwarded, _) => addressless(forwarded::hops(list(&FORWARDED)).next()),
        (Family::XForwarded, _) if !config.read.r#for => addressless(None),
        (Family::XForwarded, Some(name)) if config.client_port => {
            walk(&config.trust, ip_port::hop(headers, name).into_iter())
        }
        (Family::XForwarded, Some(name)) => {
            walk(&config.trust, x_forwarded::single_hop(headers, name).into_iter())
        }
        (Family::XForwarded, None) => {
            walk(&config.trust, x_forwarded::hops(list(&config.names.r#for)))
        }
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

fn say(config: &Config, headers: &HeaderMap, hops: u8, last: &Hop<'_>) -> Said {
    use Unresolved::{Excess, Malformed, Missing, NotReported};
    match (&last.node, config.family) {
        // Whoever can break the address could break these as well.
        (Err(NotReported | Missing | Malformed | Excess), _) => Said::default(),
        (_, Family::Forwarded) => say_element(config, last),
        (_, Family::XForwarded) => say_headers(config, headers, hops),
    }
}

/// Scheme and host from the element that named the client, both from that one (RFC 7239 §1).
fn say_element(config: &Config, hop: &Hop<'_>) -> Said {
    let (mut scheme, mut authority) = ([0; MAX_SCHEME], [0; MAX_AUTHORITY]);
    let proto = hop.proto.filter(|_| config.read.proto);
    let host = hop.host.filter(|_| config.read.host);
    Said {
        scheme: proto.and_then(|v| v.unescape_into(&mut scheme)).and_then(WebScheme::parse),
        host: host.and_then(|v| v.unescape_into(&mut authority)).and_then(Authority::from_bytes),
        ..Said::default()
    }
}

/// The rightmost entry of a list is the nearest proxy's. What stands further left is the client's
/// unless every proxy appends to every list, which most do not.
fn say_headers(config: &Config, headers: &HeaderMap, hops: u8) -> Said {
    let Config { read, names, aligned_lists: aligned, .. } = config;
    let list = |name| x_forwarded::nth(headers, name, if *aligned { hops } else { 1 });
    let single = |name| match aligned {
        true => list(name),
        false => x_forwarded::single(headers, name),
    };
    Said {
        scheme: read.proto.then(|| list(&names.proto)).flatten().and_then(WebScheme::parse),
        host: read.host.then(|| single(&names.host)).flatten().and_then(Authority::from_bytes),
        port: read.port.then(|| single(&names.port)).flatten().and_then(host_port),
        prefix: read.prefix.then(|| single(&names.prefix)).flatten().and_then(prefix),
    }
}

/// The scheme of the request's own URI plays no part: the client writes it, and proxies hand it on.
fn scheme(config: &Config, trusted: bool, said: &Said) -> WebScheme {
    match (said.scheme, config.own_web_scheme()) {
        (Some(said), _) => said,
        // A client can make some proxies delete the header (CVE-2022-31813): that is not "https".
        (None, _) if trusted && config.read.proto => WebScheme::Http,
        (None, own) => own.unwrap_or(WebScheme::Http),
    }
}

fn authority(
    config: &Config,
    said: &Said,
    scheme: WebScheme,
    headers: &HeaderMap,
    uri: &Uri,
) -> Option<Authority> {
    let authority = said.host.clone().or_else(|| own_authority(headers, uri))?;
    let authority = match said.port {
        Some(port) => authority.or_port(port, scheme),
        None => authority,
    };
    let allowed = match &config.allowed_hosts {
        Some(hosts) => hosts.allows(&authority, Some(scheme)),
        None => !config.read.host,
    };
    allowed.then_some(authority)
}

/// The URI's comes before `Host` (RFC 9112 §3.2.2), of which there must not be two (§3.2).
fn own_authority(headers: &HeaderMap, uri: &Uri) -> Option<Authority> {
    if let Some(authority) = uri.authority() {
        return Authority::from_uri(authority);
    }
    let mut lines = headers.get_all(HOST).into_iter();
    let host = lines.next().filter(|_| lines.next().is_none())?;
    Authority::from_header(host)
}
