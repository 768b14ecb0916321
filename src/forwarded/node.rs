//! RFC 7239 §6 nodes, and the addresses inside them.
//!
//! ```text
//! node     = nodename [ ":" node-port ]
//! nodename = IPv4address / "[" IPv6address "]" / "unknown" / obfnode
//! IPv4address = <Defined in RFC 3986, Section 3.2.2>
//! IPv6address = <Defined in RFC 3986, Section 3.2.2>
//! obfnode  = "_" 1*( ALPHA / DIGIT / "." / "_" / "-")
//! node-port = port / obfport
//! port     = 1*5DIGIT
//! obfport  = "_" 1*(ALPHA / DIGIT / "." / "_" / "-")
//! ```
//!
//! A `port` above 65535 is refused, though the grammar allows it.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::syntax::ip::{ipv4, ipv6, port};

/// The value of `for` and `by`: the sender or the receiver of a request (RFC 7239 §6).
///
/// An address, `unknown`, or an obfuscated identifier such as `_gazonk`, each with an optional port.
/// [`Display`](fmt::Display) writes the node without the quotes that a `Forwarded` field needs around
/// a colon or a bracket.
///
/// ```
/// use forwarded_headers::forwarded::{Node, NodeName, NodePort};
///
/// let node: Node = "[2001:db8:cafe::17]:4711".parse()?;
/// assert_eq!(node.ip(), Some("2001:db8:cafe::17".parse().unwrap()));
/// assert_eq!(node.port(), Some(&NodePort::Number(4711)));
///
/// let hidden: Node = "_gazonk".parse()?;
/// assert!(matches!(hidden.name(), NodeName::Obfuscated(id) if id.as_str() == "_gazonk"));
/// assert_eq!(hidden.ip(), None);
///
/// assert!("example.com".parse::<Node>().is_err());
/// # Ok::<(), forwarded_headers::forwarded::InvalidNode>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node<'a> {
    name: NodeName<'a>,
    port: Option<NodePort<'a>>,
}

/// The first half of a [`Node`] (RFC 7239 §6, `nodename`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeName<'a> {
    /// An address as it was written: `::ffff:192.0.2.1` stays IPv6.
    Address(IpAddr),
    /// `unknown`: the proxy does not know the sender (RFC 7239 §6.2).
    Unknown,
    /// An identifier that only the proxy understands (RFC 7239 §6.3).
    Obfuscated(Obfuscated<'a>),
}

/// The second half of a [`Node`] (RFC 7239 §6, `node-port`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodePort<'a> {
    /// A port number, 0 to 65535.
    Number(u16),
    /// An identifier that only the proxy understands (RFC 7239 §6).
    Obfuscated(Obfuscated<'a>),
}

/// An obfuscated identifier (RFC 7239 §6.3): `_`, then one or more of `A-Z a-z 0-9 . _ -`.
///
/// It holds no other byte, so it is safe to log and to write into a header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Obfuscated<'a>(Cow<'a, str>);

/// The error for a text that is not an RFC 7239 node.
///
/// It holds nothing of the text, which a client may have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid node: expected an IPv4 address, an IPv6 address in brackets, `unknown`, \
     or an identifier that starts with `_`, then an optional port"
)]
pub struct InvalidNode(());

impl<'a> Node<'a> {
    /// Reads a node from the bytes of an unquoted value.
    ///
    /// ```
    /// use forwarded_headers::forwarded::Node;
    ///
    /// assert_eq!(Node::parse(b"192.0.2.43:80").unwrap().to_string(), "192.0.2.43:80");
    /// assert!(Node::parse(b"2001:db8::1").is_err()); // IPv6 needs brackets
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error for every text that is not a `node`:
    ///
    /// - host names and zone identifiers;
    /// - IPv6 without brackets, IPv4 in brackets, leading zeros in an IPv4 address;
    /// - an empty port, a port above 65535.
    #[inline]
    pub fn parse(text: &'a [u8]) -> Result<Self, InvalidNode> {
        // Most nodes are IPv4 addresses: no search for a colon.
        match ipv4(text) {
            Some(ip) => Ok(Self::from(IpAddr::V4(ip))),
            None => Self::parse_rare(text).ok_or(InvalidNode(())),
        }
    }

    /// Reads a node that is not an IPv4 address alone.
    #[inline(always)]
    fn parse_rare(text: &'a [u8]) -> Option<Self> {
        let (name, port) = split_name(text)?;
        let port = match port {
            Some(port) => Some(NodePort::parse(port)?),
            None => None,
        };
        Some(Self { name, port })
    }

