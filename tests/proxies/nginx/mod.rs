//! The layer behind a real nginx: whatever a client sends, the app is told what it is told of a
//! client that sends nothing.
//!
//! The client is at 127.0.0.9 and nginx at 127.0.0.1, which alone is trusted. `cargo test --test
//! proxies nginx:: -- --ignored` needs nginx and curl.
//!
//! And beside it: the layer's client and that of nginx's own realip module (`realip`).

mod process;
mod realip;
mod recipe;

use forwarded_headers::{Builder, ForwardedHeaders};
use process::{Nginx, WIRES, Wire};

use crate::app::App;
use crate::support::Line;

/// 31 KB of addresses.
static LONG: [u8; 31_200] = {
    let (mut bytes, mut place) = ([0; 31_200], 0);
    while place < bytes.len() {
        bytes[place] = b"203.0.113.66,"[place % 13];
        place += 1;
    }
    bytes
};

/// Its name, and its lines.
type Attack = (&'static str, &'static [Line<'static>]);

/// What clients send. None of it may change the answer.
static ATTACKS: [Attack; 27] = [
    ("an address", &[("X-Forwarded-For", b"203.0.113.66")]),
    ("an address and nginx's own", &[("X-Forwarded-For", b"203.0.113.66, 127.0.0.1")]),
    (
        "two lines of addresses",
        &[("X-Forwarded-For", b"203.0.113.66"), ("X-Forwarded-For", b"203.0.113.67")],
    ),
    ("31 KB of addresses", &[("X-Forwarded-For", &LONG)]),
    ("an empty list", &[("X-Forwarded-For", b"")]),
    ("a list of nothing", &[("X-Forwarded-For", b", ,,")]),
    ("a quoted address", &[("X-Forwarded-For", b"\"203.0.113.66\"")]),
    ("an open quote", &[("X-Forwarded-For", b"\"203.0.113.66")]),
    ("an open quote and a backslash", &[("X-Forwarded-For", b"203.0.113.66, \"\\")]),
    ("bytes that are no text", &[("X-Forwarded-For", b"\xFF\xFE, \xFF")]),
    ("https", &[("X-Forwarded-Proto", b"https")]),
    ("http", &[("X-Forwarded-Proto", b"http")]),
    ("both schemes", &[("X-Forwarded-Proto", b"http"), ("X-Forwarded-Proto", b"https")]),
    ("a host", &[("X-Forwarded-Host", b"evil.example")]),
    ("two hosts", &[("X-Forwarded-Host", b"evil.example"), ("X-Forwarded-Host", b"app.example")]),
    ("a port", &[("X-Forwarded-Port", b"8443")]),
    ("a prefix", &[("X-Forwarded-Prefix", b"//evil.example")]),
    ("an element", &[("Forwarded", b"for=203.0.113.66;proto=https;host=evil.example")]),
    (
        "two lines of elements",
        &[("Forwarded", b"for=203.0.113.66;proto=https"), ("Forwarded", b"for=203.0.113.67")],
    ),
    ("an element that goes on", &[("Forwarded", b"for=203.0.113.66;")]),
    ("an element with an open quote", &[("Forwarded", b"for=203.0.113.66;host=\"")]),
    ("an element whose quote is escaped", &[("Forwarded", b"for=\"203.0.113.66\\\"")]),
    ("31 KB that are no element", &[("Forwarded", &LONG)]),
    ("an element of bytes that are no text", &[("Forwarded", b"for=203.0.113.66;x=\"\xFF\"")]),
    (
        "an address under other names",
        &[
            ("X-Real-IP", b"203.0.113.66"),
            ("CF-Connecting-IP", b"203.0.113.66"),
            ("True-Client-IP", b"203.0.113.66"),
            ("X-Client-IP", b"203.0.113.66"),
        ],
    ),
    (
        // What CGI and WSGI servers take for the names with hyphens.
        "names with underscores",
        &[
            ("X_Forwarded_For", b"203.0.113.66"),
            ("X_Forwarded_Proto", b"https"),
            ("X-Forwarded_Host", b"evil.example"),
            ("X_Real_IP", b"203.0.113.66"),
        ],
    ),
    (
        // Apache httpd once removed what it had just written (CVE-2022-31813).
        "a request to remove nginx's headers",
        &[
            ("Connection", b"close, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host"),
            ("Connection", b"X-Forwarded-Port, Forwarded, Host"),
            ("X-Forwarded-For", b"203.0.113.66"),
            ("X-Forwarded-Proto", b"https"),
        ],
    ),
];

/// What nginx's users write.
const X_FORWARDED: &str = "
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $host;
    proxy_set_header X-Forwarded-Port $server_port;";

const FORWARDED: &str = "
    proxy_set_header Host $host;
    proxy_set_header Forwarded $added_forwarded;";

/// Appends an element to a valid `Forwarded`, and replaces any other (RFC 7239 §4).
fn forwarded_maps() -> String {
    let token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    let quoted_string = r"\x22(?:[\x09 !#-\x5B\x5D-~\x80-\xFF]|\x5C[\x09 -~\x80-\xFF])*\x22";
    let pair = format!("{token}=(?:{token}|{quoted_string})");
    let element = format!("(?:{pair})?(?:;(?:{pair})?)*");
    let list = format!(r"{element}(?:[\x09 ]*,[\x09 ]*{element})*");
    format!(
        r#"
        map $remote_addr $forwarded_element {{
            "~^[0-9.]+$"          "for=$remote_addr;proto=$scheme";
            "~^[0-9A-Fa-f:.]+$"   "for=\"[$remote_addr]\";proto=$scheme";
            default               "for=unknown;proto=$scheme";
        }}
        map $http_forwarded $added_forwarded {{
            ""          $forwarded_element;
            "~^{list}$" "$http_forwarded, $forwarded_element";
            default     $forwarded_element;
        }}"#
    )
}

/// Answers, in which the words in angle brackets stand for the request's own.
const X_FORWARDED_ANSWER: &str = "\
127.0.0.9 Forwarded
<scheme> <host>
<scheme>://<host>/path
host: <host>
x-forwarded-for: 127.0.0.9
x-forwarded-proto: <scheme>
";

const HOST_AND_PORT_ANSWER: &str = "\
127.0.0.9 Forwarded
<scheme> <host>:<port>
<scheme>://<host>:<port>/path
host: <host>:<port>
x-forwarded-for: 127.0.0.9
x-forwarded-host: <host>:<port>
x-forwarded-port: <port>
x-forwarded-proto: <scheme>
";

const NO_HOST_ANSWER: &str = "\
127.0.0.9 Forwarded
<scheme> none
/path
x-forwarded-for: 127.0.0.9
x-forwarded-proto: <scheme>
";

const FORWARDED_ANSWER: &str = "\
127.0.0.9 Forwarded
<scheme> <host>
<scheme>://<host>/path
forwarded: for=127.0.0.9;proto=<scheme>
host: <host>
";

const DIRECT_ANSWER: &str = "\
127.0.0.9 Direct
http app.example
/path
host: app.example
";

fn fill(answer: &str, wire: &Wire, host: &str, port: u16) -> String {
    let answer = answer.replace("<scheme>", wire.scheme).replace("<host>", host);
    answer.replace("<port>", &port.to_string())
}

/// The hosts of these tests, so that the URI is completed.
const HOSTS: &str = "app.example:*, evil.example:*, 127.0.0.1:*";

fn behind(proxy: &str) -> Builder {
    ForwardedHeaders::builder().trust(proxy).allowed_hosts(HOSTS)
}

/// Reads `Forwarded`.
fn reading_forwarded(proxy: &str) -> ForwardedHeaders {
    behind(proxy).client_from("forwarded").build().unwrap()
}

fn reading_host_and_port() -> ForwardedHeaders {
    behind("127.0.0.1")
        .host_from("x-forwarded-host")
        .port_from("x-forwarded-port")
        .allowed_hosts("app.example:*")
        .build()
        .unwrap()
}

/// Reads `X-Forwarded-For` and `X-Forwarded-Proto`.
fn layer(proxy: &str) -> ForwardedHeaders {
    behind(proxy).build().unwrap()
}

/// The honest request and every attack, on every wire, have this one answer.
fn check(app: &App, http: &str, location: &str, answer: &str) {
    check_running(&Nginx::start(app, http, location), &ATTACKS, answer);
}

fn check_running(nginx: &Nginx, attacks: &[Attack], answer: &str) {
    for wire in &WIRES {
        let port = nginx.port(wire);
        let answer = fill(answer, wire, "app.example", port);
        for (name, lines) in [("nothing", &[][..])].iter().chain(attacks) {
            let got = wire.ask(port, "/path", lines);
            assert_eq!(got, answer, "{name}, over {} with HTTP/{}", wire.scheme, wire.version);
        }
    }
}

#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn x_forwarded() {
    check(&App::on_tcp(&layer("127.0.0.1")), "", X_FORWARDED, X_FORWARDED_ANSWER);
}

#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn x_forwarded_with_underscores_in_headers() {
    let http = "underscores_in_headers on;";
    check(&App::on_tcp(&layer("127.0.0.1")), http, X_FORWARDED, X_FORWARDED_ANSWER);
}

