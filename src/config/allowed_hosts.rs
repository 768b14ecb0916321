//! The hosts that an app answers to.

use std::fmt;
use std::str::FromStr;

use http::uri;

use super::error::ConfigError;
use super::items;
use super::setting::{Setting, set_setting, setting};
use crate::syntax::authority::{Authority, host_port};
use crate::syntax::ip;
use crate::syntax::scheme::WebScheme;

const NO_ITEM: &str = "the list has no host; write the hosts that the app answers to";

/// The hosts that the app answers to.
///
/// A host that matches no pattern is removed from the request, whether it came from a forwarding
/// header, the URI or `Host`. An attacker who controls the host controls the links in your
/// password-reset mails (CVE-2025-64101).
///
/// ```
/// use forwarded_headers::AllowedHosts;
///
/// let hosts: AllowedHosts = "example.com, *.example.com, staging.example.net:8443".parse()?;
/// let allows = |host: &'static str| hosts.contains(&http::uri::Authority::from_static(host));
///
/// assert!(allows("example.com"));
/// assert!(allows("WWW.Example.com."));
/// assert!(!allows("example.com:8080")); // no pattern has this port
/// assert!(allows("staging.example.net:8443"));
/// assert!(!allows("evilexample.com"));
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
///
/// # Text form
///
/// Patterns are separated by commas, spaces, tabs and line ends. `#` starts a comment, which ends with
/// its line. One bad pattern refuses the whole text, and so does a text without patterns.
///
/// - `example.com`, `192.0.2.1`, `[2001:db8::1]`: this host;
/// - `*.example.com`: one or more labels before it, but not `example.com` itself;
/// - `example.com:8443`: this port only; `example.com:*`: every port.
///
/// A pattern without a port allows the host without a port, and with the default port of the request's
/// scheme. `localhost` alone is refused, because an app on port 3000 would lose its `Host`: write
/// `localhost:3000` or `localhost:*`. Case does not count, nor does one trailing dot. IP addresses are
/// compared as text.
#[derive(Clone, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    host: Hosts,
    port: Ports,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    Any,
    Exact(String),
    /// The name behind `*`, with its leading dot.
    Below(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ports {
    Default,
    Any,
    Only(u16),
}

impl AllowedHosts {
    /// Returns the list that allows every valid host, on every port.
    ///
    /// The client then chooses the host. The app must not put the host into a page that another user or
    /// a cache receives.
    ///
    /// ```
    /// use forwarded_headers::AllowedHosts;
    ///
    /// let host = http::uri::Authority::from_static("anything.example:8443");
    /// assert!(AllowedHosts::any().contains(&host));
    /// ```
    #[must_use]
    pub fn any() -> Self {
        Self(vec![Pattern { host: Hosts::Any, port: Ports::Any }])
    }

    /// Joins two lists.
    ///
    /// ```
    /// use forwarded_headers::AllowedHosts;
    ///
    /// let hosts = "example.com".parse::<AllowedHosts>()?.union("example.net".parse()?);
    /// assert_eq!(hosts, "example.com, example.net".parse()?);
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        [self, other].into_iter().collect()
    }

    /// Refuses an empty list, which an empty iterator makes.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.0.is_empty() { Err(invalid("", NO_ITEM)) } else { Ok(()) }
    }

    /// Returns whether the operator chose the hosts: no pattern is [`any`](Self::any).
    pub(crate) fn is_restricted(&self) -> bool {
        self.0.iter().all(|pattern| pattern.host != Hosts::Any)
    }

    /// Returns whether a pattern allows this authority. An authority with user information, or with an
    /// invalid host, is not allowed.
    ///
    /// The default port is known only with the scheme: here `example.com` does not allow
    /// `example.com:443`. In the layer it does, for https.
    #[must_use]
    pub fn contains(&self, authority: &uri::Authority) -> bool {
        let authority = Authority::parse(authority.as_str().as_bytes());
        authority.is_some_and(|authority| self.allows(&authority, None))
    }

    pub(crate) fn allows(&self, authority: &Authority, scheme: Option<WebScheme>) -> bool {
        let (host, port) = (authority.host(), authority.port());
        self.0
            .iter()
            .any(|pattern| pattern.host.matches(host) && pattern.port.matches(port, scheme))
    }
}

impl Hosts {
    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            // Nearly all clients write a host in lower case, which is cheaper to compare.
            Self::Exact(name) => host == name || host.eq_ignore_ascii_case(name),
            // A valid host has no empty label, so a label stands before the suffix's dot.
            Self::Below(suffix) => {
                let labels = host.len().checked_sub(suffix.len());
                let end = labels.and_then(|length| host.get(length..));
                end.is_some_and(|end| end.eq_ignore_ascii_case(suffix))
            }
        }
    }
}

