//! The last value that is accepted and the first that is not, where a changed line of code would move
//! the boundary.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use forwarded_headers::forwarded::elements;
use forwarded_headers::{
    AllowedHosts, Builder, ClientSource, ConnectionInfo, ForwardedHeaders, Outcome, SchemeSource,
    Unresolved, Writing,
};
use http::Request;
use http::uri::{Authority, Scheme};
use tower::{Layer, Service};

use crate::support::{Line, info, ip, lines, request, resolve, through};

const PROXY: &str = "127.0.0.1";
const CLIENT: &str = "203.0.113.7";
const XFF: &str = "x-forwarded-for";

fn built(builder: Builder) -> ForwardedHeaders {
    builder.build().unwrap()
}

fn reads(list: &str) -> ForwardedHeaders {
    built(ForwardedHeaders::builder().client_from(list))
}

fn authority(info: &ConnectionInfo) -> Option<&str> {
    info.authority().map(Authority::as_str)
}

/// 253 characters in labels of 63 at most (RFC 1035 §2.3.4).
fn longest_name() -> String {
    let label = "a".repeat(63);
    format!("{label}.{label}.{label}.{}", "a".repeat(61))
}

fn forwarded_host(name: &str) -> Option<String> {
    let builder = ForwardedHeaders::builder().host_from("x-forwarded-host");
    let layer = built(builder.allowed_hosts(AllowedHosts::any()));
    let sent = [(XFF, CLIENT.as_bytes()), ("x-forwarded-host", name.as_bytes())];
    authority(&resolve(&layer, PROXY, &sent)).map(String::from)
}

#[test]
fn forwarded_hosts() {
    let name = longest_name();
    let label = "b".repeat(63);
    let accepted = [
        (name.clone(), name.clone()),
        (format!("{name}.:65535"), format!("{name}:65535")),
        (format!("{label}.example"), format!("{label}.example")),
        // Not a number in base 16, so not an address for any reader.
        ("example.0xyz".into(), "example.0xyz".into()),
        ("example.0".to_string() + "a", "example.0a".into()),
        ("a_b-c.example".into(), "a_b-c.example".into()),
        ("192.0.2.1".into(), "192.0.2.1".into()),
        ("h:1".into(), "h:1".into()),
        ("h:".into(), "h".into()),
        ("h.:".into(), "h".into()),
        ("[::1]:".into(), "[::1]".into()),
        ("192.0.2.1:".into(), "192.0.2.1".into()),
        ("-a.example".into(), "-a.example".into()),
        ("a-.example".into(), "a-.example".into()),
        ("-".into(), "-".into()),
    ];
    for (sent, authority) in accepted {
        assert_eq!(forwarded_host(&sent).as_deref(), Some(authority.as_str()), "{sent}");
    }
    let refused = [
        format!("a{name}"),
        format!("b{label}.example"),
        // Browsers read these as addresses (WHATWG URL, "ends in a number").
        "example.0x7f".into(),
        "0x7F000001".into(),
        "example.0x".into(),
        "example.1".into(),
        "192.0.2.1.".into(),
        "a..b".into(),
        ".".into(),
        "h:0".into(),
        "h:65536".into(),
        ":".into(),
        "h::".into(),
        "[::1".into(),
        "[::1]x".into(),
    ];
    for sent in refused {
        assert_eq!(forwarded_host(&sent), None, "{sent}");
    }
}

