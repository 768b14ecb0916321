//! What is asked, and the answer that is right.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::Request;

pub const TRUSTED: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "2001:db8:f::/48"];

const XFF: &str = "x-forwarded-for";
const XFP: &str = "x-forwarded-proto";
const FORWARDED: &str = "forwarded";
const PROXY: &str = "10.0.0.1:50000";
const CLIENT: &str = "203.0.113.7";
const STRANGER: &str = "198.51.100.9";
const BIG: usize = 60 * 1024;

/// What a browser sends. The first eight are in every request.
const BROWSER: [(&str, &str); 12] = [
    ("host", "www.example.com"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-GB,en;q=0.7,de;q=0.3"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("cookie", "session=0f8fad5bd9cb469fa16570867728950e; theme=dark"),
    ("referer", "https://www.example.com/search?q=forwarded"),
    ("upgrade-insecure-requests", "1"),
    ("connection", "keep-alive"),
    ("content-type", "application/x-www-form-urlencoded"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("x-request-id", "7b1d3c62-95e1-4b2a-a31c-6cf25f5c1a0e"),
];

pub struct Case {
    pub name: String,
    pub task: Task,
    /// As [`Entrant::answer`](crate::peers::Entrant) says it.
    pub expected: String,
    /// The case without what the attacker sent.
    pub base: Option<&'static str>,
}

pub enum Task {
    /// Who is the client?
    Decide(Message),
    /// The same, as a tower service in front of another.
    Layer(Message),
    /// Is it one of 10,000 networks?
    Lookup { hit: bool },
    /// All elements of a `Forwarded` value.
    Parse(String),
}

#[derive(Clone)]
pub struct Message {
    /// The header that names the client.
    pub list: &'static str,
    /// Whether the scheme is asked for as well.
    pub scheme: bool,
    /// Whether the forwarding headers must be gone afterwards.
    pub strip: bool,
    peer: &'static str,
    browser: usize,
    lines: Vec<(&'static str, Vec<u8>)>,
}

impl Message {
    fn new(list: &'static str, lines: &[(&'static str, &str)]) -> Self {
        let lines = lines.iter().map(|&(name, value)| (name, value.into())).collect();
        Self { list, scheme: false, strip: false, peer: PROXY, browser: 8, lines }
    }

    pub fn is_forwarded(&self) -> bool {
        self.list == FORWARDED
    }

    pub fn peer(&self) -> SocketAddr {
        self.peer.parse().unwrap()
    }

    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let browser = BROWSER[..self.browser].iter().map(|&(name, value)| (name, value.as_bytes()));
        browser.chain(self.lines.iter().map(|(name, value)| (*name, value.as_slice())))
    }

    pub fn request(&self) -> Request<()> {
        let mut request = Request::get("/search?q=forwarded&page=2")
            .extension(ConnectInfo(self.peer()))
            .body(())
            .unwrap();
        for (name, value) in self.headers() {
            request.headers_mut().append(name, value.try_into().unwrap());
        }
        // A server cuts its values out of one shared buffer; a clone's are shared too.
        request.clone()
    }
}

pub fn cases() -> Vec<Case> {
    [honest(), hostile(), layers(), lookups(), parsers()].into_iter().flatten().collect()
}

fn case(name: impl Into<String>, task: Task, expected: impl Into<String>) -> Case {
    Case { name: name.into(), task, expected: expected.into(), base: None }
}

fn decide(name: &str, message: Message, client: &str) -> Case {
    let expected = if message.scheme { format!("{client} https") } else { client.to_owned() };
    case(name, Task::Decide(message), expected)
}

fn honest() -> Vec<Case> {
    const ONE: &str = "for=203.0.113.7;proto=https;by=10.0.0.1";
    const IPV6: &str = r#"for="[2001:db8::1]:443", for=10.0.0.2, for=10.0.0.3"#;
    let scheme = |message| Message { scheme: true, ..message };
    let xff = |value| Message::new(XFF, &[(XFF, value)]);
    let forwarded = |value| Message::new(FORWARDED, &[(FORWARDED, value)]);
    let xff_proto = Message::new(XFF, &[(XFF, CLIENT), (XFP, "https")]);
    vec![
        decide("decide/xff-1", xff(CLIENT), CLIENT),
        decide("decide/xff-1-proto", scheme(xff_proto), CLIENT),
        decide("decide/xff-3", xff(tail(XFF)), CLIENT),
        decide("decide/forwarded-1", forwarded(ONE), CLIENT),
        decide("decide/forwarded-1-proto", scheme(forwarded(ONE)), CLIENT),
        decide("decide/forwarded-3", forwarded(tail(FORWARDED)), CLIENT),
        decide("decide/forwarded-3-ipv6", forwarded(IPV6), "2001:db8::1"),
    ]
}

