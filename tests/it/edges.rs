//! The last value that is accepted and the first that is not, where a changed line of code would move
//! the boundary.

use std::borrow::Cow;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use forwarded_headers::forwarded::elements;
use forwarded_headers::{
    AllowedHosts, Builder, ClientSource, ConnectionInfo, ForwardedHeaders, Outcome, SchemeSource,
    TrustedProxies, Unresolved, Writing,
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

/// The escapes of bytes that would mean something to a reader that decodes, and their neighbors.
#[test]
fn escapes_in_a_prefix() {
    const PREFIX: &str = "x-forwarded-prefix";
    let layer = built(ForwardedHeaders::builder().prefix_from(PREFIX));
    let prefix = |text: &str| {
        let sent = [(XFF, CLIENT.as_bytes()), (PREFIX, text.as_bytes())];
        resolve(&layer, PROXY, &sent).prefix().map(String::from)
    };
    let refused = (0x00..=0x1F).chain([0x25, 0x2E, 0x2F, 0x5C, 0x7F]);
    for byte in refused {
        for text in
            [format!("/a%{byte:02X}b"), format!("/%{byte:02x}"), format!("/a/%{byte:02X}/b")]
        {
            assert_eq!(prefix(&text), None, "{text}");
        }
    }
    for byte in [0x20, 0x21, 0x24, 0x26, 0x2D, 0x30, 0x41, 0x5B, 0x5D, 0x7E] {
        let text = format!("/a%{byte:02X}b");
        assert_eq!(prefix(&text), Some(text.clone()), "{text}");
    }
    // Decoded twice, these are a dot, a slash and a backslash.
    for text in ["/%252e%252e", "/a%252Fb", "/a%255cb", "/a%2", "/a%", "/a%G0", "/a%0G", "/a%+1"] {
        assert_eq!(prefix(text), None, "{text}");
    }
}

/// A prefix may have 1,024 bytes without its trailing slash.
#[test]
fn the_longest_prefix() {
    const PREFIX: &str = "x-forwarded-prefix";
    let layer = built(ForwardedHeaders::builder().prefix_from(PREFIX));
    let longest = format!("/{}", "a".repeat(1023));
    let rows = [
        (longest.clone(), true),
        (format!("{longest}/"), true),
        (format!("{longest}a"), false),
        (format!("{longest}a/"), false),
        (format!("{}/", longest.replacen("aaa", "/b/", 1)), false),
    ];
    for (text, valid) in rows {
        let sent = [(XFF, CLIENT.as_bytes()), (PREFIX, text.as_bytes())];
        let info = resolve(&layer, PROXY, &sent);
        let expected = valid.then_some(longest.as_str());
        assert_eq!(info.prefix(), expected, "{} bytes", text.len());
    }
}

/// An even number of backslashes ends the string at the quote; an odd number does not. The border of the
/// element moves with it.
#[test]
fn backslashes_before_a_quote() {
    let layer = reads("forwarded");
    let client = |value: &str| {
        let info = resolve(&layer, PROXY, &[("forwarded", value.as_bytes())]);
        (info.client_ip(), info.outcome())
    };
    let malformed = (None, Outcome::Unresolved(Unresolved::Malformed));
    let found = (Some(ip(CLIENT)), Outcome::Forwarded);
    for slashes in 0..8 {
        let quote = format!("{}\"", "\\".repeat(slashes));
        let ends = slashes % 2 == 0;
        // The string ends, or goes on to the end of the line.
        let expected = if ends { found } else { malformed };
        assert_eq!(client(&format!("for={CLIENT};x=\"a{quote}")), expected, "{slashes}");
        // The string ends before the comma, or behind it.
        let value = format!("for=6.6.6.6;x=\"a{quote}, for={CLIENT};y=\"b\"");
        assert_eq!(client(&value), found, "{slashes}");
        // The comma is in the string, or no string is open.
        let value = format!("for=6.6.6.6, for={CLIENT};x=\"a{quote}b,c\"");
        assert_eq!(client(&value), if ends { malformed } else { found }, "{slashes}");
        let value = format!("for=6.6.6.6, for={CLIENT};x=\"{quote},b\"");
        assert_eq!(client(&value), if ends { malformed } else { found }, "{slashes}");
    }
}

/// Texts that some readers take for a host or an address, and names at the limit of their length.
#[test]
fn hosts_at_the_limits() {
    let name = longest_name();
    let own = |host: &str| {
        let sent = [(XFF, CLIENT.as_bytes()), ("host", host.as_bytes())];
        authority(&resolve(&ForwardedHeaders::new(), PROXY, &sent)).map(String::from)
    };
    let refused = [
        "0X7f.1",
        "0x7F.1",
        "0X7F",
        "example.0X7f",
        "example.0X",
        "0X",
        "[::1].",
        "[::1].:80",
        "[::1]a",
        "[::1]]",
        "[[::1]]",
        "::1]",
        "[]",
        "[127.0.0.1]",
        "a..",
        "example.com..",
        "example.com..:443",
        "example.com...",
        "..",
        ".example.com",
    ];
    // 254 characters, in labels of 63 at most.
    let too_long = [format!("{name}a"), format!("{name}a."), format!("{name}a:80")];
    for host in refused.iter().copied().chain(too_long.iter().map(String::as_str)) {
        assert_eq!((forwarded_host(host), own(host)), (None, None), "{host}");
    }
    let accepted = [
        (name.clone(), name.clone()),
        (format!("{name}."), name.clone()),
        (format!("{name}.:443"), format!("{name}:443")),
        ("0X7g".into(), "0X7g".into()),
        ("x7f".into(), "x7f".into()),
        ("0X7f.a".into(), "0X7f.a".into()),
        ("[::1]".into(), "[::1]".into()),
        ("[::1]:65535".into(), "[::1]:65535".into()),
        ("[::ffff:192.0.2.1]".into(), "[::ffff:192.0.2.1]".into()),
    ];
    for (host, expected) in accepted {
        let expected = Some(expected);
        assert_eq!((forwarded_host(&host), own(&host)), (expected.clone(), expected), "{host}");
    }
}

/// Only `::ffff:0:0/96` is IPv4. Other addresses with an IPv4 address inside are not, neither in a set
/// nor in a report: behind NAT64 (RFC 6052), 6to4 (RFC 3056), or IPv4-compatible (RFC 4291 §2.5.5.1).
#[test]
fn addresses_with_an_ipv4_address_inside() {
    let set = |text: &str| text.parse::<TrustedProxies>().unwrap();
    let layer = built(ForwardedHeaders::builder().trust_chain(["10.0.0.0/8"; 2]));
    let inside = [
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::10.0.0.1",
        "2002:a00:1::",
        "::10.0.0.1",
        "::ffff:0:10.0.0.1",
        "fe80::5efe:10.0.0.1",
    ];
    for address in inside {
        assert!(!set("10.0.0.0/8").contains(ip(address)), "{address}");
        assert!(!set(address).contains(ip("10.0.0.1")), "{address}");
        assert!(set(address).contains(ip(address)), "{address}");
        let peer = resolve(&layer, address, &[(XFF, b"203.0.113.7")]);
        assert_eq!((peer.client_ip(), peer.hops()), (Some(ip(address)), 0), "{address}");
        let list = format!("203.0.113.7, {address}");
        let report = resolve(&layer, "10.0.0.2", &[(XFF, list.as_bytes())]);
        assert_eq!((report.client_ip(), report.hops()), (Some(ip(address)), 1), "{address}");
    }
    assert!(set("64:ff9b::/96").contains(ip("64:ff9b::10.0.0.1")));
    assert!(!set("64:ff9b::/96").contains(ip("10.0.0.1")));
    let mapped = resolve(&layer, "::ffff:10.0.0.2", &[(XFF, b"203.0.113.7, ::ffff:10.0.0.1")]);
    assert_eq!((mapped.client_ip(), mapped.hops()), (Some(ip(CLIENT)), 2));
}

/// A bracket ends an address; a colon and a port may follow, and nothing else.
#[test]
fn text_behind_a_bracket() {
    const PORT: &str = "cloudfront-viewer-address";
    let behind = [
        "x", ".", " x", "]", ":", ":x", ":-1", ":65536", ":080800", "80", ":80:80", ":80 x",
        ":80]", ":_", "%", "/64", "[::2]",
    ];
    for text in behind {
        for address in ["[::2]", "[2001:db8::7]"] {
            let entry = format!("{address}{text}");
            let quoted = format!("for=\"{entry}\"");
            let rows =
                [(XFF, &entry), ("forwarded", &quoted), ("x-real-ip", &entry), (PORT, &entry)];
            for (name, value) in rows {
                let info = resolve(&reads(name), PROXY, &[(name, value.as_bytes())]);
                let expected = (None, Outcome::Unresolved(Unresolved::Malformed));
                assert_eq!((info.client_ip(), info.outcome()), expected, "{name}: {value}");
            }
        }
    }
}

/// A port has five digits at most, leading zeros included. A longer text is malformed, however long.
#[test]
fn ports_of_too_many_digits() {
    const PORT: &str = "cloudfront-viewer-address";
    let zeros = |count: usize| format!("{}4711", "0".repeat(count));
    for (count, valid) in
        [(0, true), (1, true), (2, false), (40, false), (60, false), (5000, false)]
    {
        for (bare, node) in [("203.0.113.7", "203.0.113.7"), ("2001:db8::7", "[2001:db8::7]")] {
            let digits = zeros(count);
            let rows = [
                (XFF, format!("{node}:{digits}")),
                (XFF, format!("\"{node}:{digits}\"")),
                ("forwarded", format!("for=\"{node}:{digits}\"")),
                ("x-real-ip", format!("{node}:{digits}")),
                (PORT, format!("{bare}:{digits}")),
                (PORT, format!("{node}:{digits}")),
            ];
            for (name, value) in rows {
                let info = resolve(&reads(name), PROXY, &[(name, value.as_bytes())]);
                let found = (info.client_ip(), info.client_port());
                let expected = (valid.then(|| ip(bare)), valid.then_some(4711));
                assert_eq!(found, expected, "{name}: {count} zeros before {node}'s port");
            }
        }
    }
}

/// Different values in one header, on one line or on two, are no value.
#[test]
fn single_values_that_differ() {
    let builder = ForwardedHeaders::builder().scheme_from("x-forwarded-ssl");
    let builder = builder.host_from("x-forwarded-host").allowed_hosts(AllowedHosts::any());
    let layer = built(builder.port_from("x-forwarded-port").prefix_from("x-forwarded-prefix"));
    let rows = [
        ("x-forwarded-ssl", "on", "off"),
        ("x-forwarded-host", "example.com", "evil.example"),
        ("x-forwarded-host", "example.com", "EXAMPLE.com"),
        ("x-forwarded-port", "8443", "8444"),
        ("x-forwarded-port", "8443", "08443"),
        ("x-forwarded-prefix", "/a", "/b"),
        ("x-forwarded-prefix", "/a", "/a/"),
        ("x-forwarded-host", "example.com", ""),
        ("x-forwarded-port", "8443", ""),
        ("x-forwarded-prefix", "/a", ""),
        ("x-forwarded-ssl", "on", ""),
    ];
    let decided = |lines: &[Line<'_>]| {
        let sent: [Line<'_>; 2] = [(XFF, CLIENT.as_bytes()), ("host", b"app.example")];
        let parts = through(&layer, request(PROXY, "/", &[&sent, lines].concat()));
        let info = info(&parts);
        assert_eq!(info.client_ip(), Some(ip(CLIENT)));
        let headers = parts.headers.iter().map(|line| format!("{line:?}"));
        (format!("{info:?} {:?}", info.origin()), headers.collect::<Vec<_>>())
    };
    let without = decided(&[]);
    for (name, one, other) in rows {
        assert_ne!(decided(&[(name, one.as_bytes())]), without, "{name}: {one}");
        for [first, second] in [[one, other], [other, one]] {
            let list = format!("{first},{second}");
            assert_eq!(decided(&[(name, list.as_bytes())]), without, "{name}: {list}");
            let lines = [(name, first.as_bytes()), (name, second.as_bytes())];
            assert_eq!(decided(&lines), without, "{name}: {first}, then {second}");
        }
    }
}

/// A name, the list of ports with the port that is found, and the same for the prefix.
type PortAndPrefixRow<'a> = (&'a str, &'a str, Option<u16>, &'a str, Option<&'a str>);

/// With `AppendToEach`, the port and the prefix are entries at the client's place as well.
#[test]
fn ports_and_prefixes_at_the_place_of_the_client() {
    const PORT: &str = "x-forwarded-port";
    const PREFIX: &str = "x-forwarded-prefix";
    let rows: [PortAndPrefixRow<'_>; 6] = [
        ("two of each", "1, 8443, 2", Some(8443), "/c, /a, /b", Some("/a")),
        ("exactly two", "8443, 2", Some(8443), "/a, /b", Some("/a")),
        ("too few", "8443", None, "/a", None),
        ("none at the place", "8443, , 2", None, "/a, , /b", None),
        ("no valid one at the place", "8443, x, 2", None, "/a, b, /c", None),
        ("an empty line beside them", "8443, 2,", Some(2), "/a, /b,", Some("/b")),
    ];
    let builder = ForwardedHeaders::builder().trust_chain([OUTER, "loopback"]);
    let builder = builder.proxies_write(Writing::AppendToEach);
    let layer = built(builder.port_from(PORT).prefix_from(PREFIX));
    for (name, ports, port, prefixes, prefix) in rows {
        let sent = [
            ("host", "app.example"),
            (XFF, "6.6.6.6, 203.0.113.7, 198.51.100.9"),
            (PORT, ports),
            (PREFIX, prefixes),
        ];
        let sent = sent.map(|(name, value)| (name, value.as_bytes()));
        let parts = through(&layer, request(PROXY, "/", &sent));
        let decided = info(&parts);
        assert_eq!((decided.client_ip(), decided.hops()), (Some(ip(CLIENT)), 2), "{name}");
        assert_eq!((decided.port(), decided.prefix()), (port, prefix), "{name}");
        let left = port.map(|port| port.to_string().into_bytes());
        assert_eq!(lines(&parts, PORT), Vec::from_iter(left.as_deref()), "{name}");
        assert_eq!(lines(&parts, PREFIX), Vec::from_iter(prefix.map(str::as_bytes)), "{name}");
    }
}

/// A name, the configuration, the lines of a header, and the reason why there is no client.
type MissingRow<'a> = (&'a str, Builder, &'a str, &'a [&'a [u8]], Unresolved);

/// A trusted peer is the client if the report is absent. A list that is empty, or ends too soon, is a
/// missing report.
#[test]
fn a_missing_report_is_not_an_absent_one() {
    let builder = || ForwardedHeaders::builder().trusted_peer_may_be_client(true);
    let rows: [MissingRow<'_>; 9] = [
        ("an empty line", builder(), XFF, &[b""], Unresolved::ListEnds),
        ("a comma", builder(), XFF, &[b","], Unresolved::ListEnds),
        ("two empty lines", builder(), XFF, &[b"", b""], Unresolved::ListEnds),
        ("an empty last entry", builder(), XFF, &[b"203.0.113.7,"], Unresolved::ListEnds),
        (
            "a proxy alone",
            builder().trust_chain(["loopback"; 2]),
            XFF,
            &[b"::1"],
            Unresolved::ListEnds,
        ),
        (
            "an empty list of ours",
            builder().client_from(ClientSource::list("x-ours")),
            "x-ours",
            &[b""],
            Unresolved::ListEnds,
        ),
        (
            "an empty element",
            builder().client_from("forwarded"),
            "forwarded",
            &[b""],
            Unresolved::ListEnds,
        ),
        ("an unknown client", builder(), XFF, &[b"unknown"], Unresolved::Unknown),
        (
            "an empty address",
            builder().client_from("x-real-ip"),
            "x-real-ip",
            &[b""],
            Unresolved::ListEnds,
        ),
    ];
    for (name, builder, header, values, why) in rows {
        let layer = built(builder);
        let sent: Vec<_> = values.iter().map(|value| (header, *value)).collect();
        let info = resolve(&layer, PROXY, &sent);
        assert_eq!((info.outcome(), info.client_ip()), (Outcome::Unresolved(why), None), "{name}");
        let info = resolve(&layer, PROXY, &[]);
        let absent = (Outcome::NotForwarded, Some(ip(PROXY)));
        assert_eq!((info.outcome(), info.client_ip()), absent, "{name}, absent");
    }
}

/// A header of a renamed family shows that the peer is a proxy, and so does every known name.
#[test]
fn renamed_headers_show_a_proxy() {
    let names = ["x-our-for", "x-our-proto", "x-our-host", "x-our-port", "x-our-prefix"];
    let [client, scheme, host, port, prefix] = names;
    let builder = ForwardedHeaders::builder().trusted_peer_may_be_client(true);
    let builder = builder.client_from(ClientSource::list(client)).scheme_from(scheme);
    let builder = builder.host_from(host).port_from(port).prefix_from(prefix);
    let layer = built(builder.allowed_hosts(AllowedHosts::any()));
    for name in &names[1..] {
        let outcome = resolve(&layer, PROXY, &[(name, b"1")]).outcome();
        assert_eq!(outcome, Outcome::Unresolved(Unresolved::NoHeader), "{name}");
    }
    let usual = [XFF, "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port"];
    for name in usual.into_iter().chain(["x-forwarded-prefix", "x-real-ip", "forwarded"]) {
        let outcome = resolve(&layer, PROXY, &[(name, b"1")]).outcome();
        assert_eq!(outcome, Outcome::Unresolved(Unresolved::NoHeader), "{name}");
    }
    let outcome = resolve(&layer, PROXY, &[("x-their-for", b"1")]).outcome();
    assert_eq!(outcome, Outcome::NotForwarded, "no known name");
}

/// Beside `Forwarded`, no header of the X- family is read, even if the element has no such value.
#[test]
fn forwarded_beside_the_other_family() {
    let builder = ForwardedHeaders::builder().client_from("forwarded").host_from("forwarded");
    let layer = built(builder.allowed_hosts(AllowedHosts::any()));
    let others: [Line<'_>; 6] = [
        ("host", b"app.example"),
        (XFF, b"6.6.6.6"),
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-host", b"evil.example"),
        ("x-forwarded-port", b"8443"),
        ("x-forwarded-prefix", b"/evil"),
    ];
    let rows: [(&[u8], Option<&str>, &str); 6] = [
        (b"for=203.0.113.7", Some(CLIENT), "http://app.example"),
        (b"for=203.0.113.7;proto=ftp", Some(CLIENT), "http://app.example"),
        (b"for=203.0.113.7;host=a.example", Some(CLIENT), "http://a.example"),
        (b"for=203.0.113.7;proto=https", Some(CLIENT), "https://app.example"),
        (b"for=unknown", None, "http://app.example"),
        (b"for=", None, "http://app.example"),
    ];
    for (element, client, origin) in rows {
        let name = element.escape_ascii();
        let sent = [&[("forwarded", element)][..], &others].concat();
        let parts = through(&layer, request(PROXY, "/", &sent));
        let decided = info(&parts);
        assert_eq!(decided.client_ip(), client.map(ip), "{name}");
        assert_eq!((decided.origin().as_deref(), decided.prefix()), (Some(origin), None), "{name}");
        for (header, _) in &others[1..] {
            assert!(!parts.headers.contains_key(*header), "{name}: {header}");
        }
    }
}

/// The host is written as it was asked for. The origin is in lower case (RFC 6454 §4).
#[test]
fn the_origin_is_in_lower_case() {
    let always = SchemeSource::always("https");
    let layer = built(ForwardedHeaders::builder().scheme_from(always));
    let rows = [
        ("Example.COM", "https://example.com"),
        ("EXAMPLE.com.:8443", "https://example.com:8443"),
        ("EXAMPLE.com:443", "https://example.com"),
        ("EXAMPLE.com:80", "https://example.com:80"),
        ("[2001:DB8::A]:8443", "https://[2001:db8::a]:8443"),
        ("XN--BCHER-KVA.example", "https://xn--bcher-kva.example"),
    ];
    for (host, origin) in rows {
        let info = resolve(&layer, PROXY, &[(XFF, b"203.0.113.7"), ("host", host.as_bytes())]);
        assert_eq!(info.origin().as_deref(), Some(origin), "{host}");
        assert_eq!(authority(&info), Some(host.replace(".:", ":").as_str()), "{host}");
        let direct = resolve(&layer, CLIENT, &[("host", host.as_bytes())]);
        assert_eq!(direct.origin().as_deref(), Some(origin), "{host}, direct");
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

/// A name, the lines of the header, and the prefix.
type PrefixRow<'a> = (&'a str, &'a [&'a [u8]], Option<&'a str>);

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
    let rows: [PrefixRow<'_>; 12] = [
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
