//! Draws a few telling cases of what `peers --out FILE` wrote: `chart FILE > chart.svg`.

use std::fmt::Write as _;

const CASES: [(&str, &str); 5] = [
    ("decide/xff-3", "Who is the client? X-Forwarded-For, past two trusted proxies"),
    ("decide/forwarded-3", "The same in Forwarded"),
    ("hostile/xff-60-KB-entry", "X-Forwarded-For, to the right of 60 KB that an attacker sent"),
    ("layer/xff-proto", "As a tower layer: X-Forwarded-For and -Proto, without the inner service"),
    ("lookup/miss", "An address that is in none of 10,000 networks"),
];

const WIDTH: usize = 760;
const ROW: usize = 20;
const TITLE: usize = 40;
const NAMES: usize = 170;
const BARS: f64 = 390.0;

/// Its own background, so that it is readable whatever page it is on.
const STYLE: &str = "\
text { font: 12px system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 13px }
.name { text-anchor: end }
.small { fill: #59636e; font-size: 11px }
.wrong { fill: #bc4c00 }
.page { fill: #ffffff }
rect { fill: #afb8c1 }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .wrong { fill: #f0883e }
  .page { fill: #0d1117 }
  rect { fill: #57606a }
  .ours { fill: #4493f8 }
}";

struct Row<'a> {
    case: &'a str,
    peer: &'a str,
    /// Nanoseconds and allocations, of a right answer.
    cost: Option<(f64, f64)>,
    answer: &'a str,
}

fn main() {
    let file = std::env::args().nth(1).expect("usage: chart FILE > chart.svg");
    let text = std::fs::read_to_string(&file).expect("a file that `peers --out` wrote");
    let rows: Vec<_> = text.lines().skip(1).map(row).collect();
    print!("{}", svg(&rows));
}

fn row(line: &str) -> Row<'_> {
    let columns: Vec<_> = line.split('\t').collect();
    let [case, peer, _, _, median, allocations, answer] = columns[..] else {
        panic!("seven columns: {line:?}");
    };
    let cost = median.parse().ok().zip(allocations.parse().ok());
    Row { case, peer, cost, answer }
}

fn svg(rows: &[Row<'_>]) -> String {
    let mut body = String::new();
    let mut y = 0;
    for (case, title) in CASES {
        let shown = rows.iter().filter(|row| row.case == case && !row.peer.starts_with("no-op"));
        y = group(&mut body, title, &shown.collect::<Vec<_>>(), y);
    }
    y += 28;
    let note = "Median of one call, all in one run, in turn. Each group has its own scale. \
                A wrong answer is not timed.";
    _ = writeln!(body, r#"<text class="small" x="14" y="{y}">{note}</text>"#);
    let height = y + 14;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Time per call, by crate\">\n\
         <style>\n{STYLE}\n</style>\n\
         <rect class=\"page\" width=\"100%\" height=\"100%\" rx=\"6\"/>\n{body}</svg>\n"
    )
}

/// Gives back where the next one begins.
fn group(body: &mut String, title: &str, rows: &[&Row<'_>], mut y: usize) -> usize {
    y += TITLE;
    _ = writeln!(body, r#"<text class="title" x="14" y="{}">{title}</text>"#, y - 12);
    let most = rows.iter().filter_map(|row| row.cost).map(|(time, _)| time).fold(0.0, f64::max);
    for row in rows {
        _ = writeln!(body, "{}", bar(row, most, y));
        y += ROW;
    }
    y
}

fn bar(row: &Row<'_>, most: f64, y: usize) -> String {
    let (names, bars, text) = (NAMES - 8, y + 3, y + 14);
    let name = format!(r#"<text class="name" x="{names}" y="{text}">{}</text>"#, row.peer);
    let Some((time, allocations)) = row.cost else {
        let answer = row.answer;
        return format!(
            r#"{name}<text class="wrong" x="{NAMES}" y="{text}">wrong: {answer}</text>"#
        );
    };
    let class = if row.peer == "forwarded-headers" { "ours" } else { "other" };
    let width = (BARS * time / most).max(2.0);
    let x = NAMES as f64 + width + 6.0;
    format!(
        r#"{name}<rect class="{class}" x="{NAMES}" y="{bars}" width="{width:.1}" height="14" rx="2"/><text x="{x:.1}" y="{text}">{}</text>"#,
        label(time, allocations)
    )
}

fn label(time: f64, allocations: f64) -> String {
    let time =
        if time < 1000.0 { format!("{time:.0} ns") } else { format!("{:.1} µs", time / 1000.0) };
    match allocations {
        0.0 => time,
        1.0 => format!("{time}, 1 allocation"),
        n => format!("{time}, {n} allocations"),
    }
}
