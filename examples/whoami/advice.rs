//! What to change about the flags of this example.

use forwarded_headers::{ConnectionInfo, Outcome, Unresolved};

/// Returns what to do if there is no client, or if the client may be a proxy.
pub(crate) fn advice(info: &ConnectionInfo) -> Option<String> {
    let here = here(info).map(|here| format!(" {here}")).unwrap_or_default();
    match (info.outcome(), info.client_ip()) {
        (Outcome::Unresolved(why), _) => Some(format!("No client: {why}.{here}")),
        (Outcome::Direct, Some(ip)) => Some(format!(
            "{ip} is not a trusted proxy, so it is the client. If it is your proxy: --trust {ip}."
        )),
        _ => None,
    }
}

/// Returns the flag of this example that does it.
pub(crate) fn here(info: &ConnectionInfo) -> Option<String> {
    match (info.outcome(), info.client_ip()) {
        (Outcome::Unresolved(Unresolved::NoHeader), _) => Some(
            "Here: --trusted-peer-may-be-client, or --client-from for the header that your proxy sends."
                .into(),
        ),
        (Outcome::Unresolved(Unresolved::ListEnds), _) => {
            Some("Here: --trust once for each proxy, outermost first.".into())
        }
        (Outcome::Direct, Some(ip)) => Some(format!(
            "Here: --trust {ip}. If it is not your proxy, change nothing: every client can send such headers."
        )),
        _ => None,
    }
}
