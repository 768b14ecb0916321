//! Under load: a real server, honest and hostile clients of HTTP/1 and HTTP/2, connections that are
//! cut, and a configuration that is dropped and rebuilt all the while. Every answer is checked.
//!
//! The proxy is at 127.0.0.1, which is trusted, and a client without one at 127.0.0.9, which is not.

#![cfg(target_os = "linux")]

mod support;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http2;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use support::Line;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tower::{Layer, ServiceExt, service_fn};

const LENGTH: Duration = Duration::from_secs(30);
const MOST_REQUESTS: usize = 3_000_000;
/// After this much time buffers and pools have their size.
const WARM_UP: Duration = Duration::from_secs(5);
/// 100 bytes lost in every request, or 1 % of the configurations kept, would be more.
const MOST_GROWTH_KIB: u64 = 16 * 1024;
/// No answer within this time is none.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request, and the two lines that the app answers: client, scheme, authority and URI; then every
/// header that is left. `#` stands for the number of the request.
///
/// A first line [`URI`] is the target in absolute form, or HTTP/2's `:scheme`, `:authority` and
/// `:path`, which need not be true. Else it is the ordinary one for `app.example`.
type Row = (&'static str, &'static [Line<'static>], [&'static str; 2]);

const URI: &str = ":uri";
const HOST: Line<'_> = ("Host", b"app.example");
const FOR: &str = "X-Forwarded-For";
const PROTO: &str = "X-Forwarded-Proto";

/// 60 KB, ended by what the proxy appends.
static LONG: [u8; 61_440] = {
    let (mut line, proxy) = ([b','; 61_440], b"203.0.113.7");
    let (start, mut index) = (line.len() - proxy.len(), 0);
    while index < proxy.len() {
        line[start + index] = proxy[index];
        index += 1;
    }
    line
};

