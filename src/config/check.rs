//! Whether the settings make sense together.

use http::HeaderName;
use http::header::{FORWARDED, HOST};

use super::builder::{Builder, Settings};
use super::chain::Chain;
use super::error::ConfigError;
use super::origin::Origin;
use super::per_value::PerValue;
use super::source::{ClientFrom, ClientSource, SchemeFrom, SchemeSource};
use super::trusted_proxies::TrustedProxies;
use super::{AllowedHosts, Config, UriRewrite, Writing};
use crate::header::names::{holds, looks_like};

impl Builder {
    /// Checks the settings, and makes a configuration of them.
    pub(crate) fn check(self) -> Result<Config, ConfigError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let origin = self.operator.unwrap_or_default();
        let config = self.settings.check().map_err(|error| origin.name_setters(error))?;
        Ok(Config { origin, ..config })
    }
}

/// Where each value is read from, defaults included.
pub(super) struct Sources {
    pub(super) client: ClientFrom,
    pub(super) scheme: SchemeFrom,
    pub(super) host: Option<HeaderName>,
    pub(super) port: Option<HeaderName>,
    pub(super) prefix: Option<HeaderName>,
    pub(super) writing: Writing,
}

impl Sources {
    fn of(settings: &Settings) -> Result<Self, ConfigError> {
        let client = match (&settings.client, settings.profile) {
            (Some(client), _) => client.clone(),
            (None, Some(profile)) => profile.client()?,
            (None, None) => ClientSource::default().checked()?,
        };
        let scheme = match (&settings.scheme, settings.profile) {
            (Some(scheme), _) => scheme.clone(),
            // `proto` is read beside the client, and falls away with it.
            (None, Some(profile)) => match profile.scheme()? {
                SchemeFrom::Forwarded if client != ClientFrom::Forwarded => SchemeFrom::Nothing,
                scheme => scheme,
            },
            (None, None) if client == ClientFrom::Forwarded => SchemeFrom::Forwarded,
            (None, None) => "x-forwarded-proto".parse::<SchemeSource>()?.checked()?,
        };
        let writing = match settings.profile.map(|profile| profile.writing) {
            // Without a list there are no entries to count.
            Some(Writing::Replace) if !client.is_list() => Writing::Append,
            writing => writing.unwrap_or_default(),
        };
        Ok(Self {
            client,
            scheme,
            host: settings.host.clone(),
            port: settings.port.clone(),
            prefix: settings.prefix.clone(),
            writing: settings.writing.unwrap_or(writing),
        })
    }

    /// Refuses sources that do not go together.
    fn check(&self) -> Result<(), ConfigError> {
        if self.client == ClientFrom::Forwarded {
            self.check_beside_forwarded()?;
        } else if self.scheme == SchemeFrom::Forwarded {
            return Err(without_forwarded("scheme_from"));
        } else if self.host.as_ref() == Some(&FORWARDED) {
            return Err(without_forwarded("host_from"));
        }
        self.check_writing()?;
        let reads_nothing = self.client == ClientFrom::Nothing
            && self.scheme == SchemeFrom::Nothing
            && self.host.is_none()
            && self.port.is_none()
            && self.prefix.is_none();
        refuse_if(reads_nothing, || {
            "no header is read; without a proxy, write trust(\"none\") and no sources; behind a proxy \
             that passes every header on, write scheme_from(SchemeSource::always(…))"
                .into()
        })
    }

    /// Refuses another header for what the element that reports the client holds as well.
    fn check_beside_forwarded(&self) -> Result<(), ConfigError> {
        let beside = |call: &str, header: &HeaderName| {
            ConfigError::new(format_args!(
                "{call}({:?}) beside client_from(\"forwarded\"): the element that reports the client \
                 holds it too; write {call}(\"forwarded\") or remove the call",
                header.as_str()
            ))
        };
        match (&self.scheme, &self.host, &self.port) {
            (SchemeFrom::List(header) | SchemeFrom::OnOff(header), _, _) => {
                Err(beside("scheme_from", header))
            }
            (_, Some(header), _) if header != FORWARDED => Err(beside("host_from", header)),
            (_, _, Some(header)) => Err(ConfigError::new(format_args!(
                "port_from({:?}) beside client_from(\"forwarded\"): the host in the element has the \
                 port; write host_from(\"forwarded\")",
                header.as_str()
            ))),
            _ => Ok(()),
        }
    }

