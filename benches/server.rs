//! What the layer costs a hyper server in CPU time: `cargo bench --bench server [-- --strict]`. Linux.
//!
//! Each server has a thread of its own, whose CPU time the kernel counts. A round gives each server the
//! same number of requests. The cost of a server is its time divided by the plain server's time of the
//! same round; the table has the median and the quartiles over all rounds.
//!
//! Two servers are plain. Unless they cost the same, the run is not to be trusted: the program prints
//! so, and fails if it is called with `--strict`.

mod cases;

use std::convert::Infallible;
use std::future::ready;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use axum::extract::ConnectInfo;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::{Layer, Service, ServiceExt, service_fn};

const CONNECTIONS: usize = 16;
/// On each connection.
const REQUESTS: usize = 200;
const WARM_UP: usize = 50;
const FEWEST_ROUNDS: usize = 64;
const LONGEST: Duration = Duration::from_secs(90);
/// The kernel adds to a thread's CPU time when the thread stops running.
const UNTIL_ASLEEP: Duration = Duration::from_millis(1);

#[derive(Clone, Copy)]
enum Mode {
    Plain,
    PlainAgain,
    /// A layer that does nothing.
    NoOp,
    /// A layer that inserts an extension as large as ours.
    Extension,
    Naive,
    Layer,
}

const MODES: [Mode; 6] =
    [Mode::Plain, Mode::PlainAgain, Mode::NoOp, Mode::Extension, Mode::Naive, Mode::Layer];
const NAMES: [&str; 6] = ["plain", "plain again", "no-op", "extension", "naive", "layer"];

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

struct Server {
    thread: JoinHandle<()>,
    address: SocketAddr,
    /// The kernel's account of the thread.
    schedstat: PathBuf,
}

/// Starts a server that runs until its connections are closed.
fn start(mode: Mode) -> Server {
    let (send, receive) = channel();
    let thread = thread::spawn(move || runtime().block_on(serve(mode, send)));
    let (address, schedstat) = receive.recv().unwrap();
    Server { thread, address, schedstat }
}

async fn serve(mode: Mode, started: Sender<(SocketAddr, PathBuf)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let thread = Path::new("/proc").join(fs::read_link("/proc/thread-self").unwrap());
    started.send((listener.local_addr().unwrap(), thread.join("schedstat"))).unwrap();
    let layer = cases::local_layer();
    let client = cases::CLIENT.parse().unwrap();
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (stream, peer) = listener.accept().await.unwrap();
        let answer = service_fn(move |request| ready(Ok(answer(mode, client, &request))));
        match mode {
            Mode::Plain | Mode::PlainAgain => connections.spawn(connection(stream, peer, answer)),
            Mode::NoOp => {
                connections.spawn(connection(stream, peer, answer.map_request(|request| request)))
            }
            Mode::Extension => {
                connections.spawn(connection(stream, peer, answer.map_request(extended)))
            }
            Mode::Naive => connections.spawn(connection(stream, peer, answer.map_request(naive))),
            Mode::Layer => connections.spawn(connection(stream, peer, layer.layer(answer))),
        };
    }
    connections.join_all().await;
}

async fn connection<S>(stream: TcpStream, peer: SocketAddr, service: S)
where
    S: Service<Request<Incoming>, Response = Response<String>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    stream.set_nodelay(true).unwrap();
    let service = service.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        request
    });
    let http = hyper::server::conn::http1::Builder::new();
    // An error is a connection that the client has closed.
    let _ = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)).await;
}

/// As large as `ConnectionInfo`.
#[derive(Clone, PartialEq)]
struct Extension([u64; 12]);

fn extended(mut request: Request<Incoming>) -> Request<Incoming> {
    request.extensions_mut().insert(Extension([0; 12]));
    request
}

/// Inserts the last entry of `X-Forwarded-For`, even from a client: the usual five lines.
fn naive(mut request: Request<Incoming>) -> Request<Incoming> {
    fn last(headers: &HeaderMap) -> Option<IpAddr> {
        headers.get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
    }
    if let Some(ip) = last(request.headers()) {
        request.extensions_mut().insert(ip);
    }
    request
}

/// Answers whether the app finds its client. The plain servers and the layer that does nothing do not
/// look.
fn answer(mode: Mode, client: IpAddr, request: &Request<Incoming>) -> Response<String> {
    let found = match mode {
        Mode::Plain | Mode::PlainAgain | Mode::NoOp => Some(client),
        Mode::Extension => {
            let is_there = request.extensions().get() == Some(&Extension([0; 12]));
            is_there.then_some(client)
        }
        Mode::Naive => request.extensions().get().copied(),
        Mode::Layer => cases::client(request.extensions()),
    };
    let right = found == Some(client);
    Response::new(if right { "right" } else { "wrong" }.to_owned())
}

impl Server {
    /// Returns the CPU time of the thread so far, in nanoseconds.
    fn cpu_time(&self) -> f64 {
        thread::sleep(UNTIL_ASLEEP);
        let schedstat = fs::read_to_string(&self.schedstat).unwrap();
        schedstat.split(' ').next().unwrap().parse().unwrap()
    }
}

