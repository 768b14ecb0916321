//! The layer and its service: the way of a request through the crate.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use http::request::Parts;
use tower_layer::Layer;
use tower_service::Service;

use crate::config::{Builder, Config, ConfigError, Setting};
use crate::decide::{Found, decide};
use crate::explain::Explanation;
use crate::info::ConnectionInfo;
use crate::log::Log;
use crate::proxy::Proxy;
use crate::rewrite::{Edits, remove_guarded};

/// The layer that decides who the client is, and rewrites the request to match.
///
/// [`new`](Self::new) trusts one proxy on this machine. It reads the client's address and scheme from
/// `X-Forwarded-For` and `X-Forwarded-Proto`, and removes every other forwarding header. Change that with
/// [`builder`](Self::builder), or start from a well-known proxy with [`behind`](Self::behind). The
/// [crate] documents the rule.
///
/// Every value of this type has been checked: neither [`layer`](Layer::layer) nor
/// [`resolve`](Self::resolve) can fail. Cloning it, and the service that it makes, is cheap.
///
/// ```
/// # #[cfg(feature = "axum")] {
/// use axum::{Router, routing::get};
/// use forwarded_headers::{ConfigError, ForwardedHeaders, extract::ClientIp};
///
/// fn app() -> Result<Router, ConfigError> {
///     let layer = ForwardedHeaders::behind("nginx").trust("172.28.0.2").build()?;
///     Ok(Router::new().route("/", get(|ip: ClientIp| async move { ip.to_string() })).layer(layer))
/// }
/// # assert!(app().is_ok());
/// # }
/// ```
///
/// # Order
///
/// Add this layer last in an axum `Router`, and first in a `tower::ServiceBuilder`. Code outside of it sees
/// the client's headers. In a `Router` it covers only the routes that were added before it.
///
/// Behind the layer, axum's `ConnectInfo` is the client, so rate limiters and logs that read it need no
/// change. Without a client it is `0.0.0.0:0`. See
/// [`rewrite_connect_info`](Builder::rewrite_connect_info).
///
/// # What it logs
///
/// With the feature `tracing`, the layer writes what an operator can mend: a proxy that is not trusted, a
/// header that is missing. Each warning is written once for each peer. See [the log](crate#the-log).
///
/// # The first request
///
/// A plain `curl localhost:3000` is answered 400 by [`ClientIp`]: this machine is trusted and reports no
/// client. Send `-H 'X-Forwarded-For: 203.0.113.7'`, or set
/// [`trusted_peer_may_be_client`](Builder::trusted_peer_may_be_client) in development.
///
/// [`ClientIp`]: https://docs.rs/forwarded-headers/latest/forwarded_headers/extract/struct.ClientIp.html
#[derive(Debug, Clone)]
pub struct ForwardedHeaders {
    shared: Arc<Shared>,
}

/// What all clones of a layer share.
#[derive(Debug)]
struct Shared {
    config: Config,
    log: Log,
}

