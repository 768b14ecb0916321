//! `lambda_http`: an event has no peer, and the guide's function finds the client in its context.

use crate::page::guide_has;
use forwarded_headers::{ConnectionInfo, ForwardedHeaders as Layer, Outcome};

/// Returns an event of API Gateway, or of a load balancer, whose client lies.
fn event(context: &str) -> http::Request<lambda_http::Body> {
    let headers =
        r#"{"host": "api.example", "x-forwarded-for": "6.6.6.6", "x-forwarded-proto": "ftp"}"#;
    let path = if context.contains("\"http\"") {
        r#""rawPath": "/a", "version": "2.0""#
    } else {
        r#""path": "/a", "httpMethod": "GET""#
    };
    let text = format!(r#"{{{path}, "headers": {headers}, "requestContext": {context}}}"#);
    lambda_http::request::from_str(&text).unwrap()
}

/// The first version of the format is that of REST APIs, and the second that of HTTP APIs and function
/// URLs.
const CONTEXTS: [&str; 2] = [
    r#"{"apiId": "x", "stage": "$default", "httpMethod": "GET", "requestTimeEpoch": 1588804615616,
        "identity": {"sourceIp": "203.0.113.7"}}"#,
    r#"{"apiId": "x", "stage": "$default", "timeEpoch": 1588804615616,
        "http": {"method": "GET", "path": "/a", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"}}"#,
];

#[test]
fn the_client_is_in_the_context() {
    for context in CONTEXTS {
        let mut request = event(context);
        assert!(peer(request.extensions()).is_some(), "{context}: {:?}", request.extensions());
        layer().unwrap().apply(&mut request);
        let info: &ConnectionInfo = request.extensions().get().unwrap();
        assert_eq!(info.outcome(), Outcome::Direct);
        assert_eq!(info.client_ip(), Some([203, 0, 113, 7].into()), "{context}");
        assert_eq!(info.client_port(), None);
        assert_eq!(info.origin().as_deref(), Some("https://api.example"));
        assert_eq!(request.uri(), "https://api.example/a");
        assert!(!request.headers().contains_key("x-forwarded-for"));
    }
}

#[test]
fn without_the_function_there_is_no_peer() {
    for context in CONTEXTS {
        let mut request = event(context);
        Layer::new().apply(&mut request);
        let info: &ConnectionInfo = request.extensions().get().unwrap();
        assert_eq!(info.outcome(), Outcome::NoPeer);
    }
}

/// The context of a load balancer has no client.
#[test]
fn a_load_balancer_reports_no_peer() {
    let context = r#"{"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing"}}"#;
    let request = event(context);
    let found: Option<&RequestContext> = request.extensions().get();
    assert!(matches!(found, Some(RequestContext::Alb(_))), "{found:?}");
    assert_eq!(peer(request.extensions()), None);
}

#[test]
fn the_guide_has_this_code() {
    guide_has(include_str!("../../../../src/guide/lambda.md"), include_str!("lambda.rs"));
}

// The guide's code:
use forwarded_headers::{ConfigError, ForwardedHeaders, Peer};
use http::Extensions;
use lambda_http::request::RequestContext;

/// Returns the client of API Gateway, or of a function URL. The event has no port.
fn peer(extensions: &Extensions) -> Option<Peer> {
    let address = match extensions.get::<RequestContext>()? {
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.as_ref()?,
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_ref()?,
        _ => return None,
    };
    let address: std::net::IpAddr = address.parse().ok()?;
    Some(Peer::Inet((address, 0).into()))
}

fn layer() -> Result<ForwardedHeaders, ConfigError> {
    ForwardedHeaders::builder().trust("none").direct_scheme("https").peer_from(peer).build()
}
