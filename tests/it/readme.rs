//! The links of the README. What it repeats of the proxies' pages is in `pages`.

use std::collections::BTreeSet;

static README: &str = include_str!("../../README.md");

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
