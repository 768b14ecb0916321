//! Pages about deployments. They exist in the documentation alone.

#[doc = include_str!("crates.md")]
pub mod crates {}

#[doc = include_str!("deployments.md")]
pub mod deployments {}

#[doc = include_str!("explain.md")]
#[doc = include_str!("picture.md")]
pub mod explain {}

#[doc = include_str!("identity.md")]
pub mod identity {}

#[doc = include_str!("operators.md")]
pub mod operators {}

#[doc = include_str!("redirects.md")]
pub mod redirects {}

#[doc = include_str!("two_proxies.md")]
pub mod two_proxies {}
