//! Which hop must be in which set of proxies: three ways to say it.

use std::net::IpAddr;

use crate::error::ConfigError;
use crate::peer::Peer;
use crate::trusted_proxies::TrustedProxies;

/// Which addresses are proxies, hop by hop. Hop 0 is the peer, hop 1 the address that it reported.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    pub(crate) proxies: TrustedProxies,
    /// Whether `proxies` is the operator's, or the default.
    pub(crate) named: bool,
    pub(crate) model: Model,
}

#[derive(Debug, Clone)]
pub(crate) enum Model {
    /// Every hop in the same set, so many of them at most.
    MaxHops(u8),
    /// Hop n in the n-th set, nearest first, instead of in `proxies`.
    Chain(Vec<TrustedProxies>),
    /// The peer in the set; behind it, so many reports are believed, whatever addresses they name.
    TrustedHops(u8),
}

impl Default for Trust {
    fn default() -> Self {
        let proxies = TrustedProxies::loopback();
        Self { proxies, named: false, model: Model::MaxHops(1) }
    }
}

impl Trust {
    /// Whether the peer is a proxy, so that its report is due.
    #[inline]
    pub(crate) fn is_trusted_peer(&self, peer: &Peer) -> bool {
        match &self.model {
            Model::MaxHops(n) | Model::TrustedHops(n) => *n > 0 && self.proxies.contains_peer(peer),
            Model::Chain(sets) => sets.first().is_some_and(|set| set.contains_peer(peer)),
        }
    }

    /// Whether the address that `hop` reports led to is a proxy, so that its own report is due.
    #[inline]
    pub(crate) fn is_proxy(&self, hop: u8, address: IpAddr) -> bool {
        match &self.model {
            Model::MaxHops(n) => hop < *n && self.proxies.contains(address),
            // Hops are counted up to 255.
            Model::Chain(_) if hop == u8::MAX => false,
            Model::Chain(sets) => sets.get(usize::from(hop)).is_some_and(|s| s.contains(address)),
            Model::TrustedHops(n) => hop < *n,
        }
    }

    /// How many reports may be read.
    pub(crate) fn max_hops(&self) -> usize {
        match &self.model {
            Model::MaxHops(n) | Model::TrustedHops(n) => usize::from(*n),
            Model::Chain(sets) => sets.len(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let reason = match (&self.model, self.max_hops()) {
            (Model::MaxHops(_), 0) => {
                "max_hops(0) reads nothing: at least 1, or trust(TrustedProxies::none())"
            }
            (Model::TrustedHops(_), 0) => {
                "trusted_hops(0) reads nothing: at least 1, or trust(TrustedProxies::none())"
            }
            (Model::Chain(_), 0) => {
                "proxy_chain([]) trusts nobody: name at least one proxy, or trust(TrustedProxies::none())"
            }
            (Model::Chain(_), 256..) => "proxy_chain: expected at most 255 proxies",
            (Model::Chain(_), _) if self.named => {
                "trust(…) beside proxy_chain([…]): the chain says who may open the connection, so \
                 drop trust"
            }
            (Model::Chain(sets), _) => return sets.iter().try_for_each(TrustedProxies::check),
            _ => return self.proxies.check(),
        };
        Err(ConfigError::combination(reason))
    }
}
