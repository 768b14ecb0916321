//! The forms that a file may write a setting in.

use crate::config::{AllowedHosts, ConfigError, Setting, TrustedProxies, Writing};
use crate::header::names::Holds;
use crate::operator::header;
use crate::proxy::Proxy;

/// A value of a file.
pub(super) enum Raw<I> {
    Text(String),
    List(Vec<I>),
    /// The keys of a table, and what they have.
    Table(Vec<(String, Field)>),
}

/// A value in a table.
pub(super) enum Field {
    Text(String),
    Number(u64),
}

/// A setting that a file can hold.
pub(super) trait Form: Sized {
    /// What to write.
    const EXPECTED: &'static str;
    /// Whether a list or a table is a form of it.
    const LIST: bool = false;
    const TABLE: bool = false;
    /// An item of a list.
    type Item: Form;

    fn make(raw: Raw<Self::Item>) -> Result<Self, ConfigError>;
}

/// Implements a form that is text alone.
macro_rules! text_form {
    ($type:ty, $expected:literal, $parse:expr) => {
        impl Form for $type {
            const EXPECTED: &'static str = $expected;
            type Item = Self;

            fn make(raw: Raw<Self>) -> Result<Self, ConfigError> {
                match raw {
                    Raw::Text(text) => ($parse)(&text),
                    Raw::List(_) | Raw::Table(_) => Err(expected::<Self>("a value")),
                }
            }
        }
    };
}

/// Reports a value of another form.
pub(super) fn expected<T: Form>(found: &str) -> ConfigError {
    ConfigError::new(format_args!("{found} in place of {}", T::EXPECTED))
}

fn parse<T: std::str::FromStr<Err = ConfigError>>(text: &str) -> Result<T, ConfigError> {
    text.parse()
}

/// The set of one item of a list. The item is no list itself.
pub(super) struct SetItem(TrustedProxies);
pub(super) struct HostItem(AllowedHosts);

text_form!(Proxy, "the name of a proxy, such as \"nginx\"", parse);
text_form!(
    Writing,
    "\"append\", \"append-to-each\", \"append-to-first-line\" or \"replace\"",
    parse
);
text_form!(SetItem, "a set as text, such as \"172.28.0.2\"", |text: &str| text
    .parse()
    .map(SetItem));
text_form!(HostItem, "a host as text, such as \"example.com\"", |text: &str| {
    text.parse().map(HostItem)
});

impl Form for TrustedProxies {
    const EXPECTED: &'static str = "a set such as \"172.28.0.2\", or a list of sets";
    const LIST: bool = true;
    type Item = SetItem;

    fn make(raw: Raw<SetItem>) -> Result<Self, ConfigError> {
        match raw {
            Raw::Text(text) => text.parse(),
            Raw::List(sets) => {
                let set = sets.into_iter().map(|set| set.0).collect::<Vec<_>>().value()?;
                set.check().map(|()| set)
            }
            Raw::Table(_) => Err(expected::<Self>("a table")),
        }
    }
}

impl Form for AllowedHosts {
    const EXPECTED: &'static str = "hosts such as \"example.com\", or a list of hosts";
    const LIST: bool = true;
    type Item = HostItem;

    fn make(raw: Raw<HostItem>) -> Result<Self, ConfigError> {
        match raw {
            Raw::Text(text) => text.parse(),
            Raw::List(hosts) => hosts.into_iter().map(|host| host.0).collect::<Vec<_>>().value(),
            Raw::Table(_) => Err(expected::<Self>("a table")),
        }
    }
}

/// A chain of proxies, outermost first.
pub(super) struct ChainForm(pub(super) Vec<TrustedProxies>);

impl Form for ChainForm {
    const EXPECTED: &'static str = "a list of sets, outermost first";
    const LIST: bool = true;
    type Item = TrustedProxies;

    fn make(raw: Raw<TrustedProxies>) -> Result<Self, ConfigError> {
        match raw {
            Raw::Text(text) => header::parse_chain(&text).map(Self),
            Raw::List(sets) => crate::config::checked_chain(sets).map(Self),
            Raw::Table(_) => Err(expected::<Self>("a table")),
        }
    }
}

/// The headers that are read for one value, and for no other.
pub(super) struct HostHeader(pub(super) http::HeaderName);
pub(super) struct PortHeader(pub(super) http::HeaderName);
pub(super) struct PrefixHeader(pub(super) http::HeaderName);

text_form!(HostHeader, "the name of a header, such as \"x-forwarded-host\"", |text: &str| {
    header::parse(text, Holds::Host).map(HostHeader)
});
text_form!(PortHeader, "the name of a header, such as \"x-forwarded-port\"", |text: &str| {
    header::parse(text, Holds::Port).map(PortHeader)
});
text_form!(PrefixHeader, "the name of a header, such as \"x-forwarded-prefix\"", |text: &str| {
    header::parse(text, Holds::Prefix).map(PrefixHeader)
});
