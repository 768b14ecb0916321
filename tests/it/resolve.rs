//! Addresses that are looked up, as in the example `resolve`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use forwarded_headers::TrustedProxies;
use tokio::time::{Instant, timeout};

use crate::examples::{ANY_PORT, Example};
use crate::support::ip;

#[allow(dead_code, reason = "its main")]
#[path = "../../examples/resolve.rs"]
mod example;
use example::{Known, next, watch};

const WITHIN: &str = "172.28.0.0/24, fd00::/64";

fn addresses(texts: &[&str]) -> BTreeSet<IpAddr> {
    texts.iter().map(|text| ip(text)).collect()
}

/// The time in seconds, the answer or an error, and the addresses that are trusted then.
type Step<'a> = (u64, Option<&'a [&'a str]>, &'a [&'a str]);

#[test]
fn addresses_are_trusted_for_30_seconds_after_an_answer() {
    const OLD: &[&str] = &["172.28.0.2"];
    const NEW: &[&str] = &["172.28.0.3", "fd00::3"];
    let rows: [(&str, &[Step<'_>]); 9] = [
        ("an error before the first answer", &[(0, None, &[]), (5, Some(OLD), OLD)]),
        ("another address", &[(0, Some(OLD), OLD), (5, Some(NEW), NEW), (10, Some(OLD), OLD)]),
        ("A and AAAA", &[(0, Some(NEW), NEW), (5, Some(&NEW[1..]), &NEW[1..])]),
        (
            "errors",
            &[
                (0, Some(OLD), OLD),
                (5, None, OLD),
                (29, None, OLD),
                (30, None, &[]),
                (35, None, &[]),
                (40, Some(NEW), NEW),
            ],
        ),
        (
            "an error between answers",
            &[
                (0, Some(OLD), OLD),
                (25, None, OLD),
                (29, Some(OLD), OLD),
                (58, None, OLD),
                (59, None, &[]),
            ],
        ),
        ("an empty answer", &[(0, Some(OLD), OLD), (1, Some(&[]), &[]), (2, None, &[])]),
        (
            "outside of the network",
            &[
                (0, Some(&["172.28.1.2", "203.0.113.7", "::1", "fd00:0:0:1::1"]), &[]),
                (5, Some(&["172.28.0.2", "203.0.113.7"]), OLD),
                (10, Some(&["203.0.113.7"]), &[]),
                (15, None, &[]),
            ],
        ),
        ("a mapped address", &[(0, Some(&["::ffff:172.28.0.2", "::ffff:203.0.113.7"]), OLD)]),
        ("a late step", &[(0, Some(OLD), OLD), (500, None, &[])]),
    ];
    let within: TrustedProxies = WITHIN.parse().unwrap();
    let start = Instant::now();
    for (name, steps) in rows {
        let mut known = Known::default();
        for (seconds, answer, expected) in steps {
            let now = start + Duration::from_secs(*seconds);
            let answer: Option<Vec<_>> = answer.map(|texts| texts.iter().map(|t| ip(t)).collect());
            known = next(&known, answer.as_deref(), &within, now);
            assert_eq!(known.addresses, addresses(expected), "{name}, after {seconds} s");
        }
    }
}

/// What the resolver does when it is asked: an answer, an error, or nothing until it is given up.
#[derive(Clone, Copy)]
enum Resolver {
    Answers(&'static str),
    Fails,
    Hangs,
}
use Resolver::{Answers, Fails, Hangs};

/// Returns when the addresses changed, in milliseconds, and to what. The last of `script` repeats.
async fn changes(every: u64, script: &[Resolver]) -> Vec<(u128, Vec<String>)> {
    let (start, changes, asked) = (Instant::now(), RefCell::new(vec![]), Rc::new(RefCell::new(0)));
    let lookup = || {
        let mut asked = asked.borrow_mut();
        let does = script[(*asked).min(script.len() - 1)];
        *asked += 1;
        assert!(*asked < 1000, "the name is looked up without a pause");
        async move {
            match does {
                Answers(text) => Ok(vec![ip(text)]),
                Fails => Err(io::Error::other("no resolver")),
                Hangs => pending().await,
            }
        }
    };
    let store = |addresses: &BTreeSet<IpAddr>| {
        let texts = addresses.iter().map(IpAddr::to_string).collect();
        changes.borrow_mut().push((start.elapsed().as_millis(), texts));
        Ok::<_, Infallible>(())
    };
    let within = WITHIN.parse().unwrap();
    let watch = watch(lookup, &within, Duration::from_secs(every), store);
    assert!(timeout(Duration::from_secs(100), watch).await.is_err(), "lookups end");
    changes.into_inner()
}

/// A set ends 30 s after its last answer, at whatever times the name is looked up.
#[tokio::test(start_paused = true)]
async fn addresses_end_on_time() {
    const A: Resolver = Answers("172.28.0.2");
    const B: Resolver = Answers("172.28.0.3");
    type Row<'a> = (&'a str, u64, &'a [Resolver], &'a [(u64, &'a [&'a str])]);
    let (a, b): (&[&str], &[&str]) = (&["172.28.0.2"], &["172.28.0.3"]);
    let rows: [Row<'_>; 8] = [
        ("always the same", 5, &[A], &[(0, a)]),
        ("another one", 5, &[A, A, B], &[(0, a), (10, b)]),
        ("errors", 5, &[A, Fails], &[(0, a), (30, &[])]),
        ("errors, every 7 s", 7, &[A, Fails], &[(0, a), (30, &[])]),
        ("a resolver that hangs", 7, &[A, Hangs], &[(0, a), (30, &[])]),
        ("a resolver that hangs, every 30 s", 30, &[A, Hangs], &[(0, a), (30, &[])]),
        ("a second answer, and none", 7, &[A, A, Hangs], &[(0, a), (37, &[])]),
        ("away for a while", 5, &[A, Fails, Hangs, Fails, B], &[(0, a), (20, b)]),
    ];
    for (name, every, script, expected) in rows {
        let expected: Vec<(u128, Vec<String>)> = expected
            .iter()
            .map(|(at, texts)| (u128::from(*at), texts.iter().map(ToString::to_string).collect()))
            .collect();
        // A timer of tokio has a resolution of one millisecond.
        let found = changes(every, script).await;
        let found: Vec<_> = found.into_iter().map(|(at, texts)| ((at + 2) / 1000, texts)).collect();
        assert_eq!(found, expected, "{name}");
    }
}

/// The example as a program, with the name that every machine has. It looks the name up many times, and
/// writes a line for each change alone.
#[test]
fn the_example_trusts_a_name_within_its_network() {
    const LINES: [(&str, &[u8]); 2] = [("host", b"localhost"), ("x-forwarded-for", b"203.0.113.7")];
    let rows = [
        ("loopback", "203.0.113.7\n", " INFO resolve: trusts the new addresses addresses={"),
        (
            "192.0.2.0/24",
            "127.0.0.1\n",
            " WARN resolve: not every address of the proxy is known reason=\"",
        ),
    ];
    for (within, expected, line) in rows {
        let flags = ["localhost", "--within", within, "--every", "250"];
        let mut example = Example::start("resolve", &[&ANY_PORT, flags.as_slice()].concat());
        std::thread::sleep(Duration::from_millis(1100));
        assert_eq!(example.get(&LINES).body, expected, "within {within}");
        let log = example.log();
        let lines: Vec<_> = log.lines().filter(|line| line.contains(" resolve: ")).collect();
        assert!(matches!(lines[..], [only] if only.contains(line)), "within {within}: {log}");
    }
}
