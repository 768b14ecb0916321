//! `X-Forwarded-Prefix`, and symmetry of all four headers.

use crate::aspnetcore::Fact::{self, Client, Host, Prefix, Scheme};
use crate::aspnetcore::Theirs::{self, Differs, Same};
use crate::aspnetcore::{DEFAULT, FOR, HOST, LOOPBACK, NO_PEER, Options, PREFIX, PROTO, Row};

pub(crate) fn theirs() -> Vec<Row> {
    paths().into_iter().chain(mismatches()).collect()
}

fn paths() -> Vec<Row> {
    const SLASH: Theirs = Differs(
        "what is put behind it starts with `/`, and `//` leads elsewhere",
        &[Prefix("/foo")],
    );
    const ESCAPED: Theirs =
        Differs("as it was written: links are made of it", &[Prefix("/foo%20bar")]);
    const QUERY: Theirs = Differs("a query is no part of a path", &[Prefix("")]);
    const HIDDEN: Theirs =
        Differs("an escaped `/` is a `/` to some readers and none to others", &[Prefix("")]);
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

/// Theirs compares the lengths before it looks for a peer, of which there is none.
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

/// From a peer, with schemes that count, and once with a list that is shorter than what is read.
pub(crate) fn translated() -> Vec<Row> {
    const LONGER: &str = "a client that adds to the left must not make reading fail";
    const SHORT: &str =
        "a list that ends before the client's entry is absent, and the others are not";
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
    rows.map(|(number, hops, [addresses, hosts, schemes, prefixes], why, ours)| Row {
        name: format!("PrefixParameterCountMismatch#{number} (from a peer)"),
        options: Options { hops, ..SYMMETRIC },
        sent: vec![(FOR, addresses), (HOST, hosts), (PROTO, schemes), (PREFIX, prefixes)],
        expect: vec![Client(LOOPBACK), Host("localhost"), Scheme(""), Prefix("")],
        theirs: Differs(why, ours),
        ..Row::default()
    })
    .into()
}
