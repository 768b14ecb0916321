//! Who is the client?

use std::cell::RefCell;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum_client_addr::{ChainHeader, ClientIpConfig, TrustedProxyRule};
use forwarded_headers::{Builder, ForwardedHeaders, SchemeSource};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use parse_net::forwarded::Proto;
use parse_net::{ClientAddress, ForwardedSource, Limits};
use rama_http::headers::HeaderMapExt;
use rama_http::headers::forwarded::{self as rama_headers, ForwardHeader};
use rama_net::forwarded::{Forwarded, ForwardedProtocol};

use super::{Entrant, entrant, finish};
use crate::inputs::{Message, TRUSTED};

pub struct Answer {
    client: Option<IpAddr>,
    https: Option<bool>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.client {
            Some(client) => write!(f, "{client}")?,
            None => f.write_str("none")?,
        }
        f.write_str(self.https.map_or("", |https| if https { " https" } else { " http" }))
    }
}

pub fn client(client: Option<IpAddr>) -> Answer {
    Answer { client, https: None }
}

pub fn deciders(message: &Message) -> Vec<Entrant> {
    let parts = Rc::new(message.request().into_parts().0);
    let mut entrants = vec![entrant("forwarded-headers", &parts, ours(message))];
    if !message.scheme {
        entrants.push(entrant("axum-client-addr", &parts, axum_client_addr(message)));
    }
    entrants.push(entrant("trusted-proxies", &parts, trusted_proxies(message)));
    entrants.push(entrant("parse-net", &parts, parse_net(message)));
    if !message.scheme {
        entrants.push(entrant("real-ip", &parts, real_ip()));
        entrants.push(axum_client_ip(message));
    }
    entrants.push(entrant("rama", &Rc::new(rama_request(message)), rama(message)));
    if !message.scheme && !message.is_forwarded() {
        entrants.push(entrant("naive", &parts, |parts| client(naive(&parts.headers))));
    }
    entrants
}

fn peer(parts: &Parts) -> IpAddr {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().unwrap().0.ip()
}

fn nets() -> Vec<IpNet> {
    TRUSTED.map(|network| network.parse().unwrap()).into()
}

pub fn configured(message: &Message) -> Builder {
    let client_from = if message.is_forwarded() { "forwarded" } else { "x-forwarded-for" };
    ForwardedHeaders::builder().trust_chain([TRUSTED; 3]).client_from(client_from)
}

fn ours(message: &Message) -> impl Fn(&Parts) -> Answer + use<> {
    let scheme = message.scheme;
    let builder = configured(message);
    let builder = if scheme { builder } else { builder.scheme_from(SchemeSource::none()) };
    let layer = builder.build().unwrap();
    move |parts| {
        let info = layer.resolve(parts);
        Answer { client: info.client_ip(), https: scheme.then(|| info.is_secure()) }
    }
}

fn axum_client_addr(message: &Message) -> impl Fn(&Parts) -> Answer + use<> {
    let header = match message.is_forwarded() {
        true => ChainHeader::forwarded(),
        false => ChainHeader::x_forwarded_for(),
    };
    let config = client_addr_config(&TRUSTED, [header]);
    move |parts| client(Some(config.resolve_client_ip(&parts.headers, peer(parts)).ip()))
}

pub fn client_addr_config(
    networks: &[impl AsRef<str>],
    headers: impl IntoIterator<Item = ChainHeader>,
) -> ClientIpConfig {
    let rules = networks.iter().map(|net| TrustedProxyRule::new(net.as_ref().parse().unwrap()));
    ClientIpConfig::builder()
        .trusted_proxies()
        .proxies(rules)
        .chain_header_order(headers)
        .build()
        .unwrap()
}

fn trusted_proxies(message: &Message) -> impl Fn(&Parts) -> Answer + use<> {
    let scheme = message.scheme;
    let mut config = trusted_proxies::Config::new();
    TRUSTED.iter().for_each(|network| config.add_trusted_ip(network).unwrap());
    match (message.is_forwarded(), scheme) {
        (true, _) => config.trust_forwarded(),
        (false, false) => config.trust_x_forwarded_for(),
        (false, true) => {
            config.trust_x_forwarded_for();
            config.trust_x_forwarded_proto();
        }
    }
    move |parts| {
        let trusted = trusted_proxies::Trusted::from(peer(parts), parts, &config);
        let https = scheme.then(|| trusted.scheme() == Some("https"));
        Answer { client: Some(trusted.ip()), https }
    }
}

