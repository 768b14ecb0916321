//! The decision, as the app reads it.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::uri::{self, Scheme};

#[cfg(feature = "tracing")]
use crate::decide::Fault;
use crate::decide::{Facts, Resolved};
use crate::forwarded::Node;
use crate::outcome::{Absent, Outcome};
use crate::peer::Peer;
use crate::syntax::authority::Authority;
use crate::syntax::scheme::WebScheme;

/// The client's address, and the scheme and host of its request: the extension that
/// [`ForwardedHeaders`](crate::ForwardedHeaders) inserts into each request.
///
/// ```
/// use forwarded_headers::ConnectionInfo;
/// use http::Request;
///
/// fn log_line<B>(request: &Request<B>) -> String {
///     let info: Option<&ConnectionInfo> = request.extensions().get();
///     match info.and_then(ConnectionInfo::client_ip) {
///         Some(ip) => format!("{ip} {}", request.uri().path()),
///         None => format!("- {}", request.uri().path()),
///     }
/// }
/// # assert_eq!(log_line(&Request::new(())), "- /");
/// ```
///
/// Every getter, on one request:
///
/// ```
/// use forwarded_headers::{ForwardedHeaders, Outcome, Peer};
/// use http::Request;
///
/// let proxy = Peer::Inet(([127, 0, 0, 1], 50000).into());
/// let request = Request::builder()
///     .extension(proxy)
///     .header("host", "example.com:8443")
///     .header("x-forwarded-for", "6.6.6.6, 203.0.113.7:4711")
///     .header("x-forwarded-proto", "https")
///     .header("x-forwarded-prefix", "/shop");
/// let layer = ForwardedHeaders::builder().prefix_from("x-forwarded-prefix").build()?;
/// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
///
/// assert_eq!(info.client_ip(), Some([203, 0, 113, 7].into()));
/// assert_eq!(info.client_port(), Some(4711));
/// assert_eq!(info.client().unwrap().to_string(), "203.0.113.7:4711");
/// assert_eq!(info.peer(), Some(proxy));
/// assert_eq!(info.peer_addr().unwrap().to_string(), "127.0.0.1:50000");
/// assert_eq!((info.scheme().as_str(), info.is_secure()), ("https", true));
/// assert_eq!(info.forwarded_scheme().unwrap(), "https");
/// assert_eq!(info.authority().unwrap(), "example.com:8443");
/// assert_eq!((info.host(), info.port()), (Some("example.com"), Some(8443)));
/// assert_eq!(info.forwarded_host(), None); // the host came from `Host`
/// assert_eq!(info.prefix(), Some("/shop"));
/// assert_eq!(info.origin().as_deref(), Some("https://example.com:8443"));
/// assert_eq!((info.outcome(), info.hops()), (Outcome::Forwarded, 1));
/// assert!(info.is_forwarded());
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
///
/// A test of code that reads it makes one [from a peer](#impl-From<Peer>-for-ConnectionInfo), or with
/// [`resolve`](crate::ForwardedHeaders::resolve) from what a proxy would send.
///
/// With the feature `axum` it is an extractor, as is
/// [`ClientIp`](https://docs.rs/forwarded-headers/latest/forwarded_headers/extract/struct.ClientIp.html).
/// The name follows actix-web.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionInfo(Resolved);

impl ConnectionInfo {
    #[inline]
    pub(crate) fn new(resolved: Resolved) -> Self {
        Self(resolved)
    }

    #[inline]
    pub(crate) fn resolved(&self) -> &Resolved {
        &self.0
    }

