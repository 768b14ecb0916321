//! The picture of the guide: the page of `examples/whoami` for one request, as an image.
//!
//! `cargo test --test it picture -- --ignored` writes it. It needs Chromium for the height.

use forwarded_headers::ForwardedHeaders;

use crate::support::{Line, request, through};

/// The modules of the example, but for its `main`.
#[allow(dead_code, reason = "the answers in text and JSON, which this test does not ask for")]
#[path = "../../../examples/whoami"]
mod whoami {
    mod advice;
    mod chain;
    mod facts;
    mod html;
    pub(super) mod page;
    mod rail;
    mod table;
}

const PEER: &str = "172.28.0.2:41822";
const LINES: [Line<'_>; 5] = [
    ("host", b"example.com"),
    ("x-forwarded-for", b"6.6.6.6, 203.0.113.7"),
    ("x-forwarded-proto", b"https"),
    ("x-real-ip", b"6.6.6.6"),
    ("x-forwarded-host", b"<script>"),
];

pub(crate) const WIDTH: u64 = 480;

const ALT: &str = "The page of whoami: a struck claim, the client, the trusted proxy, the app, and the \
                   headers";

fn page() -> String {
    let layer = ForwardedHeaders::behind("nginx").trust("172.28.0.0/24").build().unwrap();
    let (before, ()) = request(PEER, "/", &LINES).into_parts();
    let left = through(&layer, request(PEER, "/", &LINES)).headers;
    whoami::page::page(&layer.explain(&before), &left)
}

/// Returns the text between two others.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

/// Returns the page as an image. XML needs the name space that HTML does not.
fn svg(height: u64) -> String {
    let page = page();
    let style = between(&page, "<style>", "</style>");
    // The picture keeps its width, and is scaled. Browsers differ about the window of a scaled image.
    let (style, _) = style.split_once("@media (max-width: 22rem)").unwrap();
    let main = between(&page, "<main>", "</main>");
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\"><style><![CDATA[{style}]]></style>\
         <foreignObject width=\"100%\" height=\"100%\">\
         <body xmlns=\"http://www.w3.org/1999/xhtml\" style=\"height:100%\"><main>{main}</main></body>\
         </foreignObject></svg>"
    )
    .replace("<svg class", "<svg xmlns=\"http://www.w3.org/2000/svg\" class")
    .replace("<svg aria", "<svg xmlns=\"http://www.w3.org/2000/svg\" aria")
}

/// Returns the image as the guide has it.
fn image(height: u64) -> String {
    let data = base64(svg(height).as_bytes());
    format!(
        "<img alt=\"{ALT}\" width=\"{WIDTH}\" height=\"{height}\" style=\"height: auto\" \
         src=\"data:image/svg+xml;base64,{data}\">\n"
    )
}

/// Encodes as RFC 4648 §4 has it.
fn base64(bytes: &[u8]) -> String {
    const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let encode = |chunk: &[u8]| {
        let byte = |index| chunk.get(index).copied().map_or(0, u32::from);
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let symbol = |place: u32| char::from(SYMBOLS[(bits >> (18 - 6 * place) & 63) as usize]);
        let text: String = (0..=u32::try_from(chunk.len()).unwrap()).map(symbol).collect();
        format!("{text:=<4}")
    };
    bytes.chunks(3).map(encode).collect()
}

/// Returns the height of an image of the guide.
pub(crate) fn height(image: &str) -> u64 {
    between(image, " height=\"", "\"").parse().unwrap()
}

fn file() -> String {
    format!("{}/src/guide/picture.md", env!("CARGO_MANIFEST_DIR"))
}

/// Returns the height of the page at the width of the picture.
#[cfg(target_os = "linux")]
pub(crate) fn measured(tab: &mut crate::browser::tab::Tab) -> u64 {
    tab.resize(u32::try_from(WIDTH).unwrap(), "light");
    let page = serde_json::json!(page());
    let height = format!(
        "document.open(), document.write({page}), document.close(), \
         Math.ceil(document.querySelector('main').getBoundingClientRect().height)"
    );
    tab.evaluate(&height).as_u64().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "writes the picture of the guide, and needs Chromium"]
fn write_the_picture() {
    let mut tab = crate::browser::tab::Tab::new("write");
    // Another font may need more lines.
    let height = measured(&mut tab) * 103 / 100;
    std::fs::write(file(), image(height)).unwrap();
}

#[test]
fn the_guide_shows_the_picture_of_today() {
    let shown = std::fs::read_to_string(file()).unwrap();
    let is_same = shown == image(height(&shown));
    assert!(is_same, "write it again: cargo test --test it picture -- --ignored");
    assert!(shown.len() < 16 * 1024, "{} bytes", shown.len());
}

/// The vectors of RFC 4648 §10.
#[test]
fn base64_encodes() {
    let rows = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
    for (text, encoded) in rows {
        assert_eq!(base64(text.as_bytes()), encoded);
    }
}
