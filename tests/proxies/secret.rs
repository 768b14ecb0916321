//! A CDN that sets a secret, in front of nginx: nginx plays the CDN, and that of another customer.

use forwarded_headers::{Builder, ForwardedHeaders, Proxy as Profile, TrustedProxies};

use crate::app::App;
use crate::client::{self, WIRES, Wire};
use crate::harness::{Edit, Place, Proxy};
use crate::program::{self, Program};
use crate::support::Line;
use crate::{CLIENT, LOCALHOST};

const SECRET: &str = "2f9c7a51e0d84b36b81d06e5c3f2974a";
const RIGHT: Line<'_> = ("X-Origin-Verify", SECRET.as_bytes());
const GUESS: Line<'_> = ("X-Origin-Verify", b"00000000000000000000000000000000");
const ROOT: Line<'_> = ("X-Forwarded-User", b"root");

/// The other end of the CDN's connections.
const FROM_THE_CDN: Edit<'_> = ("proxy_pass ", "proxy_bind 127.0.0.2; proxy_pass ");
const SETS_THE_SECRET: Edit<'_> = (
    "proxy_set_header Host ",
    "proxy_set_header X-Origin-Verify 2f9c7a51e0d84b36b81d06e5c3f2974a; proxy_set_header Host ",
);
/// nginx drops names with `_` or `.` unless it is told to pass them on.
const PASSES_LOOK_ALIKES: Edit<'_> =
    ("location / {", "underscores_in_headers on; ignore_invalid_headers off; location / {");

/// What clients that do not know the secret send.
const CLIENTS: [&[Line<'_>]; 5] = [
    &[],
    &[GUESS],
    &[GUESS, GUESS],
    &[("X_Origin_Verify", SECRET.as_bytes()), ("X.Origin-Verify", SECRET.as_bytes())],
    &[("X-Forwarded-For", b"203.0.113.66, 127.0.0.2"), ROOT],
];

fn start(program: &Program, app_port: u16, edits: &[Edit<'_>]) -> Proxy {
    Proxy::start(program, &Place { address: LOCALHOST, app_port, edits })
}

fn layer(cdn: TrustedProxies) -> Builder {
    let cdn = cdn.with_secret("x-origin-verify", SECRET).unwrap();
    let chain = [cdn, "127.0.0.1".parse().unwrap()];
    ForwardedHeaders::behind(Profile::Nginx).trust_chain(chain)
}

/// The client as the app sees it. The secret is nowhere, and neither is a name that looks like its own.
fn client(wire: &Wire, port: u16, lines: &[Line<'_>]) -> String {
    let answer = client::ask(wire, CLIENT, port, "/path", lines).unwrap();
    assert!(!answer.to_lowercase().contains("origin"), "{answer}");
    assert!(!answer.contains(SECRET) && !answer.contains("203.0.113.66"), "{answer}");
    answer.lines().next().unwrap().to_owned()
}

/// The CDN, that of another customer at the same address, nginx, and the app.
struct Chain {
    cdn: Proxy,
    other: Proxy,
    inner: Proxy,
    app: App,
}

impl Chain {
    fn start(layer: Builder) -> Self {
        let app = App::on_tcp(&layer.build().unwrap());
        let inner = start(&program::NGINX_INNER, app.port(), &[PASSES_LOOK_ALIKES]);
        let port = inner.port("http");
        let cdn = [PASSES_LOOK_ALIKES, FROM_THE_CDN, SETS_THE_SECRET];
        let other = [PASSES_LOOK_ALIKES, FROM_THE_CDN];
        let [cdn, other] = [&cdn[..], &other].map(|edits| start(&program::NGINX, port, edits));
        Self { cdn, other, inner, app }
    }
}

#[test]
#[ignore = "needs nginx, which tests/proxies/install installs, and curl"]
fn a_cdn_with_a_secret_in_front_of_nginx() {
    let chain = Chain::start(layer("127.0.0.2".parse().unwrap()));
    for lines in CLIENTS {
        for wire in &WIRES {
            let at = |proxy: &Proxy| client(wire, proxy.port(wire.scheme), lines);
            assert_eq!(at(&chain.cdn), "127.0.0.9 Forwarded", "{lines:?}");
            assert_eq!(at(&chain.other), "none Unresolved(NotProven)", "{lines:?}");
        }
        let plain = |port| client(&WIRES[0], port, lines);
        assert_eq!(plain(chain.inner.port("http")), "127.0.0.9 Forwarded", "{lines:?}");
        assert_eq!(plain(chain.app.port()), "127.0.0.9 Direct", "{lines:?}");
    }
    // The secret gains nothing away from the CDN's addresses, and nothing through the CDN itself.
    for port in [chain.inner.port("http"), chain.cdn.port("http")] {
        assert_eq!(client(&WIRES[0], port, &[RIGHT]), "127.0.0.9 Forwarded");
    }
}

/// Then a visitor of nginx may be a CDN, and has to prove it.
#[test]
#[ignore = "needs nginx, which tests/proxies/install installs, and curl"]
fn a_secret_alone() {
    let chain = Chain::start(layer(TrustedProxies::insecure_any()));
    for lines in CLIENTS {
        let at = |proxy: &Proxy| client(&WIRES[0], proxy.port("http"), lines);
        assert_eq!(at(&chain.cdn), "127.0.0.9 Forwarded", "{lines:?}");
        for proxy in [&chain.other, &chain.inner] {
            assert_eq!(at(proxy), "none Unresolved(NotProven)", "{lines:?}");
        }
        assert_eq!(client(&WIRES[0], chain.app.port(), lines), "127.0.0.9 Direct", "{lines:?}");
    }
}

/// The CDN logs users in. Another customer of it, and a visitor of nginx, name a user.
#[test]
#[ignore = "needs nginx, which tests/proxies/install installs, and curl"]
fn a_user_from_the_cdn_alone() {
    let chain = Chain::start(layer("127.0.0.2".parse().unwrap()).only_from_outermost(ROOT.0));
    let is_root = |proxy: &Proxy| {
        let answer = client::ask(&WIRES[0], CLIENT, proxy.port("http"), "/path", &[ROOT]).unwrap();
        answer.contains("root")
    };
    // This one would remove what a client sends.
    assert!(is_root(&chain.cdn));
    assert!(!is_root(&chain.other) && !is_root(&chain.inner));
}
