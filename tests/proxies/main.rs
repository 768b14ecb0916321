//! The layer behind real proxies, each with the configuration that its page shows: whatever a client
//! sends, the app is told what it is told of a client that sends nothing.
//!
//! `cargo test --test proxies -- --ignored` needs curl and the programs that `tests/proxies/install`
//! installs, in PATH or in the directory PROXY_BIN.

#![cfg(unix)]

mod app;
#[allow(dead_code, reason = "shared with the tests in `it`")]
#[path = "../it/blocks.rs"]
mod blocks;
mod client;
mod h2c;
mod harness;
mod identity;
mod nginx;
mod program;
mod secret;
mod sockets;
mod spoofs;
#[allow(dead_code, reason = "shared with the tests in `it`")]
#[path = "../it/support.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs::{Permissions, set_permissions};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::PermissionsExt;

use app::App;
use client::{PLAIN, Wire};
use forwarded_headers::{Builder, ClientSource, ForwardedHeaders};
use harness::{Edit, Place, Proxy};
use program::Program;
use spoofs::SPOOFS;

/// A proxy's own address.
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
/// No proxy has these.
const CLIENTS: [IpAddr; 3] =
    [CLIENT, IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3)), IpAddr::V4(Ipv4Addr::new(127, 1, 2, 3))];

/// The app over TCP. With its host allowed, the URI is completed.
fn app(layer: Builder) -> App {
    App::on_tcp(&layer.allowed_hosts("app.example").build().unwrap())
}

/// Everything that is promised of one proxy.
fn check(program: &Program) {
    over_tcp(program);
    if program.ipv6 {
        over_ipv6(program);
    }
    if let Some(edit) = program.unix {
        over_a_unix_socket(program, edit);
    }
}

fn over_tcp(program: &Program) {
    let app = app((program.layer)().trust("127.0.0.1"));
    let place = Place { address: LOCALHOST, app_port: app.port(), edits: &[] };
    promises(program, &Proxy::start(program, &place));
}

fn over_ipv6(program: &Program) {
    let app = app((program.layer)().trust("127.0.0.1"));
    let address = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let place = Place { address, app_port: app.port(), edits: &[] };
    honest(program, &Proxy::start(program, &place), &[address]);
}

fn over_a_unix_socket(program: &Program, (from, to): (&str, &str)) {
    let layer = (program.layer)().trust("unix").allowed_hosts("app.example");
    let app = App::on_unix_socket(&layer.build().unwrap());
    let socket = app.backend.strip_prefix("unix:").unwrap();
    // Some proxies are another user than we.
    set_permissions(socket, Permissions::from_mode(0o777)).unwrap();
    let to = to.replace("<socket>", socket);
    let place = Place { address: LOCALHOST, app_port: 1, edits: &[(from, &to)] };
    promises(program, &Proxy::start(program, &place));
}

fn promises(program: &Program, proxy: &Proxy) {
    honest(program, proxy, &CLIENTS);
    let refused = hostile(program, proxy);
    assert_eq!(refused, program.refuses.iter().copied().collect(), "{}", program.name);
    if program.h2c {
        hostile_without_tls(program, proxy);
    }
}

/// What the app sees, once what says nothing about where a request came from is left out.
fn seen(answer: &str) -> String {
    let noise = [
        "accept-encoding: ",
        "upgrade-insecure-requests: ",
        // Varnish's name for HTTP/2's `:scheme`.
        "scheme: ",
        "via: ",
        "x-envoy-expected-rq-timeout-ms: ",
        "x-envoy-internal: ",
        "x-request-id: ",
        "x-varnish: ",
    ];
    let lines = answer.split_inclusive('\n');
    lines.filter(|line| !noise.iter().any(|noise| line.starts_with(noise))).collect()
}

fn expected(program: &Program, scheme: &str, client: IpAddr) -> String {
    let quoted = if client.is_ipv6() && program.leaves.starts_with("forwarded") {
        format!("\\\"[{client}]\\\"")
    } else {
        client.to_string()
    };
    let leaves = program.leaves.replace("<client>", &quoted).replace("<scheme>", scheme);
    format!("{client} Forwarded\n{scheme} app.example\n{scheme}://app.example/path\n{leaves}")
}

