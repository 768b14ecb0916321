//! What the layer leaves of a request: the URI in each of its forms, names that look like others, a map
//! without room.

use forwarded_headers::{
    Builder, ClientSource, ForwardedHeaders, SchemeSource, UriRewrite, Writing,
};
use http::header::{HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Uri};

use crate::support::{Line, info, ip, lines, request, through};

const PROXY: &str = "127.0.0.1";
const CLIENT: &str = "203.0.113.7";

fn builder() -> Builder {
    ForwardedHeaders::builder().host_from("x-forwarded-host").allowed_hosts("example.com")
}

fn layer() -> ForwardedHeaders {
    builder().build().unwrap()
}

/// A name, the peer, the method, the URI, the forwarded host, and the URI behind the layer.
type Row = (&'static str, &'static str, Method, &'static str, &'static str, &'static str);

#[test]
fn the_uri_agrees_with_the_decision() {
    let connect = || Method::CONNECT;
    let rows: [Row; 17] = [
        ("origin form", PROXY, Method::GET, "/a?b", "example.com", "https://example.com/a?b"),
        (
            "absolute form",
            PROXY,
            Method::GET,
            "http://evil.example/a",
            "example.com",
            "https://example.com/a",
        ),
        ("a refused host", PROXY, Method::GET, "http://example.com/a", "evil.example", "/a"),
        (
            "no path",
            PROXY,
            Method::GET,
            "http://evil.example?q",
            "example.com",
            "https://example.com/?q",
        ),
        ("an asterisk", PROXY, Method::OPTIONS, "*", "example.com", "*"),
        ("a tunnel", PROXY, connect(), "evil.example:443", "example.com", "evil.example:443"),
        (
            "extended CONNECT",
            PROXY,
            connect(),
            "https://evil.example/ws",
            "example.com",
            "https://example.com/ws",
        ),
        ("direct", CLIENT, Method::GET, "/a", "", "/a"),
        // A client that writes https, or another scheme, on a connection without TLS.
        ("direct, https", CLIENT, Method::GET, "https://example.com/a", "", "http://example.com/a"),
        (
            "direct, a script",
            CLIENT,
            Method::GET,
            "javascript://example.com/%0aalert(1)",
            "",
            "http://example.com/%0aalert(1)",
        ),
        ("direct, a dot", CLIENT, Method::GET, "http://Example.com./", "", "http://Example.com/"),
        ("direct, a refused host", CLIENT, Method::GET, "http://evil.example/a", "", "/a"),
        ("direct, user information", CLIENT, Method::GET, "http://a@example.com/", "", "/"),
        // These URIs have no path of their own.
        (
            "direct, a fragment",
            CLIENT,
            Method::GET,
            "http://example.com#f",
            "",
            "http://example.com/",
        ),
        (
            "direct, a refused host, a fragment",
            CLIENT,
            Method::GET,
            "http://evil.example#f",
            "",
            "/",
        ),
        (
            "a refused host, a fragment",
            PROXY,
            Method::GET,
            "http://example.com#",
            "evil.example",
            "/",
        ),
        ("direct, extended CONNECT", CLIENT, connect(), "https://evil.example/ws", "", "/ws"),
    ];
    for (name, peer, method, uri, forwarded_host, expected) in rows {
        let mut sent: Vec<Line<'_>> =
            vec![("x-forwarded-for", b"203.0.113.7"), ("x-forwarded-proto", b"https")];
        if !forwarded_host.is_empty() {
            sent.push(("x-forwarded-host", forwarded_host.as_bytes()));
        }
        let mut request = request(peer, uri, &sent);
        *request.method_mut() = method;
        let parts = through(&layer(), request);
        assert_eq!(parts.uri, expected.parse::<Uri>().unwrap(), "{name}");
        assert_eq!(parts.uri.to_string(), expected, "{name}");
    }
}

#[test]
fn an_asterisk_with_an_authority_gets_the_right_one() {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(Scheme::HTTPS);
    parts.authority = Some("backend.example".parse().unwrap());
    parts.path_and_query = Some(PathAndQuery::from_static("*"));
    let mut request = request(
        PROXY,
        "/",
        &[("x-forwarded-for", b"203.0.113.7"), ("x-forwarded-host", b"example.com")],
    );
    *request.uri_mut() = Uri::from_parts(parts).unwrap();
    *request.method_mut() = Method::OPTIONS;
    let uri = through(&layer(), request).uri;
    assert_eq!((uri.scheme_str(), uri.path()), (Some("http"), "*"));
    assert_eq!(uri.authority().map(Authority::as_str), Some("example.com"));
}

/// `http::Uri` parses at most 65,534 bytes.
#[test]
fn a_uri_without_room_has_no_authority() {
    let long = |length: usize| format!("/{}", "a".repeat(length - 1));
    let longest = 65_534 - "https://example.com".len();
    for (length, has_room) in [(longest, true), (longest + 1, false), (65_534, false)] {
        let sent: [Line<'_>; 3] = [
            ("x-forwarded-for", b"203.0.113.7"),
            ("x-forwarded-proto", b"https"),
            ("x-forwarded-host", b"example.com"),
        ];
        let parts = through(&layer(), request(PROXY, &long(length), &sent));
        assert_eq!(parts.uri.authority().is_some(), has_room, "{length}");
        assert!(parts.uri.to_string().parse::<Uri>().is_ok(), "{length}");
        assert_eq!(parts.uri.path().len(), length);
    }
    // A URI without a path gets a slash.
    for (length, has_room) in [(longest - 1, true), (longest, false)] {
        let sent: [Line<'_>; 3] = [
            ("x-forwarded-for", b"203.0.113.7"),
            ("x-forwarded-proto", b"https"),
            ("x-forwarded-host", b"example.com"),
        ];
        let query = format!("http://a?{}", "q".repeat(length - 1));
        let parts = through(&layer(), request(PROXY, &query, &sent));
        assert_eq!(parts.uri.authority().is_some(), has_room, "{length}");
        assert!(parts.uri.to_string().parse::<Uri>().is_ok(), "{length}");
    }
}

#[test]
fn the_layer_can_leave_the_uri() {
    let layer = builder().rewrite_uri(UriRewrite::Leave).build().unwrap();
    let sent: [Line<'_>; 2] = [("x-forwarded-for", b"203.0.113.7"), ("host", b"example.com")];
    assert_eq!(
        through(&layer, request(PROXY, "http://evil.example/", &sent)).uri,
        "http://evil.example/"
    );
}

/// The layer keeps a line that is the client's address alone.
#[test]
fn the_list_of_addresses_becomes_the_client_or_is_removed() {
    let built = |builder: Builder| builder.build().unwrap();
    let builder = ForwardedHeaders::builder;
    let one = ForwardedHeaders::new();
    let two = built(builder().trust_chain(["loopback", "loopback"]));
    let second = built(builder().client_from(ClientSource::x_forwarded_for().nth_from_right(2)));
    let replaced = built(builder().proxies_write(Writing::Replace));
    let first_line = built(builder().proxies_write(Writing::AppendToFirstLine));
    let client = vec!["203.0.113.7"];
    let rows: [(&ForwardedHeaders, &[&str], Vec<&str>); 26] = [
        (&one, &["203.0.113.7"], client.clone()),
        (&one, &[" 203.0.113.7"], client.clone()),
        (&one, &["203.0.113.7\t"], client.clone()),
        (&one, &["\"203.0.113.7\""], client.clone()),
        (&one, &["203.0.113.7:4711"], client.clone()),
        (&one, &["::ffff:203.0.113.7"], client.clone()),
        (&one, &["2001:DB8::7"], vec!["2001:db8::7"]),
        (&one, &["6.6.6.6,203.0.113.7"], client.clone()),
        (&one, &["6.6.6.6, 203.0.113.7"], client.clone()),
        (&one, &[",203.0.113.7"], client.clone()),
        (&one, &["6.6.6.6", "203.0.113.7"], client.clone()),
        (&one, &["203.0.113.7", "203.0.113.7"], client.clone()),
        (&one, &["0.0.0.0"], vec![]),
        (&one, &["224.0.0.1"], vec![]),
        (&one, &["255.255.255.255"], vec![]),
        (&one, &["203.0.113.256"], vec![]),
        (&replaced, &["203.0.113.7"], client.clone()),
        (&replaced, &["6.6.6.6", "203.0.113.7"], vec![]),
        (&first_line, &["203.0.113.7"], client.clone()),
        (&first_line, &["6.6.6.6", "203.0.113.7"], vec![]),
        (&second, &["203.0.113.7, 192.0.2.80"], client.clone()),
        (&second, &["203.0.113.7", "192.0.2.80"], client.clone()),
        (&second, &["203.0.113.7, not an address"], client.clone()),
        (&second, &["203.0.113.7"], vec![]),
        (&two, &["127.0.0.1"], vec![]),
        (&two, &["203.0.113.7, 127.0.0.1"], client),
    ];
    for (layer, sent, left) in rows {
        let sent: Vec<_> = sent.iter().map(|line| ("x-forwarded-for", line.as_bytes())).collect();
        let parts = through(layer, request(PROXY, "/", &sent));
        let left: Vec<_> = left.iter().map(|line| line.as_bytes()).collect();
        assert_eq!(lines(&parts, "x-forwarded-for"), left, "{sent:?}");
    }
}

/// The layer keeps the port beside an address that it keeps.
#[test]
fn a_reported_port_is_kept() {
    let layer = ForwardedHeaders::builder().port_from("x-forwarded-port").build().unwrap();
    let sent: [Line<'_>; 3] = [
        ("host", b"example.com"),
        ("x-forwarded-for", b"203.0.113.7"),
        ("x-forwarded-port", b"8443"),
    ];
    let parts = through(&layer, request(PROXY, "/", &sent));
    assert_eq!(lines(&parts, "x-forwarded-for"), [b"203.0.113.7"]);
    assert_eq!(lines(&parts, "x-forwarded-port"), [b"8443"]);
    assert_eq!(lines(&parts, "host"), [b"example.com:8443"]);
}

#[test]
fn names_that_look_like_configured_names_are_removed() {
    let layer = ForwardedHeaders::builder()
        .client_from(ClientSource::list("x-edge-client"))
        .scheme_from("x_edge_proto")
        .build()
        .unwrap();
    let sent: [Line<'_>; 6] = [
        ("x-edge-client", b"6.6.6.6, 203.0.113.7"),
        ("x_edge_client", b"6.6.6.6"),
        ("x_edge_proto", b"https"),
        ("x-edge-proto", b"http"),
        ("x.edge.proto", b"http"),
        ("x-forwarded-for", b"6.6.6.6"),
    ];
    for (peer, left) in [(PROXY, vec!["x-edge-client", "x_edge_proto"]), (CLIENT, vec![])] {
        let parts = through(&layer, request(peer, "/", &sent));
        let mut names: Vec<_> = parts.headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, left, "from {peer}");
    }
}

#[test]
fn a_kept_header_is_unchanged() {
    let layer =
        ForwardedHeaders::builder().insecure_keep_header("x-forwarded-for").build().unwrap();
    let sent: [Line<'_>; 2] =
        [("x-forwarded-for", b"6.6.6.6, 203.0.113.7"), ("x-real-ip", b"6.6.6.6")];
    for peer in [PROXY, CLIENT] {
        let parts = through(&layer, request(peer, "/", &sent));
        assert_eq!(lines(&parts, "x-forwarded-for"), [b"6.6.6.6, 203.0.113.7"], "{peer}");
        assert!(lines(&parts, "x-real-ip").is_empty(), "{peer}");
    }
}

/// Each value under a name of ours: read, written anew, and the usual name removed.
#[test]
fn renamed_headers_take_the_place_of_the_usual_ones() {
    type Rename = fn(Builder, &str) -> Builder;
    let rows: [(Rename, &str, &str, &str, &str); 6] = [
        (
            |builder, name| builder.client_from(ClientSource::list(name)),
            "x-forwarded-for",
            "6.6.6.6",
            "6.6.6.6, 203.0.113.8",
            "203.0.113.8",
        ),
        (
            |builder, name| builder.scheme_from(name),
            "x-forwarded-proto",
            "http",
            "http,https",
            "https",
        ),
        (
            |builder, name| builder.scheme_from(SchemeSource::on_off(name)),
            "x-forwarded-proto",
            "http",
            " ON",
            "on",
        ),
        (
            |builder, name| builder.host_from(name),
            "x-forwarded-host",
            "evil.example",
            "our.example.",
            "our.example",
        ),
        (|builder, name| builder.port_from(name), "x-forwarded-port", "1", "\t8443", "8443"),
        (|builder, name| builder.prefix_from(name), "x-forwarded-prefix", "/evil", "/our/", "/our"),
    ];
    for (rename, usual, unread, sent, left) in rows {
        let hosts = "app.example, app.example:8443, our.example";
        let builder = ForwardedHeaders::builder().allowed_hosts(hosts);
        let layer = rename(builder, "x-our-value").build().unwrap();
        let mut all: Vec<Line<'_>> = vec![
            ("host", b"app.example"),
            (usual, unread.as_bytes()),
            ("x-our-value", sent.as_bytes()),
            ("x_our_value", b"a look-alike"),
        ];
        if usual != "x-forwarded-for" {
            all.push(("x-forwarded-for", CLIENT.as_bytes()));
        }
        let parts = through(&layer, request(PROXY, "/", &all));
        assert!(info(&parts).is_forwarded(), "{usual}");
        assert_eq!(lines(&parts, "x-our-value"), [left.as_bytes()], "{usual}");
        assert!(!parts.headers.contains_key(usual), "{usual}");
        assert!(!parts.headers.contains_key("x_our_value"), "{usual}");
        let parts = through(&layer, request("203.0.113.9", "/", &all));
        let names: Vec<_> = parts.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["host"], "{usual}, from a client");
    }
}

