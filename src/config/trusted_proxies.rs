//! The set of addresses that belong to trusted proxies.
//!
//! A set is two sorted lists of disjoint ranges, one for each IP version. A lookup is a binary search
//! over 8 bytes for each IPv4 range and 32 bytes for each IPv6 range. IPv4-mapped addresses and networks
//! are IPv4 on both sides, and an IPv6 network never contains an IPv4 address (CVE-2026-90711).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};

use super::error::ConfigError;
use super::items;
use super::proof::Proven;
use super::setting::{Setting, set_setting, setting};
use crate::peer::Peer;

const EVERY_ADDRESS: &str = "it contains every address, so a client could choose its own address; write \
     the addresses of the proxies, or if only they can reach the app, \
     trust(TrustedProxies::insecure_any()) in code";
/// The item of [`TrustedProxies::insecure_any`], as it is shown. No text holds it.
const EVERY_HOST: &str = "insecure_any()";
const NONE_ALONE: &str = "none stands alone, without other items";
const NO_ITEM: &str = "the set has no item; to trust no proxy, write none";

/// The set of addresses that belong to trusted proxies: addresses, networks, and Unix sockets.
///
/// Trust the addresses of your proxies, as narrowly as you can. A host with an address in this set can
/// report any client.
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
/// Items are separated by commas, spaces, tabs and line ends. `#` starts a comment, which ends with its
/// line. An item is an address, a network, or `loopback`, `private`, `link-local` or `unix`, named after
/// the constructors. `none` must be the only item. [`Display`](fmt::Display) writes this form. It
/// writes [`insecure_any`](Self::insecure_any) as `*`, which no text may hold, and a set with a
/// [secret](Self::with_secret) in parentheses.
///
/// A text without items is refused, and so is a text with an item that is not valid:
///
/// - host bits set (`192.0.2.10/24`): write the network (`192.0.2.0/24`) or the address;
/// - `0.0.0.0/0`, `::/0` and `*`: call [`insecure_any`](Self::insecure_any) in code;
/// - an IPv4-mapped network shorter than /96 (`::ffff:10.0.0.0/8`), which is not an IPv4 network;
/// - host names, ports, zones, netmasks, leading zeros.
#[derive(Clone, Default)]
pub struct TrustedProxies {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
    unix: bool,
    /// Whether the set was made with [`insecure_any`](Self::insecure_any).
    any: bool,
    /// The sets whose addresses need a secret. The fields above hold none of these addresses.
    pub(super) proven: Vec<Proven>,
    /// The items as the operator wrote them, with [`BETWEEN`] after each. The ranges are merged, and
    /// cannot show them.
    written: String,
}

/// What stands after each item of `written`.
const BETWEEN: &str = ", ";

impl TrustedProxies {
    /// Returns the empty set: every peer is the client.
    ///
    /// ```
    /// use forwarded_headers::TrustedProxies;
    ///
    /// assert!(!TrustedProxies::none().contains([127, 0, 0, 1].into()));
    /// ```
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Returns the loopback networks: `127.0.0.0/8` and `::1`.
    ///
    /// ```
    /// use forwarded_headers::TrustedProxies;
    ///
    /// assert_eq!(TrustedProxies::loopback().to_string(), "127.0.0.0/8, ::1/128");
    /// ```
    #[must_use]
    pub fn loopback() -> Self {
        Self::known("127.0.0.0/8, ::1").written("loopback")
    }

    /// Returns the private networks: `10.0.0.0/8`, `172.16.0.0/12`, `192.168.0.0/16` (RFC 1918) and
    /// `fc00::/7` (RFC 4193).
    ///
    /// The set contains neither loopback, nor link-local, nor `100.64.0.0/10` (RFC 6598), which some
    /// platforms use inside. Every host in these networks can then report any client: the other
    /// containers and, if source NAT gives outsiders an inside address, the whole internet.
    ///
    /// ```
    /// use forwarded_headers::TrustedProxies;
    ///
    /// assert!(TrustedProxies::private().contains([172, 31, 0, 1].into()));
    /// ```
    #[must_use]
    pub fn private() -> Self {
        Self::known("10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7").written("private")
    }

