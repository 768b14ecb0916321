//! Lists of addresses, half of them well-formed. The same in every run.

use std::net::IpAddr;

pub(crate) struct Case {
    pub(crate) lines: Vec<String>,
    /// Made of addresses and commas alone.
    pub(crate) well_formed: bool,
}

/// Xorshift, so that every run has the same cases.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Ends of the trusted networks.
static PROXIES: [&str; 8] = [
    "127.0.0.1",
    "10.0.0.0",
    "10.1.2.3",
    "10.255.255.255",
    "192.0.2.0",
    "192.0.2.255",
    "2001:db8:f::",
    "2001:db8:f:ffff:ffff:ffff:ffff:ffff",
];

/// Next to those, and elsewhere.
static CLIENTS: [&str; 12] = [
    "9.255.255.255",
    "11.0.0.0",
    "127.0.0.2",
    "192.0.1.255",
    "192.0.3.0",
    "203.0.113.7",
    "2001:db8:e:ffff:ffff:ffff:ffff:ffff",
    "2001:db8:10::",
    "2001:db8:0:1::7",
    "::1",
    "::203.0.113.7",
    "fe80::1",
];

static SEPARATORS: [&str; 5] = [",", ", ", ", ", ", ", " ,  "];

static ODD_SEPARATORS: [&str; 9] = [",,", ", ,", ",\t", "\t,", ",\t ", " \t, ", " ", "  ", "\t"];

/// At the ends of a line.
static ODD_EDGES: [&str; 6] = [" ", "\t", ",", ", ", " ,", ",\t"];

/// What takes the place of a byte, or stands before one.
static PIECES: [&str; 17] =
    ["0", "1", "9", "a", "F", ".", "..", ":", "::", "[", "]", "\"", " ", "\t", ",", "%", "x"];

/// What an address is seldom spoilt into.
static ODD: [&str; 32] = [
    "",
    "unknown",
    "Unknown:80",
    "unknown:_x",
    "_hidden",
    "localhost",
    "é",
    "\"",
    "\"\"",
    "\t",
    "0.0.0.0",
    "...",
    "224.0.0.1:80",
    "255.255.255.255",
    "::",
    "ff02::1",
    "::ffff:0:0",
    "::ffff:ffff:ffff",
    "::255.255.255.255",
    "fe80::1%eth0",
    "1:2:3:4:5:6:7::",
    "[1:2:3:4:5:6:7::]:80",
    "203.0.113",
    "203.0.113.7:0",
    "203.0.113.7:000080",
    "[203.0.113.7]:80",
    ":2001:db8:0:1::7",
    "2001:db8:0:1::7:",
    "203.000.113.07",
    "::ffff:203.0.113.07",
    "0x7f.0.0.1",
    "3405803777",
];

pub(crate) fn cases(number: usize) -> Vec<Case> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    (0..number).map(|_| case(&mut random)).collect()
}

fn case(random: &mut Random) -> Case {
    let well_formed = random.below(2) == 0;
    let mut lines = Vec::new();
    while lines.is_empty() || random.below(3) == 0 {
        let first = lines.is_empty();
        lines.push(line(random, first, well_formed));
    }
    match random.below(40) {
        0 if !well_formed => lines.clear(),
        1 if !well_formed => lines.push(String::new()),
        _ => {}
    }
    Case { lines, well_formed }
}

fn line(random: &mut Random, first: bool, well_formed: bool) -> String {
    let pick = |random: &mut Random, good: &[&'static str], odd: &[&'static str]| {
        let from = if well_formed || random.below(4) > 0 { good } else { odd };
        random.pick(from)
    };
    let mut line = pick(random, &[""], &ODD_EDGES).to_owned();
    for index in 0..=random.below(4) {
        if index > 0 {
            line += pick(random, &SEPARATORS, &ODD_SEPARATORS);
        }
        // The leftmost is mostly a client, and the others proxies.
        let is_client = random.below(10) < if first && index == 0 { 9 } else { 3 };
        let entry = entry(random, if is_client { &CLIENTS } else { &PROXIES });
        line += &if well_formed || random.below(2) == 0 { entry } else { spoilt(random, &entry) };
    }
    line + pick(random, &[""], &ODD_EDGES)
}

/// In any of the forms that both read.
fn entry(random: &mut Random, addresses: &[&str]) -> String {
    let text = random.pick(addresses);
    let port = 1 + random.below(65535);
    match (text.parse().unwrap(), random.below(6)) {
        (IpAddr::V4(ip), 0) => format!("{ip}:{port}"),
        (IpAddr::V4(ip), 1) => format!("::ffff:{ip}"),
        (IpAddr::V4(ip), 2) => format!("[::FFFF:{ip}]:{port:05}"),
        (IpAddr::V4(ip), 3) => {
            let [.., high, low] = ip.to_ipv6_mapped().segments();
            format!("0:0::ffff:{high:x}:{low:04x}")
        }
        (IpAddr::V6(ip), 0 | 1) => format!("[{ip}]:{port}"),
        (IpAddr::V6(ip), 2) => ip.segments().map(|group| format!("{group:04X}")).join(":"),
        _ => text.to_owned(),
    }
}

fn spoilt(random: &mut Random, entry: &str) -> String {
    match random.below(14) {
        0 => format!("\"{entry}\""),
        1 => format!("[{entry}]"),
        2 => format!("[{entry}]:80"),
        3 => format!("0{entry}"),
        4 => format!("{entry}{}", random.pick(&[":0", ":000080", ":65536", ":+80", ":x"])),
        5 => format!("{entry}:"),
        6 => format!(":{entry}"),
        7..=10 => random.pick(&ODD).to_owned(),
        _ => {
            let start = random.below(entry.len());
            let end = start + random.below(2);
            format!("{}{}{}", &entry[..start], random.pick(&PIECES), &entry[end..])
        }
    }
}
