//! Compares this crate with the others of its field: see the README of this package.

mod inputs;
mod measure;
mod peers;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::process::ExitCode;

use inputs::Case;
use measure::Cost;
use peers::{Entrant, entrants};

const USAGE: &str = "\
peers [--rounds N] [--out FILE]     measure, print tables, write a TSV
peers --list                        case, peer and baseline of what can be measured
peers --only CASE PEER --times N    call one N times, for a profiler";

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["--list"] => list(),
        ["--only", case, peer, "--times", times] => return only(case, peer, times),
        [] => compare("500", None),
        ["--rounds", rounds] => compare(rounds, None),
        ["--out", file] => compare("500", Some(file)),
        ["--rounds", rounds, "--out", file] => compare(rounds, Some(file)),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn is_right(case: &Case, entrant: &Entrant) -> bool {
    entrant.peer.starts_with("no-op") || entrant.answer == case.expected
}

fn list() {
    for case in inputs::cases() {
        for entrant in entrants(&case).iter().filter(|entrant| is_right(&case, entrant)) {
            println!("{}\t{}\t{}", case.name, entrant.peer, entrant.baseline.unwrap_or("-"));
        }
    }
}

fn only(name: &str, peer: &str, times: &str) -> ExitCode {
    let case = inputs::cases().into_iter().find(|case| case.name == name);
    let entrant = case.and_then(|case| entrants(&case).into_iter().find(|e| e.peer == peer));
    match (entrant, times.parse()) {
        (Some(mut entrant), Ok(times)) => {
            (entrant.batch)(times);
            ExitCode::SUCCESS
        }
        _ => ExitCode::FAILURE,
    }
}

/// A peer's answer to a case, and what it costs if it is right.
struct Row<'a> {
    case: &'a Case,
    peer: &'static str,
    answer: String,
    cost: Option<Cost>,
}

fn compare(rounds: &str, file: Option<&str>) {
    let cases = inputs::cases();
    let rows = measure(&cases, rounds.parse().expect("a number of rounds"));
    for group in ["decide", "hostile", "layer", "lookup", "parse"] {
        print!("{}", table(group, &cases, &rows));
    }
    if let Some(file) = file {
        std::fs::write(file, tsv(&rows)).expect("the file can be written");
    }
}

fn measure(cases: &[Case], rounds: usize) -> Vec<Row<'_>> {
    let mut all: Vec<_> =
        cases.iter().flat_map(|case| entrants(case).into_iter().map(move |e| (case, e))).collect();
    let mut right: Vec<_> = all
        .iter_mut()
        .filter(|(case, e)| is_right(case, e))
        .map(|(case, e)| (&*case.name, e))
        .collect();
    let names: Vec<_> = right.iter().map(|(case, e)| (*case, e.peer)).collect();
    let mut right: Vec<_> = right.iter_mut().map(|(_, entrant)| &mut **entrant).collect();
    let costs = measure::interleaved(&mut right, rounds);
    let costs: HashMap<_, _> = names.into_iter().zip(costs).collect();
    all.into_iter().map(|(case, entrant)| row(case, entrant, &costs)).collect()
}

fn row<'a>(case: &'a Case, e: Entrant, costs: &HashMap<(&str, &str), Cost>) -> Row<'a> {
    let of = |peer| costs.get(&(&*case.name, peer)).copied();
    let cost = match e.baseline.and_then(of) {
        Some(baseline) => of(e.peer).map(|cost| cost - baseline),
        None => of(e.peer),
    };
    Row { case, peer: e.peer, answer: e.answer, cost }
}

fn find<'a>(rows: &'a [Row<'a>], case: &str, peer: &str) -> Option<&'a Row<'a>> {
    rows.iter().find(|row| row.case.name == case && row.peer == peer)
}

/// Minimum / median nanoseconds, allocations; against the case without the attack.
fn table(group: &str, cases: &[Case], rows: &[Row<'_>]) -> String {
    let of_group = |case: &Case| case.name.split('/').next() == Some(group);
    let mut peers: Vec<&str> = vec![];
    for row in rows.iter().filter(|row| of_group(row.case)) {
        if !peers.contains(&row.peer) {
            peers.push(row.peer);
        }
    }
    let mut out = format!("\n| {group}: min / median ns, allocations | {} |\n", peers.join(" | "));
    out += &format!("|---|{}\n", "---:|".repeat(peers.len()));
    for case in cases.iter().filter(|case| of_group(case)) {
        let cells: Vec<_> = peers.iter().map(|peer| cell(case, peer, rows)).collect();
        let name = case.name.split_once('/').map_or("", |(_, name)| name);
        _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
    }
    out
}

fn cell(case: &Case, peer: &str, rows: &[Row<'_>]) -> String {
    let Some(row) = find(rows, &case.name, peer) else { return "-".into() };
    let Some(cost) = row.cost else { return format!("wrong: {}", row.answer) };
    let base = case.base.and_then(|base| find(rows, base, peer)?.cost);
    let ratio = base.map_or(String::new(), |base| format!(", ×{:.2}", cost.min / base.min));
    format!("{:.1} / {:.1}, {}{ratio}", cost.min, cost.median, cost.allocations)
}

fn tsv(rows: &[Row<'_>]) -> String {
    let mut out = String::from("case\tpeer\tstatus\tmin_ns\tmedian_ns\tallocations\tanswer\n");
    for Row { case, peer, answer, cost } in rows {
        let cost = cost.map_or("wrong\t\t\t".into(), |cost| {
            format!("ok\t{:.2}\t{:.2}\t{}", cost.min, cost.median, cost.allocations)
        });
        _ = writeln!(out, "{}\t{peer}\t{cost}\t{answer}", case.name);
    }
    out
}
