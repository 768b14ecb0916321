//! Lists of networks that a vendor publishes.

use ipnet::IpNet;

use super::error::ConfigError;
use super::trusted_proxies::TrustedProxies;

/// The widest networks that a vendor may have, IPv4 and IPv6. A list that is cut off inside a prefix
/// (`/20` to `/2`) has a wider one. The prefixes /10 to /32 become /1 to /3. For IPv6, /19 to /128 become
/// /1 to /12.
const WIDEST: (u8, u8) = (8, 19);

/// The most of a line that an error shows.
const SHOWN: usize = 60;

/// Networks that are not global. For IPv4: the registry of RFC 6890, multicast and class E. For IPv6:
/// protocols (RFC 2928), documentation (RFC 3849, RFC 9637) and 6to4 (RFC 3056).
const NOT_GLOBAL: [&str; 19] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
];

/// The global unicast addresses of IPv6 (RFC 4291).
const GLOBAL_V6: &str = "2000::/3";

impl TrustedProxies {
    /// Reads a list that a vendor publishes: one network a line, with its prefix.
    ///
    /// A list that is fetched may be an error page, or cut off. So this is stricter than the
    /// [text form](Self#text-form) of your own sets. Empty lines, comments (`#`), CRLF and a byte order
    /// mark are skipped. One line of another kind refuses the whole list:
    ///
    /// - a word such as `private`, or an address without a prefix;
    /// - a network that is not global, or has bits set outside its prefix;
    /// - an IPv4 network wider than /8, or an IPv6 network wider than /19, as in a list that was cut off
    ///   inside a prefix.
    ///
    /// A file that was cut off at the end of a line is a shorter list, which no reader can tell. Write
    /// to a temporary file, and rename it, as the pages of [`Proxy`](crate::Proxy) show.
    ///
    /// ```
    /// use forwarded_headers::{ForwardedHeaders, Proxy, TrustedProxies};
    ///
    /// // std::fs::read_to_string("cloudflare.txt")?
    /// let text = "173.245.48.0/20\n103.21.244.0/22\n2400:cb00::/32\n";
    /// let cloudflare = TrustedProxies::from_published(text)?;
    /// let layer = ForwardedHeaders::behind(Proxy::Cloudflare).trust(cloudflare).build()?;
    ///
    /// let error = TrustedProxies::from_published("173.245.48.0/20\n103.21.244.0/2").unwrap_err();
    /// assert!(error.to_string().starts_with("line 2: invalid published network \"103.21.244.0/2\": "));
    /// # Ok::<(), forwarded_headers::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error with the number and the text of the line. The error names a text that is empty,
    /// HTML or JSON.
    pub fn from_published(text: &str) -> Result<Self, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        refuse_other_formats(text)?;
        let mut networks = Vec::new();
        for (index, line) in text.split('\n').enumerate() {
            let item = line.split('#').next().unwrap_or_default();
            let item = item.trim_matches([' ', '\t', '\r']);
            if !item.is_empty() {
                networks.push(network(item).map_err(|reason| invalid(index + 1, item, reason))?);
            }
        }
        if networks.is_empty() {
            return Err(ConfigError::new(
                "the list has no network; write one network a line, such as 173.245.48.0/20",
            ));
        }
        networks.into_iter().map(Self::try_from).collect()
    }
}

/// Names what a server sends in place of a list.
fn refuse_other_formats(text: &str) -> Result<(), ConfigError> {
    let start = text.trim_start_matches([' ', '\t', '\r', '\n']);
    let sentence = match start.bytes().next() {
        Some(b'<') => {
            "the list is HTML, such as the page of an error; fetch it with curl --fail, from the \
             address on the proxy's page"
        }
        Some(b'{' | b'[') => {
            "the list is JSON; extract one network a line with jq, as the proxy's page shows"
        }
        _ => return Ok(()),
    };
    Err(ConfigError::new(sentence))
}

fn network(item: &str) -> Result<IpNet, &'static str> {
    let (_, prefix) = item.split_once('/').ok_or(
        "the network has no prefix; write it, as in 173.245.48.0/20 or 2400:cb00::/32; the list may be \
         cut off",
    )?;
    let is_plain = prefix.bytes().all(|b| b.is_ascii_digit())
        && (prefix.len() == 1 || !prefix.starts_with('0'));
    let network: IpNet = item.parse().ok().filter(|_| is_plain).ok_or(
        "expected one network a line, such as 173.245.48.0/20 or 2400:cb00::/32; the list may be cut off",
    )?;
    let widest = if network.addr().is_ipv4() { WIDEST.0 } else { WIDEST.1 };
    if network.prefix_len() < widest {
        return Err("no vendor has a network as wide; fetch the list again: it may be cut off");
    }
    if network.trunc() != network {
        return Err("the address has bits set outside its prefix; fetch the list again");
    }
    if !is_global(network) {
        return Err(
            "the network is not part of the internet; remove it, or trust it in a set of your own",
        );
    }
    Ok(network)
}

/// Returns whether no address of the network has a special purpose.
fn is_global(network: IpNet) -> bool {
    let parse = |special: &str| special.parse::<IpNet>().ok();
    let overlaps = |special: IpNet| special.contains(&network) || network.contains(&special);
    let is_special = NOT_GLOBAL.into_iter().filter_map(parse).any(overlaps);
    let is_unicast = network.addr().is_ipv4()
        || parse(GLOBAL_V6).is_some_and(|unicast| unicast.contains(&network));
    is_unicast && !is_special
}

fn invalid(line: usize, item: &str, reason: &str) -> ConfigError {
    let shown: String = item.chars().take(SHOWN).collect();
    let more = if shown.len() < item.len() { "…" } else { "" };
    ConfigError::new(format_args!(
        "line {line}: invalid published network \"{}{more}\": {reason}",
        shown.escape_debug()
    ))
}