    /// Returns the link-local networks: `169.254.0.0/16` (RFC 3927) and `fe80::/10` (RFC 4291). A zone
    /// (`%eth0`) is not part of an address.
    ///
    /// ```
    /// use forwarded_headers::TrustedProxies;
    ///
    /// assert!(TrustedProxies::link_local().contains("fe80::1".parse().unwrap()));
    /// ```
    #[must_use]
    pub fn link_local() -> Self {
        Self::known("169.254.0.0/16, fe80::/10").written("link-local")
    }

    /// Returns the set of [`Peer::Unix`]: every process that may open the app's Unix socket.
    ///
    /// ```
    /// use forwarded_headers::TrustedProxies;
    ///
    /// assert_eq!(TrustedProxies::unix(), "unix".parse()?);
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    #[must_use]
    pub fn unix() -> Self {
        Self { unix: true, ..Self::default() }.written("unix")
    }

    /// Returns the set of every address. Every host that can reach the app can then report any client.
    ///
    /// Use this set only if the proxy alone can open a connection to the app. The app cannot check
    /// this. A chain refuses this set, because every client would count as a proxy. For several
    /// proxies of unknown addresses, set
    /// [`nth_from_right`](crate::ClientSource::nth_from_right) as well.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, TrustedProxies};
    ///
    /// let any = TrustedProxies::insecure_any();
    /// assert!(ForwardedHeaders::builder().trust(any).build().is_ok());
    /// assert!(ForwardedHeaders::builder().trust("0.0.0.0/0, ::/0").build().is_err());
    /// ```
    #[must_use]
    pub fn insecure_any() -> Self {
        let (v4, v6) = (vec![(0, u32::MAX)], vec![(0, u128::MAX)]);
        Self { v4, v6, unix: true, any: true, ..Self::default() }.written(EVERY_HOST)
    }

