//! The `Forwarded` field of RFC 7239, by itself.
//!
//! ```
//! use forwarded_headers::forwarded;
//!
//! let value = br#"for=192.0.2.43, for="[2001:db8:cafe::17]:4711";proto=https;by=203.0.113.43"#;
//! let elements: Vec<_> = forwarded::elements(value).collect::<Result<_, _>>()?;
//!
//! assert_eq!(elements.len(), 2);
//! assert_eq!(elements[1].for_node().unwrap()?.ip(), Some("2001:db8:cafe::17".parse()?));
//! assert_eq!(elements[1].proto().unwrap(), "https");
//! assert_eq!(elements[0].to_string(), "for=192.0.2.43");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This reads what a field says. It does not say whom to believe: the client may have written any
//! of it (RFC 7239 §8.1). [`ForwardedHeaders`](crate::ForwardedHeaders) does that.
//!
//! # Grammar
//!
//! ```text
//! Forwarded         = 1#forwarded-element
//! forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
//! forwarded-pair    = token "=" value
//! value             = token / quoted-string
//! quoted-string     = DQUOTE *( qdtext / quoted-pair ) DQUOTE
//! qdtext            = HTAB / SP / %x21 / %x23-5B / %x5D-7E / obs-text
//! quoted-pair       = "\" ( HTAB / SP / VCHAR / obs-text )
//! ```
//!
//! [`elements`] holds to it to the letter, and to RFC 7239 §4 in refusing a repeated parameter; an
//! element may have 32 parameters at most. The layer reads the same grammar with three tolerances
//! for what real proxies write, none of which can change where an element begins or ends:
//!
//! - white space around `;`;
//! - an extension's value without quotes that is no token (Vercel's `sig=…=`, Traffic Server's
//!   `connection=http/1.1-tcp-ipv4`), of any visible byte but `"` `,` `;` `\`;
//! - a repeated `by` (Traffic Server).

use std::fmt;
use std::net::IpAddr;

use memchr::{memrchr, memrchr2};

use crate::grammar::{Cursor, Expected, Grammar, Pair, Parameter, write_value};
use crate::hops::{Hop, MAX_MEMBER, RightToLeft, Sender};
use crate::node::{MAX_ADDRESS, ipv4};
use crate::outcome::Unresolved;

pub use crate::grammar::{ParseError, Value};
pub use crate::node::{InvalidNode, Node, NodeName, NodePort, Obfuscated};

/// The most pairs that one element may have. Four are registered and no known proxy writes more
/// than nine; the bound keeps the search for repeated names linear.
const MAX_PAIRS: usize = 32;

/// Reads the elements of one `Forwarded` field line, strictly, from left to right.
///
/// Borrows and does not allocate. Empty list members are skipped (RFC 9110 §5.6.1.2), so a value
/// that has nothing else yields nothing. Several lines of the field are one list, and each is a
/// valid list by itself: read them one after the other.
///
/// # Errors
///
/// The first place that leaves the grammar, after which the iterator ends.
///
/// ```
/// use forwarded_headers::forwarded::elements;
///
/// let mut elements = elements(b"for=192.0.2.1, for =192.0.2.2");
/// assert!(elements.next().unwrap().is_ok());
/// let error = elements.next().unwrap().unwrap_err();
/// assert_eq!(error.to_string(), "expected `=` right after the parameter name at byte 18");
/// assert_eq!(error.offset(), 18);
/// assert!(elements.next().is_none());
/// ```
pub fn elements(value: &[u8]) -> Elements<'_> {
    Elements { value, cursor: Cursor { rest: value } }
}

/// The iterator of [`elements`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Elements<'a> {
    value: &'a [u8],
    cursor: Cursor<'a>,
}

/// What one proxy wrote: a `forwarded-element` (RFC 7239 §4).
///
/// [`Display`](fmt::Display) writes it as valid RFC 7239, with quotes only where they are needed.
/// Bytes above 0x7F in a quoted string come out as UTF-8, as U+FFFD where they are not UTF-8;
/// [`to_bytes`](Self::to_bytes) keeps them as they are. Neither is fit for a log: a client can write
/// what steers a terminal. [`Debug`](fmt::Debug) escapes.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    text: &'a [u8],
    grammar: Grammar,
    r#for: Option<Value<'a>>,
    by: Option<Value<'a>>,
    host: Option<Value<'a>>,
    proto: Option<Value<'a>>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<Element<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.cursor.skip(|byte| matches!(byte, b' ' | b'\t' | b','));
        if self.cursor.rest.is_empty() {
            return None;
        }
        Some(Element::parse(&mut self.cursor, Grammar::Strict).map_err(|expected| {
            let left = std::mem::take(&mut self.cursor.rest).len();
            ParseError { expected, offset: self.value.len() - left }
        }))
    }
}

impl std::iter::FusedIterator for Elements<'_> {}

