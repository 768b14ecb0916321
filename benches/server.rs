//! Requests a second of a hyper server with the layer and without, in pairs of short runs:
//! `cargo bench --bench server`. Both sides of a pair have the same load, by one thread for the server
//! and one for 16 connections that are kept alive.

mod cases;

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use axum::extract::ConnectInfo;
use forwarded_headers::{ConnectionInfo, Family};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer, ServiceExt, service_fn};

const PAIRS: usize = 30;
const RUN: Duration = Duration::from_millis(400);
const CONNECTIONS: usize = 16;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server on a thread of its own, until the process ends.
fn serve(layered: bool) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::spawn(move || {
        runtime().block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, peer) = listener.accept().await.unwrap();
                tokio::spawn(connection(stream, peer, layered));
            }
        });
    });
    address
}

async fn connection(stream: TcpStream, peer: SocketAddr, layered: bool) {
    let client = cases::CLIENT.parse().ok();
    let answer = service_fn(move |request: Request<Incoming>| {
        let info = request.extensions().get::<ConnectionInfo>();
        let right = !layered || info.is_some_and(|info| info.client_ip() == client);
        let body = if right { "right" } else { "wrong" };
        ready(Ok::<_, Infallible>(Response::new(body.to_owned())))
    });
    let with_peer = move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    };
    let http = hyper::server::conn::http1::Builder::new();
    let layer = cases::layer(Family::XForwarded, 1).trust("loopback".parse().unwrap());
    let done = if layered {
        let service = layer.layer(answer).map_request(with_peer);
        http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await
    } else {
        let service = answer.map_request(with_peer);
        http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await
    };
    drop(done);
}

/// How many requests were answered while it ran.
fn load(address: SocketAddr) -> usize {
    let stop = Arc::new(AtomicBool::new(false));
    runtime().block_on(async {
        let clients: Vec<_> =
            (0..CONNECTIONS).map(|_| tokio::spawn(client(address, Arc::clone(&stop)))).collect();
        tokio::time::sleep(RUN).await;
        stop.store(true, Relaxed);
        let mut answers = 0;
        for client in clients {
            answers += client.await.unwrap();
        }
        answers
    })
}

async fn client(address: SocketAddr, stop: Arc<AtomicBool>) -> usize {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let lines = cases::BROWSER.iter().chain(&cases::HONEST);
    let lines: String = lines.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("GET /list?page=3 HTTP/1.1\r\n{lines}\r\n");
    let (mut answers, mut buffer) = (0, [0; 1024]);
    while !stop.load(Relaxed) {
        stream.write_all(request.as_bytes()).await.unwrap();
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(buffer[..read].ends_with(b"right"), "{}", buffer[..read].escape_ascii());
        answers += 1;
    }
    answers
}

fn main() {
    let (plain, layered) = (serve(false), serve(true));
    load(plain);
    load(layered);
    let mut ratios: Vec<_> = (0..PAIRS)
        .map(|pair| {
            let [first, second] = if pair % 2 == 0 { [plain, layered] } else { [layered, plain] };
            let (one, other) = (load(first), load(second));
            let (without, with) = if pair % 2 == 0 { (one, other) } else { (other, one) };
            (with as f64 / without as f64, without, with)
        })
        .collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, without, with) = ratios[PAIRS / 2];
    let rate = |answers: usize| answers as f64 / RUN.as_secs_f64();
    println!(
        "with the layer / without: median {ratio:.3} of {PAIRS} pairs, {:.3} to {:.3}; in that pair \
         {:.0} and {:.0} requests a second",
        ratios[PAIRS / 4].0,
        ratios[PAIRS * 3 / 4].0,
        rate(with),
        rate(without),
    );
}
