//! The crates, each as its documentation says to use it, given the same networks and one header.

mod decide;
mod layer;
mod lookup;
mod parse;

use std::fmt;
use std::hint::black_box;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::inputs::{Case, Task};
use crate::measure::{Sample, timed};

/// A peer at a case.
pub struct Entrant {
    pub peer: &'static str,
    pub answer: String,
    /// What to subtract: the peer's inner service alone.
    pub baseline: Option<&'static str>,
    /// Calls it so many times.
    pub batch: Box<dyn FnMut(usize) -> Sample>,
}

/// Who can do it at all.
pub fn entrants(case: &Case) -> Vec<Entrant> {
    match &case.task {
        Task::Decide(message) => decide::deciders(message),
        Task::Layer(message) => layer::layers(message),
        Task::Lookup { hit } => lookup::lookups(*hit),
        Task::Parse(value) => parse::parsers(value),
    }
}

fn entrant<I: 'static, A: fmt::Display>(
    peer: &'static str,
    input: &Rc<I>,
    call: impl Fn(&I) -> A + 'static,
) -> Entrant {
    let input = input.clone();
    let answer = call(&input).to_string();
    let batch = Box::new(move |calls| {
        timed(|| (0..calls).for_each(|_| drop(black_box(call(black_box(&input))))))
    });
    Entrant { peer, answer, baseline: None, batch }
}

/// None of the futures here ever waits.
fn finish<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing to wait for"),
    }
}
