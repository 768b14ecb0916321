//! The operator's settings in place of the author's.

use forwarded_headers::{
    AllowedHosts, Builder, ClientSource, Config, ForwardedHeaders, Outcome, Proxy, SchemeSource,
    TrustedProxies, UriRewrite, Writing,
};

use super::{Temporary, builder, built, config};
use crate::support::resolve;

/// An author's app with every setting about itself.
fn app(builder: Builder) -> Builder {
    builder
        .allowed_hosts("app.example")
        .trusted_peer_may_be_client(true)
        .rewrite_uri(UriRewrite::Correct)
        .rewrite_connect_info(false)
        .insecure_keep_header("x-client-ip")
        .peer_from(|_| None)
}

/// An author's app that also states what its proxies are.
fn author() -> Builder {
    app(builder())
        .trust_chain(["10.0.1.0/24", "10.0.0.2"])
        .client_from(ClientSource::list("x-our-for").nth_from_right(2))
        .scheme_from("x-our-proto")
        .host_from("x-our-host")
        .port_from("x-our-port")
        .prefix_from("x-our-prefix")
        .proxies_write(Writing::Replace)
}

/// Variables, the author's settings, and the settings that are the same.
type Row = (&'static [(&'static str, &'static str)], Builder, Builder);

#[test]
fn each_setting_replaces_one_setting() {
    #[rustfmt::skip]
    let rows: Vec<Row> = vec![
        (&[], author(), author()),
        (&[("TRUST", "10.0.0.9")], builder().trust("10.0.0.2"), builder().trust("10.0.0.9")),
        (&[("TRUST", "10.0.0.9")], builder().trust_chain(["10.0.1.0/24", "10.0.0.2"]), builder().trust("10.0.0.9")),
        (&[("TRUST", "none")], builder().trust("10.0.0.2"), builder().trust("none")),
        (&[("TRUST_CHAIN", "10.0.1.0/24 | 10.0.0.9")], builder().trust("10.0.0.2"), builder().trust_chain(["10.0.1.0/24", "10.0.0.9"])),
        (&[("TRUST_CHAIN", "10.0.1.0/24 | 10.0.0.9")], builder().trust_chain(["10.0.0.2"; 3]), builder().trust_chain(["10.0.1.0/24", "10.0.0.9"])),
        (&[("TRUST", "10.0.0.9")], ForwardedHeaders::behind("aws-alb"), ForwardedHeaders::behind("aws-alb").trust("10.0.0.9")),
        (&[("TRUST", "10.0.0.9")], builder().trust(TrustedProxies::insecure_any()), builder().trust("10.0.0.9")),
        (&[("ALLOWED_HOSTS", "b.example")], author(), author().allowed_hosts("b.example")),
        (&[("ALLOWED_HOSTS", "b.example")], builder().allowed_hosts(AllowedHosts::any()), builder().allowed_hosts("b.example")),
        (&[("CLIENT_FROM", "x-real-ip")], builder(), builder().client_from("x-real-ip")),
        (&[("CLIENT_FROM", "none")], builder().client_from("x-real-ip"), builder().client_from(ClientSource::none())),
        (&[("SCHEME_FROM", "x-scheme")], author(), author().scheme_from("x-scheme")),
        (&[("SCHEME_FROM", "none")], author(), author().scheme_from(SchemeSource::none())),
        (&[("SCHEME", "https")], author(), author().scheme_from(SchemeSource::always("https"))),
        (&[("SCHEME", "https")], builder().direct_scheme("https"), builder().scheme_from(SchemeSource::always("https"))),
        (&[("SCHEME_FROM", "x-scheme")], builder().direct_scheme("https"), builder().direct_scheme("https").scheme_from("x-scheme")),
        (&[("SCHEME_FROM", "x-scheme")], builder().scheme_from(SchemeSource::always("https")), builder().scheme_from("x-scheme")),
        (&[("HOST_FROM", "x-host")], author(), author().host_from("x-host")),
        (&[("PORT_FROM", "x-port")], author(), author().port_from("x-port")),
        (&[("PREFIX_FROM", "x-script-name")], author(), author().prefix_from("x-script-name")),
        (&[("PROXIES_WRITE", "append")], author(), author().proxies_write(Writing::Append)),
        // All about proxies is replaced, and what the app is stays.
        (&[("PROXY", "haproxy")], author(), app(ForwardedHeaders::behind(Proxy::HaProxy))),
        (&[("PROXY", "haproxy")], ForwardedHeaders::behind("traefik").trust("10.0.0.2").prefix_from("x-forwarded-prefix"), ForwardedHeaders::behind("haproxy")),
        (&[("PROXY", "haproxy")], builder().trust("10.0.0.2").direct_scheme("https"), ForwardedHeaders::behind("haproxy").direct_scheme("https")),
        (&[("PROXY", "haproxy")], builder().scheme_from(SchemeSource::always("https")), ForwardedHeaders::behind("haproxy")),
        (&[("PROXY", "traefik"), ("TRUST", "10.0.0.9"), ("PREFIX_FROM", "x-forwarded-prefix")], author(), app(ForwardedHeaders::behind("traefik")).trust("10.0.0.9").prefix_from("x-forwarded-prefix")),
        (&[("PROXY", "nghttpx"), ("SCHEME", "https")], builder().direct_scheme("http"), ForwardedHeaders::behind("nghttpx").scheme_from(SchemeSource::always("https"))),
    ];
    for (variables, author, same) in rows {
        let configured = author.configure(config(variables).unwrap());
        assert_eq!(built(configured), built(same), "{variables:?}");
    }
}

#[test]
fn a_later_configuration_replaces_settings_of_an_earlier_one() {
    let file: Config =
        toml::from_str("proxy = \"nginx\"\ntrust = \"10.0.0.2\"\nscheme_from = \"none\"").unwrap();
    let both = builder().configure(file.clone()).configure(config(&[("TRUST", "::1")]).unwrap());
    let same = ForwardedHeaders::behind("nginx").trust("::1").scheme_from(SchemeSource::none());
    assert_eq!(built(both), built(same));
    let proxy = config(&[("PROXY", "haproxy")]).unwrap();
    let replaced = builder().configure(file).configure(proxy);
    assert_eq!(built(replaced), built(ForwardedHeaders::behind("haproxy")));
}

#[test]
fn a_setter_after_configure_is_refused() {
    type Setter = (&'static str, fn(Builder) -> Builder);
    let setters: [Setter; 16] = [
        ("trust", |b| b.trust("10.0.0.2")),
        ("trust_chain", |b| b.trust_chain(["10.0.0.2"])),
        ("client_from", |b| b.client_from("x-real-ip")),
        ("scheme_from", |b| b.scheme_from("x-scheme")),
        ("host_from", |b| b.host_from("x-host")),
        ("port_from", |b| b.port_from("x-port")),
        ("prefix_from", |b| b.prefix_from("x-prefix")),
        ("proxies_write", |b| b.proxies_write("append")),
        ("allowed_hosts", |b| b.allowed_hosts("example.com")),
        ("direct_scheme", |b| b.direct_scheme("https")),
        ("trusted_peer_may_be_client", |b| b.trusted_peer_may_be_client(true)),
        ("peer_from", |b| b.peer_from(|_| None)),
        ("rewrite_uri", |b| b.rewrite_uri(UriRewrite::Leave)),
        ("rewrite_connect_info", |b| b.rewrite_connect_info(false)),
        ("insecure_keep_header", |b| b.insecure_keep_header("x-real-ip")),
        // A wrong value does not hide it.
        ("trust", |b| b.trust("wrong")),
    ];
    for (name, set) in setters {
        let error = set(builder().configure(Config::default())).build().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "{name}: the setter follows configure, and would undo what the operator configured; \
                 call configure last"
            )
        );
    }
}

