//! One line of an explanation.

use std::ops::Range;

use super::escape::escape;
use crate::config::Proof;
use crate::outcome::{Absent, Unresolved};

/// One thing that the layer read, did not read or changed: a header's entry or line, the peer, the URI.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The name of the header in lower case, or `peer`, `uri`, `connect-info`, or a parameter of
    /// the client's element: `forwarded proto`, `forwarded host`.
    pub name: String,
    /// The line, and the number of lines of this name, from 1. `None` unless the header has several
    /// lines.
    pub line: Option<(usize, usize)>,
    /// The bytes of the line that the entry takes, white space around it included. `None` if the
    /// whole line is meant, or no line.
    pub range: Option<Range<usize>>,
    /// The text, escaped, at most 256 bytes of it. `None` if nothing was sent. The text of a secret or an
    /// identity is `(hidden)`.
    pub text: Option<String>,
    /// What the layer made of it.
    pub verdict: Verdict,
    /// The verdict as a sentence, with what happened to the header.
    pub note: String,
}

/// In place of a text that may be a secret.
pub(super) const HIDDEN: &str = "(hidden)";

/// What the note of an entry adds if the header is gone.
pub(super) const REMOVED: &str = ", removed";

impl Entry {
    /// Makes an entry about a whole line, or about none. Escapes the text.
    pub(super) fn new(name: &str, text: Option<&[u8]>, verdict: Verdict) -> Self {
        let note = verdict.sentence();
        Self { name: name.into(), line: None, range: None, text: text.map(escape), verdict, note }
    }
}

/// What the layer made of an [`Entry`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The peer is a trusted proxy.
    TrustedPeer {
        /// The item of the configuration that contains it, as the operator wrote it.
        item: String,
    },
    /// The peer is not trusted, so it is the client.
    UntrustedPeer,
    /// The peer is unknown.
    UnknownPeer,
    /// The address of a trusted proxy. Its own report was read next.
    TrustedProxy {
        /// The proxy that reported it.
        reported_by: String,
        /// The item of the configuration that contains it, as the operator wrote it.
        item: String,
    },
    /// The client.
    Client {
        /// The proxy that reported it.
        reported_by: String,
    },
    /// An address that is not the client, because the header has extra entries.
    NotBelieved {
        /// The proxy that reported it.
        reported_by: String,
    },
    /// No usable address.
    Unusable {
        /// The proxy that reported it.
        reported_by: String,
        /// Why it is not usable.
        why: Unresolved,
    },
    /// A trusted address with a zone, which names a link of the proxy that reported it.
    OtherLink {
        /// The proxy that reported it.
        reported_by: String,
    },
    /// A report that is due and is missing.
    Missing {
        /// The proxy whose report it is.
        reporter: String,
    },
    /// A sender that is trusted only with a secret, which the request does not carry once.
    NotProven {
        /// The proxy that reported it. `None` for the peer.
        reported_by: Option<String>,
        /// The item of the configuration that contains it, as the operator wrote it.
        item: String,
    },
    /// The header that reports the client was not sent.
    NotSent,
    /// An entry to the left of the last report, where every client can write.
    LeftOfReports,
    /// An entry or line that no trusted proxy writes.
    Extra,
    /// An entry to the right of the first report: see
    /// [`nth_from_right`](crate::ClientSource::nth_from_right).
    Skipped,
    /// A value that the request has.
    Used(Value),
    /// A value that the request does not have.
    Absent(Value, Absent),
    /// The request's own host, beside a host that comes first.
    SecondHost,
    /// The header of a secret, or that it is missing.
    Secret(Proof),
    /// The header of an identity, which the right proxy wrote.
    IdentityKept,
    /// The header of an identity, which others may have written.
    IdentityRemoved,
    /// A header that is not read.
    NotRead,
    /// What the layer rewrote: the URI, or the record of the peer.
    Rewritten,
}

/// A value beside the client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Value {
    /// The scheme.
    Scheme,
    /// The host.
    Host,
    /// The port.
    Port,
    /// The prefix of the path.
    Prefix,
}

impl Value {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Scheme => "scheme",
            Self::Host => "host",
            Self::Port => "port",
            Self::Prefix => "prefix",
        }
    }
}

/// What happened to a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum After {
    Kept,
    Removed,
    /// The one line that the header has now, escaped.
    Rewritten(String),
}

