//! What crates take for the client's address.

use super::{Cell, REPORTED, Row, Section, UNREPORTED, row};
use crate::apps::{
    axum, axum_client_ip, axum_reverse_proxy, axum_server, axum_session, tonic, tower_governor,
};
use crate::layers::Settings;
use crate::right::Kind;
use crate::situation::Situation::{
    AbsoluteForm, HealthCheck, Http2, LyingClient, Malformed, Nginx, OtherHost, UntrustedPeer,
    WithoutHost, WithoutScheme,
};

/// An address that is read from the connection, and shown without its port.
const PEER: &[Cell] = &[
    Cell(REPORTED, "127.0.0.1", "203.0.113.7"),
    Cell(UNREPORTED, "127.0.0.1", "0.0.0.0"),
    Cell(&[UntrustedPeer], "127.0.0.9", "127.0.0.9"),
];

/// The same with its port.
const PEER_AND_PORT: &[Cell] = &[
    Cell(REPORTED, "127.0.0.1:PORT", "203.0.113.7:0"),
    Cell(UNREPORTED, "127.0.0.1:PORT", "0.0.0.0:0"),
    Cell(&[UntrustedPeer], "127.0.0.9:PORT", "127.0.0.9:PORT"),
];

const ROWS: &[Row] = &[
    row(
        "axum `ConnectInfo<SocketAddr>`",
        Kind::Address,
        |site| Box::pin(axum::connect_info(site)),
        PEER_AND_PORT,
    )
    .remark("`ConnectionInfo::peer` has the peer."),
    row(
        "axum `ConnectInfo<SocketAddr>`",
        Kind::Address,
        |site| Box::pin(axum::connect_info(site)),
        &[
            Cell(REPORTED, "127.0.0.1:PORT", "127.0.0.1:PORT"),
            Cell(UNREPORTED, "127.0.0.1:PORT", "127.0.0.1:PORT"),
            Cell(&[UntrustedPeer], "127.0.0.9:PORT", "127.0.0.9:PORT"),
        ],
    )
    .with(Settings::KeepPeer),
    row(
        "axum `ConnectInfo<SocketAddr>`, at a Unix socket",
        Kind::Address,
        |site| Box::pin(axum::unix(site)),
        &[
            Cell(REPORTED, "500", "203.0.113.7:0"),
            Cell(UNREPORTED, "500", "500"),
            Cell(&[UntrustedPeer], "500", "500"),
        ],
    )
    .with(Settings::UnixPeer),
    row(
        "axum `WebSocketUpgrade` beside `ConnectInfo`",
        Kind::Always("101"),
        |site| Box::pin(axum::web_socket(site)),
        &[Cell(
            &[
                Nginx,
                WithoutHost,
                WithoutScheme,
                HealthCheck,
                Malformed,
                UntrustedPeer,
                LyingClient,
                OtherHost,
                AbsoluteForm,
            ],
            "101",
            "101",
        )],
    ),
    row(
        "axum-server, axum's `ConnectInfo<SocketAddr>`",
        Kind::Address,
        |site| Box::pin(axum_server::connect_info(site)),
        PEER_AND_PORT,
    ),
    row(
        "axum-client-ip `ConnectInfo`",
        Kind::Address,
        |site| Box::pin(axum_client_ip::connect_info(site)),
        PEER,
    ),
    row(
        "axum-client-ip `RightmostXForwardedFor`",
        Kind::Address,
        |site| Box::pin(axum_client_ip::rightmost_x_forwarded_for(site)),
        &[
            Cell(REPORTED, "203.0.113.7", "203.0.113.7"),
            Cell(UNREPORTED, "500", "500"),
            Cell(&[UntrustedPeer], "6.6.6.6", "500"),
        ],
    )
    .remark("500 without the header. Its `ConnectInfo` has the client of a direct request too."),
    row(
        "tower_governor `PeerIpKeyExtractor`",
        Kind::Address,
        |site| Box::pin(tower_governor::peer_ip(site)),
        PEER,
    ),
    row(
        "tower_governor, one request an hour: the first of a second client",
        Kind::Always("200"),
        |site| Box::pin(tower_governor::second_client(site)),
        &[
            Cell(REPORTED, "429", "200"),
            Cell(UNREPORTED, "429", "429"),
            Cell(&[UntrustedPeer], "200", "200"),
        ],
    )
    .remark("Health checks share one key: exempt their route."),
    row(
        "tower_governor `SmartIpKeyExtractor`",
        Kind::Address,
        |site| Box::pin(tower_governor::smart_ip(site)),
        &[
            Cell(
                &[Nginx, WithoutHost, WithoutScheme, OtherHost, AbsoluteForm, Http2],
                "203.0.113.7",
                "203.0.113.7",
            ),
            Cell(&[LyingClient], "6.6.6.6", "203.0.113.7"),
            Cell(UNREPORTED, "127.0.0.1", "0.0.0.0"),
            Cell(&[UntrustedPeer], "6.6.6.6", "127.0.0.9"),
        ],
    ),
    row(
        "axum_session: a cookie that another client has stolen is",
        Kind::Always("refused"),
        |site| Box::pin(axum_session::stolen_cookie(site)),
        &[
            Cell(REPORTED, "accepted", "refused"),
            Cell(UNREPORTED, "accepted", "accepted"),
            Cell(&[UntrustedPeer], "refused", "refused"),
        ],
    )
    .remark("A client whose address changes loses its session."),
    row("tonic `remote_addr`", Kind::Address, |site| Box::pin(tonic::tcp(site)), PEER_AND_PORT),
    row(
        "tonic `remote_addr`, with TLS",
        Kind::Address,
        |site| Box::pin(tonic::tls(site)),
        PEER_AND_PORT,
    ),
    row(
        "tonic `remote_addr`, at a Unix socket",
        Kind::Address,
        |site| Box::pin(tonic::uds(site)),
        &[
            Cell(REPORTED, "none", "203.0.113.7:0"),
            Cell(UNREPORTED, "none", "none"),
            Cell(&[UntrustedPeer], "none", "none"),
        ],
    ),
    row(
        "axum-reverse-proxy: `X-Forwarded-For` at the upstream",
        Kind::List,
        |site| Box::pin(axum_reverse_proxy::forwarded_for(site)),
        &[
            Cell(
                &[Nginx, WithoutHost, WithoutScheme, OtherHost, AbsoluteForm, Http2],
                "203.0.113.7, 127.0.0.1",
                "203.0.113.7, 203.0.113.7",
            ),
            Cell(&[LyingClient], "6.6.6.6, 203.0.113.7, 127.0.0.1", "203.0.113.7, 203.0.113.7"),
            Cell(&[HealthCheck], "127.0.0.1", "0.0.0.0"),
            Cell(&[Malformed], "203.0.113, 127.0.0.1", "0.0.0.0"),
            Cell(&[UntrustedPeer], "6.6.6.6, 127.0.0.9", "127.0.0.9"),
        ],
    )
    .remark("The upstream finds the client in both."),
];

pub const SECTION: Section =
    Section { title: "The client's address", head: "crate", reads_uri: false, rows: ROWS };
