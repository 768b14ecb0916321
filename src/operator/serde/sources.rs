//! The sources: the name of a header, or a table for what a name cannot state.

use super::form::{Field, Form, Raw, expected};
use crate::config::{ClientSource, ConfigError, SchemeSource};

/// A part of a table that is text alone.
pub(super) struct NoItem;

impl Form for NoItem {
    const EXPECTED: &'static str = "text";
    type Item = Self;

    fn make(_: Raw<Self>) -> Result<Self, ConfigError> {
        Err(expected::<Self>("a list"))
    }
}

impl Form for ClientSource {
    const EXPECTED: &'static str = "the name of a header, \"forwarded\", \"none\", or a table such as \
         { list = \"x-our-for\", nth_from_right = 2 }";
    const TABLE: bool = true;
    type Item = NoItem;

    fn make(raw: Raw<NoItem>) -> Result<Self, ConfigError> {
        match raw {
            Raw::Text(text) => text.parse(),
            Raw::Table(fields) => client(fields),
            Raw::List(_) => Err(expected::<Self>("a list")),
        }
    }
}

impl Form for SchemeSource {
    const EXPECTED: &'static str = "the name of a header, \"forwarded\", \"none\", or one of the tables \
         { always = \"https\" } and { on_off = \"x-tls\" }";
    const TABLE: bool = true;
    type Item = NoItem;

    fn make(raw: Raw<NoItem>) -> Result<Self, ConfigError> {
        match raw {
            Raw::Text(text) => text.parse(),
            Raw::Table(fields) => scheme(fields),
            Raw::List(_) => Err(expected::<Self>("a list")),
        }
    }
}

fn client(fields: Vec<(String, Field)>) -> Result<ClientSource, ConfigError> {
    let (mut list, mut place) = (None, None);
    for (key, field) in fields {
        match (key.as_str(), field) {
            ("list", Field::Text(header)) if list.is_none() => list = Some(header),
            ("nth_from_right", Field::Number(number)) if place.is_none() => place = Some(number),
            (_, field) => return Err(wrong_field::<ClientSource>(&key, &field)),
        }
    }
    let list = list.ok_or_else(|| expected::<ClientSource>("a table without list"))?;
    let source = ClientSource::list(list);
    let source = match place.map(u8::try_from) {
        None => source,
        Some(Ok(place)) => source.nth_from_right(place),
        Some(Err(_)) => {
            return Err(ConfigError::new("nth_from_right: write a number from 1 to 255"));
        }
    };
    source.clone().checked().map(|_| source)
}

fn scheme(fields: Vec<(String, Field)>) -> Result<SchemeSource, ConfigError> {
    let mut fields = fields.into_iter();
    let (Some((key, field)), None) = (fields.next(), fields.next()) else {
        return Err(expected::<SchemeSource>("a table without one key"));
    };
    let source = match (key.as_str(), field) {
        ("always", Field::Text(scheme)) => SchemeSource::always(scheme),
        ("on_off", Field::Text(header)) => SchemeSource::on_off(header),
        (_, field) => return Err(wrong_field::<SchemeSource>(&key, &field)),
    };
    source.clone().checked().map(|_| source)
}

fn wrong_field<T: Form>(key: &str, field: &Field) -> ConfigError {
    let kind = match field {
        Field::Text(_) => "text",
        Field::Number(_) => "a number",
    };
    expected::<T>(&format!("a table with {kind} for {key:?}"))
}
