use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::{any, get};
use axum::serve;
use hyper_util::rt::TokioIo;

use super::shown;
use crate::client::{send_over, unix_socket};
use crate::serve::Site;
use crate::situation::{Client, empty};

pub async fn peer(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
    shown(peer)
}

async fn upgraded(_: ConnectInfo<SocketAddr>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|_| async {})
}

pub async fn connect_info(site: Site) -> String {
    site.serve(Router::new().route("/", get(peer))).await.get("/").await.text()
}

/// Serves at a Unix socket.
pub async fn unix(site: Site) -> String {
    let (listener, stream) = unix_socket().await;
    let app = site.routed(Router::new().route("/", get(peer)));
    tokio::spawn(serve(listener, app).into_future());
    let address = ([127, 0, 0, 1], 3000).into();
    let request = site.situation.request(Client::First, address, "/");
    send_over(TokioIo::new(stream), empty(request)).await.text()
}

/// Returns the status of the handshake.
pub async fn web_socket(site: Site) -> String {
    let app = site.serve(Router::new().route("/", any(upgraded))).await;
    let handshake = app
        .request(Client::First, "/")
        .header("connection", "upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "MDEyMzQ1Njc4OWFiY2RlZg==");
    app.send(Client::First, empty(handshake)).await.status.as_str().into()
}
