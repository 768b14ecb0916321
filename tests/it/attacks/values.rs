//! Scheme, host, port and prefix: rows 109 to 128.

use forwarded_headers::{AllowedHosts, ConfigError, ForwardedHeaders};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue};

use crate::attacks::{ATTACKER, CLIENT, P1, Want, XFF, check, check_error, left_over, proxies};
use crate::support::{Line, info, lines, request, through};

const LIST: Line<'static> = (XFF, b"203.0.113.7");
const PROTO: &str = "x-forwarded-proto";
const HOST: &str = "x-forwarded-host";
const PORT: &str = "x-forwarded-port";
const PREFIX: &str = "x-forwarded-prefix";

fn with_list<'a>(sent: &[Line<'a>]) -> Vec<Line<'a>> {
    [&[LIST], sent].concat()
}

/// A name, the lines of `X-Forwarded-Proto`, and the scheme that they say.
type SchemeRow<'a> = (&'a str, &'a [&'a [u8]], Option<&'a str>);

const SCHEMES: &[SchemeRow<'_>] = &[
    ("109 https", &[b"https"], Some("https")),
    ("109 HTTPS", &[b"HTTPS"], Some("https")),
    ("109 Http", &[b"Http"], Some("http")),
    ("109 white space", &[b" https\t"], Some("https")),
    // Traefik writes these for upgrade requests.
    ("110 ws", &[b"ws"], Some("http")),
    ("110 wss", &[b"WSS"], Some("https")),
    // GHSA-93m4-mfpg-c3xf, CVE-2018-16471.
    ("110 javascript", &[b"javascript"], None),
    ("110 ftp", &[b"ftp"], None),
    ("110 URL", &[b"https://"], None),
    ("110 colon", &[b"https:"], None),
    ("110 markup", &[b"a\"onload=x"], None),
    ("110 parameter", &[b"https;x"], None),
    ("110 quotes", &[b"\"https\""], None),
    ("110 empty", &[b""], None),
    ("110 on", &[b"on"], None),
    ("110 ssl", &[b"ssl"], None),
    ("110 no text", &[b"https\xFF"], None),
    ("110 long s", &["httpſ".as_bytes()], None),
    // The right end is the nearest proxy's, with one hop or more.
    ("111 http, https", &[b"http, https"], Some("https")),
    ("111 https, http", &[b"https, http"], Some("http")),
    ("111 no space", &[b"https,https"], Some("https")),
    ("111 two lines", &[b"http", b"https"], Some("https")),
    ("111 two lines, the other way", &[b"https", b"http"], Some("http")),
    ("111 empty at the end", &[b"https,"], None),
    ("111 empty last line", &[b"https", b""], None),
    ("111 junk at the end", &[b"https, junk"], None),
    ("111 junk to the left", &[b"junk, https"], Some("https")),
    ("111 space for a comma", &[b"http https"], None),
];

/// Where the scheme is read, none that is valid is `http`, even if the app itself is reached by
/// https: the client may have had it deleted.
#[test]
fn schemes() {
    for (name, values, want) in SCHEMES {
        let sent: Vec<_> = values.iter().map(|value| (PROTO, *value)).collect();
        for layer in [proxies(), proxies().own_scheme(Scheme::HTTPS)] {
            let parts =
                check(name, &layer, request(P1, "/", &with_list(&sent)), Want::Addr(CLIENT));
            let info = info(&parts);
            assert_eq!(info.forwarded_scheme().map(Scheme::as_str), *want, "{name}");
            assert_eq!(info.scheme().as_str(), want.unwrap_or("http"), "{name}");
            let left: Vec<&[u8]> = want.iter().map(|scheme| scheme.as_bytes()).collect();
            assert_eq!(lines(&parts, PROTO), left, "{name}");
            check(name, &layer, request(ATTACKER, "/", &with_list(&sent)), Want::Peer);
        }
    }
}

