//! Stores for the tests: a writer that learns pseudo-random things, and everything that a snapshot shows, to compare.
#![allow(dead_code, reason = "each test file uses its part")]

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;

use sutra_format::entry::{Definition, EntryWriter, LearnAssociation, LearnConcept, Op};
use sutra_format::{AccessEntry, AssociationType, ConceptId};
use sutra_snapshot::{Restore, Side, Snapshot, Writer};
use sutra_store::{Committed, Imaging, New, NewImage, Store, StoreError, StoreOptions};
use sutra_vfs::Directory;

pub(crate) const STORE_ID: [u8; 16] = *b"the test's store";

pub(crate) fn options() -> StoreOptions {
    StoreOptions { store_id: STORE_ID, initial_size: 64 << 10, created: 1_000 }
}

/// The seed of a random test: printed, and taken from SUTRA_SEED when that is set.
pub(crate) fn seed(default: u64) -> u64 {
    let seed = std::env::var("SUTRA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(default);
    println!("SUTRA_SEED={seed}");
    seed
}

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

pub(crate) fn id(key: u64) -> ConceptId {
    ConceptId::from_key(&format!("concept {key}")).unwrap()
}

/// A writer with what a checkpoint must be told beside the snapshot.
pub(crate) struct Learner {
    pub(crate) writer: Writer,
    pub(crate) time: u64,
    groups: Vec<(u64, u64)>,
    access: Vec<AccessEntry>,
}

impl Learner {
    pub(crate) fn new() -> Self {
        Self::of(Writer::new().unwrap())
    }

    pub(crate) fn restore(restore: Restore) -> Self {
        let time = restore.timestamp;
        let mut learner = Self::of(Writer::restore(restore).unwrap());
        learner.time = time;
        learner.writer.publish(time);
        learner
    }

    fn of(writer: Writer) -> Self {
        Self { writer, time: 0, groups: Vec::new(), access: Vec::new() }
    }

    pub(crate) fn apply(&mut self, op: &Op<'_>) {
        self.time += 1;
        let sequence = self.writer.sequence() + 1;
        self.writer.apply(sequence, &EntryWriter::single(self.time, op)).unwrap();
    }

    pub(crate) fn learn(&mut self, key: u64, content: &[u8]) {
        self.apply(&Op::LearnConcept(LearnConcept {
            id: id(key),
            namespace: 0,
            key: b"",
            content,
            vector: None,
            metadata: None,
            strength: 0.5,
            confidence: 0.75,
            created: None,
        }));
    }

    pub(crate) fn associate(&mut self, source: u64, target: u64, kind: u8) {
        self.apply(&Op::LearnAssociation(LearnAssociation {
            source: id(source),
            target: id(target),
            kind: AssociationType(kind),
            confidence: 0.5,
            weight: None,
            created: None,
            validity: None,
            metadata: source.is_multiple_of(7).then_some(b"{\"seven\":true}"),
            namespace: 0,
            source_key: b"",
            target_key: b"",
        }));
    }

    pub(crate) fn access(&mut self, key: u64, count: u32) {
        self.apply(&Op::RecordAccess { id: id(key), count });
    }

    /// A little of everything, over `keys` ids.
    pub(crate) fn learn_some(&mut self, random: &mut Random, operations: u64, keys: u64) {
        for _ in 0..operations {
            let (key, other) = (random.below(keys), random.below(keys));
            match random.below(16) {
                0..6 => {
                    let content = vec![b'a' + (key % 26) as u8; random.below(200) as usize];
                    self.learn(key, &content);
                }
                6..12 => self.associate(key, other, random.below(5) as u8),
                12 => self.access(key, random.below(9) as u32 + 1),
                13 => self.apply(&Op::ForgetAssociation {
                    source: id(key),
                    target: id(other),
                    kind: AssociationType(random.below(5) as u8),
                }),
                14 if random.below(4) == 0 => self.apply(&Op::ForgetConcept { id: id(key) }),
                14 => self.apply(&Op::UpdateStrength { id: id(key), strength: 0.25 }),
                _ if random.below(8) == 0 => {
                    let number = self.writer.catalogue().next_namespace().unwrap().0;
                    let name = format!("namespace {number}");
                    self.apply(&Op::Define { what: Definition::Namespace, number, name: name.as_bytes() });
                }
                _ => self.apply(&Op::UpdateMetadata { id: id(key), metadata: b"{}" }),
            }
        }
    }

    pub(crate) fn publish(&mut self) -> Snapshot {
        self.time += 1;
        let snapshot = self.writer.publish(self.time);
        self.groups.push((snapshot.sequence(), self.time));
        self.access.extend(self.writer.take_accessed().into_iter().map(|(slot, count, last)| AccessEntry {
            slot: slot.into(),
            count: count.into(),
            last_accessed: last.into(),
        }));
        snapshot
    }

    /// Commits what was learned, with an image of it if there is to be one.
    pub(crate) fn checkpoint(&mut self, store: &mut Store, image: bool) -> Result<Committed, StoreError> {
        let snapshot = self.publish();
        let mut between = |_: &mut Store| Ok(ControlFlow::Continue(()));
        let imaging = Imaging { access: &self.access, keep: true, between: &mut between };
        let image = if image { store.write_image(&snapshot, imaging)? } else { None };
        let access = if image.is_some() { &[][..] } else { &self.access };
        let new = New { access, groups: &self.groups, image, pace: &|_| {} };
        let result = store.checkpoint(&snapshot, new);
        self.committed(result)
    }

    /// Commits a snapshot with everything since the last commit, and perhaps an older image.
    pub(crate) fn commit(
        &mut self,
        store: &mut Store,
        snapshot: &Snapshot,
        image: Option<NewImage>,
    ) -> Result<Committed, StoreError> {
        let new = New { access: &self.access, groups: &self.groups, image, pace: &|_| {} };
        let result = store.checkpoint(snapshot, new);
        self.committed(result)
    }

    fn committed(&mut self, result: Result<Committed, StoreError>) -> Result<Committed, StoreError> {
        if result.is_ok() {
            self.groups.clear();
            self.access.clear();
        }
        result
    }
}

pub(crate) fn arc(directory: &(impl Directory + Clone + 'static)) -> Arc<dyn Directory> {
    Arc::new(directory.clone())
}

/// Opens a store that is there.
pub(crate) fn open(directory: &(impl Directory + Clone + 'static)) -> (Store, Learner) {
    let (store, restore) = Store::open(arc(directory)).unwrap().expect("a store");
    (store, Learner::restore(restore))
}

/// Everything that a snapshot shows, as text.
pub(crate) fn contents(snapshot: &Snapshot) -> String {
    let mut text = format!("{} {:?}\n", snapshot.sequence(), snapshot.lengths());
    for defined in snapshot.catalogue().definitions() {
        writeln!(text, "{defined:?}").unwrap();
    }
    for ordinal in 0..snapshot.lengths().concepts {
        let record = snapshot.concept(ordinal).unwrap();
        let content = snapshot.content(record).unwrap();
        let metadata = snapshot.metadata(record).unwrap();
        writeln!(text, "{ordinal}: {record:?} {} {metadata:?}", content.escape_ascii()).unwrap();
    }
    for ordinal in 0..snapshot.lengths().associations {
        let record = snapshot.association(ordinal).unwrap();
        writeln!(text, "{ordinal}: {record:?} {:?}", snapshot.association_metadata(record).unwrap()).unwrap();
    }
    for slot in 0..snapshot.lengths().slots {
        writeln!(text, "slot {slot}: {:?} {:?}", snapshot.latest(slot).unwrap(), snapshot.access(slot).unwrap())
            .unwrap();
        for side in [Side::Out, Side::In] {
            let edges: Vec<_> = snapshot.edges(slot, side).unwrap().iter().collect();
            writeln!(text, "  {side:?} {edges:?}").unwrap();
        }
        let record = snapshot.newest(slot).unwrap().unwrap();
        let found = snapshot.find(&ConceptId::from_bytes(record.id)).unwrap().expect("every id is found");
        assert_eq!(found.0, slot);
    }
    text
}

/// The sound report of a store.
pub(crate) fn verify(directory: &(impl Directory + Clone + 'static)) -> sutra_store::VerifyReport {
    let report = Store::verify(arc(directory)).unwrap();
    assert!(report.is_sound(), "{report:#?}");
    report
}

/// As [`verify`], but a header slot may be damaged, as a write that failed in its midst leaves it.
pub(crate) fn verify_all_but_a_header(directory: &(impl Directory + Clone + 'static)) {
    let report = Store::verify(arc(directory)).unwrap();
    let elsewhere: Vec<_> = report.problems.iter().filter(|problem| problem.region != "file header").collect();
    assert!(elsewhere.is_empty() && report.problem_count <= 1, "{report:#?}");
}
