//! The known names and the names with another meaning, against a second list, which was written from the
//! sources that each row names.

use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::Path;

use forwarded_headers::{Builder, ClientSource, ForwardedHeaders};
use http::HeaderName;

use crate::support::{Line, lines, request, through};

const CLIENT: &str = "203.0.113.7";
const PROXY: &str = "127.0.0.1";
const XFF: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";

/// What a header holds, as the errors of `build` name it.
const ADDRESSES: &str = "a list of addresses";
const ADDRESS: &str = "one address";
const ADDRESS_AND_PORT: &str = "one address with its port";
const ELEMENTS: &str = "a list of elements";
const SCHEME: &str = "a scheme";
const ON_OFF: &str = "on or off";
const HOST: &str = "a host";
const PORT: &str = "a port";
const PREFIX: &str = "a path prefix";
const UNREAD: &str = "a value that this crate does not read";

/// A source, and the names that it has for a value of the client's request.
type KnownNames = (&'static str, &'static [(&'static str, &'static str)]);

const KNOWN: [KnownNames; 53] = [
    ("RFC 7239 §4", &[("forwarded", ELEMENTS)]),
    ("MDN, X-Forwarded-For", &[("x-forwarded-for", ADDRESSES)]),
    ("MDN, X-Forwarded-Host", &[("x-forwarded-host", HOST)]),
    (
        "MDN, X-Forwarded-Proto, with its older forms",
        &[
            ("x-forwarded-proto", SCHEME),
            ("x-forwarded-protocol", SCHEME),
            ("x-url-scheme", SCHEME),
            ("x-forwarded-ssl", ON_OFF),
            ("front-end-https", ON_OFF),
        ],
    ),
    ("AWS, Elastic Load Balancing, X-Forwarded headers", &[("x-forwarded-port", PORT)]),
    ("Traefik, StripPrefix", &[("x-forwarded-prefix", PREFIX)]),
    ("Apache httpd, mod_proxy", &[("x-forwarded-server", UNREAD)]),
    ("Tomcat, RemoteIpValve: the proxies", &[("x-forwarded-by", UNREAD)]),
    ("nginx, ngx_http_realip_module", &[("x-real-ip", ADDRESS)]),
    (
        "ingress-nginx, its nginx.tmpl",
        &[
            ("x-forwarded-scheme", SCHEME),
            ("x-scheme", SCHEME),
            ("x-original-forwarded-for", ADDRESSES),
            ("x-original-forwarded-host", HOST),
        ],
    ),
    (
        "ASP.NET Core, ForwardedHeadersOptions",
        &[
            ("x-original-for", ADDRESSES),
            ("x-original-host", HOST),
            ("x-original-prefix", PREFIX),
            ("x-original-proto", SCHEME),
        ],
    ),
    (
        "the npm package request-ip",
        &[
            ("x-client-ip", ADDRESS),
            ("x-cluster-client-ip", ADDRESS),
            ("x-forwarded", ADDRESSES),
            ("forwarded-for", ADDRESSES),
        ],
    ),
    (
        "Cloudflare, HTTP headers",
        &[
            ("cf-connecting-ip", ADDRESS),
            ("cf-connecting-ipv6", ADDRESS),
            ("cf-pseudo-ipv4", ADDRESS),
            ("true-client-ip", ADDRESS),
            // JSON.
            ("cf-visitor", UNREAD),
        ],
    ),
    (
        "AWS, CloudFront, Add CloudFront request headers",
        &[("cloudfront-viewer-address", ADDRESS_AND_PORT), ("cloudfront-forwarded-proto", SCHEME)],
    ),
    (
        "Fly.io, Request Headers, and requests as recorded",
        &[
            ("fly-client-ip", ADDRESS),
            ("fly-forwarded-port", PORT),
            ("fly-forwarded-proto", SCHEME),
            ("fly-forwarded-ssl", ON_OFF),
        ],
    ),
    (
        "Azure App Service, requests as recorded, and Add TLS/SSL: X-AppService-Proto",
        &[
            ("client-ip", ADDRESS),
            ("disguised-host", HOST),
            ("x-appservice-proto", SCHEME),
            // The client's certificate.
            ("x-arr-ssl", UNREAD),
            // The client's port, not the server's.
            ("x-client-port", UNREAD),
        ],
    ),
    (
        "Azure Front Door, Protocol support for HTTP headers",
        &[("x-azure-clientip", ADDRESS), ("x-azure-socketip", ADDRESS)],
    ),
    (
        "Google App Engine, Request headers",
        &[
            ("x-appengine-user-ip", ADDRESS),
            ("x-appengine-remote-addr", ADDRESS),
            ("x-appengine-https", ON_OFF),
        ],
    ),
    // Neither page has the form of the value.
    ("Google App Engine, Outbound requests", &[("x-proxyuser-ip", UNREAD)]),
    ("Google Cloud, Custom headers: reserved names", &[("x-user-ip", ADDRESS)]),
    (
        "Envoy, HTTP header manipulation",
        &[("x-envoy-external-address", ADDRESS), ("x-envoy-original-host", HOST)],
    ),
    (
        "Fastly, HTTP headers",
        &[
            ("fastly-client-ip", ADDRESS),
            ("fastly-orig-host", HOST),
            // 1, or absent.
            ("fastly-ssl", UNREAD),
        ],
    ),
    ("Netlify, x-nf-client-connection-ip", &[("x-nf-client-connection-ip", ADDRESS)]),
    (
        "Vercel, Request headers, and requests as recorded",
        &[("x-vercel-forwarded-for", ADDRESSES), ("x-vercel-proxied-for", UNREAD)],
    ),
    ("DigitalOcean, App Platform", &[("do-connecting-ip", ADDRESS)]),
    ("Imperva, Incap-Client-IP", &[("incap-client-ip", ADDRESS)]),
    ("Sucuri, X-Sucuri-ClientIP", &[("x-sucuri-clientip", ADDRESS)]),
    (
        "Tencent EdgeOne, Default HTTP headers of origin-pull requests; Carrying client IP",
        &[("eo-connecting-ip", ADDRESS), ("eo-client-ip", ADDRESS)],
    ),
    ("Tencent API Gateway, requests to backends", &[("x-client-proto", SCHEME)]),
    (
        "Alibaba CDN and ESA, Ali-Cdn-Real-Ip, ali-real-client-ip, X-Client-Scheme",
        &[
            ("ali-cdn-real-ip", ADDRESS),
            ("ali-real-client-ip", ADDRESS),
            ("x-client-scheme", SCHEME),
        ],
    ),
    (
        "Alibaba CLB and ALB, listeners: XForwardedFor",
        &[
            ("x-forwarded-client-ip", ADDRESS),
            ("x-forwarded-slbport", PORT),
            // The client's port, not the server's.
            ("x-forwarded-client-srcport", UNREAD),
        ],
    ),
    // The client's port, not the server's.
    ("Huawei ELB, listeners: insert_headers", &[("x-forwarded-for-port", UNREAD)]),
    ("CDNetworks, header_of_clientip", &[("cdn-src-ip", ADDRESS)]),
    ("ArvanCloud, ar-real-ip", &[("ar-real-ip", ADDRESS)]),
    ("DDoS-Guard, DDG-Connecting-IP", &[("ddg-connecting-ip", ADDRESS)]),
    ("Qrator, X-Qrator-IP-Source", &[("x-qrator-ip-source", ADDRESS)]),
    // Some apps read an address, some a list.
    ("Radware Cloud WAF, X-RDWR-IP", &[("x-rdwr-ip", UNREAD)]),
    ("Acquia, the format of the access log", &[("x-ah-client-ip", ADDRESS)]),
    (
        "WebLogic, plug-ins for web servers",
        &[
            ("proxy-client-ip", ADDRESS),
            ("wl-proxy-client-ip", ADDRESS),
            // true or false.
            ("wl-proxy-ssl", UNREAD),
        ],
    ),
    // One address or several.
    ("AD FS, X-MS-Forwarded-Client-IP", &[("x-ms-forwarded-client-ip", UNREAD)]),
    // The address is in brackets, as in mail.
    ("Exchange, X-Originating-IP", &[("x-originating-ip", UNREAD)]),
    // on or true.
    ("Jetty, ForwardedRequestCustomizer", &[("x-proxied-https", UNREAD)]),
    // on, 1 or https.
    (
        "mod_rpaf, and Mojolicious: X-Forwarded-HTTPS",
        &[("x-forwarded-https", UNREAD), ("x-https", UNREAD), ("x-port", PORT)],
    ),
    (
        "Apache NiFi, Proxy configuration",
        &[
            ("x-proxyscheme", SCHEME),
            ("x-proxyhost", HOST),
            ("x-proxyport", PORT),
            ("x-proxycontextpath", PREFIX),
            ("x-forwarded-context", PREFIX),
        ],
    ),
    ("Radicale and pgAdmin, reverse proxies", &[("x-script-name", PREFIX)]),
    ("gunicorn, forwarder_headers: SCRIPT_NAME", &[("script-name", PREFIX)]),
    ("Home Assistant, ingress", &[("x-ingress-path", PREFIX)]),
    ("NanoHTTPD, HTTPSession", &[("remote-addr", ADDRESS), ("http-client-ip", ADDRESS)]),
    ("Azure CDN of Edgio, X-Host", &[("x-host", HOST)]),
    ("PortSwigger, HTTP Host header attacks", &[("x-http-host-override", HOST)]),
    ("Akamai, akamai_property: enable_true_client_ip", &[("x-true-client-ip", ADDRESS)]),
    ("HackTricks, special HTTP headers", &[("x-remote-addr", ADDRESS), ("x-remote-ip", ADDRESS)]),
    // Read by PHP applications: phpMyAdmin 2, Xaraya.
    ("phpMyAdmin 2, ip_allow_deny.lib.php", &[("coming-from", UNREAD), ("x-coming-from", UNREAD)]),
];

