//! How long a case takes: `cargo bench --bench hot_path`.

#![allow(missing_docs, unused_qualifications, reason = "what the macros make")]

mod cases;

use std::time::Instant;

use cases::{Answer, LAYER_CASES, LayerCase, REPEATED};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::Request;
use tower::Service;

fn repeated(criterion: &mut Criterion) {
    for (name, prepare) in REPEATED {
        let mut calls = prepare();
        criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let start = Instant::now();
                calls(times.try_into().unwrap());
                start.elapsed()
            });
        });
    }
}

fn layers(criterion: &mut Criterion) {
    through(criterion, "no_op", &LAYER_CASES[0], cases::nothing());
    for layer_case in &LAYER_CASES {
        through(criterion, "layer", layer_case, layer_case.layered());
    }
}

fn through<S>(criterion: &mut Criterion, group: &str, layer_case: &LayerCase, mut service: S)
where
    S: Service<Request<()>, Future = Answer>,
{
    let mut numbers = 0..;
    criterion.bench_function(&format!("{group}/{}", layer_case.name), |bencher| {
        bencher.iter_batched(
            || layer_case.request(numbers.next().unwrap()),
            |request| service.call(request),
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(all, repeated, layers);
criterion_main!(all);
