//! The setters.

use std::sync::Arc;

use http::uri::Scheme;
use http::{Extensions, HeaderName};

use super::allowed_hosts::AllowedHosts;
use super::chain::MAX_PROXIES;
use super::error::ConfigError;
use super::identity::{IdentityHeader, Writer};
use super::origin::Origin;
use super::profile::Profile;
use super::setting::Setting;
use super::source::{ClientFrom, ClientSource, SchemeFrom, SchemeSource, holding, web_scheme};
use super::trusted_proxies::TrustedProxies;
use super::{PeerFrom, UriRewrite, Writing};
use crate::header::names::Holds;
use crate::peer::Peer;

const AFTER_CONFIGURE: &str = "the setter follows configure, and would undo what the operator \
     configured; call configure last";

/// The settings of a [`ForwardedHeaders`](crate::ForwardedHeaders), until [`build`](Self::build).
///
/// Every setter accepts a value or its text: see [`Setting`]. The builder keeps the first error, with the
/// name of the call, and `build` returns it. A second call of a setter replaces the first call;
/// [`only_from_proxy`](Self::only_from_proxy), [`only_from_outermost`](Self::only_from_outermost) and
/// [`insecure_keep_header`](Self::insecure_keep_header) add.
/// [`configure`](Self::configure) replaces what the operator configured, and comes last.
///
/// ```
/// use forwarded_headers::ForwardedHeaders;
///
/// // A load balancer in 10.1.0.0/16, behind a CDN.
/// let layer = ForwardedHeaders::builder()
///     .trust_chain(["198.51.100.0/24, 2001:db8::/32", "10.1.0.0/16"])
///     .host_from("x-forwarded-host")
///     .allowed_hosts("example.com, *.example.com")
///     .build()?;
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
///
/// A builder is not a layer. Without `build()?` the compiler refuses it:
///
/// ```compile_fail
/// use forwarded_headers::ForwardedHeaders;
/// use tower::ServiceBuilder;
///
/// let builder = ForwardedHeaders::builder().trust("10.0.0.2");
/// let service = ServiceBuilder::new().layer(builder).service(tower::service_fn(
///     |request: http::Request<()>| async { Ok::<_, std::convert::Infallible>(request) },
/// ));
/// ```
///
/// # When to call which setter
///
/// | situation | setter |
/// |---|---|
/// | the proxy has another address than this machine | [`trust`](Self::trust) |
/// | two proxies or more, one behind the other | [`trust_chain`](Self::trust_chain) |
/// | a CDN reports the client in a header of its own | [`client_from`](Self::client_from) |
/// | the proxy does not report the scheme, or passes the client's on | [`scheme_from`](Self::scheme_from) |
/// | the proxy changes `Host` and reports the client's | [`host_from`](Self::host_from) |
/// | the app makes links from the host | [`allowed_hosts`](Self::allowed_hosts) |
/// | the app itself takes TLS, without a proxy | [`direct_scheme`](Self::direct_scheme) |
/// | local development without a proxy | [`trusted_peer_may_be_client`](Self::trusted_peer_may_be_client) |
/// | a proxy logs users in, and names the user in a header | [`only_from_proxy`](Self::only_from_proxy), [`only_from_outermost`](Self::only_from_outermost) |
/// | others can send from the addresses of the proxy, too | [`TrustedProxies::with_secret`] |
/// | a server that is neither axum nor tonic | [`peer_from`](Self::peer_from) |
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Builder {
    pub(super) settings: Settings,
    pub(super) error: Option<ConfigError>,
    /// Where the operator's settings were written, if the operator has replaced the author's.
    pub(super) operator: Option<Origin>,
}

/// What the setters were given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    pub(crate) profile: Option<&'static Profile>,
    pub(crate) trust: Option<TrustedProxies>,
    /// Outermost first.
    pub(crate) chain: Option<Vec<TrustedProxies>>,
    pub(crate) client: Option<ClientFrom>,
    pub(crate) scheme: Option<SchemeFrom>,
    pub(crate) host: Option<HeaderName>,
    pub(crate) port: Option<HeaderName>,
    pub(crate) prefix: Option<HeaderName>,
    pub(crate) writing: Option<Writing>,
    pub(crate) allowed_hosts: Option<AllowedHosts>,
    pub(crate) direct_scheme: Option<crate::syntax::scheme::WebScheme>,
    pub(crate) trusted_peer_may_be_client: bool,
    pub(crate) peer_from: PeerFrom,
    pub(crate) rewrite_uri: UriRewrite,
    pub(crate) leaves_connect_info: bool,
    pub(crate) kept: Vec<HeaderName>,
    pub(crate) identity: Vec<IdentityHeader>,
}

