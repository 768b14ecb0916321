//! A server that an app passes requests on to.

use std::net::SocketAddr;

use axum::Router;
use axum::serve;
use hyper::HeaderMap;
use tokio::net::TcpListener;

/// Starts a server that answers with its name, and returns the `X-Forwarded-For` that it received.
pub async fn start(name: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer =
        move |headers: HeaderMap| async move { ([("x-received-for", received(&headers))], name) };
    tokio::spawn(serve(listener, Router::new().fallback(answer)).into_future());
    address
}

fn received(headers: &HeaderMap) -> String {
    let lines = headers.get_all("x-forwarded-for").iter();
    lines.map(|line| line.to_str().unwrap()).collect::<Vec<_>>().join(", ")
}