/// The fields are public: code may set what no text can.
#[test]
fn a_field_is_checked_as_the_setter_does() {
    type Change = fn(&mut Config);
    let rows: [(Change, &str); 8] = [
        (
            |c| {
                c.trust = Some(TrustedProxies::loopback());
                c.trust_chain = Some(vec![TrustedProxies::loopback(); 2]);
            },
            "configure: trust beside trust_chain: ",
        ),
        (|c| c.trust_chain = Some(vec![]), "configure: the chain has no set; "),
        (
            |c| c.trust_chain = Some(vec![TrustedProxies::insecure_any(); 2]),
            "configure: insecure_any counts every client as a proxy",
        ),
        (
            |c| {
                c.trust = Some(
                    "0.0.0.0/1"
                        .parse::<TrustedProxies>()
                        .unwrap()
                        .union("128.0.0.0/1".parse().unwrap()),
                );
            },
            "configure: invalid trusted proxy \"0.0.0.0/0\": ",
        ),
        (
            |c| c.allowed_hosts = Some(std::iter::empty::<AllowedHosts>().collect()),
            "configure: invalid allowed host \"\": the list has no host; ",
        ),
        (
            |c| c.client_from = Some(ClientSource::list("x-forwarded-proto")),
            "configure: \"x-forwarded-proto\" holds a scheme; ",
        ),
        (
            |c| c.scheme_from = Some(SchemeSource::always("ftp")),
            "configure: invalid scheme \"ftp\": ",
        ),
        (
            |c| c.host_from = Some(http::header::HOST),
            "configure: \"host\" is read without this call; ",
        ),
    ];
    for (change, start) in rows {
        let mut config = Config::default();
        change(&mut config);
        let error = builder().configure(config).build().unwrap_err().to_string();
        assert!(error.starts_with(start), "{error:?} does not start with {start:?}");
    }
    let mut any = Config::default();
    any.trust = Some(TrustedProxies::insecure_any());
    any.allowed_hosts = Some(AllowedHosts::any());
    assert!(builder().configure(any).build().is_ok());
}

