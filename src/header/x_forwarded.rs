//! The de facto `X-Forwarded-*` lists, split at every comma.
//!
//! They have no specification. An address entry is IPv4, or IPv6 bare or in brackets. A port may follow
//! IPv4 or a bracket, and a pair of quotes may enclose it all. Quotes hide no comma, because they do not
//! for any proxy that appends to the list.

use std::net::IpAddr;

use super::lines::Lines;
use super::list::List;
use super::report::Report;
use crate::forwarded::Node;
use crate::outcome::Unresolved;
use crate::syntax::ip::{MAX_ADDRESS, ipv4_at_end, ipv6};
use crate::syntax::scheme::WebScheme;

/// Reads the next report to the left in an address list.
#[inline]
pub(crate) fn next_report<'a>(list: &mut List<'a>) -> Option<Report<'a>> {
    match list.next_at_end(ipv4_at_end) {
        Some((ip, is_canonical_text)) => {
            Some(Report { is_canonical_text, ..Report::of_ip(IpAddr::V4(ip)) })
        }
        None => list.next(last_comma).map(report),
    }
}

/// Returns an entry of a list by its place from the right end; the rightmost is 1.
pub(crate) fn nth(lines: Lines<'_>, place: usize) -> Option<&[u8]> {
    at(lines, place)?.next(last_comma)
}

/// Reads the entry at this place as a scheme.
pub(crate) fn nth_scheme(lines: Lines<'_>, place: usize) -> Option<WebScheme> {
    let mut list = at(lines, place)?;
    match list.next_at_end(WebScheme::at_end) {
        Some((scheme, _)) => Some(scheme),
        None => list.next(last_comma).and_then(WebScheme::parse),
    }
}

/// Returns a list from this place on. `None` if the list is too short.
#[inline]
fn at(lines: Lines<'_>, place: usize) -> Option<List<'_>> {
    let mut list = lines.right_to_left();
    list.skip(place.saturating_sub(1), last_comma)?;
    Some(list)
}

/// Finds the comma in front of a line's last entry.
#[inline]
pub(crate) fn last_comma(line: &[u8]) -> Option<usize> {
    memchr::memrchr(b',', line)
}

/// Reads one entry as a report.
#[inline]
pub(crate) fn report(entry: &[u8]) -> Report<'_> {
    match address(entry) {
        Some(node) => Report::of_node(node),
        None if entry.is_empty() => Report::unusable(Unresolved::ListEnds),
        None => Report::unusable(Unresolved::Malformed),
    }
}

/// Reads an address, or `unknown`, which Squid writes.
fn address(entry: &[u8]) -> Option<Node<'_>> {
    let text = match entry {
        [b'"', inner @ .., b'"'] => inner,
        _ => entry,
    };
    if text.len() > MAX_ADDRESS {
        return None;
    }
    let Ok(node) = Node::parse(text) else {
        return ipv6(text).map(|ip| Node::from(IpAddr::V6(ip)));
    };
    (!node.has_identifier()).then_some(node)
}
