//! Explanations: they agree with the decision, they account for every byte, and they say it in words.

#[cfg(feature = "serde")]
mod json;
mod properties;
mod texts;
