//! Writes a setting in the form that is read.

use serde_core::Serialize;
use serde_core::ser::{self, SerializeMap, Serializer};

use crate::config::{
    AllowedHosts, ClientFrom, ClientSource, ConfigError, SchemeFrom, SchemeSource, TrustedProxies,
    Writing,
};
use crate::proxy::Proxy;

impl Serialize for Proxy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Writing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Writes the text form. A set that has none is an error: [`TrustedProxies::insecure_any`], and a set with
/// a [secret](TrustedProxies::with_secret).
impl Serialize for TrustedProxies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_any() {
            return Err(no_text("TrustedProxies::insecure_any()"));
        }
        if !self.proven().is_empty() {
            return Err(no_text("a set with a secret"));
        }
        self.check().map_err(ser::Error::custom)?;
        serializer.collect_str(self)
    }
}

/// Writes the text form. A list that has none is an error: [`AllowedHosts::any`].
impl Serialize for AllowedHosts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.is_restricted() {
            return Err(no_text("AllowedHosts::any()"));
        }
        self.check().map_err(ser::Error::custom)?;
        serializer.collect_str(self)
    }
}

impl Serialize for ClientSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.clone().checked().map_err(ser::Error::custom)? {
            ClientFrom::Nothing => serializer.serialize_str("none"),
            ClientFrom::Forwarded => serializer.serialize_str("forwarded"),
            ClientFrom::Address(header) | ClientFrom::AddressAndPort(header) => {
                serializer.serialize_str(header.as_str())
            }
            ClientFrom::List(header, 1) if header == "x-forwarded-for" => {
                serializer.serialize_str(header.as_str())
            }
            ClientFrom::List(header, 1) => one_field(serializer, "list", header.as_str()),
            ClientFrom::List(header, place) => {
                let mut table = serializer.serialize_map(Some(2))?;
                table.serialize_entry("list", header.as_str())?;
                table.serialize_entry("nth_from_right", &place)?;
                table.end()
            }
        }
    }
}

impl Serialize for SchemeSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.clone().checked().map_err(ser::Error::custom)? {
            SchemeFrom::Nothing => serializer.serialize_str("none"),
            SchemeFrom::Forwarded => serializer.serialize_str("forwarded"),
            SchemeFrom::List(header) => serializer.serialize_str(header.as_str()),
            SchemeFrom::OnOff(header) => one_field(serializer, "on_off", header.as_str()),
            SchemeFrom::Always(scheme) => {
                one_field(serializer, "always", scheme.as_scheme().as_str())
            }
        }
    }
}

fn one_field<S: Serializer>(serializer: S, key: &str, text: &str) -> Result<S::Ok, S::Error> {
    let mut table = serializer.serialize_map(Some(1))?;
    table.serialize_entry(key, text)?;
    table.end()
}

pub(super) fn no_text<E: ser::Error>(value: &str) -> E {
    E::custom(ConfigError::new(format_args!("{value} has no text; only code can state it")))
}
