//! Two families, and names that hide: rows 96 to 104, 106 and 107. Rows 105 and 108 are in
//! `server`.

use forwarded_headers::{AllowedHosts, Family};
use http::HeaderName;

use crate::attacks::{
    ATTACKER, CLIENT, LinesRow, MALFORMED, MISSING, NOT_REPORTED, P1, UNKNOWN, Want, XFF, check,
    check_lines, left_over, proxies,
};
use crate::support::{Line, info, lines, request, through};

const F: &str = "forwarded";

/// A proxy hands on what the client sent in the family that it does not know (RFC 7239 §7.4).
#[test]
fn one_family_is_read() {
    check_lines(
        &proxies(),
        &[
            ("96", &[(XFF, b"203.0.113.7"), (F, b"for=203.0.113.99")], Want::Addr(CLIENT)),
            ("96 Forwarded alone", &[(F, b"for=203.0.113.99")], NOT_REPORTED),
            // Both cannot be configured, so nothing can disagree: the other is not read, and goes.
            ("98 X-", &[(XFF, b"203.0.113.7"), (F, b"for=203.0.113.7")], Want::Addr(CLIENT)),
        ],
    );
    let forwarded = proxies().family(Family::Forwarded);
    check_lines(
        &forwarded,
        &[
            ("97", &[(XFF, b"203.0.113.99"), (F, b"for=203.0.113.7")], Want::Addr(CLIENT)),
            ("97 X- alone", &[(XFF, b"203.0.113.99")], NOT_REPORTED),
            ("98 Forwarded", &[(XFF, b"203.0.113.7"), (F, b"for=203.0.113.7")], Want::Addr(CLIENT)),
        ],
    );
    let sent: [Line<'_>; 3] =
        [(F, b"for=203.0.113.7"), (XFF, b"203.0.113.99"), ("x-forwarded-proto", b"https")];
    let parts = check("97 scheme", &forwarded, request(P1, "/", &sent), Want::Addr(CLIENT));
    assert_eq!((info(&parts).scheme().as_str(), left_over(&parts)), ("http", vec![F]), "97 scheme");
}

#[test]
fn a_vendor_header_instead_of_the_list() {
    const CF: &str = "cf-connecting-ip";
    let layer = proxies().client_ip_header(HeaderName::from_static(CF));
    let rows: &[LinesRow<'_>] = &[
        ("99 disagree", &[(CF, b"203.0.113.7"), (XFF, b"203.0.113.99")], Want::Addr(CLIENT)),
        ("99 junk in the list", &[(CF, b"203.0.113.7"), (XFF, b"junk")], Want::Addr(CLIENT)),
        ("99 no list", &[(CF, b"203.0.113.7")], Want::Addr(CLIENT)),
        ("99 junk in the header", &[(CF, b"junk"), (XFF, b"203.0.113.99")], MALFORMED),
    ];
    for (name, sent, want) in rows {
        let parts = check(name, &layer, request(P1, "/", sent), *want);
        assert!(!left_over(&parts).contains(&XFF), "{name}");
    }
}

/// A name, header lines, whether the lists are aligned, the scheme and the authority.
type AlignedRow<'a> = (&'a str, &'a [Line<'a>], bool, &'a str, Option<&'a str>);

/// Lists of other lengths: never paired from the left, and by position only where the operator says
/// that every proxy appends to each.
#[test]
fn lists_of_other_lengths() {
    const TWO: Line<'_> = (XFF, b"203.0.113.7, 192.0.2.11");
    const HOSTS: Line<'_> = ("x-forwarded-host", b"a.example, b.example, c.example");
    const OWN: Line<'_> = ("host", b"own.example");
    let rows: &[AlignedRow<'_>] = &[
        (
            "100 one scheme, three hosts",
            &[TWO, ("x-forwarded-proto", b"https"), HOSTS, OWN],
            false,
            "https",
            Some("own.example"),
        ),
        (
            "100 rightmost scheme",
            &[TWO, ("x-forwarded-proto", b"http, https"), OWN],
            false,
            "https",
            Some("own.example"),
        ),
        (
            "100 aligned: one scheme is too few, three hosts are not too many",
            &[TWO, ("x-forwarded-proto", b"https"), HOSTS, OWN],
            true,
            "http",
            Some("b.example"),
        ),
        (
            "100 aligned: two of each",
            &[
                TWO,
                ("x-forwarded-proto", b"https, http"),
                ("x-forwarded-host", b"a.example, b"),
                OWN,
            ],
            true,
            "https",
            Some("a.example"),
        ),
        (
            "100 aligned: an empty entry is no entry",
            &[TWO, ("x-forwarded-proto", b"https,, http"), OWN],
            true,
            "http",
            Some("own.example"),
        ),
    ];
    for (name, sent, aligned, scheme, authority) in rows {
        let layer = proxies()
            .max_hops(2)
            .aligned_lists(*aligned)
            .read_host(true)
            .allowed_hosts(AllowedHosts::any());
        let parts = check(name, &layer, request(P1, "/", sent), Want::Addr(CLIENT));
        let info = info(&parts);
        assert_eq!((info.scheme().as_str(), info.authority()), (*scheme, *authority), "{name}");
    }
}

/// A name, the list, the client, the origin and the prefix.
type BrokenRow<'a> = (&'a str, &'a [Line<'a>], Want, &'a str, Option<&'a str>);

