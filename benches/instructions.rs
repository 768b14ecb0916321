//! How many instructions a case takes, counted by callgrind, so that the figure repeats. More than
//! the limit of a case, which is what it took plus 3 %, fails.
//!
//! Needs valgrind, and `cargo install gungraun-runner`; run by `cargo bench --bench instructions`.

#![allow(missing_docs, unused_qualifications, reason = "what the macros make")]

mod cases;

use cases::*;
use forwarded_headers::{ConnectionInfo, Family, TrustedProxies, forwarded};
use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind};
use std::hint::black_box;
use std::net::IpAddr;

/// Fails above what the case took when it was last looked at, plus 3 %.
fn at(instructions: u64) -> LibraryBenchmarkConfig {
    let mut callgrind = Callgrind::with_args(["cache-sim=no"]);
    callgrind.hard_limits([(EventKind::Ir, instructions * 103 / 100)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

/// Not dropped in what is counted.
fn kept<T>(case: T) -> &'static T {
    Box::leak(Box::new(case))
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[library_benchmark]
#[bench::xff_one(args = (kept(xff_one())), config = at(1_119))]
#[bench::xff_one_and_proto(args = (kept(xff_one_and_proto())), config = at(1_437))]
#[bench::xff_two_hops(args = (kept(xff_two_hops())), config = at(1_564))]
#[bench::forwarded_one(args = (kept(forwarded_one())), config = at(1_873))]
#[bench::forwarded_two_hops(args = (kept(forwarded_two_hops())), config = at(3_370))]
#[bench::forwarded_two_hops_ipv6(args = (kept(forwarded_two_hops_ipv6())), config = at(4_389))]
fn decide(case: &'static Decision) -> ConnectionInfo {
    case.decide()
}

// What stands to the left of the same two hops costs nothing.
#[library_benchmark]
#[bench::xff_100_elements(args = (kept(hostile(Family::XForwarded, "100 elements"))), config = at(1_573))]
#[bench::xff_commas(args = (kept(hostile(Family::XForwarded, "commas"))), config = at(1_572))]
#[bench::xff_open_quote(args = (kept(hostile(Family::XForwarded, "open quote"))), config = at(1_572))]
#[bench::xff_backslashes(args = (kept(hostile(Family::XForwarded, "backslashes"))), config = at(1_572))]
#[bench::xff_4000_lines(args = (kept(hostile(Family::XForwarded, "4,000 lines"))), config = at(1_574))]
#[bench::xff_connection(args = (kept(hostile(Family::XForwarded, "connection"))), config = at(1_564))]
#[bench::forwarded_100_elements(args = (kept(hostile(Family::Forwarded, "100 elements"))), config = at(3_368))]
#[bench::forwarded_commas(args = (kept(hostile(Family::Forwarded, "commas"))), config = at(3_360))]
#[bench::forwarded_open_quote(args = (kept(hostile(Family::Forwarded, "open quote"))), config = at(3_360))]
#[bench::forwarded_backslashes(args = (kept(hostile(Family::Forwarded, "backslashes"))), config = at(3_360))]
#[bench::forwarded_4000_lines(args = (kept(hostile(Family::Forwarded, "4,000 lines"))), config = at(3_381))]
#[bench::forwarded_connection(args = (kept(hostile(Family::Forwarded, "connection"))), config = at(3_374))]
#[bench::xff_one_entry(args = (kept(hostile_entry(Family::XForwarded))), config = at(1_600))]
#[bench::forwarded_one_entry(args = (kept(hostile_entry(Family::Forwarded))), config = at(2_013))]
fn decide_hostile(case: &'static Decision) -> ConnectionInfo {
    case.decide()
}

#[library_benchmark]
#[bench::alone(args = (through_nothing(PROXY, &HONEST)), config = at(92))]
fn nothing(passage: Passage<Nothing>) -> (Nothing, Answer) {
    passage.pass()
}

#[library_benchmark]
#[bench::forwarded(args = (through_layer(PROXY, &HONEST, &[])), config = at(2_427))]
#[bench::usual(args = (through_layer(PROXY, &USUAL, &[])), config = at(3_053))]
#[bench::appended(args = (through_layer(PROXY, &APPENDED, &[])), config = at(3_353))]
#[bench::direct(args = (through_layer(OUTSIDER, &[], &[])), config = at(1_340))]
#[bench::direct_12(args = (through_layer(OUTSIDER, &[], &FOUR_MORE)), config = at(1_458))]
#[bench::another_host(args = (for_another_host(through_layer(PROXY, &HONEST, &[]))), config = at(3_370))]
#[bench::stripped(args = (through_layer(OUTSIDER, &HONEST, &[])), config = at(2_719))]
fn layer(passage: Passage<Layered>) -> (Layered, Answer) {
    passage.pass()
}

#[library_benchmark]
#[bench::hit(args = (kept(ten_thousand()), ip("13.100.7.3")), config = at(147))]
#[bench::miss(args = (kept(ten_thousand()), ip("203.0.113.195")), config = at(147))]
#[bench::ipv6(args = (kept(ten_thousand()), ip("2001:db8:77:1::1")), config = at(187))]
fn trust(proxies: &'static TrustedProxies, address: IpAddr) -> bool {
    black_box(proxies).contains(black_box(address))
}

#[library_benchmark]
#[bench::elements_1(args = (ELEMENTS_1), config = at(684))]
#[bench::elements_3(args = (ELEMENTS_3), config = at(1_804))]
fn parse(value: &'static [u8]) -> usize {
    forwarded::elements(black_box(value)).filter(Result::is_ok).count()
}

library_benchmark_group!(
    name = decisions,
    benchmarks = [decide, decide_hostile, nothing, layer, trust, parse]
);

main!(library_benchmark_groups = decisions);