/// A source, and names in it that a request needs for another purpose.
type OtherNames = (&'static str, &'static [&'static str]);

const OTHER_MEANING: [OtherNames; 46] = [
    (
        "RFC 9110",
        &[
            "accept",
            "accept-charset",
            "accept-encoding",
            "accept-language",
            "accept-ranges",
            "allow",
            "authorization",
            "connection",
            "content-encoding",
            "content-language",
            "content-length",
            "content-location",
            "content-range",
            "content-type",
            "date",
            "etag",
            "expect",
            "from",
            "host",
            "if-match",
            "if-modified-since",
            "if-none-match",
            "if-range",
            "if-unmodified-since",
            "last-modified",
            "location",
            "max-forwards",
            "proxy-authenticate",
            "proxy-authorization",
            "range",
            "referer",
            "retry-after",
            "server",
            "te",
            "trailer",
            "upgrade",
            "user-agent",
            "vary",
            "via",
            "www-authenticate",
        ],
    ),
    ("RFC 9111, and RFC 7234: Warning", &["age", "cache-control", "expires", "pragma", "warning"]),
    ("RFC 9112", &["transfer-encoding"]),
    ("RFC 2068, and Netscape's name for proxies", &["keep-alive", "proxy-connection"]),
    ("RFC 7540 §3.2.1", &["http2-settings"]),
    ("RFC 7838", &["alt-svc"]),
    ("RFC 6265", &["cookie", "set-cookie"]),
    ("RFC 6266", &["content-disposition"]),
    ("RFC 6454", &["origin"]),
    (
        "RFC 6455",
        &[
            "sec-websocket-accept",
            "sec-websocket-extensions",
            "sec-websocket-key",
            "sec-websocket-protocol",
            "sec-websocket-version",
        ],
    ),
    ("RFC 6797", &["strict-transport-security"]),
    ("RFC 7034", &["x-frame-options"]),
    ("RFC 7469", &["public-key-pins", "public-key-pins-report-only"]),
    ("RFC 8288", &["link"]),
    ("RFC 9211", &["cache-status"]),
    ("RFC 9213", &["cdn-cache-control"]),
    ("RFC 9218", &["priority"]),
    ("RFC 9421", &["signature", "signature-input"]),
    ("RFC 9449", &["dpop"]),
    ("draft-ietf-httpapi-idempotency-key-header", &["idempotency-key"]),
    (
        "WHATWG Fetch",
        &[
            "access-control-allow-credentials",
            "access-control-allow-headers",
            "access-control-allow-methods",
            "access-control-allow-origin",
            "access-control-expose-headers",
            "access-control-max-age",
            "access-control-request-headers",
            "access-control-request-method",
            "x-content-type-options",
        ],
    ),
    ("WHATWG HTML", &["last-event-id", "refresh"]),
    (
        "W3C Fetch Metadata",
        &["sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-user"],
    ),
    (
        "W3C Content Security Policy",
        &["content-security-policy", "content-security-policy-report-only"],
    ),
    ("W3C Referrer Policy", &["referrer-policy"]),
    ("W3C Tracking Preference Expression", &["dnt"]),
    ("W3C Upgrade Insecure Requests", &["upgrade-insecure-requests"]),
    ("W3C Trace Context", &["traceparent", "tracestate"]),
    ("W3C Baggage", &["baggage"]),
    ("MDN, headers without a standard", &["x-dns-prefetch-control", "x-xss-protection"]),
    ("gRPC over HTTP/2", &["grpc-encoding", "grpc-timeout"]),
    (
        "B3 propagation",
        &["b3", "x-b3-flags", "x-b3-parentspanid", "x-b3-sampled", "x-b3-spanid", "x-b3-traceid"],
    ),
    ("Jaeger, client libraries", &["uber-trace-id"]),
    ("Sentry, trace propagation", &["sentry-trace"]),
    ("AWS, X-Ray", &["x-amzn-trace-id"]),
    (
        "AWS, Authenticate users of an Application Load Balancer",
        &["x-amzn-oidc-accesstoken", "x-amzn-oidc-data", "x-amzn-oidc-identity"],
    ),
    ("Google Cloud Trace", &["x-cloud-trace-context"]),
    ("Google Cloud, Identity-Aware Proxy", &["x-goog-iap-jwt-assertion"]),
    ("Cloudflare Access", &["cf-access-jwt-assertion"]),
    ("Envoy, HTTP header manipulation", &["x-forwarded-client-cert", "x-request-id"]),
    (
        "oauth2-proxy",
        &[
            "x-auth-request-access-token",
            "x-auth-request-email",
            "x-auth-request-groups",
            "x-auth-request-user",
            "x-forwarded-access-token",
            "x-forwarded-email",
            "x-forwarded-groups",
            "x-forwarded-preferred-username",
            "x-forwarded-user",
        ],
    ),
    ("Traefik, ForwardAuth", &["x-forwarded-method", "x-forwarded-uri"]),
    ("Apache httpd, and gateways that pass the path", &["x-forwarded-path"]),
    ("IIS, URL Rewrite", &["x-original-url", "x-rewrite-url"]),
    (
        "Django and Rails",
        &["remote-user", "x-csrf-token", "x-http-method-override", "x-xsrf-token"],
    ),
    (
        "conventions of APIs",
        &[
            "api-key",
            "x-api-key",
            "x-auth-token",
            "x-correlation-id",
            "x-remote-user",
            "x-requested-with",
            "x-session-id",
        ],
    ),
];

/// Texts that an author means as a value: of a trust set, of a scheme, of a source, or of a switch.
const KEYWORDS: [(&str, &[&str]); 4] = [
    ("trust", &["any", "link-local", "localhost", "loopback", "none", "peer", "private", "unix"]),
    ("schemes", &["http", "https", "ws", "wss"]),
    ("sources", &["always", "auto", "default", "direct", "leftmost", "rightmost", "unknown"]),
    ("switches", &["all", "false", "no", "off", "on", "true", "yes"]),
];

fn known() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let rows = KNOWN.into_iter();
    rows.flat_map(|(source, names)| names.iter().map(move |(name, holds)| (source, *name, *holds)))
}

fn other() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = OTHER_MEANING.into_iter();
    rows.flat_map(|(source, names)| names.iter().map(move |name| (source, *name)))
}

