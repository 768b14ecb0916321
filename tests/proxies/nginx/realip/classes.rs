//! Where the layer and nginx's realip module part, and what each then answers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use forwarded_headers::{TrustedProxies, Unresolved};

type Client = (IpAddr, Option<u16>);
pub(crate) type Answer = Result<Client, Unresolved>;

/// The report that is due.
struct Due<'a> {
    place: Place,
    /// What stands before it in its line.
    comma: &'static str,
    /// Without the spaces around it.
    text: &'a str,
}

#[derive(PartialEq)]
enum Place {
    NoHeader,
    /// Left of the first line.
    End,
    /// The first of its line.
    First,
    /// Right behind the comma that its line starts with.
    AtFirstComma,
    Later,
}

#[derive(Clone, Copy)]
pub(crate) enum Reading {
    /// The address that it is.
    Address,
    /// What this makes of it, which may be a list.
    As(fn(&str) -> String),
    /// Nothing, and goes on.
    Skips,
    /// The client is the last address that could be read.
    Stops,
    Unresolved(Unresolved),
}

pub(crate) struct Class {
    pub(crate) name: &'static str,
    /// Why ours is as it is.
    pub(crate) reason: &'static str,
    holds: fn(&Due<'_>) -> bool,
    pub(crate) ours: Reading,
    pub(crate) nginx: Reading,
}

use Reading::{Address, As, Skips, Stops};
const LIST_ENDS: Reading = Reading::Unresolved(Unresolved::ListEnds);
const MALFORMED: Reading = Reading::Unresolved(Unresolved::Malformed);

/// The first that holds counts.
pub(crate) static CLASSES: [Class; 21] = [
    Class {
        name: "no header",
        reason: "a proxy that says nothing is not its client",
        holds: |due| due.place == Place::NoHeader,
        ours: Reading::Unresolved(Unresolved::NoHeader),
        nginx: Stops,
    },
    Class {
        name: "the list ends at a trusted proxy",
        reason: "its report is missing, and it is not its own client",
        holds: |due| due.place == Place::End,
        ours: LIST_ENDS,
        nginx: Stops,
    },
    Class {
        name: "a space inside an entry",
        reason: "commas alone separate: what is left of the space may be anybody's",
        holds: |due| trimmed(due.text).contains(' '),
        ours: MALFORMED,
        nginx: As(separated),
    },
    Class {
        name: "a tab and a space beside an entry",
        reason: "both are white space (RFC 9110 §5.6.3); to nginx the tab is an entry",
        holds: |due| due.text.contains(' '),
        ours: As(trimmed),
        nginx: As(separated),
    },
    Class {
        name: "a comma first in a line, right before an entry",
        reason: "a comma separates wherever it stands; to nginx it is part of the entry",
        holds: |due| due.place == Place::AtFirstComma && !due.text.is_empty(),
        ours: As(|text| format!(" {text}")),
        nginx: Stops,
    },
    Class {
        name: "a tab beside an entry",
        reason: "it is white space (RFC 9110 §5.6.3); to nginx it is part of the entry",
        holds: |due| trimmed(due.text) != due.text,
        ours: As(trimmed),
        nginx: Stops,
    },
    Class {
        name: "an empty member first in a line",
        reason: "a proxy that reported nothing is not its client",
        holds: |due| due.place == Place::First && due.text.is_empty(),
        ours: LIST_ENDS,
        nginx: Stops,
    },
    Class {
        name: "an empty member",
        reason: "it is the proxy's report: the one left of it is anybody's",
        holds: |due| due.text.is_empty(),
        ours: LIST_ENDS,
        nginx: Skips,
    },
    Class {
        name: "quotes",
        reason: "some proxies write them, and they mean one thing",
        holds: |due| unquoted(due.text) != due.text,
        ours: As(unquoted),
        nginx: Stops,
    },
    Class {
        name: "a zone",
        reason: "it means nothing on another machine, so it is dropped",
        holds: |due| without_zone(due.text) != due.text,
        ours: As(without_zone),
        nginx: Stops,
    },
    Class {
        name: "IPv6 in brackets without a port",
        reason: "some proxies write it, and it means one thing",
        holds: |due| without_brackets(due.text).parse::<Ipv6Addr>().is_ok(),
        ours: As(without_brackets),
        nginx: Stops,
    },
    Class {
        name: "port 0",
        reason: "the address is good, and port 0 is no port",
        holds: |due| is_port_0(due.text) && is_client(due.text),
        ours: As(without_port),
        nginx: Stops,
    },
    Class {
        name: ":: for the last group",
        reason: "RFC 3986 has it, though RFC 5952 advises against it",
        holds: |due| is_last_group_short(due.text) && is_client(due.text),
        ours: Address,
        nginx: Stops,
    },
    Class {
        name: "IPv6 that ends in 255.255.255.255",
        reason: "it is no broadcast address; nginx's IPv4 reader has no other word for failure",
        holds: |due| has_ones(due.text) && is_client(due.text),
        ours: Address,
        nginx: Stops,
    },
    Class {
        name: "nobody's address",
        reason: "no request comes from an unspecified, multicast or broadcast address",
        holds: |due| {
            let refused = [is_port_0, is_last_group_short, has_ones].iter().any(|f| f(due.text));
            !refused && !is_client(due.text) && address(due.text).is_some()
        },
        ours: MALFORMED,
        nginx: Address,
    },
    Class {
        name: "leading zeros or nothing in a part of IPv4",
        reason: "a leading zero means octal to some (CVE-2021-29922), an empty part nothing to all",
        holds: |due| is_loose(due.text, plain_parts),
        ours: MALFORMED,
        nginx: As(plain_parts),
    },
    Class {
        name: "one colon at an end of IPv6",
        reason: "it is no address (RFC 3986); nginx drops the first one, and reads 0 after the last",
        holds: |due| is_loose(due.text, plain_ends),
        ours: MALFORMED,
        nginx: As(plain_ends),
    },
    Class {
        name: "IPv4 in brackets",
        reason: "it is no address (RFC 3986)",
        holds: |due| is_loose(due.text, plain_brackets),
        ours: MALFORMED,
        nginx: As(plain_brackets),
    },
    Class {
        name: "a port of six digits",
        reason: "a port has five at most (RFC 7239 §6)",
        holds: |due| is_loose(due.text, plain_port),
        ours: MALFORMED,
        nginx: As(plain_port),
    },
    Class {
        name: "unknown",
        reason: "the proxy says that it does not know its client: it is not the client itself",
        holds: |due| is_unknown(due.text),
        ours: Reading::Unresolved(Unresolved::Unknown),
        nginx: Stops,
    },
    Class {
        name: "no address",
        reason: "the proxy that wrote it is not its own client",
        holds: |due| !is_client(due.text),
        ours: MALFORMED,
        nginx: Stops,
    },
];

/// What one of the two must answer, and the first class that is met on the way.
pub(crate) fn expect(
    lines: &[String],
    trusted: &TrustedProxies,
    peer: SocketAddr,
    hops: u8,
    side: fn(&Class) -> Reading,
) -> (Answer, Option<&'static str>) {
    // What HTTP servers take off.
    let mut rest: Vec<_> = lines.iter().map(|line| line.trim_matches(' ').to_owned()).collect();
    let (mut client, mut read, mut met) = ((peer.ip(), Some(peer.port())), 0, None);
    while read < hops && trusted.contains(client.0) {
        let line = rest.pop();
        let (before, due) = due(line.as_deref(), lines.is_empty());
        let class = CLASSES.iter().find(|class| (class.holds)(&due));
        met = met.or(class.map(|class| class.name));
        match class.map_or(Address, side) {
            Address => (client, read) = (address(due.text).unwrap(), read + 1),
            As(reading) => {
                rest.push([before.unwrap_or_default(), due.comma, &reading(due.text)].concat());
                continue;
            }
            Skips => {}
            Stops => break,
            Reading::Unresolved(why) => return (Err(why), met),
        }
        rest.extend(before.map(str::to_owned));
    }
    (Ok((client.0.to_canonical(), client.1)), met)
}

/// The report at the right end of what is left, and what stands before its comma.
fn due(line: Option<&str>, no_header: bool) -> (Option<&str>, Due<'_>) {
    let Some(line) = line else {
        let place = if no_header { Place::NoHeader } else { Place::End };
        return (None, Due { place, comma: "", text: "" });
    };
    let (before, text, place, comma) = match line.rsplit_once(',') {
        None => (None, line, Place::First, ""),
        Some(("", text)) if !text.starts_with(' ') => (Some(""), text, Place::AtFirstComma, ","),
        Some((before, text)) => (Some(before), text, Place::Later, ", "),
    };
    (before, Due { place, comma, text: text.trim_matches(' ') })
}

/// What both take for an address, but for who can have it: IPv4, or IPv6 bare or with a port in
/// brackets.
fn address(text: &str) -> Option<Client> {
    if let Ok(ip) = text.parse() {
        return Some((ip, None));
    }
    let (host, port) = text.rsplit_once(':')?;
    let ip: IpAddr = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.into(),
        None => host.parse::<Ipv4Addr>().ok()?.into(),
    };
    let is_plain = port.len() <= 5 && is_digits(port);
    Some((ip, Some(port.parse().ok().filter(|_| is_plain)?)))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether it is an address from which a request can come.
fn is_client(text: &str) -> bool {
    let nobody = |ip: IpAddr| ip.is_unspecified() || ip.is_multicast() || ip == Ipv4Addr::BROADCAST;
    address(text).is_some_and(|(ip, _)| !nobody(ip.to_canonical()))
}

fn is_port_0(text: &str) -> bool {
    address(text).is_some_and(|(_, port)| port == Some(0))
}

fn is_last_group_short(text: &str) -> bool {
    let host = parts(text)[1];
    host.ends_with("::") && host.matches(':').count() == 8
}

fn has_ones(text: &str) -> bool {
    parts(text)[1].ends_with("255.255.255.255")
}

fn is_unknown(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "1"));
    name.eq_ignore_ascii_case("unknown") && address(&format!("127.0.0.1:{port}")).is_some()
}

