//! The library against a second reading of the rule, over generated configurations and requests.

use crate::oracle::case::Case;
use crate::oracle::{seen, through};
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
    let mut counts = std::collections::BTreeMap::<String, u32>::new();
    let mut state = 1_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 32 & 0xFF).unwrap()
    };
    for _ in 0..40_000 {
        let bytes: Vec<u8> = (0..100).map(|_| byte()).collect();
        let Some((case, _)) = Case::from_bytes(&bytes) else { continue };
        let answer = case.expected();
        *counts.entry(answer.outcome.clone()).or_default() += 1;
        let more = [
            ("two hops", answer.hops > 1),
            ("a scheme", answer.forwarded_scheme.is_some()),
            ("a host", answer.authority.is_some()),
            ("a port", answer.client_port.is_some() && answer.outcome == "Forwarded"),
            ("a prefix", answer.prefix.is_some()),
            ("Forwarded read", case.setup.forwarded && answer.outcome == "Forwarded"),
        ];
        for (what, _) in more.iter().filter(|(_, met)| *met) {
            *counts.entry((*what).into()).or_default() += 1;
        }
    }
    let rare: Vec<_> = counts.iter().filter(|(_, count)| **count < 50).collect();
    assert!(rare.is_empty() && counts.len() == 17, "{counts:#?}");
}
