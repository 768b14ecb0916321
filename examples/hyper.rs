//! Uses the layer without a framework: hyper serves HTTP/1 and HTTP/2, and tower adds the layer.
//!
//! ```sh
//! cargo run --example hyper
//! ```
//!
//! In a second terminal, curl plays the proxy:
//!
//! ```sh
//! curl localhost:3000 -H 'X-Forwarded-For: 203.0.113.7'
//! curl localhost:3000 -H 'X-Forwarded-For: 203.0.113.7' --http2-prior-knowledge
//! ```
//!
//! hyper does not put the peer into a request, so this app inserts a [`Peer`] into each request.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Outcome, Peer};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceBuilder;

/// Answers with the client's address, on plain hyper.
#[derive(Parser)]
struct Args {
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind(Args::parse().listen).await?;
    println!("listening on http://{}", listener.local_addr()?);

    let layer = ForwardedHeaders::new();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => drop(tokio::spawn(serve(stream, peer.into(), layer.clone()))),
            // The process may be out of file descriptors. One may be free later.
            Err(error) => {
                eprintln!("accept: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, peer: Peer, layer: ForwardedHeaders) {
    let service = ServiceBuilder::new()
        .map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request
        })
        .layer(layer)
        .service_fn(hello);
    let connection = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .await;
    if let Err(error) = connection {
        eprintln!("{peer:?}: {error}");
    }
}

async fn hello(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let info: Option<&ConnectionInfo> = request.extensions().get();
    let client = match info.map(|info| (info.client_ip(), info.outcome())) {
        Some((Some(ip), _)) => ip.to_string(),
        Some((None, Outcome::Unresolved(why))) => format!("no client: {why}"),
        _ => "no client".to_owned(),
    };
    Ok(Response::new(format!("{client}\n{:?}\n", request.version())))
}
