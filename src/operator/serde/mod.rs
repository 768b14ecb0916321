//! The settings in a file: TOML, YAML, JSON, or what figment joins.

mod config;
mod form;
mod read;
mod secret;
mod sources;
mod write;
