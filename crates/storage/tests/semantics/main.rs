//! The public contract, sentence by sentence: each test's name says the sentence that it holds.

#[path = "../support/mod.rs"]
mod support;

mod configuration;
mod ids;
mod reading;
mod statistics;
mod writing;

use sutra_storage::{ConcurrentMemory, Durability, Sequence};
use sutra_vfs::sim::SimDirectory;

/// A store on a simulated disk.
fn memory() -> ConcurrentMemory {
    support::open(&SimDirectory::new(), Durability::Group).unwrap()
}

/// Learns a concept with nothing but a content.
fn learn(memory: &ConcurrentMemory, name: &str, content: &str) -> Sequence {
    memory.learn_concept(name, content, None, 0.5, 0.5).unwrap()
}

/// Waits for everything accepted so far.
fn seen(memory: &ConcurrentMemory, sequence: Sequence) {
    memory.wait_visible(sequence).unwrap();
}
