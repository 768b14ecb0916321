//! `proxy-addr`: trust values, and the walk over `X-Forwarded-For`.

use crate::other_systems::Fact::{self, Client, Hops, Peer};
use crate::other_systems::Theirs::{self, Differs, Refused, Same};
use crate::other_systems::{ANY, ANY_IN_CHAIN, FOR, LOCAL, NO_ADDRESS, NO_BOUND, NO_PEER, Row};
use forwarded_headers::{ForwardedHeaders, TrustedProxies};

const UNRESOLVED: &[Fact] = &[Client("")];
const ONE_PROXY: Theirs = Refused(ANY_IN_CHAIN, LOCAL);
const TWO_PROXIES: Theirs = Refused(ANY_IN_CHAIN, "127.0.0.1, 10.0.0.2");
const NAME: Theirs = Differs(NO_ADDRESS, UNRESOLVED);

const HOST_BITS: &str = "bits outside the prefix are a mistake in the address or in the prefix";
const NETMASK: &str = "a netmask is a second form of a prefix";
const SPELLING: &str = "the name has a hyphen, as in the RFCs";

pub(crate) fn rows() -> Vec<Row> {
    [walks(), sets(), names(), chains()].into_iter().flatten().collect()
}

/// Name, trust, peer, `X-Forwarded-For` or empty for no line; the result of `proxy-addr`, and how the
/// result here compares.
type Case = (&'static str, &'static str, &'static str, &'static [u8], &'static [Fact], Theirs);

/// The walk of `proxy-addr` has no bound. A chain refuses every address, which is then one proxy.
fn row((name, trust, peer, list, expect, theirs): Case) -> Row {
    let is_one_proxy = trust == ANY && !matches!(theirs, Refused(..));
    Row {
        name: format!("proxy-addr {name}"),
        trust,
        proxies: if is_one_proxy { 1 } else { NO_BOUND },
        peer,
        sent: if list.is_empty() { vec![] } else { vec![(FOR, list)] },
        expect,
        theirs,
        ..Row::default()
    }
}

fn walks() -> Vec<Row> {
    const TWO: &[u8] = b"10.0.0.1, 10.0.0.2";
    const PEER: &[Fact] = &[Client(LOCAL)];
    const FAR: &[Fact] = &[Client("192.168.0.1")];
    const TEN: &str = "10.0.0.0/8";
    const CALLS: Theirs = Refused(ANY_IN_CHAIN, "127.0.0.1, 10.0.0.1");
    let cases: [Case; 16] = [
        // Asserts the addresses that the trust function gets: all but the leftmost, which is the result.
        ("trust-fn#calls", ANY, LOCAL, b"192.168.0.1, 10.0.0.1", FAR, CALLS),
        (
            "trust-fn#calls-non-ip",
            ANY,
            LOCAL,
            b"myrouter, 127.0.0.1, proxy",
            &[Client("myrouter")],
            NAME,
        ),
        ("all#no-header", ANY, LOCAL, b"", PEER, Same),
        ("all#one", ANY, LOCAL, b"10.0.0.1", &[Client("10.0.0.1")], ONE_PROXY),
        ("all#two", ANY, LOCAL, TWO, &[Client("10.0.0.1")], TWO_PROXIES),
        ("none#no-header", "", LOCAL, b"", PEER, Same),
        ("none#two", "", LOCAL, TWO, PEER, Same),
        ("some#no-header", TEN, LOCAL, b"", PEER, Same),
        ("some#peer-untrusted", TEN, LOCAL, TWO, PEER, Same),
        ("some#peer-trusted", TEN, "10.0.0.1", b"192.168.0.1", FAR, Same),
        ("some#first-untrusted", TEN, "10.0.0.1", b"192.168.0.1, 10.0.0.2", FAR, Same),
        ("some#stop-at-untrusted", TEN, "10.0.0.1", b"10.0.0.3, 192.168.0.1, 10.0.0.2", FAR, Same),
        ("array-empty#no-header", "", LOCAL, b"", PEER, Same),
        ("array-empty#headers", "", LOCAL, TWO, PEER, Same),
        ("no-peer#no-header", LOCAL, NO_PEER, b"", &[Client("")], Same),
        ("no-peer#headers", LOCAL, NO_PEER, b"127.0.0.1, 10.0.0.1", &[Client("")], Same),
    ];
    cases.map(row).into()
}

fn sets() -> Vec<Row> {
    const TWO: &str = "10.0.0.1, 10.0.0.2";
    const TEN: &str = "10.0.0.1";
    const MAPPED: &str = "::ffff:a00:1";
    const LIST: &[u8] = b"192.168.0.1, 10.0.0.2";
    const OUT: &[u8] = b"192.168.0.1, 10.0.0.200";
    const FAR: &[Fact] = &[Client("192.168.0.1")];
    const NEAR: &[Fact] = &[Client("10.0.0.200")];
    const FAR_V6: &[Fact] = &[Client("2002:c000:203::1")];
    const NET: Theirs = Refused(HOST_BITS, "10.0.0.0/26");
    const MASK: Theirs = Refused(NETMASK, "10.0.0.0/26");
    const WIDE: Theirs = Refused(HOST_BITS, "10.0.0.0/16");
    const MAPPED_NET: Theirs = Refused(HOST_BITS, "::ffff:a00:0/122");
    const MAPPED_AND_V6: Theirs = Refused(HOST_BITS, "::ffff:a00:0/122, fe80::/125");
    const MAPPED_AND_V4: Theirs = Refused(HOST_BITS, "::ffff:a00:0/122, 127.0.0.1");
    let cases: [Case; 15] = [
        ("array#literals", TWO, TEN, LIST, FAR, Same),
        ("array#none-match", "127.0.0.1, 192.168.0.100", TEN, LIST, &[Client(TEN)], Same),
        ("ipv4#literals", TWO, TEN, LIST, FAR, Same),
        ("ipv4#cidr", "10.0.0.2/26", TEN, OUT, NEAR, NET),
        ("ipv4#netmask", "10.0.0.2/255.255.255.192", TEN, OUT, NEAR, MASK),
        (
            "ipv6#literals",
            "fe80::1, fe80::2",
            "fe80::1",
            b"2002:c000:203::1, fe80::2",
            FAR_V6,
            Same,
        ),
        (
            "ipv6#cidr",
            "fe80::/125",
            "fe80::1",
            b"2002:c000:203::1, fe80::ff00",
            &[Client("fe80::ff00")],
            Same,
        ),
        ("mixed#each-family", "127.0.0.1, ::1", "::1", b"2002:c000:203::1", FAR_V6, Same),
        ("mixed#no-cross-match", LOCAL, "::1", b"2002:c000:203::1", &[Client("::1")], Same),
        ("mapped#v4-trust-literals", TWO, MAPPED, LIST, FAR, Same),
        ("mapped#v4-trust-cidr", "10.0.0.1/16", MAPPED, LIST, FAR, WIDE),
        ("mapped#v6-trust-v4-peer", "::ffff:a00:1, ::ffff:a00:2", TEN, LIST, FAR, Same),
        ("mapped#cidr", "::ffff:a00:2/122", TEN, OUT, NEAR, MAPPED_NET),
        ("mapped#cidr+v6-cidr", "::ffff:a00:2/122, fe80::/125", TEN, OUT, NEAR, MAPPED_AND_V6),
        ("mapped#cidr+v4", "::ffff:a00:2/122, 127.0.0.1", TEN, OUT, NEAR, MAPPED_AND_V4),
    ];
    cases.map(row).into()
}

/// Names of networks, and names in place of an address.
fn names() -> Vec<Row> {
    const LIST: &[u8] = b"2002:c000:203::1, fe80::2";
    const FAR: &[Fact] = &[Client("2002:c000:203::1")];
    const LINK: Theirs = Refused(SPELLING, "link-local");
    const BOTH: Theirs = Refused(SPELLING, "loopback, link-local");
    const NINE: &str = "::8:8:8:8:8:8:8:8:8";
    let cases: [Case; 5] = [
        ("named#linklocal", "linklocal", "fe80::1", LIST, FAR, LINK),
        ("named#loopback+linklocal", "loopback, linklocal", "::1", LIST, FAR, BOTH),
        (
            "array#hostname-entry",
            "10.0.0.1, 10.0.0.2",
            "10.0.0.1",
            b"192.168.0.1, 10.0.0.2, localhost",
            &[Client("localhost")],
            NAME,
        ),
        ("non-ip#name", LOCAL, LOCAL, b"myrouter, 127.0.0.1, proxy", &[Client("proxy")], NAME),
        (
            "non-ip#bad-ipv6",
            LOCAL,
            LOCAL,
            b"myrouter, 127.0.0.1, ::8:8:8:8:8:8:8:8:8",
            &[Client(NINE)],
            NAME,
        ),
    ];
    cases.map(row).into()
}

/// The result of `proxy-addr` is the list of all addresses, from the peer to the client. A row asserts
/// its ends and its length.
fn chains() -> Vec<Row> {
    const PEER: &[Fact] = &[Peer(LOCAL), Hops("0"), Client(LOCAL)];
    const ONE: &[Fact] = &[Peer(LOCAL), Hops("1"), Client("10.0.0.1")];
    const TWO: &[Fact] = &[Peer(LOCAL), Hops("2"), Client("10.0.0.1")];
    const STOP: &[Fact] = &[Peer(LOCAL), Hops("1"), Client("10.0.0.2")];
    const LIST: &[u8] = b"10.0.0.1, 10.0.0.2";
    let cases: [Case; 5] = [
        ("chain#no-header", ANY, LOCAL, b"", PEER, Same),
        ("chain#one", ANY, LOCAL, b"10.0.0.1", ONE, ONE_PROXY),
        ("chain#two", ANY, LOCAL, LIST, TWO, TWO_PROXIES),
        ("chain#stop", LOCAL, LOCAL, LIST, STOP, Same),
        ("chain#none", "", LOCAL, LIST, PEER, Same),
    ];
    cases.map(row).into()
}

/// A trust value, whether `proxy-addr` accepts it, and how the answer here compares.
type Value = (Option<&'static str>, bool, Theirs);

const LEFT_OUT: &str = "the default is loopback, which no outside host has";
const EMPTY: &str = "an empty text is often a mistake; to trust no proxy, write none";

/// The values that `proxy-addr` tests in `proxyaddr` and in `compile`.
const BOTH: [Value; 13] = [
    (Some(""), true, Differs(EMPTY, &[])),
    (Some("127.0.0.1"), true, Same),
    (Some("::1"), true, Same),
    (Some("::ffff:127.0.0.1"), true, Same),
    (Some("loopback"), true, Same),
    (Some("loopback, 10.0.0.1"), true, Same),
    (Some("blargh"), false, Same),
    (Some("-1"), false, Same),
    (Some("10.0.0.1/6000"), false, Same),
    (Some("::1/6000"), false, Same),
    (Some("::ffff:a00:2/136"), false, Same),
    // A number in `proxy-addr`.
    (Some("42"), false, Same),
    (None, false, Differs(LEFT_OUT, &[])),
];

/// The values that `proxy-addr` tests in one of them, the last in `compile`.
const ONE: [Value; 10] = [
    (Some("10.0.300.1"), false, Same),
    (Some("::ffff:30.168.1.9000"), false, Same),
    (Some("10.0.0.1/internet"), false, Same),
    (Some("::ffff:a00:2/-1"), false, Same),
    (Some("10.0.0.1/255.0.255.0"), false, Same),
    (Some("10.0.0.1/ffc0::"), false, Same),
    (Some("fe80::/ffc0::"), false, Same),
    (Some("fe80::/255.255.255.0"), false, Same),
    (Some("::ffff:a00:2/255.255.255.0"), false, Same),
    (Some("::ffff:a00:2/-46"), false, Same),
];

/// Returns the comparison of each case.
pub(crate) fn trust_values() -> impl Iterator<Item = Theirs> {
    BOTH.into_iter().chain(BOTH).chain(ONE).map(|(_, _, theirs)| theirs)
}

#[test]
fn their_trust_values() {
    for (value, accepted, theirs) in BOTH.into_iter().chain(ONE) {
        let ours = match value {
            Some(text) => text.parse::<TrustedProxies>().map(drop),
            None => ForwardedHeaders::builder().build().map(drop),
        };
        let expect = accepted != matches!(theirs, Differs(..));
        assert_eq!(ours.is_ok(), expect, "{value:?}: {}; {ours:?}", theirs.why());
        // The refusal has the same reason, and not bits outside a prefix.
        let reason = ours.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(!reason.contains("outside its prefix"), "{value:?}: {reason}");
    }
}
