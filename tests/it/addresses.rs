//! The readers of addresses, compared with those of the standard library.

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use forwarded_headers::forwarded::{Node, elements};
use forwarded_headers::{ForwardedHeaders, Peer};
use http::Request;
use proptest::prelude::*;
use proptest::sample::select;
use tower::{Layer, Service, service_fn};

fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let node = Node::parse(text.as_bytes()).ok().filter(|node| node.port().is_none())?;
    match node.ip()? {
        IpAddr::V4(ip) => Some(ip),
        IpAddr::V6(_) => None,
    }
}

fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let node = format!("[{text}]").parse::<Node<'_>>().ok()?;
    match node.ip()? {
        IpAddr::V4(_) => None,
        IpAddr::V6(ip) => Some(ip),
    }
}

/// Checks every text that has at most this many of these pieces.
fn all(pieces: &[&str], length: u32, check: impl Fn(&str)) {
    let base = pieces.len();
    for length in 0..=length {
        for number in 0..base.pow(length) {
            let digits = (0..length).map(|place| number / base.pow(place) % base);
            check(&digits.map(|digit| pieces[digit]).collect::<String>());
        }
    }
}

#[test]
fn every_short_ipv4_address() {
    all(&["0", "2", "5", "."], 9, |text| assert_eq!(ipv4(text), text.parse().ok(), "{text}"));
    all(&["0", "19", "255", "256", ".", "a", " ", "+"], 7, |text| {
        assert_eq!(ipv4(text), text.parse().ok(), "{text}");
    });
}

#[test]
fn every_octet() {
    for octet in 0..=1000 {
        for text in
            [format!("{octet}.0.2.1"), format!("192.0.2.{octet}"), format!("1.0{octet}.1.1")]
        {
            assert_eq!(ipv4(&text), text.parse().ok(), "{text}");
        }
    }
}

/// An element is read from its left end, a list from its right end.
#[test]
fn every_reader_of_an_ipv4_address() {
    let layer = ForwardedHeaders::new();
    all(&["0", "10", "24", "25", "."], 7, |text| {
        let expected: Option<Ipv4Addr> = text.parse().ok();
        let value = format!("for={text}");
        let element = elements(value.as_bytes()).next().unwrap().ok();
        let node = element.and_then(|element| element.for_node()?.ok());
        assert_eq!(node.and_then(|node| node.ip()), expected.map(IpAddr::V4), "{value}");

        let request = Request::builder()
            .extension(Peer::Inet(([127, 0, 0, 1], 50_000).into()))
            .header("x-forwarded-for", text);
        let info = layer.resolve(&request.body(()).unwrap().into_parts().0);
        let client = expected.filter(|ip| !ip.is_unspecified());
        assert_eq!(info.client_ip(), client.map(IpAddr::V4), "{text}");
    });
}

#[test]
fn every_short_ipv6_address() {
    let check = |text: &str| assert_eq!(ipv6(text), text.parse().ok(), "{text}");
    all(&["0", "F", ":", "."], 8, check);
    all(&["1:", "2:3:", ":", "::", "fffff", "a", "1.2.3.4", "%1"], 6, check);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn every_text_like_an_ipv6_address(text in "([0-9a-fA-F]{0,5}:){0,9}([0-9a-f]{0,5}|[0-9.]{7,9})") {
        prop_assert_eq!(ipv6(&text), text.parse().ok());
    }

    #[test]
    fn every_spelling_of_an_ipv6_address(
        groups in any::<[u16; 8]>(),
        zeros in any::<u8>(),
        width in select(vec![1_usize, 2, 3, 4]),
    ) {
        let group = |index: usize| if zeros >> index & 1 == 1 { 0 } else { groups[index] };
        let ip = Ipv6Addr::from(std::array::from_fn(group));
        let plain = ip.segments().map(|group| format!("{group:0width$x}")).join(":");
        let [.., a, b] = ip.segments();
        let tail = Ipv4Addr::from_bits(u32::from(a) << 16 | u32::from(b));
        let mixed = plain.rsplitn(3, ':').last().map(|head| format!("{head}:{tail}")).unwrap();
        for text in [ip.to_string(), plain.clone(), plain.to_uppercase(), mixed] {
            prop_assert_eq!(ipv6(&text), Some(ip), "{}", text);
        }
    }

    /// Compares the line that the layer writes.
    #[test]
    fn an_address_is_written_as_it_is_displayed(bits in any::<u32>()) {
        let ip = Ipv4Addr::from_bits(bits);
        let mut request = Request::new(());
        request.headers_mut().insert("x-forwarded-for", format!("{ip}:1").parse().unwrap());
        request.extensions_mut().insert(Peer::Inet(([127, 0, 0, 1], 1).into()));
        let service = service_fn(|request: Request<()>| ready(Ok::<_, ()>(request)));
        let answer = ForwardedHeaders::new().layer(service).call(request).into_inner().unwrap();
        let line = answer.headers().get("x-forwarded-for").map(|line| line.to_str().unwrap().to_owned());
        let is_no_client = ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast();
        prop_assert_eq!(line, (!is_no_client).then(|| ip.to_string()));
    }
}
