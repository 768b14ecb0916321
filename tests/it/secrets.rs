//! Sets that are trusted only with a secret.

use std::fmt::Debug;

use forwarded_headers::explain::{Proof, Verdict};
use forwarded_headers::{
    Absent, Builder, Config, ConfigError, ForwardedHeaders, Outcome, Secrets, TrustedProxies,
    Unresolved,
};
use http::HeaderMap;

use crate::support::{Line, info, ip, request, resolve, through};

const OLD: &str = "3d07be19c2a84f65";
const NEW: &str = "b81d06e5c3f2974ab81d06e5c3f2974a";
const HEADER: &str = "x-origin-verify";

fn set(text: &str) -> TrustedProxies {
    text.parse().unwrap()
}

fn cdn() -> TrustedProxies {
    set("198.51.100.0/24, 2001:db8:c::/48").with_secret(HEADER, format!("{OLD} {NEW}")).unwrap()
}

fn other_cdn() -> TrustedProxies {
    set("198.51.101.0/24").with_secret("x-other-proof", "0123456789abcdef").unwrap()
}

fn builder() -> Builder {
    ForwardedHeaders::builder()
}

fn built(builder: Builder) -> ForwardedHeaders {
    builder.build().unwrap()
}

const CDN: &str = "198.51.100.9";
const FOR: Line<'_> = ("x-forwarded-for", b"203.0.113.7");
const RIGHT: Line<'_> = (HEADER, OLD.as_bytes());

const NOT_PROVEN: Outcome = Outcome::Unresolved(Unresolved::NotProven);

/// The peer and the lines, the outcome, the client, and the number of reports that are read.
type Row<'a> = (&'a str, &'a [Line<'a>], Outcome, Option<&'a str>, u8);

