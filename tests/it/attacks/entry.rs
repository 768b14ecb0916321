//! What one entry may be. Each entry is the report of the peer, with the victim to its left.

use forwarded_headers::forwarded::Node;
use http::HeaderValue;

use crate::attacks::{CLIENT, ListRow, MALFORMED, P1, UNKNOWN, Want, XFF, check, proxies};
use crate::support::{info, request};

const V6: &str = "2001:db8::1";

const VALID: &[ListRow<'_>] = &[
    ("port behind IPv4", b"203.0.113.7:4711", Want::Addr(CLIENT)),
    ("brackets", b"[2001:db8::1]", Want::Addr(V6)),
    ("brackets and port", b"[2001:db8::1]:443", Want::Addr(V6)),
    ("IPv6 without brackets", b"2001:db8::1", Want::Addr(V6)),
    ("last group that looks like a port", b"2001:db8::1:8080", Want::Addr("2001:db8::1:8080")),
    // Every spelling is one address, and so one key for a rate limiter.
    ("mapped IPv4", b"::ffff:203.0.113.7", Want::Addr(CLIENT)),
    ("mapped IPv4 in hex", b"::FFFF:cb00:7107", Want::Addr(CLIENT)),
    ("mapped IPv4 in full", b"0:0:0:0:0:ffff:203.0.113.7", Want::Addr(CLIENT)),
    ("mapped IPv4 in brackets", b"[::ffff:203.0.113.7]:443", Want::Addr(CLIENT)),
    // Other IPv6 addresses that hold an IPv4 address are other hosts: only a mapped one is the same.
    ("IPv4-compatible", b"::203.0.113.7", Want::Addr("::203.0.113.7")),
    ("NAT64", b"64:ff9b::203.0.113.7", Want::Addr("64:ff9b::203.0.113.7")),
    ("6to4", b"2002:cb00:7107::", Want::Addr("2002:cb00:7107::")),
    // One pair of quotes is tolerated; it hides no comma.
    ("one pair of quotes", b"\"203.0.113.7\"", Want::Addr(CLIENT)),
    ("quotes round a port", b"\"[2001:db8::1]:443\"", Want::Addr(V6)),
    ("open quote in the entry to the left", b"\"2.2.2.2, 203.0.113.7", Want::Addr(CLIENT)),
    ("quote inside the entry to the left", b"2.2\"2.2, 203.0.113.7", Want::Addr(CLIENT)),
    // A CDN can write a made-up address of class E for an IPv6 client. Here it is an address like
    // others: an operator whose CDN does this reads another header.
    ("class E address", b"240.16.0.1", Want::Addr("240.16.0.1")),
];

const ZONE_OF_60: &[u8] = b"::1%aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff";
const ZONE_OF_61: &[u8] = b"::1%aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffg";

