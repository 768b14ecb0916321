//! How the operator's settings replace the author's.

use super::Config;
use super::header;
use super::secret::Sets;
use crate::config::{
    Builder, ConfigError, SchemeFrom, SchemeSource, Settings, TrustedProxies, checked_chain,
};
use crate::header::names::Holds;
use crate::proxy::Proxy;

impl Builder {
    /// Sets what the operator configured, in place of what the setters before it set. Call it last:
    /// `build` refuses a setter after it.
    ///
    /// Each setting of the [`Config`] replaces one setting; the others stay. A
    /// [`proxy`](Config::proxy) replaces everything about proxies: the profile, the trust, the sources
    /// and the way of writing. What the app is stays: its hosts, its peers, its rewrites.
    ///
    /// ```
    /// use forwarded_headers::{Config, ForwardedHeaders};
    ///
    /// let config = Config::from_vars([("FORWARDED_HEADERS_TRUST", "10.0.0.2")])?;
    /// let builder = ForwardedHeaders::behind("nginx").trust("172.28.0.2").configure(config);
    /// assert!(builder.clone().build().is_ok());
    /// assert_eq!(
    ///     builder.trust("loopback").build().unwrap_err().to_string(),
    ///     "trust: the setter follows configure, and would undo what the operator configured; call \
    ///      configure last",
    /// );
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    pub fn configure(self, operator: Config) -> Self {
        let origin = operator.origin;
        let checked = operator.checked(self.settings());
        self.set_by_operator(origin, checked, |settings, checked| {
            checked.replace(settings);
        })
    }
}

/// A configuration whose settings are valid, each by itself.
struct Checked {
    config: Config,
    sets: Sets,
    scheme: Option<SchemeFrom>,
    client: Option<crate::config::ClientFrom>,
}

impl Config {
    /// Checks the settings, which code may have set, as the setters do.
    fn checked(self, author: &Settings) -> Result<Checked, ConfigError> {
        if let Some(error) = self.refused {
            return Err(error);
        }
        if self.trust.is_some() && self.trust_chain.is_some() {
            return Err(ConfigError::new(super::header::TRUST_TWICE));
        }
        self.trust.as_ref().map_or(Ok(()), TrustedProxies::check)?;
        self.trust_chain.clone().map(checked_chain).transpose()?;
        self.allowed_hosts.as_ref().map_or(Ok(()), crate::config::AllowedHosts::check)?;
        header::check(self.host_from.as_ref(), Holds::Host)?;
        header::check(self.port_from.as_ref(), Holds::Port)?;
        header::check(self.prefix_from.as_ref(), Holds::Prefix)?;
        let scheme = self.scheme_from.clone().map(SchemeSource::checked).transpose()?;
        let client =
            self.client_from.clone().map(crate::config::ClientSource::checked).transpose()?;
        let sets = Sets::of(&self, author)?;
        Ok(Checked { config: self, sets, scheme, client })
    }
}

impl Checked {
    fn replace(self, settings: &mut Settings) {
        let Self { config, sets, scheme, client } = self;
        if let Some(proxy) = config.proxy {
            replace_proxies(settings, proxy);
        }
        settings.trust = sets.trust;
        settings.chain = sets.chain;
        if matches!(scheme, Some(SchemeFrom::Always(_))) {
            settings.direct_scheme = None;
        }
        replace(&mut settings.client, client);
        replace(&mut settings.scheme, scheme);
        replace(&mut settings.host, config.host_from);
        replace(&mut settings.port, config.port_from);
        replace(&mut settings.prefix, config.prefix_from);
        replace(&mut settings.writing, config.proxies_write);
        replace(&mut settings.allowed_hosts, config.allowed_hosts);
    }
}

fn replace<T>(setting: &mut Option<T>, operator: Option<T>) {
    if operator.is_some() {
        *setting = operator;
    }
}

/// Drops what the author set about proxies. What the app is stays.
fn replace_proxies(settings: &mut Settings, proxy: Proxy) {
    *settings = Settings {
        profile: Some(proxy.profile()),
        allowed_hosts: settings.allowed_hosts.take(),
        direct_scheme: settings.direct_scheme,
        trusted_peer_may_be_client: settings.trusted_peer_may_be_client,
        peer_from: std::mem::take(&mut settings.peer_from),
        rewrite_uri: settings.rewrite_uri,
        leaves_connect_info: settings.leaves_connect_info,
        kept: std::mem::take(&mut settings.kept),
        identity: std::mem::take(&mut settings.identity),
        ..Settings::default()
    };
}
