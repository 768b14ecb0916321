use axum::Router;
use axum::routing::get;
use axum_client_ip::{ClientIp, ClientIpSource};

use crate::serve::Site;

async fn client_ip(site: Site, source: ClientIpSource) -> String {
    let app = Router::new().route("/", get(|ClientIp(ip): ClientIp| async move { ip.to_string() }));
    site.serve(app.layer(source.into_extension())).await.get("/").await.text()
}

pub async fn connect_info(site: Site) -> String {
    client_ip(site, ClientIpSource::ConnectInfo).await
}

pub async fn rightmost_x_forwarded_for(site: Site) -> String {
    client_ip(site, ClientIpSource::RightmostXForwardedFor).await
}
