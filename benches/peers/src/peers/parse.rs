//! The elements of a `Forwarded` value, and the address in each.

use std::fmt;
use std::rc::Rc;

use forwarded_header_value::ForwardedHeaderValue;
use parse_net::Limits;
use parse_net::forwarded::Node;
use rama_net::forwarded::Forwarded;

use super::{Entrant, entrant};

struct Addresses(Option<usize>);

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(n) => write!(f, "{n} addresses"),
            None => f.write_str("refused"),
        }
    }
}

pub fn parsers(value: &str) -> Vec<Entrant> {
    let value = Rc::new(value.to_owned());
    let parser = |peer, parse: fn(&str) -> Option<usize>| {
        entrant(peer, &value, move |value: &String| Addresses(parse(value)))
    };
    vec![
        parser("forwarded-headers", |value| {
            forwarded_headers::forwarded::elements(value.as_bytes()).try_fold(0, |n, element| {
                let node = element.ok()?.for_node()?.ok()?;
                Some(n + usize::from(node.ip().is_some()))
            })
        }),
        parser("parse-net", |value| {
            let lines = [value.as_bytes()];
            let limits = Limits::DEFAULT.max_hops(u8::MAX);
            let elements = parse_net::forwarded::parse(&lines, &limits).ok()?;
            Some(elements.iter().filter(|e| matches!(e.for_, Some(Node::Addr(..)))).count())
        }),
        parser("rfc7239", |value| {
            rfc7239::parse(value).try_fold(0, |n, element| {
                Some(n + usize::from(element.ok()?.forwarded_for?.ip().is_some()))
            })
        }),
        parser("forwarded-header-value", |value| {
            let parsed = ForwardedHeaderValue::from_forwarded(value).ok()?;
            Some(parsed.iter().filter_map(|stanza| stanza.forwarded_for_ip()).count())
        }),
        parser("rama", |value| {
            let parsed = Forwarded::try_from(value).ok()?;
            Some(
                parsed
                    .iter()
                    .filter(|element| element.forwarded_for().is_some_and(|n| n.ip().is_some()))
                    .count(),
            )
        }),
    ]
}
