//! Size and time.
//!
//! The layer does not read what is left of the client's report, so it has no limit there. With such a
//! limit, a client could make a proxy's report worthless. The server limits the size.

use forwarded_headers::ForwardedHeaders;

use crate::attacks::{
    CLIENT, LIST_ENDS, MALFORMED, P1, P2, UNKNOWN, Want, XFF, builder, chain_of, check,
    check_client, check_time, proxies,
};
use crate::support::{append, lines, request, through};

const MEGABYTE: usize = 1_000_000;

/// The two lists, and how a proxy appends its report of the client to each.
fn families() -> [(&'static str, ForwardedHeaders, &'static [u8]); 2] {
    [
        (XFF, proxies(), b", 203.0.113.7"),
        ("forwarded", builder().client_from("forwarded").build().unwrap(), b", for=203.0.113.7"),
    ]
}

/// A name, the bytes, and the client if they are the whole `X-Forwarded-For` or `Forwarded`.
fn masses() -> Vec<(&'static str, Vec<u8>, [Want; 2])> {
    let times = |text: &[u8], n| text.repeat(n);
    vec![
        ("100,000 commas", times(b",", 100_000), [LIST_ENDS, LIST_ENDS]),
        ("4 KB of spaces", times(b" ", 4096), [LIST_ENDS, LIST_ENDS]),
        ("1 MB of spaces", times(b" ", MEGABYTE), [MALFORMED, MALFORMED]),
        ("1 MB of the letter a", times(b"a", MEGABYTE), [MALFORMED, MALFORMED]),
        ("1 MB of digits", times(b"1", MEGABYTE), [MALFORMED, MALFORMED]),
        ("1 MB of colons", times(b":", MEGABYTE), [MALFORMED, MALFORMED]),
        ("1 MB of dots", times(b".", MEGABYTE), [MALFORMED, MALFORMED]),
        ("1 MB of entries", times(b"203.0.113.99, ", MEGABYTE / 14), [LIST_ENDS, LIST_ENDS]),
        ("4 KB of semicolons", times(b";", 4096), [MALFORMED, UNKNOWN]),
        ("1 MB of semicolons", times(b";", MEGABYTE), [MALFORMED, MALFORMED]),
        ("1 MB of pairs", times(b"a=b;", MEGABYTE / 4), [MALFORMED, MALFORMED]),
        (
            "white space round a comma",
            [times(b" \t", 50_000), b",".into(), times(b" \t", 50_000)].concat(),
            [MALFORMED, MALFORMED],
        ),
        (
            "white space inside an entry",
            [b"1".as_slice(), &times(b" \t", 50_000), b"1"].concat(),
            [MALFORMED, MALFORMED],
        ),
        ("50,000 of (", times(b"(", 50_000), [MALFORMED, MALFORMED]),
        ("50,000 of [", times(b"[", 50_000), [MALFORMED, MALFORMED]),
        ("50,000 of \"", times(b"\"", 50_000), [MALFORMED, MALFORMED]),
        ("an odd number of \"", times(b"\"", 50_001), [MALFORMED, MALFORMED]),
        ("50,000 of \\", times(b"\\", 50_000), [MALFORMED, MALFORMED]),
        ("50,000 of \\\"", times(b"\\\"", 50_000), [MALFORMED, MALFORMED]),
        ("50,000 of \",", times(b"\",", 50_000), [LIST_ENDS, LIST_ENDS]),
        ("50,000 of \"\\\",", times(b"\"\\\",", 50_000), [LIST_ENDS, LIST_ENDS]),
    ]
}

#[test]
fn masses_are_read_in_linear_time() {
    for (name, mass, wants) in masses() {
        for ((header, layer, client), want) in families().into_iter().zip(wants) {
            let behind = [&mass, client].concat();
            let rows = [
                (format!("{name}, {header}"), &mass, want),
                (format!("{name}, {header}, then the client"), &behind, Want::Addr(CLIENT)),
            ];
            for (row, list, want) in rows {
                let request = request(P1, "/", &[(header, list)]);
                check_time(&row, &layer, &request.clone().into_parts().0);
                check(&row, &layer, request, want);
            }
        }
    }
}

