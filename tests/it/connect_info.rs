//! The frameworks' own records of the peer, behind the layer: they hold the client.
//!
//! `oracle/` has the same rule over random requests. `tests/apps` has crates that read the records, and
//! tonic over TCP, TLS and a Unix socket.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::{ConnectInfo, MockConnectInfo};
use axum::routing::get;
use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer};
use http::{Extensions, Request, StatusCode, Version, header};
use http_body_util::BodyExt;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::support::Line;

const PROXY: &str = "127.0.0.1:50000";
const REPORT: Line<'_> = ("x-forwarded-for", b"6.6.6.6, 203.0.113.7:4711");
const NO_ADDRESS: &str = "0.0.0.0:0";

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Returns the extensions of a request behind the layer.
fn behind(layer: &ForwardedHeaders, before: Extensions, lines: &[Line<'_>]) -> Extensions {
    let mut request = Request::new(());
    *request.extensions_mut() = before;
    crate::support::append(request.headers_mut(), lines);
    layer.apply(&mut request);
    std::mem::take(request.extensions_mut())
}

fn with<T: Clone + Send + Sync + 'static>(value: T) -> Extensions {
    let mut extensions = Extensions::new();
    extensions.insert(value);
    extensions
}

fn connect_info(extensions: &Extensions) -> Option<String> {
    extensions.get().map(|ConnectInfo::<SocketAddr>(address)| address.to_string())
}

/// A name, the peer, header lines, and what `ConnectInfo` holds afterwards.
type Row<'a> = (&'a str, &'a str, &'a [Line<'a>], &'a str);

const ROWS: [Row<'_>; 10] = [
    ("a reported port", PROXY, &[REPORT], "203.0.113.7:4711"),
    ("no reported port", PROXY, &[("x-forwarded-for", b"203.0.113.7")], "203.0.113.7:0"),
    ("IPv6", PROXY, &[("x-forwarded-for", b"2001:db8::7")], "[2001:db8::7]:0"),
    ("mapped", PROXY, &[("x-forwarded-for", b"::ffff:203.0.113.7")], "203.0.113.7:0"),
    ("a health check", PROXY, &[], NO_ADDRESS),
    ("a malformed report", PROXY, &[("x-forwarded-for", b"203.0.113.7.")], NO_ADDRESS),
    ("an unknown client", PROXY, &[("x-forwarded-for", b"unknown")], NO_ADDRESS),
    ("a client", "203.0.113.9:4711", &[REPORT], "203.0.113.9:4711"),
    ("a mapped client", "[::ffff:203.0.113.9]:4711", &[REPORT], "203.0.113.9:4711"),
    ("a client on a link", "[fe80::9%3]:4711", &[REPORT], "[fe80::9%3]:4711"),
];

#[test]
fn connect_info_is_the_client() {
    for (name, peer, lines, want) in ROWS {
        let layer = ForwardedHeaders::new();
        let extensions = behind(&layer, with(ConnectInfo(address(peer))), lines);
        assert_eq!(connect_info(&extensions).as_deref(), Some(want), "{name}");
        let info: &ConnectionInfo = extensions.get().unwrap();
        assert_eq!(info.peer_addr(), Some(address(peer)), "{name}: the peer remains");
    }
}

#[test]
fn the_address_of_a_test_is_the_client() {
    for (name, peer, lines, want) in ROWS {
        let before = with(MockConnectInfo(address(peer)));
        let extensions = behind(&ForwardedHeaders::new(), before, lines);
        let MockConnectInfo(found) = extensions.get::<MockConnectInfo<SocketAddr>>().unwrap();
        assert_eq!(found.to_string(), want, "{name}");
    }
}

#[test]
fn a_plain_address_is_the_client_if_it_was_the_peer() {
    for (name, peer, lines, want) in ROWS {
        let extensions = behind(&ForwardedHeaders::new(), with(address(peer)), lines);
        assert_eq!(extensions.get::<SocketAddr>(), Some(&address(want)), "{name}");
    }
    let mut both = with(address("192.0.2.99:9"));
    both.insert(Peer::Inet(address(PROXY)));
    let extensions = behind(&ForwardedHeaders::new(), both, &[REPORT]);
    assert_eq!(extensions.get::<SocketAddr>(), Some(&address("192.0.2.99:9")), "another address");
}

#[test]
fn every_record_is_the_client_wherever_the_peer_was_found() {
    let layer = ForwardedHeaders::builder().peer_from(|_| Some(Peer::Inet(address(PROXY)))).build();
    let mut before = with(ConnectInfo(address("198.51.100.1:1")));
    before.insert(MockConnectInfo(address("198.51.100.2:2")));
    let extensions = behind(&layer.unwrap(), before, &[REPORT]);
    let MockConnectInfo(mock) = extensions.get::<MockConnectInfo<SocketAddr>>().unwrap();
    assert_eq!(connect_info(&extensions).as_deref(), Some("203.0.113.7:4711"));
    assert_eq!(mock.to_string(), "203.0.113.7:4711");
}

