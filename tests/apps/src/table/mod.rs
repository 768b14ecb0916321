//! What each crate returns in each situation, with the layer and without it.

mod addresses;
mod hosts;
mod onward;
mod redirects;

use std::pin::Pin;

use crate::layers::Settings;
use crate::right::Kind;
use crate::serve::{Place, Site};
use crate::situation::INVENTED;
use crate::situation::Situation::{
    self, AbsoluteForm, HealthCheck, Http2, LyingClient, Malformed, Nginx, OtherHost,
    UntrustedPeer, WithoutHost, WithoutScheme,
};

/// Serves an app, asks it, and returns what its crate returned.
pub type Measure = fn(Site) -> Pin<Box<dyn Future<Output = String>>>;

/// One crate in one app.
pub struct Row {
    /// The crate, and what of it the app uses.
    pub name: &'static str,
    pub settings: Settings,
    pub place: Place,
    pub cells: &'static [Cell],
    /// Where the crate's answer is worse with the layer, and why.
    pub worse: Option<(&'static [Situation], &'static str)>,
    /// What the author of an app has to know.
    pub remark: &'static str,
    kind: Kind,
    measure: Measure,
}

/// What a crate returns in some situations: without the layer, and with it.
pub struct Cell(&'static [Situation], &'static str, &'static str);

/// A part of the guide's page.
pub struct Section {
    pub title: &'static str,
    /// What a row is.
    pub head: &'static str,
    /// Whether the rows depend on the form of the URI.
    pub reads_uri: bool,
    pub rows: &'static [Row],
}

pub const SECTIONS: [Section; 4] =
    [addresses::SECTION, hosts::SECTION, redirects::SECTION, onward::SECTION];

/// The situations that every row has.
const COMMON: [Situation; 4] = [Nginx, LyingClient, UntrustedPeer, HealthCheck];

/// The situations in which a proxy reports the client's address.
const REPORTED: &[Situation] =
    &[Nginx, WithoutHost, WithoutScheme, LyingClient, OtherHost, AbsoluteForm, Http2];

/// The situations in which no proxy reports the client's address.
const UNREPORTED: &[Situation] = &[HealthCheck, Malformed];

/// The situations in which the URI has an authority.
const ABSOLUTE: &[Situation] = &[AbsoluteForm, Http2];

/// The situations in which the URI has none.
const RELATIVE: &[Situation] = &[
    Nginx,
    WithoutHost,
    WithoutScheme,
    HealthCheck,
    Malformed,
    UntrustedPeer,
    LyingClient,
    OtherHost,
];

/// Those in which a layer with `allowed_hosts` completes it.
const COMPLETED: &[Situation] = &[Nginx, LyingClient];

/// Those in which it does not: the scheme is not known, or the host is refused.
const INCOMPLETE: &[Situation] =
    &[WithoutHost, WithoutScheme, HealthCheck, Malformed, UntrustedPeer, OtherHost];

/// Returns a row for the layer as the last of a `Router`, without `allowed_hosts`.
const fn row(name: &'static str, kind: Kind, measure: Measure, cells: &'static [Cell]) -> Row {
    let (settings, place) = (Settings::Plain, Place::Last);
    Row { name, settings, place, cells, worse: None, remark: "", kind, measure }
}

impl Row {
    const fn with(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    const fn around(self) -> Self {
        Self { place: Place::Around, ..self }
    }

    const fn worse(self, situations: &'static [Situation], reason: &'static str) -> Self {
        Self { worse: Some((situations, reason)), ..self }
    }

    const fn remark(self, remark: &'static str) -> Self {
        Self { remark, ..self }
    }

    /// Returns what the crate returns in a situation: without the layer, and with it.
    pub fn values(&self, situation: Situation) -> Option<(&'static str, &'static str)> {
        let cell = self.cells.iter().find(|cell| cell.0.contains(&situation));
        cell.map(|cell| (cell.1, cell.2))
    }

    /// Returns the name, and how the layer is set and placed.
    pub fn full_name(&self) -> String {
        format!("{}{}{}", self.name, self.settings.suffix(), self.place.suffix())
    }

    async fn measured(&self, situation: Situation) -> (String, String) {
        let without = Site { situation, layer: None };
        let with = Site { situation, layer: Some((self.settings, self.place)) };
        ((self.measure)(without).await, (self.measure)(with).await)
    }

    /// Returns the situations whose values are others than the table's.
    async fn differences(&self) -> Vec<String> {
        let mut differences = vec![];
        for situation in Situation::ALL {
            let Some(expected) = self.values(situation) else { continue };
            let (without, with) = self.measured(situation).await;
            if (without.as_str(), with.as_str()) != expected {
                let name = self.full_name();
                differences.push(format!(
                    "{name}, {situation:?}: {without} → {with}, in the table {} → {}",
                    expected.0, expected.1
                ));
            }
        }
        differences
    }
}

async fn assert_measured(section: &Section) {
    let mut differences = vec![];
    for row in section.rows {
        differences.extend(row.differences().await);
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

#[tokio::test]
async fn addresses_are_as_the_table_has_them() {
    assert_measured(&addresses::SECTION).await;
}

#[tokio::test]
async fn hosts_and_schemes_are_as_the_table_has_them() {
    assert_measured(&hosts::SECTION).await;
}

#[tokio::test]
async fn redirects_are_as_the_table_has_them() {
    assert_measured(&redirects::SECTION).await;
}

#[tokio::test]
async fn requests_are_passed_on_as_the_table_has_it() {
    assert_measured(&onward::SECTION).await;
}

#[test]
fn each_row_has_the_common_situations_and_none_twice() {
    for row in SECTIONS.iter().flat_map(|section| section.rows) {
        for situation in Situation::ALL {
            let cells = row.cells.iter().filter(|cell| cell.0.contains(&situation)).count();
            let is_right = cells == 1 || cells == 0 && !COMMON.contains(&situation);
            assert!(is_right, "{}, {situation:?}: {cells}", row.full_name());
        }
    }
}

/// The exceptions are exactly the values that are right without the layer, and wrong with it.
#[test]
fn no_crate_is_worse_off_but_for_the_exceptions() {
    for row in SECTIONS.iter().flat_map(|section| section.rows) {
        for situation in Situation::ALL {
            let Some((without, with)) = row.values(situation) else { continue };
            let is_right = |value| row.kind.is_right(situation, value);
            let is_worse = is_right(without) && !is_right(with);
            let is_exception = row.worse.is_some_and(|(listed, _)| listed.contains(&situation));
            let name = row.full_name();
            assert_eq!(is_worse, is_exception, "{name}, {situation:?}: {without} → {with}");
        }
    }
}

/// Whatever the client sends, the crate returns what it returns for an honest client.
#[test]
fn a_client_chooses_nothing_by_forwarding_headers() {
    for row in SECTIONS.iter().flat_map(|section| section.rows) {
        let with = |situation| row.values(situation).unwrap().1;
        assert_eq!(with(LyingClient), with(Nginx), "{}", row.full_name());
        let chosen = INVENTED.iter().any(|lie| with(UntrustedPeer).contains(lie));
        assert!(!chosen, "{}: {}", row.full_name(), with(UntrustedPeer));
    }
}
