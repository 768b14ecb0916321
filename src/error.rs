//! What is wrong with a configuration.

use std::fmt::{self, Debug, Display, Formatter};

/// A configuration that cannot mean what it says.
///
/// Its text shows the offending input, escaped, and says what would be right. It is found at
/// start-up: by parsing a [`TrustedProxies`](crate::TrustedProxies) or an
/// [`AllowedHosts`](crate::AllowedHosts), by
/// [`ForwardedHeaders::check`](crate::ForwardedHeaders::check), or, unchecked, as a panic when the
/// layer is applied.
///
/// ```
/// use forwarded_headers::TrustedProxies;
///
/// let error = "10.0.0.0/8, 192.0.2.10/24".parse::<TrustedProxies>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "invalid trusted proxy \"192.0.2.10/24\": the address has bits set outside its prefix; \
///      write 192.0.2.0/24 for the network or 192.0.2.10 for the one address",
/// );
/// ```
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct ConfigError(Box<Kind>);

/// The sentence, since `main` prints its error in this form.
impl Debug for ConfigError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ConfigError({self})")
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
enum Kind {
    #[error("invalid trusted proxy {input:?}: {reason}")]
    TrustedProxy { input: String, reason: String },
    #[error("invalid allowed host {input:?}: {reason}")]
    AllowedHost { input: String, reason: String },
    #[error("invalid forwarded-headers configuration: {0}")]
    Combination(String),
}

impl ConfigError {
    pub(crate) fn trusted_proxy(input: impl Display, reason: impl Display) -> Self {
        let (input, reason) = (input.to_string(), reason.to_string());
        Self(Box::new(Kind::TrustedProxy { input, reason }))
    }

    pub(crate) fn allowed_host(input: impl Display, reason: impl Display) -> Self {
        let (input, reason) = (input.to_string(), reason.to_string());
        Self(Box::new(Kind::AllowedHost { input, reason }))
    }

    pub(crate) fn combination(reason: impl Display) -> Self {
        Self(Box::new(Kind::Combination(reason.to_string())))
    }

    pub(crate) fn combination_if(wrong: bool, reason: impl Display) -> Result<(), Self> {
        if wrong { Err(Self::combination(reason)) } else { Ok(()) }
    }
}
