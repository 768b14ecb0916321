//! The de facto `X-Forwarded-*` headers: plain lists, split at every comma.
//!
//! They have no specification. An address entry here is IPv4, or IPv6 bare or in brackets, with an
//! optional port behind IPv4 or a bracket, and an optional pair of quotes round it all. Quotes hide
//! no comma, because they do not for any proxy that appends to the list.

use std::net::IpAddr;

use crate::authority::WebScheme;
use crate::hops::{Hop, RightToLeft, trim};
use crate::lines::Lines;
use crate::node::{MAX_ADDRESS, Node, ipv4_at_end, ipv6};
use crate::outcome::Unresolved;

/// The reports of an address list, rightmost first.
#[inline]
pub(crate) fn hops<'a>(mut lines: RightToLeft<'a>) -> impl Iterator<Item = Hop<'a>> {
    std::iter::from_fn(move || match lines.next_at_end(ipv4_at_end) {
        Some((ip, is_plain)) => Some(Hop { is_plain, ..Hop::of_ip(IpAddr::V4(ip)) }),
        None => lines.next(last_comma).map(hop),
    })
}

/// The report of a header that holds one address: a second line or a list is malformed, since a
/// proxy that replaces what the client sent leaves neither.
pub(crate) fn single_hop<'a>(
    lines: Lines<'a>,
    hop: impl Fn(&'a [u8]) -> Hop<'a>,
) -> Option<Hop<'a>> {
    let malformed = || Hop::unusable(Unresolved::Malformed);
    (!lines.is_absent()).then(|| single(lines).map_or_else(malformed, hop))
}

/// The value of a header with one line that is no list.
pub(crate) fn single(lines: Lines<'_>) -> Option<&[u8]> {
    let value = trim(lines.single()?.as_bytes());
    Some(value).filter(|value| !value.contains(&b','))
}

/// The `n`-th entry of a list from its right end; the rightmost is the first.
pub(crate) fn nth(lines: Lines<'_>, n: u8) -> Option<&[u8]> {
    from_nth(lines, n)?.next(last_comma)
}

/// The `n`-th entry, read as a scheme.
pub(crate) fn nth_scheme(lines: Lines<'_>, n: u8) -> Option<WebScheme> {
    let mut lines = from_nth(lines, n)?;
    match lines.next_at_end(WebScheme::at_end) {
        Some((scheme, _)) => Some(scheme),
        None => lines.next(last_comma).and_then(WebScheme::parse),
    }
}

/// A list without the entries to the right of its `n`-th.
#[inline]
fn from_nth(lines: Lines<'_>, n: u8) -> Option<RightToLeft<'_>> {
    let mut lines = lines.right_to_left();
    (1..n).try_for_each(|_| lines.next(last_comma).map(drop))?;
    Some(lines)
}

#[inline]
pub(crate) fn last_comma(line: &[u8]) -> Option<usize> {
    memchr::memrchr(b',', line)
}

#[inline]
pub(crate) fn hop(entry: &[u8]) -> Hop<'_> {
    match address(entry) {
        Some(node) => Hop::of_node(node),
        None if entry.is_empty() => Hop::unusable(Unresolved::Missing),
        None => Hop::unusable(Unresolved::Malformed),
    }
}

/// An address entry, or `unknown`, which Squid writes.
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
