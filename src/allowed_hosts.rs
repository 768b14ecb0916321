//! The hosts that an app answers to.

use std::fmt;
use std::str::FromStr;

use http::uri;

use crate::authority::{Authority, WebScheme, host_port};
use crate::error::ConfigError;

/// The hosts that the app answers to, by name.
///
/// A host that is not among them does not become the request's authority, whoever said it: a forwarded
/// host, the URI's and `Host` alike, which are removed. Links, redirects and cookies are made from it,
/// so one that a client can choose is somebody's password reset (CVE-2025-64101).
///
/// ```
/// use forwarded_headers::AllowedHosts;
///
/// let hosts: AllowedHosts = "example.com, *.example.com, staging.example.net:8443".parse()?;
/// let allows = |host: &'static str| hosts.contains(&http::uri::Authority::from_static(host));
///
/// assert!(allows("example.com"));
/// assert!(allows("WWW.Example.com."));
/// assert!(!allows("example.com:8080")); // no pattern names this port
/// assert!(allows("staging.example.net:8443"));
/// assert!(!allows("evilexample.com"));
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
///
/// # Patterns
///
/// - `example.com`, `192.0.2.1`, `[2001:db8::1]`: this host;
/// - `*.example.com`: one or more labels before it; `example.com` itself is not among them;
/// - `example.com:8443`: on this port alone; `example.com:*`: on any.
///
/// A pattern without a port allows none and the default port of the request's scheme: for an app on
/// `localhost:3000` that is `localhost:*`, or `localhost:3000`, not `localhost`. Case does not
/// count, nor does one trailing dot. IP addresses are compared as text.
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
    /// Every valid host on every port.
    ///
    /// Then the app must not make anything of the host that another user or a cache may see.
    pub fn any() -> Self {
        Self(vec![Pattern { host: Hosts::Any, port: Ports::Any }])
    }

    /// The hosts of either list.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        [self, other].into_iter().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a pattern allows this authority. One with user information, or with a host that is
    /// none, is not allowed.
    ///
    /// The default port of a scheme is only known with the scheme: here `example.com` does not
    /// allow `example.com:443`, in the layer it does for https.
    pub fn contains(&self, authority: &uri::Authority) -> bool {
        let authority = Authority::parse(authority.as_str().as_bytes());
        authority.is_some_and(|authority| self.allows(&authority, None))
    }

    pub(crate) fn allows(&self, authority: &Authority, scheme: Option<WebScheme>) -> bool {
        self.0.iter().any(|pattern| {
            pattern.host.matches(authority.host()) && pattern.port.matches(authority.port(), scheme)
        })
    }
}

impl Hosts {
    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(name) => host.eq_ignore_ascii_case(name),
            // A valid host has no empty label, so something stands before the suffix's dot.
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

    /// Patterns separated by commas; spaces and tabs around them do not count. One bad pattern
    /// refuses the whole text, and so does an empty one.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let patterns = text.split(',').map(|item| Pattern::parse(item.trim_matches([' ', '\t'])));
        patterns.collect::<Result<_, _>>().map(Self)
    }
}

/// The patterns, as they are parsed; `*` for [`any`](AllowedHosts::any), which is not.
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

/// The union, as of lists that were parsed one by one.
///
/// ```
/// use forwarded_headers::AllowedHosts;
///
/// let lines = ["example.com", "*.example.net"];
/// let hosts: AllowedHosts = lines.iter().map(|line| line.parse()).collect::<Result<_, _>>()?;
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
impl FromIterator<AllowedHosts> for AllowedHosts {
    fn from_iter<I: IntoIterator<Item = AllowedHosts>>(lists: I) -> Self {
        Self(lists.into_iter().flat_map(|list| list.0).collect())
    }
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, ConfigError> {
        let (host, port) = split_port(text);
        let host = match host.strip_prefix("*.") {
            Some(name) => parse_name(name).map(|name| Hosts::Below(format!(".{name}"))),
            None => parse_name(host).map(Hosts::Exact),
        };
        match (host, port) {
            (Some(host), Some(port)) => Ok(Self { host, port }),
            _ => Err(ConfigError::allowed_host(
                text,
                "expected a host (example.com), or every host below one (*.example.com), then \
                 nothing, a port (:8443) or :* for every port; no scheme in front, names beyond ASCII \
                 as xn--…; AllowedHosts::any() allows all",
            )),
        }
    }
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

/// A valid host without its trailing dot.
fn parse_name(text: &str) -> Option<String> {
    let authority = Authority::parse(text.as_bytes())?;
    authority.port().is_none().then(|| authority.host().to_ascii_lowercase())
}
