//! The headers of the request, and what happened to each.

use axum::http::HeaderMap;
use forwarded_headers::explain::{Entry, Explanation, Verdict};

use super::facts::printable;
use super::html::{escape, short, shortened};

/// The most characters of a value.
const VALUE: usize = 120;

/// What happened to a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    Kept,
    Rewritten(String),
    Removed,
    /// The request has no such header.
    NotSent,
}

/// One line of a header, or what is no header: the URI, the record of the peer.
pub(crate) struct Row {
    name: String,
    /// The texts, and whether each is still there.
    texts: Vec<(String, bool)>,
    pub(crate) change: Change,
    note: String,
}

/// Returns the rows of what the layer read, removed or rewrote.
pub(crate) fn rows(why: &Explanation, left: &HeaderMap) -> Vec<Row> {
    let shown = why.entries().iter().filter(|entry| is_shown(entry)).collect::<Vec<_>>();
    let lines = shown.chunk_by(|one, next| (&one.name, one.line) == (&next.name, next.line));
    lines.map(|line| row(line, left)).collect()
}

/// The peer is in the picture, and a parameter of `Forwarded` in its line.
fn is_shown(entry: &Entry) -> bool {
    entry.name != "peer"
        && !entry.name.contains(' ')
        && !matches!(entry.verdict, Verdict::Missing { .. })
}

fn row(line: &[&Entry], left: &HeaderMap) -> Row {
    let change = change(line, left);
    let main = line.iter().find(|entry| is_used(&entry.verdict)).or(line.first());
    let note = main.map(|entry| reason(&entry.note)).unwrap_or_default();
    let text = |entry: &&Entry| Some((entry.text.clone()?, is_left(entry, &change)));
    let texts = line.iter().rev().filter_map(text).collect();
    let name = line.first().map(|entry| entry.name.clone()).unwrap_or_default();
    Row { name, texts, change, note }
}

fn is_used(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Client { .. } | Verdict::Used(_))
}

/// Returns whether the app still sees the text.
fn is_left(entry: &Entry, change: &Change) -> bool {
    match change {
        Change::Kept | Change::NotSent => true,
        Change::Removed => false,
        Change::Rewritten(now) => entry.text.as_ref() == Some(now) && is_used(&entry.verdict),
    }
}

fn change(line: &[&Entry], left: &HeaderMap) -> Change {
    let Some(entry) = line.first() else { return Change::NotSent };
    if let Some(now) = entry.note.strip_prefix("rewritten: ") {
        return Change::Rewritten(now.into());
    }
    if entry.text.is_none() {
        return Change::NotSent;
    }
    let now: Vec<_> = left.get_all(&entry.name).iter().map(printable).collect();
    match &now[..] {
        // An authority of the URI that is kept.
        [] if entry.name == "uri" => Change::Kept,
        [] => Change::Removed,
        [_] if entry.line.is_some() && !line.iter().any(|entry| is_used(&entry.verdict)) => {
            Change::Removed
        }
        [now] => rewritten(line, now),
        _ => Change::Kept,
    }
}

/// Compares the line with what it is now. An explanation shows 256 bytes of a text.
fn rewritten(line: &[&Entry], now: &str) -> Change {
    let texts = line.iter().rev().filter_map(|entry| entry.text.as_deref());
    let before = texts.collect::<Vec<_>>().join(", ").replace("\\\\", "\\");
    let is_same = match before.strip_suffix("...") {
        Some(start) => now.starts_with(start),
        None => before == now,
    };
    if is_same { Change::Kept } else { Change::Rewritten(now.into()) }
}

/// Returns the note without what happened to the header, which has a place of its own.
pub(crate) fn reason(note: &str) -> String {
    let note = note.split("; rewritten: ").next().unwrap_or_default();
    note.replacen(", removed", "", 1).trim_start_matches("removed: ").to_owned()
}

impl Row {
    /// Returns whether it is no header: the URI, or the record of the peer.
    pub(crate) fn is_beside_headers(&self) -> bool {
        ["uri", "connect-info"].contains(&self.name.as_str())
    }

    pub(crate) fn html(&self) -> String {
        format!(
            "<tr><th scope=\"row\"><code>{}</code></th><td><code>{}</code></td><td>{}</td></tr>\n",
            short(&self.name, 40),
            self.value(),
            self.status()
        )
    }

    /// Returns the texts with what the app no longer sees struck through, commas included.
    fn value(&self) -> String {
        let (mut html, mut room) = (vec![], VALUE);
        for (text, is_left) in &self.texts {
            if room == 0 {
                break;
            }
            let text = shortened(text, room);
            room = room.saturating_sub(text.chars().count() + 2);
            html.push((if text.is_empty() { "(empty)".into() } else { escape(&text) }, *is_left));
        }
        let more = if html.len() < self.texts.len() { ", …" } else { "" };
        let last = html.len().saturating_sub(1);
        let texts = html.iter().enumerate().map(|(index, (text, is_left))| {
            let comma = if index < last { "," } else { "" };
            if *is_left { format!("{text}{comma}") } else { format!("<s>{text}{comma}</s>") }
        });
        let texts = texts.collect::<Vec<_>>().join(" ") + more;
        if texts.is_empty() { "–".into() } else { texts }
    }

    fn status(&self) -> String {
        let note = short(&self.note, VALUE);
        match &self.change {
            Change::NotSent => match note.strip_prefix("not sent") {
                Some(rest) => format!("<b>missing</b>{rest}"),
                None => format!("<b>missing</b>, {note}"),
            },
            Change::Kept => format!("kept, {note}"),
            Change::Removed => format!("<b>removed</b>, {note}"),
            Change::Rewritten(now) => {
                format!("<b>rewritten</b> to <code>{}</code>", short(now, 80))
            }
        }
    }
}

/// Returns the rows of the headers that the layer does not touch, as the app gets them.
pub(crate) fn others(why: &Explanation, left: &HeaderMap) -> Vec<String> {
    let is_explained = |name: &str| why.entries().iter().any(|entry| entry.name == name);
    let others = left.iter().filter(|(name, _)| !is_explained(name.as_str()));
    let row = |(name, value): (&axum::http::HeaderName, _)| {
        format!(
            "<tr><th scope=\"row\"><code>{}</code></th><td><code>{}</code></td></tr>\n",
            short(name.as_str(), 40),
            short(&printable(value), VALUE)
        )
    };
    others.map(row).collect()
}

/// Joins as many rows as fit into this many bytes. Returns the number of the other rows.
pub(crate) fn within(rows: impl IntoIterator<Item = String>, most: usize) -> (String, usize) {
    let (mut joined, mut more) = (String::new(), 0);
    for row in rows {
        if more > 0 || joined.len() + row.len() > most {
            more += 1;
        } else {
            joined.push_str(&row);
        }
    }
    (joined, more)
}
