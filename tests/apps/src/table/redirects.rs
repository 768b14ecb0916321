//! Where apps redirect to.

use super::{ABSOLUTE, COMPLETED, Cell, INCOMPLETE, Measure, RELATIVE, Row, Section, row};
use crate::apps::{axum_extra, axum_login, tower_http};
use crate::layers::Settings;
use crate::right::Kind;

/// A redirect from a URI that is not completed.
const RELATIVE_CELLS: &[Cell] = &[
    Cell(RELATIVE, "/page/", "/page/"),
    Cell(ABSOLUTE, "http://www.example/page/", "https://www.example/page/"),
];

/// A redirect from a URI that is completed where it can be.
const COMPLETED_CELLS: &[Cell] = &[
    Cell(COMPLETED, "/page/", "https://www.example/page/"),
    Cell(INCOMPLETE, "/page/", "/page/"),
    Cell(ABSOLUTE, "http://www.example/page/", "https://www.example/page/"),
];

const SERVE_DIR: Measure = |site| Box::pin(tower_http::serve_dir(site));
const TSR: Measure = |site| Box::pin(axum_extra::route_with_tsr(site));
const NEXT: Measure = |site| Box::pin(axum_login::next(site));

const ROWS: &[Row] = &[
    row("tower-http `ServeDir`", Kind::Url, SERVE_DIR, RELATIVE_CELLS),
    row("tower-http `ServeDir`", Kind::Url, SERVE_DIR, COMPLETED_CELLS).with(Settings::Hosts),
    row("tower-http `ServeDir`", Kind::Url, SERVE_DIR, RELATIVE_CELLS).with(Settings::Correct),
    row(
        "tower-http `ServeDir`",
        Kind::Url,
        SERVE_DIR,
        &[
            Cell(RELATIVE, "/page/", "/page/"),
            Cell(ABSOLUTE, "http://www.example/page/", "http://www.example/page/"),
        ],
    )
    .with(Settings::Leave),
    row("axum-extra `route_with_tsr`", Kind::Url, TSR, RELATIVE_CELLS),
    row("axum-extra `route_with_tsr`", Kind::Url, TSR, RELATIVE_CELLS).with(Settings::Hosts),
    row("axum-extra `route_with_tsr`", Kind::Url, TSR, RELATIVE_CELLS).around(),
    row("axum-extra `route_with_tsr`", Kind::Url, TSR, COMPLETED_CELLS)
        .with(Settings::Hosts)
        .around(),
    row("axum-login `next=`", Kind::Url, NEXT, RELATIVE_CELLS),
    row("axum-login `next=`", Kind::Url, NEXT, RELATIVE_CELLS).with(Settings::Hosts),
    row("axum-login `next=`", Kind::Url, NEXT, RELATIVE_CELLS).around(),
    row("axum-login `next=`", Kind::Url, NEXT, COMPLETED_CELLS).with(Settings::Hosts).around(),
    row(
        "tower-http `NormalizePathLayer`, the URI behind it",
        Kind::Url,
        |site| Box::pin(tower_http::normalize_path(site)),
        &[
            Cell(COMPLETED, "/page", "https://www.example/page"),
            Cell(INCOMPLETE, "/page", "/page"),
            Cell(ABSOLUTE, "http://www.example/page", "https://www.example/page"),
        ],
    )
    .with(Settings::Hosts),
];

pub const SECTION: Section =
    Section { title: "Redirects", head: "crate", reads_uri: true, rows: ROWS };
