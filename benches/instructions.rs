//! How many instructions a case takes: `cargo bench --bench instructions [-- FILTER]`. Needs valgrind.
//!
//! The figure is a slope: what callgrind counts for 2N calls, less what it counts for N calls, divided
//! by N. The start of the process and the first call on a thread thus fall out. All of a call counts,
//! whether the compiler inlines it or not. From the slope of a layer, the slope of the inner service
//! alone is subtracted, with the same requests.
//!
//! A case fails above its recorded figure plus 3 %. Other compilers, and processors for which the C
//! library copies memory in another way, give slightly other figures.

mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::{env, io, iter, thread};

/// Rust 1.95, valgrind 3.19, x86-64.
const RECORDED: [(&str, u64); 34] = [
    ("decide/xff_one", 1_146),
    ("decide/xff_one_and_proto", 1_464),
    ("decide/xff_two_hops", 1_591),
    ("decide/forwarded_one", 1_910),
    ("decide/forwarded_two_hops", 3_397),
    ("decide/forwarded_two_hops_ipv6", 4_416),
    ("hostile/xff_100_elements", 1_600),
    ("hostile/xff_commas", 1_599),
    ("hostile/xff_open_quote", 1_599),
    ("hostile/xff_backslashes", 1_599),
    ("hostile/xff_4000_lines", 1_601),
    ("hostile/xff_connection", 1_591),
    ("hostile/xff_one_entry", 1_627),
    ("hostile/forwarded_100_elements", 3_395),
    ("hostile/forwarded_commas", 3_387),
    ("hostile/forwarded_open_quote", 3_387),
    ("hostile/forwarded_backslashes", 3_387),
    ("hostile/forwarded_4000_lines", 3_408),
    ("hostile/forwarded_connection", 3_397),
    ("hostile/forwarded_one_entry", 2_040),
    ("trust/hit", 149),
    ("trust/miss", 149),
    ("trust/ipv6", 190),
    ("parse/elements_1", 981),
    ("parse/elements_3", 3_230),
    ("parse/elements_100", 98_199),
    ("no_op/forwarded", 76),
    ("layer/forwarded", 2_430),
    ("layer/usual", 2_949),
    ("layer/appended", 3_462),
    ("layer/direct", 1_322),
    ("layer/direct_12", 1_450),
    ("layer/another_host", 3_426),
    ("layer/stripped", 2_480),
];

/// N. At 1,000, the slopes are the same.
const TIMES: u64 = 200;
const WORKERS: usize = 2;

fn main() -> ExitCode {
    // Cargo passes `--bench`.
    let arguments: Vec<_> = env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["--only", case, "--times", times] => call(case, times),
        [] => check(""),
        [filter] if !filter.starts_with('-') => check(filter),
        _ => Err("usage: instructions [FILTER | --only CASE --times N]".to_owned()),
    };
    let Err(message) = done else { return ExitCode::SUCCESS };
    eprintln!("{message}");
    ExitCode::FAILURE
}

fn call(case: &str, times: &str) -> Result<(), String> {
    let mut calls = cases::prepare(case).ok_or_else(|| format!("no such case: {case}"))?;
    calls(times.parse().map_err(|error| format!("--times {times}: {error}"))?);
    Ok(())
}

/// Measures the cases whose names contain `filter`, and prints them beside their limits.
///
/// # Errors
///
/// Names each case above its limit, and each case without a recorded figure.
fn check(filter: &str) -> Result<(), String> {
    let cases: Vec<_> = cases::names().filter(|case| case.contains(filter)).collect();
    let slopes = slopes(&cases)?;
    println!("{:<32}{:>12}{:>9}", "case", "instructions", "limit");
    let mut failures = vec![];
    for case in &cases {
        let instructions = slopes[case] - baseline(case).map_or(0, |baseline| slopes[&baseline]);
        let limit = limit(case);
        println!("{case:<32}{instructions:>12}{limit:>9}");
        if instructions > limit {
            failures.push(format!("{case} takes {instructions} instructions, limit {limit}"));
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

fn limit(case: &str) -> u64 {
    let recorded = RECORDED.iter().find(|(name, _)| *name == case);
    recorded.map_or(0, |(_, instructions)| instructions * 103 / 100)
}

/// Returns the case that does the same without the layer, or without the service.
fn baseline(case: &str) -> Option<String> {
    let (group, name) = case.split_once('/')?;
    match group {
        "layer" => Some(format!("no_op/{name}")),
        "no_op" => Some(format!("made/{name}")),
        _ => None,
    }
}

/// Measures the cases and their baselines, several at a time.
fn slopes(cases: &[String]) -> Result<BTreeMap<String, u64>, String> {
    let baselines = cases.iter().filter_map(|case| baseline(case));
    let measured: BTreeSet<_> = cases.iter().cloned().chain(baselines).collect();
    let queue = Mutex::new(measured.into_iter());
    let work = || {
        let next = || queue.lock().unwrap().next();
        iter::from_fn(next).map(|case| Ok((case.clone(), slope(&case)?))).collect()
    };
    thread::scope(|scope| {
        let workers = [(); WORKERS].map(|()| scope.spawn(work));
        let slopes = workers.map(|worker| worker.join().unwrap());
        let slopes: Vec<Vec<_>> = slopes.into_iter().collect::<Result<_, String>>()?;
        Ok(slopes.into_iter().flatten().collect())
    })
}

fn slope(case: &str) -> Result<u64, String> {
    Ok((count(case, 2 * TIMES)? - count(case, TIMES)?) / TIMES)
}

/// Counts the instructions of a process that calls a case so many times.
fn count(case: &str, times: u64) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--only", case, "--times", &times.to_string()])
        .output()
        .map_err(not_started)?;
    let report = String::from_utf8_lossy(&output.stderr);
    let count = report.lines().find_map(|line| line.split_once("Collected : ")?.1.parse().ok());
    count.filter(|_| output.status.success()).ok_or_else(|| format!("{case}: {report}"))
}

fn not_started(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "valgrind is missing: apt-get install valgrind".to_owned(),
        _ => format!("valgrind: {error}"),
    }
}
