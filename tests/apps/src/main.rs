//! Crates that apps use behind a proxy, over real sockets: with the layer and without it.
//!
//! `table` has what each crate returns in each situation. `page` holds the guide's page equal to it.

mod apps;
mod client;
mod layers;
mod page;
mod recorder;
mod right;
mod serve;
mod situation;
mod table;
mod upstream;
