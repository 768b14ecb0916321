//! A parameter's value, read and written.

use std::borrow::Cow;
use std::fmt;

use super::node::{InvalidNode, Node};
use crate::syntax::bytes::TCHAR;
use crate::syntax::ip::MAX_ADDRESS;

/// A parameter's value: a token, or the content of a quoted string.
///
/// Two values are equal if they mean the same bytes: `proto="https"` and `proto=https` are equal, and
/// equal to the text `"https"`.
///
/// ```
/// use forwarded_headers::forwarded::elements;
///
/// let element = elements(br#"for=192.0.2.43;proto="htt\ps""#).next().unwrap()?;
/// let proto = element.proto().unwrap();
/// assert_eq!(proto, "https");
/// assert_eq!(*proto.to_bytes(), *b"https");
/// # Ok::<(), forwarded_headers::forwarded::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Value<'a> {
    /// Has a backslash only in an escape: no value without quotes may hold a backslash.
    pub(super) raw: &'a [u8],
}

impl<'a> Value<'a> {
    /// Resolves the escapes (RFC 9110 §5.6.4). Allocates only for a value that has escapes.
    #[must_use]
    pub fn to_bytes(self) -> Cow<'a, [u8]> {
        match self.unescaped() {
            Some(raw) => Cow::Borrowed(raw),
            None => Cow::Owned(self.bytes().collect()),
        }
    }

    /// Returns the bytes if the value has no escape.
    pub(super) fn unescaped(self) -> Option<&'a [u8]> {
        (!self.raw.contains(&b'\\')).then_some(self.raw)
    }

    /// Reads the unescaped bytes, `N` at most, without an allocation. `read` must refuse a backslash.
    #[inline]
    pub(crate) fn read<const N: usize, T>(self, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        match read(self.raw) {
            None if self.unescaped().is_none() => read(self.unescape_into(&mut [0; N])?),
            result => result,
        }
    }

    /// Reads the value as a node. Allocates only for an obfuscated identifier with escapes.
    #[inline]
    pub(crate) fn node(self) -> Result<Node<'a>, InvalidNode> {
        // No node has a backslash.
        match Node::parse(self.raw) {
            Ok(node) => Ok(node),
            Err(_) => self.escaped_node(),
        }
    }

    #[cold]
    fn escaped_node(self) -> Result<Node<'a>, InvalidNode> {
        if let Some(text) = self.unescaped() {
            return Node::parse(text);
        }
        let owned = |text: &[u8]| Node::parse(text).map(Node::into_owned);
        let node = self.read::<MAX_ADDRESS, _>(|text| owned(text).ok());
        node.map_or_else(|| owned(&self.to_bytes()), Ok)
    }

    fn unescape_into(self, buffer: &mut [u8]) -> Option<&[u8]> {
        // An escape is two bytes: a longer value does not fit, however it is escaped.
        if self.raw.len() > 2 * buffer.len() {
            return None;
        }
        let slots = buffer.get_mut(..self.bytes().count())?;
        slots.iter_mut().zip(self.bytes()).for_each(|(slot, byte)| *slot = byte);
        Some(slots)
    }

    fn bytes(self) -> impl Iterator<Item = u8> {
        let mut raw = self.raw.iter().copied();
        let next = move || match raw.next()? {
            b'\\' => raw.next(),
            byte => Some(byte),
        };
        std::iter::from_fn(next)
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes().eq(other.bytes())
    }
}

impl Eq for Value<'_> {}

impl PartialEq<str> for Value<'_> {
    fn eq(&self, text: &str) -> bool {
        self.bytes().eq(text.bytes())
    }
}

impl PartialEq<&str> for Value<'_> {
    fn eq(&self, text: &&str) -> bool {
        self == *text
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.to_bytes().escape_ascii())
    }
}

/// Writes `token / quoted-string` in pieces: a token wherever a token can hold the value.
pub(crate) fn write_value(value: &[u8], mut write: impl FnMut(&[u8])) {
    if !value.is_empty() && TCHAR.prefix(value) == value.len() {
        return write(value);
    }
    write(b"\"");
    for piece in value.split_inclusive(|byte| matches!(byte, b'"' | b'\\')) {
        match piece.split_last() {
            Some((last @ (b'"' | b'\\'), before)) => {
                write(before);
                write(&[b'\\', *last]);
            }
            _ => write(piece),
        }
    }
    write(b"\"");
}
