//! The trusted proxies, hop by hop.

use std::net::IpAddr;

use http::HeaderMap;

use super::proof::{Proven, Standing};
use super::trusted_proxies::TrustedProxies;
use crate::peer::Peer;

/// The set of trusted proxies for each hop, nearest first. Hop 0 is the peer; hop 1 is the address that
/// the peer reported. Has 1 to 255 sets.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    sets: Vec<TrustedProxies>,
    has_secrets: bool,
}

/// The most proxies that a chain may have: hops are counted in a `u8`.
pub(super) const MAX_PROXIES: usize = 255;

impl Chain {
    pub(super) fn nearest_first(sets: Vec<TrustedProxies>) -> Self {
        let has_secrets = sets.iter().any(|set| !set.proven().is_empty());
        Self { sets, has_secrets }
    }

    /// Returns the set of a hop. Hop 0 is the peer.
    pub(crate) fn set(&self, hop: usize) -> Option<&TrustedProxies> {
        self.sets.get(hop)
    }

    /// Returns the sets, nearest first.
    pub(crate) fn sets(&self) -> &[TrustedProxies] {
        &self.sets
    }

    /// Returns whether a set needs a secret.
    #[inline(always)]
    pub(crate) fn has_secrets(&self) -> bool {
        self.has_secrets
    }

    /// Returns whether the peer is a proxy that needs no secret, so that its report is due.
    #[inline(always)]
    pub(crate) fn is_trusted_peer(&self, peer: &Peer) -> bool {
        self.sets.first().is_some_and(|set| set.contains_peer(peer))
    }

    /// Returns whether the address at this hop is a proxy that needs no secret, so that its report is due.
    /// The address is not IPv4-mapped.
    #[inline(always)]
    pub(crate) fn is_proxy(&self, hop: u8, address: IpAddr) -> bool {
        self.sets.get(usize::from(hop)).is_some_and(|set| set.contains_canonical(address))
    }

    /// Returns whether the sender at this hop is a proxy that needs no secret, if it is at a Unix socket.
    pub(crate) fn is_unix_proxy(&self, hop: u8) -> bool {
        self.sets.get(usize::from(hop)).is_some_and(TrustedProxies::is_unix_alone)
    }

    /// Returns what the peer is.
    #[inline(always)]
    pub(crate) fn standing_of_peer(&self, peer: &Peer, headers: &HeaderMap) -> Standing {
        if self.is_trusted_peer(peer) {
            Standing::Proxy
        } else if self.has_secrets {
            self.proven_standing(0, |set| set.contains_peer(peer), headers)
        } else {
            Standing::Other
        }
    }

    /// Returns what the address at this hop is. The address is not IPv4-mapped.
    pub(crate) fn standing(&self, hop: u8, address: IpAddr, headers: &HeaderMap) -> Standing {
        if self.is_proxy(hop, address) {
            return Standing::Proxy;
        }
        self.proven_standing(hop, |set| set.contains_canonical(address), headers)
    }

    /// Returns what the sender at this hop is, if it is at a Unix socket.
    pub(crate) fn standing_of_unix(&self, hop: u8, headers: &HeaderMap) -> Standing {
        if self.is_unix_proxy(hop) {
            return Standing::Proxy;
        }
        self.proven_standing(hop, TrustedProxies::is_unix_alone, headers)
    }

    #[cold]
    #[inline(never)]
    fn proven_standing(
        &self,
        hop: u8,
        contains: impl Fn(&TrustedProxies) -> bool,
        headers: &HeaderMap,
    ) -> Standing {
        let set = self.sets.get(usize::from(hop));
        set.map_or(Standing::Other, |set| set.proven_standing(contains, headers))
    }

    /// Returns the sets that need a secret, nearest first.
    pub(crate) fn proven(&self) -> impl Iterator<Item = &Proven> {
        self.sets.iter().flat_map(TrustedProxies::proven)
    }
}
