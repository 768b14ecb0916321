//! The peer of a tonic server, and what `remote_addr` returns behind the layer. `tests/apps` has servers.

use forwarded_headers::{ForwardedHeaders, Outcome, Peer};
use http::{Extensions, Request};
use tonic::transport::server::{TcpConnectInfo, UdsConnectInfo};

fn tcp(remote: Option<&str>) -> TcpConnectInfo {
    TcpConnectInfo {
        local_addr: Some(([127, 0, 0, 1], 50051).into()),
        remote_addr: remote.map(|address| address.parse().unwrap()),
    }
}

fn request(list: &str) -> Request<()> {
    let request = Request::builder();
    let request = if list.is_empty() { request } else { request.header("x-forwarded-for", list) };
    request.body(()).unwrap()
}

/// Returns what `tonic::Request::remote_addr` returns behind the layer.
fn remote_addr(layer: &ForwardedHeaders, mut request: Request<()>) -> Option<String> {
    layer.apply(&mut request);
    tonic::Request::from_http(request).remote_addr().map(|address| address.to_string())
}

#[test]
fn tcp_connect_info_is_a_peer() {
    let resolve = |info: TcpConnectInfo| {
        let mut request = request("203.0.113.7");
        request.extensions_mut().insert(info);
        ForwardedHeaders::new().resolve(&request.into_parts().0)
    };
    assert_eq!(resolve(tcp(Some("127.0.0.1:50000"))).outcome(), Outcome::Forwarded);
    assert_eq!(resolve(tcp(Some("198.51.100.66:50000"))).outcome(), Outcome::Direct);
    assert_eq!(resolve(tcp(Some("0.0.0.0:0"))).outcome(), Outcome::NoPeer);
    assert_eq!(resolve(tcp(None)).outcome(), Outcome::NoPeer);
}

#[test]
fn the_remote_address_is_the_client() {
    let layer = ForwardedHeaders::new();
    let rows = [
        ("127.0.0.1:50000", "6.6.6.6, 203.0.113.7:4711", "203.0.113.7:4711"),
        ("127.0.0.1:50000", "203.0.113.7", "203.0.113.7:0"),
        // Without an address, tonic would fall back to the peer in its TLS information.
        ("127.0.0.1:50000", "", "0.0.0.0:0"),
        ("[::ffff:203.0.113.9]:4711", "6.6.6.6", "203.0.113.9:4711"),
    ];
    for (peer, list, want) in rows {
        let mut request = request(list);
        request.extensions_mut().insert(tcp(Some(peer)));
        assert_eq!(remote_addr(&layer, request).as_deref(), Some(want), "{peer}, {list:?}");
    }
    let mut kept = request("203.0.113.7");
    kept.extensions_mut().insert(tcp(Some("127.0.0.1:50000")));
    let layer = ForwardedHeaders::builder().rewrite_connect_info(false).build().unwrap();
    assert_eq!(remote_addr(&layer, kept).as_deref(), Some("127.0.0.1:50000"));
}

/// A record that the peer was not found in is the client as well.
#[test]
fn a_record_beside_connect_info_is_the_client() {
    let mut request = request("");
    let client = std::net::SocketAddr::from(([203, 0, 113, 9], 4711));
    request.extensions_mut().insert(axum::extract::ConnectInfo(client));
    request.extensions_mut().insert(tcp(Some("127.0.0.1:50000")));
    let found = remote_addr(&ForwardedHeaders::new(), request);
    assert_eq!(found.as_deref(), Some("203.0.113.9:4711"));
}

#[cfg(unix)]
#[test]
fn a_unix_socket_is_a_peer() {
    let layer = ForwardedHeaders::builder().trust("unix").build().unwrap();
    let rows = [("203.0.113.7", Some("203.0.113.7:0")), ("", None)];
    for (list, want) in rows {
        let mut request = request(list);
        let peer = UdsConnectInfo { peer_addr: None, peer_cred: None };
        request.extensions_mut().insert(peer);
        assert_eq!(Peer::from_extensions(request.extensions()), Some(Peer::Unix));
        let untrusted = remote_addr(&ForwardedHeaders::new(), request.clone());
        assert_eq!(untrusted, None, "a client at a Unix socket has no address");
        assert_eq!(remote_addr(&layer, request).as_deref(), want, "{list:?}");
    }
}

/// axum's record is for an app of axum alone.
#[cfg(unix)]
#[test]
fn a_tonic_server_gets_no_record_of_axum() {
    let layer = ForwardedHeaders::builder().trust("unix").build().unwrap();
    let mut request = request("203.0.113.7");
    request.extensions_mut().insert(UdsConnectInfo { peer_addr: None, peer_cred: None });
    layer.apply(&mut request);
    let extensions: &Extensions = request.extensions();
    assert!(extensions.get::<axum::extract::ConnectInfo<std::net::SocketAddr>>().is_none());
}
