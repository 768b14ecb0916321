//! What attackers send, one table for each way in. The rows are numbered through, so that a reader
//! sees what is missing:
//!
//! - 80, a list of networks that changes while requests run: there is nothing to reload, a layer
//!   never changes.
//! - 129, a cacheable response that depends on the host: the app's job; `ConnectionInfo::origin`
//!   says to send `Vary` or `no-store`.
//! - 130 to 142, vendor profiles: in `profiles.rs`, but 134, since there is none for Akamai.
//! - 143 to 148, the PROXY protocol: not spoken here, the server's job.
//! - 155, one client with a /64 of addresses: the rate limiter's job; `ConnectionInfo::client_ip`
//!   says to take 64 bits.
//!
//! | who | address |
//! |---|---|
//! | client | 203.0.113.7, 2001:db8:c::7 |
//! | attacker | 198.51.100.66 |
//! | victim, whom the attacker would like to be | 203.0.113.99 |
//! | trusted proxies P1, P2; P1 is the peer unless a row says otherwise | 192.0.2.10, 192.0.2.11 |
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

use crate::support::{Line, info, lines, request, through};
use forwarded_headers::{
    ConfigError, ConnectionInfo, ForwardedHeaders, Outcome, TrustedProxies, Unresolved,
};
use http::request::Parts;
use http::{HeaderName, Request};

const CLIENT: &str = "203.0.113.7";
const ATTACKER: &str = "198.51.100.66";
const VICTIM: &str = "203.0.113.99";
const P1: &str = "192.0.2.10";
const P2: &str = "192.0.2.11";
const XFF: &str = "x-forwarded-for";

/// Whom the app must be told of.
#[derive(Debug, Clone, Copy)]
enum Want {
    /// The peer is no proxy, so it is the client.
    Peer,
    /// Nobody is the client, because nobody knows who the peer is.
    NoPeer,
    /// A trusted proxy named this address.
    Addr(&'static str),
    Not(Unresolved),
}

const MISSING: Want = Want::Not(Unresolved::Missing);
const MALFORMED: Want = Want::Not(Unresolved::Malformed);
const NOT_REPORTED: Want = Want::Not(Unresolved::NotReported);
const UNKNOWN: Want = Want::Not(Unresolved::Unknown);
const OBFUSCATED: Want = Want::Not(Unresolved::Obfuscated);

/// A name, the value of one `X-Forwarded-For` line, and the client.
type ListRow<'a> = (&'a str, &'a [u8], Want);
/// A name, header lines, and the client.
type LinesRow<'a> = (&'a str, &'a [Line<'a>], Want);

/// The trusted network, and all else as it is by default.
fn proxies() -> ForwardedHeaders {
    ForwardedHeaders::new().trust(trusted("192.0.2.0/24"))
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

/// What the app is told, and what is left for others to read.
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

/// Headers in these tables that are no forwarding headers, and so stay.
const NOT_OURS: [&str; 9] = [
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
    names.filter(|name| !NOT_OURS.contains(name)).collect()
}

/// Whoever reads a header that is left reads what `ConnectionInfo` says, from either end.
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
        let said = match header {
            "forwarded" => forwarded_by(info),
            "x-forwarded-proto" => info.scheme().to_string(),
            "x-forwarded-host" => info.authority().unwrap().to_owned(),
            "x-forwarded-port" => info.port().unwrap_or(default_port).to_string(),
            "x-forwarded-prefix" => info.prefix().unwrap().to_owned(),
            _ => ip.to_string(),
        };
        assert_eq!(lines(parts, header), [said.as_bytes()], "{name}: {header}");
    }
}

fn client_header<'a>(left: &[&'a str]) -> &'a str {
    let is_address = |name: &&&str| {
        !["-proto", "-host", "-port", "-prefix"].iter().any(|end| name.ends_with(end))
    };
    left.iter().find(is_address).copied().unwrap_or("no header with the client's address")
}

/// The one element that stands for a decision. No row here reads a host from `Forwarded` and needs
/// it quoted.
fn forwarded_by(info: &ConnectionInfo) -> String {
    let mut element = match info.client_ip().unwrap() {
        ip if ip.is_ipv6() => format!("for=\"[{ip}]\""),
        ip => format!("for={ip}"),
    };
    if let Some(scheme) = info.forwarded_scheme() {
        element.push_str(&format!(";proto={scheme}"));
    }
    element
}

/// Far more than a decision about 1 MB takes without optimisation, far less than one takes that is
/// not linear.
const SOON: Duration = Duration::from_secs(1);

/// The best of three, since the machine may have other work.
fn check_time(name: &str, layer: &ForwardedHeaders, parts: &Parts) {
    let times = [(); 3].map(|()| {
        let begun = Instant::now();
        std::hint::black_box(layer.resolve(parts));
        begun.elapsed()
    });
    assert!(times.iter().any(|time| *time < SOON), "{name}: {times:?}");
}

/// An error shows what is wrong, escaped, and says what would be right.
fn check_error<T: std::fmt::Debug>(
    name: &str,
    result: Result<T, ConfigError>,
    wrong: &str,
    right: &str,
) {
    let text = result.expect_err(name).to_string();
    assert!(text.contains(wrong), "{name}: {text:?} does not show {wrong:?}");
    assert!(text.contains(right), "{name}: {text:?} does not say {right:?}");
}
