//! What the operator can say.

use std::sync::Arc;

use http::uri::Scheme;
use http::{Extensions, HeaderName};

use crate::allowed_hosts::AllowedHosts;
use crate::config::{Config, Keep};
use crate::error::ConfigError;
use crate::family::Family;
use crate::peer::Peer;
use crate::trust::Model;
use crate::trusted_proxies::TrustedProxies;

/// The layer, and the builder of its configuration.
///
/// [`new`](Self::new) believes one proxy on this machine, reads the client's address and scheme
/// from `X-Forwarded-For` and `X-Forwarded-Proto`, and removes every forwarding header that nobody
/// vouched for. See the [crate](crate) for the rule.
///
/// ```
/// use forwarded_headers::{AllowedHosts, ForwardedHeaders, TrustedProxies};
///
/// // A load balancer in this network, behind a CDN.
/// let cdn: TrustedProxies = "198.51.100.0/24, 2001:db8::/32".parse()?;
/// let load_balancer: TrustedProxies = "10.1.0.0/16".parse()?;
///
/// let layer = ForwardedHeaders::new()
///     .proxy_chain([cdn, load_balancer])
///     .read_host(true)
///     .allowed_hosts("example.com, *.example.com".parse()?)
///     .check()?;
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
///
/// Cloning it, and the service that it makes, is cheap.
///
/// # Order
///
/// Put it outermost: what runs before it sees what the client sent. In an axum `Router` that is the
/// last `.layer(…)`, which covers the routes that were added before it and no others; in a
/// `tower::ServiceBuilder` it is the first.
///
/// # Panics
///
/// Applying the layer panics, at start-up, where [`check`](Self::check) would fail.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ForwardedHeaders {
    config: Arc<Config>,
}

