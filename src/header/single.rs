//! Headers that hold one value.

use std::net::{IpAddr, SocketAddr};

use super::lines::Lines;
use super::list::trim;
use super::report::Report;
use super::x_forwarded;
use crate::forwarded::Node;
use crate::outcome::Unresolved;
use crate::syntax::ip::{MAX_ADDRESS, ipv4, ipv6, port};

/// Returns the value of a header with one line that is no list.
pub(crate) fn value(lines: Lines<'_>) -> Option<&[u8]> {
    let value = trim(lines.single()?.as_bytes());
    (!value.contains(&b',')).then_some(value)
}

/// Reads the report of a header with one address. A second line or a list is malformed: a proxy that
/// replaces the client's header leaves neither.
pub(crate) fn address(lines: Lines<'_>) -> Option<Report<'_>> {
    report(lines, x_forwarded::report)
}

/// Reads the report of a header with one address and its port, behind the last colon:
/// `203.0.113.7:4711`, `2001:db8::7:4711`.
///
/// The port is required. Without it, the end of an IPv6 address would be read as a port.
pub(crate) fn address_and_port(lines: Lines<'_>) -> Option<Report<'_>> {
    report(lines, |text| {
        let malformed = || Report::unusable(Unresolved::Malformed);
        ip_and_port(text).map_or_else(malformed, Report::of_node)
    })
}

fn report<'a>(lines: Lines<'a>, read: impl Fn(&'a [u8]) -> Report<'a>) -> Option<Report<'a>> {
    if lines.is_absent() {
        return None;
    }
    let malformed = || Report::unusable(Unresolved::Malformed);
    Some(value(lines).map_or_else(malformed, read))
}

fn ip_and_port(text: &[u8]) -> Option<Node<'static>> {
    if text.len() > MAX_ADDRESS {
        return None;
    }
    let colon = text.iter().rposition(|b| *b == b':')?;
    let (before, digits) = (text.get(..colon)?, text.get(colon + 1..)?);
    Some(SocketAddr::new(ip(before)?, port(digits)?).into())
}

fn ip(text: &[u8]) -> Option<IpAddr> {
    match text {
        [b'[', inner @ .., b']'] => ipv6(inner).map(IpAddr::from),
        _ => ipv4(text).map(IpAddr::from).or_else(|| ipv6(text).map(IpAddr::from)),
    }
}
