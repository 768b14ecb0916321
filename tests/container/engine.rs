//! Runs the example on a Docker engine. Everything that it creates there has the project's name or the
//! label, by which it is removed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// The project's name, the label of images and so of their containers, and the start of image names.
pub(crate) const NAME: &str = "forwarded-headers-test";

pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Returns a command that ends after ten minutes, which is more than any command takes.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["600", program]).args(arguments);
    command
}

pub(crate) fn output(command: &mut Command) -> Output {
    command.output().expect("these tests need `timeout`, of coreutils")
}

/// Runs a command that must succeed, and returns what it prints.
pub(crate) fn run(command: &mut Command) -> String {
    let output = output(command);
    let (text, error) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{text}\n{error}", output.status);
    text.into_owned()
}

/// Returns the output of `docker` without its last line end.
pub(crate) fn docker(arguments: &[&str]) -> String {
    run(&mut command("docker", arguments)).trim_end().to_owned()
}

/// The example, built and running until the value is dropped.
pub(crate) struct Example {
    /// A copy of the build context, so that the repository stays as it is.
    root: PathBuf,
}

impl Example {
    pub(crate) fn start() -> Self {
        let engine = output(&mut command("docker", &["version"]));
        let error = String::from_utf8_lossy(&engine.stderr);
        assert!(engine.status.success(), "this test needs a Docker engine: {error}");

        let example = Self { root: env::temp_dir().join(NAME) };
        // A run that was killed leaves files.
        let _ = fs::remove_dir_all(&example.root);
        example.copy();
        example.remove();
        run(&mut example.shell(&readme_command("openssl")));
        run(&mut command(&format!("{ROOT}/tests/container/images"), &[NAME]));
        run(&mut example.compose(&["up", "--detach", "--build"]));
        example
    }

    fn copy(&self) {
        fs::create_dir_all(self.root.join("examples")).unwrap();
        for path in ["Cargo.toml", "src", "examples/container"] {
            let (from, to) = (Path::new(ROOT).join(path), self.root.join(path));
            run(command("cp", &["-r"]).args([from, to]));
        }
        for made in ["target", "tls"] {
            let _ = fs::remove_dir_all(self.directory().join(made));
        }
    }

    fn directory(&self) -> PathBuf {
        self.root.join("examples/container")
    }

    /// Returns a shell in the example's directory.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut shell = command("sh", &["-euc", script]);
        shell.current_dir(self.directory());
        shell
    }

    /// Returns `docker compose` or `docker-compose`, with free ports of loopback to publish on.
    pub(crate) fn compose(&self, arguments: &[&str]) -> Command {
        let plugin = output(&mut command("docker", &["compose", "version"])).status.success();
        let mut compose =
            if plugin { command("docker", &["compose"]) } else { command("docker-compose", &[]) };
        compose.current_dir(self.directory());
        compose.envs([("HTTP_PORT", "127.0.0.1:"), ("HTTPS_PORT", "127.0.0.1:")]);
        // The cache of BuildKit has no labels.
        compose.envs([("DOCKER_BUILDKIT", "0"), ("COMPOSE_DOCKER_CLI_BUILD", "0")]);
        compose.args(["--project-name", NAME, "--file", "compose.yaml", "--file"]);
        compose.arg(format!("{ROOT}/tests/container/local.yaml")).args(arguments);
        compose
    }

    /// Returns the id of a service's container.
    pub(crate) fn container(&self, service: &str) -> String {
        run(&mut self.compose(&["ps", "--quiet", service])).trim_end().to_owned()
    }

    /// Returns the address where a port of nginx is published.
    pub(crate) fn published(&self, port: &str) -> String {
        run(&mut self.compose(&["port", "nginx", port])).trim_end().to_owned()
    }

    /// Removes what exists. `leftovers` shows what remains.
    fn remove(&self) {
        output(&mut self.compose(&["down", "--remove-orphans", "--timeout", "5"]));
        // A build that failed leaves a container.
        output(&mut self.shell(&format!(
            "docker ps --all --quiet --filter label={NAME} | xargs --no-run-if-empty docker rm --force
             docker image prune --all --force --filter label={NAME}"
        )));
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        self.remove();
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// Returns what remains of the example on the engine.
pub(crate) fn leftovers() -> String {
    let label = format!("label={NAME}");
    let project = format!("label=com.docker.compose.project={NAME}");
    let containers = docker(&["ps", "--all", "--filter", &project, "--quiet"]);
    let builds = docker(&["ps", "--all", "--filter", &label, "--quiet"]);
    let networks = docker(&["network", "ls", "--filter", &project, "--quiet"]);
    let images = docker(&["images", "--all", "--filter", &label, "--quiet"]);
    containers + &builds + &networks + &images
}

pub(crate) fn readme() -> String {
    fs::read_to_string(format!("{ROOT}/examples/container/README.md")).unwrap()
}

/// Returns the first command in the README that contains this text.
fn readme_command(part: &str) -> String {
    let readme = readme();
    let mut commands = readme.lines().filter_map(|line| line.strip_prefix("$ "));
    let found = commands.find(|command| command.contains(part));
    found.unwrap_or_else(|| panic!("the README has no command with {part}")).to_owned()
}