    /// Joins two sets.
    ///
    /// ```
    /// use forwarded_headers::TrustedProxies;
    ///
    /// let proxies = TrustedProxies::loopback().union(TrustedProxies::unix());
    /// assert_eq!(proxies, "loopback, unix".parse()?);
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        [self, other].into_iter().collect()
    }

    /// Returns whether this address belongs to a trusted proxy, with a [secret](Self::with_secret) or
    /// without. An IPv4-mapped address is IPv4.
    #[inline]
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.contains_canonical(address.to_canonical())
            || !self.proven.is_empty() && self.contains_with_secret(&address)
    }

    #[cold]
    #[inline(never)]
    fn contains_with_secret(&self, address: &IpAddr) -> bool {
        self.proven.iter().any(|proven| proven.proxies.contains(*address))
    }

    /// Returns whether an address that is not IPv4-mapped belongs to a proxy that needs no secret.
    #[inline(always)]
    pub(crate) fn contains_canonical(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => covers(&self.v4, address.to_bits()),
            IpAddr::V6(address) => covers(&self.v6, address.to_bits()),
        }
    }

    /// Returns whether a peer is a proxy that needs no secret.
    #[inline(always)]
    pub(crate) fn contains_peer(&self, peer: &Peer) -> bool {
        match peer {
            Peer::Inet(address) => self.contains_canonical(address.ip().to_canonical()),
            Peer::Unix => self.unix,
        }
    }

    /// Returns whether the set was made with [`insecure_any`](Self::insecure_any).
    pub(crate) fn is_any(&self) -> bool {
        self.any
    }

    /// Returns whether the set names Unix sockets, and holds addresses, with secrets or without.
    pub(super) fn mixes_unix_and_addresses(&self) -> bool {
        self.has_unix() && self.parts().any(Self::has_addresses)
    }

    /// Returns whether the set without its secrets holds Unix sockets, and no address.
    pub(super) fn is_unix_alone(&self) -> bool {
        self.unix && !self.has_addresses()
    }

    /// Returns whether the set names Unix sockets, with secrets or without. [`insecure_any`] does not: it
    /// counts as no set of Unix sockets alone, so no `unix:` in a list belongs to it.
    ///
    /// [`insecure_any`]: Self::insecure_any
    pub(super) fn has_unix(&self) -> bool {
        self.parts().any(|part| part.unix && !part.any)
    }

    fn has_addresses(&self) -> bool {
        !self.v4.is_empty() || !self.v6.is_empty()
    }

    /// Returns the set without its secrets, and each set that has one.
    fn parts(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.proven.iter().map(|proven| &proven.proxies))
    }

    /// Returns the first item that contains a peer, as the operator wrote it. The items that need no
    /// secret come first.
    pub(crate) fn item_of(&self, peer: &Peer) -> Option<&str> {
        self.items().find(|item| match parse_item(item) {
            Ok(set) => set.contains_peer(peer),
            Err(_) => *item == EVERY_HOST,
        })
    }

    /// Returns the items as the operator wrote them.
    pub(crate) fn items(&self) -> impl Iterator<Item = &str> {
        self.parts().flat_map(|part| part.written.split_terminator(BETWEEN))
    }

    fn written(self, item: impl fmt::Display) -> Self {
        Self { written: format!("{item}{BETWEEN}"), ..self }
    }

    /// Refuses a set that contains every IPv4 or every IPv6 address, unless
    /// [`insecure_any`](Self::insecure_any) made it. A union can contain them as well:
    /// `0.0.0.0/1, 128.0.0.0/1`.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let is_everything = self.v4 == [(0, u32::MAX)] || self.v6 == [(0, u128::MAX)];
        if is_everything && !self.any {
            return Err(invalid(self, EVERY_ADDRESS));
        }
        if self.any && !self.proven.is_empty() {
            return Err(ConfigError::new(
                "insecure_any beside a set with a secret trusts the set without it; remove one of them",
            ));
        }
        Ok(())
    }

    fn known(networks: &str) -> Self {
        networks.parse().expect("the networks that are written here are valid")
    }
}

/// Converts an IPv4-mapped network into IPv4. Refuses a network that cannot be trusted.
fn canonical(net: IpNet) -> Result<IpNet, String> {
    let net = match net {
        IpNet::V4(_) => net,
        IpNet::V6(v6) => unmapped(v6).ok_or(
            "an IPv4-mapped network needs a prefix of /96 or longer; write the IPv4 network \
             (10.0.0.0/8 for ::ffff:10.0.0.0/104)",
        )?,
    };
    if net.prefix_len() == 0 {
        return Err(EVERY_ADDRESS.into());
    }
    let (network, address) = (net.trunc(), net.addr());
    if network != net {
        return Err(format!(
            "the address has bits set outside its prefix; write {network} for the network or \
             {address} for the one address"
        ));
    }
    Ok(net)
}

/// Converts an IPv4-mapped network into IPv4. `None` if the network is larger than all of IPv4
/// (CVE-2026-90711).
fn unmapped(net: Ipv6Net) -> Option<IpNet> {
    let Some(v4) = net.addr().to_ipv4_mapped() else { return Some(net.into()) };
    let prefix = net.prefix_len().checked_sub(96)?;
    Ipv4Net::new(v4, prefix).ok().map(IpNet::V4)
}

/// Sorts the ranges, and joins ranges that overlap or touch.
fn merge<T: Copy + Ord>(ranges: &mut Vec<(T, T)>, next: impl Fn(T) -> Option<T>) {
    ranges.sort_unstable();
    ranges.dedup_by(|(start, end), (_, last)| {
        let joined = next(*last).is_none_or(|next| *start <= next);
        if joined {
            *last = (*last).max(*end);
        }
        joined
    });
    // The set is kept as long as the app runs, and nothing is added to it.
    ranges.shrink_to_fit();
}

#[inline(always)]
fn covers<T: Copy + Ord>(ranges: &[(T, T)], address: T) -> bool {
    let after = ranges.partition_point(|(start, _)| *start <= address);
    let candidate = after.checked_sub(1).and_then(|index| ranges.get(index));
    candidate.is_some_and(|(_, end)| address <= *end)
}

