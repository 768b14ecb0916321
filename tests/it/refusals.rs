//! Wrong configurations: `build` refuses each, with the call, the offending text, and what to write.

use forwarded_headers::{
    AllowedHosts, Builder, ClientSource, ConfigError, ForwardedHeaders, Proxy, SchemeSource,
    TrustedProxies, Writing,
};
use ipnet::IpNet;

fn builder() -> Builder {
    ForwardedHeaders::builder()
}

fn behind(proxy: Proxy) -> Builder {
    ForwardedHeaders::behind(proxy).trust("10.0.0.2")
}

fn none() -> ClientSource {
    ClientSource::none()
}

/// A configuration, the start of its error with the call and the text, and the way out.
type Row = (Builder, &'static str, &'static str);

fn check(rows: Vec<Row>) {
    for (builder, start, way_out) in rows {
        let error = builder.build().expect_err(start).to_string();
        assert!(error.starts_with(start), "{error:?} does not start with {start:?}");
        assert!(error.contains(way_out), "{error:?} does not say {way_out:?}");
    }
}

#[test]
fn wrong_texts() {
    let host_bits = "10.0.0.2/8".parse::<IpNet>().unwrap();
    let mapped = "::ffff:10.0.0.0/8".parse::<IpNet>().unwrap();
    check(vec![
        (
            builder().trust("localhost"),
            "trust: invalid trusted proxy \"localhost\"",
            "write loopback",
        ),
        (builder().trust("[::1]"), "trust: invalid trusted proxy \"[::1]\"", "write ::1"),
        (builder().trust("10.0.0.0/33"), "trust: invalid trusted proxy \"10.0.0.0/33\"", "1 to 32"),
        (builder().trust("10.0.0.0/08"), "trust: invalid trusted proxy \"10.0.0.0/08\"", "1 to 32"),
        (builder().trust("::/129"), "trust: invalid trusted proxy \"::/129\"", "1 to 128"),
        (builder().trust("nginx"), "trust: invalid trusted proxy \"nginx\"", "write its address"),
        (
            builder().trust("10.0.0.2:80"),
            "trust: invalid trusted proxy \"10.0.0.2:80\"",
            "write 10.0.0.2,",
        ),
        (builder().trust("[::1]:80"), "trust: invalid trusted proxy \"[::1]:80\"", "write ::1,"),
        (
            builder().trust("10.0.0.2/8"),
            "trust: invalid trusted proxy \"10.0.0.2/8\"",
            "write 10.0.0.0/8",
        ),
        (
            builder().trust(host_bits),
            "trust: invalid trusted proxy \"10.0.0.2/8\"",
            "or 10.0.0.2 for",
        ),
        (
            builder().trust(mapped),
            "trust: invalid trusted proxy \"::ffff:10.0.0.0/8\"",
            "/96 or longer",
        ),
        (
            builder().trust("0.0.0.0/0"),
            "trust: invalid trusted proxy \"0.0.0.0/0\"",
            "insecure_any()",
        ),
        (builder().trust("*"), "trust: invalid trusted proxy \"*\"", "insecure_any()"),
        (builder().trust(""), "trust: invalid trusted proxy \"\"", "write none"),
        (
            builder().trust(" # nothing\n"),
            "trust: invalid trusted proxy \" # nothing\\n\"",
            "write none",
        ),
        (builder().trust(Vec::<String>::new()), "trust: invalid trusted proxy \"\"", "write none"),
        (
            builder().trust("10.0.0.2,,10.0.0.3"),
            "trust: invalid trusted proxy \"10.0.0.2,,10.0.0.3\"",
            "comma",
        ),
        (builder().trust("10.0.0.2,"), "trust: invalid trusted proxy \"10.0.0.2,\"", "comma"),
        (builder().trust(",10.0.0.2"), "trust: invalid trusted proxy \",10.0.0.2\"", "comma"),
        (
            builder().trust("none, 10.0.0.2"),
            "trust: invalid trusted proxy \"none\"",
            "stands alone",
        ),
        (
            builder().trust("10.0.0.2\u{a0}"),
            "trust: invalid trusted proxy \"10.0.0.2\\u{a0}\"",
            "expected",
        ),
        (
            builder().trust_chain(["10.0.0.0/8", "nginx"]),
            "trust_chain: invalid trusted proxy \"nginx\"",
            "address",
        ),
        (
            builder().allowed_hosts("https://example.com/"),
            "allowed_hosts: invalid allowed host \"https://example.com/\"",
            "write example.com,",
        ),
        (
            builder().allowed_hosts("example.com/shop"),
            "allowed_hosts: invalid allowed host \"example.com/shop\"",
            "write example.com,",
        ),
        (
            builder().allowed_hosts("localhost"),
            "allowed_hosts: invalid allowed host \"localhost\"",
            "write localhost:* or localhost:3000",
        ),
        (
            builder().allowed_hosts("*"),
            "allowed_hosts: invalid allowed host \"*\"",
            "AllowedHosts::any()",
        ),
        (
            builder().allowed_hosts(".example.com"),
            "allowed_hosts: invalid allowed host \".example.com\"",
            "write *.example.com",
        ),
        (
            builder().allowed_hosts("b\u{fc}cher.example"),
            "allowed_hosts: invalid allowed host",
            "xn--",
        ),
        (
            builder().allowed_hosts("a b,,c"),
            "allowed_hosts: invalid allowed host \"a b,,c\"",
            "comma",
        ),
        (
            builder().allowed_hosts([""; 0]),
            "allowed_hosts: invalid allowed host \"\"",
            "write the hosts",
        ),
        (
            builder().allowed_hosts(std::iter::empty().collect::<AllowedHosts>()),
            "allowed_hosts: invalid allowed host",
            "write the hosts",
        ),
        (
            ForwardedHeaders::behind("ngnix"),
            "behind: invalid proxy \"ngnix\"",
            "expected one of nginx, ",
        ),
        (builder().direct_scheme("ftp"), "direct_scheme: invalid scheme \"ftp\"", "http or https"),
        (
            builder().direct_scheme("not a scheme"),
            "direct_scheme: invalid scheme \"not a scheme\"",
            "http or https",
        ),
        (
            builder().scheme_from(SchemeSource::always("ftp")),
            "scheme_from: invalid scheme \"ftp\"",
            "http or https",
        ),
    ]);
}

