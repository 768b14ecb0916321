//! The request's URI, and axum's copy of it.

use http::uri::{PathAndQuery, Uri};
use http::{Method, Request};

use crate::config::{Config, UriRewrite};
use crate::decide::Resolved;
use crate::peer::FoundIn;
use crate::syntax::authority::Authority;

/// The longest URI that `http::Uri` parses, in bytes.
const MAX_URI: usize = u16::MAX as usize - 1;

/// Writes the decided scheme and authority into the URI.
#[inline]
pub(super) fn rewrite<B>(
    request: &mut Request<B>,
    config: &Config,
    resolved: &Resolved,
    found_in: FoundIn,
) {
    if config.rewrite_uri == UriRewrite::Leave || is_tunnel(request.method(), request.uri()) {
        return;
    }
    correct(request.uri_mut(), resolved, completes(config, resolved));
    #[cfg(feature = "axum")]
    rewrite_original(request.extensions_mut(), resolved, found_in);
    #[cfg(not(feature = "axum"))]
    let _ = found_in;
}

/// Corrects axum's copy. A relative one stays relative: redirects are made from it.
#[cfg(feature = "axum")]
#[inline]
fn rewrite_original(extensions: &mut http::Extensions, resolved: &Resolved, found_in: FoundIn) {
    if found_in.is_all_of(extensions) {
        return;
    }
    if let Some(original) = extensions.get_mut::<axum::extract::OriginalUri>() {
        correct(&mut original.0, resolved, false);
    }
}

/// The target of a CONNECT is the end of the tunnel, unless it has a path (RFC 8441).
fn is_tunnel(method: &Method, uri: &Uri) -> bool {
    method == Method::CONNECT && uri.path().is_empty()
}

/// Returns whether a URI without an authority gets one. A scheme that is merely assumed would turn relative
/// redirects into wrong ones.
fn completes(config: &Config, resolved: &Resolved) -> bool {
    let knows_scheme = resolved.reported.scheme.is_ok() || config.stated_scheme().is_some();
    config.may_complete_uri && knows_scheme
}

/// Replaces the URI's scheme and authority, and adds them if `completes`. Removes both if the authority
/// was refused, or does not fit. Keeps path and query.
fn correct(uri: &mut Uri, resolved: &Resolved, completes: bool) {
    // `OPTIONS *` has no place for an authority.
    if uri.authority().is_none() && (!completes || uri.path() == "*") {
        return;
    }
    let mut parts = std::mem::take(uri).into_parts();
    let path = parts.path_and_query.as_ref().map_or("/", PathAndQuery::as_str);
    // The path of `http://a?b` has no slash here, and gets one in the URI.
    let slash = usize::from(path.starts_with('?'));
    let room = MAX_URI.saturating_sub("https://".len() + path.len() + slash);
    // The path of `http://a#f` is empty, and reads `/` only as long as there is a scheme.
    if path == "/" {
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
    }
    let authority = resolved.authority.as_ref().map(Authority::as_uri);
    parts.authority = authority.filter(|authority| authority.as_str().len() <= room).cloned();
    parts.scheme = parts.authority.as_ref().map(|_| resolved.scheme.as_scheme().clone());
    match Uri::from_parts(parts) {
        Ok(corrected) => *uri = corrected,
        Err(_) => unreachable!("a path, and both scheme and authority or neither, is a URI"),
    }
}
