//! Every recorded request through the layer, with the profile of its proxy.
//!
//! Where the proxy is set as the profile says, the client is the one that connected to the proxy,
//! the scheme is the one it used, and nothing that it made up is left. Where it is not, the table
//! says what goes wrong, and what setting of ours leaves nothing wrong but an unnamed client.

mod record;
mod tables;

use std::collections::{BTreeMap, BTreeSet};

use forwarded_headers::{AllowedHosts, ConnectionInfo, ForwardedHeaders, Proxy};
use http::request::Parts;
use self::record::{Case, Configuration, Record, read};
use crate::support::{info, lines, resolve, through};
use self::tables::{HOSTS, OTHERS, SUPPORTED};

/// What may be wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// Somebody else is named.
    Client,
    /// Nobody is.
    NoClient,
    /// It is https, and the client used http.
    Https,
    /// It is http, and the client used https.
    Http,
    /// Something that the client made up is left.
    MadeUp,
}

use self::Fault::{Client, Http, Https, MadeUp, NoClient};

/// The faults, each with the cases that have it.
type Faults = BTreeMap<Fault, BTreeSet<&'static str>>;

/// How many records arrived, and how many did not.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    replayed: usize,
    refused: usize,
}

/// What the clients wrote of themselves, all of it lies.
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

/// A scheme that is not read is not known, and must not be https.
fn wrong_scheme(layer: &ForwardedHeaders, info: &ConnectionInfo, case: &Case) -> Option<Fault> {
    match (info.is_secure(), case.is_tls()) {
        (true, false) => Some(Https),
        (false, true) if reads_scheme(layer) => Some(Http),
        _ => None,
    }
}

fn reads_scheme(layer: &ForwardedHeaders) -> bool {
    let lines: [support::Line<'_>; 4] = [
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

/// What clients asked for, and what proxies make of it.
fn hosts() -> AllowedHosts {
    "app.example:*, abs.example, internal.example, 127.0.0.1:18000".parse().unwrap()
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
fn every_configuration_is_in_one_table_and_every_record_is_counted() {
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
fn behind_a_proxy_that_is_set_as_its_profile_says_nothing_is_wrong() {
    let (cases, configurations) = captures();
    let mut total = Count::default();
    for (proxy, config, profile, exceptions) in SUPPORTED {
        let layer = ForwardedHeaders::behind(*profile).allowed_hosts(hosts());
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
fn behind_one_that_is_not_a_setting_leaves_at_most_an_unnamed_client() {
    let (cases, configurations) = captures();
    for row in OTHERS {
        let configuration = find(&configurations, row.proxy, row.config);
        let wrong = |layer: ForwardedHeaders| {
            let (faults, _) = replay(&layer.allowed_hosts(hosts()), configuration, cases);
            faults.into_keys().collect::<Vec<_>>()
        };
        let plain = row.profile.map_or_else(ForwardedHeaders::new, ForwardedHeaders::behind);
        let (what, left) = ((row.proxy, row.config), wrong((row.say)(plain.clone())));
        assert_eq!(wrong(plain), row.wrong, "{what:?}");
        assert_eq!(left, row.left, "{what:?} with the setting");
        assert!(left.iter().all(|fault| *fault == NoClient), "{what:?}");
    }
}

/// Where the profile says that `read_host` works, and the client asked for no host of its own.
#[test]
fn a_host_that_may_be_read_is_the_one_that_the_client_asked_for() {
    let (cases, configurations) = captures();
    for (proxy, config, profile) in HOSTS {
        let layer = ForwardedHeaders::behind(*profile);
        let layer = layer.read_host(true).allowed_hosts(AllowedHosts::any());
        let mut hosts = BTreeSet::new();
        for record in find(&configurations, proxy, config).records(cases) {
            let asked_for_another = ["c15d", "c17", "c19b"].contains(&record.case.name);
            let Some(request) = record.request.filter(|_| !asked_for_another) else { continue };
            let parts = through(&layer, request);
            assert!(!has_made_up(&parts), "{proxy}: {config}: {}", record.case.name);
            hosts.extend(info(&parts).host().map(String::from));
        }
        assert!(hosts.contains("app.example"), "{proxy}: {config}: {hosts:?}");
    }
}

/// The worst that a wrong profile does.
#[test]
fn pound_given_two_lines_names_the_second_but_to_its_profile() {
    let (cases, configurations) = captures();
    let pound = find(&configurations, "pound", "ListenHTTP/Service/Backend");
    let (faults, _) = replay(&ForwardedHeaders::new(), pound, cases);
    assert_eq!(faults[&Client].iter().copied().collect::<Vec<_>>(), ["c2"]);
    let (faults, _) = replay(&ForwardedHeaders::behind(Proxy::Pound), pound, cases);
    assert_eq!(faults.get(&Client), None);
}
