//! Says who asks, by which scheme and for which host. Whom it believes in that is configuration:
//! `TRUSTED_PROXIES`, in the text form of [`TrustedProxies`].

use std::error::Error;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::{env, io};

use axum::{Router, routing::get};
use forwarded_headers::{ConnectionInfo, ForwardedHeaders, TrustedProxies};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

const PORT: u16 = 3000;

#[tokio::main]
async fn main() -> ExitCode {
    let result = match env::args().nth(1).as_deref() {
        None => serve().await,
        Some("--health") => check_health().map_err(Into::into),
        Some(other) => Err(format!("expected --health or nothing, not {other:?}").into()),
    };
    result.map_or_else(
        |error| {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let app = Router::new()
        .route("/", get(who_asks))
        .route("/health", get("healthy\n"))
        .layer(ForwardedHeaders::new().trust(trusted_proxies()?).check()?);
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    // The first process of a container has to ask for it: otherwise SIGTERM does nothing.
    let mut stop = signal(SignalKind::terminate())?;
    let stopped = async move { _ = stop.recv().await };
    Ok(axum::serve(listener, service).with_graceful_shutdown(stopped).await?)
}

/// There is no default: which addresses the proxies have, only who runs them knows.
fn trusted_proxies() -> Result<TrustedProxies, String> {
    let about = |error: &dyn Error| format!("TRUSTED_PROXIES: {error}");
    let text = env::var("TRUSTED_PROXIES").map_err(|error| about(&error))?;
    text.parse().map_err(|error| about(&error))
}

async fn who_asks(info: ConnectionInfo) -> String {
    let client = info.client_ip().map_or("none".into(), |ip| ip.to_string());
    let host = info.authority().unwrap_or("none");
    format!("client {client}\nscheme {}\nhost   {host}\n", info.scheme())
}

/// For the engine, which has no curl to run in an image that is nothing but this program.
fn check_health() -> io::Result<()> {
    let mut app = TcpStream::connect((Ipv4Addr::LOCALHOST, PORT))?;
    app.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    app.read_to_string(&mut answer)?;
    match answer.starts_with("HTTP/1.0 200 ") {
        true => Ok(()),
        false => Err(io::Error::other(answer)),
    }
}