fn check(layer: &ForwardedHeaders, rows: &[Row<'_>]) {
    for (peer, lines, outcome, client, hops) in rows {
        let decided = resolve(layer, peer, lines);
        let seen = (decided.outcome(), decided.client_ip(), decided.hops());
        assert_eq!(seen, (*outcome, client.map(ip), *hops), "{peer} {lines:?}");
        let after = through(layer, request(peer, "/", lines));
        let is_gone = |name: &http::HeaderName| !name.as_str().contains("verify");
        assert!(after.headers.keys().all(is_gone), "{:?}", after.headers);
        if *outcome == NOT_PROVEN {
            assert_eq!(after.headers, HeaderMap::new());
            assert_eq!(info(&after).absent_scheme(), Some(Absent::NotBelieved));
        }
    }
}

#[test]
fn the_peer_shows_the_secret_once() {
    let longer = format!("{OLD}0");
    let rows: [Row<'_>; 14] = [
        (CDN, &[FOR, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 1),
        (CDN, &[FOR, (HEADER, NEW.as_bytes())], Outcome::Forwarded, Some("203.0.113.7"), 1),
        ("2001:db8:c::9", &[FOR, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 1),
        ("::ffff:198.51.100.9", &[FOR, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 1),
        (CDN, &[FOR], NOT_PROVEN, None, 0),
        (CDN, &[], NOT_PROVEN, None, 0),
        (CDN, &[FOR, (HEADER, b"")], NOT_PROVEN, None, 0),
        (CDN, &[FOR, (HEADER, &OLD.as_bytes()[1..])], NOT_PROVEN, None, 0),
        (CDN, &[FOR, (HEADER, longer.as_bytes())], NOT_PROVEN, None, 0),
        (CDN, &[FOR, (HEADER, b"3D07BE19C2A84F65")], NOT_PROVEN, None, 0),
        (CDN, &[FOR, RIGHT, RIGHT], NOT_PROVEN, None, 0),
        (CDN, &[FOR, ("x_origin_verify", OLD.as_bytes())], NOT_PROVEN, None, 0),
        // An address outside of the set needs no secret, and gains nothing by one.
        ("203.0.113.9", &[FOR, RIGHT], Outcome::Direct, Some("203.0.113.9"), 0),
        ("203.0.113.9", &[FOR], Outcome::Direct, Some("203.0.113.9"), 0),
    ];
    check(&built(builder().trust(cdn())), &rows);
}

#[test]
fn equal_differences_do_not_cancel_each_other() {
    let wrong = [
        "B81d06e5c3f2974aB81d06e5c3f2974a",
        "B81D06e5c3f2974ab81d06e5c3f2974a",
        "b81d06e5c3f2974aB81D06e5c3f2974a",
    ];
    for secret in wrong {
        let lines: [Line<'_>; 2] = [FOR, (HEADER, secret.as_bytes())];
        check(&built(builder().trust(cdn())), &[(CDN, &lines, NOT_PROVEN, None, 0)]);
    }
}

/// A list of a header is one line, which is not one of the secrets.
#[test]
fn both_secrets_in_one_line_are_none() {
    let both = format!("{OLD}, {NEW}");
    let lines: [Line<'_>; 2] = [FOR, (HEADER, both.as_bytes())];
    check(&built(builder().trust(cdn())), &[(CDN, &lines, NOT_PROVEN, None, 0)]);
}

/// A visitor who goes round the CDN, to nginx, needs no secret. Nginx passes the visitor's on.
#[test]
fn behind_another_proxy_the_secret_belongs_to_the_set() {
    let layer = built(builder().trust_chain([cdn(), set("10.0.0.2")]));
    let through_cdn: Line<'_> = ("x-forwarded-for", b"6.6.6.6, 203.0.113.7, 198.51.100.9");
    let zoned: Line<'_> = ("x-forwarded-for", b"203.0.113.7, 198.51.100.9%eth0");
    let rows: [Row<'_>; 8] = [
        ("10.0.0.2", &[through_cdn, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 2),
        ("10.0.0.2", &[through_cdn], NOT_PROVEN, None, 1),
        ("10.0.0.2", &[through_cdn, RIGHT, RIGHT], NOT_PROVEN, None, 1),
        ("10.0.0.2", &[FOR], Outcome::Forwarded, Some("203.0.113.7"), 1),
        ("10.0.0.2", &[FOR, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 1),
        ("10.0.0.2", &[zoned, RIGHT], Outcome::Unresolved(Unresolved::Malformed), None, 1),
        // The CDN itself does not connect to the app.
        (CDN, &[FOR, RIGHT], Outcome::Direct, Some(CDN), 0),
        (CDN, &[FOR], Outcome::Direct, Some(CDN), 0),
    ];
    check(&layer, &rows);
}

#[test]
fn each_proxy_of_a_chain_has_a_secret_of_its_own() {
    let layer = built(builder().trust_chain([cdn(), other_cdn()]));
    let list: Line<'_> = ("x-forwarded-for", b"203.0.113.7, 198.51.100.9");
    let other: Line<'_> = ("x-other-proof", b"0123456789abcdef");
    let rows: [Row<'_>; 4] = [
        ("198.51.101.1", &[list, RIGHT, other], Outcome::Forwarded, Some("203.0.113.7"), 2),
        ("198.51.101.1", &[list, RIGHT], NOT_PROVEN, None, 0),
        ("198.51.101.1", &[list, other], NOT_PROVEN, None, 1),
        ("198.51.101.1", &[list], NOT_PROVEN, None, 0),
    ];
    check(&layer, &rows);
}

#[test]
fn two_proxies_side_by_side_have_a_secret_each() {
    let layer = built(builder().trust([cdn(), other_cdn(), set("10.0.0.2")]));
    let other: Line<'_> = ("x-other-proof", b"0123456789abcdef");
    let rows: [Row<'_>; 5] = [
        (CDN, &[FOR, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 1),
        (CDN, &[FOR, other], NOT_PROVEN, None, 0),
        ("198.51.101.1", &[FOR, other], Outcome::Forwarded, Some("203.0.113.7"), 1),
        ("198.51.101.1", &[FOR, RIGHT], NOT_PROVEN, None, 0),
        ("10.0.0.2", &[FOR], Outcome::Forwarded, Some("203.0.113.7"), 1),
    ];
    check(&layer, &rows);
}

#[test]
fn one_satisfied_set_of_those_that_hold_an_address_is_enough() {
    let wide = set("198.51.0.0/16").with_secret("x-other-proof", NEW).unwrap();
    let layer = built(builder().trust([cdn(), wide]));
    let other: Line<'_> = ("x-other-proof", NEW.as_bytes());
    let rows: [Row<'_>; 4] = [
        (CDN, &[FOR, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 1),
        (CDN, &[FOR, other], Outcome::Forwarded, Some("203.0.113.7"), 1),
        (CDN, &[FOR], NOT_PROVEN, None, 0),
        ("198.51.0.1", &[FOR, RIGHT], NOT_PROVEN, None, 0),
    ];
    check(&layer, &rows);
}

#[test]
fn the_secret_alone() {
    let any = || TrustedProxies::insecure_any().with_secret(HEADER, OLD).unwrap();
    let rows: [Row<'_>; 4] = [
        ("203.0.113.9", &[FOR, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 1),
        ("203.0.113.9", &[FOR], NOT_PROVEN, None, 0),
        ("unix", &[FOR, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 1),
        ("unix", &[FOR], NOT_PROVEN, None, 0),
    ];
    check(&built(builder().trust(any())), &rows);
    let list: Line<'_> = ("x-forwarded-for", b"203.0.113.7, 203.0.113.9");
    let rows: [Row<'_>; 2] = [
        ("10.0.0.2", &[list, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 2),
        ("10.0.0.2", &[list], NOT_PROVEN, None, 1),
    ];
    check(&built(builder().trust_chain([any(), set("10.0.0.2")])), &rows);
    // The plain set's addresses are not asked.
    let beside = built(builder().trust([set("10.0.0.2"), any()]));
    check(&beside, &[("10.0.0.2", &[FOR], Outcome::Forwarded, Some("203.0.113.7"), 1)]);
}

#[test]
fn a_unix_socket_can_need_a_secret() {
    let unix = || TrustedProxies::unix().with_secret(HEADER, OLD).unwrap();
    let rows: [Row<'_>; 2] = [
        ("unix", &[FOR, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 1),
        ("unix", &[FOR], NOT_PROVEN, None, 0),
    ];
    check(&built(builder().trust(unix())), &rows);
    let list: Line<'_> = ("x-forwarded-for", b"203.0.113.7, unix:");
    let rows: [Row<'_>; 2] = [
        ("10.0.0.2", &[list, RIGHT], Outcome::Forwarded, Some("203.0.113.7"), 2),
        ("10.0.0.2", &[list], NOT_PROVEN, None, 1),
    ];
    check(&built(builder().trust_chain([unix(), set("10.0.0.2")])), &rows);
}

/// The secret shows no proxy that forwards: the proxy itself may ask, if it shows the secret.
#[test]
fn a_proxy_without_the_secret_is_never_the_client() {
    let layer = built(builder().trust(cdn()).trusted_peer_may_be_client(true));
    let rows: [Row<'_>; 4] = [
        (CDN, &[RIGHT], Outcome::NotForwarded, Some(CDN), 1),
        (CDN, &[], NOT_PROVEN, None, 0),
        (
            CDN,
            &[("x-real-ip", b"6.6.6.6"), RIGHT],
            Outcome::Unresolved(Unresolved::NoHeader),
            None,
            0,
        ),
        (
            CDN,
            &[("x_origin_verify", b"x"), RIGHT],
            Outcome::Unresolved(Unresolved::NoHeader),
            None,
            0,
        ),
    ];
    for (peer, lines, outcome, client, _) in rows {
        let decided = resolve(&layer, peer, lines);
        assert_eq!(
            (decided.outcome(), decided.client_ip()),
            (outcome, client.map(ip)),
            "{lines:?}"
        );
    }
}

#[test]
fn a_secret_from_an_untrusted_peer_is_reported() {
    let layer = built(builder().trust(cdn()));
    assert!(resolve(&layer, "203.0.113.9", &[RIGHT]).has_untrusted_headers());
    assert!(!resolve(&layer, "203.0.113.9", &[]).has_untrusted_headers());
}

/// An inner layer keeps the decision, and still removes the header of its own secret.
#[test]
fn an_inner_layer_removes_its_own_header() {
    let inner = built(builder().trust(cdn()));
    let mut request = request("10.0.0.2", "/", &[FOR, RIGHT, ("x_origin.verify", b"x")]);
    built(builder().trust("10.0.0.2")).apply(&mut request);
    assert!(request.headers().contains_key(HEADER));
    inner.apply(&mut request);
    assert_eq!(request.headers().len(), 1, "{:?}", request.headers());
}

type Rows<'a> = &'a [(&'a str, Result<TrustedProxies, ConfigError>, &'a str)];

#[test]
fn each_wrong_set_is_refused() {
    let any = TrustedProxies::insecure_any;
    let rows: Rows<'_> = &[
        (
            "a set that has one",
            cdn().with_secret("x-b", NEW),
            "with_secret: the set has a secret already; give each set its own, and join them",
        ),
        (
            "a join with one",
            cdn().union(set("10.0.0.2")).with_secret("x-b", NEW),
            "with_secret: the set has a secret already; give each set its own, and join them",
        ),
        (
            "an empty set",
            TrustedProxies::none().with_secret(HEADER, NEW),
            "with_secret: the set has no address; remove with_secret",
        ),
        (
            "not a secret",
            any().with_secret("X-Azure-FDID", NEW),
            "with_secret: x-azure-fdid is no secret: others can learn it; trust the addresses of AzureFrontDoor.Backend beside it",
        ),
        (
            "a forwarding header",
            set("10.0.0.2").with_secret("x-real-ip", NEW),
            "with_secret: invalid header for a secret \"x-real-ip\": it has another meaning; write a name of your own, such as x-origin-verify",
        ),
        (
            "a look-alike",
            set("10.0.0.2").with_secret("x_forwarded.for", NEW),
            "with_secret: invalid header for a secret \"x_forwarded.for\": it has another meaning; write a name of your own, such as x-origin-verify",
        ),
        (
            "cookie",
            set("10.0.0.2").with_secret("cookie", NEW),
            "with_secret: invalid header for a secret \"cookie\": it has another meaning; write a name of your own, such as x-origin-verify",
        ),
        (
            "authorization",
            set("10.0.0.2").with_secret("authorization", NEW),
            "with_secret: invalid header for a secret \"authorization\": it has another meaning; write a name of your own, such as x-origin-verify",
        ),
        (
            "no name",
            set("10.0.0.2").with_secret("not a name", NEW),
            "with_secret: the name of the header is not valid; write one such as x-origin-verify",
        ),
        (
            "the secret in its place",
            set("10.0.0.2").with_secret(OLD, HEADER),
            "with_secret: the name of the header is not valid; write one such as x-origin-verify",
        ),
        (
            "every address",
            [set("0.0.0.0/1"), set("128.0.0.0/1")]
                .into_iter()
                .collect::<TrustedProxies>()
                .with_secret(HEADER, NEW),
            "with_secret: invalid trusted proxy \"0.0.0.0/0\": it contains every address",
        ),
        (
            "short",
            set("10.0.0.2").with_secret(HEADER, "3d07be19c2a84f6"),
            "with_secret: invalid secrets, which are not shown: secret 1: its length is not 16 to 256; write 32 random characters",
        ),
        (
            "long",
            set("10.0.0.2").with_secret(HEADER, "ab".repeat(129)),
            "with_secret: invalid secrets, which are not shown: secret 1: its length is not 16 to 256; write 32 random characters",
        ),
        (
            "none",
            set("10.0.0.2").with_secret(HEADER, " \n"),
            "with_secret: invalid secrets, which are not shown: the text is empty; write 1 to 4 secrets",
        ),
        (
            "five",
            set("10.0.0.2").with_secret(HEADER, "a b c d e"),
            "with_secret: invalid secrets, which are not shown: there are more than 4; remove",
        ),
        (
            "in quotes",
            set("10.0.0.2").with_secret(HEADER, format!("\"{NEW}\"")),
            "with_secret: invalid secrets, which are not shown: secret 1: it has quotes",
        ),
        (
            "in single quotes",
            set("10.0.0.2").with_secret(HEADER, format!("{OLD}\n'{NEW}'")),
            "with_secret: invalid secrets, which are not shown: secret 2: it has quotes",
        ),
        (
            "of one letter",
            set("10.0.0.2").with_secret(HEADER, "x".repeat(32)),
            "with_secret: invalid secrets, which are not shown: secret 1: it is one character again and again",
        ),
        (
            "not ASCII",
            set("10.0.0.2").with_secret(HEADER, "3d07be19c2a84f65\u{e9}"),
            "with_secret: invalid secrets, which are not shown: secret 1: it has a character that is not visible ASCII",
        ),
        (
            "a NUL",
            set("10.0.0.2").with_secret(HEADER, "3d07be19c2a84f65\0"),
            "with_secret: invalid secrets, which are not shown: secret 1: it has a character that is not visible ASCII",
        ),
        (
            "twice",
            set("10.0.0.2").with_secret(HEADER, format!("{OLD} {OLD}")),
            "with_secret: invalid secrets, which are not shown: secret 2 is there twice; write it once",
        ),
    ];
    for (name, result, expected) in rows {
        let error = result.as_ref().expect_err(name).to_string();
        assert!(error.starts_with(expected), "{name}: {error}");
        assert!(!error.contains(OLD) && !error.contains(NEW), "{name}: {error}");
    }
    for length in [16, 256] {
        let secret: String = "ab".repeat(length / 2);
        assert!(set("10.0.0.2").with_secret("x-azure-fdid", secret).is_ok());
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let any = || TrustedProxies::insecure_any().with_secret("x-any-proof", NEW).unwrap();
    let like = set("10.0.0.2").with_secret("x_origin_verify", NEW).unwrap();
    let same = set("10.0.0.2").with_secret(HEADER, NEW).unwrap();
    let read = set("10.0.0.2").with_secret("x-our-for", NEW).unwrap();
    let rows: [(&str, Builder, &str); 9] = [
        (
            "any behind",
            builder().trust_chain([set("10.0.0.2"), any()]),
            "trust_chain: insecure_any with a secret counts every client of the proxy in front of it as a proxy",
        ),
        (
            "any beside",
            builder().trust([cdn(), TrustedProxies::insecure_any()]),
            "trust: insecure_any beside a set with a secret trusts the set without it",
        ),
        (
            "a look-alike in a row",
            builder().trust_chain([cdn(), like.clone()]),
            "with_secret: \"x-origin-verify\" is, or looks like, the header of another secret",
        ),
        (
            "a look-alike side by side",
            builder().trust([cdn(), like]),
            "with_secret: \"x_origin_verify\" is, or looks like, the header of another secret",
        ),
        (
            "one header in a row",
            builder().trust_chain([cdn(), same]),
            "with_secret: \"x-origin-verify\" is, or looks like, the header of another secret",
        ),
        (
            "a header that is read",
            builder().trust(read).client_from(forwarded_headers::ClientSource::list("x-our-for")),
            "with_secret: \"x-our-for\" is read by another setting",
        ),
        (
            "a header that is kept",
            builder().trust(cdn()).insecure_keep_header("x_origin-verify"),
            "with_secret: \"x-origin-verify\" beside insecure_keep_header, which would show the secret",
        ),
        (
            "an identity",
            builder().trust(cdn()).only_from_proxy(HEADER),
            "only_from_proxy(\"x-origin-verify\") holds a secret, which the layer always removes",
        ),
        (
            "unix beside addresses",
            builder().trust_chain([set("unix").union(cdn()), set("10.0.0.2")]),
            "trust_chain: unix beside addresses in a set behind the peer",
        ),
    ];
    for (name, builder, expected) in rows {
        let error = builder.build().expect_err(name).to_string();
        assert!(error.starts_with(expected), "{name}: {error}");
    }
    let side_by_side = set("10.0.0.2").with_secret(HEADER, "another-secret-of-28-letters").unwrap();
    assert!(builder().trust([cdn(), side_by_side]).build().is_ok());
    assert!(ForwardedHeaders::behind("cloudflare").trust(cdn()).build().is_ok());
}

#[test]
fn secrets_are_equal_in_any_order() {
    let secrets = |text: &str| text.parse::<Secrets>().unwrap();
    let two = secrets(&format!("{OLD}\t{NEW}\r\n"));
    assert_eq!(two, secrets(&format!("{NEW} {OLD}")));
    assert_ne!(two, secrets(OLD));
    assert_ne!(secrets(NEW), secrets(OLD));
    assert_eq!(cdn(), cdn());
    assert_ne!(cdn(), set("198.51.100.0/24, 2001:db8:c::/48"));
}

#[test]
fn a_set_with_a_secret_is_shown_without_it() {
    let joined = cdn().union(set("10.0.0.2"));
    assert_eq!(
        joined.to_string(),
        "10.0.0.2/32, (198.51.100.0/24, 2001:db8:c::/48 with a secret in x-origin-verify)"
    );
    assert!(joined.to_string().parse::<TrustedProxies>().is_err());
    assert!(joined.contains(ip(CDN)) && joined.contains(ip("10.0.0.2")));
    assert!(!joined.contains(ip("203.0.113.7")));
}

/// The requests of [`the_secret_is_in_no_output`]: a right secret, an old one, twice, and under a
/// look-alike's name.
const SENT: [&[Line<'_>]; 5] = [
    &[FOR, RIGHT],
    &[FOR, (HEADER, b"sent-3d07be19c2a84f65")],
    &[FOR, RIGHT, RIGHT],
    &[FOR, ("x_origin_verify", OLD.as_bytes()), RIGHT],
    &[FOR, ("x.origin-verify", OLD.as_bytes())],
];

fn shown(what: impl Debug, texts: &mut Vec<String>) {
    texts.push(format!("{what:?}"));
    texts.push(format!("{what:#?}"));
}

#[test]
fn the_secret_is_in_no_output() {
    let mut texts = vec![cdn().to_string()];
    let text = format!("{OLD} {NEW}");
    let variables =
        [("TRUST", "198.51.100.0/24"), ("SECRET_HEADER", HEADER), ("SECRET", text.as_str())];
    let variables = variables.map(|(name, value)| (format!("FORWARDED_HEADERS_{name}"), value));
    let config = Config::from_vars(variables).unwrap();
    let builder = builder().trust_chain([cdn(), set("10.0.0.2")]);
    let layers = [
        built(self::builder().configure(config.clone())),
        built(builder.clone()),
        built(self::builder().trust(cdn())),
    ];
    shown(&builder, &mut texts);
    shown(&config, &mut texts);
    shown(cdn(), &mut texts);
    for layer in &layers {
        shown(layer, &mut texts);
        for (peer, lines) in [CDN, "10.0.0.2", "203.0.113.7"]
            .into_iter()
            .flat_map(|peer| SENT.into_iter().map(move |lines| (peer, lines)))
        {
            let (parts, ()) = request(peer, "/", lines).into_parts();
            let explanation = layer.explain(&parts);
            texts.push(explanation.to_string());
            shown(&explanation, &mut texts);
            #[cfg(feature = "serde")]
            texts.push(serde_json::to_string(&explanation).unwrap());
            let after = through(layer, http::Request::from_parts(parts, ()));
            shown(info(&after), &mut texts);
            shown(&after.headers, &mut texts);
        }
    }
    for (variable, value) in
        [("SECRET", "3d07be19c2a84f6"), ("SECRET_HEADER", OLD), ("SECRET", "\"3d07be19c2a84f65\"")]
    {
        let name = format!("FORWARDED_HEADERS_{variable}");
        let result = Config::from_vars([(name, value)]);
        let result = result.and_then(|config| self::builder().configure(config).build());
        shown(result.unwrap_err(), &mut texts);
    }
    for text in &texts {
        assert!(!text.contains("3d07be19") && !text.contains("b81d06e5"), "{text}");
    }
    assert!(texts.iter().any(|text| text.contains("redacted")));
}

/// Three sets side by side, two of them with the same header.
#[test]
fn a_header_that_sets_share_is_explained_once() {
    let third = set("198.51.102.0/24").with_secret(HEADER, "a-third-secret-of-26-letters").unwrap();
    let layer = built(builder().trust([cdn(), other_cdn(), third]));
    let explanation = layer.explain(&request(CDN, "/", &[FOR, RIGHT]).into_parts().0);
    let entries = explanation.entries().iter().filter(|entry| entry.name == HEADER);
    assert_eq!(entries.count(), 1, "{explanation}");
}

/// A name of any length is removed: the table of known names ends at 63 bytes.
#[test]
fn a_header_with_a_long_name_is_removed() {
    let (long, like) =
        (format!("x-{}-proof", "a".repeat(90)), format!("x_{}-proof", "a".repeat(90)));
    let proxy = set("10.0.0.2").with_secret(long.as_str(), NEW).unwrap();
    let layer = built(builder().trust(proxy));
    let lines: [Line<'_>; 3] = [FOR, (&long, NEW.as_bytes()), (&like, b"x")];
    let after = through(&layer, request("10.0.0.2", "/", &lines));
    assert_eq!(info(&after).outcome(), Outcome::Forwarded);
    assert_eq!(after.headers.len(), 1, "{:?}", after.headers);
}

#[test]
fn an_explanation_says_what_is_wrong_with_the_secret() {
    let layer = built(builder().trust(cdn()));
    let rows: [(&[Line<'_>], Proof, &str); 4] = [
        (
            &[FOR],
            Proof::Missing,
            "if 198.51.100.9 is your proxy, have it set X-Origin-Verify to the secret",
        ),
        (
            &[FOR, (HEADER, b"x")],
            Proof::Wrong,
            "if 198.51.100.9 is your proxy, have it set X-Origin-Verify to the secret; it sent another text",
        ),
        (
            &[FOR, RIGHT, RIGHT],
            Proof::Twice,
            "if 198.51.100.9 is your proxy, have it set X-Origin-Verify to the secret, in place of the client's: not add a line",
        ),
        (
            &[FOR, RIGHT, ("host", b"example.com")],
            Proof::Right,
            "have 198.51.100.9 send it (nginx): proxy_set_header X-Forwarded-Proto",
        ),
    ];
    for (lines, proof, help) in rows {
        let explanation = layer.explain(&request(CDN, "/", lines).into_parts().0);
        let entries = explanation.entries().iter().filter(|entry| entry.name == HEADER);
        assert!(entries.clone().all(|entry| entry.verdict == Verdict::Secret(proof)));
        assert_eq!(entries.count(), if proof == Proof::Twice { 2 } else { 1 }, "{proof:?}");
        assert!(explanation.help().unwrap().starts_with(help), "{explanation}");
    }
}
