//! The error for a wrong configuration.

use std::fmt::{self, Debug, Display, Formatter};

/// A configuration that cannot work, found at start-up.
///
/// [`Display`] gives the call or the variable, the offending text, escaped, and what to write instead.
/// The error comes from [`Builder::build`](crate::Builder::build), from
/// [`Config::from_env`](crate::Config::from_env), or from parsing a [`TrustedProxies`](crate::TrustedProxies), an [`AllowedHosts`](crate::AllowedHosts), a
/// [`Proxy`](crate::Proxy) or a source. [`Debug`] gives the same sentence, because `main` prints its
/// error in this form.
///
/// ```
/// use forwarded_headers::ForwardedHeaders;
///
/// let error = ForwardedHeaders::builder().trust("10.0.0.0/8, 192.0.2.10/24").build().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "trust: invalid trusted proxy \"192.0.2.10/24\": the address has bits set outside its prefix; \
///      write 192.0.2.0/24 for the network or 192.0.2.10 for the one address",
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    /// The call on the builder, the variable or the key that the text came from.
    call: Option<&'static str>,
    sentence: String,
}

impl ConfigError {
    pub(crate) fn new(sentence: impl Display) -> Self {
        Self(Box::new(Inner { call: None, sentence: sentence.to_string() }))
    }

    /// Reports a text that is not a valid `what`.
    pub(crate) fn invalid(what: &str, text: impl Display, reason: impl Display) -> Self {
        Self::new(format_args!("invalid {what} {:?}: {reason}", text.to_string()))
    }

    /// Names the call, the variable or the key that has the text.
    pub(crate) fn in_call(mut self, call: &'static str) -> Self {
        self.0.call.get_or_insert(call);
        self
    }

    /// Adds to the sentence.
    pub(crate) fn with(mut self, more: impl Display) -> Self {
        self.0.sentence += &more.to_string();
        self
    }
}

impl std::error::Error for ConfigError {}

impl Display for ConfigError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(call) = self.0.call {
            write!(f, "{call}: ")?;
        }
        f.write_str(&self.0.sentence)
    }
}

impl Debug for ConfigError {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ConfigError({self})")
    }
}
