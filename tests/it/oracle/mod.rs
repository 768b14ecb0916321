//! A second reading of the rule: slow, plain, allocating, from the RFCs' grammar and the crate's
//! front page. It shares no code with the library.

pub mod case;
mod grammar;
pub mod values;

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use case::{Case, Model, Setup};
use forwarded_headers::{ConnectionInfo, ForwardedHeaders};
use http::Request;
use http::request::Parts;
use http::uri::Scheme;
use tower::{Layer, Service, service_fn};
use values::{authority, is_allowed, with_port};

/// All that can be seen of a decision and its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub outcome: String,
    pub client: Option<IpAddr>,
    pub client_port: Option<u16>,
    pub hops: u8,
    pub scheme: &'static str,
    pub forwarded_scheme: Option<&'static str>,
    pub authority: Option<String>,
    pub prefix: Option<String>,
    /// Afterwards: the URI, and the lines of `Host` and of every forwarding header, sorted.
    pub uri: String,
    pub lines: Vec<(String, Vec<u8>)>,
}

/// The request as the wrapped service gets it. To decide alone comes to the same.
pub fn through(layer: &ForwardedHeaders, request: Request<()>) -> Parts {
    let (parts, ()) = request.into_parts();
    let decided = layer.resolve(&parts);
    let inner = |request: Request<()>| async { Ok::<_, Infallible>(request.into_parts().0) };
    let request = Request::from_parts(parts, ());
    let mut answer = pin!(layer.layer(service_fn(inner)).call(request));
    let parts = match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(parts)) => parts,
        Poll::Pending => unreachable!("nothing here waits"),
    };
    assert_eq!(format!("{:?}", info(&parts)), format!("{decided:?}"));
    parts
}

fn info(parts: &Parts) -> &ConnectionInfo {
    parts.extensions.get().expect("the layer inserts one")
}

/// What the wrapped service can see.
pub fn seen(parts: &Parts) -> Answer {
    let info = info(parts);
    let scheme = |scheme: &Scheme| if *scheme == Scheme::HTTPS { "https" } else { "http" };
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_string(), value.as_bytes().to_vec())
    };
    let mut lines: Vec<_> = parts.headers.iter().map(line).collect();
    lines.sort();
    Answer {
        outcome: format!("{:?}", info.outcome()),
        client: info.client_ip(),
        client_port: info.client_port(),
        hops: info.hops(),
        scheme: scheme(info.scheme()),
        forwarded_scheme: info.forwarded_scheme().map(scheme),
        authority: info.authority().map(String::from),
        prefix: info.prefix().map(String::from),
        uri: parts.uri.to_string(),
        lines,
    }
}

/// What a proxy reported.
#[derive(Debug, Clone)]
enum Report {
    Missing,
    /// With pairs where only the node is bad.
    Malformed(Pairs),
    Unknown(Pairs),
    Obfuscated(Pairs),
    Address(IpAddr, Option<u16>, Pairs),
}

/// The outcomes with which a report is believed.
const HEARD: [&str; 4] =
    ["Forwarded", "Unresolved(Unknown)", "Unresolved(Obfuscated)", "Unresolved(NotRead)"];

/// Outcome, client, hops, and the report that the walk ended with.
type Found = (String, Option<(IpAddr, Option<u16>)>, u8, Option<Report>);

/// The pairs of a `Forwarded` element, names in lower case, values unescaped.
type Pairs = Vec<(String, Vec<u8>)>;

#[derive(Debug, Clone, Default)]
struct Said {
    scheme: Option<&'static str>,
    host: Option<String>,
    port: Option<u16>,
    prefix: Option<String>,
}

impl Case {
    fn values(&self, name: &str) -> Vec<&[u8]> {
        let lines = self.lines.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
        lines.map(|(_, value)| value.as_slice()).collect()
    }

