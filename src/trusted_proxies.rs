//! Who may be believed.
//!
//! A set is two sorted lists of disjoint ranges, one a family, so that a lookup is a binary search
//! over 8 bytes an IPv4 range and 32 bytes an IPv6 range. IPv4-mapped addresses and networks are
//! their IPv4 selves on both sides, and an IPv6 network never matches an IPv4 address
//! (CVE-2026-90711).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};

use crate::error::ConfigError;
use crate::peer::Peer;

const ANYBODY: &str = "it trusts everybody; TrustedProxies::insecure_any() says that";

/// The proxies that may be believed: addresses, networks, and whether Unix sockets are among them.
///
/// Trust the addresses of your proxies, as narrowly as you can. Whoever has an address in this set
/// can say who the client is.
///
/// ```
/// use forwarded_headers::TrustedProxies;
///
/// let proxies: TrustedProxies = "loopback, unix, 10.1.0.0/16, 192.0.2.7, 2001:db8::/32".parse()?;
/// assert!(proxies.contains("10.1.2.3".parse().unwrap()));
/// assert!(proxies.contains("::ffff:10.1.2.3".parse().unwrap())); // the same address, mapped
/// assert!(!proxies.contains("10.2.0.1".parse().unwrap()));
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
///
/// # Text form
///
/// Addresses, networks and names, separated by commas; spaces and tabs around them do not count.
/// The names are `loopback`, `private`, `link-local` and `unix`, for the constructors here, and
/// `none` by itself. [`Display`](fmt::Display) writes it; what it writes of a set that trusts
/// everybody is not read back. One bad item refuses the whole text, and so does an empty one:
///
/// - host bits set (`192.0.2.10/24`): write the network (`192.0.2.0/24`) or the address;
/// - `0.0.0.0/0` and `::/0`: [`insecure_any`](Self::insecure_any) says that;
/// - an IPv4-mapped network shorter than /96 (`::ffff:10.0.0.0/8`), which is no IPv4 network;
/// - host names, zone identifiers, netmasks, leading zeros.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
    unix: bool,
    /// The first network that `From<IpNet>` could not take. It trusts nobody, and
    /// `ForwardedHeaders::check` reports it.
    refused: Option<ConfigError>,
}

impl TrustedProxies {
    /// Nobody: every peer is the client.
    pub fn none() -> Self {
        Self::default()
    }

    /// This machine: `127.0.0.0/8` and `::1`.
    pub fn loopback() -> Self {
        Self::known(&[(Ipv4Addr::LOCALHOST, 8)], &[(Ipv6Addr::LOCALHOST, 128)])
    }

    /// The private networks: `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16` (RFC 1918) and
    /// `fc00::/7` (RFC 4193).
    ///
    /// Neither loopback, nor link-local, nor `100.64.0.0/10` (RFC 6598), which some platforms use
    /// inside: name those beside it. Everybody in these networks can then say who the client is:
    /// the other containers, and, where addresses are translated on the way in, the whole internet.
    pub fn private() -> Self {
        let v4 = [([10, 0, 0, 0], 8), ([172, 16, 0, 0], 12), ([192, 168, 0, 0], 16)];
        let v6 = [(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7)];
        Self::known(&v4.map(|(octets, prefix)| (octets.into(), prefix)), &v6)
    }

    /// The link-local networks: `169.254.0.0/16` (RFC 3927) and `fe80::/10` (RFC 4291). Zone
    /// identifiers are not compared.
    pub fn link_local() -> Self {
        let v6 = [(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10)];
        Self::known(&[(Ipv4Addr::new(169, 254, 0, 0), 16)], &v6)
    }

    /// [`Peer::Unix`]: whoever the file system lets open the socket that the app listens on.
    pub fn unix() -> Self {
        Self { unix: true, ..Self::default() }
    }

    /// Everybody. Whoever can reach the app can say who the client is.
    ///
    /// Right only where nothing but the proxy can open a connection, which the app cannot check. With
    /// more than one [hop](crate::ForwardedHeaders::max_hops) every client is taken for a proxy as
    /// well, and says who it is: for several proxies use
    /// [`trusted_hops`](crate::ForwardedHeaders::trusted_hops) beside it.
    pub fn insecure_any() -> Self {
        Self { v4: vec![(0, u32::MAX)], v6: vec![(0, u128::MAX)], unix: true, refused: None }
    }

