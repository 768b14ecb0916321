//! The answer to a program.

use axum::http::HeaderMap;
use axum::http::uri::Authority;
use forwarded_headers::explain::Explanation;
use serde_json::{Map, Value, json};

use super::advice::advice;
use super::facts::printable;

pub(crate) fn json(why: &Explanation, headers: &HeaderMap) -> Value {
    let info = why.info();
    let lines = |name| headers.get_all(name).iter().map(printable).collect::<Value>();
    let headers: Map<_, _> = headers.keys().map(|name| (name.to_string(), lines(name))).collect();
    json!({
        "client": info.client_ip(),
        "scheme": info.scheme().as_str(),
        "host": info.authority().map(Authority::as_str),
        "origin": info.origin(),
        "hops": info.hops(),
        "outcome": format!("{:?}", info.outcome()),
        "advice": advice(info),
        "headers": headers,
        "explanation": why,
    })
}
