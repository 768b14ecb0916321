//! `Forwarded` (RFC 7239): rows 81 to 95.

use forwarded_headers::forwarded::elements;
use forwarded_headers::{AllowedHosts, Family, ForwardedHeaders};

use crate::attacks::{
    CLIENT, LinesRow, MALFORMED, MISSING, OBFUSCATED, P1, UNKNOWN, Want, check, check_lines,
    check_time, proxies,
};
use crate::support::{info, lines, request};

const F: &str = "forwarded";

fn layer() -> ForwardedHeaders {
    proxies().family(Family::Forwarded)
}

/// Reading from the right end: what stands to the left of a proxy's element is the client's, and is
/// never parsed.
const QUOTES: &[LinesRow<'_>] = &[
    // CVE-2026-32762 and CVE-2026-57210: split inside a quoted string.
    ("81 pairs in quotes", &[(F, br#"for="127.0.0.1;host=evil.example;proto=https""#)], MALFORMED),
    (
        "81 pairs in quotes, left",
        &[(F, br#"for=203.0.113.99, for="1.1.1.1;proto=https""#)],
        MALFORMED,
    ),
    (
        "82 an element in quotes",
        &[(F, br#"for="1.1.1.1, for=203.0.113.99", for=203.0.113.7"#)],
        Want::Addr(CLIENT),
    ),
    ("82 an element in quotes, alone", &[(F, br#"for="1.1.1.1, for=203.0.113.99""#)], MALFORMED),
    // The open quote swallowed what the proxy appended.
    ("83 open quote", &[(F, br#"for=injected;by=", for=203.0.113.7"#)], Want::Addr(CLIENT)),
    (
        "83 open quote, quoted element",
        &[(F, br#"for=injected;by=", for="203.0.113.7:4711""#)],
        Want::Addr(CLIENT),
    ),
    ("84 quote across lines", &[(F, br#"for=""#), (F, b"for=203.0.113.7")], Want::Addr(CLIENT)),
    (
        "84 quote closed in the next line",
        &[(F, br#"for=203.0.113.99;x=""#), (F, br#"", for=203.0.113.7"#)],
        Want::Addr(CLIENT),
    ),
    ("85 open quote in the last line", &[(F, b"for=203.0.113.99"), (F, br#"for=""#)], MALFORMED),
    ("86 escaped quote", &[(F, br#"x="\", for=203.0.113.7"#)], Want::Addr(CLIENT)),
    ("86 escaped backslash", &[(F, br#"x="\\", for=203.0.113.7"#)], Want::Addr(CLIENT)),
    ("86 three backslashes", &[(F, br#"x="\\\", for=203.0.113.7"#)], Want::Addr(CLIENT)),
    // What a careful proxy makes of a client's quote.
    (
        "86 quote that the proxy escaped",
        &[(F, br#"x="b", for=203.0.113.7;host="a\", for=203.0.113.99""#)],
        Want::Addr(CLIENT),
    ),
    (
        "86 backslash that the proxy escaped",
        &[(F, br#"x="b", for=203.0.113.7;host="a\\""#)],
        Want::Addr(CLIENT),
    ),
    ("86 backslash alone", &[(F, br"\, for=203.0.113.7")], Want::Addr(CLIENT)),
];

const PAIRS: &[LinesRow<'_>] = &[
    // A proxy that copies `Host` without quotes (GHSA-4jgr-pg2m-m988).
    ("87 injected by Host", &[(F, b"for=203.0.113.7;host=a;for=203.0.113.99")], MALFORMED),
    ("88 two for", &[(F, b"for=203.0.113.99;for=203.0.113.7")], MALFORMED),
    ("88 two for in other cases", &[(F, b"For=203.0.113.99;fOR=203.0.113.7")], MALFORMED),
    ("88 two proto", &[(F, b"for=203.0.113.7;proto=http;proto=https")], MALFORMED),
    ("88 two host", &[(F, b"for=203.0.113.7;host=a.example;host=b.example")], MALFORMED),
    ("88 two of an extension", &[(F, b"for=203.0.113.7;x=1;X=2")], MALFORMED),
    // A tolerance: Traffic Server writes it, and nobody believes `by`.
    ("88 two by", &[(F, b"for=203.0.113.7;by=192.0.2.10;by=_x")], Want::Addr(CLIENT)),
    ("88 one for in another case", &[(F, b"FOR=203.0.113.7")], Want::Addr(CLIENT)),
    ("89 unknown", &[(F, b"for=203.0.113.99, for=unknown")], UNKNOWN),
    ("89 obfuscated", &[(F, b"for=203.0.113.99, for=_abc")], OBFUSCATED),
    ("89 no for", &[(F, b"for=203.0.113.99, proto=https")], UNKNOWN),
    ("89 a name", &[(F, b"for=203.0.113.99, for=localhost")], MALFORMED),
    ("89 empty element", &[(F, b"for=203.0.113.99, ")], MISSING),
    ("89 empty last line", &[(F, b"for=203.0.113.99"), (F, b"")], MISSING),
    // RFC 7239 §8.1: `by` is as good as whoever wrote it.
    ("91 forged by", &[(F, b"by=192.0.2.11;for=203.0.113.7")], Want::Addr(CLIENT)),
    ("91 forged by alone", &[(F, b"for=203.0.113.99, by=192.0.2.11")], UNKNOWN),
    // RFC 7239 §4: a colon and a bracket need quotes.
    ("92 port without quotes", &[(F, b"for=203.0.113.99, for=1.2.3.4:80")], MALFORMED),
    ("92 brackets without quotes", &[(F, b"for=203.0.113.99, for=[2001:db8::1]")], MALFORMED),
    ("92 IPv6 without brackets", &[(F, br#"for=203.0.113.99, for="2001:db8::1""#)], MALFORMED),
    (
        "92 in quotes",
        &[(F, br#"for=203.0.113.99, for="[2001:db8:c::7]:80""#)],
        Want::Addr("2001:db8:c::7"),
    ),
    // A named tolerance: the value of an extension, without `"`, `,`, `;` and `\`.
    (
        "93 signature",
        &[(F, b"for=203.0.113.99, for=203.0.113.7;sig=QQ==;exp=1")],
        Want::Addr(CLIENT),
    ),
    (
        "93 signature and white space",
        &[(F, b"for=203.0.113.7; proto=https ;sig=a/b=:c")],
        Want::Addr(CLIENT),
    ),
    ("93 no tolerance for host", &[(F, b"for=203.0.113.7;host=a.example:80")], MALFORMED),
    ("93 no tolerance for quotes", &[(F, br#"for=203.0.113.7;sig=Q"Q"#)], MALFORMED),
];

#[test]
fn quotes_and_pairs() {
    check_lines(&layer(), QUOTES);
    check_lines(&layer(), PAIRS);
}

/// The public iterator is strict: it tells what the grammar says.
#[test]
fn the_strict_reader() {
    let rows: [(&str, &[u8], bool); 5] = [
        ("92 port without quotes", b"for=1.2.3.4:80", false),
        ("93 signature", b"for=127.0.0.1;sig=QQ==;exp=1", false),
        ("93 signature in quotes", br#"for=127.0.0.1;sig="QQ==";exp=1"#, true),
        ("93 white space", b"for=127.0.0.1; exp=1", false),
        ("88 two by", b"by=_a;by=_b", false),
    ];
    for (name, value, valid) in rows {
        assert_eq!(elements(value).all(|element| element.is_ok()), valid, "{name}");
    }
}

/// A name, the value, the client, the scheme and the authority.
type ElementRow<'a> = (&'a str, &'a [u8], Want, &'a str, Option<&'a str>);

/// Scheme and host come from the element that ends the walk, never one from each.
#[test]
fn one_element_says_it_all() {
    let layer = layer().max_hops(2).read_host(true).allowed_hosts(AllowedHosts::any());
    let rows: [ElementRow<'_>; 9] = [
        ("81", br#"for="127.0.0.1;host=evil.example;proto=https""#, MALFORMED, "http", None),
        ("89 unknown", b"for=203.0.113.99, for=unknown;proto=https", UNKNOWN, "https", None),
        ("89 no for", b"for=203.0.113.99;host=evil.example, proto=https", UNKNOWN, "https", None),
        (
            "90 the client's element",
            b"for=203.0.113.7;proto=https, for=192.0.2.11;proto=http",
            Want::Addr(CLIENT),
            "https",
            None,
        ),
        (
            "90 host there, scheme here",
            b"for=203.0.113.7;host=good.example, for=192.0.2.11;proto=https",
            Want::Addr(CLIENT),
            "http",
            Some("good.example"),
        ),
        (
            "90 scheme there, host here",
            b"for=203.0.113.7;proto=https, for=192.0.2.11;host=inside.example",
            Want::Addr(CLIENT),
            "https",
            None,
        ),
        (
            "90 to the left of the client",
            b"for=203.0.113.99;proto=https;host=evil.example, for=203.0.113.7",
            Want::Addr(CLIENT),
            "http",
            None,
        ),
        (
            "90 a scheme that is none",
            b"for=203.0.113.7;proto=javascript",
            Want::Addr(CLIENT),
            "http",
            None,
        ),
        (
            "90 a host that is none",
            br#"for=203.0.113.7;host="a@b""#,
            Want::Addr(CLIENT),
            "http",
            None,
        ),
    ];
    for (name, value, want, scheme, host) in rows {
        let info = layer.resolve(&request(P1, "/", &[(F, value)]).into_parts().0);
        crate::attacks::check_client(name, &info, want);
        assert_eq!((info.scheme().as_str(), info.authority()), (scheme, host), "{name}");
    }
}

/// What is written anew, with the host in it.
#[test]
fn one_element_is_left() {
    let layer = layer().read_host(true).allowed_hosts(AllowedHosts::any());
    let sent = br#"for=203.0.113.99, for="203.0.113.7:4711";x=1;host="good.example:8443""#;
    let parts = crate::support::through(&layer, request(P1, "/", &[(F, sent), ("host", b"a")]));
    assert_eq!(lines(&parts, F), [br#"for=203.0.113.7;host="good.example:8443""#.as_slice()], "90");
    assert_eq!(parts.uri, "http://good.example:8443/", "90");
    assert_eq!(lines(&parts, "host"), [b"good.example:8443".as_slice()], "90");
    assert_eq!(info(&parts).client_port(), Some(4711), "90");
}

#[test]
fn scraps() {
    let rows: [(&[u8], Want); 14] = [
        (b"f", MALFORMED),
        (b"=", MALFORMED),
        (b"for", MALFORMED),
        (b"for=", MALFORMED),
        (b"for=\"\"", MALFORMED),
        // An element without pairs, which the grammar has, names nobody.
        (b";", UNKNOWN),
        (b";,;", UNKNOWN),
        (b",", MISSING),
        (b"", MISSING),
        (b"\"", MALFORMED),
        (b"\\", MALFORMED),
        (b"for=\"\\", MALFORMED),
        (b"\xFF", MALFORMED),
        (b"a=b", UNKNOWN),
    ];
    for (scrap, want) in rows {
        let name = format!("94 {}", scrap.escape_ascii());
        check(&name, &layer(), request(P1, "/", &[(F, scrap)]), want);
        assert!(elements(scrap).count() <= 2, "{name}");
    }
    let behind = |scrap: &[u8]| [scrap, b", for=203.0.113.7"].concat();
    for (scrap, _) in rows {
        let name = format!("94 {}, then the client", scrap.escape_ascii());
        check(&name, &layer(), request(P1, "/", &[(F, &behind(scrap))]), Want::Addr(CLIENT));
    }
}

/// No limit but the header's own, except on pairs: the work is linear, and only in the element that
/// the proxy wrote.
#[test]
fn sizes() {
    let pairs = |n: usize| (0..n).map(|i| format!("p{i}=1;")).collect::<String>().into_bytes();
    let quoted = |n| [b"x=\"".as_slice(), &vec![b'a'; n], b"\";for=203.0.113.7"].concat();
    let slashes = |n, end: &[u8]| [b"x=\"".as_slice(), &vec![b'\\'; n], end].concat();
    let and = |mut value: Vec<u8>, end: &[u8]| {
        value.extend_from_slice(end);
        value
    };
    let rows = [
        ("95 32 pairs", and(pairs(31), b"for=203.0.113.7"), Want::Addr(CLIENT)),
        ("95 33 pairs", and(pairs(32), b"for=203.0.113.7"), MALFORMED),
        ("95 10,000 pairs", and(pairs(10_000), b"for=203.0.113.7"), MALFORMED),
        (
            "95 10,000 pairs to the left",
            and(pairs(10_000), b", for=203.0.113.7"),
            Want::Addr(CLIENT),
        ),
        ("95 4 KB in quotes", quoted(4_000), Want::Addr(CLIENT)),
        ("95 60 KB in quotes", quoted(60_000), MALFORMED),
        ("95 4,000 backslashes", slashes(4_000, b"\";for=203.0.113.7"), Want::Addr(CLIENT)),
        ("95 4,001 backslashes", slashes(4_001, b"\";for=203.0.113.7"), MALFORMED),
        ("95 30,000 backslashes", slashes(30_000, b"\";for=203.0.113.7"), MALFORMED),
        ("95 30,001 backslashes", slashes(30_001, b"\";for=203.0.113.7"), MALFORMED),
        (
            "95 30,001 backslashes to the left",
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
