use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use hyper::Request;
use sentry_core::test::TestTransport;
use sentry_core::{Client, ClientOptions, Hub, Level, capture_message};
use sentry_tower::{SentryHttpLayer, SentryLayer};

use crate::serve::Site;

/// Returns the URL that Sentry shows for an event.
pub async fn url(site: Site) -> String {
    let transport = TestTransport::new();
    let options = ClientOptions::new()
        .dsn("https://key@sentry.example/1")
        .transport(Arc::new(transport.clone()));
    let hub = Arc::new(Hub::new(Some(Arc::new(Client::from(options))), Arc::default()));
    let app = Router::new()
        .route("/", get(|| async { capture_message("hello", Level::Info).to_string() }))
        .layer(SentryHttpLayer::new())
        .layer(SentryLayer::<_, Arc<Hub>, Request<Body>>::new(hub));
    let app = site.serve(app).await;
    app.get("/").await;
    let events = transport.fetch_and_clear_events();
    let url = events.first().and_then(|event| event.request.as_ref()?.url.clone());
    url.map_or_else(|| "none".into(), |url| app.without_port(url.as_str()))
}
