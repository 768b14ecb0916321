//! The entries of the list that was walked, each with its line and its bytes.

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;

use crate::decide::{Observer, Place, Verdict as Led};
use crate::header::lines::Lines;
use crate::header::list::{LastComma, List, trim};
use crate::header::report::Report;
use crate::outcome::Unresolved;
use crate::peer::Peer;

/// What the walk read, step by step.
#[derive(Default)]
pub(super) struct Steps<'a>(pub(super) Vec<Step<'a>>);

/// One report, as the walk saw it.
pub(super) struct Step<'a> {
    place: Place<'a>,
    pub(super) address: Result<IpAddr, Unresolved>,
    pub(super) led: Led,
    /// The values of the element, unescaped.
    pub(super) proto: Option<Vec<u8>>,
    pub(super) host: Option<Vec<u8>>,
}

impl Step<'_> {
    /// Returns the sender that was reported, as a peer. Without an address, it is at a Unix socket.
    pub(super) fn sender(&self) -> Peer {
        match self.address {
            Ok(ip) => Peer::Inet(SocketAddr::new(ip, 0)),
            Err(_) => Peer::Unix,
        }
    }
}

impl<'a> Observer<'a> for Steps<'a> {
    fn report(&mut self, place: Place<'a>, report: &Report<'a>, led: Led) {
        self.0.push(Step {
            place,
            address: report.client.address,
            led,
            proto: report.proto.map(|value| value.to_bytes().into_owned()),
            host: report.host.map(|value| value.to_bytes().into_owned()),
        });
    }
}

/// An entry of a list, at its line and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot<'a> {
    /// The index of the line, first to last.
    pub(super) line: usize,
    /// The bytes of the line, white space around the entry included.
    pub(super) range: Range<usize>,
    /// The entry, trimmed.
    pub(super) text: &'a [u8],
}

/// The entries of a list, in the order in which a walk meets them.
pub(super) struct Spots<'a> {
    /// The entries that the walk skips.
    pub(super) skipped: Vec<Spot<'a>>,
    /// The entry of each step.
    pub(super) read: Vec<Spot<'a>>,
    /// The entries behind the last step, as far as they are shown.
    pub(super) unread: Vec<Spot<'a>>,
    /// Whether there are more unread entries than are shown.
    pub(super) has_more: bool,
}

/// The most unread entries that are shown.
const MOST_UNREAD: usize = 16;

impl<'a> Spots<'a> {
    /// Finds the entries of a walk that skipped some entries at the right end.
    pub(super) fn of(
        lines: &Lines<'a>,
        texts: &[&'a [u8]],
        skipped: usize,
        steps: &Steps<'a>,
        last_comma: LastComma,
    ) -> Self {
        let mut list = lines.right_to_left();
        let mut cursor = Cursor { texts, line: texts.len(), is_used_up: false };
        if list.rest().is_some() {
            cursor.line = cursor.line.saturating_sub(1);
        }
        let skipped = (0..skipped).map_while(|_| cursor.next(&mut list, last_comma)).collect();
        let read = steps.0.iter().filter_map(|step| cursor.spot(step.place)).collect();
        // The list is behind the steps only as far as they were read.
        for _ in &steps.0 {
            list.next(last_comma);
        }
        let mut unread: Vec<_> = std::iter::from_fn(|| cursor.next(&mut list, last_comma))
            .take(MOST_UNREAD + 1)
            .collect();
        let has_more = unread.len() > MOST_UNREAD;
        unread.truncate(MOST_UNREAD);
        Self { skipped, read, unread, has_more }
    }
}

/// The current line.
struct Cursor<'t, 'a> {
    texts: &'t [&'a [u8]],
    line: usize,
    /// Whether the last entry was too long, so that no list gets past it.
    is_used_up: bool,
}

impl<'a> Cursor<'_, 'a> {
    /// Reads one more entry.
    fn next(&mut self, list: &mut List<'a>, last_comma: LastComma) -> Option<Spot<'a>> {
        if self.is_used_up {
            return None;
        }
        let before = list.rest();
        list.next(last_comma)?;
        self.spot(Place { before, after: list.rest() })
    }

    /// Finds the bytes of an entry by what was unread before and after it.
    fn spot(&mut self, place: Place<'a>) -> Option<Spot<'a>> {
        if place.before.is_none() {
            self.line = self.line.checked_sub(1)?;
        }
        let text = self.texts.get(self.line)?;
        let end = place.before.map_or(text.len(), <[u8]>::len);
        self.is_used_up = place.before.is_some() && place.before == place.after
            || place.after.is_some_and(|after| after.len() >= end);
        let start = match place.after {
            // The comma stands between.
            Some(after) if !self.is_used_up => after.len() + 1,
            _ => 0,
        };
        let entry = text.get(start..end)?;
        let entry = if self.is_used_up { entry } else { trim(entry) };
        Some(Spot { line: self.line, range: start..end, text: entry })
    }
}
