//! RFC 7239 by its own examples, and by its grammar: how the strict reader reads a field, and how the
//! layer's walk reads it.
//!
//! A name with a `§` is an example of RFC 7239. The grammar is that of elements (RFC 7239 §4), nodes
//! (§6), parameters (§5), lists (RFC 9110 §5.6.1) and characters (RFC 9110 §5.6.2 to §5.6.4).

use forwarded_headers::forwarded::{Element, Node, NodeName, NodePort, ParseError, elements};
use forwarded_headers::{AllowedHosts, Builder, ConnectionInfo, ForwardedHeaders, Outcome};
use http::HeaderValue;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{Line, info, ip, lines, request, resolve, through};

/// A name, the field's lines, what `elements` reads, and what the walk decides.
///
/// `elements` reads the node of each `for`, or the offset of an error. `-` is an element without `for`,
/// and `!` is a `for` that is not a node. The walk decides the client, or the reason why there is none
/// beside its node; then the forwarded scheme and host. The peer is 10.0.0.1. Trusted are 10.0.0.0/8
/// and 198.51.100.17.
type Row = (&'static str, &'static [&'static [u8]], &'static str, &'static str);

fn check(rows: &[Row]) {
    for (name, field, elements, decision) in rows {
        assert_eq!(strict(field), *elements, "{name}: the strict reader");
        assert_eq!(walk(field), *decision, "{name}: the walk");
        check_rewritten(name, field);
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

fn chain(proxies: &[&str]) -> Builder {
    ForwardedHeaders::builder().client_from("forwarded").trust_chain(proxies.iter().copied())
}

fn layer() -> ForwardedHeaders {
    let chain = chain(&["10.0.0.0/8, 198.51.100.17"; 8]);
    chain.host_from("forwarded").allowed_hosts(AllowedHosts::any()).build().unwrap()
}

fn field<'a>(lines: &[&'a [u8]]) -> Vec<Line<'a>> {
    lines.iter().map(|line| ("forwarded", *line)).collect()
}

fn is_header(lines: &[&[u8]]) -> bool {
    lines.iter().all(|line| HeaderValue::from_bytes(line).is_ok())
}

fn walk(lines: &[&[u8]]) -> String {
    if is_header(lines) {
        summary(&resolve(&layer(), "10.0.0.1", &field(lines)))
    } else {
        "no header value".into()
    }
}

fn summary(info: &ConnectionInfo) -> String {
    let client = info.client().map(|node| node.to_string());
    let outcome = match info.outcome() {
        Outcome::Forwarded => None,
        Outcome::Unresolved(why) => {
            assert_eq!(info.client_ip(), None, "an address without a report");
            Some(format!("{why:?}"))
        }
        other => Some(format!("{other:?}")),
    };
    let scheme = info.forwarded_scheme().map(ToString::to_string);
    assert_eq!(info.scheme().as_str(), scheme.as_deref().unwrap_or("http"));
    let host = info.authority().map(|host| format!("at {host}"));
    [outcome, client, scheme, host].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Checks that the layer leaves one strictly valid element with the client, or no element.
fn check_rewritten(name: &str, sent: &[&[u8]]) {
    if !is_header(sent) {
        return;
    }
    let parts = through(&layer(), request("10.0.0.1", "/", &field(sent)));
    let written = lines(&parts, "forwarded");
    let client = info(&parts).client_ip();
    let node = client.map(|address| Node::from(address).to_string()).unwrap_or_default();
    assert_eq!(strict(&written), node, "{name}: left {written:?}");
}

/// The examples of RFC 7239, sections 4 to 7.
const EXAMPLES: &[Row] = &[
    ("§4 obfuscated", &[br#"for="_gazonk""#], "_gazonk", "Obfuscated _gazonk"),
    (
        "§4 IPv6 with a port",
        &[br#"For="[2001:db8:cafe::17]:4711""#],
        "[2001:db8:cafe::17]:4711",
        "[2001:db8:cafe::17]:4711",
    ),
    (
        "§4 three parameters",
        &[b"for=192.0.2.60;proto=http;by=203.0.113.43"],
        "192.0.2.60",
        "192.0.2.60 http",
    ),
    (
        "§4 two proxies",
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
        "§6.3 two obfuscated",
        &[b"for=_hidden, for=_SEVKISEK"],
        "_hidden, _SEVKISEK",
        "Obfuscated _SEVKISEK",
    ),
    (
        "§7.1 a list without white space",
        &[br#"for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown"#],
        "192.0.2.43, [2001:db8:cafe::17], unknown",
        "Unknown unknown",
    ),
    (
        "§7.1 a list with white space",
        &[br#"for=192.0.2.43, for="[2001:db8:cafe::17]", for=unknown"#],
        "192.0.2.43, [2001:db8:cafe::17], unknown",
        "Unknown unknown",
    ),
    (
        "§7.1 a list over two lines",
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
    ("§7.5 before the first proxy", &[], "", "NoHeader"),
    ("§7.5 between the proxies", &[b"for=192.0.2.43"], "192.0.2.43", "192.0.2.43"),
    (
        "§7.5 behind the second proxy",
        // The element with the client has no scheme and no host.
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
    // The walk does not skip an empty element: it is a missing report.
    ("empty elements", &[b",for=192.0.2.1,,for=192.0.2.2,"], "192.0.2.1, 192.0.2.2", "ListEnds"),
    ("empty pairs", &[b";for=192.0.2.1;;proto=http;"], "192.0.2.1", "192.0.2.1 http"),
    ("escaped digits", &[br#"for="\1\9\2.0.2.1""#], "192.0.2.1", "192.0.2.1"),
    (
        "delimiters in quotes",
        &[br#"for=192.0.2.1;ext="a,b;c=\"d\"";proto=https"#],
        "192.0.2.1",
        "192.0.2.1 https",
    ),
    ("HAProxy, http", &[b"proto=http;for=127.0.0.1"], "127.0.0.1", "127.0.0.1 http"),
    (
        "HAProxy, host and hexadecimal",
        &[br#"host="haproxy.org";for="_000000007F2F367E:60138""#],
        "_000000007F2F367E:60138",
        "Obfuscated _000000007F2F367E:60138 at haproxy.org",
    ),
    ("obfuscated port", &[br#"for="192.0.2.1:_p0rt""#], "192.0.2.1:_p0rt", "192.0.2.1:_p0rt"),
    ("a token that is no node", &[b"for=a!b"], "!", "Malformed"),
    ("element without for", &[b"proto=https"], "-", "Unknown unknown https"),
    ("tabs", &[b"for=192.0.2.1\t,\tfor=192.0.2.2"], "192.0.2.1, 192.0.2.2", "192.0.2.2"),
    ("unknown with a port", &[br#"for="unknown:80""#], "unknown:80", "Unknown unknown:80"),
    ("unknown in capitals", &[b"for=UNKNOWN"], "unknown", "Unknown unknown"),
];

#[test]
fn valid_fields() {
    check(VALID);
}

const INVALID_ELEMENTS: &[Row] = &[
    ("empty token", &[b"for="], "error at 4", "Malformed"),
    ("no `=`", &[b"for"], "error at 3", "Malformed"),
    ("no name", &[b"=x"], "error at 0", "Malformed"),
    ("two `=`", &[br#"for=="x""#], "error at 4", "Malformed"),
    ("space before `=`", &[b"for =192.0.2.1"], "error at 3", "Malformed"),
    ("space behind `=`", &[b"for= 192.0.2.1"], "error at 4", "Malformed"),
    ("no closing quote", &[br#"for="192.0.2.1"#], "error at 14", "Malformed"),
    ("escaped closing quote", &[br#"for="192.0.2.1\""#], "error at 16", "Malformed"),
    ("text behind quotes", &[br#"for="192.0.2.1"x"#], "error at 15", "Malformed"),
    ("text before quotes", &[br#"for=x"192.0.2.1""#], "error at 5", "Malformed"),
    ("repeated for", &[b"for=192.0.2.1;for=192.0.2.2"], "error at 14", "Malformed"),
    ("repeated in capitals", &[b"for=192.0.2.1;FOR=192.0.2.2"], "error at 14", "Malformed"),
    ("repeated extension", &[b"ext=1;ext=2"], "error at 6", "Malformed"),
    ("NUL", &[b"for=\"192.0.2.1\x00\""], "error at 14", "no header value"),
    ("DEL", &[b"for=\"192.0.2.1\x7f\""], "error at 14", "no header value"),
    ("VT is no white space", &[b"for=192.0.2.1\x0b"], "error at 13", "no header value"),
    ("a space for a comma", &[b"for=192.0.2.1 for=192.0.2.2"], "error at 14", "Malformed"),
    ("empty field", &[b""], "", "ListEnds"),
    ("comma alone", &[b","], "", "ListEnds"),
    ("two commas alone", &[b", ,"], "", "ListEnds"),
];

#[test]
fn invalid_elements() {
    check(INVALID_ELEMENTS);
}

/// Well-formed pairs whose value is not a node.
const INVALID_NODES: &[Row] = &[
    ("IPv6 without brackets", &[br#"for="2001:db8::1""#], "!", "Malformed"),
    ("IPv4 in brackets", &[br#"for="[192.0.2.1]""#], "!", "Malformed"),
    ("no closing bracket", &[br#"for="[2001:db8::1""#], "!", "Malformed"),
    ("no opening bracket", &[br#"for="2001:db8::1]:80""#], "!", "Malformed"),
    ("underscore alone", &[b"for=_"], "!", "Malformed"),
    ("empty string", &[br#"for="""#], "!", "Malformed"),
    ("empty port", &[br#"for="192.0.2.1:""#], "!", "Malformed"),
    ("six digits", &[br#"for="192.0.2.1:123456""#], "!", "Malformed"),
    ("port 99999", &[br#"for="192.0.2.1:99999""#], "!", "Malformed"),
    ("underscore alone for a port", &[br#"for="192.0.2.1:_""#], "!", "Malformed"),
    ("octal IPv4", &[b"for=010.0.0.1"], "!", "Malformed"),
    ("IPv4 of three parts", &[b"for=1.2.3"], "!", "Malformed"),
    ("hexadecimal IPv4", &[b"for=0x7f000001"], "!", "Malformed"),
    ("IPv4 of one number", &[b"for=2130706433"], "!", "Malformed"),
    ("IPv4 part above 255", &[b"for=1.2.3.256"], "!", "Malformed"),
    ("IPv4 of five parts", &[b"for=1.2.3.4.5"], "!", "Malformed"),
    ("IPv6 with a zone", &[br#"for="[fe80::1%eth0]""#], "!", "[fe80::1]"),
    ("IPv6 with a zone, port", &[br#"for="[fe80::1%\eth0]:80""#], "!", "[fe80::1]:80"),
    ("another IPv6 with a zone", &[br#"for="[2001:db8::1%eth0]""#], "!", "Malformed"),
    ("IPv6 with a zone, no brackets", &[br#"for="fe80::1%eth0""#], "!", "Malformed"),
    ("Unix socket", &[br#"for="unix:""#], "!", "Malformed"),
    ("mapped IPv4 part above 255", &[br#"for="[::ffff:999.0.2.1]""#], "!", "Malformed"),
    ("IPv6 of nine groups", &[br#"for="[1:2:3:4:5:6:7:8:9]""#], "!", "Malformed"),
    ("IPv6 of three colons", &[br#"for="[:::]""#], "!", "Malformed"),
];

#[test]
fn invalid_nodes() {
    check(INVALID_NODES);
}

/// Invalid hosts and schemes, in well-formed elements.
const INVALID_PARAMETERS: &[Row] = &[
    ("host with dot segments", &[br#"host="a.example/../""#], "-", "Unknown unknown"),
    ("host with user information", &[br#"host="user@a.example""#], "-", "Unknown unknown"),
    // RFC 3986 §3.2.3: an empty port is no port.
    ("host with an empty port", &[br#"host="a.example:""#], "-", "Unknown unknown at a.example"),
    ("host with a space", &[br#"host="a b""#], "-", "Unknown unknown"),
    ("valid host, for comparison", &[br#"host="a.example""#], "-", "Unknown unknown at a.example"),
    ("scheme that is not for the web", &[b"proto=javascript"], "-", "Unknown unknown"),
    ("scheme with more text", &[br#"proto="https://""#], "-", "Unknown unknown"),
    ("scheme with a digit in front", &[b"proto=1http"], "-", "Unknown unknown"),
    ("two schemes", &[br#"proto="http,https""#], "-", "Unknown unknown"),
];

#[test]
fn invalid_hosts_and_schemes() {
    check(INVALID_PARAMETERS);
}

/// What proxies write outside the grammar: white space round `;`, a value that is neither a token nor
/// in quotes, and a repeated `by`. The strict reader refuses it.
const TOLERANCES: &[Row] = &[
    (
        "OpenShift's router: a host with its port",
        &[b"for=192.0.2.1;host=a.example:8443;proto=https"],
        "error at 28",
        "192.0.2.1 https at a.example:8443",
    ),
    (
        "Vert.x: IPv6 in brackets",
        &[b"for=[2001:db8::1];proto=https;host=a.example:8443"],
        "error at 4",
        "[2001:db8::1] https at a.example:8443",
    ),
    (
        "Vercel: `=` in a signature",
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
    ("space behind `;`", &[b"for=192.0.2.1; proto=https"], "error at 15", "192.0.2.1 https"),
    ("space before `;`", &[b"for=192.0.2.1 ;proto=https"], "error at 14", "192.0.2.1 https"),
    (
        "tabs and spaces round `;`",
        &[b"for=192.0.2.1 \t;\t ;\tproto=https"],
        "error at 15",
        "192.0.2.1 https",
    ),
    ("tabs round the first `;`", &[b"\t;\tfor=192.0.2.1"], "error at 3", "192.0.2.1"),
    (
        "all three tolerances at once",
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
    ("bytes above 0x7F", &[b"for=192.0.2.1;ext=\x80\xff"], "error at 18", "192.0.2.1"),
    ("IPv4 with a port", &[b"for=192.0.2.1:4711"], "error at 13", "192.0.2.1:4711"),
    ("IPv6 with a port", &[b"for=[2001:db8::1]:443"], "error at 4", "[2001:db8::1]:443"),
    ("port in an element with more", &[b"for=192.0.2.1:80;ext=1"], "error at 13", "192.0.2.1:80"),
    (
        "a proxy with a port",
        &[b"for=192.0.2.1, for=10.0.0.2:80, for=[::ffff:10.0.0.3]:80"],
        "192.0.2.1, error at 27",
        "192.0.2.1",
    ),
    (
        "host in brackets",
        &[b"for=_a;host=[2001:db8::1]:80"],
        "error at 12",
        "Obfuscated _a at [2001:db8::1]:80",
    ),
    ("by with a port", &[b"for=192.0.2.1;by=10.0.0.9:80"], "error at 25", "192.0.2.1"),
    ("by in capitals with a port", &[b"for=192.0.2.1;BY=10.0.0.9:80"], "error at 25", "192.0.2.1"),
    // Read, but neither a scheme nor a host.
    ("a colon behind a scheme", &[b"for=192.0.2.1;proto=https:"], "error at 25", "192.0.2.1"),
    ("user information", &[b"for=192.0.2.1;host=u@a.example"], "error at 20", "192.0.2.1"),
    // Read, but no nodes: without brackets, an address cannot be told from its port.
    ("IPv6 without brackets", &[b"for=2001:db8::1"], "error at 8", "Malformed"),
    ("compressed IPv6 without brackets", &[b"for=::1"], "error at 4", "Malformed"),
    ("a Unix socket", &[b"for=unix:"], "error at 8", "Malformed"),
    ("an equals sign in front of an address", &[b"for==192.0.2.1"], "error at 4", "Malformed"),
    (
        "a comma ends the value and the element",
        &[b"for=192.0.2.1;ext=a/b, for=198.51.100.17;ext=c/d"],
        "error at 19",
        "192.0.2.1",
    ),
    ("a semicolon ends the value", &[b"ext=a/b;for=192.0.2.1"], "error at 5", "192.0.2.1"),
    ("a quote in the value", &[br#"for=192.0.2.1;ext=a"b""#], "error at 19", "Malformed"),
    ("a backslash in the value", &[br"for=192.0.2.1;ext=a\b"], "error at 19", "Malformed"),
    ("a space in the value", &[b"for=192.0.2.1;ext=a b"], "error at 20", "Malformed"),
    ("a tab in the value", &[b"for=192.0.2.1;ext=a\tb"], "error at 20", "Malformed"),
    ("an empty value", &[b"for=192.0.2.1;ext="], "error at 18", "Malformed"),
    ("an empty host", &[b"for=192.0.2.1;host="], "error at 19", "Malformed"),
    ("an empty scheme in front", &[b"proto=;for=192.0.2.1"], "error at 6", "Malformed"),
    ("spaces round `=`", &[b"for=192.0.2.1; ext = a"], "error at 15", "Malformed"),
    (
        "a repeated for behind a repeated by",
        &[b"for=192.0.2.1;by=_a;by=_b;for=_c"],
        "error at 20",
        "Malformed",
    ),
    ("a repeated extension", &[b"for=192.0.2.1; ext=a/b; EXT=c/d"], "error at 15", "Malformed"),
    ("a repeated extension behind a tab", &[b"for=_a;\tx=b;x=c"], "error at 8", "Malformed"),
];

#[test]
fn the_walks_tolerances() {
    check(TOLERANCES);
}

/// Without quotes, a value means the same as in quotes, or its element is malformed.
#[test]
fn every_byte_in_a_value_without_quotes() {
    for byte in (0..=u8::MAX).filter(|byte| is_header(&[&[*byte]])) {
        for name in [b"by=".as_slice(), b"host=", b"proto=", b"ext="] {
            let pair = |quote: &[u8]| [name, quote, b"a", &[byte], b"b", quote].concat();
            let element = |quote| walk(&[&[b"for=192.0.2.1;", &pair(quote)[..]].concat()]);
            let is_read = !b"\t \",;\\".contains(&byte);
            let expected = if is_read { element(b"\"") } else { "Malformed".into() };
            assert_eq!(element(b""), expected, "{}", pair(b"").escape_ascii());
        }
    }
}

const ELEMENTS: &[Row] = &[
    ("a semicolon alone", &[b";"], "-", "Unknown unknown"),
    ("empty pairs in front", &[b";;for=192.0.2.1"], "192.0.2.1", "192.0.2.1"),
    ("an empty pair at the end", &[b"for=192.0.2.1;"], "192.0.2.1", "192.0.2.1"),
    ("an empty pair between", &[b"for=192.0.2.1;;proto=http"], "192.0.2.1", "192.0.2.1 http"),
    ("tab before `=`", &[b"for\t=192.0.2.1"], "error at 3", "Malformed"),
    ("tab behind `=`", &[b"for=\t192.0.2.1"], "error at 4", "Malformed"),
    ("space before a quote", &[br#"for= "192.0.2.1""#], "error at 4", "Malformed"),
    ("empty string in an extension", &[br#"for=192.0.2.1;ext="""#], "192.0.2.1", "192.0.2.1"),
    (
        "strings for tokens",
        &[br#"for="192.0.2.1";proto="https";host="a.example""#],
        "192.0.2.1",
        "192.0.2.1 https at a.example",
    ),
    (
        "names in any case",
        &[b"FOR=192.0.2.1;Proto=https;hOST=a.example;BY=_x"],
        "192.0.2.1",
        "192.0.2.1 https at a.example",
    ),
    ("repeated proto", &[b"for=192.0.2.1;proto=http;proto=https"], "error at 25", "Malformed"),
    ("repeated host", &[b"host=a.example;Host=b.example"], "error at 15", "Malformed"),
    ("the same value twice", &[br#"for=_a;for="_a""#], "error at 7", "Malformed"),
    (
        "the last element is the malformed one",
        &[b"for=192.0.2.9, for=192.0.2.1;for=192.0.2.2"],
        "192.0.2.9, error at 29",
        "Malformed",
    ),
    (
        "repeated in another element",
        &[b"for=192.0.2.1;proto=http, for=10.0.0.2;proto=https"],
        "192.0.2.1, 10.0.0.2",
        "192.0.2.1 http",
    ),
    (
        "parameters in any order",
        &[b"host=a.example;by=_x;proto=https;for=192.0.2.1"],
        "192.0.2.1",
        "192.0.2.1 https at a.example",
    ),
    (
        "the last is the nearest",
        &[b"for=6.6.6.6, for=192.0.2.1"],
        "6.6.6.6, 192.0.2.1",
        "192.0.2.1",
    ),
    (
        "each element in a line of its own",
        &[b"for=6.6.6.6", b"for=192.0.2.1", b"for=10.0.0.2"],
        "6.6.6.6, 192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
    (
        "appended to the last line",
        &[b"for=6.6.6.6", b"for=192.0.2.1, for=10.0.0.2"],
        "6.6.6.6, 192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
    // RFC 7239 §4: a proxy can remove the field.
    ("no field is not a direct client", &[], "", "NoHeader"),
    ("by alone", &[b"by=_x"], "-", "Unknown unknown"),
    (
        "host and proto without for",
        &[b"host=a.example;proto=https"],
        "-",
        "Unknown unknown https at a.example",
    ),
];

#[test]
fn elements_of_the_grammar() {
    check(ELEMENTS);
}

const NODES: &[Row] = &[
    (
        "escapes in an address",
        &[br#"for="\[2001\:db8::1]\:8\0""#],
        "[2001:db8::1]:80",
        "[2001:db8::1]:80",
    ),
    ("a host name", &[b"for=example.com"], "!", "Malformed"),
    ("localhost", &[b"for=localhost"], "!", "Malformed"),
    ("text behind unknown", &[b"for=unknown1"], "!", "Malformed"),
    ("unknown and a space", &[br#"for="unknown ""#], "!", "Malformed"),
    ("an address and a space", &[br#"for="192.0.2.1 ""#], "!", "Malformed"),
    ("IPv4 of the highest parts", &[b"for=255.255.255.254"], "255.255.255.254", "255.255.255.254"),
    ("IPv4 part of two zeros", &[b"for=192.0.2.00"], "!", "Malformed"),
    ("IPv4 with a dot at the end", &[b"for=192.0.2.1."], "!", "Malformed"),
    ("IPv4 with an empty part", &[b"for=192..2.1"], "!", "Malformed"),
    ("IPv4 with a sign", &[b"for=+192.0.2.1"], "!", "Malformed"),
    ("IPv4 network", &[br#"for="192.0.2.0/24""#], "!", "Malformed"),
    (
        "IPv6 in capitals, uncompressed",
        &[br#"for="[2001:0DB8:0:0:0:0:0:1]""#],
        "[2001:db8::1]",
        "[2001:db8::1]",
    ),
    ("nothing in brackets", &[br#"for="[]""#], "!", "Malformed"),
    ("two pairs of brackets", &[br#"for="[[2001:db8::1]]""#], "!", "Malformed"),
    ("text behind the bracket", &[br#"for="[2001:db8::1]x""#], "!", "Malformed"),
    ("IPvFuture", &[br#"for="[v1.fe80::a]""#], "!", "Malformed"),
    ("IPv6 with a zone as in a URI", &[br#"for="[fe80::1%25eth0]""#], "!", "[fe80::1]"),
    ("IPv4 in brackets, port", &[br#"for="[192.0.2.1]:80""#], "!", "Malformed"),
    ("obfuscated, port without quotes", &[b"for=_a:80"], "error at 6", "Obfuscated _a:80"),
    ("unknown, port without quotes", &[b"for=unknown:80"], "error at 11", "Unknown unknown:80"),
    ("mapped IPv4", &[br#"for="[::ffff:192.0.2.1]""#], "[::ffff:192.0.2.1]", "192.0.2.1"),
    (
        "mapped IPv4, hexadecimal, port",
        &[br#"for="[0:0:0:0:0:FFFF:C000:0201]:80""#],
        "[::ffff:192.0.2.1]:80",
        "192.0.2.1:80",
    ),
    (
        "mapped IPv4, obfuscated port",
        &[br#"for="[::ffff:192.0.2.1]:_p""#],
        "[::ffff:192.0.2.1]:_p",
        "192.0.2.1:_p",
    ),
    (
        "a mapped proxy",
        &[br#"for=192.0.2.1, for="[::ffff:10.0.0.2]""#],
        "192.0.2.1, [::ffff:10.0.0.2]",
        "192.0.2.1",
    ),
    (
        "IPv4-compatible is not mapped",
        &[br#"for=192.0.2.1, for="[::10.0.0.2]""#],
        "192.0.2.1, [::a00:2]",
        "[::a00:2]",
    ),
    (
        "unknown ends the walk",
        &[b"for=192.0.2.1, for=uNkNoWn"],
        "192.0.2.1, unknown",
        "Unknown unknown",
    ),
    (
        "unknown with an obfuscated port",
        &[br#"for="unknown:_p""#],
        "unknown:_p",
        "Unknown unknown:_p",
    ),
    ("obfuscated, every kind of byte", &[b"for=_aZ09._-"], "_aZ09._-", "Obfuscated _aZ09._-"),
    ("obfuscated, another token byte", &[b"for=_a!"], "!", "Malformed"),
    ("obfuscated, a space", &[br#"for="_a b""#], "!", "Malformed"),
    ("obfuscated, a letter beyond ASCII", &[b"for=\"_\xc3\xa9\""], "!", "Malformed"),
    ("obfuscated, without an underscore", &[b"for=gazonk"], "!", "Malformed"),
    ("obfuscated, underscore elsewhere", &[b"for=a_b"], "!", "Malformed"),
    ("port 0, which is no port", &[br#"for="192.0.2.1:0""#], "192.0.2.1:0", "192.0.2.1"),
    ("port 65535", &[br#"for="192.0.2.1:65535""#], "192.0.2.1:65535", "192.0.2.1:65535"),
    ("port 65536", &[br#"for="192.0.2.1:65536""#], "!", "Malformed"),
    ("port with zeros in front", &[br#"for="192.0.2.1:00080""#], "192.0.2.1:80", "192.0.2.1:80"),
    ("port of six digits", &[br#"for="192.0.2.1:000080""#], "!", "Malformed"),
    ("port with a plus sign", &[br#"for="192.0.2.1:+80""#], "!", "Malformed"),
    ("port with a minus sign", &[br#"for="192.0.2.1:-80""#], "!", "Malformed"),
    ("port with a space", &[br#"for="192.0.2.1: 80""#], "!", "Malformed"),
    ("two ports", &[br#"for="192.0.2.1:80:80""#], "!", "Malformed"),
    ("port behind a bracket without a colon", &[br#"for="[2001:db8::1]80""#], "!", "Malformed"),
    ("empty port behind a bracket", &[br#"for="[2001:db8::1]:""#], "!", "Malformed"),
    ("identifier and port obfuscated", &[br#"for="_a:_b""#], "_a:_b", "Obfuscated _a:_b"),
    (
        "obfuscated port behind a bracket",
        &[br#"for="[2001:db8::1]:_.-_""#],
        "[2001:db8::1]:_.-_",
        "[2001:db8::1]:_.-_",
    ),
    ("obfuscated port, another byte", &[br#"for="192.0.2.1:_a!""#], "!", "Malformed"),
    (
        "a private address is not trusted",
        &[b"for=6.6.6.6, for=192.168.1.5"],
        "6.6.6.6, 192.168.1.5",
        "192.168.1.5",
    ),
    (
        "a unique local address is not trusted",
        &[br#"for=6.6.6.6, for="[fd00::1]""#],
        "6.6.6.6, [fd00::1]",
        "[fd00::1]",
    ),
    (
        "obfuscated ends the walk",
        &[b"for=192.0.2.1, for=_hidden"],
        "192.0.2.1, _hidden",
        "Obfuscated _hidden",
    ),
    // Valid nodes, but no request can come from these addresses.
    ("unspecified IPv4", &[b"for=0.0.0.0"], "0.0.0.0", "Malformed"),
    ("broadcast", &[b"for=255.255.255.255"], "255.255.255.255", "Malformed"),
    ("multicast", &[b"for=224.0.0.1"], "224.0.0.1", "Malformed"),
    ("unspecified IPv6", &[br#"for="[::]""#], "[::]", "Malformed"),
    ("multicast IPv6", &[br#"for="[ff02::1]""#], "[ff02::1]", "Malformed"),
    ("unspecified IPv4, mapped", &[br#"for="[::ffff:0.0.0.0]""#], "[::ffff:0.0.0.0]", "Malformed"),
];

#[test]
fn nodes_of_the_grammar() {
    check(NODES);
}

/// `IPv6address` of RFC 3986 §3.2.2, and its form in RFC 5952. Empty if it is not an address.
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
    ("by is no client", &[b"by=192.0.2.1"], "-", "Unknown unknown"),
    ("by is not read", &[b"for=192.0.2.1;by=6.6.6.6"], "192.0.2.1", "192.0.2.1"),
    ("a by that is no node", &[b"for=192.0.2.1;by=example.com"], "192.0.2.1", "192.0.2.1"),
    (
        "a trusted by makes no proxy",
        &[b"for=6.6.6.6, for=192.0.2.1;by=10.0.0.1"],
        "6.6.6.6, 192.0.2.1",
        "192.0.2.1",
    ),
    ("no report of the outer proxy", &[b"for=10.0.0.2"], "10.0.0.2", "ListEnds"),
    ("host name", &[b"for=_a;host=A.example"], "_a", "Obfuscated _a at A.example"),
    (
        "host and port",
        &[br#"for=_a;host="a.example:8443""#],
        "_a",
        "Obfuscated _a at a.example:8443",
    ),
    ("IPv4 host", &[b"for=_a;host=192.0.2.9"], "_a", "Obfuscated _a at 192.0.2.9"),
    (
        "IPv6 host and port",
        &[br#"for=_a;host="[2001:db8::1]:8443""#],
        "_a",
        "Obfuscated _a at [2001:db8::1]:8443",
    ),
    ("host with escapes", &[br#"for=_a;host="\a\.example""#], "_a", "Obfuscated _a at a.example"),
    ("empty host", &[br#"for=_a;host="""#], "_a", "Obfuscated _a"),
    ("host with a comma", &[br#"for=_a;host="a.example,b.example""#], "_a", "Obfuscated _a"),
    ("host with a query", &[br#"for=_a;host="a.example?b""#], "_a", "Obfuscated _a"),
    ("host with a fragment", &[br#"for=_a;host="a.example#b""#], "_a", "Obfuscated _a"),
    ("host with a path", &[br#"for=_a;host="a.example/b""#], "_a", "Obfuscated _a"),
    ("host with a backslash", &[br#"for=_a;host="a.example\\b""#], "_a", "Obfuscated _a"),
    ("host with a scheme", &[br#"for=_a;host="http://a.example""#], "_a", "Obfuscated _a"),
    ("host with port 65536", &[br#"for=_a;host="a.example:65536""#], "_a", "Obfuscated _a"),
    ("IPv6 host without brackets", &[br#"for=_a;host="2001:db8::1""#], "_a", "Obfuscated _a"),
    ("IPv6 host with a zone", &[br#"for=_a;host="[fe80::1%25eth0]""#], "_a", "Obfuscated _a"),
    ("scheme in capitals", &[b"for=192.0.2.1;proto=HTTPS"], "192.0.2.1", "192.0.2.1 https"),
    ("scheme with escapes", &[br#"for=192.0.2.1;proto="h\ttp\s""#], "192.0.2.1", "192.0.2.1 https"),
    ("scheme of WebSocket", &[b"for=192.0.2.1;proto=ws"], "192.0.2.1", "192.0.2.1 http"),
    ("scheme of secure WebSocket", &[b"for=192.0.2.1;proto=wss"], "192.0.2.1", "192.0.2.1 https"),
    ("empty scheme", &[br#"for=192.0.2.1;proto="""#], "192.0.2.1", "192.0.2.1"),
    (
        "registered scheme that is not for the web",
        &[b"for=192.0.2.1;proto=ftp"],
        "192.0.2.1",
        "192.0.2.1",
    ),
    ("scheme with a space", &[br#"for=192.0.2.1;proto="https ""#], "192.0.2.1", "192.0.2.1"),
    ("longer scheme", &[b"for=192.0.2.1;proto=https+x"], "192.0.2.1", "192.0.2.1"),
    ("unknown parameters", &[b"secret=x;for=192.0.2.1;c=d"], "192.0.2.1", "192.0.2.1"),
    ("unknown parameter, repeated", &[b"for=192.0.2.1;ext=1;EXT=2"], "error at 20", "Malformed"),
    ("unknown parameter, malformed", &[b"for=192.0.2.1;ext"], "error at 17", "Malformed"),
    (
        "all values from one element",
        &[b"for=192.0.2.1;proto=http;host=a.example, for=10.0.0.2;proto=https;host=b.example"],
        "192.0.2.1, 10.0.0.2",
        "192.0.2.1 http at a.example",
    ),
    (
        "no value from another element",
        &[b"for=192.0.2.1, for=10.0.0.2;proto=https;host=b.example"],
        "192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
];

#[test]
fn parameters_of_the_grammar() {
    check(PARAMETERS);
}

const LISTS: &[Row] = &[
    (
        "white space round a comma",
        &[b"for=192.0.2.1 \t, \t for=10.0.0.2"],
        "192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
    // The strict reader skips it. For the walk it is a missing report.
    ("empty element", &[b"for=192.0.2.1,,for=10.0.0.2"], "192.0.2.1, 10.0.0.2", "ListEnds"),
    (
        "empty element further left",
        &[b"for=6.6.6.6, , for=192.0.2.1"],
        "6.6.6.6, 192.0.2.1",
        "192.0.2.1",
    ),
    (
        "an element without pairs is not empty",
        &[b"for=192.0.2.1,;,for=10.0.0.2"],
        "192.0.2.1, -, 10.0.0.2",
        "Unknown unknown",
    ),
    ("FF behind an element", &[b"for=192.0.2.1\x0c"], "error at 13", "no header value"),
    ("CR behind an element", &[b"for=192.0.2.1\r"], "error at 13", "no header value"),
    (
        "LF in a field",
        &[b"for=6.6.6.6,\n for=192.0.2.1"],
        "6.6.6.6, error at 12",
        "no header value",
    ),
    ("no-break space behind an element", &[b"for=192.0.2.1\xc2\xa0"], "error at 13", "Malformed"),
    ("Latin-1 no-break space in front", &[b"\xa0for=192.0.2.1"], "error at 0", "Malformed"),
    ("the last line is empty", &[b"for=192.0.2.1", b""], "192.0.2.1", "ListEnds"),
    (
        "an empty line between",
        &[b"for=192.0.2.1", b" ", b"for=10.0.0.2"],
        "192.0.2.1, 10.0.0.2",
        "ListEnds",
    ),
    (
        "no quote crosses a line",
        &[b"for=\"", b"for=192.0.2.1", b"for=10.0.0.2;ext=\"\""],
        "error at 5, 192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
    ("comma in quotes", &[br#"for=192.0.2.1;ext=",for=6.6.6.6""#], "192.0.2.1", "192.0.2.1"),
    ("semicolon in quotes", &[br#"for=192.0.2.1;ext=";for=6.6.6.6""#], "192.0.2.1", "192.0.2.1"),
    (
        "escaped quotes round a comma in quotes",
        &[br#"for=192.0.2.1;ext="\", for=6.6.6.6;x=\"""#],
        "192.0.2.1",
        "192.0.2.1",
    ),
    ("white space round the field", &[b" \tfor=192.0.2.1\t "], "192.0.2.1", "192.0.2.1"),
    // A client's open quote, and what a proxy appended: the walk reads it from the right.
    ("behind an open quote", &[br#"for="unclosed, for=192.0.2.1"#], "error at 28", "192.0.2.1"),
    (
        "behind an open quote, with quotes of its own",
        &[br#"for="unclosed, for=192.0.2.1;host="a.example:81";connection=http/1.1-tcp-ipv4"#],
        "error at 35",
        "192.0.2.1 at a.example:81",
    ),
    (
        "behind an open quote and a backslash",
        &[br#"for="unclosed\, for=192.0.2.1;host="a.example""#],
        "error at 36",
        "192.0.2.1 at a.example",
    ),
    // The walk never skips to the element on its left.
    (
        "the last element has the open quote",
        &[br#"for=6.6.6.6, for="192.0.2.1"#],
        "6.6.6.6, error at 27",
        "Malformed",
    ),
    (
        "the last element ends with a lone quote",
        &[br#"for=6.6.6.6, for=192.0.2.1""#],
        "6.6.6.6, error at 26",
        "Malformed",
    ),
    (
        "element in a later line",
        &[b"for=6.6.6.6", b"for=192.0.2.1"],
        "6.6.6.6, 192.0.2.1",
        "192.0.2.1",
    ),
];

#[test]
fn lists_of_the_grammar() {
    check(LISTS);
}

const CHARACTERS: &[Row] = &[
    ("escaped backslash", &[br#"for=192.0.2.1;ext="\\""#], "192.0.2.1", "192.0.2.1"),
    (
        "quote behind an escaped backslash",
        &[br#"ext="\\";for=192.0.2.1;e="\"""#],
        "192.0.2.1",
        "192.0.2.1",
    ),
    ("backslash at the end", &[br#"for=192.0.2.1;ext="a\"#], "error at 20", "Malformed"),
    ("two strings", &[br#"for="192.0.2.1" "a""#], "error at 16", "Malformed"),
    (
        "white space behind a string",
        &[br#"for="192.0.2.1" , for="10.0.0.2" "#],
        "192.0.2.1, 10.0.0.2",
        "192.0.2.1",
    ),
    ("an equals sign behind a string", &[br#"for="192.0.2.1"="#], "error at 15", "Malformed"),
    ("backslash in a token", &[br"for=192\.0.2.1"], "error at 7", "Malformed"),
    (
        "bytes above 0x7F in quotes",
        &[b"for=192.0.2.1;ext=\"\x80\xff\\\xe9\""],
        "192.0.2.1",
        "192.0.2.1",
    ),
    ("byte above 0x7F in a name", &[b"for=192.0.2.1;\xe9=a"], "error at 14", "Malformed"),
    ("byte above 0x7F in a value", &[b"for=\xe9"], "error at 4", "Malformed"),
    ("bytes above 0x7F further left", &[b"\xff\xfe, for=192.0.2.1"], "error at 0", "192.0.2.1"),
    ("single quotes", &[b"for='192.0.2.1'"], "!", "Malformed"),
    (
        "single quotes hide no comma",
        &[b"for=192.0.2.9;ext='a,for=192.0.2.1;ext=b'"],
        "192.0.2.9, 192.0.2.1",
        "192.0.2.1",
    ),
    ("percent-encoded brackets", &[b"for=%5B%3A%3A1%5D"], "!", "Malformed"),
    ("percent-encoded digit", &[b"for=192.0.2.%31"], "!", "Malformed"),
    ("percent-encoded host", &[b"for=_a;host=%61.example"], "_a", "Obfuscated _a"),
    ("host beyond ASCII", &[b"for=_a;host=\"\xc3\xa9.example\""], "_a", "Obfuscated _a"),
    (
        "host in Punycode",
        &[b"for=_a;host=xn--9ca.example"],
        "_a",
        "Obfuscated _a at xn--9ca.example",
    ),
];

#[test]
fn characters_of_the_grammar() {
    check(CHARACTERS);
}

/// `tchar` of RFC 9110 §5.6.2.
const TCHAR: &[u8] = b"!#$%&'*+-.^_`|~\
    0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// HTAB, SP, VCHAR and obs-text: the bytes of a quoted string. `"` and `\` need a backslash.
fn is_quotable(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7F)
}

/// Each byte in each place, and the value that it has there.
#[test]
fn every_byte_in_every_place() {
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

/// The strict reader skips any number of empty elements.
#[test]
fn many_empty_elements() {
    let value = [b"for=192.0.2.1".as_slice(), &b", ".repeat(30_000), b"for=10.0.0.2"].concat();
    assert_eq!(strict(&[&value]), "192.0.2.1, 10.0.0.2");
    assert_eq!(walk(&[&value]), "ListEnds");
}

/// A long field is not absent. The strict reader reads all of it. For the walk, an element of more than
/// 4096 bytes is malformed.
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
        // This identifier is longer than every address.
        let name = format!("_{}", "x".repeat(length));
        let value = format!("for=\"\\{name}\"");
        assert_eq!(strict(&[value.as_bytes()]), name);
        let walked = walked.replace("192.0.2.1", &format!("Obfuscated {name}"));
        assert_eq!(walk(&[value.as_bytes()]), walked);
    }
}

/// Four parameters are registered. Without the bound, the work would grow with the square of their
/// number.
#[test]
fn an_element_has_32_parameters_at_most() {
    let value = |extensions: usize| {
        let extensions: Vec<_> = (0..extensions).map(|n| format!(";e{n}=1")).collect();
        format!("for=192.0.2.1{}", extensions.concat())
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

/// An error has no byte of the value, which may be an attacker's.
#[test]
fn errors_show_what_was_expected() {
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
fn no_element_follows_an_error() {
    let mut elements = elements(b"for=192.0.2.1, for, for=192.0.2.2");
    assert!(elements.next().unwrap().is_ok());
    assert!(elements.next().unwrap().is_err());
    assert!(elements.next().is_none());
    assert!(elements.next().is_none());
}

/// The four registered parameters, and others.
#[test]
fn parameters_by_name() {
    let value = br#"By="[2001:db8::1]:_p";host="a\.example:80";Ext="\"";PROTO="https";for=_id"#;
    let element = only_element(value).unwrap();
    let by = element.by_node().unwrap().unwrap();
    assert_eq!(by.ip(), Some(ip("2001:db8::1")));
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

/// RFC 7239 §7.4: the same chain has the same client in both families.
#[test]
fn section_7_4_both_families_agree() {
    let x_forwarded: Line<'_> = ("x-forwarded-for", b"192.0.2.43, 2001:db8:cafe::17");
    let forwarded: Line<'_> = ("forwarded", br#"for=192.0.2.43, for="[2001:db8:cafe::17]""#);
    let rows: [(&[&str], Option<&str>); 3] = [
        (&["loopback"], Some("2001:db8:cafe::17")),
        (&["2001:db8:cafe::17", "loopback"], Some("192.0.2.43")),
        (&["192.0.2.43", "2001:db8:cafe::17", "loopback"], None),
    ];
    for (proxies, client) in rows {
        for line in [x_forwarded, forwarded] {
            let layer = chain(proxies).client_from(line.0).build().unwrap();
            let info = resolve(&layer, "127.0.0.1", &[line]);
            assert_eq!(info.client_ip(), client.map(ip), "{}, behind {proxies:?}", line.0);
        }
    }
}

/// RFC 7239 §7.5: a client at 192.0.2.43, a filter in its office at 198.51.100.17, and our reverse
/// proxy at 203.0.113.60.
#[test]
fn section_7_5_the_trusted_proxies_decide() {
    let line: &[u8] =
        b"for=192.0.2.43, for=198.51.100.17;by=203.0.113.60;proto=http;host=example.com";
    let rows: [(&str, &[&str], &str); 3] = [
        ("no proxy", &["none"], "Direct 203.0.113.60:50000"),
        ("our proxy", &["203.0.113.60"], "198.51.100.17 http at example.com"),
        ("the filter and our proxy", &["198.51.100.17", "203.0.113.60"], "192.0.2.43"),
    ];
    for (name, proxies, expected) in rows {
        let builder = chain(proxies).host_from("forwarded").allowed_hosts("example.com");
        let info = resolve(&builder.build().unwrap(), "203.0.113.60", &[("forwarded", line)]);
        assert_eq!(summary(&info), expected, "trusted: {name}");
    }
}

/// The layer reads no value of the other family, which another proxy can have written.
#[test]
fn the_other_family_is_not_read() {
    let lines: [Line<'_>; 4] = [
        ("forwarded", b"for=192.0.2.1"),
        ("x-forwarded-for", b"6.6.6.6"),
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-host", b"evil.example"),
    ];
    assert_eq!(summary(&resolve(&layer(), "10.0.0.1", &lines)), "192.0.2.1");
    assert_eq!(summary(&resolve(&layer(), "10.0.0.1", &lines[1..])), "NoHeader");
}

/// An element is written with the same pairs, and with quotes only where the grammar needs them.
#[test]
fn elements_are_written_with_the_fewest_quotes() {
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
        "an element without pairs is not empty"
    );
    assert_eq!(only_element(b"e=\"\xc3\xa9\xff\"").unwrap().to_string(), "e=\"\u{e9}\u{fffd}\"");
}

/// A value as a field has it, and without quotes and escapes.
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

/// An element of the grammar, and its pairs. `None` is an empty slot.
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

/// A list of the grammar, and the pairs of each element that is not empty.
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

/// Returns the shortest text of these pairs.
fn shortest(pairs: &Pairs) -> Vec<u8> {
    let pair = |(name, value): &(String, Vec<u8>)| {
        let is_token = !value.is_empty() && value.iter().all(|byte| TCHAR.contains(byte));
        let escaped = value.iter().flat_map(|byte| match byte {
            b'"' | b'\\' => vec![b'\\', *byte],
            _ => vec![*byte],
        });
        if is_token {
            [name.as_bytes(), b"=", value].concat()
        } else {
            [name.as_bytes(), b"=\"", &escaped.collect::<Vec<_>>(), b"\""].concat()
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

/// Bytes. Those with a meaning have far more than their share.
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
    fn every_list_of_the_grammar_is_read((value, expected) in list()) {
        prop_assert_eq!(all_pairs(&value), Ok(expected), "{}", value.escape_ascii());
    }

    #[test]
    fn every_element_is_written_with_the_same_pairs((value, expected) in list()) {
        for (element, pairs) in elements(&value).zip(expected) {
            let written = element.unwrap().to_bytes();
            prop_assert_eq!(&written, &shortest(&pairs), "{}", value.escape_ascii());
            let again: Pairs = all_pairs(&written).unwrap().concat();
            prop_assert_eq!(again, pairs, "{}", value.escape_ascii());
        }
    }

    /// The strict reader reads from the left end, the walk from the right end.
    #[test]
    fn the_walk_reads_the_same_elements(members in vec((address(), white_space()), 1..6)) {
        let members = members.iter().map(|(text, space)| [text.as_bytes(), space].concat());
        let value = members.collect::<Vec<_>>().join(&b',');
        let nodes: Vec<_> = elements(&value).map(|element| for_node(&element.unwrap())).collect();
        for (hops, node) in (1_u8..).zip(nodes.iter().rev()) {
            let proxies = vec!["loopback, 10.0.0.2, 192.0.2.1, 2001:db8::/64"; hops.into()];
            let layer = chain(&proxies).build().unwrap();
            let info = resolve(&layer, "127.0.0.1", &[("forwarded", &value)]);
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
