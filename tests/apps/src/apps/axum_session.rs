use axum::Router;
use axum::routing::get;
use axum_session::{
    Key, SessionConfig, SessionLayer, SessionNullPool, SessionNullSession, SessionStore,
};

use crate::client::Answer;
use crate::serve::{App, Site};
use crate::situation::{Client, empty};

async fn visits(session: SessionNullSession) -> String {
    let visits = session.get::<u8>("visits").unwrap_or(0) + 1;
    session.set("visits", visits);
    visits.to_string()
}

/// Returns the cookies that an answer sets, as a client sends them back.
fn cookies(answer: &Answer) -> String {
    let lines = answer.headers.get_all("set-cookie").iter();
    let cookies = lines.map(|line| line.to_str().unwrap().split(';').next().unwrap());
    cookies.collect::<Vec<_>>().join("; ")
}

async fn visits_with(app: App, client: Client, cookies: &str) -> String {
    let request = app.request(client, "/").header("cookie", cookies);
    app.send(client, empty(request)).await.text()
}

/// Returns whether another client can use a cookie that it has stolen. The client itself always can.
pub async fn stolen_cookie(site: Site) -> String {
    let config = SessionConfig::default().with_key(Key::generate()).with_ip_and_user_agent(true);
    let store = SessionStore::<SessionNullPool>::new(None, config).await.unwrap();
    let app = Router::new().route("/", get(visits)).layer(SessionLayer::new(store));
    let app = site.serve(app).await;
    let cookies = cookies(&app.get("/").await);
    assert_eq!(visits_with(app, Client::First, &cookies).await, "2", "the client lost its session");
    match visits_with(app, Client::Second, &cookies).await.as_str() {
        "1" => "refused".into(),
        _ => "accepted".into(),
    }
}
