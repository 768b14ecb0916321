//! The productions of RFC 7239 §4, each a method of [`Cursor`] named after it. See
//! [`forwarded`](crate::forwarded) for the grammar and the tolerances.

use std::borrow::Cow;
use std::fmt;

use crate::bytes::{Class, LENIENT, QDTEXT, TCHAR};

/// To the letter, or with the tolerances that the walk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    Strict,
    Tolerant,
}

/// A parameter's value: a token, or what stands inside a quoted string.
///
/// Compares equal to what it means: `proto="https"` and `proto=https` have the same value, which is
/// equal to the text `"https"`.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    /// It has a backslash where it has an escape: no token may hold one.
    raw: &'a [u8],
}

impl<'a> Value<'a> {
    /// The bytes that it means, with escapes resolved (RFC 9110 §5.6.4). Allocates where there are
    /// any.
    pub fn to_bytes(self) -> Cow<'a, [u8]> {
        match self.unescaped() {
            Some(raw) => Cow::Borrowed(raw),
            None => Cow::Owned(self.bytes().collect()),
        }
    }

    /// The bytes that it is written with.
    pub(crate) fn raw(self) -> &'a [u8] {
        self.raw
    }

    /// The bytes that it means, if it is written without escapes.
    pub(crate) fn unescaped(self) -> Option<&'a [u8]> {
        (!self.raw.contains(&b'\\')).then_some(self.raw)
    }

    /// What `read` makes of the bytes that it means, of which there are at most `N`. It has to be
    /// something that takes no backslash.
    #[inline]
    pub(crate) fn read<const N: usize, T>(self, read: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        match read(self.raw) {
            None if self.unescaped().is_none() => read(self.unescape_into(&mut [0; N])?),
            result => result,
        }
    }

    fn unescape_into(self, buffer: &mut [u8]) -> Option<&[u8]> {
        // An escape is two bytes, so what is longer does not fit, however it is escaped.
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

/// Writes `token / quoted-string`: a token wherever one can hold the value.
pub(crate) fn write_value(out: &mut Vec<u8>, value: &[u8]) {
    if !value.is_empty() && TCHAR.prefix(value) == value.len() {
        return out.extend_from_slice(value);
    }
    out.push(b'"');
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// Where a `Forwarded` value leaves the grammar.
///
/// It holds a position and none of the value's text, so it is safe to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{expected} at byte {offset}")]
pub struct ParseError {
    pub(crate) expected: Expected,
    pub(crate) offset: usize,
}

impl ParseError {
    /// How many bytes of the value stand before the place.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Expected {
    #[error("expected `=` right after the parameter name")]
    Equals,
    #[error("expected a token or a quoted string")]
    Value,
    #[error("expected a quoted string to go on or to end")]
    QuotedString,
    #[error("expected a parameter that the element does not have yet")]
    NewName,
    #[error("expected no more parameters in one element")]
    FewerPairs,
    #[error("expected `;` right after the value, `,` or the end")]
    Separator,
}

/// A place in a value. Where reading fails, it stands at what was not expected.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn at_token(self) -> bool {
        self.rest.first().is_some_and(|byte| TCHAR.has(*byte))
    }

    /// What stands between this place and a later one.
    pub(crate) fn until(self, later: Self) -> &'a [u8] {
        self.rest.get(..self.rest.len() - later.rest.len()).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn skip(&mut self, unwanted: impl Fn(u8) -> bool) {
        while let [byte, rest @ ..] = self.rest
            && unwanted(*byte)
        {
            self.rest = rest;
        }
    }

    fn take_all(&mut self, class: Class) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at(class.prefix(self.rest));
        self.rest = rest;
        taken
    }

    #[inline]
    fn take(&mut self, byte: u8) -> bool {
        let [first, rest @ ..] = self.rest else { return false };
        let found = *first == byte;
        if found {
            self.rest = rest;
        }
        found
    }

    /// `OWS = *( SP / HTAB )` (RFC 9110 §5.6.3).
    #[inline]
    pub(crate) fn white_space(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t'));
    }

    #[inline]
    pub(crate) fn semicolon(&mut self, grammar: Grammar) -> bool {
        if grammar == Grammar::Strict {
            return self.take(b';');
        }
        self.white_space();
        let found = self.take(b';');
        self.white_space();
        found
    }

    /// `forwarded-pair = token "=" value`.
    #[inline]
    pub(crate) fn forwarded_pair(&mut self, grammar: Grammar) -> Result<Pair<'a>, Expected> {
        let start = *self;
        // Most names are known, and need no look at each byte: that would be a tenth of a decision
        // more, and a quarter of a strict reading.
        let parameter = match Parameter::before_equals(self.rest) {
            Some((parameter, value)) => {
                self.rest = value;
                parameter
            }
            None => self.extension()?,
        };
        let name = start.until(*self).split_last().map(|(_equals, name)| name).unwrap_or_default();
        let lenient = grammar == Grammar::Tolerant && parameter == Parameter::Extension;
        Ok(Pair { name, parameter, value: self.value(lenient)? })
    }

    /// The `token "="` of any other parameter.
    fn extension(&mut self) -> Result<Parameter, Expected> {
        let name = self.take_all(TCHAR);
        match !name.is_empty() && self.take(b'=') {
            true => Ok(Parameter::Extension),
            false => Err(Expected::Equals),
        }
    }

    /// `value = token / quoted-string`.
    #[inline]
    fn value(&mut self, lenient: bool) -> Result<Value<'a>, Expected> {
        if self.take(b'"') {
            return self.quoted_string();
        }
        match self.take_all(if lenient { LENIENT } else { TCHAR }) {
            [] => Err(Expected::Value),
            raw => Ok(Value { raw }),
        }
    }

    /// `quoted-string`, behind its opening quote.
    fn quoted_string(&mut self) -> Result<Value<'a>, Expected> {
        let start = *self;
        loop {
            self.take_all(QDTEXT);
            let raw = start.until(*self);
            if self.take(b'"') {
                return Ok(Value { raw });
            }
            if !self.quoted_pair() {
                return Err(Expected::QuotedString);
            }
        }
    }

    /// `quoted-pair = "\" ( HTAB / SP / VCHAR / obs-text )`.
    fn quoted_pair(&mut self) -> bool {
        match self.rest {
            [b'\\', byte, rest @ ..] if QDTEXT.has(*byte) || matches!(byte, b'"' | b'\\') => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

pub(crate) struct Pair<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) parameter: Parameter,
    pub(crate) value: Value<'a>,
}

/// A parameter of RFC 7239 §5, or another (§5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    For,
    By,
    Host,
    Proto,
    Extension,
}

impl Parameter {
    /// The registered one whose name and `=` the text starts with, and what is behind them.
    #[inline]
    fn before_equals(text: &[u8]) -> Option<(Self, &[u8])> {
        Some(match text {
            [b'f' | b'F', b'o' | b'O', b'r' | b'R', b'=', value @ ..] => (Self::For, value),
            [b'b' | b'B', b'y' | b'Y', b'=', value @ ..] => (Self::By, value),
            [b'h' | b'H', b'o' | b'O', b's' | b'S', b't' | b'T', b'=', value @ ..] => {
                (Self::Host, value)
            }
            [b'p' | b'P', b'r' | b'R', b'o' | b'O', b't' | b'T', b'o' | b'O', b'=', value @ ..] => {
                (Self::Proto, value)
            }
            _ => return None,
        })
    }
}
