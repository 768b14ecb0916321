//! Runs each example as a process of its own, over real connections.
//!
//! `cargo test` builds the examples first. `cargo test --test it` runs those that `cargo build
//! --examples` has built.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use forwarded_headers::Unresolved;
use serde_json::{Value, json};

use crate::support::Line;

pub(crate) const ANY_PORT: [&str; 2] = ["--listen", "127.0.0.1:0"];
const HOST: Line<'_> = ("host", b"example.com");

/// A running example, which ends with its test.
pub(crate) struct Example {
    process: Child,
    /// The first line that the example prints.
    first_line: String,
}

impl Example {
    pub(crate) fn start(name: &str, flags: &[&str]) -> Self {
        let example = Self::run(name, flags);
        assert!(
            example.first_line.starts_with("listening on "),
            "{name} {flags:?}: {:?}",
            example.first_line
        );
        example
    }

    fn run(name: &str, flags: &[&str]) -> Self {
        Self::run_with(name, flags, &[])
    }

    /// Runs an example with variables of the environment.
    fn run_with(name: &str, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let process = Command::new(path(name))
            .args(flags)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{name}: {e}: run `cargo build --examples` first"));
        let mut example = Self { process, first_line: String::new() };
        let stdout = example.process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut example.first_line).unwrap();
        example
    }

    pub(crate) fn address(&self) -> &str {
        let address = self.first_line.trim_end().strip_prefix("listening on ").unwrap();
        address.strip_prefix("http://").unwrap_or(address)
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    pub(crate) fn get(&self, lines: &[Line<'_>]) -> Answer {
        ask(self.connect(), "GET / HTTP/1.1", lines)
    }

    /// Ends the example. Returns its error output.
    pub(crate) fn log(&mut self) -> String {
        self.process.kill().unwrap();
        self.end().0
    }

    /// Waits for the example's end. Returns its error output and its status.
    fn end(&mut self) -> (String, ExitStatus) {
        let mut stderr = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (stderr, self.process.wait().unwrap())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns `target/PROFILE/examples/NAME`. This program is `target/PROFILE/deps/it-HASH`.
fn path(name: &str) -> std::path::PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

pub(crate) struct Answer {
    status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

fn ask(mut stream: impl Read + Write, start: &str, lines: &[Line<'_>]) -> Answer {
    let mut request = format!("{start}\r\nconnection: close\r\n").into_bytes();
    for (name, value) in lines {
        request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    stream.write_all(&request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

pub(crate) fn whoami(flags: &[&str]) -> Example {
    Example::start("whoami", &[&ANY_PORT, flags].concat())
}

#[test]
fn whoami_answers_in_the_form_that_the_client_accepts() {
    let rows: [(&str, &[Line<'_>], &str, &str); 6] = [
        ("curl", &[("accept", b"*/*")], "text/plain; charset=utf-8", "client   203.0.113.7\n"),
        ("no Accept", &[], "text/plain; charset=utf-8", "client   203.0.113.7\n"),
        (
            "a browser",
            &[("accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")],
            "text/html; charset=utf-8",
            "<h1>You are <code>203.0.113.7</code></h1>\n",
        ),
        (
            "a program",
            &[("accept", b"application/json")],
            "application/json",
            r#""client":"203.0.113.7""#,
        ),
        (
            "two lines",
            &[("accept", b"image/png"), ("accept", b"application/json")],
            "application/json",
            r#""client":"203.0.113.7""#,
        ),
        (
            "an Accept that is not ASCII",
            &[("accept", b"text/html\xFF")],
            "text/plain; charset=utf-8",
            "client   203.0.113.7\n",
        ),
    ];
    let example = whoami(&[]);
    for (name, accept, media_type, body) in rows {
        let answer = example.get(&[&[HOST, ("x-forwarded-for", b"203.0.113.7")], accept].concat());
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.header("content-type"), Some(media_type), "{name}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}");
        assert_eq!(answer.header("vary"), Some("accept"), "{name}");
        assert!(answer.body.contains(body), "{name}: {}", answer.body);
    }
}

#[test]
fn whoami_answers_with_the_whole_decision_as_json() {
    let accept: Line<'_> = ("accept", b"application/json");
    let forwarded: [Line<'_>; 4] = [
        ("x-forwarded-for", b"198.51.100.66, 2001:db8::7"),
        ("x-forwarded-proto", b"https"),
        ("x-real-ip", b"198.51.100.66"),
        ("cookie", b"a=\xFF"),
    ];
    let rows: [(&str, &[Line<'_>], Value); 2] = [
        (
            "forwarded",
            &[&[HOST, accept], forwarded.as_slice()].concat(),
            json!({
                "client": "2001:db8::7",
                "scheme": "https",
                "host": "example.com",
                "origin": "https://example.com",
                "hops": 1,
                "outcome": "Forwarded",
                "advice": null,
                "headers": {
                    "accept": ["application/json"],
                    "connection": ["close"],
                    "cookie": ["a=\\xff"],
                    "host": ["example.com"],
                    "x-forwarded-for": ["2001:db8::7"],
                    "x-forwarded-proto": ["https"],
                },
            }),
        ),
        (
            "nothing known",
            &[accept, ("host", b"user:pw@example.com"), ("x-forwarded-for", b"_hidden")],
            json!({
                "client": null,
                "scheme": "http",
                "host": null,
                "origin": null,
                "hops": 1,
                "outcome": "Unresolved(Malformed)",
                "advice": format!("No client: {}.", Unresolved::Malformed),
                "headers": { "accept": ["application/json"], "connection": ["close"] },
            }),
        ),
    ];
    let example = whoami(&[]);
    for (name, lines, expected) in rows {
        let answer = example.get(lines);
        assert_eq!(answer.status, 200, "{name}");
        let mut answer = serde_json::from_str::<Value>(&answer.body).unwrap();
        let explanation = answer.as_object_mut().unwrap().remove("explanation").unwrap();
        assert_eq!(answer, expected, "{name}");
        assert_eq!(explanation["info"]["outcome"], expected["outcome"], "{name}");
        assert_eq!(explanation["entries"][0]["verdict"], "trusted_peer", "{name}");
    }
}

struct Row {
    name: &'static str,
    flags: &'static [&'static str],
    lines: &'static [Line<'static>],
    /// With line ends: `client   none\n`.
    shows: &'static [&'static str],
    hides: &'static [&'static str],
}

/// What a client makes up: addresses of 198.51.100.0/24, hosts and schemes with `evil`.
const FORGED: [&str; 2] = ["198.51.100.", "evil"];

const TRUST_ROWS: &[Row] = &[
    Row {
        name: "forged addresses left of the proxy's",
        flags: &[],
        lines: &[
            ("x-forwarded-for", b"198.51.100.1"),
            ("x-forwarded-for", b"\xFF evil, 198.51.100.2, 203.0.113.7"),
            ("x-forwarded-proto", b"evil, https"),
        ],
        shows: &[
            "client   203.0.113.7\n",
            "scheme   https\n",
            "origin   https://example.com\n",
            "hops     1\n",
            "outcome  Forwarded\n",
            "\nx-forwarded-for: 203.0.113.7\n",
            "\nx-forwarded-proto: https\n",
        ],
        hides: &FORGED,
    },
    Row {
        name: "headers that the proxy does not write",
        flags: &[],
        lines: &[
            ("x-forwarded-for", b"203.0.113.7"),
            ("forwarded", b"for=198.51.100.1;host=evil.example"),
            ("x-forwarded-host", b"evil.example"),
            ("x-real-ip", b"198.51.100.1"),
            ("x_forwarded_for", b"198.51.100.1"),
            ("user-agent", b"kept"),
        ],
        shows: &["client   203.0.113.7\n", "host     example.com\n", "\nuser-agent: kept\n"],
        hides: &FORGED,
    },
    Row {
        name: "a peer that is not a proxy",
        flags: &["--trust", "192.0.2.1, unix"],
        lines: &[("x-forwarded-for", b"198.51.100.1"), ("x-forwarded-proto", b"https")],
        shows: &[
            "client   127.0.0.1\n",
            "scheme   http\n",
            "hops     0\n",
            "outcome  Direct\n",
            "If it is your proxy: --trust 127.0.0.1.\n",
        ],
        hides: &FORGED,
    },
    Row {
        name: "two proxies",
        flags: &["--trust", "192.0.2.0/24", "--trust", "loopback"],
        lines: &[("x-forwarded-for", b"198.51.100.1, 203.0.113.7, 192.0.2.9")],
        shows: &["client   203.0.113.7\n", "hops     2\n", "\nx-forwarded-for: 203.0.113.7\n"],
        hides: &FORGED,
    },
    Row {
        name: "one proxy more than the flags trust",
        flags: &["--trust", "loopback, 192.0.2.0/24"],
        lines: &[("x-forwarded-for", b"198.51.100.1, 203.0.113.7, 192.0.2.9")],
        shows: &["client   192.0.2.9\n", "hops     1\n"],
        hides: &FORGED,
    },
    Row {
        name: "--client-from forwarded",
        flags: &["--client-from", "forwarded"],
        lines: &[
            ("forwarded", b"for=198.51.100.1;proto=http, for=\"[2001:db8::7]:4711\";proto=https"),
            ("x-forwarded-for", b"198.51.100.1"),
            ("x-forwarded-proto", b"http"),
        ],
        shows: &[
            "client   2001:db8::7\n",
            "scheme   https\n",
            "\nforwarded: for=\"[2001:db8::7]\";proto=https\n",
        ],
        hides: &[FORGED[0], "x-forwarded"],
    },
    Row {
        name: "--client-from x-forwarded-for",
        flags: &["--client-from", "x-forwarded-for"],
        lines: &[("forwarded", b"for=198.51.100.1"), ("x-forwarded-for", b"203.0.113.7")],
        shows: &["client   203.0.113.7\n"],
        hides: &FORGED,
    },
    Row {
        name: "--client-from, a header with one address",
        flags: &["--client-from", "X-Real-IP"],
        lines: &[("x-forwarded-for", b"198.51.100.1"), ("x-real-ip", b"203.0.113.7")],
        shows: &["client   203.0.113.7\n", "hops     1\n", "\nx-real-ip: 203.0.113.7\n"],
        hides: &FORGED,
    },
    Row {
        name: "--proxy, which replaces the client's header",
        flags: &["--proxy", "caddy"],
        lines: &[("x-forwarded-for", b"198.51.100.1, 203.0.113.7")],
        shows: &["client   none\n", "outcome  Unresolved(ExtraEntries)\n"],
        hides: &FORGED,
    },
    Row {
        name: "--proxy beside --trust, two proxies",
        flags: &["--proxy", "Nginx", "--trust", "192.0.2.0/24", "--trust", "loopback"],
        lines: &[("x-forwarded-for", b"198.51.100.1, 203.0.113.7, 192.0.2.9")],
        shows: &["client   203.0.113.7\n", "hops     2\n"],
        hides: &FORGED,
    },
    Row {
        name: "--proxy beside --allow-host, a forwarded host",
        flags: &["--proxy", "nginx", "--allow-host", "*.example.com, example.com"],
        lines: &[("x-forwarded-for", b"203.0.113.7"), ("x-forwarded-host", b"evil.example.com")],
        shows: &["client   203.0.113.7\n", "host     example.com\n"],
        hides: &["evil"],
    },
    Row {
        name: "--allow-host beside --client-from Forwarded",
        flags: &["--client-from", "Forwarded", "--allow-host", "www.example.com"],
        lines: &[("forwarded", b"for=203.0.113.7;host=www.example.com")],
        shows: &["host     www.example.com\n", "\nhost: www.example.com\n"],
        hides: &["none"],
    },
    Row {
        name: "--allow-host, an allowed host",
        flags: &["--allow-host", "*.example.com, example.com"],
        lines: &[
            ("x-forwarded-for", b"203.0.113.7"),
            ("x-forwarded-host", b"www.example.com:443"),
            ("x-forwarded-proto", b"https"),
        ],
        shows: &[
            "host     www.example.com:443\n",
            "origin   https://www.example.com\n",
            "\nhost: www.example.com:443\n",
        ],
        hides: &["evil"],
    },
    Row {
        name: "--allow-host, a refused host",
        flags: &["--allow-host", "*.example.com, example.com"],
        lines: &[
            ("x-forwarded-for", b"203.0.113.7"),
            ("x-forwarded-host", b"www.example.com.evil.example"),
        ],
        shows: &["client   203.0.113.7\n", "host     none\n", "origin   none\n"],
        hides: &["\nhost: ", "evil"],
    },
    Row {
        name: "--allow-host, of a direct client",
        flags: &["--trust", "192.0.2.1", "--allow-host", "www.example.com"],
        lines: &[("x-forwarded-host", b"www.example.com")],
        shows: &["client   127.0.0.1\n", "host     none\n"],
        hides: &["\nhost: ", "www."],
    },
    Row {
        name: "--trusted-peer-may-be-client, no header",
        flags: &["--trusted-peer-may-be-client"],
        lines: &[],
        shows: &["client   127.0.0.1\n", "hops     0\n", "outcome  NotForwarded\n"],
        hides: &["No client"],
    },
    Row {
        name: "--trusted-peer-may-be-client, a report",
        flags: &["--trusted-peer-may-be-client"],
        lines: &[("x-forwarded-for", b"203.0.113.7")],
        shows: &["client   203.0.113.7\n", "outcome  Forwarded\n"],
        hides: &["No client"],
    },
    Row {
        name: "--trusted-peer-may-be-client, a malformed report",
        flags: &["--trusted-peer-may-be-client"],
        lines: &[("x-forwarded-for", b"203.0.113.7, evil")],
        shows: &["client   none\n", "outcome  Unresolved(Malformed)\n"],
        hides: &["evil", "127.0.0.1"],
    },
];

#[test]
fn whoami_trusts_the_proxies_of_its_flags() {
    TRUST_ROWS.iter().for_each(check);
}

fn check(row: &Row) {
    let Row { name, flags, lines, shows, hides } = row;
    let answer = whoami(flags).get(&[&[HOST], *lines].concat());
    assert_eq!(answer.status, 200, "{name}");
    let body = what_the_app_gets(&answer.body);
    for text in *shows {
        assert!(body.contains(text), "{name}: no {text:?} in:\n{body}");
    }
    for text in *hides {
        assert!(!body.contains(text), "{name}: {text:?} in:\n{body}");
    }
}

/// Returns what is behind the explanation, which shows what was removed.
fn what_the_app_gets(text: &str) -> &str {
    text.split_once("\nWhat the app gets:\n").expect(text).1
}

#[test]
fn whoami_explains_the_request_that_asks() {
    let lines: [Line<'_>; 4] = [
        HOST,
        ("x-forwarded-for", b"198.51.100.1, 203.0.113.7"),
        ("x-forwarded-proto", b"on"),
        ("x-real-ip", b"198.51.100.1"),
    ];
    let body = whoami(&["--proxy", "nginx"]).get(&lines).body;
    let (explanation, _) = body.split_once("\nWhat the app gets:\n").unwrap();
    let shown = [
        "client 203.0.113.7, http, example.com\n",
        " 203.0.113.7  ",
        " the client, reported by 127.0.0.1\n",
        " 198.51.100.1 ",
        " not read: left of the client, ",
        " not valid, removed; the scheme is http\n",
        " not read, removed\n",
        "help: have 127.0.0.1 write http or https (nginx): proxy_set_header X-Forwarded-Proto $scheme;",
    ];
    for text in shown {
        assert!(explanation.contains(text), "no {text:?} in:\n{explanation}");
    }
}

/// Name, flags, header lines, and what the page holds.
type Drawn<'a> = (&'a str, &'a [&'a str], &'a [Line<'a>], &'a [&'a str]);

/// What is shown of a request is in the page once, in its place.
#[test]
fn whoami_draws_the_way_of_the_request() {
    let accept: Line<'_> = ("accept", b"text/html");
    let two = ["--trust", "192.0.2.0/24", "--trust", "loopback"];
    #[rustfmt::skip]
    let rows: [Drawn<'_>; 6] = [
        ("a lie to the left", &[], &[("x-forwarded-for", b"198.51.100.1, 203.0.113.7"), ("x-real-ip", b"198.51.100.2")], &[
            "<h1>You are <code>203.0.113.7</code></h1>",
            "<small>claimed</small><code><s>198.51.100.1</s></code><p>Not read: left of the client",
            "<small>client</small><code>203.0.113.7</code><p>Reported by 127.0.0.1.</p>",
            "<small>trusted proxy</small><small class=\"edge\">trusted from here on</small><code>127.0.0.1</code><p>Opened the connection. Trusted: loopback.</p>",
            "<small>this app</small><code>http://example.com</code>",
            "<h2>Its headers: one rewritten, one removed, one missing</h2>",
            "<td><code><s>198.51.100.1,</s> 203.0.113.7</code></td><td><b>rewritten</b> to <code>203.0.113.7</code></td>",
            "<td><code><s>198.51.100.2</s></code></td><td><b>removed</b>, not read</td>",
        ]),
        ("two lines", &[], &[("x-forwarded-for", b"198.51.100.1"), ("x-forwarded-for", b"203.0.113.7")], &[
            "<code><s>198.51.100.1</s></code></td><td><b>removed</b>, not read: left of the client",
            "<td><code>203.0.113.7</code></td><td>kept, the client, reported by 127.0.0.1</td>",
        ]),
        ("the wrong trust", &["--trust", "192.0.2.1"], &[("x-forwarded-for", b"203.0.113.7")], &[
            "<h1>This app sees you as <code>127.0.0.1</code></h1>",
            "<h2>If 127.0.0.1 is your proxy, trust it</h2><pre><mark>FORWARDED_HEADERS_TRUST=127.0.0.1</mark></pre>",
            "Here: --trust 127.0.0.1.",
            "<small>claimed</small><code><s>203.0.113.7</s></code>",
            "<small>client</small><code>127.0.0.1</code><p>Opened the connection. Not trusted.</p>",
            "<small>this app</small><small class=\"edge\">trusted from here on</small>",
            "<h2>Its headers: one removed</h2>",
        ]),
        ("no client", &[], &[("x-forwarded-for", b"_hidden")], &[
            "<h1>Your address is <b>unknown</b></h1>",
            "<small>client</small><code>?</code><p>_hidden: not a usable address, reported by 127.0.0.1.</p>",
            "<dt>Outcome</dt><dd><code>Unresolved(Malformed)</code>",
        ]),
        ("two proxies", &two, &[("x-forwarded-for", b"2001:db8::7, 192.0.2.9"), ("x-forwarded-proto", b"https")], &[
            "<small>client</small><code>2001:db8::7</code><p>Reported by 192.0.2.9.</p>",
            "<small class=\"edge\">trusted from here on</small><code>192.0.2.9</code><p>Reported by 127.0.0.1. Trusted: 192.0.2.0/24.</p>",
            "<small>trusted proxy</small><code>127.0.0.1</code><p>Opened the connection. Trusted: loopback.</p>",
            "<dd><code>https</code>from X-Forwarded-Proto</dd>",
            "<dt>Trusted proxies</dt><dd><code>2</code>",
        ]),
        ("a trusted client", &["--trusted-peer-may-be-client"], &[], &[
            "<small>client</small><small class=\"edge\">trusted from here on</small><code>127.0.0.1</code>",
            "<h2>Its headers: two missing</h2>",
        ]),
    ];
    for (name, flags, lines, shows) in rows {
        let page = whoami(flags).get(&[&[HOST, accept], lines].concat()).body;
        for text in shows {
            assert_eq!(page.matches(text).count(), 1, "{name}: {text:?} in:\n{page}");
        }
    }
}

/// Owned header lines.
type Lines = Vec<(String, Vec<u8>)>;

fn hostile_requests() -> [(&'static str, Lines, &'static str); 7] {
    const CLIENT: &str = "You are <code>203.0.113.7</code>";
    let escaped = "\"'&<>".repeat(12);
    let proxies: String = (0..30).map(|hop| format!(", 10.0.{hop}.9")).collect();
    let list = format!("{}203.0.113.7{proxies}", format!("{escaped}, ").repeat(900));
    let line = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    let client = || vec![line("x-forwarded-for", "203.0.113.7")];
    let text = escaped.repeat(60);
    let read = ["x-real-ip", "forwarded", "x-forwarded-port", "true-client-ip", "x_forwarded_for"];
    let unread: Lines = (0..75).map(|number| line(read[number % read.len()], &text)).collect();
    let others: Lines =
        (0..90).map(|number| line(&format!("x-{}-{number}", "'&".repeat(30)), &text)).collect();
    let host = line("x-forwarded-host", &format!("{}.example", "&'".repeat(120)));
    let values = vec![line("x-forwarded-proto", &text), host, line("x-forwarded-for", &list)];
    [
        ("a long chain", vec![line("x-forwarded-for", &list)], CLIENT),
        ("a long entry", vec![line("x-forwarded-for", &text)], "Your address is <b>unknown</b>"),
        ("many lines", [vec![line("x-forwarded-for", &text); 90], client()].concat(), CLIENT),
        ("headers that are kept", [others, client()].concat(), "Other headers, kept: 92"),
        ("headers that are removed", [unread.clone(), client()].concat(), "more.</p>"),
        ("values", values.clone(), CLIENT),
        ("all of it", [unread, values].concat(), CLIENT),
    ]
}

#[test]
fn whoamis_page_is_small_whatever_a_client_sends() {
    const MOST: usize = 12 * 1024;
    let chain: Vec<_> =
        (0..30).flat_map(|hop| ["--trust".into(), format!("10.0.{hop}.0/24")]).collect();
    let flags = ["--trust", "loopback", "--allow-host", "www.example.com"];
    let flags: Vec<_> = chain.iter().map(String::as_str).chain(flags).collect();
    let example = whoami(&flags);
    for (name, lines, shows) in hostile_requests() {
        let lines = lines.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        let lines: Vec<_> = [HOST, ("accept", b"text/html")].into_iter().chain(lines).collect();
        let page = example.get(&lines).body;
        assert!(page.contains(shows), "{name}: {page}");
        assert!(page.ends_with("</html>\n"), "{name}: {page}");
        assert!(page.len() <= MOST, "{name}: {} bytes", page.len());
    }
}

/// A newcomer tries curl without a header first.
#[test]
fn whoami_shows_why_the_client_is_unknown_and_what_to_do() {
    type Row<'a> = (&'a str, &'a [&'a str], &'a [Line<'a>], Unresolved, &'a str);
    let rows: [Row<'_>; 4] = [
        (
            "a plain curl",
            &[],
            &[],
            Unresolved::NoHeader,
            "Here: --trusted-peer-may-be-client, or --client-from",
        ),
        (
            "a header of the other family",
            &["--client-from", "forwarded"],
            &[("x-forwarded-for", b"203.0.113.7")],
            Unresolved::NoHeader,
            "Here: --trusted-peer-may-be-client, or --client-from",
        ),
        (
            "too few reports",
            &["--trust", "loopback", "--trust", "loopback"],
            &[("x-forwarded-for", b"127.0.0.1")],
            Unresolved::ListEnds,
            "Here: --trust once for each proxy",
        ),
        (
            "a hidden client",
            &["--client-from", "forwarded"],
            &[("forwarded", b"for=_hidden")],
            Unresolved::Obfuscated,
            "\n",
        ),
    ];
    for (name, flags, lines, why, here) in rows {
        let example = whoami(flags);
        let check = |text: &str| {
            assert!(text.contains(&format!("Unresolved({why:?})")), "{name}: {text}");
            assert!(text.contains(here), "{name}: {text}");
        };
        let text = example.get(&[&[HOST], lines].concat()).body;
        check(&text);
        assert!(text.contains(&format!("No client: {why}.")), "{name}: {text}");
        // The page has the reason of this very request.
        let (reason, _) = text.strip_prefix("no client: ").unwrap().split_once('\n').unwrap();
        let page = example.get(&[&[HOST, ("accept", b"text/html")], lines].concat()).body;
        let page = page.replace("&#39;", "'");
        check(&page);
        let mut reason = format!("<aside><p>{reason}.</p><h2>");
        let first = "<aside><p>".len();
        reason[first..=first].make_ascii_uppercase();
        assert!(page.contains(&reason), "{name}: no {reason:?} in {page}");
    }
}

#[test]
fn whoami_shows_hostile_headers_as_text() {
    let rows: [(&str, Line<'_>, &str, &str); 5] = [
        (
            "an HTML element",
            ("user-agent", b"<script>alert(1)</script>"),
            "<td><code>&lt;script&gt;alert(1)&lt;/script&gt;</code></td>",
            "user-agent: <script>alert(1)</script>\n",
        ),
        (
            "quotes",
            ("referer", b"\" onload='x()' &quot;"),
            "<td><code>&quot; onload=&#39;x()&#39; &amp;quot;</code></td>",
            "referer: \" onload='x()' &quot;\n",
        ),
        // A header name may contain `'` and `&` (RFC 9110 §5.6.2).
        (
            "a name",
            ("x-'&amp", b"1"),
            "<th scope=\"row\"><code>x-&#39;&amp;amp</code></th><td><code>1</code></td>",
            "x-'&amp: 1\n",
        ),
        (
            "bytes that are not UTF-8",
            ("cookie", b"\xFF<b>"),
            "<td><code>\\xff&lt;b&gt;</code></td>",
            "cookie: \\xff<b>\n",
        ),
        // U+009B starts a terminal's control sequence, as ESC [ does.
        (
            "a control sequence",
            ("cookie", b"\xC2\x9B2J"),
            "<td><code>\\xc2\\x9b2J</code></td>",
            "cookie: \\xc2\\x9b2J\n",
        ),
    ];
    let example = whoami(&[]);
    for (name, line, html, text) in rows {
        let page = example.get(&[HOST, line, ("accept", b"text/html")]);
        assert!(page.body.contains(html), "{name}: {}", page.body);
        assert!(!page.body.contains("<script"), "{name}: {}", page.body);
        assert!(page.header("content-security-policy").is_some(), "{name}");
        let body = example.get(&[HOST, line]).body;
        assert!(body.contains(text), "{name}: {body}");
    }
}

/// The same program, configured by its environment alone.
#[test]
fn whoami_is_configured_by_variables() {
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a [Line<'a>], &'a str);
    const TWO: Line<'_> = ("x-forwarded-for", b"203.0.113.7, 198.51.100.9");
    const PROXY: (&str, &str) = ("FORWARDED_HEADERS_PROXY", "nginx");
    const SECRET: [(&str, &str); 3] = [
        ("FORWARDED_HEADERS_TRUST", "loopback"),
        ("FORWARDED_HEADERS_SECRET_HEADER", "x-origin-verify"),
        ("FORWARDED_HEADERS_SECRET", "2f9c7a51e0d84b36"),
    ];
    const RIGHT: Line<'_> = ("x-origin-verify", b"2f9c7a51e0d84b36");
    const WRONG: Line<'_> = ("x-origin-verify", b"b81d06e5c3f2974a");
    const PAGE: Line<'_> = ("accept", b"text/html");
    let chain = ("FORWARDED_HEADERS_TRUST_CHAIN", "198.51.100.0/24 | loopback");
    let rows: [Row<'_>; 10] = [
        (&SECRET, &[], &[TWO, RIGHT], "client   198.51.100.9\n"),
        (&SECRET, &[], &[TWO, WRONG], " not one of the secrets, removed\n"),
        (
            &SECRET,
            &[],
            &[TWO, PAGE],
            "<h2>If 127.0.0.1 is your proxy, have it set X-Origin-Verify to the secret</h2>",
        ),
        (&[PROXY], &[], &[TWO], "client   198.51.100.9\n"),
        (&[PROXY, chain], &[], &[TWO], "client   203.0.113.7\n"),
        (&[("FORWARDED_HEADERS_TRUST", "192.0.2.1")], &[], &[TWO], "client   127.0.0.1\n"),
        (
            &[("FORWARDED_HEADERS_TRUST", "loopback")],
            &["--trust", "192.0.2.1"],
            &[TWO],
            "client   198.51.100.9\n",
        ),
        (
            &[("FORWARDED_HEADERS_CLIENT_FROM", "x-real-ip")],
            &[],
            &[TWO, ("x-real-ip", b"203.0.113.8")],
            "client   203.0.113.8\n",
        ),
        (&[("FORWARDED_HEADERS_SCHEME", "https")], &[], &[TWO], "scheme   https\n"),
        (
            &[("FORWARDED_HEADERS_PORT_80_TCP", "tcp://10.0.0.1:80")],
            &[],
            &[TWO],
            "client   198.51.100.9\n",
        ),
    ];
    for (variables, flags, lines, shows) in rows {
        let example = Example::run_with("whoami", &[&ANY_PORT, flags].concat(), variables);
        let body = example.get(&[&[HOST], lines].concat()).body;
        assert!(body.contains(shows), "{variables:?}: {body}");
        assert!(!body.contains("2f9c7a51") && !body.contains("b81d06e5"), "{body}");
    }
}

#[test]
fn whoami_refuses_wrong_variables() {
    let rows = [
        (
            "FORWARDED_HEADERS_TRUST",
            "localhost",
            "FORWARDED_HEADERS_TRUST: invalid trusted proxy \"localhost\": write loopback",
        ),
        ("FORWARDED_HEADERS_TRUST", "", "FORWARDED_HEADERS_TRUST: the value is empty; "),
        (
            "FORWARDED_HEADERS_TURST",
            "loopback",
            "FORWARDED_HEADERS_TURST: no variable has this name; write FORWARDED_HEADERS_TRUST",
        ),
        ("FORWARDED_HEADERS_PROXY", "aws-alb", "trust is FORWARDED_HEADERS_TRUST"),
    ];
    for (name, value, text) in rows {
        let mut example = Example::run_with("whoami", &ANY_PORT, &[(name, value)]);
        assert_eq!(example.first_line, "", "{name}");
        let (stderr, status) = example.end();
        assert!(stderr.starts_with("error: ") && stderr.contains(text), "{name}: {stderr}");
        assert_eq!(status.code(), Some(2), "{name}");
    }
}

#[test]
fn whoami_refuses_wrong_flags() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let rows: [(&str, &str, &str, &str); 9] = [
        ("host bits", "--trust", "10.0.0.1/8", "trust: invalid trusted proxy \"10.0.0.1/8\": "),
        ("a host name", "--trust", "localhost", "trust: invalid trusted proxy \"localhost\": "),
        ("every address", "--trust", "0.0.0.0/0", "it contains every address"),
        ("every host", "--allow-host", "*", "allowed_hosts: invalid allowed host \"*\": "),
        ("a misspelled proxy", "--proxy", "ngnix", "behind: invalid proxy \"ngnix\": "),
        (
            "a remote proxy without --trust",
            "--proxy",
            "aws-alb",
            "behind(aws-alb) without trust(…)",
        ),
        ("a header that holds a scheme", "--client-from", "x-forwarded-proto", "holds a scheme"),
        ("an invalid address", "--listen", "localhost", "invalid value 'localhost' for '--listen"),
        ("a port in use", "--listen", &taken, &format!("error: {taken}: ")),
    ];
    for (name, flag, value, text) in rows {
        let listen: &[&str] = if flag == "--listen" { &[] } else { &ANY_PORT };
        let mut example = Example::run("whoami", &[listen, &[flag, value]].concat());
        assert_eq!(example.first_line, "", "{name}");
        let (stderr, status) = example.end();
        assert!(stderr.contains(text), "{name}: {stderr}");
        assert!(!stderr.contains("panicked"), "{name}: {stderr}");
        assert_eq!(status.code(), Some(2), "{name}");
    }
}

/// Name, flags, the request's first line, its headers, the status and `Location` of the response.
#[test]
fn require_proxy_refuses_what_did_not_come_through_the_proxy() {
    const CLIENT: Line<'_> = ("x-forwarded-for", b"203.0.113.7");
    const LOCAL: Line<'_> = ("host", b"localhost:3000");
    const EVIL: Line<'_> = ("host", b"evil.example");
    let direct: &[&str] = &["--trust", "192.0.2.1"];
    let rows: [(&[&str], &str, &[Line<'_>], u16); 12] = [
        (&[], "/", &[LOCAL, CLIENT], 200),
        (&[], "/", &[LOCAL], 400),
        (direct, "/", &[LOCAL, CLIENT], 403),
        (&[], "/", &[EVIL, CLIENT], 421),
        // Health checks come without a client's address, or without the proxy.
        (&[], "/health", &[LOCAL], 200),
        (direct, "/health", &[LOCAL], 200),
        (&[], "/health?deep=1", &[LOCAL], 200),
        (&[], "//health", &[LOCAL], 400),
        (&[], "/health/../admin", &[LOCAL], 400),
        (&[], "/%68ealth", &[LOCAL], 400),
        (&[], "/health/", &[LOCAL], 400),
        (&[], "/HEALTH", &[LOCAL], 400),
    ];
    for (flags, path, lines, status) in rows {
        let example = Example::start("require_proxy", &[&ANY_PORT, flags].concat());
        let answer = ask(example.connect(), &format!("GET {path} HTTP/1.1"), lines);
        assert_eq!(answer.status, status, "{path} {lines:?}: {}", answer.head);
        let is_refused = status != 200;
        assert_eq!(answer.header("cache-control"), is_refused.then_some("no-store"), "{path}");
    }
}

type Redirected<'a> = (&'a str, &'a [&'a str], &'a str, &'a [Line<'a>], u16, Option<&'a str>);

#[test]
fn https_redirect_redirects_requests_that_are_known_to_be_http() {
    const CLIENT: Line<'_> = ("x-forwarded-for", b"203.0.113.7");
    const HTTP: Line<'_> = ("x-forwarded-proto", b"http");
    const HTTPS: Line<'_> = ("x-forwarded-proto", b"https");
    const LOCAL: Line<'_> = ("host", b"localhost:3000");
    const GET: &str = "GET /a?b=c HTTP/1.1";
    let there = Some("https://localhost/a?b=c");
    let (proxied, direct): (&[&str], &[&str]) = (&[], &["--trust", "192.0.2.1"]);
    let foreign: Line<'_> = ("host", b"evil.example");
    #[rustfmt::skip]
    let rows: [Redirected<'_>; 19] = [
        ("the proxy reports http", proxied, GET, &[LOCAL, CLIENT, HTTP], 308, there),
        ("the proxy reports https", proxied, "GET / HTTP/1.1", &[("host", b"localhost"), CLIENT, HTTPS], 200, None),
        ("a target without a path", proxied, "OPTIONS * HTTP/1.1", &[LOCAL, CLIENT, HTTP], 308, Some("https://localhost/")),
        ("a path that starts like a host", proxied, "GET //evil.example HTTP/1.1", &[LOCAL, CLIENT, HTTP], 308, Some("https://localhost//evil.example")),
        ("the proxy reports no scheme", proxied, "GET / HTTP/1.1", &[LOCAL, CLIENT], 200, None),
        ("the proxy reports an unknown scheme", proxied, "GET / HTTP/1.1", &[LOCAL, CLIENT, ("x-forwarded-proto", b"ftp")], 200, None),
        ("no forwarding header", proxied, "GET / HTTP/1.1", &[LOCAL], 200, None),
        ("the client writes http, the proxy https", proxied, "GET / HTTP/1.1", &[LOCAL, CLIENT, HTTP, HTTPS], 200, None),
        ("the client writes https, the proxy http", proxied, GET, &[LOCAL, CLIENT, HTTPS, HTTP], 308, there),
        ("a header that is not read", proxied, GET, &[LOCAL, CLIENT, HTTP, ("x-forwarded-host", b"evil.example")], 308, there),
        ("a foreign host over http", proxied, GET, &[foreign, CLIENT, HTTP], 400, None),
        ("a foreign host over https", proxied, "GET / HTTP/1.1", &[foreign, CLIENT, HTTPS], 400, None),
        ("a foreign host in the target", proxied, "GET http://evil.example/ HTTP/1.1", &[LOCAL, CLIENT, HTTP], 400, None),
        ("two Host lines", proxied, GET, &[LOCAL, foreign, CLIENT, HTTP], 400, None),
        ("no proxy", direct, GET, &[LOCAL], 308, there),
        ("no proxy, forged headers", direct, GET, &[LOCAL, CLIENT, HTTPS], 308, there),
        ("no proxy, https in the target", direct, "GET https://localhost/a?b=c HTTP/1.1", &[LOCAL], 308, there),
        ("no proxy, a foreign host", direct, GET, &[foreign], 400, None),
        ("--allow-host", &["--allow-host", "evil.example"], GET, &[foreign, CLIENT, HTTP], 308, Some("https://evil.example/a?b=c")),
    ];
    for (name, flags, start, lines, status, location) in rows {
        let example = Example::start("https_redirect", &[&ANY_PORT, flags].concat());
        let answer = ask(example.connect(), start, lines);
        assert_eq!(answer.status, status, "{name}: {}", answer.head);
        assert_eq!(answer.header("location"), location, "{name}");
        let no_store = (status == 308).then_some("no-store");
        assert_eq!(answer.header("cache-control"), no_store, "{name}");
    }
}

#[test]
fn hyper_answers_over_http_1() {
    let example = Example::start("hyper", &ANY_PORT);
    let answer = example.get(&[HOST, ("x-forwarded-for", b"198.51.100.1, 203.0.113.7")]);
    assert_eq!((answer.status, answer.body.as_str()), (200, "203.0.113.7\nHTTP/1.1\n"));
    let answer = example.get(&[HOST]);
    let no_client = format!("no client: {}\nHTTP/1.1\n", Unresolved::NoHeader);
    assert_eq!((answer.status, answer.body), (200, no_client));
}

/// Sends two requests over one connection without TLS, by prior knowledge (RFC 9113 §3.3).
#[tokio::test]
async fn hyper_answers_over_http_2() {
    use http_body_util::{BodyExt, Empty};
    use hyper::body::Bytes;
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let example = Example::start("hyper", &ANY_PORT);
    let stream = tokio::net::TcpStream::connect(example.address()).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    for client in ["203.0.113.7", "203.0.113.8"] {
        let request = hyper::Request::get("http://example.com/")
            .header("x-forwarded-for", format!("198.51.100.1, {client}"))
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, format!("{client}\nHTTP/2.0\n"));
    }
    connection.abort();
}

/// The span has the client when it is created, so each line of the log has it.
#[test]
fn access_log_writes_the_client_of_each_request() {
    let mut example = Example::start("access_log", &ANY_PORT);
    let lines: [Line<'_>; 3] =
        [HOST, ("x-forwarded-for", b"198.51.100.1, 203.0.113.7"), ("x-forwarded-proto", b"https")];
    assert_eq!(example.get(&lines).body, "hello\n");
    assert_eq!(example.get(&[HOST]).body, "hello\n");
    assert_eq!(example.get(&[HOST]).body, "hello\n");
    let log = example.log();
    let log: Vec<_> = log.lines().collect();
    let [good, warning, first, second] = log[..] else { panic!("{log:#?}") };
    let span = " INFO request{client.address=203.0.113.7 network.peer.address=127.0.0.1 \
                server.address=\"example.com\" url.scheme=\"https\" url.path=\"/\" \
                http.request.method=\"GET\"}: tower_http::trace::on_response: ";
    assert!(good.contains(span), "{good}");
    assert!(warning.contains(" WARN forwarded_headers: have 127.0.0.1 send it (nginx): "));
    assert!(warning.contains(" network.peer.address=127.0.0.1 forwarded.reason=\"no_header\" "));
    for line in [first, second] {
        assert!(line.contains(" INFO request{network.peer.address=127.0.0.1 "), "{line}");
    }
}

#[cfg(unix)]
mod unix_socket {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;
    use std::path::{Path, PathBuf};

    use super::*;

    /// A path in the temporary directory, which its test removes.
    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str) -> Self {
            let name = format!("forwarded-headers-{}-{name}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }

        fn flags(&self) -> [&str; 2] {
            ["--socket", self.0.to_str().unwrap()]
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn get(socket: &Path, lines: &[Line<'_>]) -> Answer {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        ask(stream, "GET / HTTP/1.1", lines)
    }

    #[test]
    fn answers_its_proxy() {
        let socket = Temporary::new("answers");
        // The second run finds the socket of the first run.
        for run in ["first", "second"] {
            let example = Example::start("unix_socket", &socket.flags());
            assert_eq!(example.address(), socket.0.to_str().unwrap(), "{run}");
            let lines: [Line<'_>; 3] = [
                HOST,
                ("x-forwarded-for", b"198.51.100.1, 203.0.113.7"),
                ("x-forwarded-proto", b"https"),
            ];
            let answer = get(&socket.0, &lines);
            assert_eq!((answer.status, answer.body.as_str()), (200, "203.0.113.7 over https\n"));
            let answer = get(&socket.0, &[HOST]);
            assert_eq!(answer.status, 400, "{run}");
            assert_eq!(answer.body, "the request does not report the client's address\n", "{run}");
        }
    }

    #[test]
    fn the_owner_and_the_group_may_connect() {
        let socket = Temporary::new("permissions");
        let _example = Example::start("unix_socket", &socket.flags());
        let mode = std::fs::metadata(&socket.0).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
    }

    #[test]
    fn removes_only_a_socket() {
        let file = Temporary::new("file");
        std::fs::write(&file.0, "precious").unwrap();
        let mut example = Example::run("unix_socket", &file.flags());
        assert_eq!(example.first_line, "");
        assert!(!example.end().1.success());
        assert_eq!(std::fs::read_to_string(&file.0).unwrap(), "precious");
    }
}
