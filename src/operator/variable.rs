//! The variables: the name, the setting and the text of each.

use std::ffi::{OsStr, OsString};

use super::file::{not_utf8, trimmed};
use super::{Config, file, header, secret};
use crate::config::{ConfigError, SchemeSource};
use crate::header::names::Holds;

/// A variable, and its twin for a file that holds the value.
pub(super) struct Variable {
    pub(super) name: &'static str,
    pub(super) twin: &'static str,
    set: fn(&mut Config, &str) -> Result<(), ConfigError>,
    /// What to write in place of an empty value.
    example: &'static str,
    /// Whether the value may have several lines, each of which is valid by itself.
    has_lines: bool,
    /// Whether no error may show the value.
    is_secret: bool,
}

macro_rules! variable {
    ($name:literal, $example:literal, $set:expr) => {
        Variable {
            name: concat!("FORWARDED_HEADERS_", $name),
            twin: concat!("FORWARDED_HEADERS_", $name, "_FILE"),
            set: $set,
            example: $example,
            has_lines: false,
            is_secret: false,
        }
    };
}

const HEADER: &str = "the name of a header, or none to read none";

pub(super) static VARIABLES: [Variable; 13] = [
    variable!("PROXY", "the name of a proxy, such as nginx", |config, text| {
        text.parse().map(|proxy| config.proxy = Some(proxy))
    }),
    Variable {
        has_lines: true,
        ..variable!(
            "TRUST",
            "a set such as 172.28.0.2, or none to trust no proxy",
            |config, text| header::parse_set(text).map(|set| config.trust = Some(set))
        )
    },
    variable!("TRUST_CHAIN", "two sets or more with | between them", |config, text| {
        header::parse_chain(text).map(|chain| config.trust_chain = Some(chain))
    }),
    Variable {
        has_lines: true,
        ..variable!("ALLOWED_HOSTS", "the hosts that the app answers to", |config, text| {
            text.parse().map(|hosts| config.allowed_hosts = Some(hosts))
        })
    },
    Variable {
        example: HEADER,
        ..variable!("CLIENT_FROM", "", |config, text| {
            text.parse().map(|source| config.client_from = Some(source))
        })
    },
    Variable {
        example: HEADER,
        ..variable!("SCHEME_FROM", "", |config, text| {
            text.parse().map(|source| config.scheme_from = Some(source))
        })
    },
    variable!("SCHEME", "https", |config, text| {
        let scheme = SchemeSource::always(text);
        config.scheme_from = Some(scheme.clone());
        scheme.checked().map(|_| ())
    }),
    variable!("HOST_FROM", "the name of a header", |config, text| {
        header::parse(text, Holds::Host).map(|header| config.host_from = Some(header))
    }),
    variable!("PORT_FROM", "the name of a header", |config, text| {
        header::parse(text, Holds::Port).map(|header| config.port_from = Some(header))
    }),
    variable!("PREFIX_FROM", "the name of a header", |config, text| {
        header::parse(text, Holds::Prefix).map(|header| config.prefix_from = Some(header))
    }),
    variable!("PROXIES_WRITE", "append or replace", |config, text| {
        text.parse().map(|writing| config.proxies_write = Some(writing))
    }),
    Variable {
        is_secret: true,
        ..variable!("SECRET_HEADER", "a name such as x-origin-verify", |config, text| {
            secret::header(text).map(|header| config.secret_header = Some(header))
        })
    },
    Variable {
        is_secret: true,
        ..variable!("SECRET", "1 to 4 secrets", |config, text| {
            text.parse().map(|secrets| config.secret = Some(secrets))
        })
    },
];

/// Pairs of variables for one setting.
pub(super) const ONE_SETTING: [[&str; 2]; 2] = [
    ["FORWARDED_HEADERS_TRUST", "FORWARDED_HEADERS_TRUST_CHAIN"],
    ["FORWARDED_HEADERS_SCHEME", "FORWARDED_HEADERS_SCHEME_FROM"],
];

impl Variable {
    /// Sets the value of the variable.
    pub(super) fn set(&self, config: &mut Config, value: &OsStr) -> Result<(), ConfigError> {
        let result = value.to_str().ok_or_else(not_utf8).and_then(|value| {
            let text = self.text(value)?;
            refuse_quotes(text, Some(text).filter(|_| !self.is_secret))?;
            (self.set)(config, text)
        });
        result.map_err(|error| error.in_call(self.name))
    }

    /// Sets the content of the file that the twin names. No error shows the path or the content.
    pub(super) fn set_from_file(
        &self,
        config: &mut Config,
        path: &OsStr,
    ) -> Result<(), ConfigError> {
        file_path(path)
            .and_then(|path| file::read_text(&path))
            .and_then(|content| {
                let text = self.text(&content)?;
                refuse_quotes(text, None)?;
                let result = (self.set)(config, text);
                // The error about a secret shows none of it.
                result.map_err(|error| if self.is_secret { error } else { self.hidden(&content) })
            })
            .map_err(|error| error.in_call(self.twin))
    }

    /// Returns the text without its edges. Refuses an empty text, which may be a variable of a template
    /// that has no value.
    fn text<'a>(&self, value: &'a str) -> Result<&'a str, ConfigError> {
        let text = trimmed(value);
        if text.is_empty() { Err(empty(self.example)) } else { Ok(text) }
    }

    /// Reports a content that is not valid, by the number of its line.
    fn hidden(&self, content: &str) -> ConfigError {
        let is_wrong = |line: &&str| {
            let items = line.split('#').next().unwrap_or_default();
            let items = trimmed(items).trim_matches([' ', '\t', '\r', ',']);
            !items.is_empty() && (self.set)(&mut Config::default(), items).is_err()
        };
        let line = content.split('\n').position(|line| is_wrong(&line));
        let line = line.filter(|_| self.has_lines);
        let place = line.map(|line| format!("line {} of ", line + 1)).unwrap_or_default();
        ConfigError::new(format_args!(
            "{place}the file is not valid, and is not shown; write {}; {} with the same text shows the reason",
            self.example, self.name
        ))
    }
}

fn file_path(path: &OsStr) -> Result<OsString, ConfigError> {
    let Some(path) = path.to_str() else { return Ok(path.to_owned()) };
    let path = trimmed(path);
    if path.is_empty() {
        return Err(empty("the path of a file"));
    }
    refuse_quotes(path, None).map(|()| path.into())
}

fn empty(example: &str) -> ConfigError {
    ConfigError::new(format_args!(
        "the value is empty; remove the variable to keep the app's own setting, or write {example}"
    ))
}

/// Refuses the quotes that Docker's `--env-file` keeps. Shows the text if it is given.
fn refuse_quotes(text: &str, shown: Option<&str>) -> Result<(), ConfigError> {
    let is_quote = ['"', '\''];
    if !text.starts_with(is_quote) && !text.ends_with(is_quote) {
        return Ok(());
    }
    let shown = shown.map(|text| format!(" {text:?}")).unwrap_or_default();
    Err(ConfigError::new(format_args!(
        "the value{shown} has quotes, which Docker's --env-file keeps; write it without them"
    )))
}