    /// Whoever is in either set. Where that comes to every IPv4 or every IPv6 address,
    /// [`ForwardedHeaders::check`](crate::ForwardedHeaders::check) refuses it.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        [self, other].into_iter().collect()
    }

    /// Whether this address is a trusted proxy. An IPv4-mapped address is its IPv4 self.
    #[inline]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(ip) => covers(&self.v4, ip.to_bits()),
            IpAddr::V6(ip) => covers(&self.v6, ip.to_bits()),
        }
    }

    #[inline]
    pub(crate) fn contains_peer(&self, peer: &Peer) -> bool {
        match peer {
            Peer::Inet(address) => self.contains(address.ip()),
            Peer::Unix => self.unix,
        }
    }

    /// Whether it has every IPv4 or every IPv6 address.
    fn is_anybody(&self) -> bool {
        self.v4 == [(0, u32::MAX)] || self.v6 == [(0, u128::MAX)]
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match &self.refused {
            Some(error) => Err(error.clone()),
            // A union of sets can come to it as well.
            None if self.is_anybody() && *self != Self::insecure_any() => {
                Err(ConfigError::trusted_proxy(self, ANYBODY))
            }
            None => Ok(()),
        }
    }

    fn known(v4: &[(Ipv4Addr, u8)], v6: &[(Ipv6Addr, u8)]) -> Self {
        let v4 = v4.iter().map(|(ip, prefix)| IpNet::new_assert((*ip).into(), *prefix).trunc());
        let v6 = v6.iter().map(|(ip, prefix)| IpNet::new_assert((*ip).into(), *prefix));
        v4.chain(v6).collect()
    }
}

/// The network with IPv4-mapped ones as IPv4, or why it is none to trust.
fn canonical(net: IpNet) -> Result<IpNet, String> {
    let net = match net {
        IpNet::V4(_) => net,
        IpNet::V6(v6) => unmapped(v6).ok_or(
            "an IPv4-mapped network needs a prefix of /96 or longer; write the IPv4 network \
             (10.0.0.0/8 for ::ffff:10.0.0.0/104)",
        )?,
    };
    let (network, address) = (net.trunc(), net.addr());
    if network != net {
        return Err(format!(
            "the address has bits set outside its prefix; write {network} for the network or \
             {address} for the one address"
        ));
    }
    match net.prefix_len() {
        0 => Err(ANYBODY.into()),
        _ => Ok(net),
    }
}

/// `None` where the network starts as an IPv4-mapped one and reaches beyond them (CVE-2026-90711).
fn unmapped(net: Ipv6Net) -> Option<IpNet> {
    let Some(v4) = net.addr().to_ipv4_mapped() else { return Some(net.into()) };
    let prefix = net.prefix_len().checked_sub(96)?;
    Ipv4Net::new(v4, prefix).ok().map(IpNet::V4)
}

/// Sorts the ranges and joins those that overlap or touch.
fn merge<T: Copy + Ord>(mut ranges: Vec<(T, T)>, next: impl Fn(T) -> Option<T>) -> Vec<(T, T)> {
    ranges.sort_unstable();
    ranges.dedup_by(|(start, end), (_, last)| {
        let joined = next(*last).is_none_or(|next| *start <= next);
        if joined {
            *last = (*last).max(*end);
        }
        joined
    });
    ranges
}

#[inline]
fn covers<T: Copy + Ord>(ranges: &[(T, T)], address: T) -> bool {
    let after = ranges.partition_point(|(start, _)| *start <= address);
    let candidate = after.checked_sub(1).and_then(|index| ranges.get(index));
    candidate.is_some_and(|(_, end)| address <= *end)
}

impl FromStr for TrustedProxies {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim_matches([' ', '\t']);
        if text == "none" {
            return Ok(Self::none());
        }
        let items = text.split(',').map(|item| parse_item(item.trim_matches([' ', '\t'])));
        let proxies: Self = items.collect::<Result<_, _>>()?;
        match proxies.is_anybody() {
            true => Err(ConfigError::trusted_proxy(text, ANYBODY)),
            false => Ok(proxies),
        }
    }
}