fn trimmed(text: &str) -> String {
    text.trim_matches([' ', '\t']).to_owned()
}

fn separated(text: &str) -> String {
    text.replace(' ', ",")
}

fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let inner = inner.filter(|inner| !inner.is_empty() && !inner.contains(['"', ' ', '\t']));
    inner.unwrap_or(text).to_owned()
}

fn without_brackets(text: &str) -> String {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    inner.unwrap_or_default().to_owned()
}

fn without_port(text: &str) -> String {
    text.rsplit_once(':').unwrap_or_default().0.to_owned()
}

/// A loopback or link-local address may have a zone.
fn without_zone(text: &str) -> String {
    let Some((before, behind)) = text.split_once('%') else { return text.to_owned() };
    let (zone, rest) = behind.split_at(behind.find(']').unwrap_or(behind.len()));
    let plain = format!("{before}{rest}");
    let ip = parts(&plain)[1].parse::<Ipv6Addr>().ok();
    let has_link = ip.is_some_and(|ip| ip == Ipv6Addr::LOCALHOST || ip.is_unicast_link_local());
    let is_zone = !zone.is_empty() && !zone.contains(['"', ';', '\\', '[', '%', ':', '\t']);
    let is_inside = !before.contains(']') && text.len() <= 64;
    if has_link && is_zone && is_inside { plain } else { text.to_owned() }
}

