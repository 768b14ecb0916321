//! Wrong lists of trusted proxies: rows 72 to 79. One that fails to parse must not leave the
//! headers trusted (CVE-2023-44463).

use std::time::{Duration, Instant};

use forwarded_headers::{ForwardedHeaders, TrustedProxies};

use crate::attacks::{CLIENT, Want, XFF, check, check_error, trusted};
use crate::support::{ip, request};

const EXPECTED: &str = "expected an address (192.0.2.7), a network (10.1.0.0/16)";
const EMPTY: &str = "an empty item";
const MAPPED: &str = "/96 or longer";

/// A name, the text, how the error shows what is wrong with it, and what it says would be right.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    // CVE-2026-90711: a short mapped prefix matched every IPv4 address.
    ("72 mapped /8", "::ffff:10.0.0.0/8", "\"::ffff:10.0.0.0/8\"", MAPPED),
    ("72 mapped /80", "::ffff:10.0.0.0/80", "\"::ffff:10.0.0.0/80\"", MAPPED),
    ("72 mapped /95", "::ffff:0.0.0.0/95", "\"::ffff:0.0.0.0/95\"", MAPPED),
    ("74 ::/0", "::/0", "\"::/0\"", "insecure_any()"),
    ("76 host bits", "192.0.2.10/24", "\"192.0.2.10/24\"", "write 192.0.2.0/24"),
    ("76 host bits, the address", "192.0.2.10/24", "\"192.0.2.10/24\"", "or 192.0.2.10 for"),
    ("76 IPv6 host bits", "2001:db8::1/32", "\"2001:db8::1/32\"", "write 2001:db8::/32"),
    ("76 mapped host bits", "::ffff:10.0.0.1/104", "\"::ffff:10.0.0.1/104\"", "write 10.0.0.0/8"),
    ("77 one number", "1", "\"1\"", EXPECTED),
    ("77 three parts", "192.0.2", "\"192.0.2\"", EXPECTED),
    ("77 empty", "", "\"\"", EMPTY),
    ("77 space", " ", "\"\"", EMPTY),
    ("77 star", "*", "\"*\"", EXPECTED),
    ("77 prefix 33", "10.0.0.0/33", "\"10.0.0.0/33\"", EXPECTED),
    ("77 prefix -1", "10.0.0.0/-1", "\"10.0.0.0/-1\"", EXPECTED),
    ("77 prefix 08", "10.0.0.0/08", "\"10.0.0.0/08\"", EXPECTED),
    ("77 no prefix", "10.0.0.0/", "\"10.0.0.0/\"", EXPECTED),
    ("77 netmask", "10.0.0.0/255.0.0.0", "\"10.0.0.0/255.0.0.0\"", EXPECTED),
    ("77 leading zero, address", "010.0.0.1", "\"010.0.0.1\"", EXPECTED),
    ("77 name", "proxy.example", "\"proxy.example\"", EXPECTED),
    ("77 port", "192.0.2.7:80", "\"192.0.2.7:80\"", EXPECTED),
    ("77 brackets", "[2001:db8::1]", "\"[2001:db8::1]\"", EXPECTED),
    ("77 zone", "fe80::1%eth0", "\"fe80::1%eth0\"", EXPECTED),
    ("77 names in another case", "Private", "\"Private\"", EXPECTED),
    // What a file of networks brings when it is handed over unread: refused as a whole. To keep
    // the old list then is the caller's work.
    ("78 lines", "10.0.0.0/8\n10.1.0.0/16", "10.0.0.0/8\\n10.1.0.0/16", EXPECTED),
    ("78 CR LF", "10.0.0.0/8\r\n", "\"10.0.0.0/8\\r\\n\"", EXPECTED),
    ("78 blank lines", "\n\n", "\"\\n\\n\"", EXPECTED),
    ("78 comment", "# proxies", "\"# proxies\"", EXPECTED),
    ("78 text behind", "10.0.0.0/8 # office", "\"10.0.0.0/8 # office\"", EXPECTED),
    ("78 host bits", "10.0.0.0/8, 10.1.2.3/16", "\"10.1.2.3/16\"", "write 10.1.0.0/16"),
    ("78 byte order mark", "\u{FEFF}10.0.0.0/8", "\\u{feff}10.0.0.0/8", EXPECTED),
    ("78 HTML", "<!DOCTYPE html>", "\"<!DOCTYPE html>\"", EXPECTED),
    ("78 empty", "", "\"\"", EMPTY),
    ("78 cut JSON", "{\"prefixes\":[\"10.0.0.0/8\"", "{\\\"prefixes\\\"", EXPECTED),
    ("78 list that ends in a comma", "10.0.0.0/8,", "\"\"", EMPTY),
];

#[test]
fn refused_as_a_whole() {
    for (name, text, wrong, right) in REFUSED {
        check_error(name, text.parse::<TrustedProxies>(), wrong, right);
        // "Skip the bad line" would trust the rest, and nobody would notice.
        let beside = format!("192.0.2.0/24,{text},198.51.100.0/24");
        check_error(name, beside.parse::<TrustedProxies>(), wrong, right);
    }
}

