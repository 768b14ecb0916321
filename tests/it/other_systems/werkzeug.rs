//! Werkzeug's `ProxyFix`: a count for each header, and no addresses of proxies.
//!
//! A count for `X-Forwarded-For` is a place in the list from its right end, `nth_from_right`, with
//! every peer trusted. The count 0 is `ClientSource::none()`. The counts for the other headers are 0 or
//! 1 in all cases: the header is read or not.

use crate::other_systems::Fact::{self, Client, Root};
use crate::other_systems::Theirs::{self, Differs, Same};
use crate::other_systems::{ANY, FOR, HOST, PORT, PREFIX, PROTO, Row, UNNAMED, host};
use crate::support::Line;
use forwarded_headers::{AllowedHosts, Builder, ClientSource};

const A: &str = "192.168.0.1";
const B: &str = "192.168.0.2";
const C: &str = "192.168.0.3";

pub(crate) fn rows() -> Vec<Row> {
    addresses().into_iter().chain(the_rest()).chain(everything()).collect()
}

/// Reads the client at this place of `X-Forwarded-For`, and these other headers.
fn options(place: u8, reads: &[&str]) -> Builder {
    let options = Row::default().options.allowed_hosts(AllowedHosts::any());
    let options = match place {
        0 => options.trusted_peer_may_be_client(false).client_from(ClientSource::none()),
        _ => options.client_from(ClientSource::x_forwarded_for().nth_from_right(place)),
    };
    reads.iter().fold(options, |options, name| match *name {
        HOST => options.host_from(HOST),
        PORT => options.port_from(PORT),
        PREFIX => options.prefix_from(PREFIX),
        // The scheme is read by default.
        _ => options,
    })
}

fn addresses() -> Vec<Row> {
    const SHORT: &str = "fewer entries than proxies: the request went past a proxy, and the proxy \
                         that it reached is not the client";
    const EMPTY: &str = "an empty entry is a missing report, and the proxy is not the client";
    const NOT_READ: &str =
        "the proxy's own address is not the client's, and an allow-list may hold it";
    const UNRESOLVED: &[Fact] = &[Client(""), Root("http://spam/")];
    const FOUND: &[Fact] = &[Client(A), Root("http://spam/")];
    let cases: [(_, _, _, &[u8], _); 5] = [
        ("multiple-for", 2, C, b"192.168.0.1, 192.168.0.2", Same),
        ("ignore-0", 0, A, b"192.168.0.2", Differs(NOT_READ, UNRESOLVED)),
        ("ignore-len<trusted", 3, A, b"192.168.0.3, 192.168.0.2", Differs(SHORT, UNRESOLVED)),
        ("ignore-untrusted", 1, B, b"192.168.0.3, 192.168.0.1", Same),
        ("ignore-empty", 2, A, b", 192.168.0.3", Differs(EMPTY, UNRESOLVED)),
    ];
    let row = |(name, place, peer, list, theirs): (&str, _, _, _, _)| Row {
        name: format!("Werkzeug {name}"),
        options: options(place, &[]),
        trust: ANY,
        peer,
        sent: [host("spam"), vec![(FOR, list)]].concat(),
        expect: FOUND,
        theirs,
        ..Row::default()
    };
    cases.map(row).into()
}