/// The same without the host, for one that is none.
fn without_host(answer: &str) -> String {
    let uri = |line: &str| line.split_once("app.example/").map(|(_, path)| format!("/{path}"));
    let lines = answer.split_inclusive('\n').filter(|line| !line.contains("host: "));
    let lines = lines.map(|line| uri(line).unwrap_or_else(|| line.replace("app.example", "none")));
    lines.collect()
}

/// Every client is told apart, on every wire.
fn honest(program: &Program, proxy: &Proxy, clients: &[IpAddr]) {
    for wire in program.wires {
        for client in clients {
            let got = client::ask(wire, *client, proxy.port(wire.scheme), "/path", &[]);
            let expected = Ok(expected(program, wire.scheme, *client));
            let about = about(program, proxy, wire);
            assert_eq!(got.map(|text| seen(&text)), expected, "{client}, {about}");
        }
    }
}

/// Every spoof has the answer of an honest request. Or the proxy refuses it: these are returned.
fn hostile(program: &Program, proxy: &Proxy) -> BTreeSet<&'static str> {
    let mut refused = BTreeSet::new();
    for wire in program.wires {
        let honest = expected(program, wire.scheme, CLIENT);
        for spoof in SPOOFS.iter().filter(|spoof| spoof.is_for(wire.version)) {
            let port = proxy.port(wire.scheme);
            let Ok(got) = client::ask(wire, CLIENT, port, spoof.target, spoof.lines) else {
                refused.insert(spoof.name);
                continue;
            };
            let got = seen(&got);
            let fine = got == honest || spoof.is_about_the_host() && got == without_host(&honest);
            let (name, about) = (spoof.name, about(program, proxy, wire));
            assert!(fine, "{name}: expected {honest:?}, got {got:?}, {about}");
        }
    }
    refused
}

/// `:scheme` is the client's word.
fn hostile_without_tls(program: &Program, proxy: &Proxy) {
    for scheme in ["http", "https"] {
        let uri = format!("{scheme}://app.example/path");
        let got = h2c::ask(CLIENT, proxy.port("http"), &uri).map(|text| seen(&text));
        let expected = Ok(expected(program, "http", CLIENT));
        assert_eq!(got, expected, ":scheme {scheme}, {}", about(program, proxy, &PLAIN));
    }
}

fn about(program: &Program, proxy: &Proxy, wire: &Wire) -> String {
    let Wire { scheme, version, .. } = wire;
    format!("{} over {scheme} with HTTP/{version}: {}", program.name, proxy.log())
}

/// Two proxies: the outer has the address 127.0.0.2 where it speaks to the inner.
fn check_chain(outer: &Program, edit: Edit<'_>, inner: &Program) {
    let app = app((inner.layer)().trust_chain(["127.0.0.2", "127.0.0.1"]));
    let place = Place { address: LOCALHOST, app_port: app.port(), edits: &[] };
    let inner_proxy = Proxy::start(inner, &place);
    let place = Place { app_port: inner_proxy.port("http"), edits: &[edit], ..place };
    let outer_proxy = Proxy::start(outer, &place);
    // Somebody who gets around the outer one is a client by their own address.
    for (program, proxy) in [(outer, &outer_proxy), (inner, &inner_proxy)] {
        honest(program, proxy, &CLIENTS);
        let refused = hostile(program, proxy);
        let known = [outer.refuses, inner.refuses].concat();
        assert!(refused.iter().all(|name| known.contains(name)), "{}: {refused:?}", program.name);
    }
}

macro_rules! proxies {
    ($($test:ident $program:ident)*) => {$(
        #[test]
        #[ignore = "needs the proxy, which tests/proxies/install installs, and curl"]
        fn $test() {
            check(&program::$program);
        }
    )*};
}

