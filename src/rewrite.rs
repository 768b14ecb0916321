//! The effect: all that changes a request's headers and its URI.
//!
//! Afterwards every forwarding header, `Host` and the URI say what was decided, or are gone, so
//! that whoever reads them next, leftmost or rightmost, reads the same.

use std::net::IpAddr;

use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request};

use crate::authority::Authority;
use crate::bytes::TCHAR;
use crate::config::Config;
use crate::family::{Family, OfFamily};
use crate::lines::{Found, Lines, Others, is_forwarding};
use crate::outcome::Outcome;
use crate::print::Buffer;
use crate::resolve::Resolved;

/// The longest length that `http::Uri` parses.
const MAX_URI: usize = u16::MAX as usize - 1;

/// What each header of the family has to say of a client that was found; one of which there is
/// nothing to say is removed. Nothing is said of the client's address where that
/// [is there](is_plain) already, and then it stays.
pub(crate) type Vouched<'a> = OfFamily<Option<&'a [u8]>>;

/// Which headers do not say what was decided. Nearly always none: a proxy has written them as they
/// should be.
#[derive(Clone, Copy)]
pub(crate) struct Edits {
    host: bool,
    family: OfFamily<bool>,
    others: Others,
}

/// Nothing, where there is no such client.
pub(crate) fn vouched<'a>(
    config: &Config,
    resolved: &'a Resolved,
    found: &Found<'_>,
    buffer: &'a mut Option<Buffer>,
) -> Vouched<'a> {
    let ip = match resolved.outcome {
        Outcome::Forwarded => resolved.client_ip(),
        _ => None,
    };
    let Some(ip) = ip else { return Vouched::default() };
    let (said, authority) = (resolved.said, resolved.authority.as_ref());
    let scheme = said.scheme.then(|| resolved.scheme.as_scheme().as_str().as_bytes());
    let host = authority.filter(|_| said.host).map(Authority::as_bytes);
    let prefix = resolved.prefix.as_deref().map(str::as_bytes);
    let vouched = Vouched { proto: scheme, host, prefix, ..Vouched::default() };
    match config.family {
        Family::XForwarded if is_plain(resolved, found) && !said.port => vouched,
        Family::XForwarded => {
            let (client, port) =
                put_client_and_port(buffer.insert(Buffer::new()), config, resolved, ip);
            let port = Some(port).filter(|port| !port.is_empty());
            Vouched { reports: Some(client), port, ..vouched }
        }
        Family::Forwarded => {
            let buffer = buffer.insert(Buffer::new());
            put_element(buffer, ip, scheme, host);
            Vouched { reports: Some(buffer.text()), ..Vouched::default() }
        }
    }
}

/// Whether the header of reports says the client's address, as we would, and nothing else.
#[inline]
fn is_plain(resolved: &Resolved, found: &Found<'_>) -> bool {
    resolved.is_plain && found.family.reports.single().is_some()
}

/// The client's address, and the port that it asked for, if that was said.
fn put_client_and_port<'a>(
    buffer: &'a mut Buffer,
    config: &Config,
    resolved: &Resolved,
    ip: IpAddr,
) -> (&'a [u8], &'a [u8]) {
    let port = resolved.client_port().filter(|_| config.has_client_port);
    let client_end = put_address(buffer, ip, port);
    if let Some(authority) = resolved.authority.as_ref().filter(|_| resolved.said.port) {
        buffer.put_number(authority.port().unwrap_or(resolved.scheme.default_port()));
    }
    buffer.text().split_at(client_end)
}

/// Gives where it ends.
fn put_address(buffer: &mut Buffer, ip: IpAddr, port: Option<u16>) -> usize {
    buffer.put_ip(ip);
    if let Some(port) = port {
        buffer.put(b":").put_number(port);
    }
    buffer.text().len()
}

/// `for=203.0.113.7;proto=https;host=example.com`.
fn put_element(buffer: &mut Buffer, ip: IpAddr, scheme: Option<&[u8]>, host: Option<&[u8]>) {
    buffer.put(b"for=").put_node(ip);
    if let Some(scheme) = scheme {
        buffer.put(b";proto=").put(scheme);
    }
    if let Some(host) = host {
        // Nothing in it has to be escaped: it is a valid host.
        let quote: &[u8] = if TCHAR.prefix(host) == host.len() { b"" } else { b"\"" };
        buffer.put(b";host=").put(quote).put(host).put(quote);
    }
}

pub(crate) fn edits(resolved: &Resolved, vouched: &Vouched<'_>, found: &Found<'_>) -> Edits {
    let host = match &resolved.authority {
        Some(_) if found.own_host.is_absent() && !resolved.said.host => false,
        authority => differs(found.own_host, authority.as_ref().map(Authority::as_bytes)),
    };
    // Without a header of the family there is no such client, and nothing to say of it. To compare
    // all five all the same would be 4 % of a direct request.
    let family = match found.has_family {
        true => family_edits(resolved, vouched, found),
        false => OfFamily::default(),
    };
    Edits { host, family, others: found.others }
}

