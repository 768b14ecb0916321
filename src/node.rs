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
//! A `port` above 65535 is refused, though the grammar has room for it.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// No address with a port is longer: two brackets, 45 bytes of IPv6, a colon and five digits.
pub(crate) const MAX_ADDRESS: usize = 64;

/// Who made or received a request, as a proxy names it: the value of `for` and `by` (RFC 7239 §6).
///
/// An address, `unknown`, or an obfuscated identifier such as `_gazonk`, each with an optional port.
/// [`Display`](fmt::Display) writes it as it stands on the wire, without the quotes that a
/// `Forwarded` field needs around a colon or a bracket.
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
    /// An address, exactly as it was written: `::ffff:192.0.2.1` stays IPv6 here.
    Address(IpAddr),
    /// `unknown`: the proxy forwarded a request whose sender it does not know (RFC 7239 §6.2).
    Unknown,
    /// A name that only the proxy understands (RFC 7239 §6.3).
    Obfuscated(Obfuscated<'a>),
}

/// The second half of a [`Node`] (RFC 7239 §6, `node-port`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodePort<'a> {
    /// A port number, 0 to 65535.
    Number(u16),
    /// A name that only the proxy understands (RFC 7239 §6).
    Obfuscated(Obfuscated<'a>),
}

/// An obfuscated identifier (RFC 7239 §6.3): `_`, then one or more of `A-Z a-z 0-9 . _ -`.
///
/// It never holds anything else, so it is safe to log and to write into a header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Obfuscated<'a>(Cow<'a, str>);

/// The text is no RFC 7239 node.
///
/// The text itself is left out: it may come from anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid node: expected an IPv4 address, an IPv6 address in brackets, `unknown`, \
     or an identifier that starts with `_`, then an optional port"
)]
pub struct InvalidNode(());

impl<'a> Node<'a> {
    /// Reads a node from the bytes of an unquoted value.
    ///
    /// # Errors
    ///
    /// Everything that is not a `node`: host names, IPv6 without brackets, IPv4 in brackets,
    /// leading zeros in an IPv4 address, zone identifiers, an empty port, a port above 65535.
    #[inline]
    pub fn parse(text: &'a [u8]) -> Result<Self, InvalidNode> {
        // What most nodes are, without a search for a colon.
        if let Some(ip) = ipv4(text) {
            return Ok(Self::from(IpAddr::V4(ip)));
        }
        let (name, port) = split_name(text).ok_or(InvalidNode(()))?;
        let port = match port {
            Some(port) => Some(NodePort::parse(port).ok_or(InvalidNode(()))?),
            None => None,
        };
        Ok(Self { name, port })
    }

    /// Who: an address, `unknown`, or an obfuscated identifier.
    pub fn name(&self) -> &NodeName<'a> {
        &self.name
    }

    /// The port after the colon, if one was written.
    pub fn port(&self) -> Option<&NodePort<'a>> {
        self.port.as_ref()
    }

    /// The address, or `None` where the proxy gave `unknown` or an obfuscated identifier.
    #[inline]
    pub fn ip(&self) -> Option<IpAddr> {
        match self.name {
            NodeName::Address(ip) => Some(ip),
            NodeName::Unknown | NodeName::Obfuscated(_) => None,
        }
    }

    /// The same node, borrowing nothing. Allocates for obfuscated identifiers alone.
    #[inline]
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

    /// The same node, borrowed from this one.
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

    /// The same node with its address canonical.
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

/// Splits at the colon that ends the name: the one after `]`, or the first.
fn split_name(text: &[u8]) -> Option<(NodeName<'_>, Option<&[u8]>)> {
    if let Some(bracketed) = text.strip_prefix(b"[") {
        let (address, rest) = split_once(bracketed, b']')?;
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

    /// The number, unless it is obfuscated.
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

    /// The identifier with its leading underscore.
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

/// Four decimal parts without leading zeros. A zero in front means octal to some readers and
/// nothing to others (CVE-2021-29922).
#[inline]
pub(crate) fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    ipv4_at_end(text).and_then(|(before, ip)| before.is_empty().then_some(ip))
}

/// The longest that the text ends with, and what stands before it.
#[inline]
pub(crate) fn ipv4_at_end(text: &[u8]) -> Option<(&[u8], Ipv4Addr)> {
    let (before, d) = last_octet(text)?;
    let (before, c) = last_octet(before.strip_suffix(b".")?)?;
    let (before, b) = last_octet(before.strip_suffix(b".")?)?;
    let (before, a) = last_octet(before.strip_suffix(b".")?)?;
    Some((before, Ipv4Addr::new(a, b, c, d)))
}

/// The `dec-octet` that the text ends with (RFC 3986 §3.2.2), of as many digits as can be one without
/// a leading zero, and what is before it.
#[inline]
fn last_octet(text: &[u8]) -> Option<(&[u8], u8)> {
    let digit = |byte: &u8| u16::from(byte - b'0');
    let (before, octet) = match text {
        [before @ .., a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            (before, digit(a) * 100 + digit(b) * 10 + digit(c))
        }
        [before @ .., a @ b'1'..=b'9', b @ b'0'..=b'9'] => (before, digit(a) * 10 + digit(b)),
        [before @ .., a @ b'0'..=b'9'] => (before, digit(a)),
        _ => return None,
    };
    u8::try_from(octet).ok().map(|octet| (before, octet))
}

/// RFC 3986 `IPv6address`: no brackets, no zone identifier. What the standard library's parser
/// takes, in a third of its time.
pub(crate) fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let (mut groups, mut count, mut gap) = ([0; 8], 0, None);
    let mut rest = text;
    if let Some(behind) = text.strip_prefix(b"::") {
        (rest, gap) = (behind, Some(0));
    }
    while !rest.is_empty() {
        let (group, behind) = h16(rest)?;
        if behind.starts_with(b".") {
            let [a, b, c, d] = ipv4(rest)?.octets();
            let last = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
            groups.get_mut(count..count + 2)?.copy_from_slice(&last);
            count += 2;
            break;
        }
        *groups.get_mut(count)? = group;
        count += 1;
        rest = match behind {
            [b':', b':', rest @ ..] if gap.is_none() => {
                gap = Some(count);
                rest
            }
            [b':', rest @ ..] if !rest.is_empty() => rest,
            [] => behind,
            _ => return None,
        };
    }
    match gap {
        None if count == groups.len() => {}
        // `::` stands for one group of zeros at least.
        Some(gap) if count < groups.len() => groups.get_mut(gap..)?.rotate_right(8 - count),
        _ => return None,
    }
    Some(Ipv6Addr::from(groups))
}

/// One to four hexadecimal digits, and what is behind them.
fn h16(text: &[u8]) -> Option<(u16, &[u8])> {
    let (mut group, mut length) = (0, 0);
    for digit in text.iter().take(4).map_while(|b| char::from(*b).to_digit(16)) {
        group = group << 4 | u16::try_from(digit).ok()?;
        length += 1;
    }
    (length > 0).then_some((group, text.split_at(length).1))
}

/// One to five digits, at most 65535. No sign: `u16::from_str` alone would take `+80`.
pub(crate) fn port(text: &[u8]) -> Option<u16> {
    let digits = (1..=5).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    let value = digits.then(|| text.iter().fold(0_u32, |n, b| n * 10 + u32::from(b - b'0')))?;
    u16::try_from(value).ok()
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

/// As [`Node::parse`].
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
