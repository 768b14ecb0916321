//! A configuration that cannot mean what it says is an error at start-up that shows the offending
//! text and what would be right.

use forwarded_headers::{AllowedHosts, Family, ForwardedHeaders, Peer, Proxy, TrustedProxies};
use http::uri::Scheme;
use http::{Extensions, HeaderName, Request};
use crate::support::{Line, ip, resolve};

fn name(name: &'static str) -> HeaderName {
    HeaderName::from_static(name)
}

fn loopback() -> TrustedProxies {
    TrustedProxies::loopback()
}

/// A combination, what its error shows, and what it says would be right.
type Wrong = (fn(ForwardedHeaders) -> ForwardedHeaders, &'static str, &'static str);

#[test]
fn wrong_combinations_are_found_at_start_up() {
    let rows: [Wrong; 50] = [
        (|l| l.max_hops(0), "max_hops(0)", "at least 1"),
        (|l| l.trusted_hops(0), "trusted_hops(0)", "at least 1"),
        (|l| l.proxy_chain([]), "proxy_chain([])", "at least one"),
        (|l| l.proxy_chain(vec![loopback(); 256]), "proxy_chain", "at most 255"),
        (
            |l| l.trust(loopback()).proxy_chain([loopback()]),
            "trust(…) beside proxy_chain",
            "drop trust",
        ),
        (
            |l| l.proxy_chain([loopback()]).trust(loopback()),
            "trust(…) beside proxy_chain",
            "drop trust",
        ),
        (|l| l.read_for(false).max_hops(2), "read_for(false)", "drop max_hops"),
        (|l| l.read_for(false).trusted_hops(2), "read_for(false)", "trusted_hops"),
        (
            |l| l.read_for(false).proxy_chain([loopback(), loopback()]),
            "read_for(false)",
            "proxy_chain",
        ),
        (|l| l.family(Family::Forwarded).read_for(false).max_hops(2), "read_for(false)", "drop"),
        (|l| l.read_host(true), "read_host(true)", "allowed_hosts"),
        (|l| l.family(Family::Forwarded).read_host(true), "read_host(true)", "allowed_hosts"),
        (|l| l.family(Family::Forwarded).read_port(true), "read_port(true)", "drop one"),
        (|l| l.family(Family::Forwarded).read_prefix(true), "read_prefix(true)", "drop one"),
        (|l| l.family(Family::Forwarded).aligned_lists(true), "aligned_lists(true)", "drop one"),
        (|l| l.family(Family::Forwarded).for_header(name("x-clients")), "renamed", "drop one"),
        (|l| l.family(Family::Forwarded).proto_header(name("x-scheme")), "renamed", "drop one"),
        (
            |l| l.family(Family::Forwarded).client_ip_header(name("x-real-ip")),
            "client_ip_header",
            "drop one",
        ),
        (|l| l.client_ip_header(name("x-real-ip")).max_hops(2), "\"x-real-ip\"", "one hop"),
        (|l| l.client_ip_header(name("x-real-ip")).trusted_hops(2), "\"x-real-ip\"", "one hop"),
        (|l| l.client_ip_header(name("x-real-ip")).read_for(false), "\"x-real-ip\"", "drop one"),
        (
            |l| l.client_ip_header(name("x-real-ip")).aligned_lists(true),
            "\"x-real-ip\"",
            "drop one",
        ),
        (
            |l| l.client_ip_header(name("cloudfront-viewer-address")),
            "cloudfront-viewer-address",
            "client_ip_port_header",
        ),
        (
            |l| l.client_ip_port_header(name("x-viewer")).max_hops(2),
            "client_ip_port_header(\"x-viewer\")",
            "one hop",
        ),
        (
            |l| l.client_ip_port_header(name("x-viewer")).aligned_lists(true),
            "client_ip_port_header(\"x-viewer\")",
            "drop one",
        ),
        (
            |l| l.family(Family::Forwarded).client_ip_port_header(name("x-viewer")),
            "client_ip_port_header",
            "drop one",
        ),
        (
            |l| {
                l.client_ip_port_header(name("x-viewer"))
                    .proto_header(name("cloudfront-viewer-address"))
            },
            "cloudfront-viewer-address",
            "client_ip_port_header",
        ),
        (|l| l.exact(true).read_for(false), "exact(true)", "exact(false)"),
        (|l| l.family(Family::Forwarded).exact(true).read_for(false), "exact(true)", "read_for"),
        (
            |l| l.single_line(true).read_for(false).read_proto(false),
            "single_line(true)",
            "single_line(false)",
        ),
        (
            |_| ForwardedHeaders::behind(Proxy::Cloudflare).max_hops(2),
            "cf-connecting-ip",
            "one hop",
        ),
        (|_| ForwardedHeaders::behind(Proxy::Caddy).read_for(false), "exact(true)", "exact(false)"),
        (|l| l.own_scheme("ftp".parse::<Scheme>().unwrap()), "\"ftp\"", "http or https"),
        (|l| l.host_header(name("x-forwarded-for")), "\"x-forwarded-for\"", "give each its own"),
        (|l| l.read_for(false).allow_direct(true), "allow_direct(true)", "drop one"),
        (
            |l| l.for_header(name("cloudfront_viewer-address")),
            "cloudfront_viewer-address",
            "client_ip_port_header",
        ),
        (
            |l| l.proto_header(http::header::CONTENT_TYPE),
            "\"content-type\"",
            "no forwarding header",
        ),
        (|l| l.port_header(http::header::ORIGIN), "\"origin\"", "no forwarding header"),
        (|l| l.for_header(http::header::HOST), "\"host\"", "no forwarding header"),
        // It would be removed with its look-alike.
        (|l| l.for_header(name("content_length")), "\"content_length\"", "no forwarding header"),
        (|l| l.port_header(name("user.agent")), "\"user.agent\"", "no forwarding header"),
        (|l| l.for_header(name("x_own")).proto_header(name("x.own")), "\"x_own\"", "two headers"),
        (|l| l.for_header(http::header::FORWARDED), "\"forwarded\"", "Family::Forwarded"),
        (|l| l.client_ip_header(http::header::COOKIE), "\"cookie\"", "no forwarding header"),
        (
            |l| l.for_header(http::header::COOKIE).for_header(name("x-forwarded-for")),
            "\"cookie\"",
            "no forwarding header",
        ),
        (
            |l| l.client_ip_header(name("x-real-ip")).for_header(name("x-clients")),
            "\"x-real-ip\"",
            "for_header",
        ),
        (
            |l| l.client_ip_header(name("x-forwarded-proto")),
            "\"x-forwarded-proto\"",
            "give each its own",
        ),
        (|l| l.allowed_hosts([].into_iter().collect()), "allowed_hosts", "name the hosts"),
        (
            |l| l.trust("::ffff:10.0.0.0/8".parse::<ipnet::IpNet>().unwrap().into()),
            "::ffff:10.0.0.0/8",
            "/96 or longer",
        ),
        (
            |l| l.proxy_chain([loopback(), "10.0.0.1/8".parse::<ipnet::IpNet>().unwrap().into()]),
            "10.0.0.1/8",
            "10.0.0.0/8",
        ),
    ];
    for (wrong, offending, right) in rows {
        let layer = wrong(ForwardedHeaders::new());
        let panic = std::panic::catch_unwind(|| tower::Layer::layer(&layer, ())).unwrap_err();
        let error = layer.check().unwrap_err().to_string();
        assert!(error.contains(offending) && error.contains(right), "{offending}: {error}");
        assert_eq!(panic.downcast_ref::<String>(), Some(&error), "unchecked, it is the same text");
    }
}

