//! The proxies: how each is started, with which configuration, and what to say to the layer.

use forwarded_headers::{Builder, ForwardedHeaders, Proxy, SchemeSource, Writing};

use crate::client::{HTTP2, PLAIN, TLS, WIRES, Wire};

/// A page, and the number of a block.
type Block = (&'static str, usize);

/// A row of the table.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Variables, program and arguments, separated by spaces.
    pub(crate) commands: &'static [&'static str],
    /// The configuration that the documentation shows: pages in `src/`, and the number of a block
    /// there that is not Rust. Together they are `{page}` in the files.
    pub(crate) page: &'static [Block],
    /// Their names there, and in `scaffold/`, which has what a test needs around the page.
    pub(crate) files: &'static [(&'static str, &'static str)],
    pub(crate) layer: fn() -> Builder,
    /// What the app sees of its headers, sorted: `<client>` and `<scheme>` are the request's.
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
    layer: fn() -> Builder,
    commands: &'static [&'static str],
    page: &'static [Block],
    files: &'static [(&'static str, &'static str)],
) -> Program {
    Program {
        name,
        commands,
        page,
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

fn with_host(proxy: Proxy) -> Builder {
    ForwardedHeaders::behind(proxy).host_from("x-forwarded-host")
}

const NGINX_FILES: &[(&str, &str)] = &[("nginx.conf", "nginx.conf")];
const NGINX_COMMAND: &str = "nginx -e stderr -p {dir} -c nginx.conf";

pub(crate) const NGINX: Program = Program {
    unix: Some(("http://127.0.0.1:{app_port}", "http://unix:<socket>")),
    ..program(
        "nginx",
        || ForwardedHeaders::behind(Proxy::Nginx),
        &[NGINX_COMMAND],
        &[("proxy/nginx.md", 0)],
        NGINX_FILES,
    )
};

pub(crate) const NGINX_FORWARDED: Program = Program {
    leaves: FORWARDED,
    unix: NGINX.unix,
    ..program(
        "nginx with Forwarded",
        || ForwardedHeaders::behind(Proxy::NginxForwarded),
        &[NGINX_COMMAND],
        &[("proxy/nginx-forwarded.md", 0)],
        NGINX_FILES,
    )
};

pub(crate) const NGINX_INNER: Program = Program {
    wires: &[PLAIN],
    ..program(
        "nginx behind another proxy",
        || ForwardedHeaders::behind(Proxy::Nginx),
        &[NGINX_COMMAND],
        &[("guide/two_proxies.md", 0)],
        NGINX_FILES,
    )
};

/// nginx asks a service who the user is. The guide's page has the locations.
pub(crate) const NGINX_LOGIN: Program =
    Program { name: "nginx with a login", page: &[("guide/identity.md", 0)], ..NGINX };

const HAPROXY_FILES: &[(&str, &str)] = &[("haproxy.cfg", "haproxy.cfg")];
const HAPROXY_COMMAND: &str = "haproxy -db -f haproxy.cfg";
const HAPROXY_UNIX: Option<(&str, &str)> = Some(("127.0.0.1:{app_port}", "unix@<socket>"));

pub(crate) const HAPROXY: Program = Program {
    h2c: true,
    unix: HAPROXY_UNIX,
    ..program(
        "HAProxy",
        || ForwardedHeaders::behind(Proxy::HaProxy),
        &[HAPROXY_COMMAND],
        &[("proxy/haproxy.md", 0)],
        HAPROXY_FILES,
    )
};

/// With the line for clients that HAProxy does not report.
pub(crate) const HAPROXY_CLOSED: Program =
    Program { page: &[("proxy/haproxy.md", 0), ("proxy/haproxy.md", 1)], ..HAPROXY };

pub(crate) const HAPROXY_INNER: Program = Program {
    wires: &[PLAIN],
    ..program(
        "HAProxy behind another proxy",
        || ForwardedHeaders::behind(Proxy::HaProxy),
        &[HAPROXY_COMMAND],
        &[("guide/two_proxies.md", 2)],
        HAPROXY_FILES,
    )
};

pub(crate) const HAPROXY_OUTER: Program = program(
    "HAProxy in front of another proxy",
    || ForwardedHeaders::behind(Proxy::HaProxy),
    &[HAPROXY_COMMAND],
    &[("guide/two_proxies.md", 4)],
    HAPROXY_FILES,
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
        &["haproxy-2.8 -db -f haproxy.cfg"],
        &[("proxy/haproxy-forwarded.md", 0)],
        &[("haproxy.cfg", "haproxy_forwarded.cfg")],
    )
};

const CADDY_FILES: &[(&str, &str)] = &[("Caddyfile", "Caddyfile")];
const CADDY_COMMAND: &str = "caddy run --adapter caddyfile --config Caddyfile";

pub(crate) const CADDY: Program = Program {
    unix: Some(("127.0.0.1:{app_port}", "unix/<socket>")),
    refuses: GO_HOSTS,
    ..program(
        "Caddy",
        || ForwardedHeaders::behind(Proxy::Caddy),
        &[CADDY_COMMAND],
        &[("proxy/caddy.md", 0)],
        CADDY_FILES,
    )
};

/// With the line for clients of its Unix socket.
pub(crate) const CADDY_CLOSED: Program = Program { page: &[("proxy/caddy.md", 1)], ..CADDY };

/// Caddy asks a service who the user is.
pub(crate) const CADDY_LOGIN: Program =
    Program { name: "Caddy with a login", page: &[("guide/identity.md", 1)], ..CADDY };

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
        || ForwardedHeaders::behind(Proxy::Caddy).proxies_write(Writing::Append),
        &[CADDY_COMMAND],
        &[("guide/two_proxies.md", 3)],
        CADDY_FILES,
    )
};

