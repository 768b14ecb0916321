//! The effect: the only file that changes a request.
//!
//! Afterwards every forwarding header, `Host` and the URI say what was decided, or are gone, so
//! that whoever reads them next, leftmost or rightmost, reads the same.

use std::borrow::Cow;
use std::io::Write;
use std::net::IpAddr;

use http::header::{self, HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::{self, PathAndQuery, Uri};
use http::{Method, Request};

use crate::authority::Authority;
use crate::config::Config;
use crate::forwarded::write_pair;
use crate::hops::Family;
use crate::known::{is_known, looks_like};
use crate::node::{MAX_ADDRESS, Node};
use crate::outcome::Outcome;
use crate::resolve::Resolved;

static FORWARDED: HeaderName = header::FORWARDED;

/// The longest length that `http::Uri` parses.
const MAX_URI: usize = u16::MAX as usize - 1;

/// Makes the request say what was decided.
pub(crate) fn rewrite<B>(request: &mut Request<B>, resolved: &Resolved, config: &Config) {
    let headers = request.headers_mut();
    rewrite_host(headers, resolved);
    rewrite_forwarding_headers(headers, resolved, config);
    // The target of a CONNECT is where the tunnel leads, unless it has a path (RFC 8441).
    let is_tunnel = request.method() == Method::CONNECT && request.uri().path().is_empty();
    if config.rewrite_uri && !is_tunnel {
        let authority = resolved.authority.as_ref().and_then(Authority::to_uri);
        let may_add = resolved.is_peer_trusted() || config.own_scheme.is_some();
        let set = |uri: &mut Uri| rewrite_uri(uri, resolved, authority.as_ref(), may_add);
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
    let Some(authority) = &resolved.authority else {
        headers.remove(HOST);
        return;
    };
    if headers.contains_key(HOST) || resolved.said.host.is_some() {
        set(headers, &HOST, authority.as_str().as_bytes());
    }
}

/// What is left of a family that was read says what was decided; every other known name goes.
fn rewrite_forwarding_headers(headers: &mut HeaderMap, resolved: &Resolved, config: &Config) {
    let mut buffer = [0; MAX_ADDRESS];
    let vouched = vouched(resolved, config, &mut buffer);
    let is_vouched = |name: &HeaderName| vouched.iter().flatten().any(|(v, _)| *v == name);
    let unvouched = |name: &&HeaderName| {
        is_forwarding(name, config) && !config.is_kept(name) && !is_vouched(name)
    };
    let unvouched: Vec<HeaderName> = headers.keys().filter(unvouched).cloned().collect();
    for name in unvouched {
        headers.remove(name);
    }
    for (name, text) in vouched.iter().flatten().filter(|(name, _)| !config.is_kept(name)) {
        set(headers, name, text);
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
            [Some((&FORWARDED, line)), None, None, None, None]
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
    let scheme = said.scheme.map(|scheme| Cow::Borrowed(scheme.as_scheme().as_str().as_bytes()));
    let host =
        authority.filter(|_| said.host.is_some()).map(|a| Cow::Borrowed(a.as_str().as_bytes()));
    let port = authority.filter(|_| said.port.is_some()).map(|authority| {
        let port = authority.port().unwrap_or(resolved.scheme.default_port());
        Cow::Owned(port.to_string().into_bytes())
    });
    let prefix = said.prefix.as_ref().map(|prefix| Cow::Borrowed(prefix.as_bytes()));
    [
        Some((config.client_header(), Cow::Borrowed(ip))),
        scheme.map(|text| (&names.proto, text)),
        host.map(|text| (&names.host, text)),
        port.map(|text| (&names.port, text)),
        prefix.map(|text| (&names.prefix, text)),
    ]
}

/// `for=203.0.113.7;proto=https;host=example.com`.
fn forwarded_line(ip: IpAddr, resolved: &Resolved) -> Vec<u8> {
    let mut out = Vec::with_capacity(MAX_ADDRESS);
    write_pair(&mut out, "for", Node::from(ip).to_string().as_bytes());
    if let Some(scheme) = resolved.said.scheme {
        out.push(b';');
        write_pair(&mut out, "proto", scheme.as_scheme().as_str().as_bytes());
    }
    if let Some(authority) = resolved.authority.as_ref().filter(|_| resolved.said.host.is_some()) {
        out.push(b';');
        write_pair(&mut out, "host", authority.as_str().as_bytes());
    }
    out
}

fn print(ip: IpAddr, port: Option<u16>, buffer: &mut [u8; MAX_ADDRESS]) -> &[u8] {
    let mut rest = buffer.as_mut_slice();
    let printed = match port {
        Some(port) => write!(rest, "{ip}:{port}"),
        None => write!(rest, "{ip}"),
    };
    printed.expect("no address is longer than MAX_ADDRESS");
    let free = rest.len();
    buffer.split_at(MAX_ADDRESS - free).0
}

/// Makes this the one line of a name, and does nothing where it is.
fn set(headers: &mut HeaderMap, name: &HeaderName, text: &[u8]) {
    let mut lines = headers.get_all(name).into_iter();
    if lines.next().is_some_and(|line| line.as_bytes() == text) && lines.next().is_none() {
        return;
    }
    // First removed: a full map would keep the old value.
    headers.remove(name);
    if let Ok(value) = HeaderValue::from_bytes(text) {
        let _ = headers.try_insert(name.clone(), value);
    }
}

fn is_forwarding(name: &HeaderName, config: &Config) -> bool {
    is_known(name) || config.renamed.iter().any(|own| looks_like(name.as_str(), own.as_str()))
}

/// Scheme and authority: in the place of those that are there, and added where the peer may say
/// what they are. Nothing of them where the authority was refused, or does not fit. Path and query
/// stay.
fn rewrite_uri(
    uri: &mut Uri,
    resolved: &Resolved,
    authority: Option<&uri::Authority>,
    may_add: bool,
) {
    // `OPTIONS *` has no place for them.
    if uri.authority().is_none() && (!may_add || uri.path() == "*") {
        return;
    }
    let mut parts = uri.clone().into_parts();
    let path = parts.path_and_query.get_or_insert_with(|| PathAndQuery::from_static("/"));
    let room = MAX_URI.saturating_sub("https://".len() + path.as_str().len());
    parts.authority = authority.filter(|authority| authority.as_str().len() <= room).cloned();
    parts.scheme = parts.authority.as_ref().map(|_| resolved.scheme.as_scheme().clone());
    // Both or none of them, and a path: that is always a URI.
    if let Ok(rewritten) = Uri::from_parts(parts) {
        *uri = rewritten;
    }
}