#[test]
fn what_makes_sense_together_is_none() {
    let rows: [fn(ForwardedHeaders) -> ForwardedHeaders; 16] = [
        |l| l,
        |l| l.trust(TrustedProxies::none()),
        |l| l.max_hops(255),
        |l| l.proxy_chain(vec![loopback(); 255]),
        |l| l.trust(loopback()).proxy_chain([loopback()]).max_hops(2),
        |l| l.max_hops(0).trusted_hops(2),
        |l| l.read_for(false),
        |l| l.client_ip_header(name("x-forwarded-for")),
        |l| l.client_ip_port_header(name("cloudfront-viewer-address")),
        |l| l.client_ip_header(name("x-real-ip")).exact(true).single_line(true),
        |l| l.exact(true).aligned_lists(true).max_hops(2),
        |l| l.single_line(true).read_for(false),
        |_| ForwardedHeaders::behind(Proxy::GoogleAlb).max_hops(2),
        |_| ForwardedHeaders::behind(Proxy::HaProxyForwarded).exact(true),
        |l| l.read_host(true).allowed_hosts(AllowedHosts::any()),
        |l| {
            l.client_ip_header(name("x-real-ip")).read_host(true).allowed_hosts(AllowedHosts::any())
        },
    ];
    for (row, right) in rows.into_iter().enumerate() {
        assert!(right(ForwardedHeaders::new()).check().is_ok(), "row {row}");
    }
}

