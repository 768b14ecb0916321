//! Reads the recorded requests. The head of `captures.txt` describes its format.

use std::net::IpAddr;

use forwarded_headers::Peer;
use http::{HeaderName, HeaderValue, Request, Uri};

static CAPTURES: &str = include_str!("captures.txt");

pub(crate) type Lines = Vec<(String, String)>;

/// What a client sent.
#[derive(Debug, Default)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    transport: &'static str,
    pub(crate) sent: Lines,
}

#[derive(Debug, Default)]
pub(crate) struct Configuration {
    pub(crate) proxy: &'static str,
    pub(crate) config: &'static str,
    pub(crate) versions: Vec<&'static str>,
    arrivals: Vec<Arrival>,
}

/// A request as it arrived, with the number of records for each of these cases.
#[derive(Debug, Default)]
struct Arrival {
    cases: Vec<(&'static str, usize)>,
    target: Option<&'static str>,
    as_sent: Vec<&'static str>,
    lines: Lines,
}

/// One request, the same in this many versions of the proxy.
pub(crate) struct Record<'a> {
    pub(crate) case: &'a Case,
    pub(crate) versions: usize,
    /// `None` if the proxy refused the request, or if an HTTP server would refuse it.
    pub(crate) request: Option<Request<()>>,
}

impl Case {
    pub(crate) fn is_tls(&self) -> bool {
        self.transport.ends_with("-tls")
    }
}

impl Configuration {
    /// Returns the address that connected to the proxy. For a client at `::1`, Envoy writes an
    /// address of the machine.
    pub(crate) fn client_of(&self, case: &Case) -> IpAddr {
        let address = match (case.transport, self.proxy) {
            ("h1-v6", "envoy") => "192.0.2.2",
            ("h1-v6", _) => "::1",
            _ => "127.0.0.9",
        };
        address.parse().unwrap()
    }

    pub(crate) fn records<'a>(&'a self, cases: &'a [Case]) -> impl Iterator<Item = Record<'a>> {
        self.arrivals.iter().flat_map(move |arrival| {
            arrival.cases.iter().map(move |(name, versions)| {
                let case = cases.iter().find(|case| case.name == *name).expect("a case");
                Record { case, versions: *versions, request: arrival.request(case) }
            })
        })
    }
}

impl Arrival {
    fn request(&self, case: &Case) -> Option<Request<()>> {
        let mut request = Request::new(());
        *request.uri_mut() = self.target?.parse::<Uri>().unwrap();
        request.extensions_mut().insert(Peer::Inet("127.0.0.1:40000".parse().unwrap()));
        let all = self.as_sent == ["*"];
        let is_as_sent = |name: &str| (all && name != "host") || self.as_sent.contains(&name);
        let sent = case.sent.iter().filter(|(name, _)| is_as_sent(name));
        for (name, value) in sent.chain(&self.lines) {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            request.headers_mut().append(name, HeaderValue::from_str(value).unwrap());
        }
        Some(request)
    }
}

/// Returns the cases and the configurations.
pub(crate) fn read() -> (Vec<Case>, Vec<Configuration>) {
    let (mut cases, mut configurations) = (Vec::<Case>::new(), Vec::<Configuration>::new());
    for line in CAPTURES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(line) = line.strip_prefix("case ") {
            cases.push(case(line));
        } else if let Some(proxy) = line.strip_prefix("proxy ") {
            configurations.push(Configuration { proxy, ..Default::default() });
        } else if let Some(configuration) = configurations.last_mut() {
            configuration.add(line);
        } else {
            cases.last_mut().unwrap().sent.extend(header(line));
        }
    }
    (cases, configurations)
}

fn case(line: &'static str) -> Case {
    let (name, rest) = line.split_once(' ').unwrap();
    Case { name, transport: rest.split_once(':').unwrap().0, sent: vec![] }
}

/// Returns a header line that can reach an app: not `:authority`, nor `Connection`.
fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim_start().split_once(':').unwrap();
    let name = name.to_ascii_lowercase();
    (!name.is_empty() && name != "connection").then(|| (name, value.trim_start().into()))
}

impl Configuration {
    fn add(&mut self, line: &'static str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "config" => self.config = rest,
            "version" => self.versions.push(rest),
            "in" => self.add_cases(rest),
            "refused" => {}
            "to" => self.arrival().target = Some(rest),
            "=" => self.arrival().as_sent = rest.split(' ').collect(),
            "" => self.arrival().lines.extend(header(line)),
            _ => panic!("{line}"),
        }
    }

    fn arrival(&mut self) -> &mut Arrival {
        self.arrivals.last_mut().unwrap()
    }

    fn add_cases(&mut self, text: &'static str) {
        let cases = text.split("; ").flat_map(|part| {
            let (versions, cases) = part.split_once(": ").unwrap();
            let versions = versions.split(',').count();
            cases.split(' ').map(move |case| (case, versions))
        });
        self.arrivals.push(Arrival { cases: cases.collect(), ..Default::default() });
    }
}
