//! The configurations of the proxies: those that a profile is for, and the others with their faults.

use forwarded_headers::{Builder, ClientSource, ForwardedHeaders, Proxy, SchemeSource, Writing};

use crate::replay::Fault::{self, Client, Http, Https, MadeUp, NoClient};

/// Proxy, configuration, profile, and the faults that remain, each with its cases.
type Supported = (&'static str, &'static str, Proxy, &'static [(Fault, &'static str)]);

#[rustfmt::skip]
pub(crate) static SUPPORTED: &[Supported] = &[
    ("nginx", "Debian proxy_params", Proxy::Nginx, &[]),
    ("nginx", "proxy_params with $http_host", Proxy::Nginx, &[]),
    ("nginx", "X-Forwarded-For $remote_addr (replace)", Proxy::Nginx, &[]),
    ("nginx", "proxy_params + underscores_in_headers on", Proxy::Nginx, &[]),
    ("nginx", "nginx wiki Forwarded recipe", Proxy::NginxForwarded, &[]),
    ("haproxy", "forwardfor + x-forwarded-proto (iif example)", Proxy::HaProxy, &[]),
    ("haproxy", "del-header, then forwardfor + proto/host/port", Proxy::HaProxy, &[]),
    ("haproxy", "option forwarded", Proxy::HaProxyForwarded, &[]),
    ("haproxy", "option forwarded, all parameters", Proxy::HaProxyForwarded, &[]),
    ("haproxy", "option forwarded + forwardfor", Proxy::HaProxyForwarded, &[]),
    ("haproxy", "del-header forwarded unless valid, then option forwarded", Proxy::HaProxyForwarded, &[]),
    ("caddy", "reverse_proxy", Proxy::Caddy, &[]),
    ("caddy", "reverse_proxy, header_up X-Real-IP, header_up -Forwarded", Proxy::Caddy, &[]),
    // A client that makes Apache remove X-Forwarded-Proto loses its own https.
    ("apache httpd", "ProxyPass, ProxyPreserveHost On, RequestHeader set X-Forwarded-Proto", Proxy::Apache, &[(Http, "c9c")]),
    ("varnish", "built-in VCL (TLS by hitch, PROXY v2)", Proxy::Varnish, &[]),
    ("varnish", "VCL sets X-Forwarded-Proto from proxy.is_ssl()", Proxy::Varnish, &[]),
    ("varnish", "VCL replaces X-Forwarded-For with client.ip", Proxy::Varnish, &[]),
    // With `host`, a `Host` of 1000 bytes makes the proxy leave out its element. That was not recorded.
    ("trafficserver", "insert_forwarded for|by=ip|proto|host|connection=full", Proxy::TrafficServer, &[]),
    ("trafficserver", "insert_forwarded for|by=ip|proto|host, pristine_host_hdr 1", Proxy::TrafficServer, &[]),
    ("trafficserver", "insert_forwarded for|by=uuid|proto|host|connection=compact, X-Forwarded-For off", Proxy::TrafficServer, &[]),
    ("lighttpd", "proxy.server", Proxy::Lighttpd, &[]),
    ("lighttpd", "proxy.forwarded for, proto", Proxy::Lighttpd, &[]),
    ("lighttpd", "proxy.forwarded for, proto, host, by, remote_user", Proxy::Lighttpd, &[]),
    ("h2o", "proxy.reverse.url", Proxy::H2o, &[]),
    ("h2o", "proxy.preserve-host ON", Proxy::H2o, &[]),
    ("h2o", "proxy.preserve-x-forwarded-proto ON", Proxy::H2o, &[]),
    ("nghttpx", "--add-x-forwarded-for", Proxy::Nghttpx, &[]),
    ("nghttpx", "--add-x-forwarded-for --strip-incoming-x-forwarded-for", Proxy::Nghttpx, &[]),
    ("nghttpx", "the same --strip-incoming-forwarded, --add-x-forwarded-for --strip-incoming-x-forwarded-for", Proxy::Nghttpx, &[]),
    ("squid", "accel, cache_peer originserver (forwarded_for on)", Proxy::Squid, &[]),
    ("squid", "forwarded_for truncate", Proxy::Squid, &[]),
    ("squid", "cache_peer front-end-https=auto", Proxy::Squid, &[]),
    // A client that sends two lines of X-Forwarded-For or -Proto is unknown.
    ("pound", "ListenHTTP/Service/Backend", Proxy::Pound, &[(NoClient, "c2")]),
    ("envoy", "edge best practices (use_remote_address: true)", Proxy::Envoy, &[]),
    ("envoy", "use_remote_address + append_x_forwarded_port, append_x_forwarded_host with host_rewrite", Proxy::Envoy, &[]),
    ("envoy", "prefix_rewrite on the route", Proxy::Envoy, &[]),
    ("traefik", "defaults (forwardedHeaders not trusted)", Proxy::Traefik, &[]),
    ("traefik", "defaults + StripPrefix /app", Proxy::Traefik, &[]),
];

