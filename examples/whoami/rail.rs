//! The way of the request as HTML, with a rail in SVG: down the page on a phone, across it on a screen.

use super::chain::{Kind, Node};
use super::html::escape;

/// The parts of the rail, which each station uses. `style.css` chooses among them.
const PARTS: &str = include_str!("rail.svg");

/// With more stations, the rail runs down the page on every screen.
const MOST_ACROSS: usize = 5;

const EDGE: &str = "<small class=\"edge\">trusted from here on</small>";

pub(crate) fn rail(nodes: &[Node]) -> String {
    let class = if nodes.len() <= MOST_ACROSS { " class=\"across\"" } else { "" };
    let boundary = nodes.iter().position(|node| node.is_trusted);
    let stations = nodes.iter().enumerate();
    let stations: String =
        stations.map(|(index, node)| station(node, boundary == Some(index))).collect();
    format!("{PARTS}<ol{class}>\n{stations}</ol>\n")
}

fn station(node: &Node, is_first: bool) -> String {
    let (shape, label) = name(node.kind);
    let text = escape(&node.text);
    let text = if node.kind == Kind::Claimed && node.text != "…" {
        format!("<s>{text}</s>")
    } else {
        text
    };
    let trusted = if node.is_trusted { " in" } else { "" };
    let (first, edge) = if is_first { (" first", EDGE) } else { ("", "") };
    format!(
        "<li class=\"{shape}{trusted}{first}\"><svg aria-hidden=\"true\"><use href=\"#rail\"/>\
         <use class=\"dot\" href=\"#{shape}\"/></svg><small>{label}</small>{edge}\
         <code>{text}</code><p>{}</p></li>\n",
        escape(&node.note)
    )
}

/// Returns the name of the shape, and the label.
fn name(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Claimed => ("claimed", "claimed"),
        Kind::Client => ("client", "client"),
        Kind::Unknown => ("unknown", "client"),
        Kind::Proxy => ("proxy", "trusted proxy"),
        Kind::App => ("app", "this app"),
    }
}
