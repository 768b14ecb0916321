//! What was decided.

use std::net::{IpAddr, SocketAddr};

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
    pub(crate) sent: Sent,
}

/// Each request carries it in its extensions, and each copy is that large.
const _: () = assert!(size_of::<Resolved>() <= 96);

/// A fact about the headers that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The line of the report is one address, as this crate writes it, and nothing else.
    CanonicalAddress,
    /// The header of the report holds more than this crate writes: other entries, on its line or on others.
    MoreEntries,
    /// The peer is not trusted, and the request carries a forwarding header.
    UntrustedHeaders,
    Other,
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
        sent: Sent,
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
            sent,
        }
    }

    pub(crate) fn has_untrusted_headers(&self) -> bool {
        self.sent == Sent::UntrustedHeaders
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
        let Self { peer, outcome, hops, client, scheme, authority, prefix, reported, sent: _ } =
            self;
        (peer, outcome, hops, client) == (&other.peer, &other.outcome, &other.hops, &other.client)
            && (scheme, authority, prefix) == (&other.scheme, &other.authority, &other.prefix)
            && *reported == other.reported
            && self.has_untrusted_headers() == other.has_untrusted_headers()
    }
}

impl Eq for Resolved {}
