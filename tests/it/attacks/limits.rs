//! Size and time: rows 149 to 154.
//!
//! There is no limit to refuse by: what is to the left of the answer is not read, so its size is
//! nobody's business but the server's, and whoever could refuse a request by sending more of it
//! could make a proxy's report worthless.

use forwarded_headers::{Family, ForwardedHeaders};

use crate::attacks::{
    CLIENT, MALFORMED, MISSING, P1, UNKNOWN, Want, XFF, check, check_client, check_time, proxies,
};
use crate::support::{append, request};

const MEGABYTE: usize = 1_000_000;

/// Both families get the same bytes; the client that the proxy names behind them is found in both.
fn families() -> [(&'static str, ForwardedHeaders, &'static [u8]); 2] {
    [
        (XFF, proxies(), b", 203.0.113.7"),
        ("forwarded", proxies().family(Family::Forwarded), b", for=203.0.113.7"),
    ]
}

/// A name, the bytes, and what comes of them alone in `X-Forwarded-For` and in `Forwarded`.
fn masses() -> Vec<(&'static str, Vec<u8>, [Want; 2])> {
    let times = |text: &[u8], n| text.repeat(n);
    vec![
        ("149 100,000 commas", times(b",", 100_000), [MISSING, MISSING]),
        ("149 4 KB of spaces", times(b" ", 4096), [MISSING, MISSING]),
        ("149 1 MB of spaces", times(b" ", MEGABYTE), [MALFORMED, MALFORMED]),
        ("149 1 MB of a", times(b"a", MEGABYTE), [MALFORMED, MALFORMED]),
        ("149 1 MB of digits", times(b"1", MEGABYTE), [MALFORMED, MALFORMED]),
        ("149 1 MB of colons", times(b":", MEGABYTE), [MALFORMED, MALFORMED]),
        ("149 1 MB of dots", times(b".", MEGABYTE), [MALFORMED, MALFORMED]),
        ("149 1 MB of entries", times(b"203.0.113.99, ", MEGABYTE / 14), [MISSING, MISSING]),
        ("149 4 KB of semicolons", times(b";", 4096), [MALFORMED, UNKNOWN]),
        ("149 1 MB of semicolons", times(b";", MEGABYTE), [MALFORMED, MALFORMED]),
        ("149 1 MB of pairs", times(b"a=b;", MEGABYTE / 4), [MALFORMED, MALFORMED]),
        (
            "153 white space round a comma",
            [times(b" \t", 50_000), b",".into(), times(b" \t", 50_000)].concat(),
            [MALFORMED, MALFORMED],
        ),
        (
            "153 white space inside",
            [b"1".as_slice(), &times(b" \t", 50_000), b"1"].concat(),
            [MALFORMED, MALFORMED],
        ),
        ("154 (", times(b"(", 50_000), [MALFORMED, MALFORMED]),
        ("154 [", times(b"[", 50_000), [MALFORMED, MALFORMED]),
        ("154 \"", times(b"\"", 50_000), [MALFORMED, MALFORMED]),
        ("154 an odd number of \"", times(b"\"", 50_001), [MALFORMED, MALFORMED]),
        ("154 \\", times(b"\\", 50_000), [MALFORMED, MALFORMED]),
        ("154 \\\"", times(b"\\\"", 50_000), [MALFORMED, MALFORMED]),
        ("154 \",", times(b"\",", 50_000), [MISSING, MISSING]),
        ("154 \"\\\",", times(b"\"\\\",", 50_000), [MISSING, MISSING]),
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
fn many_lines() {
    let lines = [("an address", b"203.0.113.99".as_slice()), ("nothing", b""), ("a quote", b"\"")];
    for (header, layer, client) in families() {
        for (name, line) in lines {
            let row = format!("150 10,000 lines of {header}: {name}");
            let mut request = request(P1, "/", &vec![(header, line); 9_999]);
            append(request.headers_mut(), &[(header, client)]);
            let parts = request.into_parts().0;
            check_time(&row, &layer, &parts);
            check_client(&row, &layer.resolve(&parts), Want::Addr(CLIENT));
        }
    }
    // To remove them is not timed: without optimisation `http` looks through all lines at each.
    let mut request = request(P1, "/", &vec![(XFF, b"203.0.113.99".as_slice()); 9_999]);
    append(request.headers_mut(), &[(XFF, b"203.0.113.7")]);
    check("150 10,000 lines, removed", &proxies(), request, Want::Addr(CLIENT));
}

/// As many names as a `HeaderMap` takes: there is room for what is written, since it was there.
#[test]
fn a_full_map() {
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
    check_time("150 a full map", &proxies(), &request.clone().into_parts().0);
    let parts = crate::support::through(&proxies(), request);
    assert_eq!(crate::support::lines(&parts, XFF), [CLIENT.as_bytes()], "150 a full map");
    assert!(!parts.headers.contains_key("x-real-ip"), "150 a full map");
}

/// A chain as long as the cap, one less, one more, with a good right end.
#[test]
fn around_the_cap() {
    let proxies_in_list =
        |n| [b"203.0.113.99, 203.0.113.7".as_slice(), &b", 192.0.2.11".repeat(n)].concat();
    for hops in [1, 2, 3, 255_u8] {
        let layer = proxies().max_hops(hops);
        let cap = usize::from(hops);
        // The peer is the first hop, so a list of hops - 1 proxies leads to the client.
        let rows = [
            ("cap - 1", proxies_in_list(cap.saturating_sub(2)), Want::Addr(CLIENT)),
            ("cap", proxies_in_list(cap - 1), Want::Addr(CLIENT)),
            // The operator said how many there are: the address reached is the client, and nothing
            // that stands left of it is looked at.
            ("cap + 1", proxies_in_list(cap), Want::Addr("192.0.2.11")),
            ("cap + 1000", proxies_in_list(cap + 1000), Want::Addr("192.0.2.11")),
        ];
        for (name, list, want) in rows {
            check(&format!("151 {name} = {hops}"), &layer, request(P1, "/", &[(XFF, &list)]), want);
        }
    }
}

/// A list so close to a limit that a hop cut what it appended.
#[test]
fn cut_lists() {
    let client = "203.0.113.99, 203.0.113.7";
    for end in 1.."203.0.113.7".len() {
        let list = &client[..client.len() - end];
        // What is left of an address that was cut is none, or, with the last part alone shorter,
        // another: no reader can tell that. Here the last part has one digit.
        let want = if list.ends_with(' ') { MISSING } else { MALFORMED };
        check(
            &format!("152 {list}"),
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
            _ if end == first => MISSING,
            _ if end == whole_pair || end == whole_pair + 1 => Want::Addr("2001:db8:c::7"),
            // A shorter scheme is a token like another, and no scheme.
            _ if end > whole_pair + ";proto=".len() => Want::Addr("2001:db8:c::7"),
            _ => MALFORMED,
        };
        let layer = proxies().family(Family::Forwarded);
        let list = &elements[..end];
        check(
            &format!("152 {list}"),
            &layer,
            request(P1, "/", &[("forwarded", list.as_bytes())]),
            want,
        );
    }
}