#[test]
fn ten_thousand_lines_are_read_in_time() {
    let lines = [("an address", b"203.0.113.99".as_slice()), ("empty", b""), ("a quote", b"\"")];
    for (header, layer, client) in families() {
        for (name, line) in lines {
            let row = format!("10,000 lines of {header}: {name}");
            let mut request = request(P1, "/", &vec![(header, line); 9_999]);
            append(request.headers_mut(), &[(header, client)]);
            let parts = request.into_parts().0;
            check_time(&row, &layer, &parts);
            check_client(&row, &layer.resolve(&parts), Want::Addr(CLIENT));
        }
    }
    // Removal is not timed: without optimization, `http` searches all lines for each line.
    let mut request = request(P1, "/", &vec![(XFF, b"203.0.113.99".as_slice()); 9_999]);
    append(request.headers_mut(), &[(XFF, b"203.0.113.7")]);
    check("10,000 lines, removed", &proxies(), request, Want::Addr(CLIENT));
}

/// A `HeaderMap` with the most names that it can hold has room for the headers that are rewritten,
/// because they are present.
#[test]
fn a_full_map_is_rewritten() {
    let names: Vec<_> = (0..40_000).map(|n| format!("x-{n}")).collect();
    let mut request =
        request(P1, "/", &[("x-real-ip", b"203.0.113.99"), (XFF, b"203.0.113.99, 203.0.113.7")]);
    for name in &names {
        let name = http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        if request.headers_mut().try_append(name, http::HeaderValue::from_static("1")).is_err() {
            break;
        }
    }
    assert!((20_000..40_000).contains(&request.headers().len()));
    check_time("a full map", &proxies(), &request.clone().into_parts().0);
    let parts = through(&proxies(), request);
    assert_eq!(lines(&parts, XFF), [CLIENT.as_bytes()], "a full map");
    assert!(!parts.headers.contains_key("x-real-ip"), "a full map");
}

/// Lists of as many proxies as the chain has, one less and more.
#[test]
fn lists_around_the_length_of_the_chain() {
    let proxies_in_list =
        |n| [b"203.0.113.99, 203.0.113.7".as_slice(), &b", 192.0.2.11".repeat(n)].concat();
    for count in [1, 2, 3, 255] {
        let layer = chain_of(count).build().unwrap();
        // The peer is the first proxy, so a list of count - 1 proxies leads to the client.
        let rows = [
            ("one proxy less", proxies_in_list(count.saturating_sub(2)), Want::Addr(CLIENT)),
            ("as many proxies", proxies_in_list(count - 1), Want::Addr(CLIENT)),
            // The chain ends here: this address is the client, and the entries left of it are not
            // looked at.
            ("one proxy more", proxies_in_list(count), Want::Addr(P2)),
            ("1000 proxies more", proxies_in_list(count + 1000), Want::Addr(P2)),
        ];
        for (name, list, want) in rows {
            check(
                &format!("{name}, chain of {count}"),
                &layer,
                request(P1, "/", &[(XFF, &list)]),
                want,
            );
        }
    }
}

/// Lists that a proxy cut at a limit of its own.
#[test]
fn cut_lists_have_no_other_client() {
    let client = "203.0.113.99, 203.0.113.7";
    for end in 1.."203.0.113.7".len() {
        let list = &client[..client.len() - end];
        // An address with a shorter last part would be another address, which no reader can detect.
        // Here the last part has one digit.
        let want = if list.ends_with(' ') { LIST_ENDS } else { MALFORMED };
        check(
            &format!("cut list {list}"),
            &proxies(),
            request(P1, "/", &[(XFF, list.as_bytes())]),
            want,
        );
    }
    let elements = "for=203.0.113.99, for=\"[2001:db8:c::7]:4711\";proto=https";
    let first = "for=203.0.113.99, ".len();
    let whole_pair = elements.find(";proto").unwrap();
    for end in first..elements.len() {
        // Cut between the pairs, or behind a semicolon, the address is whole.
        let want = match end {
            _ if end == first => LIST_ENDS,
            _ if end == whole_pair || end == whole_pair + 1 => Want::Addr("2001:db8:c::7"),
            // A shorter scheme is a valid token, but not a scheme.
            _ if end > whole_pair + ";proto=".len() => Want::Addr("2001:db8:c::7"),
            _ => MALFORMED,
        };
        let layer = builder().client_from("forwarded").build().unwrap();
        let list = &elements[..end];
        check(
            &format!("cut list {list}"),
            &layer,
            request(P1, "/", &[("forwarded", list.as_bytes())]),
            want,
        );
    }
}
