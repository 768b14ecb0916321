//! The decision: the client, and the scheme and host that it used.
//!
//! A pure function of the peer, the headers and the URI. It allocates only for a prefix, for an
//! obfuscated or a long escaped identifier, and for some hosts. These are the hosts that its thread has
//! not seen recently, and those that end in a dot.

mod extra_entries;
mod resolved;
mod scan;

use http::{HeaderMap, Uri};

use crate::config::{Chain, ClientFrom, Config, SchemeFrom, Writing};
use crate::header::lines::Lines;
use crate::header::report::{Form, Report};
use crate::header::{forwarded, single, x_forwarded};
use crate::outcome::{Outcome, Unresolved};
use crate::peer::Peer;
use crate::syntax::authority::{Authority, MAX_AUTHORITY, host_port};
use crate::syntax::prefix::prefix;
use crate::syntax::scheme::{MAX_SCHEME, WebScheme};

pub(crate) use resolved::{Reported, Resolved};
pub(crate) use scan::{Found, Others, is_forwarding};

/// Decides a request.
pub(crate) fn decide(
    config: &Config,
    peer: Option<Peer>,
    found: &Found<'_>,
    uri: &Uri,
) -> Resolved {
    if peer.as_ref().is_some_and(|peer| config.chain.is_trusted_peer(peer)) {
        proxied(config, peer, found, uri)
    } else {
        direct(config, peer, found, uri)
    }
}

/// Makes the peer the client. Reads no header but `Host`.
fn direct(config: &Config, peer: Option<Peer>, found: &Found<'_>, uri: &Uri) -> Resolved {
    let own_scheme = peer.and(config.direct_scheme);
    let scheme = config.stated_scheme().or(own_scheme).unwrap_or(WebScheme::Http);
    let authority = own_authority(found, uri).filter(|host| is_allowed(config, host, scheme));
    Resolved { authority, ..Resolved::direct(peer, scheme) }
}

/// Reads the reports of the trusted peer, and of the trusted proxies behind it.
fn proxied(config: &Config, peer: Option<Peer>, found: &Found<'_>, uri: &Uri) -> Resolved {
    let mut walk = walk_reports(config, found);
    if walk.is_believed() && extra_entries::are_in(config, found, walk.entries(config)) {
        walk.last = Report::unusable(Unresolved::ExtraEntries);
    }
    let values = Values::read(config, found, &walk);
    let reported = Reported {
        scheme: values.scheme.is_some(),
        host: values.host.is_some(),
        port: values.port.is_some(),
    };
    let scheme = values.scheme.unwrap_or_else(|| unreported_scheme(config));
    let host = values.host.or_else(|| own_authority(found, uri));
    let host = match values.port {
        Some(port) => host.map(|host| host.or_port(port, scheme)),
        None => host,
    };
    let outcome = outcome_of(config, &walk, found);
    Resolved {
        peer,
        outcome,
        hops: walk.hops,
        is_canonical_text: walk.entries(config) == 1 && walk.last.form == Form::Canonical,
        client: (outcome != Outcome::NotForwarded).then_some(walk.last.client),
        scheme,
        authority: host.filter(|host| is_allowed(config, host, scheme)),
        prefix: values.prefix,
        reported,
    }
}

fn outcome_of(config: &Config, walk: &Walk<'_>, found: &Found<'_>) -> Outcome {
    match walk.last.client.address {
        Ok(_) => Outcome::Forwarded,
        Err(Unresolved::NoHeader) if may_be_client(config, found.headers) => Outcome::NotForwarded,
        Err(why) => Outcome::Unresolved(why),
    }
}

/// Returns whether a trusted peer that reports no client may be the client: it sends no forwarding header
/// at all. Any of them shows a proxy.
#[cold]
fn may_be_client(config: &Config, headers: &HeaderMap) -> bool {
    config.trusted_peer_may_be_client && !headers.keys().any(|name| is_forwarding(config, name))
}

/// The end of a walk over the reports.
struct Walk<'a> {
    hops: u8,
    last: Report<'a>,
}

impl Walk<'_> {
    /// Returns whether scheme, host, port and prefix may be used. If the address is missing or malformed,
    /// the same attacker could have forged them.
    fn is_believed(&self) -> bool {
        use Unresolved::{ExtraEntries, ListEnds, Malformed, NoHeader};
        !matches!(self.last.client.address, Err(NoHeader | ListEnds | Malformed | ExtraEntries))
    }

    /// Returns the number of entries that trusted proxies wrote up to the client.
    fn entries(&self, config: &Config) -> usize {
        usize::from(self.hops) + usize::from(config.nearest_place()) - 1
    }
}

fn walk_reports<'a>(config: &Config, found: &Found<'a>) -> Walk<'a> {
    let (chain, lines) = (&config.chain, &found.read.client);
    match config.client {
        ClientFrom::List(_, place) => walk_list(chain, lines, place),
        ClientFrom::Forwarded => walk_elements(chain, lines),
        ClientFrom::Address(_) => walk_one(chain, lines, single::address(lines)),
        ClientFrom::AddressAndPort(_) => walk_one(chain, lines, single::address_and_port(lines)),
        ClientFrom::Nothing => Walk { hops: 1, last: Report::unusable(Unresolved::NotConfigured) },
    }
}

#[inline(never)]
fn walk_list<'a>(chain: &Chain, lines: &Lines<'a>, place: u8) -> Walk<'a> {
    let mut list = lines.right_to_left();
    // A list that is too short has no entry left for the walk.
    let _ = list.skip(usize::from(place) - 1, x_forwarded::last_comma);
    follow(chain, lines, || x_forwarded::next_report(&mut list))
}

