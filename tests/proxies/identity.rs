//! Headers that name the user, behind proxies that ask a service who the user is. The configurations of
//! nginx and Caddy are those of the guide's page.

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use forwarded_headers::{Builder, ForwardedHeaders, Proxy as Profile};
use http::StatusCode;
use http::header::COOKIE;

use crate::app::App;
use crate::blocks::configurations;
use crate::client::{self, PLAIN, TLS, Wire};
use crate::harness::{Edit, Place, Proxy};
use crate::program::{self, Program};
use crate::support::Line;
use crate::{CLIENT, LOCALHOST};

const USER: &str = "x-forwarded-user";
const ROOT: Line<'_> = ("X-Forwarded-User", b"root");
const ALICE: Line<'_> = ("Cookie", b"session=alice");
/// The service lets this session in, and sends no name.
const NAMELESS: Line<'_> = ("Cookie", b"session=");
const LOOK_ALIKES: &[Line<'_>] = &[("X.Forwarded.User", b"root"), ("X-Forwarded_User", b"root")];
/// A proxy may remove what `Connection` lists, after it has written it.
const REMOVAL: &[Line<'_>] = &[ROOT, ("Connection", b"close, X-Forwarded-User")];

/// What a client sends to be another user.
const FORGERIES: [&[Line<'_>]; 6] = [
    &[],
    &[ROOT],
    &[ROOT, ROOT],
    &[("X_Forwarded_User", b"root")],
    LOOK_ALIKES,
    &[("X-Auth-Request-User", b"root")],
];

const NONE: [&str; 0] = [];

/// Targets without and with a login.
const PUBLIC: &str = "/path";
const ACCOUNT: &str = "/account/path";

/// The service that proxies ask. A session has the name of its user.
fn login() -> App {
    App::serve(Router::new().fallback(who))
}

async fn who(request: Request) -> Response {
    let cookie = request.headers().get(COOKIE).and_then(|cookie| cookie.to_str().ok());
    match cookie.and_then(|cookie| cookie.strip_prefix("session=")) {
        None => StatusCode::UNAUTHORIZED.into_response(),
        Some("") => StatusCode::ACCEPTED.into_response(),
        Some(user) => {
            let names = ["x-auth-request-user", USER].map(|name| (name, user.to_owned()));
            (StatusCode::ACCEPTED, names).into_response()
        }
    }
}

/// A proxy, and the service that it asks.
struct Site {
    proxy: Proxy,
    _login: App,
}

impl Site {
    fn start(program: &Program, app_port: u16, edits: &[Edit<'_>]) -> Self {
        let login = login();
        let edits = [edits, &[("oauth2-proxy:4180", login.backend.as_str())]].concat();
        let place = Place { address: LOCALHOST, app_port, edits: &edits };
        Self { proxy: Proxy::start(program, &place), _login: login }
    }

    fn users(&self, wire: &Wire, target: &str, lines: &[&[Line<'_>]]) -> Users {
        users(wire, self.proxy.port(wire.scheme), target, &lines.concat())
    }
}

/// The users that reach the app, in whatever spelling of the header.
fn users(wire: &Wire, port: u16, target: &str, lines: &[Line<'_>]) -> Users {
    values(USER, wire, port, target, lines)
}

/// The values of a header that reach the app, in whatever spelling of its name.
fn values(name: &str, wire: &Wire, port: u16, target: &str, lines: &[Line<'_>]) -> Users {
    let answer = client::ask(wire, CLIENT, port, target, lines)?;
    let headers = answer.lines().filter_map(|line| line.split_once(": "));
    let named = headers.filter(|(header, _)| header.replace(['_', '.'], "-") == name);
    Ok(named.map(|(_, value)| value.to_owned()).collect())
}

/// Them, or what was refused and how.
type Users = Result<Vec<String>, String>;

fn app(layer: Builder) -> App {
    App::on_tcp(&layer.build().unwrap())
}

fn layer(profile: Profile) -> Builder {
    ForwardedHeaders::behind(profile).trust("127.0.0.1").only_from_proxy(USER)
}

/// The user is the one that logged in, or none, whatever a client sends.
fn check(program: &Program, site: &Site) {
    for wire in program.wires {
        for forgery in FORGERIES {
            let about = format!("{}, {forgery:?}, HTTP/{}", program.name, wire.version);
            let users =
                |target, session: &[Line<'_>]| site.users(wire, target, &[session, forgery]);
            let refused = users(ACCOUNT, &[]).unwrap_err();
            assert!(refused.contains("401"), "{refused}, {about}");
            assert_eq!(users(ACCOUNT, &[ALICE]).unwrap(), ["alice"], "{about}");
            assert_eq!(users(PUBLIC, &[ALICE]).unwrap(), NONE, "{about}");
        }
    }
}

/// nginx drops names with `_` or `.` unless it is told to pass them on.
const PASSES_LOOK_ALIKES: Edit<'_> = (
    "location = /oauth2/auth",
    "underscores_in_headers on; ignore_invalid_headers off; location = /oauth2/auth",
);

#[test]
#[ignore = "needs nginx, which tests/proxies/install installs, and curl"]
fn nginx_with_auth_request() {
    let app = app(layer(Profile::Nginx));
    for edits in [&[][..], &[PASSES_LOOK_ALIKES]] {
        let site = Site::start(&program::NGINX_LOGIN, app.port(), edits);
        check(&program::NGINX_LOGIN, &site);
        assert_eq!(site.users(&PLAIN, ACCOUNT, &[&[NAMELESS, ROOT]]).unwrap(), NONE);
        assert_eq!(site.users(&PLAIN, ACCOUNT, &[&[ALICE], REMOVAL]).unwrap(), ["alice"]);
    }
    // Clients that go round nginx.
    for forgery in FORGERIES {
        assert_eq!(users(&PLAIN, app.port(), PUBLIC, forgery).unwrap(), NONE, "{forgery:?}");
    }
}

/// Look-alikes do get as far as the app, and it is the layer that removes them.
#[test]
#[ignore = "needs nginx, which tests/proxies/install installs, and curl"]
fn nginx_passes_look_alikes_on() {
    let app = App::that_rewrites_nothing(&layer(Profile::Nginx).build().unwrap());
    let site = Site::start(&program::NGINX_LOGIN, app.port(), &[PASSES_LOOK_ALIKES]);
    let seen = site.users(&PLAIN, ACCOUNT, &[&[ALICE], LOOK_ALIKES]).unwrap();
    assert_eq!(seen, ["alice", "root", "root"]);
}

/// What the page warns of: a location that does not remove the header, or inherits no line that does.
#[test]
#[ignore = "needs nginx, which tests/proxies/install installs, and curl"]
fn nginx_with_a_location_that_does_not_remove_the_header() {
    let missing = ("proxy_set_header X-Forwarded-User  \"\";", "");
    let outside =
        ("location /account/", "proxy_set_header X-Forwarded-User \"\"; location /account/");
    let app = app(layer(Profile::Nginx));
    for edits in [&[missing][..], &[missing, outside]] {
        let site = Site::start(&program::NGINX_LOGIN, app.port(), edits);
        let users = |forgery| site.users(&PLAIN, PUBLIC, &[forgery]).unwrap();
        assert_eq!(users(&[ROOT]), ["root"], "it is safe now: say so");
        assert_eq!(users(&[ROOT, ROOT]), NONE);
        assert_eq!(users(FORGERIES[3]), NONE);
        assert_eq!(site.users(&PLAIN, ACCOUNT, &[&[ALICE, ROOT]]).unwrap(), ["alice"]);
    }
}

type Setting = fn(Builder) -> Builder;

/// The inner nginx passes the header on, for those too who go round the login.
#[test]
#[ignore = "needs nginx, which tests/proxies/install installs, and curl"]
fn nginx_with_a_login_in_front_of_nginx() {
    let rows: [(Setting, &[&str]); 2] = [
        (|layer| layer.only_from_outermost(USER), &[]),
        (|layer| layer.only_from_proxy(USER), &["root"]),
    ];
    for (setting, around) in rows {
        let chain =
            ForwardedHeaders::behind(Profile::Nginx).trust_chain(["127.0.0.2", "127.0.0.1"]);
        let app = app(setting(chain));
        let place = Place { address: LOCALHOST, app_port: app.port(), edits: &[] };
        let inner = Proxy::start(&program::NGINX_INNER, &place);
        let edits = [PASSES_LOOK_ALIKES, ("proxy_pass ", "proxy_bind 127.0.0.2; proxy_pass ")];
        let outer = Site::start(&program::NGINX_LOGIN, inner.port("http"), &edits);
        check(&program::NGINX_LOGIN, &outer);
        assert_eq!(users(&PLAIN, inner.port("http"), ACCOUNT, &[ROOT]).unwrap(), around);
        assert_eq!(users(&PLAIN, app.port(), ACCOUNT, &[ROOT]).unwrap(), NONE);
    }
}

/// A client without a certificate cannot report one, with TLS or without.
#[test]
#[ignore = "needs nginx, which tests/proxies/install installs, and curl"]
fn nginx_with_client_certificates() {
    let [verify, cert] = ["x-ssl-client-verify", "x-ssl-client-cert"];
    let layer = ForwardedHeaders::behind(Profile::Nginx).trust("127.0.0.1");
    let app = app(layer.only_from_proxy(verify).only_from_proxy(cert));
    let lines = &configurations("guide/identity.md")[2];
    let location =
        format!("ssl_verify_client optional_no_ca; location / {{ proxy_http_version 1.1; {lines}");
    let edits = &[("location / {", location.as_str())];
    let place = Place { address: LOCALHOST, app_port: app.port(), edits };
    let proxy = Proxy::start(&program::NGINX, &place);
    let forged = [("X-SSL-Client-Verify", &b"SUCCESS"[..]), ("X-SSL-Client-Cert", b"root")];
    for wire in program::NGINX.wires {
        let port = proxy.port(wire.scheme);
        let values = |name| values(name, wire, port, PUBLIC, &forged).unwrap().concat();
        assert_eq!(values(verify), if wire.scheme == "https" { "NONE" } else { "" });
        assert_eq!(values(cert), "");
    }
}

/// What Caddy 2.6 writes if the service sends no name.
const PLACEHOLDER: &str = "{http.reverse_proxy.header.X-Auth-Request-User}";

#[test]
#[ignore = "needs Caddy, which tests/proxies/install installs, and curl"]
fn caddy_with_forward_auth() {
    let app = app(layer(Profile::Caddy));
    let site = Site::start(&program::CADDY_LOGIN, app.port(), &[]);
    check(&program::CADDY_LOGIN, &site);
    let nameless = site.users(&PLAIN, ACCOUNT, &[&[NAMELESS, ROOT]]).unwrap().concat();
    assert!(nameless.is_empty() || nameless == PLACEHOLDER, "{nameless}");
    // The client loses its own name.
    assert_eq!(site.users(&PLAIN, ACCOUNT, &[&[ALICE], REMOVAL]).unwrap(), NONE);
}

/// `forward_auth` writes the header only where it asks.
#[test]
#[ignore = "needs Caddy, which tests/proxies/install installs, and curl"]
fn caddy_without_the_line_that_removes_the_header() {
    let app = app(layer(Profile::Caddy));
    let edits = &[("request_header -X-Forwarded-User", "")];
    let site = Site::start(&program::CADDY_LOGIN, app.port(), edits);
    assert_eq!(site.users(&PLAIN, PUBLIC, &[&[ROOT]]).unwrap(), ["root"], "it is safe now: say so");
    assert_eq!(site.users(&PLAIN, ACCOUNT, &[&[ALICE, ROOT]]).unwrap(), ["alice"]);
}

/// `authResponseHeaders` replaces the header, or removes it, in the routers that have the middleware.
#[test]
#[ignore = "needs Traefik, which tests/proxies/install installs, and curl"]
fn traefik_with_forward_auth() {
    let app = app(layer(Profile::Traefik));
    let edits = &[
        (
            "  routers:\n",
            "  routers:\n    account: { rule: \"PathPrefix(`/account/`)\", service: app, \
             middlewares: [login] }\n",
        ),
        (
            "  services:\n",
            "  middlewares:\n    login: { forwardAuth: { address: \"http://oauth2-proxy:4180\", \
             authResponseHeaders: [X-Forwarded-User] } }\n  services:\n",
        ),
    ];
    let site = Site::start(&program::TRAEFIK, app.port(), edits);
    for forgery in FORGERIES {
        let users = |session| site.users(&PLAIN, ACCOUNT, &[&[session], forgery]).unwrap();
        assert_eq!(users(ALICE), ["alice"], "{forgery:?}");
        assert_eq!(users(NAMELESS), NONE, "{forgery:?}");
    }
    assert_eq!(site.users(&PLAIN, PUBLIC, &[&[ROOT]]).unwrap(), ["root"], "it is safe now: say so");
}

/// Traefik removes the header with the client's other `X-Forwarded-` headers, unless it trusts the client.
#[test]
#[ignore = "needs Traefik, which tests/proxies/install installs, and curl"]
fn traefik_with_pass_tls_client_cert() {
    let name = "x-forwarded-tls-client-cert";
    let layer = ForwardedHeaders::behind(Profile::Traefik).trust("127.0.0.1").only_from_proxy(name);
    let app = app(layer);
    let forged = [("X-Forwarded-Tls-Client-Cert", &b"root"[..])];
    let middleware = [
        ("service: app, tls: {} }", "service: app, tls: {}, middlewares: [cert] }"),
        (
            "  services:\n",
            "  middlewares:\n    cert: { passTLSClientCert: { pem: true } }\n  services:\n",
        ),
    ];
    let trusts = ("{tls_port}\"\n", "{tls_port}\"\n    forwardedHeaders: { insecure: true }\n");
    for (edits, expected) in [(&[][..], &NONE[..]), (&[trusts], &["root"])] {
        let edits = [&middleware[..], edits].concat();
        let place = Place { address: LOCALHOST, app_port: app.port(), edits: &edits };
        let proxy = Proxy::start(&program::TRAEFIK, &place);
        let got = values(name, &TLS, proxy.port("https"), PUBLIC, &forged);
        assert_eq!(got.unwrap(), expected);
    }
}

#[test]
#[ignore = "needs Envoy, which tests/proxies/install installs, and curl"]
fn envoy_with_client_certificates() {
    let name = "x-forwarded-client-cert";
    let layer = ForwardedHeaders::behind(Profile::Envoy).trust("127.0.0.1").only_from_proxy(name);
    let app = app(layer);
    let always =
        "stat_prefix: http\n                forward_client_cert_details: ALWAYS_FORWARD_ONLY";
    let rows: [(&[Edit<'_>], &[&str]); 2] =
        [(&[], &[]), (&[("stat_prefix: http", always)], &["By=root"])];
    for (edits, expected) in rows {
        let place = Place { address: LOCALHOST, app_port: app.port(), edits };
        let proxy = Proxy::start(&program::ENVOY, &place);
        for wire in program::ENVOY.wires {
            let forged = [("X-Forwarded-Client-Cert", &b"By=root"[..])];
            let got = values(name, wire, proxy.port(wire.scheme), PUBLIC, &forged);
            assert_eq!(got.unwrap(), expected, "HTTP/{}", wire.version);
        }
    }
}
