//! The reports of a `Forwarded` list, rightmost first.

use std::net::IpAddr;

use memchr::{memrchr, memrchr2};

use super::list::{List, MAX_ENTRY};
use super::report::Report;
use crate::forwarded::{Element, Grammar, Node, Value};
use crate::outcome::Unresolved;
use crate::syntax::ip::MAX_ADDRESS;
use crate::syntax::zone::WithoutZone;

/// Reads the next report to the left, with the tolerances.
#[inline(always)]
pub(crate) fn next_report<'a>(list: &mut List<'a>) -> Option<Report<'a>> {
    list.next(last_comma).map(report)
}

#[inline(never)]
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
    let (proto, host) = (element.proto(), element.host());
    if let Some(ip) = element.for_ipv4() {
        return Report { proto, host, ..Report::of_ip(IpAddr::V4(ip)) };
    }
    match element.for_value() {
        Some(value) => Report { proto, host, ..sender(value) },
        // An element may leave `for` out (RFC 7239 §5), which means the same as `unknown`.
        None => Report { proto, host, ..Report::unusable(Unresolved::Unknown) },
    }
}

#[inline(never)]
fn sender(value: Value<'_>) -> Report<'_> {
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
#[inline(always)]
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
