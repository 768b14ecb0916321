//! The client's address, scheme and host for web apps behind a proxy: a tower layer.
//!
//! The layer decides them once per request. It rewrites the forwarding headers that it reads, and
//! removes all others.
//!
//! An app behind nginx, a load balancer or a CDN sees the proxy's address and plain http. The proxy
//! reports the client in `X-Forwarded-For` and similar headers, or in `Forwarded` (RFC 7239). A client
//! can send the same headers. The layer reads the part that trusted proxies wrote.
//!
//! ```
//! use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer};
//! use http::Request;
//!
//! // The client 203.0.113.7 sends `X-Forwarded-For: 6.6.6.6`. nginx on this machine appends its report.
//! let mut request = Request::builder()
//!     .extension(Peer::Inet("127.0.0.1:50000".parse()?))
//!     .header("host", "example.com")
//!     .header("x-forwarded-for", "6.6.6.6, 203.0.113.7")
//!     .header("x-forwarded-proto", "https")
//!     .header("x-real-ip", "6.6.6.6")
//!     .body(())?;
//! ForwardedHeaders::new().apply(&mut request);
//!
//! let info: &ConnectionInfo = request.extensions().get().unwrap();
//! assert_eq!(info.client_ip(), Some("203.0.113.7".parse()?));
//! assert_eq!(info.origin().as_deref(), Some("https://example.com"));
//! // Other code in the app reads the same address.
//! assert_eq!(request.headers()["x-forwarded-for"], "203.0.113.7");
//! assert!(!request.headers().contains_key("x-real-ip"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In an axum app the same layer is one line:
//!
//! ```no_run
//! # #[cfg(feature = "axum")] {
//! use axum::{Router, routing::get};
//! use forwarded_headers::{Config, ConnectionInfo, ForwardedHeaders, extract::ClientIp};
//!
//! async fn hello(ClientIp(ip): ClientIp, info: ConnectionInfo) -> String {
//!     format!("{ip} asked for {:?}", info.origin())
//! }
//!
//! async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//!     let layer = ForwardedHeaders::behind("nginx")
//!         .allowed_hosts("example.com, *.example.com")
//!         .configure(Config::from_env()?) // FORWARDED_HEADERS_TRUST=172.28.0.2
//!         .build()?;
//!     let app = Router::new().route("/", get(hello)).layer(layer);
//!     let service = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
//!     let listener = tokio::net::TcpListener::bind("0.0.0.0:3000").await?;
//!     Ok(axum::serve(listener, service).await?)
//! }
//! # }
//! ```
//!
//! Which headers a proxy writes, and which it passes on, differs between proxies. [`Proxy`] has a page for
//! each of 26.
//!
//! # The promise
//!
//! - **A client's forwarding headers change nothing.** Whatever forwarding headers a client sends,
//!   the result is the one for a client that sent none. With [`Writing::Replace`] and
//!   [`Writing::AppendToFirstLine`] the client may be unresolved instead. `Host` and the URI are not
//!   forwarding headers: with these the client chooses the host, within
//!   [`allowed_hosts`](Builder::allowed_hosts).
//! - **An untrusted peer is the client.** The layer ignores and removes the peer's forwarding
//!   headers. The same holds for headers that name the user, if
//!   [`only_from_proxy`](Builder::only_from_proxy) or
//!   [`only_from_outermost`](Builder::only_from_outermost) lists them.
//! - **What is left is true.** Behind the layer, [`ConnectionInfo`], `ConnectInfo`, `Host`, a URI with
//!   an authority and the remaining forwarding headers hold the same values. The exceptions are
//!   [`UriRewrite::Leave`], [`rewrite_connect_info(false)`](Builder::rewrite_connect_info),
//!   [`insecure_keep_header`](Builder::insecure_keep_header) and tonic's TLS information.
//! - **No guessing.** If a trusted proxy reports no usable address, the client is unresolved. The
//!   layer never substitutes the proxy's address, an entry further left, or another header.
//!   [`trusted_peer_may_be_client`](Builder::trusted_peer_may_be_client) is the exception.
//! - **Every answer has a reason.** [`ConnectionInfo`] has the reason for each value that is absent.
//!   [`explain`](ForwardedHeaders::explain) shows what was read, removed and rewritten, and the one thing
//!   to change. The [log](#the-log) has the same advice.
//! - **It costs little.** Entries that a client adds do not slow a decision. A decision allocates
//!   only for a prefix, for an identifier in place of an address, and for an unusual host. A host is
//!   unusual if it is new to its thread or ends in a dot. The removal of headers is linear in their
//!   number.
//!
//! The premise: each trusted proxy appends to the end of each list that is read, or replaces the
//! list. Each trusted proxy replaces each single value that is read. Only proxies have the trusted
//! addresses.
//!
//! # The rule
//!
//! 1. **Peer.** The peer is the other end of the connection. [`peer_from`](Builder::peer_from) finds
//!    the peer if it is set; otherwise [`Peer::from_extensions`] does. If `peer_from` returns `None`,
//!    the peer is unknown. The address `0.0.0.0:0`, which this layer writes, is no peer.
//! 2. **No trust, no reading.** A peer that is not [trusted](Builder::trust) is the client
//!    ([`Outcome::Direct`]). If the peer is unknown, the client is unknown ([`Outcome::NoPeer`]). In
//!    both cases the layer reads no forwarding header.
//! 3. **One source.** The layer reads the client's address from one header:
//!    [`client_from`](Builder::client_from).
//! 4. **The walk.** The walk starts at the peer, which is hop 0. If the current address is in the
//!    trust set of its hop, the layer reads the rightmost unread entry: that proxy's report. The
//!    reported address is the next current address.
//!    - An address of a set [with a secret](TrustedProxies::with_secret) counts as trusted only if the
//!      request carries the secret, in one line. Otherwise the walk stops, and nothing is read.
//!    - All lines of a name are one list, in order. A quoted string never crosses a line.
//!    - An empty entry is a missing report. An entry of more than 4,096 bytes is malformed, and the
//!      walk stops there.
//!    - With [`nth_from_right`](ClientSource::nth_from_right) the first report is the entry at that
//!      place. The walk does not look at the entries to its right.
//!    - A header that holds a single address, such as `CF-Connecting-IP`, is one report. A second
//!      line or a list makes the report malformed.
//!    - In the X- family, `unix:` is what nginx writes for a client at a Unix socket. It is the next
//!      hop if the trust set of that hop is [`unix`](TrustedProxies::unix) alone. Otherwise the client
//!      is unknown.
//! 5. **Its end.** The walk ends at the first address that is not trusted, or when every set of the
//!    chain is used. That address is the client ([`Outcome::Forwarded`]). The client is
//!    [`Outcome::Unresolved`] if the report that is due is missing, malformed, `unknown` or
//!    obfuscated, or if a secret is missing. The client is also unresolved if the address header has more entries or lines than
//!    [`Writing`] allows. With [`trusted_peer_may_be_client`](Builder::trusted_peer_may_be_client), a
//!    trusted peer that sends no forwarding header at all is the client.
//! 6. **Scheme, host, port, prefix.** The layer reads them unless the client's address is missing,
//!    malformed or not proven, or its header has extra entries.
//!    - In `Forwarded`, scheme and host come from the element that reported the client.
//!    - Outside of `Forwarded`, the scheme is the rightmost entry of its list. Host, port, prefix and
//!      an `on` or `off` are single values: all entries of all lines must be equal copies. Otherwise
//!      there is no value.
//!    - Behind [`Proxy::Traefik`] the entries of the prefix are joined: `/a` and `/b` are `/a/b`.
//!    - With [`Writing::AppendToEach`] each value is the entry at the client's place in its own list.
//!    - With [`Writing::AppendToFirstLine`] a second line of the scheme's header makes the scheme
//!      absent, unless every entry of every line is the same scheme.
//!    - A value that is not valid is no value.
//! 7. **The scheme without a report.** If no proxy reported a scheme, the scheme is that of
//!    [`SchemeSource::always`], if it is set. Otherwise a `Direct` request has the scheme of
//!    [`direct_scheme`](Builder::direct_scheme), if it is set. All other requests have `http`. The
//!    layer never uses the scheme in the URI, because the client wrote the URI.
//! 8. **One address.** An IPv4-mapped IPv6 address is its IPv4 address, in reports and in sets. A
//!    reported address that is `::1`, or in `fe80::/10`, may have a zone: `fe80::1%eth0`. The layer
//!    drops the zone. On the address of a trusted proxy, a zone is malformed.
//! 9. **Once.** A request that carries a [`ConnectionInfo`] keeps its decision: the outermost layer
//!    decides. An inner layer removes its own headers of secrets and users, by that decision.
//!
//! Then the layer rewrites the request:
//!
//! - **Authority.** The authority is the first of these: the forwarded host, the URI's host, the
//!   `Host` line if there is exactly one. The host must be valid and one of
//!   [`allowed_hosts`](Builder::allowed_hosts). A refused host is no host: the layer does not fall
//!   back to the next. `Host` is set to the authority if the request has a `Host` or a proxy reported
//!   the host. Without an authority, `Host` is removed and the URI keeps its path and query.
//! - **URI.** A URI with an authority gets the decided scheme and authority. A URI without one
//!   (`/path`) gets both if the scheme is known and `allowed_hosts` restricts the hosts. The scheme is
//!   known if a trusted proxy reported it, or [`SchemeSource::always`] states it. Otherwise
//!   `request.uri().scheme()` is `None`. The layer does not change the target of `CONNECT` or
//!   `OPTIONS *`. In axum's `OriginalUri`, the layer changes only a URI with an authority.
//! - **`ConnectInfo`.** axum's `ConnectInfo` and `MockConnectInfo`, and tonic's `TcpConnectInfo`, get
//!   the client's address and its port, or port 0. Without a client they get `0.0.0.0:0`. A plain
//!   [`SocketAddr`](std::net::SocketAddr) extension gets the same if the peer was found there. If the
//!   peer is at a Unix socket, the layer inserts the framework's type for a known client. The peer
//!   remains in [`ConnectionInfo::peer`].
//! - **Headers that the configuration reads.** The layer gives each one value. It removes a header
//!   without a value, and all of them if no trusted proxy reported a client.
//! - **Other forwarding headers.** Each is removed: the standard names, the vendors' names for
//!   address, scheme and host, and every look-alike with `_` or `.` for `-`. The headers of secrets are
//!   removed as well.
//! - **Headers that name the user.** A header that `only_from_proxy` names stays in a request that is
//!   [`Forwarded`](Outcome::Forwarded), if it is one line. A header that `only_from_outermost` names also
//!   needs a request that came through every set of the chain. Other headers about the user
//!   (`X-Forwarded-User`, `X-Forwarded-Client-Cert`) and the path (`X-Forwarded-Uri`, `X-Original-URL`)
//!   are left alone: name them, if the app reads them.
//!
//! # When the promise does not hold
//!
//! The promise needs proxies that replace or append, and trusted addresses that only proxies have.
//! These ordinary configurations break the premise:
//!
//! - `X-Forwarded-For` is passed on by nginx with a bare `proxy_pass`, by HAProxy without
//!   `option forwardfor`, and by Envoy without `use_remote_address`.
//! - `X-Forwarded-Host`, `-Port` and `-Prefix` are passed on by nearly all proxies. `X-Forwarded-Proto`, which
//!   is read by default, is passed on by many: set [`SchemeSource::none`] behind them.
//! - `Forwarded` is passed on by nearly all proxies that are not told to write it.
//! - nginx can write an unescaped `$host` into `Forwarded`. A client then adds an element of its own.
//! - Traffic Server leaves out its report if the host is long. Other proxies may do the same.
//! - A proxy can append to the *first* of several lines, as pound does. Set
//!   [`Writing::AppendToFirstLine`].
//! - The addresses of a CDN belong to all of its customers. Such an address proves only that *some*
//!   customer sent the request: add [a secret](TrustedProxies::with_secret).
//! - Source NAT can give outsiders an inside address: rootless containers, Kubernetes with
//!   `externalTrafficPolicy: Cluster`.
//!
//! `ConnectInfo` is the client, so each fault above reaches all code that reads it. If a client
//! connects to the proxy from the proxy's own machine (Tor, cloudflared, `ssh -L`), `is_loopback()`
//! is true for that client. `0.0.0.0`, which stands for an unknown client, passes a deny-list. Code
//! that needs the other end of the socket reads [`ConnectionInfo::peer`].
//!
//! # Settings
//!
//! | setting | when |
//! |---|---|
//! | [`behind`](ForwardedHeaders::behind) | the proxy has a page |
//! | [`trust`](Builder::trust) | the proxy has another address than this machine |
//! | [`trust_chain`](Builder::trust_chain) | there are two proxies or more, one behind the other |
//! | [`client_from`](Builder::client_from), [`scheme_from`](Builder::scheme_from) | the proxy writes other headers than `X-Forwarded-For` and `-Proto` |
//! | [`host_from`](Builder::host_from), [`port_from`](Builder::port_from), [`prefix_from`](Builder::prefix_from) | the proxy changes `Host`, the port or the path, and reports the client's |
//! | [`proxies_write`](Builder::proxies_write) | the proxies replace what comes in, or append to each list |
//! | [`allowed_hosts`](Builder::allowed_hosts) | the app makes links, redirects or cookies from the host |
//! | [`direct_scheme`](Builder::direct_scheme) | the app itself terminates TLS, without a proxy |
//! | [`trusted_peer_may_be_client`](Builder::trusted_peer_may_be_client) | local development without a proxy |
//! | [`TrustedProxies::with_secret`] | others can send from the addresses of the proxy, as from those of a CDN |
//! | [`only_from_proxy`](Builder::only_from_proxy), [`only_from_outermost`](Builder::only_from_outermost) | the app reads who the user is from a header |
//! | [`peer_from`](Builder::peer_from) | the server is neither axum nor tonic, or listens on a Unix socket |
//! | [`rewrite_uri`](Builder::rewrite_uri) | relative redirects must stay relative, or the app is a forward proxy |
//! | [`rewrite_connect_info`](Builder::rewrite_connect_info) | code behind the layer needs the peer in `ConnectInfo` |
//! | [`insecure_keep_header`](Builder::insecure_keep_header) | code behind the layer needs a header as the client sent it |
//! | [`configure`](Builder::configure) | the operator sets the proxies, by [variables](Config#variables) or in a file |
//!
//! # The log
//!
//! With the feature `tracing`, the layer writes what an operator can mend, with the target
//! `forwarded_headers`. The message is the advice of [`explain`](ForwardedHeaders::explain).
//!
//! | `forwarded.reason` | level | what happened |
//! |---|---|---|
//! | `untrusted_headers` | `WARN` once if the peer is near, otherwise `DEBUG` | an untrusted peer sent `forwarded.header` |
//! | `no_header`, `list_ends`, `malformed`, `extra_entries`, `unknown`, `obfuscated` | `WARN` once | the client is unresolved after `forwarded.hops` reports |
//! | `scheme_not_valid`, `scheme_differs`, `scheme_extra_lines` | `WARN` once | a trusted proxy sent a scheme that is not used |
//! | `not_proven` | `WARN` once for the layer | the request does not carry the secret of a proxy, in `forwarded.header` |
//! | `no_peer` | `ERROR` once for the layer | the peer is unknown |
//! | `host_not_allowed` | `DEBUG` | `allowed_hosts` refuses `forwarded.host` |
//! | none | `DEBUG` once for the layer | the configuration, from [`layer`](tower_layer::Layer::layer) |
//!
//! - *Once* is once for each peer and reason. The same event is then `DEBUG`. A `/64` of IPv6 is one peer.
//! - A near peer is at a Unix socket, or has a loopback, private, link-local, unique local or shared
//!   (`100.64.0.0/10`) address. A peer with another address causes no warning by its headers.
//! - A layer and its clones write at most 64 warnings.
//! - A request without a fault writes nothing.
//! - `network.peer.address` is the peer. A Unix socket has none.
//!
//! A subscriber of `tracing` receives these events; the crate `log` does not.
//! `ConnectionInfo::record` writes a decision into a span.
//!
//! # Scope
//!
//! The layer answers no request itself and refuses none. A handler that needs the client's address extracts
//! [`extract::ClientIp`](https://docs.rs/forwarded-headers/latest/forwarded_headers/extract/), or checks
//! [`ConnectionInfo::outcome`]. The layer cannot take the leftmost entry, does not speak the PROXY
//! protocol, and reads no trailers. The `guide` module has pages about deployments.
//!
//! # Features
//!
//! No feature is on by default.
//!
//! - `axum`: the extractors, and `ConnectInfo` as a peer, which becomes the client. For axum 0.8.
//! - `tonic`: `TcpConnectInfo` and `UdsConnectInfo` as a peer, which becomes the client. For tonic 0.14,
//!   which needs Rust 1.88.
//! - `serde`: [`Config`] and the types of the settings in files: TOML, YAML, JSON. An
//!   [`explain::Explanation`] as JSON.
//! - `tracing`: [the log](#the-log), and `ConnectionInfo::record`.

#![forbid(unsafe_code)]
#![warn(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::panic_in_result_fn
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod client_net;
mod config;
mod decide;
pub mod explain;
mod explaining;
#[cfg(feature = "axum")]
pub mod extract;
pub mod forwarded;
#[cfg(any(doc, doctest))]
pub mod guide;
mod header;
mod info;
mod layer;
#[cfg(feature = "tracing")]
mod log;
#[cfg(not(feature = "tracing"))]
#[path = "log/off.rs"]
mod log;
mod operator;
mod outcome;
mod peer;
mod proxy;
mod require;
mod rewrite;
mod syntax;

pub use config::{
    AllowedHosts, Builder, ClientSource, ConfigError, SchemeSource, Secrets, Setting,
    TrustedProxies, UriRewrite, Writing,
};
pub use explaining::{Explaining, ExplainingService};
pub use info::ConnectionInfo;
pub use layer::{ForwardedHeaders, ForwardedHeadersService};
pub use operator::Config;
pub use outcome::{Absent, Outcome, Unresolved};
pub use peer::Peer;
pub use proxy::Proxy;
pub use require::Refusal;

#[cfg(all(doctest, feature = "axum"))]
#[doc = include_str!("../README.md")]
struct Readme;