/// A configuration that no profile is for: its faults with a profile, and with settings.
pub(crate) struct Other {
    pub(crate) proxy: &'static str,
    pub(crate) config: &'static str,
    /// `None` for a proxy without a profile.
    pub(crate) profile: Option<Proxy>,
    /// The faults with the profile alone.
    pub(crate) wrong: &'static [Fault],
    pub(crate) set: fn(Builder) -> Builder,
    /// The faults with the settings.
    pub(crate) left: &'static [Fault],
}

const ALL: &[Fault] = &[Client, NoClient, Https, Http, MadeUp];
const SCHEME: &[Fault] = &[Https, Http];

/// The proxy passes the client's headers on, so the layer must not read them.
const fn open(
    proxy: &'static str,
    config: &'static str,
    profile: Option<Proxy>,
    wrong: &'static [Fault],
) -> Other {
    let set = |builder: Builder| {
        builder.client_from(ClientSource::none()).scheme_from(SchemeSource::always("http"))
    };
    Other { proxy, config, profile, wrong, set, left: &[NoClient] }
}

/// The proxy reports its client, and passes the client's scheme on.
const fn no_scheme(
    proxy: &'static str,
    config: &'static str,
    profile: Option<Proxy>,
    wrong: &'static [Fault],
) -> Other {
    let set = |builder: Builder| builder.scheme_from(SchemeSource::none());
    Other { proxy, config, profile, wrong, set, left: &[] }
}

/// The proxy trusts its client as a proxy.
const fn trusting(proxy: &'static str, config: &'static str, profile: Option<Proxy>) -> Other {
    let set =
        |builder: Builder| builder.proxies_write(Writing::Append).scheme_from(SchemeSource::none());
    Other { proxy, config, profile, wrong: &[NoClient, Https, Http], set, left: &[] }
}

/// The proxy hides its client.
const fn closed(
    proxy: &'static str,
    config: &'static str,
    profile: Option<Proxy>,
    wrong: &'static [Fault],
) -> Other {
    let set = |builder: Builder| builder.scheme_from(SchemeSource::none());
    Other { proxy, config, profile, wrong, set, left: &[NoClient] }
}

/// The proxy writes other headers than those of its profile.
const fn other(
    proxy: &'static str,
    config: &'static str,
    profile: Option<Proxy>,
    wrong: &'static [Fault],
    set: fn(Builder) -> Builder,
    left: &'static [Fault],
) -> Other {
    Other { proxy, config, profile, wrong, set, left }
}

/// Reads `X-Forwarded-For` alone, which the profile of the proxy refuses.
fn x_forwarded_for(_: Builder) -> Builder {
    ForwardedHeaders::builder().scheme_from(SchemeSource::none())
}

/// Reads `for` of `Forwarded` alone, which the profile of the proxy refuses.
fn forwarded_for(_: Builder) -> Builder {
    ForwardedHeaders::builder().client_from("forwarded").scheme_from(SchemeSource::none())
}

