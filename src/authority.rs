//! A scheme, host, port or prefix proved valid, or refused.
//!
//! `http`'s own types are too lenient to prove anything here: its `Authority` accepts `user:pw@h`,
//! `h:99999` and `a,b`, its `Scheme` accepts `javascript`.

use std::cell::Cell;
use std::fmt;
use std::io::Write;
use std::sync::Arc;

use http::uri::{self, Scheme};

use crate::bytes::LABEL;
use crate::node;

/// The longest DNS name (RFC 1035 §2.3.4), in characters without the trailing dot.
const MAX_NAME: usize = 253;
/// The longest DNS label (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;
/// The longest authority: a name with its trailing dot, a colon and five digits.
pub(crate) const MAX_AUTHORITY: usize = MAX_NAME + 1 + 6;
/// The longest scheme, `https`.
pub(crate) const MAX_SCHEME: usize = 5;
/// Room for any path prefix that an app is mounted on.
const MAX_PREFIX: usize = 1024;

static HTTP: Scheme = Scheme::HTTP;
static HTTPS: Scheme = Scheme::HTTPS;

/// The two schemes that a web request can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WebScheme {
    Http,
    Https,
}

impl WebScheme {
    /// A forwarded scheme, in any case. Traefik writes `ws` and `wss` for upgrade requests.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let is = |name: &[u8]| text.eq_ignore_ascii_case(name);
        if is(b"https") || is(b"wss") {
            Some(Self::Https)
        } else if is(b"http") || is(b"ws") {
            Some(Self::Http)
        } else {
            None
        }
    }

    /// The one that the text ends with, as nearly all write it, and what stands before it.
    #[inline]
    pub(crate) fn at_end(text: &[u8]) -> Option<(&[u8], Self)> {
        let https = || text.strip_suffix(b"https").map(|before| (before, Self::Https));
        https().or_else(|| text.strip_suffix(b"http").map(|before| (before, Self::Http)))
    }

    pub(crate) fn from_scheme(scheme: &Scheme) -> Option<Self> {
        match scheme.as_str() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    pub(crate) fn as_scheme(self) -> &'static Scheme {
        match self {
            Self::Http => &HTTP,
            Self::Https => &HTTPS,
        }
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A valid `uri-host [ ":" port ]` (RFC 9110 §7.2), without the host's trailing dot. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Authority(Arc<Valid>);

struct Valid {
    text: uri::Authority,
    /// Where the host ends.
    host_length: usize,
    port: Option<u16>,
}

/// How many authorities a thread keeps.
const KEPT: usize = 16;

thread_local! {
    /// The last ones that were read. An app has few hosts, and to read one takes two allocations and
    /// longer than the rest of a decision.
    static RECENT: [Cell<Option<Authority>>; KEPT] = const { [const { Cell::new(None) }; KEPT] };
}

impl Authority {
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let parsed = RECENT.try_with(|recent| Self::parse_with(recent.get(place(text))?, text));
        parsed.unwrap_or_else(|_| Self::parse_anew(text))
    }

    /// What is kept here, if it has this text; else the text read, and kept in its place.
    fn parse_with(last: &Cell<Option<Self>>, text: &[u8]) -> Option<Self> {
        let same = last.take().filter(|last| last.as_bytes() == text);
        let authority = same.or_else(|| Self::parse_anew(text))?;
        last.set(Some(authority.clone()));
        Some(authority)
    }

    fn parse_anew(text: &[u8]) -> Option<Self> {
        let (host, port) = host_and_port(text)?;
        match host.strip_suffix(b".") {
            Some(host) => Self::of_host(host, port),
            None => Self::valid(text, host.len(), port),
        }
    }

    fn of_host(host: &[u8], port: Option<u16>) -> Option<Self> {
        let mut text = host.to_vec();
        if let Some(port) = port {
            text.extend_from_slice(format!(":{port}").as_bytes());
        }
        Self::valid(&text, host.len(), port)
    }

    fn valid(text: &[u8], host_length: usize, port: Option<u16>) -> Option<Self> {
        let text = uri::Authority::try_from(text).ok()?;
        Some(Self(Arc::new(Valid { text, host_length, port })))
    }

    /// The same host with this port, if it has none and needs one.
    pub(crate) fn or_port(self, port: u16, scheme: WebScheme) -> Self {
        if self.port().is_some() || port == scheme.default_port() {
            return self;
        }
        let mut buffer = [0; MAX_AUTHORITY];
        let mut room = buffer.as_mut_slice();
        write!(room, "{}:{port}", self.host()).expect("a name and a port are never longer");
        let length = MAX_AUTHORITY - room.len();
        Self::parse(buffer.split_at(length).0).unwrap_or(self)
    }

    pub(crate) fn as_uri(&self) -> &uri::Authority {
        &self.0.text
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.text.as_str()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.as_str().as_bytes()
    }

    /// With the brackets of an IPv6 address, as `http`'s own has them.
    pub(crate) fn host(&self) -> &str {
        self.as_str().get(..self.0.host_length).unwrap_or_default()
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.0.port
    }
}

