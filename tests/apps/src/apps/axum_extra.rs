#![expect(deprecated, reason = "apps use these extractors")]

use axum::Router;
use axum::routing::get;
use axum_extra::extract::{Host, Scheme};
use axum_extra::routing::RouterExt;

use crate::serve::Site;

pub async fn host(site: Site) -> String {
    let app = Router::new().route("/", get(|Host(host): Host| async { host }));
    site.serve(app).await.get("/").await.text()
}

pub async fn scheme(site: Site) -> String {
    let app = Router::new().route("/", get(|Scheme(scheme): Scheme| async { scheme }));
    site.serve(app).await.get("/").await.text()
}

/// Returns where a path without its slash is redirected to.
pub async fn route_with_tsr(site: Site) -> String {
    let app = Router::new().route_with_tsr("/page/", get(|| async {}));
    site.serve(app).await.get("/page").await.header("location")
}
