//! What a header says of a client, printed without an allocation.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use crate::authority::MAX_AUTHORITY;
use crate::node::MAX_ADDRESS;

/// An element with an address, a scheme and a host in quotes is the longest.
const MAX_TEXT: usize = "for=;proto=https;host=\"\"".len() + MAX_ADDRESS + MAX_AUTHORITY;

/// Where it is printed.
pub(crate) struct Buffer {
    bytes: [u8; MAX_TEXT],
    length: usize,
}

impl Buffer {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; MAX_TEXT], length: 0 }
    }

    pub(crate) fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    pub(crate) fn put(&mut self, text: &[u8]) -> &mut Self {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).expect("no text is longer than MAX_TEXT");
        room.copy_from_slice(text);
        self.length = end;
        self
    }

    /// An address as it stands in an `X-Forwarded-For`.
    pub(crate) fn put_ip(&mut self, ip: IpAddr) -> &mut Self {
        match ip {
            IpAddr::V4(ip) => self.put_ipv4(ip),
            IpAddr::V6(ip) => self.put_fmt(format_args!("{ip}")),
        }
    }

    /// An address as the value of a pair in `Forwarded`.
    pub(crate) fn put_node(&mut self, ip: IpAddr) -> &mut Self {
        match ip {
            IpAddr::V4(ip) => self.put_ipv4(ip),
            IpAddr::V6(ip) => self.put_fmt(format_args!("\"[{ip}]\"")),
        }
    }

    pub(crate) fn put_number(&mut self, number: u16) -> &mut Self {
        self.put_fmt(format_args!("{number}"))
    }

    fn put_fmt(&mut self, text: fmt::Arguments<'_>) -> &mut Self {
        self.write_fmt(text).expect("nothing here fails to print");
        self
    }

    /// As `Display` does it, in a tenth of the time.
    fn put_ipv4(&mut self, ip: Ipv4Addr) -> &mut Self {
        let mut free = self.bytes.get_mut(self.length..).unwrap_or_default().iter_mut();
        let mut put = |byte| free.next().into_iter().for_each(|slot| *slot = byte);
        for (index, octet) in ip.octets().into_iter().enumerate() {
            if index > 0 {
                put(b'.');
            }
            if octet >= 100 {
                put(b'0' + octet / 100);
            }
            if octet >= 10 {
                put(b'0' + octet / 10 % 10);
            }
            put(b'0' + octet % 10);
        }
        self.length = MAX_TEXT - free.len();
        self
    }
}

impl Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}
