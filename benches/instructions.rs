//! How many instructions a case takes: `cargo bench --bench instructions [-- FILTER]`. Needs valgrind.
//!
//! The figure is a slope: what callgrind counts for 2N calls, less what it counts for N calls, divided
//! by N. The start of the process and the first call on a thread thus fall out. All of a call counts,
//! whether the compiler inlines it or not, but for the C library's allocator. From the slope of a layer,
//! the slope of the inner service alone is subtracted, with the same requests.
//!
//! A case fails above its recorded figure plus 3 %. Other compilers, and processors for which the C
//! library copies memory in another way, give slightly other figures.

mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::{env, fs, io, iter, thread};

/// Rust 1.95, valgrind 3.19, x86-64.
const RECORDED: [(&str, u64); 37] = [
    ("decide/xff_one", 1_105),
    ("decide/xff_one_and_proto", 1_388),
    ("decide/xff_two_hops", 1_494),
    ("decide/forwarded_one", 1_495),
    ("decide/forwarded_two_hops", 2_326),
    ("decide/forwarded_two_hops_ipv6", 3_191),
    ("hostile/xff_100_elements", 1_485),
    ("hostile/xff_commas", 1_484),
    ("hostile/xff_open_quote", 1_492),
    ("hostile/xff_backslashes", 1_492),
    ("hostile/xff_4000_lines", 1_556),
    ("hostile/xff_connection", 1_494),
    ("hostile/xff_one_entry", 1_594),
    ("hostile/forwarded_100_elements", 2_311),
    ("hostile/forwarded_commas", 2_303),
    ("hostile/forwarded_open_quote", 2_303),
    ("hostile/forwarded_backslashes", 2_303),
    ("hostile/forwarded_4000_lines", 2_387),
    ("hostile/forwarded_connection", 2_326),
    ("hostile/forwarded_one_entry", 1_966),
    ("trust/hit", 148),
    ("trust/miss", 148),
    ("trust/ipv6", 185),
    ("parse/elements_1", 612),
    ("parse/elements_3", 2_210),
    ("parse/elements_100", 62_586),
    ("no_op/forwarded", 76),
    ("layer/forwarded", 1_965),
    ("layer/usual", 2_458),
    ("layer/appended", 2_670),
    ("layer/completed", 2_362),
    ("layer/completed_appended", 3_053),
    ("layer/direct", 1_054),
    ("layer/direct_12", 1_188),
    ("layer/direct_extended", 1_385),
    ("layer/another_host", 2_497),
    ("layer/stripped", 2_119),
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

/// Counts the instructions of a process that calls a case so many times, without the allocator's.
fn count(case: &str, times: u64) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let profile = env::temp_dir().join(format!(
        "forwarded-headers-{}-{}-{times}",
        std::process::id(),
        case.replace('/', "-")
    ));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--compress-pos=no", "--compress-strings=no"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args(["--only", case, "--times", &times.to_string()])
        .output()
        .map_err(|error| not_started(&error))?;
    let text = fs::read_to_string(&profile);
    let _ = fs::remove_file(&profile);
    match text {
        Ok(text) if output.status.success() => Ok(instructions(&text)),
        _ => Err(format!("{case}: {}", String::from_utf8_lossy(&output.stderr))),
    }
}

/// Adds up the instructions of all functions but the C library's allocator. What an allocation costs
/// there depends on the allocations before it; `tests/cost.rs` counts them.
fn instructions(profile: &str) -> u64 {
    let (mut is_allocator, mut is_call, mut sum) = (false, false, 0);
    for line in profile.lines() {
        if let Some(function) = line.strip_prefix("fn=") {
            is_allocator = ALLOCATOR.iter().any(|part| function.contains(part));
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if let Some(cost) = cost(line) {
            // The line behind `calls=` is the cost of the function that is called.
            if !std::mem::take(&mut is_call) && !is_allocator {
                sum += cost;
            }
        }
    }
    sum
}

/// Reads a line of a cost: its place and its number of instructions.
fn cost(line: &str) -> Option<u64> {
    let (place, cost) = line.split_once(' ')?;
    place.starts_with(|c: char| c.is_ascii_digit()).then(|| cost.parse().ok()).flatten()
}

/// Parts of the names of the C library's allocator.
const ALLOCATOR: [&str; 5] = ["malloc", "realloc", "calloc", "free", "unlink_chunk"];

fn not_started(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "valgrind is missing: apt-get install valgrind".to_owned(),
        _ => format!("valgrind: {error}"),
    }
}