/// A keyword or an address in the place of a header would name a header that every client can send.
#[test]
fn values_in_the_place_of_a_header() {
    let texts =
        ["https", "HTTP", "on", "always", "true", "loopback", "*", "443", "127.0.0.1", "any"];
    for text in texts {
        let builders = [
            builder().client_from(text),
            builder().client_from(ClientSource::list(text)),
            builder().scheme_from(text),
            builder().scheme_from(SchemeSource::on_off(text)),
            builder().host_from(text).allowed_hosts("example.com"),
            builder().port_from(text),
            builder().prefix_from(text),
        ];
        for builder in builders {
            let error = builder.build().expect_err(text).to_string();
            assert!(error.contains("is not the name of a header"), "{text}: {error}");
            assert!(error.contains(&text.to_lowercase()), "{text}: {error}");
        }
    }
    for none in ["none", "None", "NONE"] {
        let nothing = builder().client_from(none).scheme_from(none).build().unwrap_err();
        assert!(nothing.to_string().starts_with("no header is read"), "{nothing}");
        let host = builder().host_from(none).allowed_hosts("example.com").build();
        assert!(host.is_err(), "{none}");
    }
}

/// What an error says to write builds, and is as safe.
#[test]
fn advice_is_accepted() {
    let advised = [
        builder().trust(TrustedProxies::insecure_any()),
        builder()
            .trust(TrustedProxies::insecure_any())
            .client_from(ClientSource::x_forwarded_for().nth_from_right(3)),
        builder().trust("none"),
        builder().client_from(none()).scheme_from(SchemeSource::always("https")),
        builder().trust_chain(["173.245.48.0/20", "10.0.0.2"]),
        builder().allowed_hosts("*.example.com"),
        builder().trust("10.0.0.0/24"),
    ];
    for builder in advised {
        assert!(builder.clone().build().is_ok(), "{builder:?}");
    }
    let any = TrustedProxies::insecure_any;
    let one = builder().trust_chain([any()]).build().unwrap_err().to_string();
    assert!(!one.contains("nth_from_right"), "{one}");
    let three = builder().trust_chain([any(), any(), any()]).build().unwrap_err().to_string();
    assert!(three.contains("nth_from_right(3)"), "{three}");
    let zero = builder().trust("10.0.0.1/0").build().unwrap_err().to_string();
    assert!(!zero.contains("write 0.0.0.0/0"), "{zero}");
}