fn parse_item(item: &str) -> Result<TrustedProxies, ConfigError> {
    match item {
        "loopback" => return Ok(TrustedProxies::loopback()),
        "private" => return Ok(TrustedProxies::private()),
        "link-local" => return Ok(TrustedProxies::link_local()),
        "unix" => return Ok(TrustedProxies::unix()),
        _ => {}
    }
    let proxies = parse_network(item).map(TrustedProxies::from).ok_or_else(|| {
        let reason = match item {
            "" => "an empty item: a comma too many, or nothing at all, which is \"none\"",
            _ => {
                "expected an address (192.0.2.7), a network (10.1.0.0/16), or one of loopback, \
                 private, link-local, unix; without ports or host names, and several separated by \
                 commas"
            }
        };
        ConfigError::trusted_proxy(item, reason)
    })?;
    proxies.check().map(|()| proxies)
}

/// Leading zeros mean octal to some readers, so there are none: `ipnet`'s own parser takes them.
fn parse_network(item: &str) -> Option<IpNet> {
    let Some((address, prefix)) = item.split_once('/') else {
        return item.parse().ok().map(|address: IpAddr| address.into());
    };
    let is_plain = prefix.bytes().all(|b| b.is_ascii_digit())
        && (prefix.len() == 1 || !prefix.starts_with('0'));
    let prefix = prefix.parse().ok().filter(|_| is_plain)?;
    IpNet::new(address.parse().ok()?, prefix).ok()
}

/// The union, as of addresses, networks, or lists that were parsed one by one.
///
/// ```
/// use forwarded_headers::TrustedProxies;
///
/// let lines = ["10.0.0.0/8", "192.0.2.7"];
/// let proxies: TrustedProxies = lines.iter().map(|line| line.parse::<TrustedProxies>()).collect::<Result<_, _>>()?;
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
impl<T: Into<TrustedProxies>> FromIterator<T> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = T>>(sets: I) -> Self {
        let mut all = Self::none();
        for set in sets {
            let set = set.into();
            all.v4.extend(set.v4);
            all.v6.extend(set.v6);
            all.unix |= set.unix;
            all.refused = all.refused.or(set.refused);
        }
        all.v4 = merge(all.v4, |end| end.checked_add(1));
        all.v6 = merge(all.v6, |end| end.checked_add(1));
        all
    }
}

/// That network. One that the text form would refuse trusts nobody, and
/// [`ForwardedHeaders::check`](crate::ForwardedHeaders::check) reports it.
impl From<IpNet> for TrustedProxies {
    fn from(net: IpNet) -> Self {
        let mut proxies = Self::none();
        match canonical(net) {
            Ok(IpNet::V4(net)) => {
                proxies.v4.push((net.network().to_bits(), net.broadcast().to_bits()));
            }
            Ok(IpNet::V6(net)) => {
                proxies.v6.push((net.network().to_bits(), net.broadcast().to_bits()));
            }
            Err(reason) => proxies.refused = Some(ConfigError::trusted_proxy(net, reason)),
        }
        proxies
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v4 = self.v4.iter().flat_map(|(start, end)| {
            Ipv4Subnets::new((*start).into(), (*end).into(), 0).map(IpNet::V4)
        });
        let v6 = self.v6.iter().flat_map(|(start, end)| {
            Ipv6Subnets::new((*start).into(), (*end).into(), 0).map(IpNet::V6)
        });
        let items = v4.chain(v6).map(|net| net.to_string());
        let items: Vec<_> = items.chain(self.unix.then(|| "unix".into())).collect();
        f.write_str(if items.is_empty() { "none" } else { "" })?;
        f.write_str(&items.join(", "))
    }
}

impl fmt::Debug for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused = self.refused.as_ref().map(|error| format!(", refused: {error}"));
        write!(f, "TrustedProxies({self}{})", refused.unwrap_or_default())
    }
}

/// That one address.
impl From<IpAddr> for TrustedProxies {
    fn from(address: IpAddr) -> Self {
        Self::from(IpNet::from(address))
    }
}
