//! What a scheme, host, port or prefix may be.

use std::net::Ipv6Addr;

pub fn scheme(value: &[u8]) -> Option<&'static str> {
    match value.to_ascii_lowercase().as_slice() {
        b"http" | b"ws" => Some("http"),
        b"https" | b"wss" => Some("https"),
        _ => None,
    }
}

pub fn on_off(value: &[u8]) -> Option<&'static str> {
    match value.to_ascii_lowercase().as_slice() {
        b"on" => Some("https"),
        b"off" => Some("http"),
        _ => None,
    }
}

pub fn port(value: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(value).ok()?;
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| plain)
}

/// Host and port of an authority that is valid.
pub fn split(authority: &str) -> (&str, Option<u16>) {
    match authority.rsplit_once(':') {
        Some((host, digits)) if !digits.contains(']') => (host, digits.parse().ok()),
        _ => (authority, None),
    }
}

/// The authority, valid and without the trailing dot of its host.
pub fn authority(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    let colon = match text.rfind(']') {
        Some(bracket) => text[bracket..].find(':').map(|at| bracket + at),
        None => text.find(':'),
    };
    let host = host(&text[..colon.unwrap_or(text.len())])?;
    match colon.map(|colon| &value[colon + 1..]) {
        None | Some([]) => Some(host),
        Some(digits) => Some(format!("{host}:{}", port(digits)?)),
    }
}

fn host(text: &str) -> Option<String> {
    if let Some(literal) = text.strip_prefix('[') {
        let address = literal.strip_suffix(']')?;
        return address.parse::<Ipv6Addr>().ok().map(|_| text.into());
    }
    if super::grammar::v4(text).is_some() {
        return Some(text.into());
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let labels: Vec<_> = name.split('.').collect();
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let label = |l: &&str| (1..=63).contains(&l.len()) && l.chars().all(legal);
    let last = labels.last()?.to_ascii_lowercase();
    let digits = last.chars().all(|c| c.is_ascii_digit());
    let hex = last.strip_prefix("0x").is_some_and(|h| h.chars().all(|c| c.is_ascii_hexdigit()));
    (name.len() <= 253 && labels.iter().all(label) && !digits && !hex).then(|| name.into())
}

pub fn with_port(authority: &str, port: u16, scheme: &str) -> String {
    let default = if scheme == "https" { 443 } else { 80 };
    match split(authority) {
        (host, None) if port != default => format!("{host}:{port}"),
        _ => authority.into(),
    }
}

pub fn is_allowed(authority: &str, scheme: &str, patterns: &[&str]) -> bool {
    let (host, port) = split(authority);
    let default = if scheme == "https" { 443 } else { 80 };
    let effective = port.unwrap_or(default);
    patterns.iter().any(|pattern| {
        if *pattern == "any" {
            return true;
        }
        let (name, ports) = match pattern.rsplit_once(':') {
            Some((name, ports)) if !ports.contains(']') => (name, Some(ports)),
            _ => (*pattern, None),
        };
        let host = host.to_ascii_lowercase();
        let named = match name.strip_prefix('*') {
            Some(end) => host.len() > end.len() && host.ends_with(end),
            None => host == name,
        };
        named
            && match ports {
                Some("*") => true,
                Some(only) => only == effective.to_string(),
                None => effective == default,
            }
    })
}

pub fn prefix(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    let text = text.strip_suffix('/').unwrap_or(text);
    let mut segments = text.split('/');
    let rooted = segments.next() == Some("");
    let segments: Vec<_> = segments.collect();
    let sound = rooted && !segments.is_empty() && segments.iter().all(|s| is_segment(s));
    (sound && is_utf8(text) && text.len() <= 1024).then(|| text.into())
}

/// Whether the escapes stand for text. They are sound already.
fn is_utf8(path: &str) -> bool {
    let mut pieces = path.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        bytes.extend(u8::from_str_radix(&piece[..2], 16));
        bytes.extend(piece[2..].bytes());
    }
    String::from_utf8(bytes).is_ok()
}

fn is_segment(segment: &str) -> bool {
    let literal = |c: char| c.is_ascii_alphanumeric() || "-._~!$&'()*+,=:@".contains(c);
    if segment.is_empty() || segment == "." || segment == ".." {
        return false;
    }
    let mut pieces = segment.split('%');
    let first = pieces.next().is_some_and(|piece| piece.chars().all(literal));
    first
        && pieces.all(|piece| {
            let byte = piece.get(..2).filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
            let byte = byte.and_then(|hex| u8::from_str_radix(hex, 16).ok());
            let harmless = |b: u8| !b.is_ascii_control() && !b"./\\%?#;".contains(&b);
            byte.is_some_and(harmless) && piece[2..].chars().all(literal)
        })
}