#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn x_forwarded_with_host_and_port() {
    check(&App::on_tcp(&reading_host_and_port()), "", X_FORWARDED, HOST_AND_PORT_ANSWER);
}

#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn x_forwarded_over_a_unix_socket() {
    check(&App::on_unix_socket(&layer("unix")), "", X_FORWARDED, X_FORWARDED_ANSWER);
}

#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn forwarded() {
    let app = App::on_tcp(&reading_forwarded("127.0.0.1"));
    check(&app, &forwarded_maps(), FORWARDED, FORWARDED_ANSWER);
}

#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn forwarded_over_a_unix_socket() {
    let app = App::on_unix_socket(&reading_forwarded("unix"));
    check(&app, &forwarded_maps(), FORWARDED, FORWARDED_ANSWER);
}

/// IPv6 addresses are bare in the one family, quoted and in brackets in the other. The client's is
/// made up, for machines without IPv6.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn an_ipv6_client() {
    let made_up = "
        set_real_ip_from 127.0.0.9;
        real_ip_header X-Made-Up;
        proxy_set_header X-Made-Up '';";
    let rows = [
        ("x-forwarded-for", X_FORWARDED, X_FORWARDED_ANSWER, "2001:db8::7"),
        // As the app escapes it.
        ("forwarded", FORWARDED, FORWARDED_ANSWER, r#"\"[2001:db8::7]\""#),
    ];
    for (source, location, answer, written) in rows {
        let app = App::on_tcp(&behind("127.0.0.1").client_from(source).build().unwrap());
        let nginx = Nginx::start(&app, &forwarded_maps(), &[location, made_up].concat());
        for wire in &WIRES {
            let port = nginx.port(wire);
            let answer = fill(answer, wire, "app.example", port)
                .replace("127.0.0.9 ", "2001:db8::7 ")
                .replace("127.0.0.9", written);
            let got = wire.ask(port, "/path", &[("X-Made-Up", b"2001:db8::7")]);
            assert_eq!(got, answer, "{source} over {}", wire.scheme);
        }
    }
}