/// An error shows a text escaped, and never raw.
#[test]
fn errors_have_no_control_bytes() {
    for text in [".\u{1b}[31mred", "\u{1b}", "a\u{202e}b", ".\u{0}", "x\u{7f}/24", "[\u{b}]"] {
        let errors = [
            builder().trust(text).build(),
            builder().allowed_hosts(text).build(),
            builder().client_from(text).build(),
            builder().scheme_from(text).build(),
            builder().direct_scheme(text).build(),
            builder().insecure_keep_header(text).build(),
            ForwardedHeaders::behind(text).build(),
        ];
        for error in errors {
            let error = error.unwrap_err().to_string();
            let is_safe = |c: char| !c.is_control() && c != '\u{202e}';
            assert!(error.chars().all(is_safe), "{error:?}");
        }
    }
}

/// One wrong item refuses all of a text, an array or a chain, in any place.
#[test]
fn one_wrong_item_refuses_all() {
    let wrong = ["nginx", "10.0.0.1/8", "0.0.0.0/0", "*"];
    for (wrong, place) in wrong.into_iter().flat_map(|wrong| [0, 1, 2].map(|place| (wrong, place)))
    {
        let mut items = ["10.0.0.2", "10.0.0.3", "10.0.0.4"];
        items[place] = wrong;
        let builders = [
            builder().trust(items.join(", ")),
            builder().trust(items.join("\n")),
            builder().trust(items),
            builder().trust(items.to_vec()),
            builder().trust(items.as_slice()),
            builder().trust_chain(items),
        ];
        for builder in builders {
            let error = builder.build().expect_err(wrong).to_string();
            assert!(error.contains(&format!("{wrong:?}")), "{wrong}, place {place}: {error}");
        }
    }
    for (wrong, place) in ["*", "localhost", ":8443"].into_iter().zip(0..) {
        let mut items = ["a.example", "b.example", "c.example"];
        items[place] = wrong;
        let builders = [
            builder().allowed_hosts(items.join(" ")),
            builder().allowed_hosts(items),
            builder().allowed_hosts(items.to_vec()),
        ];
        for builder in builders {
            let error = builder.build().expect_err(wrong).to_string();
            assert!(error.contains(&format!("{wrong:?}")), "{wrong}, place {place}: {error}");
        }
    }
    check(vec![
        (
            builder().trust(["10.0.0.2", "none"]),
            "trust: invalid trusted proxy \"none\"",
            "stands alone",
        ),
        (
            builder().trust([TrustedProxies::none(), TrustedProxies::loopback()]),
            "trust: invalid trusted proxy \"none\"",
            "stands alone",
        ),
    ]);
}

/// A port stands behind the name, once.
#[test]
fn ports_in_a_wrong_place_of_a_pattern() {
    let texts = [
        ":8443",
        ":*",
        "8443:example.com",
        "443:*.example.com",
        "*:example.com",
        "example.com:8443:8443",
        "example.com:8443:*",
        "example.com:*:8443",
        "example.com:8443.",
        "example.com:84430",
        "example.com:0",
        "example.com:-1",
        "example.com:8443*",
        "*:8443",
        "*.:8443",
        "*.192.0.2.1",
        "*.[2001:db8::1]",
        "[2001:db8::1]8443",
        "[2001:db8::1].",
        "2001:db8::1",
    ];
    for text in texts {
        let error = builder().allowed_hosts(text).build().expect_err(text).to_string();
        assert!(error.starts_with("allowed_hosts: invalid allowed host"), "{text}: {error}");
    }
}

/// The sets of a chain are checked one by one, not the nearest alone.
#[test]
fn each_set_of_a_chain_is_checked() {
    let set = |text: &str| text.parse::<TrustedProxies>().unwrap();
    let everything = || set("0.0.0.0/1").union(set("128.0.0.0/1"));
    let every_ipv6 = || set("::/1").union(set("8000::/1"));
    let chain = |wrong: TrustedProxies, place: usize| {
        let mut sets = vec![set("10.0.0.3"), set("10.0.0.4"), set("10.0.0.5")];
        sets[place] = wrong;
        builder().trust_chain(sets)
    };
    let any = TrustedProxies::insecure_any;
    for place in 0..3 {
        check(vec![
            (chain(any(), place), "trust_chain: insecure_any", "nth_from_right(3)"),
            (
                chain(any().union(set("unix")), place),
                "trust_chain: insecure_any",
                "nth_from_right(3)",
            ),
            (
                chain(everything(), place),
                "trust_chain: invalid trusted proxy \"0.0.0.0/0\"",
                "insecure_any()",
            ),
            (
                chain(every_ipv6(), place),
                "trust_chain: invalid trusted proxy \"::/0\"",
                "insecure_any()",
            ),
            (chain(TrustedProxies::none(), place), "trust_chain: none beside", "remove none"),
        ]);
    }
    for place in 0..2 {
        check(vec![
            (
                chain(set("unix, 10.0.0.6"), place),
                "trust_chain: unix beside addresses",
                "a set of its own",
            ),
            (
                chain(set("unix, fc00::/7"), place),
                "trust_chain: unix beside addresses",
                "a set of its own",
            ),
            (
                chain(set("unix"), place).client_from("forwarded"),
                "trust_chain: unix in a set behind the peer",
                "remove unix",
            ),
        ]);
    }
    assert!(chain(set("unix, 10.0.0.6"), 2).build().is_ok());
    assert!(chain(set("unix"), 2).client_from("forwarded").build().is_ok());
}

