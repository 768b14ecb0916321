//! What an app behind a proxy finds out about a request: as a page for a browser, as JSON for
//! `Accept: application/json`, as plain text for curl.
//!
//! ```sh
//! cargo run --example whoami
//! curl localhost:3000 -H 'X-Forwarded-For: 203.0.113.7' -H 'X-Forwarded-Proto: https'
//! ```
//!
//! Here curl plays the proxy, whose address is trusted because it is on this machine. Put more
//! addresses into `X-Forwarded-For`, or other forwarding headers beside it, and see what is left of
//! them. Behind a proxy of yours, `--help` lists what there is to set.

use std::fmt::Display;
use std::net::SocketAddr;

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, VARY};
use axum::response::{Html, IntoResponse, Response};
use axum::{Json, Router};
use clap::{Parser, ValueEnum};
use forwarded_headers::{
    AllowedHosts, ConfigError, ConnectionInfo, Family, ForwardedHeaders, Outcome, TrustedProxies,
    Unresolved,
};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

/// Shows what an app behind a proxy finds out about a request.
#[derive(Parser)]
struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
    /// The addresses of the proxies: "loopback, private, 192.0.2.7, 10.1.0.0/16"
    #[arg(long, value_name = "SET", default_value = "loopback")]
    trust: TrustedProxies,
    /// How many proxies a request passes at most
    #[arg(long, value_name = "N", default_value_t = 1)]
    max_hops: u8,
    /// The headers that the proxies write
    #[arg(long, value_enum, default_value_t)]
    family: Headers,
    /// The hosts that are answered to, "example.com, *.example.com"; a forwarded host is read then
    #[arg(long, value_name = "LIST")]
    allow_host: Option<AllowedHosts>,
    /// Without a forwarding header the peer itself is the client, as where there is no proxy
    #[arg(long)]
    allow_direct: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Headers {
    /// X-Forwarded-For and its like
    #[default]
    XForwarded,
    /// Forwarded (RFC 7239)
    Forwarded,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let listen = args.listen;
    let layer = layer(args).unwrap_or_else(|error| exit(error));
    let listener = TcpListener::bind(listen).await;
    let listener = listener.unwrap_or_else(|error| exit(format!("{listen}: {error}")));
    println!("listening on http://{}", listener.local_addr()?);

    let app = Router::new().fallback(whoami).layer(layer);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
}

fn layer(args: Args) -> Result<ForwardedHeaders, ConfigError> {
    let layer = ForwardedHeaders::new()
        .trust(args.trust)
        .max_hops(args.max_hops)
        .family(match args.family {
            Headers::XForwarded => Family::XForwarded,
            Headers::Forwarded => Family::Forwarded,
        })
        .allow_direct(args.allow_direct);
    match args.allow_host {
        Some(hosts) => layer.read_host(true).allowed_hosts(hosts).check(),
        None => layer.check(),
    }
}

/// As clap does for flags that are wrong one by one.
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
        // One client's answer is no other's.
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
        ("host", info.authority().map_or_else(none, str::to_owned)),
        ("origin", info.origin().unwrap_or_else(none)),
        ("hops", info.hops().to_string()),
        ("outcome", format!("{:?}", info.outcome())),
    ]
}

/// What to do where there is no client, or where it may be a proxy.
fn advice(info: &ConnectionInfo) -> Option<String> {
    let why = match (info.outcome(), info.client_ip()) {
        (Outcome::Unresolved(why), _) => why,
        (Outcome::Direct, Some(ip)) => {
            return Some(format!(
                "{ip} is no trusted proxy, so it is the client. If it is your proxy: --trust {ip}."
            ));
        }
        _ => return None,
    };
    let here = match why {
        Unresolved::NotReported => {
            " Here: --allow-direct, or --family for the header that your proxy sends."
        }
        Unresolved::Missing => " Here: --max-hops says how many proxies there are, --trust where.",
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
        "host": info.authority(),
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

/// Whoever sends a header chooses its bytes. ASCII is shown as it is, the rest as `\xff`, so that
/// nothing in it can steer a terminal.
fn printable(value: &HeaderValue) -> String {
    let ascii = value.to_str().map(str::to_owned);
    ascii.unwrap_or_else(|_| value.as_bytes().escape_ascii().to_string())
}

/// The text where HTML expects text or a quoted attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