impl Ports {
    fn matches(self, port: Option<u16>, scheme: Option<WebScheme>) -> bool {
        match (self, port) {
            (Self::Any, _) | (Self::Default, None) => true,
            (Self::Default, Some(port)) => scheme.is_some_and(|s| s.default_port() == port),
            (Self::Only(only), port) => port.or(scheme.map(WebScheme::default_port)) == Some(only),
        }
    }
}

impl FromStr for AllowedHosts {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let items = items::split(text).map_err(|_| invalid(text, items::EmptyItem::REASON))?;
        if items.is_empty() {
            return Err(invalid(text, NO_ITEM));
        }
        items.into_iter().map(Pattern::parse).collect::<Result<_, _>>().map(Self)
    }
}

fn joined<S: Setting<AllowedHosts>>(
    lists: impl IntoIterator<Item = S>,
) -> Result<AllowedHosts, ConfigError> {
    let joined: AllowedHosts = lists.into_iter().map(Setting::value).collect::<Result<_, _>>()?;
    joined.check().map(|()| joined)
}

set_setting!(AllowedHosts, |text: &str| text.parse(), joined);

/// Writes the text form, and `*` for [`any`](AllowedHosts::any), which has none.
impl fmt::Display for AllowedHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns: Vec<_> = self.0.iter().map(Pattern::to_string).collect();
        f.write_str(&patterns.join(", "))
    }
}

impl fmt::Debug for AllowedHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AllowedHosts({self})")
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Hosts::Any => f.write_str("*"),
            Hosts::Exact(name) => f.write_str(name),
            Hosts::Below(suffix) => write!(f, "*{suffix}"),
        }?;
        match (self.port, &self.host) {
            (Ports::Default, _) | (Ports::Any, Hosts::Any) => Ok(()),
            (Ports::Any, _) => f.write_str(":*"),
            (Ports::Only(port), _) => write!(f, ":{port}"),
        }
    }
}

/// Joins lists.
///
/// ```
/// use forwarded_headers::AllowedHosts;
///
/// let lines = ["example.com", "*.example.net"];
/// let hosts: AllowedHosts = lines.iter().map(|line| line.parse::<AllowedHosts>()).collect::<Result<_, _>>()?;
/// assert_eq!(hosts, "example.com, *.example.net".parse()?);
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
impl FromIterator<AllowedHosts> for AllowedHosts {
    fn from_iter<I: IntoIterator<Item = AllowedHosts>>(lists: I) -> Self {
        Self(lists.into_iter().flat_map(|list| list.0).collect())
    }
}

impl Extend<AllowedHosts> for AllowedHosts {
    fn extend<I: IntoIterator<Item = AllowedHosts>>(&mut self, lists: I) {
        self.0.extend(lists.into_iter().flat_map(|list| list.0));
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, ConfigError> {
        let (host, port) = split_port(text);
        let host = match host.strip_prefix("*.") {
            Some(name) => parse_below(name).map(Hosts::Below),
            None => parse_name(host).map(Hosts::Exact),
        };
        match (host, port) {
            (Some(Hosts::Exact(name)), Some(Ports::Default)) if name == "localhost" => {
                Err(invalid(
                    text,
                    "it allows ports 80 and 443 only; write localhost:* or localhost:3000",
                ))
            }
            (Some(host), Some(port)) => Ok(Self { host, port }),
            _ => Err(invalid(text, advice(text))),
        }
    }
}

/// Returns what to write instead of a pattern that is not valid.
fn advice(text: &str) -> String {
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or_default();
    if text == "*" {
        "it allows every host, so the client chooses; write the app's hosts, or AllowedHosts::any() in code"
            .into()
    } else if text.starts_with('.') && Pattern::parse(&format!("*{text}")).is_ok() {
        format!("write *{text} for the hosts below it")
    } else if bare != text && Pattern::parse(bare).is_ok() {
        format!("write {bare}, without scheme and path")
    } else {
        "expected a host (example.com) or every host below one (*.example.com), then a port (:8443), \
         :* for every port, or nothing; write a name beyond ASCII as xn--…"
            .into()
    }
}

fn invalid(text: &str, reason: impl fmt::Display) -> ConfigError {
    ConfigError::invalid("allowed host", text, reason)
}

fn split_port(text: &str) -> (&str, Option<Ports>) {
    match text.rsplit_once(':') {
        Some((host, "*")) => (host, Some(Ports::Any)),
        Some((host, digits)) if !digits.ends_with(']') => {
            (host, host_port(digits.as_bytes()).map(Ports::Only))
        }
        _ => (text, Some(Ports::Default)),
    }
}

/// Reads the name behind `*.`. An address has no labels.
fn parse_below(name: &str) -> Option<String> {
    let is_address = name.starts_with('[') || ip::ipv4(name.as_bytes()).is_some();
    let name = parse_name(name)?;
    (!is_address).then(|| format!(".{name}"))
}

/// Reads a valid host without its trailing dot.
fn parse_name(text: &str) -> Option<String> {
    let authority = Authority::parse(text.as_bytes())?;
    authority.port().is_none().then(|| authority.host().to_ascii_lowercase())
}
