//! The last value that is taken and the first that is not, where a changed line of code would move
//! them.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use crate::support::{Line, info, ip, lines, request, resolve, through};
use forwarded_headers::forwarded::elements;
use forwarded_headers::{
    AllowedHosts, Family, ForwardedHeaders, Outcome, TrustedProxies, Unresolved,
};
use http::uri::Scheme;
use http::{HeaderName, Request};
use tower::{Layer, Service};

/// 253 characters in labels of 63 at most (RFC 1035 §2.3.4).
fn longest_name() -> String {
    let label = "a".repeat(63);
    format!("{label}.{label}.{label}.{}", "a".repeat(61))
}

fn host(name: &str) -> Option<String> {
    let layer = ForwardedHeaders::new().read_host(true).allowed_hosts(AllowedHosts::any());
    let sent =
        [("x-forwarded-for", b"203.0.113.7".as_slice()), ("x-forwarded-host", name.as_bytes())];
    resolve(&layer, "127.0.0.1", &sent).authority().map(String::from)
}

#[test]
fn hosts() {
    let name = longest_name();
    let label = "b".repeat(63);
    let taken = [
        (name.clone(), name.clone()),
        (format!("{name}.:65535"), format!("{name}:65535")),
        (format!("{label}.example"), format!("{label}.example")),
        // No number in base 16, so no address to anybody.
        ("example.0xyz".into(), "example.0xyz".into()),
        ("example.0".to_string() + "a", "example.0a".into()),
        ("a_b-c.example".into(), "a_b-c.example".into()),
        ("192.0.2.1".into(), "192.0.2.1".into()),
        ("h:1".into(), "h:1".into()),
    ];
    for (sent, authority) in taken {
        assert_eq!(host(&sent).as_deref(), Some(authority.as_str()), "{sent}");
    }
    let refused = [
        format!("a{name}"),
        format!("b{label}.example"),
        // Browsers take these for addresses (WHATWG URL, "ends in a number").
        "example.0x7f".into(),
        "0x7F000001".into(),
        "example.0x".into(),
        "example.1".into(),
        "192.0.2.1.".into(),
        "a..b".into(),
        ".".into(),
        "-a.example".into(),
        "a-.example".into(),
        "h:0".into(),
        "h:65536".into(),
        "h:".into(),
        "[::1".into(),
        "[::1]x".into(),
    ];
    for sent in refused {
        assert_eq!(host(&sent), None, "{sent}");
    }
}

