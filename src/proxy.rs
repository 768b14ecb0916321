//! What well-known proxies write, so that nobody has to find out which of the headers are theirs.

use http::HeaderName;

use crate::builder::ForwardedHeaders;
use crate::family::Family;

/// A proxy whose headers are known: what [`ForwardedHeaders::behind`] reads behind it.
///
/// It is the *nearest* one, which opens the connection to the app. Each variant gives what has to be
/// set there, what is read then, and where that is documented. Host, port and prefix are read by
/// none: nearly every proxy passes on what the client asked for in `Host`, and what it wrote into
/// `X-Forwarded-Host`. Where a variant says that one of them works, it is one more call.
///
/// A profile names no addresses: say the proxy's with [`trust`](ForwardedHeaders::trust). Until you
/// do, only this machine is trusted. Addresses that a vendor's customers share prove that *some*
/// customer sent the request, so there something else has to prove that it was you; the variant says
/// what.
///
/// Where the scheme is "not read", because the proxy passes on what the client says of it, it is
/// [`own_scheme`](ForwardedHeaders::own_scheme): say `https` where the proxy takes TLS only.
///
/// What is not here is not known well enough: Akamai and Azure App Service (headers that depend on
/// settings we cannot see), Render and App Engine (no documentation of what they append), Azure
/// Container Apps (documented as replacing, observed as appending), DigitalOcean (no word on what
/// happens to the client's own header), the AWS Classic Load Balancer (the same, for the scheme),
/// AWS API Gateway, Railway, Vercel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Proxy {
    /// nginx, with the lines that its users write:
    ///
    /// ```nginx
    /// proxy_set_header Host              $host;
    /// proxy_set_header X-Forwarded-For   $proxy_add_x_forwarded_for;
    /// proxy_set_header X-Forwarded-Proto $scheme;
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`, and `X-Forwarded-Proto`. A bare `proxy_pass`
    /// writes neither, and the client's arrive as they are.
    ///
    /// [`read_host`](ForwardedHeaders::read_host) needs `proxy_set_header X-Forwarded-Host $host;`.
    /// A comma in the client's `Host` gets through; it counts as no host.
    ///
    /// Source: [ngx_http_proxy_module](https://nginx.org/en/docs/http/ngx_http_proxy_module.html);
    /// recorded from 1.22.1 and 1.26.3.
    Nginx,
    /// nginx that writes `Forwarded`, which it has no directive for. Beside `server`:
    ///
    /// ```nginx
    /// map $remote_addr $forwarded_for {
    ///     "~^[0-9.]+$"        "for=$remote_addr";
    ///     "~^[0-9A-Fa-f:.]+$" "for=\"[$remote_addr]\"";
    ///     default             "for=unknown";
    /// }
    /// map $host $forwarded_host {
    ///     "~^[0-9a-z._-]{1,253}$" ";host=$host";
    ///     default                 "";
    /// }
    /// ```
    ///
    /// and in it:
    ///
    /// ```nginx
    /// proxy_set_header Host      $host;
    /// proxy_set_header Forwarded "$forwarded_for;proto=$scheme$forwarded_host";
    /// ```
    ///
    /// Reads `for` and `proto` of the last element of `Forwarded`. The second map is what keeps the
    /// client out: nginx takes a quote, a comma and a semicolon in `Host`, so that a request names its
    /// own client by `Host: a,for=6.6.6.6` with a plain `host=$host`, by `Host: a",for="6.6.6.6` with
    /// `host="$host"`.
    /// [`read_host`](ForwardedHeaders::read_host) works with it.
    ///
    /// Source: [RFC 7239 §4](https://www.rfc-editor.org/rfc/rfc7239#section-4),
    /// [ngx_http_map_module](https://nginx.org/en/docs/http/ngx_http_map_module.html);
    /// recorded from 1.22.1 and 1.26.3 with a map that appends instead.
    NginxForwarded,
    /// HAProxy with `option forwardfor`:
    ///
    /// ```text
    /// option forwardfor
    /// http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
    /// ```
    ///
    /// Reads the last line of `X-Forwarded-For`, which is always HAProxy's own, and
    /// `X-Forwarded-Proto`. Without the second line add
    /// [`read_proto(false)`](ForwardedHeaders::read_proto). Never `if-none`: the client's stands
    /// then.
    ///
    /// Source: [Configuration Manual](https://docs.haproxy.org/3.0/configuration.html#option%20forwardfor);
    /// recorded from 2.6.12, 2.8.25 and 3.0.11.
    HaProxyForwardFor,
    /// HAProxy 2.8 or later with `option forwarded`:
    ///
    /// ```text
    /// option forwarded
    /// ```
    ///
    /// Reads `for` and `proto` of the last element of `Forwarded`. `option forwarded proto host for`
    /// allows [`read_host`](ForwardedHeaders::read_host). With an expression that hides the address
    /// (`for-expr`) nobody is the client.
    ///
    /// Source: [Configuration Manual](https://docs.haproxy.org/3.0/configuration.html#option%20forwarded);
    /// recorded from 2.8.25 and 3.0.11.
    HaProxyForwarded,
    /// Caddy's `reverse_proxy`, as it is:
    ///
    /// ```text
    /// reverse_proxy app:3000
    /// ```
    ///
    /// Reads `X-Forwarded-For` and `X-Forwarded-Proto`, [exactly](ForwardedHeaders::exact), since
    /// Caddy replaces both. With `trusted_proxies`, for a proxy in front of it, it appends: say
    /// `exact(false)` and name them with [`proxy_chain`](ForwardedHeaders::proxy_chain).
    /// [`read_host`](ForwardedHeaders::read_host) works, `read_port` and `read_prefix` do not.
    ///
    /// Source: [reverse_proxy](https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#defaults);
    /// recorded from 2.6.2 and 2.11.7.
    Caddy,
    /// Traefik, as it is: `forwardedHeaders.insecure` off and no `trustedIPs`.
    ///
    /// ```yaml
    /// entryPoints:
    ///   websecure:
    ///     address: ":443"
    /// ```
    ///
    /// Reads `X-Forwarded-For` and `X-Forwarded-Proto`, [exactly](ForwardedHeaders::exact), since
    /// Traefik removes what came in. With `trustedIPs` it appends to `X-Forwarded-For` and hands on
    /// the others: say `exact(false)` and name them with
    /// [`proxy_chain`](ForwardedHeaders::proxy_chain).
    /// [`read_host`](ForwardedHeaders::read_host) and `read_prefix` work; the port in
    /// `X-Forwarded-Port` is taken from the client's `Host`.
    ///
    /// Source: [entryPoints](https://doc.traefik.io/traefik/reference/install-configuration/entrypoints/);
    /// recorded from 3.7.15.
    Traefik,
    /// Envoy at the edge, Istio's ingress gateway:
    ///
    /// ```yaml
    /// use_remote_address: true
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`, and `X-Forwarded-Proto`. Without
    /// `use_remote_address` (Envoy's own default), or with `skip_xff_append`, the client's stand.
    /// With `xff_num_trusted_hops` the scheme is that of the proxy in front.
    ///
    /// Source: [HTTP header manipulation](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers);
    /// recorded from 1.40.0.
    Envoy,
    /// Apache httpd's mod_proxy:
    ///
    /// ```apache
    /// ProxyPreserveHost On
    /// ProxyPass "/" "http://app:3000/"
    /// RequestHeader set X-Forwarded-Proto "expr=%{REQUEST_SCHEME}"
    /// RequestHeader edit* Connection "(?i)x-forwarded-proto" "close" early
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`, and `X-Forwarded-Proto`. Without the first
    /// `RequestHeader` add [`read_proto(false)`](ForwardedHeaders::read_proto). Without the second a
    /// client can have that header removed (`Connection: X-Forwarded-Proto`), and is then taken to
    /// use http.
    /// `X-Forwarded-Host` has the client's value in front, so it is no host when there is one.
    ///
    /// Source: [mod_proxy](https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxyaddheaders),
    /// [mod_headers](https://httpd.apache.org/docs/2.4/mod/mod_headers.html#requestheader);
    /// recorded from 2.4.71.
    Apache,
    /// Apache Traffic Server, `records.config`:
    ///
    /// ```text
    /// CONFIG proxy.config.http.insert_forwarded STRING for|proto
    /// CONFIG proxy.config.url_remap.pristine_host_hdr INT 1
    /// ```
    ///
    /// Reads `for` and `proto` of the last element of `Forwarded`. Never `for|proto|host`: behind a
    /// `Host` of 1000 bytes Traffic Server leaves its element out, and the client's stands. The host
    /// is in `Host`, by the second line.
    ///
    /// Source: [insert_forwarded](https://docs.trafficserver.apache.org/en/9.2.x/admin-guide/files/records.config.en.html#proxy-config-http-insert-forwarded);
    /// recorded from 9.2.9.
    TrafficServer,
    /// lighttpd's mod_proxy, as it is:
    ///
    /// ```text
    /// proxy.server = ( "" => ( ( "host" => "app", "port" => 3000 ) ) )
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`, and `X-Forwarded-Proto`. Not
    /// [`read_host`](ForwardedHeaders::read_host): in a request without `Host` the client's
    /// `X-Forwarded-Host` stands. With `proxy.forwarded` it writes `Forwarded` too, into which it
    /// copies the addresses of a client's `X-Forwarded-For`: behind [one
    /// hop](ForwardedHeaders::max_hops) they are not read.
    ///
    /// Source: [mod_proxy](https://redmine.lighttpd.net/projects/lighttpd/wiki/Docs_ModProxy);
    /// recorded from 1.4.69 and 1.4.79.
    Lighttpd,
    /// nghttpx:
    ///
    /// ```text
    /// add-x-forwarded-for=yes
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`. The scheme is not read: `X-Forwarded-Proto`, and
    /// `proto` with `add-forwarded`, are what the client claims in `:scheme`, or in an absolute
    /// target. Where nghttpx lets nothing through without TLS
    /// (`backend=app,3000;;redirect-if-not-tls`), add
    /// [`own_scheme(https)`](ForwardedHeaders::own_scheme).
    ///
    /// Source: [nghttpx(1)](https://nghttp2.org/documentation/nghttpx.1.html);
    /// recorded from 1.52.0 and 1.64.0.
    Nghttpx,
    /// h2o:
    ///
    /// ```yaml
    /// proxy.reverse.url: "http://app:3000/"
    /// proxy.preserve-host: ON
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`. The scheme is not read: `X-Forwarded-Proto` is
    /// what the client claims in `:scheme`. With `proxy.emit-x-forwarded-headers: OFF` the client's
    /// headers stand.
    ///
    /// Source: [Proxy Directives](https://h2o.examp1e.net/configure/proxy_directives.html);
    /// recorded from 2.2.5.
    H2o,
    /// Varnish, with its built-in VCL. Reads the last entry of `X-Forwarded-For`.
    ///
    /// The scheme is not read, as Varnish has none: it passes on what the client sent, unless a rule
    /// sets `X-Forwarded-Proto` in every request. With one,
    /// [`read_proto(true)`](ForwardedHeaders::read_proto):
    ///
    /// ```text
    /// import proxy;
    /// sub vcl_recv {
    ///     if (proxy.is_ssl()) { set req.http.X-Forwarded-Proto = "https"; }
    ///     else { set req.http.X-Forwarded-Proto = "http"; }
    /// }
    /// ```
    ///
    /// Source: [built-in VCL](https://varnish-cache.org/docs/7.1/users-guide/vcl-built-in-subs.html);
    /// recorded from 7.1.1.
    Varnish,
    /// Squid as an accelerator:
    ///
    /// ```text
    /// http_port 80 accel defaultsite=app.example
    /// forwarded_for on
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`, which with `forwarded_for off` is `unknown`. With
    /// `transparent` the client's stands. The scheme is not read: Squid passes on what the client
    /// sent.
    ///
    /// Source: [forwarded_for](https://www.squid-cache.org/Doc/config/forwarded_for/);
    /// recorded from 5.7 and 6.13.
    Squid,
    /// pound 4, as it is:
    ///
    /// ```text
    /// ListenHTTP
    ///     Address 0.0.0.0
    ///     Port 80
    ///     Service Backend Address app Port 3000 End End
    /// End
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`, of which there must be [one
    /// line](ForwardedHeaders::single_line), and `X-Forwarded-Proto`: of several lines pound appends
    /// to the first, and the last is the client's.
    ///
    /// Source: recorded from 4.16.
    Pound,
    /// AWS Application Load Balancer, in its default mode:
    ///
    /// ```text
    /// routing.http.xff_header_processing.mode = append
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`, with its port where `xff_client_port` is enabled,
    /// and `X-Forwarded-Proto`. In the mode `preserve` the client's stands. Trust the subnets of the
    /// load balancer. `read_port` works; [`read_host`](ForwardedHeaders::read_host) does not.
    ///
    /// Source: [X-Forwarded headers](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html).
    AwsAlb,
    /// AWS CloudFront, with an origin request policy that adds `CloudFront-Viewer-Address` and
    /// `CloudFront-Forwarded-Proto`:
    ///
    /// ```text
    /// OriginRequestPolicy: AllViewerAndCloudFrontHeaders-2022-06 (or a custom one with both)
    /// ```
    ///
    /// Reads the [address and port](ForwardedHeaders::client_ip_port_header) of the first and the
    /// scheme of the second. Without that policy CloudFront adds neither, and may hand on the
    /// client's.
    ///
    /// Its *origin-facing* addresses are those of every customer: have CloudFront add a custom
    /// header with a secret, and check it, or use a VPC origin. With a load balancer between them name
    /// that one: [`AwsAlb`](Self::AwsAlb), with
    /// [`proxy_chain([cloudfront, alb])`](ForwardedHeaders::proxy_chain). It lets both headers
    /// through, from anybody.
    ///
    /// Source: [CloudFront request headers](https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html).
    CloudFront,
    /// Cloudflare, as it is:
    ///
    /// ```text
    /// Remove visitor IP headers: off
    /// Pseudo IPv4: off, or "Add header"
    /// ```
    ///
    /// Reads `CF-Connecting-IP` and `X-Forwarded-Proto`. With "Overwrite headers" the address of an
    /// IPv6 client is made up (`240.0.0.0/4`). Through a Worker of the same zone it is what the
    /// Worker says. Not `True-Client-IP`: it is the client's unless it is switched on.
    ///
    /// Its addresses are those of every customer: have it present a certificate of your own
    /// (Authenticated Origin Pulls), or use a tunnel. With a proxy of your own between them name that
    /// one, as [`Nginx`](Self::Nginx) with
    /// [`proxy_chain([cloudflare, nginx])`](ForwardedHeaders::proxy_chain): it lets a
    /// `CF-Connecting-IP` through, from anybody.
    ///
    /// Source: [HTTP headers](https://developers.cloudflare.com/fundamentals/reference/http-headers/).
    Cloudflare,
    /// Google Cloud external Application Load Balancer, as it is. It appends two entries to
    /// `X-Forwarded-For`, the client's address and its own:
    ///
    /// ```text
    /// X-Forwarded-For: <what the client sent>,<client>,<load balancer>
    /// ```
    ///
    /// Reads the second from the right, whatever the last is: this is
    /// [`trusted_hops(2)`](ForwardedHeaders::trusted_hops), which `max_hops` and `proxy_chain`
    /// replace, and [`hops`](crate::ConnectionInfo::hops) is 2. A request with one entry is
    /// unresolved. The scheme is not read, since nothing says what happens to the client's.
    ///
    /// Trust `35.191.0.0/16`, `130.211.0.0/22`, `2600:2d00:1:b029::/64` and `2600:2d00:1:1::/64`.
    /// Nobody may reach the app around it, as through its `run.app` address: a client who does
    /// chooses the address.
    ///
    /// Source: [X-Forwarded-For header](https://cloud.google.com/load-balancing/docs/https#x-forwarded-for_header).
    GoogleAlb,
    /// Google Cloud Run, at its `run.app` address without a load balancer:
    ///
    /// ```text
    /// X-Forwarded-For: <what the client sent>,<client>
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`. The scheme is not read, since nothing says what
    /// happens to the client's; Cloud Run takes https by default. Behind a load balancer it is
    /// [`GoogleAlb`](Self::GoogleAlb), and the ingress must be closed to others: one app cannot take
    /// both.
    ///
    /// Trust the addresses that you see its requests come from: they are no private ones.
    ///
    /// Source: none of Google's; observed by
    /// [registry.k8s.io](https://github.com/kubernetes/registry.k8s.io/blob/main/pkg/net/clientip/clientip.go).
    CloudRun,
    /// Azure Front Door, as it is. Reads the last entry of `X-Forwarded-For`, and
    /// `X-Forwarded-Proto`.
    ///
    /// Not `X-Azure-ClientIP`, which follows what the client sent. `X-Azure-SocketIP` has the same
    /// address as that entry, but nothing says that Front Door replaces one that a client sends. Trust the service tag
    /// `AzureFrontDoor.Backend`, which every customer shares, and check that `X-Azure-FDID` is your
    /// profile's:
    ///
    /// ```text
    /// X-Azure-FDID: <the Front Door ID of your profile>
    /// ```
    ///
    /// [`read_host`](ForwardedHeaders::read_host) works.
    ///
    /// Source: [HTTP headers protocol support](https://learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol).
    AzureFrontDoor,
    /// Azure Application Gateway v2, as it is. It writes an address and a port:
    ///
    /// ```text
    /// X-Forwarded-For: <what the client sent>, 203.0.113.7:4711
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`, and `X-Forwarded-Proto`. Trust the gateway's
    /// subnet. `read_port` works; [`read_host`](ForwardedHeaders::read_host) does not.
    ///
    /// Source: [How an application gateway works](https://learn.microsoft.com/azure/application-gateway/how-application-gateway-works).
    AzureAppGateway,
    /// Fly.io, as it is, with the `http` and `tls` handlers:
    ///
    /// ```toml
    /// [http_service]
    /// internal_port = 3000
    /// ```
    ///
    /// Reads `Fly-Client-IP` and `X-Forwarded-Proto`. The last entry of `X-Forwarded-For` is the
    /// app's own address, for every visitor. `X-Forwarded-Port` may be the client's. Behind another
    /// CDN, `Fly-Client-IP` is that CDN's address.
    ///
    /// That Fly replaces a `Fly-Client-IP` that a client sends is implied by the page, which has it as
    /// the client "from the perspective of Fly Proxy". It does not say which addresses that proxy
    /// has: trust those that you see it come from.
    ///
    /// Source: [Request headers](https://fly.io/docs/networking/request-headers/).
    Fly,
    /// Fastly's VCL service, with the address set by a rule of yours in `vcl_recv`:
    ///
    /// ```text
    /// if (fastly.ff.visits_this_service == 0 && req.restarts == 0) {
    ///     set req.http.Fastly-Client-IP = client.ip;
    /// }
    /// ```
    ///
    /// Reads `Fastly-Client-IP`. Without that rule Fastly sets it only where the client has not.
    /// `X-Forwarded-For` is appended to on TLS only, and once more by a shield. The scheme is not
    /// read. On Compute nothing is set but by your own code.
    ///
    /// Its addresses are those of every customer: have it send a secret header, or its certificate.
    ///
    /// Source: [Fastly-Client-IP](https://www.fastly.com/documentation/reference/http/http-headers/Fastly-Client-IP/).
    Fastly,
    /// Heroku's router, as it is; either of them:
    ///
    /// ```text
    /// heroku features:enable http-routing-2-dot-0
    /// ```
    ///
    /// Reads the last entry of `X-Forwarded-For`, of which there must be [one
    /// line](ForwardedHeaders::single_line), and `X-Forwarded-Proto`: of several lines the legacy
    /// router appends to the first, and the last is the client's. The app is reachable at its
    /// `herokuapp.com` name, around any CDN.
    ///
    /// Heroku does not say which addresses its router has: trust those that you see it come from.
    ///
    /// Source: [HTTP routing](https://devcenter.heroku.com/articles/http-routing);
    /// the order observed by [its users](https://github.com/heroku/roadmap/issues/238).
    Heroku,
    /// ingress-nginx with these, its defaults:
    ///
    /// ```yaml
    /// use-forwarded-headers: "false"
    /// compute-full-forwarded-for: "false"
    /// ```
    ///
    /// Reads `X-Forwarded-For` and `X-Forwarded-Proto`, [exactly](ForwardedHeaders::exact), since it
    /// replaces both. With `use-forwarded-headers` and the default `proxy-real-ip-cidr`,
    /// `0.0.0.0/0`, the client's first entry is what it writes, which nothing here can tell.
    /// [`read_host`](ForwardedHeaders::read_host) and `read_port` work. With
    /// `externalTrafficPolicy: Cluster` the client is a node of the cluster.
    ///
    /// Source: [ConfigMap](https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/configmap/).
    IngressNginx,
}