fn builder() -> Builder {
    ForwardedHeaders::builder().allowed_hosts("example.com")
}

/// Reads the names in a table of `src/header/names.rs`.
fn in_code(table: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/header/names.rs");
    let source = read_to_string(path).unwrap();
    let (_, rest) = source.split_once(&format!("const {table}: [")).unwrap();
    let (rows, _) = rest.split_once("\n];").unwrap();
    rows.split('"').skip(1).step_by(2).map(String::from).collect()
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut listed = BTreeSet::new();
    for name in names {
        assert!(listed.insert(name.to_owned()), "{name} is listed twice");
    }
    listed
}

#[test]
fn the_code_has_the_names_of_the_sources_and_no_other() {
    assert_eq!(in_code("KNOWN"), listed(known().map(|(_, name, _)| name)));
    let mut others = in_code("STANDARD");
    others.append(&mut in_code("OTHER"));
    assert_eq!(others, listed(other().map(|(_, name)| name)));
    let keywords = KEYWORDS.iter().flat_map(|(_, keywords)| keywords.iter().copied());
    assert_eq!(in_code("KEYWORDS"), listed(keywords));
}

/// Returns what a header holds, from the error for a setter of another kind.
fn holds(name: &str) -> String {
    let build = |builder: Builder| builder.build().err().map(|error| error.to_string());
    let error = build(builder().port_from(name)).or_else(|| build(builder().prefix_from(name)));
    let error = error.unwrap_or_default();
    let after = error.split_once(" holds ").map_or(error.as_str(), |(_, after)| after);
    after.split_once("; write").map_or(after, |(holds, _)| holds).to_owned()
}

