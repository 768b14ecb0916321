//! What one proxy reported, and the order in which reports are read.
//!
//! Reading is anchored at the right end, the end that our own proxies wrote: what stands to the
//! left of the answer is never looked at, so nothing there can change, break or slow the reading.

use http::header::{HeaderValue, ValueIter};
use std::net::IpAddr;

use crate::grammar::Value;
use crate::node::{Node, NodeName, NodePort};
use crate::outcome::Unresolved;

/// One proxy's report.
pub(crate) struct Hop<'a> {
    /// Who made the request to that proxy.
    pub(crate) sender: Sender,
    /// The scheme that it was asked by, where the family keeps that together with the node.
    pub(crate) proto: Option<Value<'a>>,
    /// The host that it was asked for, likewise.
    pub(crate) host: Option<Value<'a>>,
    /// Whether what was left of its line says the sender's address as we would, and nothing else, so
    /// that it need not be printed to be compared: that would be a tenth of the layer's time.
    pub(crate) is_plain: bool,
}

/// Whom a report names: nearly always an address, and nothing else.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    /// Canonical.
    pub(crate) address: Result<IpAddr, Unresolved>,
    /// The number behind it.
    pub(crate) port: Option<u16>,
    /// The whole node, where there is an identifier in it.
    pub(crate) node: Option<Box<Node<'static>>>,
}

impl Sender {
    #[inline]
    pub(crate) fn of_ip(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        Self::of(if is_somebody(ip) { Ok(ip) } else { Err(Unresolved::Malformed) })
    }

    pub(crate) fn of_node(node: Node<'_>) -> Self {
        let sender = match node.name() {
            NodeName::Address(ip) => Self::of_ip(*ip),
            NodeName::Unknown => Self::unusable(Unresolved::Unknown),
            NodeName::Obfuscated(_) => Self::unusable(Unresolved::Obfuscated),
        };
        if let Err(Unresolved::Malformed) = sender.address {
            return sender;
        }
        let port = node.port().and_then(NodePort::number);
        let node = node.has_identifier().then(|| Box::new(node.canonical().into_owned()));
        Self { port, node, ..sender }
    }

    #[inline]
    pub(crate) fn unusable(why: Unresolved) -> Self {
        Self::of(Err(why))
    }

    #[inline]
    fn of(address: Result<IpAddr, Unresolved>) -> Self {
        Self { address, port: None, node: None }
    }
}

impl Hop<'_> {
    #[inline]
    pub(crate) fn of_ip(ip: IpAddr) -> Self {
        Self::of(Sender::of_ip(ip))
    }

    pub(crate) fn of_node(node: Node<'_>) -> Self {
        Self::of(Sender::of_node(node))
    }

    #[inline]
    pub(crate) fn unusable(why: Unresolved) -> Self {
        Self::of(Sender::unusable(why))
    }

    #[inline]
    pub(crate) fn of(sender: Sender) -> Self {
        Self { sender, proto: None, host: None, is_plain: false }
    }
}

/// Whether a request can come from this address.
#[inline]
fn is_somebody(ip: IpAddr) -> bool {
    let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
    !(ip.is_unspecified() || ip.is_multicast() || broadcast)
}

/// Many times what a proxy writes into one member of a list, white space around it included, unless it
/// copies a client's `Host` of any length. What is longer is malformed, so that looking for its comma
/// takes no longer for whatever a client sends.
pub(crate) const MAX_MEMBER: usize = 4096;

/// All lines of one name as one list (RFC 9110 §5.3), from its right end.
pub(crate) struct RightToLeft<'a> {
    rest: Option<&'a [u8]>,
    lines: Option<ValueIter<'a, HeaderValue>>,
}

impl<'a> RightToLeft<'a> {
    /// The last line, if it is known, and the lines before it.
    #[inline]
    pub(crate) fn new(last: Option<&'a [u8]>, lines: Option<ValueIter<'a, HeaderValue>>) -> Self {
        Self { rest: last, lines }
    }

    /// The next member to the left. `last_comma` finds where the last one of a line starts, so that
    /// nothing a member holds reaches beyond its own line. Nobody gets past a member that is too long:
    /// it is what is left of its line, not trimmed, each time that one is asked for.
    #[inline]
    pub(crate) fn next(&mut self, last_comma: impl Fn(&[u8]) -> Option<usize>) -> Option<&'a [u8]> {
        let line = self.line()?;
        let out_of_reach = line.len().saturating_sub(MAX_MEMBER + 1);
        let Some(comma) = last_comma(line.split_at(out_of_reach).1) else {
            if line.len() > MAX_MEMBER {
                return Some(line);
            }
            self.rest = None;
            return Some(trim(line));
        };
        let (rest, member) = line.split_at(out_of_reach + comma);
        self.rest = Some(rest);
        Some(trim(member.split_at(1).1))
    }

    /// What is left of the line that the next member is on.
    #[inline]
    fn line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_none() {
            self.rest = Some(self.lines.as_mut()?.next_back()?.as_bytes());
        }
        self.rest
    }

    /// The next member, where `read` finds it at the end of its line by itself, so that its comma need
    /// not be looked for: in front of it stands nothing, or a comma, or that and a space. With it,
    /// whether it is nothing. `None` leaves the member to [`next`](Self::next).
    #[inline]
    pub(crate) fn next_at_end<T>(
        &mut self,
        read: impl Fn(&'a [u8]) -> Option<(&'a [u8], T)>,
    ) -> Option<(T, bool)> {
        let (before, member) = read(self.line()?)?;
        self.rest = match before {
            [] => None,
            [rest @ .., b',', b' '] | [rest @ .., b','] => Some(rest),
            _ => return None,
        };
        Some((member, before.is_empty()))
    }

    /// Whether there is another, which is not looked at.
    pub(crate) fn has_more(&mut self) -> bool {
        self.line().is_some()
    }
}

/// Without the optional white space around it: SP and HTAB, nothing else (RFC 9110 §5.6.3).
#[inline]
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
