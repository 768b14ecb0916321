//! Which values are right: what the app should know of a request.

use crate::situation::{Client, Situation};

/// What a crate returns.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// The client's address. If no proxy reports it, each address of the machine or `0.0.0.0`.
    Address,
    /// The `X-Forwarded-For` of a request that was passed on. Its reader walks from the right, past
    /// the proxy.
    List,
    /// Where the app redirects to, or what it logs: a path, or the URL that the client asked for.
    Url,
    /// The host that the client asked for.
    Host,
    /// The scheme that the client used.
    Scheme,
    /// This value, in every situation.
    Always(&'static str),
}

impl Kind {
    pub fn is_right(self, situation: Situation, value: &str) -> bool {
        match self {
            Self::Always(right) => value == right,
            Self::Address => is_address(situation, without_port(value)),
            Self::List => is_address(situation, nearest(value)),
            Self::Url => is_url(situation, value),
            Self::Host => is_host(situation, value),
            Self::Scheme => value == if situation.is_https() { "https" } else { "http" },
        }
    }
}

fn is_address(situation: Situation, value: &str) -> bool {
    match situation.client_address(Client::First) {
        Some(client) => value == client.to_string(),
        None => value.parse::<std::net::IpAddr>().is_ok() || value == "none",
    }
}

fn without_port(value: &str) -> &str {
    value.split(':').next().unwrap_or(value)
}

/// Returns the last entry that is not the proxy's address.
fn nearest(list: &str) -> &str {
    let entries = list.rsplit(", ");
    entries.clone().find(|entry| *entry != "127.0.0.1").unwrap_or(list)
}

fn is_url(situation: Situation, value: &str) -> bool {
    value.starts_with('/') || situation.is_https() && value.starts_with("https://www.example/")
}

fn is_host(situation: Situation, value: &str) -> bool {
    match situation {
        Situation::HealthCheck => value.starts_with("127.0.0.1"),
        Situation::OtherHost => value != "evil.example",
        _ => value == "www.example",
    }
}
