//! Sends every recorded request through the layer, with the profile of its proxy.
//!
//! If the proxy is configured as its page shows, the client is the host that connected to the proxy, the
//! scheme is the client's, and no value that the client made up is left. For every other configuration,
//! the table shows what goes wrong, and which settings leave at worst an unknown client.

mod record;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use forwarded_headers::{AllowedHosts, Builder, ConnectionInfo, ForwardedHeaders, Proxy};
use http::request::Parts;

use self::record::{Case, Configuration, Record, read};
use self::tables::{HOSTS, OTHERS, SUPPORTED};
use crate::support::{Line, info, lines, resolve, through};

/// What can be wrong with a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// The client is another host.
    Client,
    /// The client is unknown.
    NoClient,
    /// The scheme is https, and the client used http.
    Https,
    /// The scheme is http, and the client used https.
    Http,
    /// A value that the client made up is left.
    MadeUp,
}

use self::Fault::{Client, Http, Https, MadeUp, NoClient};

/// The faults, each with its cases.
type Faults = BTreeMap<Fault, BTreeSet<&'static str>>;

/// How many records arrived at the app, and how many the proxy refused.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    replayed: usize,
    refused: usize,
}

/// Parts of the values that the clients made up.
const MADE_UP: [&str; 7] = ["1.1.1.1", "2.2.2.2", "6.6.6.6", "evil", "6666", "unclosed", "garbage"];

fn replay(
    layer: &ForwardedHeaders,
    configuration: &Configuration,
    cases: &'static [Case],
) -> (Faults, Count) {
    let (mut faults, mut count) = (Faults::new(), Count::default());
    for Record { case, versions, request } in configuration.records(cases) {
        let Some(request) = request else {
            count.refused += versions;
            continue;
        };
        count.replayed += versions;
        let parts = through(layer, request);
        let client = configuration.client_of(case);
        let of_client = (info(&parts).client_ip() != Some(client))
            .then(|| if info(&parts).client_ip().is_some() { Client } else { NoClient });
        let of_scheme = wrong_scheme(layer, info(&parts), case);
        let made_up = has_made_up(&parts).then_some(MadeUp);
        for fault in [of_client, of_scheme, made_up].into_iter().flatten() {
            faults.entry(fault).or_default().insert(case.name);
        }
    }
    (faults, count)
}

/// Compares the scheme with the client's. A scheme that the layer does not read must be http.
fn wrong_scheme(layer: &ForwardedHeaders, info: &ConnectionInfo, case: &Case) -> Option<Fault> {
    if info.is_secure() == case.is_tls() {
        return None;
    }
    if info.is_secure() { Some(Https) } else { reads_scheme(layer).then_some(Http) }
}

fn reads_scheme(layer: &ForwardedHeaders) -> bool {
    let lines: [Line<'_>; 4] = [
        ("x-forwarded-for", b"203.0.113.7"),
        ("x-real-ip", b"203.0.113.7"),
        ("x-forwarded-proto", b"https"),
        ("forwarded", b"for=203.0.113.7;proto=https"),
    ];
    resolve(layer, "127.0.0.1", &lines).forwarded_scheme().is_some()
}

fn has_made_up(parts: &Parts) -> bool {
    let headers = parts.headers.iter().map(|line| format!("{line:?}"));
    let info = format!("{:?} {}", info(parts), parts.uri);
    let on = lines(parts, "x-forwarded-ssl").contains(&b"on".as_slice());
    on || headers.chain([info]).any(|text| MADE_UP.iter().any(|word| text.contains(word)))
}

/// The hosts that the clients asked for, and the hosts that proxies replace them with.
fn hosts() -> AllowedHosts {
    "app.example:*, abs.example, internal.example, 127.0.0.1:18000".parse().unwrap()
}

fn built(builder: Builder) -> ForwardedHeaders {
    builder.build().unwrap_or_else(|error| panic!("{error}"))
}

fn captures() -> (&'static [Case], Vec<Configuration>) {
    let (cases, configurations) = read();
    (cases.leak(), configurations)
}

fn find<'a>(all: &'a [Configuration], proxy: &str, config: &str) -> &'a Configuration {
    let mut found = all.iter().filter(|c| (c.proxy, c.config) == (proxy, config));
    found.next().unwrap_or_else(|| panic!("no record of {proxy}: {config}"))
}

