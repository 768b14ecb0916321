//! Apps that pass requests on. Each builds the URI of its request to the upstream in another way.

use std::io::{ErrorKind, Result};
use std::iter::{Once, once};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hyper::http::uri::{Authority, PathAndQuery, Scheme};
use hyper::{StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use tower::service_fn;

use crate::serve::Site;
use crate::upstream;

/// Builds the URI of the request to the upstream, whose name is `up`.
type Build = fn(&Uri) -> Option<Uri>;

/// Marks a request that the app has passed on.
const PASSED_ON: &str = "x-passed-on";

/// The servers that the app can reach by a name.
#[derive(Clone)]
struct Network {
    upstream: SocketAddr,
    evil: SocketAddr,
    app: Arc<OnceLock<SocketAddr>>,
}

impl Network {
    fn find(&self, name: &str) -> Result<Once<SocketAddr>> {
        match name {
            "up" => Ok(once(self.upstream)),
            "evil.example" => Ok(once(self.evil)),
            "www.example" => Ok(once(*self.app.get().unwrap())),
            _ => Err(ErrorKind::NotFound.into()),
        }
    }

    async fn pass_on(self, request: Request, build: Build) -> Response {
        if request.headers().contains_key(PASSED_ON) {
            return "the app itself".into_response();
        }
        let Some(uri) = build(request.uri()) else {
            return StatusCode::BAD_GATEWAY.into_response();
        };
        let find = move |name: Name| {
            let found = self.find(name.as_str());
            async move { found }
        };
        let connector = HttpConnector::new_with_resolver(service_fn(find));
        let client = Client::builder(TokioExecutor::new()).build::<_, Body>(connector);
        let request = hyper::Request::get(uri).header(PASSED_ON, "1").body(Body::empty()).unwrap();
        match client.request(request).await {
            Ok(response) => response.map(Body::new),
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        }
    }
}

/// Returns which server answered.
async fn asked(site: Site, build: Build) -> String {
    let network = Network {
        upstream: upstream::start("the upstream").await,
        evil: upstream::start("evil.example").await,
        app: Arc::default(),
    };
    let address = network.app.clone();
    let handler = move |request: Request| network.clone().pass_on(request, build);
    let app = site.serve(Router::new().fallback(handler)).await;
    address.set(app.address).unwrap();
    app.get("/page?a=b").await.text()
}

fn uri(scheme: Scheme, authority: Authority, path: PathAndQuery) -> Option<Uri> {
    Uri::builder().scheme(scheme).authority(authority).path_and_query(path).build().ok()
}

/// Writes the upstream in front of the URI.
pub async fn in_front(site: Site) -> String {
    asked(site, |uri| format!("http://up{uri}").parse().ok()).await
}

/// Connects to the URI's authority, and to the upstream where there is none.
pub async fn authority_if_absent(site: Site) -> String {
    asked(site, |original| {
        let up = Authority::from_static("up");
        let authority = original.authority().cloned().unwrap_or(up);
        uri(Scheme::HTTP, authority, original.path_and_query()?.clone())
    })
    .await
}

/// Sets the authority, and keeps the scheme where there is one.
pub async fn keeps_scheme(site: Site) -> String {
    asked(site, |original| {
        let scheme = original.scheme().cloned().unwrap_or(Scheme::HTTP);
        uri(scheme, Authority::from_static("up"), original.path_and_query()?.clone())
    })
    .await
}

/// Uses nothing but path and query.
pub async fn path_and_query(site: Site) -> String {
    asked(site, |original| {
        uri(Scheme::HTTP, Authority::from_static("up"), original.path_and_query()?.clone())
    })
    .await
}
