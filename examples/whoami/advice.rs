//! What to change about the flags of this example.

use forwarded_headers::{ConnectionInfo, Outcome, Unresolved};

/// Returns what to do if there is no client, or if the client may be a proxy.
pub(crate) fn advice(info: &ConnectionInfo) -> Option<String> {
    let why = match (info.outcome(), info.client_ip()) {
        (Outcome::Unresolved(why), _) => why,
        (Outcome::Direct, Some(ip)) => {
            return Some(format!(
                "{ip} is not a trusted proxy, so it is the client. If it is your proxy: --trust {ip}."
            ));
        }
        _ => return None,
    };
    let here = match why {
        Unresolved::NoHeader => {
            " Here: --trusted-peer-may-be-client, or --client-from for the header that your proxy sends."
        }
        Unresolved::ListEnds => " Here: --trust once for each proxy, outermost first.",
        _ => "",
    };
    Some(format!("No client: {why}.{here}"))
}
