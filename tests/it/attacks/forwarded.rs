//! Attacks with `Forwarded` (RFC 7239).

use forwarded_headers::forwarded::elements;
use forwarded_headers::{AllowedHosts, Builder, ForwardedHeaders};
use http::uri::Authority;

use crate::attacks::{
    CLIENT, LIST_ENDS, LinesRow, MALFORMED, OBFUSCATED, P1, UNKNOWN, Want, builder, chain_of,
    check, check_client, check_lines, check_time,
};
use crate::support::{info, lines, request, resolve, through};

const F: &str = "forwarded";

fn layer() -> ForwardedHeaders {
    builder().client_from(F).build().unwrap()
}

fn read_hosts(builder: Builder) -> ForwardedHeaders {
    let builder = builder.client_from(F).host_from(F);
    builder.allowed_hosts(AllowedHosts::any()).build().unwrap()
}

/// The layer reads from the right end. The client wrote what is left of a proxy's element, and the
/// layer never parses it.
const QUOTES: &[LinesRow<'_>] = &[
    // CVE-2026-32762 and CVE-2026-57210: split inside a quoted string.
    ("pairs in quotes", &[(F, br#"for="127.0.0.1;host=evil.example;proto=https""#)], MALFORMED),
    (
        "pairs in quotes behind an element",
        &[(F, br#"for=203.0.113.99, for="1.1.1.1;proto=https""#)],
        MALFORMED,
    ),
    (
        "an element in quotes",
        &[(F, br#"for="1.1.1.1, for=203.0.113.99", for=203.0.113.7"#)],
        Want::Addr(CLIENT),
    ),
    ("an element in quotes, alone", &[(F, br#"for="1.1.1.1, for=203.0.113.99""#)], MALFORMED),
    // For other readers, what the proxy appended is part of the open quote.
    (
        "open quote to the left",
        &[(F, br#"for=injected;by=", for=203.0.113.7"#)],
        Want::Addr(CLIENT),
    ),
    (
        "open quote to the left of a quoted element",
        &[(F, br#"for=injected;by=", for="203.0.113.7:4711""#)],
        Want::Addr(CLIENT),
    ),
    ("quote across lines", &[(F, br#"for=""#), (F, b"for=203.0.113.7")], Want::Addr(CLIENT)),
    (
        "quote closed in the next line",
        &[(F, br#"for=203.0.113.99;x=""#), (F, br#"", for=203.0.113.7"#)],
        Want::Addr(CLIENT),
    ),
    ("open quote in the last line", &[(F, b"for=203.0.113.99"), (F, br#"for=""#)], MALFORMED),
    ("escaped quote", &[(F, br#"x="\", for=203.0.113.7"#)], Want::Addr(CLIENT)),
    ("escaped backslash", &[(F, br#"x="\\", for=203.0.113.7"#)], Want::Addr(CLIENT)),
    ("three backslashes", &[(F, br#"x="\\\", for=203.0.113.7"#)], Want::Addr(CLIENT)),
    // What a careful proxy writes for a client's quote.
    (
        "quote in the host that the proxy escaped",
        &[(F, br#"x="b", for=203.0.113.7;host="a\", for=203.0.113.99""#)],
        Want::Addr(CLIENT),
    ),
    (
        "backslash in the host that the proxy escaped",
        &[(F, br#"x="b", for=203.0.113.7;host="a\\""#)],
        Want::Addr(CLIENT),
    ),
    ("backslash alone", &[(F, br"\, for=203.0.113.7")], Want::Addr(CLIENT)),
];

const PAIRS: &[LinesRow<'_>] = &[
    // A proxy that copies `Host` without quotes (GHSA-4jgr-pg2m-m988).
    ("for injected by Host", &[(F, b"for=203.0.113.7;host=a;for=203.0.113.99")], MALFORMED),
    ("two for", &[(F, b"for=203.0.113.99;for=203.0.113.7")], MALFORMED),
    ("two for in other cases", &[(F, b"For=203.0.113.99;fOR=203.0.113.7")], MALFORMED),
    ("two proto", &[(F, b"for=203.0.113.7;proto=http;proto=https")], MALFORMED),
    ("two host", &[(F, b"for=203.0.113.7;host=a.example;host=b.example")], MALFORMED),
    ("two of an extension", &[(F, b"for=203.0.113.7;x=1;X=2")], MALFORMED),
    // A tolerance: Traffic Server writes it, and the layer does not read `by`.
    ("two by", &[(F, b"for=203.0.113.7;by=192.0.2.10;by=_x")], Want::Addr(CLIENT)),
    ("one for in another case", &[(F, b"FOR=203.0.113.7")], Want::Addr(CLIENT)),
    ("unknown client", &[(F, b"for=203.0.113.99, for=unknown")], UNKNOWN),
    ("obfuscated client", &[(F, b"for=203.0.113.99, for=_abc")], OBFUSCATED),
    ("no for", &[(F, b"for=203.0.113.99, proto=https")], UNKNOWN),
    ("host name", &[(F, b"for=203.0.113.99, for=localhost")], MALFORMED),
    ("empty element", &[(F, b"for=203.0.113.99, ")], LIST_ENDS),
    ("empty last line", &[(F, b"for=203.0.113.99"), (F, b"")], LIST_ENDS),
    // RFC 7239 §8.1: a client can forge `by`.
    ("forged by", &[(F, b"by=192.0.2.11;for=203.0.113.7")], Want::Addr(CLIENT)),
    ("forged by alone", &[(F, b"for=203.0.113.99, by=192.0.2.11")], UNKNOWN),
    // A tolerance: OpenShift's router and Vert.x write colons and brackets without quotes (RFC 7239 §4).
    ("port without quotes", &[(F, b"for=203.0.113.99, for=203.0.113.7:80")], Want::Addr(CLIENT)),
    (
        "brackets without quotes",
        &[(F, b"for=203.0.113.99, for=[2001:db8:c::7]")],
        Want::Addr("2001:db8:c::7"),
    ),
    ("IPv6 without brackets", &[(F, br#"for=203.0.113.99, for="2001:db8::1""#)], MALFORMED),
    ("IPv6 without brackets or quotes", &[(F, b"for=203.0.113.99, for=2001:db8::1")], MALFORMED),
    // Each of these could move the border of an element.
    ("quote in a host without quotes", &[(F, br#"for=203.0.113.7;host=a"b"#)], MALFORMED),
    ("two quotes in a host without quotes", &[(F, br#"for=203.0.113.7;host=a"","b"#)], MALFORMED),
    ("backslash in a host without quotes", &[(F, br"for=203.0.113.7;host=a\b")], MALFORMED),
    (
        "brackets and port in quotes",
        &[(F, br#"for=203.0.113.99, for="[2001:db8:c::7]:80""#)],
        Want::Addr("2001:db8:c::7"),
    ),
    // The same tolerance: Vercel writes this.
    (
        "signature that is no token",
        &[(F, b"for=203.0.113.99, for=203.0.113.7;sig=QQ==;exp=1")],
        Want::Addr(CLIENT),
    ),
    (
        "signature and white space round pairs",
        &[(F, b"for=203.0.113.7; proto=https ;sig=a/b=:c")],
        Want::Addr(CLIENT),
    ),
    (
        "port in a host without quotes",
        &[(F, b"for=203.0.113.7;host=a.example:80")],
        Want::Addr(CLIENT),
    ),
    ("quote inside a signature", &[(F, br#"for=203.0.113.7;sig=Q"Q"#)], MALFORMED),
];

#[test]
fn quotes_and_pairs() {
    check_lines(&layer(), QUOTES);
    check_lines(&layer(), PAIRS);
}

/// The public iterator is strict.
#[test]
fn the_iterator_accepts_only_the_grammar() {
    let rows: [(&str, &[u8], bool); 5] = [
        ("port without quotes", b"for=1.2.3.4:80", false),
        ("signature that is no token", b"for=127.0.0.1;sig=QQ==;exp=1", false),
        ("signature in quotes", br#"for=127.0.0.1;sig="QQ==";exp=1"#, true),
        ("white space behind a semicolon", b"for=127.0.0.1; exp=1", false),
        ("two by", b"by=_a;by=_b", false),
    ];
    for (name, value, valid) in rows {
        assert_eq!(elements(value).all(|element| element.is_ok()), valid, "{name}");
    }
}

/// A name, the value, the client, the scheme and the authority.
type ElementRow<'a> = (&'a str, &'a [u8], Want, &'a str, Option<&'a str>);

/// Client, scheme and host come from the element that ends the walk.
#[test]
fn one_element_reports_all_values() {
    let layer = read_hosts(chain_of(2));
    let rows: [ElementRow<'_>; 9] = [
        (
            "pairs in quotes",
            br#"for="127.0.0.1;host=evil.example;proto=https""#,
            MALFORMED,
            "http",
            None,
        ),
        ("unknown client", b"for=203.0.113.99, for=unknown;proto=https", UNKNOWN, "https", None),
        ("no for", b"for=203.0.113.99;host=evil.example, proto=https", UNKNOWN, "https", None),
        (
            "the scheme of the client's element",
            b"for=203.0.113.7;proto=https, for=192.0.2.11;proto=http",
            Want::Addr(CLIENT),
            "https",
            None,
        ),
        (
            "host in the client's element, scheme in the proxy's",
            b"for=203.0.113.7;host=good.example, for=192.0.2.11;proto=https",
            Want::Addr(CLIENT),
            "http",
            Some("good.example"),
        ),
        (
            "scheme in the client's element, host in the proxy's",
            b"for=203.0.113.7;proto=https, for=192.0.2.11;host=inside.example",
            Want::Addr(CLIENT),
            "https",
            None,
        ),
        (
            "scheme and host to the left of the client",
            b"for=203.0.113.99;proto=https;host=evil.example, for=203.0.113.7",
            Want::Addr(CLIENT),
            "http",
            None,
        ),
        ("invalid scheme", b"for=203.0.113.7;proto=javascript", Want::Addr(CLIENT), "http", None),
        ("invalid host", br#"for=203.0.113.7;host="a@b""#, Want::Addr(CLIENT), "http", None),
    ];
    for (name, value, want, scheme, host) in rows {
        let info = resolve(&layer, P1, &[(F, value)]);
        check_client(name, &info, want);
        let authority = info.authority().map(Authority::as_str);
        assert_eq!((info.scheme().as_str(), authority), (scheme, host), "{name}");
    }
}

#[test]
fn the_layer_writes_one_element_with_the_host() {
    let layer = read_hosts(builder());
    let sent = br#"for=203.0.113.99, for="203.0.113.7:4711";x=1;host="good.example:8443""#;
    let parts = through(&layer, request(P1, "/", &[(F, sent), ("host", b"a")]));
    assert_eq!(lines(&parts, F), [br#"for=203.0.113.7;host="good.example:8443""#.as_slice()]);
    assert_eq!(parts.uri, "/", "no scheme is known");
    assert_eq!(lines(&parts, "host"), [b"good.example:8443".as_slice()]);
    assert_eq!(info(&parts).client_port(), Some(4711));
}

#[test]
fn scraps_are_never_an_address() {
    let rows: [(&[u8], Want); 14] = [
        (b"f", MALFORMED),
        (b"=", MALFORMED),
        (b"for", MALFORMED),
        (b"for=", MALFORMED),
        (b"for=\"\"", MALFORMED),
        // The grammar has elements without pairs. Such an element reports no client.
        (b";", UNKNOWN),
        (b";,;", UNKNOWN),
        (b",", LIST_ENDS),
        (b"", LIST_ENDS),
        (b"\"", MALFORMED),
        (b"\\", MALFORMED),
        (b"for=\"\\", MALFORMED),
        (b"\xFF", MALFORMED),
        (b"a=b", UNKNOWN),
    ];
    for (scrap, want) in rows {
        let name = format!("scrap {}", scrap.escape_ascii());
        check(&name, &layer(), request(P1, "/", &[(F, scrap)]), want);
        assert!(elements(scrap).count() <= 2, "{name}");
    }
    let behind = |scrap: &[u8]| [scrap, b", for=203.0.113.7"].concat();
    for (scrap, _) in rows {
        let name = format!("scrap {}, then the client", scrap.escape_ascii());
        check(&name, &layer(), request(P1, "/", &[(F, &behind(scrap))]), Want::Addr(CLIENT));
    }
}

/// An entry has a limit of bytes and of pairs. The work is linear, and only in the element that the
/// proxy wrote.
#[test]
fn long_elements_are_read_in_linear_time() {
    let pairs =
        |n: usize| (0..n).map(|i| format!("p{i}=1;")).collect::<Vec<_>>().concat().into_bytes();
    let quoted = |n| [b"x=\"".as_slice(), &vec![b'a'; n], b"\";for=203.0.113.7"].concat();
    let slashes = |n, end: &[u8]| [b"x=\"".as_slice(), &vec![b'\\'; n], end].concat();
    let and = |mut value: Vec<u8>, end: &[u8]| {
        value.extend_from_slice(end);
        value
    };
    let rows = [
        ("32 pairs", and(pairs(31), b"for=203.0.113.7"), Want::Addr(CLIENT)),
        ("33 pairs", and(pairs(32), b"for=203.0.113.7"), MALFORMED),
        ("10,000 pairs", and(pairs(10_000), b"for=203.0.113.7"), MALFORMED),
        ("10,000 pairs to the left", and(pairs(10_000), b", for=203.0.113.7"), Want::Addr(CLIENT)),
        ("4 KB in quotes", quoted(4_000), Want::Addr(CLIENT)),
        ("60 KB in quotes", quoted(60_000), MALFORMED),
        ("4,000 backslashes", slashes(4_000, b"\";for=203.0.113.7"), Want::Addr(CLIENT)),
        ("4,001 backslashes", slashes(4_001, b"\";for=203.0.113.7"), MALFORMED),
        ("30,000 backslashes", slashes(30_000, b"\";for=203.0.113.7"), MALFORMED),
        ("30,001 backslashes", slashes(30_001, b"\";for=203.0.113.7"), MALFORMED),
        (
            "30,001 backslashes to the left",
            slashes(30_001, b"\", for=203.0.113.7"),
            Want::Addr(CLIENT),
        ),
    ];
    for (name, value, want) in &rows {
        let request = request(P1, "/", &[(F, value)]);
        check_time(name, &layer(), &request.clone().into_parts().0);
        check(name, &layer(), request, *want);
    }
}
