//! Reads the networks of a CDN from a file, again and again. A new list is used from the next request on.
//!
//! ```sh
//! printf '173.245.48.0/20\n103.21.244.0/22\n' >cdn.txt
//! cargo run --example reload -- cdn.txt
//! ```
//!
//! In a second terminal, curl plays an nginx on this machine that is behind the CDN. The answer is the
//! client, 203.0.113.7. With the second list, 173.245.48.1 does not belong to the CDN, and is the client:
//!
//! ```sh
//! curl localhost:3000 -H 'X-Forwarded-For: 203.0.113.7, 173.245.48.1'
//! printf '103.21.244.0/22\n2400:cb00::/32\n' >cdn.tmp && mv cdn.tmp cdn.txt
//! curl localhost:3000 -H 'X-Forwarded-For: 203.0.113.7, 173.245.48.1'
//! ```
//!
//! A list that is refused changes nothing, and is one warning. Try an empty file, a web page, a list of
//! half the networks, or no file at all.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::extract::Request;
use axum::routing::get;
use axum::{Extension, Router, ServiceExt};
use clap::Parser;
use forwarded_headers::explain::Explanation;
use forwarded_headers::extract::ClientIp;
use forwarded_headers::{ConfigError, ForwardedHeaders, TrustedProxies};
use tokio::net::TcpListener;
use tower::Layer;
use tower::util::{MapRequest, MapRequestLayer};

/// Lists of CDNs have a few kilobytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// Answers with the client's address, behind a CDN whose networks change.
#[derive(Parser)]
struct Args {
    /// The networks of the CDN, one a line
    ranges: PathBuf,
    /// The addresses of the proxy behind the CDN
    #[arg(long, value_name = "SET", default_value = "loopback")]
    proxy: TrustedProxies,
    /// How often to read the file
    #[arg(long, value_name = "MILLISECONDS", default_value = "2000")]
    every: u64,
    /// Answer with the explanation of the request, too
    #[arg(long)]
    explain: bool,
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).init();
    let args = Args::parse();
    let watcher = Watcher::new(args.ranges, args.proxy)?;
    let current = Arc::new(ArcSwap::from_pointee(watcher.layer()?));
    let router = Router::new().fallback(get(client));
    let app = decided(current.clone(), args.explain, router);
    std::thread::spawn(move || watcher.watch(&current, Duration::from_millis(args.every)));

    let listener = TcpListener::bind(args.listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(app);
    Ok(axum::serve(listener, service).await?)
}

async fn client(
    ClientIp(ip): ClientIp,
    explanation: Option<Extension<Arc<Explanation>>>,
) -> String {
    let explanation = explanation.map(|Extension(explanation)| explanation.to_string());
    format!("{ip}\n{}", explanation.unwrap_or_default())
}

/// Decides each request by the configuration of that moment. This is around the router: it runs before
/// routing, and covers every route. A layer of the router would not cover a route that is added after it.
pub(crate) fn decided(
    current: Arc<ArcSwap<ForwardedHeaders>>,
    explain: bool,
    router: Router,
) -> MapRequest<Router, impl FnMut(Request) -> Request + Clone + Send + 'static> {
    MapRequestLayer::new(move |request| decide(&current.load(), explain, request)).layer(router)
}

/// Gets one configuration, so that explanation and decision are those of the same list.
fn decide(layer: &ForwardedHeaders, explain: bool, request: Request) -> Request {
    let (parts, body) = request.into_parts();
    let explanation = explain.then(|| Arc::new(layer.explain(&parts)));
    let mut request = Request::from_parts(parts, body);
    layer.apply(&mut request);
    if let Some(explanation) = explanation {
        request.extensions_mut().insert(explanation);
    }
    request
}

/// A file with the networks of a CDN, and the last list that was accepted.
pub(crate) struct Watcher {
    path: PathBuf,
    proxy: TrustedProxies,
    cdn: TrustedProxies,
    /// The text of the file, or the error, when it was last read: each is logged once.
    seen: Result<String, String>,
}

impl Watcher {
    pub(crate) fn new(path: PathBuf, proxy: TrustedProxies) -> Result<Self, String> {
        let text = read(&path)?;
        let cdn = TrustedProxies::from_published(&text).map_err(|error| error.to_string())?;
        Ok(Self { path, proxy, cdn, seen: Ok(text) })
    }

    pub(crate) fn layer(&self) -> Result<ForwardedHeaders, ConfigError> {
        let chain = [self.cdn.clone(), self.proxy.clone()];
        ForwardedHeaders::behind("nginx").trust_chain(chain).build()
    }

    pub(crate) fn watch(mut self, current: &ArcSwap<ForwardedHeaders>, every: Duration) {
        loop {
            std::thread::sleep(every);
            let before = count(&self.cdn);
            match self.poll() {
                Ok(None) => {}
                Ok(Some(layer)) => {
                    current.store(Arc::new(layer));
                    let (networks, path) = (count(&self.cdn), &self.path);
                    tracing::info!(networks, before, ?path, "uses the new list");
                }
                Err(error) => tracing::warn!(error, path = ?self.path, "keeps the last list"),
            }
        }
    }

    /// Returns a configuration if the file has other networks than before. Returns an error if the file
    /// has changed and is not a good list.
    pub(crate) fn poll(&mut self) -> Result<Option<ForwardedHeaders>, String> {
        let read = read(&self.path);
        if read == self.seen {
            return Ok(None);
        }
        self.seen.clone_from(&read);
        let cdn = accepted(&self.cdn, &read?)?;
        if cdn == self.cdn {
            return Ok(None);
        }
        self.cdn = cdn;
        self.layer().map(Some).map_err(|error| error.to_string())
    }
}

/// Reads a list in place of another. A file that was cut off at the end of a line is only shorter, so half
/// as many networks are no list. If a CDN does that, start the app again.
pub(crate) fn accepted(old: &TrustedProxies, text: &str) -> Result<TrustedProxies, String> {
    let new = TrustedProxies::from_published(text).map_err(|error| error.to_string())?;
    let (before, after) = (count(old), count(&new));
    if after * 2 <= before {
        return Err(format!("{before} networks became {after}: the list may be cut off"));
    }
    Ok(new)
}

/// Returns the number of networks. Neighbors that are one network count as one.
fn count(networks: &TrustedProxies) -> usize {
    networks.to_string().split(", ").count()
}

/// Reads the file by its name, and so finds a file that was renamed to it.
fn read(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    let read = file.take(MOST_BYTES + 1).read_to_string(&mut text);
    read.map_err(|error| error.to_string())?;
    if text.len() as u64 > MOST_BYTES {
        return Err(format!("the file has more than {MOST_BYTES} bytes"));
    }
    Ok(text)
}
