//! The examples, each as a process of its own, over real connections.
//!
//! `cargo test` builds them first; `cargo test --test examples` does not, and runs what is there.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use forwarded_headers::Unresolved;
use serde_json::{Value, json};

/// A header line, as bytes: attackers do not write UTF-8.
type Line<'a> = (&'a str, &'a [u8]);

const ANY_PORT: [&str; 2] = ["--listen", "127.0.0.1:0"];
const HOST: Line<'_> = ("host", b"example.com");

/// A running example, which does not outlive its test.
struct Example {
    process: Child,
    /// Its first line.
    says: String,
}

impl Example {
    fn start(name: &str, flags: &[&str]) -> Self {
        let example = Self::run(name, flags);
        assert!(example.says.starts_with("listening on "), "{name} {flags:?}: {:?}", example.says);
        example
    }

    fn run(name: &str, flags: &[&str]) -> Self {
        let process = Command::new(path(name))
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{name}: {e}: run `cargo build --examples` first"));
        let mut example = Self { process, says: String::new() };
        let stdout = example.process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut example.says).unwrap();
        example
    }

    fn address(&self) -> &str {
        let address = self.says.trim_end().strip_prefix("listening on ").unwrap();
        address.strip_prefix("http://").unwrap_or(address)
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    fn get(&self, lines: &[Line<'_>]) -> Answer {
        ask(self.connect(), "GET / HTTP/1.1", lines)
    }

    /// What it says at its end, and how it ended.
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

/// `target/PROFILE/examples/NAME`, seen from `target/PROFILE/deps/examples-HASH`.
fn path(name: &str) -> std::path::PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().unwrap().parent().unwrap();
    profile.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

struct Answer {
    status: u16,
    head: String,
    body: String,
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

fn whoami(flags: &[&str]) -> Example {
    Example::start("whoami", &[&ANY_PORT, flags].concat())
}

#[test]
fn whoami_answers_in_the_form_that_is_asked_for() {
    let rows: [(&str, &[Line<'_>], &str, &str); 6] = [
        ("curl", &[("accept", b"*/*")], "text/plain; charset=utf-8", "client   203.0.113.7\n"),
        ("no Accept", &[], "text/plain; charset=utf-8", "client   203.0.113.7\n"),
        (
            "a browser",
            &[("accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")],
            "text/html; charset=utf-8",
            "<tr><th scope=\"row\">client</th><td>203.0.113.7</td></tr>\n",
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
            "no text",
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
fn whoami_says_the_same_as_json() {
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
        assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap(), expected, "{name}");
    }
}

struct Row<'a> {
    name: &'a str,
    flags: &'a [&'a str],
    lines: &'a [Line<'a>],
    /// With their ends: `client   none\n`.
    shows: &'a [&'a str],
    hides: &'a [&'a str],
}

/// Addresses, schemes and hosts that a client makes up are of 198.51.100.0/24, or `evil`.
const FORGED: [&str; 2] = ["198.51.100.", "evil"];

#[test]
fn whoami_believes_whom_the_flags_say() {
    let rows = [
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
            name: "headers that no proxy writes",
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
            name: "a peer that is no proxy",
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
            flags: &["--trust", "loopback, 192.0.2.0/24", "--max-hops", "2"],
            lines: &[("x-forwarded-for", b"198.51.100.1, 203.0.113.7, 192.0.2.9")],
            shows: &["client   203.0.113.7\n", "hops     2\n", "\nx-forwarded-for: 203.0.113.7\n"],
            hides: &FORGED,
        },
        Row {
            name: "one proxy more than there may be",
            flags: &["--trust", "loopback, 192.0.2.0/24"],
            lines: &[("x-forwarded-for", b"198.51.100.1, 203.0.113.7, 192.0.2.9")],
            shows: &["client   192.0.2.9\n", "hops     1\n"],
            hides: &FORGED,
        },
        Row {
            name: "--family forwarded",
            flags: &["--family", "forwarded"],
            lines: &[
                (
                    "forwarded",
                    b"for=198.51.100.1;proto=http, for=\"[2001:db8::7]:4711\";proto=https",
                ),
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
            name: "--family x-forwarded",
            flags: &["--family", "x-forwarded"],
            lines: &[("forwarded", b"for=198.51.100.1"), ("x-forwarded-for", b"203.0.113.7")],
            shows: &["client   203.0.113.7\n"],
            hides: &FORGED,
        },
        Row {
            name: "--allow-host, an allowed one",
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
            name: "--allow-host, another",
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
            name: "--allow-direct, nothing forwarded",
            flags: &["--allow-direct"],
            lines: &[],
            shows: &["client   127.0.0.1\n", "hops     0\n", "outcome  NotForwarded\n"],
            hides: &["No client"],
        },
        Row {
            name: "--allow-direct, something forwarded",
            flags: &["--allow-direct"],
            lines: &[("x-forwarded-for", b"203.0.113.7")],
            shows: &["client   203.0.113.7\n", "outcome  Forwarded\n"],
            hides: &["No client"],
        },
        Row {
            name: "--allow-direct, junk forwarded",
            flags: &["--allow-direct"],
            lines: &[("x-forwarded-for", b"203.0.113.7, evil")],
            shows: &["client   none\n", "outcome  Unresolved(Malformed)\n"],
            hides: &["evil", "127.0.0.1"],
        },
    ];
    rows.iter().for_each(check);
}

fn check(row: &Row<'_>) {
    let Row { name, flags, lines, shows, hides } = row;
    let answer = whoami(flags).get(&[&[HOST], *lines].concat());
    assert_eq!(answer.status, 200, "{name}");
    for text in *shows {
        assert!(answer.body.contains(text), "{name}: no {text:?} in:\n{}", answer.body);
    }
    for text in *hides {
        assert!(!answer.body.contains(text), "{name}: {text:?} in:\n{}", answer.body);
    }
}

/// The first thing that somebody tries is curl without a header.
#[test]
fn whoami_says_why_there_is_no_client_and_what_to_do() {
    type Row<'a> = (&'a str, &'a [&'a str], &'a [Line<'a>], Unresolved, &'a str);
    let rows: [Row<'_>; 4] = [
        ("bare curl", &[], &[], Unresolved::NotReported, "Here: --allow-direct, or --family"),
        (
            "the other family",
            &["--family", "forwarded"],
            &[("x-forwarded-for", b"203.0.113.7")],
            Unresolved::NotReported,
            "Here: --allow-direct, or --family",
        ),
        (
            "too few reports",
            &["--max-hops", "2"],
            &[("x-forwarded-for", b"127.0.0.1")],
            Unresolved::Missing,
            "Here: --max-hops",
        ),
        (
            "a hidden client",
            &["--family", "forwarded"],
            &[("forwarded", b"for=_hidden")],
            Unresolved::Obfuscated,
            "\n",
        ),
    ];
    for (name, flags, lines, why, here) in rows {
        let example = whoami(flags);
        let says = |text: &str| {
            assert!(text.contains(&format!("Unresolved({why:?})")), "{name}: {text}");
            assert!(text.contains(&format!("No client: {why}.")), "{name}: {text}");
            assert!(text.contains(here), "{name}: {text}");
        };
        says(&example.get(&[&[HOST], lines].concat()).body);
        let page = example.get(&[&[HOST, ("accept", b"text/html")], lines].concat()).body;
        says(&page.replace("&#39;", "'"));
    }
}