impl FromStr for TrustedProxies {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let items = items::split(text).map_err(|_| invalid(text, items::EmptyItem::REASON))?;
        match items[..] {
            [] => return Err(invalid(text, NO_ITEM)),
            ["none"] => return Ok(Self::none()),
            _ => {}
        }
        let proxies: Self = items.into_iter().map(parse_item).collect::<Result<_, _>>()?;
        proxies.check().map(|()| proxies)
    }
}

fn parse_item(item: &str) -> Result<TrustedProxies, ConfigError> {
    match item {
        "loopback" => Ok(TrustedProxies::loopback()),
        "private" => Ok(TrustedProxies::private()),
        "link-local" => Ok(TrustedProxies::link_local()),
        "unix" => Ok(TrustedProxies::unix()),
        _ => match parse_network(item) {
            Some(network) => TrustedProxies::try_from(network).map(|set| set.written(item)),
            None => Err(invalid(item, advice(item))),
        },
    }
}

/// Reads an address or a network. Refuses leading zeros in the prefix length, which `ipnet`'s own parser
/// accepts: some readers take them for octal.
fn parse_network(item: &str) -> Option<IpNet> {
    let Some((address, prefix)) = item.split_once('/') else {
        return item.parse().ok().map(|address: IpAddr| address.into());
    };
    let is_plain = prefix.bytes().all(|b| b.is_ascii_digit())
        && (prefix.len() == 1 || !prefix.starts_with('0'));
    if !is_plain {
        return None;
    }
    IpNet::new(address.parse().ok()?, prefix.parse().ok()?).ok()
}

/// Returns what to write instead of an item that is not valid.
fn advice(item: &str) -> String {
    let bare = item.trim_start_matches('[').trim_end_matches(']');
    if let Some((address, _)) = item.split_once('/') {
        if let Ok(address) = address.parse::<IpAddr>() {
            let most = if address.is_ipv4() { 32 } else { 128 };
            return format!("the part behind the / is not a number from 1 to {most}, as in /24");
        }
    }
    if item == "none" {
        NONE_ALONE.into()
    } else if item == "*" {
        EVERY_ADDRESS.into()
    } else if item == "localhost" {
        "write loopback".into()
    } else if let Ok(address) = item.parse::<std::net::SocketAddr>() {
        format!("write {}, without the port", address.ip())
    } else if let Ok(address) = bare.parse::<Ipv6Addr>() {
        format!("write {address}, without brackets")
    } else {
        "expected an address (192.0.2.7), a network (10.1.0.0/16), or loopback, private, link-local, \
         unix or none; a host name is not looked up: write its address"
            .into()
    }
}

fn invalid(text: impl fmt::Display, reason: impl fmt::Display) -> ConfigError {
    ConfigError::invalid("trusted proxy", text, reason)
}

fn joined<S: Setting<TrustedProxies>>(
    sets: impl IntoIterator<Item = S>,
) -> Result<TrustedProxies, ConfigError> {
    let sets: Vec<TrustedProxies> =
        sets.into_iter().map(Setting::value).collect::<Result<_, _>>()?;
    if sets.is_empty() {
        return Err(invalid("", NO_ITEM));
    }
    if sets.len() > 1 && sets.contains(&TrustedProxies::none()) {
        return Err(invalid("none", NONE_ALONE));
    }
    Ok(sets.into_iter().collect())
}

set_setting!(TrustedProxies, |text: &str| text.parse(), joined);
setting!(TrustedProxies, [] IpAddr, |address: IpAddr| Ok(address.into()));
setting!(TrustedProxies, [] Ipv4Addr, |address: Ipv4Addr| Ok(IpAddr::from(address).into()));
setting!(TrustedProxies, [] Ipv6Addr, |address: Ipv6Addr| Ok(IpAddr::from(address).into()));
setting!(TrustedProxies, [] IpNet, |network: IpNet| network.try_into());

