#![allow(dead_code, unreachable_pub, missing_docs, reason = "each benchmark uses its own part")]
//! The cases that both benchmarks measure: a request as a browser and a server make it, the layer
//! that reads it, and the answer that it must give.

use std::future::{Ready, ready};
use std::hint::black_box;
use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::ConnectInfo;
use forwarded_headers::{
    ConnectionInfo, Family, ForwardedHeaders, ForwardedHeadersService, TrustedProxies,
};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};
use tower::util::ServiceFn;
use tower::{Layer, Service, service_fn};

pub const BROWSER: [(&str, &str); 8] = [
    ("host", "example.com"),
    ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-language", "en-US,en;q=0.5"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("cookie", "session=0123456789abcdef"),
    ("referer", "https://example.com/list?page=2"),
    ("upgrade-insecure-requests", "1"),
];

pub const FOUR_MORE: [(&str, &str); 4] = [
    ("connection", "keep-alive"),
    ("content-type", "application/json"),
    ("sec-ch-ua-platform", "\"Linux\""),
    ("x-request-id", "0193e6f1-7c1a-7b3e-9d5f-2f1c5f6a7b8c"),
];

pub const PROXY: &str = "10.0.0.9";
pub const OUTSIDER: &str = "198.51.100.66";
pub const CLIENT: &str = "203.0.113.195";

/// A request for `example.com` by 8 browser headers and these, on a connection from `peer`.
pub fn request(peer: &str, more: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::new(());
    *request.uri_mut() = "/list?page=3".parse().unwrap();
    // A server cuts the values out of the buffer that it read: a clone counts references, no more.
    let head: String = BROWSER.iter().chain(more).map(|(_, value)| *value).collect();
    let mut head = Bytes::from(head.into_bytes());
    black_box(head.clone());
    for (name, value) in BROWSER.iter().chain(more) {
        let value = HeaderValue::from_maybe_shared(head.split_to(value.len())).unwrap();
        request.headers_mut().append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value);
    }
    let peer: IpAddr = peer.parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from((peer, 50000))));
    request
}

pub fn layer(family: Family, hops: u8) -> ForwardedHeaders {
    let proxies = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 2001:db8:f::/48";
    let proxies: TrustedProxies = proxies.parse().unwrap();
    ForwardedHeaders::new().family(family).trust(proxies).max_hops(hops).check().unwrap()
}

/// A decision to be made.
pub struct Decision {
    pub layer: ForwardedHeaders,
    pub parts: Parts,
}

impl Decision {
    /// One that must find this client.
    pub fn new(layer: ForwardedHeaders, client: &str, more: &[(&str, &str)]) -> Self {
        let parts = request(PROXY, more).into_parts().0;
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
    let layer = layer(Family::XForwarded, 1).read_proto(false);
    Decision::new(layer, CLIENT, &[("x-forwarded-for", CLIENT)])
}

pub fn xff_one_and_proto() -> Decision {
    let lines = [("x-forwarded-for", CLIENT), ("x-forwarded-proto", "https")];
    Decision::new(layer(Family::XForwarded, 1), CLIENT, &lines)
}

pub fn xff_two_hops() -> Decision {
    let layer = layer(Family::XForwarded, 3).read_proto(false);
    Decision::new(layer, CLIENT, &[("x-forwarded-for", TWO_HOPS)])
}

pub fn forwarded_one() -> Decision {
    let line = "for=203.0.113.195;proto=https;by=10.0.0.9";
    Decision::new(layer(Family::Forwarded, 1), CLIENT, &[("forwarded", line)])
}

pub fn forwarded_two_hops() -> Decision {
    Decision::new(layer(Family::Forwarded, 3), CLIENT, &[("forwarded", TWO_ELEMENTS)])
}

pub fn forwarded_two_hops_ipv6() -> Decision {
    let line = TWO_ELEMENTS.replace("203.0.113.195", "\"[2001:db8:cafe::17]:4711\"");
    Decision::new(layer(Family::Forwarded, 3), "2001:db8:cafe::17", &[("forwarded", &line)])
}

pub const HOSTILE: [&str; 7] =
    ["nothing", "100 elements", "commas", "open quote", "backslashes", "4,000 lines", "connection"];

/// The same two hops, and to their left, on their line or on others, what a client could send.
pub fn hostile(family: Family, what: &str) -> Decision {
    let (name, hops) = match family {
        Family::Forwarded => ("forwarded", TWO_ELEMENTS),
        _ => ("x-forwarded-for", TWO_HOPS),
    };
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
    Decision::new(layer(family, 3).read_proto(family == Family::Forwarded), CLIENT, &lines)
}

/// One entry of 60 KB without a comma where the address is due.
pub fn hostile_entry(family: Family) -> Decision {
    let name = if family == Family::Forwarded { "forwarded" } else { "x-forwarded-for" };
    let value = "1".repeat(60 * 1024);
    Decision::new(layer(family, 3).read_proto(family == Family::Forwarded), "", &[(name, &value)])
}

pub type Answer = Ready<Result<Request<()>, std::convert::Infallible>>;
pub type Nothing = ServiceFn<fn(Request<()>) -> Answer>;

/// A service that hands its request back.
pub fn nothing() -> Nothing {
    service_fn((|request| ready(Ok(request))) as fn(Request<()>) -> Answer)
}

/// A request on its way through a service.
pub struct Passage<S> {
    pub service: S,
    pub request: Request<()>,
}

impl<S: Service<Request<()>, Future = Answer>> Passage<S> {
    /// All of the call, since the answer is ready at once.
    pub fn pass(mut self) -> (S, Answer) {
        let answer = black_box(&mut self.service).call(self.request);
        (self.service, answer)
    }
}

pub type Layered = ForwardedHeadersService<Nothing>;

pub fn through_nothing(peer: &str, lines: &[(&str, &str)]) -> Passage<Nothing> {
    Passage { service: nothing(), request: request(peer, lines) }
}

/// A request with these lines and those.
pub fn through_layer(
    peer: &str,
    lines: &[(&str, &str)],
    others: &[(&str, &str)],
) -> Passage<Layered> {
    let mut service = layer(Family::XForwarded, 1).layer(nothing());
    // What only the first request on a thread does.
    drop(service.call(request(peer, &[lines, others].concat())));
    Passage { service, request: request(peer, &[lines, others].concat()) }
}

/// The same for a host that the thread has not seen before.
pub fn for_another_host(mut passage: Passage<Layered>) -> Passage<Layered> {
    passage.request.headers_mut().insert("host", HeaderValue::from_static("example.org"));
    passage
}

/// What one proxy of ours writes.
pub const HONEST: [(&str, &str); 2] = [("x-forwarded-for", CLIENT), ("x-forwarded-proto", "https")];
/// What the usual configuration of nginx sends: another name for the client as well.
pub const USUAL: [(&str, &str); 3] =
    [("x-real-ip", CLIENT), ("x-forwarded-for", CLIENT), ("x-forwarded-proto", "https")];
/// The same as `HONEST`, behind what the client made up.
pub const APPENDED: [(&str, &str); 2] =
    [("x-forwarded-for", "6.6.6.6, 203.0.113.195"), ("x-forwarded-proto", "https")];

/// 10,000 networks that do not touch, four of five IPv4.
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
