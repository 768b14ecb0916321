//! The README: its table of proxies against the profiles, its blocks, its links. What it repeats of the
//! proxies' pages is in `pages`. rustdoc compiles its app.

use std::collections::BTreeSet;
use std::net::IpAddr;

use forwarded_headers::{Builder, ForwardedHeaders, Outcome, Proxy, Unresolved, Writing};

use crate::blocks::blocks;
use crate::support::{Line, ip, request, resolve};

static README: &str = include_str!("../../README.md");

const DOCS: &str = "https://docs.rs/forwarded-headers/latest/forwarded_headers/";

/// An address of the proxy.
const PROXY: &str = "192.0.2.10";
const CLIENT: &str = "203.0.113.7";
const FORGED: &str = "203.0.113.99";

#[test]
fn it_is_short() {
    assert!(README.lines().count() <= 200, "{} lines", README.lines().count());
}

/// Returns the text of the first block in this language.
fn block(language: &str) -> String {
    let mut blocks = blocks(README).into_iter();
    blocks.find(|block| block.language == language).expect(language).text
}

/// As GitHub and crates.io name a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// Returns the targets of the links, without an optional title.
fn targets() -> impl Iterator<Item = &'static str> {
    README.split("](").skip(1).map(|text| text.split(')').next().unwrap())
}

#[test]
fn links_are_absolute_or_lead_to_a_heading() {
    let headings: BTreeSet<_> = README
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    for target in targets() {
        match target.strip_prefix('#') {
            Some(heading) => assert!(headings.contains(heading), "{heading}: {headings:?}"),
            None => assert!(target.starts_with("https://docs.rs/"), "{target}"),
        }
    }
    assert!(!README.contains("]["), "a reference link, which this test does not follow");
}

/// A published package lacks `benches`.
#[test]
fn paths_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in ["examples/container", "benches/peers/instructions"] {
        let is_packaged = !path.starts_with("benches") || root.join("benches").exists();
        assert!(README.contains(&format!("`{path}`")), "{path}");
        assert!(!is_packaged || root.join(path).exists(), "{path}");
    }
}

#[test]
fn it_has_the_oldest_rust() {
    let needs = format!("needs Rust {} or later", env!("CARGO_PKG_RUST_VERSION"));
    assert!(README.contains(&needs), "{needs}");
}

/// A row of the table of proxies.
struct Row {
    proxy: Proxy,
    link: &'static str,
    client_from: &'static str,
    scheme_from: Option<String>,
    also: BTreeSet<String>,
}

/// Returns the names in code font, in lower case, as http has them.
fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_lowercase).collect()
}

impl Row {
    fn parse(row: &'static str) -> Self {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [link, name, client_from, scheme_from, also] = cells[..] else { panic!("{row}") };
        Self {
            proxy: names(name)[0].parse().unwrap(),
            link,
            client_from,
            scheme_from: names(scheme_from).pop(),
            also: names(also).into_iter().collect(),
        }
    }

    fn all() -> Vec<Self> {
        let rows = README.lines().filter(|line| line.contains("enum.Proxy.html#variant."));
        rows.map(Self::parse).collect()
    }

    fn builder(&self) -> Builder {
        ForwardedHeaders::behind(self.proxy).trust(PROXY)
    }

    fn header(&self) -> String {
        names(self.client_from).remove(0)
    }

