//! A text that is accepted contains the addresses of its networks and no others, as `ipnet` has it.
#![no_main]

use std::net::IpAddr;

use forwarded_headers::TrustedProxies;
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;

/// The items of a text, without its comments.
fn items(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.split(['\r', '\n']).map(|line| line.split('#').next().unwrap());
    lines.flat_map(|line| line.split([' ', '\t', ','])).filter(|item| !item.is_empty())
}

fn network(item: &str) -> IpNet {
    item.parse().or_else(|_| item.parse::<IpAddr>().map(IpNet::from)).unwrap()
}

fn canonical(net: IpNet) -> IpNet {
    match net.addr().to_canonical() {
        IpAddr::V4(v4) if net.addr().is_ipv6() => {
            IpNet::new(v4.into(), net.prefix_len() - 96).unwrap()
        }
        _ => net,
    }
}

fuzz_target!(|input: (&str, [u8; 16], u32)| {
    let (text, v6, v4) = input;
    let Ok(proxies) = text.parse::<TrustedProxies>() else { return };
    let names = ["loopback", "private", "link-local", "unix", "none"];
    if items(text).any(|item| names.contains(&item)) {
        return;
    }
    let networks: Vec<_> = items(text).map(|item| canonical(network(item))).collect();
    let edges = networks.iter().flat_map(|net| [net.network(), net.broadcast()]);
    for address in edges.chain([IpAddr::from(v6), IpAddr::from(v4.to_be_bytes())]) {
        let address = address.to_canonical();
        let expected = networks.iter().any(|net| net.contains(&address));
        assert_eq!(proxies.contains(address), expected, "{address} in {text:?}");
    }
    let sets = networks.into_iter().map(|net| TrustedProxies::try_from(net).unwrap());
    assert_eq!(sets.collect::<TrustedProxies>(), proxies);
});
