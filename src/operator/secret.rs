//! The secret that an operator gives to the outermost proxies.

use http::HeaderName;

use super::{Config, file};
use crate::config::{ConfigError, Secrets, Setting, Settings, TrustedProxies};

const WITHOUT_SECRET: &str = "the app trusts its proxies only with a secret; write the secret as well \
     (FORWARDED_HEADERS_SECRET_HEADER and FORWARDED_HEADERS_SECRET_FILE, or secret_header and secret_file)";

/// Reads the name of the header. No error shows a text that may be the secret.
pub(super) fn header(text: &str) -> Result<HeaderName, ConfigError> {
    crate::config::proof::checked_header(text.value())
}

/// The trusted proxies, as a set or as a chain.
#[derive(Clone)]
pub(super) struct Sets {
    pub(super) trust: Option<TrustedProxies>,
    pub(super) chain: Option<Vec<TrustedProxies>>,
}

impl Sets {
    /// Returns the trust of the operator, or else the author's, with the secret on the outermost set.
    pub(super) fn of(config: &Config, author: &Settings) -> Result<Self, ConfigError> {
        let author = Self { trust: author.trust.clone(), chain: author.chain.clone() };
        let is_replaced = config.trust.is_some() || config.trust_chain.is_some();
        let sets = if is_replaced || config.proxy.is_some() {
            Self { trust: config.trust.clone(), chain: config.trust_chain.clone() }
        } else {
            author.clone()
        };
        match secret(config)? {
            Some((header, secrets)) => sets.with_secret(&header, secrets),
            None if author.has_secret() && !sets.has_secret() => {
                Err(ConfigError::new(WITHOUT_SECRET))
            }
            None => Ok(sets),
        }
    }

    fn has_secret(&self) -> bool {
        let mut sets = self.trust.iter().chain(self.chain.iter().flatten());
        sets.any(|set| !set.proven().is_empty())
    }

    fn with_secret(mut self, header: &HeaderName, secrets: Secrets) -> Result<Self, ConfigError> {
        let outermost = match &mut self.chain {
            Some(chain) => chain.first_mut(),
            None => self.trust.as_mut(),
        };
        let outermost = outermost.ok_or_else(|| {
            ConfigError::new(
                "the secret is that of a proxy; write the addresses of the proxy as well \
                 (FORWARDED_HEADERS_TRUST, or trust)",
            )
        })?;
        if !outermost.proven().is_empty() {
            return Err(ConfigError::new(
                "the app's own trust has a secret already; write the addresses of the proxy as well \
                 (FORWARDED_HEADERS_TRUST, or trust)",
            ));
        }
        *outermost = std::mem::take(outermost).with_secret(header.clone(), secrets)?;
        Ok(self)
    }
}

/// Returns the header and its secrets, which it may read from the file.
fn secret(config: &Config) -> Result<Option<(HeaderName, Secrets)>, ConfigError> {
    let secrets = match (&config.secret, &config.secret_file) {
        (Some(_), Some(_)) => {
            return Err(ConfigError::new("secret beside secret_file; remove one of them"));
        }
        (Some(secrets), None) => Some(secrets.clone()),
        (None, Some(path)) => Some(read(path).map_err(|error| error.in_call("secret_file"))?),
        (None, None) => None,
    };
    match (&config.secret_header, secrets) {
        (Some(header), Some(secrets)) => Ok(Some((header.clone(), secrets))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ConfigError::new(
            "a header for a secret without the secret; write it to a file, and the path to \
             FORWARDED_HEADERS_SECRET_FILE or secret_file",
        )),
        (None, Some(_)) => Err(ConfigError::new(
            "a secret without the header that holds it; write the name to \
             FORWARDED_HEADERS_SECRET_HEADER or secret_header",
        )),
    }
}

fn read(path: &std::path::Path) -> Result<Secrets, ConfigError> {
    file::trimmed(&file::read_text(path.as_os_str())?).parse()
}
