//! Requests that an app refuses because no trusted proxy forwarded them.

use http::StatusCode;

use crate::info::ConnectionInfo;
use crate::outcome::{Absent, Outcome, Unresolved};

impl ConnectionInfo {
    /// Checks that a trusted proxy forwarded the request and reported its client, and that
    /// [`allowed_hosts`](crate::Builder::allowed_hosts) did not refuse its host.
    ///
    /// **Exempt health checks first.** A load balancer's own check has no `X-Forwarded-For` and is
    /// refused with 400; a kubelet's comes without a proxy and is refused with 403. Without an exemption
    /// every target is taken out of service. In axum, add the routes of the checks after the layer that
    /// refuses.
    ///
    /// A request without a host passes, and so does one behind
    /// [`ClientSource::none`](crate::ClientSource::none), which reads no address.
    ///
    /// ```
    /// use forwarded_headers::{ConnectionInfo, Peer, Refusal};
    ///
    /// let around_the_proxy = ConnectionInfo::from(Peer::Inet(([203, 0, 113, 7], 4711).into()));
    /// assert_eq!(around_the_proxy.require_forwarded(), Err(Refusal::NotForwarded));
    /// assert_eq!(Refusal::NotForwarded.status(), 403);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the first of these that applies:
    ///
    /// - [`Refusal::Host`]: `allowed_hosts` refused the host;
    /// - [`Refusal::NoPeer`]: the peer is unknown;
    /// - [`Refusal::NotForwarded`]: the peer is the client;
    /// - [`Refusal::NoClient`]: a trusted proxy reported no usable address.
    pub fn require_forwarded(&self) -> Result<(), Refusal> {
        if self.absent_authority() == Some(Absent::NotAllowed) {
            return Err(Refusal::Host);
        }
        match self.outcome() {
            Outcome::Forwarded | Outcome::Unresolved(Unresolved::NotConfigured) => Ok(()),
            Outcome::NoPeer => Err(Refusal::NoPeer),
            Outcome::Direct
            | Outcome::NotForwarded
            | Outcome::Unresolved(Unresolved::NotProven) => Err(Refusal::NotForwarded),
            Outcome::Unresolved(_) => Err(Refusal::NoClient),
        }
    }
}

/// The reason why [`ConnectionInfo::require_forwarded`] refuses a request.
///
/// [`Display`](std::fmt::Display) is one short sentence, which tells a client nothing about the proxies.
///
/// ```
/// use forwarded_headers::Refusal;
///
/// assert_eq!(Refusal::Host.status(), 421);
/// assert_eq!(Refusal::Host.to_string(), "this server does not answer to that host");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The request did not come through a trusted proxy. Status 403.
    #[error("the request did not come through the proxy")]
    NotForwarded,
    /// A trusted proxy reported no usable address of its client. Status 400.
    #[error("the client's address is unknown")]
    NoClient,
    /// The request asks for a host that the app does not answer to. Status 421.
    #[error("this server does not answer to that host")]
    Host,
    /// The server does not know its peer, which is a fault of its own. Status 500.
    #[error("the server does not know its peer")]
    NoPeer,
    /// The request carries no [`ConnectionInfo`]: the layer is missing, or stands inside of the
    /// middleware. For a middleware's own use. Status 500.
    #[error("the server does not know its client")]
    NoLayer,
}

impl Refusal {
    /// Returns the status of an answer to the request: 400, 403, 421 or 500.
    ///
    /// ```
    /// assert_eq!(forwarded_headers::Refusal::NoClient.status(), http::StatusCode::BAD_REQUEST);
    /// ```
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotForwarded => StatusCode::FORBIDDEN,
            Self::NoClient => StatusCode::BAD_REQUEST,
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::NoPeer | Self::NoLayer => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
