//! The proxies: how each is started, with which configuration, and what to say to the layer.

use forwarded_headers::{Family, ForwardedHeaders, Proxy};
use http::uri::Scheme;

use crate::client::{HTTP2, PLAIN, TLS, WIRES, Wire};

/// A row of the table.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Variables, program and arguments, separated by spaces.
    pub(crate) commands: &'static [&'static str],
    /// Their names there, and here: `conf/` has what the README shows, `scaffold/` what a test needs
    /// beside it.
    pub(crate) files: &'static [(&'static str, &'static str)],
    pub(crate) layer: fn() -> ForwardedHeaders,
    /// What the app sees of its headers, sorted: `<client>`, `<scheme>` and `<port>` are the
    /// request's.
    pub(crate) leaves: &'static str,
    pub(crate) wires: &'static [Wire],
    pub(crate) ipv6: bool,
    /// Whether it speaks HTTP/2 without TLS.
    pub(crate) h2c: bool,
    /// The text about the app in its files, and what it is for an app on the Unix socket `<socket>`.
    pub(crate) unix: Option<(&'static str, &'static str)>,
    /// The spoofs that it answers itself, on some wire.
    pub(crate) refuses: &'static [&'static str],
}

const X_FORWARDED: &str = "\
host: app.example
x-forwarded-for: <client>
x-forwarded-proto: <scheme>
";
const FORWARDED: &str = "\
forwarded: for=<client>;proto=<scheme>
host: app.example
";
const WITH_HOST: &str = "\
host: app.example
x-forwarded-for: <client>
x-forwarded-host: app.example
x-forwarded-proto: <scheme>
";

const fn program(
    name: &'static str,
    layer: fn() -> ForwardedHeaders,
    commands: &'static [&'static str],
    files: &'static [(&'static str, &'static str)],
) -> Program {
    Program {
        name,
        commands,
        files,
        layer,
        leaves: X_FORWARDED,
        wires: &WIRES,
        ipv6: true,
        h2c: false,
        unix: None,
        refuses: &[],
    }
}

/// What many refuse.
const HOSTS: &[&str] = &[
    "a list of hosts",
    "a pair in the host",
    "a quote and an element in the host",
    "a quote in the host",
    "an element in the host",
    "user information in the host",
];
/// What Go's HTTP server refuses.
const GO_HOSTS: &[&str] =
    &["a quote and an element in the host", "a quote in the host", "user information in the host"];
const LIGHTTPD_HOSTS: &[&str] = &[
    "a list of hosts",
    crate::spoofs::LONG_HOST,
    "a pair in the host",
    "a quote and an element in the host",
    "a quote in the host",
    "an element in the host",
    "user information in the host",
];
const HOSTS_AND_TARGETS: &[&str] = &[
    "a list of hosts",
    "a pair in the host",
    "a quote and an element in the host",
    "a quote in the host",
    "a target with http",
    "a target with https",
    "an element in the host",
    "user information in the host",
];

fn with_host(proxy: Proxy) -> ForwardedHeaders {
    ForwardedHeaders::behind(proxy).read_host(true).allowed_hosts("app.example".parse().unwrap())
}

const NGINX_COMMAND: &str = "nginx -e stderr -p {dir} -c all.conf";

pub(crate) const NGINX: Program = Program {
    unix: Some(("http://127.0.0.1:{app_port}", "http://unix:<socket>")),
    ..program(
        "nginx",
        || ForwardedHeaders::behind(Proxy::Nginx),
        &[NGINX_COMMAND],
        &[("nginx.conf", "conf/nginx.conf"), ("all.conf", "scaffold/nginx.conf")],
    )
};

pub(crate) const NGINX_FORWARDED: Program = Program {
    leaves: FORWARDED,
    unix: NGINX.unix,
    ..program(
        "nginx with Forwarded",
        || ForwardedHeaders::behind(Proxy::NginxForwarded),
        &[NGINX_COMMAND],
        &[("nginx.conf", "conf/nginx_forwarded.conf"), ("all.conf", "scaffold/nginx.conf")],
    )
};

pub(crate) const NGINX_INNER: Program = Program {
    wires: &[PLAIN],
    ..program(
        "nginx behind another proxy",
        || ForwardedHeaders::behind(Proxy::Nginx),
        &[NGINX_COMMAND],
        &[("nginx.conf", "conf/nginx_inner.conf"), ("all.conf", "scaffold/nginx.conf")],
    )
};

const HAPROXY_UNIX: Option<(&str, &str)> = Some(("127.0.0.1:{app_port}", "unix@<socket>"));

