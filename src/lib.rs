//! The client's address, scheme and host, for web apps behind a proxy: a tower layer that decides
//! once whom to believe, and removes what no trusted proxy vouched for.
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::{Router, routing::get};
//! use forwarded_headers::{ConnectionInfo, ForwardedHeaders};
//!
//! async fn hello(info: ConnectionInfo) -> String {
//!     format!("{:?} asked for {:?}", info.client_ip(), info.origin())
//! }
//!
//! let app: Router = Router::new().route("/", get(hello)).layer(ForwardedHeaders::new());
//! let service = app.into_make_service_with_connect_info::<std::net::SocketAddr>();
//! # }
//! ```
//!
//! An app behind nginx, a load balancer or a CDN sees the proxy's address and plain http. The
//! user's are in `X-Forwarded-For`, `X-Forwarded-Proto` and their like, or in `Forwarded` (RFC 7239),
//! beside whatever the user typed into them. [`ForwardedHeaders`] tells the two apart.
//! It writes what it finds into the request's URI and `Host`, inserts a [`ConnectionInfo`], and
//! leaves no forwarding header behind that says something else.
//!
//! Which headers a proxy writes, and which it only passes on, differs from one to the next:
//! [`ForwardedHeaders::behind`] knows it for [many](Proxy), and what has to be set there.
//!
//! # The promise
//!
//! If each trusted proxy writes and escapes each header that is read, appends to the lists
//! (`X-Forwarded-For`, `X-Forwarded-Proto`, `Forwarded`) at the end or replaces them, replaces the
//! single values (`-Host`, `-Port`, `-Prefix`, a [`client_ip_header`](ForwardedHeaders::client_ip_header)),
//! and only proxies have the trusted addresses, then:
//!
//! - **Nobody outside chooses.** Whatever forwarding headers a client sends, the result is the one
//!   for a client that sent none; or, with [`single_line`](ForwardedHeaders::single_line) or
//!   [`exact`](ForwardedHeaders::exact), that nobody is the client.
//! - **An untrusted peer is the client.** Its forwarding headers are neither read nor passed on.
//! - **What is left is true.** `ConnectionInfo`, `Host`, the URI and every forwarding header that is
//!   still there say the same thing, and a trusted proxy vouched for it.
//! - **No guessing.** Where a trusted proxy names no address, the client is unresolved: never the
//!   proxy itself, never an entry further left, never another header.
//! - **It costs nothing you would notice.** Deciding does not depend on how much a client sends, and
//!   allocates nothing but for what is rare: a prefix, an obfuscated or long escaped identifier, a host
//!   that its thread has not seen of late or that ends in a dot. Cleaning up is linear in what is sent.
//!
//! The host that a client asks for is its own choice: name yours with
//! [`allowed_hosts`](ForwardedHeaders::allowed_hosts) before you make links of it.
//!
//! # The rule
//!
//! 1. The *peer* is who opened the connection: what
//!    [`peer_from`](ForwardedHeaders::peer_from) returns, if that is given; else the first in the
//!    request's extensions of a [`Peer`], a [`SocketAddr`](std::net::SocketAddr), with the feature
//!    `axum` a `ConnectInfo<SocketAddr>`, with the feature `tonic` a `TcpConnectInfo`.
//! 2. A peer that is no [trusted proxy](TrustedProxies) is the client ([`Outcome::Direct`]). If there
//!    is no peer, nobody is ([`Outcome::NoPeer`]). No forwarding header is read then.
//! 3. Of the two [families](Family) of headers one is read, the one that the proxies write. Every
//!    trusted proxy must write it.
//! 4. The walk starts at the peer. As long as the current address is a trusted proxy and there are
//!    [hops](ForwardedHeaders::max_hops) left, what that proxy reported becomes the current address:
//!    the rightmost unread element of `Forwarded`, or entry of `X-Forwarded-For`. All lines of a
//!    name are one list, in order; no quote crosses a line. An empty member, or an empty last line,
//!    is a missing report; one of more than 4096 bytes is malformed, in any list, and nothing to the
//!    left of it is read. Behind the peer,
//!    [`trusted_hops`](ForwardedHeaders::trusted_hops) takes every address for a proxy's. With
//!    [`client_ip_header`](ForwardedHeaders::client_ip_header) or
//!    [`client_ip_port_header`](ForwardedHeaders::client_ip_port_header) there is one hop and no list:
//!    the one value of that header is the report, and a list or a second line is malformed.
//! 5. The walk ends at an address that is no trusted proxy, or when the hops are used up: that is the
//!    client ([`Outcome::Forwarded`]). It ends without a client ([`Outcome::Unresolved`]) where the
//!    report that is due is missing, is no address, is `unknown`, or is obfuscated; or where a header
//!    that is read has more entries than reports were read, with
//!    [`exact`](ForwardedHeaders::exact), or a second line, with
//!    [`single_line`](ForwardedHeaders::single_line): then scheme, host, port and prefix are not read
//!    either. A trusted peer
//!    that sends no header of the family at all is itself the client if
//!    [`allow_direct`](ForwardedHeaders::allow_direct) says so ([`Outcome::NotForwarded`]).
//! 6. Scheme and host come from the same `Forwarded` element that named the client, also where it
//!    names it `unknown` or by an obfuscated identifier. In the X- family the scheme is the rightmost entry of
//!    `X-Forwarded-Proto`; `-Host`, `-Port` and `-Prefix` are single values, and a list or a second
//!    line of one is as good as none. With [`aligned_lists`](ForwardedHeaders::aligned_lists) each is
//!    the entry at the client's position. A value that is not valid is as good as none, and where a
//!    report is missing or malformed, none of them is read.
//! 7. Where the scheme is read and a trusted peer sends none that is valid, it is `http`. For every
//!    other request it is [`own_scheme`](ForwardedHeaders::own_scheme), `http` unless that is set.
//!    The one in the URI is never read: the client wrote it.
//! 8. An IPv4-mapped IPv6 address is its IPv4 address, wherever addresses are compared or read.
//! 9. A request that carries a [`ConnectionInfo`] already passes untouched: the outermost layer
//!    decides, once.
//!
//! Then, whoever the peer was:
//!
//! - The authority is the forwarded host, else the URI's, else that of the one `Host` line. It must
//!   be a valid host and, where [`allowed_hosts`](ForwardedHeaders::allowed_hosts) is given, one of
//!   them: a refused one means none, with no fall-back to another. `Host` is set to it where
//!   the request has one, or a proxy named the host. Where there is no authority, `Host` is removed,
//!   and the URI keeps its path and query alone.
//! - A URI that has a scheme and an authority gets these, so that they do not say something else; one
//!   that has none gets them if the peer is trusted or [`own_scheme`](ForwardedHeaders::own_scheme)
//!   is set. The tunnel of a `CONNECT`, and the `*` of an `OPTIONS *` that names no host, stay as they
//!   are. With the feature `axum`, an `OriginalUri` is set too.
//! - The headers that named the client are written anew, one value each; every other forwarding
//!   header is removed, and so are all of them where no trusted proxy named a client. They are the
//!   standard names, the vendors' names for the client's address as far as we know them, the names
//!   that are configured, and
//!   whatever looks like one of these with `_` or `.` for `-`. Identity headers
//!   (`X-Forwarded-User`, `X-Forwarded-Client-Cert`) and paths (`X-Forwarded-Uri`,
//!   `X-Original-URL`) are not among them: if you read those, have your proxy set or remove them.
//!
//! # Deployment caveat
//!
//! The promise holds for proxies that *replace* what the client sent, or *append* to it at the end.
//! Ordinary configurations that do neither, so that the client chooses:
//!
//! - bare `proxy_pass` in nginx, HAProxy without `option forwardfor` (or with `if-none`), Envoy
//!   without `use_remote_address`: `X-Forwarded-For` is passed through;
//! - nearly all proxies pass `X-Forwarded-Host`, `-Port` and `-Prefix` through, and many
//!   `X-Forwarded-Proto`, which is read by default: [`read_proto(false)`](ForwardedHeaders::read_proto)
//!   for those;
//! - nearly all pass `Forwarded` through unless they are told to write it;
//! - nginx that builds `Forwarded` or `X-Forwarded-Host` from an unescaped `$host` or `$http_host`;
//! - a proxy that leaves its own report out when it gets long, as Traffic Server does with `host` in
//!   `Forwarded`: nothing that a client chooses the length of should be in it;
//! - proxies that append to the *first* of several lines (pound, an old Heroku router), without
//!   [`single_line(true)`](ForwardedHeaders::single_line);
//! - addresses shared with others: a CDN's ranges prove that *some* customer of it sent the request;
//! - source NAT that gives outsiders an inside address (rootless containers, Kubernetes
//!   `externalTrafficPolicy: Cluster`), when that address is trusted.
//!
//! The [README](https://docs.rs/crate/forwarded-headers/latest) has a table of what each proxy needs.
//!
//! # Scope
//!
//! The layer answers no request itself, and refuses none: a handler that needs the client's address
//! asks for [`extract::ClientIp`](https://docs.rs/forwarded-headers/latest/forwarded_headers/extract/),
//! or looks at [`ConnectionInfo::outcome`]. There is no way to take the leftmost entry. It does not
//! speak the PROXY protocol, and reads no trailers.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `axum`: the extractors, and `ConnectInfo<SocketAddr>` as a peer. For axum 0.8.
//! - `tonic`: `TcpConnectInfo` as a peer. For tonic 0.14.

#![forbid(unsafe_code)]
#![warn(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::panic_in_result_fn
)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod config;
mod decide;
#[cfg(feature = "axum")]
pub mod extract;
pub mod forwarded;
#[cfg(any(doc, doctest))]
pub mod guide;
mod header;
mod info;
mod layer;
mod outcome;
mod peer;
mod proxy;
mod rewrite;
mod syntax;

pub use config::{
    AllowedHosts, Builder, ClientSource, ConfigError, SchemeSource, Setting, TrustedProxies,
    UriRewrite, Writing,
};
pub use info::ConnectionInfo;
pub use layer::{ForwardedHeaders, ForwardedHeadersService};
pub use outcome::{Outcome, Unresolved};
pub use peer::Peer;
pub use proxy::Proxy;
