//! Which peers are trusted. `server` has several requests on one connection.

use forwarded_headers::{AllowedHosts, ClientSource, ForwardedHeaders, Setting, TrustedProxies};
use http::Request;

use crate::attacks::{
    ATTACKER, CLIENT, NO_HEADER, P1, P2, VICTIM, Want, XFF, builder, chain_of, check, left_over,
    proxies,
};
use crate::support::{Line, info, lines, request, through};

fn trusting(proxies: impl Setting<TrustedProxies>) -> ForwardedHeaders {
    ForwardedHeaders::builder().trust(proxies).build().unwrap()
}

/// The victim, in every header that some server reads the client's address from.
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

/// The victim, in every header but the one that the proxies write.
fn other_claims() -> impl Iterator<Item = Line<'static>> {
    CLAIMS.into_iter().filter(|(name, _)| *name != XFF)
}

#[test]
fn an_untrusted_peer_is_the_client() {
    let configurations = [
        ("one proxy", builder()),
        ("three proxies of a network", chain_of(3)),
        (
            "second entry from the right",
            builder().client_from(ClientSource::x_forwarded_for().nth_from_right(2)),
        ),
        ("two proxies by address", ForwardedHeaders::builder().trust_chain([P1, P2])),
        ("Forwarded", builder().client_from("forwarded")),
        ("trusted peer may be the client", builder().trusted_peer_may_be_client(true)),
    ];
    for (configuration, builder) in configurations {
        let layer = builder.build().unwrap();
        let case = |row: &str| format!("{row}, {configuration}");
        // CVE-2020-28483.
        check(&case("list"), &layer, request(ATTACKER, "/", &[(XFF, b"203.0.113.99")]), Want::Peer);
        for claim in CLAIMS {
            check(&case(claim.0), &layer, request(ATTACKER, "/", &[claim]), Want::Peer);
        }
        check(&case("all headers"), &layer, request(ATTACKER, "/", &CLAIMS), Want::Peer);
    }
}

#[test]
fn one_header_of_a_trusted_peer_is_read() {
    let may_be_client = builder().trusted_peer_may_be_client(true).build().unwrap();
    for claim in other_claims() {
        let reported = request(P1, "/", &[claim, (XFF, b"203.0.113.7")]);
        let row = format!("{}, beside the list", claim.0);
        let parts = check(&row, &proxies(), reported, Want::Addr(CLIENT));
        assert_eq!(left_over(&parts), [XFF], "{row}");

        let row = format!("{}, alone", claim.0);
        check(&row, &proxies(), request(P1, "/", &[claim]), NO_HEADER);
        // Any forwarding header shows that the peer is a proxy, and not the client.
        check(&row, &may_be_client, request(P1, "/", &[claim]), NO_HEADER);
    }
}

#[test]
fn only_loopback_is_trusted_by_default() {
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
        check(peer, &ForwardedHeaders::new(), request(peer, "/", &CLAIMS), Want::Peer);
    }
    // Other libraries trust no address by default. Here the default is loopback, which no client
    // outside has: a proxy on the same machine needs no setting.
    for peer in ["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1"] {
        check(peer, &ForwardedHeaders::new(), request(peer, "/", &CLAIMS), Want::Addr(VICTIM));
        let none = trusting(TrustedProxies::none());
        check(&format!("{peer}, none trusted"), &none, request(peer, "/", &CLAIMS), Want::Peer);
    }
}

#[test]
fn peers_without_a_plain_address() {
    let may_be_client = builder().trusted_peer_may_be_client(true).build().unwrap();
    let link_local = || trusting("fe80::/10");
    let rows = [
        ("no peer", proxies(), "", Want::NoPeer),
        ("no peer, all trusted", trusting(TrustedProxies::insecure_any()), "", Want::NoPeer),
        ("no peer, trusted peer may be the client", may_be_client, "", Want::NoPeer),
        ("a socket that is not trusted", proxies(), "unix", Want::Peer),
        ("a socket that is trusted", trusting("192.0.2.0/24, unix"), "unix", Want::Addr(VICTIM)),
        // A listener on [::] gives an IPv4 peer in this form.
        ("mapped peer", proxies(), "::ffff:192.0.2.10", Want::Addr(VICTIM)),
        ("mapped network", trusting("::ffff:192.0.2.0/120"), P1, Want::Addr(VICTIM)),
        ("mapped stranger", proxies(), "::ffff:198.51.100.66", Want::Peer),
        // Zones are not compared.
        ("zone, trusted", link_local(), "[fe80::1%2]:50000", Want::Addr(VICTIM)),
        ("zone, not trusted", proxies(), "[fe80::1%2]:50000", Want::Peer),
    ];
    for (name, layer, peer, want) in rows {
        check(name, &layer, request(peer, "/", &CLAIMS), want);
    }
}

/// The peer must be trusted for every header, also if no address is read (CVE-2026-3635).
#[test]
fn other_values_of_an_untrusted_peer_are_not_read() {
    let layer = builder()
        .client_from(ClientSource::none())
        .host_from("x-forwarded-host")
        .port_from("x-forwarded-port")
        .prefix_from("x-forwarded-prefix")
        .allowed_hosts(AllowedHosts::any())
        .build()
        .unwrap();
    let rows: [Line<'_>; 4] = [
        ("x-forwarded-proto", b"https"),
        ("x-forwarded-host", b"evil.example"),
        ("x-forwarded-port", b"8443"),
        ("x-forwarded-prefix", b"/evil"),
    ];
    let all = rows.as_slice();
    for sent in rows.iter().map(std::slice::from_ref).chain([all]) {
        let row = format!("{} header(s) from {}", sent.len(), sent[0].0);
        let sent = [&[("host", b"own.example".as_slice())], sent].concat();
        let parts = check(&row, &layer, request(ATTACKER, "/", &sent), Want::Peer);
        let info = info(&parts);
        assert_eq!(info.forwarded_scheme(), None, "{row}");
        assert_eq!(info.origin().as_deref(), Some("http://own.example"), "{row}");
        assert_eq!(info.prefix(), None, "{row}");
        assert_eq!(parts.uri, "/", "{row}");
    }
    // The layer reads the same headers from a proxy, so the rows above can fail.
    let sent = [&[("host", b"own.example".as_slice())], all].concat();
    let parts = through(&layer, request(P1, "/", &sent));
    assert_eq!(info(&parts).origin().as_deref(), Some("https://evil.example:8443"));
    assert_eq!(info(&parts).prefix(), Some("/evil"));
}

/// CVE-2025-66570: a server kept its own state among the client's headers.
#[test]
fn no_header_holds_the_state_of_the_layer() {
    let names = ["REMOTE_ADDR", "x-client-ip", "ConnectionInfo", "connection-info", "peer"];
    for name in names {
        let claim = (name, VICTIM.as_bytes());
        check(name, &proxies(), request(ATTACKER, "/", &[claim]), Want::Peer);
        check(name, &proxies(), request(P1, "/", &[claim]), NO_HEADER);
        let reported = request(P1, "/", &[claim, (XFF, b"203.0.113.7")]);
        check(name, &proxies(), reported, Want::Addr(CLIENT));
    }
}

/// The inner layer must not read what the outer layer wrote: its client would be one hop further.
#[test]
fn the_outermost_layer_decides() {
    let inner_layers = [
        ("the same layer", proxies()),
        ("a layer that trusts every peer", trusting(TrustedProxies::insecure_any())),
        ("the other family", builder().client_from("forwarded").build().unwrap()),
        ("a layer that trusts no peer", trusting(TrustedProxies::none())),
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
