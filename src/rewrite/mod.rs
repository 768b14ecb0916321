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
use crate::decide::{Found, Others, Resolved, Sent, is_forwarding};
use crate::header::lines::Lines;
use crate::outcome::Outcome;
use crate::peer::FoundIn;
use crate::syntax::authority::Authority;

use buffer::Buffer;

/// The changes to a request's headers. Nearly always few: a proxy has written what is right.
pub(crate) struct Edits {
    host: Edit,
    /// `None` if the request carries no header that is read.
    values: Option<PerValue<Edit>>,
    others: Others,
}

/// The change to one header.
#[derive(Default)]
enum Edit {
    #[default]
    Nothing,
    Remove,
    Write(HeaderValue),
}

/// What a header must hold afterwards.
enum Wanted<'a> {
    Remove,
    Keep,
    Write(&'a [u8]),
}

impl Edits {
    /// Finds the headers that do not agree with the decision.
    pub(crate) fn needed(config: &Config, resolved: &Resolved, found: &Found<'_>) -> Self {
        let host = match &resolved.authority {
            // A request without `Host` gets one only from a proxy that reported the host.
            Some(_) if found.own_host.is_absent() && resolved.reported.host.is_err() => {
                Wanted::Keep
            }
            authority => authority.as_ref().map(Authority::as_bytes).into(),
        };
        let values = value_edits(config, resolved, found);
        Self { host: host.edit(&found.own_host), values, others: found.others }
    }

    /// Makes the request agree with the decision.
    #[inline]
    pub(crate) fn apply<B>(
        &mut self,
        request: &mut Request<B>,
        config: &Config,
        resolved: &Resolved,
        found_in: FoundIn,
    ) {
        self.apply_to_headers(request.headers_mut(), config);
        uri::rewrite(request, config, resolved);
        if config.rewrite_connect_info {
            connect_info::rewrite(request.extensions_mut(), resolved, found_in);
        }
    }

    /// Removes first: a full map has room for the new values then.
    fn apply_to_headers(&mut self, headers: &mut HeaderMap, config: &Config) {
        remove(headers, config, self.others);
        if !matches!(self.host, Edit::Nothing) {
            self.host.apply(headers, &HOST);
        }
        let Some(values) = &mut self.values else { return };
        for (name, edit) in config.names.as_ref().zip(values.as_mut()).into_array() {
            if let (Some(name), Edit::Remove | Edit::Write(_)) = (name, &edit) {
                if !config.is_kept(name) {
                    edit.apply(headers, name);
                }
            }
        }
    }
}

impl<'a> From<Option<&'a [u8]>> for Wanted<'a> {
    fn from(text: Option<&'a [u8]>) -> Self {
        text.map_or(Self::Remove, Self::Write)
    }
}

impl Wanted<'_> {
    /// Compares with the lines that are there.
    #[inline]
    fn edit(self, lines: &Lines<'_>) -> Edit {
        match self {
            Self::Keep => Edit::Nothing,
            Self::Remove if lines.is_absent() => Edit::Nothing,
            Self::Remove => Edit::Remove,
            Self::Write(text) => Edit::of_text(text, lines),
        }
    }
}

impl Edit {
    fn of_text(text: &[u8], lines: &Lines<'_>) -> Self {
        if lines.are_only(text) {
            return Self::Nothing;
        }
        HeaderValue::from_bytes(text).map_or(Self::Remove, Self::Write)
    }

    #[inline]
    fn apply(&mut self, headers: &mut HeaderMap, name: &HeaderName) {
        match std::mem::take(self) {
            Self::Nothing => {}
            Self::Remove => drop(headers.remove(name)),
            Self::Write(value) => write(headers, name, value),
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
#[inline(never)]
fn value_edits(config: &Config, resolved: &Resolved, found: &Found<'_>) -> Option<PerValue<Edit>> {
    if !found.has_read {
        return None;
    }
    let lines = &found.read;
    let reported_ip = match resolved.outcome {
        Outcome::Forwarded => resolved.client_ip(),
        _ => None,
    };
    let Some(ip) = reported_ip else {
        return Some(lines.as_ref().map(|lines| Wanted::Remove.edit(lines)));
    };
    Some(PerValue {
        client: client_edit(config, resolved, found, ip),
        scheme: Wanted::from(scheme(config, resolved)).edit(&lines.scheme),
        host: Wanted::from(reported_host(resolved)).edit(&lines.host),
        port: port_edit(resolved, &lines.port),
        prefix: Wanted::from(prefix(resolved)).edit(&lines.prefix),
    })
}

fn client_edit(config: &Config, resolved: &Resolved, found: &Found<'_>, ip: IpAddr) -> Edit {
    let lines = &found.read.client;
    if resolved.sent == Sent::CanonicalAddress && lines.single().is_some() {
        return Wanted::Keep.edit(lines);
    }
    let mut buffer = Buffer::new();
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
    Wanted::Write(buffer.text()).edit(lines)
}

fn port_edit(resolved: &Resolved, lines: &Lines<'_>) -> Edit {
    let Some(authority) = resolved.authority.as_ref() else { return Wanted::Remove.edit(lines) };
    if resolved.reported.port.is_err() {
        return Wanted::Remove.edit(lines);
    }
    let mut buffer = Buffer::new();
    buffer.put_number(authority.port().unwrap_or(resolved.scheme.default_port()));
    Wanted::Write(buffer.text()).edit(lines)
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

/// Removes the forwarding headers that are not read.
fn remove(headers: &mut HeaderMap, config: &Config, others: Others) {
    for name in others.known.names().filter(|name| !config.is_kept(name)) {
        headers.remove(name);
    }
    if others.has_more {
        let read = config.names.as_ref().map(Option::as_ref).into_array();
        let stays = |name: &HeaderName| config.is_kept(name) || read.contains(&Some(name));
        let names = headers.keys().filter(|name| is_forwarding(config, name) && !stays(name));
        for name in names.cloned().collect::<Vec<_>>() {
            headers.remove(name);
        }
    }
}
