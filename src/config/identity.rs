//! Headers that tell the app who the user is, and that a proxy alone may write.

use http::HeaderName;

use super::Config;
use super::error::ConfigError;
use super::source::ClientFrom;
use crate::header::names::{holds, is_keyword, is_standard, looks_like};

/// A header that is kept only if proxies set or removed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdentityHeader {
    pub(crate) name: HeaderName,
    pub(crate) writer: Writer,
}

/// The proxy that sets or removes a header in every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    /// The proxy that connects to the app.
    Nearest,
    /// The first proxy of the chain. The request must have come through every set.
    Outermost,
}

impl Writer {
    pub(super) fn call(self) -> &'static str {
        match self {
            Self::Nearest => "only_from_proxy",
            Self::Outermost => "only_from_outermost",
        }
    }
}

impl IdentityHeader {
    /// Refuses a header that is not the proxy's alone.
    pub(super) fn new(name: HeaderName, writer: Writer) -> Result<Self, ConfigError> {
        let wrong = |reason| Err(ConfigError::invalid("identity header", name.as_str(), reason));
        if is_keyword(&name) {
            return wrong("expected the name of one header, such as x-forwarded-user");
        }
        if holds(&name).is_some() {
            return wrong(
                "it is a forwarding header, which the layer removes already unless it is read; remove the call",
            );
        }
        if is_standard(&name) {
            return wrong(
                "every client may send it; write the name of a header that the proxy alone writes",
            );
        }
        Ok(Self { name, writer })
    }
}

impl Config {
    /// Refuses headers of secrets and identities that are read, kept or named twice.
    pub(super) fn check_guarded(&self) -> Result<(), ConfigError> {
        self.check_secret_headers()?;
        for (index, header) in self.identity.iter().enumerate() {
            self.check_identity(header, self.identity.iter().take(index))?;
        }
        Ok(())
    }

    fn check_identity<'a>(
        &self,
        header: &IdentityHeader,
        mut earlier: impl Iterator<Item = &'a IdentityHeader>,
    ) -> Result<(), ConfigError> {
        let IdentityHeader { name, writer } = header;
        let wrong = |reason: &str| {
            Err(ConfigError::new(format_args!("{}({:?}) {reason}", writer.call(), name.as_str())))
        };
        let is_like = |other: &HeaderName| looks_like(name.as_str(), other.as_str());
        if self.client == ClientFrom::Nothing {
            return wrong(
                "beside client_from(ClientSource::none()): without a client, no header is kept; remove \
                 one of them",
            );
        }
        if let Some(first) = earlier.find(|first| is_like(&first.name)) {
            let call = first.writer.call();
            return wrong(&format!(
                "beside {call}({:?}); write the header once",
                first.name.as_str()
            ));
        }
        if self.chain.proven().any(|proven| is_like(&proven.header)) {
            return wrong("holds a secret, which the layer always removes; remove the call");
        }
        if self.kept.iter().any(is_like) {
            return wrong(
                "beside insecure_keep_header, which keeps a client's; remove one of them",
            );
        }
        if self.read_names().any(is_like) {
            return wrong("is read by another setting; remove the call");
        }
        let is_skipping = self.nearest_place() > 1 && self.profile.is_none();
        if *writer == Writer::Outermost && is_skipping {
            return wrong(
                "beside nth_from_right: the proxies behind the entries that are not looked at may be \
                 those that a visitor went round; write each proxy into trust_chain",
            );
        }
        Ok(())
    }

    /// Refuses a header of a secret that has another purpose here, and one header for two proxies in a row.
    fn check_secret_headers(&self) -> Result<(), ConfigError> {
        let sets = self.chain.sets().iter().enumerate();
        let headers: Vec<_> = sets
            .flat_map(|(hop, set)| set.proven().iter().map(move |proven| (hop, &proven.header)))
            .collect();
        for (index, (hop, name)) in headers.iter().enumerate() {
            let wrong = |reason: &str| {
                Err(ConfigError::new(format_args!("with_secret: {:?} {reason}", name.as_str())))
            };
            let is_like = |other: &HeaderName| looks_like(name.as_str(), other.as_str());
            if self.read_names().any(is_like) {
                return wrong("is read by another setting; write a header for the secret alone");
            }
            if self.kept.iter().any(is_like) {
                return wrong(
                    "beside insecure_keep_header, which would show the secret; remove that call",
                );
            }
            let mut earlier = headers.iter().take(index).filter(|(_, other)| is_like(other));
            if earlier.any(|(other_hop, other)| other_hop != hop || other != name) {
                return wrong(
                    "is, or looks like, the header of another secret; write a header for each proxy of \
                     the chain",
                );
            }
        }
        Ok(())
    }

    fn read_names(&self) -> impl Iterator<Item = &HeaderName> {
        self.names.as_ref().into_array().into_iter().flatten()
    }
}
