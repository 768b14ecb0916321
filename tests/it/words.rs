//! The words of the documents: some are avoided, sentences are short, a function's docs open with a verb.

use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

/// Words and phrases that are written in another way.
const AVOIDED: [&str; 12] = [
    "nobody",
    "somebody",
    "whoever",
    "whom",
    "vouch",
    "vouched",
    "vouches",
    "vouching",
    "says so",
    "of which there",
    "that there is",
    "takes for",
];

/// The first words of functions.
const VERBS: [&str; 15] = [
    "Checks", "Converts", "Creates", "Decides", "Explains", "Finds", "Joins", "Keeps", "Reads",
    "Resolves", "Returns", "Sets", "Tells", "Unwraps", "Writes",
];

const LONGEST: usize = 25;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the files below a directory whose names end like this.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let below =
        entries.flat_map(|path| if path.is_dir() { files(&path, ending) } else { vec![path] });
    below.filter(|path| path.to_str().unwrap().ends_with(ending)).collect()
}

/// A text in Markdown, and where it stands.
struct Document {
    name: String,
    text: String,
}

impl Document {
    fn read(path: &Path) -> Self {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        Self { name, text: read_to_string(path).unwrap() }
    }

    /// Reads the documentation comments of a source, each block of lines as a paragraph.
    fn comments(path: &Path) -> Self {
        let source = Self::read(path);
        let comment = |line: &str| {
            let line = line.trim_start();
            let text = line.strip_prefix("///").or_else(|| line.strip_prefix("//!"));
            text.map(|text| text.strip_prefix(' ').unwrap_or(text).to_owned()).unwrap_or_default()
        };
        Self { text: source.text.lines().map(|line| comment(line) + "\n").collect(), ..source }
    }

    /// Returns the paragraphs, list items and headings, without blocks of code and tables.
    fn paragraphs(&self) -> Vec<String> {
        let (mut paragraphs, mut is_code) = (vec![String::new()], false);
        for line in self.text.lines().map(str::trim) {
            if line.starts_with("```") {
                is_code = !is_code;
            } else if !is_code && !line.starts_with('|') {
                let is_item = line.starts_with("- ") || is_numbered(line);
                if line.is_empty() || is_item || line.starts_with('#') {
                    paragraphs.push(String::new());
                }
                *paragraphs.last_mut().unwrap() += &format!("{line} ");
                if !line.starts_with('#') {
                    continue;
                }
            }
            paragraphs.push(String::new());
        }
        paragraphs.iter().map(|paragraph| prose(paragraph)).collect()
    }

    fn sentences(&self) -> Vec<String> {
        let paragraphs = self.paragraphs();
        paragraphs.iter().flat_map(|paragraph| sentences(paragraph)).collect()
    }
}

fn is_numbered(line: &str) -> bool {
    line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok())
}

/// Replaces code by one word, and removes the targets of links.
fn prose(paragraph: &str) -> String {
    let mut text = String::new();
    for (index, part) in paragraph.split('`').enumerate() {
        text.push_str(if index % 2 == 0 { part } else { "CODE" });
    }
    let mut links = text.split("](");
    let first = links.next().unwrap_or_default().to_owned();
    let rest = links.map(|link| link.split_once(')').map_or("", |(_, rest)| rest));
    rest.fold(first, |text, rest| text + rest)
}

/// Splits at a full stop, question mark or exclamation mark before white space.
fn sentences(paragraph: &str) -> Vec<String> {
    let mut sentences = vec![vec![]];
    for word in paragraph.split_whitespace() {
        sentences.last_mut().unwrap().push(word);
        if word.trim_end_matches([')', '*', '"', ']']).ends_with(['.', '?', '!']) {
            sentences.push(vec![]);
        }
    }
    sentences.iter().map(|words| words.join(" ")).filter(|sentence| !sentence.is_empty()).collect()
}

/// Returns the words in lower case, without punctuation.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

fn pages() -> Vec<Document> {
    files(&root().join("src"), ".md").iter().map(|path| Document::read(path)).collect()
}

fn comments() -> Vec<Document> {
    files(&root().join("src"), ".rs").iter().map(|path| Document::comments(path)).collect()
}

/// Reads the documents at the root and beside tests and benchmarks. A published package lacks some.
fn documents() -> Vec<Document> {
    let names = [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "tests/README.md",
        "benches/peers/README.md",
        "examples/container/README.md",
    ];
    let paths = names.iter().map(|name| root().join(name)).filter(|path| path.exists());
    paths.map(|path| Document::read(&path)).collect()
}

#[test]
fn avoided_words_do_not_occur() {
    let mut found = vec![];
    for document in documents().into_iter().chain(pages()).chain(comments()) {
        let text = format!(" {} ", words(&document.text).join(" "));
        let avoided = AVOIDED.iter().filter(|phrase| text.contains(&format!(" {phrase} ")));
        found.extend(avoided.map(|phrase| format!("{}: {phrase}", document.name)));
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn sentences_have_25_words_at_most() {
    let documents = documents().into_iter().chain(pages()).chain(comments());
    let long: Vec<_> = documents
        .flat_map(|document| {
            let sentences = document.sentences().into_iter();
            let long = sentences.filter(|sentence| sentence.split(' ').count() > LONGEST);
            long.map(|sentence| format!("{}: {sentence}", document.name)).collect::<Vec<_>>()
        })
        .collect();
    assert!(long.is_empty(), "{}: {long:#?}", long.len());
}

/// Returns the first word of the documentation of each public function.
fn first_words(source: &str) -> Vec<(&str, &str)> {
    let (mut first, mut found) = ("", vec![]);
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            if first.is_empty() {
                first = text.split(' ').next().unwrap_or_default();
            }
        } else if line.starts_with("pub fn ") || line.starts_with("pub const fn ") {
            found.push((line, first));
            first = "";
        } else if line != "///" && !line.starts_with("#[") {
            first = "";
        }
    }
    found
}

#[test]
fn the_docs_of_a_function_open_with_a_verb() {
    let mut count = 0;
    for path in files(&root().join("src"), ".rs") {
        let source = read_to_string(&path).unwrap();
        for (function, first) in first_words(&source) {
            assert!(VERBS.contains(&first), "{}: {first:?} for {function}", path.display());
            count += 1;
        }
    }
    assert!(count > 60, "only {count} functions were found");
}

#[test]
fn the_parser_reads_prose() {
    let text = "# A heading\nOne `x y`\ntwo ([three](https://a.example/b)). Four\n- five\n\n| six |\n```\nseven.\n```\n";
    let document = Document { name: String::new(), text: text.into() };
    let expected = ["# A heading", "One CODE two ([three).", "Four", "- five"];
    assert_eq!(document.sentences(), expected);
    assert_eq!(words("Nobody's, WHOM"), ["nobody's", "whom"]);
    let source = "/// Returns x.\n///\n/// More.\n#[must_use]\npub fn x() {}\npub fn y() {}\n";
    assert_eq!(first_words(source), [("pub fn x() {}", "Returns"), ("pub fn y() {}", "")]);
}
