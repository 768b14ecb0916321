//! The promise as properties: with every header of a client, the result is the one for a client that
//! sent no header.

use forwarded_headers::{
    AllowedHosts, Builder, ClientSource, ForwardedHeaders, Outcome, Unresolved,
};
use http::Request;
use http::request::Parts;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::support::{append, info, lines, request, through};

mod guarded;
mod setup;

use setup::{Client, sent, setup};

const XFF: &str = "x-forwarded-for";
const F: &str = "forwarded";
const NETWORK: &str = "10.0.0.0/8";

const CASES: u32 = 4096;

/// Bytes of a header value. Those with a meaning have far more than their share.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        6 => select(b"\"\\,;= \t".to_vec()),
        2 => select(b"for=proto1.2.3.4:[]_unknown".to_vec()),
        1 => 0x80_u8..=0xFF,
        1 => 0x20_u8..=0x7E,
    ]
}

/// What the client sent in one header: lines of any bytes.
fn anything() -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(vec(byte(), 0..40), 1..4)
}

/// One proxy's report in each family. Addresses in 10.0.0.0/8 are proxies, others are clients.
#[derive(Debug, Clone)]
struct Report {
    x_forwarded: String,
    forwarded: String,
}

fn proxy() -> impl Strategy<Value = Report> {
    (any::<u8>(), any::<u8>(), extras()).prop_map(|(a, b, extras)| Report {
        x_forwarded: format!("10.0.{a}.{b}"),
        forwarded: format!("for=10.0.{a}.{b}{extras}"),
    })
}

fn client() -> impl Strategy<Value = Report> {
    let addresses = [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:4711", "\"203.0.113.7:4711\""),
        ("2001:db8::7", "\"[2001:db8::7]\""),
        ("[2001:db8::7]:4711", "\"[2001:db8::7]:_p0rt\""),
        ("::ffff:203.0.113.7", "\"[::ffff:203.0.113.7]\""),
        ("unknown", "unknown"),
        ("\"203.0.113.7\"", "\"20\\3.0.113.7\""),
        ("no address", "_hidden"),
    ];
    (select(addresses.to_vec()), extras()).prop_map(|((x, node), extras)| Report {
        x_forwarded: x.into(),
        forwarded: format!("for={node}{extras}"),
    })
}

/// Well-formed parameters, full of bytes that can look like the end of an element.
fn extras() -> impl Strategy<Value = String> {
    let extras = [
        "",
        ";proto=https",
        ";proto=http;host=example.com",
        ";host=\"example.com:8443\";proto=https;by=10.0.0.1",
        ";ext=\",for=6.6.6.6;\"",
        ";ext=\"\\\"\"",
        ";ext=\"\\\\\"",
        ";ext=\"\\\\\\\", for=6.6.6.6\"",
        ";ext=\"\u{e9},\";proto=https",
        " ; sig=QQ==; by=_a;by=_b",
        ";",
    ];
    select(extras.to_vec()).prop_map(String::from)
}

/// What the trusted proxies wrote, leftmost first: the client, then the proxies behind the first.
fn trusted_part() -> impl Strategy<Value = Vec<Report>> {
    (client(), vec(proxy(), 0..4))
        .prop_map(|(client, proxies)| std::iter::once(client).chain(proxies).collect())
}

fn joined(reports: &[Report], list: &str) -> Vec<u8> {
    let text = |report: &Report| match list {
        F => report.forwarded.clone(),
        _ => report.x_forwarded.clone(),
    };
    reports.iter().map(text).collect::<Vec<_>>().join(", ").into_bytes()
}

/// Every way to configure as many proxies as reports.
fn builders(reports: usize, list: &str) -> Vec<Builder> {
    let chain = || ForwardedHeaders::builder().trust_chain(vec![NETWORK; reports]);
    let host = if list == F { F } else { "x-forwarded-host" };
    let with_host = |builder: Builder| builder.host_from(host).allowed_hosts(AllowedHosts::any());
    let mut builders = vec![chain().client_from(list), with_host(chain().client_from(list))];
    if list == XFF {
        let place = u8::try_from(reports).unwrap();
        let source = ClientSource::x_forwarded_for().nth_from_right(place);
        builders.push(with_host(ForwardedHeaders::builder().trust(NETWORK).client_from(source)));
    }
    builders
}

