//! The lines of one name.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::list::List;

/// The lines of one name.
#[derive(Clone, Copy, Default)]
pub(crate) enum Lines<'a> {
    #[default]
    Absent,
    One(&'a HeaderValue),
    /// Any number of lines, looked up when they are read.
    Named(&'a HeaderMap, &'a HeaderName),
}

impl<'a> Lines<'a> {
    /// Returns a name's one line, if the headers start with it.
    #[inline]
    pub(crate) fn first(headers: &'a HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut lines = headers.iter();
        let (first, line) = lines.next()?;
        if first != name {
            return None;
        }
        let has_repeats = headers.len() > headers.keys_len();
        let is_repeated = has_repeats && lines.next().is_some_and(|(next, _)| next == name);
        (!is_repeated).then_some(Self::One(line))
    }

    /// Looks up the one line of a name, if the headers have no repeated name.
    #[inline(always)]
    fn looked_up(&self) -> Self {
        match *self {
            Self::Named(headers, name) if headers.len() == headers.keys_len() => {
                headers.get(name).map_or(Self::Absent, Self::One)
            }
            _ => *self,
        }
    }

    #[inline]
    pub(crate) fn is_absent(&self) -> bool {
        match *self {
            Self::Absent => true,
            Self::One(_) => false,
            Self::Named(headers, name) => !headers.contains_key(name),
        }
    }

    /// Returns the line, if there is exactly one.
    #[inline(always)]
    pub(crate) fn single(&self) -> Option<&'a HeaderValue> {
        match self.looked_up() {
            Self::Absent => None,
            Self::One(line) => Some(line),
            Self::Named(headers, name) => {
                let mut lines = headers.get_all(name).into_iter();
                let first = lines.next()?;
                lines.next().is_none().then_some(first)
            }
        }
    }

    pub(crate) fn are_several(&self) -> bool {
        !self.is_absent() && self.single().is_none()
    }

    /// Returns whether there is one line, with this text.
    #[inline]
    pub(crate) fn are_only(&self, text: &[u8]) -> bool {
        self.single().is_some_and(|line| line.as_bytes() == text)
    }

    /// Returns all lines as one list.
    #[inline(always)]
    pub(crate) fn right_to_left(&self) -> List<'a> {
        match self.looked_up() {
            Self::Absent => List::new(None, None),
            Self::One(line) => List::new(Some(line.as_bytes()), None),
            Self::Named(headers, name) => List::new(None, Some(headers.get_all(name).into_iter())),
        }
    }
}
