//! The values of the variables, and the errors of wrong ones.

use forwarded_headers::{
    AllowedHosts, Builder, ClientSource, Config, ForwardedHeaders, Proxy, SchemeSource,
    TrustedProxies, Writing,
};

use super::wrong::{FILES, KEYS, NAMES, PARTS, VARIABLES};
use super::{Temporary, builder, config, shown};

/// What no error about a file may show.
const HIDDEN: &str = "hunter2";

/// Returns the error without the shorthand of the tables.
fn expand(error: &str) -> String {
    PARTS.iter().fold(error.to_owned(), |error, (name, text)| error.replace(name, text))
}

fn many() -> String {
    vec!["10.0.0.2"; 256].join("|")
}

#[test]
fn each_wrong_text_has_its_error() {
    for (variables, error) in VARIABLES {
        let values: Vec<_> =
            variables.iter().map(|(_, value)| value.replace("{many}", &many())).collect();
        let variables: Vec<_> = variables
            .iter()
            .zip(&values)
            .map(|((name, _), value)| (*name, value.as_str()))
            .collect();
        let result = config(&variables).and_then(|config| builder().configure(config).build());
        assert_eq!(result.unwrap_err().to_string(), expand(error), "{variables:?}");
    }
    let count = VARIABLES.len() + NAMES.len() + FILES.len() + KEYS.len();
    assert!(count > 250, "{count} rows");
}

#[test]
fn each_wrong_name_has_its_error() {
    for (name, error) in NAMES {
        let result = Config::from_vars([(name, HIDDEN)]);
        assert_eq!(result.unwrap_err().to_string(), expand(error));
    }
}

#[test]
fn each_wrong_key_has_its_error() {
    for (text, error) in KEYS {
        let result = toml::from_str::<Config>(text).map_err(|error| error.message().to_owned());
        let result = result.and_then(|config| {
            builder().configure(config).build().map_err(|error| error.to_string())
        });
        assert_eq!(result.unwrap_err(), expand(error), "{text}");
    }
}

#[test]
fn an_error_about_a_file_shows_neither_path_nor_content() {
    for (index, (name, content, error)) in FILES.into_iter().enumerate() {
        let file = Temporary::new(&format!("wrong-{index}-{HIDDEN}"), content);
        let result = config(&[(&format!("{name}_FILE"), file.path())]);
        let shown = result.unwrap_err().to_string();
        assert_eq!(shown, expand(error), "{name} {}", content.escape_ascii());
        assert!(!shown.contains(HIDDEN), "{shown}");
    }
    for path in ["/hunter2/hunter2-hunter2", "hunter2-hunter2", "/", "hunter2\0"] {
        let error = config(&[("TRUST_FILE", path)]).unwrap_err().to_string();
        assert!(
            error.starts_with("FORWARDED_HEADERS_TRUST_FILE: the file cannot be read ("),
            "{error}"
        );
        assert!(error.ends_with("); write the path of a file that the app may read"), "{error}");
        assert!(!error.contains(HIDDEN), "{error}");
    }
}

