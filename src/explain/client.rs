//! The entries about the peer, and about the header that reports the client.

use http::HeaderName;

use super::entry::{After, Entry, REMOVED, Verdict};
use super::help::is_inner;
use super::reading::Reading;
use super::steps::{Spot, Spots, Step};
use crate::config::ClientFrom;
use crate::config::origin::Advised;
use crate::decide::Verdict as Led;
use crate::header::list::LastComma;
use crate::header::{forwarded, x_forwarded};
use crate::outcome::{Outcome, Unresolved};
use crate::peer::{FoundIn, Peer};

/// Returns a peer as text, without its port.
pub(super) fn without_port(peer: Option<Peer>) -> String {
    match peer {
        Some(Peer::Unix) => "the Unix socket".into(),
        Some(peer) => as_item(peer),
        None => "the peer".into(),
    }
}

pub(super) fn peer(reading: &Reading<'_>) -> Entry {
    let text = match reading.peer {
        Some(Peer::Inet(address)) => Some(address.to_string()),
        Some(Peer::Unix) => Some("a Unix socket".into()),
        None => None,
    };
    let set = reading.config.chain.set(0);
    let item = reading.peer.and_then(|peer| set?.item_of(&peer));
    let verdict = match (reading.peer, item) {
        (Some(_), Some(item)) if reading.is_stopped_at_peer() => {
            Verdict::NotProven { reported_by: None, item: item.into() }
        }
        (Some(_), Some(item)) => Verdict::TrustedPeer { item: item.into() },
        (Some(_), None) => Verdict::UntrustedPeer,
        (None, _) => Verdict::UnknownPeer,
    };
    let place = found_in(reading.found_in);
    let note = match &verdict {
        Verdict::UnknownPeer if reading.found_in == FoundIn::Function => {
            "peer_from found none".into()
        }
        Verdict::TrustedPeer { .. } if reading.outcome() == Outcome::NotForwarded => {
            format!("{}; the client, since it sent no forwarding header", verdict.sentence())
        }
        Verdict::TrustedPeer { .. } => format!("{} (from {place})", verdict.sentence()),
        _ => verdict.sentence(),
    };
    Entry { note, ..Entry::new("peer", text.as_deref().map(str::as_bytes), verdict) }
}

fn found_in(place: FoundIn) -> &'static str {
    match place {
        FoundIn::Peer => "Peer",
        FoundIn::SocketAddr => "SocketAddr",
        FoundIn::ConnectInfo | FoundIn::UnixConnectInfo => "ConnectInfo",
        FoundIn::MockConnectInfo => "MockConnectInfo",
        FoundIn::TcpConnectInfo => "TcpConnectInfo",
        FoundIn::UdsConnectInfo => "UdsConnectInfo",
        FoundIn::Function => "peer_from",
        FoundIn::Nowhere => "nowhere",
    }
}

/// Returns the entries of the header that reports the client, rightmost first.
pub(super) fn client(reading: &Reading<'_>) -> Vec<Entry> {
    let Some(name) = &reading.config.names.client else { return vec![] };
    let lines = reading.texts(name);
    if !reading.is_trusted() || reading.is_stopped_at_peer() {
        return reading.lines_of(name, &Verdict::NotRead);
    }
    if lines.is_empty() {
        return vec![Entry::new(name.as_str(), None, Verdict::NotSent)];
    }
    match reading.config.client {
        ClientFrom::List(..) => list(reading, name, x_forwarded::last_comma),
        ClientFrom::Forwarded => list(reading, name, forwarded::last_comma),
        _ => reading.lines_of(name, &end_of_one(reading, lines.len())),
    }
}

/// Returns the verdict on the line of a header with one address.
fn end_of_one(reading: &Reading<'_>, lines: usize) -> Verdict {
    match reading.steps.0.first() {
        Some(step) if lines == 1 => verdict(reading, 0, step.led),
        _ => Verdict::Unusable { reported_by: reading.reporter(0), why: Unresolved::Malformed },
    }
}

fn list(reading: &Reading<'_>, name: &HeaderName, last_comma: LastComma) -> Vec<Entry> {
    let texts = reading.texts(name);
    let place = usize::from(reading.config.nearest_place());
    let lines = &reading.found.client();
    let spots = Spots::of(lines, &texts, place - 1, &reading.steps, last_comma);
    let entry = |spot: &Spot<'_>, verdict: Verdict| {
        let entry = Entry::new(name.as_str(), Some(spot.text), verdict);
        let line = (texts.len() > 1).then_some((spot.line + 1, texts.len()));
        Entry { line, range: Some(spot.range.clone()), ..entry }
    };
    let mut entries: Vec<_> =
        spots.skipped.iter().map(|spot| entry(spot, Verdict::Skipped)).collect();
    for (index, (spot, step)) in spots.read.iter().zip(&reading.steps.0).enumerate() {
        entries.push(entry(spot, verdict(reading, index, step.led)));
    }
    if reading.steps.0.last().is_none_or(|step| step.led == Led::Proxy)
        && reading.outcome() == Outcome::Unresolved(Unresolved::ListEnds)
    {
        let reporter = reading.reporter(reading.steps.0.len());
        entries.push(Entry::new(name.as_str(), None, Verdict::Missing { reporter }));
    }
    let unread = unread(reading);
    entries.extend(spots.unread.iter().map(|spot| entry(spot, unread.clone())));
    if reading.outcome() != Outcome::Forwarded {
        let left = entries.iter_mut().filter(|entry| entry.verdict == Verdict::LeftOfReports);
        left.for_each(|entry| entry.note = "not read: left of the last report".into());
    }
    if spots.has_more {
        let note = "more entries, not shown".into();
        entries.push(Entry { note, ..Entry::new(name.as_str(), Some(b"..."), unread) });
    }
    add_effects(reading, name, &mut entries);
    entries
}

