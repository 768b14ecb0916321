//! Writes an access log with the client that a trusted proxy reported.
//!
//! ```sh
//! cargo run --example access_log
//! ```
//!
//! In a second terminal, curl plays the proxy. The second request shows a warning of the layer:
//!
//! ```sh
//! curl localhost:3000 -H 'X-Forwarded-For: 6.6.6.6, 203.0.113.7' -H 'X-Forwarded-Proto: https'
//! curl localhost:3000
//! ```
//!
//! The layer is outside of tower-http's `TraceLayer`, so the span has the client when it is created.

use std::net::SocketAddr;

use axum::extract::Request;
use axum::{Router, routing::get};
use clap::Parser;
use forwarded_headers::{ConnectionInfo, ForwardedHeaders, TrustedProxies};
use tower_http::trace::{DefaultOnResponse, TraceLayer};
use tracing::{Level, Span};

/// Answers with a greeting, and writes each request to the standard error output.
#[derive(Parser)]
struct Args {
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The addresses of the proxy
    #[arg(long, value_name = "SET", default_value = "loopback")]
    trust: TrustedProxies,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let args = Args::parse();
    let log = TraceLayer::new_for_http()
        .make_span_with(access)
        .on_response(DefaultOnResponse::new().level(Level::INFO));
    let app = Router::new()
        .route("/", get(async || "hello\n"))
        .layer(log)
        // The last layer is the outermost.
        .layer(ForwardedHeaders::builder().trust(args.trust).build()?);

    let listener = tokio::net::TcpListener::bind(args.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}

/// Creates the span of a request. A field without a value stays empty, as that of an unknown client.
fn access(request: &Request) -> Span {
    let info: Option<&ConnectionInfo> = request.extensions().get();
    tracing::info_span!(
        "request",
        client.address = info.and_then(ConnectionInfo::client_ip).map(display),
        network.peer.address =
            info.and_then(ConnectionInfo::peer_addr).map(|peer| display(peer.ip())),
        server.address = info.and_then(ConnectionInfo::host),
        server.port = info.and_then(ConnectionInfo::port),
        url.scheme = info.map(|info| info.scheme().as_str()),
        url.path = request.uri().path(),
        http.request.method = request.method().as_str(),
    )
}