#[test]
fn a_known_name_holds_what_its_source_says() {
    for (source, name, expected) in known() {
        assert_eq!(holds(name), expected, "{name} of {source}");
        let look_alike = name.replace('-', "_");
        assert_eq!(holds(&look_alike), expected, "{look_alike}");
    }
}

/// Each setter accepts the known names of its kinds, and no other known name.
#[test]
fn a_setter_accepts_the_known_names_of_its_kind() {
    type Setter = fn(Builder, &str) -> Builder;
    let forwarded = |builder: Builder, name: &str| match name {
        "forwarded" => builder.client_from(name),
        _ => builder,
    };
    let rows: [(&str, Setter, &[&str]); 7] = [
        (
            "client_from",
            |builder, name| builder.client_from(name),
            &[ADDRESSES, ADDRESS, ADDRESS_AND_PORT, ELEMENTS],
        ),
        ("list", |builder, name| builder.client_from(ClientSource::list(name)), &[ADDRESSES]),
        ("scheme_from", |builder, name| builder.scheme_from(name), &[SCHEME, ON_OFF, ELEMENTS]),
        (
            "on_off",
            |builder, name| builder.scheme_from(forwarded_headers::SchemeSource::on_off(name)),
            &[ON_OFF],
        ),
        ("host_from", |builder, name| builder.host_from(name), &[HOST, ELEMENTS]),
        ("port_from", |builder, name| builder.port_from(name), &[PORT]),
        ("prefix_from", |builder, name| builder.prefix_from(name), &[PREFIX]),
    ];
    for (setter, set, kinds) in rows {
        for (_, name, holds) in known() {
            let built = set(forwarded(builder(), name), name).build();
            assert_eq!(built.is_ok(), kinds.contains(&holds), "{setter}({name:?}): {built:?}");
        }
    }
}