    /// Decides a request that has these lines of the client's header, and other lines.
    fn decide(&self, lines: &[&str], others: &[Line<'_>]) -> (Option<IpAddr>, Outcome, String) {
        let header = self.header();
        let own = lines.iter().map(|line| (header.as_str(), line.as_bytes()));
        let lines: Vec<_> = own.chain(others.iter().copied()).collect();
        let info = resolve(&self.builder().build().unwrap(), PROXY, &lines);
        (info.client_ip(), info.outcome(), info.scheme().to_string())
    }

    /// An entry for this address.
    fn entry(&self, address: &str) -> String {
        match self.header().as_str() {
            "forwarded" => format!("for={address}"),
            "cloudfront-viewer-address" => format!("{address}:46532"),
            _ => address.to_owned(),
        }
    }
}

#[test]
fn each_profile_has_a_row_that_links_to_its_page() {
    let rows = Row::all();
    let proxies: Vec<_> = rows.iter().map(|row| row.proxy).collect();
    assert_eq!(proxies, Proxy::ALL);
    for row in rows {
        let link = format!("]({DOCS}enum.Proxy.html#variant.{:?})", row.proxy);
        assert!(row.link.starts_with('[') && row.link.ends_with(&link), "{}", row.link);
    }
}

#[test]
fn each_row_has_the_place_of_the_client() {
    let extra = Outcome::Unresolved(Unresolved::ExtraEntries);
    for row in Row::all() {
        let (client, forged) = (row.entry(CLIENT), row.entry(FORGED));
        let two_entries = format!("{forged}, {client}");
        let three_entries = format!("{forged}, {client}, {PROXY}");
        let two = row.decide(&[&two_entries], &[]);
        let lines = row.decide(&[&forged, &client], &[]);
        let (_, place) = row.client_from.rsplit_once('`').unwrap();
        let (one, is_right) = match place {
            ", last entry" | ", last element" => {
                (client, two.0 == Some(ip(CLIENT)) && two.0 == lines.0)
            }
            ", last entry of one line" => (client, two.0 == Some(ip(CLIENT)) && lines.1 == extra),
            ", only entry" => (client, two.1 == extra && lines.1 == extra),
            ", last entry but one" => (format!("{client}, {PROXY}"), {
                row.decide(&[&three_entries], &[]).0 == Some(ip(CLIENT))
            }),
            "" => (client, two.0.is_none() && lines.0.is_none()),
            other => panic!("{other}"),
        };
        assert!(is_right, "{:?}: {two:?}, {lines:?}", row.proxy);
        assert_eq!(row.decide(&[&one], &[]).0, Some(ip(CLIENT)), "{:?}", row.proxy);
    }
}

/// The header that a row names sets the scheme, and no other header does.
#[test]
fn each_row_has_the_header_of_the_scheme() {
    let headers =
        ["x-forwarded-proto", "cloudfront-forwarded-proto", "x-forwarded-scheme", "forwarded"];
    for row in Row::all() {
        let one = match row.proxy {
            Proxy::GoogleAlb => format!("{CLIENT}, {PROXY}"),
            _ => row.entry(CLIENT),
        };
        for header in headers {
            let scheme = if header == "forwarded" {
                row.decide(&[&format!("{one};proto=https")], &[]).2
            } else {
                row.decide(&[&one], &[(header, b"https")]).2
            };
            let is_read = row.scheme_from.as_deref() == Some(header);
            assert_eq!(scheme == "https", is_read, "{:?}: {header}", row.proxy);
        }
    }
}

/// `build` accepts the headers of the last column, and no other that has a setter.
#[test]
fn each_row_has_what_may_also_be_read() {
    type Call = fn(Builder, &str) -> Builder;
    let host: Call = |builder, header| builder.host_from(header).allowed_hosts("example.com");
    let calls: [(&str, Call); 9] = [
        ("x-forwarded-host", host),
        ("forwarded", host),
        ("x-forwarded-port", |builder, header| builder.port_from(header)),
        ("fly-forwarded-port", |builder, header| builder.port_from(header)),
        ("x-forwarded-prefix", |builder, header| builder.prefix_from(header)),
        ("x-real-ip", |builder, header| builder.client_from(header)),
        ("true-client-ip", |builder, header| builder.client_from(header)),
        ("x-forwarded-proto", |builder, header| builder.scheme_from(header)),
        ("x-forwarded-ssl", |builder, header| builder.scheme_from(header)),
    ];
    for row in Row::all() {
        let scheme = row.scheme_from.as_deref();
        let accepted =
            calls.iter().filter(|(header, call)| call(row.builder(), header).build().is_ok());
        let accepted = accepted.map(|(header, _)| (*header).to_owned());
        // Where `forwarded` is the scheme, the call above is for the host in it.
        let accepted = accepted.filter(|name| name == "forwarded" || scheme != Some(name.as_str()));
        assert_eq!(accepted.collect::<BTreeSet<_>>(), row.also, "{:?}", row.proxy);
    }
}

/// The attack at the top: the first entry of the list is the client's own.
#[test]
fn the_attack_works_against_the_usual_lines_alone() {
    let attack = README.lines().find(|line| line.contains("# nginx appends: ")).unwrap();
    let (_, list) = attack.split_once("# nginx appends: ").unwrap();
    let usual = list.split(',').next().unwrap();
    let layer = ForwardedHeaders::behind(Proxy::Nginx).build().unwrap();
    let info = resolve(&layer, "127.0.0.1", &[("x-forwarded-for", list.as_bytes())]);
    let answers = README.lines().skip_while(|line| *line != attack).skip(1);
    let answers: Vec<_> = answers.take(2).map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(answers, [usual, &info.client_ip().unwrap().to_string()]);
}

/// The answer that curl gets when it plays nginx.
#[test]
fn curl_gets_the_answer_that_is_shown() {
    let app = block("rust,no_run");
    let hosts = app.split(".allowed_hosts(\"").nth(1).unwrap().split('"').next().unwrap();
    let layer = ForwardedHeaders::behind(Proxy::Nginx).allowed_hosts(hosts).build().unwrap();
    let mut shown = README.lines().skip_while(|line| !line.starts_with("$ curl localhost:3000 "));
    let headers = shown.next().unwrap().split('\'').skip(1).step_by(2);
    let headers: Vec<_> = headers.map(|line| line.split_once(": ").unwrap()).collect();
    let mut lines: Vec<Line<'_>> = vec![("host", b"localhost:3000")];
    lines.extend(headers.iter().map(|(name, value)| (*name, value.as_bytes())));
    let info = resolve(&layer, "127.0.0.1", &lines);
    let answer = format!("{} asked for {}", info.client_ip().unwrap(), info.origin().unwrap());
    assert_eq!(shown.next(), Some(answer.as_str()));
}

/// The answer to a request that reports no client.
#[cfg(feature = "axum")]
#[tokio::test]
async fn a_plain_curl_gets_the_answer_that_is_shown() {
    use axum::response::IntoResponse;
    use forwarded_headers::extract::ClientIpRejection;
    use http_body_util::BodyExt;

    let why = Unresolved::NoHeader;
    let layer = ForwardedHeaders::behind(Proxy::Nginx).build().unwrap();
    assert_eq!(resolve(&layer, "127.0.0.1", &[]).outcome(), Outcome::Unresolved(why));
    let response = ClientIpRejection::Unresolved(why).into_response();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let shown = format!("prints \"{}\" ({status})", str::from_utf8(&body).unwrap().trim_end());
    assert!(README.contains(&shown), "{shown}");
}

/// Returns what follows `key` in the compose file, up to one of these bytes.
fn value<'a>(compose: &'a str, key: &str) -> &'a str {
    compose.split(key).nth(1).expect(key).split([',', ' ', '}', '\n']).next().unwrap()
}

