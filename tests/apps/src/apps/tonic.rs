use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body as ClientBody;
use hyper::rt::{Read, Write};
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tonic::body::Body;
use tonic::transport::{Identity, Server, ServerTlsConfig};
use tower::service_fn;
use tower::util::option_layer;

use super::shown;
use crate::client::{connect, send_over, unix_socket};
use crate::serve::Site;
use crate::situation::{Client, empty};

/// Returns what a handler of tonic reads.
async fn remote_addr(request: Request<Body>) -> Result<Response<String>, Infallible> {
    let address = tonic::Request::from_http(request).remote_addr();
    Ok(Response::new(address.map_or_else(|| "none".into(), shown)))
}

/// Asks over HTTP/2, whatever the situation.
async fn ask<I: Read + Write + Send + Unpin + 'static>(site: Site, io: I) -> String {
    let app = ([127, 0, 0, 1], 50051).into();
    let mut request: Request<ClientBody> = empty(site.situation.request(Client::First, app, "/"));
    *request.uri_mut() = format!("http://{}/", site.situation.host(app)).parse().unwrap();
    request.headers_mut().remove("host");
    *request.version_mut() = Version::HTTP_2;
    send_over(io, request).await.text()
}

/// Starts a server, and returns a connection to it.
async fn serve(site: Site, server: Server) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = server.layer(option_layer(site.layer()));
    let incoming = TcpListenerStream::new(listener);
    tokio::spawn(server.serve_with_incoming(service_fn(remote_addr), incoming));
    connect(site.situation.source(Client::First), address).await
}

pub async fn tcp(site: Site) -> String {
    let stream = serve(site, Server::builder()).await;
    ask(site, TokioIo::new(stream)).await
}

pub async fn tls(site: Site) -> String {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["app".into()]).unwrap();
    let identity = Identity::from_pem(cert.pem(), KeyPair::serialize_pem(&signing_key));
    let server = Server::builder().tls_config(ServerTlsConfig::new().identity(identity)).unwrap();
    let stream = serve(site, server).await;
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".into()];
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect("app".try_into().unwrap(), stream).await.unwrap();
    ask(site, TokioIo::new(stream)).await
}

pub async fn uds(site: Site) -> String {
    let (listener, stream) = unix_socket().await;
    let server = Server::builder().layer(option_layer(site.layer()));
    let incoming = UnixListenerStream::new(listener);
    tokio::spawn(server.serve_with_incoming(service_fn(remote_addr), incoming));
    ask(site, TokioIo::new(stream)).await
}
