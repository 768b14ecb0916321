//! Names that look like a known name.

/// The most edits between a name and the name that was meant.
const MOST_EDITS: usize = 2;

/// Returns the known name that is nearest, within two edits and in any case.
pub(super) fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_uppercase();
    let edits = known.map(|known| (edits(&name, &known.to_ascii_uppercase()), known));
    edits.filter(|(edits, _)| *edits <= MOST_EDITS).min().map(|(_, known)| known)
}

/// Returns the number of characters to insert, remove or replace (Levenshtein), or more than
/// [`MOST_EDITS`] if the lengths alone differ by more.
fn edits(one: &str, other: &str) -> usize {
    let (one, other): (Vec<_>, Vec<_>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > MOST_EDITS {
        return MOST_EDITS + 1;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, a) in one.iter().enumerate() {
        let (mut left, mut diagonal) = (index + 1, index);
        for (b, above) in other.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal + usize::from(a != b);
            left = replaced.min(left + 1).min(*above + 1);
            diagonal = std::mem::replace(above, left);
        }
    }
    row.last().copied().unwrap_or_default()
}
