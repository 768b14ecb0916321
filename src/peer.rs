//! Who opened this connection.

use std::net::SocketAddr;

use http::Extensions;

/// The other end of the connection that a request arrived on.
///
/// A server that the crate does not know of inserts one into the extensions of each request, or
/// names a function with [`ForwardedHeaders::peer_from`](crate::ForwardedHeaders::peer_from).
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
    /// A TCP (or QUIC) peer.
    Inet(SocketAddr),
    /// Somebody with access to a Unix socket, which has no address. Trusted where
    /// [`TrustedProxies::unix`](crate::TrustedProxies::unix) is.
    Unix,
}

impl From<SocketAddr> for Peer {
    fn from(address: SocketAddr) -> Self {
        Self::Inet(address)
    }
}

/// The first that the request carries of: a [`Peer`], a [`SocketAddr`], what `axum::serve` and what
/// tonic insert.
#[inline]
pub(crate) fn find(extensions: &Extensions) -> Option<Peer> {
    let address =
        || extensions.get::<SocketAddr>().copied().or_else(|| from_frameworks(extensions));
    extensions.get::<Peer>().copied().or_else(|| address().map(Peer::Inet))
}

#[inline]
fn from_frameworks(_extensions: &Extensions) -> Option<SocketAddr> {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::ConnectInfo(address)) = _extensions.get() {
        return Some(*address);
    }
    // tonic inserts it for TLS connections too, beside its TlsConnectInfo.
    #[cfg(feature = "tonic")]
    if let Some(info) = _extensions.get::<tonic::transport::server::TcpConnectInfo>() {
        return info.remote_addr();
    }
    None
}