fn family_edits(resolved: &Resolved, vouched: &Vouched<'_>, found: &Found<'_>) -> OfFamily<bool> {
    // By name, since zipped it is 3 % of the layer.
    let lines = &found.family;
    OfFamily {
        reports: !is_plain(resolved, found) && differs(lines.reports, vouched.reports),
        proto: differs(lines.proto, vouched.proto),
        host: differs(lines.host, vouched.host),
        port: differs(lines.port, vouched.port),
        prefix: differs(lines.prefix, vouched.prefix),
    }
}

/// Whether the lines are not this alone, or nothing alone.
#[inline]
fn differs(lines: Lines<'_>, text: Option<&[u8]>) -> bool {
    match text {
        Some(text) => !lines.are_only(text),
        None => !lines.is_absent(),
    }
}

/// Makes the request say what was decided.
pub(crate) fn rewrite<B>(
    request: &mut Request<B>,
    config: &Config,
    resolved: &Resolved,
    vouched: &Vouched<'_>,
    edits: Edits,
) {
    let headers = request.headers_mut();
    if edits.host {
        // Where there is none, because it was refused, because there are two, or because it is no
        // host, nobody must find one.
        set(headers, &HOST, resolved.authority.as_ref().map(Authority::as_bytes));
    }
    if edits.family.into_array().contains(&true) {
        set_family(headers, config, vouched, edits.family);
    }
    strip(headers, config, edits.others);
    if config.rewrite_uri {
        rewrite_target(request, config, resolved);
    }
}

/// The URI, and axum's copy of it.
fn rewrite_target<B>(request: &mut Request<B>, config: &Config, resolved: &Resolved) {
    // The target of a CONNECT is where the tunnel leads, unless it has a path (RFC 8441).
    if request.method() == Method::CONNECT && request.uri().path().is_empty() {
        return;
    }
    let may_add = resolved.is_peer_trusted() || config.own_scheme.is_some();
    rewrite_uri(request.uri_mut(), resolved, may_add);
    #[cfg(feature = "axum")]
    if let Some(original) = request.extensions_mut().get_mut::<axum::extract::OriginalUri>() {
        rewrite_uri(&mut original.0, resolved, may_add);
    }
}

fn set_family(
    headers: &mut HeaderMap,
    config: &Config,
    vouched: &Vouched<'_>,
    differs: OfFamily<bool>,
) {
    for (name, (text, differs)) in config.names_read().zip(vouched.zip(differs)).into_array() {
        if let Some(name) = name.filter(|name| differs && !config.is_kept(name)) {
            set(headers, name, text);
        }
    }
}

/// Makes this the one line of a name, or nothing.
fn set(headers: &mut HeaderMap, name: &HeaderName, text: Option<&[u8]>) {
    let has_repeats = headers.len() > headers.keys_len();
    let Some(value) = text.and_then(|text| HeaderValue::from_bytes(text).ok()) else {
        return drop(headers.remove(name));
    };
    match headers.get_mut(name) {
        // This would change the first of several lines alone.
        Some(line) if !has_repeats => *line = value,
        _ => {
            // First removed: a full map would keep the old value.
            headers.remove(name);
            let _ = headers.try_insert(name.clone(), value);
        }
    }
}

/// Removes the forwarding headers that are not of the family that is read.
fn strip(headers: &mut HeaderMap, config: &Config, others: Others) {
    for name in others.known.names().filter(|name| !config.is_kept(name)) {
        headers.remove(name);
    }
    if others.more {
        let family = config.names_read().into_array();
        let stays = |name: &HeaderName| config.is_kept(name) || family.contains(&Some(name));
        let names = headers.keys().filter(|name| is_forwarding(config, name) && !stays(name));
        for name in names.cloned().collect::<Vec<_>>() {
            headers.remove(name);
        }
    }
}

/// Scheme and authority: in the place of those that are there, and added where the peer may say
/// what they are. Nothing of them where the authority was refused, or does not fit. Path and query
/// stay.
fn rewrite_uri(uri: &mut Uri, resolved: &Resolved, may_add: bool) {
    // `OPTIONS *` has no place for them.
    if uri.authority().is_none() && (!may_add || uri.path() == "*") {
        return;
    }
    let mut parts = std::mem::take(uri).into_parts();
    // That of `http://a#f` is empty, and reads `/` only as long as there is a scheme.
    let path = parts.path_and_query.take().filter(|path| path.as_str() != "/");
    let path = path.unwrap_or_else(|| PathAndQuery::from_static("/"));
    // That of `http://a?b` has no slash here, and gets one in the URI.
    let slash = usize::from(path.as_str().starts_with('?'));
    let room = MAX_URI.saturating_sub("https://".len() + path.as_str().len() + slash);
    let authority = resolved.authority.as_ref().map(Authority::as_uri);
    parts.authority = authority.filter(|authority| authority.as_str().len() <= room).cloned();
    parts.scheme = parts.authority.as_ref().map(|_| resolved.scheme.as_scheme().clone());
    parts.path_and_query = Some(path);
    *uri = Uri::from_parts(parts).expect("both or none of them, and a path: that is a URI");
}
