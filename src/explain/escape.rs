//! Bytes of a request as text that controls no terminal, log or page.

/// The most bytes of a value that are shown.
const MOST: usize = 256;

/// Returns printable ASCII as it is, `\\` for a backslash, and `\xff` for every other byte. Ends with `...`
/// behind [`MOST`] bytes.
pub(super) fn escape(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes.iter().take(MOST) {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    if bytes.len() > MOST {
        text.push_str("...");
    }
    text
}
