//! With any headers and any peer: no panic, a second layer changes nothing, and lines that a client
//! sends before the lines of a proxy, or under names that are not read, change nothing.
#![no_main]

use forwarded_headers::Writing;
use http::Request;
use http::header::HeaderValue;
use libfuzzer_sys::fuzz_target;
use oracle::case::{Case, SchemeSetup};
use oracle::{seen, through};

/// Forwarding headers that no case reads, some of which look like one that is read.
const UNREAD: [&str; 4] = ["x_forwarded_for", "x-forwarded.proto", "true-client-ip", "x-rdwr-ip"];

fuzz_target!(|input: (&[u8], Vec<&[u8]>)| {
    let (bytes, sent) = input;
    let Some((mut case, layer)) = Case::from_bytes(bytes) else { return };
    let honest = through(&layer, case.request());
    let answer = seen(&honest);
    assert_eq!(seen(&through(&layer, Request::from_parts(honest, ()))), answer);

    let appends = matches!(case.setup.writing, Writing::Append | Writing::AppendToEach);
    let valid = sent.iter().all(|line| HeaderValue::from_bytes(line).is_ok());
    if answer.outcome != "Forwarded" || !valid || !appends {
        return;
    }
    let names = lists(&case, answer.forwarded_scheme.is_some())
        .into_iter()
        .chain(UNREAD)
        .collect::<Vec<_>>();
    let lines = sent.iter().zip(names.iter().cycle());
    let before: Vec<_> = lines.map(|(line, name)| (name.to_string(), line.to_vec())).collect();
    case.lines.splice(0..0, before);
    assert_eq!(seen(&through(&layer, case.request())), answer, "{case:#?}");
});

/// The lists that are read, and that the proxies wrote. A kept one shows what the client sent.
fn lists(case: &Case, has_scheme: bool) -> Vec<&'static str> {
    let setup = &case.setup;
    let client = Some(setup.client_name()).filter(|_| !setup.single_address || setup.forwarded);
    let is_list = has_scheme && setup.scheme == SchemeSetup::Read;
    let scheme = setup.scheme_name().filter(|_| is_list);
    let names = client.into_iter().chain(scheme);
    names.filter(|name| !setup.is_kept(name)).collect()
}