#[test]
fn whoami_shows_hostile_headers_as_text() {
    let rows: [(&str, Line<'_>, &str, &str); 5] = [
        (
            "an element",
            ("user-agent", b"<script>alert(1)</script>"),
            "<td>&lt;script&gt;alert(1)&lt;/script&gt;</td>",
            "user-agent: <script>alert(1)</script>\n",
        ),
        (
            "quotes",
            ("referer", b"\" onload='x()' &quot;"),
            "<td>&quot; onload=&#39;x()&#39; &amp;quot;</td>",
            "referer: \" onload='x()' &quot;\n",
        ),
        // `'` and `&` may stand in a name (RFC 9110 §5.6.2).
        (
            "a name",
            ("x-'&amp", b"1"),
            "<th scope=\"row\">x-&#39;&amp;amp</th><td>1</td>",
            "x-'&amp: 1\n",
        ),
        ("no UTF-8", ("cookie", b"\xFF<b>"), "<td>\\xff&lt;b&gt;</td>", "cookie: \\xff<b>\n"),
        // U+009B starts a terminal's control sequence, as ESC [ does.
        ("a control", ("cookie", b"\xC2\x9B2J"), "<td>\\xc2\\x9b2J</td>", "cookie: \\xc2\\x9b2J\n"),
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

#[test]
fn whoami_refuses_bad_flags() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let rows: [(&str, &str, &str, &str); 8] = [
        ("host bits", "--trust", "10.0.0.1/8", "write 10.0.0.0/8 for the network"),
        ("a name", "--trust", "localhost", "invalid trusted proxy \"localhost\": expected"),
        ("everybody", "--trust", "0.0.0.0/0", "it trusts everybody"),
        ("any host", "--allow-host", "*", "invalid allowed host \"*\": expected"),
        ("no such family", "--family", "both", "[possible values: x-forwarded, forwarded]"),
        ("no hops", "--max-hops", "0", "max_hops(0) reads nothing: at least 1"),
        ("256 hops", "--max-hops", "256", "256 is not in 0..=255"),
        ("a port in use", "--listen", &taken, &format!("error: {taken}: ")),
    ];
    for (name, flag, value, text) in rows {
        let listen: &[&str] = if flag == "--listen" { &[] } else { &ANY_PORT };
        let mut example = Example::run("whoami", &[listen, &[flag, value]].concat());
        assert_eq!(example.says, "", "{name}");
        let (stderr, status) = example.end();
        assert!(stderr.contains(text), "{name}: {stderr}");
        assert!(!stderr.contains("panicked"), "{name}: {stderr}");
        assert_eq!(status.code(), Some(2), "{name}");
    }
}

/// Name, flags, the request's first line, its headers; the status, and `Location`.
type Redirected<'a> = (&'a str, &'a [&'a str], &'a str, &'a [Line<'a>], u16, Option<&'a str>);

#[test]
fn https_redirect_redirects_what_is_known_to_be_http() {
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
        ("the proxy says http", proxied, GET, &[LOCAL, CLIENT, HTTP], 308, there),
        ("the way back", proxied, "GET / HTTP/1.1", &[("host", b"localhost"), CLIENT, HTTPS], 200, None),
        ("no path", proxied, "OPTIONS * HTTP/1.1", &[LOCAL, CLIENT, HTTP], 308, Some("https://localhost/")),
        ("a path like a host", proxied, "GET //evil.example HTTP/1.1", &[LOCAL, CLIENT, HTTP], 308, Some("https://localhost//evil.example")),
        ("the proxy says nothing", proxied, "GET / HTTP/1.1", &[LOCAL, CLIENT], 200, None),
        ("the proxy says nothing that is known", proxied, "GET / HTTP/1.1", &[LOCAL, CLIENT, ("x-forwarded-proto", b"ftp")], 200, None),
        ("no headers at all", proxied, "GET / HTTP/1.1", &[LOCAL], 200, None),
        ("the client says http, the proxy https", proxied, "GET / HTTP/1.1", &[LOCAL, CLIENT, HTTP, HTTPS], 200, None),
        ("the client says https, the proxy http", proxied, GET, &[LOCAL, CLIENT, HTTPS, HTTP], 308, there),
        ("a header that is not read", proxied, GET, &[LOCAL, CLIENT, HTTP, ("x-forwarded-host", b"evil.example")], 308, there),
        ("a foreign host over http", proxied, GET, &[foreign, CLIENT, HTTP], 400, None),
        ("a foreign host over https", proxied, "GET / HTTP/1.1", &[foreign, CLIENT, HTTPS], 400, None),
        ("a foreign host in the target", proxied, "GET http://evil.example/ HTTP/1.1", &[LOCAL, CLIENT, HTTP], 400, None),
        ("two hosts", proxied, GET, &[LOCAL, foreign, CLIENT, HTTP], 400, None),
        ("no proxy", direct, GET, &[LOCAL], 308, there),
        ("no proxy, forged", direct, GET, &[LOCAL, CLIENT, HTTPS], 308, there),
        ("no proxy, a target that says https", direct, "GET https://localhost/a?b=c HTTP/1.1", &[LOCAL], 308, there),
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
    let no_client = format!("no client: {}\nHTTP/1.1\n", Unresolved::NotReported);
    assert_eq!((answer.status, answer.body), (200, no_client));
}

/// Without TLS, by prior knowledge (RFC 9113 §3.3), and twice over one connection.
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

#[cfg(unix)]
mod unix_socket {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;
    use std::path::{Path, PathBuf};

    use super::*;

    /// A path in the temporary directory, removed with its test.
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
    fn answers_a_proxy() {
        let socket = Temporary::new("answers");
        // The second finds the socket of the first.
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
            assert!(answer.body.contains(&Unresolved::NotReported.to_string()), "{run}");
        }
    }

    #[test]
    fn lets_in_the_owner_and_the_group() {
        let socket = Temporary::new("permissions");
        let _example = Example::start("unix_socket", &socket.flags());
        let mode = std::fs::metadata(&socket.0).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
    }

    #[test]
    fn removes_nothing_but_a_socket() {
        let file = Temporary::new("file");
        std::fs::write(&file.0, "precious").unwrap();
        let mut example = Example::run("unix_socket", &file.flags());
        assert_eq!(example.says, "");
        assert!(!example.end().1.success());
        assert_eq!(std::fs::read_to_string(&file.0).unwrap(), "precious");
    }
}
