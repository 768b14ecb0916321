//! The promise with secrets and identities, behind a CDN that logs users in, and nginx. Some visitors go
//! round the CDN, to nginx.

use forwarded_headers::{ForwardedHeaders, Outcome, TrustedProxies, Unresolved};
use http::Request;
use proptest::prelude::*;
use proptest::sample::select;

use super::{anything, seen};
use crate::support::{info, ip, lines, request, through};

const SECRET: &str = "b81d06e5c3f2974a";
const PROOF: &str = "x-origin-verify";
/// The CDN sets the first, nginx the second.
const USER: &str = "x-forwarded-user";
const CERTIFICATE: &str = "x-ssl-client-verify";
const CDN: &str = "198.51.100.9";
const CLIENT: &str = "203.0.113.7";

/// How a visitor reaches nginx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ThroughCdn,
    Round,
    /// From an address of the CDN, as its other customers can.
    RoundFromCdn,
}

type Lines = Vec<(String, Vec<u8>)>;

fn layer(has_secret: bool) -> ForwardedHeaders {
    let cdn: TrustedProxies = "198.51.100.0/24".parse().unwrap();
    let cdn = if has_secret { cdn.with_secret(PROOF, SECRET).unwrap() } else { cdn };
    ForwardedHeaders::builder()
        .trust_chain([cdn, "10.0.0.2".parse().unwrap()])
        .only_from_outermost(USER)
        .only_from_proxy(CERTIFICATE)
        .build()
        .unwrap()
}

/// A proxy that appends its client to `X-Forwarded-For`, and sets these headers.
fn proxy(mut lines: Lines, client: &str, sets: &[(&str, &str)]) -> Lines {
    let is_list = |name: &str| name == "x-forwarded-for";
    let mut list: Vec<_> =
        lines.iter().filter(|(name, _)| is_list(name)).map(|(_, value)| value.clone()).collect();
    list.push(client.into());
    lines.retain(|(name, _)| !is_list(name) && sets.iter().all(|(set, _)| name != set));
    lines.push(("x-forwarded-for".into(), list.join(&b", "[..])));
    // nginx removes a header by an empty value.
    let sets = sets.iter().filter(|(_, value)| !value.is_empty());
    lines.extend(sets.map(|(name, value)| ((*name).into(), (*value).into())));
    lines
}

/// The request that reaches the app.
fn arrived(way: Way, sent: Lines) -> Request<()> {
    let cdn = [(PROOF, SECRET), (USER, "alice")];
    let (lines, from) = match way {
        Way::ThroughCdn => (proxy(sent, CLIENT, &cdn), CDN),
        Way::Round => (sent, CLIENT),
        Way::RoundFromCdn => (sent, CDN),
    };
    let nginx = [("x-forwarded-proto", "https"), ("host", "example.com"), (CERTIFICATE, "NONE")];
    let lines = proxy(lines, from, &nginx);
    let lines: Vec<_> = lines.iter().map(|(name, value)| (name.as_str(), &value[..])).collect();
    request("10.0.0.2", "/", &lines)
}

/// What a client sends: every header that matters here, and names that look like one.
fn sent() -> impl Strategy<Value = Lines> {
    let names = [
        "x-forwarded-for",
        "x-forwarded-for",
        "x_forwarded_for",
        "x-forwarded-proto",
        "forwarded",
        "x-real-ip",
        PROOF,
        "x_origin_verify",
        USER,
        "x_forwarded.user",
        CERTIFICATE,
        "x_ssl_client_verify",
    ];
    let lists =
        ["6.6.6.6", "6.6.6.6, 198.51.100.9", "198.51.100.9, 10.0.0.2", "root", "b81d06e5c3f2974"];
    let known = select(lists.to_vec()).prop_map(|text| vec![text.as_bytes().to_vec()]);
    let lines = (select(names.to_vec()), prop_oneof![anything(), known]);
    proptest::collection::vec(lines, 1..5).prop_map(|headers| {
        let lines = headers.into_iter().flat_map(|(name, values)| {
            values.into_iter().map(move |value| (name.to_owned(), value))
        });
        lines.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(super::CASES))]

    #[test]
    fn what_a_visitor_sent_changes_nothing(
        way in select(vec![Way::ThroughCdn, Way::Round, Way::RoundFromCdn]),
        has_secret in any::<bool>(),
        sent in sent(),
    ) {
        // Without a secret, the CDN's other customers can choose a client.
        prop_assume!(has_secret || way != Way::RoundFromCdn);
        let layer = layer(has_secret);
        // Without the setting, the layer does not know the CDN's header.
        let owned = |(name, _): &(String, Vec<u8>)| has_secret || !name.contains("verify") || name.contains("ssl");
        let sent: Lines = sent.into_iter().filter(owned).collect();
        let with = through(&layer, arrived(way, sent));
        let without = through(&layer, arrived(way, vec![]));
        prop_assert_eq!(seen(&with), seen(&without));

        let outcome = match way {
            Way::RoundFromCdn => Outcome::Unresolved(Unresolved::NotProven),
            Way::ThroughCdn | Way::Round => Outcome::Forwarded,
        };
        prop_assert_eq!(info(&with).outcome(), outcome);
        let client = Some(ip(CLIENT)).filter(|_| way != Way::RoundFromCdn);
        prop_assert_eq!(info(&with).client_ip(), client);
        let user: &[&[u8]] = if way == Way::ThroughCdn { &[b"alice"] } else { &[] };
        prop_assert_eq!(lines(&with, USER), user);
        let certificate: &[&[u8]] = if way == Way::RoundFromCdn { &[] } else { &[b"NONE"] };
        prop_assert_eq!(lines(&with, CERTIFICATE), certificate);
        prop_assert!(lines(&with, PROOF).is_empty() || !has_secret);
    }
}
