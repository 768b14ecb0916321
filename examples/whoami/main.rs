//! Shows what an app behind a proxy reads of a request, and why: as a picture for a browser, as JSON
//! for `Accept: application/json`, as plain text for curl.
//!
//! ```sh
//! cargo run --example whoami
//! ```
//!
//! It keeps running. In a second terminal, curl plays the proxy, which is trusted because it is on this
//! machine:
//!
//! ```sh
//! curl localhost:3000 -H 'X-Forwarded-For: 203.0.113.7' -H 'X-Forwarded-Proto: https'
//! ```
//!
//! Put more addresses into `X-Forwarded-For`, or add other forwarding headers, and see which of them are
//! left. Behind a CDN that connects from 198.51.100.0/24 to an nginx at 10.0.0.2:
//!
//! ```sh
//! cargo run --example whoami -- --proxy nginx --trust 198.51.100.0/24 --trust 10.0.0.2
//! ```
//!
//! The variables of [`Config`] replace the flags:
//!
//! ```sh
//! FORWARDED_HEADERS_PROXY=nginx FORWARDED_HEADERS_TRUST=172.28.0.2 cargo run --example whoami
//! ```

mod advice;
mod chain;
mod facts;
mod html;
mod json;
mod page;
mod rail;
mod table;
mod text;

use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, VARY};
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json, Router};
use clap::Parser;
use forwarded_headers::explain::Explanation;
use forwarded_headers::{Builder, Config, ConfigError, ForwardedHeaders};
use tokio::net::TcpListener;

/// Shows what an app behind a proxy reads of a request.
#[derive(Parser)]
struct Args {
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The proxy that connects to the app: "nginx", "aws-alb"
    #[arg(long, value_name = "NAME")]
    proxy: Option<String>,
    /// The addresses of the proxy: "loopback, private, 192.0.2.7, 10.1.0.0/16". For several proxies in a
    /// row, one --trust for each, outermost first [default: loopback]
    #[arg(long, value_name = "SET")]
    trust: Vec<String>,
    /// The header that reports the client: "forwarded", "x-real-ip" [default: x-forwarded-for, or the
    /// header of --proxy]
    #[arg(long, value_name = "HEADER")]
    client_from: Option<String>,
    /// The hosts that the app answers to: "example.com, *.example.com". Without --proxy, the app reads
    /// the forwarded host as well
    #[arg(long, value_name = "LIST")]
    allow_host: Option<String>,
    /// Make a trusted peer that sends no forwarding header the client, as in local development
    #[arg(long)]
    trusted_peer_may_be_client: bool,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let layer = layer(&args).unwrap_or_else(|error| exit(error));
    let listen = args.listen;
    let listener = TcpListener::bind(listen).await;
    let listener = listener.unwrap_or_else(|error| exit(format!("{listen}: {error}")));
    println!("listening on http://{}", listener.local_addr()?);

    let app = Router::new().fallback(whoami).layer(layer.explaining());
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
}

/// Passes each flag to the builder as text, and then what the environment has. `build` returns the first
/// error.
fn layer(args: &Args) -> Result<ForwardedHeaders, ConfigError> {
    let mut builder = match &args.proxy {
        Some(proxy) => ForwardedHeaders::behind(proxy),
        None => ForwardedHeaders::builder(),
    };
    builder = match &args.trust[..] {
        [] => builder,
        [proxy] => builder.trust(proxy),
        chain => builder.trust_chain(chain),
    };
    if let Some(header) = &args.client_from {
        builder = builder.client_from(header);
    }
    if let Some(hosts) = &args.allow_host {
        builder = read_forwarded_host(builder, args).allowed_hosts(hosts);
    }
    let builder = builder.trusted_peer_may_be_client(args.trusted_peer_may_be_client);
    builder.configure(Config::from_env()?).build()
}

/// Reads the host from the family of headers that reports the client. Behind a well-known proxy, reads
/// none: most proxies pass the client's `X-Forwarded-Host` on.
fn read_forwarded_host(builder: Builder, args: &Args) -> Builder {
    let client_from = args.client_from.as_deref().unwrap_or_default();
    if args.proxy.is_some() {
        builder
    } else if client_from.eq_ignore_ascii_case("forwarded") {
        builder.host_from("forwarded")
    } else {
        builder.host_from("x-forwarded-host")
    }
}

/// Ends as clap does for a flag that it refuses.
fn exit(error: impl Display) -> ! {
    eprintln!("error: {error}");
    std::process::exit(2)
}

async fn whoami(Extension(why): Extension<Arc<Explanation>>, headers: HeaderMap) -> Response {
    let accepts = |media_type| {
        let mut lines = headers.get_all(ACCEPT).iter();
        lines.any(|line| line.to_str().is_ok_and(|line| line.contains(media_type)))
    };
    let answer = if accepts("text/html") {
        Html(page::page(&why, &headers)).into_response()
    } else if accepts("application/json") {
        Json(json::json(&why, &headers)).into_response()
    } else {
        text::text(&why, &headers).into_response()
    };
    let about = [
        // A cache must not give one client's answer to another client.
        (CACHE_CONTROL, "no-store"),
        (VARY, "accept"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (about, answer).into_response()
}
