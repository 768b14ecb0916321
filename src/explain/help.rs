//! The one thing to change.

use std::net::IpAddr;

use http::HeaderName;
use http::header::HOST;

use super::client::{as_item, chain_with_client, item, without_port};
use super::entry::{Entry, Value, Verdict};
use super::guarded;
use super::reading::Reading;
use crate::config::origin::Advised;
use crate::config::{ClientFrom, SchemeFrom};
use crate::decide::{Verdict as Led, is_forwarding};
use crate::header::names::{Holds, holds};
use crate::outcome::{Absent, Outcome, Unresolved};
use crate::peer::FoundIn;
use crate::proxy::Proxy;

/// Returns what to change, if something looks wrong. The client comes first, then the scheme, then the
/// host.
pub(super) fn help(reading: &Reading<'_>, entries: &[Entry]) -> Option<String> {
    match reading.outcome() {
        Outcome::NoPeer => Some(no_peer(reading)),
        Outcome::Direct => untrusted(reading, entries),
        Outcome::Unresolved(why) => unresolved(reading, why),
        Outcome::NotForwarded => None,
        Outcome::Forwarded => another_proxy(reading, entries)
            .or_else(|| scheme(reading))
            .or_else(|| host(reading, entries))
            .or_else(|| other_value(entries)),
    }
}

fn no_peer(reading: &Reading<'_>) -> String {
    if reading.found_in == FoundIn::Function {
        return "have peer_from return the peer of this connection".into();
    }
    "with axum, serve with into_make_service_with_connect_info::<SocketAddr>()\n\
     for another listener: .peer_from(…)"
        .into()
}

fn untrusted(reading: &Reading<'_>, entries: &[Entry]) -> Option<String> {
    if !reading.resolved.has_untrusted_headers() {
        return host(reading, entries);
    }
    let peer = reading.peer?;
    let name = without_port(Some(peer));
    let sets = reading.config.chain.sets();
    if sets.iter().skip(1).any(|set| set.item_of(&peer).is_some()) {
        return Some(format!(
            "if {name} is the nearest proxy, write it last: trust_chain starts with the outermost proxy"
        ));
    }
    if sets.len() == 1 {
        let line = reading.line(Advised::Trust(&as_item(peer)));
        return Some(format!("if {name} is your proxy, trust it: {line}"));
    }
    let line = reading.line(Advised::Chain(&[]));
    Some(format!("if {name} is your nearest proxy, add it to the last set of {line}"))
}

fn unresolved(reading: &Reading<'_>, why: Unresolved) -> Option<String> {
    let last = reading.reporter(reading.steps.0.len().saturating_sub(1));
    let header = reading.config.names.client.as_ref();
    let header = header.map(title_case).unwrap_or_default();
    match why {
        Unresolved::NoHeader => Some(no_header(reading)),
        Unresolved::ListEnds => Some(list_ends(reading, &header)),
        Unresolved::Malformed => Some(malformed(reading, &last)),
        Unresolved::ExtraEntries => Some(format!(
            "have your outermost proxy replace {header}\n\
             if it appends to the header of a proxy in front of it: {} and {}",
            reading.line(Advised::Append),
            reading.line(Advised::Chain(&[])),
        )),
        Unresolved::Unknown | Unresolved::Obfuscated => Some(format!(
            "if {last} can report addresses, have it write the client's into {header}"
        )),
        Unresolved::NotProven => guarded::help(reading),
        Unresolved::NotConfigured => None,
    }
}

fn no_header(reading: &Reading<'_>) -> String {
    let Some(read) = &reading.config.names.client else { return String::new() };
    let peer = without_port(reading.peer);
    let have = have_proxy_write(reading, &peer, read);
    let headers = &reading.before.headers;
    let reports = |name: &&HeaderName| {
        matches!(
            holds(name),
            Some(Holds::AddressList | Holds::Address | Holds::AddressAndPort | Holds::Forwarded)
        )
    };
    if let Some(other) = headers.keys().find(reports) {
        let other = title_case(other);
        return format!("{have}\nit sent {other}, which is not read in its place");
    }
    if headers.keys().any(|name| is_forwarding(reading.config, name)) {
        return have;
    }
    format!("{have}\nwithout a proxy, as in local development: .trusted_peer_may_be_client(true)")
}

