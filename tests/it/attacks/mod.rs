//! What attackers send: one table for each way in.
//!
//! These known attacks have no row here:
//!
//! - A list of networks that changes while requests run. A layer never changes, so the layer reloads
//!   nothing.
//! - A cacheable response that depends on the host. That is the task of the app:
//!   `ConnectionInfo::origin` advises `Vary` or `no-store`.
//! - What a vendor's proxy passes on. `profiles.rs` has those rows; Akamai has no profile.
//! - The PROXY protocol. That is the task of the server: the layer does not read it.
//! - One client with a /64 of addresses. That is the task of the rate limiter:
//!   `ConnectionInfo::client_ip` advises the first 64 bits.
//!
//! | name | address |
//! |---|---|
//! | client | 203.0.113.7, 2001:db8:c::7 |
//! | attacker | 198.51.100.66 |
//! | victim, whose address the attacker writes | 203.0.113.99 |
//! | trusted proxies P1, P2; P1 is the peer unless a row has another | 192.0.2.10, 192.0.2.11 |
//! | trusted network | 192.0.2.0/24 |

mod entry;
mod forwarded;
mod limits;
mod list;
mod names;
mod output;
mod peer;
mod server;
mod trust;
mod values;

use std::time::{Duration, Instant};

use forwarded_headers::{
    Builder, ConfigError, ConnectionInfo, ForwardedHeaders, Outcome, TrustedProxies, Unresolved,
};
use http::request::Parts;
use http::{HeaderName, Request};

use crate::support::{self, Line, info, lines, request, through};

const CLIENT: &str = "203.0.113.7";
const ATTACKER: &str = "198.51.100.66";
const VICTIM: &str = "203.0.113.99";
const P1: &str = "192.0.2.10";
const P2: &str = "192.0.2.11";
const NETWORK: &str = "192.0.2.0/24";
const XFF: &str = "x-forwarded-for";

/// The client that the layer must decide on.
#[derive(Debug, Clone, Copy)]
enum Want {
    /// The peer is not a proxy, so it is the client.
    Peer,
    /// The peer is unknown, and so is the client.
    NoPeer,
    /// A trusted proxy reported this address.
    Addr(&'static str),
    Not(Unresolved),
}

const LIST_ENDS: Want = Want::Not(Unresolved::ListEnds);
const MALFORMED: Want = Want::Not(Unresolved::Malformed);
const NO_HEADER: Want = Want::Not(Unresolved::NoHeader);
const UNKNOWN: Want = Want::Not(Unresolved::Unknown);
const OBFUSCATED: Want = Want::Not(Unresolved::Obfuscated);

/// A name, the value of one `X-Forwarded-For` line, and the client.
type ListRow<'a> = (&'a str, &'a [u8], Want);
/// A name, header lines, and the client.
type LinesRow<'a> = (&'a str, &'a [Line<'a>], Want);

/// Trusts one proxy of the trusted network. All other settings are the default.
fn builder() -> Builder {
    ForwardedHeaders::builder().trust(NETWORK)
}

fn proxies() -> ForwardedHeaders {
    builder().build().unwrap()
}

/// Trusts this many proxies of the trusted network, one behind the other.
fn chain_of(count: usize) -> Builder {
    ForwardedHeaders::builder().trust_chain(vec![NETWORK; count])
}

fn trusted(text: &str) -> TrustedProxies {
    text.parse().unwrap()
}

