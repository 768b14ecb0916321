//! The layer in an axum app: the peer, the extractors and their rejections, and `OriginalUri`.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, OriginalUri};
use axum::routing::get;
use axum::{Json, Router};
use forwarded_headers::extract::{ClientIp, ClientIpRejection};
use forwarded_headers::{
    AllowedHosts, ClientSource, ConnectionInfo, ForwardedHeaders, Peer, TrustedProxies, Unresolved,
};
use http::{Request, StatusCode, Uri};
use http_body_util::BodyExt;
use tower::ServiceExt;

fn app(layer: ForwardedHeaders) -> Router {
    let uris = |uri: Uri, original: OriginalUri| async move {
        Json([uri.to_string(), original.0.to_string()])
    };
    Router::new()
        .route("/ip", get(|ClientIp(ip): ClientIp| async move { ip.to_string() }))
        .route("/maybe", get(|ip: Option<ClientIp>| async move { format!("{ip:?}") }))
        .route("/scheme", get(|info: ConnectionInfo| async move { info.scheme().to_string() }))
        .nest("/nested", Router::new().route("/uri", get(uris)))
        .layer(layer)
}

fn request(peer: &str, path: &str) -> http::request::Builder {
    let peer: SocketAddr = peer.parse().unwrap();
    Request::builder().uri(path).extension(ConnectInfo(peer)).header("host", "app:3000")
}

async fn answer(app: Router, request: http::request::Builder) -> (StatusCode, String) {
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_served_app_finds_its_peer() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let layer = ForwardedHeaders::builder().trust("none").build().unwrap();
    let service = app(layer).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });

    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<Body>();
    let url: Uri = format!("http://{address}/ip").parse().unwrap();
    let body = client.get(url).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "127.0.0.1");
}

#[tokio::test]
async fn the_extractors_return_what_a_trusted_proxy_reported() {
    let request = |path| {
        let request = request("127.0.0.1:50000", path);
        request.header("x-forwarded-for", "203.0.113.7").header("x-forwarded-proto", "https")
    };
    let app = app(ForwardedHeaders::new());
    let ok = |body: &str| (StatusCode::OK, body.to_string());
    assert_eq!(answer(app.clone(), request("/ip")).await, ok("203.0.113.7"));
    assert_eq!(answer(app.clone(), request("/maybe")).await, ok("Some(ClientIp(203.0.113.7))"));
    assert_eq!(answer(app, request("/scheme")).await, ok("https"));
}

const REQUEST: &str = "the request does not report the client's address\n";
const SERVER: &str = "the server does not know the client's address\n";

#[tokio::test]
async fn an_unresolved_client_is_a_400_without_advice() {
    let app = app(ForwardedHeaders::new());
    let (status, body) = answer(app.clone(), request("127.0.0.1:50000", "/ip")).await;
    assert_eq!((status, body.as_str()), (StatusCode::BAD_REQUEST, REQUEST));

    let (status, body) = answer(app, request("127.0.0.1:50000", "/maybe")).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "None"));
}

#[tokio::test]
async fn a_layer_that_reads_no_address_is_a_500() {
    let layer = ForwardedHeaders::builder().client_from(ClientSource::none()).build().unwrap();
    let (status, body) = answer(app(layer), request("127.0.0.1:50000", "/ip")).await;
    assert_eq!((status, body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, SERVER));
}

#[tokio::test]
async fn a_request_without_the_secret_of_its_proxy_is_a_403() {
    let proxy = TrustedProxies::loopback().with_secret("x-origin-verify", "2f9c7a51e0d84b36");
    let layer = ForwardedHeaders::builder().trust(proxy.unwrap()).build().unwrap();
    let (status, body) = answer(app(layer), request("127.0.0.1:50000", "/ip")).await;
    let text = "the request did not come through the proxy\n";
    assert_eq!((status, body.as_str()), (StatusCode::FORBIDDEN, text));
}

#[tokio::test]
async fn a_missing_layer_is_a_500() {
    for path in ["/ip", "/maybe", "/scheme"] {
        let app = Router::new()
            .route("/ip", get(|_: ClientIp| async {}))
            .route("/maybe", get(|_: Option<ClientIp>| async {}))
            .route("/scheme", get(|_: ConnectionInfo| async {}));
        let (status, body) = answer(app, request("127.0.0.1:50000", path)).await;
        assert_eq!((status, body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, SERVER), "{path}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_provide_the_peer_is_a_500() {
    let request = Request::builder().uri("/ip");
    let (status, body) = answer(app(ForwardedHeaders::new()), request).await;
    assert_eq!((status, body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, SERVER));
}

/// A client at a Unix socket has no address.
#[tokio::test]
async fn a_unix_socket_that_is_not_trusted_is_a_500() {
    let request = Request::builder().uri("/ip").extension(Peer::Unix);
    let (status, body) = answer(app(ForwardedHeaders::new()), request).await;
    assert_eq!((status, body.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, SERVER));
}

/// The operator finds the advice in the log.
#[tokio::test]
async fn each_rejection_has_its_advice_in_its_display() {
    let (mut parts, ()) = Request::new(()).into_parts();
    let missing_layer = <ClientIp as FromRequestParts<()>>::from_request_parts(&mut parts, &());
    let rows = [
        (missing_layer.await.unwrap_err(), ".layer(forwarded_headers::ForwardedHeaders::new())"),
        (ClientIpRejection::NoPeer, "into_make_service_with_connect_info"),
        (ClientIpRejection::NoAddress, "trust(\"unix\")"),
        (ClientIpRejection::Unresolved(Unresolved::NoHeader), "trusted_peer_may_be_client(true)"),
        (ClientIpRejection::Unresolved(Unresolved::NotConfigured), "ClientSource::none()"),
    ];
    for (rejection, advice) in rows {
        assert!(rejection.to_string().contains(advice), "{rejection}");
    }
}

/// axum records the URI before any layer of the router runs.
#[tokio::test]
async fn original_uri_is_rewritten_as_well() {
    let layer = ForwardedHeaders::builder()
        .host_from("x-forwarded-host")
        .allowed_hosts(AllowedHosts::any())
        .build()
        .unwrap();
    let request = request("127.0.0.1:50000", "http://evil.example/nested/uri?q")
        .header("x-forwarded-for", "203.0.113.7")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "example.com");
    let (_, body) = answer(app(layer), request).await;
    assert_eq!(body, r#"["https://example.com/uri?q","https://example.com/nested/uri?q"]"#);
}

/// A layer around the whole router runs before the router records the URI.
#[tokio::test]
async fn a_layer_around_the_router_decides_before_routing() {
    let router = tower::Layer::layer(&ForwardedHeaders::new(), app(ForwardedHeaders::new()));
    let request = request("127.0.0.1:50000", "/ip").header("x-forwarded-for", "203.0.113.7");
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "203.0.113.7");
}
