//! The answer to curl.

use axum::http::HeaderMap;
use forwarded_headers::explain::Explanation;

use super::advice::advice;
use super::facts::{facts, printable};

/// Returns the explanation, then what is left of the request for the app.
pub(crate) fn text(why: &Explanation, headers: &HeaderMap) -> String {
    let facts = facts(why.info()).map(|(name, text)| format!("{name:8} {text}\n")).concat();
    let advice = advice(why.info()).map(|advice| format!("\n{advice}\n")).unwrap_or_default();
    let line = |(name, value)| format!("{name}: {}\n", printable(value));
    let headers: String = headers.iter().map(line).collect();
    format!("{why}\nWhat the app gets:\n\n{facts}{advice}\n{headers}")
}