/// Each pair of headers that are read, and each kept header.
#[test]
fn each_header_is_checked() {
    let hosts = || builder().allowed_hosts("example.com");
    let two = "is read for two values";
    check(vec![
        (hosts().host_from("x-ours").port_from("x-ours"), "\"x-ours\"", two),
        (hosts().host_from("x-ours").prefix_from("x_ours"), "\"x-ours\"", two),
        (builder().port_from("x-ours").prefix_from("x-ours"), "\"x-ours\"", two),
        (builder().scheme_from("x-ours").prefix_from("x-ours"), "\"x-ours\"", two),
        (
            builder()
                .client_from("forwarded")
                .prefix_from("x-ours")
                .insecure_keep_header("x-others"),
            "insecure_keep_header: \"x-others\"",
            "remove the call",
        ),
        (
            builder().insecure_keep_header("x-real-ip").insecure_keep_header("cookie"),
            "insecure_keep_header: \"cookie\"",
            "remove the call",
        ),
        (
            builder().insecure_keep_header("x-real-ip").insecure_keep_header("host"),
            "insecure_keep_header: \"host\"",
            "remove the call",
        ),
        // The header of a source that was replaced is no forwarding header any more.
        (
            builder()
                .client_from("x-first")
                .insecure_keep_header("x-first")
                .client_from("x-second"),
            "insecure_keep_header: \"x-first\"",
            "remove the call",
        ),
    ]);
}

/// One bad call, and the error of the first bad call stays.
#[test]
fn the_first_error_stays() {
    let twice = builder().trust("nginx").trust("10.0.0.2").allowed_hosts("*");
    check(vec![(twice, "trust: invalid trusted proxy \"nginx\"", "address")]);
}