/// Why the page has no `host` there: with a long one, no room is left for the element, and the
/// client's stands.
#[test]
#[ignore = "needs the proxy, which tests/proxies/install installs, and curl"]
fn traffic_server_forwarded_with_a_host() {
    let program = &program::TRAFFIC_SERVER_FORWARDED;
    let app = app((program.layer)().trust("127.0.0.1"));
    let edits = &[("for|proto", "for|proto|host")];
    let place = Place { address: LOCALHOST, app_port: app.port(), edits };
    let proxy = Proxy::start(program, &place);
    let spoof = SPOOFS.iter().find(|spoof| spoof.name == spoofs::LONG_HOST).unwrap();
    let got = client::ask(&PLAIN, CLIENT, proxy.port("http"), spoof.target, spoof.lines);
    assert!(got.unwrap().contains("203.0.113.66"), "it is safe now: say so");
}

/// mod_remoteip consumes the outer proxy's entry: the client is the last, and the second is its own.
#[test]
#[ignore = "needs Apache httpd, which tests/proxies/install installs, and curl"]
fn apache_that_reads_the_list_of_an_outer_proxy() {
    const REMOTEIP: &str = "
LoadModule remoteip_module /usr/lib/apache2/modules/mod_remoteip.so
RemoteIPHeader X-Forwarded-For
RemoteIPInternalProxy 127.0.0.2
Protocols h2";
    let outer = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let list = [("X-Forwarded-For", &b"203.0.113.66, 192.0.2.7"[..])];
    let second = ClientSource::x_forwarded_for().nth_from_right(2);
    let counted = ForwardedHeaders::builder().client_from(second);
    for (layer, client) in [((program::APACHE.layer)(), "192.0.2.7 "), (counted, "203.0.113.66 ")] {
        let app = app(layer.trust("127.0.0.1"));
        let edits = &[("\nProtocols h2", REMOTEIP)];
        let place = Place { address: LOCALHOST, app_port: app.port(), edits };
        let proxy = Proxy::start(&program::APACHE, &place);
        let got = client::ask(&PLAIN, outer, proxy.port("http"), "/path", &list);
        assert!(got.as_ref().is_ok_and(|got| got.starts_with(client)), "{client}: {got:?}");
    }
}

proxies! {
    nginx NGINX
    nginx_forwarded NGINX_FORWARDED
    haproxy HAPROXY
    haproxy_closed HAPROXY_CLOSED
    haproxy_forwarded HAPROXY_FORWARDED
    caddy CADDY
    caddy_with_host CADDY_WITH_HOST
    apache APACHE
    traefik TRAEFIK
    traefik_with_host TRAEFIK_WITH_HOST
    envoy ENVOY
    envoy_closed ENVOY_CLOSED
    traffic_server TRAFFIC_SERVER
    traffic_server_forwarded TRAFFIC_SERVER_FORWARDED
    lighttpd LIGHTTPD
    lighttpd_forwarded LIGHTTPD_FORWARDED
    nghttpx NGHTTPX
    varnish VARNISH
}

/// It repeats the scheme that the client claims. So nothing that comes without TLS may get through.
#[test]
#[ignore = "needs nghttpx, which tests/proxies/install installs, and curl"]
fn nghttpx_without_tls() {
    let program = &program::NGHTTPX;
    let app = app((program.layer)().trust("127.0.0.1"));
    let place = Place { address: LOCALHOST, app_port: app.port(), edits: &[] };
    let proxy = Proxy::start(program, &place);
    let port = proxy.port("http");
    let honest = client::ask(&PLAIN, CLIENT, port, "/path", &[]);
    assert!(honest.as_ref().is_err_and(|error| error.contains("308")), "{honest:?}");
    for spoof in SPOOFS {
        let got = client::ask(&PLAIN, CLIENT, port, spoof.target, spoof.lines);
        assert!(got.is_err(), "{}: {got:?}", spoof.name);
    }
    for scheme in ["http", "https"] {
        let got = h2c::ask(CLIENT, port, &format!("{scheme}://app.example/path"));
        assert!(got.is_err(), ":scheme {scheme}: {got:?}");
    }
}

