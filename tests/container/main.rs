//! Builds and runs `examples/container`, with its Dockerfile, compose.yaml and nginx.conf as they are.
//! `local.yaml` replaces pulled images by images that `images` makes of this machine's packages.
//!
//! `cargo test --test container -- --ignored` needs a Docker engine, the networks 172.28.0.0/24 and
//! 172.28.1.0/24, and what `install` installs.

#![cfg(target_os = "linux")]

mod engine;

use engine::{Example, NAME, ROOT, command, docker, leftovers, output, readme, run};

/// The client's address in `local.yaml`.
const CLIENT: &str = "172.28.1.3";

/// Header lines that a client forges, and an ordinary line.
const FORGED: [&str; 6] = [
    "X-Other: ordinary",
    "X-Forwarded-For: 6.6.6.6",
    "X-Forwarded-For: 6.6.6.6, 172.28.0.2",
    "X-Forwarded-Proto: gopher, https, http",
    "X-Real-IP: 6.6.6.6",
    "Forwarded: for=6.6.6.6;proto=https;host=evil.example",
];

#[test]
#[ignore = "needs a Docker engine"]
fn the_app_runs_in_a_container_behind_nginx() {
    let example = Example::start();
    the_app_is_small_healthy_and_unprivileged(&example);
    a_client_of_nginx_cannot_choose_its_address(&example);
    a_neighbor_past_nginx_cannot_choose_its_address(&example);
    the_readme_shows_the_answers_of_the_app(&example);
    a_published_port_shows_the_peers_of_the_guide(&example);
    the_health_check_fails_without_an_app();
    a_wrong_set_stops_the_app();
    sigterm_stops_the_app(&example);
    drop(example);
    assert_eq!(leftovers(), "");
}

fn the_app_is_small_healthy_and_unprivileged(example: &Example) {
    let app = example.container("app");
    let image = docker(&["inspect", "--format", "{{.Image}}", &app]);
    let size = docker(&["image", "inspect", "--format", "{{.Size}}", &image]);
    assert!(size.parse::<u32>().unwrap() < 10_000_000, "{size} bytes");
    let state = "{{.State.Health.Status}} {{.HostConfig.PortBindings}}";
    assert_eq!(docker(&["inspect", "--format", state, &app]), "healthy map[]");
    let processes = docker(&["top", &app, "-o", "pid,uid,gid,comm"]);
    let words: Vec<_> = processes.split_whitespace().collect();
    assert_eq!(words[5..], ["65532", "65532", "app"]);
}

fn a_client_of_nginx_cannot_choose_its_address(example: &Example) {
    let client = example.container("client");
    for scheme in ["http", "https"] {
        for line in FORGED {
            let answer = ask(&client, &format!("{scheme}://nginx/"), line);
            assert_eq!(answer, format!("client {CLIENT}\nscheme {scheme}\nhost   nginx"), "{line}");
        }
    }
}

/// The engine chooses the address of the neighbor, which must not be the trusted address.
fn a_neighbor_past_nginx_cannot_choose_its_address(example: &Example) {
    let neighbor = example.container("neighbor");
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = docker(&["inspect", "--format", format, &neighbor]);
    for line in FORGED {
        let answer = ask(&neighbor, "http://app:3000/", line);
        assert_eq!(answer, format!("client {address}\nscheme http\nhost   app:3000"), "{line}");
    }
}

fn ask(container: &str, url: &str, line: &str) -> String {
    let curl = ["curl", "-q", "--silent", "--show-error", "--max-time", "20", "--insecure"];
    docker(&[&["exec", container], &curl[..], &["-H", line, url]].concat())
}

/// Runs each `curl` of the README, with free ports in place of 80 and 443.
fn the_readme_shows_the_answers_of_the_app(example: &Example) {
    let (http, https) = (example.published("80"), example.published("443"));
    let readme = readme();
    let commands: Vec<_> = readme.lines().filter(|line| line.starts_with("$ curl ")).collect();
    assert_eq!(commands.len(), 2);
    for command in commands {
        let arguments = command.strip_prefix("$ curl ").unwrap();
        let answer = run(&mut example.shell(&format!(
            "curl -q --silent --show-error --max-time 20 --noproxy '*' \
             --connect-to localhost:80:{http} --connect-to localhost:443:{https} {arguments}"
        )));
        let shown = format!("{command}\n{answer}");
        assert!(readme.contains(&shown), "the README does not contain {shown}");
    }
}