/// What our proxies wrote: the client and two trusted hops.
fn tail(list: &str) -> &'static str {
    match list {
        XFF => "203.0.113.7, 10.0.0.2, 10.0.0.3",
        _ => "for=203.0.113.7, for=10.0.0.2, for=10.0.0.3",
    }
}

/// The same answer, to the right of what an attacker sent.
fn hostile() -> Vec<Case> {
    [
        (XFF, "xff", "decide/xff-3", "6.6.6.6, "),
        (FORWARDED, "forwarded", "decide/forwarded-3", "for=6.6.6.6, "),
    ]
    .into_iter()
    .flat_map(|(list, short, base, element)| {
        attacks(list, element).map(|(what, lines)| {
            let message = Message { lines, ..Message::new(list, &[]) };
            let name = format!("hostile/{short}-{what}");
            Case { base: Some(base), ..decide(&name, message, CLIENT) }
        })
    })
    .collect()
}

type Lines = Vec<(&'static str, Vec<u8>)>;

fn attacks(list: &'static str, element: &str) -> [(&'static str, Lines); 7] {
    let before = |sent: &[u8]| vec![(list, [sent, tail(list).as_bytes()].concat())];
    let a = vec![b'a'; BIG];
    let mut lines = vec![(list, b"6.6.6.6".to_vec()); 3999];
    lines.extend(before(b""));
    let mut connection = before(b"");
    connection.push(("connection", "close, ".repeat(BIG / 7).into()));
    [
        ("97-elements", before(element.repeat(97).as_bytes())),
        ("60-KB-commas", before(&vec![b','; BIG])),
        ("60-KB-open-quote", before(&[b"for=\"", a.as_slice(), b", "].concat())),
        ("60-KB-backslashes", before(&[vec![b'\\'; BIG].as_slice(), b"\", "].concat())),
        ("60-KB-entry", before(&[a.as_slice(), b", "].concat())),
        ("4000-lines", lines),
        ("60-KB-connection", connection),
    ]
}

fn layers() -> Vec<Case> {
    let twelve = |message| Message { browser: 12, ..message };
    let xff = Message::new(XFF, &[(XFF, CLIENT), (XFP, "https")]);
    let forged = Message::new(XFF, &[(XFF, "6.6.6.6, 203.0.113.7"), (XFP, "https")]);
    let direct = Message { peer: "198.51.100.9:50000", ..Message::new(XFF, &[]) };
    let lines = vec![(XFF, b"6.6.6.6".to_vec()), (XFP, b"https".to_vec())];
    let strip = Message { strip: true, lines, ..direct.clone() };
    [
        ("layer/xff-proto", xff.clone(), CLIENT),
        ("layer/xff-proto-12-headers", twelve(xff), CLIENT),
        ("layer/forged-xff-proto", forged, CLIENT),
        ("layer/direct", direct.clone(), STRANGER),
        ("layer/direct-12-headers", twelve(direct), STRANGER),
        ("layer/direct-strip-2", strip, STRANGER),
    ]
    .map(|(name, message, client)| case(name, Task::Layer(message), client))
    .into()
}

/// 10,000 networks of which no two can be merged, and 64 addresses to look up in turn.
pub fn networks() -> Vec<String> {
    (0..10_000).map(|n| format!("{}/24", ipv4(n, 0))).collect()
}

pub fn addresses(hit: bool) -> [std::net::IpAddr; 64] {
    // 6007 is prime, so that they come in no order.
    std::array::from_fn(|n| {
        let network = ipv4(n as u32 * 6007 % 10_000, 7);
        if hit { network } else { std::net::Ipv4Addr::from(u32::from(network) + 256) }.into()
    })
}

fn ipv4(network: u32, host: u32) -> std::net::Ipv4Addr {
    (0x0b00_0000 + network * 512 + host).into()
}

fn lookups() -> Vec<Case> {
    let lookup = |name, hit: bool| {
        case(name, Task::Lookup { hit }, if hit { "64 of 64" } else { "0 of 64" })
    };
    vec![lookup("lookup/hit", true), lookup("lookup/miss", false)]
}

fn parsers() -> Vec<Case> {
    const THREE: &str = r#"for=192.0.2.43;proto=https, for="[2001:db8:cafe::17]:4711";proto=https;by=10.0.0.2, for=198.51.100.17;proto=http"#;
    let hundred: Vec<_> = (0..100).map(|n| format!("for=10.{n}.2.7;proto=https")).collect();
    [
        ("parse/1", "for=192.0.2.60;proto=http;by=203.0.113.43".to_owned(), 1),
        ("parse/3", THREE.to_owned(), 3),
        ("parse/100", hundred.join(", "), 100),
    ]
    .map(|(name, value, n)| case(name, Task::Parse(value), format!("{n} addresses")))
    .into()
}