/// One of the five is something to read.
#[test]
fn single_line_goes_with_each_that_is_read() {
    type Switch = fn(ForwardedHeaders, bool) -> ForwardedHeaders;
    let switches: [Switch; 5] = [
        ForwardedHeaders::read_for,
        ForwardedHeaders::read_proto,
        ForwardedHeaders::read_host,
        ForwardedHeaders::read_port,
        ForwardedHeaders::read_prefix,
    ];
    let layer = ForwardedHeaders::new().allowed_hosts(AllowedHosts::any()).single_line(true);
    let nothing = switches.iter().fold(layer, |layer, switch| switch(layer, false));
    assert!(nothing.clone().check().is_err());
    for (n, switch) in switches.into_iter().enumerate() {
        assert!(switch(nothing.clone(), true).check().is_ok(), "switch {n}");
    }
}

/// Each under its new name, and no longer under its own.
#[test]
fn renamed_headers_are_read_instead() {
    type Rename = fn(ForwardedHeaders, HeaderName) -> ForwardedHeaders;
    let rows: [(Rename, &str, &[u8]); 5] = [
        (ForwardedHeaders::for_header, "x-forwarded-for", b"203.0.113.7"),
        (ForwardedHeaders::proto_header, "x-forwarded-proto", b"https"),
        (ForwardedHeaders::host_header, "x-forwarded-host", b"example.com"),
        (ForwardedHeaders::port_header, "x-forwarded-port", b"8443"),
        (ForwardedHeaders::prefix_header, "x-forwarded-prefix", b"/app"),
    ];
    let all = rows.map(|(_, name, value)| (name, value));
    let said = |layer: ForwardedHeaders, lines: &[Line<'_>]| {
        let layer = layer.read_host(true).read_port(true).read_prefix(true);
        let layer = layer.allowed_hosts(AllowedHosts::any()).check().unwrap();
        format!("{:?}", resolve(&layer, "127.0.0.1", lines))
    };
    let everything = said(ForwardedHeaders::new(), &all);
    for (n, (rename, name, _)) in rows.into_iter().enumerate() {
        let renamed = || rename(ForwardedHeaders::new(), HeaderName::from_static("x-ours"));
        let without: Vec<_> = all.into_iter().filter(|line| line.0 != name).collect();
        let mut moved = all;
        moved[n].0 = "x-ours";
        assert_eq!(said(renamed(), &moved), everything, "{name}");
        assert_eq!(said(renamed(), &all), said(ForwardedHeaders::new(), &without), "{name}");
        assert_ne!(said(renamed(), &all), everything, "{name}");
    }
}

