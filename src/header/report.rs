//! What one proxy wrote about the request that it received.

use std::net::IpAddr;

use crate::forwarded::{Node, NodeName, NodePort, Value};
use crate::outcome::Unresolved;
use crate::syntax::zone::may_have_zone;

/// One proxy's report.
pub(crate) struct Report<'a> {
    /// The sender of the request that the proxy received.
    pub(crate) client: Client,
    /// The scheme of that request, if the element has it.
    pub(crate) proto: Option<Value<'a>>,
    /// The host of that request, if the element has it.
    pub(crate) host: Option<Value<'a>>,
    pub(crate) form: Form,
}

/// How the sender is written in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The rest of the line is the address as this crate writes it, and nothing else. It need not be
    /// written to be compared.
    Canonical,
    /// An address with a zone, which names a link of the proxy that reported it.
    Zone,
    /// `unix:`: the sender is at a Unix socket of the proxy that reported it.
    UnixSocket,
    Other,
}

/// The client in a report: nearly always an address, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// Canonical: IPv4 if it was IPv4-mapped.
    pub(crate) address: Result<IpAddr, Unresolved>,
    port: Option<u16>,
    /// The whole node, if it has an identifier.
    identifier: Option<Box<Node<'static>>>,
}

impl Client {
    #[inline(always)]
    pub(crate) fn of_ip(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        Self::of(if can_send(ip) { Ok(ip) } else { Err(Unresolved::Malformed) })
    }

    #[inline(always)]
    pub(crate) fn of_node(node: Node<'_>) -> Self {
        let client = match node.name() {
            NodeName::Address(ip) => Self::of_ip(*ip),
            NodeName::Unknown => Self::unusable(Unresolved::Unknown),
            NodeName::Obfuscated(_) => Self::unusable(Unresolved::Obfuscated),
        };
        if let Err(Unresolved::Malformed) = client.address {
            return client;
        }
        // Port 0 is no port.
        let port = node.port().and_then(NodePort::number).filter(|port| *port != 0);
        let identifier = node.has_identifier().then(|| Box::new(node.canonical().into_owned()));
        Self { port, identifier, ..client }
    }

    #[inline(always)]
    pub(crate) fn unusable(why: Unresolved) -> Self {
        Self::of(Err(why))
    }

    #[inline(always)]
    fn of(address: Result<IpAddr, Unresolved>) -> Self {
        Self { address, port: None, identifier: None }
    }

    /// Returns the port of an address.
    pub(crate) fn port(&self) -> Option<u16> {
        self.address.ok().and(self.port)
    }

    /// Returns the client as a node. `None` if the report has no valid node.
    pub(crate) fn node(&self) -> Option<Node<'_>> {
        match (&self.identifier, self.address) {
            (Some(node), _) => Some(node.borrowed()),
            (None, Ok(ip)) => Some(Node::new(NodeName::Address(ip), self.port)),
            (None, Err(Unresolved::Unknown)) => Some(Node::new(NodeName::Unknown, self.port)),
            (None, Err(_)) => None,
        }
    }
}

impl Report<'_> {
    #[inline]
    pub(crate) fn of_ip(ip: IpAddr) -> Self {
        Self::of(Client::of_ip(ip))
    }

    #[inline(always)]
    pub(crate) fn of_node(node: Node<'_>) -> Self {
        Self::of(Client::of_node(node))
    }

    #[inline]
    pub(crate) fn unusable(why: Unresolved) -> Self {
        Self::of(Client::unusable(why))
    }

    #[inline(always)]
    pub(crate) fn malformed() -> Self {
        Self::unusable(Unresolved::Malformed)
    }

    /// Reports a node whose zone was removed. Malformed if this address has no zone.
    pub(crate) fn of_zoned(node: Node<'_>) -> Self {
        if node.ip().is_some_and(may_have_zone) {
            Self { form: Form::Zone, ..Self::of_node(node) }
        } else {
            Self::malformed()
        }
    }

    #[inline]
    pub(crate) fn of(client: Client) -> Self {
        Self { client, proto: None, host: None, form: Form::Other }
    }
}

/// Returns whether a request can come from this address.
#[inline(always)]
fn can_send(ip: IpAddr) -> bool {
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(ip.is_unspecified() || ip.is_multicast() || broadcast)
}
