//! The headers that the client and the scheme are read from.

use std::str::FromStr;

use http::HeaderName;
use http::header::HOST;
use http::uri::Scheme;

use super::error::ConfigError;
use super::setting::{Setting, invalid_scheme, text_setting};
use crate::header::names::{Holds, has_other_meaning, holds, is_keyword};
use crate::syntax::scheme::WebScheme;

/// The header that reports the client's address.
///
/// As text: `x-forwarded-for` and `forwarded` (RFC 7239) are lists. Any other header holds one
/// address; `cloudfront-viewer-address` holds an address and a port. `none` is [`none`](Self::none).
///
/// The default is `x-forwarded-for`.
///
/// ```
/// use forwarded_headers::{ClientSource, ForwardedHeaders};
///
/// let builder = ForwardedHeaders::builder().trust("192.0.2.7");
/// assert!(builder.clone().client_from("cf-connecting-ip").build().is_ok());
/// assert!(builder.clone().client_from(ClientSource::list("x-our-for")).build().is_ok());
///
/// let error = builder.client_from("x-forwarded-proto").build().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "client_from: \"x-forwarded-proto\" holds a scheme; write a header that holds an address",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSource(Result<ClientFrom, ConfigError>);

/// A client source that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ClientFrom {
    /// A list of addresses. The nearest proxy's report is the entry at this place from the right end.
    List(HeaderName, u8),
    Forwarded,
    Address(HeaderName),
    AddressAndPort(HeaderName),
    Nothing,
}

impl ClientSource {
    /// Reads `X-Forwarded-For`.
    #[must_use]
    pub fn x_forwarded_for() -> Self {
        Self::list("x-forwarded-for")
    }

    /// Reads a list of addresses with a name of your own.
    ///
    /// ```
    /// use forwarded_headers::{ClientSource, ForwardedHeaders};
    ///
    /// let list = ClientSource::list("x-our-for");
    /// assert!(ForwardedHeaders::builder().client_from(list).build().is_ok());
    /// ```
    #[must_use]
    pub fn list(header: impl Setting<HeaderName>) -> Self {
        Self(header.value().and_then(list))
    }

    /// Reads the entry at this place from the right end of the list, for a nearest proxy that appends
    /// more than its own report. The rightmost entry is 1.
    ///
    /// The entries to the right of it are not looked at. With a chain, the walk goes on to the left of
    /// it. Google Cloud's load balancer appends the client and its own address: the client is entry 2.
    ///
    /// Do not count proxies whose entry another proxy consumes, as Apache's mod_remoteip does. With too
    /// high a place, the client chooses its own address.
    ///
    /// ```
    /// use forwarded_headers::{ClientSource, ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let layer = ForwardedHeaders::builder()
    ///     .client_from(ClientSource::x_forwarded_for().nth_from_right(2))
    ///     .build()?;
    /// let request = Request::builder()
    ///     .extension(Peer::Inet(([127, 0, 0, 1], 50000).into()))
    ///     .header("x-forwarded-for", "6.6.6.6, 203.0.113.7, 192.0.2.80");
    /// let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
    /// assert_eq!(info.client_ip(), Some([203, 0, 113, 7].into()));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    #[must_use]
    pub fn nth_from_right(self, place: u8) -> Self {
        Self(self.0.and_then(|source| nth_from_right(source, place)))
    }

    /// Reads no address, for a proxy that does not report the client's address. `client_ip` is then
    /// `None` for every request of a trusted proxy.
    #[must_use]
    pub fn none() -> Self {
        Self(Ok(ClientFrom::Nothing))
    }

    /// Returns the checked source.
    pub(crate) fn checked(self) -> Result<ClientFrom, ConfigError> {
        self.0
    }
}

impl Default for ClientSource {
    fn default() -> Self {
        Self::x_forwarded_for()
    }
}

/// Reads the name of a header.
impl FromStr for ClientSource {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self::none());
        }
        text.value().and_then(client).map(|source| Self(Ok(source)))
    }
}

text_setting!(ClientSource, |text: &str| text.parse());

fn client(header: HeaderName) -> Result<ClientFrom, ConfigError> {
    match holds(&header) {
        _ if header.as_str() == "x-forwarded-for" => Ok(ClientFrom::List(header, 1)),
        Some(Holds::Forwarded) => Ok(ClientFrom::Forwarded),
        Some(Holds::AddressAndPort) => Ok(ClientFrom::AddressAndPort(header)),
        Some(Holds::Address | Holds::AddressList) => Ok(ClientFrom::Address(header)),
        None => forwarding(header).map(ClientFrom::Address),
        Some(other) => Err(holds_other(&header, other, "a header that holds an address")),
    }
}

fn list(header: HeaderName) -> Result<ClientFrom, ConfigError> {
    match holds(&header) {
        Some(Holds::AddressList) => Ok(ClientFrom::List(header, 1)),
        None => Ok(ClientFrom::List(forwarding(header)?, 1)),
        Some(Holds::Address | Holds::AddressAndPort | Holds::Forwarded) => {
            Err(ConfigError::new(format_args!(
                "{:?} is not a list of addresses; write client_from({:?})",
                header.as_str(),
                header.as_str()
            )))
        }
        Some(other) => Err(holds_other(&header, other, "a header that holds addresses")),
    }
}

fn nth_from_right(source: ClientFrom, place: u8) -> Result<ClientFrom, ConfigError> {
    match source {
        _ if place == 0 => Err(ConfigError::new("nth_from_right(0): the last entry is 1")),
        ClientFrom::List(header, _) => Ok(ClientFrom::List(header, place)),
        _ => Err(ConfigError::new(format_args!(
            "nth_from_right({place}): this source is not a list of addresses; write \
             ClientSource::x_forwarded_for() or ClientSource::list(…) before it"
        ))),
    }
}

