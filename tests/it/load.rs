//! Under load: a real server, honest and hostile clients of HTTP/1 and HTTP/2, connections that are
//! cut, and a configuration that is dropped and rebuilt all the while. Every answer is checked.
//!
//! The proxy is at 127.0.0.1, which is trusted; a client without one is at 127.0.0.9, which is not.

#![cfg(target_os = "linux")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use crate::support::Line;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower::{Layer, ServiceExt, service_fn};

const LENGTH: Duration = Duration::from_secs(30);
/// For each of those that ask.
const MOST_REQUESTS: usize = 100_000;
/// After this much time buffers and pools have their size.
const WARM_UP: Duration = Duration::from_secs(5);
/// At 10,000 requests a second, 32 bytes lost in each are more; so is one configuration in 20 kept.
const MOST_GROWTH_KIB: u64 = 8 * 1024;
/// No answer within this time is none.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request, and what the app answers to it.
///
/// A first line [`URI`] is the target in absolute form, or HTTP/2's `:scheme`, `:authority` and
/// `:path`, none of which need be true. Without one it is what is usual for `app.test`. `#`, in it
/// and in the answer, is what numbers the request.
type Row = (&'static str, &'static [Line<'static>], Answer);

/// Client, scheme, authority and URI, and every header that is left.
#[derive(Clone, Copy)]
enum Answer {
    /// A client, and the scheme that the proxy said.
    Said(&'static str, &'static str),
    /// A client, and no scheme.
    Client(&'static str),
    /// No client: why, and the scheme.
    Nobody(&'static str, &'static str),
    /// Word for word.
    Is(&'static str),
}
use Answer::{Client, Is, Nobody, Said};

impl Answer {
    fn text(self) -> String {
        let app = |scheme| format!("{scheme} app.test {scheme}://app.test/# host=app.test");
        match self {
            Said(ip, scheme) => {
                let app = app(scheme);
                format!("{ip} {app} x-forwarded-for={ip} x-forwarded-proto={scheme}")
            }
            Client(ip) => format!("{ip} {} x-forwarded-for={ip}", app("http")),
            Nobody(why, scheme) => format!("Unresolved({why}) {}", app(scheme)),
            Is(text) => text.to_owned(),
        }
    }
}

const URI: &str = ":uri";
const HOST: Line<'_> = ("Host", b"app.test");
const FOR: &str = "X-Forwarded-For";
const PROTO: &str = "X-Forwarded-Proto";

/// 60 KB, ended by what the proxy appends.
static LONG: [u8; 61_440] = {
    let (mut line, proxy) = ([b','; 61_440], b"192.0.2.7");
    line.split_at_mut(61_440 - proxy.len()).1.copy_from_slice(proxy);
    line
};

/// 100 lines, and the one that the proxy appends.
const MANY: [Line<'_>; 102] = {
    let mut lines: [Line<'_>; 102] = [(FOR, b"6.6.6.6"); 102];
    lines[0] = HOST;
    lines[101] = (FOR, b"192.0.2.8");
    lines
};

/// From the proxy.
#[rustfmt::skip]
static PROXY: [Row; 20] = [
    ("honest", &[HOST, (FOR, b"192.0.2.1"), (PROTO, b"https")], Said("192.0.2.1", "https")),
    ("honest, no Host line", &[(URI, b"http://app.test/#"), (FOR, b"192.0.2.2")],
        Is("192.0.2.2 http app.test http://app.test/# x-forwarded-for=192.0.2.2")),
    ("honest, two proxies", &[HOST, (FOR, b"[2001:db8::3]:4711, 10.0.0.2"), (PROTO, b"http")],
        Said("2001:db8::3", "http")),
    ("a list", &[HOST, (FOR, b"6.6.6.6, 127.0.0.1, 192.0.2.4"), (PROTO, b"https, http")],
        Said("192.0.2.4", "http")),
    ("several lines", &[HOST, (FOR, b"6.6.6.6"), (FOR, b"10.0.0.1"), (FOR, b"192.0.2.5"),
        (PROTO, b"https"), (PROTO, b"http")], Said("192.0.2.5", "http")),
    ("an open quote", &[HOST, (FOR, b"\"6.6.6.6, \\, 192.0.2.6")], Client("192.0.2.6")),
    ("60 KB", &[HOST, (FOR, &LONG), (PROTO, b"https")], Said("192.0.2.7", "https")),
    ("100 lines", &MANY, Client("192.0.2.8")),
    ("bytes that are no text", &[HOST, (FOR, b"\xFF\xFE, 192.0.2.9"), ("X-Real-IP", b"\xFF")],
        Client("192.0.2.9")),
    ("other names", &[HOST, ("Forwarded", b"for=6.6.6.6;proto=https;host=evil.test"),
        ("Forwarded", b"for=\""), ("X_Forwarded_For", b"6.6.6.6"), ("X.Forwarded-Proto", b"https"),
        ("X-Forwarded-Host", b"api.test"), ("X-Forwarded-Port", b"8443"),
        ("CF-Connecting-IP", b"6.6.6.6"), (FOR, b"192.0.2.10")], Client("192.0.2.10")),
    ("https in the target", &[(URI, b"https://app.test/#"), HOST, (FOR, b"192.0.2.11")],
        Client("192.0.2.11")),
    // The target's is the one, and `Host` is set to it (RFC 9112 §3.2.2).
    ("another host in the target, and a cookie",
        &[(URI, b"http://api.test/#"), HOST, (FOR, b"192.0.2.12"), ("Cookie", b"a=1")],
        Is("192.0.2.12 http api.test http://api.test/# \
            cookie=a=1 host=api.test x-forwarded-for=192.0.2.12")),
    ("another host in the target, two Host lines",
        &[(URI, b"http://api.test/#"), HOST, ("Host", b"evil.test")],
        Is("Unresolved(NotReported) http api.test http://api.test/# host=api.test")),
    ("a foreign host in the target", &[(URI, b"https://evil.test/#"), HOST, (FOR, b"192.0.2.13")],
        Is("192.0.2.13 http - /# x-forwarded-for=192.0.2.13")),
    ("nothing", &[HOST], Nobody("NotReported", "http")),
    ("other names alone", &[HOST, (PROTO, b"https"), ("X-Real-IP", b"6.6.6.6"),
        ("Forwarded", b"for=6.6.6.6;proto=https")], Nobody("NotReported", "http")),
    ("one report of two", &[HOST, (FOR, b"10.0.0.2"), (PROTO, b"https")],
        Nobody("Missing", "http")),
    ("an empty last line", &[HOST, (FOR, b"6.6.6.6"), (FOR, b"")], Nobody("Missing", "http")),
    ("junk", &[HOST, (FOR, b"6.6.6.6, \xFF"), (PROTO, b"https")], Nobody("Malformed", "http")),
    ("unknown", &[HOST, (FOR, b"6, unknown"), (PROTO, b"https")], Nobody("Unknown", "https")),
];

/// From the proxy, in HTTP/1, where `Host` alone may say the host. Two of it say none (RFC 9112
/// §3.2).
#[rustfmt::skip]
static PROXY_HTTP1: [Row; 2] = [
    ("two Host lines", &[HOST, HOST, (FOR, b"192.0.2.14")],
        Is("192.0.2.14 http - /# x-forwarded-for=192.0.2.14")),
    ("a foreign Host", &[("Host", b"evil.test"), (FOR, b"192.0.2.15")],
        Is("192.0.2.15 http - /# x-forwarded-for=192.0.2.15")),
];

/// From a client without a proxy.
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

/// Nobody is believed who says which scheme and host it is, so the URI is left without.
static DIRECT_HTTP1: [Row; 3] = [
    ("direct, by path", &[HOST], Is("127.0.0.9 http app.test /# host=app.test")),
    ("direct, 100 lines", &MANY, Is("127.0.0.9 http app.test /# host=app.test")),
    ("direct, two Host lines", &[HOST, HOST, (PROTO, b"https")], Is("127.0.0.9 http - /# ")),
];

/// How many connections, from where, and what they ask.
static CONNECTIONS: [(usize, &str, Wire, [&[Row]; 2]); 4] = [
    (8, "127.0.0.1", Wire::Http1, [&PROXY, &PROXY_HTTP1]),
    (4, "127.0.0.1", Wire::Http2(4), [&PROXY, &[]]),
    (3, "127.0.0.9", Wire::Http1, [&DIRECT, &DIRECT_HTTP1]),
    (1, "127.0.0.9", Wire::Http2(4), [&DIRECT, &[]]),
];

/// After these the connection is cut.
const CUTS: [&[u8]; 5] = [
    b"",
    b"GET / HT",
    b"GET / HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 192.0.",
    b"GET / HTTP/1.1\r\nHost: app.test\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x40\x01\x04\0\0",
];

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half a minute: run by .ci/run"]
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

/// Two proxies, and 4096 networks in which nobody is.
fn layer(second_octet: u8) -> ForwardedHeaders {
    let networks = (0..64).flat_map(|third| (0..64).map(move |fourth| (third, fourth * 4)));
    let list = networks.fold("127.0.0.1, 10.0.0.0/8".to_owned(), |list, (third, fourth)| {
        list + &format!(", 198.{second_octet}.{third}.{fourth}/31")
    });
    ForwardedHeaders::new()
        .trust(list.parse().unwrap())
        .max_hops(2)
        .allowed_hosts("app.test, api.test".parse().unwrap())
}

/// Drops the configuration that is served with, and builds another.
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
    // An error is a client's that was cut; another client's is noticed by that client.
    let _ = server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let info: &ConnectionInfo = request.extensions().get().unwrap();
    let client = match info.client_ip() {
        Some(ip) => ip.to_string(),
        None => format!("{:?}", info.outcome()),
    };
    let (scheme, authority) = (info.scheme(), info.authority().unwrap_or("-"));
    let lines = request.headers().iter();
    let mut lines: Vec<_> =
        lines.map(|(name, value)| format!("{name}={}", value.as_bytes().escape_ascii())).collect();
    lines.sort();
    let lines = lines.join(" ");
    Ok(Response::new(format!("{client} {scheme} {authority} {} {lines}", request.uri())))
}

/// Asks row after row, and gives back how many were answered.
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

/// Cuts connections in the middle of a request, every other one after a whole request.
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
    socket.bind(SocketAddr::new(crate::support::ip(from), 0)).unwrap();
    let stream = socket.connect(app).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

#[derive(Clone, Copy)]
enum Wire {
    /// By hand, so that the bytes are exactly ours.
    Http1,
    /// So many requests at a time.
    Http2(usize),
}

enum Sender {
    Http1(BufReader<TcpStream>),
    Http2(SendRequest<String>),
}

impl Sender {
    /// All those that share one connection.
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
            (_, [(URI, uri), rest @ ..]) => (str::from_utf8(uri).unwrap(), rest),
            (Self::Http1(_), lines) => ("/#", *lines),
            (Self::Http2(_), lines) => ("http://app.test/#", *lines),
        };
        let uri = uri.replace('#', number);
        let answer = match self {
            Self::Http1(stream) => http1(stream, &uri, lines).await,
            Self::Http2(sender) => http2(sender, &uri, lines).await,
        };
        assert_eq!(answer, (200, expected.text().replace('#', number)), "{name}");
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
    crate::support::append(request.headers_mut(), lines);
    to.ready().await.unwrap();
    let response = to.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The memory that this process holds, in KiB: client, app and all.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}