#[test]
fn each_variable_sets_its_field() {
    let set = |text: &str| text.parse::<TrustedProxies>().unwrap();
    let config = |name: &str, value: &str| config(&[(name, value)]).unwrap();
    let expect = |change: &dyn Fn(&mut Config)| {
        let mut config = Config::default();
        change(&mut config);
        config
    };
    #[rustfmt::skip]
    let rows: [(&str, &str, Config); 19] = [
        ("SECRET_HEADER", "X-Origin-Verify", expect(&|c| c.secret_header = Some("x-origin-verify".parse().unwrap()))),
        ("SECRET", "2f9c7a51e0d84b36 b81d06e5c3f2974a", expect(&|c| c.secret = Some("b81d06e5c3f2974a\n2f9c7a51e0d84b36".parse().unwrap()))),
        ("PROXY", "NGINX", expect(&|c| c.proxy = Some(Proxy::Nginx))),
        ("TRUST", "10.0.0.2, ::1", expect(&|c| c.trust = Some(set("10.0.0.2, ::1")))),
        ("TRUST", "none", expect(&|c| c.trust = Some(TrustedProxies::none()))),
        ("TRUST", " \u{9}10.0.0.2\r\n", expect(&|c| c.trust = Some(set("10.0.0.2")))),
        ("TRUST", "\u{feff}10.0.0.2 # a | b", expect(&|c| c.trust = Some(set("10.0.0.2")))),
        ("TRUST_CHAIN", "10.0.1.0/24, ::1|unix | 10.0.0.2", expect(&|c| c.trust_chain = Some(vec![set("10.0.1.0/24, ::1"), set("unix"), set("10.0.0.2")]))),
        ("TRUST_CHAIN", "10.0.0.3 # cdn | x\n | 10.0.0.2", expect(&|c| c.trust_chain = Some(vec![set("10.0.0.3"), set("10.0.0.2")]))),
        ("ALLOWED_HOSTS", "example.com *.example.com", expect(&|c| c.allowed_hosts = Some("example.com, *.example.com".parse().unwrap()))),
        ("CLIENT_FROM", "X-Real-IP", expect(&|c| c.client_from = Some("x-real-ip".parse().unwrap()))),
        ("CLIENT_FROM", "none", expect(&|c| c.client_from = Some(ClientSource::none()))),
        ("SCHEME_FROM", "x-forwarded-ssl", expect(&|c| c.scheme_from = Some(SchemeSource::on_off("x-forwarded-ssl")))),
        ("SCHEME", "https", expect(&|c| c.scheme_from = Some(SchemeSource::always("https")))),
        ("SCHEME", "http", expect(&|c| c.scheme_from = Some(SchemeSource::always("http")))),
        ("HOST_FROM", "x-forwarded-host", expect(&|c| c.host_from = Some("x-forwarded-host".parse().unwrap()))),
        ("PORT_FROM", "X-Our-Port", expect(&|c| c.port_from = Some("x-our-port".parse().unwrap()))),
        ("PREFIX_FROM", "x-forwarded-prefix", expect(&|c| c.prefix_from = Some("x-forwarded-prefix".parse().unwrap()))),
        ("PROXIES_WRITE", "append-to-first-line", expect(&|c| c.proxies_write = Some(Writing::AppendToFirstLine))),
    ];
    for (index, (name, value, expected)) in rows.into_iter().enumerate() {
        assert_eq!(config(name, value), expected, "{name}={value}");
        assert_ne!(expected, Config::default(), "{name}={value}");
        let value = value.trim_start_matches('\u{feff}');
        let content = format!("\u{feff}{value}\r\n");
        let file = Temporary::new(&format!("right-{index}"), content.as_bytes());
        let twin = config(&format!("{name}_FILE"), &format!(" {}\n", file.path()));
        assert_eq!(twin, expected, "{name}_FILE: {value}");
    }
    let hosts: AllowedHosts = "example.com".parse().unwrap();
    assert_eq!(config("ALLOWED_HOSTS", "example.com").allowed_hosts, Some(hosts));
}

#[test]
fn a_file_has_1_mib_at_most() {
    let content = |bytes: usize| format!("10.0.0.2\n{}", "#".repeat(bytes - 9)).into_bytes();
    let largest = Temporary::new("largest", &content(1 << 20));
    assert!(config(&[("TRUST_FILE", largest.path())]).is_ok());
    let larger = Temporary::new("larger", &content((1 << 20) + 1));
    assert_eq!(
        config(&[("TRUST_FILE", larger.path())]).unwrap_err().to_string(),
        "FORWARDED_HEADERS_TRUST_FILE: the file has more than 1 MiB; write the path of a file that \
         holds the value alone",
    );
}

