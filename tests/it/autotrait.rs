//! Extensions must be `Clone + Send + Sync`, layers and services cross threads, errors are boxed.

use forwarded_headers::forwarded::{
    Element, Elements, InvalidNode, Node, NodeName, NodePort, Obfuscated, ParseError, Value,
};
use forwarded_headers::{
    AllowedHosts, ConfigError, ConnectionInfo, Family, ForwardedHeaders, ForwardedHeadersService,
    Outcome, Peer, Proxy, TrustedProxies, Unresolved,
};

fn shared<T: Clone + Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
fn error<T: std::error::Error + Clone + Send + Sync + 'static>() {}

#[test]
fn every_public_type_crosses_threads() {
    shared::<AllowedHosts>();
    shared::<ConnectionInfo>();
    shared::<Family>();
    shared::<ForwardedHeaders>();
    shared::<ForwardedHeadersService<()>>();
    shared::<Outcome>();
    shared::<Peer>();
    shared::<Proxy>();
    shared::<TrustedProxies>();
    shared::<Element<'static>>();
    shared::<Elements<'static>>();
    shared::<Node<'static>>();
    shared::<NodeName<'static>>();
    shared::<NodePort<'static>>();
    shared::<Obfuscated<'static>>();
    shared::<Value<'static>>();
    shared::<forwarded_headers::extract::ClientIp>();
}

#[test]
fn every_error_can_be_boxed_and_sent() {
    error::<ConfigError>();
    error::<InvalidNode>();
    error::<ParseError>();
    error::<Unresolved>();
    error::<forwarded_headers::extract::ClientIpRejection>();
    error::<forwarded_headers::extract::MissingLayer>();
}
