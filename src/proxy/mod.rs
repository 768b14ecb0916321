//! Well-known proxies, and what each writes.

use std::fmt;
use std::str::FromStr;

use crate::config::profile::{Profile, ProfileClient};
use crate::config::setting::text_setting;
use crate::config::{ConfigError, Writing};

/// A proxy whose headers are known, for
/// [`ForwardedHeaders::behind`](crate::ForwardedHeaders::behind).
///
/// Choose the *nearest* proxy, which opens the connection to the app. The page of each variant shows
/// what to configure at the proxy, and gives the source. A profile reads no host, port or prefix: nearly
/// every proxy passes the client's `X-Forwarded-Host` on. If the proxy writes one of these headers, its
/// page names the setter, and `build` refuses every other header.
///
/// A profile contains no addresses. Set them with [`trust`](crate::Builder::trust); the default is this
/// machine, and services that never run on this machine do not build without `trust`. Addresses that all
/// customers of a vendor share prove only that *some* customer sent the request. The page shows how to
/// prove that it was you.
///
/// These have no profile, because their handling of the client's headers is not documented well enough:
///
/// - Akamai, DigitalOcean, Railway, Render and Vercel;
/// - AWS API Gateway and the AWS Classic Load Balancer;
/// - Azure App Service and Azure Container Apps;
/// - Google App Engine.
///
/// The guide has what is known of [platforms without a profile](crate::guide::platforms).
///
/// ```
/// use forwarded_headers::{ForwardedHeaders, Proxy};
///
/// let layer = ForwardedHeaders::behind(Proxy::Nginx).trust("172.28.0.2").build()?;
/// let same = ForwardedHeaders::behind("nginx").trust("172.28.0.2").build()?;
/// assert_eq!("NGINX".parse::<Proxy>()?, Proxy::Nginx);
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Proxy {
    #[doc = include_str!("nginx.md")]
    Nginx,
    #[doc = include_str!("nginx-forwarded.md")]
    NginxForwarded,
    #[doc = include_str!("haproxy.md")]
    HaProxy,
    #[doc = include_str!("haproxy-forwarded.md")]
    HaProxyForwarded,
    #[doc = include_str!("caddy.md")]
    Caddy,
    #[doc = include_str!("traefik.md")]
    Traefik,
    #[doc = include_str!("envoy.md")]
    Envoy,
    #[doc = include_str!("apache.md")]
    Apache,
    #[doc = include_str!("traffic-server.md")]
    TrafficServer,
    #[doc = include_str!("lighttpd.md")]
    Lighttpd,
    #[doc = include_str!("nghttpx.md")]
    Nghttpx,
    #[doc = include_str!("h2o.md")]
    H2o,
    #[doc = include_str!("varnish.md")]
    Varnish,
    #[doc = include_str!("squid.md")]
    Squid,
    #[doc = include_str!("pound.md")]
    Pound,
    #[doc = include_str!("aws-alb.md")]
    AwsAlb,
    #[doc = include_str!("cloudfront.md")]
    CloudFront,
    #[doc = include_str!("cloudflare.md")]
    Cloudflare,
    #[doc = include_str!("google-alb.md")]
    GoogleAlb,
    #[doc = include_str!("cloud-run.md")]
    CloudRun,
    #[doc = include_str!("azure-front-door.md")]
    AzureFrontDoor,
    #[doc = include_str!("azure-app-gateway.md")]
    AzureAppGateway,
    #[doc = include_str!("fly.md")]
    Fly,
    #[doc = include_str!("fastly.md")]
    Fastly,
    #[doc = include_str!("heroku.md")]
    Heroku,
    #[doc = include_str!("ingress-nginx.md")]
    IngressNginx,
}

/// A proxy on this machine that appends to `X-Forwarded-For` and replaces `X-Forwarded-Proto`.
const PROFILE: Profile = Profile {
    name: "",
    client: ProfileClient::XForwardedFor(1),
    scheme: "x-forwarded-proto",
    writing: Writing::Append,
    joins_prefixes: false,
    also: &[],
    refused: &[],
    lines: &[],
    is_remote: false,
};

