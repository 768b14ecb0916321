//! A configuration that is replaced while the app runs, as in the example `reload`.
//!
//! Real connections stay open while the file of the example is replaced: each answer is that of the old
//! or of the new list. Once the new list is used, no answer is that of the old one.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, ServiceExt};
use forwarded_headers::explain::Explanation;
use forwarded_headers::extract::ClientIp;
use forwarded_headers::{ConnectionInfo, ForwardedHeaders, TrustedProxies};
use http::request::Parts;
use http::{StatusCode, header};
use http_body_util::BodyExt;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;

use crate::examples::{ANY_PORT, Example};

#[allow(dead_code, reason = "its main")]
#[path = "../../examples/reload.rs"]
mod example;
use example::Watcher;

/// Two lists. [`ADDRESS`] belongs to the first alone.
const LISTS: [&str; 2] = [
    "173.245.48.0/20\n103.21.244.0/22\n2400:cb00::/32\n",
    "# the second\r\n103.21.244.0/22\r\n198.41.128.0/17\r\n2400:cb00::/32\r\n",
];
const ADDRESS: &str = "173.245.48.9";
/// What is in place of a list for a moment. `None`: the file is gone.
const BROKEN: [Option<&str>; 7] = [
    Some(""),
    Some("[\"103.21.244.0/22\"]"),
    Some("<html>503</html>"),
    Some(SHORT),
    Some("103.21.244.0/22\n198.41.128.0/1"),
    Some("103.21.244.0/22\n198.41.128.0/17\n\0\u{9b}2J"),
    None,
];
/// A third of a list.
const SHORT: &str = "103.21.244.0/22\n";
/// The app reads the file this often.
const EVERY: Duration = Duration::from_millis(1);
/// A client or the test waits this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A directory with the file, which ends with its test.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("forwarded-headers-{}-reload-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("cdn.txt")
    }

    /// Writes a temporary file, and renames it. `None` removes the file.
    pub(crate) fn replace(&self, text: Option<&str>) {
        match text {
            Some(text) => {
                let temporary = self.0.join("cdn.tmp");
                fs::write(&temporary, text).unwrap();
                fs::rename(temporary, self.file()).unwrap();
            }
            None => fs::remove_file(self.file()).unwrap(),
        }
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn watcher(path: &Path) -> Watcher {
    Watcher::new(path.to_owned(), TrustedProxies::loopback()).unwrap()
}

/// Networks that are no neighbors.
fn networks(count: usize) -> String {
    (0..count).map(|number| format!("104.{}.0.0/16\n", number * 2)).collect()
}

/// How many networks the old list has, and how many the new one: whether it is used.
#[test]
fn a_list_of_half_the_networks_is_refused() {
    let rows = [
        (1, 1, true),
        (1, 100, true),
        (2, 1, false),
        (3, 2, true),
        (3, 1, false),
        (22, 12, true),
        (22, 11, false),
        (22, 1, false),
        (22, 22, true),
        (100, 51, true),
        (100, 50, false),
        (100, 99, true),
    ];
    for (before, after, is_used) in rows {
        let old = TrustedProxies::from_published(&networks(before)).unwrap();
        let new = networks(after);
        let expected = if is_used {
            Ok(TrustedProxies::from_published(&new).unwrap())
        } else {
            Err(format!("{before} networks became {after}: the list may be cut off"))
        };
        assert_eq!(example::accepted(&old, &new), expected, "{before} to {after}");
    }
    // A vendor that joins two neighbors has not taken away any.
    let old = TrustedProxies::from_published("104.16.0.0/13\n104.24.0.0/13").unwrap();
    assert!(example::accepted(&old, "104.16.0.0/12").is_ok());
}

/// What a step returns.
enum Poll {
    Nothing,
    New,
    Refused(&'static str),
}
use Poll::{New, Nothing, Refused};

/// Each content is returned once, so that each is one line of the log.
#[test]
fn each_content_of_the_file_is_read_once() {
    let half = "3 networks became 1: ";
    let big = format!("{}#{}", LISTS[1], "-".repeat(1024 * 1024));
    let rows = [
        (Some(LISTS[0]), Nothing),
        (Some(LISTS[1]), New),
        (Some(LISTS[0]), New),
        (Some(""), Refused("the list has no network; ")),
        (Some("<html>"), Refused("the list is HTML")),
        (Some("[\"103.21.244.0/22\"]"), Refused("the list is JSON")),
        (Some(SHORT), Refused(half)),
        // Another text, which is refused for the same reason.
        (Some("198.41.128.0/17\n"), Refused(half)),
        (Some("private"), Refused("line 1: invalid published network \"private\": ")),
        (
            Some("\u{1b}[2J\u{9b}"),
            Refused("line 1: invalid published network \"\\u{1b}[2J\\u{9b}\": "),
        ),
        (Some(&big), Refused("the file has more than 1048576 bytes")),
        // The list that is used is back, and written in another way.
        (Some(LISTS[0]), Nothing),
        (Some("2400:cb00::/32 # first\n103.21.244.0/22\n173.245.48.0/20"), Nothing),
        (None, Refused("")),
        (Some(LISTS[1]), New),
        (None, Refused("")),
        (Some(LISTS[1]), Nothing),
    ];
    let directory = Directory::new("steps");
    directory.replace(Some(LISTS[0]));
    let mut watcher = watcher(&directory.file());
    let is_new = |poll: Result<Option<ForwardedHeaders>, String>| poll.map(|new| new.is_some());
    for (step, (text, expected)) in rows.into_iter().enumerate() {
        directory.replace(text);
        match (is_new(watcher.poll()), expected) {
            (Ok(false), Nothing) | (Ok(true), New) => {}
            (Err(error), Refused(start)) => assert!(error.starts_with(start), "{step}: {error}"),
            (poll, _) => panic!("step {step}: {poll:?}"),
        }
        assert_eq!(is_new(watcher.poll()), Ok(false), "step {step}, a second time");
    }
}

/// Kubernetes replaces a ConfigMap by another target of a link.
#[cfg(unix)]
#[test]
fn a_link_is_followed_each_time() {
    let directory = Directory::new("link");
    let link = |target: &str| {
        std::os::unix::fs::symlink(target, directory.0.join("tmp")).unwrap();
        fs::rename(directory.0.join("tmp"), directory.0.join("data")).unwrap();
    };
    for (name, list) in ["first", "second"].into_iter().zip(LISTS) {
        fs::create_dir(directory.0.join(name)).unwrap();
        fs::write(directory.0.join(name).join("cdn.txt"), list).unwrap();
    }
    link("first");
    let mut watcher = watcher(&directory.0.join("data").join("cdn.txt"));
    assert!(watcher.poll().unwrap().is_none());
    link("second");
    assert!(watcher.poll().unwrap().is_some());
}

#[test]
fn the_app_does_not_start_with_a_wrong_list() {
    let directory = Directory::new("start");
    let new = || Watcher::new(directory.file(), TrustedProxies::loopback()).err();
    assert!(new().is_some(), "there is no file");
    // Without a list before it, a shorter one is a list.
    for text in BROKEN.into_iter().flatten().filter(|text| *text != SHORT) {
        directory.replace(Some(text));
        assert!(new().is_some(), "{text:?}");
    }
    directory.replace(Some(SHORT));
    assert_eq!(new(), None);
}

/// How often the file was replaced, twice: an odd number while it is unknown which list is used.
#[derive(Default)]
struct Phase(AtomicUsize);

impl Phase {
    fn now(&self) -> usize {
        self.0.load(SeqCst)
    }

    fn advance(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    /// The list that is used, if no other one can be.
    fn list(before: usize, after: usize) -> Option<usize> {
        (before == after && after % 2 == 0).then_some(after / 2 % LISTS.len())
    }
}

/// The app of the example, with a router of the test.
struct App {
    directory: Directory,
    address: SocketAddr,
    current: Arc<ArcSwap<ForwardedHeaders>>,
    is_over: Arc<AtomicBool>,
    phase: Phase,
}

impl App {
    async fn start(name: &str) -> Arc<Self> {
        let directory = Directory::new(name);
        directory.replace(Some(LISTS[0]));
        let watcher = watcher(&directory.file());
        let current = Arc::new(ArcSwap::from_pointee(watcher.layer().unwrap()));
        let router = Router::new().route("/upgrade", get(upgrade)).fallback(get(answer));
        let app = example::decided(current.clone(), true, router);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(app);
        tokio::spawn(axum::serve(listener, service).into_future());
        let is_over = Arc::new(AtomicBool::new(false));
        spawn({
            let (current, is_over) = (current.clone(), is_over.clone());
            move || watch(watcher, &current, &is_over)
        });
        Arc::new(Self { directory, address, current, is_over, phase: Phase::default() })
    }

    /// Replaces the list by the other one, and waits until the app uses it.
    fn swap(&self) {
        let old = self.current.load_full();
        self.phase.advance();
        let next = self.phase.now().div_ceil(2) % LISTS.len();
        self.directory.replace(Some(LISTS[next]));
        let start = Instant::now();
        while Arc::ptr_eq(&old, &self.current.load()) {
            assert!(start.elapsed() < PATIENCE, "the app does not use the new list");
            sleep(EVERY / 4);
        }
        self.phase.advance();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.is_over.store(true, SeqCst);
    }
}

/// The example's loop, which ends.
fn watch(mut watcher: Watcher, current: &ArcSwap<ForwardedHeaders>, is_over: &AtomicBool) {
    while !is_over.load(SeqCst) {
        if let Ok(Some(layer)) = watcher.poll() {
            current.store(Arc::new(layer));
        }
        sleep(EVERY);
    }
}

/// Returns the path, and the client for each reader of it. The readers must agree, also after a while.
async fn answer(ClientIp(first): ClientIp, request: Request) -> String {
    let (parts, _) = request.into_parts();
    let before = clients(&parts);
    yield_now().await;
    assert_eq!(clients(&parts), before);
    assert!(before.iter().all(|client| *client == first.to_string()), "{before:?}");
    format!("{} {first}", parts.uri.path())
}

fn clients(parts: &Parts) -> [String; 4] {
    let info: &ConnectionInfo = parts.extensions.get().unwrap();
    let explanation: &Arc<Explanation> = parts.extensions.get().unwrap();
    let ConnectInfo(address): ConnectInfo<SocketAddr> = *parts.extensions.get().unwrap();
    [
        info.client_ip().unwrap().to_string(),
        explanation.info().client_ip().unwrap().to_string(),
        address.ip().to_string(),
        parts.headers["x-forwarded-for"].to_str().unwrap().to_owned(),
    ]
}

/// Switches to lines, as a WebSocket switches to frames. Each line is answered with the client.
async fn upgrade(mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    let (parts, _) = request.into_parts();
    tokio::spawn(async move {
        let stream = TokioIo::new(upgrade.await.unwrap());
        let (reader, mut writer) = tokio::io::split(stream);
        let mut lines = BufReader::new(reader).lines();
        while let Ok(Some(_)) = lines.next_line().await {
            let line = clients(&parts).join(" ") + "\n";
            writer.write_all(line.as_bytes()).await.unwrap();
        }
    });
    let headers = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "lines")];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

pub(crate) enum Sender {
    Http1(http1::SendRequest<String>),
    Http2(http2::SendRequest<String>),
}

impl Sender {
    pub(crate) async fn http1(app: SocketAddr) -> Self {
        let stream = TokioIo::new(TcpStream::connect(app).await.unwrap());
        let (sender, connection) = http1::handshake(stream).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        Self::Http1(sender)
    }

    pub(crate) async fn http2(app: SocketAddr) -> http2::SendRequest<String> {
        let stream = TokioIo::new(TcpStream::connect(app).await.unwrap());
        let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    async fn send(&mut self, request: http::Request<String>) -> Response<hyper::body::Incoming> {
        let response = match self {
            Self::Http1(sender) => {
                sender.ready().await.unwrap();
                sender.send_request(request).await
            }
            Self::Http2(sender) => {
                sender.ready().await.unwrap();
                sender.send_request(request).await
            }
        };
        response.unwrap()
    }

    /// Returns the URI of a path, as the protocol has it.
    pub(crate) fn uri(&self, path: &str) -> String {
        match self {
            Self::Http1(_) => path.to_owned(),
            Self::Http2(_) => format!("http://app.test{path}"),
        }
    }

    /// Returns the status and the body of the answer.
    pub(crate) async fn answer(&mut self, request: http::Request<String>) -> (u16, String) {
        let response = timeout(PATIENCE, self.send(request)).await.expect("an answer");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Returns the body of the answer.
    async fn get(&mut self, path: &str, client: &str) -> String {
        let (status, body) = self.answer(request(&self.uri(path), client)).await;
        assert_eq!(status, 200, "{path}");
        body
    }
}

fn request(uri: &str, client: &str) -> http::Request<String> {
    let list = format!("6.6.6.6, {client}, {ADDRESS}");
    let request = http::Request::builder().uri(uri).header("host", "app.test");
    request.header("x-forwarded-for", list).body(String::new()).unwrap()
}

/// How many answers were those of the only list that was possible, and how many of one of two.
#[derive(Debug, Default, Clone, Copy)]
struct Answers {
    known: [usize; 2],
    one_of_two: usize,
}

/// Sends requests until the test is over, and one more.
async fn ask(mut sender: Sender, app: Arc<App>, number: usize) -> Answers {
    let mut answers = Answers::default();
    loop {
        let is_last = app.is_over.load(SeqCst);
        let (client, path) = (format!("203.0.113.{number}"), format!("/{number}/{answers:?}"));
        let path = path.replace(|c: char| !c.is_alphanumeric() && c != '/', "-");
        let expected = [format!("{path} {client}"), format!("{path} {ADDRESS}")];
        let before = app.phase.now();
        let answer = sender.get(&path, &client).await;
        if let Some(list) = Phase::list(before, app.phase.now()) {
            assert_eq!(answer, expected[list], "phase {before}");
            answers.known[list] += 1;
        } else {
            assert!(expected.contains(&answer), "{answer}");
            answers.one_of_two += 1;
        }
        if is_last {
            return answers;
        }
    }
}

/// Replaces the list many times, and puts something broken in its place now and then: each of the broken
/// texts after each list.
fn swap(app: &App, swaps: usize) {
    for number in 0..swaps {
        app.swap();
        sleep(EVERY * 2);
        if number % 3 == 0 {
            app.directory.replace(BROKEN[number / 3 % BROKEN.len()]);
            sleep(EVERY * 4);
        }
    }
}

async fn every_answer_is_that_of_one_list(name: &str, swaps: usize) {
    let app = App::start(name).await;
    let mut clients = JoinSet::new();
    for number in 0..4 {
        clients.spawn(ask(Sender::http1(app.address).await, app.clone(), number));
    }
    for number in 4..6 {
        let sender = Sender::http2(app.address).await;
        for stream in 0..3 {
            let sender = Sender::Http2(sender.clone());
            clients.spawn(ask(sender, app.clone(), number * 10 + stream));
        }
    }
    let swapper = app.clone();
    tokio::task::spawn_blocking(move || swap(&swapper, swaps)).await.unwrap();
    app.is_over.store(true, SeqCst);
    let mut all = Answers::default();
    while let Some(answers) = clients.join_next().await {
        let answers = answers.expect("a wrong answer");
        assert!(answers.known.iter().all(|count| *count > 0), "{answers:?}");
        all.known = std::array::from_fn(|list| all.known[list] + answers.known[list]);
        all.one_of_two += answers.one_of_two;
    }
    println!("{swaps} lists, {all:?}");
    assert!(all.known.iter().all(|count| *count > swaps), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_that_of_the_list_at_the_time() {
    every_answer_is_that_of_one_list("short", 300).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes half a minute"]
async fn every_answer_is_that_of_the_list_at_the_time_under_load() {
    every_answer_is_that_of_one_list("load", 6000).await;
}

/// An upgraded connection keeps the answer of its request. Other connections that are open do not.
#[tokio::test(flavor = "multi_thread")]
async fn an_upgraded_connection_keeps_its_answer() {
    const CLIENT: &str = "203.0.113.7";
    let app = App::start("upgrade").await;
    let mut open =
        [Sender::http1(app.address).await, Sender::Http2(Sender::http2(app.address).await)];
    for sender in &mut open {
        assert_eq!(sender.get("/", CLIENT).await, "/ 203.0.113.7");
    }
    let mut sender = Sender::http1(app.address).await;
    let mut request = request("/upgrade", CLIENT);
    request.headers_mut().insert("connection", "upgrade".parse().unwrap());
    request.headers_mut().insert("upgrade", "lines".parse().unwrap());
    let response = sender.send(request).await;
    assert_eq!(response.status(), 101);
    let upgraded = TokioIo::new(hyper::upgrade::on(response).await.unwrap());
    let mut upgraded = BufReader::new(upgraded);
    for swaps in 0..4 {
        upgraded.write_all(b"who?\n").await.unwrap();
        let mut line = String::new();
        timeout(PATIENCE, upgraded.read_line(&mut line)).await.expect("a line").unwrap();
        assert_eq!(line, "203.0.113.7 203.0.113.7 203.0.113.7 203.0.113.7\n", "after {swaps}");
        let swapper = app.clone();
        tokio::task::spawn_blocking(move || swapper.swap()).await.unwrap();
        let expected = if swaps % 2 == 0 { ADDRESS } else { CLIENT };
        for sender in &mut open {
            assert_eq!(sender.get("/", CLIENT).await, format!("/ {expected}"), "after {swaps}");
        }
    }
}

/// The example as a program: what it answers, and what it writes.
#[test]
fn the_example_writes_one_line_for_each_change() {
    const TWO: [(&str, &[u8]); 2] =
        [("host", b"localhost"), ("x-forwarded-for", b"203.0.113.7, 173.245.48.9")];
    let directory = Directory::new("program");
    directory.replace(Some(LISTS[0]));
    let file = directory.file();
    let flags = [file.to_str().unwrap(), "--every", "5", "--explain"];
    let mut example = Example::start("reload", &[&ANY_PORT, flags.as_slice()].concat());
    let body = example.get(&TWO).body;
    assert!(body.starts_with("203.0.113.7\nclient 203.0.113.7, http, localhost\n"), "{body}");
    for text in [Some(""), None, Some("<a href=\u{1b}>"), Some("private\u{1b}"), Some(LISTS[1])] {
        directory.replace(text);
        sleep(Duration::from_millis(200));
    }
    let body = example.get(&TWO).body;
    assert!(body.starts_with("173.245.48.9\nclient 173.245.48.9, http, localhost\n"), "{body}");

    let log = example.log();
    let lines: Vec<_> = log.lines().collect();
    let [empty, gone, html, word, new] = lines[..] else { panic!("{log}") };
    let refused = [
        (empty, "the list has no network; "),
        (gone, ""),
        (html, "the list is HTML"),
        (word, r#"line 1: invalid published network \"private\\u{1b}\": "#),
    ];
    for (line, reason) in refused {
        let text = format!(" WARN reload: keeps the last list error=\"{reason}");
        assert!(line.contains(&text) && !line.contains('\u{1b}'), "{line:?}");
    }
    assert!(new.contains(" INFO reload: uses the new list networks=3 before=3 path="), "{new}");
}
