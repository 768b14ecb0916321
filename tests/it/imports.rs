//! Imports run one way: each folder or file of `src` uses those below it, and no other.

use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

/// Each part of `src`, and the parts that it may use.
const MAY_USE: [(&str, &[&str]); 15] = [
    ("outcome", &[]),
    ("peer", &[]),
    ("syntax", &[]),
    ("guide", &[]),
    ("forwarded", &["syntax"]),
    ("header", &["forwarded", "syntax", "outcome"]),
    ("config", &["header", "syntax", "peer"]),
    ("proxy", &["config"]),
    ("operator", &["proxy", "config", "header"]),
    ("decide", &["config", "header", "forwarded", "syntax", "outcome", "peer"]),
    ("rewrite", &["decide", "config", "header", "forwarded", "syntax", "outcome", "peer"]),
    ("info", &["decide", "config", "header", "forwarded", "syntax", "outcome", "peer"]),
    ("client_net", &["info"]),
    ("extract", &["info", "outcome"]),
    (
        "explain",
        &["proxy", "info", "decide", "config", "header", "forwarded", "syntax", "outcome", "peer"],
    ),
];

/// These see all.
const TOP: [&str; 3] = ["explaining", "layer", "lib"];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(path: &Path) -> Vec<PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    read_dir(path).unwrap().flat_map(|entry| sources(&entry.unwrap().path())).collect()
}

/// The parts that a source uses by `crate::…`, in code and not in comments.
fn uses(source: &str) -> Vec<&str> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let uses = code.flat_map(|line| line.split("crate::").skip(1));
    uses.filter_map(|path| path.split(|c: char| !c.is_alphanumeric() && c != '_').next()).collect()
}

#[test]
fn no_part_uses_a_part_above_it() {
    for entry in read_dir(src()).unwrap() {
        let path = entry.unwrap().path();
        let part = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if TOP.contains(&&*part) {
            continue;
        }
        let (_, below) = MAY_USE.iter().find(|(name, _)| *name == part).expect(&part);
        for file in sources(&path) {
            if file.extension().is_some_and(|extension| extension == "rs") {
                let source = read_to_string(&file).unwrap();
                for used in uses(&source) {
                    let is_allowed = used == part || below.contains(&used);
                    assert!(is_allowed, "{} uses {used}", file.display());
                }
            }
        }
    }
}

/// A part may use only parts that stand before it in the table, so there is no circle.
#[test]
fn the_table_has_no_circle() {
    for (place, (name, below)) in MAY_USE.iter().enumerate() {
        for used in *below {
            let before = MAY_USE.iter().take(place).any(|(other, _)| other == used);
            assert!(before, "{name} uses {used}, which stands behind it");
        }
    }
}

#[test]
fn imports_are_found() {
    let source =
        "//! crate::a\nuse crate::b::c;\n    // crate::d\nlet x = crate::e_f::g($crate::h::i);";
    assert_eq!(uses(source), ["b", "e_f", "h"]);
}
