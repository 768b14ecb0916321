//! Headers of another family, and names that look like a name that is read. `server` has trailers, and
//! names that hyper refuses.

use forwarded_headers::{AllowedHosts, Builder, ClientSource, Writing};
use http::uri::Authority;

use crate::attacks::{
    ATTACKER, CLIENT, LIST_ENDS, LinesRow, MALFORMED, NO_HEADER, P1, UNKNOWN, Want, XFF, builder,
    chain_of, check, check_lines, left_over, proxies,
};
use crate::support::{Line, info, lines, request, through};

const F: &str = "forwarded";

/// Reads every value of the X- family.
fn all_values() -> Builder {
    builder()
        .host_from("x-forwarded-host")
        .port_from("x-forwarded-port")
        .prefix_from("x-forwarded-prefix")
        .allowed_hosts(AllowedHosts::any())
}

/// A proxy passes on what the client sent in the family that it does not write (RFC 7239 §7.4).
#[test]
fn one_family_is_read() {
    check_lines(
        &proxies(),
        &[
            (
                "another client in Forwarded",
                &[(XFF, b"203.0.113.7"), (F, b"for=203.0.113.99")],
                Want::Addr(CLIENT),
            ),
            ("Forwarded alone", &[(F, b"for=203.0.113.99")], NO_HEADER),
            // The layer removes the family that it does not read, even if both agree.
            (
                "the same client in Forwarded",
                &[(XFF, b"203.0.113.7"), (F, b"for=203.0.113.7")],
                Want::Addr(CLIENT),
            ),
        ],
    );
    let forwarded = builder().client_from(F).build().unwrap();
    check_lines(
        &forwarded,
        &[
            (
                "another client in X-Forwarded-For",
                &[(XFF, b"203.0.113.99"), (F, b"for=203.0.113.7")],
                Want::Addr(CLIENT),
            ),
            ("X-Forwarded-For alone", &[(XFF, b"203.0.113.99")], NO_HEADER),
            (
                "the same client in X-Forwarded-For",
                &[(XFF, b"203.0.113.7"), (F, b"for=203.0.113.7")],
                Want::Addr(CLIENT),
            ),
        ],
    );
    let sent: [Line<'_>; 3] =
        [(F, b"for=203.0.113.7"), (XFF, b"203.0.113.99"), ("x-forwarded-proto", b"https")];
    let parts = check("another scheme", &forwarded, request(P1, "/", &sent), Want::Addr(CLIENT));
    assert_eq!((info(&parts).scheme().as_str(), left_over(&parts)), ("http", vec![F]));
}

#[test]
fn a_vendor_header_instead_of_the_list() {
    const CF: &str = "cf-connecting-ip";
    let layer = builder().client_from(CF).build().unwrap();
    let rows: &[LinesRow<'_>] = &[
        (
            "another client in the list",
            &[(CF, b"203.0.113.7"), (XFF, b"203.0.113.99")],
            Want::Addr(CLIENT),
        ),
        ("junk in the list", &[(CF, b"203.0.113.7"), (XFF, b"junk")], Want::Addr(CLIENT)),
        ("no list", &[(CF, b"203.0.113.7")], Want::Addr(CLIENT)),
        ("junk in the header", &[(CF, b"junk"), (XFF, b"203.0.113.99")], MALFORMED),
    ];
    for (name, sent, want) in rows {
        let parts = check(name, &layer, request(P1, "/", sent), *want);
        assert!(!left_over(&parts).contains(&XFF), "{name}");
    }
}

/// A name, header lines, what the proxies do, the scheme and the authority.
type WritingRow<'a> = (&'a str, &'a [Line<'a>], Writing, &'a str, Option<&'a str>);

