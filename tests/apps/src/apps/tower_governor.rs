use axum::Router;
use axum::routing::get;
use forwarded_headers::ConnectionInfo;
use hyper::Request;
use tower_governor::governor::GovernorConfigBuilder;
use tower_governor::key_extractor::{KeyExtractor, PeerIpKeyExtractor, SmartIpKeyExtractor};
use tower_governor::{GovernorError, GovernorLayer};

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

/// The client's network. All unknown clients have one key.
#[derive(Debug, Clone, Copy)]
struct ClientNet;

impl KeyExtractor for ClientNet {
    type Key = Option<ipnet::IpNet>;

    fn extract<T>(&self, request: &Request<T>) -> Result<Self::Key, GovernorError> {
        let info: Option<&ConnectionInfo> = request.extensions().get();
        Ok(info.and_then(ConnectionInfo::client_net))
    }
}

#[tokio::test]
async fn addresses_of_one_network_share_a_limit() {
    use axum::body::Body;
    use forwarded_headers::{ForwardedHeaders, Peer};
    use tower::ServiceExt;

    let config = GovernorConfigBuilder::default()
        .per_second(3600)
        .burst_size(1)
        .key_extractor(ClientNet)
        .finish()
        .unwrap();
    let app = Router::new().route("/", get("ok")).layer(GovernorLayer::new(config));
    let app = app.layer(ForwardedHeaders::new());
    let rows = [
        ("2001:db8:1:2::1", 200),
        ("2001:db8:1:2:ffff::1", 429),
        ("2001:db8:1:3::1", 200),
        ("203.0.113.7", 200),
        ("203.0.113.8", 200),
        ("203.0.113.7", 429),
        ("unknown", 200),
        ("malformed", 429),
    ];
    for (client, status) in rows {
        let request = Request::get("/")
            .extension(Peer::Inet(([127, 0, 0, 1], 50000).into()))
            .header("x-forwarded-for", client)
            .body(Body::empty())
            .unwrap();
        let response = app.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{client}");
    }
}

/// The guide shows the code that this test runs.
#[test]
fn the_guide_has_this_key() {
    let source = include_str!("tower_governor.rs");
    let (_, code) = source.split_once("/// The client's network. ").unwrap();
    let (code, _) = code.split_once("\n#[tokio::test]").unwrap();
    assert!(include_str!("../../../../src/guide/crates.md").contains(code), "{code}");
}
