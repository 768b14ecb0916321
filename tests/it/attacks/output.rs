//! What comes out, into logs and answers: rows 156 to 160.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use forwarded_headers::extract::ClientIp;
use forwarded_headers::forwarded::{Node, elements};
use forwarded_headers::{
    AllowedHosts, ConnectionInfo, Family, ForwardedHeaders, Outcome, TrustedProxies, Unresolved,
};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::attacks::{ATTACKER, P1, XFF, proxies};
use crate::support::{Line, request};

/// The text that must be nowhere, in the middle of what logs and pages choke on.
const MARK: &str = "mArK";

const TEXTS: [(&str, &[u8]); 11] = [
    ("ESC", b"\x1B]0;mArK\x07"),
    ("LF", b"203.0.113.7\nmArK"),
    ("CR LF", b"203.0.113.7\r\nmArK: 1"),
    ("NUL", b"mArK\0"),
    ("encoded LF", b"%0amArK"),
    ("quotes", b"\"mArK\" 'x'"),
    ("backslashes", b"\\mArK\\\""),
    ("lookup", b"${jndi:ldap://mArK/a}"),
    ("markup", b"<script>mArK</script>"),
    ("format", b"{mArK}%s%n"),
    ("C1 and bidi controls", b"\xC2\x9BmArK\xE2\x80\xAE"),
];

fn check_clean(name: &str, text: &str) {
    assert!(!text.to_lowercase().contains(&MARK.to_lowercase()), "{name}: {text:?}");
    check_escaped(name, text);
}

fn check_escaped(name: &str, text: &str) {
    let printable = |c: char| !c.is_control() && c != '\u{202E}';
    assert!(text.chars().all(printable), "{name}: {text:?}");
}

/// Reads all that there is to read.
fn curious(family: Family) -> ForwardedHeaders {
    let layer = proxies().read_host(true).allowed_hosts(AllowedHosts::any()).family(family);
    match family {
        Family::XForwarded => layer.read_port(true).read_prefix(true),
        _ => layer,
    }
}

type Lines = Vec<(&'static str, Vec<u8>)>;

/// The hostile text in every header, around a list that is and one that is not resolved.
fn hostile_headers(text: &[u8]) -> Vec<(Family, Lines)> {
    let element = |start: &str| [start.as_bytes(), text].concat();
    let x_headers = |list: Vec<u8>| {
        let others =
            ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix"];
        let others = others.map(|name| (name, text.to_vec()));
        [vec![(XFF, list), ("host", text.to_vec())], others.to_vec()].concat()
    };
    vec![
        (Family::XForwarded, x_headers(text.to_vec())),
        (Family::XForwarded, x_headers([text, b", 203.0.113.7"].concat())),
        (Family::Forwarded, vec![("forwarded", element("for="))]),
        (Family::Forwarded, vec![("forwarded", element("for=203.0.113.7;proto="))]),
        (
            Family::Forwarded,
            vec![("forwarded", [b"for=203.0.113.7;host=\"", text, b"\""].concat())],
        ),
        (Family::Forwarded, vec![("forwarded", [b"x=\"", text, b"\", for=unknown"].concat())]),
    ]
}

/// Neither what the app logs of a decision nor what it answers has anything of the headers in it.
#[test]
fn decisions_hold_no_headers() {
    let mut seen = 0;
    for (name, text) in TEXTS {
        if HeaderValue::from_bytes(text).is_err() {
            // `http` lets no control byte in; the parsers below get it as bytes.
            continue;
        }
        for (family, headers) in hostile_headers(text) {
            let row = format!("156 {name}, {headers:?}");
            let sent: Vec<Line<'_>> = headers.iter().map(|(n, v)| (*n, v.as_slice())).collect();
            for peer in [P1, ATTACKER] {
                let layer = curious(family);
                let parts = request(peer, "/", &sent).into_parts().0;
                let info = layer.resolve(&parts);
                check_clean(&row, &format!("{info:?} {:?}", info.outcome()));
                if let Outcome::Unresolved(why) = info.outcome() {
                    check_clean(&row, &why.to_string());
                }
                let body = answer(router().layer(layer), Request::from_parts(parts, ())).1;
                check_clean(&format!("157 {row}"), &body);
                seen += 1;
            }
        }
    }
    assert!(seen >= 80, "157: {seen} decisions");
}

#[test]
fn errors_hold_no_headers() {
    for (name, text) in TEXTS {
        let row = format!("156 {name}");
        let text = [b"203.0.113.7 ", text].concat();
        for error in elements(&text).filter_map(Result::err) {
            check_clean(&row, &format!("{error} {error:?}"));
        }
        assert!(elements(&text).any(|element| element.is_err()), "{row}");
        let error = Node::parse(&text).expect_err(&row);
        check_clean(&row, &format!("{error} {error:?}"));
    }
    // What a parsed element shows, it shows escaped.
    let value = b"for=203.0.113.7;x=\"\x80\xFFa\tb\"";
    let element = elements(value).next().unwrap().unwrap();
    check_escaped("156 element", &format!("{element:?}"));
}

/// The operator's own text is shown, escaped.
#[test]
fn configuration_errors_are_escaped() {
    let texts =
        ["\u{1B}[31mmArK", "10.0.0.0/8\nmArK", "\"mArK\"", "mArK\0", "\u{9B}mArK", "\u{202E}mArK"];
    for text in texts {
        let row = format!("156 {text:?}");
        let proxies = text.parse::<TrustedProxies>().expect_err(&row);
        let hosts = text.parse::<AllowedHosts>().expect_err(&row);
        for error in [proxies, hosts] {
            let (display, debug) = (error.to_string(), format!("{error:?}"));
            assert!(display.contains(&format!("{text:?}")), "{row}: {display}");
            check_escaped(&row, &display);
            check_escaped(&row, &debug);
        }
    }
}

fn router() -> Router {
    Router::new()
        .route("/", get(|ClientIp(ip): ClientIp| async move { ip.to_string() }))
        .route(
            "/info",
            get(|info: ConnectionInfo| async move { format!("{:?}", info.client_ip()) }),
        )
        .route(
            "/maybe",
            get(|ip: Option<ClientIp>| async move { format!("{:?}", ip.map(|ip| ip.0)) }),
        )
}

#[tokio::main(flavor = "current_thread")]
async fn answer(router: Router, request: Request<()>) -> (StatusCode, String) {
    let response: Response = router.oneshot(request.map(|()| Body::empty())).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, String::from_utf8(body.into()).unwrap())
}

