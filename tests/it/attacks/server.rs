//! Attacks through a real server: hyper, with the layer behind it, on loopback, which is trusted.

use std::convert::Infallible;
use std::net::SocketAddr;

use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, ServiceExt};

/// Writes bytes on one connection, and returns all answers.
#[tokio::main(flavor = "current_thread")]
async fn send(bytes: &[u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = async {
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answers = Vec::new();
        stream.read_to_end(&mut answers).await.unwrap();
        String::from_utf8(answers).unwrap()
    };
    let server = async {
        let (stream, from) = listener.accept().await.unwrap();
        serve(stream, from).await;
    };
    tokio::join!(client, server).0
}

async fn serve(stream: TcpStream, from: SocketAddr) {
    let layered = ForwardedHeaders::new().layer(tower::service_fn(answer));
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer::Inet(from));
        layered.clone().oneshot(request)
    });
    // A refused request is an error here. The client gets an answer all the same.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Answers `client: 203.0.113.7; headers: host x-forwarded-for; trailers: -`.
async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let (parts, body) = request.into_parts();
    let client = parts.extensions.get().and_then(ConnectionInfo::client_ip);
    let client = client.map_or_else(|| "-".to_owned(), |ip| ip.to_string());
    let trailers = body.collect().await.ok().and_then(|body| body.trailers().cloned());
    let (headers, trailers) = (names(&parts.headers), names(&trailers.unwrap_or_default()));
    Ok(Response::new(format!("client: {client}; headers: {headers}; trailers: {trailers}")))
}

fn names(headers: &HeaderMap) -> String {
    let names: Vec<_> = headers.keys().map(http::HeaderName::as_str).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(" ") }
}

const LAST: &str = "Connection: close\r\n\r\n";

/// The second request of a connection has nothing of the first (CVE-2026-47737).
#[test]
fn requests_on_one_connection_are_decided_alone() {
    let first = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n";
    let answers = send(format!("{first}GET / HTTP/1.1\r\nHost: a\r\n{LAST}").as_bytes());
    let clients: Vec<_> = answers.split("client: ").skip(1).collect();
    assert_eq!(clients.len(), 2, "{answers}");
    assert!(clients[0].starts_with("203.0.113.7; headers: host x-forwarded-for;"), "{answers}");
    assert!(clients[1].starts_with("-; headers: host connection;"), "{answers}");
}

/// Trailers come after the decision, and hyper does not add them to the headers. The body's trailers
/// are what the client sent (GHSA-v67p-phpq-fc8x).
#[test]
fn trailers_are_not_read() {
    let chunked = |list: &str| {
        let start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n";
        let trailer = "Trailer: X-Forwarded-For\r\n";
        let body = "1\r\na\r\n0\r\nX-Forwarded-For: 203.0.113.99\r\n\r\n";
        format!("{start}{trailer}{list}{LAST}{body}")
    };
    let rows = [
        (
            "trailer beside a list",
            "X-Forwarded-For: 203.0.113.7\r\n",
            "203.0.113.7",
            " x-forwarded-for",
        ),
        ("trailer without a list", "", "-", ""),
    ];
    for (name, list, client, left) in rows {
        let answer = send(chunked(list).as_bytes());
        let headers = format!("host transfer-encoding te trailer{left} connection");
        let want = format!("client: {client}; headers: {headers}; trailers: x-forwarded-for");
        assert!(answer.ends_with(&want), "{name}: {answer}");
    }
}

#[test]
fn hyper_refuses_malformed_header_lines() {
    let rows = [
        ("folded line", "X-Forwarded-For: 203.0.113.99,\r\n 203.0.113.7\r\n"),
        ("folded with a tab", "X-Forwarded-For: 203.0.113.99,\r\n\t203.0.113.7\r\n"),
        ("line feed alone, folded", "X-Forwarded-For: 203.0.113.99,\n 203.0.113.7\r\n"),
        // CVE-2023-25725.
        ("space before the colon", "X-Forwarded-For : 203.0.113.99\r\n"),
        ("tab before the colon", "X-Forwarded-For\t: 203.0.113.99\r\n"),
        ("empty name", ": 203.0.113.99\r\n"),
        ("space for a name", " : 203.0.113.99\r\n"),
        ("NUL in the name", "X-Forwarded\0-For: 203.0.113.99\r\n"),
        ("NUL in the value", "X-Forwarded-For: 203.0.113.99\0\r\n"),
        ("ESC in the value", "X-Forwarded-For: \x1B[31m\r\n"),
        ("carriage return in the value", "X-Forwarded-For: 203.0.113.99\rX-Real-IP: a\r\n"),
    ];
    for (name, line) in rows {
        let answer = send(format!("GET / HTTP/1.1\r\nHost: a\r\n{line}{LAST}").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
        assert!(!answer.contains("203.0.113"), "{name}: {answer}");
    }
    // hyper accepts the same request with a valid line.
    let line = "X-Forwarded-For: 203.0.113.99, 203.0.113.7\r\n";
    let answer = send(format!("GET / HTTP/1.1\r\nHost: a\r\n{line}{LAST}").as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("203.0.113.7"), "{answer}");
}
