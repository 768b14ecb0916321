//! Lists of networks that vendors publish.

use forwarded_headers::TrustedProxies;

use super::Temporary;

/// Lines of the vendors' lists, as of November 2026.
const LISTS: [&str; 4] = [
    "173.245.48.0/20\n103.21.244.0/22\n2400:cb00::/32\n2c0f:f248::/32",
    "23.235.32.0/20\r\n43.249.72.0/22\r\n2a04:4e40::/32\r\n2a04:4e42::/32\r\n",
    "\u{feff}# CLOUDFRONT_ORIGIN_FACING\n\n13.124.199.0/24 # Seoul\n \t 3.172.0.0/18\t\n",
    "13.73.248.16/29\n147.243.0.0/16\n2603:1000:4::600/123\n2a01:111:2050::/44\n",
];

fn published(text: &str) -> Result<TrustedProxies, String> {
    TrustedProxies::from_published(text).map_err(|error| error.to_string())
}

#[test]
fn a_list_is_the_set_of_its_lines() {
    for list in LISTS {
        let same: TrustedProxies = list.trim_start_matches('\u{feff}').parse().unwrap();
        assert_eq!(published(list), Ok(same), "{list}");
    }
    let widest = "8.0.0.0/8\n2a00:2000::/19\n2600::/24\n";
    assert_eq!(published(widest).unwrap(), widest.parse().unwrap());
}

#[test]
fn each_refusal_names_the_line_and_what_to_do() {
    const WRONG: &str = "expected one network a line, such as 173.245.48.0/20 or 2400:cb00::/32; the list may be cut off";
    const NO_PREFIX: &str = "the network has no prefix; write it, as in 173.245.48.0/20 or 2400:cb00::/32; the list may be cut off";
    const WIDE: &str = "no vendor has a network as wide; fetch the list again: it may be cut off";
    const BITS: &str = "the address has bits set outside its prefix; fetch the list again";
    const LOCAL: &str =
        "the network is not part of the internet; remove it, or trust it in a set of your own";
    #[rustfmt::skip]
    let rows = [
        ("173.245.48.1", NO_PREFIX), ("2400:cb00::", NO_PREFIX), ("private", NO_PREFIX), ("loopback", NO_PREFIX),
        ("unix", NO_PREFIX), ("none", NO_PREFIX), ("any", NO_PREFIX), ("*", NO_PREFIX), ("nginx", NO_PREFIX),
        ("173.245.48.", NO_PREFIX), ("2400:cb", NO_PREFIX), ("Not Found", NO_PREFIX), ("\u{0}", NO_PREFIX),
        ("173.245.48.0/", WRONG), ("173.245.48.0/33", WRONG), ("2400:cb00::/129", WRONG), ("173.245.48.0/020", WRONG),
        ("173.245.48.0/+20", WRONG), ("173.245.48.0/255.255.240.0", WRONG), ("173.245.48/20", WRONG),
        ("173.245.48.0/20,", WRONG), ("173.245.48.0/20, 103.21.244.0/22", WRONG), ("173.245.48.0/20 103.21.244.0/22", WRONG),
        ("\"173.245.48.0/20\"", WRONG), ("https://www.cloudflare.com/ips-v4", WRONG), 
        ("allow 173.245.48.0/20;", WRONG), ("173.245.48.0/20\u{a0}", WRONG), ("１73.245.48.0/20", WRONG), ("fe80::%eth0/64", WRONG),
        ("0.0.0.0/0", WIDE), ("::/0", WIDE), ("8.0.0.0/7", WIDE), ("2a00::/18", WIDE), ("2000::/3", WIDE), ("173.245.48.0/2", WIDE),
        ("173.245.48.1/20", BITS), ("2400:cb00::1/32", BITS), ("::ffff:8.8.8.0/24", BITS),
        ("10.0.0.0/8", LOCAL), ("10.1.2.0/24", LOCAL), ("172.16.0.0/16", LOCAL), ("192.168.1.0/24", LOCAL), ("192.0.0.0/8", LOCAL),
        ("100.64.0.0/10", LOCAL), ("100.0.0.0/8", LOCAL), ("127.0.0.1/32", LOCAL), ("169.254.169.254/32", LOCAL),
        ("0.0.0.0/8", LOCAL), ("192.0.2.0/24", LOCAL), ("198.51.100.0/24", LOCAL), ("203.0.113.7/32", LOCAL), ("198.18.0.0/15", LOCAL),
        ("224.0.0.0/8", LOCAL), ("240.0.0.0/8", LOCAL), ("255.255.255.255/32", LOCAL),
        ("::1/128", LOCAL), ("fc00::/32", LOCAL), ("fe80::/64", LOCAL), ("2001:db8::/32", LOCAL), ("2001:db8:1::/48", LOCAL),
        ("2001::/32", LOCAL), ("2002::/19", LOCAL), ("2002:808:808::/48", LOCAL), ("3fff::/20", LOCAL), ("64:ff9b::/96", LOCAL),
        ("::ffff:8.8.8.0/120", LOCAL), ("4000::/32", LOCAL), ("ff00::/32", LOCAL),
    ];
    for (line, reason) in rows {
        let shown: String = line.escape_debug().collect();
        for (text, number) in [
            (line.to_owned(), 1),
            (format!("173.245.48.0/20\n# a\r\n\n{line}\n2400:cb00::/32\n"), 4),
        ] {
            let expected =
                format!("line {number}: invalid published network \"{shown}\": {reason}");
            assert_eq!(published(&text), Err(expected));
        }
    }
}

