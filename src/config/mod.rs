//! The settings, and the configuration that `build` makes of them.

mod allowed_hosts;
mod builder;
mod chain;
mod check;
mod check_profile;
mod error;
pub(crate) mod identity;
mod items;
pub(crate) mod origin;
mod per_value;
pub(crate) mod profile;
pub(crate) mod proof;
mod published;
mod secrets;
pub(crate) mod setting;
mod source;
mod trusted_proxies;
mod writing;

use std::fmt;
use std::sync::Arc;

use http::{Extensions, HeaderName};

use crate::header::names::looks_like;
use crate::peer::{FoundIn, Peer};
use crate::syntax::scheme::WebScheme;

pub use allowed_hosts::AllowedHosts;
pub use builder::Builder;
pub(crate) use builder::{Settings, checked_chain};
pub(crate) use chain::Chain;
pub use error::ConfigError;
pub(crate) use identity::{IdentityHeader, Writer};
use origin::Origin;
pub(crate) use per_value::PerValue;
pub(crate) use profile::Profile;
pub use proof::Proof;
pub(crate) use proof::Standing;
pub use secrets::Secrets;
pub use setting::Setting;
pub(crate) use source::{ClientFrom, SchemeFrom, holding};
pub use source::{ClientSource, SchemeSource};
pub use trusted_proxies::TrustedProxies;

/// The way in which trusted proxies write: they append to the header that arrives, or replace it.
///
/// As text: `append`, `append-to-each`, `append-to-first-line`, `replace`.
///
/// ```
/// use forwarded_headers::{ForwardedHeaders, Outcome, Peer, Unresolved, Writing};
/// use http::Request;
///
/// let request = Request::builder()
///     .extension(Peer::Inet(([127, 0, 0, 1], 50000).into()))
///     .header("x-forwarded-for", "6.6.6.6, 203.0.113.7");
/// let (parts, ()) = request.body(()).unwrap().into_parts();
/// let outcome = |writing| {
///     let layer = ForwardedHeaders::builder().proxies_write(writing).build();
///     layer.map(|layer| layer.resolve(&parts).outcome())
/// };
/// assert_eq!(outcome(Writing::Append)?, Outcome::Forwarded);
/// assert_eq!(outcome(Writing::Replace)?, Outcome::Unresolved(Unresolved::ExtraEntries));
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Writing {
    /// Each proxy appends to the end of the list of addresses. The layer does not read entries to the
    /// left of the client's address: the client may have written them.
    #[default]
    Append,
    /// Each proxy appends to every list that is read. Scheme, host, port and prefix are then read at
    /// the client's place in their own lists. A list that is too short for that place counts as
    /// missing.
    ///
    /// Most proxies replace these headers, or pass them on. With one such proxy, the client can choose
    /// these values.
    AppendToEach,
    /// The proxy appends to the first of several lines of a name, as pound and the legacy Heroku router
    /// do. The last line is then the client's. If the header of the address has a second line, the
    /// client is [unresolved](crate::Unresolved::ExtraEntries). If the header of the scheme has one, the
    /// scheme is absent, unless all entries of all lines are the same scheme.
    ///
    /// HAProxy writes a line of its own behind the client's: do not use this setting with HAProxy.
    AppendToFirstLine,
    /// The outermost proxy replaces the headers that come in, as Caddy, Traefik and ingress-nginx do by
    /// default. The proxies behind it append. If the list of addresses has more entries than trusted
    /// proxies write, the client is [unresolved](crate::Unresolved::ExtraEntries).
    Replace,
}

