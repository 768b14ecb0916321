//! Time and allocations per call, all entrants in turn.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::peers::Entrant;

/// How long a batch lasts: short, so that a slow moment of the machine hits all alike.
const BATCH: Duration = Duration::from_micros(20);
const MOST_CALLS: usize = 256;

/// Counts, and costs next to nothing, so that it does not count against those who allocate.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() {
    ALLOCATIONS.with(|n| n.set(n.get() + 1));
}

// SAFETY: all is left to `System`; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's.
        unsafe { System.realloc(old, layout, size) }
    }

    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(old, layout) }
    }
}

#[derive(Clone, Copy, Default)]
pub struct Sample {
    time: Duration,
    allocations: u64,
}

impl std::ops::AddAssign for Sample {
    fn add_assign(&mut self, other: Self) {
        self.time += other.time;
        self.allocations += other.allocations;
    }
}

pub fn timed(work: impl FnOnce()) -> Sample {
    let before = ALLOCATIONS.with(Cell::get);
    let start = Instant::now();
    work();
    Sample { time: start.elapsed(), allocations: ALLOCATIONS.with(Cell::get) - before }
}

/// Of one call, in nanoseconds.
#[derive(Clone, Copy)]
pub struct Cost {
    pub min: f64,
    pub median: f64,
    pub allocations: f64,
}

impl std::ops::Sub for Cost {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            min: self.min - other.min,
            median: self.median - other.median,
            allocations: self.allocations - other.allocations,
        }
    }
}

/// Round after round, each entrant a batch.
pub fn interleaved(entrants: &mut [&mut Entrant], rounds: usize) -> Vec<Cost> {
    let calls: Vec<_> = entrants.iter_mut().map(|entrant| calls_per_batch(entrant)).collect();
    let mut times = vec![Vec::with_capacity(rounds); entrants.len()];
    for _ in 0..rounds {
        for ((entrant, &calls), times) in entrants.iter_mut().zip(&calls).zip(&mut times) {
            times.push(per_call((entrant.batch)(calls).time, calls));
        }
    }
    let allocations =
        entrants.iter_mut().map(|entrant| (entrant.batch)(32).allocations as f64 / 32.);
    times
        .into_iter()
        .zip(allocations)
        .map(|(times, allocations)| cost(times, allocations))
        .collect()
}

fn calls_per_batch(entrant: &mut Entrant) -> usize {
    (entrant.batch)(8);
    let once = per_call((entrant.batch)(8).time, 8);
    ((BATCH.as_nanos() as f64 / once) as usize).clamp(1, MOST_CALLS)
}

fn per_call(time: Duration, calls: usize) -> f64 {
    time.as_nanos() as f64 / calls as f64
}

fn cost(mut times: Vec<f64>, allocations: f64) -> Cost {
    times.sort_by(f64::total_cmp);
    Cost { min: times[0], median: times[times.len() / 2], allocations }
}