pub(crate) const HAPROXY: Program = Program {
    h2c: true,
    unix: HAPROXY_UNIX,
    ..program(
        "HAProxy",
        || ForwardedHeaders::behind(Proxy::HaProxyForwardFor),
        &["haproxy -db -f all.cfg -f haproxy.cfg"],
        &[("haproxy.cfg", "conf/haproxy.cfg"), ("all.cfg", "scaffold/haproxy.cfg")],
    )
};

pub(crate) const HAPROXY_OUTER: Program = program(
    "HAProxy in front of another proxy",
    || ForwardedHeaders::behind(Proxy::HaProxyForwardFor),
    &["haproxy -db -f all.cfg -f haproxy.cfg"],
    &[("haproxy.cfg", "conf/haproxy_outer.cfg"), ("all.cfg", "scaffold/haproxy.cfg")],
);

pub(crate) const HAPROXY_FORWARDED: Program = Program {
    leaves: FORWARDED,
    h2c: true,
    unix: HAPROXY_UNIX,
    refuses: &[
        "a list of hosts",
        "a quote and an element in the host",
        "an element in the host",
        "user information in the host",
    ],
    ..program(
        "HAProxy with Forwarded",
        || ForwardedHeaders::behind(Proxy::HaProxyForwarded),
        &["haproxy-2.8 -db -f all.cfg -f haproxy.cfg"],
        &[("haproxy.cfg", "conf/haproxy_forwarded.cfg"), ("all.cfg", "scaffold/haproxy.cfg")],
    )
};

const CADDY_COMMAND: &str = "caddy run --adapter caddyfile --config all";

pub(crate) const CADDY: Program = Program {
    unix: Some(("127.0.0.1:{app_port}", "unix/<socket>")),
    refuses: GO_HOSTS,
    ..program(
        "Caddy",
        || ForwardedHeaders::behind(Proxy::Caddy),
        &[CADDY_COMMAND],
        &[("Caddyfile", "conf/Caddyfile"), ("all", "scaffold/Caddyfile")],
    )
};

pub(crate) const CADDY_WITH_HOST: Program = Program {
    name: "Caddy with host",
    layer: || with_host(Proxy::Caddy),
    leaves: WITH_HOST,
    ..CADDY
};

pub(crate) const CADDY_INNER: Program = Program {
    wires: &[PLAIN],
    refuses: GO_HOSTS,
    ..program(
        "Caddy behind another proxy",
        || ForwardedHeaders::behind(Proxy::Caddy).exact(false),
        &[CADDY_COMMAND],
        &[("Caddyfile", "conf/Caddyfile_inner"), ("all", "scaffold/Caddyfile")],
    )
};

pub(crate) const APACHE: Program = Program {
    unix: Some(("http://127.0.0.1:{app_port}/", "unix:<socket>|http://localhost/")),
    refuses: HOSTS,
    ..program(
        "Apache httpd",
        || ForwardedHeaders::behind(Proxy::Apache),
        &["apache2 -X -f {dir}/all.conf"],
        &[("apache.conf", "conf/apache.conf"), ("all.conf", "scaffold/apache.conf")],
    )
};

pub(crate) const TRAEFIK: Program = Program {
    h2c: true,
    refuses: GO_HOSTS,
    ..program(
        "Traefik",
        || ForwardedHeaders::behind(Proxy::Traefik),
        &["traefik --configFile=traefik.yaml"],
        &[("traefik.yaml", "conf/traefik.yaml"), ("dynamic.yaml", "scaffold/traefik.yaml")],
    )
};

pub(crate) const TRAEFIK_WITH_HOST: Program = Program {
    name: "Traefik with host, port and prefix",
    layer: || with_host(Proxy::Traefik).read_port(true).read_prefix(true),
    leaves: "\
host: app.example
x-forwarded-for: <client>
x-forwarded-host: app.example
x-forwarded-port: <port>
x-forwarded-proto: <scheme>
",
    ..TRAEFIK
};

pub(crate) const ENVOY: Program = Program {
    // It puts the machine's own address for ::1 and 127.0.0.1.
    ipv6: false,
    h2c: true,
    unix: Some((
        "socket_address: { address: 127.0.0.1, port_value: {app_port} }",
        "pipe: { path: <socket> }",
    )),
    refuses: &[
        "a quote and an element in the host",
        "a quote in the host",
        "a target with https",
        "removal of everything",
        "removal of the address",
        "removal of the scheme",
        "user information in the host",
    ],
    ..program(
        "Envoy",
        || ForwardedHeaders::behind(Proxy::Envoy),
        &["envoy --disable-hot-restart --concurrency 1 --log-level warning -c envoy.yaml"],
        &[("envoy.yaml", "conf/envoy.yaml")],
    )
};

const TRAFFIC_SERVER_COMMAND: &str = "PROXY_CONFIG_ADMIN_USER_ID=nobody \
     PROXY_CONFIG_DIAGS_LOGFILE_FILENAME=stderr traffic_server --run-root={dir}/runroot.yaml";

