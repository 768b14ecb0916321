//! Which entry of the list is the client: rows 24 to 40. How the list is cut: rows 41 to 52. Row 53
//! is in `server`.

use forwarded_headers::{ForwardedHeaders, TrustedProxies};
use http::HeaderName;

use crate::attacks::{
    CLIENT, MALFORMED, MISSING, NOT_REPORTED, P1, P2, UNKNOWN, VICTIM, Want, XFF, check,
    check_error, check_lines, check_lists, proxies, trusted,
};
use crate::support::{info, request};

#[test]
fn one_hop() {
    let named = "192.0.2.10";
    check_lists(
        &proxies(),
        &[
            // The oldest attack: a proxy appends to what the client sent.
            ("24 victim left of client", b"203.0.113.99, 203.0.113.7", Want::Addr(CLIENT)),
            // The operator said that there is one proxy, so whoever it names is the client, even
            // with a proxy's address. More hops are below.
            ("30 all trusted, one hop", b"192.0.2.11, 192.0.2.10", Want::Addr(named)),
            ("33 unknown", b"203.0.113.7, unknown", UNKNOWN),
            ("34 junk is not skipped", b"203.0.113.7, junk", MALFORMED),
            ("35 junk to the left is not read", b"junk, 203.0.113.7", Want::Addr(CLIENT)),
            ("36 private is not skipped", b"203.0.113.7, 10.0.0.5", Want::Addr("10.0.0.5")),
            // Nobody can make a request from these.
            ("37 0.0.0.0", b"203.0.113.7, 0.0.0.0", MALFORMED),
            ("37 ::", b"203.0.113.7, ::", MALFORMED),
            ("37 ::ffff:0.0.0.0", b"203.0.113.7, ::ffff:0.0.0.0", MALFORMED),
            ("37 IPv4 multicast", b"203.0.113.7, 224.0.0.1", MALFORMED),
            ("37 mapped multicast", b"203.0.113.7, ::ffff:239.1.2.3", MALFORMED),
            ("37 IPv6 multicast", b"203.0.113.7, ff02::1", MALFORMED),
            ("37 broadcast", b"203.0.113.7, 255.255.255.255", MALFORMED),
        ],
    );
}

#[test]
fn more_hops_by_address() {
    check_lists(
        &proxies().max_hops(2),
        &[
            ("25 two proxies", b"203.0.113.99, 203.0.113.7, 192.0.2.11", Want::Addr(CLIENT)),
            ("25 past the outer proxy", b"203.0.113.99, 203.0.113.7", Want::Addr(CLIENT)),
            ("25 the outer proxy said nothing", b"192.0.2.11", MISSING),
            (
                "25 mapped proxy",
                b"203.0.113.99, 203.0.113.7, ::ffff:192.0.2.11",
                Want::Addr(CLIENT),
            ),
            ("30 all trusted, two hops", b"192.0.2.11, 192.0.2.10", Want::Addr(P2)),
        ],
    );
    check_lists(
        &proxies().max_hops(3),
        &[("30 all trusted, hops to spare", b"192.0.2.11, 192.0.2.10", MISSING)],
    );
    // One hop too few names the proxy, not somebody the client chose.
    check_lists(
        &proxies(),
        &[("25 one hop configured", b"203.0.113.99, 203.0.113.7, 192.0.2.11", Want::Addr(P2))],
    );
}

#[test]
fn hops_by_count() {
    check_lists(
        &proxies().trusted_hops(1),
        &[("26 count 1", b"203.0.113.99, 203.0.113.7", Want::Addr(CLIENT))],
    );
    check_lists(
        &proxies().trusted_hops(2),
        &[
            ("27 count 2, one entry", b"203.0.113.7", MISSING),
            ("27 count 2, two entries", b"203.0.113.7, 192.0.2.11", Want::Addr(CLIENT)),
            // A load balancer that appends two entries, the client and itself.
            ("38 skip one", b"203.0.113.99,203.0.113.7,198.51.100.1", Want::Addr(CLIENT)),
            // A count believes whoever gets round the load balancer; its docs say so, and the chain
            // below is the answer.
            ("39 skip one on the direct way", b"203.0.113.99,203.0.113.7", Want::Addr(VICTIM)),
            // Empty members count, but never among those that the proxies wrote.
            (
                "45 empty to the left",
                b"203.0.113.99,,, 203.0.113.7, 192.0.2.11",
                Want::Addr(CLIENT),
            ),
            ("45 the client sent an empty list", b", 203.0.113.7, 192.0.2.11", Want::Addr(CLIENT)),
            ("45 empty where a report is due", b"203.0.113.7,, 192.0.2.11", MISSING),
        ],
    );
    check_lists(
        &ForwardedHeaders::new().proxy_chain([trusted("198.51.100.1"), trusted(P1)]),
        &[
            ("38 chain", b"203.0.113.99,203.0.113.7,198.51.100.1", Want::Addr(CLIENT)),
            // The client named itself by coming the direct way; what it sent is not believed.
            ("39 chain on the direct way", b"203.0.113.99,203.0.113.7", Want::Addr(CLIENT)),
            (
                "39 chain in the wrong order",
                b"203.0.113.99,198.51.100.1,203.0.113.7",
                Want::Addr(CLIENT),
            ),
        ],
    );
}

