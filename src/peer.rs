//! The other end of the connection.

use std::net::SocketAddr;

use http::Extensions;

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
    /// Returns the first of these that the extensions hold: a [`Peer`], a [`SocketAddr`], with the
    /// feature `axum` a `ConnectInfo<SocketAddr>`, with the feature `tonic` a `TcpConnectInfo`.
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
        if let Some(peer) = extensions.get::<Self>() {
            return Some(*peer);
        }
        let address = extensions.get::<SocketAddr>().copied();
        address.or_else(|| from_frameworks(extensions)).map(Self::Inet)
    }
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Inet(address)
    }
}

#[inline]
fn from_frameworks(extensions: &Extensions) -> Option<SocketAddr> {
    #[cfg(not(any(feature = "axum", feature = "tonic")))]
    let _ = extensions;
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(address)) = extensions.get() {
        return Some(*address);
    }
    // tonic inserts a TcpConnectInfo for TLS connections too, beside its TlsConnectInfo.
    #[cfg(feature = "tonic")]
    if let Some(info) = extensions.get::<tonic::transport::server::TcpConnectInfo>() {
        return info.remote_addr();
    }
    None
}
