//! What the operator configures: by variables of the environment, or in a file.

mod configure;
mod file;
mod header;
mod kubernetes;
mod secret;
#[cfg(feature = "serde")]
mod serde;
mod spelling;
mod variable;
mod variables;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use http::HeaderName;

use crate::config::origin::Origin;
use crate::config::{
    AllowedHosts, ClientSource, ConfigError, SchemeSource, Secrets, TrustedProxies, Writing,
};
use crate::proxy::Proxy;

/// The settings that an operator replaces, without a change of the app's code.
///
/// `None` keeps what the author of the app set.
/// [`Builder::configure`](crate::Builder::configure) replaces the other settings, one by one. The
/// following are the author's alone:
///
/// - [`peer_from`](crate::Builder::peer_from), [`direct_scheme`](crate::Builder::direct_scheme) and
///   [`trusted_peer_may_be_client`](crate::Builder::trusted_peer_may_be_client);
/// - [`rewrite_uri`](crate::Builder::rewrite_uri) and
///   [`rewrite_connect_info`](crate::Builder::rewrite_connect_info);
/// - [`only_from_proxy`](crate::Builder::only_from_proxy) and
///   [`only_from_outermost`](crate::Builder::only_from_outermost);
/// - [`insecure_keep_header`](crate::Builder::insecure_keep_header),
///   [`TrustedProxies::insecure_any`] and [`AllowedHosts::any`].
///
/// ```
/// use forwarded_headers::{Config, ForwardedHeaders, Proxy};
///
/// // An app has variables like these, and its code has no proxy in it.
/// let config = Config::from_vars([
///     ("FORWARDED_HEADERS_PROXY", "nginx"),
///     ("FORWARDED_HEADERS_TRUST", "172.28.0.2"),
/// ])?;
/// assert_eq!(config.proxy, Some(Proxy::Nginx));
///
/// let layer = ForwardedHeaders::builder().allowed_hosts("example.com").configure(config).build()?;
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
///
/// # Variables
///
/// [`from_env`](Self::from_env) reads these. Each replaces the setter of its field:
///
/// | `FORWARDED_HEADERS_…` | value |
/// |---|---|
/// | `PROXY` | the name of a [`Proxy`], in any case: `nginx` |
/// | `TRUST` | a [set](TrustedProxies#text-form): `172.28.0.2`, `10.0.1.0/24, 10.0.2.0/24`, `none` |
/// | `TRUST_CHAIN` | two sets or more with `\|` between them, outermost first; not beside `TRUST` |
/// | `ALLOWED_HOSTS` | a [list](AllowedHosts#text-form): `example.com, *.example.com` |
/// | `CLIENT_FROM` | a header, `forwarded` or `none` |
/// | `SCHEME_FROM` | a header, `forwarded` or `none` |
/// | `SCHEME` | `https` or `http`, for every request; not beside `SCHEME_FROM` |
/// | `HOST_FROM` | a header or `forwarded` |
/// | `PORT_FROM` | a header |
/// | `PREFIX_FROM` | a header |
/// | `PROXIES_WRITE` | `append`, `append-to-each`, `append-to-first-line` or `replace` |
/// | `SECRET_HEADER` | the header that holds the [secret](TrustedProxies::with_secret) of the outermost proxies |
/// | `SECRET` | 1 to 4 [`Secrets`]; better `SECRET_FILE` |
///
/// Each variable has a twin for a file that holds the value: `FORWARDED_HEADERS_TRUST_FILE`. The file
/// has 1 MiB at most. An error about it shows neither its path nor its content.
///
/// An empty value is refused: `${PROXIES:-}` in a compose file would otherwise undo a setting. Quotes
/// are refused, because Docker's `--env-file` keeps them. A misspelt name is refused. The variables of a
/// Kubernetes Service named `forwarded-headers` are ignored (`FORWARDED_HEADERS_SERVICE_HOST`).
///
/// Variables of other frameworks are not read. The [guide](crate::guide::operators) translates them.
///
/// # Files
///
/// With the feature `serde`, the same settings are read from TOML, YAML or JSON, and written to them. The
/// keys are the names of the fields. A key of another name is refused, and so is a key without a value:
///
/// ```toml
/// [forwarded_headers]
/// proxy = "nginx"
/// # trust = "172.28.0.2"          # or a list; not beside trust_chain
/// trust_chain = [                 # outermost first
///     ["173.245.48.0/20", "103.21.244.0/22", "2400:cb00::/32"],
///     "172.28.0.2",
/// ]
/// allowed_hosts = ["example.com", "*.example.com"]
/// # client_from = { list = "x-our-for", nth_from_right = 2 }    # or "x-real-ip", "forwarded", "none"
/// scheme_from = { always = "https" }    # or "x-forwarded-proto", "none", { on_off = "x-tls" }
/// # host_from, port_from, prefix_from = "…"
/// # proxies_write = "append"
/// # secret_header = "x-origin-verify"        # for the outermost set
/// # secret_file = "/run/secrets/origin"      # one a line; the file here holds no secret itself
/// ```
///
/// [`TrustedProxies::insecure_any`], [`AllowedHosts::any`] and secrets have no text, so writing them is an
/// error.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Config {
    /// The proxy that connects to the app. Replaces *everything* about proxies that the author set: the
    /// profile, the trust, the sources and [`proxies_write`](Self::proxies_write).
    pub proxy: Option<Proxy>,
    /// The proxies that may open the connection. Replaces the author's trust and chain.
    pub trust: Option<TrustedProxies>,
    /// Several proxies in a row, outermost first. Replaces the author's trust and chain.
    pub trust_chain: Option<Vec<TrustedProxies>>,
    /// The hosts that the app answers to.
    pub allowed_hosts: Option<AllowedHosts>,
    /// The header that reports the client.
    pub client_from: Option<ClientSource>,
    /// The header that reports the scheme. [`SchemeSource::always`] also removes the author's
    /// [`direct_scheme`](crate::Builder::direct_scheme).
    pub scheme_from: Option<SchemeSource>,
    /// The header that reports the host.
    pub host_from: Option<HeaderName>,
    /// The header that reports the port.
    pub port_from: Option<HeaderName>,
    /// The header that reports the path prefix.
    pub prefix_from: Option<HeaderName>,
    /// What the proxies do with a header that comes in to them.
    pub proxies_write: Option<Writing>,
    /// The header that holds a secret of the outermost proxies: see [`TrustedProxies::with_secret`].
    pub secret_header: Option<HeaderName>,
    /// The secrets that the header may hold. Needs `secret_header`; not beside `secret_file`.
    pub secret: Option<Secrets>,
    /// The file that holds the secrets, one a line. [`configure`](crate::Builder::configure) reads it.
    pub secret_file: Option<PathBuf>,
    /// Where the settings were written.
    origin: Origin,
    /// An error that the format of a file would print with the line of the file.
    refused: Option<ConfigError>,
}

