//! What a thread of the child writes: its n-th step follows from its number and n alone, so that another process knows what
//! must be there.
//!
//! Every step leaves a trace that no later one takes away, and threads share no names. So the last step of a thread that a
//! store holds is found by looking, and so is one that is there without the one before.

use std::collections::BTreeMap;

use sutra_storage::{
    Association, Batch, Concept, ConceptRef, ConcurrentMemory, Direction, NeighborOptions, Result, Sequence, Snapshot,
};

/// Threads of the child.
pub(crate) const THREADS: u64 = 3;
/// Concepts of a batch.
const BATCH: u64 = 5;
const FOLLOWS: &str = "follows";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Learns concept n.
    Learn,
    /// Associates the thread's hub with concept n, which becomes a stub.
    Associate,
    /// Learns some concepts with associations between them, and learns the thread's "last batch" again: all or nothing.
    Batch,
    /// Learns the thread's "again" again.
    Again,
    /// Notes an access to the hub.
    Access,
    /// Forgets the victim of the batch with this number.
    Forget(u64),
}

/// The steps of one thread, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    pub(crate) thread: u64,
    /// The number of the next step.
    pub(crate) next: u64,
    /// What should be there after the steps so far.
    pub(crate) expected: Expected,
}

/// What a thread's steps have made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Live concepts, by key, with their contents.
    pub(crate) concepts: BTreeMap<String, String>,
    pub(crate) stubs: u64,
    pub(crate) edges: u64,
    pub(crate) accesses: u32,
    /// Batches whose victim is there.
    victims: Vec<u64>,
}

fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Of many lengths, so that groups end anywhere in a page; now and then longer than a segment of the log leaves room for.
fn content(thread: u64, number: u64, part: u64) -> String {
    let mixed = mix(thread << 48 | number << 8 | part);
    let words = if mixed.is_multiple_of(64) { 2000 } else { mixed % 40 };
    format!("{thread}.{number}.{part} {}", "word ".repeat(words as usize))
}

impl Steps {
    pub(crate) fn of(thread: u64) -> Self {
        Self { thread, ..Self::default() }
    }

    fn key(&self, what: &str) -> String {
        format!("{}/{what}", self.thread)
    }

    fn member(&self, number: u64, part: u64) -> String {
        self.key(&format!("{number}.{part}"))
    }

    /// What the next step is.
    fn kind(&self) -> Step {
        if self.next == 0 {
            // The hub itself.
            return Step::Learn;
        }
        match mix(self.thread << 32 | self.next) % 12 {
            0..=2 => Step::Learn,
            3 | 4 => Step::Associate,
            5 | 6 => Step::Batch,
            7 | 8 => Step::Again,
            9 => Step::Access,
            _ => self.expected.victims.first().map_or(Step::Learn, |victim| Step::Forget(*victim)),
        }
    }

    /// Gives the next step to a store.
    pub(crate) fn perform(&self, memory: &ConcurrentMemory) -> Result<Sequence> {
        let number = self.next;
        let (this, hub) = (self.key(&number.to_string()), self.key("0"));
        match self.kind() {
            Step::Learn => {
                memory.learn(&Concept::new(ConceptRef::key(&this)).content(&content(self.thread, number, 0)))
            }
            Step::Associate => {
                memory.associate(&Association::new(ConceptRef::key(&hub), ConceptRef::key(&this), FOLLOWS))
            }
            Step::Batch => self.perform_batch(memory),
            Step::Again => memory.learn_concept(
                ConceptRef::key(&self.key("again")),
                content(self.thread, number, 0),
                None,
                1.0,
                1.0,
            ),
            Step::Access => memory.record_access(ConceptRef::key(&hub)),
            Step::Forget(victim) => memory.forget_concept(ConceptRef::key(&self.member(victim, BATCH))),
        }
    }

