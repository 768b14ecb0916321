//! RFC 7239 by its own examples and by its grammar, point by point: what the strict reader makes of
//! a field, beside what the layer's walk makes of it.
//!
//! Rows that start with a number are plain vectors, `§` an example that stands in RFC 7239. The
//! letters count the points of the grammar: A the element (RFC 7239 §4), N nodes (§6),
//! P parameters (§5), L lists (RFC 9110 §5.6.1), Q characters (RFC 9110 §5.6.2 to §5.6.4).

use forwarded_headers::forwarded::{Element, Node, NodeName, NodePort, ParseError, elements};
use forwarded_headers::{
    AllowedHosts, ConnectionInfo, Family, ForwardedHeaders, Outcome, TrustedProxies,
};
use http::HeaderValue;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A name, the field's lines, what `elements` reads of them, what the walk comes to.
///
/// Of `elements`: the node of each `for`, `-` where there is none, `!` where it is no node, and the
/// offset of an error. Of the walk: the client, or why there is none and what it was called; then
/// the scheme and the host that were forwarded. The peer is 10.0.0.1; trusted are 10.0.0.0/8 and
/// 198.51.100.17.
type Row = (&'static str, &'static [&'static [u8]], &'static str, &'static str);

fn check(rows: &[Row]) {
    for (name, lines, strict, walk) in rows {
        assert_eq!(self::strict(lines), *strict, "{name}: the strict reader");
        assert_eq!(self::walk(lines), *walk, "{name}: the walk");
        check_rewritten(name, lines);
    }
}

fn strict(lines: &[&[u8]]) -> String {
    let read = lines.iter().flat_map(|line| elements(line)).map(|element| match element {
        Ok(element) => for_node(&element),
        Err(error) => format!("error at {}", error.offset()),
    });
    read.collect::<Vec<_>>().join(", ")
}

fn for_node(element: &Element<'_>) -> String {
    match element.for_node() {
        Some(Ok(node)) => node.to_string(),
        Some(Err(_)) => "!".into(),
        None => "-".into(),
    }
}

fn layer() -> ForwardedHeaders {
    let proxies: TrustedProxies = "10.0.0.0/8, 198.51.100.17".parse().unwrap();
    ForwardedHeaders::new()
        .family(Family::Forwarded)
        .trust(proxies)
        .max_hops(8)
        .read_host(true)
        .allowed_hosts(AllowedHosts::any())
}

fn field<'a>(lines: &[&'a [u8]]) -> Vec<crate::support::Line<'a>> {
    lines.iter().map(|line| ("forwarded", *line)).collect()
}

fn is_header(lines: &[&[u8]]) -> bool {
    lines.iter().all(|line| HeaderValue::from_bytes(line).is_ok())
}

fn walk(lines: &[&[u8]]) -> String {
    match is_header(lines) {
        true => summary(&crate::support::resolve(&layer(), "10.0.0.1", &field(lines))),
        false => "no header value".into(),
    }
}