    fn check_writing(&self) -> Result<(), ConfigError> {
        let is_x_list = matches!(self.client, ClientFrom::List(..));
        match self.writing {
            Writing::Replace if !self.client.is_list() => Err(ConfigError::new(
                "proxies_write(Writing::Replace) without a list of addresses: entries are counted in \
                 that list; remove the call",
            )),
            Writing::AppendToEach if !is_x_list => Err(ConfigError::new(
                "proxies_write(Writing::AppendToEach) without an X-Forwarded-For list: the client's \
                 place is counted in that list; remove the call",
            )),
            _ => Ok(()),
        }
    }
}

impl Settings {
    fn check(self) -> Result<Config, ConfigError> {
        let sources = Sources::of(&self)?;
        if let Some(profile) = self.profile {
            self.check_profile(profile, &sources)?;
        }
        self.check_trust(&sources)?;
        sources.check()?;
        self.check_values(&sources)?;
        let config = self.into_config(sources);
        check_names(&config)?;
        config.check_guarded()?;
        Ok(config)
    }

    fn check_trust(&self, sources: &Sources) -> Result<(), ConfigError> {
        let Some(chain) = &self.chain else { return Ok(()) };
        refuse_if(self.trust.is_some(), || {
            "trust beside trust_chain: the last set of the chain is the proxy that connects to the app; \
             remove trust"
                .into()
        })?;
        if let (true, Some(header)) = (chain.len() > 1, sources.client.single_header()) {
            return Err(ConfigError::new(format_args!(
                "client_from({:?}) beside trust_chain: the header holds one address, and a proxy behind \
                 the one that writes it may pass on the client's own; to read the list of the chain, remove \
                 client_from",
                header.as_str()
            )));
        }
        let behind = chain.split_last().map_or(&[][..], |(_, behind)| behind);
        refuse_if(behind.iter().any(TrustedProxies::mixes_unix_and_addresses), || {
            "trust_chain: unix beside addresses in a set behind the peer: a visitor at another socket of \
             that proxy could choose the client; write unix as a set of its own"
                .into()
        })?;
        let is_forwarded = sources.client == ClientFrom::Forwarded;
        refuse_if(is_forwarded && behind.iter().any(TrustedProxies::has_unix), || {
            "trust_chain: unix in a set behind the peer: Forwarded does not report a Unix socket; remove \
             unix"
                .into()
        })
    }

    fn check_values(&self, sources: &Sources) -> Result<(), ConfigError> {
        refuse_if(self.host.is_some() && self.allowed_hosts.is_none(), || {
            "host_from without allowed_hosts: links are made from the host; write the hosts that the app \
             answers to, or allowed_hosts(AllowedHosts::any())"
                .into()
        })?;
        let always = matches!(sources.scheme, SchemeFrom::Always(_));
        refuse_if(always && self.direct_scheme.is_some(), || {
            "direct_scheme beside scheme_from(SchemeSource::always(…)), which sets the scheme of every \
             request; remove one of them"
                .into()
        })?;
        let reads_no_client = sources.client == ClientFrom::Nothing;
        refuse_if(reads_no_client && self.trusted_peer_may_be_client, || {
            "trusted_peer_may_be_client(true) beside client_from(ClientSource::none()): the layer does \
             not read whether a client is reported; remove one of them"
                .into()
        })
    }

