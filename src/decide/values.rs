//! The values that stand beside the client: scheme, host, port and prefix.

use super::scan::Found;
use super::walk::Walk;
use crate::config::{Config, SchemeFrom, Writing};
use crate::header::lines::Lines;
use crate::header::{single, x_forwarded};
use crate::outcome::Absent;
use crate::syntax::authority::{Authority, MAX_AUTHORITY, host_port};
use crate::syntax::prefix::prefix;
use crate::syntax::scheme::{MAX_SCHEME, WebScheme};

/// The values that trusted proxies reported, or why each is absent.
pub(super) struct Values {
    pub(super) scheme: Result<WebScheme, Absent>,
    pub(super) host: Result<Authority, Absent>,
    pub(super) port: Result<u16, Absent>,
    pub(super) prefix: Result<Box<str>, Absent>,
}

impl Values {
    #[inline(always)]
    pub(super) fn read(config: &Config, found: &Found<'_>, walk: &Walk<'_>) -> Self {
        let place = walk.entries(config);
        Self {
            scheme: scheme(config, found, walk, place),
            host: host(config, found, walk, place),
            port: port(config, found, place),
            prefix: path_prefix(config, found, place),
        }
    }

    /// Returns no value, for this reason.
    #[cold]
    pub(super) fn absent(why: Absent) -> Self {
        Self { scheme: Err(why), host: Err(why), port: Err(why), prefix: Err(why) }
    }
}

/// Reads the scheme: beside the client (RFC 7239 §1), or the rightmost entry of its own list, which is
/// the nearest proxy's.
#[inline(always)]
fn scheme(
    config: &Config,
    found: &Found<'_>,
    walk: &Walk<'_>,
    place: usize,
) -> Result<WebScheme, Absent> {
    match config.scheme {
        SchemeFrom::List(_) => listed_scheme(config, &found.scheme(), place),
        SchemeFrom::OnOff(_) => {
            valid(single_value(config, &found.scheme(), place)?, WebScheme::parse_on_off)
        }
        SchemeFrom::Forwarded => {
            let proto = walk.last.proto.ok_or(Absent::NotSent)?;
            proto.read::<MAX_SCHEME, _>(WebScheme::parse).ok_or(Absent::NotValid)
        }
        SchemeFrom::Always(_) | SchemeFrom::Nothing => Err(Absent::NotRead),
    }
}

#[inline(always)]
fn listed_scheme(config: &Config, lines: &Lines<'_>, place: usize) -> Result<WebScheme, Absent> {
    match config.writing {
        // Another line than the first is the client's.
        Writing::AppendToFirstLine if lines.are_several() => x_forwarded::common_scheme(lines),
        Writing::AppendToEach => x_forwarded::nth_scheme(lines, place),
        _ => x_forwarded::nth_scheme(lines, 1),
    }
}

#[inline(always)]
fn host(
    config: &Config,
    found: &Found<'_>,
    walk: &Walk<'_>,
    place: usize,
) -> Result<Authority, Absent> {
    if config.host_beside_client {
        let host = walk.last.host.ok_or(Absent::NotSent)?;
        return host.read::<MAX_AUTHORITY, _>(Authority::parse).ok_or(Absent::NotValid);
    }
    if config.names.host.is_none() {
        return Err(Absent::NotRead);
    }
    valid(single_value(config, &found.host(), place)?, Authority::parse)
}

#[inline(always)]
fn port(config: &Config, found: &Found<'_>, place: usize) -> Result<u16, Absent> {
    if config.names.port.is_none() {
        return Err(Absent::NotRead);
    }
    valid(single_value(config, &found.port(), place)?, host_port)
}

#[inline(always)]
fn path_prefix(config: &Config, found: &Found<'_>, place: usize) -> Result<Box<str>, Absent> {
    if config.names.prefix.is_none() {
        return Err(Absent::NotRead);
    }
    let lines = &found.prefix();
    if config.joins_prefixes {
        return single::joined_prefix(lines);
    }
    valid(single_value(config, lines, place)?, prefix)
}

#[inline(always)]
fn valid<T>(text: &[u8], parse: impl Fn(&[u8]) -> Option<T>) -> Result<T, Absent> {
    parse(text).ok_or(Absent::NotValid)
}

/// Returns a single value, or the entry at the client's place if every proxy appends to every list.
#[inline(always)]
fn single_value<'a>(config: &Config, lines: &Lines<'a>, place: usize) -> Result<&'a [u8], Absent> {
    match lines {
        Lines::Absent => Err(Absent::NotSent),
        lines => present_value(config, lines, place),
    }
}

fn present_value<'a>(config: &Config, lines: &Lines<'a>, place: usize) -> Result<&'a [u8], Absent> {
    if config.writing == Writing::AppendToEach {
        return x_forwarded::nth(lines, place).ok_or(Absent::NotSent);
    }
    single::value(lines)
}
