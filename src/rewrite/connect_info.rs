//! The frameworks' own records of the peer, which become the client.
//!
//! What reads them is then right without a change: rate limiters, logs, an app's own handlers.

use std::net::SocketAddr;

use http::Extensions;

use crate::decide::Resolved;
use crate::peer::{FoundIn, NO_ADDRESS, Peer};

/// Writes the client's address into each record. Without a client, each gets [`NO_ADDRESS`]: no client has
/// it, no allow-list holds it, and extractors still work.
#[inline]
pub(super) fn rewrite(extensions: &mut Extensions, resolved: &Resolved, found_in: FoundIn) {
    if found_in != FoundIn::ConnectInfo || !is_already_right(extensions, resolved) {
        rewrite_all(extensions, resolved, found_in);
    }
}

fn rewrite_all(extensions: &mut Extensions, resolved: &Resolved, found_in: FoundIn) {
    let client = resolved.client_addr();
    set(extensions, client.unwrap_or(NO_ADDRESS), found_in);
    if let (Some(Peer::Unix), Some(client)) = (resolved.peer, client) {
        insert(extensions, client);
    }
}

/// Returns whether axum's `ConnectInfo`, which holds the peer, is the one record, and holds the client.
#[inline]
fn is_already_right(extensions: &Extensions, resolved: &Resolved) -> bool {
    let is_client = resolved.client.is_none() && resolved.peer_addr().is_none_or(is_canonical);
    is_client && (extensions.len() == 1 || !has_other_record(extensions))
}

fn is_canonical(address: SocketAddr) -> bool {
    address.ip() == address.ip().to_canonical()
}

fn has_other_record(extensions: &Extensions) -> bool {
    #[cfg(feature = "tonic")]
    if extensions.get::<tonic::transport::server::TcpConnectInfo>().is_some() {
        return true;
    }
    #[cfg(feature = "axum")]
    if extensions.get::<axum::extract::connect_info::MockConnectInfo<SocketAddr>>().is_some() {
        return true;
    }
    let _ = extensions;
    false
}

fn set(extensions: &mut Extensions, address: SocketAddr, found_in: FoundIn) {
    let set = |record: Option<&mut SocketAddr>| record.into_iter().for_each(|slot| *slot = address);
    if found_in == FoundIn::SocketAddr {
        set(extensions.get_mut::<SocketAddr>());
    }
    #[cfg(feature = "axum")]
    {
        use axum::extract::connect_info::{ConnectInfo, MockConnectInfo};
        set(extensions.get_mut::<ConnectInfo<_>>().map(|ConnectInfo(record)| record));
        if found_in.is_all_of(extensions) {
            return;
        }
        set(extensions.get_mut::<MockConnectInfo<_>>().map(|MockConnectInfo(record)| record));
    }
    // The struct stays, since tonic's `remote_addr` would fall back to its TLS information.
    #[cfg(feature = "tonic")]
    if let Some(info) = extensions.get_mut::<tonic::transport::server::TcpConnectInfo>() {
        info.remote_addr = Some(address);
    }
}

/// Inserts the record of a server whose Unix listener inserts none for addresses.
fn insert(extensions: &mut Extensions, client: SocketAddr) {
    #[cfg(all(feature = "tonic", unix))]
    if extensions.get::<tonic::transport::server::UdsConnectInfo>().is_some() {
        use tonic::transport::server::TcpConnectInfo;
        extensions.insert(TcpConnectInfo { local_addr: None, remote_addr: Some(client) });
        return;
    }
    #[cfg(feature = "axum")]
    extensions.insert(axum::extract::ConnectInfo(client));
    let _ = (extensions, client);
}
