//! How a client was found, or why it was not; and why a value was not reported.

/// How the client was found, or why it was not.
///
/// ```
/// use forwarded_headers::{ForwardedHeaders, Outcome, Peer, Unresolved};
/// use http::Request;
///
/// // A trusted proxy that does not report its client: the client stays unknown.
/// let proxy = Peer::Inet("127.0.0.1:50000".parse()?);
/// let (parts, ()) = Request::builder().extension(proxy).body(()).unwrap().into_parts();
///
/// let info = ForwardedHeaders::new().resolve(&parts);
/// assert_eq!(info.outcome(), Outcome::Unresolved(Unresolved::NoHeader));
/// assert_eq!(info.client_ip(), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The peer is not a trusted proxy, so the peer is the client. Its forwarding headers were not
    /// read.
    ///
    /// If the client's address is your proxy's, the proxy is not trusted: pass its address to
    /// [`trust`](crate::Builder::trust).
    Direct,
    /// The peer is unknown, and so is the client.
    ///
    /// With axum, serve with `into_make_service_with_connect_info::<SocketAddr>()`. For a listener with a
    /// type of its own, such as one for the PROXY protocol, set
    /// [`peer_from`](crate::Builder::peer_from).
    NoPeer,
    /// The peer is trusted and sent no known forwarding header.
    /// [`trusted_peer_may_be_client`](crate::Builder::trusted_peer_may_be_client) makes this peer the
    /// client.
    NotForwarded,
    /// A trusted proxy reported the client.
    Forwarded,
    /// A trusted proxy reported no usable address.
    Unresolved(Unresolved),
}

/// The reason why a trusted proxy's request has no client.
///
/// [`Display`](std::fmt::Display) is advice for the operator. It holds nothing of the request.
///
/// ```
/// use forwarded_headers::Unresolved;
///
/// assert_eq!(Unresolved::Unknown.to_string(), "a trusted proxy does not know its client");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Unresolved {
    /// The request does not carry the header that reports clients.
    #[error(
        "a trusted proxy did not send the header that reports the client. Behind a proxy, have the \
         proxy send the header that is read (X-Forwarded-For by default). Without a proxy, as in local \
         development, trusted_peer_may_be_client(true) makes the peer the client"
    )]
    NoHeader,
    /// The list ends, or has an empty entry, where the next proxy's report is due.
    #[error(
        "a trusted proxy did not add its entry to the list; check that every proxy appends one, that \
         no request can bypass a proxy of the chain, and that no trusted address belongs to a client"
    )]
    ListEnds,
    /// A trusted proxy reported a text that is not a usable address.
    #[error(
        "a trusted proxy reported a text that is not a usable address; have it write plain addresses"
    )]
    Malformed,
    /// A header that is read has more entries, or more lines, than trusted proxies write.
    #[error(
        "a header holds more than trusted proxies write; have the proxy replace the client's header. \
         If the proxy appends to the header of a proxy in front of it, set proxies_write(Writing::Append) \
         and trust_chain"
    )]
    ExtraEntries,
    /// A trusted proxy wrote `unknown`, or left `for` out of its `Forwarded` element.
    #[error("a trusted proxy does not know its client")]
    Unknown,
    /// A trusted proxy wrote an obfuscated identifier instead of an address (RFC 7239 §6.3).
    #[error("a trusted proxy hides its client behind an obfuscated identifier")]
    Obfuscated,
    /// The request comes from an address that is trusted only with a
    /// [secret](crate::TrustedProxies::with_secret), and does not carry it once.
    #[error(
        "the request does not carry the secret of the proxy that it comes from; have the proxy set the \
         header to the secret in every request"
    )]
    NotProven,
    /// The configuration reads no address: [`ClientSource::none`](crate::ClientSource::none).
    #[error("client_from(ClientSource::none()): the layer does not read the client's address")]
    NotConfigured,
}

/// The reason why no trusted proxy reported a value: a scheme, a host, a port or a prefix.
///
/// The variants are in the order in which the rule meets them: the first that applies is the reason.
///
/// ```
/// use forwarded_headers::{Absent, ForwardedHeaders, Peer};
/// use http::Request;
///
/// let request = Request::builder()
///     .extension(Peer::Inet(([127, 0, 0, 1], 50000).into()))
///     .header("x-forwarded-for", "203.0.113.7")
///     .header("x-forwarded-proto", "on");
/// let info = ForwardedHeaders::new().resolve(&request.body(()).unwrap().into_parts().0);
/// assert_eq!(info.forwarded_scheme(), None);
/// assert_eq!(info.absent_scheme(), Some(Absent::NotValid));
/// assert_eq!(Absent::NotValid.to_string(), "the text is not valid");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Absent {
    /// The peer is not a trusted proxy, or is unknown. The layer reads none of its headers.
    #[error("the peer is not a trusted proxy")]
    NotTrusted,
    /// The address of the client is missing, malformed, not proven, or has extra entries. The same attacker
    /// could have forged the value.
    #[error("the client's address is not usable, so nothing beside it is read")]
    NotBelieved,
    /// The configuration reads no header for the value.
    #[error("the configuration does not read it")]
    NotRead,
    /// The header, the parameter of the `Forwarded` element, or the entry at the client's place is
    /// missing.
    #[error("a trusted proxy did not send it")]
    NotSent,
    /// The header has several entries, and they differ.
    #[error("its copies differ")]
    Differ,
    /// The header has more lines than trusted proxies write.
    #[error("it has more lines than a trusted proxy writes")]
    ExtraLines,
    /// The text is not a valid scheme, host, port or prefix.
    #[error("the text is not valid")]
    NotValid,
    /// [`allowed_hosts`](crate::Builder::allowed_hosts) refuses the host.
    #[error("allowed_hosts refuses it")]
    NotAllowed,
}
