//! What the compiler tells an author who makes one of the likeliest mistakes.
//!
//! `cargo test --test it compiler -- --ignored` needs the toolchain that the messages come from:
//! `rustup toolchain install 1.95.0`.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// The words of a message change between compilers.
const TOOLCHAIN: &str = "+1.95.0";

const NOTE: &str = "pass text as it is, without `.parse()`; end a `Result` or an `Option` with `?`";

/// A mistake, and words of the message that the compiler prints.
const ROWS: [(&str, &str, &[&str]); 5] = [
    (
        "text that is parsed",
        r#"ForwardedHeaders::builder().trust("10.0.0.2".parse()?).build()?"#,
        &["cannot be used as `forwarded_headers::TrustedProxies`", "expected text, or a", NOTE],
    ),
    (
        "a result without a question mark",
        r#"ForwardedHeaders::builder().trust(std::env::var("P")).build()?"#,
        &[
            "`Result<String, VarError>` cannot be used as `forwarded_headers::TrustedProxies`",
            "expected text, or a",
            NOTE,
        ],
    ),
    (
        "parsed text without a question mark",
        r#"ForwardedHeaders::builder().trust("10.0.0.2".parse::<TrustedProxies>()).build()?"#,
        &["cannot be used as `forwarded_headers::TrustedProxies`", "expected text, or a", NOTE],
    ),
    (
        "an option without a question mark",
        r"ForwardedHeaders::builder().allowed_hosts(std::env::args().next()).build()?",
        &["`Option<String>` cannot be used as `AllowedHosts`", "expected text, or a", NOTE],
    ),
    (
        "a builder in the place of a layer",
        r"{ let _: axum::Router = axum::Router::new().layer(ForwardedHeaders::builder()); ForwardedHeaders::new() }",
        &[
            "the trait `tower_layer::Layer<Route>` is not implemented for `forwarded_headers::Builder`",
        ],
    ),
];

fn source(expression: &str) -> String {
    format!(
        "use forwarded_headers::*;\n\
         pub fn layer() -> Result<ForwardedHeaders, Box<dyn std::error::Error>> {{\n    \
         Ok({expression})\n}}\n\
         pub fn used(_: TrustedProxies) {{}}\n"
    )
}

fn manifest(library: &Path) -> String {
    format!(
        "[package]\nname = \"mistakes\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         forwarded-headers = {{ path = {:?}, features = [\"axum\"] }}\n\
         axum = {{ version = \"0.8\", default-features = false }}\n",
        library.to_str().unwrap()
    )
}

/// What the compiler prints of a library that is this source.
fn compile(directory: &Path, source: &str) -> (bool, String) {
    fs::write(directory.join("src/lib.rs"), source).unwrap();
    let output = Command::new("cargo")
        .args([TOOLCHAIN, "check", "--quiet", "--color=never"])
        .current_dir(directory)
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .output()
        .expect("cargo runs");
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[test]
#[ignore = "needs a toolchain of its own: .ci/run runs it"]
fn mistakes_are_explained() {
    let library = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = env::temp_dir().join(format!("forwarded-headers-{}", std::process::id()));
    fs::create_dir_all(directory.join("src")).unwrap();
    fs::write(directory.join("Cargo.toml"), manifest(library)).unwrap();
    fs::copy(library.join("Cargo.lock"), directory.join("Cargo.lock")).unwrap();

    let (compiles, said) = compile(&directory, &source("ForwardedHeaders::new()"));
    assert!(compiles, "the package itself: {said}");
    for (name, expression, expected) in ROWS {
        let (compiles, said) = compile(&directory, &source(expression));
        assert!(!compiles, "{name} compiles");
        for text in expected {
            assert!(said.contains(text), "{name}: no {text:?} in {said}");
        }
    }
    fs::remove_dir_all(directory).unwrap();
}