    /// Returns the client's address, never IPv4-mapped.
    ///
    /// `None` is an unknown client: refuse it, or count all unknown clients as one.
    /// [`outcome`](Self::outcome) has the reason. A client at a Unix socket has no address. To limit
    /// rates, use the first 64 bits of an IPv6 address: one client has all the rest.
    ///
    /// OpenTelemetry `client.address`.
    #[must_use]
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.0.client_ip()
    }

    /// Returns the client's port, if the address is known and its report has a port.
    ///
    /// OpenTelemetry `client.port`.
    #[must_use]
    pub fn client_port(&self) -> Option<u16> {
        self.0.client_port()
    }

    /// Returns the client as an RFC 7239 node: its address, or the obfuscated identifier or `unknown`
    /// that a trusted proxy reported.
    #[must_use]
    pub fn client(&self) -> Option<Node<'_>> {
        self.0.client_node()
    }

    /// Returns the other end of the connection: the nearest proxy, or the client itself.
    #[must_use]
    pub fn peer(&self) -> Option<Peer> {
        self.0.peer
    }

    /// Returns the peer's address, as the socket has it. `None` for a Unix socket and for an unknown
    /// peer.
    ///
    /// OpenTelemetry `network.peer.address` and `network.peer.port`.
    #[must_use]
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.peer_addr()
    }

    /// Returns the scheme that the client used, `http` or `https`.
    ///
    /// If no trusted proxy reported it, the scheme is the one that the configuration states
    /// ([`SchemeSource::always`](crate::SchemeSource::always),
    /// [`direct_scheme`](crate::Builder::direct_scheme)), or `http`. Never the scheme in the request's
    /// URI: the client wrote it.
    ///
    /// OpenTelemetry `url.scheme`.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        self.0.scheme.as_scheme()
    }

    /// Returns the scheme if a trusted proxy reported it.
    #[must_use]
    pub fn forwarded_scheme(&self) -> Option<&Scheme> {
        self.0.reported.scheme.ok().map(|()| self.scheme())
    }

    /// Returns whether the client used https.
    ///
    /// The layer reads the rightmost scheme. If each proxy of a chain writes its own, that is the scheme
    /// of the inner hop: how the outer proxy reached the inner one. See
    /// [two proxies or more](crate::guide::two_proxies).
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.scheme == WebScheme::Https
    }

    /// Returns the host that the client asked for, with its port if the request has one:
    /// `example.com:8443`.
    ///
    /// The host comes from the header of [`host_from`](crate::Builder::host_from), or else from the URI,
    /// or else from `Host`. It is valid, and one of [`allowed_hosts`](crate::Builder::allowed_hosts). A
    /// refused host is `None`, without a fall-back. Without `allowed_hosts` the client chooses the host.
    #[must_use]
    pub fn authority(&self) -> Option<&uri::Authority> {
        self.0.authority.as_ref().map(Authority::as_uri)
    }

    /// Returns the authority if a trusted proxy reported the host.
    #[must_use]
    pub fn forwarded_host(&self) -> Option<&uri::Authority> {
        self.0.reported.host.ok().and_then(|()| self.authority())
    }

    /// Returns the host of [`authority`](Self::authority). An IPv6 address is in brackets.
    ///
    /// OpenTelemetry `server.address`, without the brackets.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.0.authority.as_ref().map(Authority::host)
    }

    /// Returns the port of [`authority`](Self::authority). `None` is the default port of the scheme, or no
    /// authority.
    ///
    /// OpenTelemetry `server.port`.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.0.authority.as_ref().and_then(Authority::port)
    }

    /// Returns the path that a proxy removed before it passed the request on: `/app`, at most 1 KiB,
    /// without a trailing slash. Read with [`prefix_from`](crate::Builder::prefix_from).
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.0.prefix.as_deref().ok()
    }

    /// Returns the start of links and redirects: `https://example.com`, in lower case, with a port unless
    /// it is the scheme's default (RFC 6454 §4, §6.2).
    ///
    /// Set [`allowed_hosts`](crate::Builder::allowed_hosts) first: without it the client chooses the
    /// host. Responses that depend on the origin must not be cached for others: send `Vary` or
    /// `no-store`.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let (scheme, host) = (self.scheme(), self.host()?.to_ascii_lowercase());
        Some(match self.port().filter(|port| *port != self.0.scheme.default_port()) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        })
    }

    /// Returns the number of reports that were read: 0 if the peer is not trusted. 1 if the configuration
    /// reads no address.
    #[must_use]
    pub fn hops(&self) -> u8 {
        self.0.hops
    }

    /// Returns whether a trusted proxy reported the client.
    #[must_use]
    pub fn is_forwarded(&self) -> bool {
        self.outcome() == Outcome::Forwarded
    }

    /// Returns how the client was found, or why it was not.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Returns why [`forwarded_scheme`](Self::forwarded_scheme) is `None`. `None` if a trusted proxy
    /// reported the scheme.
    #[must_use]
    pub fn absent_scheme(&self) -> Option<Absent> {
        self.0.reported.scheme.err()
    }

    /// Returns why [`forwarded_host`](Self::forwarded_host) is `None`. `None` if a trusted proxy
    /// reported the host, and `allowed_hosts` allows it.
    #[must_use]
    pub fn absent_host(&self) -> Option<Absent> {
        self.0.reported.host.and(self.0.reported.authority).err()
    }

    /// Returns why [`authority`](Self::authority) is `None`: never [`NotRead`](Absent::NotRead),
    /// [`NotTrusted`](Absent::NotTrusted) or [`NotBelieved`](Absent::NotBelieved).
    #[must_use]
    pub fn absent_authority(&self) -> Option<Absent> {
        self.0.reported.authority.err()
    }

    /// Returns why no trusted proxy reported a port. `None` if one did.
    #[must_use]
    pub fn absent_port(&self) -> Option<Absent> {
        self.0.reported.port.err()
    }

    /// Returns why [`prefix`](Self::prefix) is `None`.
    #[must_use]
    pub fn absent_prefix(&self) -> Option<Absent> {
        self.0.prefix.as_ref().err().copied()
    }

    /// Writes the decision into the fields of a span, by their OpenTelemetry names: `client.address`,
    /// `client.port`, `network.peer.address`, `network.peer.port`, `server.address`, `server.port`,
    /// `url.scheme`, and `forwarded.reason`.
    ///
    /// A span has only the fields that it declares: declare each as [`Empty`](tracing::field::Empty).
    /// OpenTelemetry wants most of these when a span is created. A span that is created behind the layer
    /// can read [`ConnectionInfo`] instead, as in the example `access_log`.
    ///
    /// An unknown client leaves `client.address` unset, where OpenTelemetry would put the peer.
    /// `forwarded.reason` has the reason then: `no_peer`, `no_header`, `list_ends`, `malformed`,
    /// `extra_entries`, `unknown`, `obfuscated` or `not_proven`. It is `untrusted_headers` if
    /// [`has_untrusted_headers`](Self::has_untrusted_headers).
    ///
    /// ```
    /// use forwarded_headers::{ConnectionInfo, Peer};
    /// use tracing::field::Empty;
    ///
    /// let span = tracing::info_span!("request", client.address = Empty, url.scheme = Empty);
    /// let info = ConnectionInfo::from(Peer::Inet(([203, 0, 113, 7], 4711).into()));
    /// info.record(&span); // client.address=203.0.113.7 url.scheme="http"
    /// # assert_eq!(info.client_port(), Some(4711));
    /// ```
    #[cfg(feature = "tracing")]
    pub fn record(&self, span: &tracing::Span) {
        use tracing::field::display;
        let peer = self.peer_addr();
        span.record("client.address", self.client_ip().map(display));
        span.record("client.port", self.client_port());
        span.record("network.peer.address", peer.map(|peer| display(peer.ip().to_canonical())));
        span.record("network.peer.port", peer.map(|peer| peer.port()));
        span.record("server.address", self.host().map(|host| host.trim_matches(['[', ']'])));
        span.record("server.port", self.port());
        span.record("url.scheme", self.scheme().as_str());
        span.record("forwarded.reason", Fault::of_client(&self.0).map(Fault::reason));
    }

    /// Returns whether the peer is not trusted, and the request carries a header that only a proxy should
    /// send. That is a forwarding header, or the header of a secret or an identity.
    ///
    /// If the peer is your proxy, it is missing in [`trust`](crate::Builder::trust). Any client can send
    /// these headers as well.
    #[must_use]
    pub fn has_untrusted_headers(&self) -> bool {
        self.0.has_untrusted_headers()
    }
}

/// Makes the decision about a request whose peer is the client, without a host, for tests.
///
/// ```
/// use forwarded_headers::{ConnectionInfo, Peer};
///
/// let info = ConnectionInfo::from(Peer::Inet("203.0.113.7:4711".parse()?));
/// assert_eq!(info.client_ip(), Some("203.0.113.7".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
impl From<Peer> for ConnectionInfo {
    fn from(peer: Peer) -> Self {
        Self(Resolved::direct(Some(peer), WebScheme::Http, Err(Absent::NotSent), Facts::NONE))
    }
}

impl fmt::Debug for ConnectionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionInfo")
            .field("outcome", &self.outcome())
            .field("client", &self.client())
            .field("peer", &self.peer())
            .field("hops", &self.hops())
            .field("scheme", &self.scheme().as_str())
            .field("forwarded_scheme", &self.forwarded_scheme().map(Scheme::as_str))
            .field("authority", &self.authority())
            .field("prefix", &self.prefix())
            .finish()
    }
}