#[test]
fn headers_of_another_kind() {
    let list = |name: &str| builder().client_from(ClientSource::list(name));
    let hosts = |builder: Builder| builder.allowed_hosts("example.com");
    check(vec![
        (
            builder().scheme_from(SchemeSource::on_off("x-forwarded-proto")),
            "scheme_from: \"x-forwarded-proto\" holds a scheme",
            "on or off",
        ),
        (
            list("cf-connecting-ip"),
            "client_from: \"cf-connecting-ip\" is not a list",
            "write client_from(\"cf-connecting-ip\")",
        ),
        (
            list("cloudfront-viewer-address"),
            "client_from: \"cloudfront-viewer-address\" is not a list",
            "write client_from(",
        ),
        (
            list("forwarded"),
            "client_from: \"forwarded\" is not a list",
            "write client_from(\"forwarded\")",
        ),
        (
            list("x-forwarded-proto"),
            "client_from: \"x-forwarded-proto\" holds a scheme",
            "write a header that holds addresses",
        ),
        (
            list("x-request-id"),
            "client_from: \"x-request-id\" has another meaning",
            "write a header",
        ),
        (
            builder().client_from("x-forwarded-proto"),
            "client_from: \"x-forwarded-proto\" holds a scheme",
            "address",
        ),
        (
            builder().client_from("x-forwarded-ssl"),
            "client_from: \"x-forwarded-ssl\" holds on or off",
            "address",
        ),
        (
            builder().client_from("cf-visitor"),
            "client_from: \"cf-visitor\" holds a value that this crate does not read",
            "address",
        ),
        (
            builder().client_from("CF Connecting IP"),
            "client_from: invalid header name \"CF Connecting IP\"",
            "such as x-real-ip",
        ),
        (builder().client_from(""), "client_from: invalid header name \"\"", "such as x-real-ip"),
        (
            builder().client_from("authorization"),
            "client_from: \"authorization\" has another meaning",
            "remove it",
        ),
        (builder().client_from("via"), "client_from: \"via\" has another meaning", "remove it"),
        (
            builder().client_from("x_api.key"),
            "client_from: \"x_api.key\" has another meaning",
            "remove it",
        ),
        (
            builder().scheme_from("traceparent"),
            "scheme_from: \"traceparent\" has another meaning",
            "remove it",
        ),
        (
            builder().scheme_from("x-forwarded-for"),
            "scheme_from: \"x-forwarded-for\" holds a list of addresses",
            "scheme",
        ),
        (builder().scheme_from("x-arr-ssl"), "scheme_from: \"x-arr-ssl\" holds a value", "scheme"),
        (
            hosts(builder().host_from("host")),
            "host_from: \"host\" is read without this call",
            "remove the call",
        ),
        (
            hosts(builder().host_from("x forwarded host")),
            "host_from: invalid header name \"x forwarded host\"",
            "such as",
        ),
        (
            hosts(builder().host_from("x-forwarded-server")),
            "host_from: \"x-forwarded-server\" holds a value",
            "holds a host",
        ),
        (
            hosts(builder().host_from("origin")),
            "host_from: \"origin\" has another meaning",
            "remove it",
        ),
        (
            builder().port_from("x-forwarded-proto"),
            "port_from: \"x-forwarded-proto\" holds a scheme",
            "holds a port",
        ),
        (
            builder().port_from("user-agent"),
            "port_from: \"user-agent\" has another meaning",
            "remove it",
        ),
        (
            builder().prefix_from("x-forwarded-host"),
            "prefix_from: \"x-forwarded-host\" holds a host",
            "holds a path prefix",
        ),
        (
            builder().client_from(ClientSource::x_forwarded_for().nth_from_right(0)),
            "client_from: nth_from_right(0)",
            "the last entry is 1",
        ),
        (
            builder().client_from(none().nth_from_right(2)),
            "client_from: nth_from_right(2)",
            "ClientSource::list(…)",
        ),
        (
            builder().insecure_keep_header("x-request-foo"),
            "insecure_keep_header: \"x-request-foo\"",
            "remove the call",
        ),
        (
            builder().insecure_keep_header("host"),
            "insecure_keep_header: \"host\"",
            "remove the call",
        ),
        (
            builder().insecure_keep_header("cookie"),
            "insecure_keep_header: \"cookie\"",
            "remove the call",
        ),
        (
            builder().insecure_keep_header("not a name"),
            "insecure_keep_header: invalid header name",
            "such as",
        ),
    ]);
}

