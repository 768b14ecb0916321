//! Configurations with every source and every [`Writing`], and the requests that their proxies make of
//! what a client sent.

use forwarded_headers::{
    Builder, ClientSource, ForwardedHeaders, SchemeSource, UriRewrite, Writing,
};
use http::Request;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{Line, append, request};

use super::{F, NETWORK, Report, XFF, any_name, anything, byte, joined, trusted_part};

/// The header that reports the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    List,
    NthFromRight,
    Forwarded,
    Address,
    AddressAndPort,
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Usual,
    OnOff,
    Always,
    Nothing,
}

/// A configuration, and what its proxies report.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) client: Client,
    pub(super) scheme: Scheme,
    pub(super) writing: Writing,
    /// Whether the headers have names of ours.
    renamed: bool,
    /// Whether host, port and prefix are read.
    values: bool,
    may_be_client: bool,
    uri: UriRewrite,
    pub(super) reports: Vec<Report>,
    address_and_port: &'static str,
    scheme_text: &'static str,
    host: &'static str,
    port: &'static str,
    prefix: &'static str,
}

/// What a client sent: lines of the list of addresses, lines of any other list that is read, and lines of
/// other headers.
#[derive(Debug, Clone, Default)]
pub(super) struct Sent {
    client: Vec<Vec<u8>>,
    scheme: Vec<Vec<u8>>,
    others: Vec<(String, Vec<u8>)>,
    /// Whether a proxy adds a line of its own, and does not write into the client's last line.
    own_line: bool,
    /// Whether a proxy that should replace the lists does.
    is_replaced: bool,
}

pub(super) fn setup() -> impl Strategy<Value = Setup> {
    use Client::{Address, AddressAndPort, Forwarded, List, Nothing, NthFromRight};
    let clients =
        vec![List, List, NthFromRight, NthFromRight, Forwarded, Address, AddressAndPort, Nothing];
    let schemes =
        vec![Scheme::Usual, Scheme::Usual, Scheme::OnOff, Scheme::Always, Scheme::Nothing];
    let uris = vec![UriRewrite::Complete, UriRewrite::Correct, UriRewrite::Leave];
    let switches = (select(clients), select(schemes), select(uris), any::<[bool; 3]>());
    let texts = (
        select(vec!["203.0.113.7:4711", "2001:db8::7:443", "10.0.0.9:1", "[::1]:80", "no address"]),
        select(vec!["https", "https", "http", "wss", "ftp"]),
        select(vec!["a.example", "a.example", "B.example.:8443", "[::1]", "not a host"]),
        select(vec!["443", "8443", "8443", ""]),
        select(vec!["/a", "/a", "/a/b/", "//a"]),
    );
    (switches, texts, trusted_part()).prop_flat_map(|(switches, texts, reports)| {
        let (client, scheme, uri, [renamed, values, may_be_client]) = switches;
        let (address_and_port, scheme_text, host, port, prefix) = texts;
        let may_be_client = may_be_client && client != Nothing;
        // Without an address, a header has to be read.
        let values = values || client == Nothing && scheme == Scheme::Nothing;
        select(writings(client)).prop_map(move |writing| Setup {
            client,
            scheme,
            writing,
            renamed,
            values,
            may_be_client,
            uri,
            reports: reports.clone(),
            address_and_port,
            scheme_text,
            host,
            port,
            prefix,
        })
    })
}

/// What goes together with this source.
fn writings(client: Client) -> Vec<Writing> {
    use Writing::{Append, AppendToEach, AppendToFirstLine, Replace};
    match client {
        Client::List | Client::NthFromRight => {
            vec![Append, AppendToEach, AppendToFirstLine, Replace]
        }
        Client::Forwarded => vec![Append, AppendToFirstLine, Replace],
        Client::Address | Client::AddressAndPort | Client::Nothing => {
            vec![Append, AppendToFirstLine]
        }
    }
}

pub(super) fn sent() -> impl Strategy<Value = Sent> {
    let lines = || prop_oneof![1 => Just(vec![]), 2 => anything(), 1 => vec(entry(), 1..4)];
    (lines(), lines(), vec((any_read_name(), vec(byte(), 0..40)), 0..8), any::<[bool; 2]>())
        .prop_map(|(client, scheme, others, [own_line, is_replaced])| Sent {
            client,
            scheme,
            others,
            own_line,
            is_replaced,
        })
}