impl ForwardedHeaders {
    /// Creates the layer for one trusted proxy on this machine (`127.0.0.0/8`, `::1`), which writes
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    ///
    /// An app in a container must [`trust`](Builder::trust) the address that its proxy has there.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let request = Request::builder()
    ///     .extension(Peer::Inet(([127, 0, 0, 1], 50000).into()))
    ///     .header("x-forwarded-for", "6.6.6.6, 203.0.113.7");
    /// let info = ForwardedHeaders::new().resolve(&request.body(()).unwrap().into_parts().0);
    /// assert_eq!(info.client_ip(), Some([203, 0, 113, 7].into()));
    /// ```
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "the default settings are valid")]
    pub fn new() -> Self {
        Self::builder().build().expect("the default settings are valid")
    }

    /// Returns the settings of [`new`](Self::new), to change.
    ///
    /// ```
    /// use forwarded_headers::ForwardedHeaders;
    ///
    /// let layer = ForwardedHeaders::builder().trust("10.0.0.2").build()?;
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Returns the settings for a well-known proxy: what it writes of its own, and nothing that it
    /// passes on. Takes a [`Proxy`], or its name as text.
    ///
    /// Set [`trust`](Builder::trust) unless the proxy runs on this machine. Otherwise every client has the
    /// address of the proxy.
    ///
    /// The setters may narrow the profile. They may read more only as far as the proxy's page says;
    /// `build` refuses the rest.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Proxy};
    ///
    /// let layer = ForwardedHeaders::behind(Proxy::AwsAlb).trust("10.0.1.0/24, 10.0.2.0/24").build()?;
    ///
    /// let alb = ForwardedHeaders::behind("aws-alb").trust("10.0.0.0/8");
    /// assert!(alb.host_from("x-forwarded-host").allowed_hosts("example.com").build().is_err());
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn behind(proxy: impl Setting<Proxy>) -> Builder {
        Builder::behind(proxy.value().map(Proxy::profile))
    }

    /// Creates the layer from the [variables](crate::Config#variables) of the environment. A setting
    /// without a variable is that of [`new`](Self::new).
    ///
    /// An app with settings of its own calls [`configure`](Builder::configure) with
    /// [`Config::from_env`](crate::Config::from_env) instead.
    ///
    /// ```
    /// use forwarded_headers::ForwardedHeaders;
    ///
    /// // FORWARDED_HEADERS_PROXY=nginx FORWARDED_HEADERS_TRUST=172.28.0.2
    /// let layer = ForwardedHeaders::from_env()?;
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error that names the variable, and what to write.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::builder().configure(crate::operator::Config::from_env()?).build()
    }

    /// Decides a request, and changes nothing. Returns the [`ConnectionInfo`] that the request carries, if
    /// an outer layer has decided already.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let (parts, ()) = Request::builder()
    ///     .header("x-forwarded-for", "198.51.100.1, 203.0.113.7")
    ///     .header("x-forwarded-proto", "https")
    ///     .header("host", "example.com")
    ///     .extension(Peer::Inet("127.0.0.1:50000".parse().unwrap()))
    ///     .body(())
    ///     .unwrap()
    ///     .into_parts();
    ///
    /// let info = ForwardedHeaders::new().resolve(&parts);
    /// assert_eq!(info.client_ip(), Some("203.0.113.7".parse().unwrap()));
    /// assert_eq!(info.origin().as_deref(), Some("https://example.com"));
    /// ```
    #[must_use]
    pub fn resolve(&self, parts: &Parts) -> ConnectionInfo {
        if let Some(known) = parts.extensions.get::<ConnectionInfo>() {
            return known.clone();
        }
        let config = &self.shared.config;
        let (peer, _) = config.peer_from.find(&parts.extensions);
        let found = Found::looked_up(&parts.headers, config);
        ConnectionInfo::new(decide(config, peer, &found, &parts.uri))
    }

    /// Explains the decision about a request, and changes nothing.
    ///
    /// Call it where the request is as it came: the layer removes the headers that an explanation shows.
    /// Returns the explanation that the request carries, if [`explaining`](Self::explaining) inserted one.
    ///
    /// An explanation is for the operator. It costs many times what a decision costs.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let request = Request::builder()
    ///     .extension(Peer::Inet(([127, 0, 0, 1], 50000).into()))
    ///     .header("x-forwarded-for", "6.6.6.6, 203.0.113.7");
    /// let (parts, ()) = request.body(()).unwrap().into_parts();
    /// let explanation = ForwardedHeaders::new().explain(&parts);
    /// assert_eq!(explanation.summary(), "client 203.0.113.7, http, no host");
    /// let lie = &explanation.entries()[2];
    /// assert_eq!(lie.text.as_deref(), Some("6.6.6.6"));
    /// assert!(lie.note.starts_with("not read: left of the client, where every client can write"));
    /// ```
    #[must_use]
    pub fn explain(&self, parts: &Parts) -> Explanation {
        if let Some(known) = parts.extensions.get::<Arc<Explanation>>() {
            return (**known).clone();
        }
        if let Some(known) = parts.extensions.get::<ConnectionInfo>() {
            return Explanation::of_decided(known);
        }
        let mut after = Request::from_parts(parts.clone(), ());
        self.rewrite(&mut after, Logging::Off);
        Explanation::new(&self.shared.config, parts, &after.into_parts().0)
    }

    /// Decides a request and rewrites it as the layer does, without tower. Leaves a request that carries
    /// a [`ConnectionInfo`] as it is, but for its own headers of secrets and identities: the outermost layer
    /// decides, once.
    ///
    /// ```
    /// use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let mut request = Request::builder()
    ///     .header("x-forwarded-for", "6.6.6.6, 203.0.113.7")
    ///     .extension(Peer::Inet(([127, 0, 0, 1], 50000).into()))
    ///     .body(())
    ///     .unwrap();
    /// ForwardedHeaders::new().apply(&mut request);
    /// assert_eq!(request.headers()["x-forwarded-for"], "203.0.113.7");
    /// assert!(request.extensions().get::<ConnectionInfo>().is_some());
    /// ```
    pub fn apply<B>(&self, request: &mut Request<B>) {
        self.rewrite(request, Logging::On);
    }

    #[inline(always)]
    fn rewrite<B>(&self, request: &mut Request<B>, logging: Logging) {
        let Shared { config, log } = &*self.shared;
        if let Some(info) = request.extensions().get::<ConnectionInfo>() {
            if !config.guarded.is_empty() {
                let info = info.clone();
                remove_guarded(request.headers_mut(), config, info.resolved());
            }
            return;
        }
        let (peer, found_in) = config.peer_from.find(request.extensions());
        let mut found = Found::new(request.headers(), config);
        found.pass(config);
        let info = ConnectionInfo::new(decide(config, peer, &found, request.uri()));
        if logging == Logging::On {
            log.request(config, info.resolved(), found_in, request.headers(), request.uri());
        }
        let edits = Edits::needed(config, info.resolved(), &found);
        edits.apply(request, config, info.resolved(), found_in);
        request.extensions_mut().insert(info);
    }

    /// Writes the configuration to the log, once.
    pub(crate) fn log_configuration(&self) {
        self.shared.log.configuration(&self.shared.config);
    }
}

