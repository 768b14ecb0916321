//! What is wrong with a request, as far as an operator can mend it.

use super::resolved::Resolved;
use crate::outcome::{Absent, Outcome, Unresolved};

/// One thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    NoPeer,
    /// The peer is not trusted, and sent forwarding headers.
    UntrustedHeaders,
    Unresolved(Unresolved),
    /// The reported scheme is not valid, or its copies differ.
    Scheme(Absent),
    /// `allowed_hosts` refuses the host.
    Host,
}

impl Fault {
    /// Returns whether there may be any. Nearly every request has none.
    #[inline(always)]
    pub(crate) fn is_in(resolved: &Resolved) -> bool {
        let is_client_wrong = match resolved.outcome {
            Outcome::Forwarded | Outcome::NotForwarded => false,
            Outcome::Direct => resolved.has_untrusted_headers(),
            Outcome::NoPeer | Outcome::Unresolved(_) => true,
        };
        is_client_wrong || Self::of_host(resolved).is_some() || Self::of_scheme(resolved).is_some()
    }

    #[inline(always)]
    pub(crate) fn of_client(resolved: &Resolved) -> Option<Self> {
        match resolved.outcome {
            Outcome::NoPeer => Some(Self::NoPeer),
            Outcome::Direct => resolved.has_untrusted_headers().then_some(Self::UntrustedHeaders),
            // No fault: the operator chose it.
            Outcome::Unresolved(Unresolved::NotConfigured)
            | Outcome::Forwarded
            | Outcome::NotForwarded => None,
            Outcome::Unresolved(why) => Some(Self::Unresolved(why)),
        }
    }

    #[inline(always)]
    pub(crate) fn of_scheme(resolved: &Resolved) -> Option<Self> {
        match resolved.reported.scheme {
            Err(why @ (Absent::NotValid | Absent::Differ | Absent::ExtraLines)) => {
                Some(Self::Scheme(why))
            }
            _ => None,
        }
    }

    #[inline(always)]
    pub(crate) fn of_host(resolved: &Resolved) -> Option<Self> {
        (resolved.reported.authority == Err(Absent::NotAllowed)).then_some(Self::Host)
    }

    /// Returns the value of the field `forwarded.reason`.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::NoPeer => "no_peer",
            Self::UntrustedHeaders => "untrusted_headers",
            Self::Unresolved(Unresolved::NoHeader) => "no_header",
            Self::Unresolved(Unresolved::ListEnds) => "list_ends",
            Self::Unresolved(Unresolved::Malformed) => "malformed",
            Self::Unresolved(Unresolved::ExtraEntries) => "extra_entries",
            Self::Unresolved(Unresolved::Unknown) => "unknown",
            Self::Unresolved(Unresolved::Obfuscated) => "obfuscated",
            Self::Unresolved(Unresolved::NotProven) => "not_proven",
            Self::Unresolved(Unresolved::NotConfigured) => "not_configured",
            Self::Scheme(Absent::Differ) => "scheme_differs",
            Self::Scheme(Absent::ExtraLines) => "scheme_extra_lines",
            Self::Scheme(_) => "scheme_not_valid",
            Self::Host => "host_not_allowed",
        }
    }
}
