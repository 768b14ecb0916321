//! The configurations on the pages of `Proxy::Nginx` and `Proxy::NginxForwarded`, word for word.

use forwarded_headers::{AllowedHosts, Builder, ForwardedHeaders, Proxy};

use super::process::{Nginx, WIRES};
use super::{ATTACKS, Attack, FORWARDED_ANSWER, HOSTS, X_FORWARDED_ANSWER, check, check_running};
use crate::app::App;
use crate::blocks::configurations;
use crate::support::Line;

/// The first block of a page: what stands before `server`, and the header lines of its `location`.
fn documented(page: &str) -> (String, String) {
    let block = &configurations(page)[0];
    let (http, server) = block.split_once("server {").unwrap();
    let lines = server.lines().filter(|line| line.trim_start().starts_with("proxy_set_header"));
    (http.to_owned(), lines.collect::<Vec<_>>().join("\n"))
}

fn behind(proxy: Proxy) -> Builder {
    ForwardedHeaders::behind(proxy).trust("127.0.0.1").allowed_hosts(HOSTS)
}

#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn the_documented_lines() {
    let rows = [
        (Proxy::Nginx, "proxy/nginx.md", X_FORWARDED_ANSWER),
        (Proxy::NginxForwarded, "proxy/nginx-forwarded.md", FORWARDED_ANSWER),
    ];
    for (proxy, page, answer) in rows {
        let (http, location) = documented(page);
        let app = App::on_tcp(&behind(proxy).build().unwrap());
        check(&app, &http, &location, answer);
    }
}

/// Returns what stands in the `location` of one of nginx's blocks, for this app.
fn documented_location(number: usize, app: &App) -> String {
    let block = &configurations("proxy/nginx.md")[number];
    let (_, location) = block.split_once("location /").unwrap();
    let (_, lines) = location.split_once("{\n").unwrap();
    lines.split('}').next().unwrap().replace("app:3000", &app.backend)
}

/// Lies about client and scheme.
const LIES: &[Line<'static>] =
    &[("X-Forwarded-For", b"203.0.113.66"), ("X-Forwarded-Proto", b"https")];

const UPGRADE: Line<'static> = ("Upgrade", b"websocket");

/// The client of these lies chooses address and scheme, on every wire.
fn check_open(nginx: &Nginx) {
    for wire in &WIRES {
        let got = wire.ask(nginx.port(wire), "/path", LIES);
        let chosen = got.starts_with("203.0.113.66 Forwarded\nhttps ");
        assert!(chosen, "over {} with HTTP/{}: {got}", wire.scheme, wire.version);
    }
}

/// A `location` with a `proxy_set_header` of its own inherits none of the lines outside.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn a_websocket_location() {
    let app = App::on_tcp(&behind(Proxy::Nginx).build().unwrap());
    let (_, lines) = documented("proxy/nginx.md");
    let server = |location: &str| Nginx::with_server(&app, &lines, location);
    check_running(&server(""), &ATTACKS, X_FORWARDED_ANSWER);
    check_open(&server("proxy_set_header Upgrade $http_upgrade;"));
    let nginx = Nginx::alone("", &documented_location(1, &app));
    check_running(&nginx, &ATTACKS, X_FORWARDED_ANSWER);
    let got = WIRES[0].ask(nginx.port(&WIRES[0]), "/path", &[UPGRADE, LIES[0], LIES[1]]);
    assert!(got.starts_with("127.0.0.9 Forwarded\nhttp "), "{got}");
    assert!(got.contains("\nupgrade: websocket\n"), "{got}");
}

/// `grpc_pass` ignores `proxy_set_header`. nginx speaks HTTP/2 to the app, which refuses long headers.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn a_grpc_location() {
    let app = App::on_tcp(&behind(Proxy::Nginx).build().unwrap());
    let proxy = documented_location(0, &app);
    let grpc = proxy.replace("proxy_pass http:", "grpc_pass grpc:");
    assert_ne!(grpc, proxy);
    check_open(&Nginx::alone("", &grpc));
    let is_short = |(_, lines): &&Attack| lines.iter().all(|(_, value)| value.len() < 1000);
    let attacks: Vec<_> = ATTACKS.iter().filter(is_short).copied().collect();
    let nginx = Nginx::alone("", &documented_location(2, &app));
    check_running(&nginx, &attacks, X_FORWARDED_ANSWER);
}

/// What a client can do with `Host` where `$host` is not escaped. None of it gets through the map.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn a_host_that_breaks_out_of_its_quotes() {
    let (http, location) = documented("proxy/nginx-forwarded.md");
    let bare = r#"proxy_set_header Forwarded "for=$remote_addr;host=$host";"#;
    let quoted = r#"proxy_set_header Forwarded "for=$remote_addr;host=\"$host\"";"#;
    let rows: [(&[u8], [&str; 3]); 4] = [
        (b"app.example", ["127.0.0.9 Forwarded"; 3]),
        (
            b"a\",for=\"203.0.113.66",
            ["127.0.0.9 Forwarded", "none Unresolved(Malformed)", "203.0.113.66 Forwarded"],
        ),
        (
            b"a,for=203.0.113.66",
            ["127.0.0.9 Forwarded", "203.0.113.66 Forwarded", "127.0.0.9 Forwarded"],
        ),
        (
            b"a;for=203.0.113.66",
            ["127.0.0.9 Forwarded", "none Unresolved(Malformed)", "127.0.0.9 Forwarded"],
        ),
    ];
    let layer = behind(Proxy::NginxForwarded).host_from("forwarded");
    let app = App::on_tcp(&layer.allowed_hosts(AllowedHosts::any()).build().unwrap());
    for (index, location) in [location.as_str(), bare, quoted].into_iter().enumerate() {
        let nginx = Nginx::start(&app, &http, location);
        for (host, clients) in &rows {
            for wire in WIRES.iter().filter(|wire| wire.version == "1.1") {
                let got = wire.ask(nginx.port(wire), "/path", &[("Host", host)]);
                let client = got.lines().next().unwrap();
                assert_eq!(client, clients[index], "{} in {location}", host.escape_ascii());
            }
        }
    }
}

/// The map lets through what is a host without escapes, and the app reads it.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn the_documented_host() {
    let (http, location) = documented("proxy/nginx-forwarded.md");
    let layer = behind(Proxy::NginxForwarded).host_from("forwarded").allowed_hosts("app.example");
    let app = App::on_tcp(&layer.build().unwrap());
    let nginx = Nginx::start(&app, &http, &location);
    for wire in &WIRES {
        for (name, lines) in [("nothing", &[][..])].into_iter().chain(ATTACKS) {
            let got = wire.ask(nginx.port(wire), "/path", lines);
            let line = format!("forwarded: for=127.0.0.9;proto={};host=app.example\n", wire.scheme);
            assert!(got.contains(&line), "{name}: {got}");
        }
    }
}
