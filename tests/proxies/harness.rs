//! A proxy on ports of its own, with its configuration in a directory of its own.

use std::fs::{File, Permissions, set_permissions};
use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf, absolute};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs};

use crate::app::Scratch;
use crate::blocks::configurations;
use crate::client::{self, Wire};
use crate::program::Program;

/// What the documentation has, and what is in its place here.
const PLACES: &[(&str, &str)] = &[
    (
        "listen 80;",
        "listen {address}:{port};
    listen {address}:{tls_port} ssl http2;
    ssl_certificate     {dir}/cert.pem;
    ssl_certificate_key {dir}/key.pem;",
    ),
    (r#"":80""#, r#""{address}:{port}""#),
    (r#"":443""#, r#""{address}:{tls_port}""#),
    ("app:3000", "127.0.0.1:{app_port}"),
    ("app,3000", "127.0.0.1,{app_port}"),
    (r#""app", "port" => 3000"#, r#""127.0.0.1", "port" => {app_port}"#),
    (r#".host = "app""#, r#".host = "127.0.0.1""#),
    (r#".port = "3000""#, r#".port = "{app_port}""#),
    // Another proxy, in front.
    ("10.0.0.2", "127.0.0.2"),
];

/// A text, and what is in its place.
pub(crate) type Edit<'a> = (&'a str, &'a str);

/// Where a proxy listens, and what stands behind it.
pub(crate) struct Place<'a> {
    pub(crate) address: IpAddr,
    pub(crate) app_port: u16,
    /// Texts of the configuration, and what each is here.
    pub(crate) edits: &'a [Edit<'a>],
}

/// Runs until it is dropped.
pub(crate) struct Proxy {
    processes: Vec<Child>,
    scratch: Scratch,
    ports: [u16; 3],
}

impl Proxy {
    pub(crate) fn start(program: &Program, place: &Place<'_>) -> Self {
        let mut log = String::new();
        // Somebody else may take a port between finding and using it.
        for _ in 0..3 {
            let mut proxy = Self::configured(program, place);
            proxy.run(program, place);
            if proxy.is_ready(program, place.address) {
                return proxy;
            }
            log = proxy.log();
        }
        panic!("{} does not start; is it installed (tests/proxies/install)? {log}", program.name);
    }

    pub(crate) fn port(&self, scheme: &str) -> u16 {
        self.ports[usize::from(scheme == "https")]
    }

    /// The Unix socket at which it listens, if its configuration has `{dir}/client.sock`.
    pub(crate) fn socket(&self) -> PathBuf {
        self.scratch.0.join("client.sock")
    }

    /// The end of what its programs have said.
    pub(crate) fn log(&self) -> String {
        let log = fs::read(self.scratch.0.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(4000)..]).into_owned()
    }

    fn configured(program: &Program, place: &Place<'_>) -> Self {
        let (scratch, ports) = (Scratch::new(), free_ports(place.address));
        let proxy = Self { processes: Vec::new(), scratch, ports };
        // As root, some of them become another user.
        set_permissions(&proxy.scratch.0, Permissions::from_mode(0o777)).unwrap();
        write_certificate(&proxy.scratch.0);
        let texts = place.edits.iter().fold(texts(program), |texts, edit| edited(&texts, edit));
        for ((name, _), text) in program.files.iter().zip(texts) {
            fs::write(proxy.scratch.0.join(name), proxy.fill(&text, place)).unwrap();
        }
        proxy
    }

    fn run(&mut self, program: &Program, place: &Place<'_>) {
        for command in program.commands {
            let words: Vec<_> =
                command.split_whitespace().map(|word| self.fill(word, place)).collect();
            let process = spawn(&words, &self.scratch.0);
            self.processes.push(process);
        }
    }

    fn fill(&self, text: &str, place: &Place<'_>) -> String {
        let Self { scratch, ports: [port, tls_port, inner_port], .. } = self;
        text.replace("{dir}", scratch.0.to_str().unwrap())
            .replace("{ip}", &place.address.to_string())
            .replace("{address}", &host(place.address))
            .replace("{port}", &port.to_string())
            .replace("{tls_port}", &tls_port.to_string())
            .replace("{inner_port}", &inner_port.to_string())
            .replace("{app_port}", &place.app_port.to_string())
    }

    fn answers(&self, wire: &Wire, address: IpAddr) -> bool {
        client::ask(wire, address, self.port(wire.scheme), "/path", &[]).is_ok()
    }

    /// Whether all of it runs and the app answers through it, within ten seconds.
    fn is_ready(&mut self, program: &Program, address: IpAddr) -> bool {
        for _ in 0..200 {
            if self.processes.iter_mut().any(|process| process.try_wait().unwrap().is_some()) {
                return false;
            }
            if program.wires.iter().all(|wire| self.answers(wire, address)) {
                return true;
            }
            sleep(Duration::from_millis(50));
        }
        false
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for process in self.processes.iter_mut().rev() {
            stop(process);
        }
    }
}

/// Asks it to end, so that it ends its own children; after two seconds, ends it.
fn stop(process: &mut Child) {
    let _ = Command::new("kill").arg(process.id().to_string()).stderr(Stdio::null()).status();
    for _ in 0..200 {
        if !matches!(process.try_wait(), Ok(None)) {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    let _ = process.kill();
    let _ = process.wait();
}

/// What is missing, `env` says in the log.
fn spawn(words: &[String], directory: &Path) -> Child {
    let log = File::options().append(true).create(true).open(directory.join("log")).unwrap();
    Command::new("env")
        .arg(format!("PATH={}", path()))
        .args(words)
        .env("HOME", directory)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Debian's are in /usr/sbin, which is not in every user's path.
fn path() -> String {
    let own = env::var("PROXY_BIN").ok().and_then(|bin| absolute(bin).ok());
    let own = own.map_or_else(String::new, |bin| format!("{}:", bin.display()));
    format!("{own}{}:/usr/sbin", env::var("PATH").unwrap_or_default())
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a program, with the documentation's configuration in them.
fn texts(program: &Program) -> Vec<String> {
    let scaffold = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proxies/scaffold");
    let page = page(program);
    let files: Vec<_> = program.files.iter().map(|(_, file)| read(&scaffold.join(file))).collect();
    let has_place = files.iter().any(|file| file.contains("{page}"));
    assert_eq!(has_place, !page.is_empty(), "{{page}} in the files of {}", program.name);
    files.iter().map(|file| insert(&page, file)).collect()
}

/// What the documentation has for a program, as it is here.
fn page(program: &Program) -> String {
    let blocks = program.page.iter().map(|(page, number)| configurations(page)[*number].clone());
    let text = blocks.collect::<Vec<_>>().join("\n");
    PLACES.iter().fold(text, |text, (place, here)| text.replace(place, here))
}

/// Puts the page in place of each line `{page}`, indented like it.
fn insert(page: &str, text: &str) -> String {
    let insert = |line: &str| match line.strip_suffix("{page}") {
        Some(indent) => page.lines().map(|line| format!("{indent}{line}\n")).collect(),
        None => format!("{line}\n"),
    };
    text.lines().map(insert).collect()
}

fn edited(texts: &[String], (from, to): &Edit<'_>) -> Vec<String> {
    assert!(texts.iter().any(|text| text.contains(from)), "no {from:?} in {texts:?}");
    texts.iter().map(|text| text.replace(from, to)).collect()
}

/// As URLs have it.
fn host(address: IpAddr) -> String {
    if address.is_ipv6() { format!("[{address}]") } else { address.to_string() }
}

fn free_ports(address: IpAddr) -> [u16; 3] {
    let listeners = [(); 3].map(|()| bind(address));
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn bind(address: IpAddr) -> TcpListener {
    TcpListener::bind((address, 0)).unwrap_or_else(|error| panic!("{address}: {error}"))
}

fn write_certificate(directory: &Path) {
    let certified = rcgen::generate_simple_self_signed(["app.example".to_owned()]).unwrap();
    let (certificate, key) = (certified.cert.pem(), certified.signing_key.serialize_pem());
    for (name, content) in [
        ("cert.pem", &certificate),
        ("key.pem", &key),
        ("both.pem", &[certificate.as_str(), &key].concat()),
    ] {
        fs::write(directory.join(name), content).unwrap();
    }
}
