//! The names of the variables, and names that look like them.

use forwarded_headers::Config;

const NAMES: [&str; 11] = [
    "PROXY",
    "TRUST",
    "TRUST_CHAIN",
    "ALLOWED_HOSTS",
    "CLIENT_FROM",
    "SCHEME_FROM",
    "SCHEME",
    "HOST_FROM",
    "PORT_FROM",
    "PREFIX_FROM",
    "PROXIES_WRITE",
];

fn full_names() -> Vec<String> {
    let twins = NAMES.iter().flat_map(|name| [(*name).to_owned(), format!("{name}_FILE")]);
    twins.map(|name| format!("FORWARDED_HEADERS_{name}")).collect()
}

fn error(name: &str) -> Option<String> {
    Config::from_vars([(name, "x")]).err().map(|error| error.to_string())
}

/// Returns each name that is one edit away.
fn one_edit(name: &str) -> Vec<String> {
    let places = 0..=name.len();
    places
        .flat_map(|place| {
            let (before, after) = name.split_at(place);
            let rest = after.get(1..).unwrap_or_default();
            let exchanged = after.get(..2).map(|pair| pair.chars().rev().collect::<String>());
            let exchanged = exchanged.map(|pair| format!("{before}{pair}{}", &after[2..]));
            [
                Some(format!("{before}{rest}")),
                Some(format!("{before}Q{rest}")),
                Some(format!("{before}_{after}")),
                exchanged,
            ]
        })
        .flatten()
        .filter(|edited| edited != name)
        .collect()
}

#[test]
fn a_name_within_two_edits_is_refused() {
    let names = full_names();
    let mut count = 0;
    for name in &names {
        for edited in one_edit(name) {
            // The value of another variable of ours is wrong instead.
            if names.contains(&edited) {
                continue;
            }
            let refused = format!("{edited}: no variable has this name; write FORWARDED_HEADERS_");
            assert!(error(&edited).is_some_and(|error| error.starts_with(&refused)), "{edited}");
            let lower = edited.to_lowercase();
            assert!(error(&lower).is_some_and(|error| error.starts_with(&lower)), "{lower}");
            count += 1;
        }
    }
    assert!(count > 2000, "{count}");
}

#[test]
fn names_of_others_are_ignored() {
    let names = [
        "",
        "TRUST",
        "PROXY",
        "HTTP_PROXY",
        "FORWARDED",
        "FORWARDED_ALLOW_IPS",
        "FORWARDED_HEADERS",
        "TRUSTED_PROXIES",
        "ASPNETCORE_FORWARDEDHEADERS_ENABLED",
        "MY_APP_FORWARDED_HEADERS_TRUST",
        "FORWARDED_HEADERS_SERVICE_HOST",
        "FORWARDED_HEADERS_SERVICE_PORT",
        "FORWARDED_HEADERS_SERVICE_PORT_HTTP",
        "FORWARDED_HEADERS_PORT",
        "FORWARDED_HEADERS_PORT_80_TCP",
        "FORWARDED_HEADERS_PORT_80_TCP_ADDR",
        "FORWARDED_HEADERS_PORT_80_TCP_PORT",
        "FORWARDED_HEADERS_PORT_80_TCP_PROTO",
        "FORWARDED_HEADERS_PORT_5353_UDP_ADDR",
        "FORWARDED_HEADERS_PORT_3868_SCTP",
        "FORWARDED_HEADERS_TRUST_SERVICE_HOST",
        "FORWARDED_HEADERS_TRUST_PORT_80_TCP",
    ];
    let all = names.map(|name| (name, "secret"));
    assert_eq!(Config::from_vars(all), Ok(Config::default()));
    for name in names {
        assert_eq!(error(name), None, "{name}");
    }
}

#[test]
fn names_like_those_of_kubernetes_are_refused() {
    let names = [
        "FORWARDED_HEADERS_PORT_FROM_TCP",
        "FORWARDED_HEADERS_PORT_80",
        "FORWARDED_HEADERS_PORT_80_HTTP",
        "FORWARDED_HEADERS_PORT_80_TCP_",
        "FORWARDED_HEADERS_PORT_80_TCP_ADDR_X",
        "FORWARDED_HEADERS_PORT__TCP",
        "FORWARDED_HEADERS_SERVICE",
    ];
    for name in names {
        let refused = format!("{name}: no variable has this name; ");
        assert!(error(name).is_some_and(|error| error.starts_with(&refused)), "{name}");
    }
}

/// The order of the environment is arbitrary. The error is not.
#[test]
fn the_first_wrong_name_is_reported() {
    let names = ["FORWARDED_HEADERS_B", "FORWARDED_HEADERS_A", "FORWARDED_HEADERS_C"];
    for first in 0..3 {
        let mut names = names;
        names.rotate_left(first);
        let error = Config::from_vars(names.map(|name| (name, "x"))).unwrap_err().to_string();
        assert!(error.starts_with("FORWARDED_HEADERS_A: "), "{error}");
    }
}

#[test]
fn a_variable_is_set_once() {
    let twice = ["FORWARDED_HEADERS_TRUST", "FORWARDED_HEADERS_TRUST"];
    let error = Config::from_vars(twice.map(|name| (name, "10.0.0.2"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "FORWARDED_HEADERS_TRUST: the variable is set twice; write it once"
    );
}
