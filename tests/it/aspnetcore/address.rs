//! `X-Forwarded-For`: networks, limits, unknown peers.

use crate::aspnetcore::Fact::{self, Client, Host};
use crate::aspnetcore::Theirs::{Differs, Same};
use crate::aspnetcore::{DEFAULT, FOR, HOST, LOOPBACK, NO_PEER, Options, Row};

pub(crate) fn theirs() -> Vec<Row> {
    addresses().into_iter().chain(forward_limit()).collect()
}

/// Their cases do not assert what becomes of the client where its address is not read.
pub(crate) fn translated() -> Vec<Row> {
    const WHY: &str = "the proxy's own address is no client's, though an allow-list may know it";
    vec![Row {
        name: "a host without addresses".into(),
        options: Options { reads: &[HOST], ..DEFAULT },
        sent: vec![(HOST, "testhost")],
        expect: vec![Client(LOOPBACK), Host("testhost")],
        theirs: Differs(WHY, &[Client(""), Host("testhost")]),
        ..Row::default()
    }]
}

fn addresses() -> Vec<Row> {
    const WHY: &str = "a peer that is not known may be anybody: it is trusted in no configuration";
    const ONE: &str = "11.111.111.11:12345";
    let default = Options { reads: &[FOR], ..DEFAULT };
    let known = Options { trust: Some("loopback, 10.0.0.1"), ..default };
    let everybody = Options { trust: None, ..default };
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
            everybody,
            NO_PEER,
            ONE,
            (ONE, Differs(WHY, &[Client("")])),
            vec![(FOR, "", "")],
        ),
    ]
}

/// Each with and without symmetry, which says nothing about one list, and for each of the two
/// options in which theirs takes networks.
fn forward_limit() -> Vec<Row> {
    const MISSING: &str = "everybody is a proxy, so 11.111.111.11 has to say for whom it asks";
    const MALFORMED: &str = "a trusted proxy said junk, and is not its own client for that";
    const NOBODY: &[Fact] = &[Client("")];
    const ONE: &str = "11.111.111.11:12345";
    const TWO: &str = "12.112.112.12:23456, 11.111.111.11:12345";
    const THREE: &str = "13.113.113.13:34567, 12.112.112.12:23456, 11.111.111.11:12345";
    const TWO_BAD: &str = "12.112.112.12.23456, 11.111.111.11:12345";
    const THREE_BAD: &str = "13.113.113.13:34567, 12.112.112.12.23456, 11.111.111.11:12345";
    const SECOND: &str = "12.112.112.12:23456";
    const THIRD: &str = "13.113.113.13:34567";
    const REST: &str = "13.113.113.13:34567,12.112.112.12.23456";
    let cases = [
        (1, 1, ONE, ONE, Same, ("", "11.111.111.11")),
        (3, 10, ONE, ONE, Differs(MISSING, NOBODY), ("", "")),
        (5, 1, TWO, ONE, Same, (SECOND, "11.111.111.11")),
        (7, 2, TWO, SECOND, Same, ("", "12.112.112.12")),
        (9, 10, TWO, SECOND, Differs(MISSING, NOBODY), ("", "")),
        (11, 10, TWO_BAD, ONE, Differs(MALFORMED, NOBODY), ("12.112.112.12.23456", "")),
        (13, 10, THREE_BAD, ONE, Differs(MALFORMED, NOBODY), (REST, "")),
        (15, 2, THREE, SECOND, Same, (THIRD, "12.112.112.12")),
        (17, 3, THREE, THIRD, Same, ("", "13.113.113.13")),
    ];
    let tests = ["ForForwardLimit_Obsolete", "ForForwardLimit"];
    let variants = tests.iter().flat_map(|test| [(test, false), (test, true)]);
    let rows = variants.flat_map(|(test, symmetry)| {
        cases.map(|(number, hops, sent, expect, theirs, left)| Row {
            name: format!("{test}#{}", number + usize::from(symmetry)),
            options: Options { trust: None, hops, reads: &[FOR], symmetry, ..DEFAULT },
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