/// A zone (RFC 4007 §11) means nothing on another machine, so it is dropped. The whole entry has at most
/// 64 bytes.
const ZONES: &[ListRow<'_>] = &[
    ("zone", b"fe80::1%eth0", Want::Addr("fe80::1")),
    ("zone of a loopback address", b"::1%lo", Want::Addr("::1")),
    ("zone in brackets", b"[fe80::1%2]", Want::Addr("fe80::1")),
    ("zone in brackets, with a port", b"[fe80::1%2]:4711", Want::Addr("fe80::1")),
    ("zone in quotes", b"\"fe80::1%2\"", Want::Addr("fe80::1")),
    ("zone with a space and UTF-8", "febf::1%Lok\u{e4}l 1".as_bytes(), Want::Addr("febf::1")),
    ("zone that is encoded twice", b"fe80::1%25%32", MALFORMED),
    ("encoded zone", b"fe80::1%25eth0", Want::Addr("fe80::1")),
    ("zone of no byte", b"fe80::1%", MALFORMED),
    ("zone of no byte in brackets", b"[fe80::1%]", MALFORMED),
    ("zone behind the brackets", b"[fe80::1]%eth0", MALFORMED),
    ("zone that goes on behind its bracket", b"[fe80::1%eth0]x", MALFORMED),
    ("zone without its bracket", b"[fe80::1%eth0", MALFORMED),
    ("zone with a bracket too many", b"fe80::1%eth0]", MALFORMED),
    ("zone with a colon", b"fe80::1%eth0:4711", MALFORMED),
    ("zone with a quote", b"fe80::1%\"", MALFORMED),
    ("zone with a backslash", b"fe80::1%\\", MALFORMED),
    ("zone with a semicolon", b"fe80::1%a;b", MALFORMED),
    ("zone with a tab", b"fe80::1%a\tb", MALFORMED),
    ("zone of another address", b"2001:db8::7%eth0", MALFORMED),
    ("zone of a multicast address", b"ff02::1%eth0", MALFORMED),
    ("zone of a mapped address", b"::ffff:203.0.113.7%eth0", MALFORMED),
    ("zone of an IPv4 address", b"203.0.113.7%eth0", MALFORMED),
    ("zone of an IPv4 link-local address", b"169.254.0.1%eth0", MALFORMED),
    ("zone of unknown", b"unknown%eth0", MALFORMED),
    ("zone of 60 bytes", ZONE_OF_60, Want::Addr("::1")),
    ("zone of 61 bytes", ZONE_OF_61, MALFORMED),
];

const INVALID: &[ListRow<'_>] = &[
    ("empty port", b"203.0.113.7:", MALFORMED),
    ("port 70000", b"203.0.113.7:70000", MALFORMED),
    ("port 65536", b"203.0.113.7:65536", MALFORMED),
    ("port -1", b"203.0.113.7:-1", MALFORMED),
    ("port 0x50", b"203.0.113.7:0x50", MALFORMED),
    ("port +80", b"203.0.113.7:+80", MALFORMED),
    ("port with a space", b"203.0.113.7: 80", MALFORMED),
    ("obfuscated port", b"203.0.113.7:_http", MALFORMED),
    ("no closing bracket", b"[2001:db8::1", MALFORMED),
    ("no opening bracket", b"2001:db8::1]", MALFORMED),
    ("empty brackets", b"[]", MALFORMED),
    ("two pairs of brackets", b"[[::1]]", MALFORMED),
    ("text behind the bracket", b"[::1]x", MALFORMED),
    ("digits behind the bracket", b"[::1]80", MALFORMED),
    ("empty port behind the bracket", b"[::1]:", MALFORMED),
    ("IPv4 in brackets", b"[192.0.2.1]", MALFORMED),
    // Octal to some readers (CVE-2021-29922).
    ("leading zero", b"010.0.0.1", MALFORMED),
    ("leading zero in the last part", b"127.0.0.01", MALFORMED),
    ("hex", b"0x7f.0.0.1", MALFORMED),
    ("one number", b"2130706433", MALFORMED),
    ("two parts", b"127.1", MALFORMED),
    ("three parts", b"1.2.3", MALFORMED),
    ("last part 256", b"1.2.3.256", MALFORMED),
    ("last part 257", b"127.0.0.257", MALFORMED),
    ("five parts", b"7.7.7.7.7", MALFORMED),
    ("dot behind the address", b"1.2.3.4.", MALFORMED),
    ("dot in front of the address", b".1.2.3.4", MALFORMED),
    ("network", b"1.2.3.4/32", MALFORMED),
    ("fuzzed zone behind IPv4", b"0.0.0.1% :", MALFORMED),
    ("fuzzed zone behind IPv6", b"::fffF:0:1%:", MALFORMED),
    ("quote in front", b"\"203.0.113.7", MALFORMED),
    ("quote behind", b"203.0.113.7\"", MALFORMED),
    ("two pairs of quotes", b"\"\"203.0.113.7\"\"", MALFORMED),
    ("nothing in quotes", b"\"\"", MALFORMED),
    ("a quote alone", b"\"", MALFORMED),
    ("a list in quotes", b"\"203.0.113.7, 203.0.113.99\"", MALFORMED),
    // A middleware read a list with a loopback *name* as local (CVE-2023-41338).
    ("localhost", b"localhost", MALFORMED),
    ("host name", b"example.com", MALFORMED),
    ("unknown", b"unknown", UNKNOWN),
    ("UNKNOWN", b"UNKNOWN", UNKNOWN),
    ("hyphen", b"-", MALFORMED),
    // `Forwarded` has obfuscated identifiers, lists of addresses do not.
    ("obfuscated identifier", b"_hidden", MALFORMED),
    ("null", b"null", MALFORMED),
    ("(null)", b"(null)", MALFORMED),
    ("undefined", b"undefined", MALFORMED),
    ("fullwidth digits", "１２７.0.0.1".as_bytes(), MALFORMED),
    ("Arabic digits", "٢٠٣.0.113.7".as_bytes(), MALFORMED),
    ("user information", b"127.0.0.1@203.0.113.7", MALFORMED),
    ("URL", b"http://203.0.113.7", MALFORMED),
    ("fragment", b"203.0.113.7#", MALFORMED),
];

