//! Wrong sets of trusted proxies. A set that fails to parse must not leave the headers trusted
//! (CVE-2023-44463).

use std::time::{Duration, Instant};

use forwarded_headers::{ForwardedHeaders, TrustedProxies};
use ipnet::IpNet;

use crate::attacks::{CLIENT, NETWORK, Want, XFF, check, check_error, trusted};
use crate::support::{ip, request};

const EXPECTED: &str = "expected an address (192.0.2.7), a network (10.1.0.0/16)";
const MAPPED: &str = "/96 or longer";
const NO_COMMA: &str = "one comma";
const NO_ITEM: &str = "the set has no item";
const PREFIX: &str = "not a number from 1 to 32";

/// A name, the text, how the error shows the wrong item, and what it advises.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    // CVE-2026-90711: a short mapped prefix matched every IPv4 address.
    ("mapped /8", "::ffff:10.0.0.0/8", "\"::ffff:10.0.0.0/8\"", MAPPED),
    ("mapped /80", "::ffff:10.0.0.0/80", "\"::ffff:10.0.0.0/80\"", MAPPED),
    ("mapped /95", "::ffff:0.0.0.0/95", "\"::ffff:0.0.0.0/95\"", MAPPED),
    ("::/0", "::/0", "\"::/0\"", "insecure_any()"),
    ("host bits, the network", "192.0.2.10/24", "\"192.0.2.10/24\"", "write 192.0.2.0/24"),
    ("host bits, the address", "192.0.2.10/24", "\"192.0.2.10/24\"", "or 192.0.2.10 for"),
    ("IPv6 host bits", "2001:db8::1/32", "\"2001:db8::1/32\"", "write 2001:db8::/32"),
    ("mapped host bits", "::ffff:10.0.0.1/104", "\"::ffff:10.0.0.1/104\"", "write 10.0.0.0/8"),
    ("one number", "1", "\"1\"", EXPECTED),
    ("three parts", "192.0.2", "\"192.0.2\"", EXPECTED),
    ("star", "*", "\"*\"", "insecure_any()"),
    ("prefix 33", "10.0.0.0/33", "\"10.0.0.0/33\"", PREFIX),
    ("prefix -1", "10.0.0.0/-1", "\"10.0.0.0/-1\"", PREFIX),
    ("prefix 08", "10.0.0.0/08", "\"10.0.0.0/08\"", PREFIX),
    ("no prefix", "10.0.0.0/", "\"10.0.0.0/\"", PREFIX),
    ("netmask", "10.0.0.0/255.0.0.0", "\"10.0.0.0/255.0.0.0\"", PREFIX),
    ("leading zero, address", "010.0.0.1", "\"010.0.0.1\"", EXPECTED),
    ("host name", "proxy.example", "\"proxy.example\"", EXPECTED),
    ("port", "192.0.2.7:80", "\"192.0.2.7:80\"", "write 192.0.2.7, without the port"),
    ("brackets", "[2001:db8::1]", "\"[2001:db8::1]\"", "write 2001:db8::1, without brackets"),
    ("zone", "fe80::1%eth0", "\"fe80::1%eth0\"", EXPECTED),
    ("word in another case", "Private", "\"Private\"", EXPECTED),
    // What a file of networks holds by mistake. The caller decides whether to keep the old set.
    (
        "host bits of a second item",
        "10.0.0.0/8, 10.1.2.3/16",
        "\"10.1.2.3/16\"",
        "write 10.1.0.0/16",
    ),
    ("byte order mark", "\u{FEFF}10.0.0.0/8", "\\u{feff}10.0.0.0/8", EXPECTED),
    ("HTML", "<!DOCTYPE html>", "\"<!DOCTYPE\"", EXPECTED),
    ("cut JSON", "{\"prefixes\":[\"10.0.0.0/8\"", "{\\\"prefixes\\\"", EXPECTED),
];

/// A parser that skips a wrong item would trust the rest without a warning.
#[test]
fn one_wrong_item_refuses_the_set() {
    for (name, text, wrong, right) in REFUSED {
        check_error(name, text.parse::<TrustedProxies>(), wrong, right);
        let beside = format!("{NETWORK},{text},198.51.100.0/24");
        check_error(name, beside.parse::<TrustedProxies>(), wrong, right);
    }
}

#[test]
fn sets_without_an_item_are_refused() {
    let rows = [
        ("empty", "", NO_ITEM),
        ("space", " ", NO_ITEM),
        ("blank lines", "\n\n", NO_ITEM),
        ("comment alone", "# proxies", NO_ITEM),
        ("comma at the end", "10.0.0.0/8,", NO_COMMA),
    ];
    for (name, text, right) in rows {
        check_error(name, text.parse::<TrustedProxies>(), &format!("{text:?}"), right);
        let beside = format!("{NETWORK},{text},198.51.100.0/24");
        check_error(name, beside.parse::<TrustedProxies>(), &format!("{beside:?}"), NO_COMMA);
    }
}

/// `010.0.0.0/8` is 10.0.0.0/8 to one reader and 8.0.0.0/8 to another (CVE-2021-29922).
#[test]
fn leading_zeros_in_a_network_are_refused() {
    for text in ["010.0.0.0/8", "10.0.0.00/8", "::ffff:010.0.0.0/104"] {
        check_error(text, text.parse::<TrustedProxies>(), &format!("{text:?}"), EXPECTED);
    }
    // In hexadecimal, they are valid (RFC 4291 §2.2).
    assert!(trusted("2001:0db8::/32").contains(ip("2001:db8::1")));
}

