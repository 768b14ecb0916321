use axum::Router;
use axum_reverse_proxy::ReverseProxy;

use crate::serve::Site;
use crate::upstream;

/// Returns the `X-Forwarded-For` that the upstream received.
pub async fn forwarded_for(site: Site) -> String {
    let upstream = upstream::start("the upstream").await;
    let proxy = ReverseProxy::new("/", format!("http://{upstream}"));
    let app = site.serve(Router::new().fallback_service(proxy)).await;
    app.get("/").await.header("x-received-for")
}
