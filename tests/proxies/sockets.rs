//! Clients that have no address: they connect to a Unix socket of the proxy. What each proxy writes for
//! them, and what its page has against a client that chooses its own address there.

use std::fs::remove_file;
use std::net::{IpAddr, Ipv6Addr};
use std::path::{Path, PathBuf};

use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixSocket;
use tokio::runtime::Runtime;

use crate::app::App;
use crate::blocks::page;
use crate::client::{self, Answer, PLAIN, TLS, Wire};
use crate::harness::{Edit, Place, Proxy};
use crate::program::{self, Program};
use crate::spoofs::SPOOFS;
use crate::support::Line;
use crate::{CLIENT, LOCALHOST};

const FORGED: &[Line<'_>] = &[("X-Forwarded-For", b"203.0.113.66")];
/// The first line of an answer, for a client that chose its own address.
const CHOSEN: &str = "203.0.113.66 Forwarded";
const NO_HEADER: &str = "none Unresolved(NoHeader)";

/// A proxy with one more listener, `{dir}/client.sock`.
struct Listener {
    program: Program,
    edits: &'static [Edit<'static>],
    wire: Wire,
}

const NGINX: Listener = Listener {
    program: program::NGINX,
    edits: &[(
        "listen {address}:{port};",
        "listen {address}:{port}; listen unix:{dir}/client.sock;",
    )],
    wire: PLAIN,
};

/// From the page's text.
const NGINX_CLOSING: &str = "proxy_set_header X-Forwarded-For \"\";";

const NGINX_CLOSED: Listener = Listener {
    edits: &[
        NGINX.edits[0],
        ("proxy_set_header X-Forwarded-For   $proxy_add_x_forwarded_for;", NGINX_CLOSING),
    ],
    ..NGINX
};

const NGINX_FORWARDED: Listener = Listener { program: program::NGINX_FORWARDED, ..NGINX };

const HAPROXY: Listener = Listener {
    program: program::HAPROXY,
    edits: &[(
        "bind {address}:{port}\n",
        "bind {address}:{port}\n    bind unix@{dir}/client.sock\n",
    )],
    wire: PLAIN,
};

const HAPROXY_CLOSED: Listener = Listener { program: program::HAPROXY_CLOSED, ..HAPROXY };

const HAPROXY_FORWARDED: Listener = Listener { program: program::HAPROXY_FORWARDED, ..HAPROXY };

const CADDY: Listener = Listener {
    program: program::CADDY,
    edits: &[(
        "http://:{port} {\n    bind {ip}\n",
        "http://:{port} {\n    bind {ip} unix/{dir}/client.sock\n",
    )],
    wire: PLAIN,
};

const CADDY_CLOSED: Listener = Listener { program: program::CADDY_CLOSED, ..CADDY };

/// In place of the listener without TLS.
const ENVOY: Listener = Listener {
    program: Program { wires: &[TLS], ..program::ENVOY },
    edits: &[(
        "socket_address: { address: \"{ip}\", port_value: {port} }",
        "pipe: { path: \"{dir}/client.sock\" }",
    )],
    wire: PLAIN,
};

const ENVOY_CLOSED: Listener =
    Listener { program: Program { wires: &[TLS], ..program::ENVOY_CLOSED }, ..ENVOY };

const LIGHTTPD: Listener = Listener {
    program: program::LIGHTTPD,
    edits: &[(
        "server.port = {port}\n",
        "server.port = {port}\n$SERVER[\"socket\"] == \"{dir}/client.sock\" { }\n",
    )],
    wire: PLAIN,
};

const NGHTTPX: Listener = Listener {
    program: program::NGHTTPX,
    edits: &[(
        "frontend={ip},{port};no-tls\n",
        "frontend={ip},{port};no-tls\nfrontend=unix:{dir}/client.sock\n",
    )],
    wire: TLS,
};

const H2O: Listener = Listener {
    program: program::H2O,
    edits: &[("hosts:\n", "listen: { port: \"{dir}/client.sock\", type: unix }\nhosts:\n")],
    wire: PLAIN,
};

const VARNISH: Listener = Listener { program: program::VARNISH_AT_SOCKET, edits: &[], wire: PLAIN };

impl Listener {
    fn start(&self, app: &App) -> Proxy {
        let place = Place { address: LOCALHOST, app_port: app.port(), edits: self.edits };
        Proxy::start(&self.program, &place)
    }

    /// The app as it decides, with the headers as they come.
    fn app(&self) -> App {
        App::that_rewrites_nothing(&(self.program.layer)().trust("127.0.0.1").build().unwrap())
    }

