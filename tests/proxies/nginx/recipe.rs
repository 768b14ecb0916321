//! The configurations on the pages of `Proxy::Nginx` and `Proxy::NginxForwarded`, word for word.

use forwarded_headers::{AllowedHosts, Builder, ForwardedHeaders, Proxy};

use super::process::{Nginx, WIRES};
use super::{ATTACKS, FORWARDED_ANSWER, X_FORWARDED_ANSWER, check};
use crate::app::App;
use crate::blocks::configurations;

/// The first block of a page: what stands before `server`, and the header lines of its `location`.
fn documented(page: &str) -> (String, String) {
    let block = &configurations(page)[0];
    let (http, server) = block.split_once("server {").unwrap();
    let lines = server.lines().filter(|line| line.trim_start().starts_with("proxy_set_header"));
    (http.to_owned(), lines.collect::<Vec<_>>().join("\n"))
}

fn behind(proxy: Proxy) -> Builder {
    ForwardedHeaders::behind(proxy).trust("127.0.0.1")
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
