//! What was decided.

use std::net::{IpAddr, SocketAddr};

use crate::config::Writer;
use crate::forwarded::{Node, NodeName};
use crate::header::report::Client;
use crate::outcome::{Absent, Outcome};
use crate::peer::Peer;
use crate::syntax::authority::Authority;
use crate::syntax::scheme::WebScheme;

/// A decision. Every text in it has been validated.
#[derive(Debug, Clone)]
pub(crate) struct Resolved {
    pub(crate) peer: Option<Peer>,
    pub(crate) outcome: Outcome,
    /// The number of reports that were read.
    pub(crate) hops: u8,
    /// The client in the last report read. `None` if no report was read: the client is then the peer, if
    /// there is one.
    pub(crate) client: Option<Client>,
    pub(crate) scheme: WebScheme,
    pub(crate) authority: Option<Authority>,
    pub(crate) prefix: Result<Box<str>, Absent>,
    pub(crate) reported: Reported,
    pub(crate) facts: Facts,
}

/// Each request carries it in its extensions, and each copy is that large.
const _: () = assert!(size_of::<Resolved>() <= 96);

/// Facts about the request, beside the decision. One byte: a decision has no room for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts(u8);

impl Facts {
    pub(crate) const NONE: Self = Self(0);
    /// The line of the report is one address, as this crate writes it, and nothing else.
    pub(crate) const CANONICAL_ADDRESS: Self = Self(1);
    /// The header of the report holds more than this crate writes: other entries, on its line or on others.
    pub(crate) const MORE_ENTRIES: Self = Self(1 << 1);
    /// The peer is not trusted, and the request carries a header that a proxy alone should write.
    pub(crate) const UNTRUSTED_HEADERS: Self = Self(1 << 2);
    /// The request came through a proxy of each set of the chain.
    pub(crate) const CAME_THROUGH_ALL: Self = Self(1 << 3);

    /// Adds a fact, if it is true.
    #[inline(always)]
    pub(super) fn with(self, fact: Self, is_true: bool) -> Self {
        if is_true { Self(self.0 | fact.0) } else { self }
    }

    #[inline(always)]
    pub(crate) fn have(self, fact: Self) -> bool {
        self.0 & fact.0 != 0
    }
}

/// Whether trusted proxies reported a value, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reported {
    pub(crate) scheme: Result<(), Absent>,
    pub(crate) host: Result<(), Absent>,
    pub(crate) port: Result<(), Absent>,
    /// Whether the request has an authority: a reported one, or its own.
    pub(crate) authority: Result<(), Absent>,
}

impl Resolved {
    /// Returns a decision about a peer that is the client, or is unknown.
    #[inline]
    pub(crate) fn direct(
        peer: Option<Peer>,
        scheme: WebScheme,
        authority: Result<Authority, Absent>,
        facts: Facts,
    ) -> Self {
        Self {
            peer,
            outcome: if peer.is_some() { Outcome::Direct } else { Outcome::NoPeer },
            hops: 0,
            client: None,
            scheme,
            prefix: Err(Absent::NotTrusted),
            reported: Reported {
                scheme: Err(Absent::NotTrusted),
                host: Err(Absent::NotTrusted),
                port: Err(Absent::NotTrusted),
                authority: why_absent(&authority),
            },
            authority: authority.ok(),
            facts,
        }
    }

    /// Returns whether a header that this proxy alone may write can be believed.
    pub(crate) fn is_written_by(&self, writer: Writer) -> bool {
        let is_forwarded = self.outcome == Outcome::Forwarded;
        is_forwarded && (writer == Writer::Nearest || self.facts.have(Facts::CAME_THROUGH_ALL))
    }

    pub(crate) fn has_untrusted_headers(&self) -> bool {
        self.facts.have(Facts::UNTRUSTED_HEADERS)
    }

    #[inline]
    pub(crate) fn client_ip(&self) -> Option<IpAddr> {
        match &self.client {
            Some(client) => client.address.ok(),
            None => Some(self.peer_addr()?.ip().to_canonical()),
        }
    }

    #[inline]
    pub(crate) fn client_port(&self) -> Option<u16> {
        match &self.client {
            Some(client) => client.port(),
            // Port 0 is no port.
            None => Some(self.peer_addr()?.port()).filter(|port| *port != 0),
        }
    }

    /// Returns the client as a socket address. Port 0 stands for an unknown port.
    #[inline(never)]
    pub(crate) fn client_addr(&self) -> Option<SocketAddr> {
        let Some(client) = &self.client else { return self.peer_addr().map(canonical) };
        Some(SocketAddr::new(client.address.ok()?, client.port().unwrap_or_default()))
    }

    pub(crate) fn client_node(&self) -> Option<Node<'_>> {
        match &self.client {
            Some(client) => client.node(),
            None => Some(Node::new(NodeName::Address(self.client_ip()?), self.client_port())),
        }
    }

    #[inline]
    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        match self.peer? {
            Peer::Inet(address) => Some(address),
            Peer::Unix => None,
        }
    }
}

/// Returns why there is no value, if there is none.
#[inline]
pub(super) fn why_absent<T>(value: &Result<T, Absent>) -> Result<(), Absent> {
    match value {
        Ok(_) => Ok(()),
        Err(why) => Err(*why),
    }
}

/// Converts an IPv4-mapped address into IPv4. Keeps the scope of any other IPv6 address.
fn canonical(mut address: SocketAddr) -> SocketAddr {
    address.set_ip(address.ip().to_canonical());
    address
}

/// Compares what an app can see.
impl PartialEq for Resolved {
    fn eq(&self, other: &Self) -> bool {
        let Self { peer, outcome, hops, client, scheme, authority, prefix, reported, .. } = self;
        (peer, outcome, hops, client) == (&other.peer, &other.outcome, &other.hops, &other.client)
            && (scheme, authority, prefix) == (&other.scheme, &other.authority, &other.prefix)
            && *reported == other.reported
            && self.has_untrusted_headers() == other.has_untrusted_headers()
    }
}

impl Eq for Resolved {}
