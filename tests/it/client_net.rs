//! The client's network, as a key.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer};
use http::Request;
use proptest::prelude::*;

use crate::support::{ip, resolve};

fn info(address: IpAddr) -> ConnectionInfo {
    ConnectionInfo::from(Peer::Inet((address, 4711).into()))
}

fn net(address: &str, v4: u8, v6: u8) -> String {
    info(ip(address)).client_net_of(v4, v6).unwrap().to_string()
}

#[test]
fn each_kind_of_address_has_its_network() {
    #[rustfmt::skip]
    let rows = [
        ("203.0.113.7", 32, 64, "203.0.113.7/32"),
        ("203.0.113.7", 24, 64, "203.0.113.0/24"),
        ("203.0.113.7", 0, 64, "0.0.0.0/0"),
        ("203.0.113.7", 33, 64, "203.0.113.7/32"),
        ("203.0.113.7", 255, 64, "203.0.113.7/32"),
        ("::ffff:203.0.113.7", 24, 64, "203.0.113.0/24"),
        ("::ffff:203.0.113.7", 255, 255, "203.0.113.7/32"),
        ("64:ff9b::203.0.113.7", 32, 64, "203.0.113.7/32"),
        ("64:ff9b::203.0.113.7", 24, 64, "203.0.113.0/24"),
        // Another prefix of NAT64 is not known to all (RFC 8215).
        ("64:ff9b:1::203.0.113.7", 32, 64, "64:ff9b:1::/64"),
        ("64:ff9b::1:cb00:7107", 32, 64, "64:ff9b::/64"),
        ("2001:db8:1:2:3:4:5:6", 32, 64, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3:4:5:6", 32, 56, "2001:db8:1::/56"),
        ("2001:db8:1:2:3:4:5:6", 32, 0, "::/0"),
        ("2001:db8:1:2:3:4:5:6", 32, 128, "2001:db8:1:2:3:4:5:6/128"),
        ("2001:db8:1:2:3:4:5:6", 32, 129, "2001:db8:1:2:3:4:5:6/128"),
        ("2001:db8:1:2:3:4:5:6", 32, 255, "2001:db8:1:2:3:4:5:6/128"),
        ("2002:cb00:7107:1:2:3:4:5", 32, 64, "2002:cb00:7107::/48"),
        ("2002:cb00:7107:1:2:3:4:5", 32, 255, "2002:cb00:7107::/48"),
        ("2002:cb00:7107:1:2:3:4:5", 32, 32, "2002:cb00::/32"),
        ("2003:cb00:7107:1:2:3:4:5", 32, 64, "2003:cb00:7107:1::/64"),
        ("::1", 32, 64, "::/64"),
    ];
    for (address, v4, v6, expected) in rows {
        assert_eq!(net(address, v4, v6), expected, "{address} {v4} {v6}");
    }
}

/// The key is that of the client, not of the proxy.
#[test]
fn the_key_is_that_of_the_client() {
    let layer = ForwardedHeaders::new();
    let key = |lines: &[(&str, &[u8])]| resolve(&layer, "127.0.0.1", lines).client_net();
    let forwarded = key(&[("x-forwarded-for", b"6.6.6.6, 2001:db8:1:2:3:4:5:6")]);
    assert_eq!(forwarded, Some("2001:db8:1:2::/64".parse().unwrap()));
    assert_eq!(key(&[]), None);
    assert_eq!(key(&[("x-forwarded-for", b"unknown")]), None);
    let unix =
        layer.resolve(&Request::builder().extension(Peer::Unix).body(()).unwrap().into_parts().0);
    assert_eq!((unix.client_net(), unix.client_net_of(8, 8)), (None, None));
}

proptest! {
    /// The network holds the client's address, and its own address has no other bit.
    #[test]
    fn a_network_holds_its_client(bits: u128, is_v4: bool, v4: u8, v6: u8) {
        #[expect(clippy::cast_possible_truncation, reason = "any bits will do")]
        let address: IpAddr = if is_v4 {
            Ipv4Addr::from_bits(bits as u32).into()
        } else {
            Ipv6Addr::from_bits(bits).into()
        };
        let info = info(address);
        let network = info.client_net_of(v4, v6).unwrap();
        prop_assert!(network.contains(&info.client_ip().unwrap()) || network.addr().is_ipv4());
        prop_assert_eq!(network.trunc(), network);
        prop_assert_eq!(info.client_net(), info.client_net_of(32, 64));
    }

    /// Two addresses have one key exactly if they have one prefix.
    #[test]
    fn one_key_is_one_prefix(one: u128, other: u128, shared in 0..=128_u8, prefix in 0..=128_u8) {
        let mask = u128::MAX.checked_shl(128 - u32::from(shared)).unwrap_or(0);
        let other = (one & mask) | (other & !mask);
        let [first, second] = [one, other].map(|bits| info(Ipv6Addr::from_bits(bits).into()));
        let keys = [&first, &second].map(|info| info.client_net_of(32, prefix).unwrap());
        let prefix_mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
        if keys.iter().all(|key| key.prefix_len() == prefix && key.addr().is_ipv6()) {
            prop_assert_eq!(keys[0] == keys[1], one & prefix_mask == other & prefix_mask);
        }
    }
}
