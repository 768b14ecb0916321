use std::net::{SocketAddr, TcpListener};

use axum::Router;
use axum::routing::get;

use super::axum::peer;
use crate::serve::{App, Site};

/// Serves with axum-server in place of `axum::serve`.
pub async fn connect_info(site: Site) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let router = site.routed(Router::new().route("/", get(peer)));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum_server::from_tcp(listener).unwrap().serve(service));
    App { address, situation: site.situation }.get("/").await.text()
}