    fn perform_batch(&self, memory: &ConcurrentMemory) -> Result<Sequence> {
        let number = self.next;
        // The last one is the victim, without associations: what it takes along is not this test's subject.
        let keys: Vec<_> = (0..=BATCH).map(|part| self.member(number, part)).collect();
        let contents: Vec<_> = (0..=BATCH).map(|part| content(self.thread, number, part)).collect();
        let (last, text) = (self.key("last batch"), number.to_string());
        let mut batch = Batch::new();
        for (key, content) in keys.iter().zip(&contents) {
            batch.concept(Concept::new(ConceptRef::key(key)).content(content));
        }
        for pair in keys[..BATCH as usize].windows(2) {
            batch.association(Association::new(ConceptRef::key(&pair[0]), ConceptRef::key(&pair[1]), FOLLOWS));
        }
        batch.concept(Concept::new(ConceptRef::key(&last)).content(&text));
        memory.learn_batch(&batch)
    }

    /// Takes the next step as done.
    pub(crate) fn advance(&mut self) {
        let number = self.next;
        match self.kind() {
            Step::Learn => {
                self.expected.concepts.insert(self.key(&number.to_string()), content(self.thread, number, 0));
            }
            Step::Associate => {
                self.expected.stubs += 1;
                self.expected.edges += 1;
            }
            Step::Batch => {
                for part in 0..=BATCH {
                    let content = content(self.thread, number, part);
                    self.expected.concepts.insert(self.member(number, part), content);
                }
                self.expected.concepts.insert(self.key("last batch"), number.to_string());
                self.expected.edges += BATCH - 1;
                self.expected.victims.push(number);
            }
            Step::Again => {
                self.expected.concepts.insert(self.key("again"), content(self.thread, number, 0));
            }
            Step::Access => self.expected.accesses += 1,
            Step::Forget(victim) => {
                self.expected.victims.remove(0);
                self.expected.concepts.remove(&self.member(victim, BATCH));
            }
        }
        self.next += 1;
    }

    /// Whether a store shows a trace of the next step.
    pub(crate) fn is_seen(&self, snapshot: &Snapshot) -> bool {
        let number = self.next;
        let (this, hub) = (self.key(&number.to_string()), self.key("0"));
        let there = |key: &str| snapshot.contains(ConceptRef::key(key)).unwrap();
        match self.kind() {
            Step::Learn => there(&this),
            Step::Associate => {
                let (hub, this) = (ConceptRef::key(&hub), ConceptRef::key(&this));
                snapshot.association(hub, this, FOLLOWS).unwrap().is_some()
            }
            Step::Batch => (0..BATCH).any(|part| there(&self.member(number, part))),
            Step::Again => {
                let again = snapshot.query_concept(ConceptRef::key(&self.key("again"))).unwrap();
                // `thread.number.part words`
                again.is_some_and(|again| {
                    let text = String::from_utf8(again.content().unwrap().to_vec()).unwrap();
                    let shown: u64 = text.split('.').nth(1).and_then(|number| number.parse().ok()).unwrap();
                    shown >= number
                })
            }
            Step::Access => {
                let hub = snapshot.query_concept(ConceptRef::key(&hub)).unwrap();
                hub.is_some_and(|hub| hub.access_count().unwrap() > self.expected.accesses)
            }
            Step::Forget(victim) => !there(&self.member(victim, BATCH)),
        }
    }

    /// Advances over all steps of which a store shows a trace, up to the first without.
    pub(crate) fn catch_up(&mut self, snapshot: &Snapshot) {
        while self.is_seen(snapshot) {
            self.advance();
        }
    }

    /// Checks that a store holds all that the steps so far have made, and as it was made; not that it holds no more.
    pub(crate) fn check(&self, snapshot: &Snapshot) {
        for (key, content) in &self.expected.concepts {
            let found = snapshot.query_concept(ConceptRef::key(key)).unwrap();
            let found = found.unwrap_or_else(|| panic!("{key} is missing"));
            assert!(found.content().unwrap() == content.as_bytes(), "the content of {key}");
        }
        let key = self.key("0");
        let Some(hub) = snapshot.query_concept(ConceptRef::key(&key)).unwrap() else { return };
        assert_eq!(hub.access_count().unwrap(), self.expected.accesses, "accesses of thread {}", self.thread);
        let options = NeighborOptions { direction: Direction::Out, ..NeighborOptions::default() };
        let followers = snapshot.neighbors_with(ConceptRef::key(&key), options).unwrap();
        assert_eq!(followers.len() as u64, self.expected.stubs, "what follows the hub of thread {}", self.thread);
    }
}
