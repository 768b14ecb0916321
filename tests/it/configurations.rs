//! Configurations as apps write them: each builds, and gives the answer that it is for.

use std::collections::HashMap;
use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use forwarded_headers::{
    AllowedHosts, Builder, ClientSource, ConfigError, ConnectionInfo, ForwardedHeaders, Peer,
    Proxy, SchemeSource, Setting, TrustedProxies, Writing,
};
use http::{Extensions, Request};
use ipnet::IpNet;

use crate::support::{Line, request};

const XFF: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";

/// Client and origin, or the outcome of a request without a client.
fn answer(info: &ConnectionInfo) -> String {
    let client = info.client_ip().map(|ip| ip.to_string());
    let origin = info.origin().unwrap_or_else(|| info.scheme().to_string());
    format!("{} {origin}", client.unwrap_or_else(|| format!("{:?}", info.outcome())))
}

struct Row {
    name: &'static str,
    builder: Builder,
    /// The peer, the header lines, and the answer.
    asked: &'static [(&'static str, &'static [Line<'static>], &'static str)],
}

fn row(
    name: &'static str,
    builder: Builder,
    asked: &'static [(&'static str, &'static [Line<'static>], &'static str)],
) -> Row {
    Row { name, builder, asked }
}

fn check(rows: Vec<Row>) {
    for Row { name, builder, asked } in rows {
        let layer = builder.build().unwrap_or_else(|error| panic!("{name}: {error}"));
        for (peer, lines, expected) in asked {
            let info = layer.resolve(&request(peer, "/", lines).into_parts().0);
            assert_eq!(answer(&info), *expected, "{name}, from {peer}: {lines:?}");
        }
    }
}

fn builder() -> Builder {
    ForwardedHeaders::builder()
}

fn behind(proxy: Proxy) -> Builder {
    ForwardedHeaders::behind(proxy)
}

#[test]
fn one_proxy() {
    check(vec![
        row(
            "the default: a proxy on this machine",
            builder(),
            &[
                (
                    "127.0.0.1",
                    &[(XFF, b"6.6.6.6, 203.0.113.7"), (PROTO, b"https")],
                    "203.0.113.7 https",
                ),
                ("203.0.113.7", &[(XFF, b"6.6.6.6"), (PROTO, b"https")], "203.0.113.7 http"),
            ],
        ),
        row(
            "nginx in another container",
            behind(Proxy::Nginx).trust("172.28.0.2"),
            &[
                (
                    "172.28.0.2",
                    &[(XFF, b"6.6.6.6, 203.0.113.7"), (PROTO, b"https")],
                    "203.0.113.7 https",
                ),
                ("172.28.0.3", &[(XFF, b"6.6.6.6")], "172.28.0.3 http"),
            ],
        ),
        row(
            "the subnets of a load balancer",
            behind(Proxy::AwsAlb).trust("10.0.1.0/24, 10.0.2.0/24"),
            &[("10.0.2.9", &[(XFF, b"203.0.113.7"), (PROTO, b"https")], "203.0.113.7 https")],
        ),
        row(
            "the text of an environment variable, with a line end",
            builder().trust(String::from("172.28.0.2\n")),
            &[("172.28.0.2", &[(XFF, b"203.0.113.7")], "203.0.113.7 http")],
        ),
        row(
            "a name of a profile, from an environment variable",
            ForwardedHeaders::behind(String::from("Nginx")).trust("10.0.0.2"),
            &[("10.0.0.2", &[(XFF, b"203.0.113.7")], "203.0.113.7 http")],
        ),
        row(
            "a published list, with comments",
            builder().trust("# CDN\n173.245.48.0/20\n103.21.244.0/22 # Asia\n2400:cb00::/32\n"),
            &[("103.21.244.1", &[(XFF, b"203.0.113.7")], "203.0.113.7 http")],
        ),
        row(
            "no proxy, and TLS by the app",
            builder().trust("none").direct_scheme("https"),
            &[
                (
                    "203.0.113.7",
                    &[(XFF, b"6.6.6.6"), ("host", b"example.com")],
                    "203.0.113.7 https://example.com",
                ),
                ("127.0.0.1", &[(XFF, b"6.6.6.6")], "127.0.0.1 https"),
                ("", &[], "NoPeer http"),
            ],
        ),
        row(
            "no proxy",
            builder().trust("none"),
            &[("127.0.0.1", &[(XFF, b"6.6.6.6")], "127.0.0.1 http")],
        ),
        row(
            "local development",
            builder().trusted_peer_may_be_client(true),
            &[
                ("127.0.0.1", &[], "127.0.0.1 http"),
                ("127.0.0.1", &[(PROTO, b"https")], "Unresolved(NoHeader) http"),
            ],
        ),
        row(
            "a proxy that takes TLS only, and reports no scheme",
            behind(Proxy::Nghttpx).trust("10.0.0.2").scheme_from(SchemeSource::always("https")),
            &[("10.0.0.2", &[(XFF, b"203.0.113.7"), (PROTO, b"http")], "203.0.113.7 https")],
        ),
        row(
            "a profile that is narrowed",
            behind(Proxy::Nginx).trust("172.28.0.2").scheme_from(SchemeSource::none()),
            &[("172.28.0.2", &[(XFF, b"203.0.113.7"), (PROTO, b"https")], "203.0.113.7 http")],
        ),
        row(
            "a kept header changes no decision",
            builder().insecure_keep_header("x-real-ip"),
            &[("127.0.0.1", &[("x-real-ip", b"6.6.6.6")], "Unresolved(NoHeader) http")],
        ),
    ]);
}

