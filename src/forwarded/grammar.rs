//! The productions of RFC 7239 §4, each a method of [`Cursor`] named after it. See
//! [`forwarded`](crate::forwarded) for the grammar and the tolerances.

use super::value::Value;
use crate::syntax::bytes::{Class, LENIENT, QDTEXT, TCHAR};

/// How closely the grammar is followed: to the letter, or with the tolerances of the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    Strict,
    Tolerant,
}

/// The error for a `Forwarded` value that leaves the grammar.
///
/// It holds a position and none of the value's text, so it is safe to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{expected} at byte {offset}")]
pub struct ParseError {
    pub(crate) expected: Expected,
    pub(crate) offset: usize,
}

impl ParseError {
    /// Returns the position of the error: the number of bytes before it.
    #[must_use]
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

/// A position in a value. After a failure it points at the unexpected byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn at_token(self) -> bool {
        self.rest.first().is_some_and(|byte| TCHAR.has(*byte))
    }

    /// Returns the bytes between this position and a later one.
    pub(crate) fn until(self, later: Self) -> &'a [u8] {
        self.rest.get(..self.rest.len() - later.rest.len()).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn skip(&mut self, unwanted: impl Fn(u8) -> bool) {
        while let [byte, rest @ ..] = self.rest {
            if !unwanted(*byte) {
                break;
            }
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
        // Most names are registered: comparing a registered name is cheaper than a look at each byte.
        let parameter = match Parameter::before_equals(self.rest) {
            Some((parameter, value)) => {
                self.rest = value;
                parameter
            }
            None => self.extension()?,
        };
        Ok(Pair { parameter, value: self.value(grammar)? })
    }

    /// Returns the `token` at this position: the name of a pair.
    pub(crate) fn token(self) -> &'a [u8] {
        self.rest.split_at(TCHAR.prefix(self.rest)).0
    }

    /// Reads the `token "="` of a parameter that is not registered.
    fn extension(&mut self) -> Result<Parameter, Expected> {
        let name = self.take_all(TCHAR);
        if !name.is_empty() && self.take(b'=') {
            return Ok(Parameter::Extension);
        }
        Err(Expected::Equals)
    }

    /// `value = token / quoted-string`, where the tolerant grammar has `1*LENIENT` for `token`.
    #[inline]
    fn value(&mut self, grammar: Grammar) -> Result<Value<'a>, Expected> {
        if self.take(b'"') {
            return self.quoted_string();
        }
        let class = match grammar {
            Grammar::Strict => TCHAR,
            Grammar::Tolerant => LENIENT,
        };
        match self.take_all(class) {
            [] => Err(Expected::Value),
            raw => Ok(Value { raw }),
        }
    }

    /// `quoted-string`, after its opening quote.
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
    pub(crate) parameter: Parameter,
    pub(crate) value: Value<'a>,
}

/// A parameter that RFC 7239 §5 registers, or an extension (§5.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    For,
    By,
    Host,
    Proto,
    Extension,
}

impl Parameter {
    /// Splits off a registered name and its `=` at the start of the text.
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
