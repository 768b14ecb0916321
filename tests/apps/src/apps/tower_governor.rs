use axum::Router;
use axum::routing::get;
use hyper::Request;
use tower_governor::GovernorLayer;
use tower_governor::governor::GovernorConfigBuilder;
use tower_governor::key_extractor::{KeyExtractor, PeerIpKeyExtractor, SmartIpKeyExtractor};

use crate::serve::{App, Site};
use crate::situation::Client;

/// Serves an app that allows one request an hour for each key, and returns that key.
async fn limited<K>(site: Site, extractor: K) -> App
where
    K: KeyExtractor<Key = std::net::IpAddr> + Copy + Send + Sync + 'static,
{
    let config = GovernorConfigBuilder::default()
        .per_second(3600)
        .burst_size(1)
        .key_extractor(extractor)
        .finish()
        .unwrap();
    let key = move |request: Request<axum::body::Body>| async move {
        extractor.extract(&request).unwrap().to_string()
    };
    site.serve(Router::new().route("/", get(key)).layer(GovernorLayer::new(config))).await
}

pub async fn peer_ip(site: Site) -> String {
    limited(site, PeerIpKeyExtractor).await.get("/").await.text()
}

pub async fn smart_ip(site: Site) -> String {
    limited(site, SmartIpKeyExtractor).await.get("/").await.text()
}

/// Returns the status of the first request of another client.
pub async fn second_client(site: Site) -> String {
    let app = limited(site, PeerIpKeyExtractor).await;
    app.get("/").await;
    app.get_as(Client::Second, "/").await.status.as_str().into()
}
