//! The decision: the client, and the scheme and host that it used.
//!
//! A pure function of the peer, the headers and the URI. It allocates only for a prefix, for an
//! obfuscated or a long escaped identifier, and for some hosts. These are the hosts that its thread has
//! not seen recently, and those that end in a dot.
//!
//! # Inlining
//!
//! The attributes of the whole crate follow these rules, and `benches/instructions.rs` checks their effect.
//! The layer and an explanation both instantiate the decision, each with a walk for chains with a secret and
//! one for chains without. The second caller made decisions 6 % to 13 % longer until the attributes stated
//! what the compiler had chosen before (that benchmark, November 2026).
//!
//! - `#[inline(always)]`: a step of every decision. Of a function with two callers, the compiler makes a
//!   call. The same holds for the two grammars of an element. No attribute reaches a closure, and a
//!   function that is passed as a value becomes a call. So such a step is called by its name.
//! - `#[inline(never)]`: a walk, a report, a quoted string. Inlined, it would take registers from a loop,
//!   or its result would be moved in pieces.
//! - `#[cold]`: a step that few requests need. It takes and returns a cursor by value, because a reference
//!   would keep the cursor in memory.
//! - `#[inline]`: a step of `ForwardedHeaders::apply`, which is generic and compiled with the app; a getter.
//! - No attribute: the rest.

mod extra_entries;
#[cfg(feature = "tracing")]
mod fault;
mod resolved;
mod scan;
mod values;
mod walk;

use http::{HeaderMap, Uri};

use crate::config::{Config, Standing};
use crate::header::report::{Form, Report};
use crate::outcome::{Absent, Outcome, Unresolved};
use crate::peer::Peer;
use crate::syntax::authority::Authority;
use crate::syntax::scheme::WebScheme;
use resolved::why_absent;
use values::Values;
use walk::{Walk, walk_reports};

#[cfg(feature = "tracing")]
pub(crate) use fault::Fault;
pub(crate) use resolved::{Facts, Reported, Resolved};
pub(crate) use scan::{Found, Others, is_forwarding};
pub(crate) use walk::{Observer, Place, Verdict};

/// Decides a request.
pub(crate) fn decide(
    config: &Config,
    peer: Option<Peer>,
    found: &Found<'_>,
    uri: &Uri,
) -> Resolved {
    decide_observed(config, peer, found, uri, &mut ())
}

/// Decides a request, with an observer of the walk.
#[inline(always)]
pub(crate) fn decide_observed<'a>(
    config: &Config,
    peer: Option<Peer>,
    found: &Found<'a>,
    uri: &Uri,
    observer: &mut impl Observer<'a>,
) -> Resolved {
    let standing_of = |peer| config.chain.standing_of_peer(peer, found.headers);
    let walk = match peer.as_ref().map_or(Standing::Other, standing_of) {
        Standing::Proxy => walk_reports(config, found, observer),
        Standing::NotProven => Walk::not_proven(0),
        Standing::Other => return direct(config, peer, found, uri),
    };
    proxied(config, peer, found, uri, walk)
}

/// Makes the peer the client. Reads no header but `Host`.
#[inline(always)]
fn direct(config: &Config, peer: Option<Peer>, found: &Found<'_>, uri: &Uri) -> Resolved {
    let own_scheme = peer.and(config.direct_scheme);
    let scheme = config.stated_scheme().or(own_scheme).unwrap_or(WebScheme::Http);
    let authority = allowed(config, own_authority(found, uri), scheme);
    let has_untrusted = found.has_forwarding(config);
    let facts = Facts::NONE.with(Facts::UNTRUSTED_HEADERS, has_untrusted);
    Resolved::direct(peer, scheme, authority, facts)
}

