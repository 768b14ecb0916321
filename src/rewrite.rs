//! The effect: the only file that changes a request.
//!
//! Afterwards every forwarding header, `Host` and the URI say what was decided, or are gone, so
//! that whoever reads them next, leftmost or rightmost, reads the same.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};

use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request};

use crate::authority::Authority;
use crate::config::Config;
use crate::forwarded::write_pair;
use crate::hops::Family;
use crate::lines::{Found, forwarding_name};
use crate::node::{MAX_ADDRESS, Node};
use crate::outcome::Outcome;
use crate::resolve::Resolved;

/// The longest length that `http::Uri` parses.
const MAX_URI: usize = u16::MAX as usize - 1;

/// Which headers do not say what was decided.
#[derive(Clone, Copy)]
pub(crate) struct Edits {
    host: bool,
    /// Some tell what nobody vouched for.
    strip: bool,
    /// Some do not read as they should.
    write: bool,
}

/// Nearly always there are none: a proxy has written the headers as they should be.
pub(crate) fn edits(config: &Config, resolved: &Resolved, found: &Found<'_>) -> Edits {
    let host = match &resolved.authority {
        Some(authority) if found.own_host.is_absent() => resolved.said.host,
        Some(authority) => !found.own_host.are(authority.as_bytes()),
        None => !found.own_host.is_absent(),
    };
    let mut edits = Edits { host, strip: found.others, write: false };
    let lines = [found.reports, found.proto, found.host, found.port, found.prefix];
    if resolved.client.outcome != Outcome::Forwarded {
        edits.strip |= lines.iter().any(|lines| !lines.is_absent());
        return edits;
    }
    for (vouched, lines) in vouched(resolved, config, &mut [0; MAX_ADDRESS]).iter().zip(lines) {
        match vouched {
            Some((_, text)) => edits.write |= !lines.are(text),
            None => edits.strip |= !lines.is_absent(),
        }
    }
    edits
}

/// Makes the request say what was decided.
pub(crate) fn rewrite<B>(
    request: &mut Request<B>,
    config: &Config,
    resolved: &Resolved,
    edits: Edits,
) {
    let headers = request.headers_mut();
    if edits.host {
        rewrite_host(headers, resolved);
    }
    if edits.strip || edits.write {
        let mut buffer = [0; MAX_ADDRESS];
        let vouched = vouched(resolved, config, &mut buffer);
        if edits.strip {
            strip(headers, config, &vouched);
        }
        for (name, text) in vouched.iter().flatten().filter(|(name, _)| !config.is_kept(name)) {
            set(headers, name, text);
        }
    }
    // The target of a CONNECT is where the tunnel leads, unless it has a path (RFC 8441).
    let is_tunnel = request.method() == Method::CONNECT && request.uri().path().is_empty();
    if config.rewrite_uri && !is_tunnel {
        let may_add = resolved.is_peer_trusted() || config.own_scheme.is_some();
        let set = |uri: &mut Uri| rewrite_uri(uri, resolved, may_add);
        set(request.uri_mut());
        #[cfg(feature = "axum")]
        if let Some(original) = request.extensions_mut().get_mut::<axum::extract::OriginalUri>() {
            set(&mut original.0);
        }
    }
}

/// `Host` says what the authority is. Where there is none, because it was refused, because there
/// are two, or because it is no host, nobody must find one.
fn rewrite_host(headers: &mut HeaderMap, resolved: &Resolved) {
    match &resolved.authority {
        Some(authority) => set(headers, &HOST, authority.as_bytes()),
        None => drop(headers.remove(HOST)),
    }
}

/// Removes every known name that nobody vouched for.
fn strip(headers: &mut HeaderMap, config: &Config, vouched: &[Line<'_>]) {
    let is_vouched = |name: &HeaderName| vouched.iter().flatten().any(|(v, _)| *v == name);
    let unvouched = |name: &HeaderName| {
        let known = forwarding_name(name, config)?;
        let stays = config.is_kept(name) || is_vouched(name);
        let name = if known == name { Cow::Borrowed(known) } else { Cow::Owned(name.clone()) };
        (!stays).then_some(name)
    };
    // The first few without an allocation.
    let (mut few, mut more) = ([const { None }; 4], Vec::new());
    let mut free = few.iter_mut();
    for name in headers.keys().filter_map(unvouched) {
        match free.next() {
            Some(slot) => *slot = Some(name),
            None => more.push(name),
        }
    }
    for name in few.into_iter().flatten().chain(more) {
        headers.remove(&*name);
    }
}

type Line<'a> = Option<(&'a HeaderName, Cow<'a, [u8]>)>;

/// What the headers of a family say of a client that was found.
fn vouched<'a>(
    resolved: &'a Resolved,
    config: &'a Config,
    buffer: &'a mut [u8; MAX_ADDRESS],
) -> [Line<'a>; 5] {
    let ip = match resolved.client.outcome {
        Outcome::Forwarded => resolved.client.node.as_ref().and_then(Node::ip),
        _ => None,
    };
    match (ip, config.family) {
        (Some(ip), Family::Forwarded) => {
            let line = Cow::Owned(forwarded_line(ip, resolved));
            [Some((config.reports_header(), line)), None, None, None, None]
        }
        (Some(ip), Family::XForwarded) => {
            let port = resolved.client_port().filter(|_| config.client_port);
            x_forwarded_lines(print(ip, port, buffer), resolved, config)
        }
        (None, _) => [const { None }; 5],
    }
}

