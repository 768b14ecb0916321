//! The zone of an IPv6 address: `fe80::1%eth0` (RFC 4007 §11). It names a link of the machine that
//! writes it, and means nothing to another machine.

use std::net::{IpAddr, Ipv6Addr};

use super::ip::MAX_ADDRESS;

/// The text of an address without its zone.
pub(crate) struct WithoutZone {
    bytes: [u8; MAX_ADDRESS],
    length: usize,
}

impl WithoutZone {
    /// Removes a zone of one byte or more, which ends at `]` or at the end of the text. `None` for any
    /// other text, for a zone behind a bracket, and for a text of more than [`MAX_ADDRESS`] bytes.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        if text.len() > MAX_ADDRESS {
            return None;
        }
        let percent = text.iter().position(|b| *b == b'%')?;
        let (address, rest) = text.split_at(percent);
        let end = rest.iter().position(|b| *b == b']').unwrap_or(rest.len());
        let (zone, rest) = rest.split_at(end);
        let (_percent, zone) = zone.split_first()?;
        let is_zone = !zone.is_empty() && zone.iter().all(|b| is_zone_byte(*b));
        if !is_zone || address.contains(&b']') {
            return None;
        }
        let mut bytes = [0; MAX_ADDRESS];
        let kept = address.iter().chain(rest);
        bytes.iter_mut().zip(kept).for_each(|(slot, byte)| *slot = *byte);
        Some(Self { bytes, length: address.len() + rest.len() })
    }

    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

/// Returns whether an address, as it was written, may have a zone: loopback and link-local addresses
/// alone name a link.
pub(crate) fn may_have_zone(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(_) => false,
        IpAddr::V6(ip) => ip == Ipv6Addr::LOCALHOST || ip.is_unicast_link_local(),
    }
}

fn is_zone_byte(byte: u8) -> bool {
    !byte.is_ascii_control() && !b"\",;\\[]%:".contains(&byte)
}
