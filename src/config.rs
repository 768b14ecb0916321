//! What the operator has said, and whether it makes sense together.

use http::uri::Scheme;
use http::{Extensions, HeaderName, header};

use crate::allowed_hosts::AllowedHosts;
use crate::authority::WebScheme;
use crate::error::ConfigError;
use crate::family::{Family, OfFamily};
use crate::known::looks_like;
use crate::peer::{self, Peer};
use crate::trust::Trust;

/// See the methods of [`ForwardedHeaders`](crate::ForwardedHeaders), which have the same names.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) peer_from: fn(&Extensions) -> Option<Peer>,
    pub(crate) trust: Trust,
    pub(crate) family: Family,
    pub(crate) allow_direct: bool,
    pub(crate) aligned_lists: bool,
    pub(crate) exact: bool,
    pub(crate) single_line: bool,
    pub(crate) read: OfFamily<bool>,
    pub(crate) names: Names,
    pub(crate) client_ip_header: Option<HeaderName>,
    /// Whether a port stands behind the last colon in it.
    pub(crate) has_client_port: bool,
    /// Names that the operator made forwarding headers.
    pub(crate) renamed: Vec<HeaderName>,
    pub(crate) allowed_hosts: Option<AllowedHosts>,
    pub(crate) keep: Keep,
    pub(crate) rewrite_uri: bool,
    pub(crate) own_scheme: Option<Scheme>,
}

/// What the headers of the X- family are called.
pub(crate) type Names = OfFamily<HeaderName>;

/// The forwarding headers that are left as they came.
#[derive(Debug, Clone)]
pub(crate) enum Keep {
    All,
    These(Vec<HeaderName>),
}

/// Headers that a request needs for something else.
const NOT_FORWARDING: [HeaderName; 19] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::EXPECT,
    header::HOST,
    header::ORIGIN,
    header::PROXY_AUTHORIZATION,
    header::RANGE,
    header::REFERER,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::USER_AGENT,
];

impl Default for Config {
    fn default() -> Self {
        Self {
            peer_from: peer::find,
            trust: Trust::default(),
            family: Family::default(),
            allow_direct: false,
            aligned_lists: false,
            exact: false,
            single_line: false,
            read: OfFamily { reports: true, proto: true, ..OfFamily::default() },
            names: Names::x_forwarded(),
            client_ip_header: None,
            has_client_port: false,
            renamed: Vec::new(),
            allowed_hosts: None,
            keep: Keep::These(Vec::new()),
            rewrite_uri: true,
            own_scheme: None,
        }
    }
}

impl Names {
    fn x_forwarded() -> Self {
        OfFamily {
            reports: "x-forwarded-for",
            proto: "x-forwarded-proto",
            host: "x-forwarded-host",
            port: "x-forwarded-port",
            prefix: "x-forwarded-prefix",
        }
        .map(HeaderName::from_static)
    }
}

impl Config {
    pub(crate) fn own_web_scheme(&self) -> Option<WebScheme> {
        self.own_scheme.as_ref().and_then(WebScheme::from_scheme)
    }

    /// The header that holds client addresses in the X- family.
    pub(crate) fn client_header(&self) -> &HeaderName {
        self.client_ip_header.as_ref().unwrap_or(&self.names.reports)
    }

