//! A host and its port.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use http::uri;

use super::bytes::LABEL;
use super::ip;
use super::recent::Recent;
use super::scheme::WebScheme;

/// The longest DNS name (RFC 1035 §2.3.4), in characters without the trailing dot.
const MAX_NAME: usize = 253;
/// The longest DNS label (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;
/// The longest authority: a name with its trailing dot, a colon and five digits.
pub(crate) const MAX_AUTHORITY: usize = MAX_NAME + 1 + 6;

/// A valid `uri-host [ ":" port ]` (RFC 9110 §7.2), without the host's trailing dot. Cheap to clone.
///
/// `http`'s own `Authority` accepts `user:pw@h`, `h:99999` and `a,b`.
#[derive(Clone)]
pub(crate) struct Authority(Arc<Valid>);

struct Valid {
    text: uri::Authority,
    /// The length of the host.
    host_length: usize,
    port: Option<u16>,
}

thread_local! {
    /// Per-thread cache of recently validated authorities. An app serves few hosts; validating one
    /// costs two allocations.
    static RECENT: Recent<Authority> = const { Recent::new() };
}

impl Authority {
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let parsed = RECENT.try_with(|recent| recent.get_or_make(text, Self::parse_anew));
        parsed.unwrap_or_else(|_| Self::parse_anew(text))
    }

    fn parse_anew(text: &[u8]) -> Option<Self> {
        let (host, port) = host_and_port(text)?;
        match host.strip_suffix(b".") {
            Some(host) => Self::of_host(host, port),
            None if text.ends_with(b":") => Self::of_host(host, port),
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

    /// Adds this port to a host that has none and needs one.
    pub(crate) fn or_port(self, port: u16, scheme: WebScheme) -> Self {
        if self.port().is_some() || port == scheme.default_port() {
            return self;
        }
        let mut buffer = [0; MAX_AUTHORITY];
        let mut room = buffer.as_mut_slice();
        write!(room, "{}:{port}", self.host()).expect("a name and a port fit MAX_AUTHORITY");
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

    /// Returns the host, an IPv6 address in its brackets.
    pub(crate) fn host(&self) -> &str {
        self.as_str().get(..self.0.host_length).unwrap_or_default()
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.0.port
    }
}

/// By its text: two hosts that differ in case are written differently.
impl PartialEq for Authority {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Authority {}

impl AsRef<[u8]> for Authority {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// `uri-host [ ":" port ]`. An empty port is no port (RFC 3986 §3.2.3).
fn host_and_port(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let (host, rest) = split_host(text)?;
    let port = match rest {
        [] | [b':'] => None,
        [b':', digits @ ..] => Some(host_port(digits)?),
        _ => return None,
    };
    Some((host, port))
}

/// Splits off an IPv6 address in brackets, an IPv4 address, or a DNS name. Narrower than RFC 3986
/// `reg-name`: no resolver takes the rest of `reg-name`, and injections are made of it.
fn split_host(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.len() > MAX_AUTHORITY {
        return None;
    }
    if text.starts_with(b"[") {
        let end = text.iter().position(|b| *b == b']')?;
        let address = text.get(1..end)?;
        return ip::ipv6(address).and_then(|_| text.split_at_checked(end + 1));
    }
    let (host, last_label, rest) = split_name(text)?;
    // Other readers take `127.1` and `0x7f.1` for addresses (WHATWG URL, "ends in a number").
    let valid = !is_number(last_label) || ip::ipv4(host).is_some();
    valid.then_some((host, rest))
}

/// Splits off a DNS name with its trailing dot, if it has one. Returns the name, its last label, and
/// the rest. A label may start or end with a hyphen: browsers load such names.
fn split_name(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut unread = text;
    loop {
        let (label, rest) = unread.split_at(LABEL.prefix(unread));
        if label.is_empty() || label.len() > MAX_LABEL {
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

/// Reads 1 to 65535, without leading zeros.
pub(crate) fn host_port(text: &[u8]) -> Option<u16> {
    let port = ip::port(text)?;
    (!text.starts_with(b"0")).then_some(port)
}