    /// All members of a list, over all lines, rightmost first. Nobody reads past one that is too long:
    /// as far as anybody counts there is nothing but it.
    fn members(&self, name: &str) -> Vec<Vec<u8>> {
        let mut members = vec![];
        for line in self.values(name).into_iter().rev() {
            for member in line.rsplit(|b| *b == b',') {
                if member.len() > grammar::MAX_MEMBER {
                    members.resize(members.len() + 256, b"?".to_vec());
                    return members;
                }
                members.push(grammar::strip(member).to_vec());
            }
        }
        members
    }

    /// The value of a header that is neither a list nor there twice.
    fn single(&self, name: &str) -> Option<Vec<u8>> {
        match self.values(name)[..] {
            [value] if !value.contains(&b',') => Some(grammar::strip(value).to_vec()),
            _ => None,
        }
    }

    /// Rule 3 and 4: what can be reported, rightmost first.
    fn reports(&self) -> Vec<Report> {
        if self.setup.forwarded {
            let lines = self.values("forwarded");
            return lines.into_iter().rev().flat_map(grammar::elements_from_the_right).collect();
        }
        if self.setup.client_ip_header {
            return match self.values("cf-connecting-ip").len() {
                0 => vec![],
                _ => {
                    let single = self.single("cf-connecting-ip");
                    let read = match self.setup.with_port {
                        true => grammar::ip_port,
                        false => grammar::x_entry,
                    };
                    vec![single.map_or(Report::Malformed(vec![]), |value| read(&value))]
                }
            };
        }
        let members = self.members(self.setup.for_name());
        members.iter().map(|member| grammar::x_entry(member)).collect()
    }

