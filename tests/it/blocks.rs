//! The fenced blocks of the documentation.

use std::fs::read_to_string;
use std::path::Path;

/// A fenced block.
pub(crate) struct Fenced {
    /// Empty for Rust on a page, since rustdoc runs what has no language.
    pub(crate) language: String,
    pub(crate) text: String,
}

/// Reads a page of the documentation: a file in `src/`.
pub(crate) fn page(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path);
    read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the fenced blocks of a text in Markdown.
pub(crate) fn blocks(markdown: &str) -> Vec<Fenced> {
    let fenced = markdown.split("\n```").skip(1).step_by(2);
    let blocks = fenced.filter_map(|fenced| fenced.split_once('\n'));
    blocks.map(|(language, text)| Fenced { language: language.into(), text: text.into() }).collect()
}

/// Returns the blocks of a page that are not Rust: a proxy's configuration.
pub(crate) fn configurations(path: &str) -> Vec<String> {
    let blocks = blocks(&page(path)).into_iter().filter(|block| !block.language.is_empty());
    blocks.map(|block| block.text).collect()
}
