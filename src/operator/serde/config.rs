//! The configuration in a file: one key for each setting.

use std::fmt;

use serde_core::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_core::ser::{Serialize, SerializeMap, Serializer};

use super::form::{ChainForm, Form, HostHeader, PortHeader, PrefixHeader};
use super::read::Reader;
use super::secret::Text;
use super::write::no_text;
use crate::config::ConfigError;
use crate::config::origin::Origin;
use crate::operator::{Config, secret, spelling};

const KEYS: [&str; 12] = [
    "proxy",
    "trust",
    "trust_chain",
    "allowed_hosts",
    "client_from",
    "scheme_from",
    "host_from",
    "port_from",
    "prefix_from",
    "proxies_write",
    SECRET_HEADER,
    SECRET_FILE,
];

const SECRET_HEADER: &str = "secret_header";
const SECRET_FILE: &str = "secret_file";

/// Reads a table whose keys are the names of the fields. A key that is not one of them is an error.
///
/// ```
/// use forwarded_headers::Config;
///
/// let config: Config = toml::from_str(
///     r#"
///     proxy = "nginx"
///     trust_chain = [["198.51.100.0/24", "2001:db8::/32"], "172.28.0.2"]
///     scheme_from = { always = "https" }
///     "#,
/// )?;
/// assert_eq!(config.trust_chain.unwrap().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Table)
    }
}

struct Table;

impl<'de> Visitor<'de> for Table {
    type Value = Config;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a table with keys such as {}", KEYS.join(", "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Config, A::Error> {
        let mut config = Config { origin: Origin::File, ..Config::default() };
        while let Some(key) = map.next_key()? {
            match key {
                Key::Known(key @ (SECRET_HEADER | SECRET_FILE)) => {
                    let text = map.next_value_seed(Text)?;
                    if let Err(error) = read_secret(&mut config, key, text.as_deref()) {
                        config.refused.get_or_insert(error.in_call(key));
                    }
                }
                Key::Known(key) => read(&mut config, key, &mut map)?,
                Key::Secret(key) => {
                    map.next_value::<IgnoredAny>()?;
                    config.refused.get_or_insert(secret_in_file(&key));
                }
            }
        }
        if config.trust.is_some() && config.trust_chain.is_some() {
            return Err(de::Error::custom(crate::operator::header::TRUST_TWICE));
        }
        Ok(config)
    }
}

fn read<'de, A: MapAccess<'de>>(
    config: &mut Config,
    key: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    match key {
        "proxy" => value(&mut config.proxy, key, map, |proxy| proxy),
        "trust" => value(&mut config.trust, key, map, |set| set),
        "trust_chain" => value(&mut config.trust_chain, key, map, |ChainForm(chain)| chain),
        "allowed_hosts" => value(&mut config.allowed_hosts, key, map, |hosts| hosts),
        "client_from" => value(&mut config.client_from, key, map, |source| source),
        "scheme_from" => value(&mut config.scheme_from, key, map, |source| source),
        "host_from" => value(&mut config.host_from, key, map, |HostHeader(header)| header),
        "port_from" => value(&mut config.port_from, key, map, |PortHeader(header)| header),
        "prefix_from" => value(&mut config.prefix_from, key, map, |PrefixHeader(header)| header),
        _ => value(&mut config.proxies_write, key, map, |writing| writing),
    }
}

fn read_secret(
    config: &mut Config,
    key: &'static str,
    text: Option<&str>,
) -> Result<(), ConfigError> {
    let text = text.map(str::trim_ascii).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| {
        let what = if key == SECRET_HEADER { "the name of a header" } else { "the path of a file" };
        ConfigError::new(format_args!("the value is not text, and is not shown; write {what}"))
    })?;
    let is_twice = match key {
        SECRET_HEADER => config.secret_header.replace(secret::header(text)?).is_some(),
        _ => config.secret_file.replace(text.into()).is_some(),
    };
    if is_twice { Err(ConfigError::new("the key is there twice; write it once")) } else { Ok(()) }
}

fn value<'de, T: Form, U, A: MapAccess<'de>>(
    setting: &mut Option<U>,
    key: &'static str,
    map: &mut A,
    convert: impl FnOnce(T) -> U,
) -> Result<(), A::Error> {
    if setting.is_some() {
        return Err(de::Error::custom(format_args!(
            "{key}: the key is there twice; write it once"
        )));
    }
    let value = map.next_value_seed(Reader::<T>::new(Some(key)))?;
    *setting = Some(convert(value));
    Ok(())
}

/// A key of the table.
enum Key {
    Known(&'static str),
    /// A key whose value may be a secret. TOML prints the line of an error, so the error comes later.
    Secret(String),
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        if let Some(known) = KEYS.into_iter().find(|known| *known == key) {
            return Ok(Self::Known(known));
        }
        let may_be_secret = key.to_ascii_lowercase().contains("secret");
        if may_be_secret { Ok(Self::Secret(key)) } else { Err(de::Error::custom(unknown(&key))) }
    }
}

fn secret_in_file(key: &str) -> ConfigError {
    let key = key.escape_debug();
    ConfigError::new(format_args!(
        "{key}: no key has this name; write the secret to a file of its own, and its path to secret_file"
    ))
}

fn unknown(key: &str) -> ConfigError {
    let write = spelling::meant(key, KEYS.into_iter())
        .map_or_else(|| format!("one of {}", KEYS.join(", ")), str::to_owned);
    let key = key.escape_debug();
    ConfigError::new(format_args!("{key}: no key has this name; write {write}"))
}

/// Writes the keys that have a value, in the form that is read.
impl Serialize for Config {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.secret.is_some() {
            return Err(no_text("Secrets"));
        }
        let mut table = serializer.serialize_map(None)?;
        entry(&mut table, "proxy", self.proxy.as_ref())?;
        entry(&mut table, "trust", self.trust.as_ref())?;
        entry(&mut table, "trust_chain", self.trust_chain.as_ref())?;
        entry(&mut table, "allowed_hosts", self.allowed_hosts.as_ref())?;
        entry(&mut table, "client_from", self.client_from.as_ref())?;
        entry(&mut table, "scheme_from", self.scheme_from.as_ref())?;
        entry(&mut table, "host_from", self.host_from.as_ref().map(http::HeaderName::as_str))?;
        entry(&mut table, "port_from", self.port_from.as_ref().map(http::HeaderName::as_str))?;
        entry(&mut table, "prefix_from", self.prefix_from.as_ref().map(http::HeaderName::as_str))?;
        entry(&mut table, "proxies_write", self.proxies_write.as_ref())?;
        entry(
            &mut table,
            SECRET_HEADER,
            self.secret_header.as_ref().map(http::HeaderName::as_str),
        )?;
        entry(&mut table, SECRET_FILE, self.secret_file.as_ref())?;
        table.end()
    }
}

fn entry<M: SerializeMap>(
    table: &mut M,
    key: &str,
    value: Option<impl Serialize>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| table.serialize_entry(key, &value))
}