impl Builder {
    /// Starts from what a well-known proxy writes.
    pub(crate) fn behind(profile: Result<&'static Profile, ConfigError>) -> Self {
        Self::default().set("behind", profile, |settings, profile| settings.profile = Some(profile))
    }

    /// Applies a value, or keeps the first error.
    fn set<T>(
        mut self,
        call: &'static str,
        value: Result<T, ConfigError>,
        apply: impl FnOnce(&mut Settings, T),
    ) -> Self {
        let is_late = self.operator.is_some();
        let value = if is_late { Err(ConfigError::new(AFTER_CONFIGURE)) } else { value };
        match value {
            Ok(value) => apply(&mut self.settings, value),
            Err(error) => {
                self.error.get_or_insert(error.in_call(call));
            }
        }
        self
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Applies what the operator configured, or keeps the first error. No setter may follow.
    pub(crate) fn set_by_operator<T>(
        mut self,
        origin: Origin,
        value: Result<T, ConfigError>,
        apply: impl FnOnce(&mut Settings, T),
    ) -> Self {
        // A second configuration replaces settings of the first.
        self.operator = None;
        let configured = self.set("configure", value, apply);
        Self { operator: Some(origin), ..configured }
    }

    /// Sets the proxies that may open the connection. The default is
    /// [`loopback`](TrustedProxies::loopback).
    ///
    /// `trust([cdn, nginx])` is not a chain: each visitor would have the CDN's address. For several proxies
    /// in a row, use [`trust_chain`](Self::trust_chain) instead; `build` refuses both together.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Outcome, Peer};
    /// use http::Request;
    ///
    /// let layer = ForwardedHeaders::builder().trust("10.0.1.0/24, 10.0.2.0/24").build()?;
    /// let request = Request::builder().extension(Peer::Inet(([10, 0, 2, 7], 50000).into()));
    /// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
    /// assert_ne!(info.outcome(), Outcome::Direct); // the peer is trusted
    ///
    /// let error = ForwardedHeaders::builder().trust("nginx").build().unwrap_err();
    /// assert!(error.to_string().starts_with("trust: invalid trusted proxy \"nginx\": "));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn trust(self, proxies: impl Setting<TrustedProxies>) -> Self {
        let proxies = proxies.value().and_then(|set| set.check().map(|()| set));
        self.set("trust", proxies, |settings, proxies| settings.trust = Some(proxies))
    }

