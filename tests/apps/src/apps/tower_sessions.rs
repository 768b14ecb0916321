use axum::Router;
use axum::routing::get;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

use crate::serve::Site;
use crate::situation::{Client, empty};

async fn visits(session: Session) -> String {
    let visits = session.get::<u8>("visits").await.unwrap().unwrap_or(0) + 1;
    session.insert("visits", visits).await.unwrap();
    visits.to_string()
}

/// Returns how a cookie is set, and what the session holds when the cookie comes back.
pub async fn second_visit(site: Site) -> String {
    let layer = SessionManagerLayer::new(MemoryStore::default());
    let app = site.serve(Router::new().route("/", get(visits)).layer(layer)).await;
    let cookie = app.get("/").await.header("set-cookie");
    let is_secure = cookie.contains("; Secure");
    let request = app.request(Client::First, "/").header("cookie", cookie);
    let visits = app.send(Client::First, empty(request)).await.text();
    if is_secure { format!("Secure, visit {visits}") } else { format!("visit {visits}") }
}