/// Whether a request may cause events. An explanation causes none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Logging {
    On,
    Off,
}

impl Default for ForwardedHeaders {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// Checks the settings, and creates the layer.
    ///
    /// ```
    /// use forwarded_headers::ForwardedHeaders;
    ///
    /// let error = ForwardedHeaders::builder().trust("10.0.0.0/33").build().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "trust: invalid trusted proxy \"10.0.0.0/33\": the part behind the / is not a number \
    ///      from 1 to 32, as in /24",
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the error of the first call with an invalid value. Otherwise returns an error for settings
    /// that do not go together:
    ///
    /// - after [`behind`](ForwardedHeaders::behind), a source that the proxy does not write, or a remote
    ///   service without `trust`;
    /// - `trust` beside `trust_chain`;
    /// - a header with one address beside a chain;
    /// - `host_from` without `allowed_hosts`;
    /// - sources of the X- family beside `client_from("forwarded")`, but for `prefix_from`;
    /// - `forwarded` as the scheme or the host without `client_from("forwarded")`;
    /// - one header for two values;
    /// - a [`Writing`](crate::Writing) that does not go with the source of the client;
    /// - `unix` in a set behind the peer, beside addresses or with `Forwarded`;
    /// - a setting that would do nothing.
    pub fn build(self) -> Result<ForwardedHeaders, ConfigError> {
        let config = self.check()?;
        Ok(ForwardedHeaders { shared: Arc::new(Shared { config, log: Log::new() }) })
    }
}

impl<S> Layer<S> for ForwardedHeaders {
    type Service = ForwardedHeadersService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        self.log_configuration();
        ForwardedHeadersService { inner, layer: self.clone() }
    }
}

/// The service that [`ForwardedHeaders`] makes. It answers no request itself.
///
/// ```
/// use forwarded_headers::ForwardedHeaders;
/// use tower::Layer;
///
/// let service = ForwardedHeaders::new().layer("the service inside");
/// assert_eq!(service.into_inner(), "the service inside");
/// ```
#[derive(Debug, Clone)]
pub struct ForwardedHeadersService<S> {
    inner: S,
    layer: ForwardedHeaders,
}

impl<S> ForwardedHeadersService<S> {
    /// Returns the inner service.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the inner service.
    #[must_use]
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Unwraps the inner service.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B> Service<Request<B>> for ForwardedHeadersService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        self.layer.apply(&mut request);
        self.inner.call(request)
    }
}