/// Never the peer in its place (tokio-rs/axum#2998).
#[test]
fn without_the_layer() {
    for path in ["/", "/info", "/maybe"] {
        let name = format!("158 {path}");
        let (status, body) = answer(router(), request(P1, path, &[(XFF, b"203.0.113.99")]));
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{name}");
        let line = ".layer(forwarded_headers::ForwardedHeaders::new())";
        assert!(body.contains(line), "{name}: {body}");
        assert!(!body.contains("203.0.113") && !body.contains(P1), "{name}: {body}");
    }
}

/// A name, the peer, header lines, and what each of the three handlers answers.
type AnswerRow<'a> = (&'a str, &'a str, &'a [Line<'a>], u16, &'a str);

/// Closed by default: the handler that needs an address does not run without one.
#[test]
fn without_a_client() {
    use StatusCode as Status;
    let (bad, broken) = (Status::BAD_REQUEST.as_u16(), Status::INTERNAL_SERVER_ERROR.as_u16());
    let rows: [AnswerRow<'_>; 8] = [
        ("160 not reported", P1, &[], bad, "allow_direct(true)"),
        ("160 missing", P1, &[(XFF, b"203.0.113.99, ")], bad, "report is missing"),
        ("160 malformed", P1, &[(XFF, b"203.0.113.99, mArK")], bad, "no usable client address"),
        ("160 unknown", P1, &[(XFF, b"203.0.113.99, unknown")], bad, "does not know who"),
        (
            "160 no peer",
            "",
            &[(XFF, b"203.0.113.99")],
            broken,
            "into_make_service_with_connect_info",
        ),
        ("160 a socket", "unix", &[(XFF, b"203.0.113.99")], broken, "TrustedProxies::unix()"),
        ("160 a client", P1, &[(XFF, b"203.0.113.7")], 200, "203.0.113.7"),
        ("160 a direct client", ATTACKER, &[(XFF, b"203.0.113.99")], 200, ATTACKER),
    ];
    for (name, peer, sent, want, text) in rows {
        let ask = |path| answer(router().layer(proxies()), request(peer, path, sent));
        let (status, body) = ask("/");
        assert_eq!(status.as_u16(), want, "{name}: {body}");
        assert!(body.contains(text), "{name}: {body}");
        for forbidden in ["203.0.113.99", "mArK", P1] {
            assert!(!body.contains(forbidden), "{name}: {body}");
        }
        let address = if want == 200 { format!("Some({text})") } else { "None".to_owned() };
        for path in ["/info", "/maybe"] {
            assert_eq!(ask(path), (Status::OK, address.clone()), "{name}, {path}");
        }
    }
}

/// The address of the proxy has another name, and nothing leads from one to the other.
#[test]
fn the_peer_is_asked_for_by_name() {
    let info = proxies().resolve(&request(P1, "/", &[(XFF, b"203.0.113.99, junk")]).into_parts().0);
    assert_eq!(info.outcome(), Outcome::Unresolved(Unresolved::Malformed), "159");
    assert_eq!((info.client_ip(), info.client_port(), info.client()), (None, None, None), "159");
    assert_eq!(info.peer_addr().map(|peer| peer.ip().to_string()).as_deref(), Some(P1), "159");
    assert!(!info.is_forwarded() && info.forwarded_scheme().is_none(), "159");
}