/// The header that reports the scheme.
///
/// As text: a header, whose value is a list of schemes. `x-forwarded-ssl` and `front-end-https` hold
/// `on` or `off`. `forwarded` is the `proto` beside the client (RFC 7239). `none` is
/// [`none`](Self::none).
///
/// The default is `proto` beside a client that is read from `forwarded`, and else `x-forwarded-proto`.
///
/// ```
/// use forwarded_headers::{ForwardedHeaders, SchemeSource};
///
/// let builder = ForwardedHeaders::builder().trust("192.0.2.7");
/// assert!(builder.clone().scheme_from("x-forwarded-ssl").build().is_ok());
/// assert!(builder.clone().scheme_from(SchemeSource::always("https")).build().is_ok());
/// assert!(builder.scheme_from("cf-visitor").build().is_err()); // JSON, which is not read
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemeSource(Result<SchemeFrom, ConfigError>);

/// A scheme source that has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SchemeFrom {
    List(HeaderName),
    OnOff(HeaderName),
    Forwarded,
    Always(WebScheme),
    Nothing,
}

impl SchemeSource {
    /// Reads a header whose value is `on` for https and `off` for http, in any case.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, SchemeSource};
    ///
    /// let layer = ForwardedHeaders::builder().scheme_from(SchemeSource::on_off("x-tls")).build();
    /// assert!(layer.is_ok());
    /// ```
    #[must_use]
    pub fn on_off(header: impl Setting<HeaderName>) -> Self {
        Self(header.value().and_then(on_off))
    }

    /// Sets the scheme of every request, and reads no header. For a proxy that takes TLS only and does
    /// not report the scheme, or passes the client's header on.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, SchemeSource};
    /// use http::Request;
    ///
    /// let layer = ForwardedHeaders::builder().scheme_from(SchemeSource::always("https")).build()?;
    /// assert!(layer.resolve(&Request::new(()).into_parts().0).is_secure());
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    #[must_use]
    pub fn always(scheme: impl Setting<Scheme>) -> Self {
        Self(scheme.value().and_then(|scheme| web_scheme(&scheme)).map(SchemeFrom::Always))
    }

    /// Reads no scheme, for a proxy that passes the client's header on. The scheme of its requests is then
    /// `http`.
    #[must_use]
    pub fn none() -> Self {
        Self(Ok(SchemeFrom::Nothing))
    }

    /// Returns the checked source.
    pub(crate) fn checked(self) -> Result<SchemeFrom, ConfigError> {
        self.0
    }
}

/// Reads the name of a header.
impl FromStr for SchemeSource {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self::none());
        }
        text.value().and_then(scheme).map(|source| Self(Ok(source)))
    }
}

text_setting!(SchemeSource, |text: &str| text.parse());

fn scheme(header: HeaderName) -> Result<SchemeFrom, ConfigError> {
    match holds(&header) {
        Some(Holds::Forwarded) => Ok(SchemeFrom::Forwarded),
        Some(Holds::OnOff) => Ok(SchemeFrom::OnOff(header)),
        Some(Holds::Scheme) => Ok(SchemeFrom::List(header)),
        None => forwarding(header).map(SchemeFrom::List),
        Some(other) => Err(holds_other(&header, other, "a header that holds a scheme")),
    }
}

fn on_off(header: HeaderName) -> Result<SchemeFrom, ConfigError> {
    match holds(&header) {
        Some(Holds::OnOff) => Ok(SchemeFrom::OnOff(header)),
        None => forwarding(header).map(SchemeFrom::OnOff),
        Some(other) => Err(holds_other(&header, other, "a header that holds on or off")),
    }
}

pub(super) fn web_scheme(scheme: &Scheme) -> Result<WebScheme, ConfigError> {
    match scheme.as_str() {
        "http" => Ok(WebScheme::Http),
        "https" => Ok(WebScheme::Https),
        other => Err(invalid_scheme(other)),
    }
}

/// Checks that a header holds this kind of value, if the header is known.
pub(crate) fn holding(header: HeaderName, expected: Holds) -> Result<HeaderName, ConfigError> {
    match holds(&header) {
        Some(found) if found == expected => Ok(header),
        // An element of `Forwarded` has a host.
        Some(Holds::Forwarded) if expected == Holds::Host => Ok(header),
        _ if expected == Holds::Host && header == HOST => {
            Err(ConfigError::new("\"host\" is read without this call; remove the call"))
        }
        Some(other) => {
            Err(holds_other(&header, other, format_args!("a header that holds {expected}")))
        }
        None => forwarding(header),
    }
}

/// Refuses a header that a request needs for another purpose: the layer removes what it reads.
fn forwarding(header: HeaderName) -> Result<HeaderName, ConfigError> {
    if is_keyword(&header) {
        return Err(ConfigError::new(format_args!(
            "{:?} is not the name of a header that a proxy writes; write a name such as x-real-ip, or \
             a value of ClientSource or SchemeSource",
            header.as_str()
        )));
    }
    if !has_other_meaning(&header) {
        return Ok(header);
    }
    Err(ConfigError::new(format_args!(
        "{:?} has another meaning, and the layer would remove it; write a header that the proxy sets \
         for this purpose",
        header.as_str()
    )))
}

fn holds_other(header: &HeaderName, holds: Holds, write: impl std::fmt::Display) -> ConfigError {
    ConfigError::new(format_args!("{:?} holds {holds}; write {write}", header.as_str()))
}