#[test]
fn the_containers_fit_together() {
    let (compose, dockerfile) = (block("yaml"), block("dockerfile"));
    let nginx = value(&compose, "ipv4_address: ");
    assert_eq!(value(&compose, "FORWARDED_HEADERS_TRUST: "), nginx);
    let holds = |network: &str| network.parse::<ipnet::IpNet>().unwrap().contains(&ip(nginx));
    assert!(holds(value(&compose, "subnet: ")));
    assert!(!holds(value(&compose, "ip_range: ")), "another container could get the address");
    assert_eq!(compose.matches("172.28.0").count(), 4);
    // The name of the package, of the program in the image, and of the service in nginx's lines.
    assert!(README.contains("cargo new app"));
    assert!(dockerfile.contains("/build/target/release/app /usr/local/bin/app\nCMD [\"app\"]"));
    assert!(compose.contains("\n  app:\n") && block("nginx").contains("http://app:3000;"));
}

/// Requests to an app behind nginx at 172.28.0.2, and one to a chain. One of them is explained by each
/// text of the table.
#[test]
fn an_explanation_prints_each_text_of_its_table() {
    const FOR: Line<'_> = ("x-forwarded-for", b"203.0.113.7");
    const PROTO: Line<'_> = ("x-forwarded-proto", b"https");
    let nginx = || ForwardedHeaders::builder().trust("172.28.0.2");
    let replacing = nginx().proxies_write(Writing::Replace);
    let chain = ForwardedHeaders::builder().trust_chain(["172.28.0.9", "172.28.0.2"]);
    let requests: [(Builder, &str, &[Line<'_>]); 9] = [
        (nginx(), "172.18.0.3", &[FOR]),
        (nginx(), "172.28.0.2", &[("x-forwarded-for", b"203.0.113.7, 172.28.0.9")]),
        (nginx(), "172.28.0.2", &[]),
        (chain, "172.28.0.2", &[("x-forwarded-for", b"172.28.0.9")]),
        (nginx(), "172.28.0.2", &[("x-forwarded-for", b"app")]),
        (replacing, "172.28.0.2", &[FOR, FOR]),
        (nginx(), "", &[]),
        (nginx(), "172.28.0.2", &[FOR]),
        (nginx(), "172.28.0.2", &[FOR, PROTO, ("host", b"app:3000")]),
    ];
    let explained = requests.map(|(builder, peer, lines)| {
        let parts = request(peer, "/", lines).into_parts().0;
        builder.build().unwrap().explain(&parts).to_string()
    });
    let table = README.split("| it prints | what to do |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.split('|').nth(1).unwrap());
    let texts: Vec<_> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    for text in &texts {
        let is_printed = explained.iter().any(|explanation| explanation.contains(text));
        assert!(is_printed, "{text}: {explained:#?}");
    }
    assert_eq!(texts.len(), 10);
}

#[test]
fn each_point_of_the_promise_has_its_tests() {
    let front = include_str!("../../src/lib.rs");
    let promise = front.split("//! # The rule").next().unwrap();
    let points =
        promise.lines().filter_map(|line| line.strip_prefix("//! - **")?.split(".**").next());
    let points: Vec<_> = points.collect();
    assert_eq!(points.len(), 6, "{points:?}");
    for point in points {
        let row = format!("\n| {point} |");
        assert!(include_str!("../README.md").contains(&row), "{point}");
    }
}
