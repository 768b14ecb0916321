//! Why a request was decided as it was, for the operator.

#[cfg(feature = "tracing")]
mod advice;
mod client;
mod entry;
mod escape;
mod guarded;
mod help;
#[cfg(feature = "serde")]
mod json;
mod reading;
mod show;
mod steps;
mod values;

use http::request::Parts;

use crate::config::Config;
use crate::info::ConnectionInfo;
use reading::Reading;

#[cfg(feature = "tracing")]
pub(crate) use advice::Advice;
#[cfg(feature = "tracing")]
pub(crate) use help::is_inner;

pub use crate::config::Proof;
pub use entry::{Entry, Value, Verdict};

/// The explanation of one request: what was read, what was not, what was changed, and why.
///
/// [`Display`](std::fmt::Display) is a table for the operator. Every text of the request in it is
/// escaped, and bounded. It shows no header but the forwarding headers and `Host`, no query of a URI, and no
/// text of a secret or an identity.
///
/// ```
/// use forwarded_headers::{ForwardedHeaders, Peer};
/// use http::Request;
///
/// let request = Request::builder()
///     .extension(Peer::Inet(([172, 18, 0, 3], 41234).into()))
///     .header("x-forwarded-for", "203.0.113.7")
///     .header("host", "example.com");
/// let (parts, ()) = request.body(()).unwrap().into_parts();
/// let explanation = ForwardedHeaders::new().explain(&parts);
/// assert_eq!(
///     explanation.help(),
///     Some("if 172.18.0.3 is your proxy, trust it: .trust(\"172.18.0.3\")"),
/// );
/// assert_eq!(
///     explanation.to_string(),
///     "client 172.18.0.3, http, example.com\n  \
///        peer             172.18.0.3:41234  not trusted, so it is the client\n  \
///        x-forwarded-for  203.0.113.7       not read, removed\n  \
///        host             example.com       the host\n\
///      help: if 172.18.0.3 is your proxy, trust it: .trust(\"172.18.0.3\")\n",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    info: ConnectionInfo,
    summary: String,
    entries: Vec<Entry>,
    omitted: usize,
    help: Option<String>,
}

impl Explanation {
    /// Explains a request that the layer turned from `before` into `after`.
    pub(crate) fn new(config: &Config, before: &Parts, after: &Parts) -> Self {
        let reading = Reading::new(config, before, after);
        let mut entries = vec![client::peer(&reading)];
        entries.extend(client::client(&reading));
        entries.extend(values::values(&reading));
        entries.extend(guarded::guarded(&reading));
        let (others, omitted) = values::others(&reading);
        entries.extend(others);
        entries.extend(values::rewritten(&reading));
        let help = help::help(&reading, &entries);
        let summary = show::summary(&reading);
        let info = ConnectionInfo::new(reading.resolved);
        Self { info, summary, entries, omitted, help }
    }

    /// Explains a request that an outer layer has decided.
    pub(crate) fn of_decided(info: &ConnectionInfo) -> Self {
        Self {
            info: info.clone(),
            summary: "an outer layer has decided the request".into(),
            entries: vec![],
            omitted: 0,
            help: Some(
                "explain the request as it came: call explain outside of the layer, or add explaining()"
                    .into(),
            ),
        }
    }

    /// Returns the decision, the same as [`resolve`](crate::ForwardedHeaders::resolve).
    #[must_use]
    pub fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// Returns the decision in one line: the client, the scheme, the host and the prefix.
    #[must_use]
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// Returns what was read, was not read and was changed.
    ///
    /// The order is the one in which the layer reads: the peer, the reports from the nearest proxy
    /// outwards, the other values. The headers that are not read follow, then what was rewritten.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the number of headers that are not shown, because a request carries too many.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Returns what to change, if something looks wrong: one setting here, or one line at the proxy.
    /// The text holds its own condition (`if 172.18.0.3 is your proxy`): anyone can send a request that
    /// looks wrong.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}
