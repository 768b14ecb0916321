//! The answer to a browser: a picture of the way of its request.

use axum::http::HeaderMap;
use forwarded_headers::explain::{Explanation, Value, Verdict};
use forwarded_headers::{Absent, Outcome};

use super::advice::here;
use super::chain::nodes;
use super::html::{capital, escape, sentence, short, shortened, title_case};
use super::rail::rail;
use super::table::{Change, Row, others, rows, within};

const STYLE: &str = include_str!("style.css");

/// The most bytes of a page, whatever a client sends.
pub(crate) const MOST: usize = 12 * 1024;
/// The most bytes of the rows of headers that the layer does not touch.
const MOST_OTHERS: usize = 1024;

pub(crate) fn page(why: &Explanation, left: &HeaderMap) -> String {
    let (title, heading) = headings(why);
    let nodes = nodes(why);
    let top = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width\"/>\n\
         <title>{title} – who am I?</title>\n<style>{STYLE}</style>\n<main>\n\
         <p>Who am I?</p>\n<h1>{heading}</h1>\n{}{}<h2>From the client to this app</h2>\n{}",
        values(why),
        help(why),
        rail(&nodes)
    );
    let room = MOST.saturating_sub(top.len() + 512);
    let (others, tail) = (others(why, left), "</main>\n</html>\n");
    let others = below(others, room.min(MOST_OTHERS));
    let table = table(why, &rows(why, left), room.saturating_sub(others.len()));
    format!("{top}{table}{others}{tail}")
}

/// Returns the title, and the heading.
fn headings(why: &Explanation) -> (String, String) {
    let info = why.info();
    let says = if info.has_untrusted_headers() { "This app sees you as" } else { "You are" };
    match info.client_ip() {
        Some(ip) => (ip.to_string(), format!("{says} <code>{ip}</code>")),
        None if info.outcome() == Outcome::Direct => {
            ("Unix socket".into(), format!("{says} <b>at a Unix socket</b>"))
        }
        None => ("Unknown".into(), "Your address is <b>unknown</b>".into()),
    }
}

/// Returns scheme, host, prefix, and the number of proxies.
fn values(why: &Explanation) -> String {
    let info = why.info();
    let host = info.authority().map_or("none", |authority| authority.as_str());
    let mut values = vec![
        fact("Scheme", info.scheme().as_str(), &from(why, Value::Scheme, info.absent_scheme())),
        fact("Host", host, &from(why, Value::Host, info.absent_authority())),
    ];
    if let Some(prefix) = info.prefix() {
        values.push(fact("Prefix", prefix, &from(why, Value::Prefix, info.absent_prefix())));
    }
    let proxies = why.entries().iter().filter(|entry| is_proxy(&entry.verdict)).count();
    values.push(fact("Trusted proxies", &proxies.to_string(), "on the way"));
    values.push(fact("Outcome", &format!("{:?}", info.outcome()), ""));
    format!("<dl>\n{}</dl>\n", values.concat())
}

fn is_proxy(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::TrustedPeer { .. } | Verdict::TrustedProxy { .. })
}

fn fact(name: &str, text: &str, from: &str) -> String {
    format!(
        "<div><dt>{name}</dt><dd><code>{}</code>{}</dd></div>\n",
        short(text, 80),
        short(from, 80)
    )
}

/// Returns the header of a value, or why it has none.
fn from(why: &Explanation, value: Value, absent: Option<Absent>) -> String {
    let used = why.entries().iter().find(|entry| entry.verdict == Verdict::Used(value));
    match (used, absent) {
        (Some(entry), _) => format!("from {}", title_case(&entry.name)),
        (None, Some(Absent::NotTrusted | Absent::NotSent)) if value == Value::Scheme => {
            "assumed: no trusted proxy reported it".into()
        }
        (None, Some(Absent::NotBelieved)) => "assumed: the client is unknown".into(),
        (None, Some(why)) if value == Value::Scheme => format!("assumed: {why}"),
        (None, Some(why)) => why.to_string(),
        (None, None) => "as the configuration has it".into(),
    }
}