pub(crate) const APACHE: Program = Program {
    unix: Some(("http://127.0.0.1:{app_port}/", "unix:<socket>|http://localhost/")),
    refuses: HOSTS,
    ..program(
        "Apache httpd",
        || ForwardedHeaders::behind(Proxy::Apache),
        &["apache2 -X -f {dir}/apache.conf"],
        &[("proxy/apache.md", 0)],
        &[("apache.conf", "apache.conf")],
    )
};

pub(crate) const TRAEFIK: Program = Program {
    h2c: true,
    refuses: GO_HOSTS,
    ..program(
        "Traefik",
        || ForwardedHeaders::behind(Proxy::Traefik),
        &["traefik --configFile=traefik.yaml"],
        &[("proxy/traefik.md", 0)],
        &[("traefik.yaml", "traefik.yaml"), ("dynamic.yaml", "traefik_dynamic.yaml")],
    )
};

pub(crate) const TRAEFIK_WITH_HOST: Program = Program {
    name: "Traefik with host and prefix",
    layer: || with_host(Proxy::Traefik).prefix_from("x-forwarded-prefix"),
    leaves: WITH_HOST,
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
        &[("proxy/envoy.md", 0)],
        &[("envoy.yaml", "envoy.yaml")],
    )
};

/// With the setting for clients of its Unix socket.
pub(crate) const ENVOY_CLOSED: Program =
    Program { page: &[("proxy/envoy.md", 0), ("proxy/envoy.md", 1)], ..ENVOY };

const TRAFFIC_SERVER_COMMAND: &str = "PROXY_CONFIG_ADMIN_USER_ID=nobody \
     PROXY_CONFIG_DIAGS_LOGFILE_FILENAME=stderr traffic_server --run-root={dir}/runroot.yaml";