/// What is kept stays as it came; what is read under another name is written anew. The order of the
/// calls does not matter.
#[test]
fn a_kept_header_beside_a_renamed_one() {
    let base = || ForwardedHeaders::builder().allowed_hosts("app.example, our.example");
    let builders = [
        base().insecure_keep_header("x-forwarded-host").host_from("x-our-host"),
        base().host_from("x-our-host").insecure_keep_header("x-forwarded-host"),
    ];
    let sent: [Line<'_>; 6] = [
        ("host", b"app.example"),
        ("x-forwarded-for", b"203.0.113.7"),
        ("x-forwarded-host", b"evil.example, other.example"),
        ("x-our-host", b"our.example."),
        ("x_our_host", b"evil.example"),
        ("x-real-ip", b"6.6.6.6"),
    ];
    for layer in builders.map(|builder| builder.build().unwrap()) {
        let parts = through(&layer, request(PROXY, "/", &sent));
        assert_eq!(info(&parts).host(), Some("our.example"));
        assert_eq!(lines(&parts, "x-our-host"), [b"our.example"]);
        assert_eq!(lines(&parts, "x-forwarded-host"), [b"evil.example, other.example"]);
        assert_eq!(parts.headers.len(), 4, "{:?}", parts.headers);

        let parts = through(&layer, request("203.0.113.9", "/", &sent));
        assert_eq!(info(&parts).host(), Some("app.example"));
        assert_eq!(lines(&parts, "x-forwarded-host"), [b"evil.example, other.example"]);
        assert_eq!(parts.headers.len(), 2, "{:?}", parts.headers);
    }
    // A kept header that is read, under a name of ours.
    let builder = base().host_from("x-our-host").insecure_keep_header("x-our-host");
    let layer = builder.build().unwrap();
    for (peer, host) in [(PROXY, "our.example"), ("203.0.113.9", "app.example")] {
        let parts = through(&layer, request(peer, "/", &sent));
        assert_eq!(info(&parts).host(), Some(host), "{peer}");
        assert_eq!(lines(&parts, "x-our-host"), [b"our.example."], "{peer}");
        assert!(!parts.headers.contains_key("x_our_host"), "{peer}");
    }
}

