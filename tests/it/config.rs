//! The configuration by itself: the order of a chain, the place of the peer, the text of the sets.

use forwarded_headers::{
    AllowedHosts, Builder, ForwardedHeaders, Peer, SchemeSource, TrustedProxies, UriRewrite,
    Writing,
};
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

/// Each setter, called with one value and then with another, does what the second call alone does, and
/// not what the first does.
#[test]
fn the_second_call_of_each_setter_counts() {
    type Call = fn(Builder) -> Builder;
    let rows: [(&str, [Call; 2]); 13] = [
        ("trust", [|b| b.trust("127.0.0.1"), |b| b.trust("none")]),
        ("trust_chain", [|b| b.trust_chain(["loopback"; 2]), |b| b.trust_chain(["loopback"])]),
        ("client_from", [|b| b.client_from("x-first"), |b| b.client_from("x-second")]),
        ("scheme_from", [|b| b.scheme_from("x-first"), |b| b.scheme_from("x-second")]),
        ("host_from", [|b| b.host_from("x-first"), |b| b.host_from("x-second")]),
        ("port_from", [|b| b.port_from("x-first"), |b| b.port_from("x-second")]),
        ("prefix_from", [|b| b.prefix_from("x-first"), |b| b.prefix_from("x-second")]),
        (
            "proxies_write",
            [|b| b.proxies_write(Writing::Replace), |b| b.proxies_write(Writing::Append)],
        ),
        (
            "allowed_hosts",
            [|b| b.allowed_hosts("other.example"), |b| b.allowed_hosts("app.example")],
        ),
        (
            "direct_scheme",
            [|b| b.trust("none").direct_scheme("https"), |b| b.trust("none").direct_scheme("http")],
        ),
        (
            "trusted_peer_may_be_client",
            [|b| b.trusted_peer_may_be_client(true), |b| b.trusted_peer_may_be_client(false)],
        ),
        ("peer_from", [|b| b.peer_from(|_| None), |b| b.peer_from(Peer::from_extensions)]),
        (
            "rewrite_uri",
            [|b| b.rewrite_uri(UriRewrite::Leave), |b| b.rewrite_uri(UriRewrite::Complete)],
        ),
    ];
    let values = [
        ("x-first", ["6.6.6.6", "http", "first.example", "1111", "/first"]),
        ("x-second", ["203.0.113.7", "https", "second.example", "2222", "/second"]),
    ];
    for (index, (setter, calls)) in rows.into_iter().enumerate() {
        // The column of the value that this setter reads.
        let value = index.checked_sub(2).filter(|column| *column < 5);
        let own = values.map(|(name, row)| (name, value.map_or("", |column| row[column])));
        let mut lines: Vec<Line<'_>> = vec![("host", b"app.example")];
        if setter != "trusted_peer_may_be_client" {
            lines.push(("x-forwarded-for", b"6.6.6.6, 203.0.113.7, 127.0.0.1"));
            lines.push(("x-forwarded-proto", b"https"));
        }
        lines.extend(own.iter().map(|(name, value)| (*name, value.as_bytes())));
        let base = || match setter {
            "allowed_hosts" => ForwardedHeaders::builder(),
            _ => ForwardedHeaders::builder()
                .allowed_hosts("app.example, first.example, second.example"),
        };
        let seen = |builder: Builder| {
            let parts = through(&built(builder), request("127.0.0.1", "/", &lines));
            format!("{:?} {} {:?}", info(&parts), parts.uri, parts.headers)
        };
        let [first, second] = calls;
        assert_ne!(seen(first(base())), seen(second(base())), "{setter}");
        assert_eq!(seen(second(first(base()))), seen(second(base())), "{setter}");
        assert_eq!(
            seen(first(second(base()))),
            seen(first(base())),
            "{setter}, the other way round"
        );
    }
}

