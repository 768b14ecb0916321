//! Which entry of the list is the client, and how the list is split. `server` has folded lines.

use forwarded_headers::{Builder, ClientSource, ForwardedHeaders, TrustedProxies};

use crate::attacks::{
    ATTACKER, CLIENT, LIST_ENDS, MALFORMED, NETWORK, NO_HEADER, P1, P2, UNKNOWN, VICTIM, Want, XFF,
    builder, chain_of, check, check_error, check_lines, check_lists, proxies,
};
use crate::support::{info, request};

/// Reads the entry at this place from the right end.
fn nth_from_right(place: u8) -> Builder {
    builder().client_from(ClientSource::x_forwarded_for().nth_from_right(place))
}

fn chain(proxies: [&str; 2]) -> ForwardedHeaders {
    ForwardedHeaders::builder().trust_chain(proxies).build().unwrap()
}

#[test]
fn the_report_of_one_proxy() {
    check_lists(
        &proxies(),
        &[
            // The oldest attack: a proxy appends to what the client sent.
            ("victim left of client", b"203.0.113.99, 203.0.113.7", Want::Addr(CLIENT)),
            // One proxy is configured, so the address that it reports is the client, even with a
            // proxy's address. Chains are below.
            ("all trusted, one proxy", b"192.0.2.11, 192.0.2.10", Want::Addr(P1)),
            ("unknown is not skipped", b"203.0.113.7, unknown", UNKNOWN),
            ("junk is not skipped", b"203.0.113.7, junk", MALFORMED),
            ("junk to the left is not read", b"junk, 203.0.113.7", Want::Addr(CLIENT)),
            ("private is not skipped", b"203.0.113.7, 10.0.0.5", Want::Addr("10.0.0.5")),
            // No request can come from these addresses.
            ("0.0.0.0", b"203.0.113.7, 0.0.0.0", MALFORMED),
            ("::", b"203.0.113.7, ::", MALFORMED),
            ("::ffff:0.0.0.0", b"203.0.113.7, ::ffff:0.0.0.0", MALFORMED),
            ("IPv4 multicast", b"203.0.113.7, 224.0.0.1", MALFORMED),
            ("mapped multicast", b"203.0.113.7, ::ffff:239.1.2.3", MALFORMED),
            ("IPv6 multicast", b"203.0.113.7, ff02::1", MALFORMED),
            ("broadcast", b"203.0.113.7, 255.255.255.255", MALFORMED),
        ],
    );
}

#[test]
fn the_reports_of_a_chain() {
    check_lists(
        &chain_of(2).build().unwrap(),
        &[
            ("two proxies", b"203.0.113.99, 203.0.113.7, 192.0.2.11", Want::Addr(CLIENT)),
            ("past the outer proxy", b"203.0.113.99, 203.0.113.7", Want::Addr(CLIENT)),
            ("the outer proxy reports no client", b"192.0.2.11", LIST_ENDS),
            ("mapped proxy", b"203.0.113.99, 203.0.113.7, ::ffff:192.0.2.11", Want::Addr(CLIENT)),
            ("all trusted, chain of two", b"192.0.2.11, 192.0.2.10", Want::Addr(P2)),
        ],
    );
    check_lists(
        &chain_of(3).build().unwrap(),
        &[("all trusted, chain of three", b"192.0.2.11, 192.0.2.10", LIST_ENDS)],
    );
    // With a chain that is too short, the outer proxy is the client, not an address of the client's
    // choice.
    check_lists(
        &proxies(),
        &[("a chain that is too short", b"203.0.113.99, 203.0.113.7, 192.0.2.11", Want::Addr(P2))],
    );
}

#[test]
fn the_nth_entry_from_the_right() {
    check_lists(
        &nth_from_right(1).build().unwrap(),
        &[("first entry", b"203.0.113.99, 203.0.113.7", Want::Addr(CLIENT))],
    );
    check_lists(
        &nth_from_right(2).build().unwrap(),
        &[
            ("second entry of one", b"203.0.113.7", LIST_ENDS),
            ("second entry of two", b"203.0.113.7, 192.0.2.11", Want::Addr(CLIENT)),
            // A load balancer that appends two entries, the client and itself.
            ("second entry of three", b"203.0.113.99,203.0.113.7,198.51.100.1", Want::Addr(CLIENT)),
            // A client that bypasses the load balancer chooses its address. The chain below prevents
            // this.
            ("past the load balancer", b"203.0.113.99,203.0.113.7", Want::Addr(VICTIM)),
            // Empty entries count.
            (
                "empty entries to the left",
                b"203.0.113.99,,, 203.0.113.7, 192.0.2.11",
                Want::Addr(CLIENT),
            ),
            ("empty entry at the left end", b", 203.0.113.7, 192.0.2.11", Want::Addr(CLIENT)),
            ("empty second entry", b"203.0.113.7,, 192.0.2.11", LIST_ENDS),
        ],
    );
    check_lists(
        &chain(["198.51.100.1", P1]),
        &[
            (
                "through the whole chain",
                b"203.0.113.99,203.0.113.7,198.51.100.1",
                Want::Addr(CLIENT),
            ),
            // The client bypassed the load balancer. Its own entry is not read.
            ("past the outer proxy of the chain", b"203.0.113.99,203.0.113.7", Want::Addr(CLIENT)),
            (
                "proxies in the wrong order",
                b"203.0.113.99,198.51.100.1,203.0.113.7",
                Want::Addr(CLIENT),
            ),
        ],
    );
}

