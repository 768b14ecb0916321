//! The guide: its pages are listed, their links lead somewhere, and what they state of other systems is
//! complete.

use std::collections::BTreeSet;
use std::fs::read_dir;
use std::net::IpAddr;
use std::path::Path;

use forwarded_headers::{ForwardedHeaders, TrustedProxies, Unresolved};
use http::{HeaderMap, HeaderValue};

use crate::blocks::page;
use crate::support::{Line, request};

static MODULES: &str = include_str!("../../src/guide/mod.rs");

/// A page whose first screen is a table.
const WITHOUT_CODE: &str = "crates";
/// The second page of a module.
const PICTURE: &str = "picture";

const SCREEN: usize = 40;

fn names() -> BTreeSet<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide");
    let files = read_dir(directory).unwrap().map(|file| file.unwrap().file_name());
    let names = files.filter_map(|name| name.to_str()?.strip_suffix(".md").map(str::to_owned));
    names.filter(|name| name != PICTURE).collect()
}

fn guide(name: &str) -> String {
    page(&format!("guide/{name}.md"))
}

/// Returns what stands between two texts, each time.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |rest| Some(rest.split_once(end)?.0))
}

#[test]
fn each_page_is_listed() {
    let names = names();
    assert!(names.len() > 20, "{names:?}");
    let included: BTreeSet<_> = between(MODULES, "include_str!(\"", ".md\")").collect();
    let listed: BTreeSet<_> = between(MODULES, "](", ")").collect();
    let all = || names.iter().map(String::as_str);
    assert_eq!(included, all().chain([PICTURE]).collect());
    assert_eq!(listed, all().collect());
}

#[test]
fn each_page_has_its_title_and_its_code_on_the_first_screen() {
    for name in names() {
        let text = guide(&name);
        assert!(text.starts_with("# "), "{name}");
        let has_code = text.lines().take(SCREEN).any(|line| line.starts_with("```"));
        assert!(has_code || name == WITHOUT_CODE, "{name}");
    }
}

/// Returns the anchors of the lines that start like this, as rustdoc makes them.
fn anchors(text: &str, heading: &str) -> Vec<String> {
    let titles = text.lines().filter_map(|line| line.strip_prefix(heading));
    let anchor = |title: &str| {
        let title = title.to_lowercase().replace(' ', "-");
        title.chars().filter(|c| c.is_alphanumeric() || "-_".contains(*c)).collect()
    };
    titles.map(anchor).collect()
}

/// rustdoc checks the pages of links, and not their anchors.
#[test]
fn anchors_exist() {
    let front_page = anchors(&page("lib.rs"), "//! # ");
    let mut found = 0;
    for name in names() {
        let text = guide(&name);
        let of_pages = between(&text, "](crate::guide::", ")").filter_map(|link| {
            let (page, anchor) = link.split_once('#')?;
            Some((anchor, anchors(&guide(page), "## ")))
        });
        let of_front_page =
            between(&text, "](crate#", ")").map(|anchor| (anchor, front_page.clone()));
        for (anchor, known) in of_pages.chain(of_front_page) {
            assert!(known.iter().any(|known| known == anchor), "{name}: {anchor}: {known:?}");
            found += 1;
        }
    }
    assert!(found > 9, "only {found}");
}

/// Returns the cells of each row of the first table that has this first line.
fn table(text: &str, head: &str) -> Vec<Vec<String>> {
    let (_, rest) = text.split_once(head).unwrap_or_else(|| panic!("no table {head}"));
    let lines = rest.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    lines.map(cells).collect()
}

/// Each option of `ForwardedHeadersOptions` in ASP.NET Core 10, and its default.
const OPTIONS: [(&str, &str); 15] = [
    ("AllowedHosts", "empty: every host"),
    ("ForwardLimit", "1"),
    ("ForwardedForHeaderName", "`X-Forwarded-For`"),
    ("ForwardedHeaders", "`None`"),
    ("ForwardedHostHeaderName", "`X-Forwarded-Host`"),
    ("ForwardedPrefixHeaderName", "`X-Forwarded-Prefix`"),
    ("ForwardedProtoHeaderName", "`X-Forwarded-Proto`"),
    ("KnownIPNetworks", "`127.0.0.0/8`"),
    ("KnownNetworks", "`127.0.0.0/8`"),
    ("KnownProxies", "`::1`"),
    ("OriginalForHeaderName", "`X-Original-For`"),
    ("OriginalHostHeaderName", "`X-Original-Host`"),
    ("OriginalPrefixHeaderName", "`X-Original-Prefix`"),
    ("OriginalProtoHeaderName", "`X-Original-Proto`"),
    ("RequireHeaderSymmetry", "`false`"),
];

