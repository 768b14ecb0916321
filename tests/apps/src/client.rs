//! A client that chooses its own address and the form of its request.

use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::http::{Request, Response, StatusCode, Version};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioExecutor;
use tokio::net::{TcpSocket, TcpStream, UnixListener, UnixStream};

/// An answer, whose body was read.
pub struct Answer {
    pub status: StatusCode,
    pub headers: hyper::HeaderMap,
    pub body: String,
}

impl Answer {
    /// Changes the body and the value of each header.
    pub fn map(mut self, change: impl Fn(&str) -> String) -> Self {
        self.body = change(&self.body);
        for value in self.headers.values_mut() {
            *value = change(value.to_str().unwrap()).parse().unwrap();
        }
        self
    }

    /// Returns the value of a header, or the status of an answer without it.
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        value.unwrap_or_else(|| self.status.as_str().to_owned())
    }

    /// Returns the body, or the status of a failure.
    pub fn text(&self) -> String {
        if self.status.is_success() { self.body.clone() } else { self.status.as_str().to_owned() }
    }
}

/// Connects from an address of this machine.
pub async fn connect(source: Ipv4Addr, app: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from((source, 0))).unwrap();
    socket.connect(app).await.unwrap()
}

/// Returns a listener at a Unix socket, and a connection to it.
pub async fn unix_socket() -> (UnixListener, UnixStream) {
    let path = std::env::temp_dir().join(format!("apps-{}.sock", std::process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let stream = UnixStream::connect(&path).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    (listener, stream)
}

/// Sends one request over a connection.
pub async fn send_over<I>(io: I, request: Request<Body>) -> Answer
where
    I: Read + Write + Send + Unpin + 'static,
{
    let response = if request.version() == Version::HTTP_2 {
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await
    } else {
        let (mut sender, connection) = http1::handshake(io).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        sender.send_request(request).await
    };
    answer(response.unwrap()).await
}

async fn answer(response: Response<Incoming>) -> Answer {
    let (parts, body) = response.into_parts();
    let body = if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        String::new()
    } else {
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    };
    Answer { status: parts.status, headers: parts.headers, body }
}
