//! What a decision came to.

/// How the client was found, or why it was not.
///
/// ```
/// use forwarded_headers::{ForwardedHeaders, Outcome, Peer, Unresolved};
/// use http::Request;
///
/// // A trusted proxy that says nothing about its client: nobody is made up in its place.
/// let proxy = Peer::Inet("127.0.0.1:50000".parse()?);
/// let (parts, ()) = Request::builder().extension(proxy).body(()).unwrap().into_parts();
///
/// let info = ForwardedHeaders::new().resolve(&parts);
/// assert_eq!(info.outcome(), Outcome::Unresolved(Unresolved::NotReported));
/// assert_eq!(info.client_ip(), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The peer is no trusted proxy, so it is the client. Its forwarding headers were not read.
    Direct,
    /// The request does not say who opened the connection, so nobody is the client.
    ///
    /// With axum this is a server without `into_make_service_with_connect_info::<SocketAddr>()`.
    NoPeer,
    /// The peer is trusted and sent no header of the family that is read, and
    /// [`allow_direct`](crate::ForwardedHeaders::allow_direct) says that it is then the client.
    NotForwarded,
    /// A trusted proxy named the client.
    Forwarded,
    /// A trusted proxy, the peer or one behind it, named no usable client.
    Unresolved(Unresolved),
}

/// Why a trusted proxy's request has no client.
///
/// Its text says what to do about it. It holds nothing that came with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unresolved {
    /// The header that names clients is not there at all.
    #[error(
        "the connection comes from a trusted proxy address, but the request does not say who the \
         client is. Behind a proxy: have the proxy send the header that is read (X-Forwarded-For \
         unless configured otherwise). Without a proxy (local development, health checks): \
         allow_direct(true) takes such a peer for the client"
    )]
    NotReported,
    /// The list ends, or has an empty member, where the next proxy's report is due.
    #[error(
        "a trusted proxy's report is missing from the list: every proxy on the way has to append \
         to it, no request may get around one that is counted, and trusted proxies must not be clients \
         themselves"
    )]
    Missing,
    /// What a trusted proxy reported is no usable address.
    #[error(
        "what a trusted proxy reported is no usable client address: have it write plain addresses"
    )]
    Malformed,
    /// There is more in a header that is read than trusted proxies write: entries beyond theirs with
    /// [`exact`](crate::ForwardedHeaders::exact), another line with
    /// [`single_line`](crate::ForwardedHeaders::single_line).
    #[error(
        "there is more in a header than trusted proxies write, so somebody else wrote into it: have \
         the proxy replace what comes in. If it appends, and there is a proxy in front of it, say \
         exact(false) and name the proxies with proxy_chain"
    )]
    Excess,
    /// A trusted proxy said `unknown`, or left `for` out of its `Forwarded` element.
    #[error("a trusted proxy does not know who its client is")]
    Unknown,
    /// A trusted proxy gave an obfuscated identifier instead of an address (RFC 7239 §6.3).
    #[error("a trusted proxy hides its client behind an obfuscated identifier")]
    Obfuscated,
    /// The configuration has [`read_for(false)`](crate::ForwardedHeaders::read_for).
    #[error("read_for(false): client addresses are not read from trusted proxies")]
    NotRead,
}
