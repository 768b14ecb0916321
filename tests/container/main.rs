//! `examples/container`, built and run: its Dockerfile, compose.yaml and nginx.conf as they are, with
//! `local.yaml` for images that `images` makes of this machine's packages, where others are pulled.
//!
//! `cargo test --test container -- --ignored` needs a Docker engine, the networks 172.28.0.0/24 and
//! 172.28.1.0/24, and what `install` installs.

#![cfg(target_os = "linux")]

mod engine;

use engine::{Example, NAME, ROOT, command, docker, leftovers, output, readme, run};

/// The client's address in `local.yaml`.
const CLIENT: &str = "172.28.1.3";

const LIES: [&str; 6] = [
    "X-Other: nothing",
    "X-Forwarded-For: 6.6.6.6",
    "X-Forwarded-For: 6.6.6.6, 172.28.0.2",
    "X-Forwarded-Proto: gopher, https, http",
    "X-Real-IP: 6.6.6.6",
    "Forwarded: for=6.6.6.6;proto=https;host=evil.example",
];

#[test]
#[ignore = "needs a Docker engine"]
fn it_runs_in_a_container_behind_nginx() {
    let example = Example::start();
    it_is_small_healthy_and_nobody(&example);
    outsiders_are_seen_and_cannot_lie(&example);
    nor_can_a_neighbour_past_nginx(&example);
    the_readme_shows_what_there_is_to_see(&example);
    without_an_app_it_is_not_healthy();
    a_wrong_set_stops_it();
    it_stops_when_asked(&example);
    drop(example);
    assert_eq!(leftovers(), "");
}

fn it_is_small_healthy_and_nobody(example: &Example) {
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

fn outsiders_are_seen_and_cannot_lie(example: &Example) {
    let client = example.container("client");
    for scheme in ["http", "https"] {
        for lie in LIES {
            let answer = ask(&client, &format!("{scheme}://nginx/"), lie);
            assert_eq!(answer, format!("client {CLIENT}\nscheme {scheme}\nhost   nginx"), "{lie}");
        }
    }
}

/// Its address is one that the engine chose, which must not be the one that is trusted.
fn nor_can_a_neighbour_past_nginx(example: &Example) {
    let neighbour = example.container("neighbour");
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = docker(&["inspect", "--format", format, &neighbour]);
    for lie in LIES {
        let answer = ask(&neighbour, "http://app:3000/", lie);
        assert_eq!(answer, format!("client {address}\nscheme http\nhost   app:3000"), "{lie}");
    }
}

fn ask(container: &str, url: &str, line: &str) -> String {
    let curl = ["curl", "-q", "--silent", "--show-error", "--max-time", "20", "--insecure"];
    docker(&[&["exec", container], &curl[..], &["-H", line, url]].concat())
}

/// Each of its `curl`s, with ports that are free here instead of 80 and 443.
fn the_readme_shows_what_there_is_to_see(example: &Example) {
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
        assert!(readme.contains(&shown), "the README has something else than {shown}");
    }
}

fn without_an_app_it_is_not_healthy() {
    assert_eq!(fails(&["--health"], "none"), "error: Connection refused (os error 111)\n");
}

fn a_wrong_set_stops_it() {
    assert_eq!(
        fails(&[], "172.28.0.2/24"),
        "error: TRUSTED_PROXIES: invalid trusted proxy \"172.28.0.2/24\": the address has bits set \
         outside its prefix; write 172.28.0.0/24 for the network or 172.28.0.2 for the one address\n"
    );
}

/// What the app says as it ends with an error.
fn fails(arguments: &[&str], set: &str) -> String {
    let (image, set) = (format!("{NAME}-app"), format!("TRUSTED_PROXIES={set}"));
    let docker = ["run", "--rm", "--network", "none", "--env", &set, &image];
    let output = output(command("docker", &docker).args(arguments));
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// Killed, it would be 137.
fn it_stops_when_asked(example: &Example) {
    let app = example.container("app");
    docker(&["stop", "--time", "20", &app]);
    assert_eq!(docker(&["inspect", "--format", "{{.State.ExitCode}}", &app]), "0");
}

#[test]
#[ignore = "needs kubernetes-validate"]
fn kubernetes_yaml_is_valid() {
    // Where `install` puts it.
    let validate =
        concat!(env!("CARGO_TARGET_TMPDIR"), "/../kubernetes-validate/bin/kubernetes-validate");
    let file = format!("{ROOT}/examples/container/kubernetes.yaml");
    let said = run(&mut command(validate, &["--strict", &file]));
    for kind in ["deployment", "service", "ingress", "networkpolicy"] {
        assert!(said.contains(&format!("{kind}/app")), "no {kind} in {said}");
    }
}