/// Without a trusted proxy, the app answers with its peer: the gateway, in two rows of the guide.
fn a_published_port_shows_the_peers_of_the_guide(example: &Example) {
    let (network, image) = (format!("{NAME}_inside"), format!("{NAME}-app"));
    let trust = "FORWARDED_HEADERS_TRUST=none";
    let options = ["--detach", "--network", &network, "--publish", "3000", "--env", trust];
    let app = docker(&[&["run"], &options[..], &[&image]].concat());
    let format = "{{range .NetworkSettings.Networks}}{{.Gateway}}{{end}}";
    let gateway = format!("client {}\n", docker(&["inspect", "--format", format, &app]));
    // The engine may choose another port for IPv6.
    let published = docker(&["port", &app, "3000"]);
    let mut ports = published.lines().filter_map(|line| line.rsplit(':').next());
    let (port, ipv6) = (ports.next().unwrap(), ports.next().unwrap());

    for (host, port) in [("127.0.0.1", port), ("[::1]", ipv6)] {
        let retry = "--retry 20 --retry-delay 1 --retry-all-errors";
        let curl = format!("curl -q --silent --noproxy '*' {retry} http://{host}:{port}/");
        let answer = run(&mut example.shell(&curl));
        assert!(answer.starts_with(&gateway), "{host}: {answer}");
    }
    let other = ask(&example.container("client"), &format!("http://172.28.1.1:{port}/"), FORGED[0]);
    assert!(other.starts_with(&gateway), "{other}");
    docker(&["rm", "--force", &app]);

    let guide = std::fs::read_to_string(format!("{ROOT}/src/guide/containers.md")).unwrap();
    for row in ["this machine, to `127.0.0.1` or `::1`", "a container of another network"] {
        let mut lines = guide.lines().filter(|line| line.starts_with(&format!("| {row}")));
        assert!(lines.next().is_some_and(|line| line.ends_with(" `172.18.0.1` |")), "{row}");
    }
}

fn the_health_check_fails_without_an_app() {
    assert_eq!(fails(&["--health"], "none"), "error: Connection refused (os error 111)\n");
}

fn a_wrong_set_stops_the_app() {
    assert_eq!(
        fails(&[], "172.28.0.2/24"),
        "error: FORWARDED_HEADERS_TRUST: invalid trusted proxy \"172.28.0.2/24\": the address has bits set \
         outside its prefix; write 172.28.0.0/24 for the network or 172.28.0.2 for the one address\n"
    );
}

/// Returns the error with which the app ends.
fn fails(arguments: &[&str], set: &str) -> String {
    let (image, set) = (format!("{NAME}-app"), format!("FORWARDED_HEADERS_TRUST={set}"));
    let docker = ["run", "--rm", "--network", "none", "--env", &set, &image];
    let output = output(command("docker", &docker).args(arguments));
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// The exit code would be 137 if the engine had to kill the app.
fn sigterm_stops_the_app(example: &Example) {
    let app = example.container("app");
    docker(&["stop", "--time", "20", &app]);
    assert_eq!(docker(&["inspect", "--format", "{{.State.ExitCode}}", &app]), "0");
}

#[test]
#[ignore = "needs kubernetes-validate"]
fn kubernetes_yaml_is_valid() {
    // `install` puts the program there.
    let validate =
        concat!(env!("CARGO_TARGET_TMPDIR"), "/../kubernetes-validate/bin/kubernetes-validate");
    let file = format!("{ROOT}/examples/container/kubernetes.yaml");
    let report = run(&mut command(validate, &["--strict", &file]));
    for kind in ["deployment", "service", "ingress", "networkpolicy"] {
        assert!(report.contains(&format!("{kind}/app")), "no {kind} in {report}");
    }
}