/// The bracket, the host and the rest of `[host]:port`; of anything else, all is host.
fn parts(text: &str) -> [&str; 3] {
    match text.strip_prefix('[').and_then(|rest| Some((rest, rest.find(']')?))) {
        Some((rest, end)) => [&text[..1], &rest[..end], &rest[end..]],
        None => ["", text, ""],
    }
}

/// Whether nginx reads it in spite of what `plain` takes from it.
fn is_loose(text: &str, plain: fn(&str) -> String) -> bool {
    let every = [plain_parts, plain_ends, plain_brackets, plain_port];
    let mended = every.iter().fold(text.to_owned(), |text, plain| plain(&text));
    plain(text) != text && address(&mended).is_some()
}

/// `01..0.1` as `1.0.0.1`; but in IPv6 the first part must be there.
fn plain_parts(text: &str) -> String {
    let Some(dot) = text.find('.') else { return text.to_owned() };
    let inner = |c: char| c.is_ascii_digit() || c == '.';
    let before = text[..dot].trim_end_matches(inner);
    let after = text[dot..].trim_start_matches(inner);
    let quad = &text[before.len()..text.len() - after.len()];
    let part = |part: &str| if part.is_empty() { Some(0) } else { part.parse::<u8>().ok() };
    let octets: Option<Vec<u8>> = quad.split('.').map(part).collect();
    match octets.as_deref() {
        Some([a, b, c, d]) if !(before.ends_with(':') && quad.starts_with('.')) => {
            format!("{before}{a}.{b}.{c}.{d}{after}")
        }
        _ => text.to_owned(),
    }
}

/// `:1::2:` as `1::2:0`.
fn plain_ends(text: &str) -> String {
    let [open, host, rest] = parts(text);
    let start = if host.starts_with("::") { host } else { host.strip_prefix(':').unwrap_or(host) };
    let zero = if host.ends_with(':') && !host.ends_with("::") { "0" } else { "" };
    let mended = format!("{start}{zero}");
    match plain_parts(&mended).parse::<Ipv6Addr>() {
        Ok(_) => format!("{open}{mended}{rest}"),
        Err(_) => text.to_owned(),
    }
}

/// `[192.0.2.1]:80` as `192.0.2.1:80`.
fn plain_brackets(text: &str) -> String {
    match parts(text) {
        ["[", host, rest] if !host.contains(':') && rest.starts_with("]:") => {
            host.to_owned() + &rest[1..]
        }
        _ => text.to_owned(),
    }
}

/// `:000080` as `:00080`.
fn plain_port(text: &str) -> String {
    match text.rsplit_once(':') {
        Some((host, port)) if port.len() > 5 && is_digits(port) => {
            let (zeros, port) = port.split_at(port.len() - 5);
            format!("{host}:{}{port}", zeros.trim_start_matches('0'))
        }
        _ => text.to_owned(),
    }
}
