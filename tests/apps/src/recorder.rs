//! Keeps the fields of the last spans, so that a handler can return them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, Registry};

thread_local! {
    // Each test has a thread and a runtime of its own.
    static FIELDS: RefCell<BTreeMap<&'static str, String>> = RefCell::default();
}

struct Recorder;

struct Fields;

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        FIELDS.with_borrow_mut(|fields| fields.insert(field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl Layer<Registry> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, Registry>) {
        attributes.record(&mut Fields);
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, Registry>) {
        values.record(&mut Fields);
    }
}

/// Records the spans of this thread, until the guard is dropped.
pub fn record() -> DefaultGuard {
    FIELDS.with_borrow_mut(BTreeMap::clear);
    tracing::subscriber::set_default(Registry::default().with(Recorder))
}

/// Returns the last value of a field.
pub fn field(name: &str) -> String {
    let value = FIELDS.with_borrow(|fields| fields.get(name).cloned().unwrap_or_default());
    if value.is_empty() { "none".into() } else { value }
}
