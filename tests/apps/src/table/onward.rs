//! Which server an app asks that passes requests on.

use super::{ABSOLUTE, COMPLETED, Cell, INCOMPLETE, Measure, RELATIVE, Row, Section, row};
use crate::apps::onward;
use crate::layers::Settings;
use crate::right::Kind;
use crate::situation::Situation::{self, AbsoluteForm, Http2, LyingClient, Nginx};

const UP: Kind = Kind::Always("the upstream");

const COMPLETE_URI: &str =
    "The layer completes the URI. Set `UriRewrite::Correct`, or use path and query alone.";
const HTTPS: &str = "The URI gets the scheme `https`, which the upstream does not speak. Set \
    `UriRewrite::Leave`, or use path and query alone.";

const IN_FRONT: Measure = |site| Box::pin(onward::in_front(site));
const IF_ABSENT: Measure = |site| Box::pin(onward::authority_if_absent(site));
const KEEPS_SCHEME: Measure = |site| Box::pin(onward::keeps_scheme(site));

const ROWS: &[Row] = &[
    row(
        "from path and query alone",
        UP,
        |site| Box::pin(onward::path_and_query(site)),
        &[Cell(&Situation::ALL, "the upstream", "the upstream")],
    )
    .with(Settings::Hosts),
    row(
        "`format!(\"http://up{uri}\")`",
        UP,
        IN_FRONT,
        &[Cell(RELATIVE, "the upstream", "the upstream"), Cell(ABSOLUTE, "502", "502")],
    ),
    row(
        "`format!(\"http://up{uri}\")`",
        UP,
        IN_FRONT,
        &[
            Cell(COMPLETED, "the upstream", "502"),
            Cell(INCOMPLETE, "the upstream", "the upstream"),
            Cell(ABSOLUTE, "502", "502"),
        ],
    )
    .with(Settings::Hosts)
    .worse(COMPLETED, COMPLETE_URI),
    row(
        "`format!(\"http://up{uri}\")`",
        UP,
        IN_FRONT,
        &[Cell(RELATIVE, "the upstream", "the upstream"), Cell(ABSOLUTE, "502", "502")],
    )
    .with(Settings::Correct),
    row(
        "with the URI's authority, else the upstream's",
        UP,
        IF_ABSENT,
        &[
            Cell(RELATIVE, "the upstream", "the upstream"),
            Cell(ABSOLUTE, "the app itself", "the app itself"),
        ],
    ),
    row(
        "with the URI's authority, else the upstream's",
        UP,
        IF_ABSENT,
        &[
            Cell(COMPLETED, "the upstream", "the app itself"),
            Cell(INCOMPLETE, "the upstream", "the upstream"),
            Cell(ABSOLUTE, "the app itself", "the app itself"),
        ],
    )
    .with(Settings::Hosts)
    .worse(COMPLETED, COMPLETE_URI),
    row(
        "with the URI's authority, else the upstream's",
        UP,
        IF_ABSENT,
        &[
            Cell(RELATIVE, "the upstream", "the upstream"),
            Cell(ABSOLUTE, "the app itself", "the app itself"),
        ],
    )
    .with(Settings::Correct),
    row(
        "with the URI's scheme, and the upstream's authority",
        UP,
        KEEPS_SCHEME,
        &[Cell(RELATIVE, "the upstream", "the upstream"), Cell(ABSOLUTE, "the upstream", "502")],
    )
    .worse(ABSOLUTE, HTTPS),
    row(
        "with the URI's scheme, and the upstream's authority",
        UP,
        KEEPS_SCHEME,
        &[
            Cell(COMPLETED, "the upstream", "502"),
            Cell(INCOMPLETE, "the upstream", "the upstream"),
            Cell(ABSOLUTE, "the upstream", "502"),
        ],
    )
    .with(Settings::Hosts)
    .worse(&[Nginx, LyingClient, AbsoluteForm, Http2], HTTPS),
    row(
        "with the URI's scheme, and the upstream's authority",
        UP,
        KEEPS_SCHEME,
        &[Cell(RELATIVE, "the upstream", "the upstream"), Cell(ABSOLUTE, "the upstream", "502")],
    )
    .with(Settings::Correct)
    .worse(ABSOLUTE, HTTPS),
    row(
        "with the URI's scheme, and the upstream's authority",
        UP,
        KEEPS_SCHEME,
        &[Cell(&Situation::ALL, "the upstream", "the upstream")],
    )
    .with(Settings::Leave),
];

pub const SECTION: Section = Section {
    title: "Requests that are passed on",
    head: "how the app makes the URI for the upstream",
    reads_uri: true,
    rows: ROWS,
};
