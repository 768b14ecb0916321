//! The page of `examples/whoami` in a headless Chromium: nothing overflows or overlaps, every text can be
//! read, and no text of a request becomes a script.
//!
//! `apt-get install chromium`, then `cargo test --test it browser -- --ignored`

#![cfg(target_os = "linux")]

pub(crate) mod tab;

use serde_json::json;

use crate::examples::whoami;
use crate::picture;
use tab::Tab;

const MEASURE: &str = include_str!("measure.js");
const WIDTHS: [u32; 4] = [320, 390, 991, 1280];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// A script in each way in which a text can become one.
const SCRIPT: &str = "</code></style><script>ran()</script>\"'><img src=x onerror=ran()>";

struct State {
    name: &'static str,
    flags: &'static [&'static str],
    headers: &'static [(&'static str, &'static str)],
    /// What the page holds, so that it is the page that is meant.
    shows: &'static str,
}

const STATES: [State; 8] = [
    State {
        name: "a lie to the left",
        flags: &["--proxy", "nginx"],
        headers: &[
            ("x-forwarded-for", "6.6.6.6, 203.0.113.7"),
            ("x-forwarded-proto", "https"),
            ("x-real-ip", "6.6.6.6"),
        ],
        shows: "<s>6.6.6.6</s>",
    },
    State {
        name: "the wrong trust",
        flags: &["--trust", "192.0.2.1"],
        headers: &[("x-forwarded-for", "203.0.113.7"), ("x-forwarded-proto", "https")],
        shows: "<h2>If 127.0.0.1 is your proxy, trust it</h2>",
    },
    State {
        name: "no client",
        flags: &["--proxy", "nginx"],
        headers: &[("x-forwarded-proto", "https"), ("x-real-ip", "203.0.113.7")],
        shows: "Your address is <b>unknown</b>",
    },
    State {
        name: "two proxies",
        flags: &["--trust", "198.51.100.0/24", "--trust", "loopback"],
        headers: &[("x-forwarded-for", "2001:db8:cafe:41::17, 198.51.100.9")],
        shows: "You are <code>2001:db8:cafe:41::17</code>",
    },
    State {
        name: "five stations",
        flags: &["--trust", "2001:db8::/32", "--trust", "loopback"],
        headers: &[(
            "x-forwarded-for",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, 203.0.113.7, 2001:db8:1111:2222:3333:4444:5555:6666",
        )],
        shows: "<ol class=\"across\">",
    },
    State {
        name: "six stations",
        flags: &["--trust", "192.0.2.0/24", "--trust", "loopback"],
        headers: &[("x-forwarded-for", "6.6.6.6, 6.6.6.7, 203.0.113.7, 192.0.2.9")],
        shows: "<ol>",
    },
    State {
        name: "scripts",
        flags: &["--proxy", "nginx"],
        headers: &SCRIPTS,
        shows: "&lt;script&gt;ran()&lt;/script&gt;",
    },
    State {
        name: "a local visit",
        flags: &[],
        headers: &[],
        shows: "--trusted-peer-may-be-client",
    },
];

const SCRIPTS: [(&str, &str); 9] = [
    ("x-forwarded-for", SCRIPT),
    ("x-forwarded-proto", SCRIPT),
    ("x-forwarded-host", SCRIPT),
    ("x-forwarded-prefix", SCRIPT),
    ("x-real-ip", SCRIPT),
    ("forwarded", SCRIPT),
    ("user-agent", SCRIPT),
    ("x-other", SCRIPT),
    ("x-'&script", SCRIPT),
];