    fn ask(&self, proxy: &Proxy, target: &str, lines: &[Line<'_>]) -> Answer {
        client::ask_at_socket(&self.wire, &proxy.socket(), target, lines)
    }

    fn name(&self) -> &str {
        self.program.name
    }

    /// What the app gets for a client that sends nothing is this. Whatever a client sends, the app
    /// has no client.
    fn writes(&self, written: &str) {
        let app = self.app();
        let proxy = self.start(&app);
        let got = self.ask(&proxy, "/path", &[]).unwrap();
        let written = written.replace("<socket>", proxy.socket().to_str().unwrap());
        assert_eq!(lists(&got), written, "{}", self.name());
        for spoof in SPOOFS.iter().filter(|spoof| spoof.is_for(self.wire.version)) {
            let is_right = match self.ask(&proxy, spoof.target, spoof.lines) {
                Ok(got) => got.starts_with("none Unresolved"),
                Err(_) => self.program.refuses.contains(&spoof.name),
            };
            assert!(is_right, "{} for {}: {}", spoof.name, self.name(), proxy.log());
        }
    }

    /// A client that sends an address has that address.
    fn writes_nothing(&self) {
        let app = self.app();
        let proxy = self.start(&app);
        let got = self.ask(&proxy, "/path", FORGED);
        assert_eq!(first_line(&got.unwrap()), CHOSEN, "{}", self.name());
    }

    /// The client of a request from a socket that has this name.
    fn client_bound_to(&self, name: &str) -> String {
        let app = self.app();
        let proxy = self.start(&app);
        let bound = Bound(name.into());
        let answer = Runtime::new().unwrap().block_on(exchange(&proxy.socket(), &bound.0));
        first_line(&answer).to_owned()
    }
}

fn first_line(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

/// The lines from which a client may be read.
fn lists(answer: &str) -> String {
    let is_list = |line: &&str| {
        ["forwarded: ", "x-forwarded-for: "].iter().any(|name| line.starts_with(name))
    };
    answer.lines().filter(is_list).collect::<Vec<_>>().join("\n")
}

/// The path of a client's socket. What a proxy sees is the path as the client wrote it, so it is
/// relative to the directory of this program.
struct Bound(PathBuf);

impl Drop for Bound {
    fn drop(&mut self) {
        let _ = remove_file(&self.0);
    }
}

async fn exchange(server: &Path, own: &Path) -> String {
    let socket = UnixSocket::new_stream().unwrap();
    socket.bind(own).unwrap();
    let stream = socket.connect(server).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("/path").header("host", "app.example");
    let request = request.header("x-forwarded-for", "203.0.113.67");
    let response = sender.send_request(request.body(Empty::<&[u8]>::new()).unwrap()).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.into()).unwrap()
}

macro_rules! sockets {
    ($($test:ident $check:expr;)*) => {$(
        #[test]
        #[ignore = "needs the proxy, which tests/proxies/install installs, and curl"]
        fn $test() {
            $check;
        }
    )*};
}

sockets! {
    nginx NGINX.writes("x-forwarded-for: unix:");
    nginx_closed NGINX_CLOSED.writes("");
    nginx_forwarded NGINX_FORWARDED.writes("forwarded: for=unknown;proto=http;host=app.example");
    haproxy HAPROXY.writes_nothing();
    haproxy_closed HAPROXY_CLOSED.writes("");
    haproxy_forwarded HAPROXY_FORWARDED.writes("forwarded: proto=http;for=unknown");
    caddy CADDY.writes("");
    envoy ENVOY.writes_nothing();
    envoy_closed ENVOY_CLOSED.writes("");
    lighttpd LIGHTTPD.writes("x-forwarded-for: <socket>");
    nghttpx NGHTTPX.writes("x-forwarded-for: localhost");
    h2o H2O.writes("x-forwarded-for: localhost");
    varnish VARNISH.writes("x-forwarded-for: 0.0.0.0");
}

/// A client's own socket has a name if the client binds it. Some proxies write that name, so the
/// client chooses it.
#[test]
#[ignore = "needs the proxies, which tests/proxies/install installs"]
fn a_client_that_binds_its_own_socket() {
    let malformed = "none Unresolved(Malformed)";
    let rows = [
        (&NGINX, ",203.0.113.66", CHOSEN),
        (&NGINX_CLOSED, ",203.0.113.66", NO_HEADER),
        (&NGINX_FORWARDED, ",203.0.113.66", "none Unresolved(Unknown)"),
        (&HAPROXY_CLOSED, "203.0.113.66", NO_HEADER),
        (&HAPROXY_FORWARDED, "203.0.113.66", "none Unresolved(Unknown)"),
        (&CADDY, "203.0.113.66:80", CHOSEN),
        (&CADDY_CLOSED, "203.0.113.66:80", NO_HEADER),
        (&ENVOY_CLOSED, "203.0.113.66", NO_HEADER),
        (&LIGHTTPD, "203.0.113.66", CHOSEN),
        (&LIGHTTPD, "\0an abstract name", "203.0.113.67 Forwarded"),
        (&H2O, "203.0.113.66", malformed),
        (&VARNISH, "203.0.113.66", malformed),
    ];
    for (listener, name, client) in rows {
        assert_eq!(listener.client_bound_to(name), client, "{} for {name:?}", listener.name());
    }
}

#[test]
fn the_page_of_nginx_has_its_closing_line() {
    assert!(page("proxy/nginx.md").contains(&format!("`{NGINX_CLOSING}`")));
}

/// `except` leaves some clients without a report.
#[test]
#[ignore = "needs HAProxy, which tests/proxies/install installs, and curl"]
fn a_client_that_haproxy_excepts() {
    let edits = &[("option forwardfor", "option forwardfor except 127.0.0.0/8")];
    let outside = IpAddr::V6(Ipv6Addr::LOCALHOST);
    for (listener, excepted) in [(&HAPROXY, CHOSEN), (&HAPROXY_CLOSED, NO_HEADER)] {
        let rows = [(LOCALHOST, CLIENT, excepted), (outside, outside, "::1 Forwarded")];
        for (address, client, expected) in rows {
            let app = listener.app();
            let place = Place { address, app_port: app.port(), edits };
            let proxy = Proxy::start(&listener.program, &place);
            let got = client::ask(&PLAIN, client, proxy.port("http"), "/path", FORGED);
            assert_eq!(first_line(&got.unwrap()), expected, "{client}, {}", listener.name());
        }
    }
}
