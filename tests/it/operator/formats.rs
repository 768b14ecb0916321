//! The settings in files: TOML, YAML, JSON, and what figment joins.

use std::fmt::Debug;
use std::path::PathBuf;
use std::process::Command;

use figment::Figment;
use figment::providers::{Env, Format, Toml};
use forwarded_headers::{
    AllowedHosts, ClientSource, Config, ForwardedHeaders, Proxy, SchemeSource, TrustedProxies,
    Writing,
};
use proptest::option;
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Temporary, builder, built};

static EXAMPLE: &str = include_str!("../../../examples/config/app.toml");

/// A value under a key, which every format has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct File<T> {
    forwarded_headers: T,
}

/// Writes the value and reads it back, in each format.
fn round_trips<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
    let file = File { forwarded_headers: value };
    let toml = toml::to_string(&file).unwrap();
    assert_eq!(toml::from_str::<File<T>>(&toml).unwrap(), file, "{toml}");
    let yaml = serde_saphyr::to_string(&file).unwrap();
    assert_eq!(serde_saphyr::from_str::<File<T>>(&yaml).unwrap(), file, "{yaml}");
    let json = serde_json::to_string_pretty(&file).unwrap();
    assert_eq!(serde_json::from_str::<File<T>>(&json).unwrap(), file, "{json}");
    let value = serde_json::to_value(&file).unwrap();
    assert_eq!(serde_json::from_value::<File<T>>(value).unwrap(), file, "{json}");
    let figment = Figment::from(Toml::string(&toml));
    assert_eq!(figment.extract::<File<T>>().unwrap(), file, "{toml}");
}

fn example(text: &str) -> Config {
    toml::from_str::<File<Config>>(text).unwrap().forwarded_headers
}

#[test]
fn the_example_builds_and_round_trips() {
    let config = example(EXAMPLE);
    let same = ForwardedHeaders::behind(Proxy::Nginx)
        .trust_chain(["173.245.48.0/20, 103.21.244.0/22, 2400:cb00::/32", "172.28.0.2"])
        .allowed_hosts("example.com, *.example.com")
        .scheme_from(SchemeSource::always("https"))
        .host_from("x-forwarded-host");
    assert_eq!(built(builder().configure(config.clone())), built(same));
    round_trips(config);
}

/// Each line of the example that is commented out is right, in place of its key.
#[test]
fn the_lines_that_the_example_comments_out_are_right() {
    let lines = EXAMPLE.lines().filter_map(|line| line.strip_prefix("# "));
    let lines: Vec<_> = lines.filter(|line| line.contains(" = ")).collect();
    assert_eq!(lines.len(), 10, "{lines:#?}");
    for line in lines {
        let config = example(&format!("[forwarded_headers]\n{line}"));
        assert_ne!(config, Config::default(), "{line}");
        round_trips(config);
    }
}

#[test]
fn every_key_has_each_form() {
    let set: TrustedProxies = "10.0.0.2, 10.1.0.0/16".parse().unwrap();
    let hosts: AllowedHosts = "example.com, *.example.com".parse().unwrap();
    for text in [
        "trust = '10.0.0.2, 10.1.0.0/16'",
        "trust = ['10.0.0.2', '10.1.0.0/16']",
        "trust = ['10.0.0.2, 10.1.0.0/16']",
        "trust = '''\n10.0.0.2 # nginx\n10.1.0.0/16\n'''",
    ] {
        assert_eq!(toml::from_str::<Config>(text).unwrap().trust, Some(set.clone()), "{text}");
    }
    for text in [
        "trust_chain = '10.0.0.2, 10.1.0.0/16 | ::1'",
        "trust_chain = ['10.0.0.2, 10.1.0.0/16', '::1']",
        "trust_chain = [['10.0.0.2', '10.1.0.0/16'], ['::1']]",
    ] {
        let chain = Some(vec![set.clone(), "::1".parse().unwrap()]);
        assert_eq!(toml::from_str::<Config>(text).unwrap().trust_chain, chain, "{text}");
    }
    // The keys say what it is: one set is a chain of one.
    let one = toml::from_str::<Config>("trust_chain = ['10.0.0.2']").unwrap();
    assert_eq!(one.trust_chain.unwrap().len(), 1);
    for text in ["'example.com, *.example.com'", "['example.com', '*.example.com']"] {
        let config = toml::from_str::<Config>(&format!("allowed_hosts = {text}")).unwrap();
        assert_eq!(config.allowed_hosts, Some(hosts.clone()), "{text}");
    }
}