/// A platform's router that appends its own address: trust it, or read the header it replaces.
#[test]
fn routers_that_append_themselves() {
    let list = b"203.0.113.99, 203.0.113.7, 192.0.2.11".as_slice();
    let sent = [(XFF, list), ("fly-client-ip", b"203.0.113.7")];
    let by_address = proxies().max_hops(2);
    check("40 by address", &by_address, request(P1, "/", &sent), Want::Addr(CLIENT));
    let header = HeaderName::from_static("fly-client-ip");
    let by_header = proxies().client_ip_header(header);
    check("40 by header", &by_header, request(P1, "/", &sent), Want::Addr(CLIENT));
}

#[test]
fn wrong_numbers_of_hops() {
    let set = || trusted("192.0.2.0/24");
    let none = "trust(TrustedProxies::none())";
    let rows = [
        // A negative number is no u8.
        ("28 max_hops", proxies().max_hops(0), "max_hops(0)", none),
        ("28 trusted_hops", proxies().trusted_hops(0), "trusted_hops(0)", none),
        ("28 proxy_chain", ForwardedHeaders::new().proxy_chain([]), "proxy_chain([])", none),
        (
            "28 a chain of 256",
            ForwardedHeaders::new().proxy_chain(std::iter::repeat_with(set).take(256)),
            "proxy_chain",
            "at most 255",
        ),
        (
            "29 trust beside a chain",
            proxies().proxy_chain([set()]),
            "trust(…) beside proxy_chain",
            "drop trust",
        ),
    ];
    for (name, layer, wrong, right) in rows {
        check_error(name, layer.check(), wrong, right);
    }
}

/// A range and a count go together: the range says who may open the connection. Of two counts the
/// later holds.
#[test]
fn ranges_beside_counts() {
    let list = b"203.0.113.99, 203.0.113.7, 192.0.2.11";
    let rows = [
        ("29 range and count", proxies().trusted_hops(2), P1, Want::Addr(CLIENT)),
        ("29 range and count, stranger", proxies().trusted_hops(2), "198.51.100.66", Want::Peer),
        ("29 count, then hops", proxies().trusted_hops(3).max_hops(2), P1, Want::Addr(CLIENT)),
        ("29 hops, then count", proxies().max_hops(2).trusted_hops(3), P1, Want::Addr(VICTIM)),
    ];
    for (name, layer, peer, want) in rows {
        check(name, &layer, request(peer, "/", &[(XFF, list)]), want);
    }
}

/// A range wider than the proxies: an inside host's own address is "trusted".
#[test]
fn insiders() {
    let wide = || ForwardedHeaders::new().trust(trusted("10.0.0.0/8"));
    let sent = b"203.0.113.99, 10.1.2.3";
    let rows = [
        // The bound is the number of proxies, so the insider is the client, and known: better than
        // unresolved.
        ("31 one hop", wide(), Want::Addr("10.1.2.3")),
        // Why one hop is the default.
        ("31 two hops", wide().max_hops(2), Want::Addr(VICTIM)),
        ("31 three hops", wide().max_hops(3), Want::Addr(VICTIM)),
        (
            "31 chain",
            ForwardedHeaders::new().proxy_chain([trusted("10.0.0.2"), trusted("10.0.0.1")]),
            Want::Addr("10.1.2.3"),
        ),
    ];
    for (name, layer, want) in rows {
        check(name, &layer, request("10.0.0.1", "/", &[(XFF, sent)]), want);
    }
}

#[test]
fn everybody_is_trusted() {
    let rows = [
        ("32 0.0.0.0/0", "0.0.0.0/0"),
        ("32 ::/0", "::/0"),
        ("32 ::ffff:0.0.0.0/96", "::ffff:0.0.0.0/96"),
    ];
    for (name, text) in rows {
        let wrong = format!("{text:?}");
        check_error(name, text.parse::<TrustedProxies>(), &wrong, "insecure_any()");
        let list = format!("192.0.2.0/24, {text}");
        check_error(name, list.parse::<TrustedProxies>(), &wrong, "insecure_any()");
    }
    let any = || ForwardedHeaders::new().trust(TrustedProxies::insecure_any());
    check_lists(&any(), &[("32 one hop", b"203.0.113.99, 203.0.113.7", Want::Addr(CLIENT))]);
    // Past the left end, where everybody is a proxy, is nobody: never the leftmost.
    check_lists(&any().max_hops(9), &[("32 hops to spare", b"203.0.113.99, 203.0.113.7", MISSING)]);
}

