use std::fs::create_dir_all;

use axum::Router;
use axum::routing::{get, post};
use hyper::Uri;
use tower::Layer;
use tower_http::csrf::CsrfLayer;
use tower_http::normalize_path::NormalizePathLayer;
use tower_http::services::ServeDir;
use tower_http::trace::TraceLayer;

use crate::recorder::{field, record};
use crate::serve::Site;
use crate::situation::{Client, empty};

/// Returns where a directory without its slash is redirected to.
pub async fn serve_dir(site: Site) -> String {
    let directory = env!("CARGO_TARGET_TMPDIR");
    create_dir_all(format!("{directory}/page")).unwrap();
    let app = Router::new().fallback_service(ServeDir::new(directory));
    site.serve(app).await.get("/page").await.header("location")
}

/// Returns the URI in the span of a request.
pub async fn trace(site: Site) -> String {
    let _guard = record();
    let handler = get(|| async { field("uri") });
    let layer = TraceLayer::new_for_http();
    let app = site.serve(Router::new().route("/page", handler).layer(layer)).await;
    app.get("/page").await.text()
}

/// Returns the URI of a path with a slash too many, behind the layer that removes the slash.
pub async fn normalize_path(site: Site) -> String {
    let inner = Router::new().route("/page", get(|uri: Uri| async move { uri.to_string() }));
    let normalized = NormalizePathLayer::trim_trailing_slash().layer(inner);
    let app = Router::new().fallback_service(normalized);
    site.serve(app).await.get("/page/").await.text()
}

/// Returns the status of a form that a page of `https://www.example` sends.
pub async fn csrf(site: Site) -> String {
    let app = Router::new().route("/", post(|| async {})).layer(CsrfLayer::new());
    let app = site.serve(app).await;
    let form = app.request(Client::First, "/").method("POST");
    let form = form.header("origin", "https://www.example");
    app.send(Client::First, empty(form)).await.status.as_str().into()
}
