//! What the app reads.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::uri::Scheme;

use crate::authority::Authority;
use crate::hops::Sender;
use crate::node::{Node, NodeName};
use crate::outcome::{Outcome, Unresolved};
use crate::peer::Peer;
use crate::resolve::Resolved;

/// Who the client is, and which scheme and host it used: the extension that
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
/// ```
///
/// A test of what reads it makes one as the layer does, of what a proxy would send:
///
/// ```
/// use forwarded_headers::{ForwardedHeaders, Peer};
/// use http::Request;
///
/// let mut request = Request::builder()
///     .header("x-forwarded-for", "203.0.113.7")
///     .extension(Peer::Inet("127.0.0.1:50000".parse()?))
///     .body(())?;
/// let info = ForwardedHeaders::new().resolve(&request.clone().into_parts().0);
/// request.extensions_mut().insert(info);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// With the feature `axum` it is an extractor, as is
/// [`ClientIp`](https://docs.rs/forwarded-headers/latest/forwarded_headers/extract/struct.ClientIp.html).
/// It is named after what actix-web calls the same thing, and is not axum's `ConnectInfo`, which
/// knows the peer alone.
#[derive(Clone)]
pub struct ConnectionInfo(Resolved);

impl ConnectionInfo {
    pub(crate) fn new(resolved: Resolved) -> Self {
        Self(resolved)
    }

    /// The client's address, never IPv4-mapped: the one that a trusted proxy named, or the peer's
    /// where the peer is the client. `None` where a trusted proxy named none, where nobody knows the
    /// peer, and for a client at a Unix socket.
    ///
    /// `None` is an unknown client: refuse it, or count all of them as one. [`outcome`](Self::outcome)
    /// tells why. To limit rates, take the first 64 bits of an IPv6 address, since one client has
    /// all the rest.
    ///
    /// OpenTelemetry `client.address`.
    pub fn client_ip(&self) -> Option<IpAddr> {
        self.0.client_ip()
    }

    /// The client's port, where its address is known and somebody said it.
    ///
    /// OpenTelemetry `client.port`.
    pub fn client_port(&self) -> Option<u16> {
        self.0.client_port()
    }

    /// The client: an address, or where there is none, the obfuscated identifier that a trusted proxy
    /// gave for it, or `unknown` where it said that, or left the client out.
    pub fn client(&self) -> Option<Node<'_>> {
        match &self.0.reported {
            Some(Sender { node: Some(node), .. }) => Some(node.borrowed()),
            Some(Sender { address: Err(Unresolved::Unknown), port, .. }) => {
                Some(Node::new(NodeName::Unknown, *port))
            }
            _ => Some(Node::new(NodeName::Address(self.client_ip()?), self.client_port())),
        }
    }

    /// Who opened the connection: the nearest proxy, or the client itself.
    pub fn peer(&self) -> Option<Peer> {
        self.0.peer
    }

    /// The address of who opened the connection, as the socket has it. `None` for a Unix socket, and
    /// where the peer is not known.
    ///
    /// OpenTelemetry `network.peer.address` and `network.peer.port`.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.peer_addr()
    }

    /// The scheme that the client used, `http` or `https`.
    ///
    /// Where no trusted proxy said it: `http`, or
    /// [`own_scheme`](crate::ForwardedHeaders::own_scheme) for a peer that is not trusted, and for all
    /// where the scheme is not read. Never the one in the request's URI.
    ///
    /// OpenTelemetry `url.scheme`.
    pub fn scheme(&self) -> &Scheme {
        self.0.scheme.as_scheme()
    }

    /// The scheme, if a trusted proxy said it.
    pub fn forwarded_scheme(&self) -> Option<&Scheme> {
        self.0.said.scheme.then(|| self.scheme())
    }

    /// The host that the client asked for, with its port if it named one: `example.com:8443`.
    ///
    /// A forwarded one, else the URI's, else that of `Host`: always a valid host, and one of
    /// [`allowed_hosts`](crate::ForwardedHeaders::allowed_hosts) where those are given. `None` where
    /// it is not. Without `allowed_hosts` the client chooses it, by asking for that host.
    pub fn authority(&self) -> Option<&str> {
        self.0.authority.as_ref().map(Authority::as_str)
    }

    /// [`authority`](Self::authority) without its port. IPv6 addresses have their brackets.
    ///
    /// OpenTelemetry `server.address`.
    pub fn host(&self) -> Option<&str> {
        self.0.authority.as_ref().map(Authority::host)
    }

    /// The port in [`authority`](Self::authority). `None` where it has none, and the port is the
    /// scheme's default, 80 or 443; and where there is no authority.
    ///
    /// OpenTelemetry `server.port`.
    pub fn port(&self) -> Option<u16> {
        self.0.authority.as_ref().and_then(Authority::port)
    }

    /// The path that a proxy removed before it passed the request on: `/app`, at most 1 KiB,
    /// without a trailing slash. Read with [`read_prefix`](crate::ForwardedHeaders::read_prefix).
    pub fn prefix(&self) -> Option<&str> {
        self.0.prefix.as_deref()
    }

    /// What links and redirects start with: `https://example.com`, in lower case, with a port unless it
    /// is the scheme's default (RFC 6454 §4, §6.2).
    ///
    /// Give [`allowed_hosts`](crate::ForwardedHeaders::allowed_hosts) before you put it into a link:
    /// without them the client chooses the host. Responses that depend on it must not be cached for
    /// others: send `Vary` or `no-store`.
    pub fn origin(&self) -> Option<String> {
        let (scheme, host) = (self.scheme(), self.host()?.to_ascii_lowercase());
        Some(match self.port().filter(|port| *port != self.0.scheme.default_port()) {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        })
    }

    /// Whether the client used https.
    pub fn is_secure(&self) -> bool {
        self.scheme() == &Scheme::HTTPS
    }

    /// Whether a trusted proxy named the client.
    pub fn is_forwarded(&self) -> bool {
        self.outcome() == Outcome::Forwarded
    }

    /// How many trusted proxies' reports were read, the nearest one's included: 0 where the peer is
    /// not trusted, 1 where it is with [`read_for(false)`](crate::ForwardedHeaders::read_for).
    pub fn hops(&self) -> u8 {
        self.0.hops
    }

    /// How the client was found, or why it was not.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
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