    /// Sets several proxies in a row, outermost first: `[cdn, load_balancer]`. The last set holds the
    /// proxies that may open the connection. 1 to 255 sets.
    ///
    /// A request may skip outer proxies: a client that reaches the load balancer directly is a client by
    /// its own address. In the wrong order the peer is not trusted, and every client has the address of
    /// the nearest proxy. `["10.0.0.0/8"; 3]` trusts up to three proxies in one network. Every host in that
    /// network can then report any client. `build` refuses
    /// [`insecure_any`](TrustedProxies::insecure_any) in a chain.
    ///
    /// The set `unix` alone, behind the peer, is a proxy that reaches the next one through a Unix socket.
    /// That nginx reports `unix:`. Every client of every Unix socket of that nginx is then trusted as a
    /// proxy.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let layer = ForwardedHeaders::builder().trust_chain(["198.51.100.0/24", "10.1.0.0/16"]).build()?;
    /// let request = Request::builder()
    ///     .extension(Peer::Inet(([10, 1, 0, 4], 50000).into()))
    ///     .header("x-forwarded-for", "6.6.6.6, 203.0.113.7, 198.51.100.9");
    /// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
    /// assert_eq!(info.client_ip(), Some([203, 0, 113, 7].into()));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn trust_chain<P: Setting<TrustedProxies>>(
        self,
        proxies: impl IntoIterator<Item = P>,
    ) -> Self {
        let sets: Result<Vec<_>, _> = proxies.into_iter().map(Setting::value).collect();
        let chain = sets.and_then(checked_chain);
        self.set("trust_chain", chain, |settings, chain| settings.chain = Some(chain))
    }

    /// Sets the header that reports the client's address. The default is `x-forwarded-for`. See
    /// [`ClientSource`] for what each text means.
    ///
    /// The layer reads no other header for the address: never another one as a fall-back.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let layer = ForwardedHeaders::builder().trust("10.0.0.2").client_from("forwarded").build()?;
    /// let request = Request::builder()
    ///     .extension(Peer::Inet(([10, 0, 0, 2], 50000).into()))
    ///     .header("forwarded", "for=6.6.6.6, for=203.0.113.7;proto=https")
    ///     .header("x-forwarded-for", "6.6.6.6");
    /// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
    /// assert_eq!(info.client_ip(), Some([203, 0, 113, 7].into()));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn client_from(self, source: impl Setting<ClientSource>) -> Self {
        let source = source.value().and_then(ClientSource::checked);
        self.set("client_from", source, |settings, source| settings.client = Some(source))
    }

    /// Sets the header that reports the scheme. The default is `x-forwarded-proto`, or `proto` beside a
    /// client that is read from `forwarded`. See [`SchemeSource`] for what each text means.
    ///
    /// If a scheme is read and a trusted proxy sends none that is valid, the scheme is `http`. Set
    /// [`SchemeSource::none`] behind a proxy that passes the client's header on.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer, SchemeSource};
    /// use http::Request;
    ///
    /// // A proxy that takes TLS only, and does not report the scheme.
    /// let layer = ForwardedHeaders::builder()
    ///     .trust("10.0.0.2")
    ///     .scheme_from(SchemeSource::always("https"))
    ///     .build()?;
    /// let request = Request::builder()
    ///     .extension(Peer::Inet(([10, 0, 0, 2], 50000).into()))
    ///     .header("x-forwarded-for", "203.0.113.7")
    ///     .header("x-forwarded-proto", "http");
    /// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
    /// assert!(info.is_secure());
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn scheme_from(self, source: impl Setting<SchemeSource>) -> Self {
        let source = source.value().and_then(SchemeSource::checked);
        self.set("scheme_from", source, |settings, source| settings.scheme = Some(source))
    }

    /// Sets the header that reports the host, or `forwarded` for the `host` beside the client. By
    /// default the host is read from the URI and `Host` alone.
    ///
    /// Needs [`allowed_hosts`](Self::allowed_hosts). Most proxies pass the client's `X-Forwarded-Host`
    /// on, and need no setting here: they pass the host in `Host`.
    ///
    /// ```
    /// use forwarded_headers::ForwardedHeaders;
    ///
    /// let builder = ForwardedHeaders::builder().trust("10.0.0.2").host_from("x-forwarded-host");
    /// assert!(builder.clone().build().is_err());
    /// assert!(builder.allowed_hosts("example.com").build().is_ok());
    /// ```
    pub fn host_from(self, header: impl Setting<HeaderName>) -> Self {
        let header = header.value().and_then(|header| holding(header, Holds::Host));
        self.set("host_from", header, |settings, header| settings.host = Some(header))
    }

    /// Sets the header that reports the port, for a host without a port. By default no header is read.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let layer =
    ///     ForwardedHeaders::builder().trust("10.0.0.2").port_from("x-forwarded-port").build()?;
    /// let request = Request::builder()
    ///     .extension(Peer::Inet(([10, 0, 0, 2], 50000).into()))
    ///     .header("host", "example.com")
    ///     .header("x-forwarded-for", "203.0.113.7")
    ///     .header("x-forwarded-port", "8443");
    /// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
    /// assert_eq!(info.authority().unwrap(), "example.com:8443");
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn port_from(self, header: impl Setting<HeaderName>) -> Self {
        let header = header.value().and_then(|header| holding(header, Holds::Port));
        self.set("port_from", header, |settings, header| settings.port = Some(header))
    }

    /// Sets the header that reports the path prefix that a proxy removed. By default no header is read.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let layer =
    ///     ForwardedHeaders::builder().trust("10.0.0.2").prefix_from("x-forwarded-prefix").build()?;
    /// let request = Request::builder()
    ///     .extension(Peer::Inet(([10, 0, 0, 2], 50000).into()))
    ///     .header("x-forwarded-for", "203.0.113.7")
    ///     .header("x-forwarded-prefix", "/shop/");
    /// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
    /// assert_eq!(info.prefix(), Some("/shop"));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn prefix_from(self, header: impl Setting<HeaderName>) -> Self {
        let header = header.value().and_then(|header| holding(header, Holds::Prefix));
        self.set("prefix_from", header, |settings, header| settings.prefix = Some(header))
    }

    /// Sets what the proxies do with a header that comes in to them. The default is
    /// [`Writing::Append`].
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Outcome, Peer, Unresolved, Writing};
    /// use http::Request;
    ///
    /// let layer =
    ///     ForwardedHeaders::builder().trust("10.0.0.2").proxies_write(Writing::Replace).build()?;
    /// let request = Request::builder()
    ///     .extension(Peer::Inet(([10, 0, 0, 2], 50000).into()))
    ///     .header("x-forwarded-for", "6.6.6.6, 203.0.113.7");
    /// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
    /// // The one proxy replaces: it cannot have written two entries.
    /// assert_eq!(info.outcome(), Outcome::Unresolved(Unresolved::ExtraEntries));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn proxies_write(self, writing: impl Setting<Writing>) -> Self {
        let writing = writing.value();
        self.set("proxies_write", writing, |settings, writing| settings.writing = Some(writing))
    }

    /// Sets the hosts that the app answers to. By default every valid host is allowed.
    ///
    /// The layer removes every other host: a forwarded one, the URI's (unless
    /// [`UriRewrite::Leave`] leaves it) and `Host`. It does not refuse the request. To answer 400, check
    /// that [`ConnectionInfo::authority`](crate::ConnectionInfo::authority) is `Some`.
    ///
    /// ```
    /// use forwarded_headers::ForwardedHeaders;
    /// use http::Request;
    ///
    /// let layer = ForwardedHeaders::builder().allowed_hosts("example.com, *.example.com").build()?;
    /// let request = Request::builder().header("host", "evil.example").body(()).unwrap();
    /// assert_eq!(layer.resolve(&request.into_parts().0).authority(), None);
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn allowed_hosts(self, hosts: impl Setting<AllowedHosts>) -> Self {
        let hosts = hosts.value().and_then(|hosts| hosts.check().map(|()| hosts));
        self.set("allowed_hosts", hosts, |settings, hosts| settings.allowed_hosts = Some(hosts))
    }

    /// Sets the scheme of requests whose peer is the client ([`Outcome::Direct`]): `https` if the app
    /// itself takes TLS. The default is `http`.
    ///
    /// [`Outcome::Direct`]: crate::Outcome::Direct
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let layer = ForwardedHeaders::builder().trust("none").direct_scheme("https").build()?;
    /// let request = Request::builder().extension(Peer::Inet(([203, 0, 113, 7], 4711).into()));
    /// assert!(layer.resolve(&request.body(()).unwrap().into_parts().0).is_secure());
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn direct_scheme(self, scheme: impl Setting<Scheme>) -> Self {
        let scheme = scheme.value().and_then(|scheme| web_scheme(&scheme));
        self.set("direct_scheme", scheme, |settings, scheme| settings.direct_scheme = Some(scheme))
    }

    /// Sets whether a trusted peer that sends no known forwarding header at all is itself the client, as
    /// in local development. The default is `false`: such a request is
    /// [unresolved](crate::Unresolved::NoHeader).
    ///
    /// Leave it off behind a proxy that does not set the headers in every request. All of its visitors
    /// would have its address, which an allow-list often contains. A health check needs no client: its
    /// handler extracts `Option<ClientIp>`, or none.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Outcome, Peer};
    /// use http::Request;
    ///
    /// // For example: cfg!(debug_assertions)
    /// let layer = ForwardedHeaders::builder().trusted_peer_may_be_client(true).build()?;
    /// let request = Request::builder().extension(Peer::Inet(([127, 0, 0, 1], 50000).into()));
    /// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
    /// assert_eq!(info.outcome(), Outcome::NotForwarded);
    /// assert_eq!(info.client_ip(), Some([127, 0, 0, 1].into()));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn trusted_peer_may_be_client(self, may_be: bool) -> Self {
        self.set("trusted_peer_may_be_client", Ok(may_be), |settings, may_be| {
            settings.trusted_peer_may_be_client = may_be;
        })
    }

    /// Sets a function that finds the peer. The default is [`Peer::from_extensions`].
    ///
    /// The layer believes the function for every connection: `|_| Some(Peer::Unix)` is right only if the
    /// app listens on nothing but a Unix socket. `None` is an unknown peer; the layer looks nowhere
    /// else.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// #[derive(Clone)]
    /// struct MyConnection(std::net::SocketAddr);
    ///
    /// let layer = ForwardedHeaders::builder()
    ///     .peer_from(|extensions| extensions.get::<MyConnection>().map(|c| Peer::from(c.0)))
    ///     .build()?;
    /// let request = Request::builder().extension(MyConnection(([203, 0, 113, 7], 4711).into()));
    /// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
    /// assert_eq!(info.client_ip(), Some([203, 0, 113, 7].into()));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn peer_from(
        self,
        find: impl Fn(&Extensions) -> Option<Peer> + Send + Sync + 'static,
    ) -> Self {
        let find = PeerFrom::Function(Arc::new(find));
        self.set("peer_from", Ok(find), |settings, find| settings.peer_from = find)
    }

    /// Sets how the layer rewrites the request's URI. The default is [`UriRewrite::Complete`].
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, UriRewrite};
    /// use http::Request;
    ///
    /// let layer = ForwardedHeaders::builder().rewrite_uri(UriRewrite::Leave).build()?;
    /// let mut request = Request::builder().uri("http://upstream.example/a").body(()).unwrap();
    /// layer.apply(&mut request);
    /// assert_eq!(request.uri(), "http://upstream.example/a");
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn rewrite_uri(self, rewrite: UriRewrite) -> Self {
        self.set("rewrite_uri", Ok(rewrite), |settings, rewrite| settings.rewrite_uri = rewrite)
    }

    /// Sets whether the frameworks' own record of the peer becomes the client. The default is `true`.
    ///
    /// The records are axum's `ConnectInfo<SocketAddr>` and `MockConnectInfo<SocketAddr>`, tonic's
    /// `TcpConnectInfo::remote_addr`, and a [`SocketAddr`](std::net::SocketAddr) extension that the peer
    /// was found in. Each gets the client's address and its port, or port 0. Without a client it gets
    /// `0.0.0.0:0`. So rate limiters and logs that read these types need no change.
    ///
    /// Set it to `false` if other code needs the peer there. [`ConnectionInfo::peer`] has the peer in both
    /// cases.
    ///
    /// [`ConnectionInfo::peer`]: crate::ConnectionInfo::peer
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use forwarded_headers::ForwardedHeaders;
    /// use http::Request;
    ///
    /// let address_behind = |rewrite| {
    ///     let layer = ForwardedHeaders::builder().rewrite_connect_info(rewrite).build().unwrap();
    ///     let proxy = SocketAddr::from(([127, 0, 0, 1], 50000));
    ///     let request = Request::builder().extension(proxy).header("x-forwarded-for", "203.0.113.7");
    ///     let mut request = request.body(()).unwrap();
    ///     layer.apply(&mut request);
    ///     request.extensions().get::<SocketAddr>().unwrap().to_string()
    /// };
    /// assert_eq!(address_behind(true), "203.0.113.7:0");
    /// assert_eq!(address_behind(false), "127.0.0.1:50000");
    /// ```
    pub fn rewrite_connect_info(self, rewrite: bool) -> Self {
        self.set("rewrite_connect_info", Ok(rewrite), |settings, rewrite| {
            settings.leaves_connect_info = !rewrite;
        })
    }

    /// Keeps a header that tells the app who the user is only if the proxy wrote it. Each call adds a
    /// header.
    ///
    /// A client can set the header through a proxy that does not. The proxy that connects to the app must
    /// set or remove it in *every* request. If a proxy in front of that one does,
    /// call [`only_from_outermost`](Self::only_from_outermost). The [guide](crate::guide::identity) lists
    /// the headers of well-known products.
    ///
    /// The layer keeps the header in a request whose outcome is
    /// [`Forwarded`](crate::Outcome::Forwarded), if it is one line. It removes the header from every other
    /// request, and from every request all names that look like it.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let layer = ForwardedHeaders::behind("nginx").only_from_proxy("x-forwarded-user").build()?;
    /// let user_behind = |peer: [u8; 4]| {
    ///     let request = Request::builder()
    ///         .extension(Peer::Inet((peer, 50000).into()))
    ///         .header("x-forwarded-for", "203.0.113.7")
    ///         .header("x-forwarded-user", "alice");
    ///     let mut request = request.body(()).unwrap();
    ///     layer.apply(&mut request);
    ///     request.headers().get("x-forwarded-user").cloned()
    /// };
    /// assert_eq!(user_behind([127, 0, 0, 1]).unwrap(), "alice");
    /// assert_eq!(user_behind([203, 0, 113, 7]), None);
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn only_from_proxy(self, header: impl Setting<HeaderName>) -> Self {
        self.identity(header.value(), Writer::Nearest)
    }

    /// Keeps a header that tells the app who the user is only if the request came through every set of
    /// the [chain](Self::trust_chain). Each call adds a header.
    ///
    /// A client can set the header through a proxy that does not. The outermost proxy must set or remove it
    /// in *every* request, and the proxies behind it must pass it on. From a visitor who goes round the
    /// outermost proxy, to one behind it, the header is removed.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// // A proxy that logs users in, in front of nginx.
    /// let layer = ForwardedHeaders::builder()
    ///     .trust_chain(["198.51.100.0/24", "10.0.0.2"])
    ///     .only_from_outermost("x-forwarded-user")
    ///     .build()?;
    /// let user_behind = |list: &str| {
    ///     let request = Request::builder()
    ///         .extension(Peer::Inet(([10, 0, 0, 2], 50000).into()))
    ///         .header("x-forwarded-for", list)
    ///         .header("x-forwarded-user", "alice");
    ///     let mut request = request.body(()).unwrap();
    ///     layer.apply(&mut request);
    ///     request.headers().get("x-forwarded-user").cloned()
    /// };
    /// assert_eq!(user_behind("203.0.113.7, 198.51.100.9").unwrap(), "alice");
    /// assert_eq!(user_behind("203.0.113.7"), None); // a visitor of nginx
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn only_from_outermost(self, header: impl Setting<HeaderName>) -> Self {
        self.identity(header.value(), Writer::Outermost)
    }

    fn identity(self, header: Result<HeaderName, ConfigError>, writer: Writer) -> Self {
        let header = header.and_then(|name| IdentityHeader::new(name, writer));
        self.set(writer.call(), header, |settings, header| settings.identity.push(header))
    }

    /// Keeps this header unchanged, even from an untrusted peer. Each call adds a header.
    ///
    /// Code behind the layer may then read a value that the client made up.
    ///
    /// ```
    /// use forwarded_headers::ForwardedHeaders;
    /// use http::Request;
    ///
    /// let layer = ForwardedHeaders::builder().insecure_keep_header("x-real-ip").build()?;
    /// let mut request = Request::builder().header("x-real-ip", "6.6.6.6").body(()).unwrap();
    /// layer.apply(&mut request);
    /// assert_eq!(request.headers()["x-real-ip"], "6.6.6.6"); // even from a client
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn insecure_keep_header(self, header: impl Setting<HeaderName>) -> Self {
        let header = header.value();
        self.set("insecure_keep_header", header, |settings, header| settings.kept.push(header))
    }
}