/// Only settings of the operator's are named as variables.
#[test]
fn an_error_of_the_author_has_no_variables() {
    let wrong = || builder().host_from("x-forwarded-host");
    let plain = wrong().build().unwrap_err().to_string();
    let with_code = wrong().configure(Config::default()).build().unwrap_err().to_string();
    assert_eq!(with_code, plain);
    let with_variables = wrong().configure(config(&[]).unwrap()).build().unwrap_err().to_string();
    assert_eq!(
        with_variables,
        format!(
            "{plain} (allowed_hosts is FORWARDED_HEADERS_ALLOWED_HOSTS, host_from is \
             FORWARDED_HEADERS_HOST_FROM)"
        )
    );
}

const HEADER: &str = "x-origin-verify";
const SECRET: &str = "2f9c7a51e0d84b36";

/// Returns the set, which needs the secret.
fn proven(set: &str, secret: &str) -> TrustedProxies {
    set.parse::<TrustedProxies>().unwrap().with_secret(HEADER, secret).unwrap()
}

/// Returns whether a request with this secret has a client, over the peer and the list.
fn is_forwarded(layer: &ForwardedHeaders, peer: &str, list: &str, secret: &str) -> bool {
    let lines = [("x-forwarded-for", list.as_bytes()), (HEADER, secret.as_bytes())];
    resolve(layer, peer, &lines).outcome() == Outcome::Forwarded
}

