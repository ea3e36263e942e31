//! Several threads link the associations of a group: what they leave is what one leaves, byte for byte.

mod model;

use model::Model;
use model::files::Files;
use model::random::{Mix, Random, entry, id, seed};
use sutra_format::AssociationType;
use sutra_format::entry::{Entry, EntryWriter, LearnAssociation, LearnConcept, Op};
use sutra_snapshot::{Arena, Side, Snapshot, Writer};

/// Every record, every blob, every edge in its order, and the counts.
fn assert_equal(one: &Snapshot, several: &Snapshot, what: &str) {
    assert_eq!(one.lengths(), several.lengths(), "{what}");
    for arena in Arena::ALL {
        assert_eq!(one.chunk_count(arena), several.chunk_count(arena), "{what}");
        for index in 0..one.chunk_count(arena) {
            assert!(one.chunk(arena, index) == several.chunk(arena, index), "{what}: chunk {index} of {arena:?}");
        }
    }
    for slot in 0..one.lengths().slots {
        for side in [Side::Out, Side::In] {
            let edges = |snapshot: &Snapshot| snapshot.edges(slot, side).unwrap().iter().collect::<Vec<_>>();
            assert_eq!(edges(one), edges(several), "{what}: slot {slot}, {side:?}");
        }
    }
}

fn compare(default_seed: u64, cases: u64, mix: Mix, groups: u64, entries: u64) {
    let first = seed(default_seed);
    for case in first..first + cases {
        let mut random = Random(case);
        let threads = [2, 3, 5][random.below(3) as usize];
        let from = 1 + random.below(40) as usize;
        let what = format!("SUTRA_SEED={case}, {threads} threads from {from} associations on");
        let mut model = Model::default();
        let (mut one, mut several) = (Writer::new().unwrap(), Writer::new().unwrap());
        several.use_threads(threads, from);
        // Snapshots that keep what later groups replace.
        let mut held = Vec::new();
        let mut sequence = 1;
        for group in 0..groups {
            let bytes: Vec<_> = (0..entries).map(|at| entry(&mut random, mix, &mut model, sequence + at).0).collect();
            let applied = [&mut one, &mut several].map(|writer| {
                let applied = writer.apply_group(sequence, bytes.iter().map(|entry| &**entry)).unwrap();
                (applied, writer.publish(group))
            });
            sequence += entries;
            let [(counted, of_one), (also_counted, of_several)] = applied;
            assert_eq!(counted, also_counted, "{what}");
            assert_equal(&of_one, &of_several, &what);
            held.push((of_one, of_several));
            if random.one_in(3) {
                held.swap_remove(random.below(held.len() as u32) as usize);
            }
        }
        held.iter().for_each(|(of_one, of_several)| assert_equal(of_one, of_several, &what));
        model.check(&several.latest(), mix.kinds);
    }
}

#[test]
fn few_ids_that_are_learned_again_and_forgotten() {
    // So few slots that all are of one range: then one thread has all the work, and the others none.
    compare(1, 12, Mix { ids: 40, kinds: 3, forget: 2, associate: 40 }, 12, 60);
}

#[test]
fn slots_of_several_ranges() {
    compare(1_000, 6, Mix { ids: 700, kinds: 2, forget: 1, associate: 44 }, 8, 400);
}

/// One association between two of 2,000 ids, of which three have most of the edges, in both directions and of many types.
fn hub_entry(random: &mut Random, sequence: u64) -> Entry {
    let hot = |random: &mut Random| 70 * random.below(3);
    let source = if random.one_in(8) { random.below(2_000) } else { hot(random) };
    let target = if random.one_in(2) { hot(random) } else { random.below(2_000) };
    let mut op = LearnAssociation {
        source: id(source),
        target: id(target),
        source_key: b"",
        target_key: b"",
        namespace: 0,
        kind: AssociationType(random.below(250) as u8),
        confidence: 0.5,
        weight: None,
        created: None,
        validity: None,
        metadata: None,
    };
    if random.one_in(3) {
        op.weight = Some(random.below(100) as f32);
    }
    EntryWriter::single(sequence, &Op::LearnAssociation(op))
}

#[test]
fn hubs_of_several_ranges_that_grow_within_a_group() {
    let mut random = Random(seed(2_000));
    // Every id gets its slot first, so that the three lie in ranges of different threads.
    let stub = |number: u32, sequence: u64| {
        let learn = LearnConcept {
            id: id(number),
            namespace: 0,
            key: b"",
            content: b"",
            vector: None,
            metadata: None,
            strength: 1.0,
            confidence: 1.0,
            created: None,
        };
        EntryWriter::single(sequence, &Op::LearnConcept(learn))
    };
    for threads in [2, 3] {
        let (mut one, mut several) = (Writer::new().unwrap(), Writer::new().unwrap());
        several.use_threads(threads, 50);
        let mut sequence = 1;
        for group in 0..9 {
            let bytes: Vec<_> = match group {
                0 => (0..2_000).map(|number| stub(number, sequence)).collect(),
                _ => (0..2_500).map(|at| hub_entry(&mut random, sequence + at)).collect(),
            };
            for writer in [&mut one, &mut several] {
                writer.apply_group(sequence, bytes.iter().map(|entry| &**entry)).unwrap();
                writer.publish(group);
            }
            sequence += bytes.len() as u64;
            assert_equal(&one.latest(), &several.latest(), &format!("{threads} threads, group {group}"));
        }
        let snapshot = several.latest();
        for hub in [0, 70, 140] {
            for side in [Side::Out, Side::In] {
                assert!(snapshot.edges(hub, side).unwrap().iter().count() > 1024, "slot {hub} is no hub");
            }
        }
    }
}

