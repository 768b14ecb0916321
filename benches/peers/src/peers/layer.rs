//! The same as a service in front of another.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::net::IpAddr;
use std::task::{Context, Poll, Waker};

use forwarded_headers::ConnectionInfo;
use http::{Request, Response};
use rama_core::extensions::ExtensionsRef;
use rama_http::headers::forwarded::{XForwardedFor, XForwardedProto};
use rama_http::layer::forwarded::GetForwardedHeadersService;
use rama_net::forwarded::Forwarded;
use tower::{Layer, Service};
use tower_real_ip::{RealIp, RealIpLayer, TrustedProxyConfig};

use super::decide::{client, configured, naive, rama_request};
use super::{Entrant, finish};
use crate::inputs::{Message, TRUSTED};
use crate::measure::{Sample, timed};

/// Answers with what it was given, so that the layer's answer can be read, and its cost is that of
/// dropping the request.
#[derive(Clone)]
struct Echo;

impl Service<Request<()>> for Echo {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let parts = request.into_parts().0;
        let mut response = Response::new(());
        *response.headers_mut() = parts.headers;
        *response.extensions_mut() = parts.extensions;
        ready(Ok(response))
    }
}

/// The naive snippet as a layer.
struct NaiveService<S>(S);

impl<S: Service<Request<()>>> Service<Request<()>> for NaiveService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<()>) -> S::Future {
        if let Some(ip) = naive(request.headers()) {
            request.extensions_mut().insert(ip);
        }
        self.0.call(request)
    }
}

const NO_OP: &str = "no-op";
const RAMA_NO_OP: &str = "no-op (rama)";

pub fn layers(message: &Message) -> Vec<Entrant> {
    let mut entrants = vec![
        served(NO_OP, message, Echo, |_| None),
        served(
            "forwarded-headers",
            message,
            configured(message).build().unwrap().layer(Echo),
            |response| response.extensions().get::<ConnectionInfo>()?.client_ip(),
        ),
    ];
    if !message.strip {
        let config = TrustedProxyConfig::parse_str(&TRUSTED.join(";")).unwrap();
        entrants.push(served(
            "tower-real-ip",
            message,
            RealIpLayer::new(config).layer(Echo),
            |response| response.extensions().get::<RealIp>().map(|ip| ip.0),
        ));
        entrants.push(served("naive", message, NaiveService(Echo), |response| {
            response.extensions().get().copied()
        }));
        entrants.extend(rama_layers(message));
    }
    entrants
}

fn served<S>(
    peer: &'static str,
    message: &Message,
    mut service: S,
    read: fn(&Response<()>) -> Option<IpAddr>,
) -> Entrant
where
    S: Service<Request<()>, Response = Response<()>, Error = Infallible> + 'static,
{
    let request = message.request();
    let mut call = move |request| {
        let Poll::Ready(Ok(())) = service.poll_ready(&mut Context::from_waker(Waker::noop()))
        else {
            unreachable!("always ready");
        };
        let Ok(response) = finish(service.call(request));
        response
    };
    let response = call(message.request());
    let kept = message.strip && response.headers().contains_key(message.list);
    let kept = if kept { ", forged header kept" } else { "" };
    let answer = format!("{}{kept}", client(read(&response)));
    batches(peer, NO_OP, answer, move || request.clone(), call)
}

/// Requests are made outside of the timed part, no more at a time than stay in the cache.
fn batches<R, A>(
    peer: &'static str,
    baseline: &'static str,
    answer: String,
    make: impl Fn() -> R + 'static,
    mut call: impl FnMut(R) -> A + 'static,
) -> Entrant {
    const AT_ONCE: usize = 32;
    let batch = Box::new(move |calls: usize| {
        let mut sample = Sample::default();
        for start in (0..calls).step_by(AT_ONCE) {
            let requests: Vec<_> = (start..calls.min(start + AT_ONCE)).map(|_| make()).collect();
            sample +=
                timed(|| requests.into_iter().for_each(|r| drop(black_box(call(black_box(r))))));
        }
        sample
    });
    let baseline = (peer != baseline).then_some(baseline);
    Entrant { peer, answer, baseline, batch }
}

type Rama = GetForwardedHeadersService<RamaEcho, (XForwardedFor, XForwardedProto)>;

struct RamaEcho;

impl rama_core::Service<rama_http::Request<()>> for RamaEcho {
    type Output = rama_http::Request<()>;
    type Error = Infallible;

    async fn serve(&self, request: rama_http::Request<()>) -> Result<Self::Output, Infallible> {
        Ok(request)
    }
}

fn rama_layers(message: &Message) -> [Entrant; 2] {
    [rama_served(RAMA_NO_OP, message, RamaEcho), rama_served("rama", message, Rama::new(RamaEcho))]
}

fn rama_served<S>(peer: &'static str, message: &Message, service: S) -> Entrant
where
    S: rama_core::Service<
            rama_http::Request<()>,
            Output = rama_http::Request<()>,
            Error = Infallible,
        >,
{
    let message = message.clone();
    // Not cloned: a clone shares its extensions.
    let make = move || rama_request(&message);
    let call = move |request| {
        let Ok(request) = finish(service.serve(request));
        request
    };
    let answered = call(make()).extensions().get_ref().and_then(Forwarded::client_ip);
    let answer = client(answered).to_string();
    batches(peer, RAMA_NO_OP, answer, make, call)
}