/// Each call adds a header.
#[test]
fn kept_headers_add_up() {
    let builder = ForwardedHeaders::builder().insecure_keep_header("x-real-ip");
    let layer = built(builder.insecure_keep_header("true-client-ip"));
    let lines: [Line<'_>; 3] =
        [("x-real-ip", b"1"), ("true-client-ip", b"2"), ("cf-connecting-ip", b"3")];
    let parts = through(&layer, request("203.0.113.7", "/", &lines));
    let mut left: Vec<_> = parts.headers.keys().map(http::HeaderName::as_str).collect();
    left.sort_unstable();
    assert_eq!(left, ["true-client-ip", "x-real-ip"]);
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

/// A set has its first and its last address, and neither neighbor.
#[test]
fn a_set_ends_with_its_last_address() {
    let rows = [
        ("10.1.0.0/16", ["10.0.255.255", "10.1.0.0", "10.1.255.255", "10.2.0.0"]),
        ("192.0.2.7", ["192.0.2.6", "192.0.2.7", "192.0.2.7", "192.0.2.8"]),
        ("192.0.2.6/31", ["192.0.2.5", "192.0.2.6", "192.0.2.7", "192.0.2.8"]),
        (
            "2001:db8::/32",
            [
                "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
                "2001:db8::",
                "2001:db8:ffff::",
                "2001:db9::",
            ],
        ),
        ("2001:db8::4/127", ["2001:db8::3", "2001:db8::4", "2001:db8::5", "2001:db8::6"]),
        ("private", ["172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"]),
        ("private", ["fbff::", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::"]),
        ("link-local", ["169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"]),
        ("link-local", ["fe7f::", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::"]),
        ("loopback", ["126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"]),
        ("loopback", ["::", "::1", "::1", "::2"]),
    ];
    for (text, [before, first, last, after]) in rows {
        let set: TrustedProxies = text.parse().unwrap();
        let contains = [before, first, last, after].map(|address| set.contains(ip(address)));
        assert_eq!(contains, [false, true, true, false], "{text}");
    }
}

/// The address between two ranges is in neither. Ranges that touch are one.
#[test]
fn ranges_with_a_gap_stay_apart() {
    let rows = [
        ("192.0.2.1, 192.0.2.3", Some("192.0.2.2")),
        ("10.0.0.0/31, 10.0.0.3", Some("10.0.0.2")),
        ("0.0.0.0, 0.0.0.2", Some("0.0.0.1")),
        ("255.255.255.253, 255.255.255.255", Some("255.255.255.254")),
        ("2001:db8::1, 2001:db8::3", Some("2001:db8::2")),
        ("::, ::2", Some("::1")),
        ("192.0.2.0, 192.0.2.1", None),
        ("192.0.2.0/25, 192.0.2.128/25", None),
        ("2001:db8::, 2001:db8::1", None),
    ];
    for (text, between) in rows {
        let set: TrustedProxies = text.parse().unwrap();
        let ranges = set.to_string().split(", ").count();
        assert_eq!(ranges, if between.is_some() { 2 } else { 1 }, "{text}: {set}");
        assert!(between.is_none_or(|between| !set.contains(ip(between))), "{text}");
    }
}

#[test]
fn sets_that_differ_in_one_address_are_not_equal() {
    let set = |text: &str| text.parse::<TrustedProxies>().unwrap();
    let rows = [
        ("10.0.0.0/31", "10.0.0.0"),
        ("192.0.2.1, 192.0.2.2", "192.0.2.1"),
        ("2001:db8::/127", "2001:db8::"),
        ("2001:db8::1, 2001:db8::2", "2001:db8::2"),
        ("loopback", "loopback, unix"),
        ("unix", "none"),
    ];
    for (one, other) in rows {
        assert_ne!(set(one), set(other), "{one}");
        assert_eq!(set(one), set(one), "{one}");
    }
    let all = ["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1", "unix"];
    let all: TrustedProxies = all.into_iter().map(set).collect();
    assert_ne!(all, TrustedProxies::insecure_any());
    let hosts = ["example.com", "example.com:443", "example.com:*", "*.example.com", "example.net"];
    for (one, other) in hosts.iter().flat_map(|one| hosts.map(|other| (*one, other))) {
        let [first, second] = [one, other].map(|text| text.parse::<AllowedHosts>().unwrap());
        assert_eq!(first == second, one == other, "{one}, {other}");
    }
}

/// A union has what each set has.
#[test]
fn a_union_drops_nothing() {
    let set = |text: &str| text.parse::<TrustedProxies>().unwrap();
    let parts = ["192.0.2.7", "10.0.0.0/8", "2001:db8::7", "fc00::/7", "unix"];
    for (one, other) in parts.iter().flat_map(|one| parts.map(|other| (*one, other))) {
        let union = set(one).union(set(other));
        let mut extended = set(one);
        extended.extend([set(other)]);
        let text = if one == other { one.to_owned() } else { format!("{one}, {other}") };
        assert_eq!((&union, &extended), (&set(&text), &set(&text)), "{text}");
    }
    let any = TrustedProxies::insecure_any;
    for union in [any().union(set("loopback")), set("loopback").union(any())] {
        assert_eq!(union, any());
        assert!(ForwardedHeaders::builder().trust(union).build().is_ok());
    }
    let hosts = |text: &str| text.parse::<AllowedHosts>().unwrap();
    assert_eq!(hosts("a.example").union(hosts("b.example")), hosts("a.example, b.example"));
    let mut extended = hosts("a.example");
    extended.extend([hosts("*.b.example:8443"), hosts("c.example")]);
    assert_eq!(extended, hosts("a.example, *.b.example:8443, c.example"));
}

/// `insecure_any` has every address and every Unix socket, alone and in a union.
#[test]
fn any_is_every_peer() {
    let any = || ForwardedHeaders::builder().trust(TrustedProxies::insecure_any());
    let layer = built(any());
    let peers = [
        "0.0.0.0",
        "127.0.0.1",
        "198.51.100.9",
        "255.255.255.255",
        "::",
        "::1",
        "2001:db8::9",
        "unix",
    ];
    for peer in peers {
        let info = resolve(&layer, peer, &[("x-forwarded-for", b"203.0.113.7")]);
        assert_eq!(info.client_ip(), Some(ip("203.0.113.7")), "{peer}");
    }
    // Every address of one version counts as every address.
    for all in [["0.0.0.0/1", "128.0.0.0/1"], ["::/1", "8000::/1"]] {
        let error = ForwardedHeaders::builder().trust(all).build().unwrap_err().to_string();
        assert!(error.contains("insecure_any"), "{error}");
    }
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

/// A pattern without a port allows the default port of the request's scheme, and of no other scheme.
#[test]
fn allowed_hosts_beside_a_scheme() {
    let rows = [
        ("example.com", "http", ["", ":80"], [":443", ":8443"]),
        ("example.com", "https", ["", ":443"], [":80", ":8443"]),
        ("example.com:443", "https", ["", ":443"], [":80", ":8443"]),
        ("example.com:443", "http", [":443", ":443"], ["", ":80"]),
        ("example.com:80", "http", ["", ":80"], [":443", ":8443"]),
        ("example.com:80", "https", [":80", ":80"], ["", ":443"]),
        ("example.com:8443", "https", [":8443", ":8443"], ["", ":443"]),
    ];
    for (pattern, scheme, allowed, refused) in rows {
        let builder = ForwardedHeaders::builder().allowed_hosts(pattern);
        let layer = built(builder.scheme_from(SchemeSource::always(scheme)));
        let host = |port: &str| {
            let host = format!("example.com{port}");
            let lines = [("x-forwarded-for", &b"203.0.113.7"[..]), ("host", host.as_bytes())];
            resolve(&layer, "127.0.0.1", &lines).host().is_some()
        };
        assert_eq!(allowed.map(host), [true, true], "{pattern} over {scheme}");
        assert_eq!(refused.map(host), [false, false], "{pattern} over {scheme}");
    }
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
