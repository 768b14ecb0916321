//! A real server under load: honest and hostile clients over HTTP/1 and HTTP/2, connections that are
//! cut, and a configuration that is replaced all the time. The test checks every answer.
//!
//! The proxy is at 127.0.0.1, which is trusted. A client without a proxy is at 127.0.0.9, which is not.
//!
//! `cargo test --test it load -- --ignored`

#![cfg(target_os = "linux")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer, TrustedProxies};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Line, append, ip};

const LENGTH: Duration = Duration::from_secs(30);
/// For each client.
const MOST_REQUESTS: usize = 100_000;
/// After this time, buffers and pools have their size.
const WARM_UP: Duration = Duration::from_secs(5);
/// A leak of 32 bytes in each of 10,000 requests a second exceeds this, and so does one leaked
/// configuration of 20.
const MOST_GROWTH_KIB: u64 = 8 * 1024;
/// A client waits this long for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request, and the app's answer to it.
///
/// A first line [`URI`] is the target in absolute form, or `:scheme`, `:authority` and `:path` of HTTP/2,
/// true or not. Without it, the target is the usual one for `app.test`. A `#` in the target and in the
/// answer is the number of the request.
type Row = (&'static str, &'static [Line<'static>], Answer);

/// Client, scheme, authority and URI, and every header that is left.
#[derive(Clone, Copy)]
enum Answer {
    /// A client, and the scheme that the proxy reported.
    Reported(&'static str, &'static str),
    /// A client, without a reported scheme.
    Client(&'static str),
    /// The reason why the client is unknown, and the scheme.
    Unknown(&'static str, &'static str),
    /// The whole text.
    Is(&'static str),
}
use Answer::{Client, Is, Reported, Unknown};

impl Answer {
    /// Returns the text for this target. A path stays a path if no proxy reported the scheme.
    fn text(self, target: &str) -> String {
        let is_path = target.starts_with('/');
        let app = |scheme: &str, is_reported: bool| {
            let is_completed = is_reported || !is_path;
            let start = if is_completed { format!("{scheme}://app.test") } else { String::new() };
            format!("{scheme} app.test {start}/# host=app.test")
        };
        match self {
            Reported(ip, scheme) => {
                let app = app(scheme, true);
                format!("{ip} {app} x-forwarded-for={ip} x-forwarded-proto={scheme}")
            }
            Client(ip) => format!("{ip} {} x-forwarded-for={ip}", app("http", false)),
            Unknown(why, scheme) => {
                format!("Unresolved({why}) {}", app(scheme, scheme == "https"))
            }
            Is(text) => text.to_owned(),
        }
    }
}

const URI: &str = ":uri";
const HOST: Line<'_> = ("Host", b"app.test");
const FOR: &str = "X-Forwarded-For";
const PROTO: &str = "X-Forwarded-Proto";

/// 60 KB of commas, and the entry that the proxy appends.
static LONG: [u8; 61_440] = {
    let (mut line, proxy, mut index) = ([b','; 61_440], b"192.0.2.7", 0);
    while index < proxy.len() {
        line[61_440 - proxy.len() + index] = proxy[index];
        index += 1;
    }
    line
};

/// 100 lines, and the line that the proxy appends.
const MANY: [Line<'_>; 102] = {
    let mut lines: [Line<'_>; 102] = [(FOR, b"6.6.6.6"); 102];
    lines[0] = HOST;
    lines[101] = (FOR, b"192.0.2.8");
    lines
};

/// Requests from the proxy.
#[rustfmt::skip]
static PROXY: [Row; 20] = [
    ("honest", &[HOST, (FOR, b"192.0.2.1"), (PROTO, b"https")], Reported("192.0.2.1", "https")),
    ("honest, no Host line", &[(URI, b"http://app.test/#"), (FOR, b"192.0.2.2")],
        Is("192.0.2.2 http app.test http://app.test/# x-forwarded-for=192.0.2.2")),
    ("honest, two proxies", &[HOST, (FOR, b"[2001:db8::3]:4711, 10.0.0.2"), (PROTO, b"http")],
        Reported("2001:db8::3", "http")),
    ("a list", &[HOST, (FOR, b"6.6.6.6, 127.0.0.1, 192.0.2.4"), (PROTO, b"https, http")],
        Reported("192.0.2.4", "http")),
    ("several lines", &[HOST, (FOR, b"6.6.6.6"), (FOR, b"10.0.0.1"), (FOR, b"192.0.2.5"),
        (PROTO, b"https"), (PROTO, b"http")], Reported("192.0.2.5", "http")),
    ("an open quote", &[HOST, (FOR, b"\"6.6.6.6, \\, 192.0.2.6")], Client("192.0.2.6")),
    ("60 KB", &[HOST, (FOR, &LONG), (PROTO, b"https")], Reported("192.0.2.7", "https")),
    ("100 lines", &MANY, Client("192.0.2.8")),
    ("bytes that are not text", &[HOST, (FOR, b"\xFF\xFE, 192.0.2.9"), ("X-Real-IP", b"\xFF")],
        Client("192.0.2.9")),
    ("other names", &[HOST, ("Forwarded", b"for=6.6.6.6;proto=https;host=evil.test"),
        ("Forwarded", b"for=\""), ("X_Forwarded_For", b"6.6.6.6"), ("X.Forwarded-Proto", b"https"),
        ("X-Forwarded-Host", b"api.test"), ("X-Forwarded-Port", b"8443"),
        ("CF-Connecting-IP", b"6.6.6.6"), (FOR, b"192.0.2.10")], Client("192.0.2.10")),
    ("https in the target", &[(URI, b"https://app.test/#"), HOST, (FOR, b"192.0.2.11")],
        Client("192.0.2.11")),
    // The target's host counts, and `Host` is set to it (RFC 9112 §3.2.2).
    ("another host in the target, and a cookie",
        &[(URI, b"http://api.test/#"), HOST, (FOR, b"192.0.2.12"), ("Cookie", b"a=1")],
        Is("192.0.2.12 http api.test http://api.test/# \
            cookie=a=1 host=api.test x-forwarded-for=192.0.2.12")),
    ("another host in the target, two Host lines",
        &[(URI, b"http://api.test/#"), HOST, ("Host", b"evil.test")],
        Is("Unresolved(NoHeader) http api.test http://api.test/# host=api.test")),
    ("a foreign host in the target", &[(URI, b"https://evil.test/#"), HOST, (FOR, b"192.0.2.13")],
        Is("192.0.2.13 http - /# x-forwarded-for=192.0.2.13")),
    ("no forwarding header", &[HOST], Unknown("NoHeader", "http")),
    ("other names alone", &[HOST, (PROTO, b"https"), ("X-Real-IP", b"6.6.6.6"),
        ("Forwarded", b"for=6.6.6.6;proto=https")], Unknown("NoHeader", "http")),
    ("one report of two", &[HOST, (FOR, b"10.0.0.2"), (PROTO, b"https")],
        Unknown("ListEnds", "http")),
    ("an empty last line", &[HOST, (FOR, b"6.6.6.6"), (FOR, b"")], Unknown("ListEnds", "http")),
    ("junk", &[HOST, (FOR, b"6.6.6.6, \xFF"), (PROTO, b"https")], Unknown("Malformed", "http")),
    ("unknown", &[HOST, (FOR, b"6, unknown"), (PROTO, b"https")], Unknown("Unknown", "https")),
];

/// Requests from the proxy over HTTP/1, whose host is in `Host` alone. Two `Host` lines are no host (RFC
/// 9112 §3.2).
#[rustfmt::skip]
static PROXY_HTTP1: [Row; 2] = [
    ("two Host lines", &[HOST, HOST, (FOR, b"192.0.2.14")],
        Is("192.0.2.14 http - /# x-forwarded-for=192.0.2.14")),
    ("a foreign Host", &[("Host", b"evil.test"), (FOR, b"192.0.2.15")],
        Is("192.0.2.15 http - /# x-forwarded-for=192.0.2.15")),
];

/// Requests from a client without a proxy.
#[rustfmt::skip]
static DIRECT: [Row; 3] = [
    ("direct", &[(URI, b"http://app.test/#"), HOST],
        Is("127.0.0.9 http app.test http://app.test/# host=app.test")),
    ("direct, https and another host in the target",
        &[(URI, b"https://api.test/#"), HOST, (PROTO, b"https")],
        Is("127.0.0.9 http api.test http://api.test/# host=api.test")),
    ("direct, every name, and a foreign host in the target",
        &[(URI, b"https://evil.test/#"), HOST, (FOR, &LONG), (FOR, b"\xFF, 127.0.0.1"),
        ("Forwarded", b"for=6.6.6.6;proto=https"), ("X-Real-IP", b"6.6.6.6"),
        ("X_Forwarded_For", b"6.6.6.6")], Is("127.0.0.9 http - /# ")),
];

/// Requests from such a client over HTTP/1 alone. No trusted proxy reports scheme and host, so the URI
/// stays a path.
static DIRECT_HTTP1: [Row; 3] = [
    ("direct, by path", &[HOST], Is("127.0.0.9 http app.test /# host=app.test")),
    ("direct, 100 lines", &MANY, Is("127.0.0.9 http app.test /# host=app.test")),
    ("direct, two Host lines", &[HOST, HOST, (PROTO, b"https")], Is("127.0.0.9 http - /# ")),
];

/// How many connections, from which address, and which rows they send.
static CONNECTIONS: [(usize, &str, Wire, [&[Row]; 2]); 4] = [
    (8, "127.0.0.1", Wire::Http1, [&PROXY, &PROXY_HTTP1]),
    (4, "127.0.0.1", Wire::Http2(4), [&PROXY, &[]]),
    (3, "127.0.0.9", Wire::Http1, [&DIRECT, &DIRECT_HTTP1]),
    (1, "127.0.0.9", Wire::Http2(4), [&DIRECT, &[]]),
];

/// The bytes that are sent before a connection is cut.
const CUTS: [&[u8]; 5] = [
    b"",
    b"GET / HT",
    b"GET / HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 192.0.",
    b"GET / HTTP/1.1\r\nHost: app.test\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x40\x01\x04\0\0",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half a minute"]
async fn every_answer_is_right_and_nothing_grows() {
    let current = Arc::new(RwLock::new(layer(18)));
    let app = serve(current.clone()).await;
    let start = Instant::now();
    let end = start + LENGTH;
    let rebuilds = tokio::spawn(rebuild(current, end));
    let cuts = tokio::spawn(cut(app, end));
    let mut clients = JoinSet::new();
    for (connections, from, wire, rows) in &CONNECTIONS {
        for _ in 0..*connections {
            for sender in Sender::connect(from, app, *wire).await {
                clients.spawn(ask(sender, rows.concat(), clients.len(), end));
            }
        }
    }

    sleep_until(start + WARM_UP).await;
    let before = resident_kib();
    sleep_until(end - Duration::from_secs(1)).await;
    let after = resident_kib();
    let mut answered = 0;
    while let Some(client) = clients.join_next().await {
        answered += client.expect("a wrong answer");
    }
    let (rebuilds, cuts) = (rebuilds.await.unwrap(), cuts.await.unwrap());
    println!(
        "{answered} requests answered, {rebuilds} configurations, {cuts} connections cut, \
         {before} KiB resident after warm-up, {after} KiB at the end"
    );
    assert!(rebuilds >= 100 && cuts >= 100, "{rebuilds} rebuilds, {cuts} cuts");
    assert!(after.saturating_sub(before) < MOST_GROWTH_KIB, "{before} KiB grew to {after} KiB");
}

/// Trusts the two proxies, and 4096 networks without a host.
fn layer(second_octet: u8) -> ForwardedHeaders {
    let networks = (0..64).flat_map(|third| (0..64).map(move |fourth| (third, fourth * 4)));
    let list = networks.fold("127.0.0.1, 10.0.0.0/8".to_owned(), |list, (third, fourth)| {
        list + &format!(", 198.{second_octet}.{third}.{fourth}/31")
    });
    let proxies: TrustedProxies = list.parse().unwrap();
    ForwardedHeaders::builder()
        .trust_chain([proxies.clone(), proxies])
        .allowed_hosts("app.test, api.test")
        .build()
        .unwrap()
}

/// Replaces the configuration of the server, again and again.
async fn rebuild(current: Arc<RwLock<ForwardedHeaders>>, end: Instant) -> usize {
    let mut count = 0;
    while Instant::now() < end {
        let new = layer(if count % 2 == 0 { 19 } else { 18 });
        *current.write().unwrap() = new;
        count += 1;
        sleep(Duration::from_millis(1)).await;
    }
    count
}

async fn serve(current: Arc<RwLock<ForwardedHeaders>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, peer) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            tokio::spawn(connection(stream, peer.into(), current.clone()));
        }
    });
    address
}

async fn connection(stream: TcpStream, peer: Peer, current: Arc<RwLock<ForwardedHeaders>>) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        let layer = current.read().unwrap().clone();
        layer.layer(service_fn(answer)).oneshot(request)
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().max_headers(200);
    server.http2().max_header_list_size(1 << 20);
    // A connection that was cut ends with an error. Every other client notices its error itself.
    let _ = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let info: &ConnectionInfo = request.extensions().get().unwrap();
    let client = match info.client_ip() {
        Some(ip) => ip.to_string(),
        None => format!("{:?}", info.outcome()),
    };
    let (scheme, authority) = (info.scheme(), info.authority().map_or("-", |a| a.as_str()));
    let lines = request.headers().iter();
    let mut lines: Vec<_> =
        lines.map(|(name, value)| format!("{name}={}", value.as_bytes().escape_ascii())).collect();
    lines.sort();
    let lines = lines.join(" ");
    Ok(Response::new(format!("{client} {scheme} {authority} {} {lines}", request.uri())))
}

/// Sends row after row, and returns the number of answers.
async fn ask(mut sender: Sender, rows: Vec<Row>, client: usize, end: Instant) -> usize {
    let mut answered = 0;
    while Instant::now() < end && answered < MOST_REQUESTS {
        let (row, number) = (&rows[answered % rows.len()], format!("{client}-{answered}"));
        timeout(PATIENCE, sender.check(row, &number))
            .await
            .unwrap_or_else(|_| panic!("{}: no answer", row.0));
        answered += 1;
    }
    assert!(answered >= rows.len(), "{answered} answers are not the whole table");
    answered
}

/// Cuts connections in the middle of a request, every second one after a whole request.
async fn cut(app: SocketAddr, end: Instant) -> usize {
    let mut count = 0;
    while Instant::now() < end {
        let mut stream = BufReader::new(open("127.0.0.1", app).await);
        if count % 2 == 0 {
            let answer = timeout(PATIENCE, http1(&mut stream, "/", &[HOST])).await;
            assert_eq!(answer.expect("no answer").0, 200);
        }
        stream.write_all(CUTS[count % CUTS.len()]).await.unwrap();
        drop(stream);
        count += 1;
        sleep(Duration::from_millis(5)).await;
    }
    count
}

async fn open(from: &str, app: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(ip(from), 0)).unwrap();
    let stream = socket.connect(app).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

#[derive(Clone, Copy)]
enum Wire {
    /// Written by hand, byte for byte.
    Http1,
    /// This many requests at a time.
    Http2(usize),
}

enum Sender {
    Http1(BufReader<TcpStream>),
    Http2(SendRequest<String>),
}

impl Sender {
    /// Returns all senders that share one connection.
    async fn connect(from: &str, app: SocketAddr, wire: Wire) -> Vec<Self> {
        let stream = open(from, app).await;
        match wire {
            Wire::Http1 => vec![Self::Http1(BufReader::new(stream))],
            Wire::Http2(at_a_time) => {
                let stream = TokioIo::new(stream);
                let (sender, connection) = handshake(TokioExecutor::new(), stream).await.unwrap();
                tokio::spawn(connection);
                vec![sender; at_a_time].into_iter().map(Self::Http2).collect()
            }
        }
    }

    async fn check(&mut self, (name, lines, expected): &Row, number: &str) {
        let (uri, lines) = match (&self, lines) {
            (_, [(URI, uri), rest @ ..]) => (std::str::from_utf8(uri).unwrap(), rest),
            (Self::Http1(_), lines) => ("/#", *lines),
            (Self::Http2(_), lines) => ("http://app.test/#", *lines),
        };
        let uri = uri.replace('#', number);
        let answer = match self {
            Self::Http1(stream) => http1(stream, &uri, lines).await,
            Self::Http2(sender) => http2(sender, &uri, lines).await,
        };
        assert_eq!(answer, (200, expected.text(&uri).replace('#', number)), "{name}");
    }
}

async fn http1(stream: &mut BufReader<TcpStream>, uri: &str, lines: &[Line<'_>]) -> (u16, String) {
    let mut request = format!("GET {uri} HTTP/1.1\r\n").into_bytes();
    for (name, value) in lines {
        request.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await.unwrap();

    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).await.unwrap(), 0, "the app hung up: {head:?}");
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.unwrap().parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    (status, String::from_utf8(body).unwrap())
}

async fn http2(to: &mut SendRequest<String>, uri: &str, lines: &[Line<'_>]) -> (u16, String) {
    let mut request = Request::builder().uri(uri).body(String::new()).unwrap();
    append(request.headers_mut(), lines);
    to.ready().await.unwrap();
    let response = to.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Returns the memory that this process holds, clients and app, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}
