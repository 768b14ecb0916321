//! nginx's realip module: `real_ip_recursive off` reads one report, and `on` has no bound.

use crate::other_systems::Fact::{self, Client, Peer, Port};
use crate::other_systems::Theirs::{self, Elsewhere, Refused, Same};
use crate::other_systems::{FOR, LOCAL, NO_BOUND, Row};
use crate::support::Line;

const REAL_IP: &str = "x-real-ip";
const CUSTOM: &str = "x-real-ip-custom";

const TRUSTED: &str = "127.0.0.1/32, 10.0.1.0/24";
const CLIENT: &str = "192.0.2.1";
const FOUND: &[Fact] = &[Client(CLIENT)];

pub(crate) fn rows() -> Vec<Row> {
    let tables = [single_values(), lists(), kept_peers(), proxy_protocol()];
    tables.into_iter().flatten().collect()
}

fn single_values() -> Vec<Row> {
    const NAME: Theirs = Refused(
        "a name is not looked up: any resolver may answer, and the addresses change",
        "127.0.0.1, ::1",
    );
    let cases: [(_, _, _, _, &[Fact], _); 7] = [
        ("x-real-ip", TRUSTED, REAL_IP, LOCAL, FOUND, Same),
        ("custom-header", TRUSTED, CUSTOM, LOCAL, FOUND, Same),
        // Asserts that the access log has the address where nginx itself answers.
        ("early-return", TRUSTED, REAL_IP, LOCAL, FOUND, Same),
        ("unix/unix", "unix", REAL_IP, "unix", FOUND, Same),
        // The header holds the only address that may be the client's.
        ("unix/localhost", "localhost", REAL_IP, "unix", &[Client("")], NAME),
        ("ip/localhost", "localhost", REAL_IP, LOCAL, FOUND, NAME),
        ("ip/unix", "unix", REAL_IP, LOCAL, &[Client(LOCAL)], Same),
    ];
    let row = |(name, trust, header, peer, expect, theirs): (&str, _, _, _, _, _)| Row {
        name: format!("nginx {name}"),
        options: Row::default().options.client_from(header),
        trust,
        peer,
        sent: vec![(header, CLIENT.as_bytes())],
        expect,
        theirs,
        ..Row::default()
    };
    cases.map(row).into()
}

fn lists() -> Vec<Row> {
    const OFF: u8 = 1;
    const ON: u8 = NO_BOUND;
    let cases: [(_, _, &[&[u8]], &[Fact]); 5] = [
        ("xff-last", OFF, &[b"10.0.0.1, 192.0.2.1"], FOUND),
        ("recursive-off", OFF, &[b"192.0.2.1, 10.0.1.1, 127.0.0.1"], &[Client(LOCAL)]),
        ("recursive-on", ON, &[b"10.0.1.1, 192.0.2.1, 127.0.0.1"], FOUND),
        ("multi-line-off", OFF, &[b"192.0.2.1", b"127.0.0.1, 10.0.1.1"], &[Client("10.0.1.1")]),
        ("multi-line-on", ON, &[b"10.0.1.1", b"192.0.2.1", b"127.0.0.1"], FOUND),
    ];
    let row = |(name, proxies, lines, expect): (&str, _, &[&'static [u8]], _)| Row {
        name: format!("nginx {name}"),
        trust: TRUSTED,
        proxies,
        sent: lines.iter().map(|line| (FOR, *line)).collect(),
        expect,
        ..Row::default()
    };
    cases.map(row).into()
}

/// `$realip_remote_addr`, and the same after an internal redirect, which is a second layer here.
fn kept_peers() -> Vec<Row> {
    const LIST: &[Line<'_>] = &[(FOR, CLIENT.as_bytes())];
    let cases: [(_, &[_], _); 4] = [
        ("no-header", &[], 1),
        ("no-header-redirect", &[], 2),
        ("header", LIST, 1),
        ("header-redirect", LIST, 2),
    ];
    let row = |(name, sent, layers): (&str, &[_], _)| Row {
        name: format!("nginx {name}"),
        trust: "127.0.0.1/32, 192.0.2.1/32",
        sent: sent.to_vec(),
        layers,
        expect: &[Peer(LOCAL)],
        ..Row::default()
    };
    cases.map(row).into()
}

/// The server takes the peer from the line of the PROXY protocol, so the layer has no task.
fn proxy_protocol() -> Vec<Row> {
    const WHY: &str = "the server reads the PROXY protocol, and sets the peer";
    const CONNECTED: &[Fact] = &[Client(LOCAL)];
    let cases: [(_, _, &[Fact]); 6] = [
        ("tcp4/realip", "192.0.2.1:123", &[Client(CLIENT), Port("123")]),
        ("tcp4/off", LOCAL, CONNECTED),
        ("tcp6/realip", "[2001:db8::1]:123", &[Client("2001:db8::1"), Port("123")]),
        ("tcp6/off", LOCAL, CONNECTED),
        ("unknown-0", LOCAL, CONNECTED),
        ("unknown-1", LOCAL, CONNECTED),
    ];
    let row = |(name, peer, expect): (&str, _, _)| Row {
        name: format!("nginx {name}"),
        trust: "127.0.0.1/32",
        peer,
        expect,
        theirs: Elsewhere(WHY),
        ..Row::default()
    };
    cases.map(row).into()
}
