//! The effect: the only code that changes a request.
//!
//! Afterwards every forwarding header, `Host`, the URI and `ConnectInfo` agree with the decision or are
//! gone. Code behind the layer reads the same from either end of a header.

mod buffer;
mod connect_info;
mod uri;

use std::net::IpAddr;

use http::Request;
use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};

use crate::config::{ClientFrom, Config, PerValue, SchemeFrom};
use crate::decide::{Facts, Found, Others, Resolved, is_forwarding};
use crate::header::lines::Lines;
use crate::outcome::Outcome;
use crate::peer::FoundIn;
use crate::syntax::authority::Authority;

use buffer::Buffer;

/// The changes to a request's headers. Nearly always none: a proxy has written what is right. So a text
/// that has to be written is made again, and not kept.
pub(crate) struct Edits {
    host: Edit,
    values: PerValue<Edit>,
    others: Others,
}

/// The change to one header.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Edit {
    #[default]
    Nothing,
    Remove,
    Write,
}

impl Edits {
    /// Finds the headers that do not agree with the decision.
    #[inline]
    pub(crate) fn needed(config: &Config, resolved: &Resolved, found: &Found<'_>) -> Self {
        let host = match &resolved.authority {
            // A request without `Host` gets one only from a proxy that reported the host.
            Some(_) if found.own_host.is_absent() && resolved.reported.host.is_err() => {
                Edit::Nothing
            }
            authority => Edit::to(authority.as_ref().map(Authority::as_bytes), &found.own_host),
        };
        let values = if found.has_read {
            value_edits(config, resolved, found.passed())
        } else {
            PerValue::default()
        };
        Self { host, values, others: found.others }
    }

    /// Makes the request agree with the decision.
    #[inline]
    pub(crate) fn apply<B>(
        self,
        request: &mut Request<B>,
        config: &Config,
        resolved: &Resolved,
        found_in: FoundIn,
    ) {
        self.apply_to_headers(request.headers_mut(), config, resolved);
        uri::rewrite(request, config, resolved, found_in);
        if config.rewrite_connect_info {
            connect_info::rewrite(request.extensions_mut(), resolved, found_in);
        }
    }

    /// Removes first: a full map has room for the new values then.
    #[inline]
    fn apply_to_headers(self, headers: &mut HeaderMap, config: &Config, resolved: &Resolved) {
        if !self.others.is_empty() {
            remove(headers, config, resolved, self.others);
        }
        if self.host != Edit::Nothing {
            let host = || value(resolved.authority.as_ref()?.as_bytes());
            self.host.apply(headers, &HOST, host);
        }
        if self.values != PerValue::default() {
            apply_to_values(self.values, headers, config, resolved);
        }
    }
}

impl Edit {
    /// Returns the change that leaves this text alone, or nothing.
    #[inline(always)]
    fn to(text: Option<&[u8]>, lines: &Lines<'_>) -> Self {
        match text {
            Some(text) if lines.are_only(text) => Self::Nothing,
            Some(_) => Self::Write,
            None if lines.is_absent() => Self::Nothing,
            None => Self::Remove,
        }
    }

    #[inline]
    fn apply_unless_kept(
        self,
        headers: &mut HeaderMap,
        config: &Config,
        name: Option<&HeaderName>,
        value: impl FnOnce() -> Option<HeaderValue>,
    ) {
        match name {
            Some(name) if self != Self::Nothing && !config.is_kept(name) => {
                self.apply(headers, name, value);
            }
            _ => {}
        }
    }

    fn apply(
        self,
        headers: &mut HeaderMap,
        name: &HeaderName,
        value: impl FnOnce() -> Option<HeaderValue>,
    ) {
        match self {
            Self::Nothing => {}
            Self::Remove => drop(headers.remove(name)),
            Self::Write => match value() {
                Some(value) => write(headers, name, value),
                None => drop(headers.remove(name)),
            },
        }
    }
}

/// Makes this value the one line of a name, or removes the name.
fn write(headers: &mut HeaderMap, name: &HeaderName, value: HeaderValue) {
    let has_repeats = headers.len() > headers.keys_len();
    match headers.get_mut(name) {
        // With repeated lines, this would change the first line alone.
        Some(line) if !has_repeats => *line = value,
        _ => {
            // Removed first: a full map refuses the new value and would keep the old one.
            headers.remove(name);
            let _ = headers.try_insert(name.clone(), value);
        }
    }
}

/// Compares the headers that were read with the decision. Removes all of them unless a trusted proxy
/// reported the client.
fn value_edits(
    config: &Config,
    resolved: &Resolved,
    lines: &PerValue<Lines<'_>>,
) -> PerValue<Edit> {
    let Some(ip) = reported_ip(resolved) else {
        return lines.as_ref().map(|lines| Edit::to(None, lines));
    };
    let is_canonical = resolved.facts.have(Facts::CANONICAL_ADDRESS);
    let client = if is_canonical && lines.client.single().is_some() {
        Edit::Nothing
    } else if resolved.facts.have(Facts::MORE_ENTRIES) {
        Edit::Write
    } else {
        Edit::to(Some(client(config, resolved, ip, &mut Buffer::new())), &lines.client)
    };
    PerValue {
        client,
        scheme: Edit::to(scheme(config, resolved), &lines.scheme),
        host: Edit::to(reported_host(resolved), &lines.host),
        port: match port(resolved) {
            Some(port) => Edit::to(Some(Buffer::new().number(port)), &lines.port),
            None => Edit::to(None, &lines.port),
        },
        prefix: Edit::to(prefix(resolved), &lines.prefix),
    }
}

