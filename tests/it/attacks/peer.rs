//! Who the peer is: rows 12 to 21 and 23. Row 22 is in `server`.

use forwarded_headers::{AllowedHosts, Family, ForwardedHeaders, TrustedProxies};
use http::Request;

use crate::attacks::{
    ATTACKER, CLIENT, NOT_REPORTED, P1, VICTIM, Want, XFF, check, left_over, proxies, trusted,
};
use crate::support::{Line, info, lines, request, through};

/// The victim, in every header that some server takes the client's address from.
const CLAIMS: [Line<'static>; 12] = [
    (XFF, b"203.0.113.99"),
    ("x-real-ip", b"203.0.113.99"),
    ("true-client-ip", b"203.0.113.99"),
    ("cf-connecting-ip", b"203.0.113.99"),
    ("fastly-client-ip", b"203.0.113.99"),
    ("fly-client-ip", b"203.0.113.99"),
    ("x-client-ip", b"203.0.113.99"),
    ("client-ip", b"203.0.113.99"),
    ("x-cluster-client-ip", b"203.0.113.99"),
    ("x-azure-clientip", b"203.0.113.99"),
    ("x-envoy-external-address", b"203.0.113.99"),
    ("forwarded", b"for=203.0.113.99"),
];

/// Without the header that the proxies write.
fn other_claims() -> impl Iterator<Item = Line<'static>> {
    CLAIMS.into_iter().filter(|(name, _)| *name != XFF)
}

#[test]
fn an_untrusted_peer_is_the_client() {
    let configurations = [
        ("one hop", proxies()),
        ("three hops", proxies().max_hops(3)),
        ("two hops by count", proxies().trusted_hops(2)),
        ("a chain", ForwardedHeaders::new().proxy_chain([trusted(P1), trusted("192.0.2.11")])),
        ("Forwarded", proxies().family(Family::Forwarded)),
        ("direct requests too", proxies().allow_direct(true)),
    ];
    for (configuration, layer) in configurations {
        let case = |row: &str| format!("{row}, {configuration}");
        // CVE-2020-28483.
        check(&case("12"), &layer, request(ATTACKER, "/", &[(XFF, b"203.0.113.99")]), Want::Peer);
        for claim in CLAIMS {
            let row = case(&format!("13 {}", claim.0));
            check(&row, &layer, request(ATTACKER, "/", &[claim]), Want::Peer);
        }
        check(&case("13 all together"), &layer, request(ATTACKER, "/", &CLAIMS), Want::Peer);
    }
}

#[test]
fn a_trusted_peer_is_asked_by_one_header() {
    for claim in other_claims() {
        let reported = request(P1, "/", &[claim, (XFF, b"203.0.113.7")]);
        let row = format!("14 {}", claim.0);
        let parts = check(&row, &proxies(), reported, Want::Addr(CLIENT));
        assert_eq!(left_over(&parts), [XFF], "{row}");

        let row = format!("15 {}", claim.0);
        check(&row, &proxies(), request(P1, "/", &[claim]), NOT_REPORTED);
        // That a peer may come without a proxy is no reason to look elsewhere.
        let direct = through(&proxies().allow_direct(true), request(P1, "/", &[claim]));
        assert_eq!(info(&direct).client_ip(), Some(P1.parse().unwrap()), "{row}, allow_direct");
        assert_eq!(left_over(&direct), [""; 0], "{row}, allow_direct");
    }
}

#[test]
fn nobody_but_loopback_is_trusted_by_default() {
    let strangers = [
        "10.0.0.1",
        "172.17.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.1.1",
        "fd00::1",
        "fe80::1",
        ATTACKER,
        "unix",
    ];
    for peer in strangers {
        let row = format!("16 {peer}");
        check(&row, &ForwardedHeaders::new(), request(peer, "/", &CLAIMS), Want::Peer);
    }
    // Stricter lists trust nobody at first. Loopback is our default, and documented, for nobody
    // outside has it: a proxy on the same machine works without a setting.
    for peer in ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"] {
        let row = format!("16 {peer}");
        check(&row, &ForwardedHeaders::new(), request(peer, "/", &CLAIMS), Want::Addr(VICTIM));
        let none = ForwardedHeaders::new().trust(TrustedProxies::none());
        check(&format!("{row}, none"), &none, request(peer, "/", &CLAIMS), Want::Peer);
    }
}

