//! The decision as a list of names and texts.

use axum::http::HeaderValue;
use axum::http::uri::Authority;
use forwarded_headers::ConnectionInfo;

pub(crate) fn facts(info: &ConnectionInfo) -> [(&'static str, String); 6] {
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

/// Returns the value's ASCII text, and every other byte as `\xff`: a client chooses these bytes, and none
/// of them may control a terminal.
pub(crate) fn printable(value: &HeaderValue) -> String {
    let ascii = value.to_str().map(str::to_owned);
    ascii.unwrap_or_else(|_| value.as_bytes().escape_ascii().to_string())
}