/// The peer is the client and stands in `ConnectInfo`, but another record holds another address.
#[test]
fn a_second_record_of_a_direct_client_is_the_client() {
    let mut before = with(ConnectInfo(address("203.0.113.9:4711")));
    before.insert(MockConnectInfo(address(PROXY)));
    let extensions = behind(&ForwardedHeaders::new(), before, &[]);
    let MockConnectInfo(mock) = extensions.get::<MockConnectInfo<SocketAddr>>().unwrap();
    assert_eq!(mock.to_string(), "203.0.113.9:4711");
}

#[test]
fn a_peer_that_the_app_does_not_know_leaves_no_address() {
    let layer = ForwardedHeaders::builder().peer_from(|_| None).build().unwrap();
    let extensions = behind(&layer, with(ConnectInfo(address(PROXY))), &[REPORT]);
    assert_eq!(connect_info(&extensions).as_deref(), Some(NO_ADDRESS));
}

#[test]
fn the_records_stay_on_request() {
    let layer = ForwardedHeaders::builder().rewrite_connect_info(false).build().unwrap();
    let extensions = behind(&layer, with(ConnectInfo(address(PROXY))), &[REPORT]);
    assert_eq!(connect_info(&extensions).as_deref(), Some(PROXY));
    let unix = ForwardedHeaders::builder().trust("unix").rewrite_connect_info(false);
    let extensions = behind(&unix.build().unwrap(), with(Peer::Unix), &[REPORT]);
    assert_eq!(connect_info(&extensions), None);
}

/// A Unix listener inserts no address, so the layer inserts the client's.
#[test]
fn a_client_behind_a_unix_socket_is_inserted() {
    let trusting = ForwardedHeaders::builder().trust("unix").build().unwrap();
    let direct = ForwardedHeaders::new();
    let rows: [(&ForwardedHeaders, &[Line<'_>], Option<&str>); 3] = [
        (&trusting, &[REPORT], Some("203.0.113.7:4711")),
        (&trusting, &[], None),
        (&direct, &[REPORT], None),
    ];
    for (layer, lines, want) in rows {
        let extensions = behind(layer, with(Peer::Unix), lines);
        assert_eq!(connect_info(&extensions).as_deref(), want, "{lines:?}");
    }
}

/// The layer writes this address for an unknown client.
#[test]
fn the_unspecified_address_with_port_0_is_no_peer() {
    let no_address = address(NO_ADDRESS);
    let everyone = forwarded_headers::TrustedProxies::insecure_any();
    let found = ForwardedHeaders::builder().trust(everyone.clone()).build().unwrap();
    let function = ForwardedHeaders::builder().trust(everyone);
    let function = function.peer_from(move |_| Some(Peer::Inet(no_address))).build().unwrap();
    let records = [with(Peer::Inet(no_address)), with(no_address), with(ConnectInfo(no_address))];
    for before in records.into_iter().chain([with(MockConnectInfo(no_address))]) {
        assert_eq!(Peer::from_extensions(&before), None);
        for layer in [&found, &function] {
            let extensions = behind(layer, before.clone(), &[REPORT]);
            assert_eq!(extensions.get::<ConnectionInfo>().unwrap().client_ip(), None);
        }
    }
    assert!(Peer::from_extensions(&with(address("0.0.0.0:1"))).is_some());
    assert!(Peer::from_extensions(&with(address("127.0.0.1:0"))).is_some());
}

/// The first record wins, in the documented order.
#[test]
fn the_peer_is_found_in_order() {
    let mut extensions = with(MockConnectInfo(address("192.0.2.4:4")));
    let mut check = |want: &str| {
        assert_eq!(Peer::from_extensions(&extensions), Some(Peer::Inet(address(want))));
        match want {
            "192.0.2.4:4" => drop(extensions.insert(ConnectInfo(address("192.0.2.3:3")))),
            "192.0.2.3:3" => drop(extensions.insert(address("192.0.2.2:2"))),
            _ => drop(extensions.insert(Peer::Inet(address("192.0.2.1:1")))),
        }
    };
    ["192.0.2.4:4", "192.0.2.3:3", "192.0.2.2:2", "192.0.2.1:1"].into_iter().for_each(&mut check);
}

fn app() -> Router {
    let address =
        |ConnectInfo(address): ConnectInfo<SocketAddr>| async move { address.to_string() };
    Router::new().route("/", get(address)).route("/upgrade", get(upgrade))
}

/// Switches protocols, as a WebSocket handler does, and writes the client to the new connection.
async fn upgrade(
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: axum::extract::Request,
) -> (StatusCode, [(header::HeaderName, &'static str); 2]) {
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(request).await.unwrap();
        let mut io = TokioIo::new(upgraded);
        let text = format!("{client}\n");
        tokio::io::AsyncWriteExt::write_all(&mut io, text.as_bytes()).await.unwrap();
    });
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "test")];
    (StatusCode::SWITCHING_PROTOCOLS, headers)
}

async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

