//! Addresses that trusted proxies cannot have written.
//!
//! Behind a proxy that replaces what comes in, an entry beyond its own came past it. Behind a proxy that
//! appends to the first of several lines, the last line is the client's. Only the header of the address
//! counts: a proxy may write its scheme twice.

use super::scan::Found;
use crate::config::{ClientFrom, Config, Writing};
use crate::header::lines::Lines;
use crate::header::list::LastComma;
use crate::header::{forwarded, x_forwarded};

/// Returns whether the header of the address holds more than `entries` entries, or a second line, that
/// the configuration rules out.
#[inline(always)]
pub(crate) fn are_in(config: &Config, found: &Found<'_>, entries: usize) -> bool {
    match config.writing {
        Writing::Append | Writing::AppendToEach => false,
        Writing::AppendToFirstLine => found.client().are_several(),
        Writing::Replace if config.client == ClientFrom::Forwarded => {
            has_more_than(entries, &found.client(), forwarded::last_comma)
        }
        Writing::Replace => has_more_than(entries, &found.client(), x_forwarded::last_comma),
    }
}

/// Reads no more entries than it counts, so that a client cannot make it slow.
fn has_more_than(count: usize, lines: &Lines<'_>, last_comma: LastComma) -> bool {
    let mut list = lines.right_to_left();
    list.skip(count, last_comma).is_some() && list.has_more()
}