/// A platform's router that appends its own address: trust the router, or read the header that it
/// replaces.
#[test]
fn routers_that_append_themselves() {
    let list = b"203.0.113.99, 203.0.113.7, 192.0.2.11".as_slice();
    let sent = [(XFF, list), ("fly-client-ip", b"203.0.113.7")];
    let by_address = chain_of(2).build().unwrap();
    check("router in the chain", &by_address, request(P1, "/", &sent), Want::Addr(CLIENT));
    let by_header = builder().client_from("fly-client-ip").build().unwrap();
    check("header of the router", &by_header, request(P1, "/", &sent), Want::Addr(CLIENT));
}

#[test]
fn wrong_numbers_of_proxies_are_refused() {
    let rows = [
        ("chain without a set", chain_of(0), "trust_chain", "trust(\"none\")"),
        ("chain of 256 sets", chain_of(256), "256 sets", "at most 255"),
        ("trust beside a chain", chain_of(1).trust(NETWORK), "beside trust_chain", "remove trust"),
        ("entry 0 from the right", nth_from_right(0), "nth_from_right(0)", "the last entry is 1"),
    ];
    for (name, builder, wrong, right) in rows {
        check_error(name, builder.build(), wrong, right);
    }
}

/// A network decides which peers may report, beside the place of the report. The later of two places
/// holds.
#[test]
fn trusted_networks_beside_places() {
    let list = b"203.0.113.99, 203.0.113.7, 192.0.2.11";
    let place = |place| ClientSource::x_forwarded_for().nth_from_right(place);
    let rows = [
        ("second entry", nth_from_right(2), P1, Want::Addr(CLIENT)),
        ("second entry, stranger", nth_from_right(2), ATTACKER, Want::Peer),
        ("3, then 2", nth_from_right(3).client_from(place(2)), P1, Want::Addr(CLIENT)),
        ("2, then 3", nth_from_right(2).client_from(place(3)), P1, Want::Addr(VICTIM)),
    ];
    for (name, builder, peer, want) in rows {
        check(name, &builder.build().unwrap(), request(peer, "/", &[(XFF, list)]), want);
    }
}

/// A network that is wider than the proxies: the address of an inside client is trusted too.
#[test]
fn inside_clients_of_a_wide_network() {
    const WIDE: &str = "10.0.0.0/8";
    let wide = |count| ForwardedHeaders::builder().trust_chain(vec![WIDE; count]).build().unwrap();
    let sent = b"203.0.113.99, 10.1.2.3";
    let rows = [
        // One proxy is configured, so the inside client is known.
        ("one proxy", wide(1), Want::Addr("10.1.2.3")),
        // This is why one proxy is the default.
        ("chain of two", wide(2), Want::Addr(VICTIM)),
        ("chain of three", wide(3), Want::Addr(VICTIM)),
        ("chain of single addresses", chain(["10.0.0.2", "10.0.0.1"]), Want::Addr("10.1.2.3")),
    ];
    for (name, layer, want) in rows {
        check(name, &layer, request("10.0.0.1", "/", &[(XFF, sent)]), want);
    }
}

#[test]
fn every_address_is_trusted() {
    for text in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96"] {
        let wrong = format!("{text:?}");
        check_error(text, text.parse::<TrustedProxies>(), &wrong, "insecure_any()");
        let list = format!("{NETWORK}, {text}");
        check_error(&list, list.parse::<TrustedProxies>(), &wrong, "insecure_any()");
    }
    let any = TrustedProxies::insecure_any;
    let one = ForwardedHeaders::builder().trust(any()).build().unwrap();
    check_lists(&one, &[("one proxy", b"203.0.113.99, 203.0.113.7", Want::Addr(CLIENT))]);
    // With a chain, the walk would go on into the entries of the client.
    let chain = ForwardedHeaders::builder().trust_chain(vec![any(); 9]);
    check_error("chain of every address", chain.build(), "insecure_any", "nth_from_right(9)");
}

