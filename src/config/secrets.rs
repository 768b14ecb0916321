//! The secrets that prove that a request came through a proxy.

use std::fmt;
use std::hint::black_box;
use std::str::FromStr;

use super::error::ConfigError;
use super::setting::text_setting;

const MOST_SECRETS: usize = 4;
const SHORTEST: usize = 16;
const LONGEST: usize = 256;

/// The secrets that a proxy may send, for [`TrustedProxies::with_secret`](crate::TrustedProxies::with_secret).
///
/// The text has 1 to 4 secrets, with white space between them: several while one replaces another. A secret
/// has 16 to 256 visible ASCII characters. [`Debug`] shows how many there are. No error shows the text.
///
/// ```
/// use forwarded_headers::Secrets;
///
/// // A file holds one a line.
/// let secrets: Secrets = "2f9c7a51e0d84b36\nb81d06e5c3f2974a\n".parse()?;
/// assert_eq!(format!("{secrets:?}"), "Secrets(2 redacted)");
/// # Ok::<(), forwarded_headers::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Secrets(Vec<Box<[u8]>>);

impl Secrets {
    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Returns whether the text is one of the secrets. The time that it takes shows no more than lengths.
    pub(super) fn contain(&self, text: &[u8]) -> bool {
        self.iter().fold(false, |found, secret| found | is_same(secret, text))
    }
}

/// Compares all bytes, wherever the first difference is. The compiler cannot look behind a `black_box`, so
/// it cannot end the loop earlier.
fn is_same(secret: &[u8], text: &[u8]) -> bool {
    let chunks = secret.chunks(16).zip(text.chunks(16));
    let difference = chunks.fold(0, |difference, (a, b)| {
        let bits = a.iter().zip(b).fold(0, |bits, (a, b)| bits | (a ^ b));
        black_box(difference | bits)
    });
    secret.len() == text.len() && difference == 0
}

impl FromStr for Secrets {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let secrets: Vec<&[u8]> = text.split_ascii_whitespace().map(str::as_bytes).collect();
        if secrets.is_empty() {
            return Err(invalid(
                "the text is empty; write 1 to 4 secrets with white space between",
            ));
        }
        if secrets.len() > MOST_SECRETS {
            return Err(invalid("there are more than 4; remove those that no proxy sends"));
        }
        for (index, secret) in secrets.iter().enumerate() {
            check(secret)
                .map_err(|reason| invalid(format_args!("secret {}: {reason}", index + 1)))?;
            if secrets.iter().take(index).any(|earlier| earlier == secret) {
                let number = index + 1;
                return Err(invalid(format_args!("secret {number} is there twice; write it once")));
            }
        }
        Ok(Self(secrets.into_iter().map(Box::from).collect()))
    }
}

fn check(secret: &[u8]) -> Result<(), &'static str> {
    if !secret.iter().all(u8::is_ascii_graphic) {
        return Err("it has a character that is not visible ASCII; write letters and digits");
    }
    let is_quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\''));
    if is_quote(secret.first()) || is_quote(secret.last()) {
        return Err("it has quotes, which would be a part of it; write it without them");
    }
    if !(SHORTEST..=LONGEST).contains(&secret.len()) {
        return Err(
            "its length is not 16 to 256; write 32 random characters, as openssl rand -hex 16 does",
        );
    }
    if secret.iter().all(|byte| Some(byte) == secret.first()) {
        return Err(
            "it is one character again and again; write 32 random characters, as openssl rand -hex 16 does",
        );
    }
    Ok(())
}

fn invalid(reason: impl fmt::Display) -> ConfigError {
    ConfigError::new(format_args!("invalid secrets, which are not shown: {reason}"))
}

text_setting!(Secrets, |text: &str| text.parse());

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} redacted)", self.0.len())
    }
}

/// Compares the secrets, in any order. The time that it takes shows no more than lengths.
impl PartialEq for Secrets {
    fn eq(&self, other: &Self) -> bool {
        let are_all_there = self.iter().fold(true, |found, secret| found & other.contain(secret));
        self.0.len() == other.0.len() && are_all_there
    }
}

impl Eq for Secrets {}
