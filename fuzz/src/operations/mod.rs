//! A life of the whole engine, beside a naive model.
//!
//! The input is a list of writes, waits, held snapshots, closes, kills, faults and power cuts ([`step`]); the disk is simulated
//! and the engine's threads are real. What a reopened store holds must be what some sequence had made of it, no earlier one
//! than the last that was acknowledged. The model, the writes as values and the comparison are those of the tests of
//! `sutra-storage`.

mod bytes;
mod life;
mod step;
#[path = "../../../crates/storage/tests/support/mod.rs"]
mod support;

use bytes::Bytes;
use life::Life;
use step::Step;

use crate::memory::apparatus;

/// No steps: what a life takes without them.
pub(crate) const NOTHING: &[u8] = &[];

/// Steps of a life at most: many short lives meet more than few long ones.
const STEPS: usize = 32;

/// Lives the life that the input describes. A life that fails prints its steps.
pub fn check(input: &[u8]) {
    apparatus(|| {
        let mut bytes = Bytes::new(input);
        let mut life = Life::new(step::durability(&mut bytes));
        for step in steps(bytes) {
            life.step(step);
        }
        life.end();
    });
}

/// Bytes that the steps of an input give to the store.
pub(crate) fn size(input: &[u8]) -> usize {
    let mut bytes = Bytes::new(input);
    let _ = step::durability(&mut bytes);
    steps(bytes).map(|step| step.size()).sum()
}

fn steps(mut bytes: Bytes<'_>) -> impl Iterator<Item = Step> {
    std::iter::from_fn(move || (!bytes.is_empty()).then(|| Step::of(&mut bytes))).take(STEPS)
}
