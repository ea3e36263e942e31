//! Several threads link the associations of a group: what they leave is what one leaves, byte for byte.

mod model;

use model::Model;
use model::random::{Mix, Random, entry, seed};
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
                let applied = writer.apply_group(sequence, bytes.iter().map(Vec::as_slice)).unwrap();
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

#[test]
fn hubs() {
    compare(2_000, 2, Mix { ids: 130, kinds: 250, forget: 0, associate: 58 }, 6, 4_000);
}
