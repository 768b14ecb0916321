//! The environment as a configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use super::variable::{ONE_SETTING, VARIABLES, Variable};
use super::{Config, kubernetes, spelling};
use crate::config::ConfigError;
use crate::config::origin::Origin;

const PREFIX: &str = "FORWARDED_HEADERS_";

/// The values of our variables, by name. The values of other variables are never decoded.
struct Found {
    values: BTreeMap<&'static str, OsString>,
    /// The names that look like ours.
    wrong: BTreeSet<String>,
    /// A name that is there twice.
    twice: Option<&'static str>,
}

pub(super) fn read(
    pairs: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Config, ConfigError> {
    let found = Found::among(pairs);
    found.check()?;
    let mut config = Config { origin: Origin::Environment, ..Config::default() };
    for variable in &VARIABLES {
        found.set(variable, &mut config)?;
    }
    Ok(config)
}

impl Found {
    fn among(pairs: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let mut found = Self { values: BTreeMap::new(), wrong: BTreeSet::new(), twice: None };
        for (name, value) in pairs {
            let name = name.to_string_lossy();
            match names().find(|known| *known == name) {
                Some(known) if found.values.insert(known, value).is_some() => {
                    found.twice = Some(known);
                }
                None if is_wrong(&name) => {
                    found.wrong.insert(name.into_owned());
                }
                _ => {}
            }
        }
        found
    }

    /// Refuses names that look like ours, and two variables for one setting.
    fn check(&self) -> Result<(), ConfigError> {
        if let Some(name) = self.wrong.first() {
            return Err(wrong_name(name));
        }
        if let Some(name) = self.twice {
            return Err(ConfigError::new("the variable is set twice; write it once").in_call(name));
        }
        VARIABLES
            .iter()
            .try_for_each(|variable| self.check_pair([variable.name, variable.twin]))?;
        ONE_SETTING.into_iter().try_for_each(|pair| {
            let [one, other] = pair.map(|name| self.name_of_value(name));
            one.zip(other).map_or(Ok(()), |(one, other)| self.check_pair([one, other]))
        })
    }

    fn check_pair(&self, [one, other]: [&'static str; 2]) -> Result<(), ConfigError> {
        if !self.values.contains_key(one) || !self.values.contains_key(other) {
            return Ok(());
        }
        let sentence = format!("{other} sets the same; remove one of them");
        Err(ConfigError::new(sentence).in_call(one))
    }

    /// Returns the name under which a variable is set: its own, or that of its twin.
    fn name_of_value(&self, name: &str) -> Option<&'static str> {
        let variable = VARIABLES.iter().find(|variable| variable.name == name)?;
        let mut names = [variable.name, variable.twin].into_iter();
        names.find(|name| self.values.contains_key(name))
    }

    fn set(&self, variable: &Variable, config: &mut Config) -> Result<(), ConfigError> {
        match (self.values.get(variable.name), self.values.get(variable.twin)) {
            (Some(value), _) => variable.set(config, value),
            (None, Some(path)) => variable.set_from_file(config, path),
            (None, None) => Ok(()),
        }
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    VARIABLES.iter().flat_map(|variable| [variable.name, variable.twin])
}

/// Returns whether the name is none of ours, and looks like one. An app must start beside a Kubernetes
/// Service that has the prefix as its name.
fn is_wrong(name: &str) -> bool {
    let looks_like = name.starts_with(PREFIX) || spelling::meant(name, names()).is_some();
    looks_like && !kubernetes::is_of_a_service(name)
}

fn wrong_name(name: &str) -> ConfigError {
    let write = spelling::meant(name, names()).map_or_else(
        || {
            format!(
                "one of {}, or one of these and _FILE",
                VARIABLES.each_ref().map(|v| v.name).join(", ")
            )
        },
        str::to_owned,
    );
    ConfigError::new(format_args!(
        "{}: no variable has this name; write {write}",
        name.escape_debug()
    ))
}
