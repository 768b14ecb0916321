//! The de facto `X-Forwarded-*` lists, split at every comma.
//!
//! They have no specification. An address entry is IPv4, or IPv6 bare or in brackets. A port may follow
//! IPv4 or a bracket, and a pair of quotes may enclose it all. Quotes hide no comma, because they do not
//! for any proxy that appends to the list. nginx writes `unix:` for a client at a Unix socket.

use std::net::IpAddr;

use super::lines::Lines;
use super::list::List;
use super::report::{Form, Report};
use crate::forwarded::Node;
use crate::outcome::{Absent, Unresolved};
use crate::syntax::ip::{MAX_ADDRESS, ipv4_at_end, ipv6};
use crate::syntax::scheme::WebScheme;
use crate::syntax::zone::WithoutZone;

/// Reads the next report to the left in an address list.
#[inline(always)]
pub(crate) fn next_report<'a>(list: &mut List<'a>) -> Option<Report<'a>> {
    match ipv4_report(list) {
        None => list.next(last_comma).map(report),
        report => report,
    }
}

/// Reads the next report if it is an IPv4 address, as most are.
#[inline(always)]
fn ipv4_report<'a>(list: &mut List<'a>) -> Option<Report<'a>> {
    let (before, ip) = ipv4_at_end(list.line()?)?;
    let is_alone = list.skip_to(before)?;
    let form = if is_alone { Form::Canonical } else { Form::Other };
    Some(Report { form, ..Report::of_ip(IpAddr::V4(ip)) })
}

/// Returns an entry of a list by its place from the right end; the rightmost is 1.
pub(crate) fn nth<'a>(lines: &Lines<'a>, place: usize) -> Option<&'a [u8]> {
    at(lines, place)?.next(last_comma)
}

/// Reads the entry at this place as a scheme.
pub(crate) fn nth_scheme(lines: &Lines<'_>, place: usize) -> Result<WebScheme, Absent> {
    let mut list = at(lines, place).ok_or(Absent::NotSent)?;
    if let Some(scheme) = scheme_at_end(&mut list) {
        return Ok(scheme);
    }
    let entry = list.next(last_comma).ok_or(Absent::NotSent)?;
    WebScheme::parse(entry).ok_or(Absent::NotValid)
}

#[inline(always)]
fn scheme_at_end(list: &mut List<'_>) -> Option<WebScheme> {
    let (before, scheme) = WebScheme::at_end(list.line()?)?;
    list.skip_to(before).map(|_| scheme)
}

/// Reads the scheme of all entries of all lines.
pub(crate) fn common_scheme(lines: &Lines<'_>) -> Result<WebScheme, Absent> {
    let scheme = nth_scheme(lines, 1)?;
    let mut list = lines.right_to_left();
    while let Some(entry) = list.next(last_comma) {
        if WebScheme::parse(entry) != Some(scheme) {
            return Err(Absent::ExtraLines);
        }
    }
    Ok(scheme)
}

/// Returns a list from this place on. `None` if the list is too short.
#[inline(always)]
fn at<'a>(lines: &Lines<'a>, place: usize) -> Option<List<'a>> {
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
pub(crate) fn report(entry: &[u8]) -> Report<'_> {
    match address(unquoted(entry)) {
        Some(node) => Report::of_node(node),
        None => other_form(entry),
    }
}

#[cold]
fn other_form(entry: &[u8]) -> Report<'_> {
    if entry.is_empty() {
        return Report::unusable(Unresolved::ListEnds);
    }
    if entry == b"unix:" {
        return Report { form: Form::UnixSocket, ..Report::unusable(Unresolved::Unknown) };
    }
    let text = WithoutZone::of(unquoted(entry));
    let node = text.as_ref().and_then(|text| address(text.text()));
    node.map_or_else(Report::malformed, Report::of_zoned)
}

fn unquoted(entry: &[u8]) -> &[u8] {
    match entry {
        [b'"', inner @ .., b'"'] => inner,
        _ => entry,
    }
}

/// Reads an address, or `unknown`, which Squid writes.
fn address(text: &[u8]) -> Option<Node<'_>> {
    if text.len() > MAX_ADDRESS {
        return None;
    }
    let Ok(node) = Node::parse(text) else {
        return ipv6(text).map(|ip| Node::from(IpAddr::V6(ip)));
    };
    (!node.has_identifier()).then_some(node)
}
