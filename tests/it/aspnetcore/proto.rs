//! `X-Forwarded-Proto`: schemes, limits, symmetry with `X-Forwarded-For`, two layers.

use crate::aspnetcore::Fact::Scheme;
use crate::aspnetcore::Theirs::{self, Differs, Refused, Same};
use crate::aspnetcore::{DEFAULT, FOR, LOOPBACK, NO_PEER, Options, PROTO, Row};

pub(crate) const NO_WEB_SCHEME: Theirs = Differs(
    "a web request has one of two schemes, and links are made of whatever is taken",
    &[Scheme("")],
);
const ONE_HOP: Theirs =
    Refused("without addresses nothing says who is behind the peer, so there is one hop");
const NO_HOP: Theirs = Refused("to read nothing has a name, TrustedProxies::none()");

pub(crate) fn theirs() -> Vec<Row> {
    let tables = [alone(), rejected(NO_PEER), beside_addresses(), two_layers()];
    tables.into_iter().flatten().collect()
}

pub(crate) fn translated() -> Vec<Row> {
    let tables = [web_schemes(), rejected(LOOPBACK), beside_clients(), two_layers_behind_a_peer()];
    tables.into_iter().flatten().collect()
}

fn alone() -> Vec<Row> {
    let rows = [
        ("OverrideChangesRequestProtocol#1", 0, "h1", "", NO_HOP),
        ("OverrideChangesRequestProtocol#2", 1, "", "", Same),
        ("OverrideChangesRequestProtocol#3", 1, "h1", "h1", NO_WEB_SCHEME),
        ("OverrideChangesRequestProtocol#4", 3, "h1", "h1", ONE_HOP),
        ("OverrideChangesRequestProtocol#5", 1, "h2, h1", "h1", NO_WEB_SCHEME),
        ("OverrideChangesRequestProtocol#6", 2, "h2, h1", "h2", ONE_HOP),
        ("OverrideChangesRequestProtocol#7", 10, "h3, h2, h1", "h3", ONE_HOP),
        ("AcceptsValidProtocols#1", 1, "z", "z", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#2", 1, "Z", "Z", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#3", 1, "1", "1", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#4", 1, "y+", "y+", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#5", 1, "1-", "1-", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#6", 1, "a.", "a.", NO_WEB_SCHEME),
    ];
    rows.map(|(name, hops, sent, expect, theirs)| row(name, hops, sent, expect, theirs)).into()
}

fn row(name: &str, hops: u8, sent: &'static str, expect: &'static str, theirs: Theirs) -> Row {
    Row {
        name: format!("Proto{name}"),
        options: Options { hops, reads: &[PROTO], ..DEFAULT },
        sent: vec![(PROTO, sent)],
        expect: vec![Scheme(expect)],
        theirs,
        ..Row::default()
    }
}

fn web_schemes() -> Vec<Row> {
    const CASE: Theirs = Differs("one spelling, since apps compare it", &[Scheme("https")]);
    vec![
        row("OverrideChangesRequestProtocol#3 (https)", 1, "https", "https", Same),
        row("OverrideChangesRequestProtocol#5 (https last)", 1, "http, https", "https", Same),
        row("OverrideChangesRequestProtocol#5 (http last)", 1, "https, http", "http", Same),
        row("AcceptsValidProtocols#2 (https)", 1, "HTTPS", "HTTPS", CASE),
    ]
}

/// Their tests send them without a peer, when nothing is read anyhow.
fn rejected(peer: &'static str) -> Vec<Row> {
    let values = [
        "a b", "!", "\"", "#", "$", "%", "&", "'", "(", ")", "*", "/", ":", ";", "<", "=", ">",
        "?", "@", "[", "]", "\\", "^", "_", "`", "{", "}", "|", "~",
    ];
    let named = |(number, sent)| Row {
        peer,
        ..row(&format!("RejectsInvalidProtocols#{number}"), 1, sent, "", Same)
    };
    (1..).zip(values).map(named).collect()
}

fn beside_addresses() -> Vec<Row> {
    let rows = [
        (1, 0, "h1", "::1", "", NO_HOP),
        (2, 1, "", "::1", "", Same),
        (3, 1, "h1", "::1", "h1", NO_WEB_SCHEME),
        (4, 3, "h1", "::1", "h1", MISSING),
        (5, 3, "h2, h1", "::1", "", Same),
        (6, 5, "h2, h1", "::1, ::1", "h2", MISSING),
        (7, 10, "h3, h2, h1", "::1, ::1, ::1", "h3", MISSING),
        (8, 10, "h3, h2, h1", "::1, badip, ::1", "h1", JUNK),
    ];
    rows.map(|(number, hops, schemes, addresses, expect, theirs)| Row {
        name: format!("ProtoOverrideLimitedByForCount#{number}"),
        ..symmetric(hops, (schemes, addresses), expect, theirs)
    })
    .into()
}

const MISSING: Theirs =
    Differs("::1 is a proxy whose report is missing, its scheme included", &[Scheme("")]);
const JUNK: Theirs =
    Differs("whoever can break the address could break the scheme as well", &[Scheme("")]);

fn symmetric(
    hops: u8,
    (schemes, addresses): (&'static str, &'static str),
    expect: &'static str,
    theirs: Theirs,
) -> Row {
    Row {
        options: Options { hops, reads: &[FOR, PROTO], symmetry: true, ..DEFAULT },
        sent: vec![(PROTO, schemes), (FOR, addresses)],
        expect: vec![Scheme(expect)],
        theirs,
        ..Row::default()
    }
}

fn beside_clients() -> Vec<Row> {
    const LONGER: Theirs =
        Differs("a client that adds to the left must not make reading fail", &[Scheme("https")]);
    let rows = [
        ("3", 1, "https", "::1", "https", Same),
        ("4", 3, "https", "::1", "https", MISSING),
        ("4, from a client", 3, "https", "192.0.2.7", "https", Same),
        ("5", 3, "http, https", "192.0.2.7", "", LONGER),
        ("5, the other way round", 3, "https", "192.0.2.7, ::1", "", Same),
        ("6", 5, "https, http", "192.0.2.7, ::1", "https", Same),
        ("7", 10, "https, http, http", "192.0.2.7, ::1, ::1", "https", Same),
        ("8", 10, "https, https, https", "::1, badip, ::1", "https", JUNK),
    ];
    rows.map(|(number, hops, schemes, addresses, expect, theirs)| Row {
        name: format!("ProtoOverrideLimitedByForCount#{number} (https)"),
        ..symmetric(hops, (schemes, addresses), expect, theirs)
    })
    .into()
}

/// Registered twice: it runs once with shared options, and twice with options of its own.
fn two_layers() -> Vec<Row> {
    const WHY: Theirs = Differs(
        "without a peer nobody is trusted, and no such scheme is taken either",
        &[Scheme("")],
    );
    let rows = [
        ("WithDIOptionsRunsOnce#1", 1, "httpc", WHY, vec![(PROTO, "httpa,httpb", "")]),
        ("WithDIOptionsRunsOnce#2", 2, "httpb", ONE_HOP, vec![]),
        ("WithDirectOptionsRunsTwice#1", 1, "httpb", WHY, vec![(PROTO, "httpa", "")]),
        ("WithDirectOptionsRunsTwice#2", 2, "httpa", ONE_HOP, vec![]),
    ];
    rows.map(|(name, hops, expect, theirs, left)| Row {
        name: format!("Forwarders{name}"),
        options: Options { trust: None, hops, reads: &[PROTO], ..DEFAULT },
        peer: NO_PEER,
        sent: vec![(PROTO, "httpa, httpb, httpc")],
        layers: 2,
        expect: vec![Scheme(expect)],
        theirs,
        left,
    })
    .into()
}

fn two_layers_behind_a_peer() -> Vec<Row> {
    const ONCE: Theirs = Differs(
        "a second layer would believe what the first did not: the outermost decides",
        &[Scheme("http")],
    );
    let rows = [
        ("WithDIOptionsRunsOnce#1", "https, https, http", "http", Same),
        ("WithDirectOptionsRunsTwice#1", "https, https, http", "https", ONCE),
    ];
    rows.map(|(name, sent, expect, theirs)| Row {
        name: format!("Forwarders{name} (https)"),
        options: Options { trust: None, reads: &[PROTO], ..DEFAULT },
        sent: vec![(PROTO, sent)],
        layers: 2,
        expect: vec![Scheme(expect)],
        theirs,
        ..Row::default()
    })
    .into()
}
