//! All lines of one name as one list, read from the right end, the end that our own proxies wrote.
//!
//! Entries to the left of the answer are never looked at, so they cannot change, break or slow it.

use http::header::{HeaderValue, ValueIter};

/// Upper bound on one list entry, white space included. No proxy writes nearly as much. Longer entries
/// are malformed, which bounds the search for a comma.
pub(crate) const MAX_ENTRY: usize = 4096;

/// Finds the comma in front of the last entry of a line.
pub(crate) type LastComma = fn(&[u8]) -> Option<usize>;

/// A cursor over a list (RFC 9110 §5.3), from its right end.
pub(crate) struct List<'a> {
    rest: Option<&'a [u8]>,
    lines: Option<ValueIter<'a, HeaderValue>>,
}

impl<'a> List<'a> {
    /// Starts at the end of `last`, then goes on with `lines`.
    #[inline(always)]
    pub(crate) fn new(last: Option<&'a [u8]>, lines: Option<ValueIter<'a, HeaderValue>>) -> Self {
        Self { rest: last, lines }
    }

    /// Returns the next entry to the left, trimmed. No entry crosses a line.
    ///
    /// If the next entry is longer than [`MAX_ENTRY`], returns the whole rest of the line, untrimmed,
    /// and does not advance.
    #[inline(always)]
    pub(crate) fn next(&mut self, last_comma: impl Fn(&[u8]) -> Option<usize>) -> Option<&'a [u8]> {
        let line = self.line()?;
        let out_of_reach = line.len().saturating_sub(MAX_ENTRY + 1);
        let Some(comma) = last_comma(line.split_at(out_of_reach).1) else {
            if line.len() > MAX_ENTRY {
                return Some(line);
            }
            self.rest = None;
            return Some(trim(line));
        };
        let (rest, entry) = line.split_at(out_of_reach + comma);
        self.rest = Some(rest);
        Some(trim(entry.split_at(1).1))
    }

    /// Skips entries. Returns `None` if the list has fewer.
    #[inline(always)]
    pub(crate) fn skip(&mut self, entries: usize, last_comma: LastComma) -> Option<()> {
        for _ in 0..entries {
            self.next(last_comma)?;
        }
        Some(())
    }

    /// Returns the unread rest of the line that was begun last.
    #[inline(always)]
    pub(crate) fn rest(&self) -> Option<&'a [u8]> {
        self.rest
    }

    /// Returns the unread rest of the current line, or the next line.
    #[inline(always)]
    pub(crate) fn line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_none() {
            self.rest = Some(self.lines.as_mut()?.next_back()?.as_bytes());
        }
        self.rest
    }

    /// Skips the next entry without a search for its comma, if the caller recognized it at the end of the
    /// line, behind these bytes. Nothing, a comma, or a comma and a space must be in front of the entry.
    /// Returns whether the entry is the first. `None` leaves the entry to [`next`](Self::next).
    #[inline(always)]
    pub(crate) fn skip_to(&mut self, before: &'a [u8]) -> Option<bool> {
        self.rest = match before {
            [] => None,
            [rest @ .., b',', b' '] | [rest @ .., b','] => Some(rest),
            _ => return None,
        };
        Some(before.is_empty())
    }

    /// Returns whether there is another entry, without a look at it.
    pub(crate) fn has_more(&mut self) -> bool {
        self.line().is_some()
    }
}

/// Removes optional white space: SP and HTAB, no other byte (RFC 9110 §5.6.3).
#[inline]
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