/// "Any of them says https" lets the client say it in the one that the proxy does not set.
#[test]
fn other_names_for_the_scheme() {
    let rows: [Line<'_>; 8] = [
        ("x-forwarded-ssl", b"on"),
        ("x-forwarded-scheme", b"https"),
        ("x-forwarded-protocol", b"https"),
        ("front-end-https", b"on"),
        ("x-url-scheme", b"https"),
        ("x-scheme", b"https"),
        ("cloudfront-forwarded-proto", b"https"),
        // A client's port is no proxy's scheme.
        (PORT, b"443"),
    ];
    for other in rows {
        let name = format!("112 {}", other.0);
        let parts =
            check(&name, &proxies(), request(P1, "/", &with_list(&[other])), Want::Addr(CLIENT));
        assert_eq!(info(&parts).scheme().as_str(), "http", "{name}");
        assert_eq!(left_over(&parts), [XFF], "{name}");

        let sent = with_list(&[other, (PROTO, b"http")]);
        let parts = check(&name, &proxies(), request(P1, "/", &sent), Want::Addr(CLIENT));
        assert_eq!(info(&parts).scheme().as_str(), "http", "{name}, beside http");
    }
    // Configured, it is read as what it is: a scheme, so `on` is none.
    for (value, want) in [(b"https".as_slice(), "https"), (b"on", "http")] {
        let name = format!("112 configured, {}", value.escape_ascii());
        let layer = proxies().proto_header(HeaderName::from_static("x-forwarded-scheme"));
        let sent = with_list(&[("x-forwarded-scheme", value), (PROTO, b"https")]);
        let parts = through(&layer, request(P1, "/", &sent));
        assert_eq!(info(&parts).scheme().as_str(), want, "{name}");
        assert!(lines(&parts, PROTO).is_empty(), "{name}");
    }
}