/// Where a text is among the recent ones: its length and its ends differ from most others'.
fn place(text: &[u8]) -> usize {
    let ends = [text.first(), text.last()].into_iter().flatten();
    ends.fold(text.len(), |sum, byte| sum + usize::from(*byte)) % KEPT
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// `uri-host [ ":" port ]`. A colon needs a port behind it, though RFC 3986 has room for none.
fn host_and_port(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let (host, rest) = split_host(text)?;
    let port = match rest {
        [] => None,
        [b':', digits @ ..] => Some(host_port(digits)?),
        _ => return None,
    };
    Some((host, port))
}

/// An IPv6 address in brackets, an IPv4 address, or a DNS name, and what stands behind it. Narrower
/// than RFC 3986 `reg-name`: nothing else is resolved by anybody, and the rest of it is what
/// injections are made of.
fn split_host(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.len() > MAX_AUTHORITY {
        return None;
    }
    if text.starts_with(b"[") {
        let end = text.iter().position(|b| *b == b']')?;
        let address = text.get(1..end)?;
        return node::ipv6(address).and_then(|_| text.split_at_checked(end + 1));
    }
    let (host, last_label, rest) = split_name(text)?;
    // Other readers take `127.1` and `0x7f.1` for addresses (WHATWG URL, "ends in a number").
    let valid = !is_number(last_label) || node::ipv4(host).is_some();
    valid.then_some((host, rest))
}

/// A DNS name with the dot behind it, if there is one, its last label, and what stands behind it.
fn split_name(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut unread = text;
    loop {
        let (label, rest) = unread.split_at(LABEL.prefix(unread));
        let hyphen_at_end = label.starts_with(b"-") || label.ends_with(b"-");
        if label.is_empty() || label.len() > MAX_LABEL || hyphen_at_end {
            return None;
        }
        let dots = usize::from(rest.starts_with(b"."));
        unread = rest.split_at(dots).1;
        if dots == 0 || matches!(unread, [] | [b':', ..]) {
            let host = text.split_at(text.len() - unread.len()).0;
            return (host.len() - dots <= MAX_NAME).then_some((host, label, unread));
        }
    }
}

fn is_number(label: &[u8]) -> bool {
    match label {
        [b'0', b'x' | b'X', hex @ ..] => hex.iter().all(u8::is_ascii_hexdigit),
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

/// 1 to 65535, without leading zeros.
pub(crate) fn host_port(text: &[u8]) -> Option<u16> {
    node::port(text).filter(|_| !text.starts_with(b"0"))
}

/// A path that an app is mounted on, without its trailing slash, or `None` if it could lead
/// anywhere else: `//host` (CVE-2023-26125), dot segments, a query, and their encodings.
pub(crate) fn prefix(text: &[u8]) -> Option<Box<str>> {
    let path = text.strip_suffix(b"/").unwrap_or(text);
    let valid = path.len() <= MAX_PREFIX
        && path.starts_with(b"/")
        && path.split(|b| *b == b'/').skip(1).all(is_segment);
    std::str::from_utf8(path).ok().filter(|_| valid).map(Box::from)
}

/// `1*pchar` (RFC 3986 §3.3) but `;`, and neither a dot segment nor one that decodes to more. It
/// decodes to UTF-8: overlong forms (`%C0%AF`, `%E0%80%AF`) are a slash to some readers.
fn is_segment(segment: &[u8]) -> bool {
    let is_text = || decoded(segment).is_some_and(|bytes| std::str::from_utf8(&bytes).is_ok());
    !matches!(segment, b"" | b"." | b"..") && is_text()
}

fn decoded(mut segment: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(segment.len());
    while let Some((first, rest)) = segment.split_first() {
        let (byte, behind) = match (first, rest) {
            (b'%', [high, low, rest @ ..]) => (harmless_escape(*high, *low)?, rest),
            (byte, _) if is_pchar(*byte) => (*byte, rest),
            _ => return None,
        };
        bytes.push(byte);
        segment = behind;
    }
    Some(bytes)
}

fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte)
}

/// What `%` with these two digits means: no control byte, none of `.` `/` `\`, and nothing that means
/// one of them to whoever decodes twice (`%25`).
fn harmless_escape(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    (!matches!(byte, 0x00..=0x1F | 0x25 | 0x2E | 0x2F | 0x5C | 0x7F)).then_some(byte)
}