/// It answers without a scheme: that has to be looked up.
fn parse_net(message: &Message) -> impl Fn(&Parts) -> Answer + use<> {
    let (forwarded, scheme) = (message.is_forwarded(), message.scheme);
    let list = HeaderName::from_static(message.list);
    let nets = nets();
    let trust = move |ip: IpAddr| nets.iter().any(|net| net.contains(&ip));
    move |parts| {
        with_lines(&parts.headers, &list, |lines| {
            let source = match forwarded {
                true => ForwardedSource::Forwarded(lines),
                false => ForwardedSource::XForwardedFor(lines),
            };
            let resolved = parse_net::client_address(peer(parts), source, &trust, u8::MAX);
            let (client, hops) = match resolved {
                Ok(ClientAddress::Forwarded { addr, hops }) => (Some(addr), hops),
                Ok(ClientAddress::Peer(addr)) => (Some(addr), 0),
                _ => (None, 0),
            };
            let proto = || match forwarded {
                true => element_proto(lines, hops),
                false => header_proto(&parts.headers),
            };
            Answer { client, https: scheme.then(|| proto() == Some(Proto::Https)) }
        })
    }
}

/// It takes a slice of the lines. There is one, as a rule.
fn with_lines<T>(headers: &HeaderMap, name: &HeaderName, read: impl FnOnce(&[&[u8]]) -> T) -> T {
    let mut lines = headers.get_all(name).iter().map(HeaderValue::as_bytes);
    match (lines.next(), lines.next()) {
        (Some(only), None) => read(&[only]),
        (first, second) => read(&first.into_iter().chain(second).chain(lines).collect::<Vec<_>>()),
    }
}

fn element_proto(lines: &[&[u8]], hops: u8) -> Option<Proto> {
    let elements = parse_net::forwarded::parse(lines, &Limits::DEFAULT.max_hops(u8::MAX)).ok()?;
    elements.iter().nth(elements.len().checked_sub(hops.into())?)?.proto
}

fn header_proto(headers: &HeaderMap) -> Option<Proto> {
    const NAME: HeaderName = HeaderName::from_static("x-forwarded-proto");
    let value = headers.get(NAME)?.as_bytes();
    parse_net::forwarded::parse_x_forwarded_proto(value).ok()
}

fn real_ip() -> impl Fn(&Parts) -> Answer {
    let nets = nets();
    move |parts| client(real_ip::real_ip(&parts.headers, peer(parts), &nets))
}

/// An extractor, which changes nothing but asks for `&mut`.
fn axum_client_ip(message: &Message) -> Entrant {
    use axum_client_ip::{RightmostForwarded, RightmostXForwardedFor};
    let parts = Rc::new(RefCell::new(message.request().into_parts().0));
    let forwarded = message.is_forwarded();
    entrant("axum-client-ip", &parts, move |parts| {
        let parts = &mut *parts.borrow_mut();
        client(match forwarded {
            true => finish(RightmostForwarded::from_request_parts(parts, &())).ok().map(|ip| ip.0),
            false => {
                finish(RightmostXForwardedFor::from_request_parts(parts, &())).ok().map(|ip| ip.0)
            }
        })
    })
}

pub fn naive(headers: &HeaderMap) -> Option<IpAddr> {
    headers.get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

pub fn rama_request(message: &Message) -> rama_http::Request<()> {
    let mut request = rama_http::Request::new(());
    for (name, value) in message.headers() {
        let name: rama_http::HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, rama_http::HeaderValue::from_bytes(value).unwrap());
    }
    request
}

/// What its layer does, without the layer.
fn rama(message: &Message) -> impl Fn(&rama_http::Request<()>) -> Answer + use<> {
    let (forwarded, scheme) = (message.is_forwarded(), message.scheme);
    move |request| {
        let (list, proto) = if forwarded {
            (rama_header::<rama_headers::Forwarded>(request), None)
        } else {
            let proto = scheme.then(|| rama_header::<rama_headers::XForwardedProto>(request));
            (rama_header::<rama_headers::XForwardedFor>(request), proto.flatten())
        };
        let proto = proto.as_ref().or(list.as_ref()).and_then(Forwarded::client_proto);
        let https = scheme.then(|| proto == Some(ForwardedProtocol::HTTPS));
        Answer { client: list.as_ref().and_then(Forwarded::client_ip), https }
    }
}

fn rama_header<H: ForwardHeader>(request: &rama_http::Request<()>) -> Option<Forwarded> {
    let mut elements = request.headers().typed_get::<H>()?.into_iter();
    let mut forwarded = Forwarded::new(elements.next()?);
    forwarded.extend(elements);
    Some(forwarded)
}
