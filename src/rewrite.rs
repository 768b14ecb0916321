//! The effect: the only file that changes a request.
//!
//! Afterwards every forwarding header, `Host` and the URI say what was decided, or are gone, so
//! that whoever reads them next, leftmost or rightmost, reads the same.

use std::borrow::Cow;
use std::net::IpAddr;

use http::header::{HOST, HeaderMap, HeaderName, HeaderValue};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request};

use crate::authority::Authority;
use crate::bytes::TCHAR;
use crate::config::Config;
use crate::hops::Family;
use crate::lines::{Found, Lines, forwarding_name};
use crate::outcome::Outcome;
use crate::print::Buffer;
use crate::resolve::Resolved;

/// The longest length that `http::Uri` parses.
const MAX_URI: usize = u16::MAX as usize - 1;

/// What each header of the family says of a client that was found, in the order of
/// [`Config::names_read`].
type Vouched<'a> = [Option<&'a [u8]>; 5];

/// What is to become of a header. Nearly always it stands: a proxy has written it as it should be.
#[derive(Clone, Copy)]
enum Edit<'a> {
    Stands,
    Write(&'a [u8]),
    Remove,
}

impl Edit<'_> {
    fn is_one(&self) -> bool {
        !matches!(self, Self::Stands)
    }
}

pub(crate) struct Edits<'a> {
    host: Edit<'a>,
    /// Those of the family that is read, if they do not all stand.
    family: Option<[Edit<'a>; 5]>,
    /// Whether any of the other forwarding headers is there.
    others: bool,
}

/// Nothing, where there is no such client.
fn vouched<'a>(config: &Config, resolved: &'a Resolved, buffer: &'a mut Buffer) -> Vouched<'a> {
    let ip = resolved.client.ip.filter(|_| resolved.outcome == Outcome::Forwarded);
    let Some(ip) = ip else { return [None; 5] };
    let said = resolved.said;
    let scheme = said.scheme.then(|| resolved.scheme.as_scheme().as_str().as_bytes());
    let authority = resolved.authority.as_ref();
    let host = authority.filter(|_| said.host).map(Authority::as_bytes);
    if config.family == Family::Forwarded {
        put_element(buffer, ip, scheme, host);
        return [Some(buffer.text()), None, None, None, None];
    }
    buffer.put_ip(ip);
    if let Some(port) = resolved.client.port.filter(|_| config.client_port) {
        buffer.put(b":").put_number(port);
    }
    let port = authority.filter(|_| said.port).map(|authority| {
        let length = buffer.text().len();
        buffer.put_number(authority.port().unwrap_or(resolved.scheme.default_port()));
        length
    });
    let text = buffer.text();
    let (client, port) = match port {
        Some(length) => text.split_at_checked(length).map_or((text, None), |(a, b)| (a, Some(b))),
        None => (text, None),
    };
    [Some(client), scheme, host, port, resolved.prefix.as_deref().map(str::as_bytes)]
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

/// What has to be done so that the headers say what was decided, and nothing else.
pub(crate) fn edits<'a>(
    config: &Config,
    resolved: &'a Resolved,
    found: &Found<'_>,
    buffer: &'a mut Option<Buffer>,
) -> Edits<'a> {
    // Where there is none, because it was refused, because there are two, or because it is no host,
    // nobody must find one.
    let host = match &resolved.authority {
        Some(_) if found.own_host.is_absent() && !resolved.said.host => Edit::Stands,
        authority => edit(found.own_host, authority.as_ref().map(Authority::as_bytes)),
    };
    let family = match found.family {
        true => family_edits(config, resolved, found, buffer),
        false => None,
    };
    Edits { host, family, others: found.others }
}

fn family_edits<'a>(
    config: &Config,
    resolved: &'a Resolved,
    found: &Found<'_>,
    buffer: &'a mut Option<Buffer>,
) -> Option<[Edit<'a>; 5]> {
    let buffer = buffer.insert(Buffer::new());
    let [reports, proto, host, port, prefix] = vouched(config, resolved, buffer);
    let edits = [
        edit(found.reports, reports),
        edit(found.proto, proto),
        edit(found.host, host),
        edit(found.port, port),
        edit(found.prefix, prefix),
    ];
    edits.iter().any(Edit::is_one).then_some(edits)
}

#[inline]
fn edit<'a>(lines: Lines<'_>, text: Option<&'a [u8]>) -> Edit<'a> {
    match text {
        Some(text) if lines.are(text) => Edit::Stands,
        Some(text) => Edit::Write(text),
        None if lines.is_absent() => Edit::Stands,
        None => Edit::Remove,
    }
}

/// Makes the request say what was decided.
pub(crate) fn rewrite<B>(
    request: &mut Request<B>,
    config: &Config,
    resolved: &Resolved,
    edits: &Edits<'_>,
) {
    let headers = request.headers_mut();
    apply(headers, &HOST, edits.host);
    if let Some(edits) = edits.family {
        let edits = config.names_read().into_iter().zip(edits);
        for (name, edit) in edits.filter_map(|(name, edit)| Some((name?, edit))) {
            if !config.is_kept(name) {
                apply(headers, name, edit);
            }
        }
    }
    if edits.others {
        strip_others(headers, config);
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

#[inline]
fn apply(headers: &mut HeaderMap, name: &HeaderName, edit: Edit<'_>) {
    match edit {
        Edit::Stands => {}
        Edit::Write(text) => set(headers, name, text),
        Edit::Remove => drop(headers.remove(name)),
    }
}

/// Makes this the one line of a name.
fn set(headers: &mut HeaderMap, name: &HeaderName, text: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(text) else { return drop(headers.remove(name)) };
    let has_repeats = headers.len() > headers.keys_len();
    match headers.get_mut(name) {
        Some(line) if !has_repeats => *line = value,
        _ => {
            // First removed: a full map would keep the old value.
            headers.remove(name);
            let _ = headers.try_insert(name.clone(), value);
        }
    }
}

/// Removes every known name that is not of the family that is read.
fn strip_others(headers: &mut HeaderMap, config: &Config) {
    let family = config.names_read();
    let other = |name: &HeaderName| {
        let known = forwarding_name(name, config)?;
        let stays = config.is_kept(name) || family.contains(&Some(name));
        let name = if known == name { Cow::Borrowed(known) } else { Cow::Owned(name.clone()) };
        (!stays).then_some(name)
    };
    // The first few without an allocation.
    let (mut few, mut more) = ([const { None }; 4], Vec::new());
    let mut free = few.iter_mut();
    for name in headers.keys().filter_map(other) {
        match free.next() {
            Some(slot) => *slot = Some(name),
            None => more.push(name),
        }
    }
    for name in few.into_iter().flatten().chain(more) {
        headers.remove(&*name);
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
