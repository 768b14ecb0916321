//! The walk over the reports, from the peer to the client.

use super::scan::Found;
use crate::config::{Chain, ClientFrom, Config};
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
    /// The walk ends: the report has the client, or no usable address.
    End,
}

impl Walk<'_> {
    /// Returns whether scheme, host, port and prefix may be used. If the address is missing or malformed,
    /// the same attacker could have forged them.
    pub(super) fn is_believed(&self) -> bool {
        use Unresolved::{ExtraEntries, ListEnds, Malformed, NoHeader};
        !matches!(self.last.client.address, Err(NoHeader | ListEnds | Malformed | ExtraEntries))
    }

    /// Returns the number of entries that trusted proxies wrote up to the client.
    pub(super) fn entries(&self, config: &Config) -> usize {
        usize::from(self.hops) + usize::from(config.nearest_place()) - 1
    }
}

#[inline(always)]
pub(super) fn walk_reports<'a>(
    config: &Config,
    found: &Found<'a>,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    let (chain, lines) = (&config.chain, &found.client());
    match config.client {
        ClientFrom::List(_, place) => walk_list(chain, lines, place, observer),
        ClientFrom::Forwarded => walk_elements(chain, lines, observer),
        ClientFrom::Address(_) => walk_one(chain, lines, single::address(lines), observer),
        ClientFrom::AddressAndPort(_) => {
            walk_one(chain, lines, single::address_and_port(lines), observer)
        }
        ClientFrom::Nothing => {
            let last = Report::unusable(Unresolved::NotConfigured);
            Walk { hops: 1, last, has_rest: false }
        }
    }
}

#[inline(never)]
fn walk_list<'a>(
    chain: &Chain,
    lines: &Lines<'a>,
    place: u8,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    let mut list = lines.right_to_left();
    // A list that is too short has no entry left for the walk.
    let _ = list.skip(usize::from(place) - 1, x_forwarded::last_comma);
    follow(chain, lines, list, |list| x_forwarded::next_report(list), observer)
}

#[inline(never)]
fn walk_elements<'a>(
    chain: &Chain,
    lines: &Lines<'a>,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    follow(chain, lines, lines.right_to_left(), |list| forwarded::next_report(list), observer)
}

#[inline(never)]
fn walk_one<'a>(
    chain: &Chain,
    lines: &Lines<'a>,
    mut report: Option<Report<'a>>,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    follow(chain, lines, List::new(None, None), |_| report.take(), observer)
}

/// Reads the next report for as long as the current address is a trusted proxy.
#[inline(always)]
fn follow<'a>(
    chain: &Chain,
    lines: &Lines<'a>,
    mut list: List<'a>,
    mut next_report: impl FnMut(&mut List<'a>) -> Option<Report<'a>>,
    observer: &mut impl Observer<'a>,
) -> Walk<'a> {
    let mut hops = 0;
    let mut before = list.rest();
    while let Some(report) = next_report(&mut list) {
        hops += 1;
        let verdict = verdict(chain, hops, &report);
        let after = list.rest();
        let has_rest = after.is_some();
        observer.report(Place { before, after }, &report, verdict);
        match verdict {
            Verdict::Proxy => before = after,
            Verdict::ZonedProxy => return Walk { hops, last: Report::malformed(), has_rest },
            Verdict::End => return Walk { hops, last: report, has_rest },
        }
    }
    let why = if lines.is_absent() { Unresolved::NoHeader } else { Unresolved::ListEnds };
    Walk { hops, last: Report::unusable(why), has_rest: false }
}

#[inline(always)]
fn verdict(chain: &Chain, hop: u8, report: &Report<'_>) -> Verdict {
    let is_proxy = match report.client.address {
        Ok(address) => chain.is_proxy(hop, address),
        Err(_) => report.form == Form::UnixSocket && chain.is_unix_proxy(hop),
    };
    match (is_proxy, report.form) {
        (false, _) => Verdict::End,
        (true, Form::Zone) => Verdict::ZonedProxy,
        (true, _) => Verdict::Proxy,
    }
}