#[test]
fn lines_and_white_space() {
    check_lines(
        &proxies(),
        &[
            ("41 two lines", &[(XFF, b"203.0.113.99"), (XFF, b"203.0.113.7")], Want::Addr(CLIENT)),
            // A proxy that appends to the first of several lines breaks the condition of the
            // promise, and nothing in the bytes tells it; the docs name it.
            (
                "42 appended to the first line",
                &[(XFF, b"203.0.113.7"), (XFF, b"203.0.113.99")],
                Want::Addr(VICTIM),
            ),
            ("43 no space", &[(XFF, b"a,203.0.113.7")], Want::Addr(CLIENT)),
            ("43 space behind", &[(XFF, b"a, 203.0.113.7")], Want::Addr(CLIENT)),
            ("43 space in front", &[(XFF, b"a ,203.0.113.7")], Want::Addr(CLIENT)),
            ("43 tabs", &[(XFF, b"a\t,\t203.0.113.7\t")], Want::Addr(CLIENT)),
            // An empty member is a proxy that reported nobody. To skip it would read further left.
            ("44 empty at the end", &[(XFF, b"a, 203.0.113.7,")], MISSING),
            ("44 empty at the start", &[(XFF, b",203.0.113.7")], Want::Addr(CLIENT)),
            ("44 empty in the middle", &[(XFF, b"a,,203.0.113.7")], Want::Addr(CLIENT)),
            ("44 commas alone", &[(XFF, b",,,")], MISSING),
            ("44 white space alone", &[(XFF, b" \t")], MISSING),
            ("46 empty", &[(XFF, b"")], MISSING),
            ("46 not there", &[], NOT_REPORTED),
            ("46 empty line first", &[(XFF, b""), (XFF, b"203.0.113.7")], Want::Addr(CLIENT)),
            // As an empty member: the last line is what the last proxy wrote.
            ("46 empty line last", &[(XFF, b"203.0.113.7"), (XFF, b"")], MISSING),
            ("52 one name in any case", &[("X-FORWARDED-FOR", b"203.0.113.7")], Want::Addr(CLIENT)),
            (
                "52 mixed lines",
                &[
                    ("x-forwarded-for", b"203.0.113.99"),
                    ("X-FORWARDED-FOR", b"203.0.113.99"),
                    ("X-Forwarded-For", b"203.0.113.7"),
                ],
                Want::Addr(CLIENT),
            ),
        ],
    );
}

#[test]
fn separators_that_are_none() {
    check_lists(
        &proxies(),
        &[
            ("47 space", b"203.0.113.7 203.0.113.99", MALFORMED),
            ("47 semicolon", b"203.0.113.7;203.0.113.99", MALFORMED),
            ("47 pipe", b"203.0.113.7|203.0.113.99", MALFORMED),
            ("48 no-break space", b"203.0.113.99, \xC2\xA0203.0.113.7", MALFORMED),
            ("48 no-break space behind", b"203.0.113.99, 203.0.113.7\xC2\xA0", MALFORMED),
            ("48 Latin-1 no-break space", b"203.0.113.99, \xA0203.0.113.7", MALFORMED),
            ("48 zero-width space", b"203.0.113.99, \xE2\x80\x8B203.0.113.7", MALFORMED),
            ("49 no text to the left", b"\xFF, 203.0.113.7", Want::Addr(CLIENT)),
            ("49 no text where it counts", b"203.0.113.99, \xFF203.0.113.7", MALFORMED),
        ],
    );
    // `http` refuses these, so no list holds them.
    let synthetic = [("48 VT", b"\x0B".as_slice()), ("48 FF", b"\x0C")];
    for (name, byte) in synthetic {
        assert!(http::HeaderValue::from_bytes(byte).is_err(), "{name}");
    }
}

/// A proxy that replaces a single value leaves neither a second line nor a list.
#[test]
fn single_values() {
    for header in ["x-real-ip", "cf-connecting-ip"] {
        let layer = proxies().client_ip_header(HeaderName::from_static(header));
        let line = |value: &'static [u8]| (header, value);
        let rows = [
            ("50 one line", vec![line(b"203.0.113.7")], Want::Addr(CLIENT)),
            ("50 two lines", vec![line(b"203.0.113.99"), line(b"203.0.113.7")], MALFORMED),
            ("50 the same line twice", vec![line(b"203.0.113.7"), line(b"203.0.113.7")], MALFORMED),
            ("50 an empty line first", vec![line(b""), line(b"203.0.113.7")], MALFORMED),
            ("51 a list", vec![line(b"203.0.113.99, 203.0.113.7")], MALFORMED),
            ("51 a list with an empty member", vec![line(b",203.0.113.7")], MALFORMED),
            ("51 empty", vec![line(b"")], MISSING),
            ("51 not there, but a list", vec![(XFF, b"203.0.113.7".as_slice())], NOT_REPORTED),
        ];
        for (name, lines, want) in rows {
            let parts = check(&format!("{name}, {header}"), &layer, request(P1, "/", &lines), want);
            assert!(info(&parts).hops() <= 1, "{name}, {header}");
        }
    }
}
