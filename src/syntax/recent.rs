//! A small cache of what was recently made from a text.

use std::cell::Cell;

/// The number of values that a cache keeps.
const KEPT: usize = 16;

/// Values of `T`, each in the slot that its text hashes to. One per thread: it has no lock.
pub(crate) struct Recent<T>([Cell<Option<T>>; KEPT]);

impl<T: Clone + AsRef<[u8]>> Recent<T> {
    pub(crate) const fn new() -> Self {
        Self([const { Cell::new(None) }; KEPT])
    }

    /// Returns the value that was made from this text, or makes it with `make` and keeps it.
    #[inline]
    pub(crate) fn get_or_make(&self, text: &[u8], make: fn(&[u8]) -> Option<T>) -> Option<T> {
        let slot = self.0.get(slot(text))?;
        let kept = slot.take().filter(|kept| kept.as_ref() == text);
        let value = kept.or_else(|| make(text))?;
        slot.set(Some(value.clone()));
        Some(value)
    }
}

/// Hashes a text by its length and its ends, which differ between most host names.
fn slot(text: &[u8]) -> usize {
    let ends = [text.first(), text.last()].into_iter().flatten();
    ends.fold(text.len(), |sum, byte| sum + usize::from(*byte)) % KEPT
}