fn layers(reports: usize, list: &str) -> Vec<ForwardedHeaders> {
    builders(reports, list).into_iter().map(|builder| builder.build().unwrap()).collect()
}

fn lists() -> impl Strategy<Value = &'static str> {
    select(vec![XFF, F])
}

/// A request from the nearest proxy.
fn forwarded_request(name: &str, lines: &[Vec<u8>]) -> Request<()> {
    let lines: Vec<_> = lines.iter().map(|line| (name, line.as_slice())).collect();
    let mut request = request("10.0.0.1", "/path?query", &lines);
    append(request.headers_mut(), &[("host", b"app.example"), ("x-forwarded-proto", b"https")]);
    request
}

/// Returns all that the wrapped service can see of a decision.
fn seen(parts: &Parts) -> String {
    let mut headers: Vec<_> = parts.headers.iter().map(|line| format!("{line:?}")).collect();
    headers.sort();
    let info = info(parts);
    format!("{info:?} {} {:?} {headers:?}", parts.uri, info.origin())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    /// A proxy appends to the client's last line, or adds a line of its own.
    #[test]
    fn what_the_client_sent_in_the_list_changes_nothing(
        name in lists(),
        sent in anything(),
        trusted in trusted_part(),
        own_line in any::<bool>(),
    ) {
        let ours = joined(&trusted, name);
        let mut lines = sent;
        if own_line {
            lines.push(ours.clone());
        } else if let Some(last) = lines.last_mut() {
            last.extend_from_slice(b", ");
            last.extend_from_slice(&ours);
        }
        for layer in layers(trusted.len(), name) {
            let honest = through(&layer, forwarded_request(name, std::slice::from_ref(&ours)));
            let attacked = through(&layer, forwarded_request(name, &lines));
            prop_assert_eq!(seen(&attacked), seen(&honest), "lines {:?}", lines);
        }
    }

    /// Every source, every way in which proxies write, headers with names of ours. With `Replace` and
    /// `AppendToFirstLine`, what the configuration rules out can leave no client, or no scheme.
    #[test]
    fn what_the_client_sent_changes_nothing_for_any_source(setup in setup(), sent in sent()) {
        let layer = setup.layer();
        let honest = through(&layer, setup.honest());
        let attacked = through(&layer, setup.forwarded(&sent));
        if setup.rules_out(&sent) {
            let mut without = setup.honest();
            if let Some(name) = setup.scheme_name() {
                without.headers_mut().remove(name);
            }
            let without = through(&layer, without);
            let is_less = has_no_client(&attacked) || seen(&attacked) == seen(&without);
            prop_assert!(is_less || seen(&attacked) == seen(&honest), "{:?}", sent);
        } else {
            prop_assert_eq!(seen(&attacked), seen(&honest), "{:?}", sent);
        }
    }

    /// The family that is not read, and other names that are not read.
    #[test]
    fn what_the_client_sent_in_other_headers_changes_nothing(
        name in lists(),
        sent in vec((other_name(), vec(byte(), 0..40)), 0..8),
        trusted in trusted_part(),
    ) {
        let ours = joined(&trusted, name);
        let layer = &layers(trusted.len(), name)[0];
        let honest = through(layer, forwarded_request(name, std::slice::from_ref(&ours)));
        let mut attacked = forwarded_request(name, &[ours]);
        let sent: Vec<_> = sent.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        let unread = |line: &&(&str, &[u8])| line.0 != name;
        let sent: Vec<_> = sent.iter().filter(unread).copied().collect();
        append(attacked.headers_mut(), &sent);
        prop_assert_eq!(seen(&through(layer, attacked)), seen(&honest), "sent {:?}", sent);
    }

    /// A proxy that appends to X-Forwarded-Proto leaves what the client sent to the left.
    #[test]
    fn what_the_client_sent_in_the_scheme_list_changes_nothing(mut sent in anything()) {
        let layer = ForwardedHeaders::new();
        sent.last_mut().unwrap().extend_from_slice(b",https");
        let sent: Vec<_> = sent.iter().map(|l| ("x-forwarded-proto", l.as_slice())).collect();
        let mut request = request("127.0.0.1", "/", &sent);
        append(request.headers_mut(), &[(XFF, b"203.0.113.7")]);
        let parts = through(&layer, request);
        prop_assert_eq!(info(&parts).scheme().as_str(), "https");
        prop_assert_eq!(lines(&parts, "x-forwarded-proto"), [b"https"]);
    }

    #[test]
    fn an_untrusted_peers_headers_change_nothing(
        setup in setup(),
        peer in select(vec!["203.0.113.7", "[2001:db8::7]:4711", "", "unix"]),
        sent in sent(),
        more in vec((any_name(), vec(byte(), 0..40)), 0..8),
    ) {
        let layer = setup.layer();
        let honest = through(&layer, request(peer, "/", &[("host", b"app.example")]));
        let mut attacked = request(peer, "/", &[]);
        *attacked.headers_mut() = setup.forwarded(&sent).into_parts().0.headers;
        let more: Vec<_> = more.iter().map(|(name, value)| (*name, value.as_slice())).collect();
        append(attacked.headers_mut(), &more);
        prop_assert_eq!(seen(&through(&layer, attacked)), seen(&honest));
    }

    /// RFC 9110 §5.3: several lines of a list are one list.
    #[test]
    fn splitting_a_list_over_lines_changes_nothing(
        name in lists(),
        trusted in trusted_part(),
        cuts in vec(any::<bool>(), 4),
    ) {
        let mut lines: Vec<Vec<Report>> = vec![vec![]];
        for (report, cut) in trusted.iter().zip(cuts.iter().chain(std::iter::repeat(&false))) {
            if *cut && lines.last().is_some_and(|line| !line.is_empty()) {
                lines.push(vec![]);
            }
            lines.last_mut().unwrap().push(report.clone());
        }
        let lines: Vec<_> = lines.iter().map(|line| joined(line, name)).collect();
        for layer in layers(trusted.len(), name) {
            let one = through(&layer, forwarded_request(name, &[joined(&trusted, name)]));
            let several = through(&layer, forwarded_request(name, &lines));
            prop_assert_eq!(seen(&several), seen(&one), "lines {:?}", lines);
        }
    }

    /// Mapped, expanded, in capitals: one address, as a proxy and as a client.
    #[test]
    fn spellings_of_an_address_are_one_address(
        octets in (11_u8..200, any::<[u8; 3]>()),
        spelling in 0..4_usize,
        as_proxy in any::<bool>(),
    ) {
        let (first, [a, b, c]) = octets;
        let v4 = std::net::Ipv4Addr::new(if as_proxy { 10 } else { first }, a, b, c);
        let [high, low] = [v4.to_bits() >> 16, v4.to_bits() & 0xFFFF];
        let spelled = [
            v4.to_string(),
            format!("::ffff:{v4}"),
            format!("::FFFF:{high:X}:{low:x}"),
            format!("0:0:0:0:0:ffff:{high:04x}:{low:04X}"),
        ];
        let layer = &layers(2, XFF)[0];
        let info = |entry: &str| {
            let list = format!("203.0.113.7, {entry}").into_bytes();
            seen(&through(layer, forwarded_request(XFF, &[list])))
        };
        prop_assert_eq!(info(&spelled[spelling]), info(&spelled[0]), "{}", spelled[spelling]);
    }

    /// RFC 9110 §5.6.6, RFC 7239 §4: `x=v` is `x="v"`, and names have no case.
    #[test]
    fn a_value_in_quotes_is_the_same_value(
        node in select(vec!["203.0.113.7", "unknown", "_hidden", "10.0.0.2"]),
        scheme in select(vec!["http", "https", "wss", "ftp"]),
        quoted in any::<[bool; 2]>(),
        escaped in any::<bool>(),
        capitals in any::<bool>(),
    ) {
        let quote = |value: &str, quoted: bool| match (quoted, escaped) {
            (false, _) => value.to_owned(),
            (true, false) => format!("\"{value}\""),
            (true, true) => format!("\"{}\"", value.chars().flat_map(|c| ['\\', c]).collect::<String>()),
        };
        let [of_node, of_scheme] = if capitals { ["FOR", "pRoTo"] } else { ["for", "proto"] };
        let (quoted_node, quoted_scheme) = (quote(node, quoted[0]), quote(scheme, quoted[1]));
        let value = format!("{of_node}={quoted_node};{of_scheme}={quoted_scheme}");
        let layer = &layers(1, F)[0];
        let info = |value: &str| seen(&through(layer, forwarded_request(F, &[value.into()])));
        prop_assert_eq!(info(&value), info(&format!("for={node};proto={scheme}")), "{}", value);
    }

    /// Entries to the left of the reports of the chain, well-formed or not.
    #[test]
    fn only_as_many_reports_as_there_are_proxies_count(
        name in lists(),
        left in vec(prop_oneof![client(), proxy()], 0..4),
        trusted in trusted_part(),
    ) {
        let all: Vec<_> = left.iter().chain(&trusted).cloned().collect();
        for layer in layers(trusted.len(), name) {
            let short = through(&layer, forwarded_request(name, &[joined(&trusted, name)]));
            let long = through(&layer, forwarded_request(name, &[joined(&all, name)]));
            prop_assert_eq!(seen(&long), seen(&short), "{:?}", all);
        }
    }

    /// The outermost layer decides, once, even if an inner layer has another configuration.
    #[test]
    fn running_the_layer_twice_equals_once(
        setup in setup(),
        inner in setup::setup(),
        sent in sent(),
        peer in select(vec!["10.0.0.1", "203.0.113.7", ""]),
    ) {
        let (mut parts, ()) = setup.forwarded(&sent).into_parts();
        parts.extensions = request(peer, "/", &[]).into_parts().0.extensions;
        let once = through(&setup.layer(), Request::from_parts(parts, ()));
        let expected = seen(&once);
        let again = Request::from_parts(once, ());
        prop_assert_eq!(seen(&through(&inner.layer(), again)), expected);
    }

    /// Any bytes, any header, any peer: the layer decides, and does not panic.
    #[test]
    fn nothing_panics(
        setup in setup(),
        peer in select(vec!["10.0.0.1", "203.0.113.7", "unix", ""]),
        sent in vec((setup::any_read_name(), vec(prop_oneof![byte(), any::<u8>()], 0..60)), 0..12),
    ) {
        let valid = |value: &&(String, Vec<u8>)| http::HeaderValue::from_bytes(&value.1).is_ok();
        let lines: Vec<_> =
            sent.iter().filter(valid).map(|(n, v)| (n.as_str(), v.as_slice())).collect();
        seen(&through(&setup.layer(), request(peer, "/", &lines)));
    }
}