#[test]
fn settings_that_do_not_go_together() {
    let forwarded = || builder().client_from("forwarded");
    let hosts = |builder: Builder| builder.allowed_hosts("example.com");
    let loopback = TrustedProxies::loopback;
    check(vec![
        (
            builder()
                .client_from("cf-connecting-ip")
                .scheme_from(SchemeSource::none())
                .proxies_write(Writing::Replace),
            "proxies_write(Writing::Replace)",
            "remove the call",
        ),
        (
            builder().client_from("cf-connecting-ip").proxies_write(Writing::Replace),
            "proxies_write(Writing::Replace)",
            "remove the call",
        ),
        (
            builder().client_from(none()).proxies_write(Writing::Replace),
            "proxies_write(Writing::Replace)",
            "remove the call",
        ),
        (
            builder().client_from("cf-connecting-ip").proxies_write(Writing::AppendToEach),
            "proxies_write(Writing::AppendToEach)",
            "remove the call",
        ),
        (
            forwarded().proxies_write(Writing::AppendToEach),
            "proxies_write(Writing::AppendToEach)",
            "remove the call",
        ),
        (
            builder().client_from(none()).proxies_write(Writing::AppendToEach),
            "proxies_write(Writing::AppendToEach)",
            "remove the call",
        ),
        (
            builder().client_from(none()).trusted_peer_may_be_client(true),
            "trusted_peer_may_be_client(true) beside client_from(ClientSource::none())",
            "remove one",
        ),
        (
            builder().client_from(none()).scheme_from(SchemeSource::none()),
            "no header is read",
            "trust(\"none\")",
        ),
        (builder().client_from("none").scheme_from("none"), "no header is read", "trust(\"none\")"),
        (
            builder().host_from("x-forwarded-host"),
            "host_from without allowed_hosts",
            "AllowedHosts::any()",
        ),
        (
            forwarded().host_from("forwarded"),
            "host_from without allowed_hosts",
            "AllowedHosts::any()",
        ),
        (
            hosts(forwarded().host_from("x-forwarded-host")),
            "host_from(\"x-forwarded-host\") beside client_from(\"forwarded\")",
            "write host_from(\"forwarded\")",
        ),
        (
            forwarded().scheme_from("x-forwarded-proto"),
            "scheme_from(\"x-forwarded-proto\") beside client_from(\"forwarded\")",
            "write scheme_from(\"forwarded\")",
        ),
        (
            forwarded().scheme_from("x-forwarded-ssl"),
            "scheme_from(\"x-forwarded-ssl\") beside client_from(\"forwarded\")",
            "write scheme_from(\"forwarded\")",
        ),
        (
            forwarded().port_from("x-forwarded-port"),
            "port_from(\"x-forwarded-port\") beside client_from(\"forwarded\")",
            "host_from(\"forwarded\")",
        ),
        (
            hosts(builder().host_from("forwarded")),
            "host_from(\"forwarded\") without client_from(\"forwarded\")",
            "as well",
        ),
        (
            builder().scheme_from("forwarded"),
            "scheme_from(\"forwarded\") without client_from(\"forwarded\")",
            "as well",
        ),
        (
            builder().scheme_from(SchemeSource::always("https")).direct_scheme("http"),
            "direct_scheme beside scheme_from(SchemeSource::always(…))",
            "remove one",
        ),
        (
            builder().trust("10.0.0.2").trust_chain(["198.51.100.0/24"]),
            "trust beside trust_chain",
            "remove trust",
        ),
        (
            builder().trust_chain(["198.51.100.0/24"]).trust("10.0.0.2"),
            "trust beside trust_chain",
            "remove trust",
        ),
        (
            builder().trust_chain(["173.245.48.0/20", "10.0.0.2"]).client_from("cf-connecting-ip"),
            "client_from(\"cf-connecting-ip\") beside trust_chain",
            "remove client_from",
        ),
        (
            builder().trust_chain([TrustedProxies::insecure_any(), loopback()]),
            "trust_chain: insecure_any",
            "nth_from_right(2)",
        ),
        (
            builder().trust_chain([loopback(), TrustedProxies::insecure_any().union(loopback())]),
            "trust_chain: insecure_any",
            "nth_from_right(2)",
        ),
        (
            builder().trust_chain(Vec::<&str>::new()),
            "trust_chain: the chain has no set",
            "trust(\"none\")",
        ),
        (builder().trust_chain(vec![loopback(); 256]), "trust_chain: 256 sets", "at most 255"),
        (
            builder().trust_chain(["unix, 10.0.0.3", "10.0.0.2"]),
            "trust_chain: unix beside addresses",
            "a set of its own",
        ),
        (
            forwarded().trust_chain(["unix", "10.0.0.2"]),
            "trust_chain: unix in a set behind the peer",
            "remove unix",
        ),
        (
            builder().client_from(ClientSource::list("x-ours")).scheme_from("x-ours"),
            "\"x-ours\" is read for two values",
            "for each",
        ),
        (
            builder().scheme_from("x_ours").port_from("x.ours"),
            "\"x_ours\" is read for two values",
            "for each",
        ),
    ]);
}

/// `proto` falls away with the element that it is read from.
#[test]
fn a_profile_of_forwarded_without_an_address_reads_nothing() {
    for proxy in [Proxy::NginxForwarded, Proxy::HaProxyForwarded, Proxy::TrafficServer] {
        let error = behind(proxy).client_from(none()).build().unwrap_err().to_string();
        assert!(error.starts_with("no header is read"), "{proxy}: {error}");
    }
}

