//! Extractors for axum, behind the feature `axum`.
//!
//! ```
//! use axum::{Router, routing::get};
//! use forwarded_headers::{ConnectionInfo, ForwardedHeaders, extract::ClientIp};
//!
//! async fn hello(ClientIp(ip): ClientIp, info: ConnectionInfo) -> String {
//!     format!("{ip} over {}", info.scheme())
//! }
//!
//! let app: Router = Router::new().route("/", get(hello)).layer(ForwardedHeaders::new());
//! let service = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
//! ```
//!
//! [`ConnectionInfo`] is present behind the layer, so there is no `Option<ConnectionInfo>`. The client's
//! address may be unknown, so there is `Option<ClientIp>`.

use std::fmt;
use std::net::IpAddr;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::info::ConnectionInfo;
use crate::outcome::{Outcome, Unresolved};

/// The client's address, for a handler that needs one.
///
/// A request without one is refused: see [`ClientIpRejection`]. `Option<ClientIp>` is `None` for such a
/// request.
///
/// ```
/// use axum::{Router, routing::get};
/// use forwarded_headers::extract::ClientIp;
///
/// async fn health(client: Option<ClientIp>) -> String {
///     client.map_or("ok".into(), |ip| format!("ok, {ip}"))
/// }
/// let router: Router = Router::new().route("/health", get(health));
///
/// let ip = ClientIp([203, 0, 113, 7].into());
/// assert_eq!(ip.to_string(), "203.0.113.7");
/// assert_eq!(std::net::IpAddr::from(ip), ip.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientIp(pub IpAddr);

impl fmt::Display for ClientIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<ClientIp> for IpAddr {
    fn from(client: ClientIp) -> Self {
        client.0
    }
}

/// The rejection of a request that the layer has not seen. Answers 500 with a short sentence.
///
/// [`Display`](std::fmt::Display) is advice for the operator, which does not appear in the answer. The
/// answer carries the rejection in its extensions, for a middleware that logs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the request carries no ConnectionInfo; add `.layer(forwarded_headers::ForwardedHeaders::new())` to \
     the Router, after the routes that use it"
)]
#[non_exhaustive]
pub struct MissingLayer;

/// The rejection of a request without a client address. Answers with a short sentence.
///
/// [`Display`](std::fmt::Display) is advice for the operator, which does not appear in the answer. The
/// answer carries the rejection in its extensions, for a middleware that logs it.
///
/// ```
/// use axum::response::IntoResponse;
/// use forwarded_headers::{Unresolved, extract::ClientIpRejection};
///
/// let rejection = ClientIpRejection::Unresolved(Unresolved::Malformed);
/// let answer = rejection.into_response();
/// assert_eq!(answer.status(), 400);
///
/// let logged: Option<&ClientIpRejection> = answer.extensions().get();
/// assert!(logged.unwrap().to_string().contains("have it write plain addresses"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientIpRejection {
    /// Answers 500: the layer is missing.
    #[error(transparent)]
    MissingLayer(#[from] MissingLayer),
    /// Answers 500: the server does not provide the peer.
    #[error(
        "the request does not carry its peer; serve the Router with \
         `into_make_service_with_connect_info::<std::net::SocketAddr>()`, set `peer_from`, or insert a \
         `forwarded_headers::Peer`"
    )]
    NoPeer,
    /// Answers 500: the client is at a Unix socket, which has no address. The socket is not trusted, or
    /// [`trusted_peer_may_be_client`](crate::Builder::trusted_peer_may_be_client) makes it the client.
    #[error(
        "the client is at a Unix socket, which has no address; if a proxy is there, write \
         `trust(\"unix\")`"
    )]
    NoAddress,
    /// Answers 400: a trusted proxy reported no usable address. Answers 500 for
    /// [`Unresolved::NotConfigured`].
    #[error("no client address: {0}")]
    Unresolved(Unresolved),
}

/// The body for a request that the operator has to make right.
const SERVER: &str = "the server does not know the client's address\n";
/// The body for a request that its proxy or its client has to make right.
const PROXY: &str = "the request did not come through the proxy\n";
const REQUEST: &str = "the request does not report the client's address\n";

impl IntoResponse for MissingLayer {
    fn into_response(self) -> Response {
        answer(StatusCode::INTERNAL_SERVER_ERROR, SERVER, self)
    }
}

impl IntoResponse for ClientIpRejection {
    fn into_response(self) -> Response {
        match self {
            Self::Unresolved(Unresolved::NotProven) => answer(StatusCode::FORBIDDEN, PROXY, self),
            Self::Unresolved(why) if why != Unresolved::NotConfigured => {
                answer(StatusCode::BAD_REQUEST, REQUEST, self)
            }
            _ => answer(StatusCode::INTERNAL_SERVER_ERROR, SERVER, self),
        }
    }
}

fn answer(
    status: StatusCode,
    body: &'static str,
    rejection: impl Clone + Send + Sync + 'static,
) -> Response {
    let mut response = (status, body).into_response();
    response.extensions_mut().insert(rejection);
    response
}

fn info(parts: &Parts) -> Result<&ConnectionInfo, MissingLayer> {
    parts.extensions.get().ok_or(MissingLayer)
}

impl<S: Sync> FromRequestParts<S> for ConnectionInfo {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, MissingLayer> {
        info(parts).cloned()
    }
}

impl<S: Sync> FromRequestParts<S> for ClientIp {
    type Rejection = ClientIpRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ClientIpRejection> {
        let info = info(parts)?;
        info.client_ip().map(Self).ok_or_else(|| match info.outcome() {
            Outcome::Unresolved(why) => ClientIpRejection::Unresolved(why),
            Outcome::NoPeer => ClientIpRejection::NoPeer,
            Outcome::Direct | Outcome::NotForwarded | Outcome::Forwarded => {
                ClientIpRejection::NoAddress
            }
        })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for ClientIp {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, MissingLayer> {
        Ok(info(parts)?.client_ip().map(Self))
    }
}