/// A property over setups that find no client shows nothing.
#[test]
fn the_setups_reach_every_source() {
    let mut runner = TestRunner::deterministic();
    let mut found = std::collections::BTreeMap::<String, [u32; 3]>::new();
    for _ in 0..CASES {
        let setup = setup().new_tree(&mut runner).unwrap().current();
        let sent = sent().new_tree(&mut runner).unwrap().current();
        let parts = through(&setup.layer(), setup.forwarded(&sent));
        let info = info(&parts);
        let reached = [
            info.is_forwarded() || setup.client == Client::Nothing,
            info.forwarded_scheme().is_some(),
            info.forwarded_host().is_some() && info.prefix().is_some(),
        ];
        let counts = found.entry(format!("{:?}, {:?}", setup.client, setup.writing)).or_default();
        std::iter::zip(counts, reached).for_each(|(count, met)| *count += u32::from(met));
    }
    let rare: Vec<_> = found.iter().filter(|(_, counts)| counts.iter().min() < Some(&5)).collect();
    assert!(rare.is_empty() && found.len() == 17, "{found:#?}");
}

/// Returns whether the report is not usable: no client, no value, and no forwarding header.
fn has_no_client(parts: &Parts) -> bool {
    use Unresolved::{ExtraEntries, ListEnds, Malformed};
    let info = info(parts);
    matches!(info.outcome(), Outcome::Unresolved(ExtraEntries | ListEnds | Malformed))
        && (info.client_ip(), info.client()) == (None, None)
        && (info.forwarded_scheme(), info.forwarded_host()) == (None, None)
        && info.prefix().is_none()
        && parts.headers.keys().all(|name| name == http::header::HOST)
}

/// Forwarding headers, most of which are not read.
fn other_name() -> impl Strategy<Value = &'static str> {
    select(vec![
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-server",
        "x_forwarded_for",
        "x-forwarded_proto",
        "x.forwarded.host",
        "x-real-ip",
        "x_real_ip",
        "true-client-ip",
        "cf-connecting-ip",
        "client-ip",
    ])
}

fn any_name() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => other_name(), 1 => Just("x-forwarded-proto")]
}
