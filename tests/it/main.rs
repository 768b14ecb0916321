//! The tests that need nothing but Rust, as one program. `tests/README.md` says what each proves.

mod addresses;
mod aspnetcore;
mod attacks;
mod autotrait;
#[cfg(feature = "axum")]
mod axum;
mod blocks;
mod browser;
mod client_net;
mod compiler;
mod config;
mod configurations;
mod connect_info;
mod edges;
mod examples;
mod exhaustion;
mod explain;
mod forwarded_parse;
mod guide;
mod identity;
mod imports;
mod load;
mod names;
mod operator;
mod oracle;
mod other_systems;
mod pages;
mod picture;
mod profiles;
mod properties;
mod readers;
mod readme;
mod reasons;
mod refusals;
mod reload;
mod replay;
mod require;
mod resolve;
mod rewriting;
mod rfc7239;
mod rule;
mod secrets;
mod support;
#[cfg(feature = "tonic")]
mod tonic;
mod words;
