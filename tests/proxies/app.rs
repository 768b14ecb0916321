//! The app: a real server with the layer, which answers with everything it was told.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use axum::extract::Request;
use axum::{Extension, Router};
use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer};
use http::header::CONNECTION;
use http::uri::Authority;
use tokio::net::{TcpListener, UnixListener};
use tokio::runtime::Runtime;
use tower::util::MapRequestLayer;

/// Runs until it is dropped.
pub(crate) struct App {
    /// Where it listens, as `proxy_pass http://…` has it.
    pub(crate) backend: String,
    _runtime: Runtime,
    _scratch: Option<Scratch>,
}

impl App {
    pub(crate) fn on_tcp(layer: &ForwardedHeaders) -> Self {
        Self::serve(Router::new().fallback(answer).layer(layer.clone()))
    }

    /// The client is decided, and the request stays as it came.
    pub(crate) fn that_rewrites_nothing(layer: &ForwardedHeaders) -> Self {
        let layer = layer.clone();
        let decide = move |request: Request| {
            let (mut parts, body) = request.into_parts();
            parts.extensions.insert(layer.resolve(&parts));
            Request::from_parts(parts, body)
        };
        Self::serve(Router::new().fallback(answer).layer(MapRequestLayer::new(decide)))
    }

    pub(crate) fn serve(router: Router) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let backend = listener.local_addr().unwrap().to_string();
        let app = router.into_make_service_with_connect_info::<SocketAddr>();
        runtime.spawn(axum::serve(listener, app).into_future());
        Self { backend, _runtime: runtime, _scratch: None }
    }

    pub(crate) fn on_unix_socket(layer: &ForwardedHeaders) -> Self {
        let (runtime, scratch) = (Runtime::new().unwrap(), Scratch::new());
        let socket = scratch.0.join("app.sock");
        let listener = runtime.block_on(async { UnixListener::bind(&socket) }).unwrap();
        let app = Router::new().fallback(answer).layer(layer.clone()).layer(Extension(Peer::Unix));
        runtime.spawn(axum::serve(listener, app.into_make_service()).into_future());
        let backend = format!("unix:{}", socket.display());
        Self { backend, _runtime: runtime, _scratch: Some(scratch) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.backend.parse::<SocketAddr>().unwrap().port()
    }
}

/// Every header is in it, so that one which the layer does not know shows as well; but `Connection`,
/// which is about the connection.
async fn answer(request: Request) -> String {
    let info: &ConnectionInfo = request.extensions().get().expect("the layer inserts one");
    let client = info.client_ip().map_or("none".into(), |ip| ip.to_string());
    let mut headers: Vec<_> = request
        .headers()
        .iter()
        .filter(|(name, _)| *name != CONNECTION)
        .map(|(name, value)| format!("{name}: {}\n", value.as_bytes().escape_ascii()))
        .collect();
    headers.sort();
    let (outcome, scheme, uri) = (info.outcome(), info.scheme(), request.uri());
    let authority = info.authority().map_or("none", Authority::as_str);
    let headers = headers.concat();
    format!("{client} {outcome:?}\n{scheme} {authority}\n{uri}\n{headers}")
}

/// A directory that is removed when this is dropped. Its path is short enough for a Unix socket.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("forwarded-headers-{}-{number}", process::id());
        let path = env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