    fn into_config(self, sources: Sources) -> Config {
        let names = sources.names();
        let read = names.as_ref().into_array().into_iter().flatten();
        let read_own = read.filter(|name| holds(name).is_none());
        let has_hosts = self.allowed_hosts.as_ref().is_some_and(AllowedHosts::is_restricted);
        let nearest_first = match (self.chain, self.trust) {
            (Some(chain), _) => chain.into_iter().rev().collect(),
            (None, trust) => vec![trust.unwrap_or_else(TrustedProxies::loopback)],
        };
        let chain = Chain::nearest_first(nearest_first);
        let secret = chain.proven().map(|proven| &proven.header);
        let identity = self.identity.iter().map(|header| &header.name);
        let mut guarded: Vec<HeaderName> = Vec::new();
        for name in secret.chain(identity) {
            // Sets side by side may share a header.
            if !guarded.contains(name) {
                guarded.push(name.clone());
            }
        }
        Config {
            origin: Origin::default(),
            profile: self.profile,
            peer_from: self.peer_from,
            chain,
            host_beside_client: sources.host.as_ref() == Some(&FORWARDED),
            own_names: read_own.chain(&guarded).cloned().collect(),
            guarded,
            identity: self.identity,
            writing: sources.writing,
            client: sources.client,
            scheme: sources.scheme,
            allowed_hosts: self.allowed_hosts,
            direct_scheme: self.direct_scheme,
            trusted_peer_may_be_client: self.trusted_peer_may_be_client,
            joins_prefixes: self.profile.is_some_and(|profile| profile.joins_prefixes),
            rewrite_uri: self.rewrite_uri,
            may_complete_uri: self.rewrite_uri == UriRewrite::Complete && has_hosts,
            rewrite_connect_info: !self.leaves_connect_info,
            kept: self.kept,
            names,
        }
    }
}

impl Sources {
    /// Returns the header of each value that is read from a header of its own.
    fn names(&self) -> PerValue<Option<HeaderName>> {
        PerValue {
            client: self.client.header().cloned(),
            scheme: match &self.scheme {
                SchemeFrom::List(header) | SchemeFrom::OnOff(header) => Some(header.clone()),
                SchemeFrom::Forwarded | SchemeFrom::Always(_) | SchemeFrom::Nothing => None,
            },
            host: self.host.clone().filter(|header| header != FORWARDED),
            port: self.port.clone(),
            prefix: self.prefix.clone(),
        }
    }
}

impl ClientFrom {
    pub(super) fn header(&self) -> Option<&HeaderName> {
        static NAME: HeaderName = FORWARDED;
        match self {
            Self::List(header, _) | Self::Address(header) | Self::AddressAndPort(header) => {
                Some(header)
            }
            Self::Forwarded => Some(&NAME),
            Self::Nothing => None,
        }
    }

    fn is_list(&self) -> bool {
        matches!(self, Self::List(..) | Self::Forwarded)
    }

    pub(super) fn single_header(&self) -> Option<&HeaderName> {
        match self {
            Self::Address(header) | Self::AddressAndPort(header) => Some(header),
            Self::List(..) | Self::Forwarded | Self::Nothing => None,
        }
    }
}

/// Refuses names that servers take for one another, and kept headers that are never removed.
fn check_names(config: &Config) -> Result<(), ConfigError> {
    let calls = ["client_from", "scheme_from", "host_from", "port_from", "prefix_from"];
    let read = config.names.as_ref().into_array().into_iter().zip(calls);
    let read: Vec<_> = read.filter_map(|(name, call)| Some((name.as_ref()?, call))).collect();
    for (index, (name, call)) in read.iter().enumerate() {
        let mut others = read.iter().skip(index + 1);
        if let Some((_, other)) =
            others.find(|(other, _)| looks_like(name.as_str(), other.as_str()))
        {
            return Err(ConfigError::new(format_args!(
                "{:?} is read for two values, by {call} and {other}; write a header for each",
                name.as_str()
            )));
        }
    }
    config.kept.iter().try_for_each(|name| {
        let is_own = |own: &HeaderName| looks_like(name.as_str(), own.as_str());
        let is_removed = holds(name).is_some() || config.own_names.iter().any(is_own);
        refuse_if(name == HOST, || {
            "insecure_keep_header: \"host\" is not kept: the layer sets it to the host that is allowed; \
             remove the call"
                .into()
        })?;
        refuse_if(!is_removed, || {
            format!(
                "insecure_keep_header: {:?} is not a forwarding header, so the layer never removes it; \
                 remove the call",
                name.as_str()
            )
        })
    })
}

fn without_forwarded(call: &str) -> ConfigError {
    ConfigError::new(format_args!(
        "{call}(\"forwarded\") without client_from(\"forwarded\"): the value is read beside the client; \
         write client_from(\"forwarded\") as well"
    ))
}

pub(super) fn refuse_if(wrong: bool, sentence: impl FnOnce() -> String) -> Result<(), ConfigError> {
    if wrong { Err(ConfigError::new(sentence())) } else { Ok(()) }
}
