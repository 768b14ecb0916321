//! Werkzeug's `ProxyFix`: a count for each header, and no addresses of proxies.
//!
//! A count for `X-Forwarded-For` is `trusted_hops` from anybody, and 0 `read_for(false)`. In the
//! other headers all of their counts are 0 or 1: read, or not.

use crate::other_systems::Fact::{self, Client, Root};
use crate::other_systems::Theirs::{self, Differs, Same};
use crate::support::Line;
use crate::other_systems::{FOR, HOST, PORT, PREFIX, PROTO, Row, UNNAMED, host};
use forwarded_headers::{AllowedHosts, ForwardedHeaders};

const A: &str = "192.168.0.1";
const B: &str = "192.168.0.2";
const C: &str = "192.168.0.3";

pub(crate) fn rows() -> Vec<Row> {
    addresses().into_iter().chain(the_rest()).chain(everything()).collect()
}

/// How many proxies append to `X-Forwarded-For`, and which other headers are read.
fn options(hops: u8, reads: &[&str]) -> ForwardedHeaders {
    let options = Row::default().options.allowed_hosts(AllowedHosts::any());
    let options = match hops {
        0 => options.allow_direct(false).read_for(false),
        _ => options.trusted_hops(hops),
    };
    let reads = |name| reads.contains(&name);
    options.read_host(reads(HOST)).read_port(reads(PORT)).read_prefix(reads(PREFIX))
}

fn addresses() -> Vec<Row> {
    const SHORT: &str = "fewer reports than there are proxies: somebody got around one, and \
                         the proxy that they reached is not the client";
    const EMPTY: &str = "an empty member is a report that is missing, and the proxy is no client";
    const NOT_READ: &str =
        "the proxy's own address is no client's, though an allow-list may know it";
    const UNRESOLVED: &[Fact] = &[Client(""), Root("http://spam/")];
    const FOUND: &[Fact] = &[Client(A), Root("http://spam/")];
    let cases: [(_, _, _, &[u8], _); 5] = [
        ("multiple-for", 2, C, b"192.168.0.1, 192.168.0.2", Same),
        ("ignore-0", 0, A, b"192.168.0.2", Differs(NOT_READ, UNRESOLVED)),
        ("ignore-len<trusted", 3, A, b"192.168.0.3, 192.168.0.2", Differs(SHORT, UNRESOLVED)),
        ("ignore-untrusted", 1, B, b"192.168.0.3, 192.168.0.1", Same),
        ("ignore-empty", 2, A, b", 192.168.0.3", Differs(EMPTY, UNRESOLVED)),
    ];
    let row = |(name, hops, peer, list, theirs): (&str, _, _, _, _)| Row {
        name: format!("Werkzeug {name}"),
        options: options(hops, &[]),
        trust: "*",
        peer,
        sent: [host("spam"), vec![(FOR, list)]].concat(),
        expect: FOUND,
        theirs,
        ..Row::default()
    };
    cases.map(row).into()
}

/// Name, `Host`, the header; what theirs comes to, and ours; how it compares behind a proxy that
/// names the client.
type Case = (&'static str, &'static str, Line<'static>, &'static [Fact], &'static [Fact], Theirs);

/// None of them names a client, so that theirs takes the proxy for it.
fn the_rest() -> Vec<Row> {
    const SPAM: &[Fact] = &[Client(""), Root("http://spam/")];
    const NO_HOST: &[Fact] = &[Client(""), Root("")];
    const WITH_PORT: &[Fact] = &[Client(""), Root("http://spam:9000/")];
    const IPV6: &[Fact] = &[Client(""), Root("http://[2001:db8::a]/")];
    const IPV6_PORT: &[Fact] = &[Client(""), Root("http://[2001:db8::a]:9000/")];
    const KEPT: &str = "a host that names its port keeps it: the header may be of another listener";
    const KEEPS: Theirs = Differs(KEPT, &[Client(A), Root("http://spam:9000/")]);
    const KEEPS_IPV6: Theirs = Differs(KEPT, &[Client(A), Root("http://[2001:db8::a]:9000/")]);
    const NAMELESS: Theirs =
        Differs("a request does not say its server's name", &[Client(A), Root("")]);
    const AT_8080: &[Fact] = &[Client(A), Root("http://spam:8080/")];
    const IPV6_8080: &[Fact] = &[Client(A), Root("http://[2001:db8::a]:8080/")];
    const ON_8080: Line<'_> = (PORT, b"8080");
    let cases: [Case; 9] = [
        ("proto", "spam", (PROTO, b"https"), &[Client(A), Root("https://spam/")], SPAM, Same),
        ("host", "spam", (HOST, b"eggs"), &[Client(A), Root("http://eggs/")], SPAM, Same),
        ("port, host without port", "spam", ON_8080, AT_8080, SPAM, Same),
        ("port, host with port", "spam:9000", ON_8080, AT_8080, WITH_PORT, KEEPS),
        // `SERVER_NAME` and `SERVER_PORT` of WSGI are there in theirs.
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
        trust: "*",
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
    const LIST: &str = "a prefix is one value: which of two a trusted proxy wrote is not known";
    let row = |name: &str, (hops, reads), peer, own_host, sent: &[_], expect, theirs| Row {
        name: format!("Werkzeug {name}"),
        options: options(hops, reads),
        trust: "*",
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
