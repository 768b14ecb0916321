//! Events for the operator, by `tracing`.
//!
//! What a client can cause stays at `DEBUG`: a busy log hides the warning that matters, and an attacker
//! could fill the disk. A warning is written once. Nothing here locks, and nothing allocates until an
//! event is written.

mod event;
mod limit;

use std::fmt;

use http::{HeaderMap, Uri};
use tracing::level_filters::LevelFilter;
use tracing::{Level, enabled};

use crate::config::Config;
use crate::decide::{Fault, Resolved};
use crate::explain::is_inner;
use crate::outcome::Unresolved;
use crate::peer::{FoundIn, Peer};
use event::Seen;
use limit::{Limit, Once};

/// The target of every event.
const TARGET: &str = "forwarded_headers";

/// What the clones of a layer have written.
pub(crate) struct Log {
    warnings: Limit,
    no_peer: Once,
    configuration: Once,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self { warnings: Limit::new(), no_peer: Once::default(), configuration: Once::default() }
    }

    /// Writes what is wrong with a request that has been decided, and not been rewritten.
    #[inline(always)]
    pub(crate) fn request(
        &self,
        config: &Config,
        resolved: &Resolved,
        found_in: FoundIn,
        headers: &HeaderMap,
        uri: &Uri,
    ) {
        if LevelFilter::current() != LevelFilter::OFF && Fault::is_in(resolved) {
            self.faults(&Seen { config, resolved, found_in, headers, uri });
        }
    }

    #[cold]
    #[inline(never)]
    fn faults(&self, seen: &Seen<'_>) {
        if let Some(fault) = Fault::of_client(seen.resolved) {
            self.fault(seen, fault);
        }
        if let Some(fault) = Fault::of_scheme(seen.resolved) {
            self.fault(seen, fault);
        }
        if let Some(fault) = Fault::of_host(seen.resolved) {
            self.fault(seen, fault);
        }
    }

    fn fault(&self, seen: &Seen<'_>, fault: Fault) {
        if let Some(level) = self.level(fault, seen.resolved.peer) {
            seen.write(level, fault);
        }
    }

    /// Returns the level of the event about a fault, if a subscriber wants it. Reads before it asks the
    /// subscriber, and writes only for an event of its own.
    fn level(&self, fault: Fault, peer: Option<Peer>) -> Option<Level> {
        let is_loud = match fault {
            Fault::NoPeer => {
                let is_new = self.no_peer.is_new() && enabled!(target: TARGET, Level::ERROR);
                if is_new && self.no_peer.claim() {
                    return Some(Level::ERROR);
                }
                false
            }
            Fault::UntrustedHeaders => peer.is_some_and(is_near),
            Fault::Unresolved(_) | Fault::Scheme(_) => true,
            Fault::Host => false,
        };
        if is_loud {
            // Every customer of a CDN has addresses to send from: one warning for all of them.
            let is_of_many = fault == Fault::Unresolved(Unresolved::NotProven);
            let key = self.warnings.key(peer.filter(|_| !is_of_many), fault);
            let is_new = self.warnings.is_new(key) && enabled!(target: TARGET, Level::WARN);
            if is_new && self.warnings.claim(key) {
                return Some(Level::WARN);
            }
        }
        enabled!(target: TARGET, Level::DEBUG).then_some(Level::DEBUG)
    }

    /// Writes the configuration, the first time.
    pub(crate) fn configuration(&self, config: &Config) {
        let is_new = self.configuration.is_new() && enabled!(target: TARGET, Level::DEBUG);
        if is_new && self.configuration.claim() {
            event::configuration(config);
        }
    }
}

/// Returns whether a peer is on this machine or in its networks, where a proxy is likely. Any other
/// address can be a client's.
fn is_near(peer: Peer) -> bool {
    match peer {
        Peer::Inet(address) => is_inner(address.ip().to_canonical()),
        Peer::Unix => true,
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").finish_non_exhaustive()
    }
}