/// A name that some setup reads, or that looks like one.
pub(super) fn any_read_name() -> impl Strategy<Value = String> {
    let ours = || select(Setup::OUR_NAMES.to_vec());
    prop_oneof![
        6 => any_name().prop_map(String::from),
        1 => select(vec!["cloudfront-viewer-address", "x-forwarded-ssl"]).prop_map(String::from),
        1 => ours().prop_map(String::from),
        1 => ours().prop_map(|name| name.replace('-', "_")),
    ]
}

/// A line that looks like a proxy's.
fn entry() -> impl Strategy<Value = Vec<u8>> {
    let texts =
        ["6.6.6.6", "10.0.0.9", "for=6.6.6.6", "for=10.0.0.9;proto=https", "https", "on", ""];
    select(texts.to_vec()).prop_map(Vec::from)
}

impl Setup {
    const OUR_NAMES: [&'static str; 5] =
        ["x-our-for", "x-our-proto", "x-our-host", "x-our-port", "x-our-prefix"];

    fn name(&self, usual: &'static str, ours: &'static str) -> &'static str {
        if self.renamed { ours } else { usual }
    }

    fn client_name(&self) -> Option<&'static str> {
        match self.client {
            Client::List | Client::NthFromRight => Some(self.name(XFF, "x-our-for")),
            Client::Forwarded => Some(F),
            Client::Address => Some(self.name("x-real-ip", "x-our-for")),
            Client::AddressAndPort => Some("cloudfront-viewer-address"),
            Client::Nothing => None,
        }
    }

    pub(super) fn scheme_name(&self) -> Option<&'static str> {
        match self.scheme {
            Scheme::Always | Scheme::Nothing => None,
            _ if self.client == Client::Forwarded => None,
            Scheme::Usual => Some(self.name("x-forwarded-proto", "x-our-proto")),
            Scheme::OnOff => Some(self.name("x-forwarded-ssl", "x-our-proto")),
        }
    }

    pub(super) fn builder(&self) -> Builder {
        let builder = self.with_scheme(self.with_client());
        let builder = if self.values { self.with_values(builder) } else { builder };
        builder
            .proxies_write(self.writing)
            .rewrite_uri(self.uri)
            .trusted_peer_may_be_client(self.may_be_client)
    }

    pub(super) fn layer(&self) -> ForwardedHeaders {
        self.builder().build().unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    fn with_client(&self) -> Builder {
        let one = ForwardedHeaders::builder().trust(NETWORK);
        let chain = ForwardedHeaders::builder().trust_chain(vec![NETWORK; self.reports.len()]);
        let list = || ClientSource::list(self.client_name().unwrap());
        match self.client {
            Client::List => chain.client_from(list()),
            Client::NthFromRight => {
                let place = u8::try_from(self.reports.len()).unwrap();
                one.client_from(list().nth_from_right(place))
            }
            Client::Forwarded => chain.client_from(F),
            Client::Address | Client::AddressAndPort => {
                one.client_from(self.client_name().unwrap())
            }
            Client::Nothing => one.client_from(ClientSource::none()),
        }
    }

    fn with_scheme(&self, builder: Builder) -> Builder {
        match (self.scheme, self.scheme_name()) {
            (Scheme::OnOff, Some(name)) => builder.scheme_from(SchemeSource::on_off(name)),
            (_, Some(name)) => builder.scheme_from(name),
            (Scheme::Always, None) => builder.scheme_from(SchemeSource::always("https")),
            (Scheme::Nothing, None) => builder.scheme_from(SchemeSource::none()),
            // `proto`, beside the client.
            (_, None) => builder,
        }
    }

    fn with_values(&self, builder: Builder) -> Builder {
        let builder = builder.prefix_from(self.name("x-forwarded-prefix", "x-our-prefix"));
        let builder =
            builder.allowed_hosts("a.example:*, b.example:8443, app.example:*, example.com:*");
        if self.client == Client::Forwarded {
            return builder.host_from(F);
        }
        builder
            .host_from(self.name("x-forwarded-host", "x-our-host"))
            .port_from(self.name("x-forwarded-port", "x-our-port"))
    }

    /// What the proxies send on for a client that sent no forwarding header.
    pub(super) fn honest(&self) -> Request<()> {
        self.forwarded(&Sent::default())
    }

    /// What the proxies make of what a client sent.
    pub(super) fn forwarded(&self, sent: &Sent) -> Request<()> {
        let mut lines = vec![("host".to_owned(), b"app.example".to_vec())];
        lines.extend(sent.others.iter().filter(|(name, _)| self.removes(name)).cloned());
        let each = self.writing == Writing::AppendToEach;
        let is_list =
            matches!(self.client, Client::List | Client::NthFromRight | Client::Forwarded);
        let client = (self.client_name(), is_list, &sent.client, self.client_line());
        let is_list = each || self.scheme == Scheme::Usual;
        let scheme = (self.scheme_name(), is_list, &sent.scheme, self.scheme_line());
        let values = self.value_lines().into_iter();
        let values = values.map(|(name, value)| (Some(name), each, &sent.scheme, value));
        for (name, is_list, before, ours) in [client, scheme].into_iter().chain(values) {
            let Some(name) = name else { continue };
            let passed = if is_list { self.passed_on(sent, before, ours) } else { vec![ours] };
            lines.extend(passed.into_iter().map(|line| (name.to_owned(), line)));
        }
        let mut request = request("10.0.0.1", "http://app.example/path?query", &[]);
        let lines: Vec<Line<'_>> =
            lines.iter().map(|(name, line)| (name.as_str(), line.as_slice())).collect();
        append(request.headers_mut(), &lines);
        request
    }

    /// The lines of a list, of which a client sent the first.
    fn passed_on(&self, sent: &Sent, before: &[Vec<u8>], ours: Vec<u8>) -> Vec<Vec<u8>> {
        let mut lines = before.to_vec();
        let at = match self.writing {
            Writing::Replace if sent.is_replaced => return vec![ours],
            Writing::AppendToFirstLine => lines.first_mut(),
            _ if sent.own_line => None,
            _ => lines.last_mut(),
        };
        match at {
            Some(line) => {
                line.extend_from_slice(b", ");
                line.extend_from_slice(&ours);
            }
            None => lines.push(ours),
        }
        lines
    }

    /// Returns whether the configuration rules out what the client sent, so that there may be no client,
    /// or no scheme.
    pub(super) fn rules_out(&self, sent: &Sent) -> bool {
        match self.writing {
            Writing::Replace => !sent.is_replaced,
            Writing::AppendToFirstLine => sent.client.len() > 1 || sent.scheme.len() > 1,
            _ => false,
        }
    }

    /// Returns whether this is a forwarding header that is not read. A name of ours is one only if it looks
    /// like a name that is read.
    fn removes(&self, name: &str) -> bool {
        let is_ours = name.contains("our");
        !self.reads(name) && (!is_ours || self.reads(&name.replace('_', "-")))
    }

    fn reads(&self, name: &str) -> bool {
        let values = self.value_lines().into_iter().map(|(name, _)| Some(name));
        let mut read = values.chain([self.client_name(), self.scheme_name()]);
        read.any(|read| read == Some(name))
    }

    fn client_line(&self) -> Vec<u8> {
        match self.client {
            Client::AddressAndPort => self.address_and_port.into(),
            Client::Address => self.reports[0].x_forwarded.clone().into(),
            _ => joined(&self.reports, self.client_name().unwrap_or(XFF)),
        }
    }

    fn scheme_line(&self) -> Vec<u8> {
        let text = match (self.scheme, self.scheme_text) {
            (Scheme::OnOff, "https") => "on",
            (Scheme::OnOff, "http") => "off",
            (_, text) => text,
        };
        self.entries(text, "http")
    }

    /// The header of each other value that is read, with its line.
    fn value_lines(&self) -> Vec<(&'static str, Vec<u8>)> {
        let prefix = self.name("x-forwarded-prefix", "x-our-prefix");
        let host = self.name("x-forwarded-host", "x-our-host");
        let port = self.name("x-forwarded-port", "x-our-port");
        let lines = [(prefix, self.prefix, "/b"), (host, self.host, "b"), (port, self.port, "80")];
        let read = match (self.values, self.client) {
            (false, _) => 0,
            (true, Client::Forwarded) => 1,
            (true, _) => lines.len(),
        };
        let lines = lines.into_iter().take(read);
        lines.map(|(name, first, further)| (name, self.entries(first, further))).collect()
    }

    /// One entry of each proxy if all append to each list: the first is the client's.
    fn entries(&self, first: &str, further: &str) -> Vec<u8> {
        let further = match self.writing {
            Writing::AppendToEach => vec![further; self.reports.len() - 1],
            _ => vec![],
        };
        [vec![first], further].concat().join(", ").into()
    }
}
