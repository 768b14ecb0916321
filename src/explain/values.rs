//! The entries about scheme, host, port and prefix, about other headers, and about what was rewritten.

use http::header::{HOST, HeaderName};

use super::entry::{After, Entry, Value, Verdict};
use super::escape::escape;
use super::reading::Reading;
use crate::config::SchemeFrom;
use crate::decide::is_forwarding;
use crate::outcome::Absent;
use crate::peer::Peer;

/// The most headers that are shown of those that are not read.
const MOST_OTHERS: usize = 32;

pub(super) fn values(reading: &Reading<'_>) -> Vec<Entry> {
    let names = &reading.config.names;
    let reported = &reading.resolved.reported;
    let mut entries = vec![];
    match &reading.config.scheme {
        SchemeFrom::Forwarded => {
            entries.extend(parameter(reading, Value::Scheme, "forwarded proto", reported.scheme));
        }
        _ => entries.extend(value(reading, Value::Scheme, names.scheme.as_ref(), reported.scheme)),
    }
    let host = reported.host.and(reported.authority);
    if reading.config.host_beside_client {
        entries.extend(parameter(reading, Value::Host, "forwarded host", host));
    } else {
        entries.extend(value(reading, Value::Host, names.host.as_ref(), host));
    }
    entries.extend(own_host(reading));
    entries.extend(value(reading, Value::Port, names.port.as_ref(), reported.port));
    let prefix = reading.resolved.prefix.as_ref().map(drop).map_err(|why| *why);
    entries.extend(value(reading, Value::Prefix, names.prefix.as_ref(), prefix));
    entries
}

/// Returns the entries of a value that has a header of its own.
fn value(
    reading: &Reading<'_>,
    value: Value,
    name: Option<&HeaderName>,
    reported: Result<(), Absent>,
) -> Vec<Entry> {
    let Some(name) = name else { return vec![] };
    let verdict = Verdict::of(value, reported);
    let mut entries = reading.lines_of(name, &verdict);
    if entries.is_empty() && reported == Err(Absent::NotSent) {
        entries.push(Entry::new(name.as_str(), None, verdict));
    }
    for entry in &mut entries {
        add_consequence(reading, entry);
        if reported.is_ok() {
            reading.add_rewritten(entry, name);
        }
    }
    entries
}

/// Returns the entry of a value that stands in the client's element of `Forwarded`.
fn parameter(
    reading: &Reading<'_>,
    value: Value,
    name: &str,
    reported: Result<(), Absent>,
) -> Option<Entry> {
    if matches!(reported, Err(Absent::NotTrusted | Absent::NotBelieved)) {
        return None;
    }
    let step = reading.steps.0.last();
    let text = step.and_then(|step| match value {
        Value::Scheme => step.proto.as_deref(),
        _ => step.host.as_deref(),
    });
    let mut entry = Entry::new(name, text, Verdict::of(value, reported));
    add_consequence(reading, &mut entry);
    Some(entry)
}

/// Adds what follows from an absent value.
fn add_consequence(reading: &Reading<'_>, entry: &mut Entry) {
    match entry.verdict {
        Verdict::Absent(Value::Scheme, _) => {
            entry.note.push_str(&format!("; the scheme is {}", reading.resolved.scheme.as_str()));
        }
        Verdict::Absent(Value::Host, _) if reading.resolved.authority.is_none() => {
            entry.note.push_str(": no host");
        }
        _ => {}
    }
}

/// Returns the entries of the URI's authority, and of `Host`.
fn own_host(reading: &Reading<'_>) -> Vec<Entry> {
    let is_reported = reading.resolved.reported.host.is_ok();
    let own = Verdict::of(Value::Host, reading.resolved.reported.authority);
    let mut entries = vec![];
    let of_uri = reading.before.uri.authority();
    if let Some(authority) = of_uri {
        let verdict = if is_reported { Verdict::SecondHost } else { own.clone() };
        let mut entry = Entry::new("uri", Some(authority.as_str().as_bytes()), verdict);
        add_consequence(reading, &mut entry);
        entries.push(entry);
    }
    let is_second = is_reported || of_uri.is_some();
    let verdict = if is_second { Verdict::SecondHost } else { own.clone() };
    let mut hosts = reading.lines_of(&HOST, &verdict);
    if hosts.is_empty() && !is_second {
        hosts.push(Entry::new("host", None, own));
    }
    for entry in &mut hosts {
        if is_second && reading.after_of(&HOST) == After::Removed {
            let first = if is_reported { "the reported host" } else { "the host of the URI" };
            entry.note = format!("removed: {first} comes first, and was refused");
        } else {
            add_consequence(reading, entry);
            reading.add_rewritten(entry, &HOST);
        }
    }
    entries.extend(hosts);
    entries
}

/// Returns the entries of the forwarding headers that are not read, and how many are not shown.
pub(super) fn others(reading: &Reading<'_>) -> (Vec<Entry>, usize) {
    let config = reading.config;
    let read = config.names.as_ref().map(Option::as_ref).into_array();
    let is_shown = |name: &HeaderName| read.contains(&Some(name)) || config.guarded.contains(name);
    let headers = &reading.before.headers;
    let names = headers.keys().filter(|name| is_forwarding(config, name) && !is_shown(name));
    let names: Vec<_> = names.collect();
    let lines = |name: &&HeaderName| {
        // What looks like a secret's header may hold the secret.
        if config.is_guarded(name) {
            reading.hidden_lines_of(name, &Verdict::NotRead)
        } else {
            reading.lines_of(name, &Verdict::NotRead)
        }
    };
    let entries = names.iter().take(MOST_OTHERS).flat_map(lines).collect();
    (entries, names.len().saturating_sub(MOST_OTHERS))
}

/// Returns the entries of what is no header: the URI, and the record of the peer.
pub(super) fn rewritten(reading: &Reading<'_>) -> Vec<Entry> {
    let (before, after) = (&reading.before.uri, &reading.after.uri);
    let uri = (before != after).then(|| {
        let (before, after) = (without_query(before), without_query(after));
        rewriting("uri", before.as_bytes(), after.as_bytes())
    });
    let record = |parts: &http::request::Parts| match Peer::from_extensions(&parts.extensions) {
        Some(Peer::Inet(address)) => address.to_string(),
        Some(Peer::Unix) => "a Unix socket".into(),
        None => "0.0.0.0:0".into(),
    };
    let has_peer = Peer::from_extensions(&reading.before.extensions).is_some();
    let (before, after) = (record(reading.before), record(reading.after));
    let is_changed = has_peer && before != after;
    let connect_info =
        is_changed.then(|| rewriting("connect-info", before.as_bytes(), after.as_bytes()));
    [uri, connect_info].into_iter().flatten().collect()
}

fn rewriting(name: &str, before: &[u8], after: &[u8]) -> Entry {
    let note = format!("rewritten: {}", escape(after));
    Entry { note, ..Entry::new(name, Some(before), Verdict::Rewritten) }
}

/// Returns a URI without its query, which may hold a secret.
fn without_query(uri: &http::Uri) -> String {
    let scheme = uri.scheme_str().map(|scheme| format!("{scheme}://")).unwrap_or_default();
    let authority = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
    format!("{scheme}{authority}{}", uri.path())
}