#[test]
fn the_secret_is_that_of_the_outermost_set() {
    let file = Temporary::new("secret", format!("\u{feff}{SECRET}\r\n").as_bytes());
    let by_value = [("SECRET_HEADER", HEADER), ("SECRET", SECRET)];
    let by_file = [("SECRET_HEADER", HEADER), ("SECRET_FILE", file.path())];
    for secret in [by_value, by_file] {
        let with = |variables: &[(&'static str, &'static str)]| [variables, &secret].concat();
        let one = config(&with(&[("TRUST", "10.0.0.2")])).unwrap();
        let chain = config(&with(&[("TRUST_CHAIN", "10.0.1.0/24 | 10.0.0.2")])).unwrap();
        let alone = config(&secret).unwrap();
        let author = |sets: [&str; 2]| builder().trust_chain(sets);
        let layers = [
            (builder().configure(one), "203.0.113.7"),
            (builder().configure(chain), "203.0.113.7, 10.0.1.9"),
            (builder().trust("10.0.0.2").configure(alone.clone()), "203.0.113.7"),
            (author(["10.0.1.0/24", "10.0.0.2"]).configure(alone), "203.0.113.7, 10.0.1.9"),
        ];
        for (builder, list) in layers {
            let layer = builder.build().unwrap();
            assert!(is_forwarded(&layer, "10.0.0.2", list, SECRET), "{layer:?}");
            assert!(!is_forwarded(&layer, "10.0.0.2", list, "another"), "{layer:?}");
        }
    }
}

#[test]
fn the_operator_keeps_the_secret_of_the_author() {
    let author = || builder().trust(proven("10.0.0.2", SECRET));
    let refused =
        "configure: the app trusts its proxies only with a secret; write the secret as well";
    let chain = [("TRUST_CHAIN", "10.0.1.0/24 | 10.0.0.2")];
    for variables in [&[("TRUST", "10.0.0.9")], &[("PROXY", "nginx")], &chain] {
        let error = author().configure(config(variables).unwrap()).build().unwrap_err();
        assert!(error.to_string().starts_with(refused), "{error}");
    }
    let other = [("SECRET_HEADER", HEADER), ("SECRET", "b81d06e5c3f2974a")];
    let error = author().configure(config(&other).unwrap()).build().unwrap_err().to_string();
    let refused = "configure: the app's own trust has a secret already; write the addresses";
    assert!(error.starts_with(refused), "{error}");
    let replaced = [&other[..], &[("TRUST", "10.0.0.9")]].concat();
    let layer = author().configure(config(&replaced).unwrap()).build().unwrap();
    assert!(is_forwarded(&layer, "10.0.0.9", "203.0.113.7", "b81d06e5c3f2974a"));
    assert!(!is_forwarded(&layer, "10.0.0.9", "203.0.113.7", SECRET));
    // What the operator leaves alone keeps its secret.
    let hosts = config(&[("ALLOWED_HOSTS", "example.com")]).unwrap();
    let layer = author().configure(hosts).build().unwrap();
    assert!(is_forwarded(&layer, "10.0.0.2", "203.0.113.7", SECRET));
    assert!(!is_forwarded(&layer, "10.0.0.2", "203.0.113.7", ""));
    // A file may have the secret, and the environment the addresses, or the other way round.
    let mut file = Config::default();
    file.trust = Some(proven("10.0.0.2", SECRET));
    let layer = builder().configure(file.clone()).configure(Config::default()).build().unwrap();
    assert!(is_forwarded(&layer, "10.0.0.2", "203.0.113.7", SECRET));
    let without = builder().configure(file).configure(config(&[("TRUST", "10.0.0.9")]).unwrap());
    assert!(without.build().is_err());
}

#[test]
fn a_proxy_of_the_operator_keeps_the_identity_headers() {
    let app = || builder().only_from_proxy("remote-user");
    let config = config(&[("PROXY", "nginx"), ("TRUST", "10.0.0.2")]).unwrap();
    let same = ForwardedHeaders::behind("nginx").trust("10.0.0.2").only_from_proxy("remote-user");
    assert_eq!(built(app().configure(config)), built(same));
}

#[test]
fn the_path_of_a_secret_is_not_shown() {
    let mut config = Config::default();
    config.secret_file = Some("hunter2-hunter2-hunter2".into());
    assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
    let error = builder().trust("10.0.0.2").configure(config).build().unwrap_err().to_string();
    assert!(!error.contains("hunter2"), "{error}");
}
