//! The advice about one fault, for the log.

use http::HeaderName;
use http::request::Parts;

use super::entry::Entry;
use super::help;
use super::reading::Reading;
use super::{client, guarded, values};
use crate::config::Config;
use crate::decide::Fault;
use crate::outcome::Unresolved;
use crate::peer::{FoundIn, Peer};

/// The most bytes of a host that the log shows.
const MOST_OF_HOST: usize = 64;

/// What an event says about a fault.
pub(crate) struct Advice {
    /// The help, in one line.
    pub(crate) help: Option<String>,
    /// The host that was refused, escaped.
    pub(crate) host: Option<String>,
    /// The header of the secret that the request does not carry once.
    pub(crate) secret_header: Option<HeaderName>,
}

impl Advice {
    /// Reads a request that has this fault, as it came.
    pub(crate) fn new(
        config: &Config,
        peer: (Option<Peer>, FoundIn),
        before: &Parts,
        fault: Fault,
    ) -> Self {
        let reading = Reading::from_peer(config, peer, before, before);
        let entries = [client::client(&reading), values::values(&reading)].concat();
        let host = refused_host(&entries, fault);
        let help = match fault {
            Fault::NoPeer | Fault::UntrustedHeaders | Fault::Unresolved(_) => {
                help::help(&reading, &entries)
            }
            Fault::Scheme(_) => help::scheme(&reading),
            Fault::Host => host.as_deref().map(|host| help::refused_host(&reading, host)),
        };
        let is_unproven = fault == Fault::Unresolved(Unresolved::NotProven);
        let unproven = is_unproven.then(|| guarded::unproven(&reading)).flatten();
        let secret_header = unproven.map(|(proven, _)| proven.header.clone());
        Self { help: help.map(|help| help.replace('\n', " | ")), host, secret_header }
    }
}

fn refused_host(entries: &[Entry], fault: Fault) -> Option<String> {
    let host = if fault == Fault::Host { help::refused_text(entries) } else { None };
    // Escaped, so that every byte is a character.
    host.map(|host| host.chars().take(MOST_OF_HOST).collect())
}