/// Each flag of `ForwardedHeaders`.
const FLAGS: [&str; 6] =
    ["All", "None", "XForwardedFor", "XForwardedHost", "XForwardedPrefix", "XForwardedProto"];

#[test]
fn each_option_of_aspnetcore_is_translated() {
    let text = guide("from_aspnetcore");
    let rows = table(&text, "| option | default there | write here | what differs |");
    let mut found: Vec<_> = rows.iter().map(|row| (row[0].trim_matches('`'), &*row[1])).collect();
    found.sort_unstable();
    assert_eq!(found, OPTIONS);
    for row in &rows {
        let says_what = ["](crate::", "nothing", "the sources"].iter().any(|t| row[2].contains(t));
        assert!(row.len() == 4 && says_what && !row[3].is_empty(), "{row:?}");
    }
    let rows = table(&text, "| flag | write here |");
    let mut flags: Vec<_> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    flags.sort_unstable();
    assert_eq!(flags, FLAGS);
    assert!(text.contains("`ASPNETCORE_FORWARDEDHEADERS_ENABLED=true`"));
}

/// Each variant of `ClientIpSource` in axum-client-ip 1.3.
const SOURCES: [&str; 9] = [
    "CfConnectingIp",
    "CloudFrontViewerAddress",
    "ConnectInfo",
    "FlyClientIp",
    "RightmostForwarded",
    "RightmostXForwardedFor",
    "TrueClientIp",
    "XEnvoyExternalAddress",
    "XRealIp",
];

#[test]
fn each_source_of_axum_client_ip_is_translated() {
    let text = guide("from_axum_client_ip");
    let rows = table(&text, "| `ClientIpSource`, or extractor | write here |");
    let mut found: Vec<_> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    found.sort_unstable();
    assert_eq!(found, SOURCES);
}

/// What `trust proxy` accepts: a boolean, the three names, addresses, lists, numbers, a function.
#[test]
fn each_form_of_trust_proxy_is_translated() {
    let text = guide("from_express");
    let forms: Vec<_> = table(&text, "| `trust proxy` | write here |")
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    let kinds = ["`false`", "`true`", "'loopback'", "'linklocal'", "'uniquelocal'", "'10.0.0.2'"];
    let kinds = kinds.into_iter().chain(["255.255", "an array", "`1`", "`n`", "a function"]);
    for kind in kinds {
        assert!(forms.iter().any(|form| form.contains(kind)), "{kind}: {forms:?}");
    }
    // The networks of proxy-addr.
    let private: TrustedProxies =
        "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7".parse().unwrap();
    assert_eq!(private, TrustedProxies::private());
    let link_local: TrustedProxies = "169.254.0.0/16, fe80::/10".parse().unwrap();
    assert_eq!(link_local, TrustedProxies::link_local());
}

const CLIENT: &str = "203.0.113.7";
const NGINX: &str = "127.0.0.1";

/// What arrives, the peer, the lines of the header, the outer proxy, and what the page adds.
type Arrival =
    (&'static str, &'static str, &'static [&'static str], Option<&'static str>, &'static str);

const ARRIVALS: [Arrival; 7] = [
    ("nginx: `203.0.113.7`", NGINX, &["203.0.113.7"], None, ""),
    (
        "the client lies to nginx: `6.6.6.6, 203.0.113.7`",
        NGINX,
        &["6.6.6.6, 203.0.113.7"],
        None,
        "",
    ),
    ("the client goes around nginx: `6.6.6.6`", CLIENT, &["6.6.6.6"], None, ""),
    (
        "HAProxy adds a line of its own: `6.6.6.6`, then `203.0.113.7`",
        NGINX,
        &["6.6.6.6", "203.0.113.7"],
        None,
        "",
    ),
    ("a proxy that writes the port: `203.0.113.7:4711`", NGINX, &["203.0.113.7:4711"], None, ""),
    (
        "two proxies: `203.0.113.7, 10.0.0.2`",
        NGINX,
        &["203.0.113.7, 10.0.0.2"],
        Some("10.0.0.2"),
        ", with `trust_chain`",
    ),
    ("no header, from nginx", NGINX, &[], None, ", with the reason"),
];

