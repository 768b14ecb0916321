//! The entries about headers of secrets and identities, without their texts.

use http::HeaderName;

use super::client::as_item;
use super::entry::{Entry, HIDDEN, Verdict};
use super::help::title_case;
use super::reading::Reading;
use crate::config::Proof;
use crate::config::identity::IdentityHeader;
use crate::config::proof::Proven;
use crate::outcome::{Outcome, Unresolved};
use crate::peer::Peer;

/// Returns the entries of the headers of secrets, then of identities.
pub(super) fn guarded(reading: &Reading<'_>) -> Vec<Entry> {
    let names = reading.config.guarded.iter();
    let mut entries: Vec<_> = names.flat_map(|name| lines(reading, name)).collect();
    if let Some((proven, Proof::Missing)) = unproven(reading) {
        let name = proven.header.as_str();
        entries.push(Entry::new(name, None, Verdict::Secret(Proof::Missing)));
    }
    entries
}

fn lines(reading: &Reading<'_>, name: &HeaderName) -> Vec<Entry> {
    let of_name = |identity: &&IdentityHeader| identity.name == *name;
    match reading.config.identity.iter().find(of_name) {
        Some(identity) => identity_lines(reading, identity),
        None => secret_lines(reading, name),
    }
}

fn secret_lines(reading: &Reading<'_>, name: &HeaderName) -> Vec<Entry> {
    let of_name = |proven: &&Proven| proven.header == *name;
    let proofs = reading.config.chain.proven().filter(of_name);
    let mut proofs = proofs.map(|proven| proven.proof(&reading.before.headers));
    let first = proofs.next().unwrap_or(Proof::Wrong);
    // Sets side by side may share a header.
    let proof = proofs.find(|proof| *proof == Proof::Right).unwrap_or(first);
    reading.hidden_lines_of(name, &Verdict::Secret(proof))
}

fn identity_lines(reading: &Reading<'_>, identity: &IdentityHeader) -> Vec<Entry> {
    let why = if !reading.resolved.is_written_by(identity.writer) {
        match reading.outcome() {
            Outcome::Forwarded => "the request did not come through every proxy of the chain",
            _ => "no trusted proxy forwarded the request",
        }
    } else if reading.texts(&identity.name).len() > 1 {
        "a trusted proxy writes one line"
    } else {
        return reading.hidden_lines_of(&identity.name, &Verdict::IdentityKept);
    };
    let mut entries = reading.hidden_lines_of(&identity.name, &Verdict::IdentityRemoved);
    for entry in &mut entries {
        entry.note = format!("removed: {why}");
    }
    entries
}

/// Returns the first set with a secret that holds the sender that is not proven, and what the request
/// carries. `None` if the outcome is another.
pub(super) fn unproven<'a>(reading: &Reading<'a>) -> Option<(&'a Proven, Proof)> {
    let sender = unproven_sender(reading)?;
    let set = reading.config.chain.set(usize::from(reading.resolved.hops))?;
    let holds = |proven: &&Proven| proven.proxies.item_of(&sender).is_some();
    let proven = set.proven().iter().find(holds)?;
    Some((proven, proven.proof(&reading.before.headers)))
}

fn unproven_sender(reading: &Reading<'_>) -> Option<Peer> {
    if reading.outcome() != Outcome::Unresolved(Unresolved::NotProven) {
        return None;
    }
    match reading.steps.0.last() {
        None => reading.peer,
        Some(step) => Some(step.sender()),
    }
}

/// Advises on a secret that the request does not carry once.
pub(super) fn help(reading: &Reading<'_>) -> Option<String> {
    let (proven, proof) = unproven(reading)?;
    let sender = as_item(unproven_sender(reading)?);
    let header = title_case(&proven.header);
    let help = format!("if {sender} is your proxy, have it set {header} to the secret");
    Some(match proof {
        Proof::Twice => format!("{help}, in place of the client's: not add a line"),
        Proof::Wrong => format!("{help}; it sent another text"),
        Proof::Missing | Proof::Right => help,
    })
}

impl Reading<'_> {
    /// Makes an entry of each line of a header, without its text.
    pub(super) fn hidden_lines_of(&self, name: &HeaderName, verdict: &Verdict) -> Vec<Entry> {
        let mut entries = self.lines_of(name, verdict);
        for entry in &mut entries {
            entry.text = Some(HIDDEN.into());
        }
        entries
    }
}
