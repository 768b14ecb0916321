//! Why a value is absent: each reason, for each value that can have it.

use std::collections::BTreeSet;

use forwarded_headers::explain::{self, Verdict};
use forwarded_headers::{
    Absent, Builder, ConnectionInfo, ForwardedHeaders, Peer, SchemeSource, Writing,
};

use crate::support::{Line, request, resolve, through};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Scheme,
    Host,
    Authority,
    Port,
    Prefix,
}

use Absent::{Differ, ExtraLines, NotAllowed, NotBelieved, NotRead, NotSent, NotTrusted, NotValid};
use Value::{Authority, Host, Port, Prefix, Scheme};

fn absent(info: &ConnectionInfo, value: Value) -> Option<Absent> {
    match value {
        Scheme => info.absent_scheme(),
        Host => info.absent_host(),
        Authority => info.absent_authority(),
        Port => info.absent_port(),
        Prefix => info.absent_prefix(),
    }
}

/// Reads every value of the X- family.
fn all() -> Builder {
    ForwardedHeaders::builder()
        .host_from("x-forwarded-host")
        .port_from("x-forwarded-port")
        .prefix_from("x-forwarded-prefix")
        .allowed_hosts("example.com")
}

fn forwarded() -> Builder {
    let builder = ForwardedHeaders::builder().client_from("forwarded").host_from("forwarded");
    builder.prefix_from("x-forwarded-prefix").allowed_hosts("example.com")
}

fn client_alone() -> Builder {
    ForwardedHeaders::builder().scheme_from(SchemeSource::none())
}

fn on_off() -> Builder {
    ForwardedHeaders::builder().scheme_from("x-forwarded-ssl")
}

fn each() -> Builder {
    all().proxies_write(Writing::AppendToEach)
}

fn first_line() -> Builder {
    ForwardedHeaders::builder().proxies_write(Writing::AppendToFirstLine)
}

fn replace() -> Builder {
    all().proxies_write(Writing::Replace)
}

fn peer_may_be_client() -> Builder {
    all().trusted_peer_may_be_client(true)
}

const PROXY: &str = "127.0.0.1";
const STRANGER: &str = "203.0.113.9";
const FOR: Line<'_> = ("x-forwarded-for", b"203.0.113.7");
const PROTO: Line<'_> = ("x-forwarded-proto", b"https");
const HOST: Line<'_> = ("x-forwarded-host", b"example.com");
const PORT: Line<'_> = ("x-forwarded-port", b"443");
const PREFIX: Line<'_> = ("x-forwarded-prefix", b"/shop");
const OWN: Line<'_> = ("host", b"example.com");