impl Proxy {
    /// Every proxy that has a profile.
    ///
    /// ```
    /// use forwarded_headers::Proxy;
    ///
    /// let names: Vec<_> = Proxy::ALL.iter().map(Proxy::to_string).collect();
    /// assert!(names.contains(&"aws-alb".to_owned()));
    /// ```
    pub const ALL: &[Self] = &[
        Self::Nginx,
        Self::NginxForwarded,
        Self::HaProxy,
        Self::HaProxyForwarded,
        Self::Caddy,
        Self::Traefik,
        Self::Envoy,
        Self::Apache,
        Self::TrafficServer,
        Self::Lighttpd,
        Self::Nghttpx,
        Self::H2o,
        Self::Varnish,
        Self::Squid,
        Self::Pound,
        Self::AwsAlb,
        Self::CloudFront,
        Self::Cloudflare,
        Self::GoogleAlb,
        Self::CloudRun,
        Self::AzureFrontDoor,
        Self::AzureAppGateway,
        Self::Fly,
        Self::Fastly,
        Self::Heroku,
        Self::IngressNginx,
    ];

    /// Returns what the proxy writes.
    pub(crate) fn profile(self) -> &'static Profile {
        let mut profiles = PROFILES.iter();
        let found = profiles.find(|(proxy, _)| *proxy == self);
        found.map(|(_, profile)| profile).expect("each proxy has a row in the table")
    }
}

