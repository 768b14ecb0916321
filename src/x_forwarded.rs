//! The de facto `X-Forwarded-*` headers: plain lists, split at every comma.
//!
//! They have no specification. An address entry here is IPv4, or IPv6 bare or in brackets, with an
//! optional port behind IPv4 or a bracket, and an optional pair of quotes round it all. Quotes hide
//! no comma, because they do not for any proxy that appends to the list.

use http::{HeaderMap, HeaderName};

use crate::hops::{Hop, RightToLeft, trim};
use crate::node::{MAX_ADDRESS, Node, NodeName, NodePort, ipv6};
use crate::outcome::Unresolved;

/// The reports of an address list, rightmost first.
pub(crate) fn hops<'a>(mut lines: RightToLeft<'a>) -> impl Iterator<Item = Hop<'a>> {
    std::iter::from_fn(move || lines.next(split_last).map(hop))
}

/// The report of a header that holds one address: a second line or a list is malformed, since a
/// proxy that replaces what the client sent leaves neither.
pub(crate) fn single_hop<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<Hop<'a>> {
    let malformed = || Hop::unusable(Unresolved::Malformed);
    headers.contains_key(name).then(|| single(headers, name).map_or_else(malformed, hop))
}

/// The value of a header with one line that is no list.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut lines = headers.get_all(name).into_iter();
    let value = lines.next().filter(|_| lines.next().is_none())?;
    Some(trim(value.as_bytes())).filter(|value| !value.contains(&b','))
}

/// The `n`-th entry of a list from its right end; the rightmost is the first.
pub(crate) fn nth<'a>(headers: &'a HeaderMap, name: &HeaderName, n: u8) -> Option<&'a [u8]> {
    let mut lines = RightToLeft::new(headers, name);
    (1..n).try_for_each(|_| lines.next(split_last).map(drop))?;
    lines.next(split_last)
}

pub(crate) fn split_last(line: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match line.iter().rposition(|b| *b == b',') {
        Some(comma) => (Some(line.split_at(comma).0), line.split_at(comma + 1).1),
        None => (None, line),
    }
}

fn hop(entry: &[u8]) -> Hop<'_> {
    match entry {
        [] => Hop::unusable(Unresolved::Missing),
        _ => match address(entry) {
            Some(node) => Hop::new(node),
            None => Hop::unusable(Unresolved::Malformed),
        },
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
    if !text.starts_with(b"[") && text.iter().filter(|b| **b == b':').count() > 1 {
        return Some(Node::from(std::net::IpAddr::V6(ipv6(text)?)));
    }
    let node = Node::parse(text).ok()?;
    let named = matches!(node.name(), NodeName::Obfuscated(_));
    (!named && !matches!(node.port(), Some(NodePort::Obfuscated(_)))).then_some(node)
}