/// `Host` is searched in the first place, and then elsewhere.
#[test]
fn the_own_host_in_any_place() {
    const HOST: Line<'_> = ("host", b"example.com");
    const OTHER: Line<'_> = ("accept", b"other.example");
    let rows: [(&[Line<'_>], Option<&str>); 7] = [
        (&[HOST], Some("example.com")),
        (&[HOST, OTHER], Some("example.com")),
        (&[OTHER, HOST], Some("example.com")),
        (&[OTHER], None),
        (&[HOST, HOST], None),
        (&[HOST, OTHER, HOST], None),
        (&[OTHER, HOST, HOST], None),
    ];
    for (sent, expected) in rows {
        let layer = ForwardedHeaders::new();
        assert_eq!(authority(&resolve(&layer, PROXY, sent)), expected, "{sent:?}");
        let parts = through(&layer, request(PROXY, "/", sent));
        assert_eq!(authority(info(&parts)), expected, "{sent:?}");
    }
}

/// Every byte of the longest authority escaped.
#[test]
fn the_longest_host_with_escapes() {
    let longest = format!("{}.:65535", longest_name());
    let escaped: String = longest.chars().flat_map(|c| ['\\', c]).collect();
    let value = format!("for=203.0.113.7;host=\"{escaped}\"");
    let builder = ForwardedHeaders::builder().client_from("forwarded").host_from("forwarded");
    let layer = built(builder.allowed_hosts(AllowedHosts::any()));
    let info = resolve(&layer, PROXY, &[("forwarded", value.as_bytes())]);
    assert_eq!(authority(&info), Some(format!("{}:65535", longest_name()).as_str()));
}

/// An escaped quote behind an escaped backslash, far from the quote that opens.
#[test]
fn an_escaped_quote() {
    let value = br#"for=6.6.6.6, for=203.0.113.7;x="aaaaaaaaaaaaaaaaaaaaaaaa\\\"b,c""#;
    let info = resolve(&reads("forwarded"), PROXY, &[("forwarded", value)]);
    assert_eq!(info.client_ip(), Some(ip(CLIENT)));
}

/// An entry may have 4096 bytes, spaces included. A longer entry is malformed, and so is the rest of its
/// line.
#[test]
fn long_entries() {
    let of_length = |length: usize, end: &str| format!("{end:>length$}");
    for (name, entry) in [(XFF, CLIENT), ("forwarded", "for=203.0.113.7")] {
        let layer = reads(name);
        let client =
            |value: String| resolve(&layer, PROXY, &[(name, value.as_bytes())]).client_ip();
        assert_eq!(client(of_length(4096, entry)), Some(ip("203.0.113.7")));
        assert_eq!(client(format!("x,{}", of_length(4096, entry))), Some(ip("203.0.113.7")));
        assert_eq!(client(of_length(4097, entry)), None);
        assert_eq!(client(format!("x,{}", of_length(4097, entry))), None);
        assert_eq!(client(format!("{entry},{}", of_length(4097, ""))), None);
    }
    let pair = format!("for=203.0.113.7;x={}", "a".repeat(4096 - "for=203.0.113.7;x=".len()));
    let layer = reads("forwarded");
    let client =
        |value: &str| resolve(&layer, PROXY, &[("forwarded", value.as_bytes())]).client_ip();
    assert_eq!(client(&pair), Some(ip("203.0.113.7")));
    assert_eq!(client(&format!("for=6.6.6.6,{pair}")), Some(ip("203.0.113.7")));
    assert_eq!(client(&format!("{pair}a")), None);
    assert_eq!(client(&format!("for=6.6.6.6,{pair}a")), None);
}

/// The rest of the line counts as one entry, so a count past a long entry would be wrong.
#[test]
fn entries_are_not_counted_past_a_long_entry() {
    let chain = || ForwardedHeaders::builder().trust_chain(["10.0.0.0/8", "10.0.0.0/8"]);
    let aligned = chain().proxies_write(Writing::AppendToEach).host_from("x-forwarded-host");
    let aligned = built(aligned.allowed_hosts("victim.example, good.example"));
    let clients: Line<'_> = (XFF, b"203.0.113.7, 10.0.0.2");
    for (length, outcome) in [(100, Outcome::Forwarded), (4096, Outcome::Forwarded)] {
        // The client's line, and the line of two proxies, which append the host of the request.
        let host = "h".repeat(length);
        let own = format!("{host}, {host}");
        let lines: [Line<'_>; 3] = [
            clients,
            ("x-forwarded-host", b"victim.example"),
            ("x-forwarded-host", own.as_bytes()),
        ];
        let info = resolve(&aligned, "10.0.0.1", &lines);
        assert_eq!((info.outcome(), info.authority()), (outcome, None), "{length}");
    }
    let replaced = built(chain().proxies_write(Writing::Replace));
    let extra = Outcome::Unresolved(Unresolved::ExtraEntries);
    for length in [10, 4097] {
        let more = format!("{}, 203.0.113.7, 10.0.0.2", "a".repeat(length));
        let info = resolve(&replaced, "10.0.0.1", &[(XFF, more.as_bytes())]);
        assert_eq!((info.outcome(), info.client_ip()), (extra, None), "{length}");
    }
}

/// A proxy may write its scheme twice, and the rightmost counts. A second address came past the proxy.
#[test]
fn only_the_list_of_addresses_is_counted() {
    let layer = built(ForwardedHeaders::builder().proxies_write(Writing::Replace));
    let client: Line<'_> = (XFF, b"203.0.113.7");
    let rows: [(&[Line<'_>], Outcome, &str); 4] = [
        (&[client, ("x-forwarded-proto", b"http, https")], Outcome::Forwarded, "https"),
        (&[client, ("x-forwarded-proto", b"https, http")], Outcome::Forwarded, "http"),
        (
            &[client, ("x-forwarded-proto", b"http"), ("x-forwarded-proto", b"https")],
            Outcome::Forwarded,
            "https",
        ),
        (
            &[(XFF, b"6.6.6.6, 203.0.113.7"), ("x-forwarded-proto", b"https")],
            Outcome::Unresolved(Unresolved::ExtraEntries),
            "http",
        ),
    ];
    for (sent, outcome, scheme) in rows {
        let parts = through(&layer, request(PROXY, "/", sent));
        let found = (info(&parts).outcome(), info(&parts).scheme().as_str());
        assert_eq!(found, (outcome, scheme), "{sent:?}");
        let left = if outcome == Outcome::Forwarded { vec![scheme.as_bytes()] } else { vec![] };
        assert_eq!(lines(&parts, "x-forwarded-proto"), left, "{sent:?}");
    }
}

/// The last of two lines is the client's, so they count only if they agree.
#[test]
fn the_scheme_of_a_proxy_that_appends_to_the_first_line() {
    const PROTO: &str = "x-forwarded-proto";
    let layer = built(ForwardedHeaders::builder().proxies_write(Writing::AppendToFirstLine));
    let rows: [(&[&[u8]], Option<&str>); 9] = [
        (&[b"https"], Some("https")),
        (&[b"http, https"], Some("https")),
        (&[b"https", b"http"], None),
        (&[b"http", b"https"], None),
        (&[b"https", b"https"], Some("https")),
        (&[b"https", b"WSS"], Some("https")),
        (&[b"http, https", b"https"], None),
        (&[b"https", b"https,"], None),
        (&[b"x", b"x"], None),
    ];
    for (values, scheme) in rows {
        let values_read = values.iter().map(|value| (PROTO, *value));
        let sent: Vec<_> =
            std::iter::once((XFF, b"203.0.113.7".as_slice())).chain(values_read).collect();
        let parts = through(&layer, request(PROXY, "/", &sent));
        assert!(info(&parts).is_forwarded(), "{values:?}");
        assert_eq!(info(&parts).forwarded_scheme().map(Scheme::as_str), scheme, "{values:?}");
        assert_eq!(lines(&parts, PROTO), Vec::from_iter(scheme.map(str::as_bytes)), "{values:?}");
    }
}

#[test]
fn values_are_copied_only_if_they_have_escapes() {
    let element = elements(br#"proto="http";host="a\b""#).next().unwrap().unwrap();
    assert!(matches!(element.proto().unwrap().to_bytes(), Cow::Borrowed(b"http")));
    assert!(matches!(element.host().unwrap().to_bytes(), Cow::Owned(host) if host == b"ab"));
}

#[test]
fn both_schemes_may_be_stated() {
    for scheme in [Scheme::HTTP, Scheme::HTTPS] {
        let direct = built(ForwardedHeaders::builder().direct_scheme(scheme.clone()));
        assert_eq!(resolve(&direct, CLIENT, &[]).scheme(), &scheme);
        let always = SchemeSource::always(scheme.clone());
        let always = built(ForwardedHeaders::builder().scheme_from(always));
        assert_eq!(resolve(&always, CLIENT, &[]).scheme(), &scheme);
    }
}

#[test]
fn values_are_compared_without_quotes_and_escapes() {
    let element = elements(br#"a=x;b="x";c="\x";d=xy;e="\xy""#).next().unwrap().unwrap();
    let values: Vec<_> = element.pairs().map(|(_, value)| value).collect();
    let [plain, quoted, escaped, longer, longer_escaped] = values[..] else { panic!("{values:?}") };
    assert!(plain == quoted && plain == escaped && longer == longer_escaped);
    assert!(plain != longer && plain != longer_escaped);
    assert!(plain == "x" && escaped == *"x");
    assert!(plain != "xy" && longer != *"x");
}

/// The table of lengths ends at 63 bytes. No known name is that long.
#[test]
fn long_names_of_other_headers_are_kept() {
    let layer = ForwardedHeaders::new();
    for length in [63, 64, 65, 128, 1000] {
        let name = format!("x-{}", "a".repeat(length - 2));
        let parts = through(&layer, request(CLIENT, "/", &[(&name, b"1")]));
        assert_eq!(lines(&parts, &name), [b"1"], "{length}");
    }
}

#[test]
fn hops_are_counted_to_255() {
    let layer = built(ForwardedHeaders::builder().trust_chain(vec!["loopback"; 255]));
    let list = [PROXY; 300].join(", ");
    let info = resolve(&layer, PROXY, &[(XFF, list.as_bytes())]);
    assert_eq!((info.hops(), info.client_ip()), (255, Some(ip(PROXY))));
}

/// Without an address there is no port. The node keeps its port.
#[test]
fn ports_without_an_address() {
    let rows = [
        (XFF, "unknown:80", "unknown:80"),
        ("forwarded", "for=\"unknown:80\"", "unknown:80"),
        ("forwarded", "for=\"unknown:_p\"", "unknown:_p"),
        ("forwarded", "for=\"_hidden:80\"", "_hidden:80"),
    ];
    for (name, line, node) in rows {
        let info = resolve(&reads(name), PROXY, &[(name, line.as_bytes())]);
        assert_eq!(info.client().map(|node| node.to_string()).as_deref(), Some(node), "{line}");
        assert_eq!((info.client_ip(), info.client_port()), (None, None), "{line}");
    }
}

/// A trusted peer that sends a forwarding header is a proxy without a report, and not the client.
#[test]
fn a_trusted_peer_that_is_the_client_sends_no_forwarding_header() {
    let builder = || ForwardedHeaders::builder().trusted_peer_may_be_client(true);
    let layer = built(builder());
    let single = built(builder().client_from("x-real-ip"));
    let no_header = Outcome::Unresolved(Unresolved::NoHeader);
    let own = built(builder().prefix_from("x-our-prefix"));
    let kept = built(builder().insecure_keep_header("x-real-ip"));
    let rows: [(&ForwardedHeaders, &[Line<'_>], Outcome); 14] = [
        (&layer, &[], Outcome::NotForwarded),
        (&layer, &[("host", b"example.com")], Outcome::NotForwarded),
        (&layer, &[("x-forwarded-user", b"root")], Outcome::NotForwarded),
        (&layer, &[("x-our-prefix", b"/a")], Outcome::NotForwarded),
        (&own, &[("x-our-prefix", b"/a")], no_header),
        (&layer, &[("forwarded", b"for=6.6.6.6")], no_header),
        (&layer, &[("cf-connecting-ip", b"6.6.6.6")], no_header),
        (&layer, &[("x_forwarded.for", b"6.6.6.6")], no_header),
        (&kept, &[("x-real-ip", b"6.6.6.6")], no_header),
        (&layer, &[("x-forwarded-proto", b"https")], no_header),
        (&layer, &[("x-forwarded-host", b"example.com")], no_header),
        (&layer, &[("x-forwarded-port", b"443")], no_header),
        (&layer, &[("x-forwarded-prefix", b"/")], no_header),
        (&single, &[(XFF, b"6.6.6.6")], no_header),
    ];
    for (layer, sent, outcome) in rows {
        assert_eq!(resolve(layer, PROXY, sent).outcome(), outcome, "{sent:?}");
    }
}

const OUTER: &str = "198.51.100.9";

/// Reads this entry from the right end, behind one proxy on this machine.
fn one_proxy(place: u8) -> Builder {
    let source = ClientSource::x_forwarded_for().nth_from_right(place);
    ForwardedHeaders::builder().client_from(source)
}

/// The same, with the outer proxy in front.
fn two_proxies(place: u8) -> Builder {
    one_proxy(place).trust_chain([OUTER, "loopback"])
}

/// A name, the lines of the list, the outcome and the hops.
type PlaceRow<'a> = (&'a str, &'a [&'a [u8]], Outcome, u8);

fn check_places(builder: Builder, rows: &[PlaceRow<'_>]) {
    let layer = built(builder);
    for (name, list, outcome, hops) in rows {
        let sent: Vec<Line<'_>> = list.iter().map(|line| (XFF, *line)).collect();
        let parts = through(&layer, request(PROXY, "/", &sent));
        let decided = info(&parts);
        assert_eq!((decided.outcome(), decided.hops()), (*outcome, *hops), "{name}");
        let client = (*outcome == Outcome::Forwarded).then_some(CLIENT);
        assert_eq!(decided.client_ip(), client.map(ip), "{name}");
        assert_eq!(lines(&parts, XFF), Vec::from_iter(client.map(str::as_bytes)), "{name}");
    }
}

/// The n-th entry from the right is one report. The entries to the right of it are not looked at.
#[test]
fn reports_at_a_place_from_the_right() {
    use Outcome::{Forwarded, Unresolved as Not};
    use Unresolved::{ListEnds, Malformed, NoHeader};
    let long = |length: usize| format!("{CLIENT},{}", "x".repeat(length)).into_bytes();
    let (longest, too_long) = (long(4096), long(4097));
    check_places(
        one_proxy(2),
        &[
            ("no header", &[], Not(NoHeader), 0),
            ("empty header", &[b""], Not(ListEnds), 0),
            ("one entry less", &[b"203.0.113.7"], Not(ListEnds), 0),
            ("exactly n", &[b"203.0.113.7, 192.0.2.80"], Forwarded, 1),
            ("one entry more", &[b"6.6.6.6, 203.0.113.7, 192.0.2.80"], Forwarded, 1),
            ("junk to the right", &[b"6.6.6.6, 203.0.113.7, \xFF\""], Forwarded, 1),
            ("empty entry to the right", &[b"6.6.6.6, 203.0.113.7,"], Forwarded, 1),
            ("empty line to the right", &[b"6.6.6.6, 203.0.113.7", b""], Forwarded, 1),
            ("longest entry to the right", &[&longest], Forwarded, 1),
            ("longer entry to the right", &[&too_long], Not(Malformed), 1),
            ("empty entry at the place", &[b"6.6.6.6, , 192.0.2.80"], Not(ListEnds), 1),
            ("junk at the place", &[b"6.6.6.6, junk, 192.0.2.80"], Not(Malformed), 1),
        ],
    );
    let left_of = |count| format!("{CLIENT}{}", ", 6.6.6.6".repeat(count)).into_bytes();
    check_places(
        one_proxy(255),
        &[
            ("254 entries", &[&left_of(253)], Not(ListEnds), 0),
            ("255 entries", &[&left_of(254)], Forwarded, 1),
        ],
    );
}

/// The walk goes on to the left of the n-th entry.
#[test]
fn chains_from_a_place_from_the_right() {
    use Outcome::{Forwarded, Unresolved as Not};
    use Unresolved::ListEnds;
    check_places(
        two_proxies(2),
        &[
            ("one report", &[b"6.6.6.6, 203.0.113.7, 192.0.2.80"], Forwarded, 1),
            ("two reports", &[b"6.6.6.6, 203.0.113.7, 198.51.100.9, 192.0.2.80"], Forwarded, 2),
            ("no report of the outer proxy", &[b"198.51.100.9, 192.0.2.80"], Not(ListEnds), 1),
            ("outer proxy to the right", &[b"203.0.113.7, 198.51.100.9"], Forwarded, 1),
        ],
    );
}

/// `Writing::Replace` allows reports + n - 1 entries.
#[test]
fn extra_entries_beside_a_place_from_the_right() {
    use Outcome::{Forwarded, Unresolved as Not};
    use Unresolved::{ExtraEntries, ListEnds};
    check_places(
        one_proxy(2).proxies_write(Writing::Replace),
        &[
            ("one entry less", &[b"203.0.113.7"], Not(ListEnds), 0),
            ("exactly n", &[b"203.0.113.7, 192.0.2.80"], Forwarded, 1),
            ("exactly n in two lines", &[b"203.0.113.7", b"192.0.2.80"], Forwarded, 1),
            ("one entry more", &[b"6.6.6.6, 203.0.113.7, 192.0.2.80"], Not(ExtraEntries), 1),
            ("one empty line more", &[b"", b"203.0.113.7, 192.0.2.80"], Not(ExtraEntries), 1),
        ],
    );
    check_places(
        two_proxies(2).proxies_write(Writing::Replace),
        &[
            ("one report", &[b"203.0.113.7, 192.0.2.80"], Forwarded, 1),
            (
                "one report, one entry more",
                &[b"6.6.6.6, 203.0.113.7, 192.0.2.80"],
                Not(ExtraEntries),
                1,
            ),
            ("two reports", &[b"203.0.113.7, 198.51.100.9, 192.0.2.80"], Forwarded, 2),
            (
                "two reports, one entry more",
                &[b"6.6.6.6, 203.0.113.7, 198.51.100.9, 192.0.2.80"],
                Not(ExtraEntries),
                2,
            ),
        ],
    );
}

/// A name, the place, the lists, and the scheme and the authority.
type EachRow<'a> = (&'a str, u8, [&'a str; 3], &'a str, Option<&'a str>);

/// With `AppendToEach`, each value is the (reports + n - 1)-th entry of its list.
#[test]
fn values_at_the_place_of_the_client() {
    const HOST: &str = "x-forwarded-host";
    const PROTO: &str = "x-forwarded-proto";
    let one = "6.6.6.6, 203.0.113.7";
    let two = "6.6.6.6, 203.0.113.7, 198.51.100.9";
    let rows: [EachRow<'_>; 9] = [
        ("one report", 1, [one, "http, https", "b, a"], "https", Some("a")),
        ("two reports", 1, [two, "http, https, http", "c, a, b"], "https", Some("a")),
        ("second entry", 2, [two, "http, https, http", "c, a, b"], "https", Some("a")),
        (
            "second entry, two reports",
            2,
            [
                "6.6.6.6, 203.0.113.7, 198.51.100.9, 192.0.2.80",
                "http, https, http, x",
                "c, a, b, d",
            ],
            "https",
            Some("a"),
        ),
        (
            "exactly as many entries",
            2,
            ["203.0.113.7, 192.0.2.80", "https, http", "a, b"],
            "https",
            Some("a"),
        ),
        ("schemes are too few", 2, [two, "https", "c, a, b"], "http", Some("a")),
        ("hosts are too few", 2, [two, "http, https, http", "a"], "https", None),
        ("no valid scheme at the place", 2, [two, "https, x, https", "c, a, b"], "http", Some("a")),
        ("no valid host at the place", 2, [two, "http, https, http", "a, , a"], "https", None),
    ];
    for (name, place, [list, schemes, hosts], scheme, host) in rows {
        let builder = two_proxies(place).proxies_write(Writing::AppendToEach);
        let layer = built(builder.host_from(HOST).allowed_hosts(AllowedHosts::any()));
        let sent = [(XFF, list), (PROTO, schemes), (HOST, hosts)];
        let sent = sent.map(|(name, value)| (name, value.as_bytes()));
        let parts = through(&layer, request(PROXY, "/", &sent));
        let decided = info(&parts);
        assert_eq!(decided.client_ip(), Some(ip(CLIENT)), "{name}");
        assert_eq!((decided.scheme().as_str(), authority(decided)), (scheme, host), "{name}");
        let left = decided.forwarded_scheme().map(|scheme| scheme.as_str().as_bytes());
        assert_eq!(lines(&parts, PROTO), Vec::from_iter(left), "{name}");
        assert_eq!(lines(&parts, HOST), Vec::from_iter(host.map(str::as_bytes)), "{name}");
        assert_eq!(lines(&parts, XFF), [CLIENT.as_bytes()], "{name}");
    }
}

/// A name, the lines of the header, the forwarded scheme, and the lines that are left.
type OnOffRow<'a> = (&'a str, &'a [&'a [u8]], Option<&'a str>, &'a [&'a [u8]]);

#[test]
fn schemes_that_are_on_or_off() {
    const SSL: &str = "x-forwarded-ssl";
    let rows: [OnOffRow<'_>; 16] = [
        ("on", &[b"on"], Some("https"), &[b"on"]),
        ("off", &[b"off"], Some("http"), &[b"off"]),
        ("On", &[b"On"], Some("https"), &[b"on"]),
        ("OFF", &[b"OFF"], Some("http"), &[b"off"]),
        ("white space round on", &[b" on\t"], Some("https"), &[b"on"]),
        ("absent", &[], None, &[]),
        ("empty", &[b""], None, &[]),
        ("a scheme", &[b"https"], None, &[]),
        ("a number", &[b"1"], None, &[]),
        ("more than on", &[b"onn"], None, &[]),
        ("a list", &[b"off, on"], None, &[]),
        ("copies", &[b"on, on"], Some("https"), &[b"on"]),
        ("copies in another case", &[b"on, ON"], None, &[]),
        ("quotes", &[b"\"on\""], None, &[]),
        ("two lines", &[b"off", b"on"], None, &[]),
        ("the same line twice", &[b"on", b"on"], Some("https"), &[b"on"]),
    ];
    let layer = built(ForwardedHeaders::builder().scheme_from(SSL));
    let own = built(ForwardedHeaders::builder().scheme_from(SchemeSource::on_off("x-tls")));
    for (name, values, scheme, left) in rows {
        for (layer, header) in [(&layer, SSL), (&own, "x-tls")] {
            let values = values.iter().map(|value| (header, *value));
            let others: [Line<'_>; 2] = [(XFF, b"203.0.113.7"), ("x-forwarded-proto", b"https")];
            let sent: Vec<_> = others.into_iter().chain(values).collect();
            let parts = through(layer, request(PROXY, "/", &sent));
            let found = info(&parts).forwarded_scheme().map(Scheme::as_str);
            assert_eq!(found, scheme, "{name}, {header}");
            assert_eq!(
                info(&parts).scheme().as_str(),
                scheme.unwrap_or("http"),
                "{name}, {header}"
            );
            assert_eq!(lines(&parts, header), left, "{name}, {header}");
            assert!(!parts.headers.contains_key("x-forwarded-proto"), "{name}, {header}");

            let parts = through(layer, request(CLIENT, "/", &sent));
            assert_eq!(info(&parts).forwarded_scheme(), None, "{name}, {header}, from a client");
            assert!(parts.headers.is_empty(), "{name}, {header}, from a client");
        }
    }
}

/// With `AppendToEach`, an on/off header is a list as well.
#[test]
fn schemes_that_are_on_or_off_in_each_list() {
    const SSL: &str = "x-forwarded-ssl";
    let builder = ForwardedHeaders::builder().trust_chain([OUTER, "loopback"]);
    let layer = built(builder.scheme_from(SSL).proxies_write(Writing::AppendToEach));
    let rows: [(&[u8], Option<&str>); 4] = [
        (b"off, ON, off", Some("https")),
        (b"on, OFF, on", Some("http")),
        (b"on", None),
        (b"on, https, on", None),
    ];
    for (value, scheme) in rows {
        let name = value.escape_ascii();
        let sent = [(XFF, b"203.0.113.7, 198.51.100.9".as_slice()), (SSL, value)];
        let parts = through(&layer, request(PROXY, "/", &sent));
        assert_eq!(info(&parts).forwarded_scheme().map(Scheme::as_str), scheme, "{name}");
        let left = scheme.map(|scheme| if scheme == "https" { b"on".as_slice() } else { b"off" });
        assert_eq!(lines(&parts, SSL), Vec::from_iter(left), "{name}");
    }
}

/// `Forwarded` has no parameter for the prefix.
#[test]
fn a_prefix_beside_forwarded() {
    const PREFIX: &str = "x-forwarded-prefix";
    let builder = ForwardedHeaders::builder().client_from("forwarded").prefix_from(PREFIX);
    let layer = built(builder.clone());
    let rows: [(&str, &[u8], Option<&str>); 4] = [
        ("client and scheme", b"for=203.0.113.7;proto=https", Some("/app")),
        ("unknown client", b"for=unknown;proto=https", Some("/app")),
        ("malformed element", b"for=", None),
        ("no element", b"", None),
    ];
    for (name, element, prefix) in rows {
        let sent: [Line<'_>; 3] =
            [("forwarded", element), (PREFIX, b"/app/"), ("x-forwarded-proto", b"http")];
        let parts = through(&layer, request(PROXY, "/", &sent));
        let decided = info(&parts);
        let scheme = prefix.map(|_| "https");
        assert_eq!(decided.prefix(), prefix, "{name}");
        assert_eq!(decided.forwarded_scheme().map(Scheme::as_str), scheme, "{name}");
        let left = prefix.filter(|_| decided.is_forwarded()).map(str::as_bytes);
        assert_eq!(lines(&parts, PREFIX), Vec::from_iter(left), "{name}");
        assert!(!parts.headers.contains_key("x-forwarded-proto"), "{name}");

        let parts = through(&layer, request(CLIENT, "/", &sent));
        assert_eq!(info(&parts).prefix(), None, "{name}, from a client");
        assert!(parts.headers.is_empty(), "{name}, from a client");
    }
}

/// `direct_scheme` is for clients that connect to the app. `SchemeSource::always` is for every request.
#[test]
fn the_stated_scheme_of_each_outcome() {
    let direct = built(ForwardedHeaders::builder().direct_scheme("https"));
    let always = built(ForwardedHeaders::builder().scheme_from(SchemeSource::always("https")));
    let (no_peer, is_direct) = (Outcome::NoPeer, Outcome::Direct);
    let unresolved = Outcome::Unresolved(Unresolved::NoHeader);
    let rows = [
        ("direct_scheme", &direct, "", no_peer, "http"),
        ("direct_scheme", &direct, CLIENT, is_direct, "https"),
        ("direct_scheme", &direct, "unix", is_direct, "https"),
        ("direct_scheme", &direct, PROXY, unresolved, "http"),
        ("always", &always, "", no_peer, "https"),
        ("always", &always, CLIENT, is_direct, "https"),
        ("always", &always, PROXY, unresolved, "https"),
    ];
    for (name, layer, peer, outcome, scheme) in rows {
        let parts = through(layer, request(peer, "ftp://example.com/a", &[]));
        let decided = info(&parts);
        let found = (decided.outcome(), decided.scheme().as_str());
        assert_eq!(found, (outcome, scheme), "{name}, peer {peer:?}");
        assert_eq!(decided.forwarded_scheme(), None, "{name}, peer {peer:?}");
        assert_eq!(
            parts.uri.to_string(),
            format!("{scheme}://example.com/a"),
            "{name}, peer {peer:?}"
        );
    }
}

/// The layer is ready when the service inside is ready.
#[test]
fn a_busy_service_makes_the_layer_busy() {
    struct Busy;
    impl Service<Request<()>> for Busy {
        type Response = ();
        type Error = Infallible;
        type Future = Ready<Result<(), Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Pending
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            ready(Ok(()))
        }
    }
    let mut service = ForwardedHeaders::new().layer(Busy);
    assert!(service.poll_ready(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// nginx that takes TLS reaches a second nginx through a Unix socket, which appends `unix:`.
#[test]
fn a_proxy_at_a_unix_socket_is_a_hop() {
    let chain = |sets: &[&str]| built(ForwardedHeaders::builder().trust_chain(sets.to_vec()));
    let (alone, twice) = (chain(&["unix", "loopback"]), chain(&["unix", "unix", "loopback"]));
    let (outer, one) = (chain(&["198.51.100.0/24", "loopback"]), chain(&["loopback"]));
    let (reached, unknown) = (Outcome::Forwarded, Outcome::Unresolved(Unresolved::Unknown));
    let malformed = Outcome::Unresolved(Unresolved::Malformed);
    let ends = Outcome::Unresolved(Unresolved::ListEnds);
    let rows: [(&str, &ForwardedHeaders, &[u8], Outcome, u8); 12] = [
        ("a hop", &alone, b"203.0.113.7, unix:", reached, 2),
        ("a visitor of the inner nginx", &alone, b"6.6.6.6, 203.0.113.7", reached, 1),
        ("two hops", &twice, b"203.0.113.7, unix:, unix:", reached, 3),
        ("a hop too many", &alone, b"203.0.113.7, unix:, unix:", unknown, 2),
        ("no entry behind the hop", &alone, b"unix:", ends, 1),
        ("an address is no Unix socket", &alone, b"6.6.6.6, 198.51.100.9", reached, 1),
        ("a set of addresses", &outer, b"6.6.6.6, unix:", unknown, 1),
        ("no set for the hop", &one, b"6.6.6.6, unix:", unknown, 1),
        ("in capitals", &alone, b"203.0.113.7, UNIX:", malformed, 1),
        ("in quotes", &alone, b"203.0.113.7, \"unix:\"", malformed, 1),
        ("with a path", &alone, b"203.0.113.7, unix:/run/a", malformed, 1),
        ("without the colon", &alone, b"203.0.113.7, unix", malformed, 1),
    ];
    for (name, layer, list, outcome, hops) in rows {
        let sent: [Line<'_>; 2] = [(XFF, list), ("x-forwarded-proto", b"https")];
        let info = resolve(layer, PROXY, &sent);
        assert_eq!((info.outcome(), info.hops()), (outcome, hops), "{name}");
        // An unknown client has a scheme.
        assert_eq!(info.is_secure(), outcome == reached || outcome == unknown, "{name}");
    }
    let unknown = resolve(&one, PROXY, &[(XFF, b"unix:")]);
    assert_eq!(unknown.client().map(|node| node.to_string()).as_deref(), Some("unknown"));
}

/// nginx writes `unix:` into `X-Real-IP` as well.
#[test]
fn a_single_address_may_be_a_unix_socket() {
    let info = resolve(&reads("x-real-ip"), PROXY, &[("x-real-ip", b"unix:")]);
    assert_eq!(info.outcome(), Outcome::Unresolved(Unresolved::Unknown));
}

/// A zone names a link of the proxy that reported it, so the address is not that of a trusted proxy.
#[test]
fn a_trusted_proxy_has_no_zone() {
    let malformed = Outcome::Unresolved(Unresolved::Malformed);
    let rows: [(&str, &[u8], Outcome, Option<&str>); 6] = [
        (XFF, b"203.0.113.7, fe80::1", Outcome::Forwarded, Some("203.0.113.7")),
        (XFF, b"203.0.113.7, fe80::1%eth0", malformed, None),
        (XFF, b"203.0.113.7, [fe80::1%eth0]:80", malformed, None),
        (XFF, b"fe80::7%eth0, fe80::1", Outcome::Forwarded, Some("fe80::7")),
        ("forwarded", br#"for=203.0.113.7, for="[fe80::1%eth0]""#, malformed, None),
        (
            "forwarded",
            br#"for="[fe80::7%eth0]", for="[fe80::1]""#,
            Outcome::Forwarded,
            Some("fe80::7"),
        ),
    ];
    for (name, list, outcome, client) in rows {
        let builder = ForwardedHeaders::builder().client_from(name);
        let layer = built(builder.trust_chain(["fe80::/10", "loopback"]));
        let info = resolve(&layer, PROXY, &[(name, list)]);
        let found = (info.outcome(), info.client_ip());
        assert_eq!(found, (outcome, client.map(ip)), "{}", list.escape_ascii());
    }
}

/// A zone of an address that stands beside its port.
#[test]
fn a_viewer_address_may_have_a_zone() {
    let layer = reads("cloudfront-viewer-address");
    let rows: [(&[u8], Option<&str>); 5] = [
        (b"fe80::7%eth0:4711", Some("[fe80::7]:4711")),
        (b"[fe80::7%eth0]:4711", Some("[fe80::7]:4711")),
        (b"[fe80::7]%eth0:4711", None),
        (b"2001:db8::7%eth0:4711", None),
        (b"fe80::7%eth0", None),
    ];
    for (value, node) in rows {
        let info = resolve(&layer, PROXY, &[("cloudfront-viewer-address", value)]);
        let found = info.client().map(|node| node.to_string());
        assert_eq!(found.as_deref(), node, "{}", value.escape_ascii());
    }
}

/// Port 0 is no port, in a report and at a socket.
#[test]
fn port_0_is_no_port() {
    let rows = [
        (XFF, "203.0.113.7:0", "203.0.113.7"),
        (XFF, "[2001:db8::7]:00000", "[2001:db8::7]"),
        ("forwarded", "for=\"203.0.113.7:0\"", "203.0.113.7"),
    ];
    for (name, line, node) in rows {
        let info = resolve(&reads(name), PROXY, &[(name, line.as_bytes())]);
        assert_eq!(info.client_port(), None, "{line}");
        assert_eq!(info.client().unwrap().to_string(), node, "{line}");
    }
    let direct = resolve(&ForwardedHeaders::new(), "203.0.113.9:0", &[]);
    assert_eq!((direct.client_ip(), direct.client_port()), (Some(ip("203.0.113.9")), None));
    assert_eq!(direct.client().unwrap().to_string(), "203.0.113.9");
}

/// Each `stripPrefix` of Traefik adds a line.
#[test]
fn traefik_reports_a_prefix_in_parts() {
    const PREFIX: &str = "x-forwarded-prefix";
    let traefik = built(ForwardedHeaders::behind("traefik").prefix_from(PREFIX));
    let plain = built(ForwardedHeaders::builder().prefix_from(PREFIX));
    let (half, rest) = (format!("/{}", "a".repeat(511)), format!("/{}", "b".repeat(511)));
    let (whole, long) = (format!("{half}{rest}"), format!("{rest}b"));
    let longest = format!("/{}", "c".repeat(4096));
    let (half, long) = (half.as_bytes(), long.as_bytes());
    let rows: [(&str, &[&[u8]], Option<&str>); 12] = [
        ("one", &[b"/a"], Some("/a")),
        ("two", &[b"/a", b"/b"], Some("/a/b")),
        ("equal", &[b"/a", b"/a"], Some("/a/a")),
        ("in one line", &[b"/a, /b/", b"/c"], Some("/a/b/c")),
        ("an empty entry", &[b"/a,"], None),
        ("an empty line", &[b"", b"/a"], None),
        ("no slash", &[b"/a", b"b"], None),
        ("another host", &[b"//evil.example", b"/b"], None),
        ("1 KiB", &[half, rest.as_bytes()], Some(&whole)),
        ("1 KiB and a byte", &[half, long], None),
        ("a long entry", &[longest.as_bytes(), b"/a"], None),
        ("none", &[], None),
    ];
    for (name, values, joined) in rows {
        let values_sent = values.iter().map(|value| (PREFIX, *value));
        let client: Line<'_> = (XFF, b"203.0.113.7");
        let sent: Vec<_> = std::iter::once(client).chain(values_sent).collect();
        let parts = through(&traefik, request(PROXY, "/", &sent));
        assert_eq!(info(&parts).prefix(), joined, "{name}");
        assert_eq!(lines(&parts, PREFIX), Vec::from_iter(joined.map(str::as_bytes)), "{name}");
        let copies =
            if name == "equal" { Some("/a") } else { joined.filter(|_| values.len() == 1) };
        assert_eq!(
            resolve(&plain, PROXY, &sent).prefix(),
            copies.filter(|_| name != "in one line")
        );
    }
}
