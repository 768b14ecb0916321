//! A host, a scheme and a prefix are accepted or refused as a second validator does it, and an
//! accepted host survives `http::Uri`.
#![no_main]

use forwarded_headers::{AllowedHosts, ForwardedHeaders, Peer};
use http::header::HeaderValue;
use http::{Request, Uri};
use libfuzzer_sys::fuzz_target;
use oracle::values;

fuzz_target!(|input: (&[u8], &[u8], &[u8])| {
    let (host, proto, prefix) = input;
    let peer = Peer::Inet("127.0.0.1:1".parse().unwrap());
    // The client's own host gives way to a reported one. Otherwise there is no host.
    let uri = if values::authority(host).is_some() { "http://other.example/" } else { "/" };
    let mut request = Request::builder().uri(uri).extension(peer).body(()).unwrap();
    let lines = [
        ("x-forwarded-for", b"203.0.113.7".as_slice()),
        ("x-forwarded-host", host),
        ("x-forwarded-proto", proto),
        ("x-forwarded-prefix", prefix),
    ];
    for (name, value) in lines {
        // Other targets search for separators.
        let Ok(value) = HeaderValue::from_bytes(value) else { return };
        if value.as_bytes().iter().any(|b| matches!(b, b',' | b' ' | b'\t')) {
            return;
        }
        request.headers_mut().insert(name, value);
    }
    let layer = ForwardedHeaders::builder()
        .host_from("x-forwarded-host")
        .prefix_from("x-forwarded-prefix")
        .allowed_hosts(AllowedHosts::any())
        .build()
        .unwrap();
    let parts = oracle::through(&layer, request);
    let seen = oracle::seen(&parts);
    assert_eq!(seen.authority, values::authority(host));
    assert_eq!(seen.forwarded_scheme, values::scheme(proto));
    assert_eq!(seen.prefix, values::prefix(prefix));
    if let Some(authority) = seen.authority {
        let uri: Uri = format!("{}://{authority}/", seen.scheme).parse().unwrap();
        assert_eq!(uri, parts.uri);
        assert_eq!(uri.authority().unwrap().as_str(), authority);
        assert_eq!(uri.host(), Some(values::split(&authority).0));
    }
});
