//! Each profile against what its proxy writes, as its documentation has it, beside whatever a client
//! can send past it.
//!
//! | who | address |
//! |---|---|
//! | client | 203.0.113.7, 2001:db8:c::7 |
//! | victim, the address that the attacker wants | 203.0.113.99 |
//! | the proxy | 192.0.2.10 |

use forwarded_headers::{
    Builder, ForwardedHeaders, Outcome, Proxy, SchemeSource, Unresolved, Writing,
};
use http::header::HeaderName;
use http::request::Parts;

use crate::support::{Line, info, ip, lines, request, resolve, through};

const PROXY: &str = "192.0.2.10";

/// What a proxy does with the lines of a name that a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Replaces,
    /// To the last line.
    Appends,
    /// A line of its own, below.
    AddsLine,
    /// To the first line.
    AppendsToFirst,
}

use Verb::{AddsLine, Appends, AppendsToFirst, Replaces};

/// What the proxy writes for the client, and what is made of it.
struct Known {
    proxy: Proxy,
    writes: &'static [(&'static str, &'static str, Verb)],
    client: &'static str,
    port: Option<u16>,
    /// `None` where it is not read.
    scheme: Option<&'static str>,
}

const XFF: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const V4: &str = "203.0.113.7";
const V6: &str = "2001:db8:c::7";
const HTTPS: Option<&str> = Some("https");