#[test]
fn other_sources() {
    check(vec![
        row(
            "X-Real-IP",
            builder().trust("172.28.0.2").client_from("x-real-ip"),
            &[(
                "172.28.0.2",
                &[("x-real-ip", b"203.0.113.7"), (XFF, b"6.6.6.6")],
                "203.0.113.7 http",
            )],
        ),
        row(
            "X-Real-IP behind nginx, which can write it",
            behind(Proxy::Nginx).trust("172.28.0.2").client_from("x-real-ip"),
            &[("172.28.0.2", &[("x-real-ip", b"203.0.113.7")], "203.0.113.7 http")],
        ),
        row(
            "a list of our own",
            builder().trust("172.28.0.2").client_from(ClientSource::list("x-our-for")),
            &[("172.28.0.2", &[("x-our-for", b"6.6.6.6, 203.0.113.7")], "203.0.113.7 http")],
        ),
        row(
            "an address and a port",
            behind(Proxy::CloudFront).trust("10.0.0.2"),
            &[(
                "10.0.0.2",
                &[
                    ("cloudfront-viewer-address", b"2001:db8::7:443"),
                    ("cloudfront-forwarded-proto", b"https"),
                ],
                "2001:db8::7 https",
            )],
        ),
        row(
            "Forwarded",
            builder().trust("10.0.0.2").client_from("forwarded"),
            &[(
                "10.0.0.2",
                &[("forwarded", b"for=6.6.6.6, for=203.0.113.7;proto=https;host=evil.example")],
                "203.0.113.7 https",
            )],
        ),
        row(
            "Forwarded with the host",
            builder()
                .trust("10.0.0.2")
                .client_from("forwarded")
                .host_from("forwarded")
                .allowed_hosts("example.com, *.example.com"),
            &[
                (
                    "10.0.0.2",
                    &[("forwarded", b"for=203.0.113.7;host=a.example.com")],
                    "203.0.113.7 http://a.example.com",
                ),
                (
                    "10.0.0.2",
                    &[("forwarded", b"for=203.0.113.7;host=evil.example")],
                    "203.0.113.7 http",
                ),
            ],
        ),
        row(
            "a prefix beside Forwarded",
            builder().trust("10.0.0.2").client_from("forwarded").prefix_from("x-forwarded-prefix"),
            &[(
                "10.0.0.2",
                &[("forwarded", b"for=203.0.113.7"), ("x-forwarded-prefix", b"/a")],
                "203.0.113.7 http",
            )],
        ),
        row(
            "the host",
            builder()
                .trust("10.0.0.2")
                .host_from("x-forwarded-host")
                .allowed_hosts("example.com, *.example.com"),
            &[(
                "10.0.0.2",
                &[
                    (XFF, b"203.0.113.7"),
                    ("x-forwarded-host", b"example.com"),
                    ("host", b"app:3000"),
                ],
                "203.0.113.7 http://example.com",
            )],
        ),
        row(
            "the host behind Caddy, which writes it",
            behind(Proxy::Caddy)
                .trust("10.0.0.2")
                .host_from("x-forwarded-host")
                .allowed_hosts(["example.com", "*.example.com"]),
            &[(
                "10.0.0.2",
                &[(XFF, b"203.0.113.7"), ("x-forwarded-host", b"a.example.com")],
                "203.0.113.7 http://a.example.com",
            )],
        ),
        row(
            "the prefix behind Traefik, which writes it",
            behind(Proxy::Traefik).trust("10.0.0.2").prefix_from("x-forwarded-prefix"),
            &[(
                "10.0.0.2",
                &[(XFF, b"203.0.113.7"), ("x-forwarded-prefix", b"/a")],
                "203.0.113.7 http",
            )],
        ),
        row(
            "on and off",
            builder().trust("10.0.0.2").scheme_from("x-forwarded-ssl"),
            &[
                (
                    "10.0.0.2",
                    &[(XFF, b"203.0.113.7"), ("x-forwarded-ssl", b"on")],
                    "203.0.113.7 https",
                ),
                (
                    "10.0.0.2",
                    &[(XFF, b"203.0.113.7"), ("x-forwarded-ssl", b"https")],
                    "203.0.113.7 http",
                ),
            ],
        ),
        row(
            "no address, and the scheme",
            builder().trust("10.0.0.2").client_from(ClientSource::none()),
            &[(
                "10.0.0.2",
                &[(XFF, b"203.0.113.7"), (PROTO, b"https")],
                "Unresolved(NotConfigured) https",
            )],
        ),
    ]);
}