    fn client_header_setter(&self) -> &'static str {
        if self.has_client_port { "client_ip_port_header" } else { "client_ip_header" }
    }

    /// The header that holds the reports of the family that is read.
    pub(crate) fn reports_header(&self) -> &HeaderName {
        static FORWARDED: HeaderName = header::FORWARDED;
        match self.family {
            Family::Forwarded => &FORWARDED,
            Family::XForwarded => self.client_header(),
        }
    }

    /// The headers of the family that is read.
    pub(crate) fn names_read(&self) -> OfFamily<Option<&HeaderName>> {
        let names = match self.family {
            Family::XForwarded => self.names.as_ref().map(Some),
            Family::Forwarded => OfFamily::default(),
        };
        OfFamily { reports: Some(self.reports_header()), ..names }
    }

    pub(crate) fn is_kept(&self, name: &HeaderName) -> bool {
        match &self.keep {
            Keep::All => true,
            Keep::These(names) => names.contains(name),
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.trust.check()?;
        self.check_scheme_and_host()?;
        self.check_names()?;
        self.check_excess()?;
        match self.family {
            Family::Forwarded => self.check_forwarded(),
            Family::XForwarded => self.check_x_forwarded(),
        }
    }

    fn check_scheme_and_host(&self) -> Result<(), ConfigError> {
        if let Some(scheme) = self.own_scheme.as_ref().filter(|_| self.own_web_scheme().is_none()) {
            let reason = format!("own_scheme({:?}): expected http or https", scheme.as_str());
            return Err(ConfigError::combination(reason));
        }
        ConfigError::combination_if(
            self.allowed_hosts.as_ref().is_some_and(AllowedHosts::is_empty),
            "allowed_hosts without any: name the hosts that the app answers to",
        )?;
        ConfigError::combination_if(
            self.read.host && self.allowed_hosts.is_none(),
            "read_host(true) needs allowed_hosts(…): links and redirects are made from the host, \
             so name the ones that the app answers to, or say AllowedHosts::any()",
        )
    }

    fn check_names(&self) -> Result<(), ConfigError> {
        let names = OfFamily { reports: self.client_header(), ..self.names.as_ref() }.into_array();
        // What was replaced by a later call is removed all the same.
        self.renamed.iter().try_for_each(|name| {
            let text = name.as_str();
            ConfigError::combination_if(
                NOT_FORWARDING.iter().any(|other| looks_like(text, other.as_str())),
                format!("{text:?} is no forwarding header: it would be removed as one"),
            )
        })?;
        names.iter().try_for_each(|name| {
            let text = name.as_str();
            ConfigError::combination_if(
                names.iter().filter(|other| looks_like(text, other.as_str())).count() > 1,
                format!("two headers that are read have the name {text:?}: give each its own"),
            )?;
            ConfigError::combination_if(
                looks_like(text, header::FORWARDED.as_str()),
                format!("{text:?} is not of the X- family: read it with family(Family::Forwarded)"),
            )?;
            ConfigError::combination_if(
                looks_like(text, "cloudfront-viewer-address")
                    && !(self.has_client_port && *name == self.client_header()),
                format!(
                    "{text:?} has IPv6 and port without brackets, which cannot be told from a \
                     longer address: read it with client_ip_port_header(…)"
                ),
            )
        })
    }

    fn check_excess(&self) -> Result<(), ConfigError> {
        ConfigError::combination_if(
            self.exact && !self.read.reports,
            "exact(true) with read_for(false): entries are counted by the addresses that are read, so \
             say exact(false)",
        )?;
        ConfigError::combination_if(
            self.single_line && self.read == OfFamily::default(),
            "single_line(true) where nothing is read: say single_line(false)",
        )
    }

    fn check_forwarded(&self) -> Result<(), ConfigError> {
        let of_the_x_family = [
            (self.read.port, "read_port(true)"),
            (self.read.prefix, "read_prefix(true)"),
            (self.aligned_lists, "aligned_lists(true)"),
            (self.client_ip_header.is_some(), self.client_header_setter()),
            (self.names != Names::x_forwarded(), "a renamed X-Forwarded header"),
        ];
        of_the_x_family.into_iter().try_for_each(|(set, what)| {
            ConfigError::combination_if(
                set,
                format!("{what} has no meaning with Family::Forwarded: drop one of them"),
            )
        })?;
        self.check_without_for()
    }

    fn check_x_forwarded(&self) -> Result<(), ConfigError> {
        self.check_without_for()?;
        let Some(header) = &self.client_ip_header else { return Ok(()) };
        let header = format!("{}({:?})", self.client_header_setter(), header.as_str());
        let renamed = self.names.reports != Names::x_forwarded().reports;
        let conflicts = [
            (self.trust.max_hops() > 1, "is one hop: drop max_hops, proxy_chain or trusted_hops"),
            (!self.read.reports, "with read_for(false): drop one of them"),
            (self.aligned_lists, "with aligned_lists(true): drop one, since there is no list"),
            (renamed, "with for_header(…): drop one of them, since it is read instead"),
        ];
        conflicts.into_iter().try_for_each(|(set, what)| {
            ConfigError::combination_if(set, format!("{header} {what}"))
        })
    }

    fn check_without_for(&self) -> Result<(), ConfigError> {
        ConfigError::combination_if(
            !self.read.reports && self.allow_direct,
            "read_for(false) with allow_direct(true): whether an address is reported is not read, so \
             drop one of them",
        )?;
        ConfigError::combination_if(
            !self.read.reports && self.trust.max_hops() > 1,
            "read_for(false) is one hop, since nothing says who is behind the peer: drop \
             max_hops, proxy_chain or trusted_hops",
        )
    }
}
