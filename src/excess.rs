//! What trusted proxies cannot have written.
//!
//! Behind a proxy that replaces what came in, an entry beyond its own got past it; behind one that
//! appends to the first of several lines, the last is somebody else's.

use crate::config::Config;
use crate::hops::Family;
use crate::lines::{Found, Lines};
use crate::{forwarded, x_forwarded};

/// Whether a header that is read has more lines, or more entries than reports were read.
pub(crate) fn is_in(found: &Found<'_>, config: &Config, hops: u8) -> bool {
    let is_excess = |lines: Lines<'_>| {
        (config.single_line && lines.are_several())
            || (config.exact && has_more_than(hops, lines, config.family))
    };
    (config.single_line || config.exact) && lines_read(found, config).any(is_excess)
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

/// What the decision depends on.
fn lines_read<'a>(found: &Found<'a>, config: &Config) -> impl Iterator<Item = Lines<'a>> {
    let (read, x_family) = (config.read, config.family == Family::XForwarded);
    let lines = [
        (read.r#for || !x_family, found.reports),
        (read.proto && x_family, found.proto),
        (read.host && x_family, found.host),
        (read.port && x_family, found.port),
        (read.prefix && x_family, found.prefix),
    ];
    lines.into_iter().filter(|(read, _)| *read).map(|(_, lines)| lines)
}
