//! `X-Forwarded-For`: networks, limits, unknown peers.

use crate::aspnetcore::Fact::{self, Client, Host};
use crate::aspnetcore::Theirs::{Differs, Same};
use crate::aspnetcore::{DEFAULT, FOR, HOST, LOOPBACK, NO_PEER, Options, Row};

pub(crate) fn theirs() -> Vec<Row> {
    addresses().into_iter().chain(forward_limit()).collect()
}

/// The cases of the middleware do not assert the client if its address is not read.
pub(crate) fn translated() -> Vec<Row> {
    const WHY: &str = "the proxy's own address is not the client's, and an allow-list may hold it";
    let host = Row {
        name: "a host without addresses".into(),
        options: Options { reads: &[HOST], ..DEFAULT },
        sent: vec![(HOST, "testhost")],
        expect: vec![Client(LOOPBACK), Host("testhost")],
        theirs: Differs(WHY, &[Client(""), Host("testhost")]),
        ..Row::default()
    };
    [host].into_iter().chain(malformed()).collect()
}

/// The lists with a malformed entry, from proxies whose addresses are known.
fn malformed() -> [Row; 2] {
    const MALFORMED: &str =
        "a trusted proxy wrote a malformed report, and is not itself the client";
    [(11, TWO_BAD), (13, THREE_BAD)].map(|(number, sent)| Row {
        name: format!("ForForwardLimit#{number} (known proxies)"),
        options: Options {
            trust: Some("10.0.0.1, 11.111.111.11"),
            limit: 10,
            reads: &[FOR],
            ..DEFAULT
        },
        peer: "10.0.0.1:99",
        sent: vec![(FOR, sent)],
        expect: vec![Client(ONE)],
        theirs: Differs(MALFORMED, NO_CLIENT),
        ..Row::default()
    })
}

const NO_CLIENT: &[Fact] = &[Client("")];
const ONE: &str = "11.111.111.11:12345";
const TWO_BAD: &str = "12.112.112.12.23456, 11.111.111.11:12345";
const THREE_BAD: &str = "13.113.113.13:34567, 12.112.112.12.23456, 11.111.111.11:12345";

fn addresses() -> Vec<Row> {
    const WHY: &str = "an unknown peer may be the client: no configuration trusts it";
    let default = Options { reads: &[FOR], ..DEFAULT };
    let known = Options { trust: Some("loopback, 10.0.0.1"), ..default };
    let every_address = Options { trust: None, ..default };
    let row = |name: &str, options, peer, sent, (expect, theirs), left| Row {
        name: name.into(),
        options,
        peer,
        sent: vec![(FOR, sent)],
        expect: vec![Client(expect)],
        theirs,
        left,
        ..Row::default()
    };
    vec![
        row(
            "ForDefaultSettingsChangeRemoteIpAndPort#1",
            default,
            LOOPBACK,
            "11.111.111.11:9090",
            ("11.111.111.11:9090", Same),
            vec![(FOR, "", "11.111.111.11"), ("x-original-for", "[::1]:0", "")],
        ),
        row(
            "ForFirstValueIsInvalid#1",
            default,
            "10.0.0.1:99",
            "11.111.111.11.12345",
            ("10.0.0.1:99", Same),
            vec![(FOR, "11.111.111.11.12345", "")],
        ),
        row(
            "ForWithKnownProxiesFailsClosedWhenNoRemoteIp#1",
            known,
            NO_PEER,
            ONE,
            ("", Same),
            vec![(FOR, ONE, "")],
        ),
        row(
            "ForWithEmptyKnownProxiesStillAppliesWhenNoRemoteIp#1",
            every_address,
            NO_PEER,
            ONE,
            (ONE, Differs(WHY, NO_CLIENT)),
            vec![(FOR, "", "")],
        ),
    ]
}

/// Each case with and without symmetry, which changes nothing for one list, and for each of the two
/// options in which the middleware takes networks.
fn forward_limit() -> Vec<Row> {
    const SHORT: &str = "ten proxies write ten entries: a shorter list went past one of them";
    const TWO: &str = "12.112.112.12:23456, 11.111.111.11:12345";
    const THREE: &str = "13.113.113.13:34567, 12.112.112.12:23456, 11.111.111.11:12345";
    const SECOND: &str = "12.112.112.12:23456";
    const THIRD: &str = "13.113.113.13:34567";
    const REST: &str = "13.113.113.13:34567,12.112.112.12.23456";
    let cases = [
        (1, 1, ONE, ONE, Same, ("", "11.111.111.11")),
        (3, 10, ONE, ONE, Differs(SHORT, NO_CLIENT), ("", "")),
        (5, 1, TWO, ONE, Same, (SECOND, "11.111.111.11")),
        (7, 2, TWO, SECOND, Same, ("", "12.112.112.12")),
        (9, 10, TWO, SECOND, Differs(SHORT, NO_CLIENT), ("", "")),
        (11, 10, TWO_BAD, ONE, Differs(SHORT, NO_CLIENT), ("12.112.112.12.23456", "")),
        (13, 10, THREE_BAD, ONE, Differs(SHORT, NO_CLIENT), (REST, "")),
        (15, 2, THREE, SECOND, Same, (THIRD, "12.112.112.12")),
        (17, 3, THREE, THIRD, Same, ("", "13.113.113.13")),
    ];
    let tests = ["ForForwardLimit_Obsolete", "ForForwardLimit"];
    let variants = tests.iter().flat_map(|test| [(test, false), (test, true)]);
    let rows = variants.flat_map(|(test, symmetry)| {
        cases.map(|(number, limit, sent, expect, theirs, left)| Row {
            name: format!("{test}#{}", number + usize::from(symmetry)),
            options: Options { trust: None, limit, reads: &[FOR], symmetry, ..DEFAULT },
            peer: "10.0.0.1:99",
            sent: vec![(FOR, sent)],
            expect: vec![Client(expect)],
            theirs,
            left: vec![(FOR, left.0, left.1)],
            ..Row::default()
        })
    });
    rows.collect()
}
