//! Serves an app with the layer or without it, and asks it.

use std::net::SocketAddr;

use axum::body::Body;
use axum::{Router, ServiceExt, serve};
use forwarded_headers::ForwardedHeaders;
use hyper::Request;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tower::Layer;

use crate::client::{Answer, connect, send_over};
use crate::layers::{Settings, layer};
use crate::situation::{Client, Situation, empty};

/// Where the layer stands in an axum app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The last `.layer(…)` of the `Router`.
    Last,
    /// Around the `Router`: it runs before routing.
    Around,
}

impl Place {
    /// Returns what follows the name of a crate.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Last => "",
            Self::Around => ", layer around the `Router`",
        }
    }
}

/// One measurement: a situation, and how the app is built.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    pub situation: Situation,
    pub layer: Option<(Settings, Place)>,
}

/// An app that runs.
#[derive(Clone, Copy)]
pub struct App {
    pub address: SocketAddr,
    pub situation: Situation,
}

impl Site {
    pub fn layer(self) -> Option<ForwardedHeaders> {
        self.layer.map(|(settings, _)| layer(settings, self.situation))
    }

    /// Serves the app with `axum::serve`.
    pub async fn serve(self, router: Router) -> App {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        if let Some((settings, Place::Around)) = self.layer {
            let service = layer(settings, self.situation).layer(router);
            let service = ServiceExt::<Request<Body>>::into_make_service_with_connect_info::<
                SocketAddr,
            >(service);
            tokio::spawn(serve(listener, service).into_future());
        } else {
            let service = self.routed(router).into_make_service_with_connect_info::<SocketAddr>();
            tokio::spawn(serve(listener, service).into_future());
        }
        App { address, situation: self.situation }
    }

    /// Makes the layer the last of the router, if there is one.
    pub fn routed(self, router: Router) -> Router {
        match self.layer() {
            Some(layer) => router.layer(layer),
            None => router,
        }
    }
}

impl App {
    pub fn request(self, client: Client, path: &str) -> hyper::http::request::Builder {
        self.situation.request(client, self.address, path)
    }

    /// Writes `APP` for the app's port, which is another one each time.
    pub fn without_port(self, text: &str) -> String {
        text.replace(&format!(":{}", self.address.port()), ":APP")
    }

    /// Sends a request over a connection of its own.
    pub async fn send(self, client: Client, request: Request<Body>) -> Answer {
        let stream = connect(self.situation.source(client), self.address).await;
        send_over(TokioIo::new(stream), request).await.map(|text| self.without_port(text))
    }

    pub async fn get(self, path: &str) -> Answer {
        self.get_as(Client::First, path).await
    }

    pub async fn get_as(self, client: Client, path: &str) -> Answer {
        self.send(client, empty(self.request(client, path))).await
    }
}
