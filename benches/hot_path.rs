//! How long a case takes: `cargo bench --bench hot_path`.

#![allow(missing_docs, unused_qualifications, reason = "what the macros make")]

mod cases;

use std::hint::black_box;

use cases::*;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use forwarded_headers::{Family, forwarded};

fn decide(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decide");
    let cases = [
        ("xff_one", xff_one()),
        ("xff_one_and_proto", xff_one_and_proto()),
        ("xff_two_hops", xff_two_hops()),
        ("forwarded_one", forwarded_one()),
        ("forwarded_two_hops", forwarded_two_hops()),
        ("forwarded_two_hops_ipv6", forwarded_two_hops_ipv6()),
    ];
    for (name, case) in &cases {
        group.bench_function(*name, |bencher| bencher.iter(|| case.decide()));
    }
}

/// Each should take as long as its two hops alone.
fn hostile(criterion: &mut Criterion) {
    for (name, family) in [("xff", Family::XForwarded), ("forwarded", Family::Forwarded)] {
        let mut group = criterion.benchmark_group(format!("hostile/{name}"));
        for what in HOSTILE {
            let case = cases::hostile(family, what);
            group.bench_function(what, |bencher| bencher.iter(|| case.decide()));
        }
        let case = hostile_entry(family);
        group.bench_function("one entry", |bencher| bencher.iter(|| case.decide()));
    }
}

fn layer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("layer");
    group.bench_function("nothing", |bencher| {
        bencher.iter_batched(
            || through_nothing(PROXY, &HONEST),
            Passage::pass,
            BatchSize::SmallInput,
        );
    });
    let cases: [(&str, &str, &[_], &[_]); 6] = [
        ("forwarded", PROXY, &HONEST, &[]),
        ("usual", PROXY, &USUAL, &[]),
        ("appended", PROXY, &APPENDED, &[]),
        ("direct", OUTSIDER, &[], &[]),
        ("direct_12", OUTSIDER, &[], &FOUR_MORE),
        ("stripped", OUTSIDER, &HONEST, &[]),
    ];
    for (name, peer, lines, others) in cases {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                || through_layer(peer, lines, others),
                Passage::pass,
                BatchSize::SmallInput,
            );
        });
    }
}

fn lookup(criterion: &mut Criterion) {
    let proxies = ten_thousand();
    for address in ["13.100.7.3", "203.0.113.195", "2001:db8:77:1::1"] {
        let address = address.parse().unwrap();
        criterion.bench_function(&format!("lookup/{address}"), |bencher| {
            bencher.iter(|| proxies.contains(black_box(address)));
        });
    }
}

fn parse(criterion: &mut Criterion) {
    let hundred = [ELEMENTS_1; 100].join(&b", "[..]);
    for (name, value) in [("1", ELEMENTS_1), ("3", ELEMENTS_3), ("100", &hundred)] {
        criterion.bench_function(&format!("parse/{name}"), |bencher| {
            bencher.iter(|| forwarded::elements(black_box(value)).filter(Result::is_ok).count());
        });
    }
}

criterion_group!(all, decide, hostile, layer, lookup, parse);
criterion_main!(all);
