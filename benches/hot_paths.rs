//! The hot paths, each so many times: what `cargo xtask verify instructions` counts the instructions and cache misses of.
//!
//! `hot_paths <path> <count>` makes a store of 20,000 concepts and 60,000 associations and does one thing `count` times, all
//! of it in [`measured`]. Without arguments, and so under `cargo bench`, it lists the paths.

use std::hint::black_box;

use sutra_benches::random::Random;
use sutra_benches::store::{Opened, settle};
use sutra_benches::{Outcome, load};
use sutra_format::AssociationType;
use sutra_format::entry::{Entry, EntryWriter, LearnAssociation, LearnConcept, Op};
use sutra_snapshot::Writer;
use sutra_storage::{ConceptId, ConcurrentMemory, Durability, Snapshot};

const CONCEPTS: u64 = 20_000;
const DEGREE: usize = 3;
/// Operations that are applied as one group.
const GROUP: usize = 500;

/// What one reading path is given.
struct Store {
    memory: ConcurrentMemory,
    snapshot: Snapshot,
    ids: Vec<ConceptId>,
    unknown: Vec<ConceptId>,
}

type Read = fn(&Store, usize) -> Outcome;

const READS: [(&str, Read); 8] = [
    ("get", |store, at| {
        let concept = store.snapshot.query_concept(of(&store.ids, at))?.ok_or("it was learned")?;
        black_box(concept.strength());
        Ok(())
    }),
    ("content", |store, at| {
        let concept = store.snapshot.query_concept(of(&store.ids, at))?.ok_or("it was learned")?;
        black_box(concept.content()?.first());
        Ok(())
    }),
    ("miss", |store, at| {
        black_box(store.snapshot.contains(of(&store.unknown, at))?);
        Ok(())
    }),
    ("neighbours", |store, at| {
        for neighbor in store.snapshot.neighbors(of(&store.ids, at))?.iter() {
            black_box(neighbor.id()?);
        }
        Ok(())
    }),
    ("snapshot", |store, _| {
        black_box(store.memory.snapshot());
        Ok(())
    }),
    ("path", |store, at| {
        black_box(store.snapshot.find_path(of(&store.ids, at), of(&store.ids, at / 7), 3)?);
        Ok(())
    }),
    // What the calling thread does; the reconciler is another one.
    ("accept-learn", |store, at| {
        let id = of(&store.unknown, at);
        store.memory.learn_concept(id, load::content(&id), None, 1.0, 0.9)?;
        Ok(())
    }),
    ("accept-associate", |store, at| {
        let (source, target) = (of(&store.ids, at), of(&store.ids, at / 7));
        store.memory.learn_association(source, target, AssociationType::SEMANTIC, 0.8)?;
        Ok(())
    }),
];

/// Paths of the writer, which gets entries that are ready.
const WRITES: [&str; 3] = ["learn", "associate", "associate-again"];

fn of(ids: &[ConceptId], at: usize) -> ConceptId {
    ids[at % ids.len()]
}

/// What is counted is what happens in here.
#[inline(never)]
fn measured(times: usize, what: &mut dyn FnMut(usize) -> Outcome) -> Outcome {
    (0..times).try_for_each(what)
}

fn main() -> Outcome {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [path, count] = &arguments[..] else {
        READS.iter().map(|(name, _)| *name).chain(WRITES).for_each(|name| println!("{name}"));
        return Ok(());
    };
    let count: usize = count.parse()?;
    match READS.iter().find(|(name, _)| name == path) {
        Some((_, run)) => read(*run, count),
        None => write(path, count),
    }
}

fn read(run: Read, count: usize) -> Outcome {
    // Nothing goes on beside the reads: no log to sync, no checkpoint to make.
    let opened = Opened::new(|config| {
        config.durability = Durability::None;
        config.memory_threshold = usize::MAX;
    })?;
    let memory = opened.memory.clone();
    let (ids, unknown) = (load::ids(0..CONCEPTS), load::ids(CONCEPTS..2 * CONCEPTS));
    load::fill(&memory, &ids)?;
    load::connect(&memory, &load::pairs_of_degree(&mut Random::new(1), &ids, &ids, DEGREE))?;
    let store = Store { snapshot: memory.snapshot(), memory, ids, unknown };
    let mut order = Random::new(2);
    measured(count, &mut |_| run(&store, order.below(usize::MAX)))?;
    settle(&store.memory, store.snapshot.sequence())
}

fn write(path: &str, count: usize) -> Outcome {
    let (ids, mut random) = (load::ids(0..CONCEPTS + count as u64), Random::new(3));
    let (known, new) = ids.split_at(usize::try_from(CONCEPTS)?);
    let pairs = load::uniform_pairs(&mut random, known, known.len() * DEGREE + count);
    let (linked, unlinked) = pairs.split_at(known.len() * DEGREE);
    let learned: Vec<_> = known.iter().map(learn).chain(linked.iter().map(associate)).collect();
    let entries: Vec<_> = match path {
        "learn" => new.iter().map(learn).collect(),
        "associate" => unlinked.iter().map(associate).collect(),
        "associate-again" => (0..count).map(|_| associate(random.choose(linked))).collect(),
        _ => return Err("there is no such path".into()),
    };
    let (mut writer, mut sequence) = (Writer::new()?, 1);
    let mut apply = |entries: &[Entry]| -> Outcome {
        writer.apply_group(sequence, entries.iter().map(|entry| &**entry))?;
        sequence += entries.len() as u64;
        writer.publish(sequence);
        Ok(())
    };
    learned.chunks(GROUP).try_for_each(&mut apply)?;
    let mut groups = entries.chunks(GROUP);
    measured(count.div_ceil(GROUP), &mut |_| apply(groups.next().unwrap_or_default()))
}

fn learn(id: &ConceptId) -> Entry {
    let content = load::content(id);
    let learn = LearnConcept {
        id: *id,
        namespace: 0,
        key: b"",
        content: &content,
        vector: None,
        metadata: None,
        strength: 1.0,
        confidence: 0.9,
        created: None,
    };
    EntryWriter::single(1, &Op::LearnConcept(learn))
}

fn associate((source, target): &load::Pair) -> Entry {
    let learn = LearnAssociation {
        source: *source,
        source_key: b"",
        target: *target,
        target_key: b"",
        namespace: 0,
        kind: AssociationType::SEMANTIC,
        confidence: 0.8,
        weight: None,
        created: None,
        validity: None,
        metadata: None,
    };
    EntryWriter::single(1, &Op::LearnAssociation(learn))
}
