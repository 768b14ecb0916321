//! The test inputs of two npm packages: `forwarded-parse` (RFC 7239) and `forwarded` (the chain of
//! `X-Forwarded-For`). Each row has the same result here, or the reason for a difference.

use std::net::SocketAddr;

use forwarded_headers::forwarded::{Element, elements};
use forwarded_headers::{ClientSource, ForwardedHeaders, Outcome, TrustedProxies};

/// The result here, and the reason.
type Difference = Option<(&'static str, &'static str)>;

fn check(name: &str, ours: &str, theirs: &str, difference: Difference) {
    let (expected, reason) = difference.unwrap_or((theirs, "the package has the same result"));
    assert_eq!(ours, expected, "{name}: {reason}");
    assert_eq!(
        ours != theirs,
        difference.is_some(),
        "{name}: the row has a reason, but no difference"
    );
}

/// Returns the pairs of each element, or the offset of the error.
fn read(value: &[u8]) -> String {
    match elements(value).collect::<Result<Vec<_>, _>>() {
        Ok(elements) => elements.iter().map(text).collect::<Vec<_>>().join(", "),
        Err(error) => format!("error at {}", error.offset()),
    }
}

fn text(element: &Element<'_>) -> String {
    let pairs = element.pairs();
    let pairs = pairs.map(|(name, value)| format!("{name}={}", value.to_bytes().escape_ascii()));
    pairs.collect::<Vec<_>>().join(" ")
}

