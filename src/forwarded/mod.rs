//! A parser for the `Forwarded` header field (RFC 7239), independent of the layer.
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
//! This module reads a field. It does not decide which proxies to trust: a client may have written
//! any part of the field (RFC 7239 §8.1). [`ForwardedHeaders`](crate::ForwardedHeaders) decides that.
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
//! [`elements`] follows the grammar to the letter, and refuses a repeated parameter (RFC 7239 §4). An
//! element may have 32 parameters at most. The layer reads the same grammar with three tolerances for
//! what real proxies write. No tolerance can move the border of an element:
//!
//! - white space around `;`;
//! - a value without quotes that is no token (OpenShift's `host=example.com:8443`, Vert.x's
//!   `for=[2001:db8::1]`, Vercel's `sig=…=`, Traffic Server's `connection=http/1.1-tcp-ipv4`);
//! - a repeated `by` (Traffic Server).
//!
//! To the layer, a value without quotes is one or more bytes but `"` `,` `;` `\`, white space and control
//! bytes. It means the same as in quotes, so an IPv6 address needs its brackets.

mod element;
mod grammar;
mod node;
mod value;

use grammar::Cursor;

pub use element::Element;
pub(crate) use grammar::Grammar;
pub use grammar::ParseError;
pub use node::{InvalidNode, Node, NodeName, NodePort, Obfuscated};
pub use value::Value;
pub(crate) use value::write_value;

/// Reads the elements of one `Forwarded` field line, strictly, from left to right.
///
/// Borrows and does not allocate. Skips empty list members (RFC 9110 §5.6.1.2): a value of nothing
/// else yields no element. Several lines of the field are one list. Each line is a valid list by
/// itself, so read one line after the other.
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
///
/// # Errors
///
/// The iterator yields an error at the first byte that leaves the grammar, and then ends.
pub fn elements(value: &[u8]) -> Elements<'_> {
    Elements { value, cursor: Cursor { rest: value } }
}

/// The iterator that [`elements`] returns.
#[derive(Debug, Clone)]
#[must_use]
pub struct Elements<'a> {
    value: &'a [u8],
    cursor: Cursor<'a>,
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