/// A client chooses the host that it asks for, as it must, but nothing beside it. nginx lets nearly
/// every byte of it through, in `Host` as in `X-Forwarded-Host`; a list is no host.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn the_host_that_the_client_asks_for() {
    // The host, what the app sees of it, and what it sees if it reads and allows app.example alone.
    type Row = (&'static str, &'static [u8], [Option<&'static str>; 2]);
    let rows: [Row; 7] = [
        ("ours", b"app.example", [Some("app.example"); 2]),
        ("ours in capitals, with a port", b"APP.example:8", [Some("app.example"); 2]),
        ("another", b"evil.example", [Some("evil.example"), None]),
        ("a list", b"evil.example,app.example", [None; 2]),
        ("a list with ours first", b"app.example,evil.example", [None; 2]),
        ("a quote", b"app.example\"", [None; 2]),
        ("user information", b"evil.example@app.example", [None; 2]),
    ];
    let layers =
        [(layer("127.0.0.1"), X_FORWARDED_ANSWER), (reading_host_and_port(), HOST_AND_PORT_ANSWER)];
    for (index, (layer, answer)) in layers.into_iter().enumerate() {
        let app = App::on_tcp(&layer);
        let nginx = Nginx::start(&app, "", X_FORWARDED);
        for (name, host, seen) in rows {
            for wire in &WIRES {
                let port = nginx.port(wire);
                let answer = match seen[index] {
                    Some(host) => fill(answer, wire, host, port),
                    None => fill(NO_HOST_ANSWER, wire, "", port),
                };
                let got = wire.ask(port, "/path", &[("Host", host)]);
                assert_eq!(got, answer, "{name}, over {}", wire.scheme);
            }
        }
    }
}

/// The target's host comes before `Host` (RFC 9112 §3.2.2). Its scheme is the client's word.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn absolute_form_targets() {
    let rows = [
        ("http", "http://app.example/path", "app.example"),
        ("https", "https://app.example/path", "app.example"),
        ("another host", "https://evil.example/path", "evil.example"),
    ];
    let app = App::on_tcp(&layer("127.0.0.1"));
    let nginx = Nginx::start(&app, "", X_FORWARDED);
    for (name, target, host) in rows {
        // HTTP/2 has no such target.
        for wire in WIRES.iter().filter(|wire| wire.version == "1.1") {
            let port = nginx.port(wire);
            let got = wire.ask(port, target, &[]);
            let answer = fill(X_FORWARDED_ANSWER, wire, host, port);
            assert_eq!(got, answer, "{name}, over {}", wire.scheme);
        }
    }
}