/// What one linker gives back, another must not need: the memory of a store in which the same is learned again stays.
#[test]
fn memory_that_is_given_back_is_used_again() {
    let grown = |threads: usize| {
        let mut random = Random(seed(3_000));
        let mut writer = Writer::new().unwrap();
        writer.use_threads(threads, 100);
        let pairs: Vec<_> = (0..2_000).map(|_| (random.below(400), random.below(400))).collect();
        let mut sequence = 1;
        let mut heap = Vec::new();
        for group in 0..240 {
            let entries: Vec<_> = pairs
                .iter()
                .map(|(source, target)| {
                    let op = LearnAssociation {
                        source: id(*source),
                        target: id(*target),
                        source_key: b"",
                        target_key: b"",
                        namespace: 0,
                        kind: AssociationType(0),
                        confidence: 0.5,
                        weight: None,
                        created: None,
                        validity: None,
                        metadata: None,
                    };
                    EntryWriter::single(sequence, &Op::LearnAssociation(op))
                })
                .collect();
            writer.apply_group(sequence, entries.iter().map(|entry| &**entry)).unwrap();
            sequence += entries.len() as u64;
            writer.publish(group);
            // The records, which are kept, apart.
            let records = u64::from(writer.lengths().associations) * 64;
            heap.push(writer.count_memory().saturating_sub(records));
        }
        heap[239].saturating_sub(heap[79])
    };
    let one = grown(1);
    for threads in [2, 4] {
        // One more chunk of blocks for each linker.
        let several = grown(threads);
        println!("{one} bytes more with one thread, {several} with {threads}");
        assert!(
            several <= one + threads as u64 * (4 << 20),
            "{several} bytes more with {threads} threads, {one} with one"
        );
    }
}

/// The association between two of 2,000 ids with one of many types is forgotten, if there is one.
fn forget_entry(random: &mut Random, sequence: u64) -> Entry {
    let forget = Op::ForgetAssociation {
        source: id(70 * random.below(3)),
        target: id(random.below(2_000)),
        kind: AssociationType(random.below(250) as u8),
    };
    EntryWriter::single(sequence, &forget)
}

/// Enough that both sides are linked at the same time, in the last two cases in stretches between slots that are forgotten.
#[test]
fn what_is_opened_by_two_threads_is_what_was_written() {
    let mut random = Random(seed(3_000));
    let mut writer = Writer::new().unwrap();
    let mut sequence = 1;
    let mut write = |writer: &mut Writer, random: &mut Random, count: u64, forgets: &[u32]| {
        for _ in 0..count {
            let forgets = random.one_in(10);
            let entry = if forgets { forget_entry(random, sequence) } else { hub_entry(random, sequence) };
            writer.apply(sequence, &entry).unwrap();
            sequence += 1;
        }
        for number in forgets {
            writer.apply(sequence, &EntryWriter::single(sequence, &Op::ForgetConcept { id: id(*number) })).unwrap();
            sequence += 1;
        }
        writer.publish(sequence)
    };
    let imaged = write(&mut writer, &mut random, 30_000, &[11]);
    write(&mut writer, &mut random, 20_000, &[23]);
    let newer = write(&mut writer, &mut random, 20_000, &[]);
    let last = write(&mut writer, &mut random, 100, &[70, 300]);
    let cases = [
        ("nothing imaged", Files::of(&last), &last),
        ("two stretches on an image", Files::of(&newer).with_image(&imaged), &newer),
        ("slots forgotten since the image", Files::of(&last).with_image(&imaged), &last),
    ];
    let mut opened = Vec::new();
    for (case, files, expected) in cases {
        let mut writer = files.restore().unwrap();
        assert_equal(expected, &writer.publish(5), case);
        opened.extend(std::ptr::eq(expected, &last).then_some((case, writer)));
    }
    // They go on as the first one does.
    let first = last.sequence() + 1;
    let entries: Vec<_> = (0..5_000)
        .map(|at| match at % 5 {
            0 => forget_entry(&mut random, first + at),
            _ => hub_entry(&mut random, first + at),
        })
        .collect();
    let go_on = |writer: &mut Writer| {
        writer.apply_group(first, entries.iter().map(|entry| &**entry)).unwrap();
        writer.publish(6)
    };
    let expected = go_on(&mut writer);
    assert_eq!(opened.len(), 2);
    for (case, mut writer) in opened {
        assert_equal(&expected, &go_on(&mut writer), case);
    }
}