#[test]
fn each_configuration_is_in_one_table_and_each_record_is_counted() {
    let (cases, configurations) = captures();
    let mut total = Count::default();
    for Configuration { proxy, config, .. } in &configurations {
        let supported = SUPPORTED.iter().filter(|row| (row.0, row.1) == (*proxy, *config));
        let not = OTHERS.iter().filter(|row| (row.proxy, row.config) == (*proxy, *config));
        assert_eq!(supported.count() + not.count(), 1, "{proxy}: {config}");
        let layer = ForwardedHeaders::new();
        let (_, count) = replay(&layer, find(&configurations, proxy, config), cases);
        total.replayed += count.replayed;
        total.refused += count.refused;
    }
    let versions: usize = configurations.iter().map(|c| c.versions.len()).sum();
    assert_eq!((versions, cases.len(), configurations.len()), (109, 43, 83));
    assert_eq!(total, Count { replayed: 4147, refused: 430 });
}

#[test]
fn nothing_is_wrong_behind_a_proxy_that_is_configured_as_its_page_shows() {
    let (cases, configurations) = captures();
    let mut total = Count::default();
    for (proxy, config, profile, exceptions) in SUPPORTED {
        let layer = built(ForwardedHeaders::behind(*profile).allowed_hosts(hosts()));
        let (faults, count) = replay(&layer, find(&configurations, proxy, config), cases);
        let exceptions =
            exceptions.iter().map(|(fault, cases)| (*fault, cases.split(' ').collect()));
        assert_eq!(faults, exceptions.collect(), "{proxy}: {config}");
        total.replayed += count.replayed;
        total.refused += count.refused;
    }
    assert_eq!(total, Count { replayed: 2022, refused: 221 });
}

#[test]
fn behind_every_other_proxy_the_settings_leave_at_worst_an_unknown_client() {
    let (cases, configurations) = captures();
    for row in OTHERS {
        let configuration = find(&configurations, row.proxy, row.config);
        let faults = |builder: Builder| {
            let layer = built(builder.allowed_hosts(hosts()));
            replay(&layer, configuration, cases).0.into_keys().collect::<Vec<_>>()
        };
        let plain = row.profile.map_or_else(ForwardedHeaders::builder, ForwardedHeaders::behind);
        let (what, left) = ((row.proxy, row.config), faults((row.set)(plain.clone())));
        assert_eq!(faults(plain), row.wrong, "{what:?}");
        assert_eq!(left, row.left, "{what:?} with the settings");
        assert!(left.iter().all(|fault| *fault == NoClient), "{what:?}");
    }
}

/// Covers the proxies whose page allows `host_from`, and the clients that asked for the app's own host.
#[test]
fn a_host_that_the_proxy_writes_is_the_host_that_the_client_asked_for() {
    let (cases, configurations) = captures();
    for (proxy, config, profile, header) in HOSTS {
        let builder = ForwardedHeaders::behind(*profile).host_from(*header);
        let layer = built(builder.allowed_hosts(AllowedHosts::any()));
        let mut hosts = BTreeSet::new();
        for record in find(&configurations, proxy, config).records(cases) {
            if ["c15d", "c17", "c19b"].contains(&record.case.name) {
                continue; // The client asked for another host.
            }
            let Some(request) = record.request else { continue };
            let parts = through(&layer, request);
            assert!(!has_made_up(&parts), "{proxy}: {config}: {}", record.case.name);
            hosts.extend(info(&parts).host().map(String::from));
        }
        assert!(hosts.contains("app.example"), "{proxy}: {config}: {hosts:?}");
    }
}

/// Shows the worst effect of a wrong profile: a client that sends two lines chooses its address.
#[test]
fn only_its_profile_refuses_a_second_line_through_pound() {
    let (cases, configurations) = captures();
    let pound = find(&configurations, "pound", "ListenHTTP/Service/Backend");
    let (faults, _) = replay(&ForwardedHeaders::new(), pound, cases);
    assert_eq!(faults[&Client].iter().copied().collect::<Vec<_>>(), ["c2"]);
    let (faults, _) = replay(&built(ForwardedHeaders::behind(Proxy::Pound)), pound, cases);
    assert_eq!(faults.get(&Client), None);
}
