//! Express: the result of a request with each form of `trust proxy`.
//!
//! A number is a place in the list from its right end, `nth_from_right`, with every peer trusted: Express
//! counts the peer as the first proxy. `true` trusts every address. It is one proxy here, since a chain
//! refuses `insecure_any`.

use crate::other_systems::Fact::{self, Authority, Client, Hops, Host, Scheme, Secure};
use crate::other_systems::Theirs::{self, Differs, Refused, Same};
use crate::other_systems::{
    ANY, ANY_IN_CHAIN, FOR, HOST, LOCAL, NO_ADDRESS, NO_BOUND, PROTO, Row, UNNAMED, host,
};
use crate::support::Line;
use forwarded_headers::{AllowedHosts, ClientSource};

pub(crate) fn rows() -> Vec<Row> {
    let tables = [hosts(), hostnames(), addresses(), schemes(), secure()];
    tables.into_iter().flatten().collect()
}

/// Name, `trust proxy`, `Host`, and the other lines; the result of Express, how the result here
/// compares, and how it compares behind a proxy that reports the client.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static [Line<'static>],
    &'static [Fact],
    Theirs,
    Option<Theirs>,
);

const OFF: &str = "";
const ALL: &str = ANY;

fn row((name, setting, own_host, sent, expect, theirs, behind): Case) -> Row {
    let options = Row::default().options.host_from(HOST).allowed_hosts(AllowedHosts::any());
    let (options, trust) = match setting.parse() {
        Ok(place) => {
            let entry = ClientSource::x_forwarded_for().nth_from_right(place);
            (options.client_from(entry), ANY)
        }
        Err(_) => (options, setting),
    };
    Row {
        name: format!("Express req.{name}"),
        options,
        trust,
        proxies: if trust == ANY { 1 } else { NO_BOUND },
        sent: [host(own_host), sent.to_vec()].concat(),
        expect,
        theirs,
        behind,
        ..Row::default()
    }
}