impl<'a> Element<'a> {
    /// `for`: who made the request to this proxy (RFC 7239 §5.2).
    ///
    /// # Errors
    ///
    /// The value is no node, for example a host name.
    pub fn for_node(&self) -> Option<Result<Node<'a>, InvalidNode>> {
        self.r#for.map(node)
    }

    /// `by`: where the request came in to this proxy (RFC 7239 §5.1). No reason to trust anybody.
    ///
    /// # Errors
    ///
    /// The value is no node.
    pub fn by_node(&self) -> Option<Result<Node<'a>, InvalidNode>> {
        self.by.map(node)
    }

    /// `host`: the `Host` that this proxy received (RFC 7239 §5.3), not validated.
    pub fn host(&self) -> Option<Value<'a>> {
        self.host
    }

    /// `proto`: the scheme that this proxy was asked by (RFC 7239 §5.4), not validated.
    pub fn proto(&self) -> Option<Value<'a>> {
        self.proto
    }

    /// Every parameter with its value, extensions too, in the order in which they were written.
    pub fn pairs(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        pairs(self.text, self.grammar)
    }

    /// The element in the grammar of RFC 7239, with quotes only where they are needed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len());
        for (name, value) in self.pairs() {
            if !out.is_empty() {
                out.push(b';');
            }
            write_pair(&mut out, name, &value.to_bytes());
        }
        // An empty list member would be none (RFC 9110 §5.6.1.2).
        if out.is_empty() {
            out.push(b';');
        }
        out
    }

    /// Reads an element with the white space behind it, up to a comma or the end.
    fn parse(cursor: &mut Cursor<'a>, grammar: Grammar) -> Result<Self, Expected> {
        let start = *cursor;
        let mut element =
            Self { text: &[], grammar, r#for: None, by: None, host: None, proto: None };
        let mut count = 0;
        loop {
            if cursor.at_token() {
                count += 1;
                element.parse_pair(start, cursor, count)?;
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

    /// Takes a pair in, unless the element has that parameter already (RFC 7239 §4).
    #[inline]
    fn parse_pair(
        &mut self,
        start: Cursor<'a>,
        cursor: &mut Cursor<'a>,
        count: usize,
    ) -> Result<(), Expected> {
        let before = *cursor;
        let Pair { name, parameter, value } = cursor.forwarded_pair(self.grammar)?;
        let is_new = match parameter {
            Parameter::For => self.r#for.replace(value).is_none(),
            Parameter::By => self.by.replace(value).is_none() || self.grammar == Grammar::Tolerant,
            Parameter::Host => self.host.replace(value).is_none(),
            Parameter::Proto => self.proto.replace(value).is_none(),
            Parameter::Extension => !has_name(start.until(before), self.grammar, name),
        };
        if is_new && count <= MAX_PAIRS {
            return Ok(());
        }
        *cursor = before;
        Err(if count > MAX_PAIRS { Expected::FewerPairs } else { Expected::NewName })
    }
}

/// The pairs of a text that has been read.
fn pairs(text: &[u8], grammar: Grammar) -> impl Iterator<Item = (&str, Value<'_>)> + use<'_> {
    let mut cursor = Cursor { rest: text };
    std::iter::from_fn(move || {
        cursor.skip(|byte| matches!(byte, b' ' | b'\t' | b';'));
        let Pair { name, value, .. } = cursor.forwarded_pair(grammar).ok()?;
        Some((std::str::from_utf8(name).ok()?, value))
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

fn write_pair(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'=');
    write_value(out, value);
}

/// Reads a value as a node, without an allocation for any that could be an address.
fn node(value: Value<'_>) -> Result<Node<'_>, InvalidNode> {
    if let Some(text) = value.unescaped() {
        return Node::parse(text);
    }
    let owned = |text: &[u8]| Node::parse(text).map(Node::into_owned);
    let node = value.read::<MAX_ADDRESS, _>(|text| owned(text).ok());
    node.map_or_else(|| owned(&value.to_bytes()), Ok)
}

/// The reports of a field, rightmost first, each read with the tolerances.
pub(crate) fn hops<'a>(mut lines: RightToLeft<'a>) -> impl Iterator<Item = Hop<'a>> {
    std::iter::from_fn(move || lines.next(last_comma).map(hop))
}

fn hop(member: &[u8]) -> Hop<'_> {
    if member.is_empty() {
        return Hop::unusable(Unresolved::Missing);
    }
    if member.len() > MAX_MEMBER {
        return Hop::unusable(Unresolved::Malformed);
    }
    let mut cursor = Cursor { rest: member };
    let element = Element::parse(&mut cursor, Grammar::Tolerant).ok();
    // A comma that is not at the end of the member stands in a quoted string that is none.
    let Some(element) = element.filter(|_| cursor.rest.is_empty()) else {
        return Hop::unusable(Unresolved::Malformed);
    };
    // "for" may be left out (RFC 7239 §5), which says as much as `unknown` does.
    let unknown = || Sender::unusable(Unresolved::Unknown);
    let sender = element.r#for.map_or_else(unknown, sender);
    Hop { proto: element.proto, host: element.host, ..Hop::of(sender) }
}

fn sender(value: Value<'_>) -> Sender {
    // What most of them are. Without this, two hops take an eighth more instructions.
    if let Some(ip) = ipv4(value.raw()) {
        return Sender::of_ip(IpAddr::V4(ip));
    }
    match node(value) {
        Ok(node) => Sender::of_node(node),
        Err(_) => Sender::unusable(Unresolved::Malformed),
    }
}

/// The comma in front of a line's last element.
///
/// A well-formed element behind a comma is found exactly, whatever stands to the left of it: going
/// left, a comma outside quotes ends the element, and a `"` closes a quoted string that opens at
/// the nearest `"` with an even number of backslashes before it, since every `"` inside one has an
/// odd number (RFC 9110 §5.6.4).
pub(crate) fn last_comma(line: &[u8]) -> Option<usize> {
    let mut unread = line;
    loop {
        let at = memrchr2(b',', b'"', unread)?;
        let (before, from) = unread.split_at(at);
        if from.starts_with(b",") {
            return Some(at);
        }
        unread = before.split_at(opening_quote(before)?).0;
    }
}

fn opening_quote(mut before: &[u8]) -> Option<usize> {
    loop {
        let quote = memrchr(b'"', before)?;
        before = before.split_at(quote).0;
        let slashes = before.iter().rev().take_while(|b| **b == b'\\').count();
        if slashes % 2 == 0 {
            return Some(quote);
        }
        before = before.split_at(quote - slashes).0;
    }
}
