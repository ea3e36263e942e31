//! Thousands of random runs against a naive store. Snapshots are held and dropped at random; each held one must go on
//! showing exactly what it showed when it was published.

mod model;

use model::Model;
use model::files::Files;
use model::random::{Mix, Random, entry, seed};
use sutra_snapshot::{Snapshot, Writer};

struct Run {
    entries: u32,
    /// A publish comes after one in so many entries.
    publish: u32,
    /// A held snapshot is dropped, and a new one held, after one in so many publishes.
    held: u32,
    /// After one in so many publishes the store is restored from its chunks, every second time with an image.
    restore: u32,
    mix: Mix,
}

fn run(case: u64, run: &Run) {
    let mut random = Random(case);
    let (mut writer, mut model) = (Writer::new().unwrap(), Model::default());
    // In one of four, two or three threads link what groups of some associations hold.
    let threads = random.one_in(4).then(|| (2 + random.below(2) as usize, 1 + random.below(30) as usize));
    if let Some((threads, from)) = threads {
        writer.use_threads(threads, from);
    }
    let mut held: Vec<(Snapshot, Model)> = Vec::new();
    // What the group being built holds, applied all at once.
    let (mut group, mut first, mut ignored, mut ops) = (Vec::new(), 1, 0, 0);
    for sequence in 1..=u64::from(run.entries) {
        let (bytes, some, none) = entry(&mut random, run.mix, &mut model, sequence);
        group.push(bytes);
        ops += some;
        ignored += none;
        if !random.one_in(run.publish) && sequence < u64::from(run.entries) {
            continue;
        }
        if random.one_in(2) {
            let applied = writer.apply_group(first, group.iter().map(|entry| &**entry)).unwrap();
            assert_eq!((applied.ops, applied.ignored), (ops, ignored));
        } else {
            for (sequence, entry) in (first..).zip(&group) {
                writer.apply(sequence, entry).unwrap();
            }
        }
        group.clear();
        (first, ignored, ops) = (sequence + 1, 0, 0);
        let before = writer.latest();
        let snapshot = writer.publish(sequence);
        assert!(before.publish() < snapshot.publish());
        model.check(&snapshot, run.mix.kinds);
        check_access(&snapshot, &model);
        if random.one_in(run.held) {
            held.push((snapshot.clone(), model.clone()));
        }
        if held.len() > 6 || (!held.is_empty() && random.one_in(run.held)) {
            let (snapshot, model) = held.swap_remove(random.below(held.len() as u32) as usize);
            model.check(&snapshot, run.mix.kinds);
        }
        if random.one_in(run.restore) {
            let mut files = Files::of(&snapshot);
            if random.one_in(2) {
                // An image of this snapshot, or of an older one that is held.
                let older =
                    if random.one_in(2) { held.iter().find(|(old, _)| old.same_store(&snapshot)) } else { None };
                files = files.with_image(older.map_or(&snapshot, |(snapshot, _)| snapshot));
            }
            writer = files.restore().unwrap();
            if let Some((threads, from)) = threads {
                writer.use_threads(threads, from);
            }
            let restored = writer.publish(sequence);
            model.check(&restored, run.mix.kinds);
            check_access(&restored, &model);
        }
    }
    for (snapshot, model) in &held {
        model.check(snapshot, run.mix.kinds);
    }
}

fn check_access(snapshot: &Snapshot, model: &Model) {
    for slot in 0..snapshot.lengths().slots {
        let expected = model.access.get(&slot).copied().unwrap_or_default();
        assert_eq!(snapshot.access(slot).unwrap(), expected, "accesses of slot {slot}");
    }
}

fn runs(name: &str, default_seed: u64, cases: u64, each: &Run) {
    let first = seed(default_seed);
    for case in first..first + cases {
        println!("{name}: SUTRA_SEED={case}");
        run(case, each);
    }
}

#[test]
fn small_stores() {
    let mix = Mix { ids: 10, kinds: 3, forget: 3, associate: 26 };
    runs("small", 1, 2000, &Run { entries: 80, publish: 4, held: 3, restore: 20, mix });
}

#[test]
fn much_forgetting() {
    let mix = Mix { ids: 5, kinds: 2, forget: 12, associate: 30 };
    runs("forgetting", 100_000, 1000, &Run { entries: 100, publish: 3, held: 3, restore: 30, mix });
}

#[test]
fn one_big_group_at_a_time() {
    let mix = Mix { ids: 30, kinds: 2, forget: 2, associate: 40 };
    runs("groups", 200_000, 60, &Run { entries: 1500, publish: 150, held: 2, restore: 6, mix });
}

#[test]
fn hubs_of_parallel_types() {
    let mix = Mix { ids: 3, kinds: 250, forget: 0, associate: 56 };
    runs("hubs", 300_000, 12, &Run { entries: 6000, publish: 300, held: 2, restore: 5, mix });
}

#[test]
fn hubs_that_are_forgotten() {
    let mix = Mix { ids: 4, kinds: 250, forget: 1, associate: 58 };
    runs("forgotten hubs", 400_000, 12, &Run { entries: 6000, publish: 100, held: 2, restore: 10, mix });
}
