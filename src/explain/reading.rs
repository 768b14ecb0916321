//! What an explanation is made from: the request before and after the layer, and the decision.

use http::header::{HeaderName, HeaderValue};
use http::request::Parts;

use super::entry::{After, Entry, REMOVED, Verdict};
use super::escape::escape;
use super::steps::Steps;
use crate::config::Config;
use crate::config::origin::Advised;
use crate::decide::{Found, Resolved, decide_observed};
use crate::outcome::Outcome;
use crate::peer::{FoundIn, Peer};

/// The most lines of one header that are shown.
const MOST_LINES: usize = 16;

pub(super) struct Reading<'a> {
    pub(super) config: &'a Config,
    pub(super) before: &'a Parts,
    /// The request as the layer left it.
    pub(super) after: &'a Parts,
    pub(super) found: Found<'a>,
    pub(super) peer: Option<Peer>,
    pub(super) found_in: FoundIn,
    pub(super) steps: Steps<'a>,
    pub(super) resolved: Resolved,
}

impl<'a> Reading<'a> {
    pub(super) fn new(config: &'a Config, before: &'a Parts, after: &'a Parts) -> Self {
        Self::from_peer(config, config.peer_from.find(&before.extensions), before, after)
    }

    /// Decides the request once more, with an observer of the walk.
    #[inline(never)]
    pub(super) fn from_peer(
        config: &'a Config,
        (peer, found_in): (Option<Peer>, FoundIn),
        before: &'a Parts,
        after: &'a Parts,
    ) -> Self {
        let found = Found::looked_up(&before.headers, config);
        let mut steps = Steps::default();
        let resolved = decide_observed(config, peer, &found, &before.uri, &mut steps);
        Self { config, before, after, found, peer, found_in, steps, resolved }
    }

    /// Returns the line of a setting to write, where the settings were written.
    pub(super) fn line(&self, advised: Advised<'_>) -> String {
        self.config.origin.line(advised)
    }

    pub(super) fn outcome(&self) -> Outcome {
        self.resolved.outcome
    }

    /// Returns whether the peer is a trusted proxy, so that its headers were read.
    pub(super) fn is_trusted(&self) -> bool {
        !matches!(self.outcome(), Outcome::Direct | Outcome::NoPeer)
    }

    /// Returns the lines of a header, first to last.
    pub(super) fn texts(&self, name: &HeaderName) -> Vec<&'a [u8]> {
        self.before.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect()
    }

    /// Makes an entry of each line of a header, with what happened to the header.
    pub(super) fn lines_of(&self, name: &HeaderName, verdict: &Verdict) -> Vec<Entry> {
        let texts = self.texts(name);
        let count = texts.len();
        let fate = self.fate(name, verdict);
        let entry = |(index, text)| {
            let mut entry = Entry::new(name.as_str(), Some(text), verdict.clone());
            entry.line = (count > 1).then_some((index + 1, count));
            entry.note.push_str(fate);
            entry
        };
        texts.into_iter().enumerate().take(MOST_LINES).map(entry).collect()
    }

    /// Returns what to add to the note of a line whose header is gone, or is kept unread.
    fn fate(&self, name: &HeaderName, verdict: &Verdict) -> &'static str {
        let is_used = matches!(verdict, Verdict::Used(_) | Verdict::Client { .. });
        match self.after_of(name) {
            After::Removed if is_used => ", removed without an address",
            After::Removed => REMOVED,
            After::Kept if self.config.is_kept(name) && !is_used => {
                ", kept by insecure_keep_header"
            }
            After::Kept | After::Rewritten(_) => "",
        }
    }

    /// Adds what a rewritten header holds now, unless the entry shows it.
    pub(super) fn add_rewritten(&self, entry: &mut Entry, name: &HeaderName) {
        if let After::Rewritten(line) = self.after_of(name) {
            if entry.text.as_ref() != Some(&line) {
                entry.note.push_str(&format!("; rewritten: {line}"));
            }
        }
    }

    /// Returns what happened to a header.
    pub(super) fn after_of(&self, name: &HeaderName) -> After {
        let now: Vec<_> = self.after.headers.get_all(name).iter().collect();
        match now[..] {
            [] => After::Removed,
            [line] if self.texts(name) != [line.as_bytes()] => {
                After::Rewritten(escape(line.as_bytes()))
            }
            _ => After::Kept,
        }
    }
}
