//! Reads a setting in one of its forms.

use std::fmt;
use std::marker::PhantomData;

use serde_core::Deserialize;
use serde_core::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::form::{Field, Form, Raw, expected};
use crate::config::{
    AllowedHosts, ClientSource, ConfigError, SchemeSource, TrustedProxies, Writing,
};
use crate::proxy::Proxy;

/// Reads a `T`. An error names the key, if the value has one.
pub(super) struct Reader<T> {
    key: Option<&'static str>,
    value: PhantomData<T>,
}

impl<T: Form> Reader<T> {
    pub(super) fn new(key: Option<&'static str>) -> Self {
        Self { key, value: PhantomData }
    }

    fn make<E: de::Error>(&self, raw: Raw<T::Item>) -> Result<T, E> {
        T::make(raw).map_err(|error| self.error(error))
    }

    /// Reports a value of another type, without the value.
    fn wrong<E: de::Error>(&self, found: &str) -> E {
        self.error(expected::<T>(found))
    }

    /// Names the key where the error arises: the format then adds the line of the value.
    fn error<E: de::Error>(&self, error: ConfigError) -> E {
        E::custom(match self.key {
            Some(key) => error.in_call(key),
            None => error,
        })
    }
}

impl<'de, T: Form> DeserializeSeed<'de> for Reader<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Form> Visitor<'de> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        if text.trim_ascii().is_empty() {
            return self.visit_unit();
        }
        self.make(Raw::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        if !T::LIST {
            return Err(self.wrong("a list"));
        }
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Reader::<T::Item>::new(self.key))? {
            items.push(item);
        }
        self.make(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        if !T::TABLE {
            return Err(self.wrong("a table"));
        }
        let mut fields = Vec::new();
        while let Some(field) = map.next_key::<String>()? {
            fields.push((field, map.next_value_seed(FieldReader(&self))?));
        }
        self.make(Raw::Table(fields))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<T, E> {
        Err(self.wrong("true or false"))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<T, E> {
        Err(self.wrong("a number"))
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<T, E> {
        Err(self.wrong("a number"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<T, E> {
        Err(self.wrong("a number"))
    }

    /// A template without a value leaves a key without a value.
    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        Err(self.error(ConfigError::new(format_args!(
            "the value is empty; remove the key to keep the app's own setting, or write {}",
            T::EXPECTED
        ))))
    }

    fn visit_none<E: de::Error>(self) -> Result<T, E> {
        self.visit_unit()
    }
}

/// Reads a value of a table.
struct FieldReader<'a, T>(&'a Reader<T>);

impl<'de, T: Form> DeserializeSeed<'de> for FieldReader<'_, T> {
    type Value = Field;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Form> Visitor<'de> for FieldReader<'_, T> {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a number")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Field, E> {
        Ok(Field::Text(text.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Field, E> {
        Ok(Field::Number(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Field, E> {
        u64::try_from(number).map(Field::Number).map_err(|_| self.0.wrong("a negative number"))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Field, E> {
        Err(self.0.wrong("true or false"))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Field, E> {
        Err(self.0.wrong("a fraction"))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Field, E> {
        Err(self.0.wrong("nothing"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Field, A::Error> {
        Err(self.0.wrong("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Field, A::Error> {
        Err(self.0.wrong("a table"))
    }
}

macro_rules! deserialize {
    ($($type:ty: $format:literal),*) => {$(
        #[doc = concat!("Reads ", $format, ". Needs a format that describes its values, such as TOML.")]
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Reader::<Self>::new(None).deserialize(deserializer)
            }
        }
    )*};
}

deserialize! {
    Proxy: "a name",
    TrustedProxies: "a set as text, or a list of sets",
    AllowedHosts: "hosts as text, or a list of hosts",
    ClientSource: "a name, or a table with `list` and `nth_from_right`",
    SchemeSource: "a name, or a table with `always` or `on_off`",
    Writing: "a name"
}
