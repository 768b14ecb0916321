//! Attacks with the scheme, the host, the port and the prefix.

use forwarded_headers::{AllowedHosts, Builder, ForwardedHeaders};
use http::HeaderValue;
use http::uri::{Authority, Scheme};

use crate::attacks::{
    ATTACKER, CLIENT, P1, Want, XFF, builder, check, check_error, left_over, proxies,
};
use crate::support::{Line, info, lines, request, through};

const LIST: Line<'static> = (XFF, b"203.0.113.7");
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const PORT: &str = "x-forwarded-port";
const PREFIX: &str = "x-forwarded-prefix";

fn with_list<'a>(sent: &[Line<'a>]) -> Vec<Line<'a>> {
    [&[LIST], sent].concat()
}

/// A name, the lines of `X-Forwarded-Proto`, and the forwarded scheme.
type SchemeRow<'a> = (&'a str, &'a [&'a [u8]], Option<&'a str>);

const SCHEMES: &[SchemeRow<'_>] = &[
    ("https", &[b"https"], Some("https")),
    ("HTTPS", &[b"HTTPS"], Some("https")),
    ("Http", &[b"Http"], Some("http")),
    ("white space round https", &[b" https\t"], Some("https")),
    // Traefik writes the schemes of WebSocket.
    ("ws", &[b"ws"], Some("http")),
    ("wss", &[b"WSS"], Some("https")),
    // GHSA-93m4-mfpg-c3xf, CVE-2018-16471.
    ("javascript", &[b"javascript"], None),
    ("ftp", &[b"ftp"], None),
    ("URL", &[b"https://"], None),
    ("colon", &[b"https:"], None),
    ("markup", &[b"a\"onload=x"], None),
    ("parameter", &[b"https;x"], None),
    ("quotes", &[b"\"https\""], None),
    ("empty", &[b""], None),
    ("on", &[b"on"], None),
    ("ssl", &[b"ssl"], None),
    ("invalid UTF-8", &[b"https\xFF"], None),
    ("long s", &["httpſ".as_bytes()], None),
    // The nearest proxy writes the right end.
    ("http, then https", &[b"http, https"], Some("https")),
    ("https, then http", &[b"https, http"], Some("http")),
    ("two entries without a space", &[b"https,https"], Some("https")),
    ("two lines, https last", &[b"http", b"https"], Some("https")),
    ("two lines, http last", &[b"https", b"http"], Some("http")),
    ("empty last entry", &[b"https,"], None),
    ("empty last line", &[b"https", b""], None),
    ("junk at the end", &[b"https, junk"], None),
    ("junk to the left", &[b"junk, https"], Some("https")),
    ("space for a comma", &[b"http https"], None),
];

/// If a scheme is read and none is valid, the scheme is `http`, even if the app itself takes TLS: the
/// client can make a proxy delete the header.
#[test]
fn a_scheme_that_is_not_valid_is_http() {
    let takes_tls = builder().direct_scheme("https").build().unwrap();
    for (name, values, want) in SCHEMES {
        let sent: Vec<_> = values.iter().map(|value| (PROTO, *value)).collect();
        for layer in [&proxies(), &takes_tls] {
            let parts = check(name, layer, request(P1, "/", &with_list(&sent)), Want::Addr(CLIENT));
            let info = info(&parts);
            assert_eq!(info.forwarded_scheme().map(Scheme::as_str), *want, "{name}");
            assert_eq!(info.scheme().as_str(), want.unwrap_or("http"), "{name}");
            let left: Vec<&[u8]> = want.iter().map(|scheme| scheme.as_bytes()).collect();
            assert_eq!(lines(&parts, PROTO), left, "{name}");
            check(name, layer, request(ATTACKER, "/", &with_list(&sent)), Want::Peer);
        }
    }
}

