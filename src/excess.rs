//! What trusted proxies cannot have written.
//!
//! Behind a proxy that replaces what came in, an entry beyond its own got past it; behind one that
//! appends to the first of several lines, the last is somebody else's.

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

use crate::config::Config;
use crate::hops::{Family, RightToLeft};
use crate::{forwarded, x_forwarded};

/// Whether a header that is read has more lines, or more entries than reports were read.
pub(crate) fn is_in(headers: &HeaderMap, config: &Config, hops: u8) -> bool {
    let is_excess = |name| {
        (config.single_line && headers.get_all(name).into_iter().nth(1).is_some())
            || (config.exact && has_more_than(hops, headers, name, config.family))
    };
    (config.single_line || config.exact) && config.names_read().any(is_excess)
}

/// Looks at no more than it counts, so that nothing a client sends can make it slow.
fn has_more_than(count: u8, headers: &HeaderMap, name: &HeaderName, family: Family) -> bool {
    let mut list = RightToLeft::new(headers, name);
    let split = match family {
        Family::Forwarded => forwarded::split_last,
        Family::XForwarded => x_forwarded::split_last,
    };
    (0..count).all(|_| list.next(split).is_some()) && list.has_more()
}

impl Config {
    /// The headers that the decision depends on.
    fn names_read(&self) -> impl Iterator<Item = &HeaderName> {
        let (read, names) = (self.read, &self.names);
        let of_the_x_family = [
            (read.r#for, self.client_header()),
            (read.proto, &names.proto),
            (read.host, &names.host),
            (read.port, &names.port),
            (read.prefix, &names.prefix),
        ];
        let x_family = self.family == Family::XForwarded;
        let forwarded = (!x_family).then_some(&FORWARDED);
        let x_forwarded = of_the_x_family.into_iter().filter(move |(read, _)| *read && x_family);
        x_forwarded.map(|(_, name)| name).chain(forwarded)
    }
}
