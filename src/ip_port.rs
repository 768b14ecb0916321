//! A vendor's header with one address and its port: `203.0.113.7:4711`, `2001:db8::7:4711`.
//!
//! The port stands behind the last colon. It has to be there: without one, the end of an IPv6
//! address would be taken for it.

use std::net::{IpAddr, SocketAddr};

use crate::hops::Hop;
use crate::node::{MAX_ADDRESS, Node, ipv4, ipv6, port};
use crate::outcome::Unresolved;

/// Its report.
pub(crate) fn hop(text: &[u8]) -> Hop<'_> {
    address(text).map_or_else(|| Hop::unusable(Unresolved::Malformed), Hop::of_node)
}

fn address(text: &[u8]) -> Option<Node<'static>> {
    let colon = text.iter().rposition(|b| *b == b':').filter(|_| text.len() <= MAX_ADDRESS)?;
    let (ip, port) = (text.get(..colon)?, text.get(colon + 1..)?);
    Some(SocketAddr::new(self::ip(ip)?, self::port(port)?).into())
}

fn ip(text: &[u8]) -> Option<IpAddr> {
    match text {
        [b'[', inner @ .., b']'] => ipv6(inner).map(IpAddr::from),
        _ => ipv4(text).map(IpAddr::from).or_else(|| ipv6(text).map(IpAddr::from)),
    }
}
