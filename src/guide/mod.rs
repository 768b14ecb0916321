//! Pages about deployments. They exist in the documentation alone.
//!
//! Start here:
//!
//! - [Questions and answers](faq): a wrong address, a wrong scheme, no client at all
//! - [Why is the client wrong?](explain) How the crate explains a decision
//! - [Choosing who is trusted](trust): which addresses to write
//! - [Local development, and tests](local): without a proxy, and how to test a handler
//!
//! Deployments:
//!
//! - [One proxy, or none](deployments): on one machine, in a cloud, another server than axum
//! - [Containers](containers): Docker, Compose, published ports and the gateway
//! - [Kubernetes](kubernetes): ingress, probes, sidecars
//! - [Two proxies or more](two_proxies): chains, a CDN in front of a load balancer
//! - [Platforms without a profile](platforms): Tailscale, OpenShift, Railway, Vercel, Render and more
//! - [AWS Lambda](lambda): requests without a connection
//! - [Unix sockets](unix_sockets): a peer without an address
//! - [PROXY protocol](proxy_protocol): the client in front of the request
//! - [gRPC](grpc), [WebSockets](websockets), [HTTP/3](http3)
//!
//! In the app, and for its operator:
//!
//! - [Configuration by the operator](operators): variables, files, changes while the app runs
//! - [Headers that name the user](identity): login proxies, client certificates
//! - [Redirects, and requests that are passed on](redirects): the URI behind the layer
//! - [Other crates behind the layer](crates): rate limits, sessions, logs
//!
//! From other frameworks:
//!
//! - [ASP.NET Core](from_aspnetcore): `ForwardedHeadersOptions`, option by option
//! - [uvicorn or Werkzeug](from_python): `--forwarded-allow-ips`, `ProxyFix`
//! - [Express](from_express): each form of `trust proxy`
//! - [Rails](from_rails): `trusted_proxies`, `remote_ip`
//! - [Spring](from_spring): `server.forward-headers-strategy`
//! - [axum-client-ip](from_axum_client_ip): each `ClientIpSource`
//! - [Five lines of your own](from_five_lines): the first entry, or the last
//!
//! Limits:
//!
//! - [What the layer cannot know](limits)

#[doc = include_str!("containers.md")]
pub mod containers {}

#[doc = include_str!("crates.md")]
pub mod crates {}

#[doc = include_str!("deployments.md")]
pub mod deployments {}

#[doc = include_str!("explain.md")]
#[doc = include_str!("picture.md")]
pub mod explain {}

#[doc = include_str!("faq.md")]
pub mod faq {}

#[doc = include_str!("from_aspnetcore.md")]
pub mod from_aspnetcore {}

#[doc = include_str!("from_axum_client_ip.md")]
pub mod from_axum_client_ip {}

#[doc = include_str!("from_express.md")]
pub mod from_express {}

#[doc = include_str!("from_five_lines.md")]
pub mod from_five_lines {}

#[doc = include_str!("from_python.md")]
pub mod from_python {}

#[doc = include_str!("from_rails.md")]
pub mod from_rails {}

#[doc = include_str!("from_spring.md")]
pub mod from_spring {}

#[doc = include_str!("grpc.md")]
pub mod grpc {}

#[doc = include_str!("http3.md")]
pub mod http3 {}

#[doc = include_str!("identity.md")]
pub mod identity {}

#[doc = include_str!("kubernetes.md")]
pub mod kubernetes {}

#[doc = include_str!("lambda.md")]
pub mod lambda {}

#[doc = include_str!("limits.md")]
pub mod limits {}

#[doc = include_str!("local.md")]
pub mod local {}

#[doc = include_str!("operators.md")]
pub mod operators {}

#[doc = include_str!("platforms.md")]
pub mod platforms {}

#[doc = include_str!("proxy_protocol.md")]
pub mod proxy_protocol {}

#[doc = include_str!("redirects.md")]
pub mod redirects {}

#[doc = include_str!("trust.md")]
pub mod trust {}

#[doc = include_str!("two_proxies.md")]
pub mod two_proxies {}

#[doc = include_str!("unix_sockets.md")]
pub mod unix_sockets {}

#[doc = include_str!("websockets.md")]
pub mod websockets {}
