//! Explains the decision about a request.
//!
//! ```sh
//! cargo run --example explain -- --peer 10.0.0.2 --trust 10.0.0.0/8 \
//!     -H 'X-Forwarded-For: 1.1.1.1, 203.0.113.7'
//! ```
//!
//! Without a `-H`, the request is read from standard input, as `curl -v` or a packet capture shows it:
//!
//! ```sh
//! printf 'GET /a HTTP/1.1\r\nHost: example.com\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n' |
//!     cargo run --example explain -- --peer 172.28.0.2 --proxy nginx --trust 172.28.0.2
//! ```

use std::error::Error;
use std::io::{IsTerminal, Read, stdin};
use std::net::{IpAddr, SocketAddr};

use clap::Parser;
use forwarded_headers::{ConfigError, ForwardedHeaders, Peer};
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Request};

/// Explains the decision about a request.
#[derive(Parser)]
struct Args {
    /// The other end of the connection: "10.0.0.2", "10.0.0.2:41822", "unix", or "none"
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1")]
    peer: String,
    /// The proxy that connects to the app: "nginx", "aws-alb"
    #[arg(long, value_name = "NAME")]
    proxy: Option<String>,
    /// The addresses of the proxy [default: loopback]
    #[arg(long, value_name = "SET", conflicts_with = "trust_chain")]
    trust: Option<String>,
    /// The addresses of one of several proxies in a row: once for each, outermost first
    #[arg(long, value_name = "SET")]
    trust_chain: Vec<String>,
    /// The source of the client's address: "forwarded", "x-real-ip"
    #[arg(long, value_name = "HEADER")]
    client_from: Option<String>,
    /// The header of the host: "x-forwarded-host", "forwarded"
    #[arg(long, value_name = "HEADER")]
    host_from: Option<String>,
    /// The header of the prefix: "x-forwarded-prefix"
    #[arg(long, value_name = "HEADER")]
    prefix_from: Option<String>,
    /// The hosts that the app answers to: "example.com, *.example.com"
    #[arg(long, value_name = "LIST")]
    allowed_hosts: Option<String>,
    /// A header line of the request; none reads a request from standard input
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The target of the request
    #[arg(long, value_name = "URI", default_value = "/")]
    uri: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn main() {
    let args = Args::parse();
    match run(&args) {
        Ok(text) => println!("{}", text.trim_end()),
        Err(error) => {
            eprintln!("error: {error}");
            std::process::exit(2);
        }
    }
}

fn run(args: &Args) -> Result<String, Box<dyn Error>> {
    let layer = layer(args)?;
    let mut parts = request(args)?;
    if let Some(peer) = peer(&args.peer)? {
        parts.extensions.insert(peer);
    }
    let explanation = layer.explain(&parts);
    if args.json {
        return Ok(serde_json::to_string_pretty(&explanation)?);
    }
    Ok(explanation.to_string())
}

/// Passes each flag to the builder as text. `build` returns the first error.
fn layer(args: &Args) -> Result<ForwardedHeaders, ConfigError> {
    let mut builder = match &args.proxy {
        Some(proxy) => ForwardedHeaders::behind(proxy),
        None => ForwardedHeaders::builder(),
    };
    if let Some(proxies) = &args.trust {
        builder = builder.trust(proxies);
    }
    if !args.trust_chain.is_empty() {
        builder = builder.trust_chain(&args.trust_chain);
    }
    if let Some(header) = &args.client_from {
        builder = builder.client_from(header);
    }
    if let Some(header) = &args.host_from {
        builder = builder.host_from(header);
    }
    if let Some(header) = &args.prefix_from {
        builder = builder.prefix_from(header);
    }
    if let Some(hosts) = &args.allowed_hosts {
        builder = builder.allowed_hosts(hosts);
    }
    builder.build()
}

fn peer(text: &str) -> Result<Option<Peer>, Box<dyn Error>> {
    if text == "none" {
        return Ok(None);
    }
    if text == "unix" {
        return Ok(Some(Peer::Unix));
    }
    let address = text.parse::<SocketAddr>();
    let address = address.or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 50000)));
    let expected = "expected an address, unix or none";
    Ok(Some(Peer::Inet(address.map_err(|_| format!("--peer {text:?}: {expected}"))?)))
}

fn request(args: &Args) -> Result<Parts, Box<dyn Error>> {
    if args.headers.is_empty() {
        if stdin().is_terminal() {
            eprintln!("reading a request from the terminal; end it with Ctrl-D. See also --help");
        }
        let mut text = vec![];
        stdin().read_to_end(&mut text)?;
        return raw_request(&text);
    }
    let mut request = Request::builder().uri(&args.uri).body(())?;
    for line in &args.headers {
        append(request.headers_mut(), line.as_bytes())?;
    }
    Ok(request.into_parts().0)
}

/// Reads a request line and header lines, which end with LF or CRLF. Leaves out the marks of `curl -v`.
fn raw_request(text: &[u8]) -> Result<Parts, Box<dyn Error>> {
    let lines = text.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines = lines.map(|line| line.strip_prefix(b"> ").unwrap_or(line));
    let mut lines = lines.take_while(|line| !line.is_empty());
    let first = lines.next().ok_or("the request is empty: write its first line, GET / HTTP/1.1")?;
    let mut words = first.split(|byte| *byte == b' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        let first = first.escape_ascii();
        return Err(format!("{first}: no request line; expected GET / HTTP/1.1").into());
    };
    let mut request = Request::builder().method(method).uri(target).body(())?;
    for line in lines {
        append(request.headers_mut(), line)?;
    }
    Ok(request.into_parts().0)
}

fn append(headers: &mut HeaderMap, line: &[u8]) -> Result<(), Box<dyn Error>> {
    let colon = line.iter().position(|byte| *byte == b':');
    let colon = colon.ok_or_else(|| format!("{}: no colon", line.escape_ascii()))?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    headers.append(HeaderName::from_bytes(name)?, HeaderValue::from_bytes(value)?);
    Ok(())
}