#[test]
fn yaml_and_json_are_read() {
    let yaml = "
forwarded_headers:
  proxy: nginx
  trust_chain:
    - [173.245.48.0/20, 2400:cb00::/32, ::1]
    - 172.28.0.2
  allowed_hosts: [example.com, '*.example.com']
  scheme_from: { always: https }
";
    let json = r#"{"forwarded_headers": {"proxy": "nginx",
        "trust_chain": [["173.245.48.0/20", "2400:cb00::/32", "::1"], "172.28.0.2"],
        "allowed_hosts": ["example.com", "*.example.com"], "scheme_from": {"always": "https"}}}"#;
    let yaml: File<Config> = serde_saphyr::from_str(yaml).unwrap();
    let json: File<Config> = serde_json::from_str(json).unwrap();
    assert_eq!(yaml, json);
    assert_eq!(yaml.forwarded_headers.trust_chain.unwrap().len(), 2);
}

/// A template that has no value leaves a key without one.
#[test]
fn a_key_without_a_value_is_refused() {
    let empty = "trust: the value is empty; remove the key to keep the app's own setting, or write a set \
                 such as \"172.28.0.2\", or a list of sets";
    let error = serde_json::from_str::<Config>("{\"trust\": null}").unwrap_err().to_string();
    assert_eq!(error, format!("{empty} at line 1 column 14"));
    for yaml in ["trust:\n", "trust: ~\n", "trust: ''\n"] {
        let error = serde_saphyr::from_str::<Config>(yaml).unwrap_err().to_string();
        assert!(error.contains(empty), "{error}");
    }
}

/// A program finds the place of an error by line, by path or by key.
#[test]
fn an_error_has_its_place() {
    let wrong =
        "proxy = \"nginx\"\nallowed_hosts = [\n  \"example.com\",\n  \"https://a.example\",\n]\n";
    let error = toml::from_str::<Config>(wrong).unwrap_err().to_string();
    assert!(error.starts_with("TOML parse error at line 4, column 3\n"), "{error}");
    let unknown = "proxy = \"nginx\"\ntrsut = \"10.0.0.2\"\n";
    let error = toml::from_str::<Config>(unknown).unwrap_err().to_string();
    assert!(error.starts_with("TOML parse error at line 2, column 1\n"), "{error}");

    let json = "{\"proxy\": \"nginx\",\n \"trust\": \"10.0.0.1/8\"}";
    let error = serde_json::from_str::<Config>(json).unwrap_err().to_string();
    assert!(error.starts_with("trust: invalid trusted proxy \"10.0.0.1/8\": "), "{error}");
    assert!(error.ends_with(" at line 2 column 22"), "{error}");

    let twice = "{\"trust\": \"10.0.0.2\", \"trust\": \"10.0.0.3\"}";
    let error = serde_json::from_str::<Config>(twice).unwrap_err().to_string();
    assert!(error.starts_with("trust: the key is there twice; write it once"), "{error}");

    let file = "[forwarded_headers]\nport_from = 8080";
    let error = Figment::from(Toml::string(file)).extract::<File<Config>>().unwrap_err();
    let key = error.path.join(".");
    assert!(key.starts_with("forwarded_headers"), "{key}: {error}");
    assert!(error.to_string().contains("port_from: a number in place of "), "{error}");
}