/// Sends the names through a layer, and returns those that are left, sorted.
fn left(layer: &ForwardedHeaders, peer: &str, names: &[String]) -> Vec<String> {
    let lines: Vec<Line<'_>> = names.iter().map(|name| (name.as_str(), &b"1"[..])).collect();
    let parts = through(layer, request(peer, "/", &lines));
    let mut left: Vec<_> = parts.headers.keys().map(|name| name.as_str().to_owned()).collect();
    left.sort();
    left
}

/// Alone, and between other headers; from a client, and from a proxy that writes other headers.
#[test]
fn a_known_name_is_removed() {
    let layer = ForwardedHeaders::new();
    let others = ["accept", "x-forwarded-user", "x-request-id"].map(String::from);
    for (_, name, _) in known() {
        let spellings = [name.to_owned(), name.replace('-', "_"), name.replacen('-', ".", 1)];
        for name in spellings {
            assert_eq!(left(&layer, CLIENT, std::slice::from_ref(&name)), [""; 0], "{name}");
            let mut names = others.to_vec();
            names.insert(1, name.clone());
            for peer in [CLIENT, PROXY] {
                assert_eq!(left(&layer, peer, &names), others, "{name} from {peer}");
            }
        }
    }
}

#[test]
fn all_known_names_are_removed_at_once() {
    let layer = ForwardedHeaders::new();
    let names: Vec<_> = known().map(|(_, name, _)| name.to_owned()).collect();
    assert_eq!(left(&layer, CLIENT, &names), [""; 0]);
    let twice: Vec<_> = names.iter().chain(&names).cloned().collect();
    assert_eq!(left(&layer, CLIENT, &twice), [""; 0]);

    let reads = [(XFF, CLIENT), (PROTO, "https")];
    let lines: Vec<Line<'_>> = known()
        .map(|(_, name, _)| {
            let value =
                reads.iter().find(|(read, _)| *read == name).map_or("1", |(_, value)| value);
            (name, value.as_bytes())
        })
        .collect();
    let parts = through(&layer, request(PROXY, "/", &lines));
    let names: Vec<_> = parts.headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    for (read, value) in reads {
        assert_eq!(self::lines(&parts, read), [value.as_bytes()], "{read}");
    }
}

