//! curl, as the client.

use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::Line;

/// How a client may speak to a proxy.
pub(crate) struct Wire {
    pub(crate) scheme: &'static str,
    pub(crate) version: &'static str,
    argument: &'static str,
}

pub(crate) const PLAIN: Wire = Wire { scheme: "http", version: "1.1", argument: "--http1.1" };
pub(crate) const TLS: Wire = Wire { scheme: "https", version: "1.1", argument: "--http1.1" };
pub(crate) const HTTP2: Wire = Wire { scheme: "https", version: "2", argument: "--http2" };
pub(crate) const WIRES: [Wire; 3] = [PLAIN, TLS, HTTP2];

/// What comes back: the app's answer, or what was refused and how.
pub(crate) type Answer = Result<String, String>;

/// A request from `client`, for `target` at app.example, to a server on its machine.
pub(crate) fn ask(
    wire: &Wire,
    client: IpAddr,
    port: u16,
    target: &str,
    lines: &[Line<'_>],
) -> Answer {
    let server = if client.is_ipv6() { "[::1]" } else { "127.0.0.1" };
    let server = format!("app.example:{port}:{server}:{port}");
    let way = ["--interface", &client.to_string(), "--connect-to", &server];
    send(wire, &way, port, target, lines)
}

/// A request from a client without an address.
pub(crate) fn ask_at_socket(
    wire: &Wire,
    socket: &Path,
    target: &str,
    lines: &[Line<'_>],
) -> Answer {
    send(wire, &["--unix-socket", socket.to_str().unwrap()], 80, target, lines)
}

/// `way` has curl's arguments for the connection.
fn send(wire: &Wire, way: &[&str], port: u16, target: &str, lines: &[Line<'_>]) -> Answer {
    // Varnish and Traffic Server are caches: no two requests are for the same page.
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = format!("?{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let output = curl(wire, way, port, &[target, &number].concat(), lines);
    answer(wire, &output).map(|text| text.replace(&number, ""))
}

fn curl(wire: &Wire, way: &[&str], port: u16, target: &str, lines: &[Line<'_>]) -> Output {
    let mut curl = Command::new("curl");
    curl.args(["-q", "--silent", "--show-error", "--max-time", "20", "--noproxy", "*"]);
    curl.args(["--insecure", wire.argument]).args(way);
    curl.args(["--write-out", "%{response_code} %{http_version}"]);
    curl.args(["-H", "User-Agent:", "-H", "Accept:", "--request-target", target]);
    if lines.iter().all(|(name, _)| *name != "Host") {
        curl.args(["-H", "Host: app.example"]);
    }
    curl.args(lines.iter().flat_map(|line| ["-H".into(), argument(line)]));
    curl.arg(format!("{}://app.example:{port}/", wire.scheme));
    curl.output().expect("these tests need curl")
}

/// curl's `name: value`, or `name;` for one that is empty.
fn argument((name, value): &Line<'_>) -> OsString {
    let separator: &[u8] = if value.is_empty() { b";" } else { b": " };
    OsString::from_vec([name.as_bytes(), separator, value].concat())
}

fn answer(wire: &Wire, output: &Output) -> Answer {
    let text = String::from_utf8_lossy(&output.stdout);
    let ending = format!("200 {}", wire.version);
    match text.strip_suffix(&ending) {
        Some(answer) => Ok(answer.to_owned()),
        None => Err(format!("{text} {}", String::from_utf8_lossy(&output.stderr))),
    }
}
