//! The requests that reach an app, and the connections that they arrive on.

use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Body;
use hyper::http::Version;
use hyper::http::request::Builder;

use Situation::{
    AbsoluteForm, HealthCheck, Http2, LyingClient, Malformed, Nginx, OtherHost, UntrustedPeer,
    WithoutHost, WithoutScheme,
};

/// The address of nginx, which the layer trusts.
const PROXY: Ipv4Addr = Ipv4Addr::LOCALHOST;

/// The headers of a client that lies, beside `X-Forwarded-For`.
const LIES: [(&str, &str); 4] = [
    ("x-real-ip", "6.6.6.6"),
    ("forwarded", "for=6.6.6.6;proto=ftp;host=evil.example"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-scheme", "ftp"),
];

/// What a crate must not believe: parts of what a client that lies sends.
pub const INVENTED: [&str; 3] = ["6.6.6.6", "evil.example", "ftp"];

/// How a request reaches the app. nginx is the proxy, and the client asks it for `https://www.example`,
/// unless a situation differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Situation {
    /// nginx sets `Host`, `X-Forwarded-For` and `X-Forwarded-Proto`.
    Nginx,
    /// nginx without `proxy_set_header Host`, which sends the address of the app.
    WithoutHost,
    /// A proxy that does not report the scheme.
    WithoutScheme,
    /// A trusted peer that sends no forwarding header.
    HealthCheck,
    /// The proxy reports a malformed address.
    Malformed,
    /// A client that connects to the app itself, and sends the headers of a proxy.
    UntrustedPeer,
    /// A client that sends forwarding headers to nginx, which appends to `X-Forwarded-For` alone.
    LyingClient,
    /// A client that asks nginx for another host: nginx passes `$host` on.
    OtherHost,
    /// `GET http://www.example/ HTTP/1.1`, from nginx.
    AbsoluteForm,
    /// HTTP/2, from nginx.
    Http2,
}

/// One of two clients.
#[derive(Debug, Clone, Copy)]
pub enum Client {
    First,
    Second,
}

impl Situation {
    pub const ALL: [Self; 10] = [
        Nginx,
        WithoutHost,
        WithoutScheme,
        HealthCheck,
        Malformed,
        UntrustedPeer,
        LyingClient,
        OtherHost,
        AbsoluteForm,
        Http2,
    ];

    /// Returns the address that connects to the app.
    pub fn source(self, client: Client) -> Ipv4Addr {
        match (self, client) {
            (UntrustedPeer, Client::First) => Ipv4Addr::new(127, 0, 0, 9),
            (UntrustedPeer, Client::Second) => Ipv4Addr::new(127, 0, 0, 10),
            _ => PROXY,
        }
    }

    /// Returns the client's address. A health check has none, nor has a client whose address the proxy
    /// does not report.
    pub fn client_address(self, client: Client) -> Option<Ipv4Addr> {
        match self {
            HealthCheck | Malformed => None,
            UntrustedPeer => Some(self.source(client)),
            _ => Some(client.address()),
        }
    }

    /// Returns whether the proxy reports https.
    pub fn is_https(self) -> bool {
        !matches!(self, WithoutScheme | HealthCheck | UntrustedPeer)
    }

    /// Returns the host that the request asks for.
    pub fn host(self, app: SocketAddr) -> String {
        match self {
            WithoutHost | HealthCheck => app.to_string(),
            OtherHost => "evil.example".into(),
            _ => "www.example".into(),
        }
    }

    /// Returns a request for a path, with the headers that the peer sends.
    pub fn request(self, client: Client, app: SocketAddr, path: &str) -> Builder {
        let host = self.host(app);
        let headers = self.forwarding_headers(client);
        let request = headers
            .into_iter()
            .fold(hyper::Request::builder(), |request, (name, value)| request.header(name, value));
        match self {
            Http2 => request.version(Version::HTTP_2).uri(format!("http://{host}{path}")),
            AbsoluteForm => request.uri(format!("http://{host}{path}")).header("host", host),
            _ => request.uri(path).header("host", host),
        }
    }

    fn forwarding_headers(self, client: Client) -> Vec<(&'static str, String)> {
        let list = match self {
            HealthCheck => return vec![],
            Malformed => "203.0.113".into(),
            UntrustedPeer => "6.6.6.6".into(),
            LyingClient => format!("6.6.6.6, {}", client.address()),
            _ => client.address().to_string(),
        };
        let mut headers = vec![("x-forwarded-for", list)];
        if self != WithoutScheme {
            headers.push(("x-forwarded-proto", "https".into()));
        }
        if matches!(self, UntrustedPeer | LyingClient) {
            headers.extend(LIES.map(|(name, value)| (name, value.into())));
        }
        headers
    }
}

impl Client {
    fn address(self) -> Ipv4Addr {
        match self {
            Self::First => Ipv4Addr::new(203, 0, 113, 7),
            Self::Second => Ipv4Addr::new(203, 0, 113, 8),
        }
    }
}

/// A request without a body.
pub fn empty(request: Builder) -> hyper::Request<Body> {
    request.body(Body::empty()).unwrap()
}
