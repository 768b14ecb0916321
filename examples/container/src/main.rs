//! Answers with the client's address, the scheme and the host.
//!
//! The environment sets the proxies: `FORWARDED_HEADERS_PROXY=nginx FORWARDED_HEADERS_TRUST=172.28.0.2`.

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::{env, io};

use axum::http::uri::Authority;
use axum::{Router, routing::get};
use forwarded_headers::{ConnectionInfo, ForwardedHeaders};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

const PORT: u16 = 3000;

#[tokio::main]
async fn main() -> ExitCode {
    let result = match env::args().nth(1).as_deref() {
        None => serve().await,
        Some("--health") => check_health().map_err(Into::into),
        Some(other) => Err(format!("expected --health or nothing, not {other:?}").into()),
    };
    result.map_or_else(
        |error| {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let layer = ForwardedHeaders::from_env()?;
    let app = Router::new().route("/", get(client)).route("/health", get("healthy\n")).layer(layer);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    // Without a handler, the first process of a container ignores SIGTERM.
    let mut stop = signal(SignalKind::terminate())?;
    let stopped = async move { _ = stop.recv().await };
    Ok(axum::serve(listener, service).with_graceful_shutdown(stopped).await?)
}

async fn client(info: ConnectionInfo) -> String {
    let client = info.client_ip().map_or("none".into(), |ip| ip.to_string());
    let host = info.authority().map_or("none", Authority::as_str);
    format!("client {client}\nscheme {}\nhost   {host}\n", info.scheme())
}

/// Asks the app for its health. The image has no curl that the engine could run instead.
fn check_health() -> io::Result<()> {
    let mut app = TcpStream::connect((Ipv4Addr::LOCALHOST, PORT))?;
    app.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    app.read_to_string(&mut answer)?;
    if answer.starts_with("HTTP/1.0 200 ") { Ok(()) } else { Err(io::Error::other(answer)) }
}
