//! Entries and lines that trusted proxies cannot have written.
//!
//! Behind a proxy that replaces what comes in, an entry beyond its own came past it. Behind a proxy that
//! appends to the first of several lines, the last line is the client's.

use super::scan::Found;
use crate::config::{ClientFrom, Config, PerValue, SchemeFrom, Writing};
use crate::header::lines::Lines;
use crate::header::list::LastComma;
use crate::header::{forwarded, x_forwarded};

/// Returns whether a header that is read holds more than `entries` entries, or a second line, that the
/// configuration rules out.
#[inline]
pub(crate) fn are_in(config: &Config, found: &Found<'_>, entries: usize) -> bool {
    match config.writing {
        Writing::Append | Writing::AppendToEach => false,
        Writing::AppendToFirstLine => has_second_line(found),
        Writing::Replace => has_extra_entry(config, found, entries),
    }
}

fn has_second_line(found: &Found<'_>) -> bool {
    found.read.into_array().into_iter().any(Lines::are_several)
}

/// Host, port and prefix are no lists: a proxy that replaces copies the client's `Host`, which may hold
/// a comma.
fn has_extra_entry(config: &Config, found: &Found<'_>, entries: usize) -> bool {
    let PerValue { client, scheme, .. } = found.read;
    let last_comma = match config.client {
        ClientFrom::Forwarded => forwarded::last_comma,
        _ => x_forwarded::last_comma,
    };
    let is_scheme_list = matches!(config.scheme, SchemeFrom::List(_));
    has_more_than(entries, client, last_comma)
        || is_scheme_list && has_more_than(entries, scheme, x_forwarded::last_comma)
}

/// Reads no more entries than it counts, so that a client cannot make it slow.
fn has_more_than(count: usize, lines: Lines<'_>, last_comma: LastComma) -> bool {
    let mut list = lines.right_to_left();
    list.skip(count, last_comma).is_some() && list.has_more()
}
