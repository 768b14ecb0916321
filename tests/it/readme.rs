//! What the README and the documentation of `Proxy` show is what `proxies/` runs.

use std::collections::BTreeSet;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

static README: &str = include_str!("../README.md");
static SOURCE: &str = include_str!("../src/proxy.rs");

/// The profiles that are tested behind the real proxy, each with its files in `proxies/conf`: those
/// that the README shows the lines of, and others.
const TESTED: &[(&str, &[&str], &[&str])] = &[
    ("Nginx", &["nginx.conf", "nginx_inner.conf"], &[]),
    ("NginxForwarded", &["nginx_forwarded.conf"], &[]),
    ("HaProxyForwardFor", &["haproxy.cfg", "haproxy_outer.cfg"], &[]),
    ("HaProxyForwarded", &["haproxy_forwarded.cfg"], &[]),
    ("Caddy", &["Caddyfile", "Caddyfile_inner"], &[]),
    ("Traefik", &["traefik.yaml"], &[]),
    ("Envoy", &["envoy.yaml"], &[]),
    ("Apache", &["apache.conf"], &[]),
    (
        "TrafficServer",
        &["trafficserver_forwarded.config"],
        &["trafficserver.config", "trafficserver_proto.config"],
    ),
    ("Lighttpd", &["lighttpd.conf"], &["lighttpd_forwarded.conf"]),
    ("Nghttpx", &["nghttpx.conf"], &[]),
    ("Varnish", &["varnish.vcl"], &["hitch.conf"]),
];

/// A line with one of these, in lower case, decides what the app is told.
const DECISIVE: &[&str] = &[
    "forwardfor",
    "forwarded",
    "preservehost",
    "pristine_host",
    "redirect-if-not-tls",
    "remote_addr",
    "trusted_proxies",
];

/// What a test fills in, and what stands there for the reader.
const PLACES: &[(&str, &str)] = &[
    ("{app_port}", "3000"),
    ("{tls_port}", "443"),
    ("{port}", "80"),
    ("{address}", ""),
    ("127.0.0.1", "app"),
    ("127.0.0.2", "10.0.0.2"),
];

/// A configuration without its indentation and alignment.
type Lines = Vec<String>;

fn lines(text: &str) -> Lines {
    let words = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    words.filter(|line| !line.is_empty()).collect()
}

fn conf() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proxies/conf")
}

fn file(name: &str) -> Lines {
    let text = read_to_string(conf().join(name)).unwrap();
    lines(&PLACES.iter().fold(text, |text, (place, here)| text.replace(place, here)))
}

/// The blocks in `text` that are a proxy's configuration.
fn blocks(text: &str) -> Vec<Lines> {
    let blocks = text.split("```").skip(1).step_by(2);
    let blocks = blocks.filter_map(|block| block.split_once('\n'));
    blocks.filter(|(language, _)| *language != "rust").map(|(_, block)| lines(block)).collect()
}

fn profiles() -> Vec<&'static str> {
    let rows = SOURCE.lines().filter_map(|line| line.trim_start().strip_prefix("Self::"));
    rows.filter_map(|row| Some(row.split_once("=>")?.0.trim())).collect()
}

/// What is documented of a profile, without the comment signs.
fn documentation(profile: &str) -> String {
    let (before, _) = SOURCE.split_once(&format!("\n    {profile},\n")).unwrap();
    let lines = before.lines().rev().map_while(|line| line.strip_prefix("    ///"));
    lines.collect::<Vec<_>>().into_iter().rev().flat_map(|line| [line, "\n"]).collect()
}

/// Where the lines of a profile have to be: in what is tested, or else in what is documented.
fn sources(profile: &str) -> Vec<Lines> {
    match TESTED.iter().find(|(tested, ..)| *tested == profile) {
        Some((_, shown, _)) => shown.iter().map(|name| file(name)).collect(),
        None => blocks(&documentation(profile)),
    }
}

fn is_decisive(line: &str) -> bool {
    let line = line.to_lowercase();
    !line.starts_with('#') && DECISIVE.iter().any(|word| line.contains(word))
}

/// All of it, in this order, with others between them.
fn has(source: &Lines, block: &Lines) -> bool {
    let mut rest = source.iter();
    !block.is_empty() && block.iter().all(|line| rest.any(|other| other == line))
}

fn section() -> &'static str {
    let (_, section) = README.split_once("\n## Which proxy are you behind?\n").unwrap();
    section.split("\n## ").next().unwrap()
}

/// A part of it, and the profiles that are named there.
fn parts() -> Vec<(&'static str, Vec<&'static str>)> {
    let name = |text: &'static str| text.split(|c: char| !c.is_alphanumeric()).next().unwrap();
    let named = |part: &'static str| part.split("Proxy::").skip(1).map(name).collect();
    section().split("\n### ").skip(1).map(|part| (part, named(part))).collect()
}

#[test]
fn the_readme_shows_what_is_tested() {
    for (part, profiles) in parts() {
        let sources: Vec<_> = profiles.iter().flat_map(|profile| sources(profile)).collect();
        for block in blocks(part) {
            let found = sources.iter().any(|source| has(source, &block));
            assert!(found, "{block:#?} is not in {sources:#?}");
        }
    }
}

#[test]
fn the_documentation_shows_what_is_tested() {
    for (profile, names, _) in TESTED {
        for block in blocks(&documentation(profile)) {
            let found = sources(profile).iter().any(|source| has(source, &block));
            assert!(found, "{block:#?} is not in {names:?}");
        }
    }
}

#[test]
fn the_readme_leaves_out_nothing_that_is_decisive() {
    let parts = parts();
    let all = |profile| parts.iter().filter(move |(_, profiles)| profiles.contains(profile));
    for (profile, names, _) in TESTED {
        let shown: Vec<_> = all(profile).flat_map(|(part, _)| blocks(part)).collect();
        for name in *names {
            let file = file(name);
            let decisive: Vec<_> = file.iter().filter(|line| is_decisive(line)).collect();
            let is_whole = |block: &Lines| {
                has(&file, block) && decisive.iter().all(|line| block.contains(line))
            };
            assert!(shown.iter().any(is_whole), "{name} is not in {shown:#?}");
        }
    }
}

#[test]
fn every_file_is_here() {
    let here = TESTED.iter().flat_map(|(_, shown, others)| [*shown, *others].concat());
    let here: BTreeSet<_> = here.map(PathBuf::from).collect();
    let there = read_dir(conf()).unwrap().map(|file| PathBuf::from(file.unwrap().file_name()));
    assert_eq!(here, there.collect());
}

#[test]
fn every_profile_is_in_the_table_and_in_the_text() {
    let rows = section().lines().filter_map(|line| line.strip_prefix("| [")?.split('`').nth(1));
    let text: BTreeSet<_> = parts().into_iter().flat_map(|(_, profiles)| profiles).collect();
    let all: BTreeSet<_> = profiles().into_iter().collect();
    assert_eq!(text, all);
    assert_eq!(rows.collect::<BTreeSet<_>>(), all);
}

/// As GitHub and crates.io name a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn links_lead_somewhere() {
    let headings: BTreeSet<_> = README
        .split("\n#")
        .map(|text| text.lines().next().unwrap())
        .map(|line| anchor(line.trim_start_matches('#').trim()))
        .collect();
    let links = README.split("](#").skip(1).map(|text| text.split(')').next().unwrap());
    for link in links {
        assert!(headings.contains(link), "{link} is not in {headings:?}");
    }
}