impl Verdict {
    /// Returns the verdict on a value that was reported, or is absent.
    pub(super) fn of(value: Value, reported: Result<(), Absent>) -> Self {
        match reported {
            Ok(()) => Self::Used(value),
            Err(why) => Self::Absent(value, why),
        }
    }

    /// Returns the name of the variant, in snake case.
    #[cfg(feature = "serde")]
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::TrustedPeer { .. } => "trusted_peer",
            Self::UntrustedPeer => "untrusted_peer",
            Self::UnknownPeer => "unknown_peer",
            Self::TrustedProxy { .. } => "trusted_proxy",
            Self::Client { .. } => "client",
            Self::NotBelieved { .. } => "not_believed",
            Self::Unusable { .. } => "unusable",
            Self::OtherLink { .. } => "other_link",
            Self::Missing { .. } => "missing",
            Self::NotProven { .. } => "not_proven",
            Self::NotSent => "not_sent",
            Self::LeftOfReports => "left_of_reports",
            Self::Extra => "extra",
            Self::Skipped => "skipped",
            Self::Used(_) => "used",
            Self::Absent(..) => "absent",
            Self::SecondHost => "second_host",
            Self::Secret(_) => "secret",
            Self::IdentityKept => "identity_kept",
            Self::IdentityRemoved => "identity_removed",
            Self::NotRead => "not_read",
            Self::Rewritten => "rewritten",
        }
    }

    /// Returns the sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::TrustedPeer { item } => format!("trusted: {item}"),
            Self::UntrustedPeer => "not trusted, so it is the client".into(),
            Self::UnknownPeer => "no extension of the request holds the peer".into(),
            Self::TrustedProxy { reported_by, item } => {
                format!("a proxy, reported by {reported_by}; trusted: {item}")
            }
            Self::Client { reported_by } => format!("the client, reported by {reported_by}"),
            Self::NotBelieved { reported_by } => {
                format!("reported by {reported_by}, and not used: the header holds extra entries")
            }
            Self::Unusable { reported_by, why } => unusable(*why, reported_by),
            Self::OtherLink { reported_by } => {
                format!("not usable: the zone names a link of {reported_by}")
            }
            Self::Missing { reporter } => format!("missing: the report of {reporter}"),
            Self::NotProven { reported_by: None, item } => {
                format!("trusted only with the secret: {item}")
            }
            Self::NotProven { reported_by: Some(proxy), item } => {
                format!("reported by {proxy}, and trusted only with the secret: {item}")
            }
            Self::NotSent => "not sent: it would report the client".into(),
            Self::LeftOfReports => {
                "not read: left of the client, where every client can write".into()
            }
            Self::Extra => "extra: no trusted proxy writes it".into(),
            Self::Skipped => "not looked at: right of the nearest proxy's report".into(),
            Self::Used(value) => format!("the {}", value.name()),
            Self::Absent(_, why) => absent(*why).into(),
            Self::SecondHost => "not read: another host comes first".into(),
            Self::Secret(proof) => secret(*proof).into(),
            Self::IdentityKept => "kept: a trusted proxy wrote it".into(),
            Self::IdentityRemoved => "removed: others may have written it".into(),
            Self::NotRead => "not read".into(),
            Self::Rewritten => String::new(),
        }
    }
}

fn unusable(why: Unresolved, reported_by: &str) -> String {
    match why {
        Unresolved::ListEnds => format!("empty: the report of {reported_by} is missing"),
        Unresolved::Unknown => format!("no client: unknown to {reported_by}"),
        Unresolved::Obfuscated => format!("an identifier, reported by {reported_by}: no address"),
        _ => format!("not a usable address, reported by {reported_by}"),
    }
}

fn secret(proof: Proof) -> &'static str {
    match proof {
        Proof::Right => "the secret is right",
        Proof::Missing => "not sent: it would hold the secret",
        Proof::Twice => "sent twice, so it proves nothing",
        Proof::Wrong => "not one of the secrets",
    }
}

fn absent(why: Absent) -> &'static str {
    match why {
        Absent::NotTrusted | Absent::NotRead => "not read",
        Absent::NotBelieved => "not read without a client",
        Absent::NotSent => "not sent",
        Absent::Differ => "not used: its copies differ",
        Absent::ExtraLines => "not used: it has more lines than a trusted proxy writes",
        Absent::NotValid => "not valid",
        Absent::NotAllowed => "not in allowed_hosts",
    }
}
