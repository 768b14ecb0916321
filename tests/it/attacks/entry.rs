//! What one entry may be: rows 54 to 71. Each stands where the report is due, with the victim to
//! its left.

use forwarded_headers::forwarded::Node;
use http::HeaderValue;

use crate::attacks::{CLIENT, ListRow, MALFORMED, P1, UNKNOWN, Want, XFF, check, proxies};
use crate::support::{info, request};

const V6: &str = "2001:db8::1";

const VALID: &[ListRow<'_>] = &[
    ("54 port", b"203.0.113.7:4711", Want::Addr(CLIENT)),
    ("56 brackets", b"[2001:db8::1]", Want::Addr(V6)),
    ("56 brackets and port", b"[2001:db8::1]:443", Want::Addr(V6)),
    ("57 bare", b"2001:db8::1", Want::Addr(V6)),
    ("58 what looks like a port", b"2001:db8::1:8080", Want::Addr("2001:db8::1:8080")),
    // The same address as a rate limiter's key, however it is written.
    ("62 mapped", b"::ffff:203.0.113.7", Want::Addr(CLIENT)),
    ("62 mapped in hex", b"::FFFF:cb00:7107", Want::Addr(CLIENT)),
    ("62 mapped in full", b"0:0:0:0:0:ffff:203.0.113.7", Want::Addr(CLIENT)),
    ("62 mapped in brackets", b"[::ffff:203.0.113.7]:443", Want::Addr(CLIENT)),
    // Other ways to hold an IPv4 address are IPv6 addresses: only a mapped one is the same host.
    ("63 compatible", b"::203.0.113.7", Want::Addr("::203.0.113.7")),
    ("63 NAT64", b"64:ff9b::203.0.113.7", Want::Addr("64:ff9b::203.0.113.7")),
    ("63 6to4", b"2002:cb00:7107::", Want::Addr("2002:cb00:7107::")),
    // One pair of quotes is tolerated; it hides no comma.
    ("65 quotes", b"\"203.0.113.7\"", Want::Addr(CLIENT)),
    ("65 quotes round a port", b"\"[2001:db8::1]:443\"", Want::Addr(V6)),
    ("66 open quote to the left", b"\"2.2.2.2, 203.0.113.7", Want::Addr(CLIENT)),
    ("66 quote inside to the left", b"2.2\"2.2, 203.0.113.7", Want::Addr(CLIENT)),
    // A CDN can be told to write a made-up address of class E for an IPv6 client. It is an address
    // like another here: only the operator knows, and reads another header.
    ("71 class E", b"240.16.0.1", Want::Addr("240.16.0.1")),
];

const INVALID: &[ListRow<'_>] = &[
    ("55 empty port", b"203.0.113.7:", MALFORMED),
    ("55 port 70000", b"203.0.113.7:70000", MALFORMED),
    ("55 port 65536", b"203.0.113.7:65536", MALFORMED),
    ("55 port -1", b"203.0.113.7:-1", MALFORMED),
    ("55 port 0x50", b"203.0.113.7:0x50", MALFORMED),
    ("55 port +80", b"203.0.113.7:+80", MALFORMED),
    ("55 port with a space", b"203.0.113.7: 80", MALFORMED),
    ("55 obfuscated port", b"203.0.113.7:_http", MALFORMED),
    ("59 no closing bracket", b"[2001:db8::1", MALFORMED),
    ("59 no opening bracket", b"2001:db8::1]", MALFORMED),
    ("59 empty brackets", b"[]", MALFORMED),
    ("59 two pairs of brackets", b"[[::1]]", MALFORMED),
    ("59 text behind the bracket", b"[::1]x", MALFORMED),
    ("59 digits behind the bracket", b"[::1]80", MALFORMED),
    ("59 empty port behind the bracket", b"[::1]:", MALFORMED),
    ("59 IPv4 in brackets", b"[192.0.2.1]", MALFORMED),
    // Octal to some readers (CVE-2021-29922).
    ("60 leading zero", b"010.0.0.1", MALFORMED),
    ("60 leading zero in the last part", b"127.0.0.01", MALFORMED),
    ("60 hex", b"0x7f.0.0.1", MALFORMED),
    ("60 one number", b"2130706433", MALFORMED),
    ("60 two parts", b"127.1", MALFORMED),
    ("60 three parts", b"1.2.3", MALFORMED),
    ("61 256", b"1.2.3.256", MALFORMED),
    ("61 257", b"127.0.0.257", MALFORMED),
    ("61 five parts", b"7.7.7.7.7", MALFORMED),
    ("61 dot behind", b"1.2.3.4.", MALFORMED),
    ("61 dot in front", b".1.2.3.4", MALFORMED),
    ("61 network", b"1.2.3.4/32", MALFORMED),
    // No zone: it means nothing on another machine.
    ("64 zone", b"fe80::1%eth0", MALFORMED),
    ("64 encoded zone", b"fe80::1%25eth0", MALFORMED),
    ("64 zone in brackets", b"[fe80::1%2]", MALFORMED),
    ("64 fuzzed IPv4", b"0.0.0.1% :", MALFORMED),
    ("64 fuzzed IPv6", b"::fffF:0:1%:", MALFORMED),
    ("65 quote in front", b"\"203.0.113.7", MALFORMED),
    ("65 quote behind", b"203.0.113.7\"", MALFORMED),
    ("65 two pairs of quotes", b"\"\"203.0.113.7\"\"", MALFORMED),
    ("65 nothing in quotes", b"\"\"", MALFORMED),
    ("65 a quote alone", b"\"", MALFORMED),
    ("65 a list in quotes", b"\"203.0.113.7, 203.0.113.99\"", MALFORMED),
    // A middleware took a list with a loopback *name* in it for local (CVE-2023-41338).
    ("67 localhost", b"localhost", MALFORMED),
    ("67 name", b"example.com", MALFORMED),
    ("67 unknown", b"unknown", UNKNOWN),
    ("67 UNKNOWN", b"UNKNOWN", UNKNOWN),
    ("67 hyphen", b"-", MALFORMED),
    // `Forwarded` has these, lists of addresses do not.
    ("67 obfuscated", b"_hidden", MALFORMED),
    ("67 null", b"null", MALFORMED),
    ("67 (null)", b"(null)", MALFORMED),
    ("67 undefined", b"undefined", MALFORMED),
    ("68 fullwidth digits", "１２７.0.0.1".as_bytes(), MALFORMED),
    ("68 Arabic digits", "٢٠٣.0.113.7".as_bytes(), MALFORMED),
    ("70 user", b"127.0.0.1@203.0.113.7", MALFORMED),
    ("70 URL", b"http://203.0.113.7", MALFORMED),
    ("70 fragment", b"203.0.113.7#", MALFORMED),
];