/// Where no forwarded host counts, the app's own is left; a refused one is never replaced.
#[derive(Debug, Clone, Copy)]
enum Host {
    Is(&'static str),
    Absent,
    Refused,
}

/// Allows `good.example` and those below it, and the app's own.
fn good_hosts() -> ForwardedHeaders {
    let hosts = "good.example, *.good.example, own.example";
    proxies().read_host(true).allowed_hosts(hosts.parse().unwrap())
}

fn check_host(name: &str, layer: &ForwardedHeaders, sent: &[Line<'_>], want: Host) {
    let authority = match want {
        Host::Is(host) => Some(host),
        Host::Absent => Some("own.example"),
        Host::Refused => None,
    };
    let sent = [&[LIST, (PROTO, b"https".as_slice()), ("host", b"own.example")], sent].concat();
    let parts = check(name, layer, request(P1, "/a?b", &sent), Want::Addr(CLIENT));
    assert_eq!(info(&parts).authority(), authority, "{name}");
    assert_eq!(parts.uri.authority().map(Authority::as_str), authority, "{name}");
    assert_eq!(parts.uri.path_and_query().map(PathAndQuery::as_str), Some("/a?b"), "{name}");
    let host: Vec<&[u8]> = authority.iter().map(|host| host.as_bytes()).collect();
    assert_eq!(lines(&parts, "host"), host, "{name}");
    let forwarded = if matches!(want, Host::Is(_)) { host } else { Vec::new() };
    assert_eq!(lines(&parts, HOST), forwarded, "{name}");
}

const HOSTS: &[(&str, &[u8], Host)] = &[
    // CVE-2025-64101: a password reset link to the attacker's host.
    ("113", b"evil.example", Host::Refused),
    ("114 case", b"GOOD.example", Host::Is("GOOD.example")),
    ("114 trailing dot", b"good.example.", Host::Is("good.example")),
    ("114 default port", b"good.example:443", Host::Is("good.example:443")),
    ("114 the other scheme's default port", b"good.example:80", Host::Refused),
    ("114 another port", b"good.example:8443", Host::Refused),
    ("114 trailing dot and port", b"good.example.:443", Host::Is("good.example:443")),
    ("114 two trailing dots", b"good.example..", Host::Absent),
    // CVE-2021-22881, CVE-2021-44528.
    ("115 below", b"sub.good.example", Host::Is("sub.good.example")),
    ("115 further below", b"a.b.good.example", Host::Is("a.b.good.example")),
    ("115 hyphen for the dot", b"sub-good.example", Host::Refused),
    ("115 no dot", b"evilgood.example", Host::Refused),
    ("115 at the left", b"good.example.evil.example", Host::Refused),
    ("115 empty label", b".good.example", Host::Absent),
    // CVE-2026-34835.
    ("116 user", b"good.example@evil.example", Host::Absent),
    ("116 path", b"evil.example/good.example", Host::Absent),
    ("116 fragment", b"evil.example#good.example", Host::Absent),
    ("116 query", b"good.example?x", Host::Absent),
    ("116 backslash", b"good.example\\evil", Host::Absent),
    ("116 encoded", b"good%2Eexample", Host::Absent),
    ("116 scheme", b"https://good.example", Host::Absent),
    // A single value: nginx hands on a comma in `Host`.
    ("117 list", b"good.example, evil.example", Host::Absent),
    ("117 list, the other way", b"evil.example, good.example", Host::Absent),
    ("117 no space", b"good.example,good.example", Host::Absent),
];

#[test]
fn hosts() {
    for (name, host, want) in HOSTS {
        check_host(name, &good_hosts(), &[(HOST, host)], *want);
    }
    let two = [(HOST, b"good.example".as_slice()), (HOST, b"good.example")];
    check_host("117 two lines", &good_hosts(), &two, Host::Absent);
    let two = [(HOST, b"evil.example".as_slice()), (HOST, b"good.example")];
    check_host("117 two lines, evil first", &good_hosts(), &two, Host::Absent);
    check_host("117 none", &good_hosts(), &[], Host::Absent);
}

/// None of these is a host, whoever is allowed.
#[test]
fn hosts_that_are_none() {
    let long_label = format!("{}.example", "a".repeat(300));
    let long_name = format!("{}example", "a.".repeat(130));
    let rows: [(&str, &[u8]); 27] = [
        ("118 port 99999", b"good.example:99999"),
        ("118 port 0", b"good.example:0"),
        ("118 port -1", b"good.example:-1"),
        ("118 port abc", b"good.example:abc"),
        ("118 empty port", b"good.example:"),
        ("118 two ports", b"good.example:80:80"),
        ("118 no closing bracket", b"[::1"),
        ("118 port x", b"[::1]:x"),
        ("118 IPvFuture", b"[v1.x]"),
        ("118 zone", b"[fe80::1%25eth0]"),
        ("118 bare IPv6", b"2001:db8::1"),
        ("118 IPv4 of three parts", b"1.2.3"),
        ("118 hex", b"0x7f.1"),
        ("118 empty", b""),
        ("118 space", b" "),
        ("118 space inside", b"good example"),
        ("118 300 bytes of label", long_label.as_bytes()),
        ("118 260 bytes of name", long_name.as_bytes()),
        ("118 two dots", b"a..b"),
        ("118 hyphen in front", b"-a"),
        ("118 hyphen behind", b"a-.example"),
        ("118 IDN", "bücher.example".as_bytes()),
        ("118 no text", b"good.example\xFF"),
        ("119 encoded CR LF", b"good.example%0d%0aSet-Cookie:x"),
        ("119 markup", b"<script>"),
        ("119 quote", b"good.example\""),
        ("119 in quotes", b"\"good.example\""),
    ];
    let any = proxies().read_host(true).allowed_hosts(AllowedHosts::any());
    for (name, host) in rows {
        for layer in [&any, &good_hosts()] {
            check_host(name, layer, &[(HOST, host)], Host::Absent);
        }
        // As the request's own host, it is none either.
        let parts = through(&any, request(P1, "/", &with_list(&[("host", host)])));
        assert_eq!(info(&parts).authority(), None, "{name}, own");
        assert!(lines(&parts, "host").is_empty(), "{name}, own");
    }
    let line = HeaderValue::from_bytes(b"good.example\r\nSet-Cookie: x");
    assert!(line.is_err(), "119 CR LF: http lets none into a header");
}

#[test]
fn allowed_hosts_that_are_none() {
    let right = "expected a host (example.com)";
    let rows = [
        ("113 empty", "", "\"\""),
        ("113 list that ends in a comma", "good.example,", "\"\""),
        ("113 star", "*", "\"*\""),
        ("115 leading dot", ".good.example", "\".good.example\""),
        ("115 star inside", "a.*.example", "\"a.*.example\""),
        ("115 star without a dot", "*good.example", "\"*good.example\""),
        ("116 URL", "https://good.example", "\"https://good.example\""),
        ("116 user", "me@good.example", "\"me@good.example\""),
        ("118 port", "good.example:99999", "\"good.example:99999\""),
        ("119 ESC", "good\u{1B}[31m", "\"good\\u{1b}[31m\""),
    ];
    for (name, text, wrong) in rows {
        check_error(name, text.parse::<AllowedHosts>(), wrong, right);
    }
    let unlimited: Result<_, ConfigError> = proxies().read_host(true).check();
    check_error("113 no list", unlimited, "read_host(true)", "needs allowed_hosts");
}

/// A name, the layer, the request target, header lines, and the authority.
type TargetRow<'a> = (&'a str, ForwardedHeaders, &'a str, &'a [Line<'a>], Option<&'a str>);

/// Two that say who is asked for: to refuse is the server's work; none is picked here in silence.
#[test]
fn hosts_that_differ() {
    let evil: Line<'_> = ("host", b"evil.example");
    let good: Line<'_> = ("host", b"good.example");
    let read = good_hosts();
    let rows: [TargetRow<'_>; 8] = [
        // RFC 9112 §3.2.2: the request target comes first, and `Host` is set to it.
        ("120 Host differs", proxies(), "http://good.example/", &[evil], Some("good.example")),
        (
            "120 the target differs",
            proxies(),
            "http://evil.example/",
            &[good],
            Some("evil.example"),
        ),
        (
            "120 X-Forwarded-Host agrees with Host, not read",
            proxies(),
            "http://good.example/",
            &[evil, (HOST, b"evil.example")],
            Some("good.example"),
        ),
        (
            "120 X-Forwarded-Host agrees with Host",
            read.clone(),
            "http://evil.example/",
            &[good, (HOST, b"good.example")],
            Some("good.example"),
        ),
        // Refused is refused: no look at what else there is.
        ("120 a target that is not allowed", read.clone(), "http://evil.example/", &[good], None),
        // RFC 9112 §3.2: a server answers 400.
        ("121 two Host lines", proxies(), "/", &[good, evil], None),
        ("121 the same Host twice", proxies(), "/", &[good, good], None),
        (
            "121 two Host lines and a target",
            proxies(),
            "http://good.example/",
            &[evil, evil],
            Some("good.example"),
        ),
    ];
    for (name, layer, uri, sent, want) in rows {
        let parts = check(name, &layer, request(P1, uri, &with_list(sent)), Want::Addr(CLIENT));
        assert_eq!(info(&parts).authority(), want, "{name}");
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
fn ports() {
    let layer = proxies().read_port(true);
    let values: [(&str, &[u8], &str); 15] = [
        ("122 8443", b"8443", ":8443"),
        ("122 1", b"1", ":1"),
        ("122 65535", b"65535", ":65535"),
        ("122 the default", b"443", ""),
        ("122 the other scheme's default", b"80", ":80"),
        ("122 0", b"0", ""),
        ("122 65536", b"65536", ""),
        ("122 -1", b"-1", ""),
        ("122 +8443", b"+8443", ""),
        ("122 list", b"8443, 80", ""),
        ("122 space inside", b"84 43", ""),
        ("122 leading zero", b"08443", ""),
        ("122 empty", b"", ""),
        ("122 hex", b"0x20fb", ""),
        ("122 Arabic digits", "٨٤٤٣".as_bytes(), ""),
    ];
    for (name, port, end) in values {
        let origin = format!("https://own.example{end}");
        let sent = [(PROTO, b"https".as_slice()), ("host", b"own.example"), (PORT, port)];
        check_origins(&layer, &[(name, &sent, Some(&origin))]);
    }
    let two =
        [(PROTO, b"https".as_slice()), ("host", b"own.example"), (PORT, b"8443"), (PORT, b"8443")];
    check_origins(&layer, &[("122 two lines", &two, Some("https://own.example"))]);
}

/// The host's own port comes before `X-Forwarded-Port`; the scheme is never told from a port, nor
/// the other way round.
#[test]
fn scheme_host_and_port() {
    const OWN: Line<'_> = ("host", b"own.example:3000");
    const GOOD: Line<'_> = (HOST, b"good.example");
    const HTTPS: Line<'_> = (PROTO, b"https");
    let layer = || proxies().read_host(true).allowed_hosts(AllowedHosts::any());
    check_origins(
        &layer().read_port(true),
        &[
            ("123 port without scheme", &[GOOD, (PORT, b"443")], Some("http://good.example:443")),
            ("123 scheme without port", &[GOOD, HTTPS], Some("https://good.example")),
            (
                "123 host with a port",
                &[(HOST, b"good.example:9443"), HTTPS, (PORT, b"8443")],
                Some("https://good.example:9443"),
            ),
            ("123 own port stays inside", &[OWN, GOOD, HTTPS], Some("https://good.example")),
            (
                "123 own port stays inside, other port",
                &[OWN, GOOD, HTTPS, (PORT, b"8443")],
                Some("https://good.example:8443"),
            ),
            ("123 no host", &[HTTPS, (PORT, b"8443")], None),
            (
                "123 IPv6 host",
                &[(HOST, b"[2001:db8::1]"), HTTPS, (PORT, b"8443")],
                Some("https://[2001:db8::1]:8443"),
            ),
        ],
    );
    // A platform that hands on what the client sent: the port is not read unless asked for.
    check_origins(
        &layer(),
        &[("124 not read", &[GOOD, HTTPS, (PORT, b"8443")], Some("https://good.example"))],
    );
    // The port counts for the hosts that are allowed (CVE-2026-54764).
    check_origins(
        &good_hosts().read_port(true),
        &[
            ("123 port that is not allowed", &[GOOD, HTTPS, (PORT, b"8443")], None),
            (
                "123 port that is the default",
                &[GOOD, HTTPS, (PORT, b"443")],
                Some("https://good.example"),
            ),
        ],
    );
}

#[test]
fn prefixes() {
    let (longest, long) = (format!("/{}", "a".repeat(1023)), format!("/{}", "a".repeat(4095)));
    let rows: [(&str, &[u8], Option<&str>); 36] = [
        ("125 /app", b"/app", Some("/app")),
        ("125 trailing slash", b"/app/", Some("/app")),
        ("125 two segments", b"/a/b", Some("/a/b")),
        ("125 escape", b"/a%20b", Some("/a%20b")),
        ("125 1 KiB", longest.as_bytes(), Some(&longest)),
        // CVE-2023-26125: a redirect to another host.
        ("126 another host", b"//evil.example", None),
        ("126 another host behind a backslash", b"/\\evil.example", None),
        ("126 URL", b"https://evil.example", None),
        ("126 no slash", b"app", None),
        ("126 empty", b"", None),
        ("126 root", b"/", None),
        ("126 dot segments", b"/../admin", None),
        ("126 dot segment at the end", b"/a/..", None),
        ("126 one dot", b"/./a", None),
        ("126 encoded dots", b"/%2e%2e/", None),
        ("126 encoded dots in capitals", b"/%2E%2E", None),
        ("126 half encoded dots", b"/.%2e/a", None),
        ("126 encoded slash", b"/a%2Fb", None),
        ("126 encoded backslash", b"/a%5cb", None),
        ("126 encoded LF", b"/a%0ab", None),
        ("126 encoded NUL", b"/a%00", None),
        ("125 encoded letter", b"/caf%C3%A9", Some("/caf%C3%A9")),
        ("126 overlong dots", b"/%C0%AE%C0%AE/admin", None),
        ("126 overlong dots of three bytes", b"/%E0%80%AE%E0%80%AE/admin", None),
        ("126 overlong slashes of three bytes", b"/%e0%80%af%e0%80%afevil.example", None),
        ("126 overlong dots of four bytes", b"/%F0%80%80%AE%F0%80%80%AE/x", None),
        ("126 Latin-1", b"/caf%E9", None),
        ("126 cut escape", b"/a%2", None),
        ("126 query", b"/a?b", None),
        ("126 fragment", b"/a#b", None),
        ("126 parameter", b"/a;b", None),
        ("126 tab", b"/a\tb", None),
        ("126 no text", b"/a\xFF", None),
        ("126 4 KB", long.as_bytes(), None),
        ("126 list", b"/a, /b", None),
        // A comma is a path's, but not in a single value.
        ("126 list without a space", b"/a,/b", None),
    ];
    for (name, prefix, want) in rows {
        let sent = with_list(&[(PREFIX, prefix)]);
        let layer = proxies().read_prefix(true);
        let parts = check(name, &layer, request(P1, "/x", &sent), Want::Addr(CLIENT));
        assert_eq!(info(&parts).prefix(), want, "{name}");
        assert_eq!(parts.uri.path(), "/x", "{name}");
        let parts = check(name, &proxies(), request(P1, "/x", &sent), Want::Addr(CLIENT));
        assert_eq!(info(&parts).prefix(), None, "{name}, not read");
    }
    let two = with_list(&[(PREFIX, b"/a"), (PREFIX, b"/a")]);
    let parts = through(&proxies().read_prefix(true), request(P1, "/", &two));
    assert_eq!(info(&parts).prefix(), None, "126 two lines");
}

/// A path from these is somebody else's decision (CVE-2026-40575); they pass. A vendor's JSON about
/// the scheme does not.
#[test]
fn never_read() {
    let rows: [Line<'_>; 6] = [
        ("x-forwarded-uri", b"/public"),
        ("x-original-url", b"/public"),
        ("x-rewrite-url", b"/public"),
        ("cf-visitor", br#"{"scheme":"https"}"#),
        ("cf-visitor", br#"{"scheme":"http","scheme":"https"}"#),
        ("cf-visitor", b"{"),
    ];
    for header in rows {
        let (row, left) = match header.0 {
            "cf-visitor" => ("128", vec![]),
            _ => ("127", vec![header.1]),
        };
        let name = format!("{row} {}: {}", header.0, header.1.escape_ascii());
        let sent = with_list(&[header, ("host", b"own.example")]);
        let parts = check(&name, &proxies(), request(P1, "/private", &sent), Want::Addr(CLIENT));
        assert_eq!(parts.uri, "http://own.example/private", "{name}");
        assert_eq!(lines(&parts, header.0), left, "{name}");
    }
}
