//! Settings whose text takes more than a `parse`.

use http::HeaderName;

use crate::config::{ConfigError, Setting, TrustedProxies, checked_chain, holding};
use crate::header::names::Holds;

pub(super) const TRUST_TWICE: &str = "trust beside trust_chain: the last set of the chain is the proxy that connects to the app; \
     remove trust";

/// Reads the name of a header that holds this kind of value.
pub(super) fn parse(text: &str, holds: Holds) -> Result<HeaderName, ConfigError> {
    text.value().and_then(|header| holding(header, holds))
}

pub(super) fn check(header: Option<&HeaderName>, holds: Holds) -> Result<(), ConfigError> {
    header.map_or(Ok(()), |header| holding(header.clone(), holds).map(|_| ()))
}

/// Reads one set.
pub(super) fn parse_set(text: &str) -> Result<TrustedProxies, ConfigError> {
    if text.contains('|') && !text.contains('#') {
        let reason =
            "a | stands between the sets of a chain; write it to FORWARDED_HEADERS_TRUST_CHAIN";
        return Err(ConfigError::invalid("set", text, reason));
    }
    text.parse()
}

/// Reads two sets or more with `|` between them.
pub(super) fn parse_chain(text: &str) -> Result<Vec<TrustedProxies>, ConfigError> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let without_comments = lines.collect::<Vec<_>>().join("\n");
    let sets: Vec<_> = without_comments.split('|').map(str::trim_ascii).collect();
    // An unquoted `|` in a shell leaves the first set alone.
    if sets.len() == 1 {
        return Err(invalid(
            text,
            "one set is no chain; write two sets or more with | between them, in quotes in a shell",
        ));
    }
    if sets.contains(&"") {
        return Err(invalid(
            text,
            "a | has no set on one of its sides; write one between two sets",
        ));
    }
    let sets = sets.into_iter().map(str::parse).collect::<Result<_, _>>()?;
    checked_chain(sets)
}

fn invalid(text: &str, reason: &str) -> ConfigError {
    ConfigError::invalid("chain", text, reason)
}