/// Settings, peer, lines, and the values that are absent for this reason.
type Row = (fn() -> Builder, &'static str, &'static [Line<'static>], Absent, &'static [Value]);

const FOUR: &[Value] = &[Scheme, Host, Port, Prefix];

const ROWS: &[Row] = &[
    (all, STRANGER, &[FOR, PROTO, HOST, PORT, PREFIX, OWN], NotTrusted, FOUR),
    (all, STRANGER, &[OWN], NotTrusted, FOUR),
    (all, "", &[FOR, PROTO, HOST, PORT, PREFIX, OWN], NotTrusted, FOUR),
    // The address is missing, has an empty entry, is malformed, or has extra entries.
    (all, PROXY, &[PROTO, HOST, PORT, PREFIX], NotBelieved, FOUR),
    (all, PROXY, &[("x-forwarded-for", b"1.1.1.1,"), PROTO, HOST, PORT, PREFIX], NotBelieved, FOUR),
    (all, PROXY, &[("x-forwarded-for", b"a"), PROTO, HOST, PORT, PREFIX], NotBelieved, FOUR),
    (replace, PROXY, &[FOR, FOR, PROTO, HOST, PORT, PREFIX], NotBelieved, FOUR),
    (forwarded, PROXY, &[("forwarded", b"for=a b;proto=https")], NotBelieved, &[Scheme, Host]),
    (client_alone, PROXY, &[FOR, PROTO, HOST, PORT, PREFIX], NotRead, FOUR),
    (all, PROXY, &[FOR], NotSent, &[Scheme, Host, Authority, Port, Prefix]),
    (forwarded, PROXY, &[("forwarded", b"for=203.0.113.7")], NotSent, &[Scheme, Host, Prefix]),
    (forwarded, PROXY, &[("forwarded", b"for=203.0.113.7")], NotRead, &[Port]),
    (peer_may_be_client, PROXY, &[OWN], NotSent, FOUR),
    // No entry at the client's place.
    (
        each,
        PROXY,
        &[("x-forwarded-for", b"203.0.113.7"), ("x-forwarded-proto", b"https"), OWN],
        NotSent,
        &[Host, Port, Prefix],
    ),
    (on_off, PROXY, &[FOR, ("x-forwarded-ssl", b"on, off")], Differ, &[Scheme]),
    (all, PROXY, &[FOR, HOST, ("x-forwarded-host", b"a.example")], Differ, &[Host]),
    (all, PROXY, &[FOR, ("x-forwarded-host", b"example.com,")], Differ, &[Host]),
    (all, PROXY, &[FOR, ("x-forwarded-port", b"443, 80")], Differ, &[Port]),
    (all, PROXY, &[FOR, ("x-forwarded-prefix", b"/a,/b")], Differ, &[Prefix]),
    (first_line, PROXY, &[FOR, PROTO, ("x-forwarded-proto", b"http")], ExtraLines, &[Scheme]),
    (all, PROXY, &[FOR, OWN, OWN], ExtraLines, &[Authority]),
    (all, STRANGER, &[OWN, ("host", b"a.example")], ExtraLines, &[Authority]),
    (all, PROXY, &[FOR, ("x-forwarded-proto", b"httpshttps")], NotValid, &[Scheme]),
    (all, PROXY, &[FOR, ("x-forwarded-proto", b"https;")], NotValid, &[Scheme]),
    (all, PROXY, &[FOR, ("x-forwarded-proto", b"")], NotValid, &[Scheme]),
    (on_off, PROXY, &[FOR, ("x-forwarded-ssl", b"https")], NotValid, &[Scheme]),
    (all, PROXY, &[FOR, ("x-forwarded-host", b"a b"), OWN], NotValid, &[Host]),
    (all, PROXY, &[FOR, ("x-forwarded-port", b"x")], NotValid, &[Port]),
    (all, PROXY, &[FOR, ("x-forwarded-prefix", b"/a//b")], NotValid, &[Prefix]),
    (all, PROXY, &[FOR, ("host", b"a:b")], NotValid, &[Authority]),
    (
        forwarded,
        PROXY,
        &[("forwarded", b"for=203.0.113.7;proto=ftp;host=\"a b\"")],
        NotValid,
        &[Scheme, Host],
    ),
    (
        all,
        PROXY,
        &[FOR, ("x-forwarded-host", b"evil.example"), OWN],
        NotAllowed,
        &[Host, Authority],
    ),
    (all, PROXY, &[FOR, ("host", b"evil.example")], NotAllowed, &[Authority]),
    (all, STRANGER, &[("host", b"evil.example")], NotAllowed, &[Authority]),
    (
        forwarded,
        PROXY,
        &[("forwarded", b"for=203.0.113.7;host=evil.example"), OWN],
        NotAllowed,
        &[Host, Authority],
    ),
];

/// The reasons that a value can have, in the order of the rule. It has no other: no scheme is refused
/// by `allowed_hosts`; single values have copies, not lines; an authority needs no trust.
const CAN: [(Value, &[Absent]); 5] = [
    (Scheme, &[NotTrusted, NotBelieved, NotRead, NotSent, Differ, ExtraLines, NotValid]),
    (Host, &[NotTrusted, NotBelieved, NotRead, NotSent, Differ, NotValid, NotAllowed]),
    (Authority, &[NotSent, ExtraLines, NotValid, NotAllowed]),
    (Port, &[NotTrusted, NotBelieved, NotRead, NotSent, Differ, NotValid]),
    (Prefix, &[NotTrusted, NotBelieved, NotRead, NotSent, Differ, NotValid]),
];

#[test]
fn an_absent_value_has_its_reason() {
    for (settings, peer, lines, why, values) in ROWS {
        let layer = settings().build().unwrap();
        let alone = resolve(&layer, peer, lines);
        let parts = through(&layer, request(peer, "/", lines));
        assert_eq!(parts.extensions.get(), Some(&alone), "{lines:?}");
        for value in *values {
            assert_eq!(absent(&alone, *value), Some(*why), "{value:?} of {lines:?}");
        }
    }
}

/// The value of an explanation, and how a reason is said of it.
fn explained(value: Value, why: Absent) -> Option<(explain::Value, &'static str)> {
    let value = match value {
        Scheme => explain::Value::Scheme,
        Host | Authority => explain::Value::Host,
        Port => explain::Value::Port,
        Prefix => explain::Value::Prefix,
    };
    let sentence = match why {
        NotTrusted => "not read",
        NotBelieved => "not read without a client",
        // A header that the configuration does not read is one of the others.
        NotRead => return None,
        NotSent => "not sent",
        Differ => "not used: its copies differ",
        ExtraLines => "not used: it has more lines than a trusted proxy writes",
        NotValid => "not valid",
        NotAllowed => "not in allowed_hosts",
        other => panic!("{other:?} is new"),
    };
    Some((value, sentence))
}

/// An explanation has the reason, on the header that it is about, and in words.
#[test]
fn an_explanation_says_the_reason() {
    for (settings, peer, lines, why, values) in ROWS {
        let layer = settings().build().unwrap();
        let explanation = layer.explain(&request(peer, "/", lines).into_parts().0);
        for value in *values {
            let Some((shown, sentence)) = explained(*value, *why) else { continue };
            let verdict = Verdict::Absent(shown, *why);
            let entries = explanation.entries().iter().filter(|entry| entry.verdict == verdict);
            let mut names = vec![];
            for entry in entries {
                assert!(entry.note.starts_with(sentence), "{explanation}");
                names.push(&*entry.name);
            }
            let name = match (*value, lines[0].0) {
                (Scheme | Host, "forwarded") => "forwarded ",
                (Scheme, _) => "x-forwarded-",
                (Host, _) => "x-forwarded-host",
                (Authority, _) if *why == NotAllowed => "",
                (Authority, _) => "host",
                (Port, _) => "x-forwarded-port",
                (Prefix, _) => "x-forwarded-prefix",
            };
            // What an untrusted peer did not send, or sent without a client, needs no line.
            let is_silent = matches!(why, NotTrusted | NotBelieved) && names.is_empty();
            let is_sent =
                lines.iter().any(|(line, _)| line.starts_with(name) && *line != "x-forwarded-for");
            assert!(
                is_silent && !is_sent || names.iter().any(|shown| shown.starts_with(name)),
                "{value:?} {why:?}: {explanation}"
            );
        }
    }
}

fn pairs() -> BTreeSet<(Value, String)> {
    let name = |(value, reasons): &(Value, &[Absent])| {
        reasons.iter().map(|why| (*value, format!("{why:?}"))).collect::<Vec<_>>()
    };
    CAN.iter().flat_map(name).collect()
}

#[test]
fn the_table_has_each_reason_of_each_value() {
    let shown = ROWS.iter().flat_map(|(_, _, _, why, values)| {
        values.iter().map(move |value| (*value, format!("{why:?}")))
    });
    assert_eq!(shown.collect::<BTreeSet<_>>(), pairs());
}

/// The second reading of the rule gives the same pairs, and no other.
#[test]
fn no_value_has_another_reason() {
    let mut seen = BTreeSet::new();
    for (case, _) in crate::rule::cases() {
        let absent = case.expected().absent;
        let values = [Scheme, Host, Authority, Port, Prefix].into_iter().zip(absent);
        seen.extend(values.filter_map(|(value, why)| Some((value, why?.to_owned()))));
    }
    assert_eq!(seen, pairs());
}

#[test]
fn a_present_value_has_no_reason() {
    let layer = all().build().unwrap();
    let info = resolve(&layer, PROXY, &[FOR, PROTO, HOST, PORT, PREFIX]);
    for value in [Scheme, Host, Authority, Port, Prefix] {
        assert_eq!(absent(&info, value), None, "{value:?}");
    }
}

#[test]
fn an_untrusted_peer_that_sends_forwarding_headers_is_noticed() {
    let has = |peer: &str, lines: &[Line<'_>]| {
        let layer = all().insecure_keep_header("x-real-ip").build().unwrap();
        let alone = resolve(&layer, peer, lines);
        let parts = through(&layer, request(peer, "/", lines));
        assert_eq!(parts.extensions.get(), Some(&alone), "{lines:?}");
        alone.has_untrusted_headers()
    };
    for line in [
        FOR,
        PROTO,
        ("x_forwarded_for", b"1.1.1.1"),
        ("x-real-ip", b""),
        ("forwarded", b"for=1.1.1.1"),
    ] {
        assert!(has(STRANGER, &[OWN, line]), "{line:?}");
        assert!(has("", &[OWN, line]), "{line:?}");
        assert!(has("unix", &[OWN, line]), "{line:?}");
        assert!(!has(PROXY, &[OWN, line]), "{line:?}");
    }
    assert!(!has(STRANGER, &[OWN, ("accept", b"*/*"), ("cookie", b"x-forwarded-for=1")]));
    assert!(!ConnectionInfo::from(Peer::Unix).has_untrusted_headers());
}