/// What each proxy writes, whatever a client sends. Above each profile is the evidence: D the vendor's
/// documentation, S its source, R recorded from the proxy, O observed by others.
#[rustfmt::skip]
static PROFILES: [(Proxy, Profile); 26] = [
    // D R
    (Proxy::Nginx, Profile {
        name: "nginx",
        client: ProfileClient::XForwardedFor(1),
        also: &["x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-real-ip"],
        refused: &[
            ("forwarded", "nginx has no directive for Forwarded and passes the client's on; with the two maps that write it, use Proxy::NginxForwarded"),
            ("cf-connecting-ip", "nginx passes the client's own CF-Connecting-IP on; trust Cloudflare's addresses with trust_chain instead"),
        ],
        lines: &[
            ("host", "proxy_set_header Host $host;"),
            ("x-forwarded-for", "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;"),
            ("x-forwarded-proto", "proxy_set_header X-Forwarded-Proto $scheme;"),
            ("x-real-ip", "proxy_set_header X-Real-IP $remote_addr;"),
        ],
        ..PROFILE
    }),
    // D R
    (Proxy::NginxForwarded, Profile {
        name: "nginx-forwarded",
        client: ProfileClient::Header("forwarded"),
        scheme: "forwarded",
        also: &["forwarded"],
        lines: &[
            ("host", "proxy_set_header Host $host;"),
            ("forwarded", "proxy_set_header Forwarded \"$forwarded_for;proto=$scheme$forwarded_host\";"),
        ],
        ..PROFILE
    }),
    // D R
    (Proxy::HaProxy, Profile {
        name: "haproxy",
        client: ProfileClient::XForwardedFor(1),
        also: &["x-forwarded-host", "x-forwarded-port"],
        lines: &[
            ("x-forwarded-for", "option forwardfor"),
            ("x-forwarded-proto", "http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]"),
        ],
        ..PROFILE
    }),
    // D R
    (Proxy::HaProxyForwarded, Profile {
        name: "haproxy-forwarded",
        client: ProfileClient::Header("forwarded"),
        scheme: "forwarded",
        also: &["forwarded"],
        lines: &[
            ("forwarded", "option forwarded"),
        ],
        ..PROFILE
    }),
    // S R
    (Proxy::Caddy, Profile {
        name: "caddy",
        client: ProfileClient::XForwardedFor(1),
        writing: Writing::Replace,
        also: &["x-forwarded-host"],
        refused: &[
            ("behind another proxy", "Caddy keeps the headers of a proxy that it trusts, even those that the client wrote"),
        ],
        ..PROFILE
    }),
    // S R
    (Proxy::Traefik, Profile {
        name: "traefik",
        client: ProfileClient::XForwardedFor(1),
        writing: Writing::Replace,
        joins_prefixes: true,
        also: &["x-forwarded-host", "x-forwarded-prefix", "x-real-ip"],
        refused: &[
            ("x-forwarded-port", "Traefik copies the port in X-Forwarded-Port from the client's Host, which the layer reads anyway"),
            ("behind another proxy", "Traefik keeps the headers of a proxy that it trusts, even those that the client wrote"),
        ],
        ..PROFILE
    }),
    // D R
    (Proxy::Envoy, Profile {
        name: "envoy",
        client: ProfileClient::XForwardedFor(1),
        lines: &[
            ("x-forwarded-for", "use_remote_address: true"),
            ("x-forwarded-proto", "use_remote_address: true"),
        ],
        ..PROFILE
    }),
    // D R
    (Proxy::Apache, Profile {
        name: "apache",
        client: ProfileClient::XForwardedFor(1),
        refused: &[
            ("x-forwarded-host", "Apache appends to the client's X-Forwarded-Host, or passes it on alone; with ProxyPreserveHost, the host is in Host"),
        ],
        lines: &[
            ("host", "ProxyPreserveHost On"),
            ("x-forwarded-proto", "RequestHeader set X-Forwarded-Proto \"expr=%{REQUEST_SCHEME}\""),
        ],
        ..PROFILE
    }),
    // D R
    (Proxy::TrafficServer, Profile {
        name: "traffic-server",
        client: ProfileClient::Header("forwarded"),
        scheme: "forwarded",
        lines: &[
            ("forwarded", "CONFIG proxy.config.http.insert_forwarded STRING for|proto"),
            ("host", "CONFIG proxy.config.url_remap.pristine_host_hdr INT 1"),
        ],
        ..PROFILE
    }),
    // R
    (Proxy::Lighttpd, Profile {
        name: "lighttpd",
        client: ProfileClient::XForwardedFor(1),
        refused: &[
            ("x-forwarded-host", "lighttpd passes the client's X-Forwarded-Host on if the request has no Host; otherwise the host is in Host"),
        ],
        ..PROFILE
    }),
    // D R
    (Proxy::Nghttpx, Profile {
        name: "nghttpx",
        client: ProfileClient::XForwardedFor(1),
        scheme: "none",
        refused: &[
            ("x-forwarded-proto", "nghttpx reports the scheme that the client claims in :scheme; with redirect-if-not-tls, use SchemeSource::always(\"https\")"),
        ],
        lines: &[
            ("x-forwarded-for", "add-x-forwarded-for=yes"),
        ],
        ..PROFILE
    }),
    // D R
    (Proxy::H2o, Profile {
        name: "h2o",
        client: ProfileClient::XForwardedFor(1),
        scheme: "none",
        refused: &[
            ("x-forwarded-proto", "h2o reports the scheme that the client claims in :scheme; if h2o accepts TLS alone, use SchemeSource::always(\"https\")"),
        ],
        lines: &[
            ("host", "proxy.preserve-host: ON"),
        ],
        ..PROFILE
    }),
    // D R
    (Proxy::Varnish, Profile {
        name: "varnish",
        client: ProfileClient::XForwardedFor(1),
        scheme: "none",
        also: &["x-forwarded-proto"],
        ..PROFILE
    }),
    // D R
    (Proxy::Squid, Profile {
        name: "squid",
        client: ProfileClient::XForwardedFor(1),
        scheme: "none",
        lines: &[
            ("x-forwarded-for", "forwarded_for on"),
        ],
        ..PROFILE
    }),
    // R
    (Proxy::Pound, Profile {
        name: "pound",
        client: ProfileClient::XForwardedFor(1),
        writing: Writing::AppendToFirstLine,
        also: &["x-forwarded-port"],
        refused: &[
            ("proxies_write", "pound appends to the first line of X-Forwarded-For, so the last entry of two lines is the client's own"),
        ],
        ..PROFILE
    }),
    // D; scheme O
    (Proxy::AwsAlb, Profile {
        name: "aws-alb",
        client: ProfileClient::XForwardedFor(1),
        also: &["x-forwarded-port"],
        refused: &[
            ("x-forwarded-host", "Application Load Balancers do not write X-Forwarded-Host and pass the client's on; the host is in Host"),
            ("cf-connecting-ip", "Application Load Balancers pass the client's own CF-Connecting-IP on; trust Cloudflare's addresses with trust_chain instead"),
        ],
        is_remote: true,
        ..PROFILE
    }),
    // D
    (Proxy::CloudFront, Profile {
        name: "cloudfront",
        client: ProfileClient::Header("cloudfront-viewer-address"),
        scheme: "cloudfront-forwarded-proto",
        refused: &[
            ("trust_chain", "A proxy behind CloudFront passes the client's own CloudFront-Viewer-Address on; use the profile of the proxy that connects to the app"),
        ],
        is_remote: true,
        ..PROFILE
    }),
    // D
    (Proxy::Cloudflare, Profile {
        name: "cloudflare",
        client: ProfileClient::Header("cf-connecting-ip"),
        refused: &[
            ("trust_chain", "A proxy behind Cloudflare passes the client's own CF-Connecting-IP on; use the profile of the proxy that connects to the app"),
        ],
        is_remote: true,
        ..PROFILE
    }),
    // D
    (Proxy::GoogleAlb, Profile {
        name: "google-alb",
        client: ProfileClient::XForwardedFor(2),
        scheme: "none",
        refused: &[
            ("x-forwarded-for", "Google's load balancer appends its own address after the client's, so the client is entry 2 from the right"),
        ],
        is_remote: true,
        ..PROFILE
    }),
    // O
    (Proxy::CloudRun, Profile {
        name: "cloud-run",
        client: ProfileClient::XForwardedFor(1),
        scheme: "none",
        is_remote: true,
        ..PROFILE
    }),
    // D
    (Proxy::AzureFrontDoor, Profile {
        name: "azure-front-door",
        client: ProfileClient::XForwardedFor(1),
        also: &["x-forwarded-host"],
        is_remote: true,
        ..PROFILE
    }),
    // D
    (Proxy::AzureAppGateway, Profile {
        name: "azure-app-gateway",
        client: ProfileClient::XForwardedFor(1),
        also: &["x-forwarded-port"],
        is_remote: true,
        ..PROFILE
    }),
    // D, implied
    (Proxy::Fly, Profile {
        name: "fly",
        client: ProfileClient::Header("fly-client-ip"),
        also: &["fly-forwarded-port"],
        refused: &[
            ("x-forwarded-for", "Fly.io appends the app's own address to X-Forwarded-For, for every client; the client is in Fly-Client-IP"),
            ("trust_chain", "A proxy behind Fly.io passes the client's own Fly-Client-IP on; use the profile of the proxy that connects to the app"),
        ],
        is_remote: true,
        ..PROFILE
    }),
    // D
    (Proxy::Fastly, Profile {
        name: "fastly",
        client: ProfileClient::Header("fastly-client-ip"),
        scheme: "none",
        refused: &[
            ("trust_chain", "A proxy behind Fastly passes the client's own Fastly-Client-IP on; use the profile of the proxy that connects to the app"),
        ],
        is_remote: true,
        ..PROFILE
    }),
    // O
    (Proxy::Heroku, Profile {
        name: "heroku",
        client: ProfileClient::XForwardedFor(1),
        writing: Writing::AppendToFirstLine,
        refused: &[
            ("proxies_write", "Heroku's legacy router appends to the first line of X-Forwarded-For, so the last entry of two lines is the client's own"),
        ],
        is_remote: true,
        ..PROFILE
    }),
    // S
    (Proxy::IngressNginx, Profile {
        name: "ingress-nginx",
        client: ProfileClient::XForwardedFor(1),
        writing: Writing::Replace,
        also: &["x-forwarded-host", "x-forwarded-port", "x-real-ip"],
        refused: &[
            ("x-forwarded-prefix", "ingress-nginx passes the client's X-Forwarded-Prefix on"),
            ("behind another proxy", "ingress-nginx keeps the headers of a proxy that it trusts, even those that the client wrote"),
        ],
        is_remote: true,
        ..PROFILE
    }),
];

/// Reads the name of a profile, in any case: `nginx`, `aws-alb`.
impl FromStr for Proxy {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let is = |proxy: &&Self| proxy.profile().name.eq_ignore_ascii_case(text);
        Self::ALL.iter().find(is).copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|proxy| proxy.profile().name).collect();
            let reason = format!("expected one of {}", names.join(", "));
            ConfigError::invalid("proxy", text, reason)
        })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.profile().name)
    }
}

text_setting!(Proxy, |text: &str| text.parse());
