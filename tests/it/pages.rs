//! The pages of the proxies: what each of them has, and what `build` and the README repeat of them.

use std::collections::BTreeSet;
use std::fs::read_dir;
use std::path::Path;

use forwarded_headers::{Builder, ForwardedHeaders, Proxy, Writing};

use crate::blocks::{blocks, configurations, page};
use crate::support::{Line, request};

static README: &str = include_str!("../../README.md");

/// The parts of a page, in this order.
const PARTS: [&str; 5] =
    ["**Configuration.**", "**Reads.**", "**What goes wrong.**", "**Also possible", "\nSource:"];

/// rustdoc runs what has no language, and leaves these alone.
const LANGUAGES: [&str; 6] = ["apache", "nginx", "sh", "text", "toml", "yaml"];

/// A line with one of these decides what the app is told.
const DECISIVE: [&str; 7] = [
    "PreserveHost",
    "forwardfor",
    "orwarded",
    "pristine_host",
    "redirect-if-not-tls",
    "remote_addr",
    "trusted_proxies",
];

/// What may follow a page's sentence in an error.
const WITHOUT_PROFILE: &str = "; set the sources with builder() instead";

/// A page has one item about clients that have no address. It opens with one of these.
const AT_A_SOCKET: &str = "If a client connects to a Unix socket of ";
const CANNOT_OCCUR: &str = "A client without an address cannot occur: ";

const IS_UNRESOLVED: &str = "The client is unresolved.";
const CHOOSES: &str = "The client chooses its own address.";

/// A call that a page warns of.
type Call = fn(Builder) -> Builder;

fn host_from(builder: Builder) -> Builder {
    builder.host_from("x-forwarded-host").allowed_hosts("example.com")
}

const WARNED_OF: [(Proxy, Call); 13] = [
    (Proxy::Nginx, |builder| builder.client_from("forwarded")),
    (Proxy::Nginx, |builder| builder.client_from("cf-connecting-ip")),
    (Proxy::Traefik, |builder| builder.port_from("x-forwarded-port")),
    (Proxy::Apache, host_from),
    (Proxy::Lighttpd, host_from),
    (Proxy::Nghttpx, |builder| builder.scheme_from("x-forwarded-proto")),
    (Proxy::H2o, |builder| builder.scheme_from("x-forwarded-proto")),
    (Proxy::Pound, |builder| builder.proxies_write(Writing::Append)),
    (Proxy::AwsAlb, host_from),
    (Proxy::AwsAlb, |builder| builder.client_from("cf-connecting-ip")),
    (Proxy::Fly, |builder| builder.client_from("x-forwarded-for")),
    (Proxy::Heroku, |builder| builder.proxies_write(Writing::Append)),
    (Proxy::IngressNginx, |builder| builder.prefix_from("x-forwarded-prefix")),
];

fn path(proxy: Proxy) -> String {
    format!("proxy/{proxy}.md")
}

/// A text without its code font and its line breaks.
fn plain(text: &str) -> String {
    text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A configuration without its indentation and alignment.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(plain).filter(|line| !line.is_empty()).collect()
}

fn is_decisive(line: &str) -> bool {
    !line.starts_with('#') && DECISIVE.iter().any(|word| line.contains(word))
}

fn is_part_of(part: &[String], whole: &[String]) -> bool {
    whole.windows(part.len()).any(|lines| lines == part)
}

#[test]
fn each_profile_has_a_page_and_each_page_a_profile() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/proxy");
    let files = read_dir(directory).unwrap().map(|file| file.unwrap().file_name());
    let files = files.map(|name| name.into_string().unwrap()).filter(|name| name != "mod.rs");
    let profiles = Proxy::ALL.iter().map(|proxy| format!("{proxy}.md"));
    assert_eq!(files.collect::<BTreeSet<_>>(), profiles.collect());
}

#[test]
fn each_page_has_every_part() {
    for proxy in Proxy::ALL {
        let page = page(&path(*proxy));
        let places = PARTS.map(|part| page.find(part).unwrap_or_else(|| panic!("{proxy}: {part}")));
        assert!(places.is_sorted(), "{proxy}: {places:?}");
        assert!(page.split("\n\n").last().unwrap().starts_with("Source:"), "{proxy}");
    }
}

/// Returns the part about what goes wrong.
fn what_goes_wrong(page: &str) -> &str {
    let (_, part) = page.split_once(PARTS[2]).unwrap();
    part.split_once(PARTS[3]).unwrap().0
}

/// Returns the items of a list, each without what follows the list.
fn items(part: &str) -> Vec<String> {
    let items = part.split("\n- ").skip(1);
    items.map(|item| plain(item.split("\n\n").next().unwrap())).collect()
}