pub(crate) const TRAFFIC_SERVER: Program = Program {
    refuses: HOSTS_AND_TARGETS,
    ..program(
        "Traffic Server",
        // The profile is for the other one, below.
        ForwardedHeaders::builder,
        &[TRAFFIC_SERVER_COMMAND],
        &[],
        &[
            ("records.config", "trafficserver_x_forwarded.config"),
            ("proto.config", "trafficserver_proto.config"),
            ("plugin.config", "trafficserver_plugin.config"),
            ("storage.config", "trafficserver_storage.config"),
            ("ip_allow.yaml", "trafficserver_ip_allow.yaml"),
            ("remap.config", "trafficserver_remap.config"),
            ("ssl_multicert.config", "trafficserver_ssl_multicert.config"),
            ("runroot.yaml", "trafficserver_runroot.yaml"),
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
        &[("proxy/traffic-server.md", 0)],
        &[
            ("records.config", "trafficserver.config"),
            ("storage.config", "trafficserver_storage.config"),
            ("ip_allow.yaml", "trafficserver_ip_allow.yaml"),
            ("remap.config", "trafficserver_remap.config"),
            ("ssl_multicert.config", "trafficserver_ssl_multicert.config"),
            ("runroot.yaml", "trafficserver_runroot.yaml"),
        ],
    )
};

const LIGHTTPD_PAGE: &[Block] = &[("proxy/lighttpd.md", 0)];
const LIGHTTPD_UNIX: Option<(&str, &str)> =
    Some((r#""host" => "127.0.0.1", "port" => {app_port}"#, r#""host" => "<socket>""#));

pub(crate) const LIGHTTPD: Program = Program {
    h2c: true,
    unix: LIGHTTPD_UNIX,
    refuses: LIGHTTPD_HOSTS,
    ..program(
        "lighttpd",
        || ForwardedHeaders::behind(Proxy::Lighttpd),
        &["lighttpd -D -f lighttpd.conf"],
        LIGHTTPD_PAGE,
        &[("lighttpd.conf", "lighttpd.conf")],
    )
};

pub(crate) const LIGHTTPD_FORWARDED: Program = Program {
    leaves: FORWARDED,
    h2c: true,
    unix: LIGHTTPD_UNIX,
    refuses: LIGHTTPD_HOSTS,
    ..program(
        "lighttpd with Forwarded",
        // The profile does not read it.
        || ForwardedHeaders::builder().client_from("forwarded"),
        &["lighttpd -D -f forwarded.conf"],
        LIGHTTPD_PAGE,
        &[("lighttpd.conf", "lighttpd.conf"), ("forwarded.conf", "lighttpd_forwarded.conf")],
    )
};

pub(crate) const NGHTTPX: Program = Program {
    leaves: "host: app.example\nx-forwarded-for: <client>\n",
    wires: &[TLS, HTTP2],
    unix: Some(("backend=127.0.0.1,{app_port}", "backend=unix:<socket>")),
    refuses: &["a quote and an element in the host", "a quote in the host"],
    ..program(
        "nghttpx",
        || ForwardedHeaders::behind(Proxy::Nghttpx).scheme_from(SchemeSource::always("https")),
        &["nghttpx --single-process --no-ocsp --conf=nghttpx.conf"],
        &[("proxy/nghttpx.md", 0)],
        &[("nghttpx.conf", "nghttpx.conf")],
    )
};

pub(crate) const H2O: Program = Program {
    leaves: "host: app.example\nx-forwarded-for: <client>\n",
    wires: &[TLS, HTTP2],
    ..program(
        "h2o",
        || ForwardedHeaders::behind(Proxy::H2o).scheme_from(SchemeSource::always("https")),
        &["h2o --conf=h2o.conf"],
        &[("proxy/h2o.md", 0)],
        &[("h2o.conf", "h2o.conf")],
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
        || ForwardedHeaders::behind(Proxy::Varnish).scheme_from("x-forwarded-proto"),
        &[
            "varnishd -F -n {dir}/varnish -j none -s malloc,16m -p feature=+http2 \
             -f {dir}/varnish.vcl -a {address}:{port} -a 127.0.0.1:{inner_port},PROXY",
            "hitch --user=nobody --config=hitch.conf",
        ],
        &[("proxy/varnish.md", 0), ("proxy/varnish.md", 1)],
        &[("varnish.vcl", "varnish.vcl"), ("hitch.conf", "hitch.conf")],
    )
};

/// With the built-in VCL alone.
pub(crate) const VARNISH_AT_SOCKET: Program = Program {
    wires: &[PLAIN],
    refuses: VARNISH.refuses,
    ..program(
        "Varnish at a Unix socket",
        || ForwardedHeaders::behind(Proxy::Varnish),
        &["varnishd -F -n {dir}/varnish -j none -s malloc,16m -f {dir}/varnish.vcl \
             -a {address}:{port} -a {dir}/client.sock"],
        &[("proxy/varnish.md", 0)],
        &[("varnish.vcl", "varnish.vcl")],
    )
};