/// Converts one address into a set that contains it alone.
impl From<IpAddr> for TrustedProxies {
    fn from(address: IpAddr) -> Self {
        let set = match address.to_canonical() {
            IpAddr::V4(ip) => Self { v4: vec![(ip.to_bits(), ip.to_bits())], ..Self::default() },
            IpAddr::V6(ip) => Self { v6: vec![(ip.to_bits(), ip.to_bits())], ..Self::default() },
        };
        set.written(address)
    }
}

/// Converts one network. Refuses what the text form refuses.
///
/// ```
/// use forwarded_headers::TrustedProxies;
/// use ipnet::IpNet;
///
/// let network: IpNet = "10.1.0.0/16".parse().unwrap();
/// assert_eq!(TrustedProxies::try_from(network)?, "10.1.0.0/16".parse()?);
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
impl TryFrom<IpNet> for TrustedProxies {
    type Error = ConfigError;

    fn try_from(network: IpNet) -> Result<Self, ConfigError> {
        let set = match canonical(network).map_err(|reason| invalid(network, reason))? {
            IpNet::V4(net) => {
                let range = (net.network().to_bits(), net.broadcast().to_bits());
                Self { v4: vec![range], ..Self::default() }
            }
            IpNet::V6(net) => {
                let range = (net.network().to_bits(), net.broadcast().to_bits());
                Self { v6: vec![range], ..Self::default() }
            }
        };
        Ok(set.written(network))
    }
}

/// Collects sets or addresses into one set.
///
/// ```
/// use forwarded_headers::TrustedProxies;
///
/// let lines = ["10.0.0.0/8", "192.0.2.7"];
/// let proxies: TrustedProxies = lines.iter().map(|line| line.parse::<TrustedProxies>()).collect::<Result<_, _>>()?;
/// assert_eq!(proxies, "10.0.0.0/8, 192.0.2.7".parse()?);
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
impl<T: Into<TrustedProxies>> FromIterator<T> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = T>>(sets: I) -> Self {
        let mut all = Self::none();
        all.extend(sets);
        all
    }
}

impl<T: Into<TrustedProxies>> Extend<T> for TrustedProxies {
    fn extend<I: IntoIterator<Item = T>>(&mut self, sets: I) {
        for set in sets {
            let set = set.into();
            self.v4.extend(set.v4);
            self.v6.extend(set.v6);
            self.unix |= set.unix;
            self.any |= set.any;
            self.proven.extend(set.proven);
            self.written.push_str(&set.written);
        }
        merge(&mut self.v4, |end| end.checked_add(1));
        merge(&mut self.v6, |end| end.checked_add(1));
        self.written.shrink_to_fit();
    }
}

/// Compares the addresses, however they are written.
impl PartialEq for TrustedProxies {
    fn eq(&self, other: &Self) -> bool {
        let Self { v4, v6, unix, any, proven, written: _ } = self;
        (v4, v6, unix, any, proven)
            == (&other.v4, &other.v6, &other.unix, &other.any, &other.proven)
    }
}

impl Eq for TrustedProxies {}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.any {
            return f.write_str("*");
        }
        let proven = self
            .proven
            .iter()
            .map(|proven| format!("({} with a secret in {})", proven.proxies, proven.header));
        let v4 = self.v4.iter().flat_map(|(start, end)| {
            Ipv4Subnets::new((*start).into(), (*end).into(), 0).map(IpNet::V4)
        });
        let v6 = self.v6.iter().flat_map(|(start, end)| {
            Ipv6Subnets::new((*start).into(), (*end).into(), 0).map(IpNet::V6)
        });
        let items = v4.chain(v6).map(|net| net.to_string());
        let items = items.chain(self.unix.then(|| "unix".into()));
        let items: Vec<_> = items.chain(proven).collect();
        f.write_str(if items.is_empty() { "none" } else { "" })?;
        f.write_str(&items.join(", "))
    }
}

impl fmt::Debug for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedProxies({self})")
    }
}