/// The maps are what they say, so that attacks on `Forwarded` do stand beside nginx's element.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn nginx_appends_to_a_valid_forwarded_alone() {
    let rows: [(&str, &[u8], bool); 11] = [
        ("an element", b"for=203.0.113.66;proto=https;host=evil.example", true),
        ("an empty pair", b"for=203.0.113.66;", true),
        ("empty elements", b", ,for=_hidden", true),
        ("quoted pairs", b"For=\"[2001:db8::7]:4711\" , by=\"a\\\"b\\\\\"", true),
        ("obs-text in quotes", b"x=\"\xFF\"", true),
        ("nothing", b"", false),
        ("no value", b"for", false),
        ("a colon outside quotes", b"for=203.0.113.66:80", false),
        ("an open quote", b"for=\"", false),
        ("an escaped closing quote", b"for=\"\\\"", false),
        ("more behind a quote", b"for=a;host=\"b\"c", false),
    ];
    let app = App::that_rewrites_nothing(&reading_forwarded("127.0.0.1"));
    let nginx = Nginx::start(&app, &forwarded_maps(), FORWARDED);
    let wire = &WIRES[0];
    for (name, sent, valid) in rows {
        let got = wire.ask(nginx.port(wire), "/path", &[("Forwarded", sent)]);
        let before = if valid { format!("{}, ", sent.escape_ascii()) } else { String::new() };
        let line = format!("\nforwarded: {before}for=127.0.0.9;proto=http\n");
        assert!(got.contains(&line), "{name}: {got}");
    }
}

/// Somebody who gets around nginx is a client by their own address.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn around_nginx() {
    let layers = [
        ("X-Forwarded", layer("127.0.0.1")),
        ("host and port", reading_host_and_port()),
        ("Forwarded", reading_forwarded("127.0.0.1")),
    ];
    for (layer_name, layer) in layers {
        let app = App::on_tcp(&layer);
        for (name, lines) in [("nothing", &[][..])].into_iter().chain(ATTACKS) {
            let got = WIRES[0].ask(app.port(), "/path", lines);
            assert_eq!(got, DIRECT_ANSWER, "{name}, {layer_name}");
        }
    }
}

/// Not a promise but the deployment caveat: bare `proxy_pass` hands on what the client sent. Who
/// sends nothing is nobody, though, and not nginx.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn caveat_behind_bare_proxy_pass_the_client_chooses() {
    let app = App::on_tcp(&layer("127.0.0.1"));
    let nginx = Nginx::start(&app, "", "");
    let backend = &app.backend;
    let nobody = format!("none Unresolved(NoHeader)\nhttp {backend}\n/path\nhost: {backend}\n");
    let whoever_it_says = format!(
        "203.0.113.66 Forwarded\nhttps {backend}\nhttps://{backend}/path\nhost: {backend}\n\
         x-forwarded-for: 203.0.113.66\nx-forwarded-proto: https\n"
    );
    let lie: [Line<'_>; 2] =
        [("X-Forwarded-For", b"203.0.113.66"), ("X-Forwarded-Proto", b"https")];
    for wire in &WIRES {
        let port = nginx.port(wire);
        assert_eq!(wire.ask(port, "/path", &[]), nobody, "nothing, over {}", wire.scheme);
        assert_eq!(wire.ask(port, "/path", &lie), whoever_it_says, "a lie, over {}", wire.scheme);
    }
}

/// The attacks are no empty words: each reaches an app whose nginx and layer hold nothing back.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn every_attack_arrives_where_nothing_holds_it_back() {
    let app = App::that_rewrites_nothing(&layer("127.0.0.1"));
    let nginx = Nginx::start(&app, "underscores_in_headers on;", "");
    for wire in &WIRES {
        let port = nginx.port(wire);
        for (name, lines) in ATTACKS {
            let got = wire.ask(port, "/path", lines);
            for (header, value) in lines.iter().filter(|(header, _)| *header != "Connection") {
                let line = format!("{}: {}\n", header.to_lowercase(), value.escape_ascii());
                assert!(got.contains(&line), "{name}, over {}: {line:?} in {got}", wire.scheme);
            }
        }
    }
}
