//! RFC 7239 §4 and §6 by trial: every way to cut a line is tried against the grammar.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Pairs, Report};

/// How many bytes a member may have, white space around it included.
pub const MAX_MEMBER: usize = 4096;

pub fn strip(text: &[u8]) -> &[u8] {
    let blank = |b: &u8| *b == b' ' || *b == b'\t';
    let start = text.iter().position(|b| !blank(b)).unwrap_or(text.len());
    let end = text.iter().rposition(|b| !blank(b)).map_or(start, |last| last + 1);
    &text[start..end]
}

/// The shortest end of the line that is a member: empty, or an element. What is before its comma
/// is read likewise. If no end is one, the line is malformed, and nothing further left counts.
pub fn elements_from_the_right(line: &[u8]) -> Vec<Report> {
    let commas = line.iter().enumerate().filter(|(_, b)| **b == b',').map(|(at, _)| at);
    let cuts: Vec<_> = commas.map(Some).rev().chain([None]).collect();
    for cut in cuts {
        let member = &line[cut.map_or(0, |comma| comma + 1)..];
        if member.len() > MAX_MEMBER {
            break;
        }
        let member = strip(member);
        let Some(report) = member_report(member) else { continue };
        let mut reports = vec![report];
        if let Some(comma) = cut {
            reports.extend(elements_from_the_right(&line[..comma]));
        }
        return reports;
    }
    vec![Report::Malformed(vec![])]
}

/// `None` where the text is no `forwarded-element`.
fn member_report(member: &[u8]) -> Option<Report> {
    if member.is_empty() {
        return Some(Report::Missing);
    }
    let pairs = element(member)?;
    let names: Vec<_> = pairs.iter().map(|(name, _)| name).filter(|name| *name != "by").collect();
    let repeated = names.iter().enumerate().any(|(at, name)| names[..at].contains(name));
    if repeated || pairs.len() > 32 {
        return Some(Report::Malformed(vec![]));
    }
    let Some((_, node)) = pairs.iter().find(|(name, _)| name == "for") else {
        return Some(Report::Unknown(pairs));
    };
    Some(with_zone(&node.clone(), self::node).with_pairs(pairs))
}

impl Report {
    fn with_pairs(self, pairs: Pairs) -> Self {
        match self {
            Self::Unknown(_) => Self::Unknown(pairs),
            Self::Obfuscated(_) => Self::Obfuscated(pairs),
            Self::Address(ip, port, _) => Self::Address(ip, port, pairs),
            Self::Zoned(ip, port, _) => Self::Zoned(ip, port, pairs),
            Self::Malformed(_) => Self::Malformed(pairs),
            Self::Missing | Self::UnixSocket => self,
        }
    }
}

/// `[ forwarded-pair ] *( OWS ";" OWS [ forwarded-pair ] )`.
fn element(text: &[u8]) -> Option<Pairs> {
    let mut pairs = vec![];
    for slot in semicolon_slots(text)? {
        let slot = strip(slot);
        if !slot.is_empty() {
            pairs.push(pair(slot)?);
        }
    }
    Some(pairs)
}

/// The text cut at each `;` outside quotes; `None` if a quote stays open.
fn semicolon_slots(text: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut slots, mut start, mut quoted, mut at) = (vec![], 0, false, 0);
    while at < text.len() {
        match text[at] {
            b'"' => quoted = !quoted,
            b'\\' if quoted => at += 1,
            b';' if !quoted => {
                slots.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    slots.push(&text[start..]);
    (!quoted).then_some(slots)
}

/// `token "=" ( quoted-string / 1*loose )`, where `loose` is every byte of a field value that neither
/// separates nor quotes. Each byte of a token is one.
fn pair(text: &[u8]) -> Option<(String, Vec<u8>)> {
    let equals = text.iter().position(|b| *b == b'=')?;
    let (name, value) = (&text[..equals], &text[equals + 1..]);
    if name.is_empty() || !name.iter().all(|b| is_tchar(*b)) || value.is_empty() {
        return None;
    }
    let name = String::from_utf8(name.to_ascii_lowercase()).ok()?;
    let loose = |b: &u8| *b > b' ' && *b != 0x7F && !b"\",;\\".contains(b);
    let value = match value {
        [b'"', inner @ .., b'"'] => unquote(inner)?,
        other if other.iter().all(loose) => other.to_vec(),
        _ => return None,
    };
    Some((name, value))
}

/// `*( qdtext / quoted-pair )`.
fn unquote(inner: &[u8]) -> Option<Vec<u8>> {
    let text = |b: u8| b == b'\t' || (b >= 0x20 && b != 0x7F);
    match inner {
        [] => Some(vec![]),
        [b'"', ..] => None,
        [b'\\', byte, rest @ ..] if text(*byte) => Some([&[*byte], &unquote(rest)?[..]].concat()),
        [byte, rest @ ..] if *byte != b'\\' && text(*byte) => {
            Some([&[*byte], &unquote(rest)?[..]].concat())
        }
        _ => None,
    }
}

fn is_tchar(byte: u8) -> bool {
    b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".contains(&byte)
}

/// Rule 8: reads a text, and otherwise the text without its zone.
fn with_zone(text: &[u8], read: fn(&[u8]) -> Report) -> Report {
    let Some(percent) = text.iter().position(|b| *b == b'%') else { return read(text) };
    let behind = &text[percent + 1..];
    let end = behind.iter().position(|b| *b == b']').unwrap_or(behind.len());
    let legal = |b: &u8| *b >= 0x20 && *b != 0x7F && !b"\",;\\[]%:".contains(b);
    let is_inside = !text[..percent].contains(&b']');
    if text.len() > 64 || end == 0 || !behind[..end].iter().all(legal) || !is_inside {
        return Report::Malformed(vec![]);
    }
    match read(&[&text[..percent], &behind[end..]].concat()) {
        Report::Address(IpAddr::V6(ip), port, pairs)
            if ip == Ipv6Addr::LOCALHOST || ip.octets()[0] == 0xFE && ip.octets()[1] >> 6 == 2 =>
        {
            Report::Zoned(IpAddr::V6(ip), port, pairs)
        }
        _ => Report::Malformed(vec![]),
    }
}

/// `nodename [ ":" node-port ]`.
fn node(text: &[u8]) -> Report {
    let Ok(text) = std::str::from_utf8(text) else { return Report::Malformed(vec![]) };
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => (format!("[{address}"), None),
        Some((address, rest)) if rest.starts_with(':') => (format!("[{address}"), Some(&rest[1..])),
        Some(_) => return Report::Malformed(vec![]),
        None => match text.split_once(':') {
            Some((name, port)) => (name.to_string(), Some(port)),
            None => (text.to_string(), None),
        },
    };
    let obfuscated = |id: &str| {
        let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        id.len() > 1 && id.starts_with('_') && id.chars().all(legal)
    };
    let number = port.filter(|p| !p.starts_with('_')).map(node_port);
    match (port, number) {
        (Some(id), None) if !obfuscated(id) => return Report::Malformed(vec![]),
        (_, Some(None)) => return Report::Malformed(vec![]),
        _ => {}
    }
    if name.eq_ignore_ascii_case("unknown") {
        return Report::Unknown(vec![]);
    }
    if obfuscated(&name) {
        return Report::Obfuscated(vec![]);
    }
    let ip = match name.strip_prefix('[') {
        Some(v6) => v6.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => v4(&name).map(IpAddr::V4),
    };
    ip.map_or(Report::Malformed(vec![]), |ip| address(ip, number.flatten()))
}

fn node_port(text: &str) -> Option<u16> {
    let digits = !text.is_empty() && text.len() <= 5 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse::<u32>().ok())?.and_then(|port| u16::try_from(port).ok())
}

