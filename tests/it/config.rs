//! The configuration by itself: the order of a chain, the place of the peer, the text of the sets.

use forwarded_headers::{AllowedHosts, Builder, ForwardedHeaders, Peer, TrustedProxies};
use http::{Extensions, Request};

use crate::support::{Line, info, ip, request, resolve, through};

fn built(builder: Builder) -> ForwardedHeaders {
    builder.build().unwrap()
}

/// Each value under the name of its source, and no longer under its usual name.
#[test]
fn another_name_is_read_instead() {
    type Rename = fn(Builder, &str) -> Builder;
    let rows: [(Rename, &str, &[u8]); 5] = [
        (
            |builder, name| builder.client_from(forwarded_headers::ClientSource::list(name)),
            "x-forwarded-for",
            b"203.0.113.7",
        ),
        (|builder, name| builder.scheme_from(name), "x-forwarded-proto", b"https"),
        (|builder, name| builder.host_from(name), "x-forwarded-host", b"example.com"),
        (|builder, name| builder.port_from(name), "x-forwarded-port", b"8443"),
        (|builder, name| builder.prefix_from(name), "x-forwarded-prefix", b"/app"),
    ];
    let all = rows.map(|(_, name, value)| (name, value));
    let usual = || {
        let builder = ForwardedHeaders::builder().allowed_hosts(AllowedHosts::any());
        rows.into_iter().fold(builder, |builder, (rename, name, _)| rename(builder, name))
    };
    let decided = |builder: Builder, lines: &[Line<'_>]| {
        format!("{:?}", resolve(&built(builder), "127.0.0.1", lines))
    };
    let everything = decided(usual(), &all);
    for (n, (rename, name, _)) in rows.into_iter().enumerate() {
        let renamed = || rename(usual(), "x-ours");
        let without: Vec<_> = all.into_iter().filter(|line| line.0 != name).collect();
        let mut moved = all;
        moved[n].0 = "x-ours";
        assert_eq!(decided(renamed(), &moved), everything, "{name}");
        assert_eq!(decided(renamed(), &all), decided(usual(), &without), "{name}");
        assert_ne!(decided(renamed(), &all), everything, "{name}");
    }
}

/// The second call of a setter replaces the first: the first name is no forwarding header.
#[test]
fn a_second_call_replaces_the_first() {
    let builder = ForwardedHeaders::builder().client_from("x-first").client_from("x-second");
    let lines: [Line<'_>; 2] = [("x-first", b"6.6.6.6"), ("x-second", b"203.0.113.7")];
    let parts = through(&built(builder), request("127.0.0.1", "/", &lines));
    assert_eq!(info(&parts).client_ip(), Some(ip("203.0.113.7")));
    assert!(parts.headers.contains_key("x-first"));
    let builder = ForwardedHeaders::builder().trust("10.0.0.2").trust("10.0.0.3");
    let direct = resolve(&built(builder), "10.0.0.2", &[("x-forwarded-for", b"203.0.113.7")]);
    assert_eq!(direct.client_ip(), Some(ip("10.0.0.2")));
}

/// In the wrong order no report is read.
#[test]
fn a_chain_is_outermost_first() {
    let (cdn, alb) = ("198.51.100.0/24", "10.1.0.0/16");
    let chain = |a: &str, b: &str| built(ForwardedHeaders::builder().trust_chain([a, b]));
    let lines: [Line<'_>; 1] = [("x-forwarded-for", b"6.6.6.6, 203.0.113.7, 198.51.100.9")];
    let right = resolve(&chain(cdn, alb), "10.1.0.4", &lines);
    assert_eq!((right.client_ip(), right.hops()), (Some(ip("203.0.113.7")), 2));
    let wrong = resolve(&chain(alb, cdn), "10.1.0.4", &lines);
    assert_eq!((wrong.client_ip(), wrong.hops()), (Some(ip("10.1.0.4")), 0));
    // A client that reaches the load balancer directly is a client by its own address.
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

    // A function is asked instead. If it finds no peer, nothing else is looked up.
    let none = built(ForwardedHeaders::builder().peer_from(|_| None));
    assert_eq!(peer(&none, &extensions), None);
    let unix = built(ForwardedHeaders::builder().peer_from(|_| Some(Peer::Unix)));
    assert_eq!(peer(&unix, &extensions), None);
}

#[test]
fn sets_print_as_text_that_parses_back() {
    let texts = [
        ("none", "none"),
        ("unix", "unix"),
        (" loopback ,unix", "127.0.0.0/8, ::1/128, unix"),
        ("10.0.0.0/8\n192.0.2.7\t::1\r\n", "10.0.0.0/8, 192.0.2.7/32, ::1/128"),
        ("# inside\n10.0.0.0/8,\n10.0.0.0/8 # again, twice\n", "10.0.0.0/8"),
        ("none\n", "none"),
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

/// Networks that contain every address only together are refused all the same.
#[test]
fn every_address_is_not_written_in_pieces() {
    for text in ["0.0.0.0/1, 128.0.0.0/1", "::/1, 10.0.0.0/8, 8000::/1"] {
        let error = text.parse::<TrustedProxies>().unwrap_err().to_string();
        assert!(error.contains("/0") && error.contains("insecure_any"), "{error}");
    }
    let set = |text: &str| text.parse::<TrustedProxies>().unwrap();
    for (halves, all) in
        [(["0.0.0.0/1", "128.0.0.0/1"], "\"0.0.0.0/0\""), (["::/1", "8000::/1"], "\"::/0\"")]
    {
        let union = set(halves[0]).union(set(halves[1]));
        let trust = ForwardedHeaders::builder().trust(union.clone());
        let joined = ForwardedHeaders::builder().trust(halves);
        let chain = ForwardedHeaders::builder().trust_chain([set("loopback"), union]);
        for builder in [trust, joined, chain] {
            let error = builder.build().unwrap_err().to_string();
            assert!(error.contains(all) && error.contains("insecure_any"), "{error}");
        }
    }
    let any = TrustedProxies::insecure_any().union(set("loopback"));
    assert!(ForwardedHeaders::builder().trust(any).build().is_ok());
}

#[test]
fn sets_are_collected() {
    let lines = ["10.0.0.0/8", "192.0.2.7, unix"];
    let proxies: TrustedProxies =
        lines.iter().map(|line| line.parse::<TrustedProxies>()).collect::<Result<_, _>>().unwrap();
    assert_eq!(proxies.to_string(), "10.0.0.0/8, 192.0.2.7/32, unix");
    let one: TrustedProxies = [ip("192.0.2.7"), ip("::1")].into_iter().collect();
    assert_eq!(one, "::1, 192.0.2.7".parse().unwrap());
    let mut more = one;
    more.extend([TrustedProxies::unix()]);
    assert_eq!(more, "::1, 192.0.2.7, unix".parse().unwrap());
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
        ("a.example\nb.example # and no more: c.example\n", "b.example", true),
        ("a.example # b.example", "b.example", false),
    ];
    for (patterns, authority, allowed) in rows {
        let hosts: AllowedHosts = patterns.parse().unwrap();
        let authority = authority.parse().unwrap();
        assert_eq!(hosts.contains(&authority), allowed, "{authority} by {patterns}");
    }
    let both = "a.example".parse::<AllowedHosts>().unwrap().union("b.example".parse().unwrap());
    assert_eq!(both.to_string(), "a.example, b.example");
}
