//! IP addresses and ports as bytes.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Upper bound on an address with its port: two brackets, 45 bytes of IPv6, a colon, five digits,
/// and room. A longer entry is malformed.
pub(crate) const MAX_ADDRESS: usize = 64;

/// Reads four decimal parts without leading zeros. A leading zero means octal to some readers and
/// nothing to others (CVE-2021-29922).
#[inline]
pub(crate) fn ipv4(text: &[u8]) -> Option<Ipv4Addr> {
    match ipv4_at_start(text) {
        Some((ip, [])) => Some(ip),
        _ => None,
    }
}

/// Splits off an IPv4 address at the start of the text, with the longest octets.
#[inline(always)]
pub(crate) fn ipv4_at_start(text: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    let (a, rest) = first_octet(text)?;
    let (b, rest) = first_octet(rest.strip_prefix(b".")?)?;
    let (c, rest) = first_octet(rest.strip_prefix(b".")?)?;
    let (d, rest) = first_octet(rest.strip_prefix(b".")?)?;
    Some((Ipv4Addr::from_bits(a << 24 | b << 16 | c << 8 | d), rest))
}

/// Splits off the longest `dec-octet` (RFC 3986 §3.2.2) at the start of the text.
#[inline(always)]
fn first_octet(text: &[u8]) -> Option<(u32, &[u8])> {
    let (octet, rest) = match text {
        [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
            (digit(*a) * 100 + digit(*b) * 10 + digit(*c), rest)
        }
        [a @ b'1'..=b'9', b @ b'0'..=b'9', rest @ ..] => (digit(*a) * 10 + digit(*b), rest),
        [a @ b'0'..=b'9', rest @ ..] => (digit(*a), rest),
        _ => return None,
    };
    (octet <= 255).then_some((octet, rest))
}

#[inline(always)]
fn digit(byte: u8) -> u32 {
    u32::from(byte) - u32::from(b'0')
}

/// Splits off the longest IPv4 address at the end of the text.
#[inline(always)]
pub(crate) fn ipv4_at_end(text: &[u8]) -> Option<(&[u8], Ipv4Addr)> {
    let (before, d) = last_octet(text)?;
    let (before, c) = last_octet(before.strip_suffix(b".")?)?;
    let (before, b) = last_octet(before.strip_suffix(b".")?)?;
    let (before, a) = last_octet(before.strip_suffix(b".")?)?;
    Some((before, Ipv4Addr::from_bits(a << 24 | b << 16 | c << 8 | d)))
}

/// Splits off the longest `dec-octet` (RFC 3986 §3.2.2) at the end of the text.
#[inline(always)]
fn last_octet(text: &[u8]) -> Option<(&[u8], u32)> {
    let (before, octet) = match text {
        [before @ .., a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            (before, digit(*a) * 100 + digit(*b) * 10 + digit(*c))
        }
        [before @ .., a @ b'1'..=b'9', b @ b'0'..=b'9'] => (before, digit(*a) * 10 + digit(*b)),
        [before @ .., a @ b'0'..=b'9'] => (before, digit(*a)),
        _ => return None,
    };
    (octet <= 255).then_some((before, octet))
}

/// Reads an RFC 3986 `IPv6address`: no brackets, no zone. Accepts what the standard library's parser
/// accepts; `tests/it/addresses.rs` compares the two.
pub(crate) fn ipv6(text: &[u8]) -> Option<Ipv6Addr> {
    let (mut groups, mut count, mut gap) = ([0; 8], 0, None);
    let mut rest = text;
    if let Some(behind) = text.strip_prefix(b"::") {
        (rest, gap) = (behind, Some(0));
    }
    while !rest.is_empty() {
        let (group, behind) = h16(rest)?;
        if behind.starts_with(b".") {
            groups.get_mut(count..count + 2)?.copy_from_slice(&ipv4_groups(rest)?);
            count += 2;
            break;
        }
        *groups.get_mut(count)? = group;
        count += 1;
        rest = match behind {
            [b':', b':', rest @ ..] if gap.is_none() => {
                gap = Some(count);
                rest
            }
            [b':', rest @ ..] if !rest.is_empty() => rest,
            [] => behind,
            _ => return None,
        };
    }
    match gap {
        None if count == groups.len() => {}
        // `::` stands for one group of zeros at least.
        Some(gap) if count < groups.len() => move_to_end(groups.get_mut(gap..)?, count - gap),
        _ => return None,
    }
    Some(Ipv6Addr::from(groups))
}

#[inline(never)]
fn ipv4_groups(text: &[u8]) -> Option<[u16; 2]> {
    let [a, b, c, d] = ipv4(text)?.octets();
    Some([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])])
}

/// Moves the first groups, behind which there are zeros, to the end. They are few: `rotate_right` costs more.
#[inline]
fn move_to_end(groups: &mut [u16], count: usize) {
    let places = (0..count).rev().zip((0..groups.len()).rev());
    places.for_each(|(from, to)| groups.swap(from, to));
}

/// Splits off one to four hexadecimal digits at the start of the text.
#[inline(always)]
fn h16(text: &[u8]) -> Option<(u16, &[u8])> {
    let (mut group, mut rest) = (0_u32, text);
    for _ in 0..4 {
        let [byte, behind @ ..] = rest else { break };
        let Some(digit) = hex_digit(*byte) else { break };
        (group, rest) = (group << 4 | digit, behind);
    }
    let [_, _, high, low] = group.to_be_bytes();
    (rest.len() < text.len()).then_some((u16::from_be_bytes([high, low]), rest))
}

#[inline(always)]
fn hex_digit(byte: u8) -> Option<u32> {
    match (byte, byte | 0x20) {
        (b'0'..=b'9', _) => Some(u32::from(byte - b'0')),
        (_, lower @ b'a'..=b'f') => Some(u32::from(lower - b'a') + 10),
        _ => None,
    }
}

/// Reads one to five digits, at most 65535. `u16::from_str` would accept a sign: `+80`.
pub(crate) fn port(text: &[u8]) -> Option<u16> {
    let digits = (1..=5).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    let value = digits.then(|| text.iter().fold(0_u32, |n, b| n * 10 + u32::from(b - b'0')))?;
    u16::try_from(value).ok()
}
