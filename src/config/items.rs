//! The items of a configuration text.

/// A comma that has no item on one of its sides.
pub(super) struct EmptyItem;

impl EmptyItem {
    pub(super) const REASON: &'static str =
        "a comma has no item on one of its sides; write one comma between two items";
}

/// Splits a text at commas, SP, HTAB, CR and LF. `#` starts a comment, which ends with its line.
pub(super) fn split(text: &str) -> Result<Vec<&str>, EmptyItem> {
    let mut items = Vec::new();
    let mut needs_item = false;
    for word in text.split(['\r', '\n']).flat_map(words) {
        if word == "," && (needs_item || items.is_empty()) {
            return Err(EmptyItem);
        }
        needs_item = word == ",";
        if !needs_item {
            items.push(word);
        }
    }
    if needs_item { Err(EmptyItem) } else { Ok(items) }
}

/// Splits a line into items and commas, without its comment.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let line = line.split('#').next().unwrap_or_default();
    let words = line.split([' ', '\t']).flat_map(|word| {
        word.split_inclusive(',').flat_map(|piece| match piece.strip_suffix(',') {
            Some(item) => [item, ","],
            None => [piece, ""],
        })
    });
    words.filter(|word| !word.is_empty())
}