#[test]
fn peers_without_a_plain_address() {
    let unix = || proxies().trust(trusted("192.0.2.0/24, unix"));
    let link_local = || ForwardedHeaders::new().trust(trusted("fe80::/10"));
    let mapped = || ForwardedHeaders::new().trust(trusted("::ffff:192.0.2.0/120"));
    let any = || ForwardedHeaders::new().trust(TrustedProxies::insecure_any());
    let rows = [
        // Nobody is made up, and so nothing is unresolved: an outcome of its own.
        ("17 no peer", proxies(), "", Want::NoPeer),
        ("17 no peer, all trusted", any(), "", Want::NoPeer),
        ("17 no peer, allow_direct", proxies().allow_direct(true), "", Want::NoPeer),
        ("17 a socket that is not trusted", proxies(), "unix", Want::Peer),
        ("17 a socket that is trusted", unix(), "unix", Want::Addr(VICTIM)),
        // A listener on [::] sees IPv4 like this.
        ("18 mapped peer", proxies(), "::ffff:192.0.2.10", Want::Addr(VICTIM)),
        ("18 mapped network", mapped(), P1, Want::Addr(VICTIM)),
        ("18 mapped stranger", proxies(), "::ffff:198.51.100.66", Want::Peer),
        // Zones are not compared.
        ("19 zone", link_local(), "[fe80::1%2]:50000", Want::Addr(VICTIM)),
        ("19 zone, not trusted", proxies(), "[fe80::1%2]:50000", Want::Peer),
    ];
    for (name, layer, peer, want) in rows {
        check(name, &layer, request(peer, "/", &CLAIMS), want);
    }
}

/// The peer counts for each header, not for the address alone (CVE-2026-3635).
#[test]
fn without_an_address_to_read_the_peer_is_still_checked() {
    let layer = ForwardedHeaders::new()
        .trust(trusted("192.0.2.0/24"))
        .read_for(false)
        .read_host(true)
        .read_port(true)
        .read_prefix(true)
        .allowed_hosts(AllowedHosts::any());
    let rows: [Line<'_>; 4] = [
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-host", b"evil.example"),
        ("x-forwarded-port", b"8443"),
        ("x-forwarded-prefix", b"/evil"),
    ];
    let all = rows.as_slice();
    for sent in rows.iter().map(std::slice::from_ref).chain([all]) {
        let row = format!("20 {} header(s) from {}", sent.len(), sent[0].0);
        let sent = [&[("host", b"own.example".as_slice())], sent].concat();
        let parts = check(&row, &layer, request(ATTACKER, "/", &sent), Want::Peer);
        let info = info(&parts);
        assert_eq!(info.forwarded_scheme(), None, "{row}");
        assert_eq!(info.origin().as_deref(), Some("http://own.example"), "{row}");
        assert_eq!(info.prefix(), None, "{row}");
        assert_eq!(parts.uri, "/", "{row}");
    }
    // The same headers count when a proxy sends them, so the rows above can fail.
    let sent = [&[("host", b"own.example".as_slice())], all].concat();
    let parts = through(&layer, request(P1, "/", &sent));
    assert_eq!(info(&parts).origin().as_deref(), Some("https://evil.example:8443"));
    assert_eq!(info(&parts).prefix(), Some("/evil"));
}

/// CVE-2025-66570: a server kept its own notes among the client's headers.
#[test]
fn no_header_is_taken_for_our_own_state() {
    let names = ["REMOTE_ADDR", "x-client-ip", "ConnectionInfo", "connection-info", "peer"];
    for name in names {
        let row = format!("21 {name}");
        let claim = (name, VICTIM.as_bytes());
        check(&row, &proxies(), request(ATTACKER, "/", &[claim]), Want::Peer);
        check(&row, &proxies(), request(P1, "/", &[claim]), NOT_REPORTED);
        let named = request(P1, "/", &[claim, (XFF, b"203.0.113.7")]);
        check(&row, &proxies(), named, Want::Addr(CLIENT));
    }
}

/// The inner layer must not read what the outer one wrote: the client would be one hop further.
#[test]
fn the_outermost_layer_decides() {
    let inner_layers = [
        ("23 the same layer", proxies()),
        ("23 a layer that trusts everybody", proxies().trust(TrustedProxies::insecure_any())),
        ("23 the other family", proxies().family(Family::Forwarded)),
        ("23 a layer that trusts nobody", proxies().trust(TrustedProxies::none())),
    ];
    let sent: [Line<'_>; 2] = [(XFF, b"203.0.113.99, 203.0.113.7"), ("host", b"own.example")];
    for (name, inner) in inner_layers {
        let once = check(name, &proxies(), request(P1, "/", &sent), Want::Addr(CLIENT));
        let again = Request::from_parts(once.clone(), ());
        let twice = check(name, &inner, again, Want::Addr(CLIENT));
        assert_eq!((&twice.headers, &twice.uri), (&once.headers, &once.uri), "{name}");
        assert_eq!(lines(&twice, XFF), [CLIENT.as_bytes()], "{name}");
    }
}
