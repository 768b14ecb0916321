//! What an operator configures: by variables, in files, and in place of what the author set.

mod configure;
mod formats;
mod names;
mod published;
mod values;
mod wrong;

use std::fs;
use std::path::PathBuf;

use forwarded_headers::{Builder, Config, ConfigError, ForwardedHeaders};

/// Reads variables whose names have no prefix here.
fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let named = variables.iter().map(|(name, value)| (format!("FORWARDED_HEADERS_{name}"), *value));
    Config::from_vars(named)
}

/// Returns all that a layer does, as text.
fn built(builder: Builder) -> String {
    shown(&builder.build().unwrap())
}

/// Returns all that a layer does, as text. Where the settings were written changes its advice alone.
fn shown(layer: &ForwardedHeaders) -> String {
    let text = format!("{layer:?}");
    text.replace("origin: Environment", "origin: Code").replace("origin: File", "origin: Code")
}

fn builder() -> Builder {
    ForwardedHeaders::builder()
}

/// A file in the temporary directory, which its test removes.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, content: &[u8]) -> Self {
        let name = format!("forwarded-headers-{}-operator-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