fn hosts() -> Vec<Row> {
    const EXAMPLE: &[Line<'_>] = &[(HOST, b"example.com")];
    const FOUND: &[Fact] = &[Authority("example.com")];
    const OWN: &[Fact] = &[Authority("localhost")];
    const NOT_READ: Theirs = Differs(UNNAMED, OWN);
    let cases: [Case; 10] = [
        ("host#plain", OFF, "example.com", &[], FOUND, Same, None),
        ("host#port", OFF, "example.com:3000", &[], &[Authority("example.com:3000")], Same, None),
        ("host#ipv6", OFF, "[::1]", &[], &[Authority("[::1]")], Same, None),
        ("host#ipv6-port", OFF, "[::1]:3000", &[], &[Authority("[::1]:3000")], Same, None),
        ("host#none", OFF, "", &[], &[Authority("")], Same, None),
        ("host#trusted", ALL, "localhost", EXAMPLE, FOUND, NOT_READ, Some(Same)),
        ("host#peer-untrusted", "10.0.0.1", "localhost", EXAMPLE, OWN, Same, None),
        ("host#default", ALL, "example.com", &[], FOUND, Same, None),
        ("host#hops-1", "1", "localhost", EXAMPLE, FOUND, NOT_READ, Some(Same)),
        ("host#off", OFF, "localhost", &[(HOST, b"evil")], OWN, Same, None),
    ];
    cases.map(row).into()
}

fn hostnames() -> Vec<Row> {
    const FOUND: &[Fact] = &[Host("example.com")];
    const OWN: &[Fact] = &[Host("localhost")];
    const NOT_READ: Theirs = Differs(UNNAMED, OWN);
    const LIST: Option<Theirs> = Some(Differs(
        "a host is a single value: the client may have written the first of two",
        OWN,
    ));
    const EXAMPLE: &[Line<'_>] = &[(HOST, b"example.com")];
    const PORT: &[Line<'_>] = &[(HOST, b"example.com:3000")];
    const TWO: &[Line<'_>] = &[(HOST, b"example.com, foobar.com")];
    const OWS: &[Line<'_>] = &[(HOST, b"example.com , foobar.com")];
    const PORTS: &[Line<'_>] = &[(HOST, b"example.com:8080 , foobar.com:8888")];
    const TOBI: &[Line<'_>] = &[(HOST, b"tobi.ferrets.example.com")];
    let cases: [Case; 13] = [
        ("hostname#plain", OFF, "example.com", &[], FOUND, Same, None),
        ("hostname#port", OFF, "example.com:3000", &[], FOUND, Same, None),
        ("hostname#ipv6", OFF, "[::1]", &[], &[Host("[::1]")], Same, None),
        ("hostname#ipv6-port", OFF, "[::1]:3000", &[], &[Host("[::1]")], Same, None),
        ("hostname#none", OFF, "", &[], &[Host("")], Same, None),
        ("hostname#trusted", ALL, "localhost", PORT, FOUND, NOT_READ, Some(Same)),
        ("hostname#peer-untrusted", "10.0.0.1", "localhost", EXAMPLE, OWN, Same, None),
        ("hostname#default", ALL, "example.com", &[], FOUND, Same, None),
        ("hostname#list", ALL, "localhost", TWO, FOUND, NOT_READ, LIST),
        ("hostname#list-ows", ALL, "localhost", OWS, FOUND, NOT_READ, LIST),
        ("hostname#list-port", ALL, "localhost", PORTS, FOUND, NOT_READ, LIST),
        ("hostname#off", OFF, "localhost", &[(HOST, b"evil")], OWN, Same, None),
        // The app splits the host.
        (
            "subdomains#trusted",
            ALL,
            "localhost",
            TOBI,
            &[Host("tobi.ferrets.example.com")],
            NOT_READ,
            Some(Same),
        ),
    ];
    cases.map(row).into()
}

/// `req.ips` is the list of addresses from the client on, without the peer. A row asserts its length
/// and the client.
fn addresses() -> Vec<Row> {
    const NAMES: &[Line<'_>] = &[(FOR, b"client, p1, p2")];
    const LIST: &[Line<'_>] = &[(FOR, b"10.0.0.2, 10.0.0.3, 10.0.0.1")];
    const PROXIES: &str = "10.0.0.1, 10.0.0.2, 127.0.0.1, ::1";
    const PEER: &[Fact] = &[Client(LOCAL)];
    const NONE: &[Fact] = &[Hops("0"), Client(LOCAL)];
    const P1: &[Fact] = &[Client("p1")];
    const NO_IP: Theirs = Differs(NO_ADDRESS, &[Client("")]);
    const NO_IPS: Theirs = Differs(NO_ADDRESS, &[Hops("1"), Client("")]);
    let cases: [Case; 9] = [
        ("ip#all", ALL, "localhost", NAMES, &[Client("client")], NO_IP, None),
        ("ip#hops-2", "2", "localhost", NAMES, P1, NO_IP, None),
        ("ip#list", PROXIES, "localhost", LIST, &[Client("10.0.0.3")], Same, None),
        ("ip#off", OFF, "localhost", NAMES, PEER, Same, None),
        ("ip#no-header", ALL, "localhost", &[], PEER, Same, None),
        ("ips#all", ALL, "localhost", NAMES, &[Hops("3"), Client("client")], NO_IPS, None),
        ("ips#hops-2", "2", "localhost", NAMES, &[Hops("2"), Client("p1")], NO_IPS, None),
        ("ips#off", OFF, "localhost", NAMES, NONE, Same, None),
        ("ips#no-header", OFF, "localhost", &[], NONE, Same, None),
    ];
    let sub_app = row(("ip#sub-app", "2", "localhost", NAMES, P1, NO_IP, None));
    cases.map(row).into_iter().chain([Row { layers: 2, ..sub_app }]).collect()
}

/// The cases that have names in the list, with addresses instead. For `true`, Express takes the
/// leftmost address: the rows that are refused name the proxies instead.
pub(crate) fn with_addresses() -> Vec<Row> {
    const LIST: &[Line<'_>] = &[(FOR, b"192.0.2.1, 192.0.2.2, 192.0.2.3")];
    const FIRST: &[Fact] = &[Hops("3"), Client("192.0.2.1")];
    const SECOND: &[Fact] = &[Hops("2"), Client("192.0.2.2")];
    const NAMED: Theirs = Refused(ANY_IN_CHAIN, "127.0.0.1, 192.0.2.2, 192.0.2.3");
    const ONE_REPORT: Theirs = Differs(
        "the proxy's own report is the entry at that place and all to its right",
        &[Hops("1"), Client("192.0.2.2")],
    );
    let all: [Case; 2] = [
        ("ip#all", ALL, "localhost", LIST, &[Client("192.0.2.1")], NAMED, None),
        ("ips#all", ALL, "localhost", LIST, FIRST, NAMED, None),
    ];
    let all = all.map(row).map(|row| Row { proxies: NO_BOUND, ..row });
    let numbers: [Case; 2] = [
        ("ip#hops-2", "2", "localhost", LIST, &[Client("192.0.2.2")], Same, None),
        ("ips#hops-2", "2", "localhost", LIST, SECOND, ONE_REPORT, None),
    ];
    let sub_app = row(("ip#sub-app", "2", "localhost", LIST, SECOND, ONE_REPORT, None));
    let rows = all.into_iter().chain(numbers.map(row));
    rows.chain([Row { layers: 2, ..sub_app }]).collect()
}

const HTTPS: &[Line<'_>] = &[(PROTO, b"https")];

fn schemes() -> Vec<Row> {
    const YES: &[Fact] = &[Scheme("https")];
    const NO: &[Fact] = &[Scheme("http")];
    const NOT_READ: Theirs = Differs(UNNAMED, NO);
    const DELETED: Theirs = Differs(
        "the proxy did not report https: a client can make some proxies remove the header",
        NO,
    );
    let cases: [Case; 6] = [
        ("protocol#plain", OFF, "localhost", &[], NO, Same, None),
        ("protocol#trusted", ALL, "localhost", HTTPS, YES, NOT_READ, Some(Same)),
        ("protocol#peer-untrusted", "10.0.0.1", "localhost", HTTPS, NO, Same, None),
        ("protocol#no-header", ALL, "localhost", &[], NO, Same, None),
        ("protocol#hops-1", "1", "localhost", HTTPS, YES, NOT_READ, Some(Same)),
        ("protocol#off", OFF, "localhost", HTTPS, NO, Same, None),
    ];
    // CVE-2022-31813.
    let tls = row(("protocol#tls-no-header", ALL, "localhost", &[], YES, DELETED, Some(DELETED)));
    let options = tls.options.direct_scheme("https");
    cases.map(row).into_iter().chain([Row { options, ..tls }]).collect()
}

fn secure() -> Vec<Row> {
    const HTTP_FIRST: &[Line<'_>] = &[(PROTO, b"http, https")];
    const HTTPS_FIRST: &[Line<'_>] = &[(PROTO, b"https, http")];
    const YES: &[Fact] = &[Secure("true")];
    const NO: &[Fact] = &[Secure("false")];
    const NOT_READ: Theirs = Differs(UNNAMED, NO);
    const NEAREST: &str =
        "the nearest proxy wrote the last entry; the client may have written the first";
    let cases: [Case; 6] = [
        ("secure#plain", OFF, "localhost", &[], NO, Same, None),
        ("secure#off", OFF, "localhost", HTTPS, NO, Same, None),
        ("secure#trusted", ALL, "localhost", HTTPS, YES, NOT_READ, Some(Same)),
        (
            "secure#list-http-first",
            ALL,
            "localhost",
            HTTP_FIRST,
            NO,
            Same,
            Some(Differs(NEAREST, YES)),
        ),
        (
            "secure#list-https-first",
            ALL,
            "localhost",
            HTTPS_FIRST,
            YES,
            NOT_READ,
            Some(Differs(NEAREST, NO)),
        ),
        ("secure#hops-1", "1", "localhost", HTTPS, YES, NOT_READ, Some(Same)),
    ];
    cases.map(row).into()
}