const CLOUDFLARE: &str = "173.245.48.0/20, 103.21.244.0/22, 2400:cb00::/32";

#[test]
fn several_proxies() {
    const TWO: &[(&str, &[Line<'static>], &str)] = &[
        ("172.28.0.2", &[(XFF, b"6.6.6.6, 203.0.113.7, 173.245.48.9")], "203.0.113.7 http"),
        // A client that reaches nginx directly is a client by its own address.
        ("172.28.0.2", &[(XFF, b"173.245.48.9, 203.0.113.7")], "203.0.113.7 http"),
    ];
    let cloudflare = || CLOUDFLARE.parse::<TrustedProxies>().unwrap();
    let nginx = || "172.28.0.2".parse::<TrustedProxies>().unwrap();
    check(vec![
        row("as text", behind(Proxy::Nginx).trust_chain([CLOUDFLARE, "172.28.0.2"]), TWO),
        row("as sets", behind(Proxy::Nginx).trust_chain([cloudflare(), nginx()]), TWO),
        row(
            "two in one network",
            builder().trust_chain(["10.0.0.0/8"; 2]),
            &[("10.0.0.1", &[(XFF, b"6.6.6.6, 203.0.113.7, 10.0.0.2")], "203.0.113.7 http")],
        ),
        row(
            "two of unknown addresses",
            builder()
                .trust(TrustedProxies::insecure_any())
                .client_from(ClientSource::x_forwarded_for().nth_from_right(2)),
            &[
                (
                    "198.51.100.9",
                    &[(XFF, b"6.6.6.6, 203.0.113.7, 198.51.100.8")],
                    "203.0.113.7 http",
                ),
                ("198.51.100.9", &[(XFF, b"203.0.113.7")], "Unresolved(ListEnds) http"),
                ("198.51.100.9", &[], "Unresolved(NoHeader) http"),
            ],
        ),
        row(
            "Google's load balancer",
            behind(Proxy::GoogleAlb).trust("35.191.0.0/16, 130.211.0.0/22"),
            &[
                ("35.191.0.9", &[(XFF, b"6.6.6.6, 203.0.113.7,34.1.1.1")], "203.0.113.7 http"),
                ("35.191.0.9", &[(XFF, b"203.0.113.7")], "Unresolved(ListEnds) http"),
            ],
        ),
        row(
            "Google's load balancer behind a CDN",
            behind(Proxy::GoogleAlb).trust_chain(["173.245.48.0/20", "35.191.0.0/16"]),
            &[(
                "35.191.0.9",
                &[(XFF, b"6.6.6.6, 203.0.113.7,173.245.48.9,34.1.1.1")],
                "203.0.113.7 http",
            )],
        ),
        row(
            "Caddy behind a CDN",
            behind(Proxy::Caddy)
                .trust_chain(["173.245.48.0/20", "10.0.0.2"])
                .proxies_write(Writing::Append),
            &[("10.0.0.2", &[(XFF, b"6.6.6.6, 203.0.113.7, 173.245.48.9")], "203.0.113.7 http")],
        ),
        row(
            "a proxy that replaces, and one behind it that appends",
            builder().trust_chain(["198.51.100.9", "10.0.0.2"]).proxies_write(Writing::Replace),
            &[
                ("10.0.0.2", &[(XFF, b"203.0.113.7, 198.51.100.9")], "203.0.113.7 http"),
                (
                    "10.0.0.2",
                    &[(XFF, b"6.6.6.6, 203.0.113.7, 198.51.100.9")],
                    "Unresolved(ExtraEntries) http",
                ),
            ],
        ),
    ]);
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ConnId(u64);

#[derive(Clone)]
struct UnixListener;

#[test]
fn other_peers() {
    let sources: Arc<Mutex<HashMap<ConnId, SocketAddr>>> = Arc::default();
    sources.lock().unwrap().insert(ConnId(7), ([203, 0, 113, 7], 4711).into());
    let proxy_protocol = builder()
        .trust("none")
        .peer_from(move |extensions| {
            let id = extensions.get::<ConnId>()?;
            sources.lock().ok()?.get(id).copied().map(Peer::from)
        })
        .build()
        .unwrap();
    let unix = behind(Proxy::Nginx).trust("unix").peer_from(|_| Some(Peer::Unix)).build().unwrap();
    let both = builder()
        .trust("unix, loopback")
        .peer_from(|extensions| match extensions.get::<UnixListener>() {
            Some(UnixListener) => Some(Peer::Unix),
            None => Peer::from_extensions(extensions),
        })
        .build()
        .unwrap();
    let ask = |layer: &ForwardedHeaders, insert: fn(&mut Extensions)| {
        let mut request = Request::builder().header(XFF, "203.0.113.8").body(()).unwrap();
        insert(request.extensions_mut());
        answer(&layer.resolve(&request.into_parts().0))
    };
    assert_eq!(
        ask(&proxy_protocol, |e| {
            e.insert(ConnId(7));
        }),
        "203.0.113.7 http"
    );
    assert_eq!(
        ask(&proxy_protocol, |e| {
            e.insert(ConnId(8));
        }),
        "NoPeer http"
    );
    assert_eq!(ask(&unix, |_| ()), "203.0.113.8 http");
    assert_eq!(
        ask(&both, |e| {
            e.insert(UnixListener);
        }),
        "203.0.113.8 http"
    );
    let tcp: fn(&mut Extensions) = |e| {
        e.insert(SocketAddr::from(([127, 0, 0, 1], 5)));
    };
    assert_eq!(ask(&both, tcp), "203.0.113.8 http");
    assert_eq!(ask(&both, |_| ()), "NoPeer http");
}

/// What a library that builds a layer writes.
fn generic(proxies: impl Setting<TrustedProxies>) -> Result<ForwardedHeaders, ConfigError> {
    builder().trust(proxies).build()
}

fn library(proxies: &str, hosts: &str) -> Result<ForwardedHeaders, Box<dyn Error + Send + Sync>> {
    Ok(builder().trust(proxies).allowed_hosts(hosts).build()?)
}

fn with_our_defaults(builder: Builder) -> Builder {
    builder.allowed_hosts("example.com").direct_scheme("https")
}

/// Each form of a set is the same set.
#[test]
fn every_form_of_a_setting() {
    let v4 = IpAddr::from([10, 0, 0, 2]);
    let net: IpNet = "10.0.0.2/32".parse().unwrap();
    let text = "10.0.0.2".to_string();
    let set: TrustedProxies = "10.0.0.2".parse().unwrap();
    let lines = vec![text.clone()];
    let layers = [
        generic("10.0.0.2"),
        generic(&text),
        generic(text.clone()),
        generic(set.clone()),
        generic(v4),
        generic(std::net::Ipv4Addr::new(10, 0, 0, 2)),
        generic(std::net::Ipv4Addr::new(10, 0, 0, 2).to_ipv6_mapped()),
        generic(net),
        generic(vec![net]),
        generic(&lines),
        generic(lines.as_slice()),
        generic(lines.clone()),
        generic(&[v4][..]),
        generic([set]),
        generic(["10.0.0.2", "10.0.0.3"].as_slice()),
        generic(["10.0.0.3", "10.0.0.2"]),
    ];
    for (n, layer) in layers.into_iter().enumerate() {
        let info = layer
            .unwrap()
            .resolve(&request("10.0.0.2", "/", &[(XFF, b"203.0.113.7")]).into_parts().0);
        assert_eq!(answer(&info), "203.0.113.7 http", "form {n}");
    }
    let hosts = ["example.com".to_string()];
    let layers = [
        library("10.0.0.2", "example.com").unwrap(),
        with_our_defaults(builder()).build().unwrap(),
        builder().allowed_hosts(&hosts).build().unwrap(),
        builder().allowed_hosts(hosts.to_vec()).build().unwrap(),
        builder().allowed_hosts("example.com".parse::<AllowedHosts>().unwrap()).build().unwrap(),
    ];
    for (n, layer) in layers.into_iter().enumerate() {
        let asked = |host: &[u8]| {
            let parts = request("203.0.113.7", "/", &[("host", host)]).into_parts().0;
            layer.resolve(&parts).host().map(String::from)
        };
        assert_eq!(asked(b"example.com").as_deref(), Some("example.com"), "form {n}");
        assert_eq!(asked(b"evil.example"), None, "form {n}");
    }
}

/// Sources and schemes as values of other crates.
#[test]
fn values_instead_of_text() {
    let layer = builder()
        .client_from(http::HeaderName::from_static("x-real-ip").as_str())
        .host_from(http::HeaderName::from_static("x-forwarded-host"))
        .allowed_hosts(AllowedHosts::any())
        .direct_scheme(http::uri::Scheme::HTTPS)
        .build()
        .unwrap();
    let info = layer.resolve(&request("203.0.113.7", "/", &[]).into_parts().0);
    assert_eq!(answer(&info), "203.0.113.7 https");
}

#[test]
fn a_layer_is_cloned_and_compared_by_what_it_decides() {
    let layer = builder().trust("10.0.0.2").build().unwrap();
    let parts = request("10.0.0.2", "/", &[(XFF, b"203.0.113.7:4711")]).into_parts().0;
    assert_eq!(layer.resolve(&parts), layer.clone().resolve(&parts));
    let other = request("10.0.0.2", "/", &[(XFF, b"203.0.113.7:4712")]).into_parts().0;
    assert_ne!(layer.resolve(&parts), layer.resolve(&other));
    let direct = ConnectionInfo::from(Peer::Inet(([203, 0, 113, 7], 4711).into()));
    let same = request("203.0.113.7:4711", "/", &[]).into_parts().0;
    assert_eq!(layer.resolve(&same), direct);
}