pub fn v4(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<_> = text.split('.').collect();
    let octet = |part: &&str| {
        let plain = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        (plain && (part.len() == 1 || !part.starts_with('0'))).then(|| part.parse::<u8>().ok())?
    };
    let octets: Vec<u8> = parts.iter().filter_map(octet).collect();
    match (parts.len(), &octets[..]) {
        (4, [a, b, c, d]) => Some(Ipv4Addr::new(*a, *b, *c, *d)),
        _ => None,
    }
}

/// Rule 8, and that a client is somebody.
fn address(ip: IpAddr, port: Option<u16>) -> Report {
    let ip = match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    };
    let nobody = match ip {
        IpAddr::V4(v4) => {
            matches!(v4.octets(), [0, 0, 0, 0] | [255, 255, 255, 255] | [224..=239, ..])
        }
        IpAddr::V6(v6) => v6.octets()[0] == 0xFF || v6.octets() == [0; 16],
    };
    let port = port.filter(|port| *port != 0);
    if nobody { Report::Malformed(vec![]) } else { Report::Address(ip, port, vec![]) }
}

/// An entry of `X-Forwarded-For`.
pub fn x_entry(entry: &[u8]) -> Report {
    if entry.is_empty() {
        return Report::Missing;
    }
    if entry == b"unix:" {
        return Report::UnixSocket;
    }
    match entry {
        [b'"', inner @ .., b'"'] => with_zone(inner, x_node),
        _ => with_zone(entry, x_node),
    }
}

fn x_node(inner: &[u8]) -> Report {
    let Ok(text) = std::str::from_utf8(inner) else { return Report::Malformed(vec![]) };
    if !text.starts_with('[') && text.matches(':').count() > 1 {
        return text.parse().map_or(Report::Malformed(vec![]), |ip| address(IpAddr::V6(ip), None));
    }
    match node(inner) {
        Report::Obfuscated(_) => Report::Malformed(vec![]),
        // An obfuscated port belongs to RFC 7239.
        _ if text.contains(":_") => Report::Malformed(vec![]),
        report => report,
    }
}

/// An address with a port behind the last colon, as CloudFront-Viewer-Address has it.
pub fn ip_port(text: &[u8]) -> Report {
    let colon = text.iter().rposition(|b| *b == b':').unwrap_or(0);
    let (address, port) = text.split_at(colon);
    let percent = address.iter().position(|b| *b == b'%');
    let zoned = |text: &[u8]| match x_node(text) {
        Report::Address(ip, None, pairs) => Report::Address(ip, None, pairs),
        _ => Report::Malformed(vec![]),
    };
    match percent.map(|_| with_zone(address, zoned)) {
        None => plain_ip_port(text),
        Some(Report::Zoned(ip, _, _)) if text.len() <= 64 => {
            let brackets = usize::from(address.starts_with(b"["));
            let ip = format!("{}{ip}{}", &"["[..brackets], &"]"[..brackets]);
            plain_ip_port(&[ip.as_bytes(), port].concat())
        }
        Some(_) => Report::Malformed(vec![]),
    }
}

fn plain_ip_port(text: &[u8]) -> Report {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let Some((ip, port)) = text.rsplit_once(':') else { return Report::Malformed(vec![]) };
    let bare = ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']'));
    let ip = match bare {
        Some(ip) => ip.parse().ok().map(IpAddr::V6),
        None => ip.parse().ok(),
    };
    let digits = port.len() < 6 && port.bytes().all(|b| b.is_ascii_digit());
    match (ip, port.parse::<u16>()) {
        (Some(ip), Ok(port)) if digits => address(ip, Some(port)),
        _ => Report::Malformed(vec![]),
    }
}
