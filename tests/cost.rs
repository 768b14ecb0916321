//! Deciding allocates nothing, and does not depend on what stands to the left of the answer.

mod support;

use std::convert::Infallible;
use std::future::ready;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use forwarded_headers::{
    AllowedHosts, ConnectionInfo, Family, ForwardedHeaders, Outcome, TrustedProxies, Unresolved,
    forwarded,
};
use http::Request;
use http::request::Parts;
use support::{Line, request};
use tower::{Layer, Service, service_fn};

/// The request that a server hands over. Its values are shared already, as hyper's are, which cut
/// them out of one buffer.
fn parts(lines: &[Line<'_>]) -> Parts {
    let parts = request("10.0.0.1", "/", lines).into_parts().0;
    std::hint::black_box(parts.headers.clone());
    parts
}

const EXCESS: Outcome = Outcome::Unresolved(Unresolved::Excess);

fn layer(family: Family) -> ForwardedHeaders {
    let proxies: TrustedProxies = "10.0.0.0/8, 192.0.2.0/24, 2001:db8:f::/48".parse().unwrap();
    ForwardedHeaders::new().family(family).trust(proxies).max_hops(3)
}

#[test]
fn a_decision_allocates_nothing() {
    let rows: [(&str, Family, &[Line<'_>]); 9] = [
        ("one entry", Family::XForwarded, &[("x-forwarded-for", b"203.0.113.7")]),
        (
            "two proxies, a port, a scheme",
            Family::XForwarded,
            &[
                ("x-forwarded-for", b"[2001:db8::7]:4711, 10.0.0.2"),
                ("x-forwarded-proto", b"https"),
            ],
        ),
        ("nothing", Family::XForwarded, &[]),
        ("junk", Family::XForwarded, &[("x-forwarded-for", b"\xff, \"junk")]),
        ("unknown", Family::XForwarded, &[("x-forwarded-for", b"unknown")]),
        (
            "one element",
            Family::Forwarded,
            &[("forwarded", b"for=203.0.113.7;proto=https;by=10.0.0.1")],
        ),
        (
            "three elements on two lines",
            Family::Forwarded,
            &[
                ("forwarded", b"for=\"[2001:db8::7]:4711\", for=10.0.0.2;proto=http"),
                ("forwarded", b"for=10.0.0.3"),
            ],
        ),
        (
            "escapes",
            Family::Forwarded,
            &[("forwarded", b"for=\"20\\3.0.113.7\";proto=\"http\\s\"")],
        ),
        ("an open quote", Family::Forwarded, &[("forwarded", b"for=\"")]),
    ];
    for (name, family, lines) in rows {
        let lines: Vec<_> = [lines, &[("host", b"example.com")]].concat();
        let (layer, parts) = (layer(family), parts(&lines));
        // The first one on a thread reads the host.
        let info = layer.resolve(&parts);
        assert_eq!(measure(|| drop(layer.resolve(&parts))).count_total, 0, "{name}: {info:?}");
    }
}

#[test]
fn to_refuse_what_is_too_much_allocates_nothing_and_takes_no_longer() {
    let switches = |layer: ForwardedHeaders| layer.exact(true).single_line(true);
    let families = [
        (Family::XForwarded, "x-forwarded-for", b"203.0.113.7".as_slice()),
        (Family::Forwarded, "forwarded", b"for=203.0.113.7"),
    ];
    for (family, name, ours) in families {
        let layer = switches(layer(family));
        let honest = parts(&[(name, ours)]);
        assert_eq!(layer.resolve(&honest).client_ip(), Some(support::ip("203.0.113.7")));
        let baseline = fastest(&layer, &honest);
        for sent in [vec![b','; 60 * 1024], [vec![b'a'; 60 * 1024].as_slice(), b","].concat()] {
            let attacked = parts(&[(name, &[&sent, ours].concat())]);
            assert_eq!(layer.resolve(&attacked).outcome(), EXCESS, "{family:?}");
            assert_eq!(measure(|| drop(layer.resolve(&attacked))).count_total, 0, "{family:?}");
            let time = fastest(&layer, &attacked);
            assert!(time < baseline * 5, "{family:?}: {time:?} against {baseline:?}");
        }
        let lines = parts(&vec![(name, ours); 4000]);
        assert_eq!(layer.resolve(&lines).outcome(), EXCESS, "{family:?}");
        assert!(fastest(&layer, &lines) < baseline * 5, "{family:?}");
    }
}

#[test]
fn a_port_that_is_added_to_the_host_allocates_nothing() {
    let layer = layer(Family::XForwarded).read_port(true);
    let parts = parts(&[
        ("host", b"example.com"),
        ("x-forwarded-for", b"203.0.113.7"),
        ("x-forwarded-port", b"8443"),
    ]);
    assert_eq!(layer.resolve(&parts).authority(), Some("example.com:8443"));
    assert_eq!(measure(|| drop(layer.resolve(&parts))).count_total, 0);
}

/// What the second request on a thread costs through the whole layer: the first one leaves the URI's
/// authority to it.
fn allocations(layer: &ForwardedHeaders, peer: &str, lines: &[Line<'_>]) -> u64 {
    let service = service_fn(|request| ready(Ok::<_, Infallible>(request)));
    let mut service = layer.clone().layer(service);
    let request = || {
        let mut request = Request::from_parts(parts(lines), ());
        request.extensions_mut().insert(support::peer(peer).unwrap());
        request
    };
    drop(service.call(request()));
    let (request, mut answer) = (request(), None);
    let count = measure(|| answer = Some(service.call(request))).count_total;
    assert!(answer.unwrap().into_inner().unwrap().extensions().get::<ConnectionInfo>().is_some());
    count
}

/// The `ConnectionInfo`, and the value of a header that has to be written anew.
#[test]
fn the_layer_allocates_what_it_inserts() {
    let host = ("host", b"example.com".as_slice());
    let proto = ("x-forwarded-proto", b"https".as_slice());
    let rows: [(&str, &str, &[Line<'_>], u64); 5] = [
        ("honest", "10.0.0.1", &[host, ("x-forwarded-for", b"203.0.113.7"), proto], 1),
        ("direct", "203.0.113.7", &[host], 1),
        ("nobody is named", "10.0.0.1", &[host], 1),
        ("two to be removed", "203.0.113.7", &[host, ("x-forwarded-for", b"6.6.6.6"), proto], 1),
        (
            "written anew",
            "10.0.0.1",
            &[host, ("x-forwarded-for", b"6.6.6.6, 203.0.113.7"), proto],
            2,
        ),
    ];
    let layer = layer(Family::XForwarded);
    for (name, peer, lines, expected) in rows {
        assert_eq!(allocations(&layer, peer, lines), expected, "{name}");
    }
}

/// The host's text, what is known of it, and what lets the URI share the text.
#[test]
fn a_new_host_takes_three_more() {
    let mut service = layer(Family::XForwarded)
        .layer(service_fn(|request: Request<()>| ready(Ok::<_, Infallible>(request))));
    let counts = ["example.com", "example.org", "example.com"].map(|host| {
        let lines: [Line<'_>; 2] = [("host", host.as_bytes()), ("x-forwarded-for", b"203.0.113.7")];
        let request = Request::from_parts(parts(&lines), ());
        let mut answer = None;
        measure(|| answer = Some(service.call(request))).count_total
    });
    assert_eq!(counts, [4, 4, 1]);
}

/// What is kept has no dot at its end, and so is not what came.
#[test]
fn a_host_with_a_dot_at_its_end_is_read_each_time() {
    let parts = parts(&[("host", b"example.com."), ("x-forwarded-for", b"203.0.113.7")]);
    let layer = layer(Family::XForwarded);
    let counts = [(); 2].map(|()| measure(|| drop(layer.resolve(&parts))).count_total);
    assert_eq!(counts, [3, 3]);
}

#[test]
fn a_host_is_kept_once_on_a_thread() {
    let layer = layer(Family::XForwarded).read_host(true).allowed_hosts(AllowedHosts::any());
    let hosts = ["example.com", "www.example.com", "EXAMPLE.com:8443", "[2001:db8::1]"];
    for (expected, host) in [2, 0].into_iter().flat_map(|count| hosts.map(|host| (count, host))) {
        let client = ("x-forwarded-for", b"203.0.113.7".as_slice());
        let parts = parts(&[client, ("x-forwarded-host", host.as_bytes())]);
        let mut info = None;
        let allocations = measure(|| info = Some(layer.resolve(&parts))).count_total;
        assert_eq!((allocations, info.unwrap().authority()), (expected, Some(host)));
    }
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

/// The fastest of many runs, which is what a busy machine leaves of the truth.
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
fn a_decision_does_not_look_at_what_stands_to_the_left_of_the_answer() {
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
    let families = [
        (Family::XForwarded, "x-forwarded-for", b"203.0.113.7, 10.0.0.2".as_slice()),
        (Family::Forwarded, "forwarded", b"for=203.0.113.7, for=10.0.0.2"),
    ];
    for (family, name, ours) in families {
        let layer = layer(family);
        let honest = parts(&[(name, ours)]);
        let baseline = fastest(&layer, &honest);
        for (what, sent) in &rows {
            let attacked = parts(&[(name, &[sent, ours].concat())]);
            assert_eq!(layer.resolve(&attacked).client_ip(), layer.resolve(&honest).client_ip());
            let time = fastest(&layer, &attacked);
            assert!(time < baseline * 5, "{family:?}, {what}: {time:?} against {baseline:?}");
        }
        let mut lines = vec![(name, b"6.6.6.6".as_slice()); 4000];
        lines.push((name, ours));
        let time = fastest(&layer, &parts(&lines));
        assert!(time < baseline * 5, "{family:?}, lines: {time:?} against {baseline:?}");
    }
}
