//! The decision: who the client is, and which scheme and host it used.
//!
//! A pure function of the peer, the headers and the URI. It changes nothing. It allocates only for
//! what is rare: a prefix, an obfuscated or long escaped identifier, and a host that its thread has not
//! seen of late or that ends in a dot.

use std::net::{IpAddr, SocketAddr};

use http::header::FORWARDED;
use http::{HeaderMap, Uri};

use crate::authority::{Authority, MAX_AUTHORITY, MAX_SCHEME, WebScheme, host_port, prefix};
use crate::config::Config;
use crate::family::Family;
use crate::forwarded;
use crate::hops::{Hop, Sender};
use crate::lines::Found;
use crate::outcome::{Outcome, Unresolved};
use crate::peer::Peer;
use crate::trust::Trust;
use crate::x_forwarded;
use crate::{excess, ip_port};

/// What was decided. Every text in it has been validated.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) peer: Option<Peer>,
    pub(crate) outcome: Outcome,
    /// How many reports were read.
    pub(crate) hops: u8,
    /// Whom the last of them names, as far as it does; `None` where the client is the peer.
    pub(crate) reported: Option<Sender>,
    pub(crate) scheme: WebScheme,
    pub(crate) authority: Option<Authority>,
    pub(crate) prefix: Option<Box<str>>,
    pub(crate) said: Said,
    /// Whether one report was read, on a line that says the client's address as we would, and nothing
    /// else.
    pub(crate) is_plain: bool,
}

/// Which of these trusted proxies said, beside the client's address.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Said {
    pub(crate) scheme: bool,
    pub(crate) host: bool,
    pub(crate) port: bool,
}

/// What they said, as far as it is valid.
#[derive(Default)]
struct Values {
    scheme: Option<WebScheme>,
    host: Option<Authority>,
    port: Option<u16>,
    prefix: Option<Box<str>>,
}

impl Resolved {
    pub(crate) fn is_peer_trusted(&self) -> bool {
        !matches!(self.outcome, Outcome::Direct | Outcome::NoPeer)
    }

    pub(crate) fn client_ip(&self) -> Option<IpAddr> {
        match &self.reported {
            Some(sender) => sender.address.ok(),
            None => Some(self.peer_addr()?.ip().to_canonical()),
        }
    }

    pub(crate) fn client_port(&self) -> Option<u16> {
        match &self.reported {
            Some(sender) => sender.port.filter(|_| sender.address.is_ok()),
            None => Some(self.peer_addr()?.port()),
        }
    }

    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        match self.peer? {
            Peer::Inet(address) => Some(address),
            Peer::Unix => None,
        }
    }
}

pub(crate) fn resolve(
    config: &Config,
    peer: Option<Peer>,
    found: &Found<'_>,
    uri: &Uri,
) -> Resolved {
    let is_trusted = peer.as_ref().is_some_and(|peer| config.trust.is_trusted_peer(peer));
    match is_trusted {
        true => proxied(config, peer, found, uri),
        false => direct(config, peer, found, uri),
    }
}

/// Whoever opened the connection is the client. No header is read but `Host`.
fn direct(config: &Config, peer: Option<Peer>, found: &Found<'_>, uri: &Uri) -> Resolved {
    let scheme = config.own_web_scheme().unwrap_or(WebScheme::Http);
    Resolved {
        peer,
        outcome: if peer.is_some() { Outcome::Direct } else { Outcome::NoPeer },
        hops: 0,
        reported: None,
        scheme,
        authority: own_authority(found, uri).filter(|host| is_allowed(config, host, scheme)),
        prefix: None,
        said: Said::default(),
        is_plain: false,
    }
}

/// Whom the trusted peer, and the trusted proxies behind it, name.
fn proxied(config: &Config, peer: Option<Peer>, found: &Found<'_>, uri: &Uri) -> Resolved {
    let mut walk = read(config, found);
    if walk.is_believed() && excess::is_in(config, found, walk.hops) {
        walk.last = Hop::unusable(Unresolved::Excess);
    }
    let values = values(config, found, &walk);
    let said = Said {
        scheme: values.scheme.is_some(),
        host: values.host.is_some(),
        port: values.port.is_some(),
    };
    let scheme = values.scheme.unwrap_or_else(|| unsaid_scheme(config));
    let host = values.host.or_else(|| own_authority(found, uri));
    let host = match values.port {
        Some(port) => host.map(|host| host.or_port(port, scheme)),
        None => host,
    };
    let outcome = outcome(config, &walk, found);
    Resolved {
        peer,
        outcome,
        hops: walk.hops,
        reported: (outcome != Outcome::NotForwarded).then_some(walk.last.sender),
        scheme,
        authority: host.filter(|host| is_allowed(config, host, scheme)),
        prefix: values.prefix,
        said,
        is_plain: outcome == Outcome::Forwarded && walk.hops == 1 && walk.last.is_plain,
    }
}

fn outcome(config: &Config, walk: &Walk<'_>, found: &Found<'_>) -> Outcome {
    match walk.last.sender.address {
        Ok(_) => Outcome::Forwarded,
        Err(Unresolved::NotReported) if config.allow_direct && is_silent(config, found.headers) => {
            Outcome::NotForwarded
        }
        Err(why) => Outcome::Unresolved(why),
    }
}

