//! Which requests an app refuses because no trusted proxy forwarded them.

use forwarded_headers::{Builder, ClientSource, ForwardedHeaders, Refusal, TrustedProxies};

use crate::support::{Line, resolve};

const FOR: Line<'_> = ("x-forwarded-for", b"203.0.113.7");
const HOST: Line<'_> = ("host", b"example.com");
const PROOF: Line<'_> = ("x-origin-verify", b"2f9c7a51e0d84b36");
const EVIL: Line<'_> = ("host", b"evil.example");

fn hosts() -> Builder {
    ForwardedHeaders::builder().allowed_hosts("example.com").trust("loopback, unix")
}

fn proven() -> Builder {
    hosts().trust(TrustedProxies::loopback().with_secret(PROOF.0, "2f9c7a51e0d84b36").unwrap())
}

fn without_client() -> Builder {
    hosts().client_from(ClientSource::none())
}

fn peer_may_be_client() -> Builder {
    hosts().trusted_peer_may_be_client(true)
}

type Row = (fn() -> Builder, &'static str, &'static [Line<'static>], Result<(), Refusal>);

const ROWS: &[Row] = &[
    (hosts, "127.0.0.1", &[FOR, HOST], Ok(())),
    (hosts, "unix", &[FOR, HOST], Ok(())),
    // A host that is missing, not valid, or in two lines was not refused.
    (hosts, "127.0.0.1", &[FOR], Ok(())),
    (hosts, "127.0.0.1", &[FOR, ("host", b"a b")], Ok(())),
    (hosts, "127.0.0.1", &[FOR, HOST, HOST], Ok(())),
    (without_client, "127.0.0.1", &[HOST], Ok(())),
    (hosts, "127.0.0.1", &[FOR, EVIL], Err(Refusal::Host)),
    (hosts, "127.0.0.1", &[EVIL], Err(Refusal::Host)),
    (hosts, "203.0.113.7", &[EVIL], Err(Refusal::Host)),
    (hosts, "", &[FOR, EVIL], Err(Refusal::Host)),
    (hosts, "203.0.113.7", &[FOR, HOST], Err(Refusal::NotForwarded)),
    (hosts, "203.0.113.7", &[HOST], Err(Refusal::NotForwarded)),
    (peer_may_be_client, "127.0.0.1", &[HOST], Err(Refusal::NotForwarded)),
    (without_client, "203.0.113.7", &[HOST], Err(Refusal::NotForwarded)),
    (hosts, "127.0.0.1", &[HOST], Err(Refusal::NoClient)),
    (hosts, "127.0.0.1", &[("x-forwarded-for", b"unknown"), HOST], Err(Refusal::NoClient)),
    (hosts, "127.0.0.1", &[("x-forwarded-for", b"a"), HOST], Err(Refusal::NoClient)),
    (hosts, "127.0.0.1", &[("x-forwarded-for", b"1.1.1.1,"), HOST], Err(Refusal::NoClient)),
    (hosts, "", &[FOR, HOST], Err(Refusal::NoPeer)),
    (proven, "127.0.0.1", &[FOR, HOST, PROOF], Ok(())),
    (proven, "127.0.0.1", &[FOR, HOST], Err(Refusal::NotForwarded)),
    (proven, "127.0.0.1", &[FOR, EVIL], Err(Refusal::Host)),
];

#[test]
fn requests_are_refused_by_outcome_and_host() {
    for (settings, peer, lines, expected) in ROWS {
        let info = resolve(&settings().build().unwrap(), peer, lines);
        assert_eq!(info.require_forwarded(), *expected, "{peer} {lines:?}");
    }
}

#[test]
fn each_refusal_has_its_status() {
    let statuses = [
        (Refusal::NotForwarded, 403),
        (Refusal::NoClient, 400),
        (Refusal::Host, 421),
        (Refusal::NoPeer, 500),
        (Refusal::NoLayer, 500),
    ];
    for (refusal, status) in statuses {
        assert_eq!(refusal.status(), status, "{refusal}");
    }
}