/// After `behind`, a source that the page of the proxy does not allow.
#[test]
fn more_than_a_proxy_writes() {
    let hosts = |builder: Builder| builder.allowed_hosts("example.com");
    let builder_instead = "set the sources with builder() instead";
    let mut rows = vec![
        (
            ForwardedHeaders::behind(Proxy::AwsAlb),
            "behind(aws-alb) without trust(…)",
            "write the addresses",
        ),
        (
            behind(Proxy::GoogleAlb).client_from("x-forwarded-for"),
            "client_from(\"x-forwarded-for\") behind google-alb",
            "entry 2 from the right",
        ),
        (
            behind(Proxy::Nginx).client_from(ClientSource::x_forwarded_for().nth_from_right(2)),
            "client_from: behind nginx the client is entry 1 from the right, not 2",
            builder_instead,
        ),
        (
            behind(Proxy::Nginx).client_from("cf-connecting-ip"),
            "client_from(\"cf-connecting-ip\") behind nginx: nginx passes the client's own",
            "trust_chain instead",
        ),
        (
            behind(Proxy::Nginx).client_from("forwarded"),
            "client_from(\"forwarded\") behind nginx",
            "Proxy::NginxForwarded",
        ),
        (
            behind(Proxy::Envoy).client_from("true-client-ip"),
            "client_from(\"true-client-ip\") behind envoy: the header may be the client's own",
            builder_instead,
        ),
        (
            hosts(behind(Proxy::Apache).host_from("x-forwarded-host")),
            "host_from(\"x-forwarded-host\") behind apache: Apache appends",
            "is in Host",
        ),
        (
            behind(Proxy::IngressNginx).prefix_from("x-forwarded-prefix"),
            "prefix_from(\"x-forwarded-prefix\") behind ingress-nginx",
            builder_instead,
        ),
        (
            behind(Proxy::Cloudflare).prefix_from("x-forwarded-prefix"),
            "prefix_from(\"x-forwarded-prefix\") behind cloudflare: the header may be the client's own",
            builder_instead,
        ),
        (
            behind(Proxy::Nghttpx).scheme_from("x-forwarded-proto"),
            "scheme_from(\"x-forwarded-proto\") behind nghttpx",
            "SchemeSource::always(\"https\")",
        ),
        (
            behind(Proxy::Nginx).scheme_from("x-forwarded-ssl"),
            "scheme_from(\"x-forwarded-ssl\") behind nginx: the header may be the client's own",
            builder_instead,
        ),
        (
            behind(Proxy::Pound).proxies_write(Writing::Append),
            "proxies_write(Writing::Append) behind pound: pound appends to the first line",
            builder_instead,
        ),
        (
            behind(Proxy::Caddy).proxies_write(Writing::AppendToEach),
            "proxies_write(Writing::AppendToEach) behind caddy: the proxy does not write its headers in this way",
            builder_instead,
        ),
        (
            behind(Proxy::Nginx).proxies_write(Writing::Replace),
            "proxies_write(Writing::Replace) behind nginx: the proxy does not write its headers in this way",
            builder_instead,
        ),
        (
            ForwardedHeaders::behind(Proxy::Cloudflare)
                .trust_chain(["173.245.48.0/20", "10.0.0.2"]),
            "trust_chain behind cloudflare: A proxy behind Cloudflare",
            "use the profile of the proxy that connects to the app",
        ),
    ];
    for proxy in [Proxy::Traefik, Proxy::IngressNginx] {
        let real_ip = behind(proxy).client_from("x-real-ip").proxies_write(Writing::Append);
        rows.push((
            real_ip,
            "client_from(\"x-real-ip\") behind",
            "even those that the client wrote",
        ));
    }
    for proxy in [Proxy::Caddy, Proxy::Traefik, Proxy::IngressNginx] {
        let chain = ForwardedHeaders::behind(proxy).trust_chain(["10.0.0.3", "10.0.0.2"]);
        let host = |builder: Builder| hosts(builder.host_from("x-forwarded-host"));
        let start = "host_from(\"x-forwarded-host\") behind";
        rows.push((host(chain), start, "keeps the headers of a proxy that it trusts"));
        rows.push((
            host(behind(proxy).proxies_write(Writing::Append)),
            start,
            "even those that the client wrote",
        ));
    }
    check(rows);
}