/// A layer that reads several headers lets the client write the header that the proxy does not write.
#[test]
fn other_headers_for_the_scheme_are_not_read() {
    let rows: [Line<'_>; 8] = [
        ("x-forwarded-ssl", b"on"),
        ("x-forwarded-scheme", b"https"),
        ("x-forwarded-protocol", b"https"),
        ("front-end-https", b"on"),
        ("x-url-scheme", b"https"),
        ("x-scheme", b"https"),
        ("cloudfront-forwarded-proto", b"https"),
        // A port reports no scheme.
        (PORT, b"443"),
    ];
    for other in rows {
        let name = other.0;
        let parts =
            check(name, &proxies(), request(P1, "/", &with_list(&[other])), Want::Addr(CLIENT));
        assert_eq!(info(&parts).scheme().as_str(), "http", "{name}");
        assert_eq!(left_over(&parts), [XFF], "{name}");

        let sent = with_list(&[other, (PROTO, b"http")]);
        let parts = check(name, &proxies(), request(P1, "/", &sent), Want::Addr(CLIENT));
        assert_eq!(info(&parts).scheme().as_str(), "http", "{name}, beside http");
    }
    // `X-Forwarded-Scheme` holds a scheme, so `on` is not valid in it.
    for (value, want) in [(b"https".as_slice(), "https"), (b"on", "http")] {
        let name = format!("x-forwarded-scheme is read, {}", value.escape_ascii());
        let layer = builder().scheme_from("x-forwarded-scheme").build().unwrap();
        let sent = with_list(&[("x-forwarded-scheme", value), (PROTO, b"https")]);
        let parts = through(&layer, request(P1, "/", &sent));
        assert_eq!(info(&parts).scheme().as_str(), want, "{name}");
        assert!(lines(&parts, PROTO).is_empty(), "{name}");
    }
}

