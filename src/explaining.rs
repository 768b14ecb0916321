//! A layer that keeps the explanation of each request, for pages and handlers that show it.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::explain::Explanation;
use crate::layer::ForwardedHeaders;

/// The layer that [`ForwardedHeaders::explaining`] returns.
///
/// ```
/// use std::sync::Arc;
///
/// use forwarded_headers::{ForwardedHeaders, explain::Explanation};
/// use http::Request;
///
/// fn help<B>(request: &Request<B>) -> Option<&str> {
///     request.extensions().get::<Arc<Explanation>>()?.help()
/// }
/// # assert_eq!(help(&Request::new(())), None);
/// ```
#[derive(Debug, Clone)]
pub struct Explaining(ForwardedHeaders);

impl ForwardedHeaders {
    /// Returns a layer that decides and rewrites each request as this one does, and inserts an
    /// `Arc<`[`Explanation`]`>` into its extensions.
    ///
    /// Use it in place of this layer. An explanation costs many times what a decision costs, so this
    /// layer is for diagnosis, not for every request of a busy app. A page that shows an explanation
    /// shows the addresses of your proxies.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use std::sync::Arc;
    ///
    /// use forwarded_headers::{ForwardedHeaders, Peer, explain::Explanation};
    /// use http::Request;
    /// use tower::{Layer, ServiceExt, service_fn};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let service = service_fn(|request: Request<()>| async move {
    ///     let explanation = request.extensions().get::<Arc<Explanation>>().unwrap();
    ///     Ok::<_, Infallible>(explanation.summary().to_owned())
    /// });
    /// let mut request = Request::new(());
    /// request.extensions_mut().insert(Peer::Inet(([203, 0, 113, 7], 4711).into()));
    /// let service = ForwardedHeaders::new().explaining().layer(service);
    /// assert_eq!(service.oneshot(request).await.unwrap(), "client 203.0.113.7, http, no host");
    /// # });
    /// ```
    #[must_use]
    pub fn explaining(&self) -> Explaining {
        Explaining(self.clone())
    }
}

impl<S> Layer<S> for Explaining {
    type Service = ExplainingService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        self.0.log_configuration();
        ExplainingService { inner, layer: self.0.clone() }
    }
}

/// The service that [`Explaining`] makes.
#[derive(Debug, Clone)]
pub struct ExplainingService<S> {
    inner: S,
    layer: ForwardedHeaders,
}

impl<S, B> Service<Request<B>> for ExplainingService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let explanation: Explanation = self.layer.explain(&parts);
        let mut request = Request::from_parts(parts, body);
        self.layer.apply(&mut request);
        request.extensions_mut().insert(Arc::new(explanation));
        self.inner.call(request)
    }
}