/// Outside a tower stack nothing panics, and what is wrong trusts less.
#[test]
fn unchecked_a_wrong_configuration_trusts_less() {
    let lines: [Line<'_>; 2] =
        [("x-forwarded-for", b"203.0.113.7"), ("x-forwarded-host", b"evil.example")];
    let nobody = ForwardedHeaders::new().max_hops(0);
    assert_eq!(resolve(&nobody, "127.0.0.1", &lines).client_ip(), Some(ip("127.0.0.1")));
    let nobody = ForwardedHeaders::new().proxy_chain([]);
    assert_eq!(resolve(&nobody, "127.0.0.1", &lines).client_ip(), Some(ip("127.0.0.1")));
    let unnamed_hosts = ForwardedHeaders::new().read_host(true);
    assert_eq!(resolve(&unnamed_hosts, "127.0.0.1", &lines).authority(), None);
    let refused = "::ffff:10.0.0.0/8".parse::<ipnet::IpNet>().unwrap();
    let refused = ForwardedHeaders::new().trust(refused.into());
    assert_eq!(resolve(&refused, "10.0.0.1", &lines).client_ip(), Some(ip("10.0.0.1")));
}

#[test]
fn the_later_of_the_three_models_wins() {
    let two: [Line<'_>; 1] = [("x-forwarded-for", b"203.0.113.7, 127.0.0.2")];
    let client = |layer: ForwardedHeaders| resolve(&layer, "127.0.0.1", &two).client_ip();
    let base = ForwardedHeaders::new;
    let (near, far) = (Some(ip("127.0.0.2")), Some(ip("203.0.113.7")));
    assert_eq!(client(base().max_hops(2).trusted_hops(1)), near);
    assert_eq!(client(base().trusted_hops(1).max_hops(2)), far);
    assert_eq!(client(base().trusted_hops(1).proxy_chain([loopback(), loopback()])), far);
    assert_eq!(client(base().proxy_chain([loopback(), loopback()]).max_hops(1)), near);
}

/// In the wrong order nothing is believed.
#[test]
fn a_chain_is_outermost_first() {
    let (cdn, alb) = ("198.51.100.0/24", "10.1.0.0/16");
    let chain = |a: &str, b: &str| {
        ForwardedHeaders::new().proxy_chain([a.parse().unwrap(), b.parse().unwrap()])
    };
    let lines: [Line<'_>; 1] = [("x-forwarded-for", b"6.6.6.6, 203.0.113.7, 198.51.100.9")];
    let right = resolve(&chain(cdn, alb), "10.1.0.4", &lines);
    assert_eq!((right.client_ip(), right.hops()), (Some(ip("203.0.113.7")), 2));
    let wrong = resolve(&chain(alb, cdn), "10.1.0.4", &lines);
    assert_eq!((wrong.client_ip(), wrong.hops()), (Some(ip("10.1.0.4")), 0));
    // Somebody who goes round the CDN is a client by their own address.
    let around: [Line<'_>; 1] = [("x-forwarded-for", b"198.51.100.9, 203.0.113.66")];
    let around = resolve(&chain(cdn, alb), "10.1.0.4", &around);
    assert_eq!((around.client_ip(), around.hops()), (Some(ip("203.0.113.66")), 1));
}

#[test]
fn the_peer_is_the_first_that_is_found() {
    let address = |text: &str| text.parse::<std::net::SocketAddr>().unwrap();
    let mut extensions = Extensions::new();
    let layer = ForwardedHeaders::new();
    let peer = |layer: &ForwardedHeaders, extensions: &Extensions| {
        let mut request = Request::new(());
        *request.extensions_mut() = extensions.clone();
        layer.resolve(&request.into_parts().0).peer_addr()
    };
    assert_eq!(peer(&layer, &extensions), None);
    extensions.insert(axum::extract::ConnectInfo(address("203.0.113.3:3")));
    assert_eq!(peer(&layer, &extensions), Some(address("203.0.113.3:3")));
    extensions.insert(address("203.0.113.2:2"));
    assert_eq!(peer(&layer, &extensions), Some(address("203.0.113.2:2")));
    extensions.insert(Peer::Inet(address("203.0.113.1:1")));
    assert_eq!(peer(&layer, &extensions), Some(address("203.0.113.1:1")));

    // A function is asked instead, and nothing else where it finds none.
    assert_eq!(peer(&layer.clone().peer_from(|_| None), &extensions), None);
    let unix = layer.peer_from(|_| Some(Peer::Unix));
    assert_eq!(peer(&unix, &extensions), None);
}

#[test]
fn sets_print_as_text_that_parses_back() {
    let texts = [
        ("none", "none"),
        ("unix", "unix"),
        (" loopback ,unix", "127.0.0.0/8, ::1/128, unix"),
        ("192.0.2.128/25, 192.0.2.0/25,192.0.2.1", "192.0.2.0/24"),
        ("::ffff:10.0.0.0/104, 2001:db8::7", "10.0.0.0/8, 2001:db8::7/128"),
        ("private", "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7"),
        ("link-local", "169.254.0.0/16, fe80::/10"),
    ];
    for (text, printed) in texts {
        let proxies: TrustedProxies = text.parse().unwrap();
        assert_eq!(proxies.to_string(), printed);
        assert_eq!(printed.parse(), Ok(proxies.clone()), "{printed}");
        assert_eq!(format!("{proxies:?}"), format!("TrustedProxies({printed})"));
    }
    let hosts = "Example.com., *.example.net:8443, [2001:db8::1]:*";
    let hosts: AllowedHosts = hosts.parse().unwrap();
    assert_eq!(hosts.to_string(), "example.com, *.example.net:8443, [2001:db8::1]:*");
    assert_eq!(hosts.to_string().parse(), Ok(hosts));
    assert_eq!(AllowedHosts::any().to_string(), "*");
}

/// Networks that cover everybody only together are everybody all the same.
#[test]
fn everybody_is_not_said_in_pieces() {
    for text in ["0.0.0.0/1, 128.0.0.0/1", "::/1, 10.0.0.0/8, 8000::/1"] {
        let error = text.parse::<TrustedProxies>().unwrap_err().to_string();
        assert!(error.contains(text) && error.contains("insecure_any"), "{error}");
    }
    let half = |text: &str| text.parse::<TrustedProxies>().unwrap();
    for (halves, all) in
        [(["0.0.0.0/1", "128.0.0.0/1"], "\"0.0.0.0/0\""), (["::/1", "8000::/1"], "\"::/0\"")]
    {
        let set = half(halves[0]).union(half(halves[1]));
        let layer = ForwardedHeaders::new().trust(set.clone());
        let chain = ForwardedHeaders::new().proxy_chain([loopback(), set]);
        for layer in [layer, chain] {
            let error = layer.check().unwrap_err().to_string();
            assert!(error.contains(all) && error.contains("insecure_any"), "{error}");
        }
    }
    let said = TrustedProxies::insecure_any().union(loopback());
    assert!(ForwardedHeaders::new().trust(said).check().is_ok());
}

#[test]
fn sets_are_collected() {
    let lines = ["10.0.0.0/8", "192.0.2.7, unix"];
    let proxies: TrustedProxies =
        lines.iter().map(|line| line.parse::<TrustedProxies>()).collect::<Result<_, _>>().unwrap();
    assert_eq!(proxies.to_string(), "10.0.0.0/8, 192.0.2.7/32, unix");
    let one: TrustedProxies = [ip("192.0.2.7"), ip("::1")].into_iter().collect();
    assert_eq!(one, "::1, 192.0.2.7".parse().unwrap());
}

/// Without a scheme no port is a default one.
#[test]
fn allowed_hosts_without_a_request() {
    let rows = [
        ("example.com", "example.com", true),
        ("example.com", "EXAMPLE.com.", true),
        ("example.com", "example.com:443", false),
        ("example.com", "www.example.com", false),
        ("example.com", "evilexample.com", false),
        ("example.com", "user@example.com", false),
        ("example.com:443", "example.com:443", true),
        ("example.com:443", "example.com", false),
        ("example.com:*", "example.com:8443", true),
        ("*.example.com", "a.b.example.com", true),
        ("*.example.com", "example.com", false),
        ("*.example.com", "evilexample.com", false),
        ("*.example.com:8443", "a.example.com:8443", true),
        ("a.example, b.example", "b.example", true),
    ];
    for (patterns, authority, allowed) in rows {
        let hosts: AllowedHosts = patterns.parse().unwrap();
        let authority = authority.parse().unwrap();
        assert_eq!(hosts.contains(&authority), allowed, "{authority} by {patterns}");
    }
    let both = "a.example".parse::<AllowedHosts>().unwrap().union("b.example".parse().unwrap());
    assert_eq!(both.to_string(), "a.example, b.example");
}
