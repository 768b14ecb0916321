//! Headers that tell the app who the user is.

use forwarded_headers::explain::Verdict;
use forwarded_headers::{Builder, ClientSource, ForwardedHeaders, Proxy, TrustedProxies, Writing};

use crate::support::{Line, lines, request, through};

const USER: &str = "x-forwarded-user";
const ALICE: Line<'_> = (USER, b"alice");
const FOR: Line<'_> = ("x-forwarded-for", b"203.0.113.7");

fn builder() -> Builder {
    ForwardedHeaders::builder()
}

/// The lines of the header behind the layer.
fn behind(layer: &ForwardedHeaders, peer: &str, sent: &[Line<'_>]) -> Vec<Vec<u8>> {
    let parts = through(layer, request(peer, "/", sent));
    let looks_like = parts
        .headers
        .keys()
        .filter(|name| name.as_str().replace(['_', '.'], "-") == USER && name.as_str() != USER);
    assert_eq!(looks_like.count(), 0, "{:?}", parts.headers);
    lines(&parts, USER).into_iter().map(<[u8]>::to_vec).collect()
}

#[test]
fn the_proxys_header_is_kept_and_a_visitors_is_not() {
    let layer = builder().trust("10.0.0.2").only_from_proxy(USER).build().unwrap();
    let kept: [&[Line<'_>]; 3] = [
        &[FOR, ALICE],
        &[FOR, ALICE, ("x_forwarded_user", b"root")],
        &[("x-forwarded-for", b"6.6.6.6, 203.0.113.7"), ALICE],
    ];
    for sent in kept {
        assert_eq!(behind(&layer, "10.0.0.2", sent), [b"alice"], "{sent:?}");
    }
    assert_eq!(behind(&layer, "10.0.0.2", &[FOR, (USER, b"\xff, root")]), [b"\xff, root"]);
    let removed: [(&str, &[Line<'_>]); 9] = [
        ("203.0.113.9", &[FOR, ALICE]),
        ("203.0.113.9", &[ALICE]),
        ("", &[FOR, ALICE]),
        ("unix", &[FOR, ALICE]),
        ("10.0.0.2", &[ALICE]),
        ("10.0.0.2", &[("x-forwarded-for", b"unknown"), ALICE]),
        ("10.0.0.2", &[("x-forwarded-for", b"x"), ALICE]),
        ("10.0.0.2", &[FOR, ALICE, ALICE]),
        ("10.0.0.2", &[FOR, ("x.forwarded-user", b"root")]),
    ];
    for (peer, sent) in removed {
        assert_eq!(behind(&layer, peer, sent), Vec::<Vec<u8>>::new(), "{peer} {sent:?}");
    }
}

#[test]
fn each_header_is_judged_by_itself() {
    let layer = builder().trust("10.0.0.2").only_from_proxy(USER).only_from_proxy("remote-user");
    let sent = [FOR, ALICE, ALICE, ("remote-user", b"bob".as_slice())];
    let parts = through(&layer.build().unwrap(), request("10.0.0.2", "/", &sent));
    assert_eq!(lines(&parts, USER), Vec::<&[u8]>::new());
    assert_eq!(lines(&parts, "remote-user"), [b"bob"]);
}

/// A visitor who goes round the login proxy, to nginx, has the header removed.
#[test]
fn the_outermost_proxys_header_needs_every_set() {
    let chain = ["198.51.100.0/24", "10.0.1.0/24", "10.0.0.2"];
    let layer = builder().trust_chain(chain).only_from_outermost(USER).build().unwrap();
    let sent = |list: &'static str| [("x-forwarded-for", list.as_bytes()), ALICE];
    let rows = [
        ("203.0.113.7, 198.51.100.9, 10.0.1.1", 1),
        ("6.6.6.6, 203.0.113.7, 198.51.100.9, 10.0.1.1", 1),
        ("203.0.113.7, 10.0.1.1", 0),
        ("203.0.113.7", 0),
        ("198.51.100.9", 0),
        ("203.0.113.7, 198.51.100.9, 203.0.113.8", 0),
        ("198.51.100.9, 10.0.1.1", 0),
        ("unknown, 198.51.100.9, 10.0.1.1", 0),
    ];
    for (list, kept) in rows {
        assert_eq!(behind(&layer, "10.0.0.2", &sent(list)).len(), kept, "{list}");
    }
    // The name of the nearest proxy's header alone is another promise.
    let nearest = builder().trust_chain(chain).only_from_proxy(USER).build().unwrap();
    assert_eq!(behind(&nearest, "10.0.0.2", &sent("203.0.113.7")).len(), 1);
}

#[test]
fn a_secret_that_is_missing_removes_the_header() {
    let cdn: TrustedProxies = "198.51.100.0/24".parse().unwrap();
    let cdn = cdn.with_secret("x-origin-verify", "3d07be19c2a84f65").unwrap();
    let layer = builder()
        .trust_chain([cdn, "10.0.0.2".parse().unwrap()])
        .only_from_proxy("remote-user")
        .only_from_outermost(USER)
        .build()
        .unwrap();
    let list: Line<'_> = ("x-forwarded-for", b"203.0.113.7, 198.51.100.9");
    let proof: Line<'_> = ("x-origin-verify", b"3d07be19c2a84f65");
    assert_eq!(behind(&layer, "10.0.0.2", &[list, ALICE, proof]).len(), 1);
    assert_eq!(behind(&layer, "10.0.0.2", &[list, ALICE]).len(), 0);
    assert_eq!(behind(&layer, "10.0.0.2", &[FOR, ALICE, proof]).len(), 0);
    let parts = through(&layer, request("10.0.0.2", "/", &[list, ("remote-user", b"bob")]));
    assert!(parts.headers.is_empty(), "{:?}", parts.headers);
}

/// An inner layer removes by the outer layer's decision, whatever its own settings would decide.
#[test]
fn an_inner_layer_removes_by_the_outer_decision() {
    let inner = || builder().trust("none").only_from_proxy(USER).only_from_outermost("remote-user");
    let both: [Line<'_>; 2] = [ALICE, ("remote-user", b"bob")];
    let sent = |list: &'static str| [&[("x-forwarded-for", list.as_bytes())], &both[..]].concat();
    let outer = builder().trust_chain(["198.51.100.0/24", "10.0.0.2"]).build().unwrap();
    let rows = [
        ("10.0.0.2", "203.0.113.7, 198.51.100.9", 2),
        ("10.0.0.2", "203.0.113.7", 1),
        ("10.0.0.2", "x", 0),
        ("203.0.113.9", "203.0.113.7", 0),
    ];
    for (peer, list, kept) in rows {
        let mut request = request(peer, "/", &sent(list));
        outer.apply(&mut request);
        let names = |request: &http::Request<()>| {
            request.headers().keys().filter(|name| name.as_str().ends_with("user")).count()
        };
        assert_eq!(names(&request), 2, "the outer layer knows no identity");
        inner().build().unwrap().apply(&mut request);
        assert_eq!(names(&request), kept, "{peer} {list}");
    }
}

#[test]
fn an_identity_from_an_untrusted_peer_is_reported() {
    let layer = builder().trust("10.0.0.2").only_from_proxy(USER).build().unwrap();
    let untrusted = |lines: &[Line<'_>]| {
        crate::support::resolve(&layer, "203.0.113.9", lines).has_untrusted_headers()
    };
    assert!(untrusted(&[ALICE]) && !untrusted(&[("remote-user", b"bob")]));
}

#[test]
fn wrong_settings_are_refused() {
    let two = || ClientSource::x_forwarded_for().nth_from_right(2);
    let rows: [(Builder, &str); 14] = [
        (
            builder().only_from_proxy("*"),
            "only_from_proxy: invalid identity header \"*\": expected the name of one header",
        ),
        (builder().only_from_proxy("a b"), "only_from_proxy: invalid header name \"a b\""),
        (
            builder().only_from_proxy("x-real-ip"),
            "only_from_proxy: invalid identity header \"x-real-ip\": it is a forwarding header",
        ),
        (
            builder().only_from_outermost("x_forwarded_for"),
            "only_from_outermost: invalid identity header \"x_forwarded_for\": it is a forwarding header",
        ),
        (
            builder().only_from_proxy("cookie"),
            "only_from_proxy: invalid identity header \"cookie\": every client may send it",
        ),
        (
            builder().only_from_proxy("host"),
            "only_from_proxy: invalid identity header \"host\": every client may send it",
        ),
        (
            builder().only_from_proxy("Authorization"),
            "only_from_proxy: invalid identity header \"authorization\": every client may send it",
        ),
        (
            builder().only_from_proxy("content-length"),
            "only_from_proxy: invalid identity header \"content-length\": every client may send it",
        ),
        (
            builder().only_from_proxy(USER).only_from_outermost("x_forwarded_user"),
            "only_from_outermost(\"x_forwarded_user\") beside only_from_proxy(\"x-forwarded-user\"); write the header once",
        ),
        (
            builder().only_from_proxy(USER).only_from_proxy(USER),
            "only_from_proxy(\"x-forwarded-user\") beside only_from_proxy(\"x-forwarded-user\"); write the header once",
        ),
        (
            builder().only_from_proxy(USER).client_from(ClientSource::none()),
            "only_from_proxy(\"x-forwarded-user\") beside client_from(ClientSource::none())",
        ),
        (
            builder().only_from_proxy(USER).insecure_keep_header("x.forwarded-user"),
            "only_from_proxy(\"x-forwarded-user\") beside insecure_keep_header, which keeps a client's",
        ),
        (
            builder().only_from_proxy("x-our-for").client_from(ClientSource::list("x-our-for")),
            "only_from_proxy(\"x-our-for\") is read by another setting",
        ),
        (
            builder().only_from_outermost(USER).client_from(two()),
            "only_from_outermost(\"x-forwarded-user\") beside nth_from_right",
        ),
    ];
    for (builder, expected) in rows {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(builder().only_from_proxy(USER).client_from(two()).build().is_ok());
    // The profile knows what it skips.
    let google = ForwardedHeaders::behind(Proxy::GoogleAlb).trust("35.191.0.0/16");
    assert!(google.only_from_outermost("x-goog-iap-jwt-assertion").build().is_ok());
    assert!(builder().only_from_proxy(USER).proxies_write(Writing::Replace).build().is_ok());
}

#[test]
fn an_explanation_says_why_a_header_is_removed() {
    let chain = builder().trust_chain(["198.51.100.0/24", "10.0.0.2"]);
    let layer = chain.only_from_outermost(USER).build().unwrap();
    let all: Line<'_> = ("x-forwarded-for", b"203.0.113.7, 198.51.100.9");
    let rows: [(&str, &[Line<'_>], Verdict, &str); 4] = [
        ("10.0.0.2", &[all, ALICE], Verdict::IdentityKept, "kept: a trusted proxy wrote it"),
        (
            "10.0.0.2",
            &[FOR, ALICE],
            Verdict::IdentityRemoved,
            "removed: the request did not come through every proxy of the chain",
        ),
        (
            "10.0.0.2",
            &[all, ALICE, ALICE],
            Verdict::IdentityRemoved,
            "removed: a trusted proxy writes one line",
        ),
        (
            "203.0.113.9",
            &[FOR, ALICE],
            Verdict::IdentityRemoved,
            "removed: no trusted proxy forwarded the request",
        ),
    ];
    for (peer, sent, verdict, note) in rows {
        let explanation = layer.explain(&request(peer, "/", sent).into_parts().0);
        let entry = explanation.entries().iter().find(|entry| entry.name == USER).unwrap();
        assert_eq!((&entry.verdict, entry.note.as_str()), (&verdict, note), "{explanation}");
        assert_eq!(entry.text.as_deref(), Some("(hidden)"));
    }
}
