//! The walk over the reports, from the peer to the client.

use std::net::IpAddr;

use http::HeaderMap;

use super::scan::Found;
use crate::config::{Chain, ClientFrom, Config, Standing};
use crate::header::lines::Lines;
use crate::header::list::List;
use crate::header::report::{Form, Report};
use crate::header::{forwarded, single, x_forwarded};
use crate::outcome::Unresolved;

/// The end of a walk over the reports.
pub(super) struct Walk<'a> {
    pub(super) hops: u8,
    pub(super) last: Report<'a>,
    /// Whether there is more on the line in front of the last report.
    pub(super) has_rest: bool,
}

/// Watches the walk. `()` watches nothing, at no cost.
pub(crate) trait Observer<'a> {
    /// Gets each report that the walk reads, and what the report led to.
    #[inline(always)]
    fn report(&mut self, _place: Place<'a>, _report: &Report<'a>, _verdict: Verdict) {}
}

impl Observer<'_> for () {}

/// The unread rest of the current line, before and after a report. `None` if no line was begun, or the
/// line is used up. An entry that is too long leaves the rest as it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) before: Option<&'a [u8]>,
    pub(crate) after: Option<&'a [u8]>,
}

/// What a report leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The address is a trusted proxy's, and its report is due.
    Proxy,
    /// The address would be a trusted proxy's without its zone. The zone names a link of the proxy that
    /// reported it, so the address is not our proxy's.
    ZonedProxy,
    /// The address is trusted only with a secret, which the request does not carry.
    NotProven,
    /// The walk ends: the report has the client, or no usable address.
    End,
}

impl Walk<'_> {
    /// Returns the end of a walk at a sender that is trusted only with a secret.
    pub(super) fn not_proven(hops: u8) -> Self {
        Self { hops, last: Report::unusable(Unresolved::NotProven), has_rest: false }
    }

    /// Returns whether scheme, host, port and prefix may be used. If the address is missing, malformed or
    /// not proven, the same attacker could have forged them.
    pub(super) fn is_believed(&self) -> bool {
        use Unresolved::{ExtraEntries, ListEnds, Malformed, NoHeader, NotProven};
        let address = &self.last.client.address;
        !matches!(address, Err(NoHeader | ListEnds | Malformed | ExtraEntries | NotProven))
    }

    /// Returns the number of entries that trusted proxies wrote up to the client.
    pub(super) fn entries(&self, config: &Config) -> usize {
        usize::from(self.hops) + usize::from(config.nearest_place()) - 1
    }
}

/// Tells who is a trusted proxy.
trait Trust: Copy {
    /// Returns what an address is at a hop. The address is not IPv4-mapped.
    fn standing(self, hop: u8, address: IpAddr) -> Standing;
    /// Returns what a sender at a Unix socket is at a hop.
    fn standing_of_unix(self, hop: u8) -> Standing;
}

/// Trust in addresses alone, as nearly all configurations have it. It has a walk of its own, which secrets
/// do not make longer.
#[derive(Clone, Copy)]
struct ByAddress<'a>(&'a Chain);

impl Trust for ByAddress<'_> {
    #[inline(always)]
    fn standing(self, hop: u8, address: IpAddr) -> Standing {
        if self.0.is_proxy(hop, address) { Standing::Proxy } else { Standing::Other }
    }

    fn standing_of_unix(self, hop: u8) -> Standing {
        if self.0.is_unix_proxy(hop) { Standing::Proxy } else { Standing::Other }
    }
}

/// Trust in addresses, some of which need a secret that the headers hold.
#[derive(Clone, Copy)]
struct BySecret<'a> {
    chain: &'a Chain,
    headers: &'a HeaderMap,
}

impl Trust for BySecret<'_> {
    fn standing(self, hop: u8, address: IpAddr) -> Standing {
        self.chain.standing(hop, address, self.headers)
    }

    fn standing_of_unix(self, hop: u8) -> Standing {
        self.chain.standing_of_unix(hop, self.headers)
    }
}

#[inline(always)]
pub(super) fn walk_reports<'a>(
    config: &Config,
    found: &Found<'a>,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    let chain = &config.chain;
    if chain.has_secrets() {
        walk_with(BySecret { chain, headers: found.headers }, config, found, observer)
    } else {
        walk_with(ByAddress(chain), config, found, observer)
    }
}

#[inline(always)]
fn walk_with<'a>(
    trust: impl Trust,
    config: &Config,
    found: &Found<'a>,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    let lines = &found.client();
    match config.client {
        ClientFrom::List(_, place) => walk_list(trust, lines, place, observer),
        ClientFrom::Forwarded => walk_elements(trust, lines, observer),
        ClientFrom::Address(_) => walk_one(trust, lines, single::address(lines), observer),
        ClientFrom::AddressAndPort(_) => {
            walk_one(trust, lines, single::address_and_port(lines), observer)
        }
        ClientFrom::Nothing => {
            let last = Report::unusable(Unresolved::NotConfigured);
            Walk { hops: 1, last, has_rest: false }
        }
    }
}

#[inline(never)]
fn walk_list<'a>(
    trust: impl Trust,
    lines: &Lines<'a>,
    place: u8,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    let mut list = lines.right_to_left();
    // A list that is too short has no entry left for the walk.
    let _ = list.skip(usize::from(place) - 1, x_forwarded::last_comma);
    follow(trust, lines, list, |list| x_forwarded::next_report(list), observer)
}

#[inline(never)]
fn walk_elements<'a>(
    trust: impl Trust,
    lines: &Lines<'a>,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    follow(trust, lines, lines.right_to_left(), |list| forwarded::next_report(list), observer)
}

#[inline(never)]
fn walk_one<'a>(
    trust: impl Trust,
    lines: &Lines<'a>,
    mut report: Option<Report<'a>>,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    follow(trust, lines, List::new(None, None), |_| report.take(), observer)
}

/// Reads the next report for as long as the current address is a trusted proxy.
#[inline(always)]
fn follow<'a>(
    trust: impl Trust,
    lines: &Lines<'a>,
    mut list: List<'a>,
    mut next_report: impl FnMut(&mut List<'a>) -> Option<Report<'a>>,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    let mut hops = 0;
    let mut before = list.rest();
    while let Some(report) = next_report(&mut list) {
        hops += 1;
        let verdict = verdict(trust, hops, &report);
        let after = list.rest();
        let has_rest = after.is_some();
        observer.report(Place { before, after }, &report, verdict);
        match verdict {
            Verdict::Proxy => before = after,
            Verdict::NotProven => return Walk::not_proven(hops),
            Verdict::ZonedProxy => return Walk { hops, last: Report::malformed(), has_rest },
            Verdict::End => return Walk { hops, last: report, has_rest },
        }
    }
    let why = if lines.is_absent() { Unresolved::NoHeader } else { Unresolved::ListEnds };
    Walk { hops, last: Report::unusable(why), has_rest: false }
}

#[inline(always)]
fn verdict(trust: impl Trust, hop: u8, report: &Report<'_>) -> Verdict {
    let standing = match report.client.address {
        Ok(address) => trust.standing(hop, address),
        Err(_) if report.form == Form::UnixSocket => trust.standing_of_unix(hop),
        Err(_) => Standing::Other,
    };
    match (standing, report.form) {
        (Standing::Other, _) => Verdict::End,
        (Standing::NotProven, _) => Verdict::NotProven,
        (Standing::Proxy, Form::Zone) => Verdict::ZonedProxy,
        (Standing::Proxy, _) => Verdict::Proxy,
    }
}
