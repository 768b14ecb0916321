//! What holds for the explanation of every request.

use std::collections::BTreeMap;

use forwarded_headers::explain::{Entry, Explanation, Proof, Verdict};
use forwarded_headers::{Absent, ConnectionInfo, ForwardedHeaders, Outcome, Unresolved};
use http::HeaderName;
use http::request::Parts;

use crate::oracle::case::Case;
use crate::support::through;

/// The explanation of each case, beside the request before and after the layer.
fn explained() -> impl Iterator<Item = (Case, Parts, Parts, Explanation)> {
    crate::rule::cases().map(|(case, layer): (Case, ForwardedHeaders)| {
        let (before, ()) = case.request().into_parts();
        let explanation = layer.explain(&before);
        let after = through(&layer, case.request());
        (case, before, after, explanation)
    })
}

#[test]
fn the_explanation_has_the_decision() {
    for (case, _, after, explanation) in explained() {
        let info: &ConnectionInfo = after.extensions.get().unwrap();
        assert_eq!(explanation.info(), info, "{case:#?}");
    }
}

fn line_of<'a>(before: &'a Parts, entry: &Entry) -> &'a [u8] {
    let lines: Vec<_> = before.headers.get_all(&*entry.name).iter().collect();
    let index = entry.line.map_or(0, |(line, count)| {
        assert_eq!(count, lines.len());
        line - 1
    });
    lines[index].as_bytes()
}

/// The bytes of the entries, and the commas between them, are the bytes of each line.
#[test]
fn the_entries_of_a_list_tile_its_lines() {
    let mut lists = 0;
    for (case, before, _, explanation) in explained() {
        let mut entries: Vec<_> =
            explanation.entries().iter().filter(|entry| entry.range.is_some()).collect();
        let Some(name) = entries.first().map(|entry| entry.name.clone()) else { continue };
        lists += 1;
        let is_short = explanation.entries().iter().all(|e| e.note != "more entries, not shown");
        entries.sort_by_key(|entry| (entry.line, entry.range.clone().unwrap().start));
        let mut ends = BTreeMap::new();
        for entry in &entries {
            let (line, range) = (line_of(&before, entry), entry.range.clone().unwrap());
            let end = ends.insert(entry.line, range.end);
            match end {
                Some(end) => {
                    assert_eq!(range.start, end + 1, "{case:#?} {explanation}");
                    assert_eq!(line[end], b',', "{case:#?}");
                }
                None if is_short => assert_eq!(range.start, 0, "{case:#?} {explanation}"),
                None => {}
            }
            let text = line[range].trim_ascii();
            let shown = entry.text.as_deref().unwrap().as_bytes();
            let is_plain = text.iter().all(|b| (b' '..=b'~').contains(b) && *b != b'\\');
            if is_plain && text.len() <= 256 {
                assert_eq!(shown, text, "{case:#?} {explanation}");
            }
        }
        if is_short {
            let lines = before.headers.get_all(&*name).iter();
            let lengths: Vec<_> = lines.map(http::HeaderValue::len).collect();
            assert_eq!(ends.into_values().collect::<Vec<_>>(), lengths, "{case:#?} {explanation}");
        }
    }
    assert!(lists > 2000, "only {lists} lists");
}

/// Each verdict implies the next one, and the last one implies the outcome.
#[test]
fn each_verdict_implies_the_next() {
    let mut longest = 0;
    for (case, _, _, explanation) in explained() {
        let name = explanation.entries().iter().find(|entry| entry.range.is_some());
        let Some(name) = name.map(|entry| entry.name.clone()) else { continue };
        let reports: Vec<_> = explanation
            .entries()
            .iter()
            .filter(|entry| entry.name == name && entry.verdict != Verdict::Skipped)
            .map(|entry| &entry.verdict)
            .collect();
        let (ends, proxies): (Vec<&Verdict>, Vec<&Verdict>) = reports
            .into_iter()
            .filter(|verdict| !matches!(verdict, Verdict::LeftOfReports | Verdict::Extra))
            .partition(|verdict| !matches!(verdict, Verdict::TrustedProxy { .. }));
        longest = longest.max(proxies.len());
        let info = explanation.info();
        let reports = u8::try_from(proxies.len() + ends.len()).unwrap();
        let [end] = ends[..] else { panic!("{case:#?} {explanation}") };
        let expected = match (end, info.outcome()) {
            (Verdict::Client { .. }, Outcome::Forwarded)
            | (Verdict::NotBelieved { .. } | Verdict::OtherLink { .. }, Outcome::Unresolved(_)) => {
                reports
            }
            (Verdict::Unusable { why, .. }, Outcome::Unresolved(unresolved)) => {
                assert_eq!(*why, unresolved);
                reports
            }
            (
                Verdict::NotProven { reported_by: Some(_), .. },
                Outcome::Unresolved(Unresolved::NotProven),
            ) => reports,
            // The report that is missing was not read.
            (Verdict::Missing { .. }, Outcome::Unresolved(_)) => reports - 1,
            _ => panic!("{case:#?} {explanation}"),
        };
        assert_eq!(info.hops(), expected, "{case:#?} {explanation}");
        assert_chain(&explanation, &name);
    }
    assert!(longest >= 2, "no walk has two proxies");
}

