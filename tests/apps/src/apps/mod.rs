//! One module for each crate: an app that uses it, and what it returned.

use std::net::SocketAddr;

pub mod axum;
pub mod axum_client_ip;
pub mod axum_extra;
pub mod axum_login;
pub mod axum_reverse_proxy;
pub mod axum_server;
pub mod axum_session;
pub mod jsonrpsee;
mod lambda;
pub mod onward;
pub mod opentelemetry;
mod proxy_protocol;
pub mod sentry;
pub mod tonic;
pub mod tower_governor;
pub mod tower_http;
pub mod tower_sessions;

/// Returns an address and its port. The port of a connection is another one each time.
fn shown(address: SocketAddr) -> String {
    if address.port() == 0 { address.to_string() } else { format!("{}:PORT", address.ip()) }
}