#[inline(never)]
fn walk_elements<'a>(chain: &Chain, lines: &Lines<'a>) -> Walk<'a> {
    let mut list = lines.right_to_left();
    follow(chain, lines, || forwarded::next_report(&mut list))
}

#[inline(never)]
fn walk_one<'a>(chain: &Chain, lines: &Lines<'a>, mut report: Option<Report<'a>>) -> Walk<'a> {
    follow(chain, lines, || report.take())
}

/// Reads the next report for as long as the current address is a trusted proxy.
#[inline]
fn follow<'a>(
    chain: &Chain,
    lines: &Lines<'a>,
    mut next_report: impl FnMut() -> Option<Report<'a>>,
) -> Walk<'a> {
    let mut hops = 0;
    while let Some(report) = next_report() {
        hops += 1;
        let is_proxy = match report.client.address {
            Ok(address) => chain.is_proxy(hops, address),
            Err(_) => report.form == Form::UnixSocket && chain.is_unix_proxy(hops),
        };
        if !is_proxy {
            return Walk { hops, last: report };
        }
        // The zone names a link of the proxy that reported it, so this is not our proxy.
        if report.form == Form::Zone {
            return Walk { hops, last: Report::malformed() };
        }
    }
    let why = if lines.is_absent() { Unresolved::NoHeader } else { Unresolved::ListEnds };
    Walk { hops, last: Report::unusable(why) }
}

/// The values that trusted proxies reported, as far as they are valid.
#[derive(Default)]
struct Values {
    scheme: Option<WebScheme>,
    host: Option<Authority>,
    port: Option<u16>,
    prefix: Option<Box<str>>,
}

impl Values {
    fn read(config: &Config, found: &Found<'_>, walk: &Walk<'_>) -> Self {
        if !walk.is_believed() {
            return Self::default();
        }
        let place = walk.entries(config);
        Self {
            scheme: scheme(config, found, walk, place),
            host: host(config, found, walk, place),
            port: single_value(config, &found.read.port, place).and_then(host_port),
            prefix: path_prefix(config, &found.read.prefix, place),
        }
    }
}

/// Reads the scheme: beside the client (RFC 7239 §1), or the rightmost entry of its own list, which is
/// the nearest proxy's.
#[inline]
fn scheme(config: &Config, found: &Found<'_>, walk: &Walk<'_>, place: usize) -> Option<WebScheme> {
    let lines = &found.read.scheme;
    match config.scheme {
        SchemeFrom::List(_) => listed_scheme(config, lines, place),
        SchemeFrom::OnOff(_) => {
            single_value(config, lines, place).and_then(WebScheme::parse_on_off)
        }
        SchemeFrom::Forwarded => walk.last.proto?.read::<MAX_SCHEME, _>(WebScheme::parse),
        SchemeFrom::Always(_) | SchemeFrom::Nothing => None,
    }
}

#[inline]
fn listed_scheme(config: &Config, lines: &Lines<'_>, place: usize) -> Option<WebScheme> {
    match config.writing {
        // Another line than the first is the client's.
        Writing::AppendToFirstLine if lines.are_several() => x_forwarded::common_scheme(lines),
        Writing::AppendToEach => x_forwarded::nth_scheme(lines, place),
        _ => x_forwarded::nth_scheme(lines, 1),
    }
}

fn host(config: &Config, found: &Found<'_>, walk: &Walk<'_>, place: usize) -> Option<Authority> {
    if config.host_beside_client {
        return walk.last.host?.read::<MAX_AUTHORITY, _>(Authority::parse);
    }
    single_value(config, &found.read.host, place).and_then(Authority::parse)
}

#[inline]
fn path_prefix(config: &Config, lines: &Lines<'_>, place: usize) -> Option<Box<str>> {
    if config.joins_prefixes {
        return single::joined_prefix(lines);
    }
    single_value(config, lines, place).and_then(prefix)
}

/// Returns a single value, or the entry at the client's place if every proxy appends to every list.
#[inline]
fn single_value<'a>(config: &Config, lines: &Lines<'a>, place: usize) -> Option<&'a [u8]> {
    match lines {
        Lines::Absent => None,
        lines => present_value(config, lines, place),
    }
}

fn present_value<'a>(config: &Config, lines: &Lines<'a>, place: usize) -> Option<&'a [u8]> {
    if config.writing == Writing::AppendToEach {
        return x_forwarded::nth(lines, place);
    }
    single::value(lines)
}

/// Returns the scheme of a request whose trusted proxy reported none. A client can make some proxies
/// remove the header (CVE-2022-31813), so it is never https unless the configuration states it. The
/// scheme of the URI does not count: the client wrote it.
fn unreported_scheme(config: &Config) -> WebScheme {
    config.stated_scheme().unwrap_or(WebScheme::Http)
}

/// Returns whether the app answers to this host.
fn is_allowed(config: &Config, host: &Authority, scheme: WebScheme) -> bool {
    config.allowed_hosts.as_ref().is_none_or(|hosts| hosts.allows(host, Some(scheme)))
}

/// Reads the URI's authority, which comes before `Host` (RFC 9112 §3.2.2), or the one line of `Host`
/// (§3.2).
fn own_authority(found: &Found<'_>, uri: &Uri) -> Option<Authority> {
    match uri.authority() {
        Some(authority) => Authority::parse(authority.as_str().as_bytes()),
        None => found.own_host.single().and_then(|host| Authority::parse(host.as_bytes())),
    }
}
