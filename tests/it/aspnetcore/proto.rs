//! `X-Forwarded-Proto`: schemes, limits, symmetry with `X-Forwarded-For`, two layers.

use crate::aspnetcore::Fact::Scheme;
use crate::aspnetcore::Theirs::{self, Differs, Refused, Same};
use crate::aspnetcore::{DEFAULT, FOR, LOOPBACK, NO_PEER, Options, PROTO, Row};

pub(crate) const NO_WEB_SCHEME: Theirs =
    Differs("a web request has one of two schemes, and links hold the scheme", &[Scheme("")]);
const NO_PROXY: Theirs = Refused("a chain has a set; to read no report, write trust(\"none\")");

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
        ("OverrideChangesRequestProtocol#1", 0, "h1", "", NO_PROXY),
        ("OverrideChangesRequestProtocol#2", 1, "", "", Same),
        ("OverrideChangesRequestProtocol#3", 1, "h1", "h1", NO_WEB_SCHEME),
        ("OverrideChangesRequestProtocol#4", 3, "h1", "h1", NO_WEB_SCHEME),
        ("OverrideChangesRequestProtocol#5", 1, "h2, h1", "h1", NO_WEB_SCHEME),
        ("OverrideChangesRequestProtocol#6", 2, "h2, h1", "h2", NO_WEB_SCHEME),
        ("OverrideChangesRequestProtocol#7", 10, "h3, h2, h1", "h3", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#1", 1, "z", "z", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#2", 1, "Z", "Z", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#3", 1, "1", "1", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#4", 1, "y+", "y+", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#5", 1, "1-", "1-", NO_WEB_SCHEME),
        ("AcceptsValidProtocols#6", 1, "a.", "a.", NO_WEB_SCHEME),
    ];
    rows.map(|(name, limit, sent, expect, theirs)| row(name, limit, sent, expect, theirs)).into()
}

fn row(name: &str, limit: u8, sent: &'static str, expect: &'static str, theirs: Theirs) -> Row {
    Row {
        name: format!("Proto{name}"),
        options: Options { limit, reads: &[PROTO], ..DEFAULT },
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

/// The tests of the middleware have no peer here, so that no header is read.
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
        (1, 0, "h1", "::1", "", NO_PROXY),
        (2, 1, "", "::1", "", Same),
        (3, 1, "h1", "::1", "h1", NO_WEB_SCHEME),
        (4, 3, "h1", "::1", "h1", MISSING),
        (5, 3, "h2, h1", "::1", "", Same),
        (6, 5, "h2, h1", "::1, ::1", "h2", MISSING),
        (7, 10, "h3, h2, h1", "::1, ::1, ::1", "h3", MISSING),
        (8, 10, "h3, h2, h1", "::1, badip, ::1", "h1", MALFORMED),
    ];
    rows.map(|(number, limit, schemes, addresses, expect, theirs)| Row {
        name: format!("ProtoOverrideLimitedByForCount#{number}"),
        ..symmetric(limit, (schemes, addresses), expect, theirs)
    })
    .into()
}

const MISSING: Theirs =
    Differs("::1 is a proxy, and its report is missing, the scheme included", &[Scheme("")]);
const MALFORMED: Theirs =
    Differs("a client that can break the address can forge the scheme", &[Scheme("")]);

fn symmetric(
    limit: u8,
    (schemes, addresses): (&'static str, &'static str),
    expect: &'static str,
    theirs: Theirs,
) -> Row {
    Row {
        options: Options { limit, reads: &[FOR, PROTO], symmetry: true, ..DEFAULT },
        sent: vec![(PROTO, schemes), (FOR, addresses)],
        expect: vec![Scheme(expect)],
        theirs,
        ..Row::default()
    }
}

fn beside_clients() -> Vec<Row> {
    const LONGER: Theirs = Differs(
        "entries that a client adds at the left must not change the result",
        &[Scheme("https")],
    );
    let rows = [
        ("3", 1, "https", "::1", "https", Same),
        ("4", 3, "https", "::1", "https", MISSING),
        ("4, from a client", 3, "https", "192.0.2.7", "https", Same),
        ("5", 3, "http, https", "192.0.2.7", "", LONGER),
        ("5, the other way round", 3, "https", "192.0.2.7, ::1", "", Same),
        ("6", 5, "https, http", "192.0.2.7, ::1", "https", Same),
        ("7", 10, "https, http, http", "192.0.2.7, ::1, ::1", "https", Same),
        ("8", 10, "https, https, https", "::1, badip, ::1", "https", MALFORMED),
    ];
    rows.map(|(number, limit, schemes, addresses, expect, theirs)| Row {
        name: format!("ProtoOverrideLimitedByForCount#{number} (https)"),
        ..symmetric(limit, (schemes, addresses), expect, theirs)
    })
    .into()
}

/// The middleware, registered twice: it runs once with shared options, and twice with options of its
/// own.
fn two_layers() -> Vec<Row> {
    const EVERY_ADDRESS: Theirs = Refused(
        "a chain of every address counts the client as a proxy, which reports its own client",
    );
    const WHY: Theirs = Differs(
        "an unknown peer is not trusted, and a web request has one of two schemes",
        &[Scheme("")],
    );
    let rows = [
        ("WithDIOptionsRunsOnce#1", 1, "httpc", WHY, vec![(PROTO, "httpa,httpb", "")]),
        ("WithDIOptionsRunsOnce#2", 2, "httpb", EVERY_ADDRESS, vec![]),
        ("WithDirectOptionsRunsTwice#1", 1, "httpb", WHY, vec![(PROTO, "httpa", "")]),
        ("WithDirectOptionsRunsTwice#2", 2, "httpa", EVERY_ADDRESS, vec![]),
    ];
    rows.map(|(name, limit, expect, theirs, left)| Row {
        name: format!("Forwarders{name}"),
        options: Options { trust: None, limit, reads: &[PROTO], ..DEFAULT },
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
        "the outermost layer decides: a second one would read entries that the first refused",
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
