//! The productions of RFC 7239 §4, each a method of [`Cursor`] named after it. See
//! [`forwarded`](crate::forwarded) for the grammar and the tolerances.

use std::net::Ipv4Addr;

use super::value::Value;
use crate::syntax::bytes::{Class, LENIENT, QDTEXT, TCHAR};
use crate::syntax::ip::ipv4_at_start;

/// How closely the grammar is followed: to the letter, or with the tolerances of the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grammar {
    Strict,
    Tolerant,
}

/// Returns the bytes of a value without quotes.
#[inline(always)]
fn class(grammar: Grammar) -> Class {
    match grammar {
        Grammar::Strict => TCHAR,
        Grammar::Tolerant => LENIENT,
    }
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

    #[inline(always)]
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

    #[inline(always)]
    pub(crate) fn semicolon(&mut self, grammar: Grammar) -> bool {
        if grammar == Grammar::Strict {
            return self.take(b';');
        }
        self.white_space();
        let found = self.take(b';');
        self.white_space();
        found
    }

    /// Reads the `token "="` of a `forwarded-pair = token "=" value`. `None` if no token is here.
    #[inline(always)]
    pub(crate) fn parameter(&mut self) -> Result<Option<Parameter>, Expected> {
        // Nearly all proxies write a registered name in lower case, which is cheaper to compare than a look
        // at each byte.
        if let Some((parameter, value)) = Parameter::before_equals(self.rest) {
            self.rest = value;
            return Ok(Some(parameter));
        }
        if !self.at_token() {
            return Ok(None);
        }
        let (parameter, end) = self.any_parameter();
        *self = end;
        parameter.map(Some)
    }

    /// Returns the `token` at this position: the name of a pair.
    pub(crate) fn token(self) -> &'a [u8] {
        self.rest.split_at(TCHAR.prefix(self.rest)).0
    }

    /// Reads `token "="`, where the token is any name in any case.
    #[cold]
    fn any_parameter(mut self) -> (Result<Parameter, Expected>, Self) {
        let name = self.take_all(TCHAR);
        let is_name = !name.is_empty() && self.take(b'=');
        (if is_name { Ok(Parameter::of(name)) } else { Err(Expected::Equals) }, self)
    }

    /// `value = token / quoted-string`, where the tolerant grammar has `1*LENIENT` for `token`.
    #[inline(always)]
    pub(crate) fn value(&mut self, grammar: Grammar) -> Result<Value<'a>, Expected> {
        if self.take(b'"') {
            let (value, end) = self.quoted_string();
            *self = end;
            return value;
        }
        match self.take_all(class(grammar)) {
            [] => Err(Expected::Value),
            raw => Ok(Value { raw }),
        }
    }

    /// Reads a value without quotes that is an IPv4 address: cheaper than a look at each byte in a table.
    #[inline(always)]
    pub(crate) fn ipv4(&mut self, grammar: Grammar) -> Option<(Value<'a>, Ipv4Addr)> {
        let (ip, behind) = ipv4_at_start(self.rest)?;
        let end = Cursor { rest: behind };
        if behind.first().is_some_and(|byte| class(grammar).has(*byte)) {
            return None;
        }
        let value = Value { raw: self.until(end) };
        *self = end;
        Some((value, ip))
    }

    /// `quoted-string`, after its opening quote.
    #[inline(never)]
    fn quoted_string(mut self) -> (Result<Value<'a>, Expected>, Self) {
        let start = self;
        loop {
            self.take_all(QDTEXT);
            let raw = start.until(self);
            if self.take(b'"') {
                return (Ok(Value { raw }), self);
            }
            if !self.quoted_pair() {
                return (Err(Expected::QuotedString), self);
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
    const REGISTERED: [(Self, &[u8]); 4] = [
        (Self::For, b"for="),
        (Self::Proto, b"proto="),
        (Self::By, b"by="),
        (Self::Host, b"host="),
    ];

    /// Splits off a registered name in lower case and its `=` at the start of the text.
    #[inline(always)]
    fn before_equals(text: &[u8]) -> Option<(Self, &[u8])> {
        let [r#for, proto, by, host] = Self::REGISTERED;
        let split = |(parameter, name)| Some((parameter, text.strip_prefix(name)?));
        split(r#for).or_else(|| split(proto)).or_else(|| split(by)).or_else(|| split(host))
    }

    /// Returns the parameter of this name, whose case does not count (RFC 7239 §4).
    fn of(name: &[u8]) -> Self {
        let is = |with_equals: &[u8]| match with_equals {
            [registered @ .., _] => registered.eq_ignore_ascii_case(name),
            [] => false,
        };
        let registered = Self::REGISTERED.iter().find(|(_, with_equals)| is(with_equals));
        registered.map_or(Self::Extension, |(parameter, _)| *parameter)
    }
}
