#![allow(dead_code, unreachable_pub, missing_docs, reason = "each benchmark uses its own part")]
//! The cases that all benchmarks measure. Only this module calls the library, so that a changed API
//! changes this module alone.

use std::future::{Ready, ready};
use std::hint::black_box;
use std::net::{IpAddr, SocketAddr};

use axum::body::Bytes;
use axum::extract::ConnectInfo;
use forwarded_headers::{
    Builder, ConnectionInfo, ForwardedHeaders, ForwardedHeadersService, SchemeSource,
    TrustedProxies, forwarded,
};
use http::request::Parts;
use http::{Extensions, HeaderName, HeaderValue, Request};
use tower::util::ServiceFn;
use tower::{Layer, Service, service_fn};

pub type Line = (&'static str, &'static str);

const XFF: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";
pub const HOST: &str = "example.com";
pub const BROWSER: [Line; 7] = [
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-US,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("cookie", "session=0123456789abcdef"),
    ("referer", "https://example.com/list?page=2"),
    ("upgrade-insecure-requests", "1"),
];

pub const FOUR_MORE: [Line; 4] = [
    ("connection", "keep-alive"),
    ("content-type", "application/json"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("x-request-id", "0193e6f1-7c1a-7b3e-9d5f-2f1c5f6a7b8c"),
];

pub const PROXY: &str = "10.0.0.9";
pub const OUTSIDER: &str = "198.51.100.66";
pub const CLIENT: &str = "203.0.113.195";

/// Returns a browser's request with additional header lines, on a connection from `peer`.
pub fn request(peer: &str, host: &str, more: &[(&str, &str)]) -> Request<()> {
    let lines = [("host", host)];
    let lines = lines.iter().chain(&BROWSER).chain(more);
    let mut request = Request::new(());
    *request.uri_mut() = "/list?page=3".parse().unwrap();
    // A server cuts header values out of its read buffer, so a clone only counts references.
    let head: String = lines.clone().map(|(_, value)| *value).collect();
    let mut head = Bytes::from(head.into_bytes());
    black_box(head.clone());
    for (name, value) in lines {
        let value = HeaderValue::from_maybe_shared(head.split_to(value.len())).unwrap();
        request.headers_mut().append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
    }
    let peer = SocketAddr::new(peer.parse().unwrap(), 50000);
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

/// Settings that read the client from this header, through as many proxies of four networks.
fn settings(client_from: &str, proxies: usize) -> Builder {
    let networks = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 2001:db8:f::/48";
    ForwardedHeaders::builder().trust_chain(vec![networks; proxies]).client_from(client_from)
}

fn layer(client_from: &str, proxies: usize) -> ForwardedHeaders {
    settings(client_from, proxies).build().unwrap()
}

/// The same without a scheme.
fn addresses(client_from: &str, proxies: usize) -> ForwardedHeaders {
    settings(client_from, proxies).scheme_from(SchemeSource::none()).build().unwrap()
}

/// A request and the layer that decides on it.
pub struct Decision {
    pub layer: ForwardedHeaders,
    pub parts: Parts,
}

impl Decision {
    /// Checks that the layer finds `client`; an empty `client` stands for none.
    pub fn new(layer: ForwardedHeaders, client: &str, more: &[(&str, &str)]) -> Self {
        let parts = request(PROXY, HOST, more).into_parts().0;
        let found = layer.resolve(&parts).client_ip();
        assert_eq!(found, client.parse().ok(), "the wrong answer: {more:.100?}");
        Self { layer, parts }
    }

    pub fn decide(&self) -> ConnectionInfo {
        black_box(&self.layer).resolve(black_box(&self.parts))
    }
}

const TWO_HOPS: &str = "203.0.113.195, 10.1.2.3, 172.16.4.5";
const TWO_ELEMENTS: &str =
    "for=203.0.113.195;proto=https, for=10.1.2.3;proto=https, for=172.16.4.5;proto=https";

pub fn xff_one() -> Decision {
    let layer = addresses(XFF, 1);
    Decision::new(layer, CLIENT, &[("x-forwarded-for", CLIENT)])
}

pub fn xff_one_and_proto() -> Decision {
    let lines = [("x-forwarded-for", CLIENT), ("x-forwarded-proto", "https")];
    Decision::new(layer(XFF, 1), CLIENT, &lines)
}

pub fn xff_two_hops() -> Decision {
    let layer = addresses(XFF, 3);
    Decision::new(layer, CLIENT, &[("x-forwarded-for", TWO_HOPS)])
}

pub fn forwarded_one() -> Decision {
    let line = "for=203.0.113.195;proto=https;by=10.0.0.9";
    Decision::new(layer(FORWARDED, 1), CLIENT, &[("forwarded", line)])
}

pub fn forwarded_two_hops() -> Decision {
    Decision::new(layer(FORWARDED, 3), CLIENT, &[("forwarded", TWO_ELEMENTS)])
}

pub fn forwarded_two_hops_ipv6() -> Decision {
    let line = TWO_ELEMENTS.replace("203.0.113.195", "\"[2001:db8:cafe::17]:4711\"");
    Decision::new(layer(FORWARDED, 3), "2001:db8:cafe::17", &[("forwarded", &line)])
}

/// Puts what an attacker could send to the left of the same two hops, or on other lines.
pub fn hostile(name: &str, what: &str) -> Decision {
    let hops = if name == FORWARDED { TWO_ELEMENTS } else { TWO_HOPS };
    let size = 60 * 1024;
    let left = match what {
        "100 elements" => format!("{hops}, ").repeat(33),
        "commas" => ",".repeat(size),
        "open quote" => format!("for=\"{},", "a".repeat(size)),
        "backslashes" => format!("for=\"{},", "\\".repeat(size)),
        _ => String::new(),
    };
    let line = left + hops;
    let mut lines = match what {
        "4,000 lines" => vec![(name, "6.6.6.6"); 4000],
        _ => vec![],
    };
    lines.push((name, &line));
    let connection = "x-forwarded-for, ".repeat(size / 17);
    if what == "connection" {
        lines.push(("connection", &connection));
    }
    Decision::new(hostile_layer(name), CLIENT, &lines)
}

fn hostile_layer(name: &str) -> ForwardedHeaders {
    if name == FORWARDED { layer(FORWARDED, 3) } else { addresses(XFF, 3) }
}

/// Puts 60 KB without a comma in the place of the client's address.
pub fn hostile_entry(name: &str) -> Decision {
    let value = "1".repeat(60 * 1024);
    Decision::new(hostile_layer(name), "", &[(name, &value)])
}

pub type Answer = Ready<Result<Request<()>, std::convert::Infallible>>;
pub type Nothing = ServiceFn<fn(Request<()>) -> Answer>;

/// Returns a service that answers with its request.
pub fn nothing() -> Nothing {
    service_fn((|request| ready(Ok(request))) as fn(Request<()>) -> Answer)
}

/// Returns the layer for an app whose peer is a proxy on the same machine.
pub fn local_layer() -> ForwardedHeaders {
    ForwardedHeaders::new()
}

/// Reads the client's address as an app behind the layer does.
pub fn client(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectionInfo>()?.client_ip()
}

/// The header lines that one trusted proxy writes.
pub const HONEST: [Line; 2] = [("x-forwarded-for", CLIENT), ("x-forwarded-proto", "https")];
/// The header lines of nginx in its usual configuration, which reports the client twice.
pub const USUAL: [Line; 3] =
    [("x-real-ip", CLIENT), ("x-forwarded-for", CLIENT), ("x-forwarded-proto", "https")];
/// The lines of [`HONEST`], where the proxy appends to an entry that the client made up.
pub const APPENDED: [Line; 2] =
    [("x-forwarded-for", "6.6.6.6, 203.0.113.195"), ("x-forwarded-proto", "https")];

/// Requests from one peer, which pass through a service one after another.
pub struct LayerCase {
    pub name: &'static str,
    peer: &'static str,
    host: fn(usize) -> String,
    lines: &'static [Line],
    extend: fn(&mut Extensions),
    settings: fn() -> Builder,
}

/// What most cases have: the request of a trusted proxy.
const HONEST_CASE: LayerCase = LayerCase {
    name: "forwarded",
    peer: PROXY,
    host: same_host,
    lines: &HONEST,
    extend: |_| {},
    settings: settings_of_layers,
};

const DIRECT_CASE: LayerCase =
    LayerCase { name: "direct", peer: OUTSIDER, lines: &[], ..HONEST_CASE };

const COMPLETED_CASE: LayerCase =
    LayerCase { name: "completed", settings: completing, ..HONEST_CASE };

pub static LAYER_CASES: [LayerCase; 10] = [
    HONEST_CASE,
    LayerCase { name: "usual", lines: &USUAL, ..HONEST_CASE },
    LayerCase { name: "appended", lines: &APPENDED, ..HONEST_CASE },
    COMPLETED_CASE,
    LayerCase { name: "completed_appended", lines: &APPENDED, ..COMPLETED_CASE },
    DIRECT_CASE,
    LayerCase { name: "direct_12", lines: &FOUR_MORE, ..DIRECT_CASE },
    LayerCase { name: "direct_extended", extend: as_a_server, ..DIRECT_CASE },
    LayerCase { name: "another_host", host: another_host, ..HONEST_CASE },
    LayerCase { name: "stripped", lines: &HONEST, ..DIRECT_CASE },
];

fn settings_of_layers() -> Builder {
    settings(XFF, 1)
}

/// Settings with which the layer completes the URI.
fn completing() -> Builder {
    settings_of_layers().allowed_hosts(HOST)
}

#[derive(Clone)]
struct FirstExtension;
#[derive(Clone)]
struct SecondExtension;

/// Inserts extensions that the layer does not know, as a server inserts its own.
fn as_a_server(extensions: &mut Extensions) {
    extensions.insert(FirstExtension);
    extensions.insert(SecondExtension);
}

fn same_host(_: usize) -> String {
    HOST.to_owned()
}

/// Returns a host that no other request has. A cycle of more hosts than the cache of authorities has
/// places does not do: a host that shares its place with no other would be found again.
fn another_host(number: usize) -> String {
    format!("{number:07}.org")
}

impl LayerCase {
    // Compiled once, so that it costs the same with the layer and without.
    #[inline(never)]
    pub fn request(&self, number: usize) -> Request<()> {
        let mut request = request(self.peer, &(self.host)(number), self.lines);
        (self.extend)(request.extensions_mut());
        request
    }

    /// Returns the layer of this case around [`nothing`].
    pub fn layered(&self) -> ForwardedHeadersService<Nothing> {
        (self.settings)().build().unwrap().layer(nothing())
    }

    /// Makes requests, passes them through `service`, and drops the answers.
    fn through<S>(&'static self, mut service: S) -> Calls
    where
        S: Service<Request<()>, Future = Answer> + 'static,
    {
        let mut numbers = 0..;
        repeat(move || service.call(black_box(self.request(numbers.next().unwrap()))))
    }

    /// Makes and drops requests.
    fn made(&'static self) -> Calls {
        let mut numbers = 0..;
        repeat(move || self.request(numbers.next().unwrap()))
    }
}

/// Calls a case the given number of times.
pub type Calls = Box<dyn FnMut(usize)>;
type Named = (&'static str, fn() -> Calls);

// The loop is inside the box, so that no call of a case goes through a pointer.
fn repeat<T>(mut call: impl FnMut() -> T + 'static) -> Calls {
    Box::new(move |times| {
        for _ in 0..times {
            black_box(call());
        }
    })
}

fn decide(decision: Decision) -> Calls {
    repeat(move || decision.decide())
}

fn xff_beside(what: &str) -> Calls {
    decide(hostile(XFF, what))
}

fn forwarded_beside(what: &str) -> Calls {
    decide(hostile(FORWARDED, what))
}

fn lookup(address: &str) -> Calls {
    let (proxies, address) = (ten_thousand(), address.parse().unwrap());
    repeat(move || black_box(&proxies).contains(black_box(address)))
}

/// Counts the addresses, so that the compiler cannot leave the elements unread.
fn parse(value: Vec<u8>) -> Calls {
    let ip = |element: Result<forwarded::Element<'_>, _>| element.ok()?.for_node()?.ok()?.ip();
    repeat(move || forwarded::elements(black_box(&value)).filter_map(ip).count())
}

/// The cases that repeat one call on one input. A hostile case should cost what its two hops cost.
pub const REPEATED: [Named; 26] = [
    ("decide/xff_one", || decide(xff_one())),
    ("decide/xff_one_and_proto", || decide(xff_one_and_proto())),
    ("decide/xff_two_hops", || decide(xff_two_hops())),
    ("decide/forwarded_one", || decide(forwarded_one())),
    ("decide/forwarded_two_hops", || decide(forwarded_two_hops())),
    ("decide/forwarded_two_hops_ipv6", || decide(forwarded_two_hops_ipv6())),
    ("hostile/xff_100_elements", || xff_beside("100 elements")),
    ("hostile/xff_commas", || xff_beside("commas")),
    ("hostile/xff_open_quote", || xff_beside("open quote")),
    ("hostile/xff_backslashes", || xff_beside("backslashes")),
    ("hostile/xff_4000_lines", || xff_beside("4,000 lines")),
    ("hostile/xff_connection", || xff_beside("connection")),
    ("hostile/xff_one_entry", || decide(hostile_entry(XFF))),
    ("hostile/forwarded_100_elements", || forwarded_beside("100 elements")),
    ("hostile/forwarded_commas", || forwarded_beside("commas")),
    ("hostile/forwarded_open_quote", || forwarded_beside("open quote")),
    ("hostile/forwarded_backslashes", || forwarded_beside("backslashes")),
    ("hostile/forwarded_4000_lines", || forwarded_beside("4,000 lines")),
    ("hostile/forwarded_connection", || forwarded_beside("connection")),
    ("hostile/forwarded_one_entry", || decide(hostile_entry(FORWARDED))),
    ("trust/hit", || lookup("13.100.7.3")),
    ("trust/miss", || lookup("203.0.113.195")),
    ("trust/ipv6", || lookup("2001:db8:77:1::1")),
    ("parse/elements_1", || parse(ELEMENTS_1.to_vec())),
    ("parse/elements_3", || parse(ELEMENTS_3.to_vec())),
    ("parse/elements_100", || parse([ELEMENTS_1; 100].join(&b", "[..]))),
];

/// Names the cases that have a cost of their own.
pub fn names() -> impl Iterator<Item = String> {
    let repeated = REPEATED.iter().map(|(name, _)| (*name).to_owned());
    let layers = LAYER_CASES.iter().map(|layer_case| format!("layer/{}", layer_case.name));
    repeated.chain(["no_op/forwarded".to_owned()]).chain(layers)
}

/// Prepares the calls of a case: one of [`REPEATED`], or one of [`LAYER_CASES`] through the layer
/// (`layer/…`), through [`nothing`] (`no_op/…`), or made and dropped (`made/…`).
pub fn prepare(case: &str) -> Option<Calls> {
    let (group, name) = case.split_once('/')?;
    let layer_case = LAYER_CASES.iter().find(|layer_case| layer_case.name == name);
    match (group, layer_case) {
        ("layer", Some(layer_case)) => Some(layer_case.through(layer_case.layered())),
        ("no_op", Some(layer_case)) => Some(layer_case.through(nothing())),
        ("made", Some(layer_case)) => Some(layer_case.made()),
        _ => REPEATED.iter().find(|(name, _)| *name == case).map(|(_, prepare)| prepare()),
    }
}

/// Returns 10,000 networks that do not touch: 8,000 of IPv4, 2,000 of IPv6.
pub fn ten_thousand() -> TrustedProxies {
    let v4 =
        (0..8000_u32).map(|n| format!("{}.{}.{}.0/25", 11 + n / 4096, n / 16 % 256, n % 16 * 16));
    let v6 = (0..2000).map(|n| format!("2001:db8:{n:x}::/49"));
    let networks: Vec<_> = v4.chain(v6).collect();
    networks.join(", ").parse().unwrap()
}

pub const ELEMENTS_1: &[u8] = b"for=203.0.113.195;proto=https;by=10.0.0.9";
pub const ELEMENTS_3: &[u8] =
    b"for=203.0.113.195;proto=https;by=10.0.0.9, for=\"[2001:db8:cafe::17]:4711\";proto=https, for=10.1.2.3;host=example.com";