#[test]
fn entries_are_addresses_or_the_client_is_unresolved() {
    for (name, entry, want) in VALID.iter().chain(ZONES).chain(INVALID) {
        let list = [b"203.0.113.99, ", *entry].concat();
        check(name, &proxies(), request(P1, "/", &[(XFF, &list)]), *want);
        let alone = format!("{name}, alone");
        check(&alone, &proxies(), request(P1, "/", &[(XFF, entry)]), *want);
    }
}

#[test]
fn ports_of_entries() {
    let rows: [(&str, &[u8], Option<u16>); 6] = [
        ("IPv4 and port", b"203.0.113.7:4711", Some(4711)),
        ("IPv4 without port", b"203.0.113.7", None),
        ("IPv6 in brackets and port", b"[2001:db8::1]:443", Some(443)),
        ("IPv6 in brackets without port", b"[2001:db8::1]", None),
        ("IPv6 without brackets", b"2001:db8::1", None),
        ("last group that looks like a port", b"2001:db8::1:8080", None),
    ];
    for (name, entry, want) in rows {
        let info = proxies().resolve(&request(P1, "/", &[(XFF, entry)]).into_parts().0);
        assert_eq!(info.client_port(), want, "{name}");
        assert!(info.is_forwarded(), "{name}");
    }
}

/// `http` refuses these bytes in a header, so the layer never reads them. The node parser, which
/// reads bytes from any source, refuses them and keeps none.
#[test]
fn control_bytes() {
    let rows: [(&str, &[u8]); 8] = [
        ("NUL", b"203.0.113.7\0"),
        ("DEL", b"203.0.113.7\x7F"),
        ("ESC", b"\x1B[31m203.0.113.7"),
        ("CR", b"203.0.113.7\r"),
        ("LF", b"203.0.113.7\n"),
        ("CR LF and a header", b"203.0.113.7\r\nX-Real-IP: 203.0.113.99"),
        ("ESC in an obfuscated name", b"_\x1B[31m"),
        ("LF in a port", b"203.0.113.7:80\n"),
    ];
    for (name, entry) in rows {
        assert!(HeaderValue::from_bytes(entry).is_err(), "{name}");
        let error = Node::parse(entry).expect_err(name);
        let text = format!("{error} {error:?}");
        assert!(!text.contains(char::is_control) && !text.contains("203"), "{name}: {text:?}");
    }
    // A header can hold these: control characters above U+007F, and a tab.
    let rows: [(&str, &[u8]); 2] =
        [("C1 control", b"203.0.113.7\xC2\x9B"), ("tab inside", b"203.0.\t113.7")];
    for (name, entry) in rows {
        let parts = check(name, &proxies(), request(P1, "/", &[(XFF, entry)]), MALFORMED);
        assert!(!format!("{:?}", info(&parts)).contains("203"), "{name}");
    }
}