/// Lists of other lengths are never paired from the left. `Writing::AppendToEach` pairs them from the
/// right.
#[test]
fn lists_of_other_lengths() {
    const TWO: Line<'_> = (XFF, b"203.0.113.7, 192.0.2.11");
    const HOSTS: Line<'_> = ("x-forwarded-host", b"a.example, b.example, c.example");
    const OWN: Line<'_> = ("host", b"own.example");
    let rows: &[WritingRow<'_>] = &[
        (
            "one scheme, three hosts",
            &[TWO, ("x-forwarded-proto", b"https"), HOSTS, OWN],
            Writing::Append,
            "https",
            Some("own.example"),
        ),
        (
            "rightmost scheme",
            &[TWO, ("x-forwarded-proto", b"http, https"), OWN],
            Writing::Append,
            "https",
            Some("own.example"),
        ),
        (
            "each appended: one scheme is too few, three hosts are enough",
            &[TWO, ("x-forwarded-proto", b"https"), HOSTS, OWN],
            Writing::AppendToEach,
            "http",
            Some("b.example"),
        ),
        (
            "each appended: two of each",
            &[
                TWO,
                ("x-forwarded-proto", b"https, http"),
                ("x-forwarded-host", b"a.example, b"),
                OWN,
            ],
            Writing::AppendToEach,
            "https",
            Some("a.example"),
        ),
        (
            "each appended: an empty entry is absent",
            &[TWO, ("x-forwarded-proto", b"https,, http"), OWN],
            Writing::AppendToEach,
            "http",
            Some("own.example"),
        ),
    ];
    for (name, sent, writing, scheme, authority) in rows {
        let layer = chain_of(2)
            .proxies_write(*writing)
            .host_from("x-forwarded-host")
            .allowed_hosts(AllowedHosts::any())
            .build()
            .unwrap();
        let parts = check(name, &layer, request(P1, "/", sent), Want::Addr(CLIENT));
        let info = info(&parts);
        let found = info.authority().map(Authority::as_str);
        assert_eq!((info.scheme().as_str(), found), (*scheme, *authority), "{name}");
    }
}

/// A name, the list, the client, the origin and the prefix.
type BrokenRow<'a> = (&'a str, &'a [Line<'a>], Want, &'a str, Option<&'a str>);

/// A client that can break the address can break the scheme too, so neither is read.
/// `ClientSource::none` is for a load balancer that writes a scheme and no address.
#[test]
fn beside_a_broken_list_no_other_header_is_read() {
    let rest: [Line<'_>; 5] = [
        ("host", b"own.example"),
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-host", b"evil.example"),
        ("x-forwarded-port", b"8443"),
        ("x-forwarded-prefix", b"/evil"),
    ];
    let layer = all_values().build().unwrap();
    let rows: [BrokenRow<'_>; 4] = [
        ("malformed", &[(XFF, b"junk")], MALFORMED, "http://own.example", None),
        ("empty last entry", &[(XFF, b"203.0.113.7,")], LIST_ENDS, "http://own.example", None),
        ("no header", &[], NO_HEADER, "http://own.example", None),
        // The proxy wrote this report as it should.
        ("unknown", &[(XFF, b"unknown")], UNKNOWN, "https://evil.example:8443", Some("/evil")),
    ];
    for (name, list, want, origin, prefix) in rows {
        let parts = check(name, &layer, request(P1, "/", &[list, &rest].concat()), want);
        assert_eq!(info(&parts).origin().as_deref(), Some(origin), "{name}");
        assert_eq!(info(&parts).prefix(), prefix, "{name}");
    }
    let layer = all_values().client_from(ClientSource::none()).build().unwrap();
    let parts = through(&layer, request(P1, "/", &rest));
    let origin = info(&parts).origin();
    assert_eq!(origin.as_deref(), Some("https://evil.example:8443"), "no address is read");
    assert_eq!(info(&parts).client_ip(), None, "no address is read");
}

