//! The events. Every text of a request in them is escaped and bounded.

use http::header::FORWARDED;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Request, Uri};
use tracing::field::display;
use tracing::{Level, event};

use super::TARGET;
use crate::config::{Config, SchemeFrom, TrustedProxies};
use crate::decide::{Fault, Resolved, is_forwarding};
use crate::explain::Advice;
use crate::peer::FoundIn;

/// A request that has been decided, and not been rewritten.
pub(super) struct Seen<'a> {
    pub(super) config: &'a Config,
    pub(super) resolved: &'a Resolved,
    pub(super) found_in: FoundIn,
    pub(super) headers: &'a HeaderMap,
    pub(super) uri: &'a Uri,
}

/// The level of an event is part of its static data, so that each level needs an event of its own.
macro_rules! write_event {
    ($level:expr, $seen:expr, $fault:expr, $advice:expr) => {{
        let peer = $seen.resolved.peer_addr().map(|peer| display(peer.ip().to_canonical()));
        let reason = $fault.reason();
        event!(
            target: TARGET,
            $level,
            network.peer.address = peer,
            forwarded.reason = reason,
            forwarded.header = $advice.secret_header.as_ref().or($seen.header($fault)).map(HeaderName::as_str),
            forwarded.hops = $seen.hops($fault),
            forwarded.host = $advice.host.as_deref(),
            "{}",
            $advice.help.as_deref().unwrap_or(reason),
        );
    }};
}

impl Seen<'_> {
    pub(super) fn write(&self, level: Level, fault: Fault) {
        let peer = (self.resolved.peer, self.found_in);
        let advice = Advice::new(self.config, peer, &self.parts(), fault);
        match level {
            Level::ERROR => write_event!(Level::ERROR, self, fault, advice),
            Level::WARN => write_event!(Level::WARN, self, fault, advice),
            _ => write_event!(Level::DEBUG, self, fault, advice),
        }
    }

    /// Returns what the advice reads of the request.
    fn parts(&self) -> Parts {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.headers = self.headers.clone();
        parts.uri = self.uri.clone();
        parts
    }

    /// Returns the header that a fault is about.
    fn header(&self, fault: Fault) -> Option<&HeaderName> {
        match fault {
            Fault::UntrustedHeaders => self.untrusted(),
            Fault::Unresolved(_) => self.config.names.client.as_ref(),
            Fault::Scheme(_) => scheme_header(self.config),
            Fault::NoPeer | Fault::Host => None,
        }
    }

    /// Returns the header that would report the client if it was sent, or else the first forwarding header.
    fn untrusted(&self) -> Option<&HeaderName> {
        let client = self.config.names.client.as_ref();
        client
            .filter(|name| self.headers.contains_key(*name))
            .or_else(|| self.headers.keys().find(|name| is_forwarding(self.config, name)))
    }

    fn hops(&self, fault: Fault) -> Option<u8> {
        matches!(fault, Fault::Unresolved(_)).then_some(self.resolved.hops)
    }
}

fn scheme_header(config: &Config) -> Option<&HeaderName> {
    match config.scheme {
        SchemeFrom::Forwarded => Some(&FORWARDED),
        _ => config.names.scheme.as_ref(),
    }
}

/// Writes the sets of a configuration, outermost proxies first, and what is read.
pub(super) fn configuration(config: &Config) {
    let sets: Vec<_> = config.chain.sets().iter().rev().map(written).collect();
    event!(
        target: TARGET,
        Level::DEBUG,
        forwarded.configured_by = config.origin.name(),
        forwarded.trust = ?sets,
        forwarded.client_from = config.names.client.as_ref().map(HeaderName::as_str),
        forwarded.scheme_from = scheme_header(config).map(HeaderName::as_str),
        forwarded.allowed_hosts = config.allowed_hosts.as_ref().map(display),
        "the configuration of the layer",
    );
}

/// Returns a set as the operator wrote it.
fn written(set: &TrustedProxies) -> String {
    let items: Vec<_> = set.items().map(str::to_owned).collect();
    let items = if items.is_empty() { set.to_string() } else { items.join(", ") };
    let secrets = set.proven().iter().map(|proven| format!(", with a secret in {}", proven.header));
    items + &secrets.collect::<String>()
}
