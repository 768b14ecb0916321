//! One `forwarded-element`, read and written.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::grammar::{Cursor, Expected, Grammar, Parameter};
use super::node::{InvalidNode, Node};
use super::value::{Value, write_value};

/// The most pairs that one element may have. RFC 7239 registers four; no known proxy writes more than
/// nine. The bound keeps the search for repeated names linear.
const MAX_PAIRS: usize = 32;

/// A `forwarded-element`: what one proxy wrote (RFC 7239 §4).
///
/// [`Display`](fmt::Display) writes valid RFC 7239, with quotes only where they are needed. Bytes above
/// 0x7F in a quoted string come out as UTF-8, or as U+FFFD if they are not UTF-8.
/// [`to_bytes`](Self::to_bytes) keeps these bytes. Log neither: a client can write bytes that steer a
/// terminal. [`Debug`](fmt::Debug) escapes.
///
/// ```
/// use forwarded_headers::forwarded::elements;
///
/// let element = elements(br#"for="[2001:db8::7]:80";by=_edge;host=example.com;x=1"#).next().unwrap()?;
/// assert_eq!(element.for_node().unwrap()?.to_string(), "[2001:db8::7]:80");
/// assert_eq!(element.by_node().unwrap()?.to_string(), "_edge");
/// assert_eq!(element.host().unwrap(), "example.com");
/// assert_eq!(element.pairs().last().unwrap().0, "x");
/// assert_eq!(element.to_bytes(), br#"for="[2001:db8::7]:80";by=_edge;host=example.com;x=1"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Element<'a> {
    text: &'a [u8],
    grammar: Grammar,
    r#for: Option<Value<'a>>,
    /// The value of `for`, if it is an IPv4 address without quotes, as most are.
    for_ipv4: Option<Ipv4Addr>,
    by: Option<Value<'a>>,
    host: Option<Value<'a>>,
    proto: Option<Value<'a>>,
}

impl<'a> Element<'a> {
    /// Reads `for`: the sender of the request that this proxy received (RFC 7239 §5.2).
    ///
    /// # Errors
    ///
    /// Returns an error if the value is not a node, for example a host name.
    pub fn for_node(&self) -> Option<Result<Node<'a>, InvalidNode>> {
        match self.for_ipv4 {
            Some(ip) => Some(Ok(Node::from(IpAddr::V4(ip)))),
            None => self.r#for.map(Value::node),
        }
    }

    /// Reads `by`: the interface at which this proxy received the request (RFC 7239 §5.1). Never a
    /// reason to trust the element: a client can write it.
    ///
    /// # Errors
    ///
    /// Returns an error if the value is not a node.
    pub fn by_node(&self) -> Option<Result<Node<'a>, InvalidNode>> {
        self.by.map(Value::node)
    }

    /// Returns `host`: the `Host` that this proxy received (RFC 7239 §5.3), not validated.
    #[must_use]
    pub fn host(&self) -> Option<Value<'a>> {
        self.host
    }

    /// Returns `proto`: the scheme of the request that this proxy received (RFC 7239 §5.4), not
    /// validated.
    #[must_use]
    pub fn proto(&self) -> Option<Value<'a>> {
        self.proto
    }

    /// Returns every parameter with its value, extensions included, in the order as written.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        pairs(self.text, self.grammar)
    }

    /// Writes the element in the grammar of RFC 7239, with quotes only where they are needed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len());
        for (name, value) in self.pairs() {
            if !out.is_empty() {
                out.push(b';');
            }
            out.extend_from_slice(name.as_bytes());
            out.push(b'=');
            write_value(&value.to_bytes(), |piece| out.extend_from_slice(piece));
        }
        // A list skips empty members (RFC 9110 §5.6.1.2), so an element without pairs needs a byte.
        if out.is_empty() {
            out.push(b';');
        }
        out
    }

    /// Returns the value of `for`, not validated.
    pub(crate) fn for_value(&self) -> Option<Value<'a>> {
        self.r#for
    }

    pub(crate) fn for_ipv4(&self) -> Option<Ipv4Addr> {
        self.for_ipv4
    }

    /// Reads a text that is one element. `None` for any other text.
    #[inline]
    pub(crate) fn parse_whole(text: &'a [u8], grammar: Grammar) -> Option<Self> {
        let mut cursor = Cursor { rest: text };
        let element = Self::parse(&mut cursor, grammar).ok()?;
        cursor.rest.is_empty().then_some(element)
    }

    /// Reads an element and the white space behind it, up to a comma or the end.
    #[inline(always)]
    pub(super) fn parse(cursor: &mut Cursor<'a>, grammar: Grammar) -> Result<Self, Expected> {
        let start = *cursor;
        let mut element = Self {
            text: &[],
            grammar,
            r#for: None,
            for_ipv4: None,
            by: None,
            host: None,
            proto: None,
        };
        let mut count = 0;
        loop {
            let before = *cursor;
            if let Some(parameter) = cursor.parameter()? {
                count += 1;
                element.parse_value(parameter, start, before, cursor, count)?;
            }
            let end = *cursor;
            if !cursor.semicolon(grammar) {
                element.text = start.until(end);
                break;
            }
        }
        cursor.white_space();
        match cursor.rest {
            [] | [b',', ..] => Ok(element),
            _ => Err(Expected::Separator),
        }
    }

    /// Adds a pair. Refuses a parameter that the element has already (RFC 7239 §4).
    #[inline(always)]
    fn parse_value(
        &mut self,
        parameter: Parameter,
        start: Cursor<'a>,
        before: Cursor<'a>,
        cursor: &mut Cursor<'a>,
        count: usize,
    ) -> Result<(), Expected> {
        let value = match cursor.ipv4(self.grammar) {
            Some((value, ip)) if parameter == Parameter::For => {
                self.for_ipv4 = Some(ip);
                value
            }
            Some((value, _)) => value,
            None => cursor.value(self.grammar)?,
        };
        let is_new = match parameter {
            Parameter::For => self.r#for.replace(value).is_none(),
            Parameter::By => self.by.replace(value).is_none() || self.grammar == Grammar::Tolerant,
            Parameter::Host => self.host.replace(value).is_none(),
            Parameter::Proto => self.proto.replace(value).is_none(),
            Parameter::Extension => !has_name(start.until(before), self.grammar, before.token()),
        };
        if is_new && count <= MAX_PAIRS {
            return Ok(());
        }
        *cursor = before;
        Err(if count > MAX_PAIRS { Expected::FewerPairs } else { Expected::NewName })
    }
}

/// Returns the pairs of a text that has been read.
fn pairs(text: &[u8], grammar: Grammar) -> impl Iterator<Item = (&str, Value<'_>)> + use<'_> {
    let mut cursor = Cursor { rest: text };
    std::iter::from_fn(move || {
        cursor.skip(|byte| matches!(byte, b' ' | b'\t' | b';'));
        let name = cursor.token();
        cursor.parameter().ok()??;
        Some((std::str::from_utf8(name).ok()?, cursor.value(grammar).ok()?))
    })
}

fn has_name(text: &[u8], grammar: Grammar, name: &[u8]) -> bool {
    pairs(text, grammar).any(|(earlier, _)| name.eq_ignore_ascii_case(earlier.as_bytes()))
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.pairs()).finish()
    }
}

impl fmt::Display for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}
