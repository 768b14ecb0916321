//! Which warnings have been written, in memory that does not grow.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

use crate::decide::Fault;
use crate::peer::Peer;

const SLOTS: usize = 64;
/// The most warnings of a layer.
const BUDGET: u8 = 64;

/// The warnings that were written last, each as a hash of peer and fault. A slot has room for one: two
/// that share a slot are written in turn, until the budget is used up.
pub(super) struct Limit {
    slots: [AtomicU64; SLOTS],
    left: AtomicU8,
    /// Otherwise a client could choose addresses that share a slot with another address.
    seeds: [u64; 2],
}

/// A hash of peer and fault. Never the content of an empty slot.
#[derive(Clone, Copy)]
pub(super) struct Key(u64);

impl Limit {
    pub(super) fn new() -> Self {
        let random = RandomState::new();
        Self {
            slots: [const { AtomicU64::new(0) }; SLOTS],
            left: AtomicU8::new(BUDGET),
            seeds: [random.hash_one(0), random.hash_one(1)],
        }
    }

    /// Returns the key of a peer and a fault. One host has the last 64 bits of an IPv6 address.
    pub(super) fn key(&self, peer: Option<Peer>, fault: Fault) -> Key {
        let (kind, address) = match peer {
            Some(Peer::Inet(address)) => match address.ip().to_canonical() {
                IpAddr::V4(ip) => (0, u128::from(ip.to_bits())),
                IpAddr::V6(ip) => (1, ip.to_bits() >> 64),
            },
            Some(Peer::Unix) => (2, 0),
            None => (3, 0),
        };
        let kind = u128::from(number(fault)) << 8 | kind;
        let [first, second] = self.seeds.map(u128::from);
        // Both factors have 64 bits.
        let product = (address ^ first).wrapping_mul(kind ^ second);
        #[expect(clippy::cast_possible_truncation, reason = "the halves of a hash")]
        let folded = (product >> 64) as u64 ^ product as u64;
        Key(folded | 1)
    }

    fn slot(&self, key: Key) -> Option<&AtomicU64> {
        // The lowest bit is the same in all keys.
        self.slots.get(usize::try_from(key.0 >> 58).ok()?)
    }

    /// Returns whether this warning may be due. Writes nothing.
    pub(super) fn is_new(&self, key: Key) -> bool {
        let slot = self.slot(key);
        self.left.load(Relaxed) > 0 && slot.is_some_and(|slot| slot.load(Relaxed) != key.0)
    }

    /// Takes this warning for one thread of those that found it new.
    pub(super) fn claim(&self, key: Key) -> bool {
        let slot = self.slot(key);
        let is_first = slot.is_some_and(|slot| slot.swap(key.0, Relaxed) != key.0);
        is_first && self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

fn number(fault: Fault) -> u8 {
    match fault {
        Fault::NoPeer => 0,
        Fault::UntrustedHeaders => 1,
        Fault::Host => 2,
        Fault::Unresolved(why) => 0x10 | why as u8,
        Fault::Scheme(why) => 0x20 | why as u8,
    }
}

/// What a layer writes once.
#[derive(Default)]
pub(super) struct Once(AtomicBool);

impl Once {
    pub(super) fn is_new(&self) -> bool {
        !self.0.load(Relaxed)
    }

    /// Returns whether this thread is the first.
    pub(super) fn claim(&self) -> bool {
        !self.0.swap(true, Relaxed)
    }
}
