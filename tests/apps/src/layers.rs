//! The layers under test: all of them are made here.

use forwarded_headers::{ForwardedHeaders, Peer, SchemeSource, UriRewrite};

use crate::situation::Situation;

/// How the app sets the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settings {
    /// No setting but the trusted proxy.
    Plain,
    /// `peer_from`, for a server that listens at a Unix socket.
    UnixPeer,
    /// `rewrite_connect_info(false)`.
    KeepPeer,
    /// `allowed_hosts`, so that the layer completes URIs.
    Hosts,
    /// `allowed_hosts` and `UriRewrite::Correct`.
    Correct,
    /// `allowed_hosts` and `UriRewrite::Leave`.
    Leave,
}

pub fn layer(settings: Settings, situation: Situation) -> ForwardedHeaders {
    // A proxy at a Unix socket is trusted, unless the peer has to be untrusted.
    let trusted =
        if situation == Situation::UntrustedPeer { "127.0.0.1" } else { "127.0.0.1, unix" };
    let mut builder = ForwardedHeaders::builder().trust(trusted);
    if situation == Situation::WithoutScheme {
        builder = builder.scheme_from(SchemeSource::none());
    }
    if settings.has_hosts() {
        builder = builder.allowed_hosts("www.example");
    }
    if settings == Settings::UnixPeer {
        builder = builder.peer_from(|_| Some(Peer::Unix));
    }
    let builder = builder.rewrite_connect_info(settings != Settings::KeepPeer);
    builder.rewrite_uri(settings.rewrite()).build().unwrap()
}

impl Settings {
    /// Returns what follows the name of a crate.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::UnixPeer => ", `peer_from`",
            Self::KeepPeer => ", `rewrite_connect_info(false)`",
            Self::Hosts => ", `allowed_hosts`",
            Self::Correct => ", `allowed_hosts`, `Correct`",
            Self::Leave => ", `allowed_hosts`, `Leave`",
        }
    }

    fn has_hosts(self) -> bool {
        matches!(self, Self::Hosts | Self::Correct | Self::Leave)
    }

    fn rewrite(self) -> UriRewrite {
        match self {
            Self::Correct => UriRewrite::Correct,
            Self::Leave => UriRewrite::Leave,
            _ => UriRewrite::Complete,
        }
    }
}