    /// Returns the name: an address, `unknown`, or an obfuscated identifier.
    #[must_use]
    pub fn name(&self) -> &NodeName<'a> {
        &self.name
    }

    /// Returns the port after the colon, if the node has one.
    #[must_use]
    pub fn port(&self) -> Option<&NodePort<'a>> {
        self.port.as_ref()
    }

    /// Returns the address. `None` for `unknown` and for an obfuscated identifier.
    #[inline]
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self.name {
            NodeName::Address(ip) => Some(ip),
            NodeName::Unknown | NodeName::Obfuscated(_) => None,
        }
    }

    /// Converts into a node that borrows nothing. Allocates only for obfuscated identifiers.
    #[inline]
    #[must_use]
    pub fn into_owned(self) -> Node<'static> {
        let name = match self.name {
            NodeName::Address(ip) => NodeName::Address(ip),
            NodeName::Unknown => NodeName::Unknown,
            NodeName::Obfuscated(id) => NodeName::Obfuscated(id.into_owned()),
        };
        let port = self.port.map(|port| match port {
            NodePort::Number(number) => NodePort::Number(number),
            NodePort::Obfuscated(id) => NodePort::Obfuscated(id.into_owned()),
        });
        Node { name, port }
    }

    /// Borrows a node from this one.
    pub(crate) fn borrowed(&self) -> Node<'_> {
        let name = match &self.name {
            NodeName::Address(ip) => NodeName::Address(*ip),
            NodeName::Unknown => NodeName::Unknown,
            NodeName::Obfuscated(id) => NodeName::Obfuscated(id.borrowed()),
        };
        let port = self.port.as_ref().map(|port| match port {
            NodePort::Number(number) => NodePort::Number(*number),
            NodePort::Obfuscated(id) => NodePort::Obfuscated(id.borrowed()),
        });
        Node { name, port }
    }

    pub(crate) fn new(name: NodeName<'a>, port: Option<u16>) -> Self {
        Self { name, port: port.map(NodePort::Number) }
    }

    /// Converts an IPv4-mapped address into IPv4.
    pub(crate) fn canonical(self) -> Self {
        match self.name {
            NodeName::Address(ip) => Self { name: NodeName::Address(ip.to_canonical()), ..self },
            NodeName::Unknown | NodeName::Obfuscated(_) => self,
        }
    }

    pub(crate) fn has_identifier(&self) -> bool {
        matches!(self.name, NodeName::Obfuscated(_))
            || matches!(self.port, Some(NodePort::Obfuscated(_)))
    }
}

/// Splits at the colon that ends the name: the one behind `]`, or the first.
#[inline(always)]
fn split_name(text: &[u8]) -> Option<(NodeName<'_>, Option<&[u8]>)> {
    if let Some(bracketed) = text.strip_prefix(b"[") {
        // Neither the address nor the port has another bracket, and the port is shorter.
        let bracket = bracketed.iter().rposition(|b| *b == b']')?;
        let (address, rest) = (bracketed.get(..bracket)?, bracketed.get(bracket + 1..)?);
        let port = match rest {
            [] => None,
            [b':', port @ ..] => Some(port),
            _ => return None,
        };
        return Some((NodeName::Address(ipv6(address)?.into()), port));
    }
    match split_once(text, b':') {
        Some((name, port)) => Some((unbracketed_name(name)?, Some(port))),
        None => Some((unbracketed_name(text)?, None)),
    }
}

fn unbracketed_name(name: &[u8]) -> Option<NodeName<'_>> {
    match name.first()? {
        b'0'..=b'9' => Some(NodeName::Address(ipv4(name)?.into())),
        b'_' => Some(NodeName::Obfuscated(Obfuscated::parse(name)?)),
        _ => name.eq_ignore_ascii_case(b"unknown").then_some(NodeName::Unknown),
    }
}

impl<'a> NodePort<'a> {
    fn parse(text: &'a [u8]) -> Option<Self> {
        match text.first()? {
            b'_' => Some(Self::Obfuscated(Obfuscated::parse(text)?)),
            _ => Some(Self::Number(port(text)?)),
        }
    }

    /// Returns the port number. `None` for an obfuscated port.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Obfuscated(_) => None,
        }
    }
}

impl<'a> Obfuscated<'a> {
    fn parse(text: &'a [u8]) -> Option<Self> {
        let (b'_', rest) = text.split_first()? else { return None };
        let valid = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if rest.is_empty() || !rest.iter().all(valid) {
            return None;
        }
        Some(Self(Cow::Borrowed(std::str::from_utf8(text).ok()?)))
    }

    /// Returns the identifier, with its leading underscore.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn borrowed(&self) -> Obfuscated<'_> {
        Obfuscated(Cow::Borrowed(&self.0))
    }

    fn into_owned(self) -> Obfuscated<'static> {
        Obfuscated(Cow::Owned(self.0.into_owned()))
    }
}

fn split_once(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = text.iter().position(|b| *b == at)?;
    let (head, tail) = text.split_at_checked(position)?;
    Some((head, tail.split_first()?.1))
}

impl From<IpAddr> for Node<'_> {
    fn from(ip: IpAddr) -> Self {
        Self { name: NodeName::Address(ip), port: None }
    }
}

impl From<SocketAddr> for Node<'_> {
    fn from(address: SocketAddr) -> Self {
        let port = Some(NodePort::Number(address.port()));
        Self { name: NodeName::Address(address.ip()), port }
    }
}

/// Reads a node as [`Node::parse`] does.
impl FromStr for Node<'static> {
    type Err = InvalidNode;

    fn from_str(text: &str) -> Result<Self, InvalidNode> {
        Node::parse(text.as_bytes()).map(Node::into_owned)
    }
}

impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)?;
        match &self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for NodeName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V4(ip)) => ip.fmt(f),
            Self::Address(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Unknown => f.write_str("unknown"),
            Self::Obfuscated(id) => id.fmt(f),
        }
    }
}

impl fmt::Display for NodePort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Obfuscated(id) => id.fmt(f),
        }
    }
}

impl fmt::Display for Obfuscated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