fn request(list: &str) -> Request<Body> {
    let request = Request::builder().uri("/").header("host", "example.com");
    let request = if list.is_empty() { request } else { request.header("x-forwarded-for", list) };
    request.body(Body::empty()).unwrap()
}

/// A list that the proxy sends, and the address that the handler then has.
const VISITORS: [(&str, &str); 4] = [
    ("6.6.6.6, 203.0.113.7", "203.0.113.7:0"),
    ("203.0.113.8:4711", "203.0.113.8:4711"),
    ("", NO_ADDRESS),
    ("203.0.113.7", "203.0.113.7:0"),
];

async fn text(body: hyper::body::Incoming) -> String {
    String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// A proxy keeps its connection open for many clients.
#[tokio::test]
async fn each_request_of_a_connection_has_its_own_client() {
    let router = app().layer(ForwardedHeaders::new());
    let stream = TcpStream::connect(serve(router).await).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for (list, want) in VISITORS {
        sender.ready().await.unwrap();
        let answer = sender.send_request(request(list)).await.unwrap();
        assert_eq!(text(answer.into_body()).await, want);
    }
}

#[tokio::test]
async fn each_stream_of_http2_has_its_own_client() {
    let router = app().layer(ForwardedHeaders::new());
    let server = serve(router).await;
    let stream = TcpStream::connect(server).await.unwrap();
    let io = TokioIo::new(stream);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    let answers = VISITORS.map(|(list, _)| {
        let mut request = request(list);
        request.headers_mut().remove("host");
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = format!("http://{server}/").parse().unwrap();
        let mut sender = sender.clone();
        tokio::spawn(
            async move { text(sender.send_request(request).await.unwrap().into_body()).await },
        )
    });
    for (answer, (_, want)) in answers.into_iter().zip(VISITORS) {
        assert_eq!(answer.await.unwrap(), want);
    }
}

#[tokio::test]
async fn a_layer_inside_the_layer_changes_nothing() {
    let untrusting = ForwardedHeaders::builder().trust("none").build().unwrap();
    let router = app().layer(untrusting).layer(ForwardedHeaders::new());
    for (list, want) in VISITORS {
        let mut request = request(list);
        request.extensions_mut().insert(ConnectInfo(address(PROXY)));
        let answer = router.clone().oneshot(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, want.as_bytes());
    }
}

#[tokio::test]
async fn a_connection_that_is_upgraded_knows_its_client() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = serve(app().layer(ForwardedHeaders::new())).await;
    for (list, want) in VISITORS {
        let mut stream = TcpStream::connect(server).await.unwrap();
        let report = match list {
            "" => String::new(),
            list => format!("X-Forwarded-For: {list}\r\n"),
        };
        let head = format!(
            "GET /upgrade HTTP/1.1\r\nHost: example.com\r\nConnection: upgrade\r\nUpgrade: test\r\n{report}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert!(answer.ends_with(&format!("\r\n\r\n{want}\n")), "{answer}");
    }
}

/// The mock must be outside of the layer. In a `Router` it is then the later `.layer(…)`.
#[tokio::test]
async fn a_test_without_a_server_states_its_peer() {
    let mock = MockConnectInfo(address(PROXY));
    let ip = |ip: forwarded_headers::extract::ClientIp| async move { ip.to_string() };
    let router = app().route("/ip", get(ip)).layer(ForwardedHeaders::new()).layer(mock);
    for (uri, want) in [("/", "203.0.113.7:0"), ("/ip", "203.0.113.7")] {
        let mut request = request("6.6.6.6, 203.0.113.7");
        *request.uri_mut() = uri.parse().unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, want.as_bytes(), "{uri}");
    }
}

#[cfg(unix)]
mod unix {
    use std::path::PathBuf;

    use axum::serve::ListenerExt;
    use tokio::net::{UnixListener, UnixStream};

    use super::*;

    fn socket(name: &str) -> PathBuf {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.sock"));
        let _ = std::fs::remove_file(&path);
        path
    }

    async fn check(socket: PathBuf) {
        for (list, want) in VISITORS.into_iter().filter(|(list, _)| !list.is_empty()) {
            let stream = UnixStream::connect(&socket).await.unwrap();
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            let answer = sender.send_request(request(list)).await.unwrap();
            assert_eq!(text(answer.into_body()).await, want);
        }
    }

    #[tokio::test]
    async fn a_plain_listener_has_the_client() {
        let path = socket("plain");
        let listener = UnixListener::bind(&path).unwrap();
        let layer = ForwardedHeaders::builder().trust("unix").peer_from(|_| Some(Peer::Unix));
        let router = app().layer(layer.build().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        check(path).await;
    }

    /// axum gives the address of the Unix peer to a listener with `tap_io`.
    #[tokio::test]
    async fn a_listener_that_gives_its_peer_needs_no_function() {
        let path = socket("tapped");
        let listener = UnixListener::bind(&path).unwrap().tap_io(|_| {});
        let layer = ForwardedHeaders::builder().trust("unix").build().unwrap();
        let service = app().layer(layer);
        let service = service.into_make_service_with_connect_info::<tokio::net::unix::SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        check(path).await;
    }
}
