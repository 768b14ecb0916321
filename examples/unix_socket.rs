//! Listens on a Unix socket behind nginx.
//!
//! ```sh
//! cargo run --example unix_socket -- --socket /tmp/app.sock
//! ```
//!
//! In a second terminal, curl plays nginx:
//!
//! ```sh
//! curl --unix-socket /tmp/app.sock localhost -H 'X-Forwarded-For: 203.0.113.7'
//! ```
//!
//! nginx replaces the headers that the app reads:
//!
//! ```nginx
//! location / {
//!     proxy_pass http://unix:/run/app/app.sock;
//!     proxy_set_header Host $host;
//!     proxy_set_header X-Forwarded-For $remote_addr;
//!     proxy_set_header X-Forwarded-Proto $scheme;
//! }
//! ```
//!
//! A peer at a Unix socket has no address, but needs write permission for the socket. With it, a process
//! can report any client. Give it to nginx alone: through the socket's group, or through a directory that
//! no other user may enter.

#[cfg(unix)]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    unix::serve().await
}

#[cfg(not(unix))]
fn main() {
    eprintln!("this system has no Unix sockets");
}

#[cfg(unix)]
mod unix {
    use std::error::Error;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    use std::path::{Path, PathBuf};

    use axum::Router;
    use axum::routing::get;
    use clap::Parser;
    use forwarded_headers::extract::ClientIp;
    use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer};
    use tokio::net::UnixListener;

    /// Answers with the client's address, on a Unix socket.
    #[derive(Parser)]
    struct Args {
        /// The path of the socket
        #[arg(long, value_name = "PATH")]
        socket: PathBuf,
    }

    pub(crate) async fn serve() -> Result<(), Box<dyn Error>> {
        let Args { socket } = Args::parse();
        remove_stale(&socket)?;
        let listener = UnixListener::bind(&socket)?;
        // The owner and the group may connect: put nginx into the group.
        fs::set_permissions(&socket, Permissions::from_mode(0o660))?;
        println!("listening on {}", socket.display());

        let layer =
            ForwardedHeaders::builder().trust("unix").peer_from(|_| Some(Peer::Unix)).build()?;
        Ok(axum::serve(listener, Router::new().route("/", get(hello)).layer(layer)).await?)
    }

    async fn hello(ClientIp(ip): ClientIp, info: ConnectionInfo) -> String {
        format!("{ip} over {}\n", info.scheme())
    }

    /// Removes the socket of an earlier process, which would prevent a new `bind`.
    fn remove_stale(socket: &Path) -> std::io::Result<()> {
        match fs::symlink_metadata(socket) {
            Ok(file) if file.file_type().is_socket() => fs::remove_file(socket),
            _ => Ok(()),
        }
    }
}
