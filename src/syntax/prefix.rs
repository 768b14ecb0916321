//! The path prefix that an app is mounted on.

/// The length of the longest prefix that is read, in bytes.
const MAX_PREFIX: usize = 1024;

/// Reads a path, without its trailing slash. Refuses a path that could lead anywhere else: `//host`
/// (CVE-2023-26125), dot segments, a query, and the encodings of these.
pub(crate) fn prefix(text: &[u8]) -> Option<Box<str>> {
    let path = text.strip_suffix(b"/").unwrap_or(text);
    let valid = path.len() <= MAX_PREFIX
        && path.starts_with(b"/")
        && path.split(|b| *b == b'/').skip(1).all(is_segment);
    let text = std::str::from_utf8(path).ok()?;
    valid.then(|| text.into())
}

/// Joins two prefixes: `/a` and `/b` are `/a/b`. `None` if the whole is too long.
pub(crate) fn join(outer: &str, inner: &str) -> Option<Box<str>> {
    (outer.len() + inner.len() <= MAX_PREFIX).then(|| [outer, inner].concat().into())
}

/// Returns whether this is `1*pchar` (RFC 3986 §3.3) without `;`, is no dot segment, and decodes to
/// UTF-8. Some readers take overlong forms (`%C0%AF`, `%E0%80%AF`) for a slash.
fn is_segment(segment: &[u8]) -> bool {
    let is_text = || decoded(segment).is_some_and(|bytes| std::str::from_utf8(&bytes).is_ok());
    !matches!(segment, b"" | b"." | b"..") && is_text()
}

fn decoded(mut segment: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(segment.len());
    while let Some((first, rest)) = segment.split_first() {
        let (byte, behind) = match (first, rest) {
            (b'%', [high, low, rest @ ..]) => (harmless_escape(*high, *low)?, rest),
            (byte, _) if is_pchar(*byte) => (*byte, rest),
            _ => return None,
        };
        bytes.push(byte);
        segment = behind;
    }
    Some(bytes)
}

fn is_pchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte)
}

/// Decodes `%` and two digits. Refuses control bytes, `.`, `/`, `\`, `?`, `#` and `;`, which end a path
/// or a segment for a reader that decodes first. Refuses the `%25` that means one of these to a reader
/// that decodes twice.
fn harmless_escape(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    (!byte.is_ascii_control() && !b"%./\\?#;".contains(&byte)).then_some(byte)
}
