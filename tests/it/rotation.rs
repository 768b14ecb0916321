//! A secret that is replaced while the app runs, under load, through real connections.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::extract::Request;
use axum::routing::get;
use axum::{Router, ServiceExt};
use forwarded_headers::extract::ClientIp;
use forwarded_headers::{Config, ForwardedHeaders};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tower::Layer;
use tower::util::MapRequestLayer;

use crate::reload::{Directory, Sender};

const HEADER: &str = "x-origin-verify";
const PATIENCE: Duration = Duration::from_secs(20);

fn secret(number: usize) -> String {
    format!("a-secret-of-the-cdn-{number:06}")
}

/// The operator's configuration, whose secrets are in the file.
fn layer(file: &Path) -> ForwardedHeaders {
    let mut config = Config::default();
    config.trust = Some("loopback".parse().unwrap());
    config.secret_header = Some(HEADER.parse().unwrap());
    config.secret_file = Some(file.into());
    ForwardedHeaders::builder().configure(config).build().unwrap()
}

/// The CDN: the number of the secret that it sends, and the requests with each secret that are on their way.
#[derive(Default)]
struct Cdn {
    number: AtomicUsize,
    on_their_way: [AtomicUsize; 2],
    is_over: AtomicBool,
}

impl Cdn {
    /// Takes the secret of now. A request counts before its secret is chosen, so that none is missed.
    fn begin(&self) -> usize {
        loop {
            let number = self.number.load(SeqCst);
            self.on_their_way[number % 2].fetch_add(1, SeqCst);
            if self.number.load(SeqCst) == number {
                return number;
            }
            self.end(number);
        }
    }

    fn end(&self, number: usize) {
        self.on_their_way[number % 2].fetch_sub(1, SeqCst);
    }

    /// Changes the rule of the CDN, and waits until the last request with the old secret is answered.
    async fn change(&self, number: usize) {
        self.number.store(number, SeqCst);
        let start = Instant::now();
        while self.on_their_way[(number + 1) % 2].load(SeqCst) > 0 {
            assert!(start.elapsed() < PATIENCE, "a request is not answered");
            sleep(Duration::from_millis(1)).await;
        }
    }
}

async fn status(sender: &mut Sender, secret: &str) -> (u16, String) {
    let uri = sender.uri("/");
    let request = http::Request::builder()
        .uri(uri)
        .header("host", "app.test")
        .header("x-forwarded-for", "203.0.113.7")
        .header(HEADER, secret);
    sender.answer(request.body(String::new()).unwrap()).await
}

/// Sends requests until the test is over, each with the secret of its moment.
async fn ask(mut sender: Sender, cdn: Arc<Cdn>) -> usize {
    let mut answers = 0;
    while !cdn.is_over.load(SeqCst) {
        let number = cdn.begin();
        let answer = status(&mut sender, &secret(number)).await;
        cdn.end(number);
        assert_eq!(answer, (200, "203.0.113.7".into()), "with secret {number}");
        answers += 1;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_the_secret_is_replaced() {
    let directory = Directory::new("rotation");
    let file = directory.file();
    fs::write(&file, secret(0)).unwrap();
    let current = Arc::new(ArcSwap::from_pointee(layer(&file)));
    let reader = current.clone();
    let router = Router::new().route("/", get(|ip: ClientIp| async move { ip.to_string() }));
    let app = MapRequestLayer::new(move |mut request: Request| {
        reader.load().apply(&mut request);
        request
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.layer(router);
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(app);
    tokio::spawn(axum::serve(listener, service).into_future());

    let cdn = Arc::new(Cdn::default());
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        clients.spawn(ask(Sender::http1(address).await, cdn.clone()));
        let shared = Sender::http2(address).await;
        clients.spawn(ask(Sender::Http2(shared), cdn.clone()));
    }
    let write = |secrets: &[usize]| {
        let lines: Vec<_> = secrets.iter().map(|number| secret(*number)).collect();
        directory.replace(Some(&lines.join("\n")));
        current.store(Arc::new(layer(&file)));
    };
    let mut attacker = Sender::http1(address).await;
    for number in 0..100 {
        write(&[number, number + 1]);
        cdn.change(number + 1).await;
        write(&[number + 1]);
        // The old secret ends at once.
        let (status, _) = status(&mut attacker, &secret(number)).await;
        assert_eq!(status, 403, "secret {number}");
    }
    cdn.is_over.store(true, SeqCst);
    let answers: Vec<usize> = clients.join_all().await;
    assert!(answers.iter().all(|answers| *answers > 20), "{answers:?}");
}