/// Whoever can break the address could break the scheme too, so a broken list takes them with it.
/// A load balancer that writes a scheme and no address is `read_for(false)`.
#[test]
fn a_broken_list_takes_the_rest_with_it() {
    let rest: [Line<'_>; 5] = [
        ("host", b"own.example"),
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-host", b"evil.example"),
        ("x-forwarded-port", b"8443"),
        ("x-forwarded-prefix", b"/evil"),
    ];
    let layer = proxies()
        .read_host(true)
        .read_port(true)
        .read_prefix(true)
        .allowed_hosts(AllowedHosts::any());
    let rows: [BrokenRow<'_>; 4] = [
        ("101 malformed", &[(XFF, b"junk")], MALFORMED, "http://own.example", None),
        ("101 missing", &[(XFF, b"203.0.113.7,")], MISSING, "http://own.example", None),
        ("101 not there", &[], NOT_REPORTED, "http://own.example", None),
        // The proxy wrote this in good order.
        ("101 unknown", &[(XFF, b"unknown")], UNKNOWN, "https://evil.example:8443", Some("/evil")),
    ];
    for (name, list, want, origin, prefix) in rows {
        let parts = check(name, &layer, request(P1, "/", &[list, &rest].concat()), want);
        assert_eq!(info(&parts).origin().as_deref(), Some(origin), "{name}");
        assert_eq!(info(&parts).prefix(), prefix, "{name}");
    }
    let parts = through(&layer.read_for(false), request(P1, "/", &rest));
    let origin = info(&parts).origin();
    assert_eq!(origin.as_deref(), Some("https://evil.example:8443"), "101 read_for(false)");
    assert_eq!(info(&parts).client_ip(), None, "101 read_for(false)");
}

/// A client can have a proxy delete what the proxy has just written (CVE-2022-31813,
/// CVE-2026-29054). If the proxy did, the header is gone, and that is unresolved. If not, what
/// stands in the list is the proxy's, and to refuse would let the client choose that nobody is
/// found: so `Connection` is not read.
#[test]
fn connection_lists() {
    let list: Line<'_> = (XFF, b"203.0.113.99, 203.0.113.7");
    check_lines(
        &proxies(),
        &[
            ("102 kept", &[("connection", b"close, X-Forwarded-For"), list], Want::Addr(CLIENT)),
            ("102 deleted", &[("connection", b"close, X-Forwarded-For")], NOT_REPORTED),
            ("103 lower case", &[("connection", b"x-forwarded-for"), list], Want::Addr(CLIENT)),
            ("103 host", &[("connection", b"x-forwarded-host"), list], Want::Addr(CLIENT)),
            (
                "103 two lines",
                &[("connection", b"close"), ("connection", b"X-Forwarded-For"), list],
                Want::Addr(CLIENT),
            ),
            (
                "103 empty first line",
                &[("connection", b""), ("connection", b"X-Forwarded-For"), list],
                Want::Addr(CLIENT),
            ),
        ],
    );
    // The scheme that the client had deleted is not https.
    let sent: [Line<'_>; 2] = [("connection", b"X-Forwarded-Proto"), list];
    let layer = proxies().own_scheme(http::uri::Scheme::HTTPS);
    let parts = check("103 scheme", &layer, request(P1, "/", &sent), Want::Addr(CLIENT));
    assert_eq!(info(&parts).scheme().as_str(), "http", "103 scheme");
}

/// Servers that fold `_` or `.` into `-` read these as the real ones (CVE-2024-45614,
/// CVE-2026-39858).
#[test]
fn look_alikes() {
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
    let layer = proxies()
        .read_host(true)
        .read_port(true)
        .read_prefix(true)
        .allowed_hosts(AllowedHosts::any());
    for look_alike in rows {
        let name = format!("104 {}", look_alike.0);
        for sent in [[look_alike, (XFF, b"203.0.113.7")], [(XFF, b"203.0.113.7"), look_alike]] {
            let parts = check(&name, &layer, request(P1, "/", &sent), Want::Addr(CLIENT));
            assert_eq!(left_over(&parts), [XFF], "{name}");
            assert_eq!(info(&parts).scheme().as_str(), "http", "{name}");
            assert_eq!((info(&parts).authority(), info(&parts).prefix()), (None, None), "{name}");
        }
        check(&name, &layer, request(P1, "/", &[look_alike]), NOT_REPORTED);
        check(&name, &layer, request(ATTACKER, "/", &[look_alike]), Want::Peer);
    }
}

/// CVE-2026-45045: beside what the client sent, one's own line is the second.
#[test]
fn what_is_handed_on() {
    let sent: [Line<'_>; 6] = [
        ("x-real-ip", b"203.0.113.99"),
        (XFF, b"203.0.113.99"),
        ("x-forwarded-proto", b"http"),
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-server", b"evil.example"),
        (XFF, b"203.0.113.7:4711"),
    ];
    let parts = check("106", &proxies(), request(P1, "/", &sent), Want::Addr(CLIENT));
    assert_eq!(lines(&parts, XFF), [CLIENT.as_bytes()], "106");
    assert_eq!(lines(&parts, "x-forwarded-proto"), [b"https".as_slice()], "106");
    assert_eq!(parts.headers.len(), 2, "106");

    // Removed for everybody behind the layer, unless the operator keeps them.
    let parts = check("107", &proxies(), request(ATTACKER, "/", &sent), Want::Peer);
    assert!(parts.headers.is_empty(), "107");
    let kept = through(&proxies().insecure_keep_headers(), request(ATTACKER, "/", &sent));
    assert_eq!(kept.headers.len(), sent.len(), "107 keep_headers");
    let one = proxies().keep_header(HeaderName::from_static("x-real-ip"));
    let kept = through(&one, request(ATTACKER, "/", &sent));
    assert_eq!(left_over(&kept), ["x-real-ip"], "107 keep_header");
    assert_eq!(info(&kept).client_ip(), Some(ATTACKER.parse().unwrap()), "107 keep_header");
}
