//! The library against a second reading of the rule, over generated configurations and requests.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::oracle::case::Case;
use crate::oracle::{seen, through};
use forwarded_headers::ForwardedHeaders;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1 << 20, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn the_library_decides_as_the_rule_says(bytes in proptest::collection::vec(any::<u8>(), 20..120)) {
        let case = Case::from_bytes(&bytes);
        prop_assume!(case.is_some());
        let (case, layer) = case.unwrap();
        let parts = through(&layer, case.request());
        prop_assert_eq!(seen(&parts), case.expected(), "{:#?}", case);
    }
}

/// A property over cases that never get anywhere shows nothing.
#[test]
fn the_cases_reach_every_outcome() {
    let mut counts = BTreeMap::<String, u32>::new();
    let is_nothing = |record: &SocketAddr| record.ip().is_unspecified();
    let is_client = |record: &SocketAddr| record.port() == 4711;
    for (case, _) in cases() {
        let answer = case.expected();
        let more = [
            ("two hops", answer.hops > 1),
            ("a scheme", answer.forwarded_scheme.is_some()),
            ("a host", answer.authority.is_some()),
            ("a port", answer.client_port.is_some() && answer.outcome == "Forwarded"),
            ("a prefix", answer.prefix.is_some()),
            ("a completed URI", case.uri.starts_with('/') && !answer.uri.starts_with('/')),
            ("a record of a client", answer.records.iter().flatten().any(is_client)),
            ("a record without a client", answer.records.iter().flatten().any(is_nothing)),
            ("an identity", answer.lines.iter().any(|(name, _)| name.ends_with("-user"))),
            ("an identity that others wrote", case.has_lost_identity(&answer)),
            ("a secret that is right", answer.outcome == "Forwarded" && case.has_secret()),
            ("Forwarded read", case.setup.forwarded && answer.outcome == "Forwarded"),
        ];
        *counts.entry(answer.outcome).or_default() += 1;
        for (what, _) in more.iter().filter(|(_, met)| *met) {
            *counts.entry((*what).into()).or_default() += 1;
        }
    }
    let rare: Vec<_> = counts.iter().filter(|(_, count)| **count < 50).collect();
    assert!(rare.is_empty() && counts.len() == 24, "{counts:#?}");
}

/// Faults hide where two settings meet.
#[test]
fn the_cases_combine_settings() {
    let mut counts = BTreeMap::<usize, usize>::new();
    for (case, _) in cases() {
        *counts.entry(case.setup.changed()).or_default() += 1;
    }
    let all: usize = counts.values().sum();
    let three_or_more: usize = counts.range(3..).map(|(_, count)| count).sum();
    assert!(
        three_or_more * 10 > all * 3,
        "of {all}, by the number of changed settings: {counts:?}"
    );
}

/// Returns the valid cases of 40,000 random texts, which are the same in each run.
pub(crate) fn cases() -> impl Iterator<Item = (Case, ForwardedHeaders)> {
    let mut state = 1_u64;
    let mut byte = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 32 & 0xFF).unwrap()
    };
    let texts = (0..40_000).map(move |_| (0..100).map(|_| byte()).collect::<Vec<u8>>());
    texts.filter_map(|bytes| Case::from_bytes(&bytes))
}
