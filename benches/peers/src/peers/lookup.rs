//! Is it one of 10,000 networks?

use std::hint::black_box;
use std::net::IpAddr;

use forwarded_headers::TrustedProxies;
use tower_real_ip::TrustedProxyConfig;

use super::Entrant;
use super::decide::client_addr_config;
use crate::inputs::{addresses, networks};
use crate::measure::timed;

pub fn lookups(hit: bool) -> Vec<Entrant> {
    let networks = networks();
    let ours: TrustedProxies = networks.join(", ").parse().unwrap();
    let client_addr = client_addr_config(&networks, []);
    let tower_real_ip = TrustedProxyConfig::parse_str(&networks.join(";")).unwrap();
    let mut trusted_proxies = trusted_proxies::Config::new();
    networks.iter().for_each(|network| trusted_proxies.add_trusted_ip(network).unwrap());
    vec![
        lookup("forwarded-headers", hit, move |ip| ours.contains(ip)),
        lookup("axum-client-addr", hit, move |ip| client_addr.is_trusted_proxy(ip)),
        lookup("trusted-proxies", hit, move |ip| trusted_proxies.is_ip_trusted(&ip)),
        lookup("tower-real-ip", hit, move |ip| tower_real_ip.is_trusted(&ip)),
    ]
}

fn lookup(peer: &'static str, hit: bool, contains: impl Fn(IpAddr) -> bool + 'static) -> Entrant {
    let addresses = addresses(hit);
    let found = addresses.iter().filter(|&&ip| contains(ip)).count();
    let batch = Box::new(move |calls| {
        let turn = addresses.iter().cycle().take(calls);
        timed(|| turn.for_each(|&ip| _ = black_box(contains(black_box(ip)))))
    });
    Entrant { peer, answer: format!("{found} of 64"), baseline: None, batch }
}
