//! The explanation as text.

use std::fmt;

use super::client::without_port;
use super::help::title_case;
use super::reading::Reading;
use super::{Entry, Explanation};
use crate::outcome::{Outcome, Unresolved};
use crate::peer::Peer;

/// Returns the decision in one line.
pub(super) fn summary(reading: &Reading<'_>) -> String {
    if let Some(why) = why_no_client(reading) {
        return format!("no client: {why}");
    }
    let resolved = &reading.resolved;
    let client = match (resolved.client_ip(), reading.peer) {
        (Some(ip), _) => ip.to_string(),
        (None, Some(Peer::Unix)) => "at a Unix socket".into(),
        (None, _) => "unknown".into(),
    };
    let authority = resolved.authority.as_ref();
    let host = authority.map_or("no host", |authority| authority.as_str());
    let prefix = resolved.prefix.as_ref().map(|prefix| format!(", {prefix}")).unwrap_or_default();
    format!("client {client}, {}, {host}{prefix}", resolved.scheme.as_str())
}

fn why_no_client(reading: &Reading<'_>) -> Option<String> {
    let header = reading.config.names.client.as_ref().map(title_case).unwrap_or_default();
    let steps = &reading.steps.0;
    let reporter = reading.reporter(steps.len().saturating_sub(1));
    let why = match reading.outcome() {
        Outcome::NoPeer => return Some("the peer is unknown".into()),
        Outcome::Unresolved(why) => why,
        Outcome::Direct | Outcome::NotForwarded | Outcome::Forwarded => return None,
    };
    Some(match why {
        Unresolved::NoHeader => {
            format!("{} is trusted and sent no {header}", without_port(reading.peer))
        }
        Unresolved::ListEnds => "the list ends where one more proxy's report is due".into(),
        Unresolved::Malformed => format!("{reporter} reported a text that is not a usable address"),
        Unresolved::ExtraEntries => format!("{header} holds more than trusted proxies write"),
        Unresolved::Unknown => format!("{reporter} does not know its client"),
        Unresolved::Obfuscated => format!("{reporter} hides its client behind an identifier"),
        Unresolved::NotProven => {
            format!("{} is trusted only with a secret", reading.reporter(steps.len()))
        }
        Unresolved::NotConfigured => "the configuration reads no address".into(),
    })
}

/// Returns the first column: the name, once for a list, and the line if there are several.
fn label(entry: &Entry, before: Option<&Entry>) -> String {
    let is_same =
        before.is_some_and(|before| (&before.name, before.line) == (&entry.name, entry.line));
    match entry.line {
        _ if is_same => String::new(),
        Some((line, count)) => format!("{} ({line} of {count})", entry.name),
        None => entry.name.clone(),
    }
}

fn text(entry: &Entry) -> &str {
    match entry.text.as_deref() {
        None => "(nothing)",
        Some("") => "(empty)",
        Some(text) => text,
    }
}

/// The longest text that widens its column for all rows.
const WIDE: usize = 48;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary)?;
        let before = std::iter::once(None).chain(self.entries.iter().map(Some));
        let rows: Vec<_> = self
            .entries
            .iter()
            .zip(before)
            .map(|(entry, before)| (label(entry, before), entry))
            .collect();
        let names = rows.iter().map(|(label, _)| label.len()).max().unwrap_or_default();
        let texts = self.entries.iter().map(|entry| text(entry).len());
        let texts = texts.filter(|length| *length <= WIDE).max().unwrap_or_default();
        for (label, entry) in rows {
            writeln!(f, "  {label:names$}  {:texts$}  {}", text(entry), entry.note)?;
        }
        if self.omitted > 0 {
            writeln!(f, "  and {} more headers that are not read", self.omitted)?;
        }
        if let Some(help) = &self.help {
            writeln!(f, "help: {}", help.replace('\n', "\n      "))?;
        }
        Ok(())
    }
}