/// With the setting that helps where the client chooses.
#[test]
fn each_page_has_the_client_without_an_address() {
    for proxy in Proxy::ALL {
        let page = page(&path(*proxy));
        let part = what_goes_wrong(&page);
        let mut items = items(part);
        items.retain(|item| [AT_A_SOCKET, CANNOT_OCCUR].iter().any(|text| item.starts_with(text)));
        let [item] = &items[..] else { panic!("{proxy}: {items:?}") };
        let is_complete = if item.starts_with(CANNOT_OCCUR) {
            item.contains("Unix socket")
        } else {
            item.contains(IS_UNRESOLVED) || item.contains(CHOOSES) && !blocks(part).is_empty()
        };
        assert!(is_complete, "{proxy}: {item}");
    }
}

#[test]
fn each_page_has_a_configuration_and_an_example() {
    for proxy in Proxy::ALL {
        let text = page(&path(*proxy));
        let needs_none = ["as it is", "No setting"].iter().any(|words| text.contains(words));
        assert!(needs_none || !configurations(&path(*proxy)).is_empty(), "{proxy}");
        let fenced = blocks(&text);
        let languages = fenced.iter().map(|block| block.language.as_str());
        let unknown: Vec<_> =
            languages.filter(|name| !name.is_empty() && !LANGUAGES.contains(name)).collect();
        assert!(unknown.is_empty(), "{proxy}: {unknown:?}");
        let behind = format!("ForwardedHeaders::behind(Proxy::{proxy:?})");
        let mut examples = fenced.iter().filter(|block| block.language.is_empty());
        assert!(examples.any(|example| example.text.contains(&behind)), "{proxy}: {behind}");
    }
}

#[test]
fn build_refuses_with_the_sentence_of_the_page() {
    for (proxy, call) in WARNED_OF {
        let builder = call(ForwardedHeaders::behind(proxy).trust("192.0.2.7"));
        let error = builder.build().unwrap_err().to_string();
        let (_, sentence) = error.split_once(&format!(" behind {proxy}: ")).expect(&error);
        let sentence = sentence.strip_suffix(WITHOUT_PROFILE).unwrap_or(sentence);
        let item = format!("- {}. ", plain(sentence));
        assert!(plain(&page(&path(proxy))).contains(&item), "{item:?} is not on {proxy}'s page");
    }
}

/// Every line of a proxy's configuration in the README is on a page, with its neighbors.
#[test]
fn the_readme_repeats_the_pages() {
    let pages = Proxy::ALL.iter().map(|proxy| path(*proxy));
    let pages = pages.chain(["guide/two_proxies.md".into()]);
    let known: Vec<_> =
        pages.flat_map(|page| configurations(&page)).map(|text| lines(&text)).collect();
    for block in blocks(README) {
        let block_lines = lines(&block.text);
        let is_configuration = LANGUAGES.contains(&block.language.as_str());
        if is_configuration && block_lines.iter().any(|line| is_decisive(line)) {
            let found = known.iter().any(|known| is_part_of(&block_lines, known));
            assert!(found, "no page has {block_lines:#?}");
        }
    }
}

#[test]
fn the_readme_has_the_lines_of_nginx() {
    for block in configurations("proxy/nginx.md") {
        assert!(README.contains(&block), "{block}");
    }
}

/// The line that an explanation advises for a header is a line of the proxy's page.
#[test]
fn advice_is_a_line_of_the_page() {
    const FOR: Line<'_> = ("x-forwarded-for", b"203.0.113.7");
    const FORWARDED: Line<'_> = ("forwarded", b"for=203.0.113.7;proto=https");
    const INNER: Line<'_> = ("host", b"app:3000");
    let requests: [&[Line<'_>]; 3] =
        [&[], &[FOR, FORWARDED], &[FOR, FORWARDED, ("x-forwarded-proto", b"https"), INNER]];
    let mut advised = 0;
    for proxy in Proxy::ALL {
        let builder = ForwardedHeaders::behind(*proxy).trust("10.0.0.2");
        let with_address = builder.clone().client_from("x-real-ip");
        for layer in [builder.build(), with_address.build()].into_iter().flatten() {
            for lines in requests {
                let parts = request("10.0.0.2", "/", lines).into_parts().0;
                let explanation = layer.explain(&parts);
                let help = explanation.help().unwrap_or_default();
                let Some((_, line)) = help.split_once(&format!(" ({proxy}): ")) else { continue };
                let line = plain(line.lines().next().unwrap());
                assert!(plain(&page(&path(*proxy))).contains(&line), "{proxy}: {line}");
                advised += 1;
            }
        }
    }
    assert!(advised >= 15, "only {advised}");
}