/// `OPTIONS *` asks about the server as a whole (RFC 9110 §7.1): its target stays, whatever is known.
#[test]
fn the_target_of_options_stays() {
    let sent: [Line<'_>; 4] = [
        ("host", b"example.com"),
        ("x-forwarded-for", b"203.0.113.7"),
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-host", b"example.com"),
    ];
    let always = builder().scheme_from(SchemeSource::always("https"));
    let builders = [
        builder(),
        builder().rewrite_uri(UriRewrite::Correct),
        builder().rewrite_uri(UriRewrite::Leave),
        builder().direct_scheme("https"),
        always,
    ];
    for layer in builders.map(|builder| builder.build().unwrap()) {
        for peer in [PROXY, CLIENT] {
            let mut options = request(peer, "*", &sent);
            *options.method_mut() = Method::OPTIONS;
            let parts = through(&layer, options);
            assert_eq!(parts.uri, "*", "{peer}, {layer:?}");
            assert_eq!(info(&parts).host(), Some("example.com"), "{peer}, {layer:?}");
        }
    }
    // Another target of OPTIONS is rewritten as that of any other method.
    let mut options = request(PROXY, "http://evil.example/a", &sent);
    *options.method_mut() = Method::OPTIONS;
    assert_eq!(through(&layer(), options).uri, "https://example.com/a");
}

/// `http::HeaderMap` holds 24,576 names. A full map refuses to replace the value of a name.
#[test]
fn a_full_map_keeps_no_old_value() {
    let sent: [Line<'_>; 4] = [
        ("x-forwarded-for", b"6.6.6.6, 203.0.113.7"),
        ("x-forwarded-proto", b"http, https"),
        ("host", b"evil.example"),
        ("x-forwarded-host", b"example.com."),
    ];
    let mut request = request(PROXY, "/", &sent);
    for filler in 0_u32.. {
        let name = HeaderName::from_bytes(format!("filler-{filler}").as_bytes()).unwrap();
        if request.headers_mut().try_insert(name, HeaderValue::from_static("")).is_err() {
            break;
        }
    }
    let parts = through(&layer(), request);
    assert_eq!(info(&parts).client_ip(), Some(ip(CLIENT)));
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-proto", "https"),
        ("host", "example.com"),
        ("x-forwarded-host", "example.com"),
    ] {
        let left = lines(&parts, name);
        assert!(left.is_empty() || left == [value.as_bytes()], "{name}");
    }
}
