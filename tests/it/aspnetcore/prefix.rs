//! `X-Forwarded-Prefix`, and symmetry of all four headers.

use crate::aspnetcore::Fact::{self, Client, Host, Prefix, Scheme};
use crate::aspnetcore::Theirs::{self, Differs, Same};
use crate::aspnetcore::{DEFAULT, FOR, HOST, LOOPBACK, NO_PEER, Options, PREFIX, PROTO, Row};

pub(crate) fn theirs() -> Vec<Row> {
    paths().into_iter().chain(mismatches()).collect()
}

fn paths() -> Vec<Row> {
    const SLASH: Theirs = Differs(
        "an app appends a path that starts with `/`, and `//` starts another host",
        &[Prefix("/foo")],
    );
    const ESCAPED: Theirs =
        Differs("links hold the prefix, so it stays escaped", &[Prefix("/foo%20bar")]);
    const QUERY: Theirs = Differs("a query is not part of a path", &[Prefix("")]);
    const HIDDEN: Theirs =
        Differs("some readers decode an escaped `/`, and others do not", &[Prefix("")]);
    let rows = [
        (1, "/foo", "/foo", Same),
        (2, "/foo/", "/foo/", SLASH),
        (3, "/foo/bar", "/foo/bar", Same),
        (4, "/foo%20bar", "/foo bar", ESCAPED),
        (5, "/foo?bar?", "/foo?bar?", QUERY),
        (6, "/foo%2F", "/foo%2F", HIDDEN),
        (7, "/foo%2F/", "/foo%2F/", HIDDEN),
    ];
    rows.map(|(number, sent, expect, theirs)| Row {
        name: format!("PrefixReplaceEmptyPathBase#{number}"),
        options: Options { reads: &[PREFIX], ..DEFAULT },
        sent: vec![(PREFIX, sent)],
        expect: vec![Prefix(expect)],
        theirs,
        left: vec![(PREFIX, "", "")],
        ..Row::default()
    })
    .into()
}

const SYMMETRIC: Options =
    Options { reads: &[FOR, PROTO, HOST, PREFIX], symmetry: true, ..DEFAULT };

/// The middleware compares the lengths before it looks for a peer. The cases have no peer.
fn mismatches() -> Vec<Row> {
    let rows = [
        (1, "11.111.111.11", "host1, host2", "h1, h2", "/prefix1, /prefix2"),
        (2, "11.111.111.11, 22.222.222.22", "host1", "h1, h2", "/prefix1, /prefix2"),
        (3, "11.111.111.11, 22.222.222.22", "host1, host2", "h1", "/prefix1, /prefix2"),
        (4, "11.111.111.11, 22.222.222.22", "host1, host2", "h1, h2", "/prefix1"),
    ];
    rows.map(|(number, addresses, hosts, schemes, prefixes)| Row {
        name: format!("PrefixParameterCountMismatch#{number}"),
        options: SYMMETRIC,
        peer: NO_PEER,
        sent: vec![(FOR, addresses), (HOST, hosts), (PROTO, schemes), (PREFIX, prefixes)],
        expect: vec![Client(""), Scheme(""), Host("localhost"), Prefix("")],
        left: vec![
            (FOR, addresses, ""),
            (HOST, hosts, ""),
            (PROTO, schemes, ""),
            (PREFIX, prefixes, ""),
        ],
        ..Row::default()
    })
    .into()
}

/// The lists from a peer, with schemes that are valid, and once with a list that is too short.
pub(crate) fn translated() -> Vec<Row> {
    const LONGER: &str = "entries that a client adds at the left must not change the result";
    const SHORT: &str =
        "a list that ends before the client's place is absent, and the other lists are read";
    const ONE: &str = "11.111.111.11";
    const TWO: &str = "11.111.111.11, 22.222.222.22";
    const A: Fact = Client("11.111.111.11");
    const B: Fact = Client("22.222.222.22");
    const HTTPS: Fact = Scheme("https");
    let rows: [(_, _, _, _, &'static [Fact]); 5] = [
        (
            "1",
            1,
            [ONE, "a, b", "http, https", "/a, /b"],
            LONGER,
            &[A, Host("b"), HTTPS, Prefix("/b")],
        ),
        ("2", 1, [TWO, "a", "http, https", "/a, /b"], LONGER, &[B, Host("a"), HTTPS, Prefix("/b")]),
        ("3", 1, [TWO, "a, b", "https", "/a, /b"], LONGER, &[B, Host("b"), HTTPS, Prefix("/b")]),
        ("4", 1, [TWO, "a, b", "http, https", "/a"], LONGER, &[B, Host("b"), HTTPS, Prefix("/a")]),
        (
            "2, two proxies",
            2,
            ["11.111.111.11, ::1", "a", "https, http", "/a, /b"],
            SHORT,
            &[A, Host("localhost"), HTTPS, Prefix("/a")],
        ),
    ];
    rows.map(|(number, limit, [addresses, hosts, schemes, prefixes], why, ours)| Row {
        name: format!("PrefixParameterCountMismatch#{number} (from a peer)"),
        options: Options { limit, ..SYMMETRIC },
        sent: vec![(FOR, addresses), (HOST, hosts), (PROTO, schemes), (PREFIX, prefixes)],
        expect: vec![Client(LOOPBACK), Host("localhost"), Scheme(""), Prefix("")],
        theirs: Differs(why, ours),
        ..Row::default()
    })
    .into()
}
