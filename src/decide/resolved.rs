//! What was decided.

use std::net::{IpAddr, SocketAddr};

use crate::forwarded::{Node, NodeName};
use crate::header::report::Client;
use crate::outcome::Outcome;
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
    pub(crate) prefix: Option<Box<str>>,
    pub(crate) reported: Reported,
    /// Whether the line of the report is one address, as this crate writes it, and nothing else.
    pub(crate) is_canonical_text: bool,
}

/// The values that trusted proxies reported, beside the client's address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reported {
    pub(crate) scheme: bool,
    pub(crate) host: bool,
    pub(crate) port: bool,
}

impl Resolved {
    /// Returns a decision about a peer that is the client, or is unknown.
    pub(crate) fn direct(peer: Option<Peer>, scheme: WebScheme) -> Self {
        Self {
            peer,
            outcome: if peer.is_some() { Outcome::Direct } else { Outcome::NoPeer },
            hops: 0,
            client: None,
            scheme,
            authority: None,
            prefix: None,
            reported: Reported::default(),
            is_canonical_text: false,
        }
    }

    pub(crate) fn client_ip(&self) -> Option<IpAddr> {
        match &self.client {
            Some(client) => client.address.ok(),
            None => Some(self.peer_addr()?.ip().to_canonical()),
        }
    }

    pub(crate) fn client_port(&self) -> Option<u16> {
        match &self.client {
            Some(client) => client.port(),
            // Port 0 is no port.
            None => Some(self.peer_addr()?.port()).filter(|port| *port != 0),
        }
    }

    /// Returns the client as a socket address. Port 0 stands for an unknown port.
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

    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        match self.peer? {
            Peer::Inet(address) => Some(address),
            Peer::Unix => None,
        }
    }
}

/// Converts an IPv4-mapped address into IPv4. Keeps the scope of any other IPv6 address.
fn canonical(mut address: SocketAddr) -> SocketAddr {
    address.set_ip(address.ip().to_canonical());
    address
}

/// Compares what an app can see. `is_canonical_text` is about the request's bytes.
impl PartialEq for Resolved {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            peer,
            outcome,
            hops,
            client,
            scheme,
            authority,
            prefix,
            reported,
            is_canonical_text: _,
        } = self;
        (peer, outcome, hops, client) == (&other.peer, &other.outcome, &other.hops, &other.client)
            && (scheme, authority, prefix) == (&other.scheme, &other.authority, &other.prefix)
            && *reported == other.reported
    }
}

impl Eq for Resolved {}