fn first(headers: &HeaderMap) -> Option<IpAddr> {
    entry(headers, |list| list.split(',').next())
}

fn last(headers: &HeaderMap) -> Option<IpAddr> {
    entry(headers, |list| list.rsplit(',').next())
}

fn entry(headers: &HeaderMap, choose: fn(&str) -> Option<&str>) -> Option<IpAddr> {
    let value: &HeaderValue = headers.get("x-forwarded-for")?;
    choose(value.to_str().ok()?)?.trim().parse().ok()
}

/// Writes an answer as the page does: a wrong one is bold.
fn shown(answer: Option<IpAddr>) -> String {
    match answer.map(|ip| ip.to_string()) {
        None => "none".into(),
        Some(ip) if ip == CLIENT => format!("`{ip}`"),
        Some(ip) => format!("**`{ip}`**"),
    }
}

#[test]
fn five_lines_return_what_the_page_says() {
    let text = guide("from_five_lines");
    let rows = table(&text, "| what arrives | the first entry | the last entry | the layer |");
    assert_eq!(rows.len(), ARRIVALS.len());
    for (row, (what, peer, list, outer, added)) in rows.iter().zip(ARRIVALS) {
        let lines: Vec<Line<'_>> =
            list.iter().map(|line| ("x-forwarded-for", line.as_bytes())).collect();
        let parts = request(peer, "/", &lines).into_parts().0;
        let builder = ForwardedHeaders::builder();
        let builder = match outer {
            Some(outer) => builder.trust_chain([outer, NGINX]),
            None => builder.trust(NGINX),
        };
        let client = builder.build().unwrap().resolve(&parts).client_ip();
        assert!(client.is_none_or(|ip| ip.to_string() == CLIENT), "{what}: {client:?}");
        let [first, last] = [first(&parts.headers), last(&parts.headers)].map(shown);
        assert_eq!(*row, [what.to_owned(), first, last, shown(client) + added]);
    }
}

#[test]
fn each_reason_has_an_answer() {
    let reasons = [
        Unresolved::NoHeader,
        Unresolved::ListEnds,
        Unresolved::Malformed,
        Unresolved::ExtraEntries,
        Unresolved::Unknown,
        Unresolved::Obfuscated,
        Unresolved::NotProven,
        Unresolved::NotConfigured,
    ];
    let rows = table(&guide("faq"), "| reason | what to do |");
    for reason in reasons {
        let name = format!("`{reason:?}`");
        assert!(rows.iter().any(|row| row[0].contains(&name)), "{name}");
    }
}

const GRADES: [&str; 3] = ["documented", "source", "observed"];

/// Words of a sentence that states that a fact is missing.
const MISSING: [&str; 3] = ["not documented", "contradictory", "was not tried"];

#[test]
fn each_fact_about_a_platform_has_a_grade_and_a_source() {
    let text = guide("platforms");
    let sections = text.split("\n## ").skip(1).filter(|section| !section.starts_with("Try"));
    let mut facts = 0;
    for section in sections {
        let title = section.lines().next().unwrap();
        assert!(section.contains("\nSource:"), "{title}");
        assert!(section.contains("```"), "{title}");
        for fact in section.split("\n- ").skip(1) {
            let fact = fact.split("\n\n").next().unwrap().replace('\n', " ");
            let (_, grade) = fact.rsplit_once('(').unwrap_or_default();
            let is_graded = GRADES.iter().any(|known| grade.contains(known));
            let is_missing = MISSING.iter().any(|words| fact.contains(words));
            assert!(is_graded || is_missing, "{title}: {fact}");
            facts += 1;
        }
    }
    assert!(facts > 20, "only {facts}");
}
