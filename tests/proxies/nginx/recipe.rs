//! The configurations in the documentation of `Proxy::Nginx` and `Proxy::NginxForwarded`, word for
//! word.

use forwarded_headers::{AllowedHosts, ForwardedHeaders, Proxy};

use crate::app::App;
use crate::nginx::{Nginx, WIRES};
use crate::{ATTACKS, FORWARDED_ANSWER, X_FORWARDED_ANSWER, check};

/// The blocks of nginx's language in the documentation of a variant.
fn documented(variant: &str) -> Vec<String> {
    let source = include_str!("../../src/proxy.rs");
    let (before, _) = source.split_once(&format!("\n    {variant},\n")).unwrap();
    let documentation = before.rsplit("\n    /// nginx").next().unwrap();
    let blocks = documentation.split("```nginx").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().replace("///", "")).collect()
}

#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn the_documented_lines() {
    let [location] = &documented("Nginx")[..] else { panic!() };
    let app = App::on_tcp(&ForwardedHeaders::behind(Proxy::Nginx));
    check(&app, "", location, X_FORWARDED_ANSWER);
    let [http, location] = &documented("NginxForwarded")[..] else { panic!() };
    let app = App::on_tcp(&ForwardedHeaders::behind(Proxy::NginxForwarded));
    check(&app, http, location, FORWARDED_ANSWER);
}

/// What a client can do with `Host` where `$host` is not escaped. None of it gets through the map.
#[test]
#[ignore = "needs nginx and curl: .ci/run runs it"]
fn a_host_that_breaks_out_of_its_quotes() {
    let [http, location] = &documented("NginxForwarded")[..] else { panic!() };
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
    let layer = ForwardedHeaders::behind(Proxy::NginxForwarded);
    let app = App::on_tcp(&layer.read_host(true).allowed_hosts(AllowedHosts::any()));
    for (index, location) in [location.as_str(), bare, quoted].into_iter().enumerate() {
        let nginx = Nginx::start(&app, http, location);
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
    let [http, location] = &documented("NginxForwarded")[..] else { panic!() };
    let layer = ForwardedHeaders::behind(Proxy::NginxForwarded).read_host(true);
    let app = App::on_tcp(&layer.allowed_hosts("app.example".parse().unwrap()));
    let nginx = Nginx::start(&app, http, location);
    for wire in &WIRES {
        for (name, lines) in [("nothing", &[][..])].into_iter().chain(ATTACKS) {
            let got = wire.ask(nginx.port(wire), "/path", lines);
            let line = format!("forwarded: for=127.0.0.9;proto={};host=app.example\n", wire.scheme);
            assert!(got.contains(&line), "{name}: {got}");
        }
    }
}