/// 100 lines, and the one that the proxy appends.
const MANY: [Line<'_>; 102] = {
    let mut lines: [Line<'_>; 102] = [(FOR, b"6.6.6.6"); 102];
    lines[0] = HOST;
    lines[101] = (FOR, b"203.0.113.8");
    lines
};

/// From the proxy.
static PROXY: [Row; 24] = [
    (
        "honest",
        &[HOST, (FOR, b"203.0.113.1"), (PROTO, b"https")],
        [
            "203.0.113.1 https app.example https://app.example/#",
            "host=app.example x-forwarded-for=203.0.113.1 x-forwarded-proto=https",
        ],
    ),
    (
        "honest, no Host line",
        &[(URI, b"http://app.example/#"), (FOR, b"203.0.113.2"), (PROTO, b"https")],
        [
            "203.0.113.2 https app.example https://app.example/#",
            "x-forwarded-for=203.0.113.2 x-forwarded-proto=https",
        ],
    ),
    (
        "honest, two proxies",
        &[HOST, (FOR, b"[2001:db8::3]:4711, 10.0.0.2"), (PROTO, b"http")],
        [
            "2001:db8::3 http app.example http://app.example/#",
            "host=app.example x-forwarded-for=2001:db8::3 x-forwarded-proto=http",
        ],
    ),
    (
        "a list",
        &[HOST, (FOR, b"6.6.6.6, 127.0.0.1, 203.0.113.4"), (PROTO, b"https, http")],
        [
            "203.0.113.4 http app.example http://app.example/#",
            "host=app.example x-forwarded-for=203.0.113.4 x-forwarded-proto=http",
        ],
    ),
    (
        "several lines",
        &[
            HOST,
            (FOR, b"6.6.6.6"),
            (FOR, b"10.0.0.1"),
            (FOR, b"203.0.113.5"),
            (PROTO, b"https"),
            (PROTO, b"http"),
        ],
        [
            "203.0.113.5 http app.example http://app.example/#",
            "host=app.example x-forwarded-for=203.0.113.5 x-forwarded-proto=http",
        ],
    ),
    (
        "an open quote",
        &[HOST, (FOR, b"\"6.6.6.6, \\, 203.0.113.6")],
        [
            "203.0.113.6 http app.example http://app.example/#",
            "host=app.example x-forwarded-for=203.0.113.6",
        ],
    ),
    (
        "60 KB",
        &[HOST, (FOR, &LONG), (PROTO, b"https")],
        [
            "203.0.113.7 https app.example https://app.example/#",
            "host=app.example x-forwarded-for=203.0.113.7 x-forwarded-proto=https",
        ],
    ),
    (
        "100 lines",
        &MANY,
        [
            "203.0.113.8 http app.example http://app.example/#",
            "host=app.example x-forwarded-for=203.0.113.8",
        ],
    ),
    (
        "bytes that are no text",
        &[HOST, (FOR, b"\xFF\xFE, 203.0.113.9"), ("X-Real-IP", b"\xFF")],
        [
            "203.0.113.9 http app.example http://app.example/#",
            "host=app.example x-forwarded-for=203.0.113.9",
        ],
    ),
    (
        "the other family",
        &[
            HOST,
            ("Forwarded", b"for=6.6.6.6;proto=https;host=evil.example"),
            ("Forwarded", b"for=\""),
            (FOR, b"203.0.113.10"),
        ],
        [
            "203.0.113.10 http app.example http://app.example/#",
            "host=app.example x-forwarded-for=203.0.113.10",
        ],
    ),
    (
        // A cookie is nobody's business.
        "look-alikes",
        &[
            HOST,
            ("X_Forwarded_For", b"6.6.6.6"),
            ("X.Forwarded-Proto", b"https"),
            ("X_Real_IP", b"6.6.6.6"),
            ("Cookie", b"a=1"),
            (FOR, b"203.0.113.11"),
        ],
        [
            "203.0.113.11 http app.example http://app.example/#",
            "cookie=a=1 host=app.example x-forwarded-for=203.0.113.11",
        ],
    ),
    (
        "what is not read",
        &[
            HOST,
            ("X-Forwarded-Host", b"api.example"),
            ("X-Forwarded-Port", b"8443"),
            ("X-Forwarded-Prefix", b"/evil"),
            ("CF-Connecting-IP", b"6.6.6.6"),
            (FOR, b"203.0.113.12"),
        ],
        [
            "203.0.113.12 http app.example http://app.example/#",
            "host=app.example x-forwarded-for=203.0.113.12",
        ],
    ),
    (
        "https in the target",
        &[(URI, b"https://app.example/#"), HOST, (FOR, b"203.0.113.13")],
        [
            "203.0.113.13 http app.example http://app.example/#",
            "host=app.example x-forwarded-for=203.0.113.13",
        ],
    ),
    (
        // RFC 9112 §3.2.2.
        "a host in the target",
        &[(URI, b"http://api.example/#"), HOST, (FOR, b"203.0.113.14"), (PROTO, b"https")],
        [
            "203.0.113.14 https api.example https://api.example/#",
            "host=api.example x-forwarded-for=203.0.113.14 x-forwarded-proto=https",
        ],
    ),
    (
        "a host in the target, two Host lines",
        &[(URI, b"http://api.example/#"), HOST, ("Host", b"evil.example"), (FOR, b"203.0.113.15")],
        [
            "203.0.113.15 http api.example http://api.example/#",
            "host=api.example x-forwarded-for=203.0.113.15",
        ],
    ),
    (
        "a foreign host in the target",
        &[(URI, b"https://evil.example/#"), HOST, (FOR, b"203.0.113.16")],
        ["203.0.113.16 http - /#", "x-forwarded-for=203.0.113.16"],
    ),
    (
        "nothing",
        &[HOST],
        ["Unresolved(NotReported) http app.example http://app.example/#", "host=app.example"],
    ),
    (
        "a scheme alone",
        &[HOST, (PROTO, b"https")],
        ["Unresolved(NotReported) http app.example http://app.example/#", "host=app.example"],
    ),
    (
        "other names alone",
        &[HOST, ("X-Real-IP", b"6.6.6.6"), ("Forwarded", b"for=6.6.6.6")],
        ["Unresolved(NotReported) http app.example http://app.example/#", "host=app.example"],
    ),
    (
        "one report of two",
        &[HOST, (FOR, b"10.0.0.2"), (PROTO, b"https")],
        ["Unresolved(Missing) http app.example http://app.example/#", "host=app.example"],
    ),
    (
        "an empty last line",
        &[HOST, (FOR, b"6.6.6.6"), (FOR, b""), (PROTO, b"https")],
        ["Unresolved(Missing) http app.example http://app.example/#", "host=app.example"],
    ),
    (
        "junk",
        &[HOST, (FOR, b"6.6.6.6, \xFF"), (PROTO, b"https")],
        ["Unresolved(Malformed) http app.example http://app.example/#", "host=app.example"],
    ),
    (
        "unknown",
        &[HOST, (FOR, b"6.6.6.6, unknown"), (PROTO, b"https")],
        ["Unresolved(Unknown) https app.example https://app.example/#", "host=app.example"],
    ),
    (
        "a foreign host and nothing",
        &[(URI, b"https://evil.example/#"), HOST],
        ["Unresolved(NotReported) http - /#", ""],
    ),
];

/// From the proxy, where HTTP/1 has the host in `Host` alone.
static PROXY_HTTP1: [Row; 2] = [
    (
        // RFC 9112 §3.2.
        "two Host lines",
        &[HOST, HOST, (FOR, b"203.0.113.17"), (PROTO, b"http")],
        ["203.0.113.17 http - /#", "x-forwarded-for=203.0.113.17 x-forwarded-proto=http"],
    ),
    (
        "a foreign Host",
        &[("Host", b"evil.example"), (FOR, b"203.0.113.18")],
        ["203.0.113.18 http - /#", "x-forwarded-for=203.0.113.18"],
    ),
];

/// From a client without a proxy.
static DIRECT: [Row; 4] = [
    (
        "the truth",
        &[(URI, b"http://app.example/#"), HOST],
        ["127.0.0.9 http app.example http://app.example/#", "host=app.example"],
    ),
    (
        "https in the target, another Host",
        &[(URI, b"https://api.example/#"), HOST, (PROTO, b"https")],
        ["127.0.0.9 http api.example http://api.example/#", "host=api.example"],
    ),
    (
        "60 KB and a foreign host",
        &[(URI, b"https://evil.example/#"), HOST, (FOR, &LONG)],
        ["127.0.0.9 http - /#", ""],
    ),
    (
        "every family",
        &[
            (URI, b"http://app.example/#"),
            (FOR, b"203.0.113.7, 127.0.0.1"),
            (PROTO, b"https"),
            ("Forwarded", b"for=6.6.6.6;proto=https"),
            ("X-Real-IP", b"6.6.6.6"),
            ("X_Forwarded_For", b"\xFF"),
        ],
        ["127.0.0.9 http app.example http://app.example/#", ""],
    ),
];

static DIRECT_HTTP1: [Row; 3] = [
    ("the truth", &[HOST], ["127.0.0.9 http app.example /#", "host=app.example"]),
    ("100 lines", &MANY, ["127.0.0.9 http app.example /#", "host=app.example"]),
    ("two Host lines", &[HOST, HOST, (PROTO, b"https")], ["127.0.0.9 http - /#", ""]),
];

/// How many connections from where, how many requests at a time on each, and what they ask.
static CONNECTIONS: [(usize, &str, Wire, usize, [&[Row]; 2]); 4] = [
    (8, "127.0.0.1", Wire::Http1, 1, [&PROXY, &PROXY_HTTP1]),
    (4, "127.0.0.1", Wire::Http2, 4, [&PROXY, &[]]),
    (3, "127.0.0.9", Wire::Http1, 1, [&DIRECT, &DIRECT_HTTP1]),
    (1, "127.0.0.9", Wire::Http2, 4, [&DIRECT, &[]]),
];

/// After these the connection is cut.
const CUTS: [&[u8]; 5] = [
    b"",
    b"GET / HT",
    b"GET / HTTP/1.1\r\nHost: app.example\r\nX-Forwarded-For: 203.0.",
    b"GET / HTTP/1.1\r\nHost: app.example\r\n\r\n",
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
    let asked = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for (connections, from, wire, at_a_time, rows) in &CONNECTIONS {
        for _ in 0..*connections {
            let client = Client::connect(from, app, *wire).await;
            for client in client.split(*at_a_time) {
                clients.spawn(ask(client, rows.concat(), asked.clone(), end));
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
    let networks =
        networks.map(|(third, fourth)| format!("198.{second_octet}.{third}.{fourth}/31"));
    let list = networks.fold("127.0.0.1, 10.0.0.0/8".to_owned(), |list, net| list + ", " + &net);
    ForwardedHeaders::new()
        .trust(list.parse().unwrap())
        .max_hops(2)
        .allowed_hosts("app.example, api.example".parse().unwrap())
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
    Ok(Response::new(format!("{client} {scheme} {authority} {}\n{lines}", request.uri())))
}

/// Asks row after row, and gives back how many were answered.
async fn ask(mut client: Client, rows: Vec<Row>, asked: Arc<AtomicUsize>, end: Instant) -> usize {
    let mut answered = 0;
    while Instant::now() < end {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        if number >= MOST_REQUESTS {
            break;
        }
        client.check(&rows[answered % rows.len()], number).await;
        answered += 1;
    }
    assert!(answered >= rows.len(), "{answered} answers are not the whole table");
    answered
}

/// Cuts connections in the middle of a request, every other one after a whole request.
async fn cut(app: SocketAddr, end: Instant) -> usize {
    let mut count = 0;
    while Instant::now() < end {
        let Client::Http1(mut stream) = Client::connect("127.0.0.1", app, Wire::Http1).await else {
            unreachable!()
        };
        if count % 2 == 0 {
            let mut client = Client::Http1(stream);
            client.check(&PROXY[0], count).await;
            let Client::Http1(same) = client else { unreachable!() };
            stream = same;
        }
        stream.write_all(CUTS[count % CUTS.len()]).await.unwrap();
        drop(stream);
        count += 1;
        sleep(Duration::from_millis(5)).await;
    }
    count
}

#[derive(Clone, Copy)]
enum Wire {
    Http1,
    Http2,
}

enum Client {
    /// By hand, so that the bytes are exactly ours.
    Http1(BufReader<TcpStream>),
    Http2(http2::SendRequest<String>),
}

impl Client {
    async fn connect(from: &str, app: SocketAddr, wire: Wire) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(support::ip(from), 0)).unwrap();
        let stream = socket.connect(app).await.unwrap();
        stream.set_nodelay(true).unwrap();
        match wire {
            Wire::Http1 => Self::Http1(BufReader::new(stream)),
            Wire::Http2 => {
                let (sender, connection) =
                    http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
                tokio::spawn(connection);
                Self::Http2(sender)
            }
        }
    }

    /// So many clients that share this connection, which HTTP/1 cannot.
    fn split(self, at_a_time: usize) -> Vec<Self> {
        match self {
            Self::Http1(_) => vec![self],
            Self::Http2(sender) => vec![sender; at_a_time].into_iter().map(Self::Http2).collect(),
        }
    }

    async fn check(&mut self, (name, lines, expected): &Row, number: usize) {
        let number = number.to_string();
        let numbered = |text: &str| text.replace('#', &number);
        let (uri, lines) = match lines {
            [(URI, uri), rest @ ..] => (Some(numbered(str::from_utf8(uri).unwrap())), rest),
            _ => (None, *lines),
        };
        let answer = timeout(PATIENCE, async {
            match self {
                Self::Http1(stream) => http1(stream, &uri.unwrap_or(numbered("/#")), lines).await,
                Self::Http2(sender) => {
                    http2(sender, &uri.unwrap_or(numbered("http://app.example/#")), lines).await
                }
            }
        });
        let answer = answer.await.unwrap_or_else(|_| panic!("{name}: no answer"));
        assert_eq!(answer, (200, numbered(&expected.join("\n"))), "{name}");
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

async fn http2(
    sender: &mut http2::SendRequest<String>,
    uri: &str,
    lines: &[Line<'_>],
) -> (u16, String) {
    let mut request = Request::builder().uri(uri).body(String::new()).unwrap();
    support::append(request.headers_mut(), lines);
    sender.ready().await.unwrap();
    let response = sender.send_request(request).await.unwrap();
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
