//! The header lines that a decision needs.
//!
//! The layer passes once over all names, since most names that have to be removed are absent. The cost
//! does not depend on how many lines a name has. The lines of a repeated name are looked up when they are
//! read, from the right. A decision alone looks up the two or three names that it reads.

use http::header::{HOST, HeaderMap, HeaderName};

use crate::config::{Config, PerValue};
use crate::header::lines::Lines;
use crate::header::names::{self, candidates, looks_like};

/// The lines of a request that are read, and whether others have to be removed.
pub(crate) struct Found<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) own_host: Lines<'a>,
    pub(crate) read: PerValue<Lines<'a>>,
    /// Whether the request carries a header that is read.
    pub(crate) has_read: bool,
    pub(crate) others: Others,
    has_passed: bool,
}

/// The forwarding headers that are not read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Others {
    pub(crate) known: names::Set,
    /// Whether the request carries a name that looks like a known name, or like a name of the
    /// configuration.
    pub(crate) has_more: bool,
}

impl<'a> Found<'a> {
    #[inline]
    pub(crate) fn new(headers: &'a HeaderMap) -> Self {
        Self {
            headers,
            own_host: Lines::Absent,
            read: PerValue::default(),
            has_read: false,
            others: Others::default(),
            has_passed: false,
        }
    }

    /// Looks up the lines that are read, for a decision alone.
    #[inline]
    pub(crate) fn looked_up(headers: &'a HeaderMap, config: &'a Config) -> Self {
        let lines = |name: Option<&'a HeaderName>| {
            name.map_or(Lines::Absent, |name| Lines::Named(headers, name))
        };
        Self {
            headers,
            read: config.names.as_ref().map(Option::as_ref).map(lines),
            has_read: false,
            // A client puts `Host` first (RFC 9110 §7.2), where it needs no look-up.
            own_host: Lines::first(headers, &HOST).unwrap_or(Lines::Named(headers, &HOST)),
            others: Others::default(),
            has_passed: false,
        }
    }

    /// Finds all lines that matter to the layer.
    pub(crate) fn pass(&mut self, config: &Config) {
        let headers = self.headers;
        self.has_passed = true;
        let matters = |set: names::Set| !(set.is_empty() && config.own_names.is_empty());
        // A client can repeat a line thousands of times: then the pass is over names alone.
        if headers.len() == headers.keys_len() {
            let lines = headers.iter().map(|(name, line)| (name, candidates(name), line));
            for (name, candidates, line) in lines.filter(|(_, set, _)| matters(*set)) {
                self.add(config, name, candidates, Lines::One(line));
            }
        } else {
            let names = headers.keys().map(|name| (name, candidates(name)));
            for (name, candidates) in names.filter(|(_, set)| matters(*set)) {
                self.add(config, name, candidates, Lines::Named(headers, name));
            }
        }
    }

    /// Returns whether the request carries a forwarding header.
    #[inline]
    pub(super) fn has_forwarding(&self, config: &Config) -> bool {
        if self.has_passed {
            return self.has_read || self.others.has_more || !self.others.known.is_empty();
        }
        self.headers.keys().any(|name| is_forwarding(config, name))
    }

    fn add(&mut self, config: &Config, name: &HeaderName, set: names::Set, lines: Lines<'a>) {
        if *name == HOST {
            self.own_host = lines;
        } else if let Some(slot) = self.slot(config, name) {
            *slot = lines;
            self.has_read = true;
        } else if let Some(known) = set.find(name) {
            self.others.known = self.others.known.union(known);
        } else {
            self.others.has_more |= is_forwarding(config, name);
        }
    }

    /// Returns the place for the lines of a name that is read.
    fn slot(&mut self, config: &Config, name: &HeaderName) -> Option<&mut Lines<'a>> {
        let is = |read: &Option<HeaderName>| read.as_ref() == Some(name);
        let names = &config.names;
        if is(&names.client) {
            Some(&mut self.read.client)
        } else if is(&names.scheme) {
            Some(&mut self.read.scheme)
        } else if is(&names.host) {
            Some(&mut self.read.host)
        } else if is(&names.port) {
            Some(&mut self.read.port)
        } else if is(&names.prefix) {
            Some(&mut self.read.prefix)
        } else {
            None
        }
    }
}

/// Returns whether this is the name of a forwarding header, or looks like such a name.
pub(crate) fn is_forwarding(config: &Config, name: &HeaderName) -> bool {
    let is_own = |own: &HeaderName| looks_like(name.as_str(), own.as_str());
    candidates(name).has_like(name) || config.own_names.iter().any(is_own)
}
