//! Explanations word for word.

use forwarded_headers::{Builder, ForwardedHeaders, SchemeSource, Writing};

use crate::support::{Line, request};

fn explain(settings: Builder, peer: &str, lines: &[Line<'_>]) -> String {
    let layer = settings.build().unwrap();
    layer.explain(&request(peer, "/", lines).into_parts().0).to_string()
}

/// The expected text begins on a line of its own.
fn assert_text(text: &str, expected: &str) {
    let expected = expected.trim_start_matches('\n');
    assert!(text == expected, "{text}");
}

fn nginx() -> Builder {
    ForwardedHeaders::behind("nginx").trust("172.28.0.2")
}

fn replaces() -> Builder {
    ForwardedHeaders::builder().trust("172.28.0.2").proxies_write(Writing::Replace)
}

fn hosts() -> Builder {
    let builder = ForwardedHeaders::builder().trust("172.28.0.2");
    builder.host_from("x-forwarded-host").allowed_hosts("example.com")
}

fn chain() -> Builder {
    let builder = ForwardedHeaders::builder().trust_chain(["198.51.100.0/24", "10.1.0.0/16"]);
    builder.host_from("x-forwarded-host").allowed_hosts("example.com")
}

fn forwarded() -> Builder {
    let builder = ForwardedHeaders::builder().trust("172.28.0.2").client_from("forwarded");
    builder.host_from("forwarded").allowed_hosts("example.com")
}

const NGINX: &str = "172.28.0.2:41822";
const FOR: Line<'_> = ("x-forwarded-for", b"203.0.113.7");
const PROTO: Line<'_> = ("x-forwarded-proto", b"https");
const HOST: Line<'_> = ("host", b"example.com");

#[test]
fn a_lie_to_the_left_of_the_client() {
    let text = explain(
        nginx(),
        NGINX,
        &[
            ("x-forwarded-for", b"6.6.6.6, 203.0.113.7"),
            PROTO,
            HOST,
            ("x-forwarded-host", b"<script>\xc2\x9b2J"),
        ],
    );
    assert_text(
        &text,
        r"
client 203.0.113.7, https, example.com
  peer               172.28.0.2:41822    trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    203.0.113.7         the client, reported by 172.28.0.2
                     6.6.6.6             not read: left of the client, where every client can write; if 203.0.113.7 is your proxy, see trust_chain
  x-forwarded-proto  https               the scheme
  host               example.com         the host
  x-forwarded-host   <script>\xc2\x9b2J  not read, removed
",
    );
}

#[test]
fn the_wrong_trust() {
    let text = explain(nginx(), "172.18.0.3:41234", &[FOR, PROTO, HOST]);
    assert_text(
        &text,
        r#"
client 172.18.0.3, http, example.com
  peer               172.18.0.3:41234  not trusted, so it is the client
  x-forwarded-for    203.0.113.7       not read, removed
  x-forwarded-proto  https             not read, removed; the scheme is http
  host               example.com       the host
help: if 172.18.0.3 is your proxy, trust it: .trust("172.18.0.3")
"#,
    );
}

#[test]
fn another_header_in_the_place_of_the_one_that_is_read() {
    let text = explain(nginx(), NGINX, &[PROTO, HOST, ("x-real-ip", b"203.0.113.7")]);
    assert_text(
        &text,
        r"
no client: 172.28.0.2 is trusted and sent no X-Forwarded-For
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    (nothing)         not sent: it would report the client
  x-forwarded-proto  https             not read without a client, removed; the scheme is http
  host               example.com       the host
  x-real-ip          203.0.113.7       not read, removed
help: have 172.28.0.2 send it (nginx): proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      it sent X-Real-IP, which is not read in its place
",
    );
}

#[test]
fn a_list_that_ends_at_a_trusted_address() {
    let text = explain(
        ForwardedHeaders::builder().trust_chain(["10.0.0.0/8"; 2]),
        "10.0.0.2:50010",
        &[("x-forwarded-for", b"10.0.0.9"), PROTO, HOST],
    );
    assert_text(
        &text,
        r"
no client: the list ends where one more proxy's report is due
  peer               10.0.0.2:50010  trusted: 10.0.0.0/8 (from Peer)
  x-forwarded-for    10.0.0.9        a proxy, reported by 10.0.0.2; trusted: 10.0.0.0/8
                     (nothing)       missing: the report of 10.0.0.9
  x-forwarded-proto  https           not read without a client, removed; the scheme is http
  host               example.com     the host
help: if 10.0.0.9 is a proxy, have it append to X-Forwarded-For
      if it is a client, trust your proxies alone: 10.0.0.0/8 is more than those
",
    );
}

#[test]
fn a_scheme_that_is_none() {
    let text = explain(nginx(), NGINX, &[FOR, ("x-forwarded-proto", b"on"), HOST]);
    assert_text(
        &text,
        r"
client 203.0.113.7, http, example.com
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    203.0.113.7       the client, reported by 172.28.0.2
  x-forwarded-proto  on                not valid, removed; the scheme is http
  host               example.com       the host
help: have 172.28.0.2 write http or https (nginx): proxy_set_header X-Forwarded-Proto $scheme;
",
    );
}

#[test]
fn a_host_that_is_refused() {
    let text = explain(hosts(), NGINX, &[FOR, PROTO, ("x-forwarded-host", b"evil.example"), HOST]);
    assert_text(
        &text,
        r#"
client 203.0.113.7, https, no host
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    203.0.113.7       the client, reported by 172.28.0.2
  x-forwarded-proto  https             the scheme
  x-forwarded-host   evil.example      not in allowed_hosts, removed: no host
  host               example.com       removed: the reported host comes first, and was refused
help: if evil.example is yours: .allowed_hosts("…, evil.example")
"#,
    );
}

#[test]
fn two_hops_two_lines_a_prefix() {
    let text = explain(
        chain().prefix_from("x-forwarded-prefix"),
        "10.1.0.4:50010",
        &[
            ("x-forwarded-for", b"2001:db8:cafe::17"),
            ("x-forwarded-for", b"198.51.100.9"),
            PROTO,
            ("x-forwarded-host", b"example.com"),
            ("x-forwarded-prefix", b"/shop"),
            ("host", b"app:3000"),
        ],
    );
    assert_text(
        &text,
        r"
client 2001:db8:cafe::17, https, example.com, /shop
  peer                      10.1.0.4:50010     trusted: 10.1.0.0/16 (from Peer)
  x-forwarded-for (2 of 2)  198.51.100.9       a proxy, reported by 10.1.0.4; trusted: 198.51.100.0/24
  x-forwarded-for (1 of 2)  2001:db8:cafe::17  the client, reported by 198.51.100.9
  x-forwarded-proto         https              the scheme
  x-forwarded-host          example.com        the host
  host                      app:3000           not read: another host comes first; rewritten: example.com
  x-forwarded-prefix        /shop              the prefix
  uri                       /                  rewritten: https://example.com/
",
    );
}

#[test]
fn two_proxies_with_trust_alone() {
    let text =
        explain(nginx(), NGINX, &[("x-forwarded-for", b"203.0.113.7, 172.28.0.9"), PROTO, HOST]);
    assert_text(
        &text,
        r#"
client 172.28.0.9, https, example.com
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    172.28.0.9        the client, reported by 172.28.0.2
                     203.0.113.7       not read: left of the client, where every client can write
  x-forwarded-proto  https             the scheme
  host               example.com       the host
help: if 172.28.0.9 is your proxy, too: .trust_chain(["172.28.0.9", "172.28.0.2"])
"#,
    );
}

#[test]
fn a_host_that_is_not_passed_on() {
    let text = explain(nginx(), NGINX, &[FOR, PROTO, ("host", b"app:3000")]);
    assert_text(
        &text,
        r"
client 203.0.113.7, https, app:3000
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    203.0.113.7       the client, reported by 172.28.0.2
  x-forwarded-proto  https             the scheme
  host               app:3000          the host
help: if app:3000 is not the host that clients use, have 172.28.0.2 pass the client's Host on (nginx): proxy_set_header Host $host;
",
    );
}

#[test]
fn a_missing_scheme() {
    let text = explain(nginx(), NGINX, &[FOR, HOST]);
    assert_text(
        &text,
        r#"
client 203.0.113.7, http, example.com
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    203.0.113.7       the client, reported by 172.28.0.2
  x-forwarded-proto  (nothing)         not sent; the scheme is http
  host               example.com       the host
help: have 172.28.0.2 send it (nginx): proxy_set_header X-Forwarded-Proto $scheme;
      if every client uses https: .scheme_from(SchemeSource::always("https"))
"#,
    );
}

#[test]
fn no_connect_info() {
    let text = explain(ForwardedHeaders::builder(), "", &[FOR, HOST]);
    assert_text(
        &text,
        r"
no client: the peer is unknown
  peer             (nothing)    no extension of the request holds the peer
  x-forwarded-for  203.0.113.7  not read, removed
  host             example.com  the host
help: with axum, serve with into_make_service_with_connect_info::<SocketAddr>()
      for another listener: .peer_from(…)
",
    );
}

#[test]
fn no_forwarding_header_at_all() {
    let text = explain(nginx(), NGINX, &[HOST]);
    assert_text(
        &text,
        r"
no client: 172.28.0.2 is trusted and sent no X-Forwarded-For
  peer             172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for  (nothing)         not sent: it would report the client
  host             example.com       the host
help: have 172.28.0.2 send it (nginx): proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      without a proxy, as in local development: .trusted_peer_may_be_client(true)
",
    );
}

#[test]
fn malformed() {
    let text = explain(nginx(), NGINX, &[("x-forwarded-for", b"1.1.1.1, 999.1.1.1"), PROTO, HOST]);
    assert_text(
        &text,
        r"
no client: 172.28.0.2 reported a text that is not a usable address
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    999.1.1.1         not a usable address, reported by 172.28.0.2, removed
                     1.1.1.1           not read: left of the last report, removed
  x-forwarded-proto  https             not read without a client, removed; the scheme is http
  host               example.com       the host
help: have 172.28.0.2 write addresses: 203.0.113.7, 2001:db8::7
",
    );
}

#[test]
fn empty() {
    let text = explain(nginx(), NGINX, &[("x-forwarded-for", b"203.0.113.7,"), HOST]);
    assert_text(
        &text,
        r"
no client: the list ends where one more proxy's report is due
  peer             172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for  (empty)           empty: the report of 172.28.0.2 is missing, removed
                   203.0.113.7       not read: left of the last report, removed
  host             example.com       the host
help: have 172.28.0.2 append to X-Forwarded-For
",
    );
}

#[test]
fn unknown() {
    let text = explain(nginx(), NGINX, &[("x-forwarded-for", b"1.1.1.1, unknown"), PROTO, HOST]);
    assert_text(
        &text,
        r"
no client: 172.28.0.2 does not know its client
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    unknown           no client: unknown to 172.28.0.2, removed
                     1.1.1.1           not read: left of the last report, removed
  x-forwarded-proto  https             the scheme, removed without an address
  host               example.com       the host
help: if 172.28.0.2 can report addresses, have it write the client's into X-Forwarded-For
",
    );
}

#[test]
fn an_obfuscated_identifier() {
    let text = explain(
        forwarded(),
        NGINX,
        &[("forwarded", b"for=_hidden;proto=https;host=example.com"), HOST],
    );
    assert_text(
        &text,
        r"
no client: 172.28.0.2 hides its client behind an identifier
  peer             172.28.0.2:41822                          trusted: 172.28.0.2 (from Peer)
  forwarded        for=_hidden;proto=https;host=example.com  an identifier, reported by 172.28.0.2: no address, removed
  forwarded proto  https                                     the scheme
  forwarded host   example.com                               the host
  host             example.com                               not read: another host comes first
  uri              /                                         rewritten: https://example.com/
help: if 172.28.0.2 can report addresses, have it write the client's into Forwarded
",
    );
}

#[test]
fn a_forwarded_element() {
    let text = explain(
        forwarded(),
        NGINX,
        &[
            (
                "forwarded",
                b"for=1.1.1.1, for=\"203.0.113.7:4711\";proto=https;host=\"example.com:443\"",
            ),
            HOST,
        ],
    );
    assert_text(
        &text,
        r#"
client 203.0.113.7, https, example.com:443
  peer             172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  forwarded        for="203.0.113.7:4711";proto=https;host="example.com:443"  the client, reported by 172.28.0.2; rewritten: for=203.0.113.7;proto=https;host="example.com:443"
                   for=1.1.1.1       not read: left of the client, where every client can write; if 203.0.113.7 is your proxy, see trust_chain
  forwarded proto  https             the scheme
  forwarded host   example.com:443   the host
  host             example.com       not read: another host comes first; rewritten: example.com:443
  uri              /                 rewritten: https://example.com:443/
"#,
    );
}

#[test]
fn a_malformed_element() {
    let text = explain(
        forwarded(),
        NGINX,
        &[("forwarded", b"for=1.1.1.1, for=203.0.113.7;proto=\"https"), HOST],
    );
    assert_text(
        &text,
        r#"
no client: 172.28.0.2 reported a text that is not a usable address
  peer       172.28.0.2:41822                           trusted: 172.28.0.2 (from Peer)
  forwarded  for=1.1.1.1, for=203.0.113.7;proto="https  not a usable address, reported by 172.28.0.2, removed
  host       example.com                                the host
help: have 172.28.0.2 write valid elements: for=203.0.113.7, for="[2001:db8::7]"
"#,
    );
}

#[test]
fn an_element_with_a_bad_scheme_and_no_host() {
    let text = explain(forwarded(), NGINX, &[("forwarded", b"for=203.0.113.7;proto=ftp"), HOST]);
    assert_text(
        &text,
        r"
client 203.0.113.7, http, example.com
  peer             172.28.0.2:41822           trusted: 172.28.0.2 (from Peer)
  forwarded        for=203.0.113.7;proto=ftp  the client, reported by 172.28.0.2; rewritten: for=203.0.113.7
  forwarded proto  ftp                        not valid; the scheme is http
  forwarded host   (nothing)                  not sent
  host             example.com                the host
help: have 172.28.0.2 write proto=http or proto=https
",
    );
}

#[test]
fn extra_entries() {
    let text =
        explain(replaces(), NGINX, &[("x-forwarded-for", b"6.6.6.6, 203.0.113.7"), PROTO, HOST]);
    assert_text(
        &text,
        r"
no client: X-Forwarded-For holds more than trusted proxies write
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    203.0.113.7       reported by 172.28.0.2, and not used: the header holds extra entries, removed
                     6.6.6.6           extra: no trusted proxy writes it, removed
  x-forwarded-proto  https             not read without a client, removed; the scheme is http
  host               example.com       the host
help: have your outermost proxy replace X-Forwarded-For
      if it appends to the header of a proxy in front of it: .proxies_write(Writing::Append) and .trust_chain([…])
",
    );
}

#[test]
fn ports_and_look_alikes() {
    let text = explain(
        nginx(),
        NGINX,
        &[
            ("x-forwarded-for", b"203.0.113.7:4711"),
            ("x_forwarded_for", b"6.6.6.6"),
            ("x.real.ip", b"6.6.6.6"),
            PROTO,
            HOST,
        ],
    );
    assert_text(
        &text,
        r"
client 203.0.113.7, https, example.com
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    203.0.113.7:4711  the client, reported by 172.28.0.2; rewritten: 203.0.113.7
  x-forwarded-proto  https             the scheme
  host               example.com       the host
  x_forwarded_for    6.6.6.6           not read, removed
  x.real.ip          6.6.6.6           not read, removed
",
    );
}

#[test]
fn two_lines_of_host() {
    let text = explain(nginx(), NGINX, &[FOR, PROTO, HOST, ("host", b"evil.example")]);
    assert_text(
        &text,
        r"
client 203.0.113.7, https, no host
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    203.0.113.7       the client, reported by 172.28.0.2
  x-forwarded-proto  https             the scheme
  host (1 of 2)      example.com       not used: it has more lines than a trusted proxy writes, removed: no host
  host (2 of 2)      evil.example      not used: it has more lines than a trusted proxy writes, removed: no host
help: have the proxy send one line of Host
",
    );
}

#[test]
fn a_zone() {
    let text = explain(
        ForwardedHeaders::builder().trust_chain(["fe80::/10", "172.28.0.2"]),
        NGINX,
        &[("x-forwarded-for", b"1.1.1.1, fe80::1%eth0"), PROTO, HOST],
    );
    assert_text(
        &text,
        r"
no client: 172.28.0.2 reported a text that is not a usable address
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    fe80::1%eth0      not usable: the zone names a link of 172.28.0.2, removed
                     1.1.1.1           not read: left of the last report, removed
  x-forwarded-proto  https             not read without a client, removed; the scheme is http
  host               example.com       the host
help: have 172.28.0.2 write addresses: 203.0.113.7, 2001:db8::7
",
    );
}

#[test]
fn a_unix_socket_behind_a_unix_socket() {
    let text = explain(
        ForwardedHeaders::builder().trust_chain(["unix", "unix"]),
        "unix",
        &[("x-forwarded-for", b"203.0.113.7, unix:"), PROTO, HOST],
    );
    assert_text(
        &text,
        r"
client 203.0.113.7, https, example.com
  peer               a Unix socket  trusted: unix (from Peer)
  x-forwarded-for    unix:          a proxy, reported by the Unix socket; trusted: unix
                     203.0.113.7    the client, reported by unix:
  x-forwarded-proto  https          the scheme
  host               example.com    the host
",
    );
}

#[test]
fn the_second_entry_from_the_right() {
    let text = explain(
        ForwardedHeaders::behind("google-alb").trust("35.191.0.0/16"),
        "35.191.0.1:50000",
        &[("x-forwarded-for", b"1.1.1.1, 203.0.113.7, 34.1.1.1"), HOST],
    );
    assert_text(
        &text,
        r"
client 203.0.113.7, http, example.com
  peer             35.191.0.1:50000  trusted: 35.191.0.0/16 (from Peer)
  x-forwarded-for  34.1.1.1          not looked at: right of the nearest proxy's report
                   203.0.113.7       the client, reported by 35.191.0.1
                   1.1.1.1           not read: left of the client, where every client can write; if 203.0.113.7 is your proxy, see trust_chain
  host             example.com       the host
",
    );
}

#[test]
fn a_header_with_one_address() {
    let text = explain(
        ForwardedHeaders::behind("cloudflare").trust("173.245.48.0/20"),
        "173.245.48.9:443",
        &[("cf-connecting-ip", b"203.0.113.7"), ("x-forwarded-for", b"203.0.113.7"), PROTO, HOST],
    );
    assert_text(
        &text,
        r"
client 203.0.113.7, https, example.com
  peer               173.245.48.9:443  trusted: 173.245.48.0/20 (from Peer)
  cf-connecting-ip   203.0.113.7       the client, reported by 173.245.48.9
  x-forwarded-proto  https             the scheme
  host               example.com       the host
  x-forwarded-for    203.0.113.7       not read, removed
",
    );
}

#[test]
fn two_addresses_where_one_is_read() {
    let text = explain(
        ForwardedHeaders::behind("cloudflare").trust("173.245.48.0/20"),
        "173.245.48.9:443",
        &[("cf-connecting-ip", b"203.0.113.7, 1.1.1.1"), PROTO, HOST],
    );
    assert_text(
        &text,
        r"
no client: 173.245.48.9 reported a text that is not a usable address
  peer               173.245.48.9:443      trusted: 173.245.48.0/20 (from Peer)
  cf-connecting-ip   203.0.113.7, 1.1.1.1  not a usable address, reported by 173.245.48.9, removed
  x-forwarded-proto  https                 not read without a client, removed; the scheme is http
  host               example.com           the host
help: have 173.245.48.9 write one line with one address: 203.0.113.7
",
    );
}

#[test]
fn copies_that_differ_and_values_that_are_not_valid() {
    let text = explain(
        hosts().port_from("x-forwarded-port").prefix_from("x-forwarded-prefix"),
        NGINX,
        &[
            FOR,
            PROTO,
            ("x-forwarded-host", b"example.com, a.example"),
            ("x-forwarded-port", b"x"),
            ("x-forwarded-prefix", b"/a//b"),
            HOST,
        ],
    );
    assert_text(
        &text,
        r"
client 203.0.113.7, https, example.com
  peer                172.28.0.2:41822        trusted: 172.28.0.2 (from Peer)
  x-forwarded-for     203.0.113.7             the client, reported by 172.28.0.2
  x-forwarded-proto   https                   the scheme
  x-forwarded-host    example.com, a.example  not used: its copies differ, removed
  host                example.com             the host
  x-forwarded-port    x                       not valid, removed
  x-forwarded-prefix  /a//b                   not valid, removed
  uri                 /                       rewritten: https://example.com/
help: have your proxies replace X-Forwarded-Host
",
    );
}

#[test]
fn the_order_of_a_chain() {
    let text = explain(
        ForwardedHeaders::builder().trust_chain(["10.1.0.4", "198.51.100.0/24"]),
        "10.1.0.4:50010",
        &[("x-forwarded-for", b"203.0.113.7, 198.51.100.9"), HOST],
    );
    assert_text(
        &text,
        r"
client 10.1.0.4, http, example.com
  peer             10.1.0.4:50010             not trusted, so it is the client
  x-forwarded-for  203.0.113.7, 198.51.100.9  not read, removed
  host             example.com                the host
help: if 10.1.0.4 is the nearest proxy, write it last: trust_chain starts with the outermost proxy
",
    );
}

#[test]
fn a_peer_that_may_be_the_client() {
    let text = explain(
        ForwardedHeaders::builder().trusted_peer_may_be_client(true),
        "127.0.0.1:50010",
        &[("host", b"localhost:3000")],
    );
    assert_text(
        &text,
        r"
client 127.0.0.1, http, localhost:3000
  peer               127.0.0.1:50010  trusted: loopback; the client, since it sent no forwarding header
  x-forwarded-for    (nothing)        not sent: it would report the client
  x-forwarded-proto  (nothing)        not sent; the scheme is http
  host               localhost:3000   the host
",
    );
}

#[test]
fn a_stated_scheme() {
    let text = explain(
        ForwardedHeaders::builder().scheme_from(SchemeSource::always("https")),
        "127.0.0.1:50010",
        &[FOR, PROTO, HOST],
    );
    assert_text(
        &text,
        r"
client 203.0.113.7, https, example.com
  peer               127.0.0.1:50010  trusted: loopback (from Peer)
  x-forwarded-for    203.0.113.7      the client, reported by 127.0.0.1
  host               example.com      the host
  x-forwarded-proto  https            not read, removed
",
    );
}

#[test]
fn items_as_the_operator_wrote_them() {
    let text = explain(
        ForwardedHeaders::builder().trust("loopback, 192.168.1.0/24, 192.168.0.0/16, private"),
        "192.168.7.1:50010",
        &[FOR, PROTO, HOST],
    );
    assert_text(
        &text,
        r"
client 203.0.113.7, https, example.com
  peer               192.168.7.1:50010  trusted: 192.168.0.0/16 (from Peer)
  x-forwarded-for    203.0.113.7        the client, reported by 192.168.7.1
  x-forwarded-proto  https              the scheme
  host               example.com        the host
",
    );
}

#[test]
fn a_kept_header() {
    let text = explain(
        ForwardedHeaders::builder().insecure_keep_header("x-real-ip"),
        "127.0.0.1:50010",
        &[FOR, PROTO, HOST, ("x-real-ip", b"6.6.6.6")],
    );
    assert_text(
        &text,
        r"
client 203.0.113.7, https, example.com
  peer               127.0.0.1:50010  trusted: loopback (from Peer)
  x-forwarded-for    203.0.113.7      the client, reported by 127.0.0.1
  x-forwarded-proto  https            the scheme
  host               example.com      the host
  x-real-ip          6.6.6.6          not read, kept by insecure_keep_header
",
    );
}

#[test]
fn values_at_the_client_s_place() {
    let text = explain(
        hosts().proxies_write(Writing::AppendToEach),
        NGINX,
        &[FOR, ("x-forwarded-proto", b"http, https"), ("x-forwarded-host", b"example.com"), HOST],
    );
    assert_text(
        &text,
        r"
client 203.0.113.7, https, example.com
  peer               172.28.0.2:41822  trusted: 172.28.0.2 (from Peer)
  x-forwarded-for    203.0.113.7       the client, reported by 172.28.0.2
  x-forwarded-proto  http, https       the scheme; rewritten: https
  x-forwarded-host   example.com       the host
  host               example.com       not read: another host comes first
  uri                /                 rewritten: https://example.com/
",
    );
}

#[test]
fn a_request_that_is_decided_already() {
    let mut request = request("127.0.0.1", "/", &[FOR]);
    let layer = ForwardedHeaders::new();
    layer.apply(&mut request);
    let (parts, ()) = request.into_parts();
    let explanation = layer.explain(&parts);
    assert_eq!(Some(explanation.info()), parts.extensions.get());
    assert_text(
        &explanation.to_string(),
        r"
an outer layer has decided the request
help: explain the request as it came: call explain outside of the layer, or add explaining()
",
    );
}

/// A kept list stays as it came, so the explanation must not say that it was rewritten.
#[test]
fn a_kept_list_is_not_rewritten() {
    let settings = nginx().insecure_keep_header("x-forwarded-for");
    let text =
        explain(settings, NGINX, &[("x-forwarded-for", b"6.6.6.6, 203.0.113.7"), PROTO, HOST]);
    assert!(!text.contains("rewritten: 6.6.6.6"), "{text}");
}