fn summary(info: &ConnectionInfo) -> String {
    let client = info.client().map(|node| node.to_string());
    let outcome = match info.outcome() {
        Outcome::Forwarded => None,
        Outcome::Unresolved(why) => {
            assert_eq!(info.client_ip(), None, "an address that nobody named");
            Some(format!("{why:?}"))
        }
        other => Some(format!("{other:?}")),
    };
    let scheme = info.forwarded_scheme().map(ToString::to_string);
    assert_eq!(info.scheme().as_str(), scheme.as_deref().unwrap_or("http"));
    let host = info.authority().map(|host| format!("at {host}"));
    [outcome, client, scheme, host].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What is passed on is one strictly valid element that names the client (L3), or nothing.
fn check_rewritten(name: &str, lines: &[&[u8]]) {
    if !is_header(lines) {
        return;
    }
    let parts =
        crate::support::through(&layer(), crate::support::request("10.0.0.1", "/", &field(lines)));
    let written = crate::support::lines(&parts, "forwarded");
    let client = crate::support::info(&parts).client_ip();
    let named = client.map(|ip| Node::from(ip).to_string()).unwrap_or_default();
    assert_eq!(strict(&written), named, "{name}: passed on {written:?}");
}

/// Sections 4 to 7 of RFC 7239. 1 to 6 are among its examples.
const EXAMPLES: &[Row] = &[
    ("1 §4 obfuscated", &[br#"for="_gazonk""#], "_gazonk", "Obfuscated _gazonk"),
    (
        "2 §4 IPv6 with a port",
        &[br#"For="[2001:db8:cafe::17]:4711""#],
        "[2001:db8:cafe::17]:4711",
        "[2001:db8:cafe::17]:4711",
    ),
    (
        "3 §4 three parameters",
        &[b"for=192.0.2.60;proto=http;by=203.0.113.43"],
        "192.0.2.60",
        "192.0.2.60 http",
    ),
    (
        "4 §4 two proxies",
        &[b"for=192.0.2.43, for=198.51.100.17"],
        "192.0.2.43, 198.51.100.17",
        "192.0.2.43",
    ),
    ("§5.4 http", &[b"for=192.0.2.43;proto=http"], "192.0.2.43", "192.0.2.43 http"),
    ("§5.4 https", &[b"for=192.0.2.43;proto=https"], "192.0.2.43", "192.0.2.43 https"),
    (
        "§6 IPv4 with a port",
        &[br#"for="192.0.2.43:47011""#],
        "192.0.2.43:47011",
        "192.0.2.43:47011",
    ),
    (
        "§6 IPv6 with a port",
        &[br#"for="[2001:db8:cafe::17]:47011""#],
        "[2001:db8:cafe::17]:47011",
        "[2001:db8:cafe::17]:47011",
    ),
    ("§6.2 unknown", &[b"for=unknown"], "unknown", "Unknown unknown"),
    (
        "6 §6.3 two obfuscated",
        &[b"for=_hidden, for=_SEVKISEK"],
        "_hidden, _SEVKISEK",
        "Obfuscated _SEVKISEK",
    ),
    (
        "5 §7.1 a list without white space",
        &[br#"for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown"#],
        "192.0.2.43, [2001:db8:cafe::17], unknown",
        "Unknown unknown",
    ),
    (
        "5 §7.1 a list with white space",
        &[br#"for=192.0.2.43, for="[2001:db8:cafe::17]", for=unknown"#],
        "192.0.2.43, [2001:db8:cafe::17], unknown",
        "Unknown unknown",
    ),
    (
        "5 §7.1 a list over two lines",
        &[b"for=192.0.2.43", br#"for="[2001:db8:cafe::17]", for=unknown"#],
        "192.0.2.43, [2001:db8:cafe::17], unknown",
        "Unknown unknown",
    ),
    (
        "§7.4 converted",
        &[br#"for=192.0.2.43, for="[2001:db8:cafe::17]""#],
        "192.0.2.43, [2001:db8:cafe::17]",
        "[2001:db8:cafe::17]",
    ),
    ("§7.5 before the first proxy", &[], "", "NotReported"),
    ("§7.5 between the proxies", &[b"for=192.0.2.43"], "192.0.2.43", "192.0.2.43"),
    (
        "§7.5 behind the second proxy",
        // The element that names the client has no scheme and no host.
        &[b"for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com"],
        "192.0.2.43, 198.51.100.17",
        "192.0.2.43",
    ),
];

#[test]
fn examples_of_the_rfc() {
    check(EXAMPLES);
}

const VALID: &[Row] = &[
    // The walk skips no empty member: where a report is due, it is a missing one.
    ("7 empty members", &[b",for=192.0.2.1,,for=192.0.2.2,"], "192.0.2.1, 192.0.2.2", "Missing"),
    ("8 empty pairs", &[b";for=192.0.2.1;;proto=http;"], "192.0.2.1", "192.0.2.1 http"),
    ("9 escaped digits", &[br#"for="\1\9\2.0.2.1""#], "192.0.2.1", "192.0.2.1"),
    (
        "10 delimiters in quotes",
        &[br#"for=192.0.2.1;ext="a,b;c=\"d\"";proto=https"#],
        "192.0.2.1",
        "192.0.2.1 https",
    ),
    ("11 HAProxy", &[b"proto=http;for=127.0.0.1"], "127.0.0.1", "127.0.0.1 http"),
    (
        "11 HAProxy, host and hexadecimal",
        &[br#"host="haproxy.org";for="_000000007F2F367E:60138""#],
        "_000000007F2F367E:60138",
        "Obfuscated _000000007F2F367E:60138 at haproxy.org",
    ),
    ("12 obfuscated port", &[br#"for="192.0.2.1:_p0rt""#], "192.0.2.1:_p0rt", "192.0.2.1:_p0rt"),
    ("13 a token that is no node", &[b"for=a!b"], "!", "Malformed"),
    ("14 no for", &[b"proto=https"], "-", "Unknown unknown https"),
    ("15 tabs", &[b"for=192.0.2.1\t,\tfor=192.0.2.2"], "192.0.2.1, 192.0.2.2", "192.0.2.2"),
    ("16 unknown with a port", &[br#"for="unknown:80""#], "unknown:80", "Unknown unknown:80"),
    ("16 unknown in capitals", &[b"for=UNKNOWN"], "unknown", "Unknown unknown"),
];

#[test]
fn valid_fields() {
    check(VALID);
}

const INVALID_ELEMENTS: &[Row] = &[
    ("17 empty token", &[b"for="], "error at 4", "Malformed"),
    ("17 no `=`", &[b"for"], "error at 3", "Malformed"),
    ("17 no name", &[b"=x"], "error at 0", "Malformed"),
    ("17 two `=`", &[br#"for=="x""#], "error at 4", "Malformed"),
    ("18 space before `=`", &[b"for =192.0.2.1"], "error at 3", "Malformed"),
    ("18 space behind `=`", &[b"for= 192.0.2.1"], "error at 4", "Malformed"),
    ("19 IPv6 without quotes", &[b"for=[2001:db8::1]"], "error at 4", "Malformed"),
    ("19 port without quotes", &[b"for=192.0.2.1:80"], "error at 13", "Malformed"),
    ("21 no closing quote", &[br#"for="192.0.2.1"#], "error at 14", "Malformed"),
    ("21 escaped closing quote", &[br#"for="192.0.2.1\""#], "error at 16", "Malformed"),
    ("22 text behind quotes", &[br#"for="192.0.2.1"x"#], "error at 15", "Malformed"),
    ("22 text before quotes", &[br#"for=x"192.0.2.1""#], "error at 5", "Malformed"),
    ("23 repeated for", &[b"for=192.0.2.1;for=192.0.2.2"], "error at 14", "Malformed"),
    ("23 repeated in capitals", &[b"for=192.0.2.1;FOR=192.0.2.2"], "error at 14", "Malformed"),
    ("23 repeated extension", &[b"ext=1;ext=2"], "error at 6", "Malformed"),
    ("27 NUL", &[b"for=\"192.0.2.1\x00\""], "error at 14", "no header value"),
    ("27 DEL", &[b"for=\"192.0.2.1\x7f\""], "error at 14", "no header value"),
    ("27 VT is no white space", &[b"for=192.0.2.1\x0b"], "error at 13", "no header value"),
    ("28 a space for a comma", &[b"for=192.0.2.1 for=192.0.2.2"], "error at 14", "Malformed"),
    ("29 nothing", &[b""], "", "Missing"),
    ("29 a comma", &[b","], "", "Missing"),
    ("29 two commas", &[b", ,"], "", "Missing"),
];

#[test]
fn invalid_elements() {
    check(INVALID_ELEMENTS);
}

/// Well-formed pairs with something else than a node.
const INVALID_NODES: &[Row] = &[
    ("20 IPv6 without brackets", &[br#"for="2001:db8::1""#], "!", "Malformed"),
    ("20 IPv4 in brackets", &[br#"for="[192.0.2.1]""#], "!", "Malformed"),
    ("20 no closing bracket", &[br#"for="[2001:db8::1""#], "!", "Malformed"),
    ("20 no opening bracket", &[br#"for="2001:db8::1]:80""#], "!", "Malformed"),
    ("24 underscore alone", &[b"for=_"], "!", "Malformed"),
    ("24 empty string", &[br#"for="""#], "!", "Malformed"),
    ("24 empty port", &[br#"for="192.0.2.1:""#], "!", "Malformed"),
    ("24 six digits", &[br#"for="192.0.2.1:123456""#], "!", "Malformed"),
    ("24 port 99999", &[br#"for="192.0.2.1:99999""#], "!", "Malformed"),
    ("24 underscore alone for a port", &[br#"for="192.0.2.1:_""#], "!", "Malformed"),
    ("25 octal", &[b"for=010.0.0.1"], "!", "Malformed"),
    ("25 three parts", &[b"for=1.2.3"], "!", "Malformed"),
    ("25 hexadecimal", &[b"for=0x7f000001"], "!", "Malformed"),
    ("25 one number", &[b"for=2130706433"], "!", "Malformed"),
    ("25 above 255", &[b"for=1.2.3.256"], "!", "Malformed"),
    ("25 five parts", &[b"for=1.2.3.4.5"], "!", "Malformed"),
    ("26 zone", &[br#"for="[fe80::1%eth0]""#], "!", "Malformed"),
    ("26 mapped, above 255", &[br#"for="[::ffff:999.0.2.1]""#], "!", "Malformed"),
    ("26 nine groups", &[br#"for="[1:2:3:4:5:6:7:8:9]""#], "!", "Malformed"),
    ("26 three colons", &[br#"for="[:::]""#], "!", "Malformed"),
];

#[test]
fn invalid_nodes() {
    check(INVALID_NODES);
}

/// Hosts and schemes that are none, in elements that are well-formed.
const INVALID_PARAMETERS: &[Row] = &[
    ("30 dot segments", &[br#"host="a.example/../""#], "-", "Unknown unknown"),
    ("30 user information", &[br#"host="user@a.example""#], "-", "Unknown unknown"),
    // RFC 3986 §3.2.3 has room for an empty port; nobody needs one.
    ("30 empty port", &[br#"host="a.example:""#], "-", "Unknown unknown"),
    ("30 space", &[br#"host="a b""#], "-", "Unknown unknown"),
    ("30 for comparison", &[br#"host="a.example""#], "-", "Unknown unknown at a.example"),
    ("32 no scheme for the web", &[b"proto=javascript"], "-", "Unknown unknown"),
    ("32 more than a scheme", &[br#"proto="https://""#], "-", "Unknown unknown"),
    ("32 digit in front", &[b"proto=1http"], "-", "Unknown unknown"),
    ("32 two schemes", &[br#"proto="http,https""#], "-", "Unknown unknown"),
];

#[test]
fn invalid_hosts_and_schemes() {
    check(INVALID_PARAMETERS);
}

/// What real proxies write beside the grammar: white space round `;`, an extension's value that is
/// no token, and a repeated `by`. The strict reader takes none of it.
const TOLERANCES: &[Row] = &[
    (
        "31 Vercel: `=` in a signature",
        &[b"for=127.0.0.1;host=a.example;proto=https;sig=QWxh=;exp=1"],
        "error at 49",
        "127.0.0.1 https at a.example",
    ),
    (
        "Traffic Server: `/` in the connection",
        &[b"for=192.0.2.1;by=10.0.0.9;proto=http;host=\"a.example:81\";\
            connection=http/1.1-tcp-ipv4"],
        "error at 72",
        "192.0.2.1 http at a.example:81",
    ),
    (
        "Traffic Server: repeated by",
        &[b"for=192.0.2.1;by=unknown;by=cache01;by=10.0.0.9;proto=https"],
        "error at 25",
        "192.0.2.1 https",
    ),
    ("repeated by in capitals", &[b"by=_a;BY=_b;for=192.0.2.1"], "error at 6", "192.0.2.1"),
    ("A4 space behind `;`", &[b"for=192.0.2.1; proto=https"], "error at 15", "192.0.2.1 https"),
    ("A4 space before `;`", &[b"for=192.0.2.1 ;proto=https"], "error at 14", "192.0.2.1 https"),
    (
        "A4 tabs and spaces",
        &[b"for=192.0.2.1 \t;\t ;\tproto=https"],
        "error at 15",
        "192.0.2.1 https",
    ),
    ("A4 before the first `;`", &[b"\t;\tfor=192.0.2.1"], "error at 3", "192.0.2.1"),
    (
        "all three at once",
        &[b"for=192.0.2.1 ; by=_a; by=_b; sig=QQ==; proto=https"],
        "error at 14",
        "192.0.2.1 https",
    ),
    (
        "every visible byte but four",
        &[b"for=192.0.2.1;ext=!#$%&'()*+-./09:<=>?@AZ[]^_`az{|}~"],
        "error at 24",
        "192.0.2.1",
    ),
    (
        "a comma ends such a value, and the element",
        &[b"for=192.0.2.1;ext=a/b, for=198.51.100.17;ext=c/d"],
        "error at 19",
        "192.0.2.1",
    ),
    ("a semicolon ends it", &[b"ext=a/b;for=192.0.2.1"], "error at 5", "192.0.2.1"),
    ("no quote in it", &[br#"for=192.0.2.1;ext=a"b""#], "error at 19", "Malformed"),
    ("no backslash in it", &[br"for=192.0.2.1;ext=a\b"], "error at 19", "Malformed"),
    ("no space in it", &[b"for=192.0.2.1;ext=a b"], "error at 20", "Malformed"),
    ("no tab in it", &[b"for=192.0.2.1;ext=a\tb"], "error at 20", "Malformed"),
    ("no byte above 0x7F in it", &[b"for=192.0.2.1;ext=a\xff"], "error at 19", "Malformed"),
    ("not nothing", &[b"for=192.0.2.1;ext="], "error at 18", "Malformed"),
    ("not for a for", &[b"for=192.0.2.1:80;ext=1"], "error at 13", "Malformed"),
    ("not for a proto", &[b"for=192.0.2.1;proto=https:"], "error at 25", "Malformed"),
    ("not for a host", &[b"for=192.0.2.1;host=a.example:80"], "error at 28", "Malformed"),
    ("not for a by", &[b"for=192.0.2.1;by=10.0.0.9:80"], "error at 25", "Malformed"),
    ("not for a by in capitals", &[b"for=192.0.2.1;BY=10.0.0.9:80"], "error at 25", "Malformed"),
    ("no space round `=`", &[b"for=192.0.2.1; ext = a"], "error at 15", "Malformed"),
    (
        "no other parameter twice",
        &[b"for=192.0.2.1;by=_a;by=_b;for=_c"],
        "error at 20",
        "Malformed",
    ),
    ("no extension twice", &[b"for=192.0.2.1; ext=a/b; EXT=c/d"], "error at 15", "Malformed"),
    ("no extension twice, behind a tab", &[b"for=_a;\tx=b;x=c"], "error at 8", "Malformed"),
];

#[test]
fn the_walks_tolerances() {
    check(TOLERANCES);
}

const ELEMENTS: &[Row] = &[
    ("A2 a semicolon alone", &[b";"], "-", "Unknown unknown"),
    ("A2 empty pairs in front", &[b";;for=192.0.2.1"], "192.0.2.1", "192.0.2.1"),
    ("A2 an empty pair at the end", &[b"for=192.0.2.1;"], "192.0.2.1", "192.0.2.1"),
    ("A2 an empty pair between", &[b"for=192.0.2.1;;proto=http"], "192.0.2.1", "192.0.2.1 http"),
    ("A3 tab before `=`", &[b"for\t=192.0.2.1"], "error at 3", "Malformed"),
    ("A3 tab behind `=`", &[b"for=\t192.0.2.1"], "error at 4", "Malformed"),
    ("A3 space before a quote", &[br#"for= "192.0.2.1""#], "error at 4", "Malformed"),
    ("A5 empty string", &[br#"for=192.0.2.1;ext="""#], "192.0.2.1", "192.0.2.1"),
    (
        "A6 strings for tokens",
        &[br#"for="192.0.2.1";proto="https";host="a.example""#],
        "192.0.2.1",
        "192.0.2.1 https at a.example",
    ),
    (
        "A7 names in any case",
        &[b"FOR=192.0.2.1;Proto=https;hOST=a.example;BY=_x"],
        "192.0.2.1",
        "192.0.2.1 https at a.example",
    ),
    ("A8 repeated proto", &[b"for=192.0.2.1;proto=http;proto=https"], "error at 25", "Malformed"),
    ("A8 repeated host", &[b"host=a.example;Host=b.example"], "error at 15", "Malformed"),
    ("A8 the same value twice", &[br#"for=_a;for="_a""#], "error at 7", "Malformed"),
    (
        "A8 the last element is the malformed one",
        &[b"for=192.0.2.9, for=192.0.2.1;for=192.0.2.2"],
        "192.0.2.9, error at 29",
        "Malformed",
    ),
    (
        "A8 repeated in another element",
        &[b"for=192.0.2.1;proto=http, for=10.0.0.2;proto=https"],
        "192.0.2.1, 10.0.0.2",
        "192.0.2.1 http",
    ),
    (
        "A9 any order",
        &[b"host=a.example;by=_x;proto=https;for=192.0.2.1"],
        "192.0.2.1",
        "192.0.2.1 https at a.example",
    ),
    (
        "A10 the last is the nearest",
        &[b"for=6.6.6.6, for=192.0.2.1"],
        "6.6.6.6, 192.0.2.1",
        "192.0.2.1",
    ),
    (
        "A11 a line of its own",
        &[b"for=6.6.6.6", b"for=192.0.2.1", b"for=10.0.0.2"],
        "6.6.6.6, 192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
    (
        "A11 appended to the last line",
        &[b"for=6.6.6.6", b"for=192.0.2.1, for=10.0.0.2"],
        "6.6.6.6, 192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
    // RFC 7239 §4: a proxy may have removed the field.
    ("A12 absent is not direct", &[], "", "NotReported"),
    ("A14 by alone", &[b"by=_x"], "-", "Unknown unknown"),
    ("A14 no for", &[b"host=a.example;proto=https"], "-", "Unknown unknown https at a.example"),
];

#[test]
fn elements_point_by_point() {
    check(ELEMENTS);
}

const NODES: &[Row] = &[
    (
        "N1 unescaped first",
        &[br#"for="\[2001\:db8::1]\:8\0""#],
        "[2001:db8::1]:80",
        "[2001:db8::1]:80",
    ),
    ("N2 a host name", &[b"for=example.com"], "!", "Malformed"),
    ("N2 localhost", &[b"for=localhost"], "!", "Malformed"),
    ("N2 more than unknown", &[b"for=unknown1"], "!", "Malformed"),
    ("N2 unknown and a space", &[br#"for="unknown ""#], "!", "Malformed"),
    ("N2 an address and a space", &[br#"for="192.0.2.1 ""#], "!", "Malformed"),
    ("N3 the highest parts", &[b"for=255.255.255.254"], "255.255.255.254", "255.255.255.254"),
    ("N3 two zeros", &[b"for=192.0.2.00"], "!", "Malformed"),
    ("N3 a dot at the end", &[b"for=192.0.2.1."], "!", "Malformed"),
    ("N3 an empty part", &[b"for=192..2.1"], "!", "Malformed"),
    ("N3 a sign", &[b"for=+192.0.2.1"], "!", "Malformed"),
    ("N3 a network", &[br#"for="192.0.2.0/24""#], "!", "Malformed"),
    (
        "N4 capitals, uncompressed",
        &[br#"for="[2001:0DB8:0:0:0:0:0:1]""#],
        "[2001:db8::1]",
        "[2001:db8::1]",
    ),
    ("N4 nothing in brackets", &[br#"for="[]""#], "!", "Malformed"),
    ("N4 two pairs of brackets", &[br#"for="[[2001:db8::1]]""#], "!", "Malformed"),
    ("N4 text behind the bracket", &[br#"for="[2001:db8::1]x""#], "!", "Malformed"),
    ("N4 IPvFuture", &[br#"for="[v1.fe80::a]""#], "!", "Malformed"),
    ("N5 zone as in a URI", &[br#"for="[fe80::1%25eth0]""#], "!", "Malformed"),
    ("N6 IPv4 in brackets, port", &[br#"for="[192.0.2.1]:80""#], "!", "Malformed"),
    ("N7 obfuscated, port without quotes", &[b"for=_a:80"], "error at 6", "Malformed"),
    ("N7 unknown, port without quotes", &[b"for=unknown:80"], "error at 11", "Malformed"),
    ("N8 mapped", &[br#"for="[::ffff:192.0.2.1]""#], "[::ffff:192.0.2.1]", "192.0.2.1"),
    (
        "N8 mapped, hexadecimal, port",
        &[br#"for="[0:0:0:0:0:FFFF:C000:0201]:80""#],
        "[::ffff:192.0.2.1]:80",
        "192.0.2.1:80",
    ),
    (
        "N8 mapped, obfuscated port",
        &[br#"for="[::ffff:192.0.2.1]:_p""#],
        "[::ffff:192.0.2.1]:_p",
        "192.0.2.1:_p",
    ),
    (
        "N8 a mapped proxy",
        &[br#"for=192.0.2.1, for="[::ffff:10.0.0.2]""#],
        "192.0.2.1, [::ffff:10.0.0.2]",
        "192.0.2.1",
    ),
    (
        "N8 IPv4-compatible is not mapped",
        &[br#"for=192.0.2.1, for="[::10.0.0.2]""#],
        "192.0.2.1, [::a00:2]",
        "[::a00:2]",
    ),
    (
        "N9 unknown ends the walk",
        &[b"for=192.0.2.1, for=uNkNoWn"],
        "192.0.2.1, unknown",
        "Unknown unknown",
    ),
    ("N10 obfuscated port", &[br#"for="unknown:_p""#], "unknown:_p", "Unknown unknown:_p"),
    ("N11 every kind of byte", &[b"for=_aZ09._-"], "_aZ09._-", "Obfuscated _aZ09._-"),
    ("N11 another token byte", &[b"for=_a!"], "!", "Malformed"),
    ("N11 a space", &[br#"for="_a b""#], "!", "Malformed"),
    ("N11 a letter beyond ASCII", &[b"for=\"_\xc3\xa9\""], "!", "Malformed"),
    ("N11 no underscore", &[b"for=gazonk"], "!", "Malformed"),
    ("N11 underscore elsewhere", &[b"for=a_b"], "!", "Malformed"),
    ("N12 port 0", &[br#"for="192.0.2.1:0""#], "192.0.2.1:0", "192.0.2.1:0"),
    ("N12 port 65535", &[br#"for="192.0.2.1:65535""#], "192.0.2.1:65535", "192.0.2.1:65535"),
    ("N12 port 65536", &[br#"for="192.0.2.1:65536""#], "!", "Malformed"),
    ("N12 zeros in front", &[br#"for="192.0.2.1:00080""#], "192.0.2.1:80", "192.0.2.1:80"),
    ("N12 one zero too many", &[br#"for="192.0.2.1:000080""#], "!", "Malformed"),
    ("N12 plus sign", &[br#"for="192.0.2.1:+80""#], "!", "Malformed"),
    ("N12 minus sign", &[br#"for="192.0.2.1:-80""#], "!", "Malformed"),
    ("N12 space", &[br#"for="192.0.2.1: 80""#], "!", "Malformed"),
    ("N12 two ports", &[br#"for="192.0.2.1:80:80""#], "!", "Malformed"),
    ("N12 no colon", &[br#"for="[2001:db8::1]80""#], "!", "Malformed"),
    ("N12 no digits", &[br#"for="[2001:db8::1]:""#], "!", "Malformed"),
    ("N13 both obfuscated", &[br#"for="_a:_b""#], "_a:_b", "Obfuscated _a:_b"),
    (
        "N13 behind a bracket",
        &[br#"for="[2001:db8::1]:_.-_""#],
        "[2001:db8::1]:_.-_",
        "[2001:db8::1]:_.-_",
    ),
    ("N13 another byte", &[br#"for="192.0.2.1:_a!""#], "!", "Malformed"),
    (
        "N14 a private address is not trusted for that",
        &[b"for=6.6.6.6, for=192.168.1.5"],
        "6.6.6.6, 192.168.1.5",
        "192.168.1.5",
    ),
    (
        "N14 a unique local one neither",
        &[br#"for=6.6.6.6, for="[fd00::1]""#],
        "6.6.6.6, [fd00::1]",
        "[fd00::1]",
    ),
    (
        "N15 obfuscated ends the walk",
        &[b"for=192.0.2.1, for=_hidden"],
        "192.0.2.1, _hidden",
        "Obfuscated _hidden",
    ),
    // Valid nodes, and no address that a request can come from.
    ("unspecified", &[b"for=0.0.0.0"], "0.0.0.0", "Malformed"),
    ("broadcast", &[b"for=255.255.255.255"], "255.255.255.255", "Malformed"),
    ("multicast", &[b"for=224.0.0.1"], "224.0.0.1", "Malformed"),
    ("unspecified IPv6", &[br#"for="[::]""#], "[::]", "Malformed"),
    ("multicast IPv6", &[br#"for="[ff02::1]""#], "[ff02::1]", "Malformed"),
    ("unspecified, mapped", &[br#"for="[::ffff:0.0.0.0]""#], "[::ffff:0.0.0.0]", "Malformed"),
];

#[test]
fn nodes_point_by_point() {
    check(NODES);
}

/// `IPv6address` of RFC 3986 §3.2.2, and how RFC 5952 writes it; empty where it is none.
#[test]
fn ipv6_addresses() {
    let rows = [
        ("::1", "::1"),
        ("1::", "1::"),
        ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
        ("0001:00ab::", "1:ab::"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"),
        ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"),
        ("1:2:3:4:5:6:7", ""),
        ("1:2:3:4:5:6:7:", ""),
        (":2:3:4:5:6:7:8", ""),
        ("1:2:3:4:5:6:7::8", ""),
        ("1:2:3:4:5:6:7:8::", ""),
        ("1::2::3", ""),
        ("12345::", ""),
        ("00001::", ""),
        ("g::", ""),
        ("1:2:3:4:5:6:7:192.0.2.1", ""),
        ("1:2:3:4:5:192.0.2.1", ""),
        ("192.0.2.1::", ""),
        ("::192.0.2.01", ""),
        ("::192.0.2", ""),
        (" ::1", ""),
        ("::1/128", ""),
        ("", ""),
    ];
    for (address, written) in rows {
        let expected = if written.is_empty() { "!".into() } else { format!("[{written}]") };
        let value = format!("for=\"[{address}]\"");
        assert_eq!(strict(&[value.as_bytes()]), expected, "{address:?}");
    }
}

const PARAMETERS: &[Row] = &[
    ("P1 by is no client", &[b"by=192.0.2.1"], "-", "Unknown unknown"),
    ("P1 by is not believed", &[b"for=192.0.2.1;by=6.6.6.6"], "192.0.2.1", "192.0.2.1"),
    ("P1 a by that is no node", &[b"for=192.0.2.1;by=example.com"], "192.0.2.1", "192.0.2.1"),
    (
        "P1 a trusted by makes no proxy",
        &[b"for=6.6.6.6, for=192.0.2.1;by=10.0.0.1"],
        "6.6.6.6, 192.0.2.1",
        "192.0.2.1",
    ),
    ("P2 the peer is in no for", &[b"for=10.0.0.2"], "10.0.0.2", "Missing"),
    ("P3 name", &[b"for=_a;host=A.example"], "_a", "Obfuscated _a at A.example"),
    ("P3 port", &[br#"for=_a;host="a.example:8443""#], "_a", "Obfuscated _a at a.example:8443"),
    ("P3 IPv4", &[b"for=_a;host=192.0.2.9"], "_a", "Obfuscated _a at 192.0.2.9"),
    (
        "P3 IPv6",
        &[br#"for=_a;host="[2001:db8::1]:8443""#],
        "_a",
        "Obfuscated _a at [2001:db8::1]:8443",
    ),
    ("P3 escapes", &[br#"for=_a;host="\a\.example""#], "_a", "Obfuscated _a at a.example"),
    ("P3 empty", &[br#"for=_a;host="""#], "_a", "Obfuscated _a"),
    ("P3 comma", &[br#"for=_a;host="a.example,b.example""#], "_a", "Obfuscated _a"),
    ("P3 query", &[br#"for=_a;host="a.example?b""#], "_a", "Obfuscated _a"),
    ("P3 fragment", &[br#"for=_a;host="a.example#b""#], "_a", "Obfuscated _a"),
    ("P3 path", &[br#"for=_a;host="a.example/b""#], "_a", "Obfuscated _a"),
    ("P3 backslash", &[br#"for=_a;host="a.example\\b""#], "_a", "Obfuscated _a"),
    ("P3 scheme", &[br#"for=_a;host="http://a.example""#], "_a", "Obfuscated _a"),
    ("P3 port 65536", &[br#"for=_a;host="a.example:65536""#], "_a", "Obfuscated _a"),
    ("P3 IPv6 without brackets", &[br#"for=_a;host="2001:db8::1""#], "_a", "Obfuscated _a"),
    ("P3 zone", &[br#"for=_a;host="[fe80::1%25eth0]""#], "_a", "Obfuscated _a"),
    ("P4 capitals", &[b"for=192.0.2.1;proto=HTTPS"], "192.0.2.1", "192.0.2.1 https"),
    ("P4 escapes", &[br#"for=192.0.2.1;proto="h\ttp\s""#], "192.0.2.1", "192.0.2.1 https"),
    ("P4 WebSocket", &[b"for=192.0.2.1;proto=ws"], "192.0.2.1", "192.0.2.1 http"),
    ("P4 WebSocket, secure", &[b"for=192.0.2.1;proto=wss"], "192.0.2.1", "192.0.2.1 https"),
    ("P4 empty", &[br#"for=192.0.2.1;proto="""#], "192.0.2.1", "192.0.2.1"),
    ("P4 registered, not for the web", &[b"for=192.0.2.1;proto=ftp"], "192.0.2.1", "192.0.2.1"),
    ("P4 space", &[br#"for=192.0.2.1;proto="https ""#], "192.0.2.1", "192.0.2.1"),
    ("P4 longer", &[b"for=192.0.2.1;proto=https+x"], "192.0.2.1", "192.0.2.1"),
    ("P5 unknown names", &[b"secret=x;for=192.0.2.1;c=d"], "192.0.2.1", "192.0.2.1"),
    ("P5 unknown, repeated", &[b"for=192.0.2.1;ext=1;EXT=2"], "error at 20", "Malformed"),
    ("P5 unknown, malformed", &[b"for=192.0.2.1;ext"], "error at 17", "Malformed"),
    (
        "P7 all from one element",
        &[b"for=192.0.2.1;proto=http;host=a.example, for=10.0.0.2;proto=https;host=b.example"],
        "192.0.2.1, 10.0.0.2",
        "192.0.2.1 http at a.example",
    ),
    (
        "P7 nothing from another element",
        &[b"for=192.0.2.1, for=10.0.0.2;proto=https;host=b.example"],
        "192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
];

#[test]
fn parameters_point_by_point() {
    check(PARAMETERS);
}

const LISTS: &[Row] = &[
    (
        "L1 white space round a comma",
        &[b"for=192.0.2.1 \t, \t for=10.0.0.2"],
        "192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
    // Strictly it does not count. For the walk it stands where a proxy's report is due.
    ("L2 empty member", &[b"for=192.0.2.1,,for=10.0.0.2"], "192.0.2.1, 10.0.0.2", "Missing"),
    (
        "L2 empty member further left",
        &[b"for=6.6.6.6, , for=192.0.2.1"],
        "6.6.6.6, 192.0.2.1",
        "192.0.2.1",
    ),
    (
        "L2 an element without pairs is not empty",
        &[b"for=192.0.2.1,;,for=10.0.0.2"],
        "192.0.2.1, -, 10.0.0.2",
        "Unknown unknown",
    ),
    ("L5 FF", &[b"for=192.0.2.1\x0c"], "error at 13", "no header value"),
    ("L5 CR", &[b"for=192.0.2.1\r"], "error at 13", "no header value"),
    ("L5 LF", &[b"for=6.6.6.6,\n for=192.0.2.1"], "6.6.6.6, error at 12", "no header value"),
    ("L5 no-break space", &[b"for=192.0.2.1\xc2\xa0"], "error at 13", "Malformed"),
    ("L5 the same in Latin-1, in front", &[b"\xa0for=192.0.2.1"], "error at 0", "Malformed"),
    ("L6 the last line is empty", &[b"for=192.0.2.1", b""], "192.0.2.1", "Missing"),
    (
        "L6 an empty line between",
        &[b"for=192.0.2.1", b" ", b"for=10.0.0.2"],
        "192.0.2.1, 10.0.0.2",
        "Missing",
    ),
    (
        "L6 no quote crosses a line",
        &[b"for=\"", b"for=192.0.2.1", b"for=10.0.0.2;ext=\"\""],
        "error at 5, 192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
    ("L8 comma in quotes", &[br#"for=192.0.2.1;ext=",for=6.6.6.6""#], "192.0.2.1", "192.0.2.1"),
    ("L8 semicolon in quotes", &[br#"for=192.0.2.1;ext=";for=6.6.6.6""#], "192.0.2.1", "192.0.2.1"),
    (
        "L8 quotes that only seem to open behind the comma",
        &[br#"for=192.0.2.1;ext="\", for=6.6.6.6;x=\"""#],
        "192.0.2.1",
        "192.0.2.1",
    ),
    ("L9 white space round all", &[b" \tfor=192.0.2.1\t "], "192.0.2.1", "192.0.2.1"),
    // A client's open quote, and what a proxy appended to it: read from the right, exactly.
    ("L8 behind an open quote", &[br#"for="unclosed, for=192.0.2.1"#], "error at 28", "192.0.2.1"),
    (
        "L8 behind an open quote, with quotes of its own",
        &[br#"for="unclosed, for=192.0.2.1;host="a.example:81";connection=http/1.1-tcp-ipv4"#],
        "error at 35",
        "192.0.2.1 at a.example:81",
    ),
    (
        "L8 behind an open quote and a backslash",
        &[br#"for="unclosed\, for=192.0.2.1;host="a.example""#],
        "error at 36",
        "192.0.2.1 at a.example",
    ),
    // Never the entry to the left of it.
    (
        "L8 the last element has the open quote",
        &[br#"for=6.6.6.6, for="192.0.2.1"#],
        "6.6.6.6, error at 27",
        "Malformed",
    ),
    (
        "L8 the last element ends with a lone quote",
        &[br#"for=6.6.6.6, for=192.0.2.1""#],
        "6.6.6.6, error at 26",
        "Malformed",
    ),
    ("L11 a later line", &[b"for=6.6.6.6", b"for=192.0.2.1"], "6.6.6.6, 192.0.2.1", "192.0.2.1"),
];

#[test]
fn lists_point_by_point() {
    check(LISTS);
}

const CHARACTERS: &[Row] = &[
    ("Q4 a backslash", &[br#"for=192.0.2.1;ext="\\""#], "192.0.2.1", "192.0.2.1"),
    ("Q4 it closes", &[br#"ext="\\";for=192.0.2.1;e="\"""#], "192.0.2.1", "192.0.2.1"),
    ("Q4 backslash at the end", &[br#"for=192.0.2.1;ext="a\"#], "error at 20", "Malformed"),
    ("Q5 two strings", &[br#"for="192.0.2.1" "a""#], "error at 16", "Malformed"),
    (
        "Q5 white space behind a string",
        &[br#"for="192.0.2.1" , for="10.0.0.2" "#],
        "192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
    ("Q5 an equals sign behind a string", &[br#"for="192.0.2.1"="#], "error at 15", "Malformed"),
    ("Q6 backslash in a token", &[br"for=192\.0.2.1"], "error at 7", "Malformed"),
    (
        "Q7 bytes above 0x7F in quotes",
        &[b"for=192.0.2.1;ext=\"\x80\xff\\\xe9\""],
        "192.0.2.1",
        "192.0.2.1",
    ),
    ("Q7 in a name", &[b"for=192.0.2.1;\xe9=a"], "error at 14", "Malformed"),
    ("Q7 in a value", &[b"for=\xe9"], "error at 4", "Malformed"),
    ("Q7 further left", &[b"\xff\xfe, for=192.0.2.1"], "error at 0", "192.0.2.1"),
    ("Q10 single quotes", &[b"for='192.0.2.1'"], "!", "Malformed"),
    (
        "Q10 they hide no comma",
        &[b"for=192.0.2.9;ext='a,for=192.0.2.1;ext=b'"],
        "192.0.2.9, 192.0.2.1",
        "192.0.2.1",
    ),
    ("Q11 percent-encoded brackets", &[b"for=%5B%3A%3A1%5D"], "!", "Malformed"),
    ("Q11 percent-encoded digit", &[b"for=192.0.2.%31"], "!", "Malformed"),
    ("Q12 percent-encoded host", &[b"for=_a;host=%61.example"], "_a", "Obfuscated _a"),
    ("Q12 host beyond ASCII", &[b"for=_a;host=\"\xc3\xa9.example\""], "_a", "Obfuscated _a"),
    (
        "Q12 host in Punycode",
        &[b"for=_a;host=xn--9ca.example"],
        "_a",
        "Obfuscated _a at xn--9ca.example",
    ),
];

#[test]
fn characters_point_by_point() {
    check(CHARACTERS);
}

/// `tchar` of RFC 9110 §5.6.2.
const TCHAR: &[u8] = b"!#$%&'*+-.^_`|~\
    0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// HTAB, SP, VCHAR and obs-text: what may stand in quotes, `"` and `\` behind a backslash.
fn is_quotable(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7F)
}

/// Q1 to Q4, Q8, Q9: each byte in each place, and what the value means then.
#[test]
fn every_byte_has_its_places() {
    for byte in 0..=255_u8 {
        let with = |before: &[u8], behind: &[u8]| [before, &[byte], behind].concat();
        let token = TCHAR.contains(&byte);
        let bare = is_quotable(byte) && !matches!(byte, b'"' | b'\\');
        let places = [
            ("a name", with(b"x", b"y=v"), b"v".to_vec(), token),
            ("a token", with(b"x=y", b"z"), with(b"y", b"z"), token),
            ("quotes", with(b"x=\"", b"\""), vec![byte], bare),
            ("quotes, escaped", with(b"x=\"\\", b"\""), vec![byte], is_quotable(byte)),
        ];
        for (place, value, means, allowed) in places {
            let found = only_element(&value).map(|element| pairs(&element)[0].1.clone());
            assert_eq!(found, allowed.then_some(means), "byte 0x{byte:02X} in {place}");
        }
    }
}

fn only_element(value: &[u8]) -> Option<Element<'_>> {
    match elements(value).collect::<Result<Vec<_>, _>>().ok()?.as_slice() {
        [element] => Some(*element),
        _ => None,
    }
}

type Pairs = Vec<(String, Vec<u8>)>;

fn pairs(element: &Element<'_>) -> Pairs {
    element.pairs().map(|(name, value)| (name.into(), value.to_bytes().into())).collect()
}

fn all_pairs(value: &[u8]) -> Result<Vec<Pairs>, ParseError> {
    elements(value).map(|element| element.map(|element| pairs(&element))).collect()
}

/// L2: no number of empty members is too much for the strict reader, or hides what stands behind.
#[test]
fn many_empty_members() {
    let value = [b"for=192.0.2.1".as_slice(), &b", ".repeat(30_000), b"for=10.0.0.2"].concat();
    assert_eq!(strict(&[&value]), "192.0.2.1, 10.0.0.2");
    assert_eq!(walk(&[&value]), "Missing");
}

/// L10: a field is not taken for absent because it is long. The strict reader reads it all; the walk
/// takes an element of up to 4096 bytes, and a longer one for malformed.
#[test]
fn long_fields() {
    for (length, walked) in [(2_000, "192.0.2.1"), (60_000, "Malformed")] {
        let long = b"x".repeat(length);
        let value = [b"for=192.0.2.1;ext=".as_slice(), &long, b";e=\"", &long, b"\""].concat();
        assert_eq!(strict(&[&value]), "192.0.2.1");
        assert_eq!(walk(&[&value]), walked);
        let value = [b"for=_".as_slice(), &long, b"!"].concat();
        assert_eq!(strict(&[&value]), "!");
        assert_eq!(walk(&[&value]), "Malformed");
        // No address is as long as this name, with escapes or without.
        let name = format!("_{}", "x".repeat(length));
        let value = format!("for=\"\\{name}\"");
        assert_eq!(strict(&[value.as_bytes()]), name);
        let walked = walked.replace("192.0.2.1", &format!("Obfuscated {name}"));
        assert_eq!(walk(&[value.as_bytes()]), walked);
    }
}

/// Four parameters are registered; the bound keeps many from costing their square.
#[test]
fn an_element_has_32_parameters_at_most() {
    let value = |extensions: usize| {
        let extensions = (0..extensions).map(|n| format!(";e{n}=1")).collect::<String>();
        format!("for=192.0.2.1{extensions}")
    };
    assert_eq!(strict(&[value(31).as_bytes()]), "192.0.2.1");
    assert_eq!(walk(&[value(31).as_bytes()]), "192.0.2.1");
    assert_eq!(walk(&[value(32).as_bytes()]), "Malformed");
    let too_many = value(32);
    let error = elements(too_many.as_bytes()).next().unwrap().unwrap_err();
    let offset = value(31).len() + 1;
    assert_eq!(
        error.to_string(),
        format!("expected no more parameters in one element at byte {offset}")
    );
    let repeated = format!("{};e0=1", value(30));
    let error = elements(repeated.as_bytes()).next().unwrap().unwrap_err();
    assert!(
        error.to_string().starts_with("expected a parameter that the element does not have yet")
    );
}

/// What is wrong and where, without a byte of the value, which may come from anybody.
#[test]
fn errors_say_what_was_expected() {
    let rows: [(&[u8], &str); 9] = [
        (b"for", "expected `=` right after the parameter name at byte 3"),
        (b"for =a", "expected `=` right after the parameter name at byte 3"),
        (b"for=;by=b", "expected a token or a quoted string at byte 4"),
        (b"for=\x1b[31m", "expected a token or a quoted string at byte 4"),
        (b"for=\"a", "expected a quoted string to go on or to end at byte 6"),
        (b"for=\"a\n\"", "expected a quoted string to go on or to end at byte 6"),
        (b"for=a;by=b;FOR=c", "expected a parameter that the element does not have yet at byte 11"),
        (b"for=a b", "expected `;` right after the value, `,` or the end at byte 6"),
        (b"for=a, @", "expected `;` right after the value, `,` or the end at byte 7"),
    ];
    for (value, message) in rows {
        let name = value.escape_ascii();
        let error =
            elements(value).find_map(Result::err).unwrap_or_else(|| panic!("{name}: valid"));
        assert_eq!(error.to_string(), message, "{name}");
    }
}

#[test]
fn nothing_follows_an_error() {
    let mut elements = elements(b"for=192.0.2.1, for, for=192.0.2.2");
    assert!(elements.next().unwrap().is_ok());
    assert!(elements.next().unwrap().is_err());
    assert!(elements.next().is_none());
    assert!(elements.next().is_none());
}

/// P6: the four registered parameters, and the others beside them.
#[test]
fn parameters_by_name() {
    let value = br#"By="[2001:db8::1]:_p";host="a\.example:80";Ext="\"";PROTO="https";for=_id"#;
    let element = only_element(value).unwrap();
    let by = element.by_node().unwrap().unwrap();
    assert_eq!(by.ip(), Some(crate::support::ip("2001:db8::1")));
    assert!(matches!(by.port(), Some(NodePort::Obfuscated(id)) if id.as_str() == "_p"));
    let client = element.for_node().unwrap().unwrap();
    assert!(matches!(client.name(), NodeName::Obfuscated(id) if id.as_str() == "_id"));
    assert_eq!((client.ip(), client.port()), (None, None));
    assert_eq!(element.host().unwrap(), "a.example:80");
    assert_eq!(element.proto().unwrap(), "https");
    assert_eq!(element.proto(), only_element(b"proto=https").unwrap().proto());
    assert_ne!(element.proto(), only_element(b"proto=HTTPS").unwrap().proto());
    let names: Vec<_> = element.pairs().map(|(name, _)| name).collect();
    assert_eq!(names, ["By", "host", "Ext", "PROTO", "for"]);
    let bare = only_element(b"ext=1").unwrap();
    assert!(bare.for_node().is_none() && bare.by_node().is_none());
    assert!(bare.host().is_none() && bare.proto().is_none());
    assert!(only_element(b"by=example.com").unwrap().by_node().unwrap().is_err());
}

/// RFC 7239 §7.4: the same chain in both families has the same client.
#[test]
fn section_7_4_both_families_agree() {
    let x_forwarded: crate::support::Line<'_> =
        ("x-forwarded-for", b"192.0.2.43, 2001:db8:cafe::17");
    let forwarded: crate::support::Line<'_> =
        ("forwarded", br#"for=192.0.2.43, for="[2001:db8:cafe::17]""#);
    for (hops, client) in [(1, Some("2001:db8:cafe::17")), (2, Some("192.0.2.43")), (3, None)] {
        let layer = ForwardedHeaders::new().trusted_hops(hops);
        let one = crate::support::resolve(&layer, "127.0.0.1", &[x_forwarded]);
        let layer = layer.family(Family::Forwarded);
        let other = crate::support::resolve(&layer, "127.0.0.1", &[forwarded]);
        assert_eq!(one.client_ip(), client.map(crate::support::ip), "X-Forwarded-For, {hops} hops");
        assert_eq!(other.client_ip(), client.map(crate::support::ip), "Forwarded, {hops} hops");
    }
}

/// RFC 7239 §7.5: a client at 192.0.2.43, a filter in its office at 198.51.100.17, and our reverse
/// proxy at 203.0.113.60.
#[test]
fn section_7_5_by_whom_we_trust() {
    let reverse_proxy = || TrustedProxies::from(crate::support::ip("203.0.113.60"));
    let filter = TrustedProxies::from(crate::support::ip("198.51.100.17"));
    let base = ForwardedHeaders::new()
        .family(Family::Forwarded)
        .read_host(true)
        .allowed_hosts("example.com".parse().unwrap());
    let line: &[u8] =
        b"for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com";
    let rows = [
        ("nobody", base.clone(), "Direct 203.0.113.60:50000"),
        (
            "our proxy",
            base.clone().proxy_chain([reverse_proxy()]),
            "198.51.100.17 http at example.com",
        ),
        ("the filter too", base.proxy_chain([filter, reverse_proxy()]), "192.0.2.43"),
    ];
    for (name, layer, expected) in rows {
        let info = crate::support::resolve(&layer, "203.0.113.60", &[("forwarded", line)]);
        assert_eq!(summary(&info), expected, "trusted: {name}");
    }
}

/// P7: nothing is taken from the other family, which another proxy may have written.
#[test]
fn the_other_family_says_nothing() {
    let lines: [crate::support::Line<'_>; 4] = [
        ("forwarded", b"for=192.0.2.1"),
        ("x-forwarded-for", b"6.6.6.6"),
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-host", b"evil.example"),
    ];
    assert_eq!(summary(&crate::support::resolve(&layer(), "10.0.0.1", &lines)), "192.0.2.1");
    assert_eq!(summary(&crate::support::resolve(&layer(), "10.0.0.1", &lines[1..])), "NotReported");
}

/// What an element is written as: the same pairs, with quotes only where they are needed.
#[test]
fn written_anew() {
    let rows: [(&str, &[u8], &[u8]); 15] = [
        ("a token", b"for=192.0.2.43", b"for=192.0.2.43"),
        ("quotes without need", br#"for="_gazonk""#, b"for=_gazonk"),
        ("a port", br#"for="192.0.2.43:47011""#, br#"for="192.0.2.43:47011""#),
        ("brackets", br#"for="[2001:db8::1]""#, br#"for="[2001:db8::1]""#),
        ("as it is spelled", br#"for="[2001:DB8:0::1]""#, br#"for="[2001:DB8:0::1]""#),
        ("escapes without need", br#"for="\1\9\2.0.2.1""#, b"for=192.0.2.1"),
        ("escapes with need", br#"ext="\"\\\a,;""#, br#"ext="\"\\a,;""#),
        ("an empty string", br#"ext="""#, br#"ext="""#),
        ("white space in quotes", b"ext=\" \t\"", b"ext=\" \t\""),
        ("every punctuation of a token", b"ext=\"!#$%&'*+-.^_`|~\"", b"ext=!#$%&'*+-.^_`|~"),
        ("names as they are spelled", b"For=_a;PROTO=http", b"For=_a;PROTO=http"),
        ("order as it is", b"proto=http;by=_b;for=_a", b"proto=http;by=_b;for=_a"),
        ("empty pairs", b";for=_a;;by=_b;", b"for=_a;by=_b"),
        ("white space behind", b"for=_a \t", b"for=_a"),
        ("bytes above 0x7F", b"ext=\"\xe9\\\xff\"", b"ext=\"\xe9\xff\""),
    ];
    for (name, value, expected) in rows {
        let element = only_element(value).unwrap_or_else(|| panic!("{name}: no element"));
        let written = element.to_bytes();
        assert_eq!(
            written.escape_ascii().to_string(),
            expected.escape_ascii().to_string(),
            "{name}"
        );
        let again = only_element(&written).unwrap_or_else(|| panic!("{name}: not valid again"));
        assert_eq!(pairs(&again), pairs(&element), "{name}");
        assert_eq!(element.to_string(), String::from_utf8_lossy(&written), "{name}");
    }
    assert_eq!(
        only_element(b";").unwrap().to_bytes(),
        b";",
        "an element without pairs is no empty member"
    );
    assert_eq!(only_element(b"e=\"\xc3\xa9\xff\"").unwrap().to_string(), "e=\"\u{e9}\u{fffd}\"");
}

/// A value as it stands in a field, and the bytes that it means.
type Written = (Vec<u8>, Vec<u8>);

fn token() -> impl Strategy<Value = Vec<u8>> {
    vec(select(TCHAR), 1..6)
}

fn quotable() -> impl Strategy<Value = u8> {
    let all: Vec<u8> = (0..=255).filter(|byte| is_quotable(*byte)).collect();
    prop_oneof![1 => select(b"\"\\,;= \t".to_vec()), 1 => select(TCHAR), 1 => select(all)]
}

fn quoted_string() -> impl Strategy<Value = Written> {
    vec((quotable(), any::<bool>()), 0..8).prop_map(|bytes| {
        let mut text = vec![b'"'];
        for (byte, escape) in &bytes {
            if *escape || matches!(byte, b'"' | b'\\') {
                text.push(b'\\');
            }
            text.push(*byte);
        }
        text.push(b'"');
        (text, bytes.into_iter().map(|(byte, _)| byte).collect())
    })
}

fn value() -> impl Strategy<Value = Written> {
    prop_oneof![token().prop_map(|token| (token.clone(), token)), quoted_string()]
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    let known = ["for", "FOR", "by", "By", "host", "proto", "pRoTo", "ext", "eXt"];
    prop_oneof![select(known.to_vec()).prop_map(|name| name.as_bytes().to_vec()), token()]
}

/// An element of the grammar, and its pairs. `None` stands for an empty slot.
fn element() -> impl Strategy<Value = (Vec<u8>, Pairs)> {
    vec(prop::option::weighted(0.8, (name(), value())), 0..6).prop_map(|slots| {
        let (mut texts, mut pairs) = (Vec::new(), Pairs::new());
        for slot in slots {
            let mut text = Vec::new();
            if let Some((name, (written, means))) = slot {
                let name = String::from_utf8(name).unwrap();
                if !pairs.iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(&name)) {
                    text = [name.as_bytes(), b"=", &written].concat();
                    pairs.push((name, means));
                }
            }
            texts.push(text);
        }
        (texts.join(&b';'), pairs)
    })
}

fn white_space() -> impl Strategy<Value = Vec<u8>> {
    vec(select(b" \t".to_vec()), 0..3)
}

/// A list of the grammar, and the pairs of each element that is not an empty member.
fn list() -> impl Strategy<Value = (Vec<u8>, Vec<Pairs>)> {
    vec((white_space(), element(), white_space()), 0..5).prop_map(|members| {
        let is_element = |text: &[u8]| !text.is_empty();
        let pairs = members.iter().filter(|(_, (text, _), _)| is_element(text));
        let pairs = pairs.map(|(_, (_, pairs), _)| pairs.clone()).collect();
        let texts = members
            .iter()
            .map(|(before, (text, _), behind)| [before.as_slice(), text, behind].concat());
        (texts.collect::<Vec<_>>().join(&b','), pairs)
    })
}

/// The only way to write these pairs with as little as possible.
fn shortest(pairs: &Pairs) -> Vec<u8> {
    let pair = |(name, value): &(String, Vec<u8>)| {
        let is_token = !value.is_empty() && value.iter().all(|byte| TCHAR.contains(byte));
        let escaped = value.iter().flat_map(|byte| match byte {
            b'"' | b'\\' => vec![b'\\', *byte],
            _ => vec![*byte],
        });
        match is_token {
            true => [name.as_bytes(), b"=", value].concat(),
            false => [name.as_bytes(), b"=\"", &escaped.collect::<Vec<_>>(), b"\""].concat(),
        }
    };
    match pairs[..] {
        [] => b";".to_vec(),
        _ => pairs.iter().map(pair).collect::<Vec<_>>().join(&b';'),
    }
}

fn address() -> impl Strategy<Value = &'static str> {
    select(vec![
        "for=192.0.2.1",
        "FOR=\"192.0.2.1:80\";proto=https",
        "proto=http;for=\"[2001:db8::1]\"",
        "for=\"[2001:db8::\\2]:_p\";ext=\",\\\"\\\\\"",
        ";for=10.0.0.2;",
    ])
}

/// Bytes with the ones that carry meaning far above their share.
fn any_byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => select(b"\"\\,;= \t".to_vec()),
        3 => select(b"forbyhstp12.:[]_%".to_vec()),
        1 => any::<u8>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_the_grammar_makes_is_read((value, expected) in list()) {
        prop_assert_eq!(all_pairs(&value), Ok(expected), "{}", value.escape_ascii());
    }

    #[test]
    fn what_is_read_is_written_with_the_same_pairs((value, expected) in list()) {
        for (element, pairs) in elements(&value).zip(expected) {
            let written = element.unwrap().to_bytes();
            prop_assert_eq!(&written, &shortest(&pairs), "{}", value.escape_ascii());
            let again: Pairs = all_pairs(&written).unwrap().concat();
            prop_assert_eq!(again, pairs, "{}", value.escape_ascii());
        }
    }

    /// Two readers from two ends.
    #[test]
    fn the_walk_meets_the_same_elements(members in vec((address(), white_space()), 1..6)) {
        let members = members.iter().map(|(text, space)| [text.as_bytes(), space].concat());
        let value = members.collect::<Vec<_>>().join(&b',');
        let nodes: Vec<_> = elements(&value).map(|element| for_node(&element.unwrap())).collect();
        for (hops, node) in (1..).zip(nodes.iter().rev()) {
            let layer = ForwardedHeaders::new().family(Family::Forwarded).trusted_hops(hops);
            let info = crate::support::resolve(&layer, "127.0.0.1", &[("forwarded", &value)]);
            prop_assert_eq!(&info.client().unwrap().to_string(), node);
            prop_assert_eq!(info.hops(), hops);
        }
    }

    #[test]
    fn nothing_panics(value in vec(any_byte(), 0..60)) {
        for element in elements(&value) {
            match element {
                Ok(element) => {
                    let _ = (element.for_node(), element.by_node(), element.to_string());
                    let written = all_pairs(&element.to_bytes()).map(|all| all.concat());
                    prop_assert_eq!(written, Ok(pairs(&element)));
                }
                Err(error) => prop_assert!(error.offset() <= value.len(), "{}", error),
            }
        }
    }
}
