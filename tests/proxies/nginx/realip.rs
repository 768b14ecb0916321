//! The same lists read by the layer and by nginx's realip module, from the same peer:
//! `real_ip_recursive on` is a chain of 255 sets, `off` is one set.
//!
//! Both read entries from the right until one is no trusted proxy. Where they part, a row of
//! [`CLASSES`] says which shape of the list it is about, and what each makes of it; where no row
//! holds they must agree. What nginx does was found by asking nginx 1.22.1:
//!
//! - it starts with the last line, and goes on to the one before if all entries were trusted;
//! - spaces separate entries as commas do; tabs do not. Several in a row are one;
//! - the first byte of a line separates nothing, not even if it is a comma;
//! - what it cannot read ends the walk, and the last address it could read is the client. That is
//!   the peer if there was none.
//!
//! It writes IPv4-mapped addresses as such; they are compared as IPv4.

mod cases;
mod classes;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use cases::{Case, cases};
use classes::{Answer, CLASSES, Class, expect};
use forwarded_headers::{ForwardedHeaders, Outcome};

use super::process::{Nginx, WIRES};
use crate::support::{self, Line};

const TRUSTED: &str = "127.0.0.1, 10.0.0.0/8, 192.0.2.0/24, 2001:db8:f::/48";
const CASES: usize = 2000;
/// nginx closes a connection after 1000.
const BATCH: usize = 200;

/// One that is kept alive.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    fn peer(&self) -> SocketAddr {
        self.0.get_ref().local_addr().unwrap()
    }

    /// Asks for `$remote_addr` and `$remote_port`.
    #[expect(clippy::unnecessary_wraps, reason = "the layer's answer may be an error")]
    fn ask(&mut self, lines: &[String]) -> Answer {
        let lines: String = lines.iter().map(|l| format!("X-Forwarded-For: {l}\r\n")).collect();
        let request = format!("GET / HTTP/1.1\r\nHost: app.example\r\n{lines}\r\n");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert_ne!(self.0.read_until(b'\n', &mut head).unwrap(), 0, "{request:?}");
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{request:?}: {head:?}");
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        self.0.read_exact(&mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        let (ip, port) = body.split_once(' ').unwrap();
        Ok((ip.parse::<IpAddr>().unwrap().to_canonical(), port.parse().ok()))
    }
}

fn ours(layer: &ForwardedHeaders, peer: SocketAddr, lines: &[String]) -> Answer {
    let lines: Vec<Line<'_>> = lines.iter().map(|l| ("X-Forwarded-For", l.as_bytes())).collect();
    let info = support::resolve(layer, &peer.to_string(), &lines);
    match info.outcome() {
        Outcome::Forwarded => Ok((info.client_ip().unwrap(), info.client_port())),
        Outcome::Unresolved(why) => Err(why),
        other => panic!("{lines:?}: {other:?} of a trusted peer"),
    }
}

fn realip(recursive: &str) -> Nginx {
    let trusted = TRUSTED.split(", ").map(|net| format!("set_real_ip_from {net};"));
    let http = format!(
        "{} real_ip_header X-Forwarded-For; real_ip_recursive {recursive};",
        trusted.collect::<String>()
    );
    Nginx::alone(&http, r#"return 200 "$remote_addr $remote_port";"#)
}

fn layer(hops: u8) -> ForwardedHeaders {
    let chain = vec![TRUSTED; usize::from(hops)];
    ForwardedHeaders::builder().trust_chain(chain).build().unwrap()
}

/// How often the two answered alike and not.
#[derive(Default)]
struct Tally {
    well_formed: usize,
    agreed: usize,
    /// By class.
    differed: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn count(&mut self, case: &Case, class: Option<&'static str>, agree: bool) {
        self.well_formed += usize::from(case.well_formed);
        self.agreed += usize::from(case.well_formed && agree);
        if !agree {
            let class = class.unwrap_or_else(|| panic!("{:?} is of no class", case.lines));
            *self.differed.entry(class).or_default() += 1;
        }
    }
}

#[test]
#[ignore = "needs nginx: .ci/run runs it"]
fn agrees_with_the_realip_module() {
    let (cases, trusted) = (cases(CASES), TRUSTED.parse().unwrap());
    let mut tally = Tally::default();
    for (recursive, hops) in [("on", 255), ("off", 1)] {
        let (nginx, layer) = (realip(recursive), layer(hops));
        for batch in cases.chunks(BATCH) {
            let mut connection = Connection::open(nginx.port(&WIRES[0]));
            let peer = connection.peer();
            let expect = |case: &Case, side| expect(&case.lines, &trusted, peer, hops, side);
            for case in batch {
                let (ours, nginx) = (ours(&layer, peer, &case.lines), connection.ask(&case.lines));
                let (expected, class) = expect(case, |class| class.ours);
                let context = format!("{:?}, recursive {recursive}, {class:?}", case.lines);
                assert_eq!(ours, expected, "ours: {context}");
                assert_eq!(nginx, expect(case, |class| class.nginx).0, "nginx: {context}");
                tally.count(case, class, ours == nginx);
            }
        }
    }
    let Tally { well_formed, agreed, differed } = tally;
    assert!(well_formed > CASES * 9 / 10, "{well_formed} of {} are well-formed", CASES * 2);
    assert!(agreed > well_formed * 9 / 10, "{agreed} of {well_formed} agree");
    for Class { name, reason, .. } in &CLASSES {
        assert!(differed.contains_key(name), "never met: {name} ({reason})");
    }
}

/// nginx has no bound. Where ours is reached, so is the client: there are no more proxies than that.
#[test]
#[ignore = "needs nginx: .ci/run runs it"]
fn more_proxies_than_a_chain_can_have() {
    let nginx = realip("on");
    let mut connection = Connection::open(nginx.port(&WIRES[0]));
    let (client, proxy) = (support::ip("203.0.113.7"), support::ip("10.1.2.3"));
    for (proxies, found) in [(254, client), (255, proxy)] {
        let lines = [format!("{client}{}", format!(",{proxy}").repeat(proxies))];
        assert_eq!(ours(&layer(255), connection.peer(), &lines), Ok((found, None)), "{proxies}");
        assert_eq!(connection.ask(&lines), Ok((client, None)), "{proxies}");
    }
}
