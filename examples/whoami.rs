//! Shows what an app behind a proxy reads of a request: as a page for a browser, as JSON for
//! `Accept: application/json`, as plain text for curl.
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

use std::fmt::Display;
use std::net::SocketAddr;

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, VARY};
use axum::http::uri::Authority;
use axum::response::{Html, IntoResponse, Response};
use axum::{Json, Router};
use clap::Parser;
use forwarded_headers::{
    Builder, Config, ConfigError, ConnectionInfo, ForwardedHeaders, Outcome, Unresolved,
};
use serde_json::{Map, Value, json};
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

    let app = Router::new().fallback(whoami).layer(layer);
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

async fn whoami(info: ConnectionInfo, headers: HeaderMap) -> Response {
    let accepts = |media_type| {
        let mut lines = headers.get_all(ACCEPT).iter();
        lines.any(|line| line.to_str().is_ok_and(|line| line.contains(media_type)))
    };
    let answer = if accepts("text/html") {
        Html(html(&info, &headers)).into_response()
    } else if accepts("application/json") {
        Json(json(&info, &headers)).into_response()
    } else {
        text(&info, &headers).into_response()
    };
    let about = [
        // A cache must not give one client's answer to another client.
        (CACHE_CONTROL, "no-store"),
        (VARY, "accept"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (about, answer).into_response()
}

fn facts(info: &ConnectionInfo) -> [(&'static str, String); 6] {
    let none = || "none".to_owned();
    [
        ("client", info.client_ip().map_or_else(none, |ip| ip.to_string())),
        ("scheme", info.scheme().to_string()),
        ("host", info.authority().map_or_else(none, Authority::to_string)),
        ("origin", info.origin().unwrap_or_else(none)),
        ("hops", info.hops().to_string()),
        ("outcome", format!("{:?}", info.outcome())),
    ]
}

/// Returns what to do if there is no client, or if the client may be a proxy.
fn advice(info: &ConnectionInfo) -> Option<String> {
    let why = match (info.outcome(), info.client_ip()) {
        (Outcome::Unresolved(why), _) => why,
        (Outcome::Direct, Some(ip)) => {
            return Some(format!(
                "{ip} is not a trusted proxy, so it is the client. If it is your proxy: --trust {ip}."
            ));
        }
        _ => return None,
    };
    let here = match why {
        Unresolved::NoHeader => {
            " Here: --trusted-peer-may-be-client, or --client-from for the header that your proxy sends."
        }
        Unresolved::ListEnds => " Here: --trust once for each proxy, outermost first.",
        _ => "",
    };
    Some(format!("No client: {why}.{here}"))
}

fn text(info: &ConnectionInfo, headers: &HeaderMap) -> String {
    let facts = facts(info).map(|(name, text)| format!("{name:8} {text}\n")).concat();
    let advice = advice(info).map(|advice| format!("\n{advice}\n")).unwrap_or_default();
    let line = |(name, value)| format!("{name}: {}\n", printable(value));
    let headers: String = headers.iter().map(line).collect();
    format!("{facts}{advice}\n{headers}")
}

fn json(info: &ConnectionInfo, headers: &HeaderMap) -> Value {
    let lines = |name| headers.get_all(name).iter().map(printable).collect::<Value>();
    let headers: Map<_, _> = headers.keys().map(|name| (name.to_string(), lines(name))).collect();
    json!({
        "client": info.client_ip(),
        "scheme": info.scheme().as_str(),
        "host": info.authority().map(Authority::as_str),
        "origin": info.origin(),
        "hops": info.hops(),
        "outcome": format!("{:?}", info.outcome()),
        "advice": advice(info),
        "headers": headers,
    })
}

fn html(info: &ConnectionInfo, headers: &HeaderMap) -> String {
    let row = |name: &str, text: &str| {
        format!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(name), escape(text))
    };
    let facts = facts(info).map(|(name, text)| row(name, &text)).concat();
    let advice = advice(info).map(|advice| format!("<p>{}</p>\n", escape(&advice)));
    let advice = advice.unwrap_or_default();
    let headers: String =
        headers.iter().map(|(name, value)| row(name.as_str(), &printable(value))).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>Who am I?</title>\n<style>{STYLE}</style>\n\
         <h1>Who am I?</h1>\n<table>\n{facts}</table>\n{advice}\
         <h2>Headers that are left</h2>\n<table>\n{headers}</table>\n</html>\n"
    )
}

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8885; --mark: #d97706; }
body { max-width: 44rem; margin: 2.5rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .4rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
th { width: 30%; padding-right: 1rem; font-weight: normal; opacity: .7; }
td { font-family: ui-monospace, monospace; }
th, td { overflow-wrap: anywhere; }
p { padding: .6rem 1rem; border-left: .25rem solid var(--mark); }
";

/// Returns the value's ASCII text, and every other byte as `\xff`: a client chooses these bytes, and none
/// of them may control a terminal.
fn printable(value: &HeaderValue) -> String {
    let ascii = value.to_str().map(str::to_owned);
    ascii.unwrap_or_else(|_| value.as_bytes().escape_ascii().to_string())
}

/// Escapes a text for HTML, as text or in a quoted attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