/// Returns what is wrong with the page that is open.
fn measure(tab: &mut Tab) -> Vec<String> {
    let wrong = tab.evaluate(MEASURE);
    let texts = wrong.as_array().unwrap().iter();
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs Chromium"]
fn nothing_overflows_or_overlaps_and_every_text_can_be_read() {
    let mut tab = Tab::new("states");
    for State { name, flags, headers, shows } in &STATES {
        let example = whoami(flags);
        for (width, scheme) in
            WIDTHS.iter().flat_map(|width| SCHEMES.map(|scheme| (*width, scheme)))
        {
            tab.resize(width, scheme);
            tab.open(&format!("http://{}/", example.address()), headers);
            // The headers that are kept are folded.
            tab.evaluate(
                "document.querySelectorAll('details').forEach((one) => { one.open = true })",
            );
            let page = tab.evaluate("document.documentElement.outerHTML");
            assert!(page.as_str().unwrap().contains(shows), "{name}: {page}");
            let wrong = measure(&mut tab);
            assert!(wrong.is_empty(), "{name}, {width}, {scheme}: {wrong:#?}");
        }
    }
}

/// Five stations are across on a screen alone. Six are never.
#[test]
#[ignore = "needs Chromium"]
fn the_rail_runs_across_on_a_screen_and_down_on_a_phone() {
    let rows = [(4, 390, "down"), (4, 1280, "across"), (5, 390, "down"), (5, 1280, "down")];
    let mut tab = Tab::new("rail");
    for (state, width, expected) in rows {
        let State { name, flags, headers, .. } = &STATES[state];
        let example = whoami(flags);
        tab.resize(width, "light");
        tab.open(&format!("http://{}/", example.address()), headers);
        let direction = tab.evaluate(
            "(([one, two]) => one.top === two.top ? 'across' : one.left === two.left ? 'down' : 'askew')\
             ([...document.querySelectorAll('li')].map((one) => one.getBoundingClientRect()))",
        );
        assert_eq!(direction, json!(expected), "{name}, {width}");
    }
}

/// Each planted fault is found, in a page where nothing else is wrong.
#[test]
#[ignore = "needs Chromium"]
fn the_measure_finds_planted_faults() {
    let rows = [
        ("overflow: the page", "h1 { width: 90rem }"),
        (
            "overflow: code",
            "td { display: block; max-width: 3rem; overflow-wrap: normal } td code { white-space: nowrap; overflow-wrap: normal }",
        ),
        ("overlap: code", "li p { margin-top: -1.5rem }"),
        ("use.dot", "li { padding-left: 1.2rem !important }"),
        ("contrast 1.", "p { color: #eee !important }"),
        ("contrast 2.", "li { --on: #aaa !important }"),
        ("small: small", "small { font-size: 10px !important }"),
        ("the rail is missing", "li svg { display: none }"),
    ];
    let State { flags, headers, .. } = &STATES[0];
    let example = whoami(flags);
    let mut tab = Tab::new("planted");
    tab.resize(390, "light");
    for (fault, style) in rows {
        tab.open(&format!("http://{}/", example.address()), headers);
        assert_eq!(measure(&mut tab), Vec::<String>::new());
        tab.evaluate(&format!(
            "document.head.appendChild(document.createElement('style')).textContent = {}",
            json!(style)
        ));
        let wrong = measure(&mut tab);
        assert!(wrong.iter().any(|text| text.contains(fault)), "{fault}: {wrong:#?}");
    }
}

/// Returns how a text of the request became a script or an element, if it did.
fn scripts(tab: &mut Tab) -> Vec<&'static str> {
    let has = |tab: &mut Tab, selector: &str| {
        let found = format!("document.querySelectorAll({}).length", json!(selector));
        tab.evaluate(&found) != json!(0)
    };
    let mut found = vec![];
    if has(tab, "script") {
        found.push("a script");
    }
    if has(tab, "img") {
        found.push("an image");
    }
    if tab.evaluate("typeof ran") != json!("undefined") {
        found.push("a script ran");
    }
    // With a policy, the browser refuses what it finds, and logs it.
    if tab.has_event("Log.entryAdded") || tab.has_event("Runtime.exceptionThrown") {
        found.push("a message");
    }
    found
}

#[test]
#[ignore = "needs Chromium"]
fn a_script_in_every_field_does_nothing() {
    let mut tab = Tab::new("scripts");
    // The icon is missing, which the browser logs.
    tab.call("Network.setBlockedURLs", &json!({ "urls": ["*/favicon.ico"] }));
    let flags: [&[&str]; 4] = [
        &["--proxy", "nginx"],
        &["--client-from", "forwarded"],
        &["--trust", "192.0.2.1"],
        &["--allow-host", "example.com"],
    ];
    for flags in flags {
        let example = whoami(flags);
        tab.open(&format!("http://{}/", example.address()), &SCRIPTS);
        assert_eq!(scripts(&mut tab), Vec::<&str>::new(), "{flags:?}");
    }
}

/// The same texts in a page that does not escape them.
#[test]
#[ignore = "needs Chromium"]
fn a_script_that_runs_is_noticed() {
    let mut tab = Tab::new("script");
    tab.open("data:text/html,<script>window.ran = 1</script><img src=x onerror=ran()>", &[]);
    let found = scripts(&mut tab);
    for expected in ["a script", "an image", "a script ran"] {
        assert!(found.contains(&expected), "{expected}: {found:?}");
    }
}

/// An image is not drawn unless it is well-formed XML.
#[test]
#[ignore = "needs Chromium"]
fn the_picture_of_the_guide_is_drawn_and_has_room() {
    let mut tab = Tab::new("picture");
    let image = format!("{}/src/guide/picture.md", env!("CARGO_MANIFEST_DIR"));
    let image = std::fs::read_to_string(image).unwrap();
    tab.open("about:blank", &[]);
    let size = tab.evaluate(&format!(
        "(async () => {{ document.body.innerHTML = {}; const image = document.querySelector('img'); \
         await image.decode(); return [image.naturalWidth, image.naturalHeight] }})()",
        json!(image)
    ));
    assert_eq!(size, json!([picture::WIDTH, picture::height(&image)]));
    let needed = picture::measured(&mut tab);
    assert!(needed <= picture::height(&image), "it needs {needed}");
}
