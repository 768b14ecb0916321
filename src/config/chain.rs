//! The trusted proxies, hop by hop.

use std::net::IpAddr;

use super::trusted_proxies::TrustedProxies;
use crate::peer::Peer;

/// The set of trusted proxies for each hop, nearest first. Hop 0 is the peer; hop 1 is the address that
/// the peer reported. Has 1 to 255 sets.
#[derive(Debug, Clone)]
pub(crate) struct Chain(Vec<TrustedProxies>);

/// The most proxies that a chain may have: hops are counted in a `u8`.
pub(super) const MAX_PROXIES: usize = 255;

impl Chain {
    pub(super) fn nearest_first(sets: Vec<TrustedProxies>) -> Self {
        Self(sets)
    }

    /// Returns the set of a hop. Hop 0 is the peer.
    pub(crate) fn set(&self, hop: usize) -> Option<&TrustedProxies> {
        self.0.get(hop)
    }

    /// Returns the sets, nearest first.
    pub(crate) fn sets(&self) -> &[TrustedProxies] {
        &self.0
    }

    /// Returns whether the peer is a proxy, so that its report is due.
    #[inline(always)]
    pub(crate) fn is_trusted_peer(&self, peer: &Peer) -> bool {
        self.0.first().is_some_and(|set| set.contains_peer(peer))
    }

    /// Returns whether the address at this hop is a proxy, so that its report is due. The address is not
    /// IPv4-mapped.
    #[inline(always)]
    pub(crate) fn is_proxy(&self, hop: u8, address: IpAddr) -> bool {
        self.0.get(usize::from(hop)).is_some_and(|set| set.contains_canonical(address))
    }

    /// Returns whether the sender at this hop is a proxy if it is at a Unix socket.
    pub(crate) fn is_unix_proxy(&self, hop: u8) -> bool {
        self.0.get(usize::from(hop)).is_some_and(TrustedProxies::is_unix_alone)
    }
}