/// A network that comes as a value is refused as its text is.
#[test]
fn networks_as_values_are_refused() {
    let rows = [
        ("mapped /8", "::ffff:10.0.0.0/8", MAPPED),
        ("::/0", "::/0", "insecure_any()"),
        ("host bits", "192.0.2.10/24", "write 192.0.2.0/24"),
    ];
    for (name, text, right) in rows {
        let network: IpNet = text.parse().unwrap();
        let wrong = format!("{text:?}");
        check_error(name, TrustedProxies::try_from(network), &wrong, right);
        let one = ForwardedHeaders::builder().trust(network);
        check_error(name, one.build(), &wrong, right);
        let chain = ForwardedHeaders::builder().trust_chain([NETWORK.parse().unwrap(), network]);
        check_error(name, chain.build(), &wrong, right);
    }
}

/// A name, the text, an address, and whether the set of the text contains the address.
const SETS: &[(&str, &str, &str, bool)] = &[
    ("mapped /104", "::ffff:10.0.0.0/104", "10.1.2.3", true),
    ("mapped /104, mapped peer", "::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true),
    ("mapped /104, stranger", "::ffff:10.0.0.0/104", "11.0.0.1", false),
    ("mapped address", "::ffff:10.1.2.3", "10.1.2.3", true),
    // No IPv6 network contains an IPv4 address, mapped or not.
    ("::/1, IPv4 peer", "::/1", "203.0.113.15", false),
    ("::/1, mapped peer", "::/1", "::ffff:203.0.113.15", false),
    ("::/1, IPv6 peer", "::/1", "2001:db8::1", true),
    ("::/64, IPv4 peer", "::/64", "203.0.113.15", false),
    ("::/64, mapped peer", "::/64", "::ffff:203.0.113.15", false),
    ("::/64, IPv6 peer", "::/64", "::1", true),
    ("8000::/1, IPv4 peer", "8000::/1", "203.0.113.15", false),
    // CVE-2026-33376: a bare IPv6 address was a /32.
    ("IPv6 address", "2001:db8::1", "2001:db8::1", true),
    ("IPv6 neighbor", "2001:db8::1", "2001:db8::2", false),
    ("IPv6 far neighbor", "2001:db8::1", "2001:db8:ffff::2", false),
    ("IPv4 address", "192.0.2.1", "192.0.2.1", true),
    ("IPv4 neighbor", "192.0.2.1", "192.0.2.2", false),
    ("private", "private", "10.1.2.3", true),
    ("private, stranger", "private", "203.0.113.15", false),
    // The same network twice trusts no other address.
    ("duplicate", "10.0.0.0/8, 10.0.0.0/8", "10.1.2.3", true),
    ("trailing tab", "10.0.0.0/8\t", "10.1.2.3", true),
    // What a file of networks holds.
    ("no final newline", "10.0.0.0/8", "10.1.2.3", true),
    ("two lines", "192.0.2.0/24\n10.0.0.0/8", "10.1.2.3", true),
    ("CR LF", "10.0.0.0/8\r\n", "10.1.2.3", true),
    ("comment behind a network", "10.0.0.0/8 # office", "10.1.2.3", true),
    ("network in a comment", "192.0.2.0/24 # 10.0.0.0/8", "10.1.2.3", false),
];

#[test]
fn sets_trust_what_they_contain() {
    for (name, text, peer, is_trusted) in SETS {
        let proxies = trusted(text);
        assert_eq!(proxies.contains(ip(peer)), *is_trusted, "{name}");
        let layer = ForwardedHeaders::builder().trust(proxies).build().unwrap();
        let want = if *is_trusted { Want::Addr(CLIENT) } else { Want::Peer };
        check(name, &layer, request(peer, "/", &[(XFF, b"203.0.113.7")]), want);
    }
}

/// A cloud's list, of networks that do not touch.
#[test]
fn twenty_thousand_networks_are_searched_in_time() {
    const COUNT: u32 = 20_000;
    let start = |n: u32| std::net::Ipv4Addr::from_bits(0x1000_0000 + n * 512);
    let list: Vec<_> = (0..COUNT).map(|n| format!("{}/24", start(n))).collect();
    let layer = ForwardedHeaders::builder().trust(list.join(",")).build().unwrap();
    for n in [0, 1, COUNT / 2, COUNT - 2, COUNT - 1] {
        let inside = start(n).to_string();
        let behind = std::net::Ipv4Addr::from_bits(start(n).to_bits() + 256).to_string();
        let sent = |peer: &str| request(peer, "/", &[(XFF, b"203.0.113.7")]);
        check(&format!("network {n}"), &layer, sent(&inside), Want::Addr(CLIENT));
        check(&format!("behind network {n}"), &layer, sent(&behind), Want::Peer);
    }
    // A search from one end would take seconds.
    let parts = request("47.255.255.255", "/", &[]).into_parts().0;
    let begun = Instant::now();
    for _ in 0..COUNT {
        assert!(layer.resolve(&parts).client_ip().is_some());
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}
