//! The same lists read by the layer and by nginx's realip module, from the same peer:
//! `real_ip_recursive on` is `max_hops(255)`, `off` is `max_hops(1)`.
//!
//! Both read entries from the right until one is no trusted proxy. Where they part, a row of
//! [`CLASSES`] says which shape of the list it is about, and what each makes of it; where no row
//! holds they must agree. What nginx does was found by asking nginx 1.22.1:
//!
//! - it starts with the last line, and goes on to the one before if all entries were trusted;
//! - spaces separate entries as commas do; tabs do not. Several in a row are one;
//! - the first byte of a line separates nothing, not even if it is a comma;
//! - what it cannot read ends the walk, and the last address it could read is the client. That is
//!   the peer if there was none.
//!
//! It writes IPv4-mapped addresses as such; they are compared as IPv4.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use forwarded_headers::{ForwardedHeaders, Outcome, TrustedProxies, Unresolved};

use crate::nginx::{Nginx, WIRES};
use crate::support::{self, Line};

const TRUSTED: &str = "127.0.0.1, 10.0.0.0/8, 192.0.2.0/24, 2001:db8:f::/48";
const CASES: usize = 2000;
/// nginx closes a connection after 1000.
const BATCH: usize = 200;

type Client = (IpAddr, Option<u16>);
type Answer = Result<Client, Unresolved>;

/// The report that is due.
struct Due<'a> {
    place: Place,
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
    /// Right behind a comma with which its line starts.
    BehindFirstComma,
    Later,
}