impl Config {
    /// Reads the [variables](Self#variables) of this process.
    ///
    /// ```
    /// use forwarded_headers::Config;
    ///
    /// // No variable is set here, so each setting is the author's.
    /// assert_eq!(Config::from_env()?, Config::default());
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error for a value that is not valid, and for a name that looks like one of these
    /// variables. The error names the variable.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_vars(std::env::vars_os())
    }

    /// Reads the [variables](Self#variables) among these pairs of name and value, in place of the
    /// environment. Reads the files that `…_FILE` variables name.
    ///
    /// ```
    /// use forwarded_headers::Config;
    ///
    /// let error = Config::from_vars([("FORWARDED_HEADERS_TURST", "10.0.0.2")]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "FORWARDED_HEADERS_TURST: no variable has this name; write FORWARDED_HEADERS_TRUST",
    /// );
    /// let error = Config::from_vars([("FORWARDED_HEADERS_TRUST", "")]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "FORWARDED_HEADERS_TRUST: the value is empty; remove the variable to keep the app's own \
    ///      setting, or write a set such as 172.28.0.2, or none to trust no proxy",
    /// );
    /// ```
    ///
    /// # Errors
    ///
    /// The same as [`from_env`](Self::from_env).
    pub fn from_vars<K: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, ConfigError> {
        let pairs = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        variables::read(pairs)
    }
}

/// Shows no secret, and not the path of its file: the secret may stand in its place.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret_file = self.secret_file.as_ref().map(|_| "(hidden)");
        f.debug_struct("Config")
            .field("proxy", &self.proxy)
            .field("trust", &self.trust)
            .field("trust_chain", &self.trust_chain)
            .field("allowed_hosts", &self.allowed_hosts)
            .field("client_from", &self.client_from)
            .field("scheme_from", &self.scheme_from)
            .field("host_from", &self.host_from)
            .field("port_from", &self.port_from)
            .field("prefix_from", &self.prefix_from)
            .field("proxies_write", &self.proxies_write)
            .field("secret_header", &self.secret_header)
            .field("secret", &self.secret)
            .field("secret_file", &secret_file)
            .finish_non_exhaustive()
    }
}

/// Compares the settings, wherever they were written.
impl PartialEq for Config {
    fn eq(&self, other: &Self) -> bool {
        let Self { proxy, trust, trust_chain, allowed_hosts, client_from, .. } = self;
        let Self { scheme_from, host_from, port_from, prefix_from, proxies_write, .. } = self;
        let Self { secret_header, secret, secret_file, .. } = self;
        *proxy == other.proxy
            && *trust == other.trust
            && *trust_chain == other.trust_chain
            && *allowed_hosts == other.allowed_hosts
            && *client_from == other.client_from
            && *scheme_from == other.scheme_from
            && *host_from == other.host_from
            && *port_from == other.port_from
            && *prefix_from == other.prefix_from
            && *proxies_write == other.proxies_write
            && *secret_header == other.secret_header
            && *secret == other.secret
            && *secret_file == other.secret_file
    }
}

impl Eq for Config {}