#[test]
fn entries() {
    for (name, entry, want) in VALID.iter().chain(INVALID) {
        let list = [b"203.0.113.99, ", *entry].concat();
        check(name, &proxies(), request(P1, "/", &[(XFF, &list)]), *want);
        let alone = format!("{name}, alone");
        check(&alone, &proxies(), request(P1, "/", &[(XFF, entry)]), *want);
    }
}

#[test]
fn ports() {
    let rows: [(&str, &[u8], Option<u16>); 6] = [
        ("54 IPv4", b"203.0.113.7:4711", Some(4711)),
        ("54 no port", b"203.0.113.7", None),
        ("56 IPv6", b"[2001:db8::1]:443", Some(443)),
        ("56 no port", b"[2001:db8::1]", None),
        ("57 bare", b"2001:db8::1", None),
        ("58 what looks like one", b"2001:db8::1:8080", None),
    ];
    for (name, entry, want) in rows {
        let info = proxies().resolve(&request(P1, "/", &[(XFF, entry)]).into_parts().0);
        assert_eq!(info.client_port(), want, "{name}");
        assert!(info.is_forwarded(), "{name}");
    }
}

/// `http` lets none of these into a header, so the walk never meets them. The node parser, which
/// takes bytes from anywhere, refuses them and keeps none.
#[test]
fn control_bytes() {
    let rows: [(&str, &[u8]); 8] = [
        ("69 NUL", b"203.0.113.7\0"),
        ("69 DEL", b"203.0.113.7\x7F"),
        ("69 ESC", b"\x1B[31m203.0.113.7"),
        ("69 CR", b"203.0.113.7\r"),
        ("69 LF", b"203.0.113.7\n"),
        ("69 CR LF and a header", b"203.0.113.7\r\nX-Real-IP: 203.0.113.99"),
        ("69 ESC in an obfuscated name", b"_\x1B[31m"),
        ("69 LF in a port", b"203.0.113.7:80\n"),
    ];
    for (name, entry) in rows {
        assert!(HeaderValue::from_bytes(entry).is_err(), "{name}");
        let error = Node::parse(entry).expect_err(name);
        let text = format!("{error} {error:?}");
        assert!(!text.contains(char::is_control) && !text.contains("203"), "{name}: {text:?}");
    }
    // Not control bytes: what a header can hold of them is above U+007F, or a tab.
    let rows: [(&str, &[u8]); 2] =
        [("69 C1 control", b"203.0.113.7\xC2\x9B"), ("69 tab inside", b"203.0.\t113.7")];
    for (name, entry) in rows {
        let parts = check(name, &proxies(), request(P1, "/", &[(XFF, entry)]), MALFORMED);
        assert!(!format!("{:?}", info(&parts)).contains("203"), "{name}");
    }
}
