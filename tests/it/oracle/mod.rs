//! A second reading of the rule: slow, plain, allocating, from the RFCs' grammar and the crate's
//! front page. It shares no code with the library.

#![allow(unreachable_pub, reason = "the fuzz targets use this module as a library")]

pub mod case;
mod grammar;
pub mod values;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::extract::connect_info::{ConnectInfo, MockConnectInfo};
use case::{Case, PeerIn, SchemeSetup, Standing};
use forwarded_headers::{Absent, ConnectionInfo, ForwardedHeaders, UriRewrite, Writing};
use http::request::Parts;
use http::uri::Scheme;
use http::{Extensions, Request};
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
    /// Why there is no forwarded scheme, forwarded host, authority, port and prefix.
    pub absent: [Option<&'static str>; 5],
    pub untrusted_headers: bool,
    /// Afterwards: the URI, the lines of `Host` and of every forwarding header, sorted, and the records
    /// of the peer.
    pub uri: String,
    pub lines: Vec<(String, Vec<u8>)>,
    pub records: Records,
}

/// The address in a `SocketAddr`, `ConnectInfo` and `MockConnectInfo`, as far as each is there.
pub type Records = [Option<SocketAddr>; 3];

fn records(extensions: &Extensions) -> Records {
    let plain = extensions.get::<SocketAddr>().copied();
    let info = extensions.get().map(|ConnectInfo(address)| *address);
    [plain, info, extensions.get().map(|MockConnectInfo(address)| *address)]
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
        authority: info.authority().map(ToString::to_string),
        prefix: info.prefix().map(String::from),
        absent: [
            info.absent_scheme(),
            info.absent_host(),
            info.absent_authority(),
            info.absent_port(),
            info.absent_prefix(),
        ]
        .map(|why| why.map(name)),
        untrusted_headers: info.has_untrusted_headers(),
        uri: parts.uri.to_string(),
        lines,
        records: records(&parts.extensions),
    }
}

fn name(why: Absent) -> &'static str {
    match why {
        Absent::NotTrusted => "NotTrusted",
        Absent::NotBelieved => "NotBelieved",
        Absent::NotRead => "NotRead",
        Absent::NotSent => "NotSent",
        Absent::Differ => "Differ",
        Absent::ExtraLines => "ExtraLines",
        Absent::NotValid => "NotValid",
        Absent::NotAllowed => "NotAllowed",
        other => panic!("{other:?} is new"),
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
    /// An address with a zone.
    Zoned(IpAddr, Option<u16>, Pairs),
    /// `unix:`.
    UnixSocket,
}

/// The outcomes with which a report is believed.
const HEARD: [&str; 4] =
    ["Forwarded", "Unresolved(Unknown)", "Unresolved(Obfuscated)", "Unresolved(NotConfigured)"];

/// Outcome, client, hops, and the report that the walk ended with.
type Found = (String, Option<(IpAddr, Option<u16>)>, u8, Option<Report>);

/// The pairs of a `Forwarded` element, names in lower case, values unescaped.
type Pairs = Vec<(String, Vec<u8>)>;

/// A value, or the reason why there is none.
type Told<T> = Result<T, &'static str>;

#[derive(Debug, Clone)]
struct Said {
    scheme: Told<&'static str>,
    host: Told<String>,
    port: Told<u16>,
    prefix: Told<String>,
}

impl Said {
    fn nothing(why: &'static str) -> Self {
        Self { scheme: Err(why), host: Err(why), port: Err(why), prefix: Err(why) }
    }
}