/// Returns the CPU time that a new server takes for its requests.
///
/// A server that ran longer would keep its place in memory, and that place can favor it in all rounds.
fn turn(mode: Mode) -> f64 {
    let server = start(mode);
    let time = runtime().block_on(async {
        let connects = (0..CONNECTIONS).map(|_| TcpStream::connect(server.address));
        let streams = all(connects).await.into_iter().map(Result::unwrap);
        let streams = all(streams.map(|stream| client(stream, WARM_UP))).await;
        let before = server.cpu_time();
        let streams = all(streams.into_iter().map(|stream| client(stream, REQUESTS))).await;
        let time = server.cpu_time() - before;
        drop(streams);
        time
    });
    server.thread.join().unwrap();
    time
}

/// Runs the futures together.
async fn all<F>(futures: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    futures.collect::<JoinSet<_>>().join_all().await
}

/// Sends requests one after another, and checks the answers.
async fn client(mut stream: TcpStream, requests: usize) -> TcpStream {
    stream.set_nodelay(true).unwrap();
    let lines = [("host", cases::HOST)];
    let lines = lines.iter().chain(&cases::BROWSER).chain(&cases::HONEST);
    let lines: String = lines.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!("GET /list?page=3 HTTP/1.1\r\n{lines}\r\n");
    let mut buffer = [0; 1024];
    for _ in 0..requests {
        stream.write_all(request.as_bytes()).await.unwrap();
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(buffer[..read].ends_with(b"right"), "{}", buffer[..read].escape_ascii());
    }
    stream
}

type Times = [f64; MODES.len()];

/// Gives each mode a turn forwards and a turn backwards, so that a drift, or a difference between odd
/// and even turns, cancels out.
fn round(first: usize) -> Times {
    let mut order: [usize; MODES.len()] = std::array::from_fn(|mode| mode);
    order.rotate_left(first);
    let mut times = [0.; MODES.len()];
    for mode in order.into_iter().chain(order.into_iter().rev()) {
        times[mode] += turn(MODES[mode]);
    }
    times
}

/// Prints the CPU times of one round per line. Each mode is first in one round.
fn print_block() {
    turn(Mode::Plain);
    for first in 0..MODES.len() {
        println!("{}", round(first).map(|time| time.to_string()).join(" "));
    }
}

/// Runs a block in a process of its own, on one processor.
///
/// On two processors, the speed of the load decides how many requests a server finds at once, and so
/// what a request costs. One process would have the same layout of memory in all rounds.
fn block() -> Vec<Times> {
    let output = Command::new("taskset")
        .args(["--cpu-list", &last_processor()])
        .arg(env::current_exe().unwrap())
        .arg("--block")
        .stderr(Stdio::inherit())
        .output()
        .expect("taskset, of util-linux");
    assert!(output.status.success(), "a block failed");
    String::from_utf8(output.stdout).unwrap().lines().map(parse_times).collect()
}

/// Returns the last processor on which this process may run.
fn last_processor() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
    allowed.trim().rsplit([',', '-']).next().unwrap().to_owned()
}

fn parse_times(line: &str) -> Times {
    let times: Vec<_> = line.split(' ').map(|time| time.parse().unwrap()).collect();
    times.try_into().unwrap()
}

/// Adds blocks until the plain servers cost the same, or the time is up.
fn measure() -> Vec<Times> {
    let start = Instant::now();
    let mut rounds = vec![];
    while start.elapsed() < LONGEST {
        rounds.extend(block());
        if rounds.len() >= FEWEST_ROUNDS && plain_servers_agree(&rounds) {
            break;
        }
    }
    rounds
}

/// Returns the lower quartile, the median and the upper quartile.
fn quartiles(values: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[values.len() * quarter / 4])
}

/// Returns the quartiles of a mode's CPU time divided by that of the plain server.
fn ratios(rounds: &[Times], mode: usize) -> [f64; 3] {
    quartiles(rounds.iter().map(|times| times[mode] / times[0]))
}

fn plain_servers_agree(rounds: &[Times]) -> bool {
    let [_, median, _] = ratios(rounds, 1);
    (0.995..=1.005).contains(&median)
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52 requests")]
fn print_table(rounds: &[Times]) {
    let requests = (2 * CONNECTIONS * REQUESTS) as f64;
    let [_, plain, _] = quartiles(rounds.iter().map(|times| times[0] / requests / 1000.));
    println!("plain server: {plain:.2} µs of CPU time a request; {} rounds", rounds.len());
    println!("{:<13}{:>8}{:>18}", "", "median", "quartiles");
    for (mode, name) in NAMES.iter().enumerate().skip(1) {
        let [low, median, high] = ratios(rounds, mode);
        println!("{name:<13}{median:>8.4}{low:>9.4}{high:>9.4}");
    }
}

fn main() -> ExitCode {
    let asked = |option| env::args().any(|argument| argument == option);
    if asked("--block") {
        print_block();
        return ExitCode::SUCCESS;
    }
    let rounds = measure();
    print_table(&rounds);
    if plain_servers_agree(&rounds) {
        println!("The two plain servers agree within 0.5 %.");
        return ExitCode::SUCCESS;
    }
    println!("The two plain servers differ by more than 0.5 %: do not trust this run.");
    ExitCode::from(u8::from(asked("--strict")))
}