/// Name, `Host`, the header; the result of Werkzeug, and the result here; how it compares behind a
/// proxy that reports the client.
type Case = (&'static str, &'static str, Line<'static>, &'static [Fact], &'static [Fact], Theirs);

/// No request reports the client, so Werkzeug takes the proxy as the client.
fn the_rest() -> Vec<Row> {
    const SPAM: &[Fact] = &[Client(""), Root("http://spam/")];
    const NO_HOST: &[Fact] = &[Client(""), Root("")];
    const WITH_PORT: &[Fact] = &[Client(""), Root("http://spam:9000/")];
    const IPV6: &[Fact] = &[Client(""), Root("http://[2001:db8::a]/")];
    const IPV6_PORT: &[Fact] = &[Client(""), Root("http://[2001:db8::a]:9000/")];
    const KEPT: &str = "a host keeps its own port: the header may hold another listener's";
    const KEEPS: Theirs = Differs(KEPT, &[Client(A), Root("http://spam:9000/")]);
    const KEEPS_IPV6: Theirs = Differs(KEPT, &[Client(A), Root("http://[2001:db8::a]:9000/")]);
    const NAMELESS: Theirs =
        Differs("a request does not hold the server's name", &[Client(A), Root("")]);
    const AT_8080: &[Fact] = &[Client(A), Root("http://spam:8080/")];
    const IPV6_8080: &[Fact] = &[Client(A), Root("http://[2001:db8::a]:8080/")];
    const ON_8080: Line<'_> = (PORT, b"8080");
    let cases: [Case; 9] = [
        ("proto", "spam", (PROTO, b"https"), &[Client(A), Root("https://spam/")], SPAM, Same),
        ("host", "spam", (HOST, b"eggs"), &[Client(A), Root("http://eggs/")], SPAM, Same),
        ("port, host without port", "spam", ON_8080, AT_8080, SPAM, Same),
        ("port, host with port", "spam:9000", ON_8080, AT_8080, WITH_PORT, KEEPS),
        // Werkzeug falls back to `SERVER_NAME` and `SERVER_PORT` of WSGI.
        ("port, name", "", ON_8080, AT_8080, NO_HOST, NAMELESS),
        ("prefix", "spam", (PREFIX, b"/eggs"), &[Client(A), Root("http://spam/eggs/")], SPAM, Same),
        (
            "ipv6 host",
            "spam",
            (HOST, b"[2001:db8::a]"),
            &[Client(A), Root("http://[2001:db8::a]/")],
            SPAM,
            Same,
        ),
        ("ipv6 port, host without port", "[2001:db8::a]", ON_8080, IPV6_8080, IPV6, Same),
        (
            "ipv6 port, host with port",
            "[2001:db8::a]:9000",
            ON_8080,
            IPV6_8080,
            IPV6_PORT,
            KEEPS_IPV6,
        ),
    ];
    let row = |(name, own_host, header, expect, unnamed, behind): Case| Row {
        name: format!("Werkzeug {name}"),
        options: options(1, &[header.0]),
        trust: ANY,
        peer: A,
        sent: [host(own_host), vec![header]].concat(),
        expect,
        theirs: Differs(UNNAMED, unnamed),
        behind: Some(behind),
        ..Row::default()
    };
    cases.map(row).into()
}

fn everything() -> [Row; 3] {
    const LIST: &str = "a prefix is a single value: the client may have written one of two";
    let row = |name: &str, (place, reads), peer, own_host, sent: &[_], expect, theirs| Row {
        name: format!("Werkzeug {name}"),
        options: options(place, reads),
        trust: ANY,
        peer,
        sent: [host(own_host), sent.to_vec()].concat(),
        expect,
        theirs,
        ..Row::default()
    };
    let three: &[Line<'_>] = &[(HOST, b"eggs"), (PORT, b"443"), (PREFIX, b"/ham")];
    let two: &[Line<'_>] = &[(FOR, b"192.168.0.1"), (PROTO, b"https")];
    let prefixes: &[Line<'_>] = &[(FOR, b"192.168.0.1, 192.168.0.3"), (PREFIX, b"/ham, /eggs")];
    [
        row("for", (1, &[][..]), B, "spam", two, &[Client(A), Root("https://spam/")], Same),
        row(
            "all",
            (1, &[HOST, PORT, PREFIX]),
            B,
            "spam:9000",
            &[two, three].concat(),
            &[Client(A), Root("https://eggs/ham/")],
            Same,
        ),
        row(
            "prefix<for",
            (2, &[PREFIX]),
            B,
            "spam",
            prefixes,
            &[Client(A), Root("http://spam/eggs/")],
            Differs(LIST, &[Client(A), Root("http://spam/")]),
        ),
    ]
}
