//! In an axum app: where the peer is found, what the extractors say, what the router's own record
//! of the URI says.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, OriginalUri};
use axum::routing::get;
use axum::{Json, Router};
use forwarded_headers::extract::ClientIp;
use forwarded_headers::{AllowedHosts, ConnectionInfo, ForwardedHeaders, TrustedProxies};
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
async fn a_served_app_finds_its_peer_by_itself() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = app(ForwardedHeaders::new().trust(TrustedProxies::none()))
        .into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });

    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<Body>();
    let url: Uri = format!("http://{address}/ip").parse().unwrap();
    let body = client.get(url).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "127.0.0.1");
}

#[tokio::test]
async fn extractors_give_what_a_trusted_proxy_said() {
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

#[tokio::test]
async fn an_unresolved_client_is_a_400_that_says_what_to_do() {
    let app = app(ForwardedHeaders::new());
    let (status, body) = answer(app.clone(), request("127.0.0.1:50000", "/ip")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.contains("X-Forwarded-For") && body.contains("allow_direct(true)"), "{body}");

    let (status, body) = answer(app, request("127.0.0.1:50000", "/maybe")).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "None"));
}

#[tokio::test]
async fn an_address_that_is_not_to_be_read_is_a_500() {
    let app = app(ForwardedHeaders::new().read_for(false));
    let (status, body) = answer(app, request("127.0.0.1:50000", "/ip")).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("read_for(false)"), "{body}");
}

#[tokio::test]
async fn a_missing_layer_is_a_500_that_names_the_line_to_add() {
    for path in ["/ip", "/maybe", "/scheme"] {
        let app = Router::new()
            .route("/ip", get(|_: ClientIp| async {}))
            .route("/maybe", get(|_: Option<ClientIp>| async {}))
            .route("/scheme", get(|_: ConnectionInfo| async {}));
        let (status, body) = answer(app, request("127.0.0.1:50000", path)).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(body.contains(".layer(forwarded_headers::ForwardedHeaders::new())"), "{body}");
    }
}

#[tokio::test]
async fn a_server_that_keeps_its_peers_to_itself_is_a_500_that_says_so() {
    let request = Request::builder().uri("/ip");
    let (status, body) = answer(app(ForwardedHeaders::new()), request).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("into_make_service_with_connect_info"), "{body}");
}

/// axum keeps the URI as it came before any layer of the router sees it.
#[tokio::test]
async fn the_original_uri_is_rewritten_too() {
    let layer = ForwardedHeaders::new().read_host(true).allowed_hosts(AllowedHosts::any());
    let request = request("127.0.0.1:50000", "http://evil.example/nested/uri?q")
        .header("x-forwarded-for", "203.0.113.7")
        .header("x-forwarded-proto", "https")
        .header("x-forwarded-host", "example.com");
    let (_, body) = answer(app(layer), request).await;
    assert_eq!(body, r#"["https://example.com/uri?q","https://example.com/nested/uri?q"]"#);
}

/// A layer round the whole router runs before the router records anything.
#[tokio::test]
async fn round_the_router_it_decides_before_routing() {
    let router = tower::Layer::layer(&ForwardedHeaders::new(), app(ForwardedHeaders::new()));
    let request = request("127.0.0.1:50000", "/ip").header("x-forwarded-for", "203.0.113.7");
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "203.0.113.7");
}
