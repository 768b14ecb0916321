//! The text form of `Writing`.

use std::fmt;
use std::str::FromStr;

use super::Writing;
use super::error::ConfigError;
use super::setting::text_setting;

const NAMES: [(&str, Writing); 4] = [
    ("append", Writing::Append),
    ("append-to-each", Writing::AppendToEach),
    ("append-to-first-line", Writing::AppendToFirstLine),
    ("replace", Writing::Replace),
];

/// Reads `append`, `append-to-each`, `append-to-first-line` or `replace`, in any case.
///
/// ```
/// use forwarded_headers::Writing;
///
/// assert_eq!("append-to-each".parse::<Writing>()?, Writing::AppendToEach);
/// assert_eq!(Writing::Replace.to_string(), "replace");
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
impl FromStr for Writing {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let mut names = NAMES.iter();
        let found = names.find(|(name, _)| name.eq_ignore_ascii_case(text));
        found.map(|(_, writing)| *writing).ok_or_else(|| {
            let expected = NAMES.map(|(name, _)| name).join(", ");
            ConfigError::invalid("way of writing", text, format_args!("expected one of {expected}"))
        })
    }
}

impl fmt::Display for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = NAMES.iter().find(|(_, writing)| writing == self);
        f.pad(found.map_or("", |(name, _)| name))
    }
}

text_setting!(Writing, |text: &str| text.parse());