/// How the layer rewrites the request's URI.
///
/// The client writes the authority of a URI, in absolute form and in HTTP/2.
///
/// ```
/// use forwarded_headers::{ForwardedHeaders, Peer, UriRewrite};
/// use http::Request;
///
/// let rewritten = |rewrite, uri: &str| {
///     let layer = ForwardedHeaders::builder().allowed_hosts("example.com").rewrite_uri(rewrite);
///     let layer = layer.build().unwrap();
///     let proxy = Peer::Inet(([127, 0, 0, 1], 50000).into());
///     let request = Request::builder().uri(uri).extension(proxy);
///     let mut request = request
///         .header("host", "example.com")
///         .header("x-forwarded-for", "203.0.113.7")
///         .header("x-forwarded-proto", "https")
///         .body(())
///         .unwrap();
///     layer.apply(&mut request);
///     request.uri().to_string()
/// };
/// assert_eq!(rewritten(UriRewrite::Complete, "/a"), "https://example.com/a");
/// assert_eq!(rewritten(UriRewrite::Correct, "/a"), "/a");
/// assert_eq!(rewritten(UriRewrite::Correct, "http://example.com/a"), "https://example.com/a");
/// assert_eq!(rewritten(UriRewrite::Leave, "http://example.com/a"), "http://example.com/a");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum UriRewrite {
    /// Rewrites a URI that has an authority with the decided scheme and authority. Adds both to a URI
    /// without one (`/path`), so that it reads like the same request over HTTP/2.
    ///
    /// Adds them only if a trusted proxy reported the scheme, or
    /// [`SchemeSource::always`] states it, and if [`allowed_hosts`](Builder::allowed_hosts) restricts
    /// the hosts. [`AllowedHosts::any`] restricts none.
    #[default]
    Complete,
    /// Rewrites a URI that has an authority, and keeps `/path` unchanged.
    ///
    /// For apps whose relative redirects must stay relative, and for apps that pass requests on by
    /// writing an authority in front of `request.uri()`.
    Correct,
    /// Keeps every URI unchanged, even with an authority that `allowed_hosts` refuses. For forward
    /// proxies.
    Leave,
}

/// A configuration that has been checked. See the setters of [`Builder`].
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting")]
pub(crate) struct Config {
    /// Where the operator wrote settings, or else the code.
    pub(crate) origin: Origin,
    /// The profile that the settings started from.
    pub(crate) profile: Option<&'static Profile>,
    pub(crate) peer_from: PeerFrom,
    pub(crate) chain: Chain,
    pub(crate) client: ClientFrom,
    pub(crate) scheme: SchemeFrom,
    /// Whether the host is read beside the client, from `Forwarded`.
    pub(crate) host_beside_client: bool,
    /// The header of each value that has a header of its own.
    pub(crate) names: PerValue<Option<HeaderName>>,
    /// The headers that are read or guarded, and are not in the table of known names.
    pub(crate) own_names: Vec<HeaderName>,
    /// The headers of secrets and identities.
    pub(crate) guarded: Vec<HeaderName>,
    pub(crate) identity: Vec<IdentityHeader>,
    pub(crate) writing: Writing,
    pub(crate) allowed_hosts: Option<AllowedHosts>,
    pub(crate) direct_scheme: Option<WebScheme>,
    pub(crate) trusted_peer_may_be_client: bool,
    /// Whether the entries of the prefix are joined. Otherwise they must be equal copies.
    pub(crate) joins_prefixes: bool,
    pub(crate) rewrite_uri: UriRewrite,
    /// Whether a URI without an authority may get one. Needs hosts that the operator chose: otherwise the
    /// client chooses the host, and an app that passes requests on would connect to it.
    pub(crate) may_complete_uri: bool,
    pub(crate) rewrite_connect_info: bool,
    pub(crate) kept: Vec<HeaderName>,
}

impl Config {
    /// Returns the scheme that the configuration states for every request.
    pub(crate) fn stated_scheme(&self) -> Option<WebScheme> {
        match self.scheme {
            SchemeFrom::Always(scheme) => Some(scheme),
            _ => None,
        }
    }

    /// Returns the place of the nearest proxy's report in its list: 1 is the rightmost entry.
    pub(crate) fn nearest_place(&self) -> u8 {
        match self.client {
            ClientFrom::List(_, place) => place,
            _ => 1,
        }
    }

    /// Returns whether this is the header of a secret.
    pub(crate) fn is_secret(&self, name: &HeaderName) -> bool {
        self.chain.proven().any(|proven| proven.header == *name)
    }

    /// Returns whether this is the header of a secret or an identity, or looks like one.
    pub(crate) fn is_guarded(&self, name: &HeaderName) -> bool {
        self.guarded.iter().any(|guarded| looks_like(name.as_str(), guarded.as_str()))
    }

    pub(crate) fn is_kept(&self, name: &HeaderName) -> bool {
        self.kept.contains(name)
    }
}

/// How the peer is found.
#[derive(Clone, Default)]
pub(crate) enum PeerFrom {
    #[default]
    Extensions,
    Function(Arc<FindPeer>),
}

type FindPeer = dyn Fn(&Extensions) -> Option<Peer> + Send + Sync;

impl PeerFrom {
    #[inline(always)]
    pub(crate) fn find(&self, extensions: &Extensions) -> (Option<Peer>, FoundIn) {
        match self {
            Self::Extensions => Peer::find(extensions),
            Self::Function(find) => (find(extensions).filter(Peer::is_real), FoundIn::Function),
        }
    }
}

impl fmt::Debug for PeerFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Extensions => "Extensions",
            Self::Function(_) => "Function",
        })
    }
}
