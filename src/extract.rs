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
//! [`ConnectionInfo`] is there wherever the layer is, so there is no `Option<ConnectionInfo>`; a client's
//! address is not, so there is `Option<ClientIp>`.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;

use crate::info::ConnectionInfo;
use crate::outcome::{Outcome, Unresolved};

/// The client's address, for handlers that cannot do without one.
///
/// As `Option<ClientIp>` it is `None` where there is none, for handlers that can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientIp(pub IpAddr);

/// The layer is missing: 500, with a text that names the line to add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the request carries no ConnectionInfo: add `.layer(forwarded_headers::ForwardedHeaders::new())` \
     to the Router, after the routes that use it"
)]
#[non_exhaustive]
pub struct MissingLayer;

/// Why there is no [`ClientIp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientIpRejection {
    /// 500.
    #[error(transparent)]
    MissingLayer(#[from] MissingLayer),
    /// 500: the request does not say who opened the connection.
    #[error(
        "the request does not say who opened the connection: serve the Router with \
         `into_make_service_with_connect_info::<std::net::SocketAddr>()`, or insert a \
         forwarded_headers::Peer"
    )]
    NoPeer,
    /// 500: the client is at the other end of a Unix socket, which has no address: the socket is not
    /// trusted, or [`allow_direct`](crate::ForwardedHeaders::allow_direct) took it for the client.
    #[error(
        "the client is at the other end of a Unix socket, which has no address: if a proxy is \
         there, trust it with TrustedProxies::unix()"
    )]
    NoAddress,
    /// 400: a trusted proxy did not say who the client is. 500 for [`Unresolved::NotRead`]: it was not
    /// asked.
    #[error("no client address: {0}")]
    Unresolved(Unresolved),
}

impl IntoResponse for MissingLayer {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

impl IntoResponse for ClientIpRejection {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unresolved(why) if why != Unresolved::NotRead => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, self.to_string()).into_response()
    }
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
