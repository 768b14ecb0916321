//! What trusted proxies cannot have written.
//!
//! Behind a proxy that replaces what came in, an entry beyond its own got past it; behind one that
//! appends to the first of several lines, the last is somebody else's.

use crate::config::Config;
use crate::family::{Family, OfFamily};
use crate::lines::{Found, Lines};
use crate::{forwarded, x_forwarded};

/// Whether a header that is read has more lines, or more entries than reports were read.
#[inline]
pub(crate) fn is_in(config: &Config, found: &Found<'_>, hops: u8) -> bool {
    (config.single_line || config.exact) && is_in_any(config, found, hops)
}

fn is_in_any(config: &Config, found: &Found<'_>, hops: u8) -> bool {
    let is_excess = |(is_list, lines): (bool, Lines<'_>)| {
        (config.single_line && lines.are_several())
            || (config.exact && is_list && has_more_than(hops, lines, config.family))
    };
    lines_read(config, found).any(is_excess)
}

/// Looks at no more than it counts, so that nothing a client sends can make it slow.
fn has_more_than(count: u8, lines: Lines<'_>, family: Family) -> bool {
    let mut list = lines.right_to_left();
    let last_comma = match family {
        Family::Forwarded => forwarded::last_comma,
        Family::XForwarded => x_forwarded::last_comma,
    };
    (0..count).all(|_| list.next(last_comma).is_some()) && list.has_more()
}

/// What the decision depends on, and whether it is a list. A host is none: proxies that replace what
/// came in copy it from `Host`, where a client may put a comma.
fn lines_read<'a>(config: &Config, found: &Found<'a>) -> impl Iterator<Item = (bool, Lines<'a>)> {
    let aligned = config.aligned_lists;
    let is_list =
        OfFamily { reports: true, proto: true, host: aligned, port: aligned, prefix: aligned };
    // An element of `Forwarded` is read for its scheme and host too.
    let reports = config.read.reports || config.family == Family::Forwarded;
    let read = OfFamily { reports, ..config.read };
    let lines = read.zip(is_list.zip(found.family)).into_array();
    lines.into_iter().filter(|(read, _)| *read).map(|(_, lines)| lines)
}
