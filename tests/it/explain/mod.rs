//! Explanations: they agree with the decision, they account for every byte, and they say it in words.

mod properties;
mod texts;