/// Reads the reports of the trusted peer, and of the trusted proxies behind it.
#[inline(always)]
fn proxied(
    config: &Config,
    peer: Option<Peer>,
    found: &Found<'_>,
    uri: &Uri,
    mut walk: Walk<'_>,
) -> Resolved {
    if walk.is_believed() && extra_entries::are_in(config, found, walk.entries(config)) {
        walk.last = Report::unusable(Unresolved::ExtraEntries);
    }
    let outcome = outcome_of(config, &walk, found);
    let values = if walk.is_believed() {
        Values::read(config, found, &walk)
    } else {
        Values::absent(why_none(outcome))
    };
    let scheme = values.scheme.unwrap_or_else(|_| unreported_scheme(config));
    let reported_host = why_absent(&values.host);
    let host = match values.host {
        Ok(host) => Ok(host),
        Err(_) => own_authority(found, uri),
    };
    let host = match values.port {
        Ok(port) => host.map(|host| host.or_port(port, scheme)),
        Err(_) => host,
    };
    let authority = allowed(config, host, scheme);
    let facts = facts(config, &walk);
    Resolved {
        peer,
        outcome,
        hops: walk.hops,
        client: (outcome != Outcome::NotForwarded).then_some(walk.last.client),
        scheme,
        reported: Reported {
            scheme: why_absent(&values.scheme),
            host: reported_host,
            port: why_absent(&values.port),
            authority: why_absent(&authority),
        },
        authority: authority.ok(),
        prefix: values.prefix,
        facts,
    }
}

#[inline(always)]
fn facts(config: &Config, walk: &Walk<'_>) -> Facts {
    let has_more = walk.has_rest || walk.entries(config) > 1;
    let is_canonical = !has_more && walk.last.form == Form::Canonical;
    Facts::NONE
        .with(Facts::MORE_ENTRIES, has_more)
        .with(Facts::CANONICAL_ADDRESS, is_canonical)
        .with(Facts::CAME_THROUGH_ALL, usize::from(walk.hops) == config.chain.sets().len())
}

#[inline(always)]
fn outcome_of(config: &Config, walk: &Walk<'_>, found: &Found<'_>) -> Outcome {
    match walk.last.client.address {
        Ok(_) => Outcome::Forwarded,
        Err(Unresolved::NoHeader) if may_be_client(config, found.headers) => Outcome::NotForwarded,
        Err(why) => Outcome::Unresolved(why),
    }
}

/// Returns the reason why nothing beside the address is read.
#[cold]
fn why_none(outcome: Outcome) -> Absent {
    match outcome {
        Outcome::NotForwarded => Absent::NotSent,
        _ => Absent::NotBelieved,
    }
}

/// Returns whether a trusted peer that reports no client may be the client: it sends no forwarding header
/// at all. Any of them shows a proxy, but for a secret, which it has shown.
#[cold]
fn may_be_client(config: &Config, headers: &HeaderMap) -> bool {
    let shows_proxy = |name| is_forwarding(config, name) && !config.is_secret(name);
    config.trusted_peer_may_be_client && !headers.keys().any(shows_proxy)
}

/// Returns the scheme of a request whose trusted proxy reported none. A client can make some proxies
/// remove the header (CVE-2022-31813), so it is never https unless the configuration states it. The
/// scheme of the URI does not count: the client wrote it.
fn unreported_scheme(config: &Config) -> WebScheme {
    config.stated_scheme().unwrap_or(WebScheme::Http)
}

/// Refuses a host that the app does not answer to.
#[inline(always)]
fn allowed(
    config: &Config,
    host: Result<Authority, Absent>,
    scheme: WebScheme,
) -> Result<Authority, Absent> {
    let host = host?;
    match &config.allowed_hosts {
        Some(hosts) if !hosts.allows(&host, Some(scheme)) => Err(Absent::NotAllowed),
        _ => Ok(host),
    }
}

/// Reads the URI's authority, which comes before `Host` (RFC 9112 §3.2.2), or the one line of `Host`
/// (§3.2).
#[inline(always)]
fn own_authority(found: &Found<'_>, uri: &Uri) -> Result<Authority, Absent> {
    let text = match uri.authority() {
        Some(authority) => authority.as_str().as_bytes(),
        None => match found.own_host.single() {
            Some(host) => host.as_bytes(),
            None if found.own_host.is_absent() => return Err(Absent::NotSent),
            None => return Err(Absent::ExtraLines),
        },
    };
    Authority::parse(text).ok_or(Absent::NotValid)
}
