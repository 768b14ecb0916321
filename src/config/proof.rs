//! Sets of proxies whose addresses are trusted only with a secret.
//!
//! Everyone can rent an address of a CDN. The secret shows that the request came through one's own
//! configuration of it. It belongs to a set, at whichever hop the set stands. If it belonged to the peer, a
//! visitor who goes round the CDN, to a proxy behind it, would have to show it.

use http::{HeaderMap, HeaderName};

use super::error::ConfigError;
use super::secrets::Secrets;
use super::setting::Setting;
use super::trusted_proxies::TrustedProxies;
use crate::header::names::{has_other_meaning, holds, is_keyword, looks_like};

/// A set of proxies, and the secret that a request from them has to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proven {
    /// Holds no such set itself.
    pub(crate) proxies: TrustedProxies,
    pub(crate) header: HeaderName,
    secrets: Secrets,
}

/// What a request carries in the header of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Proof {
    /// One line, with one of the secrets.
    Right,
    /// No line.
    Missing,
    /// Several lines.
    Twice,
    /// One line, with another text.
    Wrong,
}

/// Whether a sender belongs to a set of proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A trusted proxy.
    Proxy,
    /// An address that is trusted only with a secret, which the request does not carry.
    NotProven,
    Other,
}

impl Proven {
    pub(crate) fn proof(&self, headers: &HeaderMap) -> Proof {
        let mut lines = headers.get_all(&self.header).into_iter();
        match (lines.next(), lines.next()) {
            (None, _) => Proof::Missing,
            (Some(_), Some(_)) => Proof::Twice,
            (Some(line), None) if self.secrets.contain(line.as_bytes()) => Proof::Right,
            (Some(_), None) => Proof::Wrong,
        }
    }
}

impl TrustedProxies {
    /// Returns a set whose addresses are trusted only in a request that carries one of the secrets in this
    /// header.
    ///
    /// Others can send from the addresses of a CDN as well: its other customers. Have the CDN *set* the
    /// header to a secret, in each request. The header has to be there once. The layer removes it, and
    /// each name that looks like it, from every request.
    ///
    /// A request that reaches an address of the set without the secret has no client:
    /// [`Unresolved::NotProven`](crate::Unresolved::NotProven). An address that a set without a secret
    /// holds as well, in the same [`trust`](crate::Builder::trust), needs none.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Outcome, Peer, TrustedProxies, Unresolved};
    /// use http::Request;
    ///
    /// let cdn: TrustedProxies = "198.51.100.0/24".parse()?;
    /// // In an app: std::fs::read_to_string("/run/secrets/origin")?
    /// let cdn = cdn.with_secret("x-origin-verify", "2f9c7a51e0d84b36b81d06e5c3f2974a")?;
    /// let layer = ForwardedHeaders::builder().trust(cdn).build()?;
    /// let outcome = |secret: &str| {
    ///     let request = Request::builder()
    ///         .extension(Peer::Inet(([198, 51, 100, 9], 50000).into()))
    ///         .header("x-forwarded-for", "203.0.113.7")
    ///         .header("x-origin-verify", secret);
    ///     layer.resolve(&request.body(()).unwrap().into_parts().0).outcome()
    /// };
    /// assert_eq!(outcome("2f9c7a51e0d84b36b81d06e5c3f2974a"), Outcome::Forwarded);
    /// assert_eq!(outcome("a guess"), Outcome::Unresolved(Unresolved::NotProven));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    ///
    /// The secret can stand alone, for a proxy whose addresses are unknown:
    /// `TrustedProxies::insecure_any().with_secret(…)`. It is then the only thing that an attacker lacks.
    /// Such a set is allowed in a chain, as the outermost one. A visitor who goes round that proxy, to one
    /// behind it, then has no client either.
    ///
    /// # Errors
    ///
    /// Returns an error for an empty set, and for a set that has a secret. Returns one for a header with
    /// another meaning, such as `x-real-ip`, `cookie` or `authorization`. The error shows no secret.
    pub fn with_secret(
        self,
        header: impl Setting<HeaderName>,
        secrets: impl Setting<Secrets>,
    ) -> Result<Self, ConfigError> {
        let proven = checked_header(header.value()).and_then(|header| {
            self.check_provable(&header)?;
            Ok(Proven { proxies: self, header, secrets: secrets.value()? })
        });
        let proven = proven.map_err(|error| error.in_call("with_secret"))?;
        let mut set = Self::none();
        set.proven.push(proven);
        Ok(set)
    }

    fn check_provable(&self, header: &HeaderName) -> Result<(), ConfigError> {
        if !self.proven.is_empty() {
            return Err(ConfigError::new(
                "the set has a secret already; give each set its own, and join them",
            ));
        }
        if *self == Self::none() {
            return Err(ConfigError::new("the set has no address; remove with_secret"));
        }
        if self.is_any() && looks_like(header.as_str(), "x-azure-fdid") {
            return Err(ConfigError::new(
                "x-azure-fdid is no secret: others can learn it; trust the addresses of \
                 AzureFrontDoor.Backend beside it",
            ));
        }
        self.check()
    }

    /// Returns what a sender that no plain set holds is to the sets with a secret.
    pub(super) fn proven_standing(
        &self,
        contains: impl Fn(&TrustedProxies) -> bool,
        headers: &HeaderMap,
    ) -> Standing {
        let mut standing = Standing::Other;
        for proven in self.proven.iter().filter(|proven| contains(&proven.proxies)) {
            if proven.proof(headers) == Proof::Right {
                return Standing::Proxy;
            }
            standing = Standing::NotProven;
        }
        standing
    }

    pub(crate) fn proven(&self) -> &[Proven] {
        &self.proven
    }
}

/// Refuses a header that a request carries for another purpose. An error shows known names alone: a
/// secret may have been written in the place of the name.
pub(crate) fn checked_header(
    header: Result<HeaderName, ConfigError>,
) -> Result<HeaderName, ConfigError> {
    let header = header.ok().filter(|header| !is_keyword(header)).ok_or_else(|| {
        ConfigError::new("the name of the header is not valid; write one such as x-origin-verify")
    })?;
    if holds(&header).is_some() || has_other_meaning(&header) {
        return Err(ConfigError::invalid(
            "header for a secret",
            header.as_str(),
            "it has another meaning; write a name of your own, such as x-origin-verify",
        ));
    }
    Ok(header)
}