/// A client can make a proxy delete the header that the proxy has just written (CVE-2022-31813,
/// CVE-2026-29054). The client is then unresolved. If the header is present, the proxy wrote it. A layer
/// that read `Connection` would let the client choose to be unresolved.
#[test]
fn connection_is_not_read() {
    let list: Line<'_> = (XFF, b"203.0.113.99, 203.0.113.7");
    check_lines(
        &proxies(),
        &[
            (
                "header named and present",
                &[("connection", b"close, X-Forwarded-For"), list],
                Want::Addr(CLIENT),
            ),
            ("header named and deleted", &[("connection", b"close, X-Forwarded-For")], NO_HEADER),
            (
                "header named in lower case",
                &[("connection", b"x-forwarded-for"), list],
                Want::Addr(CLIENT),
            ),
            (
                "another header named",
                &[("connection", b"x-forwarded-host"), list],
                Want::Addr(CLIENT),
            ),
            (
                "header named in the second line",
                &[("connection", b"close"), ("connection", b"X-Forwarded-For"), list],
                Want::Addr(CLIENT),
            ),
            (
                "header named behind an empty line",
                &[("connection", b""), ("connection", b"X-Forwarded-For"), list],
                Want::Addr(CLIENT),
            ),
        ],
    );
    // If the client made the proxy delete the scheme, the scheme is not https.
    let sent: [Line<'_>; 2] = [("connection", b"X-Forwarded-Proto"), list];
    let layer = builder().direct_scheme("https").build().unwrap();
    let parts = check("scheme deleted", &layer, request(P1, "/", &sent), Want::Addr(CLIENT));
    assert_eq!(info(&parts).scheme().as_str(), "http");
}

/// Servers that fold `_` or `.` into `-` read these names as the real ones (CVE-2024-45614,
/// CVE-2026-39858).
#[test]
fn look_alikes_are_removed() {
    let rows: [Line<'_>; 12] = [
        ("X_Forwarded_For", b"203.0.113.99"),
        ("X-Forwarded_For", b"203.0.113.99"),
        ("X_Forwarded-For", b"203.0.113.99"),
        ("X.Forwarded.For", b"203.0.113.99"),
        ("X.Forwarded_For", b"203.0.113.99"),
        ("X_Forwarded_Proto", b"https"),
        ("X.Forwarded.Host", b"evil.example"),
        ("X_Forwarded_Port", b"8443"),
        ("X_Forwarded_Prefix", b"/evil"),
        ("X_Real_IP", b"203.0.113.99"),
        ("CF_Connecting_IP", b"203.0.113.99"),
        ("True.Client.IP", b"203.0.113.99"),
    ];
    let layer = all_values().build().unwrap();
    for look_alike in rows {
        let name = look_alike.0;
        for sent in [[look_alike, (XFF, b"203.0.113.7")], [(XFF, b"203.0.113.7"), look_alike]] {
            let parts = check(name, &layer, request(P1, "/", &sent), Want::Addr(CLIENT));
            assert_eq!(left_over(&parts), [XFF], "{name}");
            assert_eq!(info(&parts).scheme().as_str(), "http", "{name}");
            assert_eq!((info(&parts).authority(), info(&parts).prefix()), (None, None), "{name}");
        }
        check(name, &layer, request(P1, "/", &[look_alike]), NO_HEADER);
        check(name, &layer, request(ATTACKER, "/", &[look_alike]), Want::Peer);
    }
}

/// CVE-2026-45045: a line beside the client's line is the second line.
#[test]
fn the_app_gets_one_line_of_each_header() {
    let sent: [Line<'_>; 6] = [
        ("x-real-ip", b"203.0.113.99"),
        (XFF, b"203.0.113.99"),
        ("x-forwarded-proto", b"http"),
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-server", b"evil.example"),
        (XFF, b"203.0.113.7:4711"),
    ];
    let parts = check("from a proxy", &proxies(), request(P1, "/", &sent), Want::Addr(CLIENT));
    assert_eq!(lines(&parts, XFF), [CLIENT.as_bytes()]);
    assert_eq!(lines(&parts, "x-forwarded-proto"), [b"https".as_slice()]);
    assert_eq!(parts.headers.len(), 2);

    // The layer removes every forwarding header of a client, unless the operator keeps it.
    let parts = check("from a client", &proxies(), request(ATTACKER, "/", &sent), Want::Peer);
    assert!(parts.headers.is_empty());
    let keeps = builder().insecure_keep_header("x-real-ip").build().unwrap();
    let kept = through(&keeps, request(ATTACKER, "/", &sent));
    assert_eq!(left_over(&kept), ["x-real-ip"]);
    assert_eq!(info(&kept).client_ip(), Some(ATTACKER.parse().unwrap()));
}