/// Returns the verdict on the entries that the walk does not reach.
fn unread(reading: &Reading<'_>) -> Verdict {
    match reading.outcome() {
        Outcome::Unresolved(Unresolved::ExtraEntries) => Verdict::Extra,
        _ => Verdict::LeftOfReports,
    }
}

/// Adds what happened to the header, and what to do if the client is a proxy.
fn add_effects(reading: &Reading<'_>, name: &HeaderName, entries: &mut [Entry]) {
    if let Some(client) = entries.iter_mut().find(|entry| is_client(entry)) {
        reading.add_rewritten(client, name);
    }
    if reading.after_of(name) == After::Removed {
        let removed = entries.iter_mut().filter(|entry| is_of_no_use(entry));
        removed.for_each(|entry| entry.note.push_str(REMOVED));
    }
    // Of an inner client, the help has the chain.
    let client = reading.resolved.client_ip().filter(|client| !is_inner(*client));
    let left = entries.iter_mut().find(|entry| entry.verdict == Verdict::LeftOfReports);
    if let (Some(client), Some(left)) = (client, left) {
        left.note.push_str(&format!("; if {client} is your proxy, see trust_chain"));
    }
}

/// Returns the call that trusts each proxy of the walk and the client, outermost first. `None` if a set
/// was made for another walk, or the client has no address.
pub(super) fn chain_with_client(reading: &Reading<'_>) -> Option<String> {
    let addresses = reading.steps.0.iter().map(|step| step.address.ok());
    let addresses = addresses.rev().map(|ip| ip.map(|ip| ip.to_string()));
    let mut sets = addresses.collect::<Option<Vec<_>>>()?;
    sets.push(as_item(reading.peer?));
    Some(reading.line(Advised::Chain(&sets)))
}

/// Returns the item of a set that contains this peer alone.
pub(super) fn as_item(peer: Peer) -> String {
    match peer {
        Peer::Inet(address) => address.ip().to_canonical().to_string(),
        Peer::Unix => "unix".into(),
    }
}

fn is_of_no_use(entry: &Entry) -> bool {
    use Verdict::{Extra, LeftOfReports, NotBelieved, OtherLink, Unusable};
    matches!(
        entry.verdict,
        Unusable { .. } | NotBelieved { .. } | OtherLink { .. } | LeftOfReports | Extra
    )
}

fn is_client(entry: &Entry) -> bool {
    matches!(entry.verdict, Verdict::Client { .. })
}

/// Returns the verdict on the report of a step.
fn verdict(reading: &Reading<'_>, index: usize, led: Led) -> Verdict {
    let reported_by = reading.reporter(index);
    match (led, reading.outcome()) {
        (Led::Proxy, _) => Verdict::TrustedProxy { reported_by, item: item(reading, index) },
        (Led::NotProven, _) => {
            Verdict::NotProven { reported_by: Some(reported_by), item: item(reading, index) }
        }
        (Led::ZonedProxy, _) => Verdict::OtherLink { reported_by },
        (Led::End, Outcome::Forwarded) => Verdict::Client { reported_by },
        (Led::End, Outcome::Unresolved(Unresolved::ExtraEntries)) => {
            Verdict::NotBelieved { reported_by }
        }
        (Led::End, Outcome::Unresolved(why)) => Verdict::Unusable { reported_by, why },
        (Led::End, Outcome::Direct | Outcome::NoPeer | Outcome::NotForwarded) => Verdict::NotRead,
    }
}

/// Returns the item that contains the address of a step.
pub(super) fn item(reading: &Reading<'_>, index: usize) -> String {
    let set = reading.config.chain.set(index + 1);
    let sender = reading.steps.0.get(index).map_or(Peer::Unix, Step::sender);
    set.and_then(|set| set.item_of(&sender)).unwrap_or_default().into()
}

impl Reading<'_> {
    /// Returns whether the peer is trusted only with a secret, which the request does not carry.
    fn is_stopped_at_peer(&self) -> bool {
        let is_not_proven = self.outcome() == Outcome::Unresolved(Unresolved::NotProven);
        is_not_proven && self.resolved.hops == 0
    }

    /// Returns the proxy that made the report of a step.
    pub(super) fn reporter(&self, step: usize) -> String {
        match step.checked_sub(1).and_then(|before| self.steps.0.get(before)) {
            Some(step) => step.address.map_or("unix:".into(), |ip| ip.to_string()),
            None => without_port(self.peer),
        }
    }
}
