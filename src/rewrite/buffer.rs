//! The text of a header, written without an allocation.

use std::fmt::{self, Write};
use std::net::{IpAddr, Ipv4Addr};

use crate::forwarded::write_value;
use crate::syntax::authority::MAX_AUTHORITY;
use crate::syntax::ip::MAX_ADDRESS;

/// The longest text: an element with an address, a scheme and a host in quotes.
const MAX_TEXT: usize = "for=;proto=https;host=\"\"".len() + MAX_ADDRESS + MAX_AUTHORITY;

/// A text of at most [`MAX_TEXT`] bytes.
pub(super) struct Buffer {
    bytes: [u8; MAX_TEXT],
    length: usize,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self { bytes: [0; MAX_TEXT], length: 0 }
    }

    pub(super) fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Appends an address, and a colon and a port.
    pub(super) fn put_address(&mut self, ip: IpAddr, port: Option<u16>) {
        match ip {
            IpAddr::V4(ip) => self.put_ipv4(ip),
            IpAddr::V6(ip) => self.put_fmt(format_args!("{ip}")),
        }
        if let Some(port) = port {
            self.put(b":");
            self.put_number(port);
        }
    }

    /// Appends an element: `for=203.0.113.7;proto=https;host=example.com`.
    pub(super) fn put_element(&mut self, ip: IpAddr, scheme: Option<&[u8]>, host: Option<&[u8]>) {
        let mut node = Self::new();
        match ip {
            IpAddr::V4(ip) => node.put_ipv4(ip),
            IpAddr::V6(ip) => node.put_fmt(format_args!("[{ip}]")),
        }
        self.put_pair(b"for=", node.text());
        if let Some(scheme) = scheme {
            self.put_pair(b";proto=", scheme);
        }
        if let Some(host) = host {
            self.put_pair(b";host=", host);
        }
    }

    fn put_pair(&mut self, name: &[u8], value: &[u8]) {
        self.put(name);
        write_value(value, |piece| self.put(piece));
    }

    /// Returns the text of a number.
    pub(super) fn number(&mut self, number: u16) -> &[u8] {
        self.put_number(number);
        self.text()
    }

    fn put_number(&mut self, number: u16) {
        self.put_fmt(format_args!("{number}"));
    }

    fn put(&mut self, text: &[u8]) {
        let end = self.length + text.len();
        let room = self.bytes.get_mut(self.length..end).expect("no text is longer than MAX_TEXT");
        room.copy_from_slice(text);
        self.length = end;
    }

    fn put_fmt(&mut self, text: fmt::Arguments<'_>) {
        self.write_fmt(text).expect("an address and a number are written without an error");
    }

    /// Appends an IPv4 address as `Display` does, without its formatting machinery.
    fn put_ipv4(&mut self, ip: Ipv4Addr) {
        for octet in ip.octets() {
            let (text, length) = OCTETS.get(usize::from(octet)).copied().unwrap_or_default();
            // Always four bytes. The next octet overwrites those that are too many.
            let room = self.bytes.get_mut(self.length..).and_then(<[u8]>::first_chunk_mut);
            *room.expect("no text is longer than MAX_TEXT") = text;
            self.length += usize::from(length);
        }
        // The last dot.
        self.length -= 1;
    }
}

/// The text of each octet, with a dot behind it, and its length.
#[expect(clippy::indexing_slicing, reason = "at compile time, where a panic is an error")]
static OCTETS: [([u8; 4], u8); 256] = {
    let mut octets = [([0; 4], 0); 256];
    let mut octet = 0_u8;
    loop {
        octets[octet as usize] = octet_text(octet);
        if octet == u8::MAX {
            break octets;
        }
        octet += 1;
    }
};

const fn octet_text(octet: u8) -> ([u8; 4], u8) {
    let (a, b, c) = (b'0' + octet / 100, b'0' + octet / 10 % 10, b'0' + octet % 10);
    match octet {
        0..10 => ([c, b'.', 0, 0], 2),
        10..100 => ([b, c, b'.', 0], 3),
        100.. => ([a, b, c, b'.'], 4),
    }
}

impl Write for Buffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}
