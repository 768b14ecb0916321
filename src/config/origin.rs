//! Where the operator wrote the settings, and under which names.

use super::error::ConfigError;

/// Where a [`Config`](crate::Config) was written.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Origin {
    #[default]
    Code,
    Environment,
    #[cfg(feature = "serde")]
    File,
}

/// Each setter, and the variables that replace it.
const SETTERS: [(&str, &str); 11] = [
    ("behind", "FORWARDED_HEADERS_PROXY"),
    ("trust", "FORWARDED_HEADERS_TRUST"),
    ("trust_chain", "FORWARDED_HEADERS_TRUST_CHAIN"),
    ("allowed_hosts", "FORWARDED_HEADERS_ALLOWED_HOSTS"),
    ("client_from", "FORWARDED_HEADERS_CLIENT_FROM"),
    ("scheme_from", "FORWARDED_HEADERS_SCHEME_FROM"),
    ("host_from", "FORWARDED_HEADERS_HOST_FROM"),
    ("port_from", "FORWARDED_HEADERS_PORT_FROM"),
    ("prefix_from", "FORWARDED_HEADERS_PREFIX_FROM"),
    ("proxies_write", "FORWARDED_HEADERS_PROXIES_WRITE"),
    ("with_secret", "FORWARDED_HEADERS_SECRET"),
];

/// A setting that an advice names, and its text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Advised<'a> {
    /// One address, or `unix`.
    Trust(&'a str),
    /// Outermost first.
    Chain(&'a [String]),
    Append,
    AlwaysHttps,
    /// One more host.
    Host(&'a str),
}

impl Origin {
    /// Returns the line to write, where the settings were written.
    pub(crate) fn line(self, advised: Advised<'_>) -> String {
        match self {
            Self::Code => call(advised),
            Self::Environment => variable(advised),
            #[cfg(feature = "serde")]
            Self::File => key(advised),
        }
    }

    /// Returns the name under which the log shows where the settings were written.
    #[cfg(feature = "tracing")]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Environment => "environment",
            #[cfg(feature = "serde")]
            Self::File => "file",
        }
    }

    /// Adds the operator's name of each setter that the error names.
    pub(super) fn name_setters(self, error: ConfigError) -> ConfigError {
        let sentence = error.to_string();
        let named = SETTERS.iter().filter(|(setter, _)| names(&sentence, setter));
        let named: Vec<_> = named.filter_map(|row| self.name_of(row)).collect();
        if named.is_empty() { error } else { error.with(format_args!(" ({})", named.join(", "))) }
    }

    fn name_of(self, (setter, variable): &(&str, &str)) -> Option<String> {
        match self {
            Self::Code => None,
            Self::Environment => Some(format!("{setter} is {variable}")),
            #[cfg(feature = "serde")]
            Self::File if *setter == "behind" => Some("behind is the key proxy".into()),
            #[cfg(feature = "serde")]
            // The other keys are named like the setters.
            Self::File => None,
        }
    }
}

fn call(advised: Advised<'_>) -> String {
    match advised {
        Advised::Trust(item) => format!(".trust(\"{item}\")"),
        Advised::Chain([]) => ".trust_chain([…])".into(),
        Advised::Chain(sets) => format!(".trust_chain([\"{}\"])", sets.join("\", \"")),
        Advised::Append => ".proxies_write(Writing::Append)".into(),
        Advised::AlwaysHttps => ".scheme_from(SchemeSource::always(\"https\"))".into(),
        Advised::Host(host) => format!(".allowed_hosts(\"…, {host}\")"),
    }
}

fn variable(advised: Advised<'_>) -> String {
    let line = match advised {
        Advised::Trust(item) => format!("TRUST={item}"),
        Advised::Chain([]) => "TRUST_CHAIN='… | …'".into(),
        Advised::Chain(sets) => format!("TRUST_CHAIN='{}'", sets.join(" | ")),
        Advised::Append => "PROXIES_WRITE=append".into(),
        Advised::AlwaysHttps => "SCHEME=https".into(),
        Advised::Host(host) => format!("ALLOWED_HOSTS='…, {host}'"),
    };
    format!("FORWARDED_HEADERS_{line}")
}

#[cfg(feature = "serde")]
fn key(advised: Advised<'_>) -> String {
    match advised {
        Advised::Trust(item) => format!("trust = \"{item}\""),
        Advised::Chain([]) => "trust_chain = […]".into(),
        Advised::Chain(sets) => format!("trust_chain = [\"{}\"]", sets.join("\", \"")),
        Advised::Append => "proxies_write = \"append\"".into(),
        Advised::AlwaysHttps => "scheme_from = { always = \"https\" }".into(),
        Advised::Host(host) => format!("allowed_hosts = [\"…\", \"{host}\"]"),
    }
}

/// Returns whether the sentence names a setter. `behind` and `trust` are also English words.
fn names(sentence: &str, setter: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    sentence.match_indices(setter).any(|(start, _)| {
        let (before, rest) = sentence.split_at(start);
        let after = rest.strip_prefix(setter).unwrap_or_default();
        let is_call = after.starts_with('(') || !["behind", "trust"].contains(&setter);
        !before.ends_with(is_word) && !after.starts_with(is_word) && is_call
    })
}