/// Each report was made by the proxy whose address the report before it has.
fn assert_chain(explanation: &Explanation, name: &str) {
    let peer = explanation.info().peer_addr().map(|address| address.ip().to_canonical());
    let mut reporter = peer.map_or("the Unix socket".to_owned(), |ip| ip.to_string());
    for entry in explanation.entries().iter().filter(|entry| entry.name == name) {
        match &entry.verdict {
            Verdict::TrustedProxy { reported_by, item } => {
                assert_eq!(*reported_by, reporter, "{explanation}");
                assert!(!item.is_empty(), "{explanation}");
                let text = entry.text.as_deref().unwrap();
                // An address is shown as it was written, and reports as it is read.
                reporter = next_reporter(explanation, name, text, entry);
            }
            Verdict::Client { reported_by }
            | Verdict::NotProven { reported_by: Some(reported_by), .. }
            | Verdict::NotBelieved { reported_by }
            | Verdict::OtherLink { reported_by }
            | Verdict::Unusable { reported_by, .. }
            | Verdict::Missing { reporter: reported_by } => {
                assert_eq!(*reported_by, reporter, "{explanation}");
            }
            _ => {}
        }
    }
}

/// Returns the reporter that the next entry has, if its text is the address of this entry.
fn next_reporter(explanation: &Explanation, name: &str, text: &str, entry: &Entry) -> String {
    let mut entries = explanation.entries().iter().filter(|entry| entry.name == name);
    entries.find(|other| std::ptr::eq(*other, entry));
    let reporter = match &entries.next().expect("a proxy is not the last").verdict {
        Verdict::TrustedProxy { reported_by, .. }
        | Verdict::Client { reported_by }
        | Verdict::NotProven { reported_by: Some(reported_by), .. }
        | Verdict::NotBelieved { reported_by }
        | Verdict::OtherLink { reported_by }
        | Verdict::Unusable { reported_by, .. }
        | Verdict::Missing { reporter: reported_by } => reported_by.clone(),
        other => panic!("{other:?} behind a proxy: {explanation}"),
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_hexdigit).collect::<String>();
    let is_written = reporter == "unix:" || digits(text).contains(&digits(&last_part(&reporter)));
    assert!(is_written, "{reporter} is not in {text}: {explanation}");
    reporter
}

/// The part of an address that every spelling has.
fn last_part(address: &str) -> String {
    address.rsplit(['.', ':']).next().unwrap().to_owned()
}

/// A header that is there before and not afterwards is called removed, and no other.
#[test]
fn what_is_removed_is_called_removed() {
    for (case, before, after, explanation) in explained() {
        for entry in explanation.entries() {
            let Ok(name) = entry.name.parse::<HeaderName>() else { continue };
            let is_gone = before.headers.contains_key(&name) && !after.headers.contains_key(&name);
            if entry.note.contains("removed") {
                assert!(is_gone, "{case:#?} {explanation}");
            }
            let is_list = entry.range.is_some() || entry.text.is_none() || entry.name == "uri";
            if is_gone && !is_list {
                assert!(entry.note.contains("removed"), "{case:#?} {explanation}");
            }
        }
    }
}

/// Every forwarding header of the request has an entry: what is gone afterwards was explained.
#[test]
fn no_header_disappears_without_an_entry() {
    for (case, before, after, explanation) in explained() {
        for name in before.headers.keys() {
            if before.headers.get_all(name) != after.headers.get_all(name) {
                let has = explanation.entries().iter().any(|entry| entry.name == name.as_str());
                assert!(has, "{name} of {case:#?} {explanation}");
            }
        }
    }
}

/// Neither a secret nor an identity is shown, under its name or a name that looks like it. What the entry
/// says of it is what happened.
#[test]
fn no_secret_and_no_identity_is_shown() {
    let (mut right, mut kept, mut removed) = (0, 0, 0);
    for (case, _, after, explanation) in explained() {
        let text = format!("{explanation}{explanation:?}");
        assert!(!text.contains("-secret-of-") && !text.contains("alice"), "{case:#?} {text}");
        for entry in explanation.entries() {
            let is_there = after.headers.contains_key(&entry.name);
            match &entry.verdict {
                Verdict::Secret(proof) => {
                    right += usize::from(*proof == Proof::Right);
                    assert!(!is_there && entry.text.is_none() == (*proof == Proof::Missing));
                }
                Verdict::IdentityKept => {
                    kept += 1;
                    assert!(is_there, "{case:#?} {explanation}");
                }
                Verdict::IdentityRemoved => {
                    removed += 1;
                    assert!(!is_there, "{case:#?} {explanation}");
                }
                Verdict::NotProven { .. } => {
                    assert_eq!(explanation.info().absent_scheme(), Some(Absent::NotBelieved));
                    let help = explanation.help().expect("the secret is what is wrong");
                    assert!(help.contains("have it set X-Proof-"), "{case:#?} {explanation}");
                }
                _ => {}
            }
        }
    }
    assert!(right > 100 && kept > 100 && removed > 100, "{right} {kept} {removed}");
}

#[test]
fn every_text_is_printable_and_bounded() {
    for (case, _, _, explanation) in explained() {
        let text = explanation.to_string();
        assert!(text.chars().all(|c| matches!(c, '\n' | '…' | ' '..='~')), "{case:#?} {text}");
        assert!(text.len() < 20_000, "{}", text.len());
    }
}