/// What a proxy writes of its own, whatever the client sends.
struct Profile {
    client: Client,
    scheme: Scheme,
    more: More,
}

/// Where the client's address is.
enum Client {
    /// `for` of the last element of `Forwarded`.
    LastElement,
    /// `X-Forwarded-For`, this entry from the right: 1 is the last.
    Entry(u8),
    /// A header with an address.
    Ip(&'static str),
    /// A header with an address and a port.
    IpPort(&'static str),
}

/// Where its scheme is.
enum Scheme {
    /// `proto` beside `for`.
    Element,
    XForwardedProto,
    Header(&'static str),
    NotRead,
}

/// What there may be beside that.
enum More {
    /// To the left, what the client sent.
    Left,
    /// Nothing: the proxy replaces.
    Nothing,
    /// To the left in one line; in others, nobody can tell.
    OneLine,
}

impl Proxy {
    /// The table. Behind each, the best evidence that it writes this whatever a client sends:
    /// D the vendor's documentation, S its source, R recorded from it, O observed by others.
    #[expect(clippy::match_same_arms, reason = "a line for each, to be read as a table")]
    const fn profile(self) -> Profile {
        use Client::{Entry, Ip, IpPort, LastElement};
        use More::{Left, Nothing, OneLine};
        use Scheme::{Element, Header, NotRead, XForwardedProto};
        #[rustfmt::skip]
        let (client, scheme, more) = match self {
            Self::Nginx             => (Entry(1), XForwardedProto, Left),       // D R
            Self::NginxForwarded    => (LastElement, Element, Left),            // D R
            Self::HaProxyForwardFor => (Entry(1), XForwardedProto, Left),       // D R
            Self::HaProxyForwarded  => (LastElement, Element, Left),            // D R
            Self::Caddy             => (Entry(1), XForwardedProto, Nothing),    // S R
            Self::Traefik           => (Entry(1), XForwardedProto, Nothing),    // S R
            Self::Envoy             => (Entry(1), XForwardedProto, Left),       // D R
            Self::Apache            => (Entry(1), XForwardedProto, Left),       // D R
            Self::TrafficServer     => (LastElement, Element, Left),            // D R
            Self::Lighttpd          => (Entry(1), XForwardedProto, Left),       // R
            Self::Nghttpx           => (Entry(1), NotRead, Left),               // D R
            Self::H2o               => (Entry(1), NotRead, Left),               // D R
            Self::Varnish           => (Entry(1), NotRead, Left),               // D R
            Self::Squid             => (Entry(1), NotRead, Left),               // D R
            Self::Pound             => (Entry(1), XForwardedProto, OneLine),    // R
            Self::AwsAlb            => (Entry(1), XForwardedProto, Left),       // D; scheme O
            Self::CloudFront        => (IpPort("cloudfront-viewer-address"),    // D
                                        Header("cloudfront-forwarded-proto"), Left),
            Self::Cloudflare        => (Ip("cf-connecting-ip"), XForwardedProto, Left), // D
            Self::GoogleAlb         => (Entry(2), NotRead, Left),               // D
            Self::CloudRun          => (Entry(1), NotRead, Left),               // O
            Self::AzureFrontDoor    => (Entry(1), XForwardedProto, Left),       // D
            Self::AzureAppGateway   => (Entry(1), XForwardedProto, Left),       // D
            Self::Fly               => (Ip("fly-client-ip"), XForwardedProto, Left), // D, implied
            Self::Fastly            => (Ip("fastly-client-ip"), NotRead, Left), // D
            Self::Heroku            => (Entry(1), XForwardedProto, OneLine),    // O
            Self::IngressNginx      => (Entry(1), XForwardedProto, Nothing),    // S
        };
        Profile { client, scheme, more }
    }
}

impl ForwardedHeaders {
    /// What a well-known proxy writes, and nothing of what it only passes on. Calls after this one
    /// change it.
    ///
    /// It trusts [loopback](crate::TrustedProxies::loopback), as [`new`](Self::new) does: name the
    /// proxy's addresses.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Proxy};
    ///
    /// let layer = ForwardedHeaders::behind(Proxy::AwsAlb).trust("10.0.0.0/8".parse()?).check()?;
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn behind(proxy: Proxy) -> Self {
        let Profile { client, scheme, more } = proxy.profile();
        let layer = Self::new()
            .exact(matches!(more, More::Nothing))
            .single_line(matches!(more, More::OneLine));
        let layer = match scheme {
            Scheme::Element | Scheme::XForwardedProto => layer,
            Scheme::Header(name) => layer.proto_header(HeaderName::from_static(name)),
            Scheme::NotRead => layer.read_proto(false),
        };
        match client {
            Client::LastElement => layer.family(Family::Forwarded),
            Client::Entry(1) => layer,
            // What stands to the right of it is the proxy's as well, whatever its address.
            Client::Entry(n) => layer.trusted_hops(n),
            Client::Ip(name) => layer.client_ip_header(HeaderName::from_static(name)),
            Client::IpPort(name) => layer.client_ip_port_header(HeaderName::from_static(name)),
        }
    }
}
