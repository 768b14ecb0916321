//! The variables that Kubernetes sets for a Service.

/// Returns whether Kubernetes sets this name for a Service, in each container of its namespace:
/// `X_SERVICE_HOST`, `X_SERVICE_PORT`, `X_SERVICE_PORT_HTTP`, `X_PORT`, `X_PORT_80_TCP`,
/// `X_PORT_80_TCP_ADDR`, `X_PORT_80_TCP_PORT`, `X_PORT_80_TCP_PROTO`.
pub(super) fn is_of_a_service(name: &str) -> bool {
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.match_indices("_PORT_").any(|(start, part)| {
            let rest = name.get(start + part.len()..).unwrap_or_default();
            is_port(rest)
        })
}

/// Reads `80_TCP` and `80_TCP_ADDR`.
fn is_port(text: &str) -> bool {
    let mut parts = text.split('_');
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.next().is_some_and(is_number)
        && parts.next().is_some_and(|part| ["TCP", "UDP", "SCTP"].contains(&part))
        && parts.next().is_none_or(|part| ["ADDR", "PORT", "PROTO"].contains(&part))
        && parts.next().is_none()
}
