//! The other end of the connection.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::Extensions;

/// The address that stands for an unknown client in the types of the frameworks. No peer has it.
pub(crate) const NO_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The other end of the connection that a request arrived on.
///
/// With the feature `axum` or `tonic`, the layer finds the peer in the request. With axum, serve with
/// `into_make_service_with_connect_info::<SocketAddr>()`. For another server, insert a `Peer` into
/// the extensions of each request, or set [`peer_from`](crate::Builder::peer_from).
///
/// ```
/// use forwarded_headers::{ForwardedHeaders, Peer};
/// use http::Request;
///
/// let mut request = Request::new(());
/// request.extensions_mut().insert(Peer::Inet("203.0.113.7:4711".parse()?));
///
/// let info = ForwardedHeaders::new().resolve(&request.into_parts().0);
/// assert_eq!(info.client_ip(), Some("203.0.113.7".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Peer {
    /// A TCP or QUIC peer.
    Inet(SocketAddr),
    /// The peer at a Unix socket, which has no address. This peer is trusted if the trust set contains
    /// [`unix`](crate::TrustedProxies::unix).
    Unix,
}

impl Peer {
    /// Finds the peer in the extensions. The layer calls this function unless
    /// [`peer_from`](crate::Builder::peer_from) is set.
    ///
    /// Returns the first of these that the extensions hold:
    ///
    /// - a [`Peer`] or a [`SocketAddr`];
    /// - with the feature `axum`: a `ConnectInfo<SocketAddr>`, a `MockConnectInfo<SocketAddr>`, or a
    ///   `ConnectInfo` of tokio's `unix::SocketAddr`;
    /// - with the feature `tonic`: a `TcpConnectInfo` or a `UdsConnectInfo`.
    ///
    /// `0.0.0.0:0` is no peer: the layer writes it for an unknown client.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Extensions;
    ///
    /// #[derive(Clone)]
    /// struct FromUnixListener;
    ///
    /// fn peer(extensions: &Extensions) -> Option<Peer> {
    ///     match extensions.get::<FromUnixListener>() {
    ///         Some(FromUnixListener) => Some(Peer::Unix),
    ///         None => Peer::from_extensions(extensions),
    ///     }
    /// }
    ///
    /// let layer = ForwardedHeaders::builder().trust("unix, loopback").peer_from(peer).build()?;
    ///
    /// let mut extensions = Extensions::new();
    /// assert_eq!(peer(&extensions), None);
    /// extensions.insert(FromUnixListener);
    /// assert_eq!(peer(&extensions), Some(Peer::Unix));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn from_extensions(extensions: &Extensions) -> Option<Self> {
        Self::find(extensions).0
    }

    /// Finds the peer, and the extension that holds it.
    #[inline(always)]
    pub(crate) fn find(extensions: &Extensions) -> (Option<Self>, FoundIn) {
        let (peer, found_in) = if let Some(peer) = extensions.get::<Self>() {
            (Some(*peer), FoundIn::Peer)
        } else if let Some(address) = extensions.get::<SocketAddr>() {
            (Some(Self::Inet(*address)), FoundIn::SocketAddr)
        } else {
            from_frameworks(extensions)
        };
        (peer.filter(Self::is_real), found_in)
    }

    /// Returns whether this is another address than [`NO_ADDRESS`].
    #[inline]
    pub(crate) fn is_real(&self) -> bool {
        match self {
            // The port is compared first: nearly every peer has one.
            Self::Inet(address) => address.port() != 0 || *address != NO_ADDRESS,
            Self::Unix => true,
        }
    }
}

/// Where the peer was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FoundIn {
    Peer,
    SocketAddr,
    /// axum's, of a `SocketAddr`.
    ConnectInfo,
    #[cfg_attr(not(feature = "axum"), expect(dead_code, reason = "only axum inserts it"))]
    MockConnectInfo,
    /// axum's, of tokio's `unix::SocketAddr`.
    #[cfg_attr(
        not(all(feature = "axum", unix)),
        expect(dead_code, reason = "only axum inserts it")
    )]
    UnixConnectInfo,
    #[cfg_attr(not(feature = "tonic"), expect(dead_code, reason = "only tonic inserts it"))]
    TcpConnectInfo,
    #[cfg_attr(
        not(all(feature = "tonic", unix)),
        expect(dead_code, reason = "only tonic inserts it")
    )]
    UdsConnectInfo,
    /// What [`peer_from`](crate::Builder::peer_from) returned.
    Function,
    Nowhere,
}

#[cfg(feature = "axum")]
impl FoundIn {
    /// Returns whether the extensions hold axum's `ConnectInfo` alone, so that a search for others is in
    /// vain.
    #[inline]
    pub(crate) fn is_all_of(self, extensions: &Extensions) -> bool {
        self == Self::ConnectInfo && extensions.len() == 1
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Inet(address)
    }
}

#[inline(always)]
fn from_frameworks(extensions: &Extensions) -> (Option<Peer>, FoundIn) {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(address)) = extensions.get() {
        return (Some(Peer::Inet(*address)), FoundIn::ConnectInfo);
    }
    from_other_types(extensions).unwrap_or((None, FoundIn::Nowhere))
}

/// Finds the peer in a type that few apps use.
fn from_other_types(extensions: &Extensions) -> Option<(Option<Peer>, FoundIn)> {
    #[cfg(not(any(feature = "axum", feature = "tonic")))]
    let _ = extensions;
    #[cfg(feature = "axum")]
    if let Some((peer, found_in)) = from_axum(extensions) {
        return Some((Some(peer), found_in));
    }
    #[cfg(feature = "tonic")]
    if let Some(found) = from_tonic(extensions) {
        return Some(found);
    }
    None
}

#[cfg(feature = "axum")]
fn from_axum(extensions: &Extensions) -> Option<(Peer, FoundIn)> {
    use axum::extract::connect_info::MockConnectInfo;
    if let Some(MockConnectInfo(address)) = extensions.get() {
        return Some((Peer::Inet(*address), FoundIn::MockConnectInfo));
    }
    #[cfg(unix)]
    if extensions.get::<axum::extract::ConnectInfo<tokio::net::unix::SocketAddr>>().is_some() {
        return Some((Peer::Unix, FoundIn::UnixConnectInfo));
    }
    None
}

/// tonic inserts a `TcpConnectInfo` for TLS connections too, beside its `TlsConnectInfo`.
#[cfg(feature = "tonic")]
fn from_tonic(extensions: &Extensions) -> Option<(Option<Peer>, FoundIn)> {
    use tonic::transport::server::TcpConnectInfo;
    #[cfg(unix)]
    use tonic::transport::server::UdsConnectInfo;
    if let Some(info) = extensions.get::<TcpConnectInfo>() {
        return Some((info.remote_addr().map(Peer::Inet), FoundIn::TcpConnectInfo));
    }
    #[cfg(unix)]
    if extensions.get::<UdsConnectInfo>().is_some() {
        return Some((Some(Peer::Unix), FoundIn::UdsConnectInfo));
    }
    None
}