fn apply_to_values(
    edits: PerValue<Edit>,
    headers: &mut HeaderMap,
    config: &Config,
    resolved: &Resolved,
) {
    let names = &config.names;
    edits.client.apply_unless_kept(headers, config, names.client.as_ref(), || {
        value(client(config, resolved, reported_ip(resolved)?, &mut Buffer::new()))
    });
    edits.scheme.apply_unless_kept(headers, config, names.scheme.as_ref(), || {
        value(scheme(config, resolved)?)
    });
    edits.host.apply_unless_kept(headers, config, names.host.as_ref(), || {
        value(reported_host(resolved)?)
    });
    edits.port.apply_unless_kept(headers, config, names.port.as_ref(), || {
        value(Buffer::new().number(port(resolved)?))
    });
    edits
        .prefix
        .apply_unless_kept(headers, config, names.prefix.as_ref(), || value(prefix(resolved)?));
}

fn value(text: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(text).ok()
}

/// Returns the address of the client that a trusted proxy reported.
fn reported_ip(resolved: &Resolved) -> Option<IpAddr> {
    match resolved.outcome {
        Outcome::Forwarded => resolved.client_ip(),
        _ => None,
    }
}

/// Returns the text for the header of the client.
fn client<'a>(
    config: &Config,
    resolved: &Resolved,
    ip: IpAddr,
    buffer: &'a mut Buffer,
) -> &'a [u8] {
    match config.client {
        ClientFrom::Forwarded => {
            buffer.put_element(ip, reported_scheme(resolved), reported_host(resolved));
        }
        ClientFrom::AddressAndPort(_) => {
            // Without a port, the end of an IPv6 address would be read as a port.
            buffer.put_address(ip, Some(resolved.client_port().unwrap_or_default()));
        }
        ClientFrom::List(..) | ClientFrom::Address(_) | ClientFrom::Nothing => {
            buffer.put_address(ip, None);
        }
    }
    buffer.text()
}

/// Returns the number for the header of the port.
fn port(resolved: &Resolved) -> Option<u16> {
    let authority = resolved.authority.as_ref()?;
    resolved.reported.port.ok()?;
    Some(authority.port().unwrap_or(resolved.scheme.default_port()))
}

fn reported_scheme(resolved: &Resolved) -> Option<&[u8]> {
    resolved.reported.scheme.ok().map(|()| resolved.scheme.as_str().as_bytes())
}

/// Returns the text for the header of the scheme.
fn scheme<'a>(config: &Config, resolved: &'a Resolved) -> Option<&'a [u8]> {
    match config.scheme {
        SchemeFrom::OnOff(_) if resolved.reported.scheme.is_ok() => {
            Some(resolved.scheme.as_on_off().as_bytes())
        }
        _ => reported_scheme(resolved),
    }
}

fn reported_host(resolved: &Resolved) -> Option<&[u8]> {
    let authority = resolved.authority.as_ref()?;
    resolved.reported.host.ok().map(|()| authority.as_bytes())
}

fn prefix(resolved: &Resolved) -> Option<&[u8]> {
    resolved.prefix.as_deref().ok().map(str::as_bytes)
}

/// Removes the headers of secrets and identities from a request that an outer layer has decided, by that
/// decision.
pub(crate) fn remove_guarded(headers: &mut HeaderMap, config: &Config, resolved: &Resolved) {
    let goes = |name: &&HeaderName| {
        config.is_guarded(name) && !is_believed_identity(headers, config, resolved, name)
    };
    for name in headers.keys().filter(goes).cloned().collect::<Vec<_>>() {
        headers.remove(name);
    }
}

/// Returns whether this is the header of an identity that the right proxy wrote, spelt exactly so, and once.
fn is_believed_identity(
    headers: &HeaderMap,
    config: &Config,
    resolved: &Resolved,
    name: &HeaderName,
) -> bool {
    let mut identity = config.identity.iter();
    let is_believed =
        identity.any(|identity| identity.name == *name && resolved.is_written_by(identity.writer));
    is_believed && headers.get_all(name).iter().nth(1).is_none()
}

/// Removes the forwarding headers that are not read, secrets, and identities that no proxy wrote.
fn remove(headers: &mut HeaderMap, config: &Config, resolved: &Resolved, others: Others) {
    for name in others.known.names().filter(|name| !config.is_kept(name)) {
        headers.remove(name);
    }
    if others.has_more {
        let read = config.names.as_ref().map(Option::as_ref).into_array();
        let stays = |name: &HeaderName| {
            config.is_kept(name)
                || read.contains(&Some(name))
                || is_believed_identity(headers, config, resolved, name)
        };
        let names = headers.keys().filter(|name| is_forwarding(config, name) && !stays(name));
        for name in names.cloned().collect::<Vec<_>>() {
            headers.remove(name);
        }
    }
}
