//! Redirects requests over http to https, behind a proxy too, without the usual redirect loop.
//!
//! ```sh
//! cargo run --example https_redirect
//! ```
//!
//! In a second terminal, curl plays the proxy. The first request is redirected, the second is not:
//!
//! ```sh
//! curl -i localhost:3000 -H 'X-Forwarded-For: 203.0.113.7' -H 'X-Forwarded-Proto: http'
//! curl -i localhost:3000 -H 'X-Forwarded-For: 203.0.113.7' -H 'X-Forwarded-Proto: https'
//! ```
//!
//! A proxy that ends TLS passes every request on over plain http, so only its report shows the client's
//! scheme. Without a report, [`ConnectionInfo::scheme`] is `http`. That is safe for a feature that needs
//! https, and wrong for a redirect: the client comes back over https, the app sees http again, and the
//! redirects never end. This app therefore redirects only requests that are *known* to be http.

use std::error::Error;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::http::uri::{PathAndQuery, Scheme};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use clap::Parser;
use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Outcome};
use tokio::net::TcpListener;

/// Redirects http to https behind a proxy.
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

    // The last layer is the outermost: it decides before `https_only` runs.
    let app = Router::new()
        .route("/", get(|| async { "hello\n" }))
        .layer(middleware::from_fn(https_only))
        .layer(layer);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, service).await?)
}

async fn https_only(info: ConnectionInfo, request: Request, next: Next) -> Response {
    // A host that is not allowed is `None`, so a client cannot send other clients to a host of its own.
    let Some(host) = info.host() else {
        return (StatusCode::BAD_REQUEST, "no such host here\n").into_response();
    };
    if !is_known_http(&info) {
        return next.run(request).await;
    }
    // The path is not the `*` of `OPTIONS *`.
    let path = request.uri().path_and_query().map(PathAndQuery::as_str);
    let path = path.filter(|path| path.starts_with('/')).unwrap_or("/");
    // The host comes without its port, which is the port for http.
    let location = format!("https://{host}{path}");
    // A cache may store a permanent redirect. A cache behind the TLS proxy sees one URL for both
    // schemes, so clients over https would get the redirect too, and loop. They would also get the host
    // that another client, an attacker, asked for.
    ([(CACHE_CONTROL, "no-store")], Redirect::permanent(&location)).into_response()
}

/// Returns whether a trusted proxy reported http, or the client is connected without a proxy and TLS.
fn is_known_http(info: &ConnectionInfo) -> bool {
    match info.outcome() {
        Outcome::Direct => !info.is_secure(),
        _ => info.forwarded_scheme() == Some(&Scheme::HTTP),
    }
}
