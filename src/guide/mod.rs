//! Pages about deployments. They exist in the documentation alone.

#[doc = include_str!("two_proxies.md")]
pub mod two_proxies {}
