//! An app that listens on a Unix socket behind nginx.
//!
//! ```sh
//! cargo run --example unix_socket -- --socket /tmp/app.sock
//! curl --unix-socket /tmp/app.sock localhost -H 'X-Forwarded-For: 203.0.113.7'
//! ```
//!
//! nginx sets the headers that are read, in place of what the visitor sent:
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
//! Who opens the connection has no address, but needs write permission for the socket. Whoever has
//! it can say who the client is, so give it to nginx alone: by the socket's group, or by a directory
//! that nobody else may enter.

#[cfg(unix)]
#[tokio::main]
async fn main() -> std::io::Result<()> {
    unix::serve().await
}

#[cfg(not(unix))]
fn main() {
    eprintln!("this system has no Unix sockets");
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    use std::path::{Path, PathBuf};

    use axum::Router;
    use axum::routing::get;
    use clap::Parser;
    use forwarded_headers::extract::ClientIp;
    use forwarded_headers::{ConnectionInfo, ForwardedHeaders, Peer, TrustedProxies};
    use tokio::net::UnixListener;

    /// Answers with the address of the client, on a Unix socket.
    #[derive(Parser)]
    struct Args {
        /// Where to listen
        #[arg(long, value_name = "PATH")]
        socket: PathBuf,
    }

    pub(crate) async fn serve() -> std::io::Result<()> {
        let Args { socket } = Args::parse();
        remove_stale(&socket)?;
        let listener = UnixListener::bind(&socket)?;
        // The owner and the group: put nginx into it.
        fs::set_permissions(&socket, Permissions::from_mode(0o660))?;
        println!("listening on {}", socket.display());

        let layer =
            ForwardedHeaders::new().trust(TrustedProxies::unix()).peer_from(|_| Some(Peer::Unix));
        axum::serve(listener, Router::new().route("/", get(hello)).layer(layer)).await
    }

    async fn hello(ClientIp(ip): ClientIp, info: ConnectionInfo) -> String {
        format!("{ip} over {}\n", info.scheme())
    }

    /// A socket outlives the process that listened on it, and cannot be bound again.
    fn remove_stale(socket: &Path) -> std::io::Result<()> {
        match fs::symlink_metadata(socket) {
            Ok(file) if file.file_type().is_socket() => fs::remove_file(socket),
            _ => Ok(()),
        }
    }
}