/// A kept name stays, and no name beside it.
#[test]
fn a_known_name_can_be_kept() {
    let all: Vec<_> = known().map(|(_, name, _)| name.to_owned()).collect();
    for (_, name, _) in known() {
        let layer = builder().insecure_keep_header(name).build().unwrap();
        assert_eq!(left(&layer, CLIENT, &all), [name]);
    }
}

#[test]
fn a_name_with_another_meaning_is_kept_and_not_read() {
    let layer = ForwardedHeaders::new();
    for (source, name) in other().filter(|(_, name)| *name != "host") {
        assert_eq!(left(&layer, CLIENT, &[name.to_owned()]), [name], "{source}");
    }
    for (source, name) in other() {
        let look_alike = name.replace('-', "_");
        for name in [name, &look_alike] {
            let error = builder().client_from(name).build().expect_err(name).to_string();
            assert!(error.contains("has another meaning"), "{name} of {source}: {error}");
        }
    }
}

#[test]
fn a_keyword_is_no_name() {
    for (kind, keywords) in KEYWORDS {
        for keyword in keywords {
            let error = builder().port_from(*keyword).build().expect_err(keyword).to_string();
            assert!(error.contains("is not the name of a header"), "{keyword} of {kind}: {error}");
        }
    }
    // Names like keywords.
    for name in ["http-port", "x-on", "on-port", "trueport"] {
        assert!(builder().port_from(name).build().is_ok(), "{name}");
    }
}
