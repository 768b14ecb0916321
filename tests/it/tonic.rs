//! The peer of a tonic server.

use forwarded_headers::{ForwardedHeaders, Outcome};
use http::Request;
use tonic::transport::server::TcpConnectInfo;

#[test]
fn tcp_connect_info_is_a_peer() {
    let info = |remote: Option<&str>| TcpConnectInfo {
        local_addr: None,
        remote_addr: remote.map(|address| address.parse().unwrap()),
    };
    let resolve = |info: TcpConnectInfo| {
        let request = Request::builder().header("x-forwarded-for", "203.0.113.7").extension(info);
        ForwardedHeaders::new().resolve(&request.body(()).unwrap().into_parts().0)
    };
    assert_eq!(resolve(info(Some("127.0.0.1:50000"))).outcome(), Outcome::Forwarded);
    assert_eq!(resolve(info(Some("198.51.100.66:50000"))).outcome(), Outcome::Direct);
    assert_eq!(resolve(info(None)).outcome(), Outcome::NoPeer);
}
