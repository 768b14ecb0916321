use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use hyper::{Request, Response};
use jsonrpsee_server::HttpBody;
use jsonrpsee_server::middleware::http::HostFilterLayer;
use tower::{BoxError, Layer, ServiceExt, service_fn};

use crate::serve::Site;

async fn called(_: Request<Body>) -> Result<Response<HttpBody>, BoxError> {
    Ok(Response::new(HttpBody::empty()))
}

fn none(error: BoxError) -> Infallible {
    panic!("{error}")
}

/// Returns the status behind a filter for `www.example`.
pub async fn host_filter(site: Site) -> String {
    let filtered = HostFilterLayer::new(["www.example"]).unwrap().layer(service_fn(called));
    let app = Router::new().fallback_service(filtered.map_err(none));
    site.serve(app).await.get("/").await.status.as_str().into()
}
