//! What a producer writes, step by step, so that whoever reads can tell which of its steps a snapshot holds.

use sutra_storage::{Association, Batch, Concept, ConceptId, ConcurrentMemory, Error, Result, Sequence, Snapshot};

/// Steps after which the kinds come again.
pub(crate) const CYCLE: u64 = 64;
/// Hubs that all producers share.
pub(crate) const HUBS: u64 = 3;
/// How many associations a producer has with hubs at most.
const LEAVES: u64 = 500;

/// The kinds of step that leave their number in the store, by their place in the cycle; the others count an access.
const CONTENT: u64 = 0;
pub(crate) const PAIR: u64 = 16;
const METADATA: u64 = 32;
const HUB: u64 = 40;
const LEAF: u64 = 48;
const LEAF_GONE: u64 = 56;

fn id(kind: u8, producer: u64, number: u64) -> ConceptId {
    let mut bytes = [kind; 16];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes[8] = producer as u8;
    ConceptId::from_bytes(bytes)
}

pub(crate) fn own(producer: u64) -> ConceptId {
    id(1, producer, 0)
}

fn pair(producer: u64) -> [ConceptId; 2] {
    [id(2, producer, 0), id(2, producer, 1)]
}

pub(crate) fn hub(number: u64) -> ConceptId {
    id(3, 0, number)
}

fn leaf(producer: u64, cycle: u64) -> ConceptId {
    id(4, producer, cycle % LEAVES)
}

/// Makes one step. With `patient`, waits for room; otherwise counts in `refused` how often there was none.
pub(crate) fn step(
    memory: &ConcurrentMemory,
    producer: u64,
    number: u64,
    patient: bool,
    refused: &mut u64,
) -> Sequence {
    loop {
        match attempt(memory, producer, number, patient) {
            Err(Error::Backpressure) if !patient => {
                *refused += 1;
                std::thread::yield_now();
            }
            outcome => return outcome.expect("accepted"),
        }
    }
}

fn attempt(memory: &ConcurrentMemory, producer: u64, number: u64, patient: bool) -> Result<Sequence> {
    let (text, cycle) = (number.to_le_bytes(), number / CYCLE);
    let association = |from: ConceptId, to: ConceptId| {
        let association = Association::new(from, to, "causal").weight(number as f32);
        if patient { memory.associate(&association) } else { memory.try_associate(&association) }
    };
    match number % CYCLE {
        CONTENT if patient => memory.learn_concept(own(producer), text, None, 0.5, 0.5),
        CONTENT => memory.try_learn_concept(own(producer), text, None, 0.5, 0.5),
        PAIR => {
            let [one, other] = pair(producer);
            let mut batch = Batch::new();
            batch.concept(Concept::new(one).content(&text)).concept(Concept::new(other).content(&text));
            batch.association(Association::new(one, other, "semantic").weight(number as f32));
            if patient { memory.learn_batch(&batch) } else { memory.try_learn_batch(&batch) }
        }
        HUB => association(own(producer), hub(cycle % HUBS)),
        LEAF => association(leaf(producer, cycle), hub(cycle % HUBS)),
        // There is no form of these that does not wait: who has no patience takes a batch of one.
        _ if patient => match number % CYCLE {
            METADATA => memory.update_metadata(own(producer), &number.to_string()),
            LEAF_GONE => memory.forget_concept(leaf(producer, cycle + 1)),
            _ => memory.record_access(own(producer)),
        },
        other => {
            let (text, mut batch) = (number.to_string(), Batch::new());
            match other {
                METADATA => batch.update_metadata(own(producer), &text),
                LEAF_GONE => batch.forget_concept(leaf(producer, cycle + 1)),
                _ => batch.record_access(own(producer)),
            };
            memory.try_learn_batch(&batch)
        }
    }
}

/// Accesses among the first `steps` steps.
pub(crate) fn accesses(steps: u64) -> u64 {
    let marked = [CONTENT, PAIR, METADATA, HUB, LEAF, LEAF_GONE];
    (0..steps % CYCLE).filter(|place| !marked.contains(place)).count() as u64
        + steps / CYCLE * (CYCLE - marked.len() as u64)
}

/// The last step of a kind that is not behind `step`; `None` before the first.
fn last(kind: u64, step: u64) -> Option<u64> {
    step.checked_sub(kind).map(|behind| behind / CYCLE * CYCLE + kind)
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("a number"))
}

/// The marks that a producer's steps have left in a snapshot: the last number of each kind.
pub(crate) fn marks(snapshot: &Snapshot, producer: u64) -> [(u64, Option<u64>); 4] {
    let own = own(producer);
    let found = snapshot.query_concept(own).expect("readable");
    let content = found.as_ref().map(|found| number(found.content().expect("readable")));
    let metadata = found.as_ref().and_then(|found| found.metadata().expect("readable"));
    let metadata = metadata.map(|text| text.parse().expect("a number"));
    let pair = pair(producer).map(|id| {
        let found = snapshot.query_concept(id).expect("readable");
        found.map(|found| number(found.content().expect("readable")))
    });
    let between = snapshot.association(self::pair(producer)[0], self::pair(producer)[1], "semantic").expect("readable");
    let weight = between.map(|found| found.weight() as u64);
    assert!(pair[0] == pair[1] && pair[0] == weight, "half a batch: {pair:?}, {weight:?}");
    let hubs = (0..HUBS).filter_map(|number| snapshot.association(own, hub(number), "causal").expect("readable"));
    let hub = hubs.map(|found| found.weight() as u64).max();
    [(CONTENT, content), (PAIR, pair[0]), (METADATA, metadata), (HUB, hub)]
}

/// The number of a producer's last batch in a snapshot, and the sequence that it has there.
pub(crate) fn last_pair(snapshot: &Snapshot, producer: u64) -> Option<(u64, u64)> {
    let found = snapshot.query_concept(pair(producer)[0]).expect("readable")?;
    Some((number(found.content().expect("readable")), found.sequence()))
}

/// How many steps of a producer a snapshot holds, at least and at most: the first ones, without a hole.
pub(crate) fn held(snapshot: &Snapshot, producer: u64) -> std::ops::RangeInclusive<u64> {
    let marks = marks(snapshot, producer);
    let least = marks.iter().filter_map(|(_, mark)| mark.map(|mark| mark + 1)).max().unwrap_or(0);
    let next = |(kind, mark): &(u64, Option<u64>)| mark.map_or(*kind, |mark| mark + CYCLE);
    let most = marks.iter().map(next).min().expect("four kinds");
    assert!(least <= most, "producer {producer} has steps {marks:?}: a later one without an earlier one");
    least..=most
}

/// Checks that a snapshot holds exactly so many steps of a producer.
pub(crate) fn check_end(snapshot: &Snapshot, producer: u64, steps: u64) {
    for (kind, mark) in marks(snapshot, producer) {
        let expected = steps.checked_sub(1).and_then(|step| last(kind, step));
        assert_eq!(mark, expected, "producer {producer}, steps of kind {kind}");
    }
    let found = snapshot.query_concept(own(producer)).expect("readable").expect("it was learned");
    assert_eq!(u64::from(found.access_count().expect("readable")), accesses(steps), "producer {producer}");
}