#[rustfmt::skip]
static KNOWN: [Known; 31] = [
    Known { proxy: Proxy::Nginx, writes: &[(XFF, V4, Appends), (PROTO, "https", Replaces)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::Nginx, writes: &[(XFF, V6, Appends), (PROTO, "http", Replaces)], client: V6, port: None, scheme: Some("http") },
    Known { proxy: Proxy::NginxForwarded, writes: &[("forwarded", "for=\"[2001:db8:c::7]\";proto=https;host=app.example", Replaces)], client: V6, port: None, scheme: HTTPS },
    Known { proxy: Proxy::HaProxy, writes: &[(XFF, V4, AddsLine), (PROTO, "https", Replaces)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::HaProxyForwarded, writes: &[("forwarded", "proto=https;for=203.0.113.7", Appends)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::HaProxyForwarded, writes: &[("forwarded", "proto=http;host=\"app.example\";by=\"192.0.2.10:80\";for=\"[2001:db8:c::7]:4711\"", AddsLine)], client: V6, port: Some(4711), scheme: Some("http") },
    Known { proxy: Proxy::Caddy, writes: &[(XFF, V4, Replaces), (PROTO, "https", Replaces)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::Traefik, writes: &[(XFF, V4, Replaces), (PROTO, "wss", Replaces), ("x-real-ip", V4, Replaces)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::Envoy, writes: &[(XFF, V4, Appends), (PROTO, "https", Replaces)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::Apache, writes: &[(XFF, V4, Appends), (PROTO, "https", Replaces), ("x-forwarded-host", "app.example", Appends)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::TrafficServer, writes: &[("forwarded", "for=203.0.113.7;by=unknown;by=192.0.2.10;proto=https;host=app.example;connection=http/1.1-tcp-ipv4", Appends)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::Lighttpd, writes: &[(XFF, V4, Appends), (PROTO, "https", Replaces)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::Nghttpx, writes: &[(XFF, V4, Appends), (PROTO, "https", Replaces)], client: V4, port: None, scheme: None },
    Known { proxy: Proxy::H2o, writes: &[(XFF, V4, Appends), (PROTO, "https", Replaces)], client: V4, port: None, scheme: None },
    Known { proxy: Proxy::Varnish, writes: &[(XFF, V4, Appends)], client: V4, port: None, scheme: None },
    Known { proxy: Proxy::Squid, writes: &[(XFF, V4, Appends)], client: V4, port: None, scheme: None },
    Known { proxy: Proxy::Pound, writes: &[(XFF, "[2001:db8:c::7]", AppendsToFirst), (PROTO, "https", Replaces)], client: V6, port: None, scheme: HTTPS },
    Known { proxy: Proxy::AwsAlb, writes: &[(XFF, V6, Appends), (PROTO, "https", Replaces)], client: V6, port: None, scheme: HTTPS },
    Known { proxy: Proxy::AwsAlb, writes: &[(XFF, "[2001:db8:c::7]:4711", Appends), (PROTO, "http", Replaces)], client: V6, port: Some(4711), scheme: Some("http") },
    Known { proxy: Proxy::CloudFront, writes: &[("cloudfront-viewer-address", "2001:db8:c::7:46532", Replaces), ("cloudfront-forwarded-proto", "https", Replaces), (XFF, V6, Appends)], client: V6, port: Some(46532), scheme: HTTPS },
    Known { proxy: Proxy::CloudFront, writes: &[("cloudfront-viewer-address", "203.0.113.7:46532", Replaces), ("cloudfront-forwarded-proto", "https", Replaces)], client: V4, port: Some(46532), scheme: HTTPS },
    Known { proxy: Proxy::Cloudflare, writes: &[("cf-connecting-ip", V4, Replaces), (PROTO, "https", Replaces), (XFF, V4, Appends), ("cf-visitor", "{\"scheme\":\"https\"}", Replaces)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::GoogleAlb, writes: &[(XFF, "203.0.113.7,198.51.100.80", Appends)], client: V4, port: None, scheme: None },
    Known { proxy: Proxy::CloudRun, writes: &[(XFF, V4, Appends)], client: V4, port: None, scheme: None },
    Known { proxy: Proxy::AzureFrontDoor, writes: &[("x-azure-socketip", V4, Replaces), (PROTO, "https", Replaces), (XFF, V4, Appends), ("x-forwarded-host", "app.example", Replaces)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::AzureAppGateway, writes: &[(XFF, "203.0.113.7:4711", Appends), (PROTO, "https", Replaces), ("x-forwarded-port", "443", Replaces)], client: V4, port: Some(4711), scheme: HTTPS },
    Known { proxy: Proxy::Fly, writes: &[("fly-client-ip", V6, Replaces), (PROTO, "https", Replaces), (XFF, "2001:db8:c::7, 198.51.100.80", Appends)], client: V6, port: None, scheme: HTTPS },
    Known { proxy: Proxy::Fastly, writes: &[("fastly-client-ip", V4, Replaces), (XFF, V4, Appends)], client: V4, port: None, scheme: None },
    Known { proxy: Proxy::Heroku, writes: &[(XFF, V4, AppendsToFirst), (PROTO, "https", Replaces), ("x-forwarded-port", "443", Replaces)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::IngressNginx, writes: &[(XFF, V4, Replaces), (PROTO, "https", Replaces), ("x-forwarded-host", "app.example", Replaces), ("x-forwarded-port", "443", Replaces), ("x-real-ip", V4, Replaces)], client: V4, port: None, scheme: HTTPS },
    Known { proxy: Proxy::IngressNginx, writes: &[(XFF, V6, Replaces), (PROTO, "http", Replaces)], client: V6, port: None, scheme: Some("http") },
];

/// What clients send. The headers of all vendors at once, since each passes on those of the others.
const LIES: [&[Line<'static>]; 12] = [
    &[("x-forwarded-for", b"203.0.113.99")],
    &[("x-forwarded-for", b"203.0.113.99, 192.0.2.10"), ("x-forwarded-for", b"\"")],
    &[("x-forwarded-for", b"203.0.113.99"), ("x-forwarded-for", b"")],
    &[("x-forwarded-for", b"203.0.113.99, ")],
    &[("x-forwarded-proto", b"https"), ("x-forwarded-proto", b"http")],
    &[("x-forwarded-host", b"evil.example"), ("x-forwarded-port", b"6666")],
    &[("x-forwarded-prefix", b"/evil"), ("x-forwarded-ssl", b"on"), ("x-scheme", b"https")],
    &[("forwarded", b"for=203.0.113.99;proto=https;host=evil.example")],
    &[("forwarded", b"for=\"203.0.113.99"), ("forwarded", b"for=203.0.113.99;host=\"\\")],
    &[
        ("cf-connecting-ip", b"203.0.113.99"),
        ("cloudfront-viewer-address", b"203.0.113.99:46532"),
        ("cloudfront-forwarded-proto", b"http"),
        ("fastly-client-ip", b"203.0.113.99"),
        ("fly-client-ip", b"203.0.113.99"),
        ("x-azure-socketip", b"203.0.113.99"),
        ("x-azure-clientip", b"203.0.113.99"),
    ],
    &[
        ("x-real-ip", b"203.0.113.99"),
        ("true-client-ip", b"203.0.113.99"),
        ("x-client-ip", b"203.0.113.99"),
        ("client-ip", b"203.0.113.99"),
        ("x-envoy-external-address", b"203.0.113.99"),
        ("x-original-forwarded-for", b"203.0.113.99"),
    ],
    &[
        ("x_forwarded_for", b"203.0.113.99"),
        ("x_forwarded_proto", b"https"),
        ("cf_connecting_ip", b"203.0.113.99"),
        ("fly.client.ip", b"203.0.113.99"),
        ("cloudfront_viewer_address", b"203.0.113.99:1"),
    ],
];

/// The profile, with the proxy's address.
fn behind(proxy: Proxy) -> Builder {
    ForwardedHeaders::behind(proxy).trust(PROXY)
}

impl Known {
    fn layer(&self) -> ForwardedHeaders {
        behind(self.proxy).build().unwrap()
    }

    /// The lines that arrive when a client sends these.
    fn arriving(&self, sent: &[Line<'static>]) -> Vec<(&'static str, Vec<u8>)> {
        let own = |name: &str| self.writes.iter().any(|(written, ..)| *written == name);
        let passed = sent.iter().filter(|(name, _)| !own(name));
        let mut arriving: Vec<_> = passed.map(|(name, value)| (*name, value.to_vec())).collect();
        for (name, value, verb) in self.writes {
            let of_client = sent.iter().filter(|(sent, _)| sent == name);
            let of_client: Vec<_> = of_client.map(|(_, value)| value.to_vec()).collect();
            let written = write(of_client, value.as_bytes(), *verb);
            arriving.extend(written.into_iter().map(|value| (*name, value)));
        }
        arriving
    }

    fn through(&self, peer: &str, sent: &[Line<'static>]) -> Parts {
        let arriving = self.arriving(sent);
        let mut all: Vec<Line<'_>> = vec![("host", b"app.example")];
        all.extend(arriving.iter().map(|(name, value)| (*name, value.as_slice())));
        through(&self.layer(), request(peer, "/path", &all))
    }
}

fn write(mut lines: Vec<Vec<u8>>, value: &[u8], verb: Verb) -> Vec<Vec<u8>> {
    let line = match verb {
        Replaces => return vec![value.to_vec()],
        AddsLine => None,
        Appends => lines.last_mut(),
        AppendsToFirst => lines.first_mut(),
    };
    match line {
        Some(line) => line.extend([b", ", value].concat()),
        None => lines.push(value.to_vec()),
    }
    lines
}

/// Whatever can be seen of a decision.
fn seen(parts: &Parts) -> String {
    let mut headers: Vec<_> = parts.headers.iter().map(|line| format!("{line:?}")).collect();
    headers.sort();
    format!("{:?} {} {headers:?}", info(parts), parts.uri)
}

fn left(parts: &Parts) -> Vec<&str> {
    parts.headers.keys().map(HeaderName::as_str).collect()
}

#[test]
fn the_client_is_the_one_that_the_proxy_names() {
    for known in &KNOWN {
        let parts = known.through(PROXY, &[]);
        let info = info(&parts);
        assert_eq!(info.client_ip(), Some(ip(known.client)), "{:?}", known.proxy);
        assert_eq!(info.client_port(), known.port, "{:?}", known.proxy);
        let scheme = info.forwarded_scheme().map(http::uri::Scheme::as_str);
        assert_eq!(scheme, known.scheme, "{:?}", known.proxy);
        assert_eq!(info.host(), Some("app.example"), "{:?}", known.proxy);
    }
}

#[test]
fn what_a_client_sends_past_it_changes_nothing() {
    for known in &KNOWN {
        let honest = seen(&known.through(PROXY, &[]));
        for sent in LIES {
            let parts = known.through(PROXY, sent);
            let first = known.writes.iter().any(|(.., verb)| *verb == AppendsToFirst);
            if first && sent.iter().filter(|(name, _)| *name == XFF).count() > 1 {
                assert_eq!(info(&parts).client_ip(), None, "{:?}: {sent:?}", known.proxy);
                assert_eq!(left(&parts), ["host"], "{:?}: {sent:?}", known.proxy);
            } else {
                assert_eq!(seen(&parts), honest, "{:?}: {sent:?}", known.proxy);
            }
        }
    }
}

#[test]
fn a_profile_trusts_nobody_and_leaves_no_name_of_its_own() {
    for known in &KNOWN {
        for sent in LIES {
            let parts = known.through("198.51.100.66", sent);
            assert_eq!(info(&parts).outcome(), Outcome::Direct, "{:?}", known.proxy);
            assert_eq!(info(&parts).scheme().as_str(), "http", "{:?}", known.proxy);
            assert_eq!(left(&parts), ["host"], "{:?}: {sent:?}", known.proxy);
        }
    }
}

#[test]
fn every_profile_is_tested() {
    for proxy in Proxy::ALL {
        assert!(KNOWN.iter().any(|known| known.proxy == *proxy), "{proxy} is not tested");
    }
    assert_eq!(Proxy::ALL.len(), 26);
}

#[test]
fn names_of_profiles_are_read_in_any_case() {
    for proxy in Proxy::ALL {
        let name = proxy.to_string();
        assert_eq!(name.parse(), Ok(*proxy));
        assert_eq!(name.to_uppercase().parse(), Ok(*proxy));
    }
}

/// A profile, the lines that arrive, and the client.
type Row<'a> = (&'a str, Proxy, &'a [Line<'a>], Result<&'a str, Unresolved>);

fn check(rows: &[Row<'_>]) {
    for (what, proxy, lines, client) in rows {
        let info = resolve(&behind(*proxy).build().unwrap(), PROXY, lines);
        let outcome = client.map_or_else(Outcome::Unresolved, |_| Outcome::Forwarded);
        assert_eq!((info.outcome(), info.client_ip()), (outcome, client.ok().map(ip)), "{what}");
    }
}

#[test]
fn a_header_with_one_address_is_no_list_and_is_there_once() {
    use Unresolved::{Malformed, NoHeader};
    check(&[
        (
            "two lines",
            Proxy::Cloudflare,
            &[("cf-connecting-ip", b"203.0.113.99"), ("cf-connecting-ip", b"203.0.113.7")],
            Err(Malformed),
        ),
        ("a list", Proxy::Fly, &[("fly-client-ip", b"203.0.113.99, 203.0.113.7")], Err(Malformed)),
        (
            "two lines, appended by a vendor that does not say that it replaces",
            Proxy::Fly,
            &[("fly-client-ip", b"203.0.113.99"), ("fly-client-ip", b"203.0.113.7")],
            Err(Malformed),
        ),
        // Cloudflare's "Remove visitor IP headers".
        ("not there", Proxy::Cloudflare, &[(XFF, b"203.0.113.99")], Err(NoHeader)),
        (
            "another vendor's",
            Proxy::Fastly,
            &[("x-real-ip", b"203.0.113.99"), ("true-client-ip", b"203.0.113.99")],
            Err(NoHeader),
        ),
    ]);
}

/// The port of CloudFront-Viewer-Address stands behind the last colon, whatever comes before.
#[test]
fn a_viewer_address_has_a_port() {
    type Viewer<'a> = (&'a [u8], Option<(&'a str, u16)>);
    let rows: [Viewer<'_>; 18] = [
        (b"203.0.113.7:46532", Some((V4, 46532))),
        (b" 203.0.113.7:1\t", Some((V4, 1))),
        (b"2001:db8:c::7:46532", Some((V6, 46532))),
        (b"2001:db8::8a2e:370:7334:443", Some(("2001:db8::8a2e:370:7334", 443))),
        (b"[2001:db8:c::7]:46532", Some((V6, 46532))),
        (b"::ffff:203.0.113.7:443", Some((V4, 443))),
        (b"::1:443", Some(("::1", 443))),
        (b"203.0.113.7", None),
        (b"2001:db8:c::7", None),
        (b"[2001:db8:c::7]", None),
        (b"[203.0.113.7]:443", None),
        (b"203.0.113.7:", None),
        (b"203.0.113.7:65536", None),
        (b"203.0.113.7:+443", None),
        (b"\"203.0.113.7:443\"", None),
        (b"203.0.113.99:1, 203.0.113.7:443", None),
        (b"0.0.0.0:443", None),
        (b"", None),
    ];
    let layer = behind(Proxy::CloudFront).build().unwrap();
    for (value, want) in rows {
        let parts = through(&layer, request(PROXY, "/", &[("cloudfront-viewer-address", value)]));
        let info = info(&parts);
        let got = info.client_ip().zip(info.client_port());
        assert_eq!(got, want.map(|(client, port)| (ip(client), port)), "{}", value.escape_ascii());
        // Whoever reads it next needs the port as well, to find the address.
        let left = want.map(|(client, port)| format!("{client}:{port}").into_bytes());
        let left: Vec<_> = left.iter().map(Vec::as_slice).collect();
        assert_eq!(lines(&parts, "cloudfront-viewer-address"), left);
    }
    // Port 0 is no port, but the next reader needs it.
    let unknown_port: Line<'_> = ("cloudfront-viewer-address", b"203.0.113.7:00");
    let parts = through(&layer, request(PROXY, "/", &[unknown_port]));
    assert_eq!((info(&parts).client_ip(), info(&parts).client_port()), (Some(ip(V4)), None));
    assert_eq!(lines(&parts, "cloudfront-viewer-address"), [b"203.0.113.7:0"]);
}

#[test]
fn a_proxy_that_appends_its_own_address_is_not_its_client() {
    use Unresolved::{ListEnds, NoHeader};
    let rows: &[Row<'_>] = &[
        ("two entries", Proxy::GoogleAlb, &[(XFF, b"203.0.113.7,198.51.100.80")], Ok(V4)),
        (
            "what came in may hold anything",
            Proxy::GoogleAlb,
            &[(XFF, b"a b \"c, 203.0.113.99,203.0.113.7,198.51.100.80")],
            Ok(V4),
        ),
        (
            "its address is a proxy's, whatever it is",
            Proxy::GoogleAlb,
            &[(XFF, b"203.0.113.7,203.0.113.80")],
            Ok(V4),
        ),
        // Cloud Run without the load balancer.
        ("one entry", Proxy::GoogleAlb, &[(XFF, b"203.0.113.7")], Err(ListEnds)),
        ("no client", Proxy::GoogleAlb, &[(XFF, b"203.0.113.99,,198.51.100.80")], Err(ListEnds)),
        // The load balancer's own entry is not looked at.
        (
            "no address in its place",
            Proxy::GoogleAlb,
            &[(XFF, b"203.0.113.99,203.0.113.7,junk")],
            Ok(V4),
        ),
        (
            "Fly's last entry is the app's own",
            Proxy::Fly,
            &[(XFF, b"203.0.113.7, 198.51.100.80"), ("fly-client-ip", b"203.0.113.7")],
            Ok(V4),
        ),
        (
            "and is not read in its place",
            Proxy::Fly,
            &[(XFF, b"203.0.113.7, 198.51.100.80")],
            Err(NoHeader),
        ),
    ];
    check(rows);
    let rightmost = resolve(&ForwardedHeaders::new(), "127.0.0.1", rows[0].2);
    assert_eq!(rightmost.client_ip(), Some(ip("198.51.100.80")), "the usual rule is wrong here");
    let google = behind(Proxy::GoogleAlb).build().unwrap();
    assert_eq!(resolve(&google, PROXY, rows[0].2).hops(), 1);
}

/// Caddy and Traefik with trusted proxies, and ingress-nginx with compute-full-forwarded-for, append.
#[test]
fn behind_a_proxy_that_replaces_there_is_one_entry() {
    use Unresolved::ExtraEntries;
    for proxy in [Proxy::Caddy, Proxy::Traefik, Proxy::IngressNginx] {
        check(&[
            ("two entries", proxy, &[(XFF, b"203.0.113.99, 203.0.113.7")], Err(ExtraEntries)),
            (
                "two lines",
                proxy,
                &[(XFF, b"203.0.113.99"), (XFF, b"203.0.113.7")],
                Err(ExtraEntries),
            ),
            ("an empty line", proxy, &[(XFF, b""), (XFF, b"203.0.113.7")], Err(ExtraEntries)),
            ("a comma", proxy, &[(XFF, b",203.0.113.7")], Err(ExtraEntries)),
            // ingress-nginx with a custom header writes its scheme twice.
            ("two schemes", proxy, &[(XFF, b"203.0.113.7"), (PROTO, b"https, http")], Ok(V4)),
        ]);
        let lines: [Line<'_>; 2] = [(XFF, b"203.0.113.7, 192.0.2.20"), (PROTO, b"https")];
        let chain = ForwardedHeaders::behind(proxy).trust_chain(["192.0.2.0/24"; 2]);
        let info = resolve(&chain.build().unwrap(), PROXY, &lines);
        assert_eq!(info.client_ip(), Some(ip(V4)), "two proxies, and nothing beyond them");
        assert!(info.is_secure());
    }
}

/// pound and Heroku's legacy router append to the first of several lines.
#[test]
fn the_last_of_two_lines_may_be_the_clients() {
    let attack: &[Line<'_>] = &[(XFF, b"203.0.113.99, 203.0.113.7"), (XFF, b"203.0.113.99")];
    check(&[
        ("pound", Proxy::Pound, attack, Err(Unresolved::ExtraEntries)),
        ("Heroku", Proxy::Heroku, attack, Err(Unresolved::ExtraEntries)),
        ("one line", Proxy::Heroku, &attack[..1], Ok(V4)),
        // HAProxy's own line is the last.
        ("HAProxy", Proxy::HaProxy, &[(XFF, b"203.0.113.99"), (XFF, b"203.0.113.7")], Ok(V4)),
    ]);
    let careless = resolve(&ForwardedHeaders::new(), "127.0.0.1", attack);
    assert_eq!(careless.client_ip(), Some(ip("203.0.113.99")), "what the profiles are for");
}

/// nginx accepts `Host: a",for="203.0.113.99` and writes it in the place of `$host`.
#[test]
fn a_host_that_nobody_escapes_names_the_client() {
    let read = |value: &[u8]| {
        let layer = behind(Proxy::NginxForwarded).build().unwrap();
        resolve(&layer, PROXY, &[("forwarded", value)]).client_ip()
    };
    let victim = Some(ip("203.0.113.99"));
    // proxy_set_header Forwarded "for=$remote_addr;host=\"$host\"";
    assert_eq!(read(b"for=203.0.113.7;host=\"a\",for=\"203.0.113.99\""), victim);
    // proxy_set_header Forwarded "for=$remote_addr;host=$host";
    assert_eq!(read(b"for=203.0.113.7;host=a,for=203.0.113.99"), victim);
    // As the profile has it: such a host is left out.
    assert_eq!(read(b"for=203.0.113.7;proto=https"), Some(ip(V4)));
    assert_eq!(read(b"for=203.0.113.7;proto=https;host=app.example"), Some(ip(V4)));
}

/// lighttpd copies a client's X-Forwarded-For into the Forwarded that it writes.
#[test]
fn elements_that_a_proxy_makes_of_the_clients_list_are_not_read() {
    let arriving: [Line<'_>; 3] = [
        ("forwarded", b"for=\"203.0.113.99\", for=203.0.113.7;proto=https"),
        (XFF, b"203.0.113.99, 203.0.113.7"),
        (PROTO, b"https"),
    ];
    // The profile does not allow `forwarded`, though one hop of it would be right.
    let forwarded = ForwardedHeaders::builder().trust(PROXY).client_from("forwarded");
    for layer in [behind(Proxy::Lighttpd), forwarded] {
        let parts = through(&layer.build().unwrap(), request(PROXY, "/", &arriving));
        assert_eq!(info(&parts).client_ip(), Some(ip(V4)));
        let left = format!("{:?}", parts.headers);
        assert!(!left.contains("203.0.113.99"), "{left}");
    }
}

/// Apache (192.0.2.20) appends to X-Forwarded-Host, and nginx in front of the app hands it on.
#[test]
fn of_two_proxies_only_one_appends_a_list() {
    let arriving: [Line<'_>; 4] = [
        ("host", b"app.example"),
        (XFF, b"203.0.113.99, 203.0.113.7, 192.0.2.20"),
        (PROTO, b"http"),
        ("x-forwarded-host", b"evil.example, app.example"),
    ];
    let hosts = |builder: Builder| {
        let builder = builder.trust_chain(["192.0.2.0/24"; 2]).host_from("x-forwarded-host");
        builder.allowed_hosts("app.example, evil.example").build().unwrap()
    };
    let info = resolve(&hosts(ForwardedHeaders::behind(Proxy::Nginx)), PROXY, &arriving);
    assert_eq!((info.client_ip(), info.host()), (Some(ip(V4)), Some("app.example")));
    let careless = ForwardedHeaders::builder().proxies_write(Writing::AppendToEach);
    let careless = resolve(&hosts(careless), PROXY, &arriving);
    assert_eq!(careless.host(), Some("evil.example"), "why lists are not aligned by themselves");
}

/// h2o and nghttpx report what the client claims in `:scheme`; Varnish, Squid and Google pass on
/// what it writes, or do not say.
#[test]
fn a_scheme_that_the_client_chooses_is_not_read() {
    use Proxy::{CloudRun, Fastly, GoogleAlb, H2o, Nghttpx, Squid, Varnish};
    for proxy in [CloudRun, Fastly, GoogleAlb, H2o, Nghttpx, Squid, Varnish] {
        let lines: [Line<'_>; 3] = [
            (XFF, b"203.0.113.7,198.51.100.80"),
            ("fastly-client-ip", b"203.0.113.7"),
            (PROTO, b"https"),
        ];
        let info = resolve(&behind(proxy).build().unwrap(), PROXY, &lines);
        assert_eq!((info.forwarded_scheme(), info.is_secure()), (None, false), "{proxy:?}");
        let tls_only = behind(proxy).scheme_from(SchemeSource::always("https")).build().unwrap();
        assert!(resolve(&tls_only, PROXY, &[]).is_secure(), "{proxy:?}");
    }
}

/// Without what the profile asks for, the client chooses, and nothing here can tell.
#[test]
fn what_has_to_be_set_at_the_proxy() {
    check(&[
        (
            "Fastly without the rule: set only where the client has not",
            Proxy::Fastly,
            &[("fastly-client-ip", b"203.0.113.99")],
            Ok("203.0.113.99"),
        ),
        (
            "CloudFront without the policy",
            Proxy::CloudFront,
            &[("cloudfront-viewer-address", b"203.0.113.99:1"), (XFF, b"203.0.113.7")],
            Ok("203.0.113.99"),
        ),
        (
            "an ALB in mode preserve, a bare nginx, an Envoy without use_remote_address",
            Proxy::AwsAlb,
            &[(XFF, b"203.0.113.99")],
            Ok("203.0.113.99"),
        ),
        ("an ALB in mode remove", Proxy::AwsAlb, &[], Err(Unresolved::NoHeader)),
        // The walk stops at whoever called the load balancer, a CDN or not.
        (
            "a CDN in front",
            Proxy::AwsAlb,
            &[(XFF, b"203.0.113.7, 198.51.100.1")],
            Ok("198.51.100.1"),
        ),
    ]);
}

/// A profile can be narrowed. `refusals.rs` shows that it cannot be widened.
#[test]
fn a_profile_reads_less_if_told_so() {
    let lines: [Line<'_>; 2] = [(XFF, b"203.0.113.99, 203.0.113.7"), (PROTO, b"https")];
    let narrowed = behind(Proxy::Traefik)
        .proxies_write(Writing::Append)
        .scheme_from(SchemeSource::none())
        .build()
        .unwrap();
    let info = resolve(&narrowed, PROXY, &lines);
    assert_eq!((info.client_ip(), info.is_secure()), (Some(ip(V4)), false));
}
