//! An element that is read can be written, and is read the same again.
#![no_main]

use forwarded_headers::forwarded::elements;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|value: &[u8]| {
    for element in elements(value) {
        let Ok(element) = element.inspect_err(|error| assert!(error.offset() <= value.len()))
        else {
            return;
        };
        let (_, _) = (element.for_node(), element.by_node());
        let written = element.to_bytes();
        let mut again = elements(&written);
        let pairs: Vec<_> = element.pairs().collect();
        assert!(again.next().unwrap().unwrap().pairs().eq(pairs));
        assert!(again.next().is_none());
    }
});
