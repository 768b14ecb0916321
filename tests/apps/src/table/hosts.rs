//! The scheme and the host.

use super::{ABSOLUTE, COMPLETED, Cell, INCOMPLETE, RELATIVE, Row, Section, row};
use crate::apps::{axum_extra, jsonrpsee, opentelemetry, sentry, tower_http, tower_sessions};
use crate::layers::Settings;
use crate::right::Kind;
use crate::situation::Situation::{
    self, AbsoluteForm, HealthCheck, Http2, LyingClient, Malformed, Nginx, OtherHost,
    UntrustedPeer, WithoutHost, WithoutScheme,
};

/// The situations in which `Host` is `www.example`.
const NAMED: &[Situation] =
    &[Nginx, WithoutScheme, Malformed, UntrustedPeer, LyingClient, AbsoluteForm, Http2];

/// Those of them in which no other header names a host.
const HONEST: &[Situation] = &[Nginx, WithoutScheme, Malformed, AbsoluteForm, Http2];

const LIARS: &[Situation] = &[UntrustedPeer, LyingClient];

/// The situations in which `Host` is the app's own address.
const APP: &[Situation] = &[WithoutHost, HealthCheck];

const ROWS: &[Row] = &[
    row(
        "axum-extra `Host`",
        Kind::Host,
        |site| Box::pin(axum_extra::host(site)),
        &[
            Cell(HONEST, "www.example", "www.example"),
            Cell(LIARS, "evil.example", "www.example"),
            Cell(APP, "127.0.0.1:APP", "127.0.0.1:APP"),
            Cell(&[OtherHost], "evil.example", "evil.example"),
        ],
    )
    .remark("Without `allowed_hosts`, the client chooses the host by its `Host`."),
    row(
        "axum-extra `Host`",
        Kind::Host,
        |site| Box::pin(axum_extra::host(site)),
        &[
            Cell(HONEST, "www.example", "www.example"),
            Cell(LIARS, "evil.example", "www.example"),
            Cell(APP, "127.0.0.1:APP", "400"),
            Cell(&[OtherHost], "evil.example", "400"),
        ],
    )
    .with(Settings::Hosts)
    .worse(
        &[HealthCheck],
        "A health check that asks for the app's own address has no host, unless `allowed_hosts` \
         holds that address.",
    ),
    row(
        "axum-extra `Scheme`",
        Kind::Scheme,
        |site| Box::pin(axum_extra::scheme(site)),
        &[
            Cell(&[Nginx, WithoutHost, OtherHost, AbsoluteForm, Http2], "https", "https"),
            Cell(&[LyingClient], "ftp", "https"),
            Cell(&[UntrustedPeer], "ftp", "400"),
            Cell(&[WithoutScheme, HealthCheck], "400", "400"),
            Cell(&[Malformed], "https", "400"),
        ],
    )
    .worse(
        &[Malformed],
        "If the proxy reports a malformed address, the layer removes the scheme as well.",
    )
    .remark("`ConnectionInfo::scheme` always has a value."),
    row(
        "axum-tracing-opentelemetry `url.scheme`",
        Kind::Scheme,
        |site| Box::pin(opentelemetry::url_scheme(site)),
        &[Cell(RELATIVE, "none", "none"), Cell(ABSOLUTE, "http", "https")],
    ),
    row(
        "axum-tracing-opentelemetry `url.scheme`",
        Kind::Scheme,
        |site| Box::pin(opentelemetry::url_scheme(site)),
        &[
            Cell(COMPLETED, "none", "https"),
            Cell(INCOMPLETE, "none", "none"),
            Cell(ABSOLUTE, "http", "https"),
        ],
    )
    .with(Settings::Hosts),
    row(
        "sentry-tower, URL of an event",
        Kind::Url,
        |site| Box::pin(sentry::url(site)),
        &[
            Cell(
                &[Nginx, WithoutScheme, Malformed, UntrustedPeer, LyingClient],
                "http://www.example/",
                "http://www.example/",
            ),
            Cell(APP, "http://127.0.0.1:APP/", "http://127.0.0.1:APP/"),
            Cell(&[OtherHost], "http://evil.example/", "http://evil.example/"),
            Cell(ABSOLUTE, "http://www.example/", "https://www.example/"),
        ],
    )
    .remark("It takes `http` where the URI has no scheme."),
    row(
        "sentry-tower, URL of an event",
        Kind::Url,
        |site| Box::pin(sentry::url(site)),
        &[
            Cell(
                &[Nginx, LyingClient, AbsoluteForm, Http2],
                "http://www.example/",
                "https://www.example/",
            ),
            Cell(
                &[WithoutScheme, Malformed, UntrustedPeer],
                "http://www.example/",
                "http://www.example/",
            ),
            Cell(APP, "http://127.0.0.1:APP/", "none"),
            Cell(&[OtherHost], "http://evil.example/", "none"),
        ],
    )
    .with(Settings::Hosts),
    row(
        "tower-http `TraceLayer`, `uri`",
        Kind::Url,
        |site| Box::pin(tower_http::trace(site)),
        &[
            Cell(RELATIVE, "/page", "/page"),
            Cell(ABSOLUTE, "http://www.example/page", "https://www.example/page"),
        ],
    ),
    row(
        "tower-http `TraceLayer`, `uri`",
        Kind::Url,
        |site| Box::pin(tower_http::trace(site)),
        &[
            Cell(COMPLETED, "/page", "https://www.example/page"),
            Cell(INCOMPLETE, "/page", "/page"),
            Cell(ABSOLUTE, "http://www.example/page", "https://www.example/page"),
        ],
    )
    .with(Settings::Hosts),
    row(
        "jsonrpsee-server `HostFilterLayer` for www.example",
        Kind::Always("200"),
        |site| Box::pin(jsonrpsee::host_filter(site)),
        &[Cell(NAMED, "200", "200"), Cell(&[WithoutHost, HealthCheck, OtherHost], "403", "403")],
    ),
    row(
        "jsonrpsee-server `HostFilterLayer` for www.example",
        Kind::Always("200"),
        |site| Box::pin(jsonrpsee::host_filter(site)),
        &[Cell(NAMED, "200", "200"), Cell(&[WithoutHost, HealthCheck, OtherHost], "403", "400")],
    )
    .with(Settings::Hosts)
    .remark("The layer removes a refused host: 400 in place of 403."),
    row(
        "tower-http `CsrfLayer`",
        Kind::Always("200"),
        |site| Box::pin(tower_http::csrf(site)),
        &[Cell(NAMED, "200", "200"), Cell(&[WithoutHost, HealthCheck, OtherHost], "403", "403")],
    )
    .with(Settings::Hosts),
    row(
        "tower-sessions, a second visit",
        Kind::Always("Secure, visit 2"),
        |site| Box::pin(tower_sessions::second_visit(site)),
        &[Cell(&Situation::ALL, "Secure, visit 2", "Secure, visit 2")],
    )
    .with(Settings::Hosts),
];

pub const SECTION: Section =
    Section { title: "The scheme and the host", head: "crate", reads_uri: false, rows: ROWS };
