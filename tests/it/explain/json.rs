//! Explanations for programs.

use forwarded_headers::ForwardedHeaders;
use serde_json::{json, to_value};

use crate::support::{Line, request};

fn explain(lines: &[Line<'_>]) -> serde_json::Value {
    let layer = ForwardedHeaders::behind("nginx").trust("172.28.0.2").build().unwrap();
    to_value(layer.explain(&request("172.28.0.2:41822", "/", lines).into_parts().0)).unwrap()
}

#[test]
fn a_client_is_explained_as_json() {
    let lines: [Line<'_>; 3] = [
        ("x-forwarded-for", b"6.6.6.6, 203.0.113.7:4711"),
        ("x-forwarded-proto", b"https"),
        ("host", b"example.com"),
    ];
    let explanation = explain(&lines);
    assert_eq!(explanation["summary"], "client 203.0.113.7, https, example.com");
    assert_eq!(explanation["help"], json!(null));
    assert_eq!(explanation["omitted"], 0);
    assert_eq!(
        explanation["info"],
        json!({
            "outcome": "Forwarded",
            "client": "203.0.113.7",
            "client_port": 4711,
            "peer": "172.28.0.2:41822",
            "hops": 1,
            "scheme": "https",
            "absent_scheme": null,
            "authority": "example.com",
            "absent_host": "NotRead",
            "absent_authority": null,
            "absent_port": "NotRead",
            "prefix": null,
            "absent_prefix": "NotRead",
        })
    );
    assert_eq!(
        explanation["entries"][1],
        json!({
            "name": "x-forwarded-for",
            "line": null,
            "range": [8, 25],
            "text": "203.0.113.7:4711",
            "verdict": "client",
            "note": "the client, reported by 172.28.0.2; rewritten: 203.0.113.7",
        })
    );
    assert_eq!(explanation["entries"][2]["verdict"], "left_of_reports");
}

#[test]
fn no_byte_of_a_header_is_raw() {
    let lines: [Line<'_>; 2] = [("x-forwarded-for", b"\xffa\"<\\"), ("host", b"\x80")];
    let explanation = explain(&lines);
    assert_eq!(explanation["entries"][1]["text"], r#"\xffa"<\\"#);
    assert_eq!(explanation["entries"][2]["text"], r"\x80");
    assert_eq!(explanation["info"]["outcome"], "Unresolved(Malformed)");
}