#[test]
fn lines_and_white_space_of_a_list() {
    check_lines(
        &proxies(),
        &[
            ("two lines", &[(XFF, b"203.0.113.99"), (XFF, b"203.0.113.7")], Want::Addr(CLIENT)),
            // A proxy that appends to the first of several lines breaks the premise, and no byte
            // shows it. `Writing::AppendToFirstLine` is for such a proxy.
            (
                "report in the first line",
                &[(XFF, b"203.0.113.7"), (XFF, b"203.0.113.99")],
                Want::Addr(VICTIM),
            ),
            ("comma without a space", &[(XFF, b"a,203.0.113.7")], Want::Addr(CLIENT)),
            ("space behind the comma", &[(XFF, b"a, 203.0.113.7")], Want::Addr(CLIENT)),
            ("space in front of the comma", &[(XFF, b"a ,203.0.113.7")], Want::Addr(CLIENT)),
            ("tabs round the comma", &[(XFF, b"a\t,\t203.0.113.7\t")], Want::Addr(CLIENT)),
            // An empty entry is a proxy without a report. A reader that skips it reads the client's entry.
            ("empty entry at the right end", &[(XFF, b"a, 203.0.113.7,")], LIST_ENDS),
            ("empty first entry", &[(XFF, b",203.0.113.7")], Want::Addr(CLIENT)),
            ("empty entry in the middle", &[(XFF, b"a,,203.0.113.7")], Want::Addr(CLIENT)),
            ("commas alone", &[(XFF, b",,,")], LIST_ENDS),
            ("white space alone", &[(XFF, b" \t")], LIST_ENDS),
            ("empty list", &[(XFF, b"")], LIST_ENDS),
            ("no header", &[], NO_HEADER),
            ("empty line first", &[(XFF, b""), (XFF, b"203.0.113.7")], Want::Addr(CLIENT)),
            // An empty line is an empty entry: the last proxy wrote the last line.
            ("empty line last", &[(XFF, b"203.0.113.7"), (XFF, b"")], LIST_ENDS),
            ("name in capitals", &[("X-FORWARDED-FOR", b"203.0.113.7")], Want::Addr(CLIENT)),
            (
                "three lines, name in any case",
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
fn invalid_separators_are_malformed() {
    check_lists(
        &proxies(),
        &[
            ("space for a comma", b"203.0.113.7 203.0.113.99", MALFORMED),
            ("semicolon for a comma", b"203.0.113.7;203.0.113.99", MALFORMED),
            ("pipe for a comma", b"203.0.113.7|203.0.113.99", MALFORMED),
            ("no-break space", b"203.0.113.99, \xC2\xA0203.0.113.7", MALFORMED),
            ("no-break space behind", b"203.0.113.99, 203.0.113.7\xC2\xA0", MALFORMED),
            ("Latin-1 no-break space", b"203.0.113.99, \xA0203.0.113.7", MALFORMED),
            ("zero-width space", b"203.0.113.99, \xE2\x80\x8B203.0.113.7", MALFORMED),
            ("invalid UTF-8 to the left", b"\xFF, 203.0.113.7", Want::Addr(CLIENT)),
            ("invalid UTF-8 in the report", b"203.0.113.99, \xFF203.0.113.7", MALFORMED),
        ],
    );
    // `http` refuses these bytes, so no list holds them.
    let refused = [("VT", b"\x0B".as_slice()), ("FF", b"\x0C")];
    for (name, byte) in refused {
        assert!(http::HeaderValue::from_bytes(byte).is_err(), "{name}");
    }
}

/// A proxy that replaces a header with one address leaves neither a second line nor a list.
#[test]
fn headers_with_one_address() {
    for header in ["x-real-ip", "cf-connecting-ip"] {
        let layer = builder().client_from(header).build().unwrap();
        let line = |value: &'static [u8]| (header, value);
        let rows = [
            ("one line", vec![line(b"203.0.113.7")], Want::Addr(CLIENT)),
            ("two lines", vec![line(b"203.0.113.99"), line(b"203.0.113.7")], MALFORMED),
            ("the same line twice", vec![line(b"203.0.113.7"), line(b"203.0.113.7")], MALFORMED),
            ("an empty line first", vec![line(b""), line(b"203.0.113.7")], MALFORMED),
            ("a list", vec![line(b"203.0.113.99, 203.0.113.7")], MALFORMED),
            ("a list with an empty entry", vec![line(b",203.0.113.7")], MALFORMED),
            ("empty line", vec![line(b"")], LIST_ENDS),
            ("X-Forwarded-For alone", vec![(XFF, b"203.0.113.7".as_slice())], NO_HEADER),
        ];
        for (name, lines, want) in rows {
            let parts = check(&format!("{name}, {header}"), &layer, request(P1, "/", &lines), want);
            assert!(info(&parts).hops() <= 1, "{name}, {header}");
        }
    }
}
