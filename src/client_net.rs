//! The client's network, as a key.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::info::ConnectionInfo;

/// A client has all of a /64: its machines choose the rest of the address.
const CLIENTS_V6: u8 = 64;

/// 6to4 (RFC 3056) gives each IPv4 address a /48.
const SIX_TO_FOUR: u8 = 48;

impl ConnectionInfo {
    /// Returns the client's network: the IPv4 address, or the /64 of the IPv6 address. A key for rate
    /// limits, quotas and block lists.
    ///
    /// One client can use every address of its /64. With the whole address as the key, it has 2^64 keys.
    ///
    /// `None` is an unknown client. Count all unknown clients as one: a request without a key must neither
    /// fail nor pass unlimited.
    ///
    /// ```
    /// use forwarded_headers::{ConnectionInfo, Peer};
    ///
    /// let net = |address: &str| {
    ///     let info = ConnectionInfo::from(Peer::Inet(address.parse().unwrap()));
    ///     info.client_net().unwrap().to_string()
    /// };
    /// assert_eq!(net("203.0.113.7:4711"), "203.0.113.7/32");
    /// assert_eq!(net("[2001:db8:1:2:3:4:5:6]:4711"), "2001:db8:1:2::/64");
    /// assert_eq!(ConnectionInfo::from(Peer::Unix).client_net(), None);
    /// ```
    #[must_use]
    pub fn client_net(&self) -> Option<IpNet> {
        self.client_net_of(32, CLIENTS_V6)
    }

    /// Returns the client's network with these lengths of the prefix, for IPv4 and for IPv6. A length
    /// that is too long is the address itself.
    ///
    /// An IPv4 address that NAT64 has put into IPv6 (`64:ff9b::/96`, RFC 6052) counts as IPv4. Of 6to4
    /// (`2002::/16`), the network has /48 at most, because each IPv4 address has a whole /48.
    ///
    /// ```
    /// use forwarded_headers::{ConnectionInfo, Peer};
    ///
    /// let net = |address: &str| {
    ///     let info = ConnectionInfo::from(Peer::Inet(address.parse().unwrap()));
    ///     info.client_net_of(24, 56).unwrap().to_string()
    /// };
    /// assert_eq!(net("203.0.113.7:4711"), "203.0.113.0/24");
    /// assert_eq!(net("[2001:db8:1:2ff::1]:4711"), "2001:db8:1:200::/56");
    /// assert_eq!(net("[64:ff9b::203.0.113.7]:4711"), "203.0.113.0/24");
    /// ```
    #[must_use]
    pub fn client_net_of(&self, v4_prefix: u8, v6_prefix: u8) -> Option<IpNet> {
        let network = match self.client_ip()? {
            IpAddr::V4(address) => v4(address, v4_prefix),
            IpAddr::V6(address) => match behind_nat64(address) {
                Some(address) => v4(address, v4_prefix),
                None => v6(address, v6_prefix),
            },
        };
        network.map(|network| network.trunc())
    }
}

fn v4(address: Ipv4Addr, prefix: u8) -> Option<IpNet> {
    IpNet::new(address.into(), prefix.min(32)).ok()
}

fn v6(address: Ipv6Addr, prefix: u8) -> Option<IpNet> {
    let is_6to4 = address.segments().first() == Some(&0x2002);
    let most = if is_6to4 { SIX_TO_FOUR } else { 128 };
    IpNet::new(address.into(), prefix.min(most)).ok()
}

/// Returns the IPv4 address in an address of `64:ff9b::/96`.
fn behind_nat64(address: Ipv6Addr) -> Option<Ipv4Addr> {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some((u32::from(high) << 16 | u32::from(low)).into())
        }
        _ => None,
    }
}
