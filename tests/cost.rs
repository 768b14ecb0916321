//! Checks that a decision allocates nothing, and that its cost does not depend on the bytes to the left
//! of the answer.
//!
//! A program of its own, because it counts allocations with an allocator of its own.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use forwarded_headers::{
    AllowedHosts, Builder, ConnectionInfo, ForwardedHeaders, Outcome, Peer, SchemeSource,
    TrustedProxies, Unresolved, Writing, forwarded,
};
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use http::{Request, uri};
use tower::{Layer, Service, service_fn};

/// A header line.
type Line<'a> = (&'a str, &'a [u8]);

/// The header that reports the client.
const FOR: &str = "x-forwarded-for";
const FORWARDED: &str = "forwarded";

const EXTRA_ENTRIES: Outcome = Outcome::Unresolved(Unresolved::ExtraEntries);

fn peer(ip: &str) -> Peer {
    Peer::Inet(SocketAddr::new(ip.parse().unwrap(), 50_000))
}

/// Returns a request from the proxy at 10.0.0.1, as a server passes it on. Its values are shared: hyper
/// cuts them out of one buffer.
fn parts(lines: &[Line<'_>]) -> Parts {
    let mut request = Request::new(());
    request.extensions_mut().insert(peer("10.0.0.1"));
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    std::hint::black_box(request.headers().clone());
    request.into_parts().0
}

/// Trusts up to three proxies in a row, which report the client in this header.
fn builder(client_from: &str) -> Builder {
    let proxies: TrustedProxies = "10.0.0.0/8, 192.0.2.0/24, 2001:db8:f::/48".parse().unwrap();
    ForwardedHeaders::builder().client_from(client_from).trust_chain(vec![proxies; 3])
}

fn layer(client_from: &str) -> ForwardedHeaders {
    builder(client_from).build().unwrap()
}

#[test]
fn a_decision_allocates_nothing() {
    let rows: [(&str, &str, &[Line<'_>]); 9] = [
        ("one entry", FOR, &[("x-forwarded-for", b"203.0.113.7")]),
        (
            "two proxies, a port, a scheme",
            FOR,
            &[
                ("x-forwarded-for", b"[2001:db8::7]:4711, 10.0.0.2"),
                ("x-forwarded-proto", b"https"),
            ],
        ),
        ("no header", FOR, &[]),
        ("bytes that are not text", FOR, &[("x-forwarded-for", b"\xff, \"junk")]),
        ("unknown", FOR, &[("x-forwarded-for", b"unknown")]),
        ("one element", FORWARDED, &[("forwarded", b"for=203.0.113.7;proto=https;by=10.0.0.1")]),
        (
            "three elements on two lines",
            FORWARDED,
            &[
                ("forwarded", b"for=\"[2001:db8::7]:4711\", for=10.0.0.2;proto=http"),
                ("forwarded", b"for=10.0.0.3"),
            ],
        ),
        ("escapes", FORWARDED, &[("forwarded", b"for=\"20\\3.0.113.7\";proto=\"http\\s\"")]),
        ("an open quote", FORWARDED, &[("forwarded", b"for=\"")]),
    ];
    for (name, client_from, lines) in rows {
        let lines: Vec<_> = [lines, &[("host", b"example.com")]].concat();
        let (layer, parts) = (layer(client_from), parts(&lines));
        // The first request on a thread parses the host.
        let info = layer.resolve(&parts);
        assert_eq!(measure(|| drop(layer.resolve(&parts))).count_total, 0, "{name}: {info:?}");
    }
}

#[test]
fn to_refuse_extra_entries_allocates_nothing_and_takes_no_longer() {
    let commas = vec![b','; 60 * 1024];
    let one_entry = [vec![b'a'; 60 * 1024].as_slice(), b","].concat();
    for (name, ours) in [(FOR, b"203.0.113.7".as_slice()), (FORWARDED, b"for=203.0.113.7")] {
        let attacks = [
            (Writing::Replace, parts(&[(name, &[&commas, ours].concat())])),
            (Writing::Replace, parts(&[(name, &[&one_entry, ours].concat())])),
            (Writing::Replace, parts(&vec![(name, ours); 4000])),
            (Writing::AppendToFirstLine, parts(&vec![(name, ours); 4000])),
        ];
        for (writing, attacked) in attacks {
            let layer = builder(name).proxies_write(writing).build().unwrap();
            let honest = parts(&[(name, ours)]);
            assert_eq!(layer.resolve(&honest).client_ip(), Some([203, 0, 113, 7].into()));
            assert_eq!(layer.resolve(&attacked).outcome(), EXTRA_ENTRIES, "{name}, {writing:?}");
            let allocations = measure(|| drop(layer.resolve(&attacked))).count_total;
            assert_eq!(allocations, 0, "{name}, {writing:?}");
            let (time, baseline) = (fastest(&layer, &attacked), fastest(&layer, &honest));
            assert!(time < baseline * 5, "{name}, {writing:?}: {time:?} against {baseline:?}");
        }
    }
}

#[test]
fn a_port_that_is_added_to_the_host_allocates_nothing() {
    let layer = builder(FOR).port_from("x-forwarded-port").build().unwrap();
    let parts = parts(&[
        ("host", b"example.com"),
        ("x-forwarded-for", b"203.0.113.7"),
        ("x-forwarded-port", b"8443"),
    ]);
    assert_eq!(layer.resolve(&parts).authority().unwrap(), "example.com:8443");
    assert_eq!(measure(|| drop(layer.resolve(&parts))).count_total, 0);
}

/// Counts the allocations of the second request on a thread, through the whole layer. The first request
/// leaves the URI's authority in the thread's cache.
fn allocations(layer: &ForwardedHeaders, from: &str, lines: &[Line<'_>]) -> u64 {
    let service = service_fn(|request| ready(Ok::<_, Infallible>(request)));
    let mut service = layer.clone().layer(service);
    let request = || {
        let mut request = Request::from_parts(parts(lines), ());
        request.extensions_mut().insert(peer(from));
        request
    };
    drop(service.call(request()));
    let (request, mut answer) = (request(), None);
    let count = measure(|| answer = Some(service.call(request))).count_total;
    assert!(answer.unwrap().into_inner().unwrap().extensions().get::<ConnectionInfo>().is_some());
    count
}

/// The layer allocates the `ConnectionInfo`, and the value of a header that it replaces.
#[test]
fn the_layer_allocates_what_it_inserts() {
    let host = ("host", b"example.com".as_slice());
    let proto = ("x-forwarded-proto", b"https".as_slice());
    let rows: [(&str, &str, &[Line<'_>], u64); 5] = [
        ("honest", "10.0.0.1", &[host, ("x-forwarded-for", b"203.0.113.7"), proto], 1),
        ("direct", "203.0.113.7", &[host], 1),
        ("no report", "10.0.0.1", &[host], 1),
        (
            "two headers to remove",
            "203.0.113.7",
            &[host, ("x-forwarded-for", b"6.6.6.6"), proto],
            1,
        ),
        (
            "a header to replace",
            "10.0.0.1",
            &[host, ("x-forwarded-for", b"6.6.6.6, 203.0.113.7"), proto],
            2,
        ),
    ];
    let layer = layer(FOR);
    for (name, from, lines, expected) in rows {
        assert_eq!(allocations(&layer, from, lines), expected, "{name}");
    }
}

/// They are the text of the host, its parsed form, and, if the URI is completed, the handle that shares
/// the text with the URI.
#[test]
fn a_new_host_takes_two_more_allocations_and_one_for_the_uri() {
    check_new_hosts(builder(FOR), ["example.com", "example.org"], [3, 3, 1]);
    let completes = builder(FOR).scheme_from(SchemeSource::always("https"));
    let completes = completes.allowed_hosts("*.example.net");
    check_new_hosts(completes, ["a.example.net", "b.example.net"], [4, 4, 1]);
}

/// Counts for two hosts that are new to the thread, and for the first again.
fn check_new_hosts(builder: Builder, [first, second]: [&str; 2], expected: [u64; 3]) {
    let inner = service_fn(|request: Request<()>| ready(Ok::<_, Infallible>(request)));
    let mut service = builder.build().unwrap().layer(inner);
    let counts = [first, second, first].map(|host| {
        let lines: [Line<'_>; 2] = [("host", host.as_bytes()), ("x-forwarded-for", b"203.0.113.7")];
        let request = Request::from_parts(parts(&lines), ());
        let mut answer = None;
        measure(|| answer = Some(service.call(request))).count_total
    });
    assert_eq!(counts, expected);
}

/// The cached host has no dot at its end, so it differs from the host of the request.
#[test]
fn a_host_with_a_dot_at_its_end_is_not_cached() {
    let parts = parts(&[("host", b"example.com."), ("x-forwarded-for", b"203.0.113.7")]);
    let layer = layer(FOR);
    let counts = [(); 2].map(|()| measure(|| drop(layer.resolve(&parts))).count_total);
    assert_eq!(counts, [3, 3]);
}

#[test]
fn a_thread_caches_each_host_once() {
    let builder = builder(FOR).host_from("x-forwarded-host");
    let layer = builder.allowed_hosts(AllowedHosts::any()).build().unwrap();
    let hosts = ["example.com", "www.example.com", "EXAMPLE.com:8443", "[2001:db8::1]"];
    for (expected, host) in [2, 0].into_iter().flat_map(|count| hosts.map(|host| (count, host))) {
        let client = ("x-forwarded-for", b"203.0.113.7".as_slice());
        let parts = parts(&[client, ("x-forwarded-host", host.as_bytes())]);
        let mut info = None;
        let allocations = measure(|| info = Some(layer.resolve(&parts))).count_total;
        let info = info.unwrap();
        let authority = info.authority().map(uri::Authority::as_str);
        assert_eq!((allocations, authority), (expected, Some(host)));
    }
}

/// Applies the layer to a request of an untrusted peer that sends forwarding headers.
#[cfg(feature = "tracing")]
fn apply_untrusted(layer: &ForwardedHeaders, ip: [u8; 4]) -> u64 {
    let mut request = Request::from_parts(parts(&[("x-forwarded-for", b"203.0.113.7")]), ());
    request.extensions_mut().insert(Peer::Inet((ip, 50_000).into()));
    measure(|| layer.apply(&mut request)).count_total
}

#[cfg(feature = "tracing")]
#[test]
fn only_an_event_that_is_written_allocates() {
    let layer = ForwardedHeaders::new();
    let without = apply_untrusted(&layer, [172, 18, 0, 3]);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::sink)
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        assert!(apply_untrusted(&layer, [172, 18, 0, 3]) > without);
        assert_eq!(apply_untrusted(&layer, [172, 18, 0, 3]), without);
        // A flood of addresses uses up the budget, and leaves nothing behind.
        let flood = |second: u8| {
            measure(|| {
                for address in 0..10_000_u16 {
                    let [third, fourth] = address.to_be_bytes();
                    apply_untrusted(&layer, [10, second, third, fourth]);
                }
            })
        };
        assert_eq!(flood(1).bytes_current, 0);
        assert_eq!(flood(2).bytes_current, 0);
        assert_eq!(apply_untrusted(&layer, [172, 18, 0, 4]), without);
    });
}

/// Vectors grow by doubling. A set gives back what it does not need.
#[test]
fn a_set_of_proxies_keeps_its_ranges_and_its_text() {
    let v4 = (0..5000_u32).map(|n| format!("11.{}.{}.0/25", n / 256, n % 256));
    let v6 = (0..1500).map(|n| format!("2001:db8:{n:x}::/49"));
    let text = v4.chain(v6).collect::<Vec<_>>().join(", ");
    let mut proxies = None;
    let parsed = measure(|| proxies = Some(text.parse::<TrustedProxies>()));
    assert!(proxies.unwrap().unwrap().contains([11, 19, 135, 127].into()));
    let ranges = 5000 * 8 + 1500 * 32;
    // The text ends with a separator.
    let most = ranges + text.len() + ", ".len();
    let kept = usize::try_from(parsed.bytes_current).unwrap();
    assert!((ranges..=most).contains(&kept), "{kept} bytes, at most {most}");
}

#[test]
fn the_strict_iterator_allocates_nothing() {
    let value = br#"for="[2001:db8::7]:4711";proto=https, for=_hidden;ext="a\"b", for=192.0.2.1"#;
    let allocations = measure(|| {
        for element in forwarded::elements(value) {
            assert!(element.unwrap().for_node().unwrap().is_ok());
        }
    });
    assert_eq!(allocations.count_total, 0);
}

/// Returns the time of the fastest of many runs, which a busy machine disturbs least.
fn fastest(layer: &ForwardedHeaders, parts: &Parts) -> Duration {
    let time = |_| {
        let start = Instant::now();
        for _ in 0..20 {
            std::hint::black_box(layer.resolve(std::hint::black_box(parts)));
        }
        start.elapsed()
    };
    (0..50).map(time).min().unwrap()
}

/// A pass over the 60 KB would take a hundred times as long as the decision.
#[test]
fn a_decision_does_not_read_the_bytes_to_the_left_of_the_answer() {
    let big = 60 * 1024;
    let rows: [(&str, Vec<u8>); 7] = [
        ("commas", vec![b','; big]),
        ("an open quote", [b"\"", vec![b'a'; big].as_slice(), b","].concat()),
        ("backslashes", [vec![b'\\'; big].as_slice(), b"\","].concat()),
        ("quotes", [vec![b'"'; big].as_slice(), b","].concat()),
        ("one entry", [vec![b'a'; big].as_slice(), b","].concat()),
        ("entries", b"for=203.0.113.9, ".repeat(big / 17)),
        ("spaces", [vec![b' '; big].as_slice(), b"x,"].concat()),
    ];
    let headers =
        [(FOR, b"203.0.113.7, 10.0.0.2".as_slice()), (FORWARDED, b"for=203.0.113.7, for=10.0.0.2")];
    for (name, ours) in headers {
        let layer = layer(name);
        let honest = parts(&[(name, ours)]);
        let baseline = fastest(&layer, &honest);
        for (what, sent) in &rows {
            let attacked = parts(&[(name, &[sent, ours].concat())]);
            assert_eq!(layer.resolve(&attacked).client_ip(), layer.resolve(&honest).client_ip());
            let time = fastest(&layer, &attacked);
            assert!(time < baseline * 5, "{name}, {what}: {time:?} against {baseline:?}");
        }
        let mut lines = vec![(name, b"6.6.6.6".as_slice()); 4000];
        lines.push((name, ours));
        let time = fastest(&layer, &parts(&lines));
        assert!(time < baseline * 5, "{name}, lines: {time:?} against {baseline:?}");
    }
}
