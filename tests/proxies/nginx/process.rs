//! nginx on three ports of 127.0.0.1, in a directory of its own.

use std::ffi::OsString;
use std::net::TcpListener;
use std::os::unix::ffi::OsStringExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs};

use crate::app::{App, Scratch};
use crate::support::Line;

/// How a client may speak to it. Arguments are curl's.
pub(crate) struct Wire {
    pub(crate) scheme: &'static str,
    pub(crate) version: &'static str,
    argument: &'static str,
    listener: usize,
}

pub(crate) const WIRES: [Wire; 4] = [
    Wire { scheme: "http", version: "1.1", argument: "--http1.1", listener: 0 },
    Wire { scheme: "http", version: "2", argument: "--http2-prior-knowledge", listener: 1 },
    Wire { scheme: "https", version: "1.1", argument: "--http1.1", listener: 2 },
    Wire { scheme: "https", version: "2", argument: "--http2", listener: 2 },
];

impl Wire {
    /// What the server on this port answers to a client at 127.0.0.9, who asks for app.example
    /// unless a `Host` is given.
    pub(crate) fn ask(&self, port: u16, target: &str, lines: &[Line<'_>]) -> String {
        let mut curl = Command::new("curl");
        curl.args(["-q", "--silent", "--show-error", "--max-time", "20", "--noproxy", "*"]);
        curl.args(["--insecure", "--interface", "127.0.0.9", self.argument]);
        curl.args(["--write-out", "%{response_code} %{http_version}"]);
        curl.args(["-H", "User-Agent:", "-H", "Accept:", "--request-target", target]);
        if lines.iter().all(|(name, _)| *name != "Host") {
            curl.args(["-H", "Host: app.example"]);
        }
        for line in lines {
            curl.arg("-H").arg(argument(line));
        }
        curl.arg(format!("{}://127.0.0.1:{port}/", self.scheme));
        let output = curl.output().expect("these tests need curl");
        let text = String::from_utf8(output.stdout).unwrap();
        let ending = format!("200 {}", self.version);
        let Some(answer) = text.strip_suffix(&ending) else {
            let error = String::from_utf8_lossy(&output.stderr);
            panic!("expected an answer and {ending:?}, got {text:?}, {error}");
        };
        answer.to_owned()
    }
}

/// curl's `name: value`, or `name;` for one that is empty.
fn argument((name, value): &Line<'_>) -> OsString {
    let separator: &[u8] = if value.is_empty() { b";" } else { b": " };
    OsString::from_vec([name.as_bytes(), separator, value].concat())
}

/// Runs until it is dropped.
pub(crate) struct Nginx {
    process: Child,
    scratch: Scratch,
    ports: [u16; 3],
}

impl Nginx {
    /// In front of the app, with these directives in `http` and in `location /`.
    pub(crate) fn start(app: &App, http: &str, location: &str) -> Self {
        Self::alone(http, &format!("proxy_pass http://{};\n{location}", app.backend))
    }

    /// The same with directives in `server`.
    pub(crate) fn with_server(app: &App, server: &str, location: &str) -> Self {
        let pass = format!("proxy_pass http://{};", app.backend);
        Self::run("", &format!("{server} location / {{ {pass} {location} }}"))
    }

    /// In front of nothing: `location` has to answer.
    pub(crate) fn alone(http: &str, location: &str) -> Self {
        Self::run(http, &format!("location / {{ {location} }}"))
    }

    fn run(http: &str, server: &str) -> Self {
        let mut log = String::new();
        // Somebody else may take a port between finding and using it.
        for _ in 0..3 {
            match Self::spawn(http, server).ready() {
                Ok(nginx) => return nginx,
                Err(error) => log = error,
            }
        }
        panic!("nginx does not start: {log}");
    }

    pub(crate) fn port(&self, wire: &Wire) -> u16 {
        self.ports[wire.listener]
    }

    fn spawn(http: &str, server: &str) -> Self {
        let (scratch, ports) = (Scratch::new(), free_ports());
        let certified = rcgen::generate_simple_self_signed(["app.example".to_owned()]).unwrap();
        for (name, content) in [
            ("nginx.conf", configuration(ports, http, server)),
            ("cert.pem", certified.cert.pem()),
            ("key.pem", certified.signing_key.serialize_pem()),
        ] {
            fs::write(scratch.0.join(name), content).unwrap();
        }
        // Debian's is in /usr/sbin, which is not in every user's path.
        let path = env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        let process = Command::new("nginx")
            .env("PATH", path)
            .args(["-e", "error.log", "-c", "nginx.conf", "-p"])
            .arg(&scratch.0)
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests need nginx");
        Self { process, scratch, ports }
    }

    /// Waits for the pid file, which nginx writes when it listens.
    fn ready(mut self) -> Result<Self, String> {
        let read = |name| fs::read_to_string(self.scratch.0.join(name)).unwrap_or_default();
        for _ in 0..1000 {
            if !read("pid").is_empty() {
                return Ok(self);
            }
            if self.process.try_wait().unwrap().is_some() {
                break;
            }
            sleep(Duration::from_millis(10));
        }
        Err(read("error.log"))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_ports() -> [u16; 3] {
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn configuration([plain, plain_http2, tls]: [u16; 3], http: &str, server: &str) -> String {
    format!(
        "daemon off;
        master_process off;
        pid pid;
        events {{}}
        http {{
            access_log off;
            client_body_temp_path temp_body;
            proxy_temp_path temp_proxy;
            fastcgi_temp_path temp_fastcgi;
            scgi_temp_path temp_scgi;
            uwsgi_temp_path temp_uwsgi;
            large_client_header_buffers 4 64k;
            {http}
            server {{
                listen 127.0.0.1:{plain};
                listen 127.0.0.1:{plain_http2} http2;
                listen 127.0.0.1:{tls} ssl http2;
                ssl_certificate cert.pem;
                ssl_certificate_key key.pem;
                {server}
            }}
        }}"
    )
}
