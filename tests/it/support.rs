//! What the test tables share: requests from literal header lines, through the decision alone or
//! through the whole layer.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer};
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, Uri};
use tower::{Layer, ServiceExt, service_fn};

/// A header line, as bytes: attackers do not write UTF-8.
pub(crate) type Line<'a> = (&'a str, &'a [u8]);

/// A request from `peer`: an address, an address with a port, `unix`, or empty for none.
pub(crate) fn request(peer: &str, uri: &str, lines: &[Line<'_>]) -> Request<()> {
    let mut request = Request::new(());
    *request.uri_mut() = uri.parse::<Uri>().unwrap();
    if let Some(peer) = peer_of(peer) {
        request.extensions_mut().insert(peer);
    }
    append(request.headers_mut(), lines);
    request
}

pub(crate) fn peer_of(text: &str) -> Option<Peer> {
    match text {
        "" => None,
        "unix" => Some(Peer::Unix),
        _ => Some(Peer::Inet(
            text.parse()
                .unwrap_or_else(|_| SocketAddr::new(text.parse::<IpAddr>().unwrap(), 50_000)),
        )),
    }
}

pub(crate) fn append(headers: &mut HeaderMap, lines: &[Line<'_>]) {
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value).unwrap());
    }
}

/// The decision alone.
pub(crate) fn resolve(layer: &ForwardedHeaders, peer: &str, lines: &[Line<'_>]) -> ConnectionInfo {
    layer.resolve(&request(peer, "/", lines).into_parts().0)
}

/// The request as the wrapped service gets it.
pub(crate) fn through(layer: &ForwardedHeaders, request: Request<()>) -> Parts {
    let inner =
        service_fn(
            |request: Request<()>| async move { Ok::<_, Infallible>(request.into_parts().0) },
        );
    let service = layer.layer(inner);
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(service.oneshot(request))
        .unwrap()
}

pub(crate) fn info(parts: &Parts) -> &ConnectionInfo {
    parts.extensions.get().expect("the layer inserts one")
}

/// Every line of a name.
pub(crate) fn lines<'a>(parts: &'a Parts, name: &str) -> Vec<&'a [u8]> {
    parts.headers.get_all(name).iter().map(HeaderValue::as_bytes).collect()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}
