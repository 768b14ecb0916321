//! Headers that hold one value.

use std::net::{IpAddr, SocketAddr};

use super::lines::Lines;
use super::list::{MAX_ENTRY, trim};
use super::report::Report;
use super::x_forwarded;
use crate::outcome::Absent;
use crate::syntax::ip::{MAX_ADDRESS, ipv4, ipv6, port};
use crate::syntax::prefix::{join, prefix};
use crate::syntax::zone::WithoutZone;

/// Returns the value whose equal copies are all entries of all lines. Nearly always there is one line
/// without a comma.
#[inline]
pub(crate) fn value<'a>(lines: &Lines<'a>) -> Result<&'a [u8], Absent> {
    only_value(lines).map_or_else(|| copied_value(lines), Ok)
}

/// Returns the value of a header with one line that is no list.
#[inline]
fn only_value<'a>(lines: &Lines<'a>) -> Option<&'a [u8]> {
    let value = trim(lines.single()?.as_bytes());
    (!value.contains(&b',')).then_some(value)
}

#[cold]
fn copied_value<'a>(lines: &Lines<'a>) -> Result<&'a [u8], Absent> {
    let mut list = lines.right_to_left();
    let value = list.next(x_forwarded::last_comma).ok_or(Absent::NotSent)?;
    // A longer entry would come again and again.
    if value.len() > MAX_ENTRY {
        return Err(Absent::NotValid);
    }
    while let Some(entry) = list.next(x_forwarded::last_comma) {
        if entry != value {
            return Err(Absent::Differ);
        }
    }
    Ok(value)
}

/// Reads the entries of all lines as the parts of one prefix, first to last.
#[cold]
pub(crate) fn joined_prefix(lines: &Lines<'_>) -> Result<Box<str>, Absent> {
    let mut list = lines.right_to_left();
    let innermost = list.next(x_forwarded::last_comma).ok_or(Absent::NotSent)?;
    let mut path = prefix(innermost).ok_or(Absent::NotValid)?;
    while let Some(entry) = list.next(x_forwarded::last_comma) {
        let part = prefix(entry).ok_or(Absent::NotValid)?;
        path = join(&part, &path).ok_or(Absent::NotValid)?;
    }
    Ok(path)
}

/// Reads the report of a header with one address. A second line or a list is malformed: a proxy that
/// replaces the client's header leaves neither.
pub(crate) fn address<'a>(lines: &Lines<'a>) -> Option<Report<'a>> {
    report(lines, x_forwarded::report)
}

/// Reads the report of a header with one address and its port, behind the last colon:
/// `203.0.113.7:4711`, `2001:db8::7:4711`.
///
/// The port is required. Without it, the end of an IPv6 address would be read as a port.
pub(crate) fn address_and_port<'a>(lines: &Lines<'a>) -> Option<Report<'a>> {
    report(lines, |text| ip_and_port(text).unwrap_or_else(Report::malformed))
}

fn report<'a>(lines: &Lines<'a>, read: impl Fn(&'a [u8]) -> Report<'a>) -> Option<Report<'a>> {
    if lines.is_absent() {
        return None;
    }
    Some(only_value(lines).map_or_else(Report::malformed, read))
}

fn ip_and_port(text: &[u8]) -> Option<Report<'static>> {
    if text.len() > MAX_ADDRESS {
        return None;
    }
    let colon = text.iter().rposition(|b| *b == b':')?;
    let (before, digits) = (text.get(..colon)?, text.get(colon + 1..)?);
    let port = port(digits)?;
    if let Some(ip) = ip(before) {
        return Some(Report::of_node(SocketAddr::new(ip, port).into()));
    }
    let ip = ip(WithoutZone::of(before)?.text())?;
    Some(Report::of_zoned(SocketAddr::new(ip, port).into()))
}

fn ip(text: &[u8]) -> Option<IpAddr> {
    match text {
        [b'[', inner @ .., b']'] => ipv6(inner).map(IpAddr::from),
        _ => ipv4(text).map(IpAddr::from).or_else(|| ipv6(text).map(IpAddr::from)),
    }
}
