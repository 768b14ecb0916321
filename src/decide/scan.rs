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
    names: &'a PerValue<Option<HeaderName>>,
    pub(crate) own_host: Lines<'a>,
    /// The lines that a pass found. Without a pass, a header is looked up when it is read.
    passed: PerValue<Lines<'a>>,
    has_passed: bool,
    /// Whether the request carries a header that is read.
    pub(crate) has_read: bool,
    pub(crate) others: Others,
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
    /// Looks up the lines that are read, for a decision alone.
    #[inline(always)]
    pub(crate) fn looked_up(headers: &'a HeaderMap, config: &'a Config) -> Self {
        // A client puts `Host` first (RFC 9110 §7.2), where it needs no look-up.
        let own_host = Lines::first(headers, &HOST).unwrap_or(Lines::Named(headers, &HOST));
        Self { own_host, ..Self::new(headers, config) }
    }

    #[inline(always)]
    pub(crate) fn new(headers: &'a HeaderMap, config: &'a Config) -> Self {
        Self {
            headers,
            names: &config.names,
            own_host: Lines::Absent,
            passed: PerValue::default(),
            has_passed: false,
            has_read: false,
            others: Others::default(),
        }
    }

    #[inline(always)]
    pub(crate) fn client(&self) -> Lines<'a> {
        self.lines(self.names.client.as_ref(), &self.passed.client)
    }

    #[inline(always)]
    pub(crate) fn scheme(&self) -> Lines<'a> {
        self.lines(self.names.scheme.as_ref(), &self.passed.scheme)
    }

    #[inline(always)]
    pub(crate) fn host(&self) -> Lines<'a> {
        self.lines(self.names.host.as_ref(), &self.passed.host)
    }

    #[inline(always)]
    pub(crate) fn port(&self) -> Lines<'a> {
        self.lines(self.names.port.as_ref(), &self.passed.port)
    }

    #[inline(always)]
    pub(crate) fn prefix(&self) -> Lines<'a> {
        self.lines(self.names.prefix.as_ref(), &self.passed.prefix)
    }

    /// Returns the lines that a pass found.
    pub(crate) fn passed(&self) -> &PerValue<Lines<'a>> {
        &self.passed
    }

    #[inline(always)]
    fn lines(&self, name: Option<&'a HeaderName>, passed: &Lines<'a>) -> Lines<'a> {
        match name {
            _ if self.has_passed => *passed,
            Some(name) => Lines::Named(self.headers, name),
            None => Lines::Absent,
        }
    }

    /// Finds all lines that matter to the layer.
    #[inline]
    pub(crate) fn pass(&mut self, config: &Config) {
        self.has_passed = true;
        // A client can repeat a line thousands of times: then the pass is over names alone.
        if self.headers.len() > self.headers.keys_len() {
            return self.pass_names(config);
        }
        let has_own_names = !config.own_names.is_empty();
        for (name, line) in self.headers {
            let candidates = candidates(name);
            if !candidates.is_empty() || has_own_names {
                if let Some(place) = self.place(config, name, candidates) {
                    *place = Lines::One(line);
                }
            }
        }
    }

    #[cold]
    fn pass_names(&mut self, config: &Config) {
        let headers = self.headers;
        let has_own_names = !config.own_names.is_empty();
        for name in headers.keys() {
            let candidates = candidates(name);
            if !candidates.is_empty() || has_own_names {
                if let Some(place) = self.place(config, name, candidates) {
                    *place = Lines::Named(headers, name);
                }
            }
        }
    }

    /// Returns whether the request carries a forwarding header.
    #[inline]
    pub(super) fn has_forwarding(&self, config: &Config) -> bool {
        if self.has_passed {
            return self.has_read || !self.others.is_empty();
        }
        self.headers.keys().any(|name| is_forwarding(config, name))
    }

    /// Returns the place for the lines of a name that is read. Notes any other forwarding header.
    fn place(
        &mut self,
        config: &Config,
        name: &HeaderName,
        set: names::Set,
    ) -> Option<&mut Lines<'a>> {
        if *name == HOST {
            return Some(&mut self.own_host);
        }
        let slot = slot(&config.names, &mut self.passed, name);
        if slot.is_some() {
            self.has_read = true;
        } else {
            self.others.add(config, name, set);
        }
        slot
    }
}

impl Others {
    #[inline]
    pub(crate) fn is_empty(self) -> bool {
        self.known.is_empty() && !self.has_more
    }

    fn add(&mut self, config: &Config, name: &HeaderName, set: names::Set) {
        match set.find(name) {
            Some(known) => self.known = self.known.union(known),
            None => self.has_more |= is_forwarding(config, name),
        }
    }
}

/// Returns the slot of a name that is read.
#[inline(always)]
fn slot<'s, 'a>(
    names: &PerValue<Option<HeaderName>>,
    slots: &'s mut PerValue<Lines<'a>>,
    name: &HeaderName,
) -> Option<&'s mut Lines<'a>> {
    let is = |read: &Option<HeaderName>| read.as_ref() == Some(name);
    if is(&names.client) {
        Some(&mut slots.client)
    } else if is(&names.scheme) {
        Some(&mut slots.scheme)
    } else if is(&names.host) {
        Some(&mut slots.host)
    } else if is(&names.port) {
        Some(&mut slots.port)
    } else if is(&names.prefix) {
        Some(&mut slots.prefix)
    } else {
        None
    }
}

/// Returns whether this is the name of a forwarding header, of a secret or of an identity, or looks like such
/// a name.
pub(crate) fn is_forwarding(config: &Config, name: &HeaderName) -> bool {
    let is_own = |own: &HeaderName| looks_like(name.as_str(), own.as_str());
    candidates(name).has_like(name) || config.own_names.iter().any(is_own)
}