fn list_ends(reading: &Reading<'_>, header: &str) -> String {
    let hop = reading.steps.0.iter().filter(|step| step.led == Led::Proxy).count();
    let reporter = reading.reporter(hop);
    let Some(step) = hop.checked_sub(1) else {
        return format!("have {reporter} append to {header}");
    };
    let item = item(reading, step);
    let mut help = format!("if {reporter} is a proxy, have it append to {header}");
    if item != reporter {
        help.push_str(&format!(
            "\nif it is a client, trust your proxies alone: {item} is more than those"
        ));
    }
    help
}

fn malformed(reading: &Reading<'_>, reporter: &str) -> String {
    match reading.config.client {
        ClientFrom::AddressAndPort(_) => {
            format!("have {reporter} write one address and its port: 203.0.113.7:4711")
        }
        ClientFrom::Forwarded => {
            format!("have {reporter} write valid elements: for=203.0.113.7, for=\"[2001:db8::7]\"")
        }
        ClientFrom::List(..) => {
            format!("have {reporter} write addresses: 203.0.113.7, 2001:db8::7")
        }
        ClientFrom::Address(_) | ClientFrom::Nothing => {
            format!("have {reporter} write one line with one address: 203.0.113.7")
        }
    }
}

/// Advises a chain where the client looks like another proxy: it has an inner address, and more entries
/// stand to its left.
fn another_proxy(reading: &Reading<'_>, entries: &[Entry]) -> Option<String> {
    let client = reading.resolved.client_ip()?;
    let has_unread = entries.iter().any(|entry| entry.verdict == Verdict::LeftOfReports);
    let is_trusted_elsewhere = reading.config.chain.sets().iter().any(|set| set.contains(client));
    if !has_unread || !(is_inner(client) || is_trusted_elsewhere) {
        return None;
    }
    Some(format!("if {client} is your proxy, too: {}", chain_with_client(reading)?))
}

pub(super) fn scheme(reading: &Reading<'_>) -> Option<String> {
    let why = reading.resolved.reported.scheme.err()?;
    let peer = without_port(reading.peer);
    let name = match &reading.config.scheme {
        SchemeFrom::List(name) | SchemeFrom::OnOff(name) => name,
        SchemeFrom::Forwarded => &http::header::FORWARDED,
        SchemeFrom::Always(_) | SchemeFrom::Nothing => return None,
    };
    match why {
        Absent::NotSent => Some(format!(
            "{}\nif every client uses https: {}",
            have_proxy_write(reading, &peer, name),
            reading.line(Advised::AlwaysHttps),
        )),
        Absent::NotValid => Some(write_scheme(reading, &peer, name)),
        Absent::Differ | Absent::ExtraLines => {
            Some(format!("have your proxies replace {}", title_case(name)))
        }
        _ => None,
    }
}

fn write_scheme(reading: &Reading<'_>, peer: &str, name: &HeaderName) -> String {
    let values = match &reading.config.scheme {
        SchemeFrom::OnOff(_) => "on or off",
        SchemeFrom::Forwarded => return format!("have {peer} write proto=http or proto=https"),
        _ => "http or https",
    };
    match line(reading, name) {
        Some((proxy, line)) => format!("have {peer} write {values} ({proxy}): {line}"),
        None => format!("have {peer} write {values} into {}", title_case(name)),
    }
}

fn host(reading: &Reading<'_>, entries: &[Entry]) -> Option<String> {
    let reported = &reading.resolved.reported;
    match reported.authority {
        Err(Absent::NotAllowed) => Some(refused_host(reading, refused_text(entries)?)),
        Err(Absent::ExtraLines) => Some("have the proxy send one line of Host".into()),
        Err(Absent::NotValid) => {
            Some("have the proxy send a valid Host: a name or an address".into())
        }
        Ok(()) if reported.host.is_err() && reading.is_trusted() => {
            let authority = reading.resolved.authority.as_ref()?;
            is_inner_name(authority.host()).then(|| pass_host(reading, authority.as_str()))
        }
        _ => None,
    }
}

