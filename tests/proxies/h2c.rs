//! HTTP/2 without TLS, for the one lie that curl does not tell: a `:scheme` of the client's choice.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::client::Answer;

pub(crate) fn ask(client: IpAddr, port: u16, uri: &str) -> Answer {
    let answer = async { timeout(Duration::from_secs(20), exchange(client, port, uri)).await };
    match Runtime::new().unwrap().block_on(answer) {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(elapsed) => Err(elapsed.to_string()),
    }
}

async fn exchange(client: IpAddr, port: u16, uri: &str) -> Result<String, Box<dyn Error>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(client, 0))?;
    let stream = socket.connect(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    let (mut sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let response = sender.send_request(Request::get(uri).body(Empty::<&[u8]>::new())?).await?;
    let status = response.status();
    let text = String::from_utf8(response.into_body().collect().await?.to_bytes().into())?;
    if status.is_success() { Ok(text) } else { Err(format!("{text} {status}").into()) }
}
