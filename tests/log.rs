//! The log: each event, its level and fields, and how often it is written.
//!
//! A program of its own, one test at a time: `tracing` keeps for the whole process whether an event is
//! of interest, and a thread without a subscriber that meets the event first would turn it off.
#![cfg(feature = "tracing")]

#[path = "it/support.rs"]
#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use forwarded_headers::{
    Builder, ClientSource, Config, ConnectionInfo, ForwardedHeaders, SchemeSource, TrustedProxies,
    Writing,
};
use http::Request;
use http::request::Parts;
use tower::Layer;
use tracing::field::{Empty, Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber, dispatcher};

use support::{Line, request, resolve, through};

const WARN: &str = "WARN";
const DEBUG: &str = "DEBUG";

/// Level and fields of an event, or the fields that a span got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Written {
    level: &'static str,
    fields: BTreeMap<&'static str, String>,
}

impl Written {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    fn message(&self) -> &str {
        self.field("message").unwrap()
    }
}

impl Visit for Written {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

/// A subscriber that keeps the events up to a level.
struct Recorder {
    most: LevelFilter,
    written: Arc<Mutex<Vec<Written>>>,
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.most
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.most)
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, record: &Record<'_>) {
        let mut written = Written::default();
        record.record(&mut written);
        self.written.lock().unwrap().push(written);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        assert_eq!(event.metadata().target(), "forwarded_headers");
        let mut written =
            Written { level: event.metadata().level().as_str(), ..Written::default() };
        event.record(&mut written);
        self.written.lock().unwrap().push(written);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Held while a subscriber is set.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs with a subscriber. Returns what was written.
fn recorded(most: LevelFilter, run: impl FnOnce(&Dispatch)) -> Vec<Written> {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let written = Arc::default();
    let dispatch = Dispatch::new(Recorder { most, written: Arc::clone(&written) });
    dispatcher::with_default(&dispatch, || run(&dispatch));
    let written = written.lock().unwrap();
    written.clone()
}

/// The request as the wrapped service gets it, without a subscriber.
fn quiet(layer: &ForwardedHeaders, request: Request<()>) -> Parts {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    through(layer, request)
}

fn apply(layer: &ForwardedHeaders, peer: &str, lines: &[Line<'_>]) {
    layer.apply(&mut request(peer, "/", lines));
}

/// Returns the events about one request.
fn events(layer: &ForwardedHeaders, peer: &str, lines: &[Line<'_>]) -> Vec<Written> {
    recorded(LevelFilter::DEBUG, |_| apply(layer, peer, lines))
}

fn built(builder: Builder) -> ForwardedHeaders {
    builder.build().unwrap()
}

const PROXY: &str = "10.0.0.2";
const CLIENT: Line<'_> = ("x-forwarded-for", b"203.0.113.7");
const HTTPS: Line<'_> = ("x-forwarded-proto", b"https");

fn trusting() -> Builder {
    ForwardedHeaders::builder().trust(PROXY)
}

const CDN: &str = "198.51.100.9";
const SECRET: &[u8] = b"2f9c7a51e0d84b36";

fn cdn() -> TrustedProxies {
    let set: TrustedProxies = "198.51.100.0/24".parse().unwrap();
    set.with_secret("x-origin-verify", std::str::from_utf8(SECRET).unwrap()).unwrap()
}

fn other_cdn() -> TrustedProxies {
    let set: TrustedProxies = "198.51.101.0/24".parse().unwrap();
    set.with_secret("x-other-proof", "b81d06e5c3f2974a").unwrap()
}

/// Name, settings, peer, lines, the level of the first event, reason, header, hops, start of the message.
type Row<'a> = (
    &'a str,
    Builder,
    &'a str,
    &'a [Line<'a>],
    &'a str,
    &'a str,
    Option<&'a str>,
    Option<&'a str>,
    &'a str,
);

fn rows() -> Vec<Row<'static>> {
    let forwarded = || trusting().client_from("forwarded");
    let for_ = Some("x-forwarded-for");
    let proto = Some("x-forwarded-proto");
    let is_yours = "if 172.18.0.3 is your proxy, trust it: .trust(\"172.18.0.3\")";
    #[rustfmt::skip]
    let rows: Vec<Row<'static>> = vec![
        ("no peer", trusting(), "", &[CLIENT], "ERROR", "no_peer", None, None, "with axum, serve with into_make_service_with_connect_info::<SocketAddr>() | for"),
        ("a private peer", trusting(), "172.18.0.3", &[CLIENT], WARN, "untrusted_headers", for_, None, is_yours),
        ("another header", trusting(), "172.18.0.3", &[("x-real-ip", b"6.6.6.6")], WARN, "untrusted_headers", Some("x-real-ip"), None, is_yours),
        ("a look-alike", trusting(), "172.18.0.3", &[("x_forwarded_for", b"6.6.6.6")], WARN, "untrusted_headers", Some("x_forwarded_for"), None, is_yours),
        ("a mapped peer", trusting(), "::ffff:172.18.0.3", &[CLIENT], WARN, "untrusted_headers", for_, None, is_yours),
        ("loopback", trusting(), "127.0.0.1", &[CLIENT], WARN, "untrusted_headers", for_, None, "if 127.0.0.1 is"),
        ("loopback of IPv6", trusting(), "::1", &[CLIENT], WARN, "untrusted_headers", for_, None, "if ::1 is"),
        ("link-local", trusting(), "169.254.0.1", &[CLIENT], WARN, "untrusted_headers", for_, None, "if 169.254.0.1 is"),
        ("link-local of IPv6", trusting(), "fe80::1", &[CLIENT], WARN, "untrusted_headers", for_, None, "if fe80::1 is"),
        ("unique local", trusting(), "fd00::1", &[CLIENT], WARN, "untrusted_headers", for_, None, "if fd00::1 is"),
        ("shared", trusting(), "100.127.255.255", &[CLIENT], WARN, "untrusted_headers", for_, None, "if 100.127.255.255 is"),
        ("beyond shared", trusting(), "100.128.0.0", &[CLIENT], DEBUG, "untrusted_headers", for_, None, "if 100.128.0.0 is"),
        ("a public peer", trusting(), "203.0.113.9", &[CLIENT], DEBUG, "untrusted_headers", for_, None, "if 203.0.113.9 is"),
        ("a public peer of IPv6", trusting(), "2001:db8::9", &[CLIENT], DEBUG, "untrusted_headers", for_, None, "if 2001:db8::9 is"),
        ("a Unix socket", trusting(), "unix", &[CLIENT], WARN, "untrusted_headers", for_, None, "if the Unix socket is your proxy, trust it: .trust(\"unix\")"),
        ("no header", trusting(), PROXY, &[], WARN, "no_header", for_, Some("0"), "have 10.0.0.2 send it (nginx): proxy_set_header X-Forwarded-For"),
        ("no header, from a public proxy", trusting().trust("198.51.100.1"), "198.51.100.1", &[], WARN, "no_header", for_, Some("0"), "have 198.51.100.1 send it"),
        ("the list ends", ForwardedHeaders::builder().trust_chain(["10.0.0.0/8"; 2]), PROXY, &[("x-forwarded-for", b"10.0.0.9")], WARN, "list_ends", for_, Some("1"), "if 10.0.0.9 is a proxy, have it append to X-Forwarded-For | if it is a client"),
        ("malformed", trusting(), PROXY, &[("x-forwarded-for", b"\xff<b>")], WARN, "malformed", for_, Some("1"), "have 10.0.0.2 write addresses: 203.0.113.7, 2001:db8::7"),
        ("extra entries", trusting().proxies_write(Writing::Replace), PROXY, &[("x-forwarded-for", b"6.6.6.6, 203.0.113.7")], WARN, "extra_entries", for_, Some("1"), "have your outermost proxy replace X-Forwarded-For | if"),
        ("without the secret", trusting().trust(cdn()), CDN, &[CLIENT], WARN, "not_proven", Some("x-origin-verify"), Some("0"), "if 198.51.100.9 is your proxy, have it set X-Origin-Verify to the secret"),
        ("without the secret of an outer proxy", ForwardedHeaders::builder().trust_chain([cdn(), PROXY.parse().unwrap()]), PROXY, &[("x-forwarded-for", b"203.0.113.7, 198.51.100.9")], WARN, "not_proven", Some("x-origin-verify"), Some("1"), "if 198.51.100.9 is your proxy, have it set"),
        ("without the secret of one of two sets", trusting().trust([cdn(), other_cdn()]), "198.51.101.9", &[CLIENT], WARN, "not_proven", Some("x-other-proof"), Some("0"), "if 198.51.101.9 is your proxy, have it set X-Other-Proof to the secret"),
        ("a secret from a private peer", trusting().trust(cdn()), "172.18.0.3", &[("x-origin-verify", SECRET)], WARN, "untrusted_headers", Some("x-origin-verify"), None, is_yours),
        ("an identity from a private peer", trusting().only_from_proxy("remote-user"), "172.18.0.3", &[("remote-user", b"alice")], WARN, "untrusted_headers", Some("remote-user"), None, is_yours),
        ("unknown", trusting(), PROXY, &[("x-forwarded-for", b"unknown")], WARN, "unknown", for_, Some("1"), "if 10.0.0.2 can report addresses, have it write"),
        ("obfuscated", forwarded(), PROXY, &[("forwarded", b"for=_a")], WARN, "obfuscated", Some("forwarded"), Some("1"), "if 10.0.0.2 can report addresses, have it write"),
        ("a scheme that is not valid", trusting(), PROXY, &[CLIENT, ("x-forwarded-proto", b"on")], WARN, "scheme_not_valid", proto, None, "have 10.0.0.2 write http or https"),
        ("the scheme of an element", forwarded(), PROXY, &[("forwarded", b"for=203.0.113.7;proto=on")], WARN, "scheme_not_valid", Some("forwarded"), None, "have "),
        ("different copies", trusting().scheme_from("x-forwarded-ssl"), PROXY, &[CLIENT, ("x-forwarded-ssl", b"on, off")], WARN, "scheme_differs", Some("x-forwarded-ssl"), None, "have your proxies replace X-Forwarded-SSL"),
        ("extra lines", trusting().proxies_write(Writing::AppendToFirstLine), PROXY, &[CLIENT, HTTPS, ("x-forwarded-proto", b"http")], WARN, "scheme_extra_lines", proto, None, "have your proxies replace X-Forwarded-Proto"),
        ("a scheme beside what looks like another proxy", trusting(), PROXY, &[("x-forwarded-for", b"203.0.113.7, 10.0.0.9"), ("x-forwarded-proto", b"on")], WARN, "scheme_not_valid", proto, None, "have 10.0.0.2 write http or https"),
        ("a refused host", trusting().allowed_hosts("example.com"), PROXY, &[CLIENT, HTTPS, ("host", b"evil.example")], DEBUG, "host_not_allowed", None, None, "if evil.example is yours: .allowed_hosts(\"…, evil.example\")"),
    ];
    rows
}