/// TOML prints the line of an error. It must not be the line of a secret.
#[test]
fn a_key_that_may_be_a_secret_is_refused_without_its_value() {
    for key in ["secret", "secrets", "secret_value", "SECRET", "x_secret_"] {
        let text = format!("{key} = \"hunter2-hunter2\"\nproxy = \"nginx\"");
        let config = toml::from_str::<Config>(&text).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
        let error = builder().configure(config).build().unwrap_err().to_string();
        let start = format!("configure: {key}: no key has this name; write the secret to a file ");
        assert!(error.starts_with(&start), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        // An error behind it is that of its own line.
        let error = toml::from_str::<Config>(&format!("{text}\ntrust = 5")).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

/// figment reads `APP_FORWARDED_HEADERS__TRUST`, and joins it with a file. The variables are those of a
/// second process, which runs this test alone.
#[test]
fn figment_joins_a_file_and_the_environment() {
    let variables = [
        ("APP_FORWARDED_HEADERS__TRUST_CHAIN", "10.1.0.0/16 | 172.28.0.9"),
        ("APP_FORWARDED_HEADERS__ALLOWED_HOSTS", "[\"a.example\", \"b.example\"]"),
        ("APP_FORWARDED_HEADERS__HOST_FROM", "x-host"),
    ];
    if std::env::var_os(variables[0].0).is_none() {
        let this = "operator::formats::figment_joins_a_file_and_the_environment";
        let mut test = Command::new(std::env::current_exe().unwrap());
        let output = test.args(["--exact", this]).envs(variables).output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}");
        return;
    }
    let environment = Env::prefixed("APP_").split("__");
    let figment = Figment::from(Toml::string(EXAMPLE)).merge(environment);
    let config = figment.extract::<File<Config>>().unwrap().forwarded_headers;
    let mut expected = example(EXAMPLE);
    let chain = ["10.1.0.0/16", "172.28.0.9"].map(|set| set.parse().unwrap());
    expected.trust_chain = Some(chain.to_vec());
    expected.allowed_hosts = Some("a.example, b.example".parse().unwrap());
    expected.host_from = Some("x-host".parse().unwrap());
    assert_eq!(config, expected);
}

#[test]
fn the_types_are_read_by_themselves() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct App {
        proxy: Proxy,
        trust: Option<TrustedProxies>,
        hosts: AllowedHosts,
        client: ClientSource,
        scheme: SchemeSource,
        writing: Writing,
    }
    let text = "
        proxy = 'aws-alb'
        trust = ['10.0.1.0/24', '10.0.2.0/24']
        hosts = 'example.com'
        client = { list = 'x-our-for', nth_from_right = 2 }
        scheme = { on_off = 'x-tls' }
        writing = 'append-to-each'
    ";
    let app: App = toml::from_str(text).unwrap();
    assert_eq!(app.trust, Some("10.0.1.0/24, 10.0.2.0/24".parse().unwrap()));
    assert_eq!(app.client, ClientSource::list("x-our-for").nth_from_right(2));
    assert_eq!((app.proxy, app.writing), (Proxy::AwsAlb, Writing::AppendToEach));
    round_trips(app);
    let error = toml::from_str::<App>("proxy = 'ngnix'").unwrap_err();
    assert!(error.message().starts_with("invalid proxy \"ngnix\": expected one of "), "{error}");
}

#[test]
fn each_source_is_written_in_its_shortest_form() {
    let client = |source: ClientSource| serde_json::to_string(&source).unwrap();
    assert_eq!(client(ClientSource::x_forwarded_for()), r#""x-forwarded-for""#);
    assert_eq!(client("x-real-ip".parse().unwrap()), r#""x-real-ip""#);
    assert_eq!(client("forwarded".parse().unwrap()), r#""forwarded""#);
    assert_eq!(client(ClientSource::none()), r#""none""#);
    assert_eq!(client(ClientSource::list("x-our-for")), r#"{"list":"x-our-for"}"#);
    assert_eq!(
        client(ClientSource::x_forwarded_for().nth_from_right(2)),
        r#"{"list":"x-forwarded-for","nth_from_right":2}"#,
    );
    let scheme = |source: SchemeSource| serde_json::to_string(&source).unwrap();
    assert_eq!(scheme("x-forwarded-proto".parse().unwrap()), r#""x-forwarded-proto""#);
    assert_eq!(scheme(SchemeSource::none()), r#""none""#);
    assert_eq!(scheme(SchemeSource::on_off("x-tls")), r#"{"on_off":"x-tls"}"#);
    assert_eq!(scheme(SchemeSource::always("https")), r#"{"always":"https"}"#);
}

/// A value that no text states is not written as another one.
#[test]
fn a_value_without_a_text_is_not_written() {
    let error = serde_json::to_string(&TrustedProxies::insecure_any()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "TrustedProxies::insecure_any() has no text; only code can state it"
    );
    let error = serde_json::to_string(&AllowedHosts::any()).unwrap_err();
    assert_eq!(error.to_string(), "AllowedHosts::any() has no text; only code can state it");
    let union: TrustedProxies = ["0.0.0.0/1", "128.0.0.0/1"]
        .map(|set| set.parse::<TrustedProxies>().unwrap())
        .into_iter()
        .collect();
    assert!(serde_json::to_string(&union).is_err());
    assert!(
        serde_json::to_string(&std::iter::empty::<AllowedHosts>().collect::<AllowedHosts>())
            .is_err()
    );
    let proven = "10.0.0.2".parse::<TrustedProxies>().unwrap();
    let proven = proven.with_secret("x-origin-verify", "2f9c7a51e0d84b36").unwrap();
    let error = serde_json::to_string(&proven).unwrap_err();
    assert_eq!(error.to_string(), "a set with a secret has no text; only code can state it");
    let mut config = Config::default();
    config.secret = Some("2f9c7a51e0d84b36".parse().unwrap());
    let error = serde_json::to_string(&config).unwrap_err();
    assert_eq!(error.to_string(), "Secrets has no text; only code can state it");
    assert!(serde_json::to_string(&ClientSource::list("cookie")).is_err());
    assert!(serde_json::to_string(&SchemeSource::always("ftp")).is_err());
}

/// A file names the file of its secret, in each format.
#[test]
fn a_file_names_the_file_of_its_secret() {
    let secret = Temporary::new("named", b"2f9c7a51e0d84b36\nb81d06e5c3f2974a\n");
    let path = secret.path();
    let toml = format!("trust = '10.0.0.2'\nsecret_header = 'X-Our'\nsecret_file = '{path}'");
    let yaml = format!("trust: 10.0.0.2\nsecret_header: x-our\nsecret_file: {path}\n");
    let json = format!(
        "{{\"trust\": \"10.0.0.2\", \"secret_header\": \"x-our\", \"secret_file\": \"{path}\"}}"
    );
    let configs = [
        toml::from_str::<Config>(&toml).unwrap(),
        serde_saphyr::from_str(&yaml).unwrap(),
        serde_json::from_str(&json).unwrap(),
    ];
    let set = "10.0.0.2".parse::<TrustedProxies>().unwrap();
    let set = set.with_secret("x-our", "b81d06e5c3f2974a 2f9c7a51e0d84b36").unwrap();
    for config in configs {
        assert_eq!(built(builder().configure(config)), built(builder().trust(set.clone())));
    }
    // YAML and JSON show no line of the secret either.
    let wrong: [Result<Config, String>; 3] = [
        toml::from_str("secret_file = 123456789").map_err(|error| error.to_string()),
        serde_saphyr::from_str("secret_file: 123456789").map_err(|error| error.to_string()),
        serde_json::from_str("{\"secret_file\": 123456789}").map_err(|error| error.to_string()),
    ];
    for config in wrong {
        let error = builder().configure(config.unwrap()).build().unwrap_err().to_string();
        assert!(error.starts_with("secret_file: the value is not text") && !error.contains("1234"));
    }
}

fn set() -> impl Strategy<Value = TrustedProxies> {
    let item = prop_oneof![
        (any::<u32>(), 1..=32_u8).prop_map(|(bits, prefix)| ipnet::Ipv4Net::new(
            bits.into(),
            prefix
        )
        .unwrap()
        .trunc()
        .to_string()),
        (any::<u128>(), 1..=128_u8).prop_map(|(bits, prefix)| ipnet::Ipv6Net::new(
            bits.into(),
            prefix
        )
        .unwrap()
        .trunc()
        .to_string()),
        Just("unix".to_owned()),
        Just("loopback".to_owned()),
    ];
    let sets = proptest::collection::vec(item, 1..5);
    let set = sets.prop_filter_map("every address", |items| items.join(", ").parse().ok());
    prop_oneof![9 => set, 1 => Just(TrustedProxies::none())]
}

fn client() -> impl Strategy<Value = ClientSource> {
    let list = ("x-[a-z]{3,8}-for", 1..=255_u8)
        .prop_map(|(header, place)| ClientSource::list(header).nth_from_right(place));
    let names = prop_oneof![
        Just("none"),
        Just("forwarded"),
        Just("x-forwarded-for"),
        Just("x-real-ip"),
        Just("forwarded-for"),
        Just("cloudfront-viewer-address"),
        Just("x-our-ip"),
    ];
    let place =
        (1..=255_u8).prop_map(|place| ClientSource::x_forwarded_for().nth_from_right(place));
    prop_oneof![list, names.prop_map(|name| name.parse().unwrap()), place]
}

fn scheme() -> impl Strategy<Value = SchemeSource> {
    prop_oneof![
        Just(SchemeSource::none()),
        Just(SchemeSource::always("https")),
        Just(SchemeSource::always("http")),
        Just(SchemeSource::on_off("x-forwarded-ssl")),
        Just(SchemeSource::on_off("x-our-tls")),
        Just("forwarded".parse().unwrap()),
        Just("x-forwarded-proto".parse().unwrap()),
        Just("x-our-proto".parse().unwrap()),
    ]
}

fn any_config() -> impl Strategy<Value = Config> {
    let proxy = (0..Proxy::ALL.len()).prop_map(|index| Proxy::ALL[index]);
    let chain = proptest::collection::vec(set(), 1..4);
    let chain =
        chain.prop_filter("none beside others", |sets| !sets.contains(&TrustedProxies::none()));
    let hosts = "[a-z]{1,8}\\.example(:[1-9][0-9]{1,3}|:\\*)?";
    let hosts =
        proptest::collection::vec(hosts, 1..4).prop_map(|hosts| hosts.join(" ").parse().unwrap());
    let writing = prop_oneof![
        Just(Writing::Append),
        Just(Writing::AppendToEach),
        Just(Writing::AppendToFirstLine),
        Just(Writing::Replace),
    ];
    let header = || option::of("x-[a-z]{3,8}-own".prop_map(|name| name.parse().unwrap()));
    let proxies = (option::of(proxy), option::of(set()), option::of(chain), option::of(writing));
    let sources = (option::of(client()), option::of(scheme()), header(), header(), header());
    let file = option::of("/[a-z]{1,8}/[a-z .]{1,8}[a-z]".prop_map(PathBuf::from));
    let secret = (header(), file);
    (proxies, sources, option::of(hosts), secret).prop_map(|(proxies, sources, hosts, secret)| {
        let mut config = Config::default();
        (config.secret_header, config.secret_file) = secret;
        (config.proxy, config.trust, config.trust_chain, config.proxies_write) = proxies;
        if config.trust.is_some() {
            config.trust_chain = None;
        }
        (
            config.client_from,
            config.scheme_from,
            config.host_from,
            config.port_from,
            config.prefix_from,
        ) = sources;
        config.allowed_hosts = hosts;
        config
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(config in any_config()) {
        round_trips(config);
    }

    /// No text panics, in any format.
    #[test]
    fn any_text_is_read_or_refused(text in "(proxy|trust|trust_chain|client_from|scheme_from|x)( = |: |\": )[\\[\\]{}\",:=a-z0-9./|*\n -]{0,40}") {
        let _ = toml::from_str::<Config>(&text);
        let _ = serde_saphyr::from_str::<Config>(&text);
        let _ = serde_json::from_str::<Config>(&format!("{{\"{text}}}"));
        let _ = Config::from_vars([("FORWARDED_HEADERS_TRUST_CHAIN", &text)]);
    }
}
