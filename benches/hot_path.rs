//! How long a case takes: `cargo bench --bench hot_path`.

#![allow(missing_docs, unused_qualifications, reason = "what the macros make")]

mod cases;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use cases::{Answer, LAYER_CASES, LayerCase, REPEATED};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::Request;
use tower::Service;
use tower::util::MapRequest;

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

/// The first case with a configuration that can be replaced, beside the one that cannot.
fn swapped(criterion: &mut Criterion) {
    let layer_case = &LAYER_CASES[0];
    let layer = layer_case.layer();
    let fixed = layer.clone();
    let current = Arc::new(ArcSwap::from_pointee(layer));
    let apply = move |mut request: Request<()>| {
        fixed.apply(&mut request);
        request
    };
    let load_and_apply = move |mut request: Request<()>| {
        current.load().apply(&mut request);
        request
    };
    through(criterion, "swapped/never", layer_case, MapRequest::new(cases::nothing(), apply));
    through(
        criterion,
        "swapped/arc_swap",
        layer_case,
        MapRequest::new(cases::nothing(), load_and_apply),
    );
}

criterion_group!(all, repeated, layers, swapped);
criterion_main!(all);