impl ForwardedHeaders {
    /// One trusted proxy, on this machine: [`TrustedProxies::loopback`], `max_hops(1)`,
    /// [`Family::XForwarded`].
    ///
    /// A peer with another address is the client, so an app in a container has to
    /// [`trust`](Self::trust) the address that its proxy has there.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    fn with(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(Arc::make_mut(&mut self.config));
        self
    }

    /// A name that is read is a forwarding header, whatever it is.
    fn forwarding(self, name: &HeaderName) -> Self {
        self.with(|config| config.renamed.push(name.clone()))
    }

    /// The proxies that may open the connection, instead of the default,
    /// [`loopback`](TrustedProxies::loopback). With more than one [hop](Self::max_hops), those
    /// behind them as well.
    ///
    /// A second call replaces the first: [`union`](TrustedProxies::union) joins two sets. Has no place
    /// beside [`proxy_chain`](Self::proxy_chain), which says it hop by hop.
    pub fn trust(self, proxies: TrustedProxies) -> Self {
        self.with(|config| (config.trust.proxies, config.trust.named) = (proxies, true))
    }

    /// The most proxies that a request may pass, 1 to 255. The default is **1**.
    ///
    /// The walk goes on for as long as it meets [trusted](Self::trust) addresses, so give the number
    /// of proxies that there are: without this bound, a client *inside* a trusted range would be
    /// taken for a proxy, and what it made up for the client. [`proxy_chain`](Self::proxy_chain) is
    /// safer still.
    ///
    /// Replaces an earlier `proxy_chain` or [`trusted_hops`](Self::trusted_hops).
    pub fn max_hops(self, hops: u8) -> Self {
        self.with(|config| config.trust.model = Model::MaxHops(hops))
    }

    /// The proxies in the order in which a request meets them, each with the addresses that it may
    /// have: `[cdn, load_balancer]`. At least one, 255 at most.
    ///
    /// The last opens the connection. A request may skip outer proxies: somebody who reaches the
    /// load balancer directly is a client by their own address. In the wrong order nothing is
    /// believed.
    ///
    /// Replaces an earlier [`max_hops`](Self::max_hops) or [`trusted_hops`](Self::trusted_hops).
    pub fn proxy_chain(self, proxies: impl IntoIterator<Item = TrustedProxies>) -> Self {
        let mut nearest_first: Vec<_> = proxies.into_iter().collect();
        nearest_first.reverse();
        self.with(|config| config.trust.model = Model::Chain(nearest_first))
    }

    /// The number of proxies, 1 to 255, where their addresses cannot be known: the peer must be
    /// [trusted](Self::trust), then exactly so many reports are believed whatever their addresses.
    /// A request with fewer is unresolved.
    ///
    /// Somebody who can get around one of the proxies can then say who the client is. Prefer
    /// [`proxy_chain`](Self::proxy_chain) or [`max_hops`](Self::max_hops), either of which this
    /// replaces.
    pub fn trusted_hops(self, hops: u8) -> Self {
        self.with(|config| config.trust.model = Model::TrustedHops(hops))
    }

    /// Which headers the trusted proxies write. The default is [`Family::XForwarded`]. The other
    /// family is never read.
    ///
    /// Not after [`behind`](Self::behind), whose profiles read the family that the proxy writes: the
    /// other comes from the client.
    pub fn family(self, family: Family) -> Self {
        self.with(|config| config.family = family)
    }

    /// Whether a trusted peer that sends no header of the [family](Self::family) at all is itself
    /// the client, as in local development and for health checks. The default is `false`: such a
    /// request is [unresolved](crate::Unresolved::NotReported).
    ///
    /// Leave it off behind a proxy that does not set the headers in every request: all of its
    /// visitors would have its address, often one that an allow-list knows. A health check that asks
    /// for no client, or for `Option<ClientIp>`, does not need it.
    pub fn allow_direct(self, allow: bool) -> Self {
        self.with(|config| config.allow_direct = allow)
    }

    /// Whether every proxy appends to every list that is read, so that the entry at the client's
    /// position in `X-Forwarded-For` is the client's in the others too. A list that is shorter than
    /// what was read of `X-Forwarded-For` is absent.
    ///
    /// The default is `false`: `X-Forwarded-Proto` is its rightmost entry, and `-Host`, `-Port` and
    /// `-Prefix` are single values. Most proxies replace these or hand them on as they came; with
    /// one of those on the way, this lets the client choose.
    pub fn aligned_lists(self, aligned: bool) -> Self {
        self.with(|config| config.aligned_lists = aligned)
    }

    /// Whether the trusted proxies replace what came in, as Caddy, Traefik and ingress-nginx do by
    /// default. A list that is read then has as many entries as reports were read, or fewer; with
    /// more, somebody else wrote into it, and the client is
    /// [unresolved](crate::Unresolved::Excess). Host, port and prefix are single values, and no lists
    /// without [`aligned_lists`](Self::aligned_lists).
    ///
    /// The default is `false`: what stands further left is the client's, and is not looked at.
    /// Behind a proxy that appends, `true` refuses every client that sends the header itself.
    pub fn exact(self, exact: bool) -> Self {
        self.with(|config| config.exact = exact)
    }

    /// Whether a second line of a header that is read makes the client
    /// [unresolved](crate::Unresolved::Excess).
    ///
    /// The default is `false`: all lines are one list. Say `true` behind a proxy that appends to the
    /// first of several lines (pound, the legacy Heroku router), since the last is then the
    /// client's. HAProxy writes a line of its own, and does not go with it.
    pub fn single_line(self, single: bool) -> Self {
        self.with(|config| config.single_line = single)
    }

    /// Whether the client's address is read. The default is `true`.
    ///
    /// `false` is for a proxy that does not write it; then there is one hop, and the client is
    /// unresolved.
    pub fn read_for(self, read: bool) -> Self {
        self.with(|config| config.read.reports = read)
    }

    /// Whether the scheme is read, from `X-Forwarded-Proto` or `proto`. The default is `true`.
    ///
    /// Where a trusted proxy then sends none, the scheme is `http`. Say `false` for a proxy that
    /// does not write it (bare nginx, HAProxy, Apache, Varnish): it hands on what the client sent.
    pub fn read_proto(self, read: bool) -> Self {
        self.with(|config| config.read.proto = read)
    }

    /// Whether the host is read, from `X-Forwarded-Host` or `host`. The default is `false`.
    ///
    /// Needs [`allowed_hosts`](Self::allowed_hosts). Most proxies hand on what the client sent in
    /// `X-Forwarded-Host`, and pass the host that it asked for in `Host`, which needs no setting
    /// here. A value that is no host counts as none, and then `Host` is what there is.
    pub fn read_host(self, read: bool) -> Self {
        self.with(|config| config.read.host = read)
    }

    /// Whether `X-Forwarded-Port` is read, for a host that comes without a port. The default is
    /// `false`; it has no meaning with [`Family::Forwarded`].
    pub fn read_port(self, read: bool) -> Self {
        self.with(|config| config.read.port = read)
    }

    /// Whether `X-Forwarded-Prefix` is read. The default is `false`; it has no meaning with
    /// [`Family::Forwarded`].
    pub fn read_prefix(self, read: bool) -> Self {
        self.with(|config| config.read.prefix = read)
    }

    /// The hosts that the app answers to. A request for another has no authority: not a forwarded
    /// one, not the URI's (unless [`rewrite_uri(false)`](Self::rewrite_uri) leaves it), not `Host`,
    /// which are removed. The default allows every valid host, unless
    /// [`read_host`](Self::read_host) is set, which needs this. A second call replaces the first.
    ///
    /// The request itself is not refused: to answer 400, look whether
    /// [`ConnectionInfo::authority`](crate::ConnectionInfo::authority) is there.
    pub fn allowed_hosts(self, hosts: AllowedHosts) -> Self {
        self.with(|config| config.allowed_hosts = Some(hosts))
    }

    /// The header to read instead of `X-Forwarded-For`.
    pub fn for_header(self, name: HeaderName) -> Self {
        self.forwarding(&name).with(|config| config.names.reports = name)
    }

    /// The header to read instead of `X-Forwarded-Proto`.
    pub fn proto_header(self, name: HeaderName) -> Self {
        self.forwarding(&name).with(|config| config.names.proto = name)
    }

    /// The header to read instead of `X-Forwarded-Host`.
    pub fn host_header(self, name: HeaderName) -> Self {
        self.forwarding(&name).with(|config| config.names.host = name)
    }

    /// The header to read instead of `X-Forwarded-Port`.
    pub fn port_header(self, name: HeaderName) -> Self {
        self.forwarding(&name).with(|config| config.names.port = name)
    }

    /// The header to read instead of `X-Forwarded-Prefix`.
    pub fn prefix_header(self, name: HeaderName) -> Self {
        self.forwarding(&name).with(|config| config.names.prefix = name)
    }

    /// A header with one address, such as `CF-Connecting-IP`, to read instead of the list. A second
    /// line of it, or a list in it, is [malformed](crate::Unresolved::Malformed).
    ///
    /// There is one hop then: trust the addresses of the proxy that sets it, and only a header that
    /// it always sets itself, whatever the client sends.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, TrustedProxies};
    /// use http::HeaderName;
    ///
    /// let cdn: TrustedProxies = "198.51.100.0/24".parse()?;
    /// let layer = ForwardedHeaders::new()
    ///     .trust(cdn)
    ///     .client_ip_header(HeaderName::from_static("cf-connecting-ip"))
    ///     .check()?;
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn client_ip_header(self, name: HeaderName) -> Self {
        self.client_header(name, false)
    }

    /// A header with one address and its port, such as `CloudFront-Viewer-Address`, to read instead
    /// of the list: `203.0.113.7:4711`, `2001:db8::7:4711`. The port stands behind the last colon and
    /// must be there; IPv6 may have brackets.
    ///
    /// For the rest as [`client_ip_header`](Self::client_ip_header), which it replaces.
    pub fn client_ip_port_header(self, name: HeaderName) -> Self {
        self.client_header(name, true)
    }

    fn client_header(self, name: HeaderName, with_port: bool) -> Self {
        self.forwarding(&name).with(|config| {
            (config.client_ip_header, config.has_client_port) = (Some(name), with_port);
        })
    }

    /// A forwarding header that is left as it came, whoever sent it: what reads it after this layer
    /// reads what a client may have written. Each call adds one.
    pub fn keep_header(self, name: HeaderName) -> Self {
        self.with(|config| match &mut config.keep {
            Keep::All => {}
            Keep::These(names) => names.push(name),
        })
    }

    /// Leaves every forwarding header as it came. Nothing that reads one after this layer is safe
    /// then: read [`ConnectionInfo`](crate::ConnectionInfo) alone.
    pub fn insecure_keep_headers(self) -> Self {
        self.with(|config| config.keep = Keep::All)
    }

    /// Whether the request's URI gets the scheme and the authority. The default is `true`.
    ///
    /// A URI that has them already, which the client wrote, always gets those that were decided. A URI
    /// without them gets them where the peer is trusted or [`own_scheme`](Self::own_scheme) is set.
    /// Where no authority is known, or would make it longer than the 65,534 bytes of an [`http::Uri`],
    /// it keeps path and query alone.
    pub fn rewrite_uri(self, rewrite: bool) -> Self {
        self.with(|config| config.rewrite_uri = rewrite)
    }

    /// The scheme by which the app itself is reached, `http` or `https`. The default is `http`.
    ///
    /// It is that of every peer that is not trusted, and of all with
    /// [`read_proto(false)`](Self::read_proto). A trusted peer that sends no scheme gets `http`
    /// otherwise, [`allow_direct`](Self::allow_direct) included: a client can make some proxies
    /// delete the header.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, TrustedProxies};
    /// use http::uri::Scheme; // the same as axum::http::uri::Scheme
    ///
    /// // No proxy, and TLS: without this the scheme would be http.
    /// let layer = ForwardedHeaders::new().trust(TrustedProxies::none()).own_scheme(Scheme::HTTPS);
    /// ```
    pub fn own_scheme(self, scheme: Scheme) -> Self {
        self.with(|config| config.own_scheme = Some(scheme))
    }

    /// Where to find the [`Peer`], instead of the places that the [crate](crate#the-rule) lists. What
    /// it says is believed of every connection: `|_| Some(Peer::Unix)` is right only where the app
    /// listens on nothing but a Unix socket.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Extensions;
    ///
    /// #[derive(Clone)]
    /// struct MyConnection(std::net::SocketAddr);
    ///
    /// let layer = ForwardedHeaders::new().peer_from(|extensions: &Extensions| {
    ///     extensions.get::<MyConnection>().map(|connection| connection.0.into())
    /// });
    /// ```
    pub fn peer_from(self, peer: fn(&Extensions) -> Option<Peer>) -> Self {
        self.with(|config| config.peer_from = peer)
    }

    /// Finds what does not go together before the app starts.
    ///
    /// # Errors
    ///
    /// - 0 hops, an empty or over-long `proxy_chain`, or `trust` beside it;
    /// - a network that [`TrustedProxies`] does not take, or networks that are everybody together;
    /// - `read_host(true)` without `allowed_hosts`;
    /// - an `own_scheme` that is neither `http` nor `https`;
    /// - `read_for(false)` or `client_ip_header` with more than one hop, or with each other;
    /// - `read_for(false)` with `allow_direct(true)`, which asks for what is not read;
    /// - `client_ip_header` with `for_header` or `aligned_lists(true)`, or for
    ///   `CloudFront-Viewer-Address`, which is for `client_ip_port_header`;
    /// - `exact(true)` with `read_for(false)`, or `single_line(true)` where nothing is read;
    /// - anything of the X- family with [`Family::Forwarded`];
    /// - the same name for two of the headers that are read, `Forwarded` for one of them, or a name
    ///   that is no forwarding header's (`Host`, `Cookie`, …);
    /// - `allowed_hosts` without any.
    pub fn check(self) -> Result<Self, ConfigError> {
        self.config.check().map(|()| self)
    }
}