/// `Host` is looked for in the first place, and elsewhere.
#[test]
fn hosts_wherever_they_stand() {
    const HOST: Line<'_> = ("host", b"example.com");
    const OTHER: Line<'_> = ("accept", b"other.example");
    let rows: [(&[Line<'_>], Option<&str>); 7] = [
        (&[HOST], Some("example.com")),
        (&[HOST, OTHER], Some("example.com")),
        (&[OTHER, HOST], Some("example.com")),
        (&[OTHER], None),
        (&[HOST, HOST], None),
        (&[HOST, OTHER, HOST], None),
        (&[OTHER, HOST, HOST], None),
    ];
    for (sent, authority) in rows {
        let layer = ForwardedHeaders::new();
        assert_eq!(resolve(&layer, "127.0.0.1", sent).authority(), authority, "{sent:?}");
        let parts = through(&layer, request("127.0.0.1", "/", sent));
        assert_eq!(info(&parts).authority(), authority, "{sent:?}");
    }
}

/// Every byte of the longest authority escaped.
#[test]
fn an_escaped_host() {
    let authority = format!("{}.:65535", longest_name());
    let escaped: String = authority.chars().flat_map(|c| ['\\', c]).collect();
    let value = format!("for=203.0.113.7;host=\"{escaped}\"");
    let layer = ForwardedHeaders::new().family(Family::Forwarded).read_host(true);
    let layer = layer.allowed_hosts(AllowedHosts::any());
    let info = resolve(&layer, "127.0.0.1", &[("forwarded", value.as_bytes())]);
    assert_eq!(info.authority(), Some(format!("{}:65535", longest_name()).as_str()));
}

/// An escaped quote behind an escaped backslash, far from the quote that opens.
#[test]
fn an_escaped_quote() {
    let value = br#"for=6.6.6.6, for=203.0.113.7;x="aaaaaaaaaaaaaaaaaaaaaaaa\\\"b,c""#;
    let layer = ForwardedHeaders::new().family(Family::Forwarded);
    let info = resolve(&layer, "127.0.0.1", &[("forwarded", value)]);
    assert_eq!(info.client_ip(), Some(ip("203.0.113.7")));
}

/// A member may have 4096 bytes, spaces included. One byte more, and it is malformed, as is what is
/// left of its line.
#[test]
fn long_members() {
    let of_length = |length: usize, end: &str| format!("{end:>length$}");
    let rows = [
        (Family::XForwarded, "x-forwarded-for", "203.0.113.7"),
        (Family::Forwarded, "forwarded", "for=203.0.113.7"),
    ];
    for (family, name, member) in rows {
        let layer = ForwardedHeaders::new().family(family);
        let client =
            |value: String| resolve(&layer, "127.0.0.1", &[(name, value.as_bytes())]).client_ip();
        assert_eq!(client(of_length(4096, member)), Some(ip("203.0.113.7")));
        assert_eq!(client(format!("x,{}", of_length(4096, member))), Some(ip("203.0.113.7")));
        assert_eq!(client(of_length(4097, member)), None);
        assert_eq!(client(format!("x,{}", of_length(4097, member))), None);
        assert_eq!(client(format!("{member},{}", of_length(4097, ""))), None);
    }
    let pair = format!("for=203.0.113.7;x={}", "a".repeat(4096 - "for=203.0.113.7;x=".len()));
    let layer = ForwardedHeaders::new().family(Family::Forwarded);
    let client =
        |value: &str| resolve(&layer, "127.0.0.1", &[("forwarded", value.as_bytes())]).client_ip();
    assert_eq!(client(&pair), Some(ip("203.0.113.7")));
    assert_eq!(client(&format!("for=6.6.6.6,{pair}")), Some(ip("203.0.113.7")));
    assert_eq!(client(&format!("{pair}a")), None);
    assert_eq!(client(&format!("for=6.6.6.6,{pair}a")), None);
}

/// What is left of a line counts as one member, so whoever counts past it would count wrong.
#[test]
fn nobody_counts_past_a_long_member() {
    let proxies: TrustedProxies = "10.0.0.0/8".parse().unwrap();
    let hosts = "victim.example, good.example".parse().unwrap();
    let layer = ForwardedHeaders::new().trust(proxies).max_hops(2);
    let aligned = layer.clone().aligned_lists(true).read_host(true).allowed_hosts(hosts);
    let clients: Line<'_> = ("x-forwarded-for", b"203.0.113.7, 10.0.0.2");
    for (length, outcome) in [(100, Outcome::Forwarded), (4096, Outcome::Forwarded)] {
        // The client's line, and that of two proxies, which append what it asked for.
        let host = "h".repeat(length);
        let own = format!("{host}, {host}");
        let lines: [Line<'_>; 3] = [
            clients,
            ("x-forwarded-host", b"victim.example"),
            ("x-forwarded-host", own.as_bytes()),
        ];
        let info = resolve(&aligned, "10.0.0.1", &lines);
        assert_eq!((info.outcome(), info.authority()), (outcome, None), "{length}");
    }
    let excess = Outcome::Unresolved(Unresolved::Excess);
    for length in [10, 4097] {
        let schemes = format!("evil, evil, {}, http", "a".repeat(length));
        let lines = [clients, ("x-forwarded-proto", schemes.as_bytes())];
        let info = resolve(&layer.clone().exact(true), "10.0.0.1", &lines);
        assert_eq!((info.outcome(), info.client_ip()), (excess, None), "{length}");
    }
}

#[test]
fn values_are_copied_where_they_have_escapes() {
    let element = elements(br#"proto="http";host="a\b""#).next().unwrap().unwrap();
    assert!(matches!(element.proto().unwrap().to_bytes(), Cow::Borrowed(b"http")));
    assert!(matches!(element.host().unwrap().to_bytes(), Cow::Owned(host) if host == b"ab"));
}

#[test]
fn both_schemes_may_be_ones_own() {
    for scheme in [Scheme::HTTP, Scheme::HTTPS] {
        let layer = ForwardedHeaders::new().own_scheme(scheme.clone()).check().unwrap();
        assert_eq!(resolve(&layer, "203.0.113.7", &[]).scheme(), &scheme);
    }
}

#[test]
fn values_are_compared_by_what_they_mean() {
    let element = elements(br#"a=x;b="x";c="\x";d=xy;e="\xy""#).next().unwrap().unwrap();
    let values: Vec<_> = element.pairs().map(|(_, value)| value).collect();
    let [plain, quoted, escaped, longer, longer_escaped] = values[..] else { panic!("{values:?}") };
    assert!(plain == quoted && plain == escaped && longer == longer_escaped);
    assert!(plain != longer && plain != longer_escaped);
    assert!(plain == "x" && escaped == *"x");
    assert!(plain != "xy" && longer != *"x");
}

/// No known name is that long, and a table of lengths has an end.
#[test]
fn long_names_of_other_headers() {
    let layer = ForwardedHeaders::new();
    for length in [63, 64, 65, 128, 1000] {
        let name = format!("x-{}", "a".repeat(length - 2));
        let parts = through(&layer, request("203.0.113.7", "/", &[(&name, b"1")]));
        assert_eq!(lines(&parts, &name), [b"1"], "{length}");
    }
}

/// An unchecked chain that is too long does not count past 255.
#[test]
fn hops_are_counted_to_255() {
    let layer = ForwardedHeaders::new().proxy_chain(vec![TrustedProxies::loopback(); 300]);
    let list = ["127.0.0.1"; 300].join(", ");
    let info = resolve(&layer, "127.0.0.1", &[("x-forwarded-for", list.as_bytes())]);
    assert_eq!((info.hops(), info.client_ip()), (255, Some(ip("127.0.0.1"))));
}

/// A port is somebody's: without an address there is none, though the node that was named keeps it.
#[test]
fn ports_without_an_address() {
    let family = |family| ForwardedHeaders::new().family(family);
    let rows: [(Family, &str, &str, &str); 4] = [
        (Family::XForwarded, "x-forwarded-for", "unknown:80", "unknown:80"),
        (Family::Forwarded, "forwarded", "for=\"unknown:80\"", "unknown:80"),
        (Family::Forwarded, "forwarded", "for=\"unknown:_p\"", "unknown:_p"),
        (Family::Forwarded, "forwarded", "for=\"_hidden:80\"", "_hidden:80"),
    ];
    for (read, name, line, node) in rows {
        let info = resolve(&family(read), "127.0.0.1", &[(name, line.as_bytes())]);
        assert_eq!(info.client().map(|node| node.to_string()).as_deref(), Some(node), "{line}");
        assert_eq!((info.client_ip(), info.client_port()), (None, None), "{line}");
    }
}

/// A peer that sends any header of the family is a proxy that names nobody, and no client of its own.
#[test]
fn a_direct_peer_says_nothing_at_all() {
    let layer = ForwardedHeaders::new().allow_direct(true);
    let not_reported = Outcome::Unresolved(Unresolved::NotReported);
    let rows: [(&ForwardedHeaders, &[Line<'_>], Outcome); 8] = [
        (&layer, &[], Outcome::NotForwarded),
        (&layer, &[("host", b"example.com")], Outcome::NotForwarded),
        (&layer, &[("forwarded", b"for=6.6.6.6")], Outcome::NotForwarded),
        (&layer, &[("x-forwarded-proto", b"https")], not_reported),
        (&layer, &[("x-forwarded-host", b"example.com")], not_reported),
        (&layer, &[("x-forwarded-port", b"443")], not_reported),
        (&layer, &[("x-forwarded-prefix", b"/")], not_reported),
        (
            &layer.clone().client_ip_header(HeaderName::from_static("x-real-ip")),
            &[("x-forwarded-for", b"6.6.6.6")],
            not_reported,
        ),
    ];
    for (layer, sent, outcome) in rows {
        assert_eq!(resolve(layer, "127.0.0.1", sent).outcome(), outcome, "{sent:?}");
    }
}

/// Whoever the layer is asked by waits for as long as the service inside does.
#[test]
fn a_busy_service_is_waited_for() {
    struct Busy;
    impl Service<Request<()>> for Busy {
        type Response = ();
        type Error = Infallible;
        type Future = Ready<Result<(), Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Pending
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            ready(Ok(()))
        }
    }
    let mut service = ForwardedHeaders::new().layer(Busy);
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending());
}