/// A name, a field value, the result of `forwarded-parse`, and the difference.
type Field = (&'static str, &'static [u8], &'static str, Difference);

const VALID: [Field; 17] = [
    (
        "pairs and elements",
        b"foo=a,foo=b;bar=c;baz=d;qux=e",
        "foo=a, foo=b bar=c baz=d qux=e",
        None,
    ),
    (
        "quoted strings, all in one list",
        b"foo=\"bar\",foo=\"ba\\r\",foo=\",;\",foo=\"\",foo=\" \",foo=\"\t\",foo=\" \t\",\
          foo=\"\\\"\",foo=\"\\\\\",foo=\"\\\\\\a\",foo=\"\xa5\",foo=\"\\\xa7\"",
        "foo=bar, foo=bar, foo=,;, foo=, foo= , foo=\\t, foo= \\t, \
         foo=\\\", foo=\\\\, foo=\\\\a, foo=\\xa5, foo=\\xa7",
        None,
    ),
    ("a word in quotes", br#"foo="bar""#, "foo=bar", None),
    ("an escaped letter", br#"foo="ba\r""#, "foo=bar", None),
    ("delimiters in quotes", br#"foo=",;""#, "foo=,;", None),
    ("an empty string", br#"foo="""#, "foo=", None),
    ("a space in quotes", br#"foo=" ""#, "foo= ", None),
    ("a tab in quotes", b"foo=\"\t\"", r"foo=\t", None),
    ("a space and a tab in quotes", b"foo=\" \t\"", r"foo= \t", None),
    ("an escaped quote", br#"foo="\"""#, r#"foo=\""#, None),
    ("an escaped backslash", br#"foo="\\""#, r"foo=\\", None),
    ("an escaped backslash, an escaped letter", br#"foo="\\\a""#, r"foo=\\a", None),
    ("a byte above 0x7F in quotes", b"foo=\"\xa5\"", r"foo=\xa5", None),
    ("such a byte escaped", b"foo=\"\\\xa7\"", r"foo=\xa7", None),
    (
        "white space around commas",
        br#"foo=a,foo=b, foo="c" ,foo=d  ,  foo=e"#,
        "foo=a, foo=b, foo=c, foo=d, foo=e",
        None,
    ),
    (
        "white space around semicolons",
        br#"foo=a;bar=b; baz=c ;qux="d"  ;  norf=e"#,
        "foo=a bar=b baz=c qux=d norf=e",
        Some((
            "error at 13",
            "RFC 7239 §4 has no white space there; only the layer's own reader accepts it",
        )),
    ),
    (
        "a name in capitals",
        br#"foo=a,Foo="""#,
        "foo=a, foo=",
        Some(("foo=a, Foo=", "pairs are as written; a parameter is found in any case")),
    ),
];

#[test]
fn valid_for_forwarded_parse() {
    for (name, value, theirs, difference) in VALID {
        check(name, &read(value), theirs, difference);
    }
}

const INVALID: [Field; 17] = [
    ("no name", b"foo=bar,=baz", "error at 8", None),
    ("a name that is no token", b"f@r=192.0.2.43", "error at 1", None),
    (
        "a space in front",
        b" for=192.0.2.43",
        "error at 0",
        Some(("for=192.0.2.43", "white space around a value is not part of it, RFC 9110 §5.5")),
    ),
    ("a space before `=`", b"for =192.0.2.43", "error at 3", None),
    ("a space behind `=`", b"for= 192.0.2.43", "error at 4", None),
    ("a quote in a token", br#"foo=b"ar""#, "error at 5", None),
    ("text behind quotes", br#"foo="ba"r, foo=baz"#, "error at 8", None),
    ("a space in a token", b"foo=ba r, foo=baz", "error at 7", None),
    ("no value", b"foo=, foo=baz", "error at 4", None),
    ("an escape without quotes", br"foo=b\ar", "error at 5", None),
    ("a letter beyond Latin-1", "foo=Ω, foo=baz".as_bytes(), "error at 4", None),
    (
        "such a letter in quotes",
        "foo=\"Ω\", foo=baz".as_bytes(),
        "error at 5",
        Some((
            r"foo=\xce\xa9, foo=baz",
            "the letter is two bytes on the wire, and each is valid obs-text",
        )),
    ),
    ("the end behind `=`", b"foo=", "error at 4", None),
    ("the end behind a name", b"foo", "error at 3", None),
    ("the end in quotes", br#"foo="bar"#, "error at 8", None),
    (
        "a space at the end",
        b"foo=bar ",
        "error at 8",
        Some(("foo=bar", "white space around a value is not part of it, RFC 9110 §5.5")),
    ),
    (
        "a tab at the end",
        b"foo=\"\"\t",
        "error at 7",
        Some(("foo=", "white space around a value is not part of it, RFC 9110 §5.5")),
    ),
];

#[test]
fn invalid_for_forwarded_parse() {
    for (name, value, theirs, difference) in INVALID {
        check(name, &read(value), theirs, difference);
    }
}

/// Returns the peer, and the clients at place 1, 2, … of the list, up to the first place without one.
fn chain(socket: &str, other: &str, lines: &[crate::support::Line<'_>]) -> String {
    let mut request = crate::support::request(socket, "/", lines);
    if !other.is_empty() {
        request.extensions_mut().insert(SocketAddr::new(crate::support::ip(other), 50_000));
    }
    let (parts, ()) = request.into_parts();
    let resolve = |place| {
        let entry = ClientSource::x_forwarded_for().nth_from_right(place);
        let builder = ForwardedHeaders::builder().trust(TrustedProxies::insecure_any());
        builder.client_from(entry).build().unwrap().resolve(&parts)
    };
    let peer = resolve(1).peer_addr().unwrap().ip();
    let reported = (1..).map(resolve).take_while(|info| info.outcome() == Outcome::Forwarded);
    let reported = reported.map(|info| info.client_ip().unwrap());
    let chain = std::iter::once(peer).chain(reported).map(|ip| ip.to_string());
    chain.collect::<Vec<_>>().join(", ")
}

/// A name, the socket's address, the address of a second source, `X-Forwarded-For`, the chain that
/// `forwarded` reads (nearest first), and the difference.
type Chain =
    (&'static str, &'static str, &'static str, Option<&'static [u8]>, &'static str, Difference);

const CHAINS: [Chain; 7] = [
    ("no header", "127.0.0.1", "", None, "127.0.0.1", None),
    (
        "two entries",
        "127.0.0.1",
        "",
        Some(b"10.0.0.2, 10.0.0.1"),
        "127.0.0.1, 10.0.0.1, 10.0.0.2",
        None,
    ),
    (
        "an empty entry",
        "127.0.0.1",
        "",
        Some(b"10.0.0.2,, 10.0.0.1"),
        "127.0.0.1, 10.0.0.1, 10.0.0.2",
        Some((
            "127.0.0.1, 10.0.0.1",
            "a proxy did not report its client: the entry to the left may be the client's",
        )),
    ),
    (
        "white space and an empty entry",
        "127.0.0.1",
        "",
        Some(b" 10.0.0.2 ,  , 10.0.0.1 "),
        "127.0.0.1, 10.0.0.1, 10.0.0.2",
        Some((
            "127.0.0.1, 10.0.0.1",
            "a proxy did not report its client: the entry to the left may be the client's",
        )),
    ),
    ("the peer comes first", "127.0.0.1", "", None, "127.0.0.1", None),
    ("one source of the peer before another", "127.0.0.1", "10.0.0.1", None, "127.0.0.1", None),
    ("the second source without the first", "", "10.0.0.1", None, "10.0.0.1", None),
];

#[test]
fn chains_of_forwarded() {
    for (name, socket, other, value, theirs, difference) in CHAINS {
        let lines: Vec<_> = value.map(|value| ("x-forwarded-for", value)).into_iter().collect();
        check(name, &chain(socket, other, &lines), theirs, difference);
    }
}
