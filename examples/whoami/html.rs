//! Texts of a request as HTML, which is well-formed XML as well.

/// Escapes a text, for an element or a quoted attribute.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

/// Shortens a text to this many characters, and escapes it.
pub(crate) fn short(text: &str, most: usize) -> String {
    escape(&shortened(text, most))
}

/// Returns at most this many characters. The last one is an ellipsis if the text is longer.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Returns the text as a sentence: a capital at its start, a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim_end_matches('.');
    format!("{}.", capital(text))
}

/// Returns the text with a capital at its start.
pub(crate) fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(rest).collect()
}

/// Returns the name of a header as documents write it: `X-Forwarded-For`.
pub(crate) fn title_case(name: &str) -> String {
    name.split('-').map(capital).collect::<Vec<_>>().join("-")
}
