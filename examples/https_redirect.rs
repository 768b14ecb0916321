//! Sends visitors who came over http to the same page over https, behind a proxy too, and without
//! the redirect loop that is usual there.
//!
//! ```sh
//! cargo run --example https_redirect
//! curl -i localhost:3000 -H 'X-Forwarded-For: 203.0.113.7' -H 'X-Forwarded-Proto: http'
//! curl -i localhost:3000 -H 'X-Forwarded-For: 203.0.113.7' -H 'X-Forwarded-Proto: https'
//! ```
//!
//! A proxy that takes TLS off passes every request on over plain http, so only what it says tells
//! the two apart. Where it does not say, [`ConnectionInfo::scheme`] is `http`, which is safe for
//! what needs https and wrong for a redirect: if that proxy does take TLS off, the visitor comes
//! back over https, is taken for http again, and so on for ever. So what is not *known* to be http
//! is not redirected.

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
use forwarded_headers::{AllowedHosts, ConnectionInfo, ForwardedHeaders, Outcome, TrustedProxies};
use tokio::net::TcpListener;

/// Redirects http to https behind a proxy.
#[derive(Parser)]
struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The addresses of the proxies
    #[arg(long, value_name = "SET", default_value = "loopback")]
    trust: TrustedProxies,
    /// The hosts that are answered to
    #[arg(long, value_name = "LIST", default_value = "localhost:*, 127.0.0.1:*")]
    allow_host: AllowedHosts,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let listener = TcpListener::bind(args.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);

    // The last layer is the outermost: it decides before `https_only` asks.
    let app = Router::new()
        .route("/", get(|| async { "hello\n" }))
        .layer(middleware::from_fn(https_only))
        .layer(ForwardedHeaders::new().trust(args.trust).allowed_hosts(args.allow_host));
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
}

async fn https_only(info: ConnectionInfo, request: Request, next: Next) -> Response {
    // A host that is not allowed is none: nobody can have visitors sent elsewhere.
    let Some(host) = info.host() else {
        return (StatusCode::BAD_REQUEST, "no such host here\n").into_response();
    };
    if !is_known_http(&info) {
        return next.run(request).await;
    }
    // Not the `*` of `OPTIONS *`.
    let path = request.uri().path_and_query().map(PathAndQuery::as_str);
    let path = path.filter(|path| path.starts_with('/')).unwrap_or("/");
    // Without the port, which is the one of http.
    let location = format!("https://{host}{path}");
    // A permanent redirect may be cached, and this one depends on more than the URL that a cache
    // behind the TLS proxy sees: stored there, it would be a loop for visitors over https, and
    // everybody's redirect would go to the host that one visitor (an attacker) asked for. `Vary`
    // on what the answer depends on would do as well, if every cache on the way heeded it.
    ([(CACHE_CONTROL, "no-store")], Redirect::permanent(&location)).into_response()
}

/// Whether a trusted proxy says that the visitor came over http, or there is no proxy, and the
/// visitor's own connection is plain.
fn is_known_http(info: &ConnectionInfo) -> bool {
    match info.outcome() {
        Outcome::Direct => !info.is_secure(),
        _ => info.forwarded_scheme() == Some(&Scheme::HTTP),
    }
}