pub(crate) fn checked_chain(sets: Vec<TrustedProxies>) -> Result<Vec<TrustedProxies>, ConfigError> {
    if sets.is_empty() {
        return Err(ConfigError::new(
            "the chain has no set; to trust no proxy, write trust(\"none\")",
        ));
    }
    if sets.len() > MAX_PROXIES {
        return Err(ConfigError::new(format_args!("{} sets; write at most 255", sets.len())));
    }
    if sets.iter().any(TrustedProxies::is_any) {
        return Err(any_in_chain(sets.len()));
    }
    let is_any_proven = |set: &TrustedProxies| set.proven().iter().any(|p| p.proxies.is_any());
    if sets.iter().skip(1).any(is_any_proven) {
        return Err(ConfigError::new(
            "insecure_any with a secret counts every client of the proxy in front of it as a proxy; \
             write it first, as the outermost set",
        ));
    }
    let is_none = |set: &TrustedProxies| *set == TrustedProxies::none();
    if sets.iter().any(is_none) && !sets.iter().all(is_none) {
        return Err(ConfigError::new("none beside other sets trusts no proxy; remove none"));
    }
    sets.iter().try_for_each(TrustedProxies::check)?;
    Ok(sets)
}

/// Refuses a chain in which every client counts as a proxy.
fn any_in_chain(proxies: usize) -> ConfigError {
    let place = match proxies {
        1 => String::new(),
        _ => format!(
            " and client_from(ClientSource::x_forwarded_for().nth_from_right({proxies})), with builder()"
        ),
    };
    ConfigError::new(format_args!(
        "insecure_any counts every client as a proxy, which then reports its own client; for proxies \
         of unknown addresses, write trust(TrustedProxies::insecure_any()){place}"
    ))
}
