//! The file that a variable or a key names.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;

use crate::config::ConfigError;

/// 1 MiB. The largest list of a CDN has a hundredth of it.
const MOST_BYTES: usize = 1 << 20;

/// Reads the file. No error shows the path: an operator may write a secret in its place.
fn read(path: &OsStr) -> Result<Vec<u8>, ConfigError> {
    let mut bytes = Vec::new();
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    let read = File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes));
    read.map_err(|error| {
        ConfigError::new(format_args!(
            "the file cannot be read ({}); write the path of a file that the app may read",
            error.kind()
        ))
    })?;
    if bytes.len() > MOST_BYTES {
        return Err(ConfigError::new(
            "the file has more than 1 MiB; write the path of a file that holds the value alone",
        ));
    }
    Ok(bytes)
}

/// Reads the text of the file.
pub(super) fn read_text(path: &OsStr) -> Result<String, ConfigError> {
    read(path).and_then(|bytes| String::from_utf8(bytes).map_err(|_| not_utf8()))
}

pub(super) fn not_utf8() -> ConfigError {
    ConfigError::new("the value is not UTF-8; write ASCII text")
}

const BOM: char = '\u{feff}';

/// Removes a byte order mark, and white space at both ends.
pub(super) fn trimmed(text: &str) -> &str {
    let text = text.strip_prefix(BOM).unwrap_or(text);
    text.trim_matches([' ', '\t', '\r', '\n'])
}