#[derive(Clone, Copy)]
enum Reading {
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

struct Class {
    name: &'static str,
    /// Why ours is as it is.
    reason: &'static str,
    holds: fn(&Due<'_>) -> bool,
    ours: Reading,
    nginx: Reading,
}

use Reading::{Address, As, Skips, Stops};
const MISSING: Reading = Reading::Unresolved(Unresolved::Missing);
const MALFORMED: Reading = Reading::Unresolved(Unresolved::Malformed);

/// The first that holds counts.
static CLASSES: [Class; 20] = [
    Class {
        name: "no header",
        reason: "a proxy that says nothing is not its client",
        holds: |due| due.place == Place::NoHeader,
        ours: Reading::Unresolved(Unresolved::NotReported),
        nginx: Stops,
    },
    Class {
        name: "the list ends at a trusted proxy",
        reason: "its report is missing, and it is not its own client",
        holds: |due| due.place == Place::End,
        ours: MISSING,
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
        holds: |due| due.place == Place::BehindFirstComma && !due.text.is_empty(),
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
        ours: MISSING,
        nginx: Stops,
    },
    Class {
        name: "an empty member",
        reason: "it is the proxy's report: the one left of it is anybody's",
        holds: |due| due.text.is_empty(),
        ours: MISSING,
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
        name: "IPv6 in brackets without a port",
        reason: "some proxies write it, and it means one thing",
        holds: |due| without_brackets(due.text).parse::<Ipv6Addr>().is_ok(),
        ours: As(without_brackets),
        nginx: Stops,
    },
    Class {
        name: "port 0",
        reason: "the address is good, and a port is no reason to lose it",
        holds: |due| is_port_0(due.text) && is_client(due.text),
        ours: Address,
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

/// What one of the two must answer, and the first class that was met.
fn expect(
    case: &Case,
    peer: Client,
    hops: usize,
    side: fn(&Class) -> Reading,
) -> (Answer, Option<&'static Class>) {
    let trusted: TrustedProxies = TRUSTED.parse().unwrap();
    // What HTTP servers take off.
    let mut lines: Vec<_> = case.lines.iter().map(|l| l.trim_matches(' ').to_owned()).collect();
    let (mut client, mut read, mut first) = (peer, 0, None);
    while read < hops && trusted.contains(client.0) {
        let line = lines.pop();
        let (before, due) = due(line.as_deref(), case.lines.is_empty());
        let class = CLASSES.iter().find(|class| (class.holds)(&due));
        first = first.or(class);
        match class.map_or(Address, side) {
            Address => (client, read) = (address(due.text).unwrap(), read + 1),
            As(reading) => {
                let text = reading(due.text);
                lines.push(before.map_or(text.clone(), |before| format!("{before},{text}")));
                continue;
            }
            Skips => {}
            Stops => break,
            Reading::Unresolved(why) => return (Err(why), first),
        }
        lines.extend(before.map(str::to_owned));
    }
    (Ok((client.0.to_canonical(), client.1)), first)
}

/// The report at the right end of what is left, and what stands before its comma.
fn due(line: Option<&str>, no_header: bool) -> (Option<&str>, Due<'_>) {
    let Some(line) = line else {
        let place = if no_header { Place::NoHeader } else { Place::End };
        return (None, Due { place, text: "" });
    };
    let (before, text, place) = match line.rsplit_once(',') {
        None => (None, line, Place::First),
        Some(("", text)) if !text.starts_with(' ') => (Some(""), text, Place::BehindFirstComma),
        Some((before, text)) => (Some(before), text, Place::Later),
    };
    (before, Due { place, text: text.trim_matches(' ') })
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
    let plain = port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    Some((ip, Some(port.parse().ok().filter(|_| plain)?)))
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

/// `01..0.1` as `1.0.0.1`.
fn plain_parts(text: &str) -> String {
    let Some(dot) = text.find('.') else { return text.to_owned() };
    let other = |c: char| !c.is_ascii_digit() && c != '.';
    let start = text[..dot].rfind(other).map_or(0, |at| at + 1);
    let start = (start..=dot).find(|at| text.is_char_boundary(*at)).unwrap();
    let end = text[dot..].find(other).map_or(text.len(), |at| dot + at);
    let part = |part: &str| if part.is_empty() { Some(0) } else { part.parse::<u8>().ok() };
    let octets: Option<Vec<u8>> = text[start..end].split('.').map(part).collect();
    match octets.as_deref() {
        Some([a, b, c, d]) => format!("{}{a}.{b}.{c}.{d}{}", &text[..start], &text[end..]),
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
        ["[", host, rest] if !host.contains(':') => format!("{host}{}", &rest[1..]),
        _ => text.to_owned(),
    }
}

/// `:000080` as `:00080`.
fn plain_port(text: &str) -> String {
    match text.rsplit_once(':') {
        Some((host, port)) if port.len() > 5 && port.is_ascii() => {
            let (zeros, port) = port.split_at(port.len() - 5);
            format!("{host}:{}{port}", zeros.trim_start_matches('0'))
        }
        _ => text.to_owned(),
    }
}

struct Case {
    lines: Vec<String>,
    /// Made of addresses and commas alone.
    well_formed: bool,
}

/// Xorshift, so that every run has the same cases.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Ends of the trusted networks.
static PROXIES: [&str; 8] = [
    "127.0.0.1",
    "10.0.0.0",
    "10.1.2.3",
    "10.255.255.255",
    "192.0.2.0",
    "192.0.2.255",
    "2001:db8:f::",
    "2001:db8:f:ffff:ffff:ffff:ffff:ffff",
];

/// Next to those, and elsewhere.
static CLIENTS: [&str; 12] = [
    "9.255.255.255",
    "11.0.0.0",
    "127.0.0.2",
    "192.0.1.255",
    "192.0.3.0",
    "203.0.113.7",
    "2001:db8:e:ffff:ffff:ffff:ffff:ffff",
    "2001:db8:10::",
    "2001:db8:0:1::7",
    "::1",
    "::203.0.113.7",
    "fe80::1",
];

/// What no address can be spoilt into.
static ODD: [&str; 24] = [
    "unknown",
    "Unknown:80",
    "unknown:_x",
    "_hidden",
    "localhost",
    "é",
    "\"",
    "\"\"",
    "\t",
    "0.0.0.0",
    "...",
    "224.0.0.1:80",
    "255.255.255.255",
    "::",
    "ff02::1",
    "::ffff:0:0",
    "::ffff:ffff:ffff",
    "::255.255.255.255",
    "fe80::1%eth0",
    "1:2:3:4:5:6:7::",
    "[1:2:3:4:5:6:7::]:80",
    "203.0.113",
    "0x7f.0.0.1",
    "3405803777",
];

fn cases() -> Vec<Case> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let case = |_| {
        let well_formed = random.below(2) == 0;
        let count = random.pick(&[1, 1, 1, 1, 2, 2, 3]);
        let count = if well_formed || random.below(10) > 0 { count } else { 0 };
        let lines = (0..count).map(|_| line(&mut random, well_formed)).collect();
        Case { lines, well_formed }
    };
    (0..CASES).map(case).collect()
}

fn line(random: &mut Random, well_formed: bool) -> String {
    let edges = ["", "", "", "", "", "", " ", "\t", ",", ", ", " ,", ",\t"];
    let separators = [
        ",", ", ", ", ", ", ", " ,  ", ",,", ", ,", ",\t", "\t,", ",\t ", " \t, ", " ", "  ", "\t",
    ];
    let (edges, separators) =
        if well_formed { (&edges[..1], &separators[..5]) } else { (&edges[..], &separators[..]) };
    let mut line = random.pick(edges).to_owned();
    for index in 0..=random.below(4) {
        if index > 0 {
            line += random.pick(separators);
        }
        let entry = entry(random);
        line += &if well_formed || random.below(3) > 0 { entry } else { spoilt(random, entry) };
    }
    line + random.pick(edges)
}

/// A valid one in any of the forms that both read.
fn entry(random: &mut Random) -> String {
    let text = if random.below(3) > 0 { random.pick(&PROXIES) } else { random.pick(&CLIENTS) };
    let port = 1 + random.below(65535);
    match (text.parse().unwrap(), random.below(6)) {
        (IpAddr::V4(ip), 0) => format!("{ip}:{port}"),
        (IpAddr::V4(ip), 1) => format!("::ffff:{ip}"),
        (IpAddr::V4(ip), 2) => format!("[::FFFF:{ip}]:{port:05}"),
        (IpAddr::V4(ip), 3) => {
            let [.., high, low] = ip.to_ipv6_mapped().segments();
            format!("0:0::ffff:{high:x}:{low:04x}")
        }
        (IpAddr::V6(ip), 0 | 1) => format!("[{ip}]:{port}"),
        (IpAddr::V6(ip), 2) => ip.segments().map(|group| format!("{group:04X}")).join(":"),
        _ => text.to_owned(),
    }
}

fn spoilt(random: &mut Random, entry: String) -> String {
    match random.below(12) {
        0 => format!("\"{entry}\""),
        1 => format!("[{entry}]"),
        2 => format!("[{entry}]:80"),
        3 => format!("0{entry}"),
        4 => format!("{entry}:0"),
        5 => format!("{entry}:{}", random.pick(&["", "000080", "65536", "+80", "x"])),
        6 => format!("{entry}:"),
        7 => format!(":{entry}"),
        8 | 9 => random.pick(&ODD).to_owned(),
        _ => {
            let characters: Vec<char> = "0123456789abcdef..::[]\" \t,%;x".chars().collect();
            let mut entry: Vec<_> = entry.chars().collect();
            let start = random.below(entry.len());
            let end = start + random.below(2);
            entry.splice(start..end, [random.pick(&characters)]);
            entry.into_iter().collect()
        }
    }
}

/// One that is kept alive.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    fn peer(&self) -> SocketAddr {
        self.0.get_ref().local_addr().unwrap()
    }

    /// `$remote_addr` and `$remote_port`.
    fn ask(&mut self, lines: &[String]) -> Answer {
        let lines: String = lines.iter().map(|l| format!("X-Forwarded-For: {l}\r\n")).collect();
        let request = format!("GET / HTTP/1.1\r\nHost: app.example\r\n{lines}\r\n");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert_ne!(self.0.read_until(b'\n', &mut head).unwrap(), 0, "{request:?}");
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{request:?}: {head:?}");
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        self.0.read_exact(&mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        let (ip, port) = body.split_once(' ').unwrap();
        Ok((ip.parse::<IpAddr>().unwrap().to_canonical(), port.parse().ok()))
    }
}

fn ours(layer: &ForwardedHeaders, peer: SocketAddr, lines: &[String]) -> Answer {
    let lines: Vec<Line<'_>> = lines.iter().map(|l| ("X-Forwarded-For", l.as_bytes())).collect();
    let info = support::resolve(layer, &peer.to_string(), &lines);
    match info.outcome() {
        Outcome::Forwarded => Ok((info.client_ip().unwrap(), info.client_port())),
        Outcome::Unresolved(why) => Err(why),
        other => panic!("{lines:?}: {other:?} of a trusted peer"),
    }
}

fn realip(recursive: &str) -> Nginx {
    let trusted = TRUSTED.split(", ").map(|net| format!("set_real_ip_from {net};"));
    let http = format!(
        "{} real_ip_header X-Forwarded-For; real_ip_recursive {recursive};",
        trusted.collect::<String>()
    );
    Nginx::alone(&http, r#"return 200 "$remote_addr $remote_port";"#)
}

fn layer(hops: u8) -> ForwardedHeaders {
    let trusted: TrustedProxies = TRUSTED.parse().unwrap();
    ForwardedHeaders::new().trust(trusted).max_hops(hops).check().unwrap()
}

#[test]
#[ignore = "needs nginx: .ci/run runs it"]
fn agrees_with_the_realip_module() {
    let cases = cases();
    // How often they differ, by class.
    let mut met: BTreeMap<_, usize> = BTreeMap::new();
    for (recursive, hops) in [("on", 255), ("off", 1)] {
        let (nginx, layer) = (realip(recursive), layer(hops));
        let (mut well_formed, mut agreed) = (0, 0);
        for batch in cases.chunks(BATCH) {
            let mut connection = Connection::open(nginx.port(&WIRES[0]));
            let peer = connection.peer();
            for case in batch {
                let ours = ours(&layer, peer, &case.lines);
                let nginx = connection.ask(&case.lines);
                let client = (peer.ip(), Some(peer.port()));
                let expected = |side| expect(case, client, hops.into(), side);
                let (expected_ours, class) = expected(|class| class.ours);
                let (expected_nginx, _) = expected(|class| class.nginx);
                let name = class.map(|class| class.name);
                let lines = &case.lines;
                let context = format!("{lines:?} with recursive {recursive}, class {name:?}");
                assert_eq!(nginx, expected_nginx, "nginx: {context}");
                assert_eq!(ours, expected_ours, "ours: {context}");
                if ours != nginx {
                    *met.entry(name.expect(&context)).or_default() += 1;
                }
                well_formed += usize::from(case.well_formed);
                agreed += usize::from(case.well_formed && ours == nginx);
            }
        }
        assert!(well_formed > CASES * 2 / 5, "{well_formed} of {CASES} are well-formed");
        assert!(agreed > well_formed * 3 / 4, "{agreed} of {well_formed} agree, {recursive}");
    }
    for Class { name, reason, .. } in &CLASSES {
        assert!(met.contains_key(name), "never met: {name} ({reason})");
    }
}

/// nginx has no bound, which costs it time; 255 proxies are more than there are.
#[test]
#[ignore = "needs nginx: .ci/run runs it"]
fn more_proxies_than_max_hops_can_say() {
    let nginx = realip("on");
    let mut connection = Connection::open(nginx.port(&WIRES[0]));
    let (client, proxy) = (support::ip("203.0.113.7"), support::ip("10.1.2.3"));
    for (proxies, found) in [(254, client), (255, proxy)] {
        let lines = [format!("{client}{}", format!(",{proxy}").repeat(proxies))];
        assert_eq!(ours(&layer(255), connection.peer(), &lines), Ok((found, None)), "{proxies}");
        assert_eq!(connection.ask(&lines), Ok((client, None)), "{proxies}");
    }
}