/// Whether the request has no header of the family that is read.
fn is_silent(config: &Config, headers: &HeaderMap) -> bool {
    match config.family {
        Family::Forwarded => !headers.contains_key(FORWARDED),
        Family::XForwarded => {
            let mut names =
                config.names.as_ref().into_array().into_iter().chain(&config.client_ip_header);
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
    /// Whether what else was said counts: whoever could break the address could break it as well.
    fn is_believed(&self) -> bool {
        use Unresolved::{Excess, Malformed, Missing, NotReported};
        !matches!(self.last.sender.address, Err(NotReported | Missing | Malformed | Excess))
    }
}

fn read<'a>(config: &Config, found: &Found<'a>) -> Walk<'a> {
    let list = || found.family.reports.right_to_left();
    match (config.family, &config.client_ip_header) {
        (Family::Forwarded, _) if config.read.reports => {
            walk(&config.trust, forwarded::hops(list()))
        }
        (Family::Forwarded, _) => addressless(forwarded::hops(list()).next()),
        (Family::XForwarded, _) if !config.read.reports => addressless(None),
        (Family::XForwarded, Some(_)) => {
            let hop = if config.has_client_port { ip_port::hop } else { x_forwarded::hop };
            walk(&config.trust, x_forwarded::single_hop(found.family.reports, hop).into_iter())
        }
        (Family::XForwarded, None) => walk(&config.trust, x_forwarded::hops(list())),
    }
}

/// Reads report after report for as long as each leads to a trusted proxy, whose own is then due.
fn walk<'a>(trust: &Trust, reports: impl Iterator<Item = Hop<'a>>) -> Walk<'a> {
    let mut hops = 0;
    for hop in reports {
        hops += 1;
        match hop.sender.address {
            Ok(address) if trust.is_proxy(hops, address) => {}
            _ => return Walk { hops, last: hop },
        }
    }
    let why = if hops == 0 { Unresolved::NotReported } else { Unresolved::Missing };
    Walk { hops, last: Hop::unusable(why) }
}

/// The nearest proxy's report without its address, which is not read.
fn addressless(hop: Option<Hop<'_>>) -> Walk<'_> {
    let Hop { proto, host, .. } = hop.unwrap_or_else(|| Hop::unusable(Unresolved::NotRead));
    Walk { hops: 1, last: Hop { proto, host, ..Hop::unusable(Unresolved::NotRead) } }
}

fn values(config: &Config, found: &Found<'_>, walk: &Walk<'_>) -> Values {
    if !walk.is_believed() {
        return Values::default();
    }
    match config.family {
        Family::Forwarded => values_of_element(config, &walk.last),
        Family::XForwarded => values_of_headers(config, found, walk.hops),
    }
}

/// Scheme and host from the element that named the client, both from that one (RFC 7239 §1).
fn values_of_element(config: &Config, hop: &Hop<'_>) -> Values {
    let proto = hop.proto.filter(|_| config.read.proto);
    let host = hop.host.filter(|_| config.read.host);
    Values {
        scheme: proto.and_then(|proto| proto.read::<MAX_SCHEME, _>(WebScheme::parse)),
        host: host.and_then(|host| host.read::<MAX_AUTHORITY, _>(Authority::parse)),
        ..Values::default()
    }
}

/// The rightmost entry of a list is the nearest proxy's. What stands further left is the client's
/// unless every proxy appends to every list, which most do not.
fn values_of_headers(config: &Config, found: &Found<'_>, hops: u8) -> Values {
    let Config { read, aligned_lists: aligned, .. } = config;
    let n = if *aligned { hops } else { 1 };
    let single = |lines| match aligned {
        true => x_forwarded::nth(lines, n),
        false => x_forwarded::single(lines),
    };
    Values {
        scheme: read.proto.then(|| x_forwarded::nth_scheme(found.family.proto, n)).flatten(),
        host: read.host.then(|| single(found.family.host)).flatten().and_then(Authority::parse),
        port: read.port.then(|| single(found.family.port)).flatten().and_then(host_port),
        prefix: read.prefix.then(|| single(found.family.prefix)).flatten().and_then(prefix),
    }
}

/// The scheme of the request's own URI plays no part: the client writes it, and proxies hand it on.
fn unsaid_scheme(config: &Config) -> WebScheme {
    // A client can make some proxies delete the header (CVE-2022-31813): that is not "https".
    let own = config.own_web_scheme().filter(|_| !config.read.proto);
    own.unwrap_or(WebScheme::Http)
}

/// Whether the app answers to it.
fn is_allowed(config: &Config, host: &Authority, scheme: WebScheme) -> bool {
    match &config.allowed_hosts {
        Some(hosts) => hosts.allows(host, Some(scheme)),
        None => !config.read.host,
    }
}

/// The URI's comes before `Host` (RFC 9112 §3.2.2), of which there must not be two (§3.2).
fn own_authority(found: &Found<'_>, uri: &Uri) -> Option<Authority> {
    match uri.authority() {
        Some(authority) => Authority::parse(authority.as_str().as_bytes()),
        None => found.own_host.single().and_then(|host| Authority::parse(host.as_bytes())),
    }
}