/// `010.0.0.0/8` is 10.0.0.0/8 to one reader and 8.0.0.0/8 to another (CVE-2021-29922).
#[test]
fn leading_zeros_in_a_network() {
    let rows = [
        ("77 leading zero", "010.0.0.0/8"),
        ("77 leading zero in the last part", "10.0.0.00/8"),
        ("77 leading zero in a mapped network", "::ffff:010.0.0.0/104"),
    ];
    for (name, text) in rows {
        check_error(name, text.parse::<TrustedProxies>(), &format!("{text:?}"), EXPECTED);
    }
    // In hex they are plain (RFC 4291 §2.2).
    assert!(trusted("2001:0db8::/32").contains(ip("2001:db8::1")), "77 leading zero in IPv6");
}

/// What the text form refuses, a network that comes as a value cannot say at once: it trusts
/// nobody, and the layer does not start.
#[test]
fn refused_values() {
    let rows = [
        ("72 mapped /8", "::ffff:10.0.0.0/8", MAPPED),
        ("74 ::/0", "::/0", "insecure_any()"),
        ("76 host bits", "192.0.2.10/24", "write 192.0.2.0/24"),
    ];
    for (name, text, right) in rows {
        let net: ipnet::IpNet = text.parse().unwrap();
        let proxies = TrustedProxies::from(net);
        assert_eq!(
            ["10.1.2.3", "192.0.2.10", "::1"].map(|a| proxies.contains(ip(a))),
            [false; 3],
            "{name}"
        );
        let layer = ForwardedHeaders::new().trust(proxies.clone());
        let wrong = format!("{text:?}");
        check_error(name, layer.clone().check(), &wrong, right);
        let chain = ForwardedHeaders::new().proxy_chain([trusted("192.0.2.0/24"), proxies]);
        check_error(name, chain.check(), &wrong, right);
        let started = std::panic::catch_unwind(|| tower::Layer::layer(&layer, ()));
        assert!(started.is_err(), "{name}");
    }
}

/// A name, the text, an address, and whether the text has it.
const MEMBERS: &[(&str, &str, &str, bool)] = &[
    ("73 mapped /104", "::ffff:10.0.0.0/104", "10.1.2.3", true),
    ("73 mapped /104, mapped peer", "::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true),
    ("73 mapped /104, stranger", "::ffff:10.0.0.0/104", "11.0.0.1", false),
    ("73 mapped address", "::ffff:10.1.2.3", "10.1.2.3", true),
    // No IPv6 network has an IPv4 address, mapped or not.
    ("74 ::/1", "::/1", "203.0.113.15", false),
    ("74 ::/1, mapped peer", "::/1", "::ffff:203.0.113.15", false),
    ("74 ::/1, IPv6 peer", "::/1", "2001:db8::1", true),
    ("74 ::/64", "::/64", "203.0.113.15", false),
    ("74 ::/64, mapped peer", "::/64", "::ffff:203.0.113.15", false),
    ("74 ::/64, IPv6 peer", "::/64", "::1", true),
    ("74 8000::/1", "8000::/1", "203.0.113.15", false),
    // CVE-2026-33376: a bare IPv6 address was a /32.
    ("75 IPv6 address", "2001:db8::1", "2001:db8::1", true),
    ("75 IPv6 neighbour", "2001:db8::1", "2001:db8::2", false),
    ("75 IPv6 far neighbour", "2001:db8::1", "2001:db8:ffff::2", false),
    ("75 IPv4 address", "192.0.2.1", "192.0.2.1", true),
    ("75 IPv4 neighbour", "192.0.2.1", "192.0.2.2", false),
    // A word here, spelled out in the docs, since it is what people otherwise type in by hand.
    ("77 private", "private", "10.1.2.3", true),
    ("77 private, stranger", "private", "203.0.113.15", false),
    // The same network twice is no mistake that could trust anybody else.
    ("78 duplicate", "10.0.0.0/8, 10.0.0.0/8", "10.1.2.3", true),
    ("78 trailing tab", "10.0.0.0/8\t", "10.1.2.3", true),
    ("78 no final newline", "10.0.0.0/8", "10.1.2.3", true),
];

#[test]
fn members() {
    for (name, text, peer, member) in MEMBERS {
        let proxies = trusted(text);
        assert_eq!(proxies.contains(ip(peer)), *member, "{name}");
        let layer = ForwardedHeaders::new().trust(proxies);
        let want = if *member { Want::Addr(CLIENT) } else { Want::Peer };
        check(name, &layer, request(peer, "/", &[(XFF, b"203.0.113.7")]), want);
    }
}

/// A cloud's list, of networks that do not touch.
#[test]
fn twenty_thousand_networks() {
    const COUNT: u32 = 20_000;
    let start = |n: u32| std::net::Ipv4Addr::from_bits(0x1000_0000 + n * 512);
    let list: Vec<_> = (0..COUNT).map(|n| format!("{}/24", start(n))).collect();
    let layer = ForwardedHeaders::new().trust(trusted(&list.join(",")));
    for n in [0, 1, COUNT / 2, COUNT - 2, COUNT - 1] {
        let inside = start(n).to_string();
        let behind = std::net::Ipv4Addr::from_bits(start(n).to_bits() + 256).to_string();
        let sent = |peer: &str| request(peer, "/", &[(XFF, b"203.0.113.7")]);
        check(&format!("79 network {n}"), &layer, sent(&inside), Want::Addr(CLIENT));
        check(&format!("79 behind network {n}"), &layer, sent(&behind), Want::Peer);
    }
    // A search from one end would take seconds.
    let parts = request("47.255.255.255", "/", &[]).into_parts().0;
    let begun = Instant::now();
    for _ in 0..COUNT {
        assert!(layer.resolve(&parts).client_ip().is_some(), "79");
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "79: {:?}", begun.elapsed());
}
