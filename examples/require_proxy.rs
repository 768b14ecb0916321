//! Refuses requests that did not come through the proxy.
//!
//! ```sh
//! cargo run --example require_proxy
//! ```
//!
//! In a second terminal, curl plays the proxy, which is trusted because it is on this machine. The first
//! request is answered, the second is refused with 400, and the health check is answered:
//!
//! ```sh
//! curl -i localhost:3000 -H 'X-Forwarded-For: 203.0.113.7'
//! curl -i localhost:3000
//! curl -i localhost:3000/health
//! ```
//!
//! A load balancer's health check has no `X-Forwarded-For`, and a kubelet's comes without the proxy. The
//! route of the check is therefore added after the layer that refuses, which covers only the routes before
//! it. A list of exempt paths inside of a middleware must compare whole paths byte for byte: a prefix
//! would let `/health/../admin` pass.

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use clap::Parser;
use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Refusal};
use tokio::net::TcpListener;

/// Refuses requests that did not come through the proxy.
#[derive(Parser)]
struct Args {
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The addresses of the proxy
    #[arg(long, value_name = "SET", default_value = "loopback")]
    trust: String,
    /// The hosts that the app answers to
    #[arg(long, value_name = "LIST", default_value = "localhost:*, 127.0.0.1:*")]
    allow_host: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    let layer =
        ForwardedHeaders::builder().trust(args.trust).allowed_hosts(args.allow_host).build()?;
    let listener = TcpListener::bind(args.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let app = Router::new()
        .fallback(get(|| async { "hello\n" }))
        .layer(from_fn(require_proxy))
        .route("/health", get(|| async { "healthy\n" }))
        .layer(layer);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}

async fn require_proxy(request: Request, next: Next) -> Response {
    let info = request.extensions().get().ok_or(Refusal::NoLayer);
    match info.and_then(ConnectionInfo::require_forwarded) {
        Ok(()) => next.run(request).await,
        Err(refusal) => (refusal.status(), [(CACHE_CONTROL, "no-store")]).into_response(),
    }
}