#[test]
#[ignore = "needs nginx, which tests/proxies/install installs, and curl"]
fn nginx_then_nginx() {
    let edit = ("proxy_pass ", "proxy_bind 127.0.0.2; proxy_pass ");
    check_chain(&program::NGINX, edit, &program::NGINX_INNER);
}

/// Each `stripPrefix` adds a line, behind what it keeps of a client's: nothing.
#[test]
#[ignore = "needs Traefik, which tests/proxies/install installs, and curl"]
fn traefik_that_strips_two_prefixes() {
    let program = &program::TRAEFIK;
    let layer = (program.layer)().prefix_from("x-forwarded-prefix");
    let app = app(layer.trust("127.0.0.1"));
    let edits = &[
        ("service: app }\n    secure", "service: app, middlewares: [a, b] }\n    secure"),
        (
            "  services:\n",
            "  middlewares:\n    \
             a: { stripPrefix: { prefixes: [\"/a\"] } }\n    \
             b: { stripPrefix: { prefixes: [\"/b\"] } }\n  services:\n",
        ),
    ];
    let place = Place { address: LOCALHOST, app_port: app.port(), edits };
    let proxy = Proxy::start(program, &place);
    for sent in [&[][..], &[("X-Forwarded-Prefix", b"/evil".as_slice())]] {
        let got = client::ask(&PLAIN, CLIENT, proxy.port("http"), "/a/b/path", sent).unwrap();
        assert!(got.contains("x-forwarded-prefix: /a/b\n"), "{got}");
        assert!(got.contains("\nhttp://app.example/path\n"), "{got}");
    }
}

/// The guide has the two lines.
#[test]
#[ignore = "needs nginx, which tests/proxies/install installs, and curl"]
fn nginx_then_nginx_at_a_unix_socket() {
    let (outer, inner) = (&program::NGINX, &program::NGINX_INNER);
    let app = app((inner.layer)().trust_chain(["unix", "127.0.0.1"]));
    let edits = &[
        ("listen {address}:{port};", "listen {address}:{port}; listen unix:{dir}/client.sock;"),
        ("geo $remote_addr", "map $remote_addr"),
        ("127.0.0.2/32 1;", "\"unix:\" 1;"),
    ];
    let place = Place { address: LOCALHOST, app_port: app.port(), edits };
    let inner_proxy = Proxy::start(inner, &place);
    let socket = inner_proxy.socket();
    set_permissions(&socket, Permissions::from_mode(0o777)).unwrap();
    let backend = format!("http://unix:{}", socket.display());
    let edits = &[("http://127.0.0.1:{app_port}", backend.as_str())];
    let outer_proxy = Proxy::start(outer, &Place { app_port: 1, edits, ..place });
    for (program, proxy) in [(outer, &outer_proxy), (inner, &inner_proxy)] {
        honest(program, proxy, &CLIENTS);
        hostile(program, proxy);
    }
}

#[test]
#[ignore = "needs nginx and HAProxy, which tests/proxies/install installs, and curl"]
fn nginx_then_haproxy() {
    let edit = ("proxy_pass ", "proxy_bind 127.0.0.2; proxy_pass ");
    check_chain(&program::NGINX, edit, &program::HAPROXY_INNER);
}

#[test]
#[ignore = "needs Envoy and nginx, which tests/proxies/install installs, and curl"]
fn envoy_then_nginx() {
    let edit = (
        "    - name: app\n      load_assignment:",
        "    - name: app\n      \
         upstream_bind_config: { source_address: { address: 127.0.0.2, port_value: 0 } }\n      \
         load_assignment:",
    );
    check_chain(&program::ENVOY, edit, &program::NGINX_INNER);
}

#[test]
#[ignore = "needs HAProxy and Caddy, which tests/proxies/install installs, and curl"]
fn haproxy_then_caddy() {
    let edit = ("127.0.0.1:{app_port}", "127.0.0.1:{app_port} source 127.0.0.2");
    check_chain(&program::HAPROXY_OUTER, edit, &program::CADDY_INNER);
}