fn check_lists(layer: &ForwardedHeaders, rows: &[ListRow<'_>]) {
    for (name, list, want) in rows {
        check(name, layer, request(P1, "/", &[(XFF, list)]), *want);
    }
}

fn check_lines(layer: &ForwardedHeaders, rows: &[LinesRow<'_>]) {
    for (name, lines, want) in rows {
        check(name, layer, request(P1, "/", lines), *want);
    }
}

/// Checks the client, and the headers that the layer leaves.
fn check(name: &str, layer: &ForwardedHeaders, request: Request<()>, want: Want) -> Parts {
    let alone = layer.resolve(&request.clone().into_parts().0);
    let parts = through(layer, request);
    for info in [&alone, info(&parts)] {
        check_client(name, info, want);
    }
    check_left_over(name, &parts, want);
    parts
}

fn check_client(name: &str, info: &ConnectionInfo, want: Want) {
    let peer = info.peer_addr().map(|peer| peer.ip().to_canonical());
    let (outcome, ip) = match want {
        Want::Peer => (Outcome::Direct, peer),
        Want::NoPeer => (Outcome::NoPeer, None),
        Want::Addr(ip) => (Outcome::Forwarded, Some(support::ip(ip))),
        Want::Not(why) => (Outcome::Unresolved(why), None),
    };
    assert_eq!((info.outcome(), info.client_ip()), (outcome, ip), "{name}");
}

/// Headers in these tables that are not forwarding headers, so the layer keeps them.
const OTHERS: [&str; 9] = [
    "accept",
    "connection",
    "connection-info",
    "connectioninfo",
    "host",
    "peer",
    "x-forwarded-uri",
    "x-original-url",
    "x-rewrite-url",
];

fn left_over(parts: &Parts) -> Vec<&str> {
    let names = parts.headers.keys().map(HeaderName::as_str);
    names.filter(|name| !OTHERS.contains(name)).collect()
}

/// Checks that each header that is left has one line, with the value of `ConnectionInfo`.
fn check_left_over(name: &str, parts: &Parts, want: Want) {
    let left = left_over(parts);
    let Want::Addr(_) = want else { return assert_eq!(left, [""; 0], "{name}") };
    assert!(
        left.contains(&"forwarded") || left.contains(&client_header(&left)),
        "{name}: {left:?}"
    );
    let info = info(parts);
    let ip = info.client_ip().unwrap();
    let default_port = if info.is_secure() { 443 } else { 80 };
    for header in left {
        let expected = match header {
            "forwarded" => element(info),
            "x-forwarded-proto" => info.scheme().to_string(),
            "x-forwarded-host" => info.authority().unwrap().to_string(),
            "x-forwarded-port" => info.port().unwrap_or(default_port).to_string(),
            "x-forwarded-prefix" => info.prefix().unwrap().to_owned(),
            _ => ip.to_string(),
        };
        assert_eq!(lines(parts, header), [expected.as_bytes()], "{name}: {header}");
    }
}

fn client_header<'a>(left: &[&'a str]) -> &'a str {
    let is_address = |name: &&&str| {
        !["-proto", "-host", "-port", "-prefix"].iter().any(|end| name.ends_with(end))
    };
    left.iter().find(is_address).copied().unwrap_or("no header with the client's address")
}

/// Returns the `Forwarded` element of a decision without a host.
fn element(info: &ConnectionInfo) -> String {
    let mut element = match info.client_ip().unwrap() {
        ip if ip.is_ipv6() => format!("for=\"[{ip}]\""),
        ip => format!("for={ip}"),
    };
    if let Some(scheme) = info.forwarded_scheme() {
        element = format!("{element};proto={scheme}");
    }
    element
}

/// Far more time than a decision about 1 MB takes without optimization, and far less than a
/// decision takes that is not linear.
const SOON: Duration = Duration::from_secs(1);

/// Checks the fastest of three runs, since the machine may have other work.
fn check_time(name: &str, layer: &ForwardedHeaders, parts: &Parts) {
    let times = [(); 3].map(|()| {
        let begun = Instant::now();
        std::hint::black_box(layer.resolve(parts));
        begun.elapsed()
    });
    assert!(times.iter().any(|time| *time < SOON), "{name}: {times:?}");
}

/// Checks that the error shows the wrong text, and the text to write instead.
fn check_error<T: std::fmt::Debug>(
    name: &str,
    result: Result<T, ConfigError>,
    wrong: &str,
    right: &str,
) {
    let text = result.expect_err(name).to_string();
    assert!(text.contains(wrong), "{name}: {text:?} does not show {wrong:?}");
    assert!(text.contains(right), "{name}: {text:?} does not show {right:?}");
}
