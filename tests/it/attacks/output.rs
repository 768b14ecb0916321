//! What an attacker's text does in logs and answers.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use axum::routing::get;
use forwarded_headers::extract::{ClientIp, ClientIpRejection};
use forwarded_headers::forwarded::{Node, elements};
use forwarded_headers::{
    AllowedHosts, ConnectionInfo, ForwardedHeaders, Outcome, TrustedProxies, Unresolved,
};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::attacks::{ATTACKER, P1, XFF, builder, proxies};
use crate::support::{Line, request, resolve};

const F: &str = "forwarded";

/// The text that no output may hold. Around it are bytes that harm logs and pages.
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

/// Reads every value of the family of this list.
fn all_values(list: &str) -> ForwardedHeaders {
    let builder = builder().client_from(list).allowed_hosts(AllowedHosts::any());
    let builder = if list == F {
        builder.host_from(F)
    } else {
        builder.host_from("x-forwarded-host").port_from("x-forwarded-port")
    };
    builder.prefix_from("x-forwarded-prefix").build().unwrap()
}

type Lines = Vec<(&'static str, Vec<u8>)>;

/// The hostile text in every header, beside a list with a client and a list without.
fn hostile_headers(text: &[u8]) -> Vec<(&'static str, Lines)> {
    let element = |start: &str| [start.as_bytes(), text].concat();
    let x_headers = |list: Vec<u8>| {
        let others =
            ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix"];
        let others = others.map(|name| (name, text.to_vec()));
        [vec![(XFF, list), ("host", text.to_vec())], others.to_vec()].concat()
    };
    vec![
        (XFF, x_headers(text.to_vec())),
        (XFF, x_headers([text, b", 203.0.113.7"].concat())),
        (F, vec![(F, element("for="))]),
        (F, vec![(F, element("for=203.0.113.7;proto="))]),
        (F, vec![(F, [b"for=203.0.113.7;host=\"", text, b"\""].concat())]),
        (F, vec![(F, [b"x=\"", text, b"\", for=unknown"].concat())]),
    ]
}

/// Neither the log of a decision nor the answer holds a text of the headers.
#[test]
fn decisions_hold_no_headers() {
    let mut seen = 0;
    for (name, text) in TEXTS {
        if HeaderValue::from_bytes(text).is_err() {
            // `http` refuses control bytes. The parsers below get them as bytes.
            continue;
        }
        for (list, headers) in hostile_headers(text) {
            let row = format!("{name}, {headers:?}");
            let sent: Vec<Line<'_>> = headers.iter().map(|(n, v)| (*n, v.as_slice())).collect();
            for peer in [P1, ATTACKER] {
                let layer = all_values(list);
                let parts = request(peer, "/", &sent).into_parts().0;
                let info = layer.resolve(&parts);
                check_clean(&row, &format!("{info:?} {:?}", info.outcome()));
                if let Outcome::Unresolved(why) = info.outcome() {
                    check_clean(&row, &why.to_string());
                }
                let body = answer(router().layer(layer), Request::from_parts(parts, ())).1;
                check_clean(&format!("{row}, answer"), body.trim_end());
                seen += 1;
            }
        }
    }
    assert!(seen >= 80, "{seen} decisions");
}

#[test]
fn errors_hold_no_headers() {
    for (name, text) in TEXTS {
        let text = [b"203.0.113.7 ", text].concat();
        for error in elements(&text).filter_map(Result::err) {
            check_clean(name, &format!("{error} {error:?}"));
        }
        assert!(elements(&text).any(|element| element.is_err()), "{name}");
        let error = Node::parse(&text).expect_err(name);
        check_clean(name, &format!("{error} {error:?}"));
    }
    // The text of a parsed element is escaped.
    let value = b"for=203.0.113.7;x=\"\x80\xFFa\tb\"";
    let element = elements(value).next().unwrap().unwrap();
    check_escaped("element", &format!("{element:?}"));
}

/// The error shows the operator's own text, escaped.
#[test]
fn configuration_errors_are_escaped() {
    let rows = [
        ("\u{1B}[31mmArK", "\u{1B}[31mmArK"),
        // A line end separates items, so the error shows the second item alone.
        ("192.0.2.1\n\"mArK\"", "\"mArK\""),
        ("192.0.2.1\u{B}mArK", "192.0.2.1\u{B}mArK"),
        ("\"mArK\"", "\"mArK\""),
        ("mArK\0", "mArK\0"),
        ("\u{9B}mArK", "\u{9B}mArK"),
        ("\u{202E}mArK", "\u{202E}mArK"),
    ];
    for (text, shown) in rows {
        let row = format!("{text:?}");
        let proxies = text.parse::<TrustedProxies>().expect_err(&row);
        let hosts = text.parse::<AllowedHosts>().expect_err(&row);
        for error in [proxies, hosts] {
            let (display, debug) = (error.to_string(), format!("{error:?}"));
            assert!(display.contains(&format!("{shown:?}")), "{row}: {display}");
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
        .route("/log", get(log))
}

/// Answers what an app can log: the address, or the advice for the operator.
async fn log(client: Result<ClientIp, ClientIpRejection>) -> String {
    client.map_or_else(|rejection| rejection.to_string(), |ip| ip.to_string())
}

#[tokio::main(flavor = "current_thread")]
async fn answer(router: Router, request: Request<()>) -> (StatusCode, String) {
    let response: Response = router.oneshot(request.map(|()| Body::empty())).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, String::from_utf8(body.into()).unwrap())
}

const SERVER: &str = "the server does not know the client's address\n";
const REQUEST: &str = "the request does not report the client's address\n";

/// Without the layer, the extractors do not return the peer as the client (tokio-rs/axum#2998).
#[test]
fn extractors_refuse_without_the_layer() {
    for path in ["/", "/info", "/maybe"] {
        let (status, body) = answer(router(), request(P1, path, &[(XFF, b"203.0.113.99")]));
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert_eq!(body, SERVER, "{path}");
    }
    let (_, advice) = answer(router(), request(P1, "/log", &[(XFF, b"203.0.113.99")]));
    let line = ".layer(forwarded_headers::ForwardedHeaders::new())";
    assert!(advice.contains(line), "{advice}");
    assert!(!advice.contains("203.0.113") && !advice.contains(P1), "{advice}");
}

/// A name, the peer, header lines, the status, the body, and a part of the advice in the log.
type AnswerRow<'a> = (&'a str, &'a str, &'a [Line<'a>], StatusCode, &'a str, &'a str);

/// A handler that needs an address does not run without one.
#[test]
fn answers_without_a_client() {
    const BAD: StatusCode = StatusCode::BAD_REQUEST;
    const BROKEN: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;
    const CLIENT: &str = crate::attacks::CLIENT;
    let rows: [AnswerRow<'_>; 8] = [
        ("no header", P1, &[], BAD, REQUEST, "trusted_peer_may_be_client(true)"),
        ("list ends", P1, &[(XFF, b"203.0.113.99, ")], BAD, REQUEST, "did not add its entry"),
        ("malformed", P1, &[(XFF, b"203.0.113.99, mArK")], BAD, REQUEST, "not a usable address"),
        ("unknown", P1, &[(XFF, b"203.0.113.99, unknown")], BAD, REQUEST, "does not know its"),
        (
            "no peer",
            "",
            &[(XFF, b"203.0.113.99")],
            BROKEN,
            SERVER,
            "into_make_service_with_connect_info",
        ),
        ("a socket", "unix", &[(XFF, b"203.0.113.99")], BROKEN, SERVER, "trust(\"unix\")"),
        ("a client", P1, &[(XFF, b"203.0.113.7")], StatusCode::OK, CLIENT, CLIENT),
        (
            "a direct client",
            ATTACKER,
            &[(XFF, b"203.0.113.99")],
            StatusCode::OK,
            ATTACKER,
            ATTACKER,
        ),
    ];
    for (name, peer, sent, status, body, advice) in rows {
        let ask = |path| answer(router().layer(proxies()), request(peer, path, sent));
        assert_eq!(ask("/"), (status, body.to_owned()), "{name}");
        let (_, log) = ask("/log");
        assert!(log.contains(advice), "{name}: {log}");
        for forbidden in ["203.0.113.99", "mArK", P1] {
            assert!(!log.contains(forbidden), "{name}: {log}");
        }
        let address =
            if status == StatusCode::OK { format!("Some({body})") } else { "None".into() };
        for path in ["/info", "/maybe"] {
            assert_eq!(ask(path), (StatusCode::OK, address.clone()), "{name}, {path}");
        }
    }
}

/// `peer_addr` alone returns the address of the proxy.
#[test]
fn no_client_getter_returns_the_proxy() {
    let info = resolve(&proxies(), P1, &[(XFF, b"203.0.113.99, junk")]);
    assert_eq!(info.outcome(), Outcome::Unresolved(Unresolved::Malformed));
    assert_eq!((info.client_ip(), info.client_port(), info.client()), (None, None, None));
    assert_eq!(info.peer_addr().map(|peer| peer.ip().to_string()).as_deref(), Some(P1));
    assert!(!info.is_forwarded() && info.forwarded_scheme().is_none());
}
