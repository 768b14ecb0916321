//! The values that a setter of the builder accepts.

use http::HeaderName;
use http::uri::Scheme;

use super::error::ConfigError;

/// A value for a setter of [`Builder`](crate::Builder): a `T`, or the text of a `T`.
///
/// Every `T` can be given as `T`, `&str`, `String` or `&String`.
/// [`TrustedProxies`](crate::TrustedProxies) can also be given as an address or a network of
/// [`ipnet`]. `TrustedProxies` and [`AllowedHosts`](crate::AllowedHosts) can be given as a slice, an
/// array or a `Vec` of such values, which are joined.
///
/// Pass text as it is, without `.parse()`: the error comes out of
/// [`build`](crate::Builder::build), with the name of the call. The trait is sealed: only this crate
/// implements it, and may do so for more types in a minor release.
///
/// ```
/// use forwarded_headers::{ConfigError, ForwardedHeaders, Setting, TrustedProxies};
///
/// fn layer(proxies: impl Setting<TrustedProxies>) -> Result<ForwardedHeaders, ConfigError> {
///     ForwardedHeaders::builder().trust(proxies).build()
/// }
///
/// assert!(layer("192.0.2.7, 10.1.0.0/16").is_ok());
/// assert!(layer(["192.0.2.7", "10.1.0.0/16"]).is_ok());
/// assert!(layer(std::net::Ipv4Addr::new(192, 0, 2, 7)).is_ok());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as `{T}`",
    label = "expected text, or a `{T}`",
    note = "pass text as it is, without `.parse()`; end a `Result` or an `Option` with `?`"
)]
pub trait Setting<T>: sealed::Sealed<T> {
    #[doc(hidden)]
    fn value(self) -> Result<T, ConfigError>;
}

pub(crate) mod sealed {
    #[expect(unnameable_types, reason = "no other crate may implement `Setting`")]
    pub trait Sealed<T> {}
}

/// Implements `Setting<$type>` for another type, by a conversion.
macro_rules! setting {
    ($type:ty, [$($generics:tt)*] $from:ty, $convert:expr) => {
        impl<$($generics)*> $crate::config::setting::sealed::Sealed<$type> for $from {}

        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $crate::config::setting::Setting<$type> for $from {
            fn value(self) -> Result<$type, $crate::config::ConfigError> {
                ($convert)(self)
            }
        }
    };
}

/// Implements `Setting<$type>` for itself and for text.
macro_rules! text_setting {
    ($type:ty, $parse:expr) => {
        $crate::config::setting::setting!($type, [] $type, Ok);
        $crate::config::setting::setting!($type, [] &str, $parse);
        $crate::config::setting::setting!($type, [] String, |text: String| $parse(&text));
        $crate::config::setting::setting!($type, [] &String, |text: &String| $parse(text));
    };
}

/// Implements `Setting<$type>` for itself, for text, and for collections, which `$join` joins.
macro_rules! set_setting {
    ($type:ty, $parse:expr, $join:expr) => {
        $crate::config::setting::text_setting!($type, $parse);
        setting!($type, [S: Setting<$type>] Vec<S>, $join);
        setting!($type, [S: Setting<$type> + Clone] &Vec<S>, |sets: &Vec<S>| $join(sets.clone()));
        setting!($type, [S: Setting<$type> + Clone] &[S], |sets: &[S]| $join(sets.to_vec()));
        setting!($type, [S: Setting<$type>, const N: usize] [S; N], $join);
        setting!($type, [S: Setting<$type> + Clone, const N: usize] &[S; N],
            |sets: &[S; N]| $join(sets.clone()));
    };
}

pub(crate) use {set_setting, setting, text_setting};

text_setting!(HeaderName, header_name);
text_setting!(Scheme, scheme);

fn header_name(text: &str) -> Result<HeaderName, ConfigError> {
    let expected = "expected a name such as x-real-ip";
    text.parse().map_err(|_| ConfigError::invalid("header name", text, expected))
}

fn scheme(text: &str) -> Result<Scheme, ConfigError> {
    text.parse().map_err(|_| invalid_scheme(text))
}

/// Reports a scheme that a web request cannot have.
pub(super) fn invalid_scheme(text: &str) -> ConfigError {
    ConfigError::invalid("scheme", text, "expected http or https")
}