pub(crate) const TRAFFIC_SERVER: Program = Program {
    refuses: HOSTS_AND_TARGETS,
    ..program(
        "Traffic Server",
        // The profile is for the other one, below.
        ForwardedHeaders::new,
        &[TRAFFIC_SERVER_COMMAND],
        &[
            ("records.config", "conf/trafficserver.config"),
            ("proto.config", "conf/trafficserver_proto.config"),
            ("plugin.config", "scaffold/trafficserver_plugin.config"),
            ("storage.config", "scaffold/trafficserver_storage.config"),
            ("ip_allow.yaml", "scaffold/trafficserver_ip_allow.yaml"),
            ("remap.config", "scaffold/trafficserver_remap.config"),
            ("ssl_multicert.config", "scaffold/trafficserver_ssl_multicert.config"),
            ("runroot.yaml", "scaffold/trafficserver_runroot.yaml"),
        ],
    )
};

pub(crate) const TRAFFIC_SERVER_FORWARDED: Program = Program {
    leaves: FORWARDED,
    refuses: HOSTS_AND_TARGETS,
    ..program(
        "Traffic Server with Forwarded",
        || ForwardedHeaders::behind(Proxy::TrafficServer),
        &[TRAFFIC_SERVER_COMMAND],
        &[
            ("records.config", "conf/trafficserver_forwarded.config"),
            ("storage.config", "scaffold/trafficserver_storage.config"),
            ("ip_allow.yaml", "scaffold/trafficserver_ip_allow.yaml"),
            ("remap.config", "scaffold/trafficserver_remap.config"),
            ("ssl_multicert.config", "scaffold/trafficserver_ssl_multicert.config"),
            ("runroot.yaml", "scaffold/trafficserver_runroot.yaml"),
        ],
    )
};

const LIGHTTPD_COMMAND: &str = "lighttpd -D -f lighttpd.conf";
const LIGHTTPD_UNIX: Option<(&str, &str)> =
    Some((r#""host" => "127.0.0.1", "port" => {app_port}"#, r#""host" => "<socket>""#));

pub(crate) const LIGHTTPD: Program = Program {
    h2c: true,
    unix: LIGHTTPD_UNIX,
    refuses: LIGHTTPD_HOSTS,
    ..program(
        "lighttpd",
        || ForwardedHeaders::behind(Proxy::Lighttpd),
        &[LIGHTTPD_COMMAND],
        &[("site.conf", "conf/lighttpd.conf"), ("lighttpd.conf", "scaffold/lighttpd.conf")],
    )
};

pub(crate) const LIGHTTPD_FORWARDED: Program = Program {
    leaves: FORWARDED,
    h2c: true,
    unix: LIGHTTPD_UNIX,
    refuses: LIGHTTPD_HOSTS,
    ..program(
        "lighttpd with Forwarded",
        // The profile does not need it.
        || ForwardedHeaders::behind(Proxy::Lighttpd).family(Family::Forwarded),
        &[LIGHTTPD_COMMAND],
        &[
            ("site.conf", "conf/lighttpd_forwarded.conf"),
            ("lighttpd.conf", "scaffold/lighttpd.conf"),
        ],
    )
};

pub(crate) const NGHTTPX: Program = Program {
    leaves: "host: app.example\nx-forwarded-for: <client>\n",
    wires: &[TLS, HTTP2],
    unix: Some(("backend=127.0.0.1,{app_port}", "backend=unix:<socket>")),
    refuses: &["a quote and an element in the host", "a quote in the host"],
    ..program(
        "nghttpx",
        || ForwardedHeaders::behind(Proxy::Nghttpx).own_scheme(Scheme::HTTPS),
        &["nghttpx --single-process --no-ocsp --conf=nghttpx.conf"],
        &[("nghttpx.conf", "conf/nghttpx.conf")],
    )
};

pub(crate) const VARNISH: Program = Program {
    h2c: true,
    unix: Some((
        "    .host = \"127.0.0.1\";\n    .port = \"{app_port}\";",
        "    .path = \"<socket>\";",
    )),
    refuses: &["removal of everything", "removal of the address"],
    ..program(
        "Varnish and hitch",
        || ForwardedHeaders::behind(Proxy::Varnish).read_proto(true),
        &[
            "varnishd -F -n {dir}/varnish -j none -s malloc,16m -p feature=+http2 \
             -f {dir}/varnish.vcl -a {address}:{port} -a 127.0.0.1:{inner_port},PROXY",
            "hitch --user=nobody --config=hitch.conf",
        ],
        &[("varnish.vcl", "conf/varnish.vcl"), ("hitch.conf", "conf/hitch.conf")],
    )
};
