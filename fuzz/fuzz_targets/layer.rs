//! Any headers, any peer: no panic, twice is once, and what the client sent to the left of what a
//! proxy appended changes nothing.
#![no_main]

#[path = "../../tests/oracle/mod.rs"]
mod oracle;

use http::header::HeaderValue;
use http::Request;
use libfuzzer_sys::fuzz_target;
use oracle::case::Case;
use oracle::{seen, through};

fuzz_target!(|input: (&[u8], Vec<&[u8]>)| {
    let (bytes, sent) = input;
    let Some((mut case, layer)) = Case::from_bytes(bytes) else { return };
    let honest = through(&layer, case.request());
    let answer = seen(&honest);
    assert_eq!(seen(&through(&layer, Request::from_parts(honest, ()))), answer);

    let lists = ["forwarded", "x-forwarded-for", "x-clients"];
    let name = case.setup.client_name();
    let decided = answer.outcome == "Forwarded" && lists.contains(&name);
    let refuses = case.setup.exact || case.setup.single_line;
    let valid = sent.iter().all(|line| HeaderValue::from_bytes(line).is_ok());
    if !decided || !valid || case.setup.aligned || case.setup.is_kept(name) || refuses {
        return;
    }
    let before = sent.iter().map(|line| (name.to_string(), line.to_vec()));
    case.lines.splice(0..0, before);
    let mut attacked = seen(&through(&layer, case.request()));
    attacked.lines.retain(|line| answer.lines.contains(line));
    assert_eq!(attacked, answer, "{case:#?}");
});
