//! The reports of a `Forwarded` list, rightmost first.

use std::net::IpAddr;

use memchr::{memrchr, memrchr2};

use super::list::{List, MAX_ENTRY};
use super::report::Report;
use crate::forwarded::{Element, Grammar, Node, Value};
use crate::outcome::Unresolved;
use crate::syntax::ip::{MAX_ADDRESS, ipv4};
use crate::syntax::zone::WithoutZone;

/// Reads the next report to the left, with the tolerances.
#[inline]
pub(crate) fn next_report<'a>(list: &mut List<'a>) -> Option<Report<'a>> {
    list.next(last_comma).map(report)
}

fn report(element: &[u8]) -> Report<'_> {
    if element.is_empty() {
        return Report::unusable(Unresolved::ListEnds);
    }
    if element.len() > MAX_ENTRY {
        return Report::malformed();
    }
    // A comma inside the text stands in a quoted string that has no end.
    let Some(element) = Element::parse_whole(element, Grammar::Tolerant) else {
        return Report::malformed();
    };
    // An element may leave `for` out (RFC 7239 §5), which means the same as `unknown`.
    let unknown = || Report::unusable(Unresolved::Unknown);
    let sender = element.for_value().map_or_else(unknown, sender);
    Report { proto: element.proto(), host: element.host(), ..sender }
}

fn sender(value: Value<'_>) -> Report<'_> {
    // Most values are IPv4 addresses: the short way saves an eighth of the instructions of two hops
    // (`benches/instructions.rs`, November 2026).
    if let Some(ip) = ipv4(value.raw()) {
        return Report::of_ip(IpAddr::V4(ip));
    }
    match value.node() {
        Ok(node) => Report::of_node(node),
        Err(_) => zoned(value).map_or_else(Report::malformed, Report::of_zoned),
    }
}

/// Reads a node that is valid without its zone.
#[cold]
fn zoned(value: Value<'_>) -> Option<Node<'static>> {
    value.read::<MAX_ADDRESS, _>(|text| {
        let text = WithoutZone::of(text)?;
        Node::parse(text.text()).ok().map(Node::into_owned)
    })
}

/// Finds the comma in front of a line's last element.
///
/// Finds a well-formed element behind a comma exactly, whatever stands to its left. From right to left,
/// a comma outside quotes ends the element. A `"` closes a quoted string that opens at the nearest `"`
/// with an even number of backslashes before it. Every `"` inside has an odd number (RFC 9110 §5.6.4).
pub(crate) fn last_comma(line: &[u8]) -> Option<usize> {
    let mut unread = line;
    loop {
        let at = memrchr2(b',', b'"', unread)?;
        let (before, from) = unread.split_at(at);
        if from.starts_with(b",") {
            return Some(at);
        }
        unread = before.split_at(opening_quote(before)?).0;
    }
}

fn opening_quote(mut before: &[u8]) -> Option<usize> {
    loop {
        let quote = memrchr(b'"', before)?;
        before = before.split_at(quote).0;
        let slashes = before.iter().rev().take_while(|b| **b == b'\\').count();
        if slashes % 2 == 0 {
            return Some(quote);
        }
        before = before.split_at(quote - slashes).0;
    }
}