#[rustfmt::skip]
pub(crate) static OTHERS: &[Other] = &[
    open("nginx", "bare proxy_pass", Some(Proxy::Nginx), ALL),
    other("nginx", "module manual example", Some(Proxy::Nginx), ALL,
        |builder| builder.client_from("x-real-ip").scheme_from(SchemeSource::none()), &[]),
    // nginx trusts the client as a proxy, and writes the address that the client reports.
    open("nginx", "proxy_params + realip trusting the client", Some(Proxy::Nginx), &[Client, MadeUp]),
    open("haproxy", "bare mode http", Some(Proxy::HaProxy), ALL),
    no_scheme("haproxy", "option forwardfor", Some(Proxy::HaProxy), SCHEME),
    open("haproxy", "option forwardfor if-none", Some(Proxy::HaProxy), ALL),
    closed("haproxy", "option forwarded host for-expr src,xxh32,hex for_port (manual's example)", Some(Proxy::HaProxyForwarded), &[NoClient, Http]),
    trusting("caddy", "reverse_proxy, trusted_proxies private_ranges in the handler", Some(Proxy::Caddy)),
    trusting("caddy", "reverse_proxy, global trusted_proxies static private_ranges", Some(Proxy::Caddy)),
    trusting("caddy", "reverse_proxy, the same with trusted_proxies_strict", Some(Proxy::Caddy)),
    no_scheme("apache httpd", "ProxyPass", Some(Proxy::Apache), SCHEME),
    open("apache httpd", "ProxyPass, ProxyAddHeaders Off", Some(Proxy::Apache), ALL),
    no_scheme("apache httpd", "ProxyPass, unset, then add (RequestHeader unset early)", Some(Proxy::Apache), SCHEME),
    open("apache httpd", "ProxyPass + mod_remoteip trusting the client", Some(Proxy::Apache), &[Client, Https, Http, MadeUp]),
    no_scheme("apache httpd", "ProxyPass, RequestHeader append Forwarded from expressions (hand-written, no such option)", Some(Proxy::Apache), SCHEME),
    other("trafficserver", "Debian records.config, map / to the backend", Some(Proxy::TrafficServer), ALL, x_forwarded_for, &[]),
    other("trafficserver", "pristine_host_hdr 1", Some(Proxy::TrafficServer), ALL, x_forwarded_for, &[]),
    no_scheme("trafficserver", "insert_forwarded for|by=unknown|by=servername|by=ip", Some(Proxy::TrafficServer), &[Http]),
    no_scheme("lighttpd", "proxy.server + extforward trusting the client", Some(Proxy::Lighttpd), SCHEME),
    no_scheme("lighttpd", "proxy.forwarded (all) + extforward trusting the client", Some(Proxy::Lighttpd), &[Https]),
    open("h2o", "proxy.emit-x-forwarded-headers OFF", Some(Proxy::H2o), &[Client, NoClient, MadeUp]),
    open("nghttpx", "no options", Some(Proxy::Nghttpx), &[Client, NoClient, MadeUp]),
    open("nghttpx", "--no-strip-incoming-x-forwarded-proto", Some(Proxy::Nghttpx), &[Client, NoClient, MadeUp]),
    open("nghttpx", "--no-strip-incoming-x-forwarded-proto --no-add-x-forwarded-proto", Some(Proxy::Nghttpx), &[Client, NoClient, MadeUp]),
    other("nghttpx", "--add-forwarded=by,for,host,proto (obfuscated)", Some(Proxy::Nghttpx), &[Client, NoClient, MadeUp], forwarded_for, &[NoClient]),
    other("nghttpx", "--add-forwarded, --forwarded-for=ip --forwarded-by=ip", Some(Proxy::Nghttpx), &[Client, NoClient, MadeUp], forwarded_for, &[]),
    closed("squid", "forwarded_for delete", Some(Proxy::Squid), &[NoClient]),
    closed("squid", "forwarded_for off", Some(Proxy::Squid), &[NoClient]),
    open("squid", "forwarded_for transparent", Some(Proxy::Squid), &[Client, NoClient, MadeUp]),
    open("pound", "HeaderOption none", Some(Proxy::Pound), ALL),
    open("envoy", "HTTP connection manager, defaults (use_remote_address unset)", Some(Proxy::Envoy), ALL),
    open("envoy", "use_remote_address + skip_xff_append", Some(Proxy::Envoy), &[Client, NoClient, Http, MadeUp]),
    no_scheme("envoy", "use_remote_address + xff_num_trusted_hops: 1", Some(Proxy::Envoy), SCHEME),
    trusting("traefik", "forwardedHeaders.trustedIPs = the client", Some(Proxy::Traefik)),
    trusting("traefik", "forwardedHeaders.insecure = true", Some(Proxy::Traefik)),
    no_scheme("sozu", "http/https listeners, one cluster", None, SCHEME),
    open("node http-proxy", "xfwd: false", None, ALL),
    other("node http-proxy", "xfwd: true", None, &[], |builder| builder, &[]),
    open("node http-proxy-3", "xfwd: false", None, ALL),
    other("node http-proxy-3", "xfwd: true", None, &[], |builder| builder, &[]),
    open("node httpxy", "xfwd: false", None, ALL),
    open("node httpxy", "xfwd: true", None, &[Client, Https, Http, MadeUp]),
    no_scheme("go ReverseProxy", "director", None, SCHEME),
    other("go ReverseProxy", "rewrite", None, &[], |builder| builder.proxies_write(Writing::Replace), &[]),
    other("go ReverseProxy", "rewrite-keep", None, &[], |builder| builder, &[]),
];

/// The configurations in which the proxy writes the host, with the header.
#[rustfmt::skip]
pub(crate) static HOSTS: &[(&str, &str, Proxy, &str)] = &[
    ("nginx", "X-Forwarded-For $remote_addr (replace)", Proxy::Nginx, "x-forwarded-host"),
    ("haproxy", "option forwarded, all parameters", Proxy::HaProxyForwarded, "forwarded"),
    ("caddy", "reverse_proxy", Proxy::Caddy, "x-forwarded-host"),
    ("traefik", "defaults (forwardedHeaders not trusted)", Proxy::Traefik, "x-forwarded-host"),
];