/// What the layer does with a forwarded host.
#[derive(Debug, Clone, Copy)]
enum Host {
    Is(&'static str),
    /// The forwarded host is not valid, so the request's own host counts.
    Absent,
    /// The forwarded host is not allowed, and no other host takes its place.
    Refused,
}

/// Allows `good.example`, the hosts below it, and the app's own host.
fn good_hosts() -> Builder {
    builder().host_from(HOST).allowed_hosts("good.example, *.good.example, own.example")
}

fn any_host() -> Builder {
    builder().host_from(HOST).allowed_hosts(AllowedHosts::any())
}

fn check_host(name: &str, layer: &ForwardedHeaders, sent: &[Line<'_>], want: Host) {
    let authority = match want {
        Host::Is(host) => Some(host),
        Host::Absent => Some("own.example"),
        Host::Refused => None,
    };
    let uri = authority.map_or("/a?b".into(), |host| format!("https://{host}/a?b"));
    check_host_and_uri(name, layer, sent, want, authority, &uri);
}

/// With every host allowed, the client chooses the host, so the URI stays as it is.
fn check_host_of_any(name: &str, layer: &ForwardedHeaders, sent: &[Line<'_>], want: Host) {
    let authority = match want {
        Host::Is(host) => Some(host),
        Host::Absent => Some("own.example"),
        Host::Refused => None,
    };
    check_host_and_uri(name, layer, sent, want, authority, "/a?b");
}

fn check_host_and_uri(
    name: &str,
    layer: &ForwardedHeaders,
    sent: &[Line<'_>],
    want: Host,
    authority: Option<&str>,
    uri: &str,
) {
    let sent = [&[LIST, (PROTO, b"https".as_slice()), ("host", b"own.example")], sent].concat();
    let parts = check(name, layer, request(P1, "/a?b", &sent), Want::Addr(CLIENT));
    assert_eq!(info(&parts).authority().map(Authority::as_str), authority, "{name}");
    assert_eq!(parts.uri, uri, "{name}");
    let host: Vec<&[u8]> = authority.iter().map(|host| host.as_bytes()).collect();
    assert_eq!(lines(&parts, "host"), host, "{name}");
    let forwarded = if matches!(want, Host::Is(_)) { host } else { Vec::new() };
    assert_eq!(lines(&parts, HOST), forwarded, "{name}");
}

const HOSTS: &[(&str, &[u8], Host)] = &[
    // CVE-2025-64101: a password reset link to the attacker's host.
    ("host of the attacker", b"evil.example", Host::Refused),
    ("host in capitals", b"GOOD.example", Host::Is("GOOD.example")),
    ("trailing dot", b"good.example.", Host::Is("good.example")),
    ("default port", b"good.example:443", Host::Is("good.example:443")),
    ("the other scheme's default port", b"good.example:80", Host::Refused),
    ("another port", b"good.example:8443", Host::Refused),
    ("trailing dot and port", b"good.example.:443", Host::Is("good.example:443")),
    ("two trailing dots", b"good.example..", Host::Absent),
    // CVE-2021-22881, CVE-2021-44528.
    ("one label below", b"sub.good.example", Host::Is("sub.good.example")),
    ("two labels below", b"a.b.good.example", Host::Is("a.b.good.example")),
    ("hyphen for the dot", b"sub-good.example", Host::Refused),
    ("no dot before the name", b"evilgood.example", Host::Refused),
    ("allowed name at the left", b"good.example.evil.example", Host::Refused),
    ("empty label", b".good.example", Host::Absent),
    // CVE-2026-34835.
    ("user information", b"good.example@evil.example", Host::Absent),
    ("path", b"evil.example/good.example", Host::Absent),
    ("fragment", b"evil.example#good.example", Host::Absent),
    ("query", b"good.example?x", Host::Absent),
    ("backslash", b"good.example\\evil", Host::Absent),
    ("encoded", b"good%2Eexample", Host::Absent),
    ("scheme", b"https://good.example", Host::Absent),
    // The host is a single value, and nginx passes on a comma in `Host`.
    ("list", b"good.example, evil.example", Host::Absent),
    ("list, good host last", b"evil.example, good.example", Host::Absent),
    ("list of two hosts below", b"a.good.example,b.good.example", Host::Absent),
    // Equal copies are one value.
    ("copies", b"good.example,good.example", Host::Is("good.example")),
    ("copies and an empty entry", b"good.example,", Host::Absent),
    ("copies in another case", b"good.example,GOOD.example", Host::Absent),
    // RFC 3986 §3.2.3: an empty port is no port.
    ("empty port", b"good.example:", Host::Is("good.example")),
    ("trailing dot and empty port", b"good.example.:", Host::Is("good.example")),
    // Browsers load such names.
    ("hyphen in front", b"-a.good.example", Host::Is("-a.good.example")),
    ("hyphen behind", b"a-.good.example", Host::Is("a-.good.example")),
];

#[test]
fn forwarded_hosts_must_be_allowed() {
    let layer = good_hosts().build().unwrap();
    for (name, host, want) in HOSTS {
        check_host(name, &layer, &[(HOST, host)], *want);
    }
    let two = [(HOST, b"good.example".as_slice()), (HOST, b"good.example")];
    check_host("two lines", &layer, &two, Host::Is("good.example"));
    let two = [(HOST, b"evil.example".as_slice()), (HOST, b"good.example")];
    check_host("two lines, evil first", &layer, &two, Host::Absent);
    check_host("no line", &layer, &[], Host::Absent);
}

/// A text that is not a valid host is not read, whichever hosts are allowed.
#[test]
fn invalid_hosts_are_not_read() {
    let long_label = format!("{}.example", "a".repeat(300));
    let long_name = format!("{}example", "a.".repeat(130));
    let rows: [(&str, &[u8]); 26] = [
        ("port 99999", b"good.example:99999"),
        ("port 0", b"good.example:0"),
        ("port -1", b"good.example:-1"),
        ("port abc", b"good.example:abc"),
        ("no host before the port", b":80"),
        ("colon alone", b":"),
        ("two ports", b"good.example:80:80"),
        ("no closing bracket", b"[::1"),
        ("port x behind a bracket", b"[::1]:x"),
        ("IPvFuture", b"[v1.x]"),
        ("zone", b"[fe80::1%25eth0]"),
        ("bare IPv6", b"2001:db8::1"),
        ("IPv4 of three parts", b"1.2.3"),
        ("hex", b"0x7f.1"),
        ("empty host", b""),
        ("space alone", b" "),
        ("space inside", b"good example"),
        ("300 bytes of label", long_label.as_bytes()),
        ("260 bytes of name", long_name.as_bytes()),
        ("two dots", b"a..b"),
        ("IDN", "bücher.example".as_bytes()),
        ("invalid UTF-8", b"good.example\xFF"),
        ("encoded CR LF", b"good.example%0d%0aSet-Cookie:x"),
        ("markup", b"<script>"),
        ("quote behind the host", b"good.example\""),
        ("host in quotes", b"\"good.example\""),
    ];
    let (any, good) = (any_host().build().unwrap(), good_hosts().build().unwrap());
    for (name, host) in rows {
        check_host_of_any(name, &any, &[(HOST, host)], Host::Absent);
        check_host(name, &good, &[(HOST, host)], Host::Absent);
        // It is not valid either as the request's own host.
        let parts = through(&any, request(P1, "/", &with_list(&[("host", host)])));
        assert_eq!(info(&parts).authority(), None, "{name}, own");
        assert!(lines(&parts, "host").is_empty(), "{name}, own");
    }
    let line = HeaderValue::from_bytes(b"good.example\r\nSet-Cookie: x");
    assert!(line.is_err(), "http refuses CR LF in a header");
}

#[test]
fn invalid_lists_of_allowed_hosts_are_refused() {
    const EXPECTED: &str = "expected a host (example.com)";
    let rows = [
        ("empty list", "", "the list has no host"),
        ("comma at the end", "good.example,", "one comma"),
        ("star", "*", "AllowedHosts::any()"),
        ("leading dot", ".good.example", "write *.good.example"),
        ("star inside", "a.*.example", EXPECTED),
        ("star without a dot", "*good.example", EXPECTED),
        ("URL", "https://good.example", "write good.example, without scheme and path"),
        ("user information", "me@good.example", EXPECTED),
        ("port 99999", "good.example:99999", EXPECTED),
        ("ESC", "good\u{1B}[31m", EXPECTED),
        ("localhost without a port", "localhost", "write localhost:*"),
    ];
    for (name, text, right) in rows {
        check_error(name, text.parse::<AllowedHosts>(), &format!("{text:?}"), right);
    }
    check_error("no list", builder().host_from(HOST).build(), "host_from", "allowed_hosts");
}

/// A name, the layer, the request target, header lines, and the authority.
type TargetRow<'a> = (&'a str, ForwardedHeaders, &'a str, &'a [Line<'a>], Option<&'a str>);

/// A request with two hosts. To refuse it is the server's task; the layer picks neither of two `Host`
/// lines.
#[test]
fn requests_with_two_hosts() {
    let evil: Line<'_> = ("host", b"evil.example");
    let good: Line<'_> = ("host", b"good.example");
    let read = good_hosts().build().unwrap();
    let rows: [TargetRow<'_>; 8] = [
        // RFC 9112 §3.2.2: the request target takes precedence, and `Host` is set to it.
        ("Host differs", proxies(), "http://good.example/", &[evil], Some("good.example")),
        ("the target differs", proxies(), "http://evil.example/", &[good], Some("evil.example")),
        (
            "X-Forwarded-Host agrees with Host, not read",
            proxies(),
            "http://good.example/",
            &[evil, (HOST, b"evil.example")],
            Some("good.example"),
        ),
        (
            "X-Forwarded-Host agrees with Host",
            read.clone(),
            "http://evil.example/",
            &[good, (HOST, b"good.example")],
            Some("good.example"),
        ),
        // If a host is refused, no other host takes its place.
        ("a target that is not allowed", read.clone(), "http://evil.example/", &[good], None),
        // RFC 9112 §3.2: a server answers 400.
        ("two Host lines", proxies(), "/", &[good, evil], None),
        ("the same Host twice", proxies(), "/", &[good, good], None),
        (
            "two Host lines and a target",
            proxies(),
            "http://good.example/",
            &[evil, evil],
            Some("good.example"),
        ),
    ];
    for (name, layer, uri, sent, want) in rows {
        let parts = check(name, &layer, request(P1, uri, &with_list(sent)), Want::Addr(CLIENT));
        assert_eq!(info(&parts).authority().map(Authority::as_str), want, "{name}");
        assert_eq!(parts.uri.authority().map(Authority::as_str), want, "{name}");
        let host: Vec<&[u8]> = want.iter().map(|host| host.as_bytes()).collect();
        assert_eq!(lines(&parts, "host"), host, "{name}");
    }
}

/// A name, header lines, and the origin.
type OriginRow<'a> = (&'a str, &'a [Line<'a>], Option<&'a str>);

fn check_origins(layer: &ForwardedHeaders, rows: &[OriginRow<'_>]) {
    for (name, sent, want) in rows {
        let parts = check(name, layer, request(P1, "/", &with_list(sent)), Want::Addr(CLIENT));
        assert_eq!(info(&parts).origin().as_deref(), *want, "{name}");
    }
}

#[test]
fn forwarded_ports() {
    let layer = builder().port_from(PORT).build().unwrap();
    let values: [(&str, &[u8], &str); 18] = [
        ("port 8443", b"8443", ":8443"),
        ("lowest port", b"1", ":1"),
        ("highest port", b"65535", ":65535"),
        ("the scheme's default port", b"443", ""),
        ("the other scheme's default", b"80", ":80"),
        ("port 0", b"0", ""),
        ("port 65536", b"65536", ""),
        ("port -1", b"-1", ""),
        ("plus sign", b"+8443", ""),
        ("list", b"8443, 80", ""),
        ("copies", b"8443,8443", ":8443"),
        ("copies and an empty entry", b"8443,", ""),
        ("copies and a leading zero", b"8443, 08443", ""),
        ("space inside", b"84 43", ""),
        ("leading zero", b"08443", ""),
        ("empty port", b"", ""),
        ("hexadecimal", b"0x20fb", ""),
        ("Arabic digits", "٨٤٤٣".as_bytes(), ""),
    ];
    for (name, port, end) in values {
        let origin = format!("https://own.example{end}");
        let sent = [(PROTO, b"https".as_slice()), ("host", b"own.example"), (PORT, port)];
        check_origins(&layer, &[(name, &sent, Some(&origin))]);
    }
    for (name, second, origin) in [
        ("two equal lines", b"8443", "https://own.example:8443"),
        ("two lines", b"9443", "https://own.example"),
    ] {
        let two: [Line<'_>; 4] =
            [(PROTO, b"https"), ("host", b"own.example"), (PORT, b"8443"), (PORT, second)];
        check_origins(&layer, &[(name, &two, Some(origin))]);
    }
}

/// The port of the host takes precedence over `X-Forwarded-Port`. The layer never derives the scheme
/// from a port, nor a port from the scheme.
#[test]
fn schemes_hosts_and_ports_together() {
    const OWN: Line<'_> = ("host", b"own.example:3000");
    const GOOD: Line<'_> = (HOST, b"good.example");
    const HTTPS: Line<'_> = (PROTO, b"https");
    check_origins(
        &any_host().port_from(PORT).build().unwrap(),
        &[
            ("port without scheme", &[GOOD, (PORT, b"443")], Some("http://good.example:443")),
            ("scheme without port", &[GOOD, HTTPS], Some("https://good.example")),
            (
                "host with a port",
                &[(HOST, b"good.example:9443"), HTTPS, (PORT, b"8443")],
                Some("https://good.example:9443"),
            ),
            ("port of the own host is not used", &[OWN, GOOD, HTTPS], Some("https://good.example")),
            (
                "port of the own host is not used, forwarded port",
                &[OWN, GOOD, HTTPS, (PORT, b"8443")],
                Some("https://good.example:8443"),
            ),
            ("no host", &[HTTPS, (PORT, b"8443")], None),
            (
                "IPv6 host",
                &[(HOST, b"[2001:db8::1]"), HTTPS, (PORT, b"8443")],
                Some("https://[2001:db8::1]:8443"),
            ),
        ],
    );
    // Some platforms pass on the client's port, so the port is not read by default.
    check_origins(
        &any_host().build().unwrap(),
        &[("port is not read", &[GOOD, HTTPS, (PORT, b"8443")], Some("https://good.example"))],
    );
    // The port must be allowed with the host (CVE-2026-54764).
    check_origins(
        &good_hosts().port_from(PORT).build().unwrap(),
        &[
            ("port that is not allowed", &[GOOD, HTTPS, (PORT, b"8443")], None),
            (
                "port that is the default",
                &[GOOD, HTTPS, (PORT, b"443")],
                Some("https://good.example"),
            ),
        ],
    );
}

#[test]
fn prefixes_must_be_paths() {
    let layer = builder().prefix_from(PREFIX).build().unwrap();
    let (longest, long) = (format!("/{}", "a".repeat(1023)), format!("/{}", "a".repeat(4095)));
    let rows: [(&str, &[u8], Option<&str>); 43] = [
        ("one segment", b"/app", Some("/app")),
        ("trailing slash", b"/app/", Some("/app")),
        ("two segments", b"/a/b", Some("/a/b")),
        ("escape", b"/a%20b", Some("/a%20b")),
        ("1 KiB", longest.as_bytes(), Some(&longest)),
        // CVE-2023-26125: a redirect to another host.
        ("another host", b"//evil.example", None),
        ("another host behind a backslash", b"/\\evil.example", None),
        ("URL", b"https://evil.example", None),
        ("no slash", b"app", None),
        ("empty prefix", b"", None),
        ("root", b"/", None),
        ("dot segments", b"/../admin", None),
        ("dot segment at the end", b"/a/..", None),
        ("one dot", b"/./a", None),
        ("encoded dots", b"/%2e%2e/", None),
        ("encoded dots in capitals", b"/%2E%2E", None),
        ("half encoded dots", b"/.%2e/a", None),
        ("encoded slash", b"/a%2Fb", None),
        ("encoded backslash", b"/a%5cb", None),
        ("encoded LF", b"/a%0ab", None),
        ("encoded NUL", b"/a%00", None),
        ("encoded letter", b"/caf%C3%A9", Some("/caf%C3%A9")),
        ("overlong dots", b"/%C0%AE%C0%AE/admin", None),
        ("overlong dots of three bytes", b"/%E0%80%AE%E0%80%AE/admin", None),
        ("overlong slashes of three bytes", b"/%e0%80%af%e0%80%afevil.example", None),
        ("overlong dots of four bytes", b"/%F0%80%80%AE%F0%80%80%AE/x", None),
        ("Latin-1", b"/caf%E9", None),
        ("cut escape", b"/a%2", None),
        ("query", b"/a?b", None),
        ("fragment", b"/a#b", None),
        ("parameter", b"/a;b", None),
        ("tab", b"/a\tb", None),
        ("invalid UTF-8", b"/a\xFF", None),
        ("4 KB", long.as_bytes(), None),
        // A server that decodes first ends the path, or the segment, there.
        ("encoded query", b"/a%3Fx=1", None),
        ("encoded fragment", b"/a%23x", None),
        ("encoded parameter", b"/a%3Bx", None),
        ("encoded parameter in small letters", b"/a%3bx", None),
        ("dots with an encoded parameter", b"/..%3B/x", None),
        ("copies", b"/a,/a", Some("/a")),
        ("copies and an empty entry", b"/a,", None),
        ("list", b"/a, /b", None),
        // A path may have a comma, but a single value may not.
        ("list without a space", b"/a,/b", None),
    ];
    for (name, prefix, want) in rows {
        let sent = with_list(&[(PREFIX, prefix)]);
        let parts = check(name, &layer, request(P1, "/x", &sent), Want::Addr(CLIENT));
        assert_eq!(info(&parts).prefix(), want, "{name}");
        assert_eq!(parts.uri.path(), "/x", "{name}");
        let parts = check(name, &proxies(), request(P1, "/x", &sent), Want::Addr(CLIENT));
        assert_eq!(info(&parts).prefix(), None, "{name}, not read");
    }
    for (second, want) in [(b"/a", Some("/a")), (b"/b", None)] {
        let two = with_list(&[(PREFIX, b"/a"), (PREFIX, second)]);
        let parts = through(&layer, request(P1, "/", &two));
        assert_eq!(info(&parts).prefix(), want, "two lines");
    }
}

/// The layer keeps the headers that report a path, and reads no path from them (CVE-2026-40575). It
/// removes a vendor's JSON about the scheme.
#[test]
fn headers_that_are_never_read() {
    let rows: [Line<'_>; 6] = [
        ("x-forwarded-uri", b"/public"),
        ("x-original-url", b"/public"),
        ("x-rewrite-url", b"/public"),
        ("cf-visitor", br#"{"scheme":"https"}"#),
        ("cf-visitor", br#"{"scheme":"http","scheme":"https"}"#),
        ("cf-visitor", b"{"),
    ];
    for header in rows {
        let left = if header.0 == "cf-visitor" { vec![] } else { vec![header.1] };
        let name = format!("{}: {}", header.0, header.1.escape_ascii());
        let sent = with_list(&[header, ("host", b"own.example")]);
        let parts = check(&name, &proxies(), request(P1, "/private", &sent), Want::Addr(CLIENT));
        assert_eq!(parts.uri, "/private", "{name}");
        assert_eq!(lines(&parts, header.0), left, "{name}");
    }
}
