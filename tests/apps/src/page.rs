//! Holds the guide's page equal to the table.

use crate::situation::INVENTED;
use crate::situation::Situation::{self, HealthCheck, Http2, LyingClient, Nginx, UntrustedPeer};
use crate::table::{Row, SECTIONS, Section};

static PAGE: &str = include_str!("../../../src/guide/crates.md");

fn rows() -> impl Iterator<Item = &'static Row> {
    SECTIONS.iter().flat_map(|section| section.rows)
}

/// Returns a line of a table.
fn line<const N: usize>(cells: [&str; N]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Returns the first two lines of a table.
fn head<const N: usize>(cells: [&str; N]) -> String {
    format!("{}|{}\n", line(cells), "---|".repeat(N))
}

/// Returns the table of a section: what each crate returns behind nginx.
fn behind_nginx(section: &Section) -> String {
    let title = format!("## {}\n\n", section.title);
    let (first, rows) = (section.head, section.rows.iter());
    if section.reads_uri {
        let head = head([first, "without the layer", "with it", "HTTP/2", "with it"]);
        return title + &head + &rows.map(uri_line).collect::<String>();
    }
    let head = head([first, "without the layer", "with it", "remark"]);
    title + &head + &rows.map(remark_line).collect::<String>()
}

fn remark_line(row: &Row) -> String {
    let [without, with] = both(row, Nginx);
    line([&row.full_name(), &without, &with, row.remark])
}

fn uri_line(row: &Row) -> String {
    let ([without, with], [without_http2, with_http2]) = (both(row, Nginx), both(row, Http2));
    line([&row.full_name(), &without, &with, &without_http2, &with_http2])
}

/// Returns the table of the crates that a client can lie to without the layer.
fn lies() -> String {
    let rows = rows().filter(|row| is_lied_to(row));
    let lines = rows.map(|row| {
        let [behind, behind_with] = both(row, LyingClient);
        let [direct, direct_with] = both(row, UntrustedPeer);
        line([&row.full_name(), &behind, &behind_with, &direct, &direct_with])
    });
    let head = head(["crate", "through nginx", "with the layer", "directly", "with the layer"]);
    head + &lines.collect::<String>()
}

fn is_lied_to(row: &Row) -> bool {
    [LyingClient, UntrustedPeer].iter().any(|situation| {
        let (without, _) = row.values(*situation).unwrap();
        INVENTED.iter().any(|lie| without.contains(lie))
    })
}

/// Returns the table of the crates for which an untrusted peer or a health check is not as a client of
/// nginx, with the layer.
fn others() -> String {
    let rows = rows().filter(|row| differs(row, UntrustedPeer) || differs(row, HealthCheck));
    let lines = rows.map(|row| {
        let ([_, peer], [_, check]) = (both(row, UntrustedPeer), both(row, HealthCheck));
        line([&row.full_name(), &peer, &check])
    });
    head(["crate, with the layer", "untrusted peer", "health check"]) + &lines.collect::<String>()
}

fn differs(row: &Row, situation: Situation) -> bool {
    row.values(situation).unwrap().1 != row.values(Nginx).unwrap().1
}

/// Returns the list of the crates that are worse off in some situation.
fn worse() -> String {
    let items = rows().filter_map(|row| {
        let (_, reason) = row.worse?;
        Some(format!("- {}: {reason}\n", row.full_name()))
    });
    items.collect()
}

/// Returns both values as the page shows them.
fn both(row: &Row, situation: Situation) -> [String; 2] {
    let (without, with) = row.values(situation).unwrap();
    [without, with].map(shown)
}

/// Shows addresses and URLs as code.
fn shown(value: &str) -> String {
    if value.contains(['.', '/']) { format!("`{value}`") } else { value.into() }
}

fn parts() -> Vec<String> {
    let sections = SECTIONS.iter().map(behind_nginx);
    sections.chain([lies(), others(), worse()]).collect()
}

/// Returns a text with the lines of each item joined.
fn unwrapped(text: &str) -> String {
    text.replace("\n  ", " ")
}

#[test]
fn the_page_has_the_table() {
    let page = unwrapped(PAGE);
    let missing: Vec<_> = parts().into_iter().filter(|part| !page.contains(part)).collect();
    assert!(missing.is_empty(), "the page should have:\n\n{}", missing.join("\n"));
}

/// The page has no table or list beside those that are made of the table.
#[test]
fn the_page_has_no_other_table() {
    let parts = parts().concat();
    let page = unwrapped(PAGE);
    let lines = page.lines().filter(|line| line.starts_with("| ") || line.starts_with("- "));
    let unknown: Vec<_> = lines.filter(|line| !parts.contains(line)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
}

/// Checks that a page of the guide has the code that a test runs, which ends the test's source.
pub(crate) fn guide_has(page: &str, source: &str) {
    let (_, code) = source.rsplit_once("\n// The guide's code:\n").unwrap();
    assert!(page.contains(&format!("```rust,ignore\n{code}```")), "the page lacks:\n{code}");
}
