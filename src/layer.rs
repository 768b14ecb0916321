//! The layer and its service: the way of a request through the crate.

use std::task::{Context, Poll};

use http::Request;
use http::request::Parts;
use tower_layer::Layer;
use tower_service::Service;

use crate::builder::ForwardedHeaders;
use crate::info::ConnectionInfo;
use crate::lines::Found;
use crate::resolve::resolve;
use crate::rewrite::{edits, rewrite, vouched};

impl ForwardedHeaders {
    /// The decision alone, for a request that does not pass through tower. Changes nothing, and
    /// gives back what is there if the request carries a [`ConnectionInfo`] already.
    ///
    /// It does not [`check`](Self::check) the configuration: do that once, before.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Peer};
    /// use http::Request;
    ///
    /// let (parts, ()) = Request::builder()
    ///     .header("x-forwarded-for", "198.51.100.1, 203.0.113.7")
    ///     .header("x-forwarded-proto", "https")
    ///     .header("host", "example.com")
    ///     .extension(Peer::Inet("127.0.0.1:50000".parse().unwrap()))
    ///     .body(())
    ///     .unwrap()
    ///     .into_parts();
    ///
    /// let info = ForwardedHeaders::new().resolve(&parts);
    /// assert_eq!(info.client_ip(), Some("203.0.113.7".parse().unwrap()));
    /// assert_eq!(info.origin().as_deref(), Some("https://example.com"));
    /// ```
    #[must_use]
    pub fn resolve(&self, parts: &Parts) -> ConnectionInfo {
        if let Some(known) = parts.extensions.get::<ConnectionInfo>() {
            return known.clone();
        }
        let found = Found::looked_up(&parts.headers, self.config());
        let peer = (self.config().peer_from)(&parts.extensions);
        ConnectionInfo::new(resolve(self.config(), peer, &found, &parts.uri))
    }
}

impl<S> Layer<S> for ForwardedHeaders {
    type Service = ForwardedHeadersService<S>;

    /// # Panics
    ///
    /// At start-up, with the text of the error, if [`check`](ForwardedHeaders::check) would fail.
    fn layer(&self, inner: S) -> Self::Service {
        if let Err(error) = self.config().check() {
            panic!("{error}");
        }
        ForwardedHeadersService { inner, layer: self.clone() }
    }
}

/// The service that [`ForwardedHeaders`] makes. It never answers a request itself.
#[derive(Debug, Clone)]
pub struct ForwardedHeadersService<S> {
    inner: S,
    layer: ForwardedHeaders,
}

impl<S> ForwardedHeadersService<S> {
    /// The wrapped service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The wrapped service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The wrapped service.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B> Service<Request<B>> for ForwardedHeadersService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    #[inline]
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The outermost layer decides, once: further in, the headers are its own.
        if request.extensions().get::<ConnectionInfo>().is_none() {
            let config = self.layer.config();
            let mut found = Found::nothing(request.headers());
            found.look_through(config);
            let peer = (config.peer_from)(request.extensions());
            let resolved = resolve(config, peer, &found, request.uri());
            // What is vouched for borrows from it.
            let mut buffer = None;
            let vouched = vouched(config, &resolved, &found, &mut buffer);
            let edits = edits(&resolved, &vouched, &found);
            rewrite(&mut request, config, &resolved, &vouched, edits);
            request.extensions_mut().insert(ConnectionInfo::new(resolved));
        }
        self.inner.call(request)
    }
}
