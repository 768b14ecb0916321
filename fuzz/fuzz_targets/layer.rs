//! With any headers and any peer: no panic, a second layer changes nothing, and lines that a client
//! sends before the line of a proxy change nothing.
#![no_main]

use forwarded_headers::Writing;
use http::Request;
use http::header::HeaderValue;
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
    let appends = case.setup.writing == Writing::Append;
    let valid = sent.iter().all(|line| HeaderValue::from_bytes(line).is_ok());
    if !decided || !valid || !appends || case.setup.is_kept(name) {
        return;
    }
    let before = sent.iter().map(|line| (name.to_string(), line.to_vec()));
    case.lines.splice(0..0, before);
    assert_eq!(seen(&through(&layer, case.request())), answer, "{case:#?}");
});