fn x_forwarded_lines<'a>(
    ip: &'a [u8],
    resolved: &'a Resolved,
    config: &'a Config,
) -> [Line<'a>; 5] {
    let (said, names) = (&resolved.said, &config.names);
    let authority = resolved.authority.as_ref();
    let scheme = said.scheme.then(|| Cow::Borrowed(scheme_text(resolved)));
    let host = authority.filter(|_| said.host).map(|a| Cow::Borrowed(a.as_bytes()));
    let port = authority.filter(|_| said.port).map(|authority| {
        let port = authority.port().unwrap_or(resolved.scheme.default_port());
        Cow::Owned(port.to_string().into_bytes())
    });
    let prefix = resolved.prefix.as_ref().map(|prefix| Cow::Borrowed(prefix.as_bytes()));
    [
        Some((config.reports_header(), Cow::Borrowed(ip))),
        scheme.map(|text| (&names.proto, text)),
        host.map(|text| (&names.host, text)),
        port.map(|text| (&names.port, text)),
        prefix.map(|text| (&names.prefix, text)),
    ]
}

fn scheme_text(resolved: &Resolved) -> &'static [u8] {
    resolved.scheme.as_scheme().as_str().as_bytes()
}

/// `for=203.0.113.7;proto=https;host=example.com`.
fn forwarded_line(ip: IpAddr, resolved: &Resolved) -> Vec<u8> {
    let mut out = Vec::with_capacity(MAX_ADDRESS);
    write_pair(&mut out, "for", Node::from(ip).to_string().as_bytes());
    if resolved.said.scheme {
        out.push(b';');
        write_pair(&mut out, "proto", scheme_text(resolved));
    }
    if let Some(authority) = resolved.authority.as_ref().filter(|_| resolved.said.host) {
        out.push(b';');
        write_pair(&mut out, "host", authority.as_bytes());
    }
    out
}

/// Gives the address alone, or with its port where that is what the header holds.
fn print(ip: IpAddr, port: Option<u16>, buffer: &mut [u8; MAX_ADDRESS]) -> &[u8] {
    let length = match (ip, port) {
        (IpAddr::V4(ip), None) => print_ipv4(ip, buffer),
        (IpAddr::V6(ip), None) => print_with(buffer, format_args!("{ip}")),
        (ip, Some(port)) => print_with(buffer, format_args!("{ip}:{port}")),
    };
    buffer.split_at(length).0
}

fn print_with(mut buffer: &mut [u8], text: fmt::Arguments<'_>) -> usize {
    buffer.write_fmt(text).expect("no address is longer than MAX_ADDRESS");
    MAX_ADDRESS - buffer.len()
}

/// As `Display` does it, in a tenth of the time; gives the length.
fn print_ipv4(ip: Ipv4Addr, buffer: &mut [u8; MAX_ADDRESS]) -> usize {
    let mut free = buffer.iter_mut();
    let mut put = |byte| free.next().into_iter().for_each(|slot| *slot = byte);
    for (index, octet) in ip.octets().into_iter().enumerate() {
        if index > 0 {
            put(b'.');
        }
        if octet >= 100 {
            put(b'0' + octet / 100);
        }
        if octet >= 10 {
            put(b'0' + octet / 10 % 10);
        }
        put(b'0' + octet % 10);
    }
    MAX_ADDRESS - free.len()
}

/// Makes this the one line of a name, and does nothing where it is.
fn set(headers: &mut HeaderMap, name: &HeaderName, text: &[u8]) {
    let mut lines = headers.get_all(name).into_iter();
    let (line, only) = (lines.next(), lines.next().is_none());
    if only && line.is_some_and(|line| line.as_bytes() == text) {
        return;
    }
    let Ok(value) = HeaderValue::from_bytes(text) else { return drop(headers.remove(name)) };
    match headers.get_mut(name) {
        Some(line) if only => *line = value,
        _ => {
            // First removed: a full map would keep the old value.
            headers.remove(name);
            let _ = headers.try_insert(name.clone(), value);
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
    let room = MAX_URI.saturating_sub("https://".len() + path.as_str().len());
    let authority = resolved.authority.as_ref().and_then(Authority::to_uri);
    parts.authority = authority.filter(|authority| authority.as_str().len() <= room);
    parts.scheme = parts.authority.as_ref().map(|_| resolved.scheme.as_scheme().clone());
    parts.path_and_query = Some(path);
    *uri = Uri::from_parts(parts).expect("both or none of them, and a path: that is a URI");
}
