//! The public types: extensions must be `Clone + Send + Sync`, layers and services cross threads, and
//! errors are boxed.

use forwarded_headers::extract::{ClientIp, ClientIpRejection, MissingLayer};
use forwarded_headers::forwarded::{
    Element, Elements, InvalidNode, Node, NodeName, NodePort, Obfuscated, ParseError, Value,
};
use forwarded_headers::{
    AllowedHosts, Builder, ClientSource, Config, ConfigError, ConnectionInfo, ForwardedHeaders,
    ForwardedHeadersService, Outcome, Peer, Proxy, SchemeSource, TrustedProxies, Unresolved,
    UriRewrite, Writing,
};

fn shared<T: Clone + Send + Sync + Unpin + std::fmt::Debug + 'static>() {}
fn error<T: std::error::Error + Clone + Send + Sync + 'static>() {}

#[test]
fn every_public_type_crosses_threads() {
    shared::<AllowedHosts>();
    shared::<Builder>();
    shared::<ClientSource>();
    shared::<Config>();
    shared::<ConnectionInfo>();
    shared::<ForwardedHeaders>();
    shared::<ForwardedHeadersService<()>>();
    shared::<Outcome>();
    shared::<Peer>();
    shared::<Proxy>();
    shared::<SchemeSource>();
    shared::<TrustedProxies>();
    shared::<UriRewrite>();
    shared::<Writing>();
    shared::<Element<'static>>();
    shared::<Elements<'static>>();
    shared::<Node<'static>>();
    shared::<NodeName<'static>>();
    shared::<NodePort<'static>>();
    shared::<Obfuscated<'static>>();
    shared::<Value<'static>>();
    shared::<ClientIp>();
}

#[test]
fn every_error_can_be_boxed_and_sent() {
    error::<ConfigError>();
    error::<InvalidNode>();
    error::<ParseError>();
    error::<Unresolved>();
    error::<ClientIpRejection>();
    error::<MissingLayer>();
}