/// Every profile, with every header of every other profile: accepted only what its page allows.
#[test]
fn each_profile_allows_what_its_page_says() {
    use Proxy::{
        AwsAlb, AzureAppGateway, AzureFrontDoor, Caddy, Fly, HaProxy, HaProxyForwarded,
        IngressNginx, Nginx, NginxForwarded, Pound, Traefik, Varnish,
    };
    let allowed: &[(&str, &str, &[Proxy])] = &[
        ("client", "x-real-ip", &[Nginx, Traefik, IngressNginx]),
        ("client", "true-client-ip", &[]),
        ("client", "x-azure-socketip", &[]),
        ("scheme", "x-forwarded-ssl", &[]),
        ("scheme", "x-scheme", &[]),
        (
            "host",
            "x-forwarded-host",
            &[Nginx, HaProxy, Caddy, Traefik, AzureFrontDoor, IngressNginx],
        ),
        ("host", "forwarded", &[NginxForwarded, HaProxyForwarded]),
        ("host", "x-original-host", &[]),
        (
            "port",
            "x-forwarded-port",
            &[Nginx, HaProxy, Pound, AwsAlb, AzureAppGateway, IngressNginx],
        ),
        ("port", "fly-forwarded-port", &[Fly]),
        ("prefix", "x-forwarded-prefix", &[Nginx, Traefik]),
    ];
    for proxy in Proxy::ALL {
        for (value, header, proxies) in allowed {
            let builder = behind(*proxy).allowed_hosts("example.com");
            let built = match *value {
                "client" => builder.client_from(*header),
                "scheme" => builder.scheme_from(*header),
                "host" => builder.host_from(*header),
                "port" => builder.port_from(*header),
                _ => builder.prefix_from(*header),
            };
            let result = built.build();
            assert_eq!(result.is_ok(), proxies.contains(proxy), "{proxy}: {header}: {result:?}");
        }
        let scheme = behind(*proxy).scheme_from("x-forwarded-proto").build();
        let own = behind(*proxy).build().unwrap();
        let reads = format!("{own:?}").contains("scheme: List(\"x-forwarded-proto\")");
        assert_eq!(scheme.is_ok(), reads || *proxy == Varnish, "{proxy}: {scheme:?}");
        let narrowed = [
            behind(*proxy).scheme_from(SchemeSource::always("https")),
            behind(*proxy).client_from(none()).scheme_from(SchemeSource::always("https")),
        ];
        for narrowed in narrowed {
            let result = narrowed.build();
            assert!(result.is_ok(), "{proxy}: {result:?}");
        }
    }
}

/// Services that never run on the app's machine.
#[test]
fn remote_services_need_an_address() {
    for proxy in Proxy::ALL {
        let error = ForwardedHeaders::behind(*proxy).build().err().map(|error| error.to_string());
        let is_remote = error.is_some_and(|error| error.contains("does not run on this machine"));
        let local = [
            Proxy::Nginx,
            Proxy::NginxForwarded,
            Proxy::HaProxy,
            Proxy::HaProxyForwarded,
            Proxy::Caddy,
            Proxy::Traefik,
            Proxy::Envoy,
            Proxy::Apache,
            Proxy::TrafficServer,
            Proxy::Lighttpd,
            Proxy::Nghttpx,
            Proxy::H2o,
            Proxy::Varnish,
            Proxy::Squid,
            Proxy::Pound,
        ];
        assert_eq!(is_remote, !local.contains(proxy), "{proxy}");
        let chain = ForwardedHeaders::behind(*proxy).trust_chain(["10.0.0.2"]).build();
        assert!(chain.is_ok(), "{proxy}: {chain:?}");
    }
}

/// Settings that look wrong at first, and are not.
#[test]
fn what_makes_sense_together_is_accepted() {
    let rows: [(&str, Result<ForwardedHeaders, ConfigError>); 12] = [
        ("255 proxies", builder().trust_chain(vec!["loopback"; 255]).build()),
        ("a chain of one", builder().trust_chain(["10.0.0.2"]).client_from("x-real-ip").build()),
        ("no address, the scheme", builder().client_from(none()).build()),
        (
            "no header, a stated scheme",
            builder().client_from(none()).scheme_from(SchemeSource::always("https")).build(),
        ),
        ("sources beside no proxy", builder().trust("none").client_from("x-real-ip").build()),
        (
            "a prefix beside Forwarded",
            builder().client_from("forwarded").prefix_from("x-forwarded-prefix").build(),
        ),
        (
            "no scheme beside Forwarded",
            builder().client_from("forwarded").scheme_from(SchemeSource::none()).build(),
        ),
        ("unix and addresses at the peer", builder().trust("unix, loopback").build()),
        ("unix behind the peer", builder().trust_chain(["unix", "loopback"]).build()),
        ("a kept look-alike", builder().insecure_keep_header("x_forwarded_for").build()),
        (
            "a kept header of ours",
            builder().client_from("x-ours").insecure_keep_header("x-ours").build(),
        ),
        (
            "Replace of Forwarded",
            builder().client_from("forwarded").proxies_write(Writing::Replace).build(),
        ),
    ];
    for (name, result) in rows {
        assert!(result.is_ok(), "{name}: {result:?}");
    }
}