/// The text that was sent, as a value.
fn valid<T>(text: Told<Vec<u8>>, read: impl Fn(&[u8]) -> Option<T>) -> Told<T> {
    read(&text?).ok_or("NotValid")
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

    /// The value that all members of all lines are copies of. The rightmost is looked at first.
    fn copied(&self, name: &str) -> Told<Vec<u8>> {
        let members = self.members(name);
        let first = members.first().ok_or("NotSent")?;
        let lines = self.values(name);
        let last_line = lines.last().expect("a member has a line");
        if last_line.rsplit(|b| *b == b',').next().is_some_and(|m| m.len() > grammar::MAX_MEMBER) {
            return Err("NotValid");
        }
        members.iter().all(|member| member == first).then(|| first.clone()).ok_or("Differ")
    }

    /// The prefix of which each member is a part.
    fn joined_prefix(&self) -> Told<String> {
        let members = self.members("x-forwarded-prefix");
        if members.is_empty() {
            return Err("NotSent");
        }
        let parts = members.into_iter().rev().map(|part| values::prefix(&part));
        let parts = parts.collect::<Option<Vec<_>>>().ok_or("NotValid")?;
        Some(parts.concat()).filter(|path| (1..=1024).contains(&path.len())).ok_or("NotValid")
    }

    /// Rule 3 and 4: what can be reported, rightmost first.
    fn reports(&self) -> Vec<Report> {
        if self.setup.forwarded {
            let lines = self.values("forwarded");
            return lines.into_iter().rev().flat_map(grammar::elements_from_the_right).collect();
        }
        if self.setup.single_address {
            let name = self.setup.client_name();
            if self.values(name).is_empty() {
                return vec![];
            }
            let read = if self.setup.with_port { grammar::ip_port } else { grammar::x_entry };
            let report = self.single(name).map_or(Report::Malformed(vec![]), |value| read(&value));
            return vec![report];
        }
        let members = self.members(self.setup.for_name());
        let right = usize::from(self.setup.place) - 1;
        members.iter().skip(right).map(|member| grammar::x_entry(member)).collect()
    }

    /// The number of entries that trusted proxies wrote up to the client.
    fn entries(&self, hops: u8) -> usize {
        usize::from(hops) + usize::from(self.setup.place) - 1
    }

    /// Rule 5, the addresses and lines that `Writing` rules out.
    fn has_extra(&self, hops: u8) -> bool {
        if !self.setup.read_client {
            return false;
        }
        let name = self.setup.client_name();
        let lines = self.values(name);
        let entries: usize = match name {
            "forwarded" => lines.iter().map(|l| grammar::elements_from_the_right(l).len()).sum(),
            _ => self.members(name).len(),
        };
        match self.setup.writing {
            Writing::AppendToFirstLine => lines.len() > 1,
            Writing::Replace => entries > self.entries(hops),
            _ => false,
        }
    }

    /// Whether the request has no header that a proxy alone should send: each name of the generator but
    /// `host` is one.
    fn is_silent(&self) -> bool {
        self.lines.iter().all(|(name, _)| name == "host")
    }

    /// Whether the request shows no proxy, but for the secret that it carries.
    fn is_silent_but_for_secrets(&self) -> bool {
        self.lines.iter().all(|(name, _)| name == "host" || self.setup.is_secret(name))
    }

    fn standing(&self, hops: usize, ip: Option<IpAddr>) -> Standing {
        self.setup.standing(hops, ip, |name| self.values(name))
    }

    /// Rules 1 to 5.
    fn walk(&self) -> Found {
        let found = self.walk_on();
        if HEARD.contains(&found.0.as_str()) && self.has_extra(found.2) {
            return ("Unresolved(ExtraEntries)".into(), None, found.2, None);
        }
        found
    }

    fn walk_on(&self) -> Found {
        let own = self.peer.as_deref().filter(|peer| *peer != "unix").map(case::socket);
        let peer = own.map(|(ip, port)| (ip.to_canonical(), Some(port).filter(|port| *port != 0)));
        let named = self.peer.as_deref().filter(|peer| *peer != "0.0.0.0:0");
        let Some(name) = named else { return ("NoPeer".into(), None, 0, None) };
        match self
            .standing(0, Some(name).filter(|name| *name != "unix").map(|_| case::socket(name).0))
        {
            Standing::Other => return ("Direct".into(), peer, 0, None),
            Standing::NotProven => return ("Unresolved(NotProven)".into(), None, 0, None),
            Standing::Proxy => {}
        }
        if self.setup.may_be_client && self.is_silent_but_for_secrets() {
            return ("NotForwarded".into(), peer, 0, None);
        }
        if !self.setup.read_client {
            return ("Unresolved(NotConfigured)".into(), None, 1, None);
        }
        if self.values(self.setup.client_name()).is_empty() {
            return ("Unresolved(NoHeader)".into(), None, 0, None);
        }
        let reports = self.reports();
        for (index, report) in reports.iter().enumerate() {
            let hops = u8::try_from(index + 1).unwrap();
            let standing = match report {
                Report::Address(ip, ..) | Report::Zoned(ip, ..) => {
                    self.standing(index + 1, Some(*ip))
                }
                Report::UnixSocket => self.standing(index + 1, None),
                _ => Standing::Other,
            };
            let why = match (standing, report) {
                (Standing::NotProven, _) => {
                    return ("Unresolved(NotProven)".into(), None, hops, None);
                }
                (Standing::Proxy, Report::Zoned(..)) => "Malformed",
                (Standing::Proxy, _) => continue,
                (Standing::Other, report) => match report {
                    Report::Address(ip, port, _) | Report::Zoned(ip, port, _) => {
                        return (
                            "Forwarded".into(),
                            Some((*ip, *port)),
                            hops,
                            Some(report.clone()),
                        );
                    }
                    Report::Missing => "ListEnds",
                    Report::Malformed(_) => "Malformed",
                    Report::Unknown(_) | Report::UnixSocket => "Unknown",
                    Report::Obfuscated(_) => "Obfuscated",
                },
            };
            return (format!("Unresolved({why})"), None, hops, Some(report.clone()));
        }
        let hops = u8::try_from(reports.len()).unwrap();
        ("Unresolved(ListEnds)".into(), None, hops, None)
    }

    /// Rule 6.
    fn said(&self, outcome: &str, hops: u8, last: Option<&Report>) -> Said {
        let read = &self.setup;
        match outcome {
            "Direct" | "NoPeer" => return Said::nothing("NotTrusted"),
            "NotForwarded" => return Said::nothing("NotSent"),
            _ if !HEARD.contains(&outcome) => return Said::nothing("NotBelieved"),
            _ => {}
        }
        let at_place = |name| self.members(name).into_iter().nth(self.entries(hops) - 1);
        let to_each = read.writing == Writing::AppendToEach;
        let single = |name, is_read| match (is_read, to_each) {
            (false, _) => Err("NotRead"),
            (true, true) => at_place(name).ok_or("NotSent"),
            (true, false) => self.copied(name),
        };
        let of_pair = |name, is_read| match (is_read, last.and_then(Report::pairs)) {
            (false, _) => Err("NotRead"),
            (true, pairs) => {
                let value = pairs.and_then(|pairs| pairs.iter().find(|(n, _)| n == name));
                value.map(|(_, value)| value.clone()).ok_or("NotSent")
            }
        };
        let host = if read.forwarded {
            of_pair("host", read.read_host)
        } else {
            single("x-forwarded-host", read.read_host)
        };
        let scheme = match read.scheme {
            SchemeSetup::Read if read.forwarded => valid(of_pair("proto", true), values::scheme),
            SchemeSetup::Read => self.listed_scheme(hops),
            SchemeSetup::OnOff => valid(single("x-forwarded-ssl", true), values::on_off),
            SchemeSetup::Always(_) | SchemeSetup::Nothing => Err("NotRead"),
        };
        Said {
            scheme,
            host: valid(host, authority),
            port: valid(single("x-forwarded-port", read.read_port), values::port),
            prefix: if read.traefik && read.read_prefix {
                self.joined_prefix()
            } else {
                valid(single("x-forwarded-prefix", read.read_prefix), values::prefix)
            },
        }
    }

    /// Rule 6, the scheme of a list.
    fn listed_scheme(&self, hops: u8) -> Told<&'static str> {
        let entries = self.members("x-forwarded-proto");
        let schemes = entries.iter().map(|entry| values::scheme(entry).ok_or("NotValid"));
        let schemes: Vec<_> = schemes.collect();
        let place = match self.setup.writing {
            Writing::AppendToEach => self.entries(hops),
            _ => 1,
        };
        let scheme = schemes.get(place - 1).copied().unwrap_or(Err("NotSent"))?;
        let has_extra = self.setup.writing == Writing::AppendToFirstLine
            && self.values("x-forwarded-proto").len() > 1
            && schemes.iter().any(|other| *other != Ok(scheme));
        if has_extra { Err("ExtraLines") } else { Ok(scheme) }
    }

    fn authority(&self, said: &Said, scheme: &str) -> Told<String> {
        let (_, own, _) = self.uri_parts();
        let host = self.values("host");
        let found = match (&said.host, own) {
            (Ok(forwarded), _) => forwarded.clone(),
            (Err(_), Some(own)) => authority(own.as_bytes()).ok_or("NotValid")?,
            (Err(_), None) => match host[..] {
                [] => return Err("NotSent"),
                [host] => authority(host).ok_or("NotValid")?,
                _ => return Err("ExtraLines"),
            },
        };
        let found = said.port.map_or(found.clone(), |port| with_port(&found, port, scheme));
        match &self.setup.allowed {
            Some(patterns) if !is_allowed(&found, scheme, patterns) => Err("NotAllowed"),
            _ => Ok(found),
        }
    }

    /// Scheme, authority, and the rest of a URI.
    fn uri_parts(&self) -> (Option<&str>, Option<&str>, &str) {
        let Some((scheme, rest)) = self.uri.split_once("://") else {
            return (None, None, &self.uri);
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        (Some(scheme), Some(&rest[..end]), &rest[end..])
    }

    fn uri_after(&self, answer: &Answer) -> String {
        let (_, own, path) = self.uri_parts();
        let is_known = answer.forwarded_scheme.is_some()
            || matches!(self.setup.scheme, SchemeSetup::Always(_));
        let completes = self.setup.rewrite == UriRewrite::Complete
            && is_known
            && self.setup.allowed.as_ref().is_some_and(|patterns| !patterns.contains(&"any"));
        if self.setup.rewrite == UriRewrite::Leave || !(completes || own.is_some()) {
            return self.uri.clone();
        }
        match &answer.authority {
            None => path.into(),
            Some(host) => format!("{}://{host}{path}", answer.scheme),
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
        lines.extend(self.identity_lines(answer));
        if let Some(host) = answer.authority.as_ref()
            && (said.host.is_ok() || !self.values("host").is_empty())
        {
            lines.push(("host".into(), host.clone().into_bytes()));
        }
        lines.sort();
        lines
    }

    /// Whether an identity is removed from a request that a proxy forwarded.
    pub fn has_lost_identity(&self, answer: &Answer) -> bool {
        let was_sent = |(name, _): &(&str, bool)| !self.values(name).is_empty();
        let sent = self.setup.identity.iter().filter(|identity| was_sent(identity)).count();
        answer.outcome == "Forwarded" && self.identity_lines(answer).len() < sent
    }

    pub fn has_secret(&self) -> bool {
        self.lines.iter().any(|(name, _)| self.setup.is_secret(name))
    }

    /// The lines of an identity that the right proxy wrote.
    fn identity_lines(&self, answer: &Answer) -> Vec<(String, Vec<u8>)> {
        let came_through_all = usize::from(answer.hops) == self.setup.chain.len();
        let is_written = |is_outermost: bool| !is_outermost || came_through_all;
        let mut lines = vec![];
        for (name, is_outermost) in &self.setup.identity {
            if let [line] = self.values(name)[..]
                && answer.outcome == "Forwarded"
                && is_written(*is_outermost)
            {
                lines.push(((*name).into(), line.to_vec()));
            }
        }
        lines
    }

    fn written_anew(&self, answer: &Answer, said: &Said) -> Vec<(String, Vec<u8>)> {
        let (true, Some(ip)) = (answer.outcome == "Forwarded", answer.client) else {
            return vec![];
        };
        let host = answer.authority.clone().filter(|_| said.host.is_ok());
        let prefix =
            said.prefix.clone().ok().map(|prefix| ("x-forwarded-prefix".into(), prefix.into()));
        if self.setup.forwarded {
            let mut text = match ip {
                IpAddr::V4(ip) => format!("for={ip}"),
                IpAddr::V6(ip) => format!("for=\"[{ip}]\""),
            };
            if let Ok(scheme) = said.scheme {
                text += &format!(";proto={scheme}");
            }
            if let Some(host) = host {
                let quote = if host.contains([':', '[']) { "\"" } else { "" };
                text += &format!(";host={quote}{host}{quote}");
            }
            let element = ("forwarded".into(), text.into_bytes());
            return [Some(element), prefix].into_iter().flatten().collect();
        }
        let default = if answer.scheme == "https" { 443 } else { 80 };
        let port = answer
            .authority
            .as_ref()
            .filter(|_| said.port.is_ok())
            .map(|authority| values::split(authority).1.unwrap_or(default).to_string());
        let ip = if self.setup.with_port {
            format!("{ip}:{}", answer.client_port.unwrap_or(0))
        } else {
            ip.to_string()
        };
        let on_off = |scheme| if scheme == "https" { "on" } else { "off" };
        let is_on_off = self.setup.scheme == SchemeSetup::OnOff;
        let scheme = said.scheme.ok().map(|s| String::from(if is_on_off { on_off(s) } else { s }));
        let lines = [
            (self.setup.client_name(), Some(ip)),
            (self.setup.scheme_name().unwrap_or_default(), scheme),
            ("x-forwarded-host", host),
            ("x-forwarded-port", port),
        ];
        let lines =
            lines.into_iter().filter_map(|(name, value)| Some((name.into(), value?.into_bytes())));
        lines.chain(prefix).collect()
    }

    /// The records, with the client in each that the layer changes.
    fn records_after(&self, answer: &Answer) -> Records {
        let before = records(self.request().extensions());
        if !self.setup.rewrite_connect_info {
            return before;
        }
        let port = answer.client_port.unwrap_or(0);
        let client = answer.client.map(|ip| SocketAddr::new(ip, port));
        let written = client.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
        let [plain, info, mock] = before.map(|record| record.map(|_| written));
        let is_unix = self.peer.as_deref() == Some("unix");
        [
            if self.peer_in == PeerIn::SocketAddr { plain } else { before[0] },
            info.or(client.filter(|_| is_unix)),
            mock,
        ]
    }

    /// The whole rule.
    pub fn expected(&self) -> Answer {
        let (outcome, client, hops, last) = self.walk();
        let said = self.said(&outcome, hops, last.as_ref());
        // Rule 7.
        let stated = match (self.setup.scheme, outcome.as_str()) {
            (SchemeSetup::Always(https), _) => Some(https),
            (_, "Direct") => self.setup.direct_https,
            _ => None,
        };
        let own = if stated == Some(true) { "https" } else { "http" };
        let scheme = said.scheme.unwrap_or(own);
        let authority = self.authority(&said, scheme);
        let host = said.host.clone().and(authority.clone());
        let mut answer = Answer {
            uri: String::new(),
            client: client.map(|(ip, _)| ip),
            client_port: client.and_then(|(_, port)| port),
            forwarded_scheme: said.scheme.ok(),
            prefix: said.prefix.clone().ok(),
            lines: vec![],
            records: Records::default(),
            absent: [
                said.scheme.err(),
                host.err(),
                authority.clone().err(),
                said.port.err(),
                said.prefix.clone().err(),
            ],
            untrusted_headers: ["Direct", "NoPeer"].contains(&&*outcome) && !self.is_silent(),
            authority: authority.ok(),
            outcome,
            hops,
            scheme,
        };
        answer.uri = self.uri_after(&answer);
        answer.lines = self.lines_after(&answer, &said);
        answer.records = self.records_after(&answer);
        answer
    }
}

impl Report {
    fn pairs(&self) -> Option<&Pairs> {
        match self {
            Self::Unknown(pairs)
            | Self::Obfuscated(pairs)
            | Self::Malformed(pairs)
            | Self::Zoned(_, _, pairs)
            | Self::Address(_, _, pairs) => Some(pairs),
            Self::Missing | Self::UnixSocket => None,
        }
    }
}
