//! Trusts the addresses that a name has at the moment, such as the name of a container.
//!
//! ```sh
//! cargo run --example resolve -- localhost --within loopback
//! ```
//!
//! In a second terminal, curl plays the proxy. The answer is the client that it reports:
//!
//! ```sh
//! curl localhost:3000 -H 'X-Forwarded-For: 203.0.113.7'
//! ```
//!
//! Prefer a fixed address, or a network that holds only the proxy and the app: both need no lookup. A name
//! is weaker. After a container is created again, the container that gets its old address is trusted for
//! one interval.
//!
//! The name has to be the name of each proxy, not of a balancer before them: `tasks.nginx` in Docker Swarm,
//! a headless service (`clusterIP: None`) in Kubernetes.

use std::collections::BTreeSet;
use std::error::Error;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::extract::Request;
use axum::routing::get;
use axum::{Router, ServiceExt};
use clap::{Parser, value_parser};
use forwarded_headers::extract::ClientIp;
use forwarded_headers::{ForwardedHeaders, TrustedProxies};
use tokio::net::{TcpListener, lookup_host};
use tokio::time::{Instant, sleep_until, timeout_at};
use tower::Layer;
use tower::util::MapRequestLayer;

/// The longest time after an answer for which its addresses are trusted. Without a limit, the resolver
/// could be away until another container has the address.
pub(crate) const KEPT: Duration = Duration::from_secs(30);

/// Answers with the client's address, behind a proxy that is known by its name.
#[derive(Parser)]
struct Args {
    /// The name of the proxy
    name: String,
    /// The network of the proxy. Other addresses are not trusted, whatever the resolver answers
    #[arg(long, value_name = "SET")]
    within: TrustedProxies,
    /// How often to look the name up
    #[arg(long, value_name = "MILLISECONDS", default_value = "5000", value_parser = value_parser!(u64).range(1..=30_000))]
    every: u64,
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:3000")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).init();
    let Args { name, within, every, listen } = Args::parse();
    let current = Arc::new(ArcSwap::from_pointee(layer(&BTreeSet::new())?));
    let now = current.clone();
    let decide = MapRequestLayer::new(move |mut request: Request| {
        now.load().apply(&mut request);
        request
    });
    let app = decide.layer(Router::new().fallback(get(client)));

    let listener = TcpListener::bind(listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(app);
    let lookup = || async { Ok(lookup_host((&*name, 0)).await?.map(|at| at.ip()).collect()) };
    // Either ends the app: without lookups, an old address would be trusted forever.
    tokio::select! {
        served = axum::serve(listener, service).into_future() => Ok(served?),
        error = watch(lookup, &within, Duration::from_millis(every), |addresses| {
            current.store(Arc::new(layer(addresses)?));
            Ok(())
        }) => Err(error),
    }
}

async fn client(ClientIp(ip): ClientIp) -> String {
    format!("{ip}\n")
}

fn layer(addresses: &BTreeSet<IpAddr>) -> Result<ForwardedHeaders, Box<dyn Error>> {
    let proxies: TrustedProxies = addresses.iter().copied().collect();
    Ok(ForwardedHeaders::behind("nginx").trust(proxies).build()?)
}

/// The addresses that are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) addresses: BTreeSet<IpAddr>,
    /// When they end, unless another answer comes.
    pub(crate) until: Option<Instant>,
}

/// Decides which addresses are trusted after an answer, or after an error, which is `None`. An answer
/// replaces the addresses at once, even if none is left.
///
/// Only addresses within the network count: the search domains of a resolver can answer for `nginx` with
/// an address of the internet.
pub(crate) fn next(
    known: &Known,
    answer: Option<&[IpAddr]>,
    within: &TrustedProxies,
    now: Instant,
) -> Known {
    match answer {
        Some(answer) => {
            let addresses = answer.iter().map(IpAddr::to_canonical);
            let addresses = addresses.filter(|address| within.contains(*address)).collect();
            Known { addresses, until: Some(now + KEPT) }
        }
        None if known.until.is_some_and(|until| now < until) => known.clone(),
        None => Known::default(),
    }
}

/// Looks the name up again and again, and passes on each set that differs from the one before. Returns an
/// error of `store` alone.
pub(crate) async fn watch<F, E>(
    mut lookup: impl FnMut() -> F,
    within: &TrustedProxies,
    every: Duration,
    mut store: impl FnMut(&BTreeSet<IpAddr>) -> Result<(), E>,
) -> E
where
    F: Future<Output = io::Result<Vec<IpAddr>>>,
{
    let (mut known, mut reason) = (Known::default(), None);
    loop {
        let end = Instant::now() + every;
        // The addresses end on time, even if the resolver does not answer.
        let end = known.until.map_or(end, |until| until.min(end));
        let answer = timeout_at(end, lookup()).await.unwrap_or_else(|late| Err(late.into()));
        warn_once(&mut reason, &answer, within);
        let new = next(&known, answer.ok().as_deref(), within, Instant::now());
        if new.addresses != known.addresses {
            if let Err(error) = store(&new.addresses) {
                return error;
            }
            tracing::info!(addresses = ?new.addresses, before = ?known.addresses, "trusts the new addresses");
        }
        known = new;
        sleep_until(end).await;
    }
}

/// Writes why addresses are missing, unless the last warning has the same reason.
fn warn_once(last: &mut Option<String>, answer: &io::Result<Vec<IpAddr>>, within: &TrustedProxies) {
    let reason = match answer {
        Err(error) => Some(error.to_string()),
        Ok(answer) => match answer.iter().filter(|address| !within.contains(**address)).count() {
            0 => None,
            other => Some(format!("{other} addresses are outside of {within}")),
        },
    };
    if let Some(reason) = reason.as_ref().filter(|_| reason != *last) {
        tracing::warn!(reason, "not every address of the proxy is known");
    }
    *last = reason;
}