#[test]
fn each_event_has_its_level_and_fields_and_is_loud_once() {
    for (name, builder, peer, lines, level, reason, header, hops, message) in rows() {
        let layer = built(builder);
        let first = events(&layer, peer, lines);
        let [first] = &first[..] else { panic!("{name}: {first:#?}") };
        assert_eq!(first.level, level, "{name}");
        assert_eq!(first.field("forwarded.reason"), Some(reason), "{name}");
        assert_eq!(first.field("forwarded.header"), header, "{name}");
        assert_eq!(first.field("forwarded.hops"), hops, "{name}");
        let address = peer.strip_prefix("::ffff:").unwrap_or(peer);
        let address = Some(address).filter(|peer| !["", "unix"].contains(peer));
        assert_eq!(first.field("network.peer.address"), address, "{name}");
        assert!(!first.message().contains('\n'), "{name}");
        assert!(first.message().starts_with(message), "{name}: {}", first.message());
        // A clone, as each connection has one.
        let second = events(&layer.clone(), peer, lines);
        let quiet = Written { level: DEBUG, ..first.clone() };
        assert_eq!(second, [quiet], "{name}");
    }
}

#[test]
fn the_good_path_writes_nothing() {
    let rows: [(&str, Builder, &str, &[Line<'_>]); 7] = [
        ("forwarded", trusting(), PROXY, &[CLIENT, HTTPS, ("host", b"example.com")]),
        (
            "what a client wrote",
            trusting(),
            PROXY,
            &[
                ("x-forwarded-for", b"\xff, 203.0.113.7"),
                ("x-forwarded-proto", b"on, https"),
                ("x-real-ip", b"6.6.6.6"),
            ],
        ),
        ("no scheme is sent", trusting(), PROXY, &[CLIENT]),
        ("direct", trusting(), "203.0.113.7", &[("host", b"example.com")]),
        ("no proxy in development", trusting().trusted_peer_may_be_client(true), PROXY, &[]),
        ("no address is read", trusting().client_from(ClientSource::none()), PROXY, &[HTTPS]),
        (
            "no scheme is read",
            trusting().scheme_from(SchemeSource::none()),
            PROXY,
            &[CLIENT, ("x-forwarded-proto", b"on")],
        ),
    ];
    for (name, builder, peer, lines) in rows {
        assert_eq!(events(&built(builder), peer, lines), [], "{name}");
    }
}

#[test]
fn a_request_can_have_two_events() {
    let layer = built(trusting().allowed_hosts("example.com"));
    let lines: [Line<'_>; 2] = [CLIENT, ("host", b"evil.example")];
    let events = events(&layer, "172.18.0.3", &lines);
    let both: Vec<_> =
        events.iter().map(|e| (e.level, e.field("forwarded.reason").unwrap())).collect();
    assert_eq!(both, [(WARN, "untrusted_headers"), (DEBUG, "host_not_allowed")]);
}

/// Returns the warnings about requests from many threads.
fn under_load(layer: &ForwardedHeaders, requests: usize, peer: fn(usize) -> String) -> usize {
    let threads = 4;
    let written = recorded(LevelFilter::WARN, |dispatch| {
        thread::scope(|scope| {
            for thread in 0..threads {
                scope.spawn(move || {
                    dispatcher::with_default(dispatch, || {
                        for index in 0..requests / threads {
                            apply(layer, &peer(index * threads + thread), &[CLIENT]);
                        }
                    });
                });
            }
        });
    });
    assert!(written.iter().all(|event| event.level == WARN));
    written.len()
}

#[test]
fn a_wrong_trust_under_load_is_one_line() {
    let layer = built(trusting());
    assert_eq!(under_load(&layer, 100_000, |_| "172.18.0.3".into()), 1);
}

/// The layer keeps one hash for each of 64 slots, however many addresses there are. `tests/cost.rs`
/// measures its memory.
#[test]
fn a_flood_of_addresses_is_64_lines() {
    let layer = built(trusting());
    let peer = |index: usize| format!("172.16.{}.{}", index / 250, index % 250);
    assert_eq!(under_load(&layer, 10_000, peer), 64);
    assert_eq!(under_load(&layer, 10_000, peer), 0);
    // The budget is that of all warnings.
    assert_eq!(events(&layer, PROXY, &[])[0].level, DEBUG);
    assert_eq!(events(&layer, "", &[])[0].level, "ERROR");
}

#[test]
fn the_addresses_of_one_network_of_ipv6_are_one() {
    let layer = built(trusting());
    assert_eq!(under_load(&layer, 1_000, |index| format!("fd00:0:0:1::{index:x}")), 1);
    assert_eq!(under_load(&layer, 1_000, |index| format!("fd00:0:0:1::{index:x}:0:0")), 0);
    assert_eq!(under_load(&layer, 4, |_| "fd00:0:0:2::1".into()), 1);
}

/// Each customer of a CDN can send without the secret, from any of its addresses.
#[test]
fn requests_without_the_secret_are_one_line() {
    let layer = built(trusting().trust(cdn()));
    let peer = |index: usize| format!("198.51.100.{}", index % 256);
    assert_eq!(under_load(&layer, 1_000, peer), 1);
}

/// The header that holds a secret is named, and what was sent in it is not shown.
#[test]
fn no_event_has_a_secret() {
    let layer = built(trusting().trust(cdn()).only_from_proxy("remote-user"));
    let proof = |text: &'static [u8]| ("x-origin-verify", text);
    let sent: [&[Line<'_>]; 5] = [
        &[proof(SECRET), proof(SECRET)],
        &[proof(b"old-2f9c7a51e0d84b36")],
        &[CLIENT, proof(SECRET), ("x-forwarded-proto", b"on")],
        &[("x_origin_verify", SECRET)],
        &[("remote-user", b"2f9c7a51"), ("x-real-ip", b"6.6.6.6")],
    ];
    for (peer, lines) in [CDN, "172.18.0.3", "203.0.113.9"]
        .map(|peer| (peer, sent))
        .iter()
        .flat_map(|(peer, sent)| sent.map(|lines| (*peer, lines)))
    {
        for event in events(&layer, peer, lines) {
            assert!(!format!("{event:?}").contains("2f9c7a51"), "{event:?}");
        }
    }
}

/// In four of five layers, two of 40 addresses share one of the 64 slots: in one of 32 layers, always.
#[test]
fn warnings_that_share_a_slot_are_written_again_within_the_budget() {
    let rounds_of = |layer: ForwardedHeaders| -> Vec<usize> {
        let peer = |index: usize| format!("172.18.0.{index}");
        let run = |_: &Dispatch| (0..40).for_each(|index| apply(&layer, &peer(index), &[CLIENT]));
        (0..40).map(|_| recorded(LevelFilter::WARN, run).len()).collect()
    };
    let layers: Vec<_> = (0..32).map(|_| rounds_of(built(trusting()))).collect();
    assert!(layers.iter().any(|rounds| rounds[1] > 0), "{layers:?}");
    for rounds in layers {
        assert_eq!(rounds[0], 40, "{rounds:?}");
        assert!(rounds[1] < 40, "{rounds:?}");
        let written = if rounds[1] > 0 { 64 } else { 40 };
        assert_eq!(rounds.iter().sum::<usize>(), written, "{rounds:?}");
    }
}

/// The two can share a slot: of eight layers, they do in all with a probability of 2^-48.
#[test]
fn a_reason_of_its_own_is_a_warning_of_its_own() {
    let unknown: Line<'_> = ("x-forwarded-for", b"unknown");
    let requests: [&[Line<'_>]; 4] = [&[], &[unknown], &[], &[unknown]];
    let levels = || {
        let layer = built(trusting());
        requests.map(|lines| events(&layer, PROXY, lines)[0].level)
    };
    let levels: Vec<_> = (0..8).map(|_| levels()).collect();
    assert!(levels.iter().all(|levels| levels[..2] == [WARN, WARN]), "{levels:?}");
    assert!(levels.contains(&[WARN, WARN, DEBUG, DEBUG]), "{levels:?}");
}

/// A level that is switched on later still shows the warning.
#[test]
fn a_warning_that_is_filtered_is_not_used_up() {
    let layer = built(trusting());
    let levels = [
        (LevelFilter::OFF, ""),
        (LevelFilter::ERROR, ""),
        (LevelFilter::WARN, WARN),
        (LevelFilter::WARN, ""),
        (LevelFilter::DEBUG, DEBUG),
    ];
    for (most, level) in levels {
        let written = recorded(most, |_| apply(&layer, "172.18.0.3", &[CLIENT]));
        let levels: Vec<_> = written.iter().map(|event| event.level).collect();
        assert_eq!(levels.concat(), level, "{most}");
    }
    assert_eq!(recorded(LevelFilter::OFF, |_| apply(&layer, "", &[])), []);
    assert_eq!(events(&layer, "", &[])[0].level, "ERROR");
}

/// Every text is printable, and of what was sent only the refused host is shown.
#[test]
fn no_event_has_a_byte_of_a_header_unescaped() {
    let evil: &[u8] = b"\xc2\x9b2J\xff\t<script>SECRET</script>\\\"";
    let names = ["x-forwarded-for", "x-forwarded-proto", "forwarded", "x-real-ip", "cookie"];
    let lines: Vec<Line<'_>> = names.iter().map(|name| (*name, evil)).collect();
    let configurations = [
        trusting(),
        trusting().client_from("forwarded"),
        trusting().client_from("x-real-ip"),
        trusting().proxies_write(Writing::Replace).allowed_hosts("example.com"),
        trusting().host_from("x-forwarded-host").allowed_hosts("example.com"),
    ];
    let hosts: [Line<'_>; 4] = [
        ("host", evil),
        ("host", b"evil.example"),
        ("x-forwarded-host", b"evil.example"),
        ("x-forwarded-host", evil),
    ];
    let mut count = 0;
    for builder in configurations {
        for (peer, host) in [PROXY, "172.18.0.3", "", "unix"]
            .into_iter()
            .flat_map(|peer| hosts.iter().map(move |host| (peer, *host)))
        {
            let lines = [&[host], lines.as_slice()].concat();
            for lines in [lines, vec![host, CLIENT, ("x-forwarded-proto", evil)]] {
                let layer = built(builder.clone());
                let written = recorded(LevelFilter::TRACE, |_| {
                    layer.apply(&mut request(peer, "http://evil.example/?SECRET", &lines));
                });
                for text in written.iter().flat_map(|event| event.fields.values()) {
                    let is_plain = |c: char| matches!(c, ' '..='~' | '…');
                    assert!(text.chars().all(is_plain) && !text.contains("SECRET"), "{text:?}");
                    count += 1;
                }
            }
        }
    }
    assert!(count > 400, "{count}");
}

#[test]
fn a_long_host_is_cut() {
    let layer = built(trusting().allowed_hosts("example.com"));
    let host = format!("{}.example", "a".repeat(60));
    let events = events(&layer, PROXY, &[CLIENT, HTTPS, ("host", host.as_bytes())]);
    let shown = &host[..64];
    assert_eq!(events[0].field("forwarded.host"), Some(shown));
    let message = format!("if {shown} is yours: .allowed_hosts(\"…, {shown}\")");
    assert_eq!(events[0].message(), message);
}

#[test]
fn the_configuration_is_written_once() {
    let layer = ForwardedHeaders::builder()
        .trust_chain(["203.0.113.0/24, private", PROXY])
        .allowed_hosts("example.com, *.example.net")
        .build()
        .unwrap();
    let written = recorded(LevelFilter::DEBUG, |_| {
        // axum makes a service for each route.
        drop((layer.layer(()), layer.clone().layer(()), layer.explaining().layer(())));
    });
    let fields = [
        ("forwarded.allowed_hosts", "example.com, *.example.net"),
        ("forwarded.client_from", "x-forwarded-for"),
        ("forwarded.configured_by", "code"),
        ("forwarded.scheme_from", "x-forwarded-proto"),
        ("forwarded.trust", "[\"203.0.113.0/24, private\", \"10.0.0.2\"]"),
        ("message", "the configuration of the layer"),
    ];
    let fields = fields.map(|(name, value)| (name, value.to_owned()));
    assert_eq!(written, [Written { level: DEBUG, fields: fields.into() }]);
    let none = built(ForwardedHeaders::builder().trust(TrustedProxies::none()));
    let written = recorded(LevelFilter::DEBUG, |_| drop(none.explaining().layer(())));
    assert_eq!(written[0].field("forwarded.trust"), Some("[\"none\"]"));
    let variables = [("FORWARDED_HEADERS_TRUST", PROXY)];
    let operator = Config::from_vars(variables).unwrap();
    let cdn = built(trusting().trust(cdn()).configure(Config::default()));
    for (layer, by, trust) in [
        (built(trusting().configure(operator)), "environment", "[\"10.0.0.2\"]"),
        (cdn, "code", "[\"198.51.100.0/24, with a secret in x-origin-verify\"]"),
    ] {
        let written = recorded(LevelFilter::DEBUG, |_| drop(layer.layer(())));
        assert_eq!(written[0].field("forwarded.configured_by"), Some(by));
        assert_eq!(written[0].field("forwarded.trust"), Some(trust));
    }
    let quiet = built(trusting());
    assert_eq!(recorded(LevelFilter::INFO, |_| drop(quiet.layer(()))), []);
    assert_eq!(recorded(LevelFilter::DEBUG, |_| drop(quiet.layer(()))).len(), 1);
}

/// Only a layer that rewrites a request writes about it, once.
#[test]
fn what_changes_nothing_writes_nothing() {
    let layer = built(trusting());
    let (parts, ()) = request("172.18.0.3", "/", &[CLIENT]).into_parts();
    let written = recorded(LevelFilter::DEBUG, |_| {
        let _ = (layer.resolve(&parts), layer.explain(&parts));
    });
    assert_eq!(written, []);
    let both = layer.layer(layer.layer(tower::service_fn(async |_: http::Request<()>| {
        Ok::<_, std::convert::Infallible>(())
    })));
    let request = request("172.18.0.3", "/", &[CLIENT]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let written = recorded(LevelFilter::INFO, |_| {
        runtime.block_on(tower::ServiceExt::oneshot(both, request)).unwrap();
    });
    assert_eq!(written.len(), 1);
}

/// The log changes no decision.
#[test]
fn a_subscriber_changes_no_request() {
    for (name, builder, peer, lines, ..) in rows() {
        let layer = built(builder);
        let mut logged = None;
        recorded(LevelFilter::DEBUG, |_| {
            logged = Some(through(&layer, request(peer, "/", lines)));
        });
        let (logged, plain) = (logged.unwrap(), quiet(&layer, request(peer, "/", lines)));
        assert_eq!(logged.headers, plain.headers, "{name}");
        let info = |parts: &http::request::Parts| parts.extensions.get::<ConnectionInfo>().cloned();
        assert_eq!(info(&logged), info(&plain), "{name}");
    }
}

/// Returns what a span with all fields, and one that the layer does not know, gets.
fn recorded_in_a_span(info: &ConnectionInfo) -> BTreeMap<&'static str, String> {
    let written = recorded(LevelFilter::INFO, |_| {
        let span = tracing::info_span!(
            "request",
            client.address = Empty,
            client.port = Empty,
            network.peer.address = Empty,
            network.peer.port = Empty,
            server.address = Empty,
            server.port = Empty,
            url.scheme = Empty,
            forwarded.reason = Empty,
            other = Empty,
        );
        info.record(&span);
    });
    written.into_iter().flat_map(|written| written.fields).collect()
}

/// Name, peer, lines, and the fields of the span.
type SpanRow<'a> = (&'a str, &'a str, &'a [Line<'a>], &'a [(&'static str, &'a str)]);

#[test]
fn a_span_gets_what_is_known() {
    let layer = built(trusting().trust("10.0.0.2, unix"));
    let rows: [SpanRow<'_>; 5] = [
        (
            "forwarded",
            "[::ffff:10.0.0.2]:5000",
            &[("x-forwarded-for", b"[2001:db8::7]:4711"), HTTPS, ("host", b"[2001:db8::1]:8443")],
            &[
                ("client.address", "2001:db8::7"),
                ("client.port", "4711"),
                ("network.peer.address", "10.0.0.2"),
                ("network.peer.port", "5000"),
                ("server.address", "2001:db8::1"),
                ("server.port", "8443"),
                ("url.scheme", "https"),
            ],
        ),
        (
            "direct",
            "203.0.113.7:4711",
            &[CLIENT, ("host", b"example.com")],
            &[
                ("client.address", "203.0.113.7"),
                ("client.port", "4711"),
                ("network.peer.address", "203.0.113.7"),
                ("network.peer.port", "4711"),
                ("server.address", "example.com"),
                ("url.scheme", "http"),
                ("forwarded.reason", "untrusted_headers"),
            ],
        ),
        (
            "unresolved: no address, where OpenTelemetry would put the peer",
            "10.0.0.2:5000",
            &[],
            &[
                ("network.peer.address", "10.0.0.2"),
                ("network.peer.port", "5000"),
                ("url.scheme", "http"),
                ("forwarded.reason", "no_header"),
            ],
        ),
        (
            "a Unix socket",
            "unix",
            &[CLIENT, HTTPS],
            &[("client.address", "203.0.113.7"), ("url.scheme", "https")],
        ),
        ("no peer", "", &[], &[("url.scheme", "http"), ("forwarded.reason", "no_peer")]),
    ];
    for (name, peer, lines, fields) in rows {
        let expected: BTreeMap<_, _> =
            fields.iter().map(|(field, value)| (*field, (*value).to_owned())).collect();
        assert_eq!(recorded_in_a_span(&resolve(&layer, peer, lines)), expected, "{name}");
    }
}

#[test]
fn a_span_without_fields_gets_nothing() {
    let info = resolve(&built(trusting()), PROXY, &[CLIENT]);
    let written = recorded(LevelFilter::INFO, |_| {
        info.record(&tracing::info_span!("request", other = Empty));
        info.record(&tracing::Span::none());
    });
    assert!(written.iter().all(|written| written.fields.is_empty()), "{written:?}");
}
