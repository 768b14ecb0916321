//! A client's forwarding headers change nothing, by exhaustion. A client sends every short string of the
//! symbols that have a meaning. A trusted proxy appends its own text to the client's line, or adds a line.
//!
//! `--nocapture` shows the figures. `CONTRIBUTING.md` has the command for strings of eight symbols.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fmt, iter, thread};

use forwarded_headers::{AllowedHosts, ConnectionInfo, ForwardedHeaders, Outcome, Unresolved};
use http::header::{FORWARDED, HeaderName, HeaderValue};
use http::request::Parts;

use crate::support::{Line, request};

const PEER: &str = "127.0.0.1";
const F: &str = "forwarded";
const XFF: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";

/// What the grammars look for, a letter, and a byte that is no part of a token.
const SYMBOLS: [&[u8]; 12] =
    [b"\"", b"\\", b",", b";", b"=", b" ", b"\t", b"a", b"[", b":", b"\xFF", b"for="];

/// The lines of a proxy, and the client, scheme and host that they report.
type Row = (&'static [Line<'static>], &'static str);

const ELEMENTS: [Row; 4] = [
    (&[(F, b"for=1.2.3.4")], "1.2.3.4 http"),
    (&[(F, br#"for="[2001:db8::1]""#)], "[2001:db8::1] http"),
    (&[(F, br#"for=_a;ext="\",\\""#)], "_a http"),
    (&[(F, br#"for=1.2.3.4;host="a:1""#)], "1.2.3.4 http a:1"),
];

const ENTRIES: [Row; 4] = [
    (&[(XFF, b"1.2.3.4"), (PROTO, b"https")], "1.2.3.4 https"),
    (&[(XFF, b"\"1.2.3.4\""), (PROTO, b"http")], "1.2.3.4 http"),
    (&[(XFF, b"[2001:db8::1]:80"), (PROTO, b"WSS")], "[2001:db8::1]:80 https"),
    (&[(XFF, b"unknown"), (PROTO, b" https ")], "unknown https"),
];

/// Counts the strings of at most `length` symbols.
fn count(length: usize) -> usize {
    iter::successors(Some(1), |count| Some(count * SYMBOLS.len())).take(length + 1).sum()
}

/// Returns the symbols of a string by its number. A longer string has a higher number.
fn symbols(mut number: usize) -> impl Iterator<Item = &'static [u8]> {
    iter::from_fn(move || {
        number = number.checked_sub(1)?;
        let symbol = SYMBOLS[number % SYMBOLS.len()];
        number /= SYMBOLS.len();
        Some(symbol)
    })
}

fn string(number: usize) -> Vec<u8> {
    let mut string = Vec::with_capacity(32);
    symbols(number).for_each(|symbol| string.extend_from_slice(symbol));
    string
}

/// Creates a layer with one trusted proxy.
fn layer(list: &str) -> ForwardedHeaders {
    let mut builder = ForwardedHeaders::builder().trust(PEER).client_from(list);
    if list == F {
        builder = builder.host_from(F).allowed_hosts(AllowedHosts::any());
    }
    builder.build().unwrap()
}

fn parts(lines: &[Line<'_>]) -> Parts {
    request(PEER, "/", lines).into_parts().0
}

/// What a proxy wrote, and its requests with what a client sent.
struct Proxy<'a> {
    layer: &'a ForwardedHeaders,
    lines: Vec<(HeaderName, &'a [u8])>,
    alone: ConnectionInfo,
    /// The proxy appended to the client's lines.
    appended: Parts,
    /// The proxy added lines to the client's.
    added: Parts,
}

impl<'a> Proxy<'a> {
    fn new(layer: &'a ForwardedHeaders, lines: &[Line<'a>]) -> Self {
        let first = lines.iter().map(|(name, _)| (*name, b"".as_slice()));
        let both: Vec<_> = first.chain(lines.iter().copied()).collect();
        Self {
            layer,
            lines: lines.iter().map(|(name, text)| (name.parse().unwrap(), *text)).collect(),
            alone: layer.resolve(&parts(lines)),
            appended: parts(lines),
            added: parts(&both),
        }
    }

    /// Sends a string in each list. Returns the requests that got another decision.
    fn send(&mut self, string: &[u8]) -> impl Iterator<Item = &Parts> {
        for (name, text) in &self.lines {
            replace_first(&mut self.appended, name, [string, b",", text].concat());
            replace_first(&mut self.added, name, string.to_vec());
        }
        let requests = [&self.appended, &self.added].into_iter();
        requests.filter(|parts| self.layer.resolve(parts) != self.alone)
    }
}

fn replace_first(parts: &mut Parts, name: &HeaderName, text: Vec<u8>) {
    *parts.headers.get_mut(name).unwrap() = HeaderValue::try_from(text).unwrap();
}

/// The requests so far, and those that got another decision.
#[derive(Default)]
struct Tally {
    requests: usize,
    breaks: usize,
    first: Option<String>,
}

impl Tally {
    fn send(&mut self, string: &[u8], proxy: &mut Proxy<'_>) {
        self.requests += 2;
        for parts in proxy.send(string) {
            self.breaks += 1;
            self.first.get_or_insert_with(|| shown_lines(parts));
        }
    }

    fn join(self, other: Self) -> Self {
        let firsts = [self.first, other.first].into_iter().flatten();
        Self {
            requests: self.requests + other.requests,
            breaks: self.breaks + other.breaks,
            first: firsts.min_by_key(String::len),
        }
    }
}

fn shown_lines(parts: &Parts) -> String {
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        format!("\n{name}: {}", value.as_bytes().escape_ascii())
    };
    parts.headers.iter().map(line).collect()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first.as_deref().unwrap_or_default();
        write!(f, "{} requests, {} breaks{first}", self.requests, self.breaks)
    }
}

/// Calls a step with every number below `count`, on all cores. `start` makes the step of each core.
fn in_parallel<S: FnMut(usize, &mut Tally)>(count: usize, start: impl Fn() -> S + Sync) -> Tally {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut step, mut tally) = (start(), Tally::default());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break tally;
            }
            step(number, &mut tally);
        }
    };
    thread::scope(|scope| {
        let cores = thread::available_parallelism().unwrap().get();
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let tallies = threads.into_iter().map(|thread| thread.join().unwrap());
        tallies.fold(Tally::default(), Tally::join)
    })
}

fn shown_decision(info: &ConnectionInfo) -> String {
    let host = info.authority().map(|host| format!(" {host}")).unwrap_or_default();
    match info.client() {
        Some(client) => format!("{client} {}{host}", info.scheme()),
        None => format!("{:?}", info.outcome()),
    }
}

/// Sends every string to the left of each row.
fn left_of(list: &str, rows: &[Row], length: usize) -> Tally {
    let layer = layer(list);
    for (lines, expected) in rows {
        assert_eq!(shown_decision(&layer.resolve(&parts(lines))), *expected, "alone");
    }
    in_parallel(count(length), || {
        let mut proxies: Vec<_> = rows.iter().map(|(own, _)| Proxy::new(&layer, own)).collect();
        move |number, tally| {
            let string = string(number);
            for proxy in &mut proxies {
                tally.send(&string, proxy);
            }
        }
    })
}

/// Sends every string to the left of every element that `for=1.2.3.4` and symbols make. String and element
/// have at most `length` symbols together.
fn left_of_each_element(length: usize) -> Tally {
    let layer = layer(F);
    in_parallel(count(length), || {
        let (layer, mut alone) = (&layer, parts(&[(F, b"")]));
        move |number, tally| {
            let rest = length - symbols(number).count();
            for element in elements(&string(number)) {
                replace_first(&mut alone, &FORWARDED, element.clone());
                if is_read(layer.resolve(&alone).outcome()) {
                    let mut proxy = Proxy::new(layer, &[(F, &element)]);
                    (0..count(rest)).for_each(|number| tally.send(&string(number), &mut proxy));
                }
            }
        }
    })
}

fn elements(symbols: &[u8]) -> [Vec<u8>; 2] {
    [[b"for=1.2.3.4;", symbols].concat(), [symbols, b";for=1.2.3.4"].concat()]
}

/// Returns whether the rightmost element is well formed. The promise is about no other.
fn is_read(outcome: Outcome) -> bool {
    use Unresolved::{ListEnds, Malformed};
    !matches!(outcome, Outcome::Unresolved(ListEnds | Malformed))
}

fn check(length: usize) {
    let tallies = [
        ("elements", left_of(F, &ELEMENTS, length)),
        ("entries", left_of(XFF, &ENTRIES, length)),
        ("every element", left_of_each_element(length)),
    ];
    for (name, tally) in &tallies {
        println!("{name}, {length} symbols: {tally}");
    }
    for (name, tally) in tallies {
        assert_eq!(tally.breaks, 0, "{name}: {tally}");
        assert!(tally.requests >= 4 * count(length), "{name}: {tally}");
    }
}

#[test]
fn short_strings() {
    check(4);
}

#[test]
#[ignore = "takes two and a half minutes on two cores: .ci/run runs it"]
fn longer_strings() {
    let length = env::var("FORWARDED_EXHAUSTION_LENGTH");
    check(length.map_or(7, |length| length.parse().unwrap()));
}
