//! `proxy-protocol-rs`: a listener that reads the client in front of the request, over sockets.

use crate::page::guide_has;
use axum::extract::Request;
use axum::routing::get;
use forwarded_headers::ConnectionInfo;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

/// Answers with the client and how it was found, whether the forged header is left, and whether there
/// is a `ConnectInfo` for other crates.
async fn hello(info: ConnectionInfo, request: Request) -> String {
    let client = info.client_ip().map(|ip| ip.to_string()).unwrap_or_default();
    let is_left = request.headers().contains_key("x-forwarded-for");
    let is_there = request.extensions().get::<ConnectInfo<SocketAddr>>().is_some();
    format!("{client} {:?} {is_left} {is_there}", info.outcome())
}

/// Starts the guide's server for connections from this balancer.
async fn start(balancer: [u8; 4]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/", get(hello)).layer(layer().unwrap());
    tokio::spawn(serve(listener, balancer.into(), app));
    address
}

/// Sends a PROXY header and a request. Returns the status and the body.
async fn ask(server: SocketAddr, header: &str) -> (String, String) {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let request = "GET / HTTP/1.1\r\nhost: a.example\r\nx-forwarded-for: 6.6.6.6\r\nconnection: close\r\n\r\n";
    let mut answer = Vec::new();
    let _ = stream.write_all(format!("{header}{request}").as_bytes()).await;
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap_or_default().to_owned();
    (status, answer.rsplit("\r\n\r\n").next().unwrap_or_default().to_owned())
}

const CLIENT: &str = "PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n";

#[tokio::test]
async fn the_client_is_in_the_proxy_header() {
    let server = start(LOOPBACK).await;
    let (status, body) = ask(server, CLIENT).await;
    assert_eq!((status.as_str(), body.as_str()), ("200", "203.0.113.7 Direct false false"));
    // A health check has no client: the balancer is the client.
    let (status, body) = ask(server, "PROXY UNKNOWN\r\n").await;
    assert_eq!((status.as_str(), body.as_str()), ("200", "127.0.0.1 Direct false false"));
}

#[tokio::test]
async fn a_second_proxy_header_is_refused() {
    let server = start(LOOPBACK).await;
    let forged = "PROXY TCP4 6.6.6.6 127.0.0.1 4711 80\r\n";
    assert_eq!(ask(server, &format!("{CLIENT}{forged}")).await.0, "400");
}

#[tokio::test]
async fn no_other_peer_sends_a_proxy_header() {
    let server = start([192, 0, 2, 7]).await;
    assert_eq!(ask(server, CLIENT).await.0, "");
}

#[test]
fn the_guide_has_this_code() {
    let page = include_str!("../../../../src/guide/proxy_protocol.md");
    guide_has(page, include_str!("proxy_protocol.rs"));
}

// The guide's code:
use std::net::IpAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use forwarded_headers::{ConfigError, ForwardedHeaders, Peer};
use http::Extensions;
use proxy_protocol_rs::TrustedProxies as Balancers;
use proxy_protocol_rs::{ProxyConnectInfo, ProxyProtocolConfig, ProxyProtocolListener};
use tokio::net::TcpListener;

/// Returns the client that the balancer reported for the connection.
fn peer(extensions: &Extensions) -> Option<Peer> {
    let ConnectInfo(info) = extensions.get::<ConnectInfo<ProxyConnectInfo>>()?;
    Some(Peer::from(info.client_addr))
}

/// The balancer is no HTTP proxy: whatever headers arrive, the client wrote them.
fn layer() -> Result<ForwardedHeaders, ConfigError> {
    ForwardedHeaders::builder().trust("none").peer_from(peer).build()
}

/// Serves connections of the balancer alone, each with a PROXY header.
async fn serve(listener: TcpListener, balancer: IpAddr, app: Router) -> std::io::Result<()> {
    let config = ProxyProtocolConfig::builder().policy(Balancers::new([balancer])).build();
    let listener = ProxyProtocolListener::new(listener, config.map_err(std::io::Error::other)?);
    let app = app.into_make_service_with_connect_info::<ProxyConnectInfo>();
    axum::serve(listener, app).await
}
