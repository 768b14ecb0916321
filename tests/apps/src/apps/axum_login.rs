use std::convert::Infallible;

use axum::Router;
use axum::routing::get;
use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend, login_required};
use axum_login_sessions::{MemoryStore, SessionManagerLayer};

use crate::serve::Site;

#[derive(Debug, Clone)]
struct User;

impl AuthUser for User {
    type Id = u8;

    fn id(&self) -> u8 {
        0
    }

    fn session_auth_hash(&self) -> &[u8] {
        &[]
    }
}

/// Knows no user.
#[derive(Clone)]
struct Backend;

impl AuthnBackend for Backend {
    type User = User;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<User>, Infallible> {
        Ok(None)
    }

    async fn get_user(&self, _: &u8) -> Result<Option<User>, Infallible> {
        Ok(None)
    }
}

/// Returns the page that the login leads back to.
pub async fn next(site: Site) -> String {
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    let app = Router::new()
        .route("/page/", get(|| async {}))
        .route_layer(login_required!(Backend, login_url = "/login"))
        .layer(AuthManagerLayerBuilder::new(Backend, sessions).build());
    let location = site.serve(app).await.get("/page/").await.header("location");
    let next = location.strip_prefix("/login?next=").unwrap_or(&location).to_owned();
    next.replace("%2F", "/").replace("%3A", ":")
}