/// Returns the one thing to change, if something looks wrong.
fn help(why: &Explanation) -> String {
    let Some(help) = why.help() else { return String::new() };
    let mut lines = help.lines().map(|line| line_of_help(&shortened(line, 200)));
    let (first, code) = lines.next().unwrap_or_default();
    let rest: String = lines.map(|(text, code)| rest(&text, &code)).collect();
    let reason = reason(why).map(|reason| format!("<p>{}</p>", short(&reason, 160)));
    let here = here(why.info()).map(|here| format!("<p>{}</p>", escape(&here)));
    format!(
        "<aside>{}<h2>{first}</h2>{code}{rest}{}</aside>\n",
        reason.unwrap_or_default(),
        here.unwrap_or_default()
    )
}

/// Returns a line behind the first.
fn rest(text: &str, code: &str) -> String {
    let end = if code.is_empty() { '.' } else { ':' };
    format!("<p>{text}{end}</p>{code}")
}

/// Splits a line into its sentence, and the setting behind it.
fn line_of_help(line: &str) -> (String, String) {
    let parts = line.split_once(": ");
    let is_setting = |code: &str| code.starts_with('.') || code.starts_with("FORWARDED_HEADERS_");
    let parts = parts.filter(|(_, code)| is_setting(code) || code.ends_with(';'));
    match parts {
        Some((text, code)) => {
            (escape(&capital(text)), format!("<pre><mark>{}</mark></pre>", escape(code)))
        }
        None => (escape(&capital(line)), String::new()),
    }
}

/// Returns what looks wrong.
fn reason(why: &Explanation) -> Option<String> {
    if let Some(reason) = why.summary().strip_prefix("no client: ") {
        return Some(sentence(reason));
    }
    let is_wrong = |verdict: &Verdict| matches!(verdict, Verdict::Absent(..));
    let entry = why.entries().iter().find(|entry| is_wrong(&entry.verdict));
    match entry {
        _ if why.info().has_untrusted_headers() => {
            Some("The peer is not trusted, so its forwarding headers were not read.".into())
        }
        Some(entry) => Some(format!("{}: {}.", title_case(&entry.name), entry.note)),
        None => None,
    }
}

fn table(why: &Explanation, rows: &[Row], room: usize) -> String {
    let (html, more) = within(rows.iter().map(Row::html), room);
    let more = more + why.omitted();
    let more = if more > 0 { format!("<p>And {more} more.</p>\n") } else { String::new() };
    format!("<h2>Its headers: {}</h2>\n<table>\n{html}</table>\n{more}", counts(rows))
}

/// Says how many headers were rewritten, were removed and are missing.
fn counts(rows: &[Row]) -> String {
    let headers = || rows.iter().filter(|row| !row.is_beside_headers());
    let count = |is: fn(&Change) -> bool, name: &str| {
        let count = headers().filter(|row| is(&row.change)).count();
        (count > 0).then(|| format!("{} {name}", in_words(count)))
    };
    let counts = [
        count(|change| matches!(change, Change::Rewritten(_)), "rewritten"),
        count(|change| *change == Change::Removed, "removed"),
        count(|change| *change == Change::NotSent, "missing"),
    ];
    let counts = counts.into_iter().flatten().collect::<Vec<_>>();
    if counts.is_empty() { "all kept".into() } else { counts.join(", ") }
}

fn in_words(count: usize) -> String {
    let words =
        ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    words.get(count).map_or_else(|| count.to_string(), |word| (*word).into())
}

/// Returns the headers that the layer does not touch, folded.
fn below(rows: Vec<String>, room: usize) -> String {
    let count = rows.len();
    if count == 0 {
        return String::new();
    }
    let (html, more) = within(rows, room);
    let more = if more > 0 { format!("<p>And {more} more.</p>\n") } else { String::new() };
    format!(
        "<details><summary>Other headers, kept: {count}</summary>\n<table>\n{html}</table>\n{more}</details>\n"
    )
}
