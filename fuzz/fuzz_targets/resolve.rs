//! The decision and its effect are those of a second reading of the rule.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oracle::case::Case;

fuzz_target!(|bytes: &[u8]| {
    let Some((case, layer)) = Case::from_bytes(bytes) else { return };
    assert_eq!(
        oracle::seen(&oracle::through(&layer, case.request())),
        case.expected(),
        "{case:#?}"
    );
});