/// Advises on a host, a port or a prefix that a trusted proxy sent, and that is not usable.
fn other_value(entries: &[Entry]) -> Option<String> {
    entries.iter().find_map(|entry| {
        let name = title_case(&entry.name.parse().ok()?);
        let Verdict::Absent(value, why) = entry.verdict else { return None };
        let valid = match value {
            Value::Scheme => return None,
            Value::Host => "a host",
            Value::Port => "a number from 1 to 65535",
            Value::Prefix => "a path, as in /shop",
        };
        match why {
            Absent::Differ => Some(format!("have your proxies replace {name}")),
            Absent::NotValid => Some(format!("have your proxies write {valid} into {name}")),
            _ => None,
        }
    })
}

/// Returns the host that `allowed_hosts` refuses.
pub(super) fn refused_text(entries: &[Entry]) -> Option<&str> {
    let refused = Verdict::Absent(Value::Host, Absent::NotAllowed);
    let text = entries.iter().find(|entry| entry.verdict == refused)?.text.as_ref()?;
    // Of equal copies, one.
    text.rsplit(',').next().map(str::trim)
}

pub(super) fn refused_host(reading: &Reading<'_>, host: &str) -> String {
    let is_own = reading.is_trusted() && reading.resolved.reported.host.is_err();
    if is_own && is_inner_name(host.split(':').next().unwrap_or_default()) {
        return pass_host(reading, host);
    }
    format!("if {host} is yours: {}", reading.line(Advised::Host(host)))
}

fn pass_host(reading: &Reading<'_>, host: &str) -> String {
    let peer = without_port(reading.peer);
    let line = line(reading, &HOST).map(|(proxy, line)| format!(" ({proxy}): {line}"));
    let line = line.unwrap_or_default();
    format!(
        "if {host} is not the host that clients use, have {peer} pass the client's Host on{line}"
    )
}

/// Returns whether only programs near the app use this name: one label, or an inner address.
fn is_inner_name(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => is_inner(ip) && !ip.is_loopback(),
        Err(_) => !host.contains('.') && !host.eq_ignore_ascii_case("localhost"),
    }
}

/// Returns whether an address is loopback, private, link-local, shared (RFC 6598) or unique local.
pub(crate) fn is_inner(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            let is_shared = a == 100 && b & 0xc0 == 64;
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// Returns the advice to have a proxy send a header.
fn have_proxy_write(reading: &Reading<'_>, peer: &str, name: &HeaderName) -> String {
    match (line(reading, name), reading.config.profile) {
        (Some((proxy, line)), _) => format!("have {peer} send it ({proxy}): {line}"),
        (None, Some(profile)) => {
            let (header, page) = (title_case(name), profile.name);
            format!("have {peer} send {header}: see the page of {page} in the docs of Proxy")
        }
        (None, None) => format!("have {peer} send {}", title_case(name)),
    }
}

/// Returns the name of the profile's own proxy, and the line that has it write a header. Without a
/// profile, nginx is the example.
fn line(reading: &Reading<'_>, name: &HeaderName) -> Option<(&'static str, &'static str)> {
    let profile = reading.config.profile.unwrap_or_else(|| Proxy::Nginx.profile());
    Some((profile.name, profile.line(name.as_str())?))
}

/// Returns a header's name as it is usually written: `X-Forwarded-For`.
pub(super) fn title_case(name: &HeaderName) -> String {
    let words = name.as_str().split('-').map(|word| match word {
        "ip" | "cf" | "ssl" => word.to_ascii_uppercase(),
        _ => {
            let (first, rest) = word.split_at(word.len().min(1));
            first.to_ascii_uppercase() + rest
        }
    });
    words.collect::<Vec<_>>().join("-")
}