    /// The names on which the answer depends.
    fn names_read(&self) -> Vec<&'static str> {
        let read = &self.setup;
        if read.forwarded {
            return vec!["forwarded"];
        }
        let names = [
            (read.read_for, read.client_name()),
            (read.read_proto, "x-forwarded-proto"),
            (read.read_host, "x-forwarded-host"),
            (read.read_port, "x-forwarded-port"),
            (read.read_prefix, "x-forwarded-prefix"),
        ];
        names.into_iter().filter(|(read, _)| *read).map(|(_, name)| name).collect()
    }

    /// Rule 5, what `exact` and `single_line` refuse.
    fn has_excess(&self, hops: u8) -> bool {
        self.names_read().into_iter().any(|name| {
            let lines = self.values(name);
            let entries: usize = match self.setup.forwarded {
                true => lines.iter().map(|l| grammar::elements_from_the_right(l).len()).sum(),
                false => self.members(name).len(),
            };
            let singles = ["x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix"];
            let is_list = self.setup.aligned || !singles.contains(&name);
            (self.setup.single_line && lines.len() > 1)
                || (self.setup.exact && is_list && entries > usize::from(hops))
        })
    }

    /// Rules 1 to 5.
    fn walk(&self) -> Found {
        let found = self.walk_on();
        match HEARD.contains(&found.0.as_str()) && self.has_excess(found.2) {
            true => ("Unresolved(Excess)".into(), None, found.2, None),
            false => found,
        }
    }

    fn walk_on(&self) -> Found {
        let own = self.peer.as_deref().filter(|peer| *peer != "unix").map(case::socket);
        let peer = own.map(|(ip, port)| (ip.to_canonical(), Some(port)));
        let Some(name) = self.peer.as_deref() else { return ("NoPeer".into(), None, 0, None) };
        if !self.setup.is_peer_trusted(name) {
            return ("Direct".into(), peer, 0, None);
        }
        if self.setup.allow_direct && self.is_silent() {
            return ("NotForwarded".into(), peer, 0, None);
        }
        if !self.setup.read_for {
            let nearest = self.reports().into_iter().next().filter(|_| self.setup.forwarded);
            return ("Unresolved(NotRead)".into(), None, 1, nearest);
        }
        let reports = self.reports();
        if reports.is_empty() {
            return ("Unresolved(NotReported)".into(), None, 0, None);
        }
        for (index, report) in reports.iter().enumerate() {
            let hops = u8::try_from(index + 1).unwrap();
            let why = match report {
                Report::Address(ip, _, _) if self.setup.is_proxy(index + 1, *ip) => continue,
                Report::Address(ip, port, _) => {
                    return ("Forwarded".into(), Some((*ip, *port)), hops, Some(report.clone()));
                }
                Report::Missing => "Missing",
                Report::Malformed(_) => "Malformed",
                Report::Unknown(_) => "Unknown",
                Report::Obfuscated(_) => "Obfuscated",
            };
            return (format!("Unresolved({why})"), None, hops, Some(report.clone()));
        }
        let hops = u8::try_from(reports.len()).unwrap();
        ("Unresolved(Missing)".into(), None, hops, None)
    }

    fn is_silent(&self) -> bool {
        let names: Vec<&str> = match (self.setup.forwarded, self.setup.client_ip_header) {
            (true, _) => vec!["forwarded"],
            (false, single) => {
                let single = single.then_some("cf-connecting-ip");
                self.setup.x_names().into_iter().chain(single).collect()
            }
        };
        names.iter().all(|name| self.values(name).is_empty())
    }

    /// Rule 6.
    fn said(&self, outcome: &str, hops: u8, last: Option<&Report>) -> Said {
        let read = &self.setup;
        if !HEARD.contains(&outcome) {
            return Said::default();
        }
        if self.setup.forwarded {
            let (Some(
                Report::Unknown(pairs) | Report::Obfuscated(pairs) | Report::Malformed(pairs),
            )
            | Some(Report::Address(_, _, pairs))) = last
            else {
                return Said::default();
            };
            let value = |name| pairs.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_slice());
            return Said {
                scheme: value("proto").filter(|_| read.read_proto).and_then(values::scheme),
                host: value("host").filter(|_| read.read_host).and_then(authority),
                ..Said::default()
            };
        }
        let from_the_right = |name, n: u8| self.members(name).into_iter().nth(usize::from(n) - 1);
        let single = |name| match read.aligned {
            true => from_the_right(name, hops),
            false => self.single(name),
        };
        let proto = from_the_right("x-forwarded-proto", if read.aligned { hops } else { 1 });
        Said {
            scheme: proto.filter(|_| read.read_proto).and_then(|v| values::scheme(&v)),
            host: single("x-forwarded-host").filter(|_| read.read_host).and_then(|v| authority(&v)),
            port: single("x-forwarded-port")
                .filter(|_| read.read_port)
                .and_then(|v| values::port(&v)),
            prefix: single("x-forwarded-prefix")
                .filter(|_| read.read_prefix)
                .and_then(|v| values::prefix(&v)),
        }
    }

    fn authority(&self, said: &Said, scheme: &str) -> Option<String> {
        let (_, own, _) = self.uri_parts();
        let host = self.values("host");
        let found = match (&said.host, own) {
            (Some(forwarded), _) => Some(forwarded.clone()),
            (None, Some(own)) => authority(own.as_bytes()),
            (None, None) if host.len() == 1 => authority(host[0]),
            (None, None) => None,
        }?;
        let found = said.port.map_or(found.clone(), |port| with_port(&found, port, scheme));
        let patterns = self.setup.allowed.as_ref();
        patterns.is_none_or(|p| is_allowed(&found, scheme, p)).then_some(found)
    }

    /// Scheme, authority, and the rest of a URI.
    fn uri_parts(&self) -> (Option<&str>, Option<&str>, &str) {
        let Some((scheme, rest)) = self.uri.split_once("://") else {
            return (None, None, &self.uri);
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        (Some(scheme), Some(&rest[..end]), &rest[end..])
    }

    fn uri_after(&self, trusted: bool, scheme: &str, authority: Option<&str>) -> String {
        let (_, own, path) = self.uri_parts();
        let set = trusted || self.setup.own_https.is_some() || own.is_some();
        match authority {
            _ if !self.setup.rewrite_uri || !set => self.uri.clone(),
            None => path.into(),
            Some(host) => format!("{scheme}://{host}{path}"),
        }
    }

    fn lines_after(&self, answer: &Answer, said: &Said) -> Vec<(String, Vec<u8>)> {
        let anew = self.written_anew(answer, said);
        let mut lines: Vec<(String, Vec<u8>)> = Vec::new();
        for (name, value) in &self.lines {
            if name != "host" && self.setup.is_kept(name) {
                lines.push((name.clone(), value.clone()));
            }
        }
        lines.extend(anew.into_iter().filter(|(name, _)| !self.setup.is_kept(name)));
        if let Some(host) = answer.authority.as_ref()
            && (said.host.is_some() || !self.values("host").is_empty())
        {
            lines.push(("host".into(), host.clone().into_bytes()));
        }
        lines.sort();
        lines
    }

    fn written_anew(&self, answer: &Answer, said: &Said) -> Vec<(String, Vec<u8>)> {
        let (true, Some(ip)) = (answer.outcome == "Forwarded", answer.client) else {
            return vec![];
        };
        let host = answer.authority.clone().filter(|_| said.host.is_some());
        if self.setup.forwarded {
            let mut text = match ip {
                IpAddr::V4(ip) => format!("for={ip}"),
                IpAddr::V6(ip) => format!("for=\"[{ip}]\""),
            };
            if let Some(scheme) = said.scheme {
                text += &format!(";proto={scheme}");
            }
            if let Some(host) = host {
                let quote = if host.contains([':', '[']) { "\"" } else { "" };
                text += &format!(";host={quote}{host}{quote}");
            }
            return vec![("forwarded".into(), text.into_bytes())];
        }
        let default = if answer.scheme == "https" { 443 } else { 80 };
        let port = answer
            .authority
            .as_ref()
            .filter(|_| said.port.is_some())
            .map(|authority| values::split(authority).1.unwrap_or(default).to_string());
        let ip = match answer.client_port.filter(|_| self.setup.with_port) {
            Some(port) => format!("{ip}:{port}"),
            None => ip.to_string(),
        };
        let lines = [
            (self.setup.client_name(), Some(ip)),
            ("x-forwarded-proto", said.scheme.map(String::from)),
            ("x-forwarded-host", host),
            ("x-forwarded-port", port),
            ("x-forwarded-prefix", said.prefix.clone()),
        ];
        let lines =
            lines.into_iter().filter_map(|(name, value)| Some((name.into(), value?.into_bytes())));
        lines.collect()
    }

    /// The whole rule.
    pub fn expected(&self) -> Answer {
        let (outcome, client, hops, last) = self.walk();
        let said = self.said(&outcome, hops, last.as_ref());
        let trusted = !matches!(outcome.as_str(), "NoPeer" | "Direct");
        let own = if self.setup.own_https == Some(true) { "https" } else { "http" };
        // Rule 7.
        let scheme = match said.scheme {
            Some(scheme) => scheme,
            None if trusted && self.setup.read_proto => "http",
            None => own,
        };
        let authority = self.authority(&said, scheme);
        let mut answer = Answer {
            uri: self.uri_after(trusted, scheme, authority.as_deref()),
            client: client.map(|(ip, _)| ip),
            client_port: client.and_then(|(_, port)| port),
            forwarded_scheme: said.scheme,
            prefix: said.prefix.clone(),
            lines: vec![],
            outcome,
            hops,
            scheme,
            authority,
        };
        answer.lines = self.lines_after(&answer, &said);
        answer
    }
}

impl Setup {
    fn is_peer_trusted(&self, peer: &str) -> bool {
        let set = match &self.model {
            Model::Chain(sets) => sets.last().expect("a chain has a proxy"),
            Model::MaxHops(_) | Model::Count(_) => &self.set,
        };
        match peer {
            "unix" => set.contains(&"unix"),
            _ => case::contains(set, case::socket(peer).0),
        }
    }

    /// Whether the address behind so many hops is a proxy.
    fn is_proxy(&self, hops: usize, ip: IpAddr) -> bool {
        match &self.model {
            Model::MaxHops(n) => hops < usize::from(*n) && case::contains(&self.set, ip),
            Model::Count(n) => hops < usize::from(*n),
            Model::Chain(sets) => {
                let nearest_first: Vec<_> = sets.iter().rev().collect();
                nearest_first.get(hops).is_some_and(|set| case::contains(set, ip))
            }
        }
    }
}