#[test]
fn a_text_of_another_kind_is_named() {
    let html = "the list is HTML, such as the page of an error; fetch it with curl --fail, from the \
                address on the proxy's page";
    let json = "the list is JSON; extract one network a line with jq, as the proxy's page shows";
    let empty = "the list has no network; write one network a line, such as 173.245.48.0/20";
    let rows = [
        ("", empty),
        ("\u{feff}\r\n \n", empty),
        ("# 173.245.48.0/20\n", empty),
        ("<!DOCTYPE html><title>429 Too Many Requests</title>", html),
        ("\r\n  <html>", html),
        ("\u{feff}<?xml version=\"1.0\"?>", html),
        ("{\"addresses\":[\"23.235.32.0/20\"]}", json),
        ("\n[\"23.235.32.0/20\"]", json),
    ];
    for (text, sentence) in rows {
        assert_eq!(published(text), Err(sentence.to_owned()), "{text}");
    }
}

/// A list that is cut off anywhere but at the end of a line is refused, or the same up to there.
#[test]
fn a_list_that_is_cut_off_trusts_no_other_address() {
    for list in LISTS {
        let whole = published(list).unwrap();
        for end in (0..list.len()).filter(|end| list.is_char_boundary(*end)) {
            let Ok(part) = published(&list[..end]) else { continue };
            assert_eq!(part.clone().union(whole.clone()), whole, "{:?}", &list[..end]);
            let network = |line: &str| {
                let item = line.split('#').next().unwrap();
                item.trim_matches([' ', '\t', '\r', '\u{feff}']).to_owned()
            };
            let line = network(list[..end].split('\n').next_back().unwrap());
            let complete = line.is_empty() || list.split('\n').any(|whole| network(whole) == line);
            assert!(complete, "{line:?} is part of a line");
        }
    }
}

/// A line of megabytes is not repeated.
#[test]
fn an_error_shows_the_start_of_a_long_line() {
    let line = "x".repeat(1 << 20);
    let error = published(&line).unwrap_err();
    assert!(
        error.starts_with(&format!("line 1: invalid published network \"{}…\": ", "x".repeat(60)))
    );
    assert!(error.len() < 300, "{}", error.len());
}

/// The lines on the pages work: each is run with a `curl` that has the vendor's answer.
#[cfg(unix)]
#[test]
fn the_pages_write_the_list_or_keep_the_last_one() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use crate::blocks::{blocks, page};

    if Command::new("jq").arg("--version").output().is_err() {
        eprintln!("jq is not installed: the lines with it were not run");
        return;
    }
    let aws = r#"{"prefixes":[{"ip_prefix":"13.124.199.0/24","service":"CLOUDFRONT_ORIGIN_FACING"},{"ip_prefix":"3.172.64.0/18","service":"CLOUDFRONT"}],"ipv6_prefixes":[{"ipv6_prefix":"2600:9000:3000::/36","service":"CLOUDFRONT_ORIGIN_FACING"},{"ipv6_prefix":"2600:9000::/28","service":"CLOUDFRONT"}]}"#;
    let azure = r#"{"values":[{"name":"AzureFrontDoor.Frontend","properties":{"addressPrefixes":["13.107.208.0/24"]}},{"name":"AzureFrontDoor.Backend","properties":{"addressPrefixes":["13.73.248.16/29","2603:1000:4::600/123"]}}]}"#;
    let fastly = r#"{"addresses":["23.235.32.0/20"],"ipv6_addresses":["2a04:4e40::/32"]}"#;
    let rows = [
        ("cloudflare", "173.245.48.0/20\n", "173.245.48.0/20"),
        ("cloudfront", aws, "13.124.199.0/24, 2600:9000:3000::/36"),
        ("fastly", fastly, "23.235.32.0/20, 2a04:4e40::/32"),
        ("azure-front-door", azure, "13.73.248.16/29, 2603:1000:4::600/123"),
    ];
    for (proxy, answer, networks) in rows {
        let text = page(&format!("proxy/{proxy}.md"));
        let script = blocks(&text).into_iter().find(|block| block.language == "sh");
        let script = script.unwrap_or_else(|| panic!("{proxy}")).text;
        assert_eq!(script.trim_end().lines().count(), 2, "{proxy}: {script}");
        let answer = Temporary::new(&format!("{proxy}-answer"), answer.as_bytes());
        let directory =
            std::env::temp_dir().join(format!("forwarded-headers-{}-{proxy}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let list = directory.join(format!("{proxy}.txt"));
        // A tool that prints the answer, and one that fails in the middle.
        for (fails, expected) in [(false, Some(networks)), (true, None)] {
            let exit = if fails { "| head -c 30; exit 22" } else { "" };
            for tool in ["curl", "az"] {
                let path = directory.join(tool);
                fs::write(&path, format!("#!/bin/sh\ncat {} {exit}\n", answer.path())).unwrap();
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            }
            fs::write(&list, "9.9.9.0/24\n").unwrap();
            let path = format!("{}:{}", directory.display(), std::env::var("PATH").unwrap());
            let output = Command::new("sh")
                .args(["-c", &script])
                .current_dir(&directory)
                .env("PATH", path)
                .output()
                .unwrap();
            let written = fs::read_to_string(&list).unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            let expected: TrustedProxies = expected.unwrap_or("9.9.9.0/24").parse().unwrap();
            assert_eq!(published(&written), Ok(expected), "{proxy}: {written} {stderr}");
            assert_eq!(output.status.success(), !fails, "{proxy}: {stderr}");
        }
        fs::remove_dir_all(&directory).unwrap();
    }
}
