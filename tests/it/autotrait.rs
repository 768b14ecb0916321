//! The public types: extensions must be `Clone + Send + Sync`, layers and services cross threads, errors
//! are boxed. What a request or a file holds may be used after a panic that was caught.

use std::any::type_name;
use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Debug;
use std::fs::{read_dir, read_to_string};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::{Path, PathBuf};

use forwarded_headers::explain::{self, Entry, Explanation, Proof, Verdict};
use forwarded_headers::extract::{ClientIp, ClientIpRejection, MissingLayer};
use forwarded_headers::forwarded::{
    Element, Elements, InvalidNode, Node, NodeName, NodePort, Obfuscated, ParseError, Value,
};
use forwarded_headers::{
    Absent, AllowedHosts, Builder, ClientSource, Config, ConfigError, ConnectionInfo, Explaining,
    ExplainingService, ForwardedHeaders, ForwardedHeadersService, Outcome, Peer, Proxy, Refusal,
    SchemeSource, Secrets, TrustedProxies, Unresolved, UriRewrite, Writing,
};

/// Returns the type's name, with the path of its definition and without parameters.
///
/// For the types that may hold the function of `peer_from`. Nothing is known of such a function after a
/// panic.
fn with_function<T: Clone + Send + Sync + Unpin + Debug + 'static>() -> &'static str {
    type_name::<T>().split('<').next().unwrap()
}

fn shared<T>() -> &'static str
where
    T: Clone + Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + Debug + 'static,
{
    with_function::<T>()
}

fn error<T>() -> &'static str
where
    T: Error + Clone + Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + 'static,
{
    type_name::<T>()
}

fn checked() -> BTreeSet<&'static str> {
    BTreeSet::from([
        shared::<AllowedHosts>(),
        shared::<Absent>(),
        with_function::<Builder>(),
        shared::<ClientIp>(),
        shared::<ClientSource>(),
        shared::<Config>(),
        shared::<ConnectionInfo>(),
        shared::<Element<'static>>(),
        shared::<Elements<'static>>(),
        shared::<Entry>(),
        with_function::<Explaining>(),
        with_function::<ExplainingService<()>>(),
        shared::<Explanation>(),
        with_function::<ForwardedHeaders>(),
        with_function::<ForwardedHeadersService<()>>(),
        shared::<Node<'static>>(),
        shared::<NodeName<'static>>(),
        shared::<NodePort<'static>>(),
        shared::<Obfuscated<'static>>(),
        shared::<Outcome>(),
        shared::<Peer>(),
        shared::<Proof>(),
        shared::<Proxy>(),
        shared::<Refusal>(),
        shared::<SchemeSource>(),
        shared::<Secrets>(),
        shared::<TrustedProxies>(),
        shared::<UriRewrite>(),
        shared::<Value<'static>>(),
        shared::<Verdict>(),
        shared::<Writing>(),
        shared::<explain::Value>(),
        error::<ClientIpRejection>(),
        error::<ConfigError>(),
        error::<InvalidNode>(),
        error::<MissingLayer>(),
        error::<ParseError>(),
        error::<Unresolved>(),
    ])
}

/// Returns the sources below a directory, each with the path of its module.
fn modules(directory: &Path, path: &str) -> Vec<(String, PathBuf)> {
    let entries = read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let below = entries.flat_map(|file| {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let module = format!("{path}::{stem}");
        match file.extension() {
            None => modules(&file, &module),
            Some(extension) if extension != "rs" => vec![],
            Some(_) if stem == "mod" || stem == "lib" => vec![(path.to_owned(), file)],
            Some(_) => vec![(module, file)],
        }
    });
    below.collect()
}

/// Returns the name of each public type that a source defines.
fn definitions(source: &str) -> impl Iterator<Item = &str> {
    let public = source.lines().filter_map(|line| line.trim_start().strip_prefix("pub "));
    let types = public.filter_map(|line| {
        ["struct ", "enum ", "union "].iter().find_map(|kind| line.strip_prefix(kind))
    });
    types.filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
}

/// Lints refuse a `pub` type that is not reachable from outside, so each of these is public.
#[test]
fn every_public_type_is_checked() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut defined = BTreeSet::new();
    for (module, file) in modules(&src, "forwarded_headers") {
        let source = read_to_string(file).unwrap();
        defined.extend(definitions(&source).map(|name| format!("{module}::{name}")));
    }
    assert_eq!(checked().into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), defined);
}

#[test]
fn definitions_are_found() {
    let source = "pub struct A<'a> {\n    pub enum B {\npub struct C(u8);\nenum D {\npub(crate) struct E;\n/// pub struct F;\npub fn struct_g() {}";
    assert_eq!(definitions(source).collect::<Vec<_>>(), ["A", "B", "C"]);
}
