//! `X-Forwarded-Host`: the hosts that are valid, and the hosts that the app answers to.

use crate::aspnetcore::Fact::Host;
use crate::aspnetcore::Theirs::{self, Differs, Refused, Same};
use crate::aspnetcore::{DEFAULT, HOST, Options, Row};

pub(crate) fn theirs() -> Vec<Row> {
    characters().into_iter().chain(lists()).collect()
}

fn characters() -> Vec<Row> {
    const WHY: Theirs = Differs(
        "neither a DNS name nor an address, so parsers read it in different ways",
        &[Host("localhost")],
    );
    let rows = [
        (1, "z", Same),
        (2, "1", WHY),
        (3, "y:1", Same),
        (4, "1:1", WHY),
        (5, "[ABCdef]", WHY),
        (6, "[abcDEF]:0", WHY),
        (7, "[abcdef:127.2355.1246.114]:0", WHY),
        (8, "[::1]:80", Same),
        (9, "127.0.0.1:80", Same),
        (10, "900.900.900.900:9523547852", WHY),
        (11, "foo", Same),
        (12, "foo:234", Same),
        (13, "foo.bar.baz", Same),
        (14, "foo.BAR.baz:46245", Same),
        (15, "foo.ba-ar.baz:46245", Same),
        (16, "-foo:1234", Same),
        (17, "xn--c1yn36f:134", Same),
        (18, "-", Same),
        (19, "_", Same),
        (20, "~", WHY),
        (21, "!", WHY),
        (22, "$", WHY),
        (23, "'", WHY),
        (24, "(", WHY),
        (25, ")", WHY),
    ];
    let named = |(number, sent, theirs)| Row {
        name: format!("HostAllowsValidCharacters#{number}"),
        ..row("*", sent, theirs)
    };
    rows.map(named).into()
}

fn row(hosts: &'static str, sent: &'static str, theirs: Theirs) -> Row {
    Row {
        options: Options { reads: &[HOST], hosts, ..DEFAULT },
        sent: vec![(HOST, sent)],
        expect: vec![Host(sent)],
        theirs,
        ..Row::default()
    }
}

/// `*` is the middleware's text for every host, here `AllowedHosts::any()`.
fn lists() -> Vec<Row> {
    const ANY: Theirs = Differs(
        "an address allows that address alone; every host is AllowedHosts::any()",
        &[Host("")],
    );
    const PORT: Theirs = Differs(
        "links hold the port, so the list holds it too unless it is the scheme's default",
        &[Host("")],
    );
    const UNICODE: Theirs = Refused("hosts are ASCII on the wire; a conversion needs IDNA tables");
    const LOCALHOST: Theirs = Refused("an app on another port than 80 and 443 would lose its Host");
    let rows = [
        (1, "localhost", "localHost", LOCALHOST),
        (2, "*", "localHost", Same),
        (3, "[::]", "localHost", ANY),
        (4, "0.0.0.0", "localHost", ANY),
        (5, "example.com, localHost", "localhost:9090", LOCALHOST),
        (6, "example.com, localhost", "example.com:443", LOCALHOST),
        (7, "localhost", "localHost:80", LOCALHOST),
        (8, "*.exampLe.com", "foo.eXample.com:443", PORT),
        (9, "*.exampLe.com", "f.eXample.com:443", PORT),
        (10, "127.0.0.1", "127.0.0.1", Same),
        (11, "127.0.0.1", "127.0.0.1:443", PORT),
        (12, "xn--c1yn36f", "xn--c1yn36f:443", PORT),
        (13, "點看", "xn--c1yn36f:443", UNICODE),
        (14, "[::aBc]", "[::ABC]", Same),
        (15, "[::1]", "[::1]:80", Same),
    ];
    let named = |(number, hosts, sent, theirs)| Row {
        name: format!("HostAllowsSpecifiedHost#{number}"),
        ..row(hosts, sent, theirs)
    };
    rows.map(named).into()
}

/// The lists in this crate's form, so that the names are compared.
pub(crate) fn translated() -> Vec<Row> {
    let rows = [
        (1, "localhost:*", "localHost"),
        (5, "example.com, localHost:9090", "localhost:9090"),
        (6, "example.com:443, localhost:*", "example.com:443"),
        (7, "localhost:80", "localHost:80"),
        (8, "*.exampLe.com:*", "foo.eXample.com:443"),
        (9, "*.exampLe.com:443", "f.eXample.com:443"),
        (11, "127.0.0.1:443", "127.0.0.1:443"),
        (12, "xn--c1yn36f:*", "xn--c1yn36f:443"),
        (13, "xn--c1yn36f:443", "xn--c1yn36f:443"),
    ];
    let named = |(number, hosts, sent)| Row {
        name: format!("HostAllowsSpecifiedHost#{number}, with ports"),
        ..row(hosts, sent, Same)
    };
    rows.map(named).into()
}