#[cfg(unix)]
#[test]
fn only_our_values_are_decoded() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;

    let bytes = OsStr::from_bytes(b"secret\xff");
    let others = ["PATH", "FORWARDED", "FORWARDED_ALLOW_IPS", "FORWARDED_HEADERS_SERVICE_HOST"];
    for name in others {
        assert_eq!(Config::from_vars([(name, bytes)]), Ok(Config::default()), "{name}");
    }
    let error = Config::from_vars([("FORWARDED_HEADERS_TRUST", bytes)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "FORWARDED_HEADERS_TRUST: the value is not UTF-8; write ASCII text"
    );
    // A name of others may hold any bytes. The path of a file may, too.
    let names = [OsString::from("A"), bytes.to_owned()];
    assert!(Config::from_vars(names.map(|name| (name, "x"))).is_ok());
    let directory = std::env::temp_dir().join(bytes);
    std::fs::write(&directory, "10.0.0.2").unwrap();
    let config = Config::from_vars([("FORWARDED_HEADERS_TRUST_FILE", &directory)]);
    std::fs::remove_file(&directory).unwrap();
    assert_eq!(config.unwrap().trust, Some("10.0.0.2".parse().unwrap()));
}

#[test]
fn from_env_reads_this_process() {
    assert_eq!(Config::from_env(), Ok(Config::default()));
    let new = shown(&ForwardedHeaders::new());
    assert_eq!(shown(&ForwardedHeaders::from_env().unwrap()), new);
}

/// A variable accepts what the setter accepts, and refuses the rest with the setter's sentence.
#[test]
fn a_variable_is_checked_as_the_setter_is() {
    type Setter = fn(Builder, &str) -> Builder;
    let setters: [(&str, &str, Setter); 8] = [
        ("TRUST", "trust", |b, text| b.trust(text)),
        ("ALLOWED_HOSTS", "allowed_hosts", |b, text| b.allowed_hosts(text)),
        ("CLIENT_FROM", "client_from", |b, text| b.client_from(text)),
        ("SCHEME_FROM", "scheme_from", |b, text| b.scheme_from(text)),
        ("HOST_FROM", "host_from", |b, text| b.host_from(text)),
        ("PORT_FROM", "port_from", |b, text| b.port_from(text)),
        ("PREFIX_FROM", "prefix_from", |b, text| b.prefix_from(text)),
        ("PROXIES_WRITE", "proxies_write", |b, text| b.proxies_write(text)),
    ];
    let texts = [
        "none",
        "NONE",
        "forwarded",
        "Forwarded",
        "host",
        "cookie",
        "https",
        "unix",
        "loopback",
        "10.0.0.2",
        "10.0.0.1/8",
        "*",
        "example.com",
        "localhost",
        "append",
        "replace",
        "x y",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-ssl",
        "x-real-ip",
        "cloudfront-viewer-address",
        "cf-visitor",
        "x-our-own",
        "X_Our_Own",
        "8080",
        "/app",
    ];
    let mut accepted = 0;
    for (name, call, set) in setters {
        for text in texts {
            let variable = config(&[(name, text)]).and_then(|c| builder().configure(c).build());
            let setter = set(builder(), text).build();
            let same = match (&variable, &setter) {
                (Ok(variable), Ok(setter)) => shown(variable) == shown(setter),
                (Err(variable), Err(setter)) => {
                    let variable = variable.to_string();
                    let setter = setter.to_string();
                    let (own, common) =
                        (format!("FORWARDED_HEADERS_{name}: "), format!("{call}: "));
                    match (variable.strip_prefix(&own), setter.strip_prefix(&common)) {
                        (Some(variable), Some(setter)) => variable == setter,
                        // Settings that do not go together: the names of the variables follow.
                        _ => variable.starts_with(&setter),
                    }
                }
                _ => false,
            };
            assert!(same, "{name}={text}: {variable:?}, {setter:?}");
            accepted += usize::from(variable.is_ok());
        }
    }
    assert!(accepted > 40, "{accepted}");
}
