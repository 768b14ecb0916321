use axum::Router;
use axum::routing::get;
use axum_tracing_opentelemetry::middleware::OtelAxumLayer;

use crate::recorder::{field, record};
use crate::serve::Site;

/// Returns the scheme in the span of a request.
pub async fn url_scheme(site: Site) -> String {
    let _guard = record();
    let handler = get(|| async { field("url.scheme") });
    let app = Router::new().route("/", handler).layer(OtelAxumLayer::default());
    site.serve(app).await.get("/").await.text()
}
