//! The header lines that matter, found in one pass over a request's names.
//!
//! One pass over all names, since most that have to be removed are not there. It does not depend on
//! how many lines a name has: the lines of a name that has several are only followed when they are
//! read, from the right. To decide alone takes two or three of the names, which are looked up.

use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};

use crate::config::Config;
use crate::family::{Family, OfFamily};
use crate::hops::RightToLeft;
use crate::known::{self, candidates, looks_like};

/// The lines of one name.
#[derive(Clone, Copy, Default)]
pub(crate) enum Lines<'a> {
    #[default]
    Absent,
    One(&'a HeaderValue),
    /// Any number of them.
    Named(&'a HeaderMap, &'a HeaderName),
}

impl<'a> Lines<'a> {
    /// The name's one line, if the headers start with it.
    #[inline]
    fn first(headers: &'a HeaderMap, name: &HeaderName) -> Option<Self> {
        let mut lines = headers.iter();
        let is = |line: &(&HeaderName, _)| line.0 == name;
        let (_, line) = lines.next().filter(is)?;
        lines.next().is_none_or(|next| !is(&next)).then_some(Self::One(line))
    }

    #[inline]
    pub(crate) fn is_absent(self) -> bool {
        match self {
            Self::Absent => true,
            Self::One(_) => false,
            Self::Named(headers, name) => !headers.contains_key(name),
        }
    }

    /// The line, if there is exactly one.
    #[inline]
    pub(crate) fn single(self) -> Option<&'a HeaderValue> {
        match self {
            Self::Absent => None,
            Self::One(line) => Some(line),
            Self::Named(headers, name) => {
                let mut lines = headers.get_all(name).into_iter();
                lines.next().filter(|_| lines.next().is_none())
            }
        }
    }

    pub(crate) fn are_several(self) -> bool {
        !self.is_absent() && self.single().is_none()
    }

    /// Whether this is all that they say.
    pub(crate) fn are_only(self, text: &[u8]) -> bool {
        self.single().is_some_and(|line| line.as_bytes() == text)
    }

    /// All of them as one list.
    #[inline]
    pub(crate) fn right_to_left(self) -> RightToLeft<'a> {
        match self {
            Self::Absent => RightToLeft::new(None, None),
            Self::One(line) => RightToLeft::new(Some(line.as_bytes()), None),
            Self::Named(headers, name) => {
                RightToLeft::new(None, Some(headers.get_all(name).into_iter()))
            }
        }
    }
}

/// The lines of a request that are read, and whether there are others to be removed.
pub(crate) struct Found<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) own_host: Lines<'a>,
    /// The headers of the family that is read.
    pub(crate) family: OfFamily<Lines<'a>>,
    /// Whether any of them is there.
    pub(crate) has_family: bool,
    pub(crate) others: Others,
}

/// The forwarding headers that are not of the family that is read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Others {
    pub(crate) known: known::Set,
    /// Whether there are any under other names: what looks like a known one, and what the operator
    /// has renamed.
    pub(crate) more: bool,
}

impl<'a> Found<'a> {
    #[inline]
    pub(crate) fn nothing(headers: &'a HeaderMap) -> Self {
        Self {
            headers,
            own_host: Lines::Absent,
            family: OfFamily::default(),
            has_family: false,
            others: Others::default(),
        }
    }

    pub(crate) fn look_through(&mut self, config: &Config) {
        let headers = self.headers;
        let matters =
            |candidates: known::Set| !(candidates.is_empty() && config.renamed.is_empty());
        // Iterating over lines would follow all that a client can repeat.
        if headers.len() == headers.keys_len() {
            let lines = headers.iter().map(|(name, line)| (name, candidates(name), line));
            for (name, candidates, line) in lines.filter(|(_, candidates, _)| matters(*candidates))
            {
                self.add(config, name, candidates, Lines::One(line));
            }
        } else {
            let names = headers.keys().map(|name| (name, candidates(name)));
            for (name, candidates) in names.filter(|(_, candidates)| matters(*candidates)) {
                self.add(config, name, candidates, Lines::Named(headers, name));
            }
        }
    }

    /// For a decision alone: what is read, looked up when it is, and nothing of what is to be removed.
    pub(crate) fn looked_up(headers: &'a HeaderMap, config: &'a Config) -> Self {
        let lines = |name| Lines::Named(headers, name);
        let reports = config.reports_header();
        let family = match config.family {
            Family::XForwarded => OfFamily { reports, ..config.names.as_ref() }.map(lines),
            Family::Forwarded => OfFamily { reports: lines(reports), ..OfFamily::default() },
        };
        Self {
            family,
            // First, where clients are told to put it (RFC 9110 §7.2), it needs no look-up.
            own_host: Lines::first(headers, &HOST).unwrap_or(lines(&HOST)),
            ..Self::nothing(headers)
        }
    }

    fn add(
        &mut self,
        config: &Config,
        name: &HeaderName,
        candidates: known::Set,
        lines: Lines<'a>,
    ) {
        if *name == HOST {
            self.own_host = lines;
        } else if let Some(slot) = self.slot(config, name) {
            *slot = lines;
            self.has_family = true;
        } else if let Some(known) = candidates.find(name) {
            self.others.known = self.others.known.union(known);
        } else {
            self.others.more |= is_forwarding(config, name);
        }
    }

    /// Where the lines of a name of the family that is read belong. By the name itself: to make up
    /// `Config::names_read` for each request would be 3 % of a direct one.
    fn slot(&mut self, config: &Config, name: &HeaderName) -> Option<&mut Lines<'a>> {
        let names = &config.names;
        match config.family {
            _ if name == config.reports_header() => Some(&mut self.family.reports),
            Family::XForwarded if *name == names.proto => Some(&mut self.family.proto),
            Family::XForwarded if *name == names.host => Some(&mut self.family.host),
            Family::XForwarded if *name == names.port => Some(&mut self.family.port),
            Family::XForwarded if *name == names.prefix => Some(&mut self.family.prefix),
            Family::XForwarded | Family::Forwarded => None,
        }
    }
}

/// Whether this is or looks like a name that tells where a request came from.
pub(crate) fn is_forwarding(config: &Config, name: &HeaderName) -> bool {
    let is_renamed = |own: &HeaderName| looks_like(name.as_str(), own.as_str());
    candidates(name).has_like(name) || config.renamed.iter().any(is_renamed)
}
