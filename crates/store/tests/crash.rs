//! A power cut at any moment leaves the old commit or the new one, exactly.

mod support;

use support::{Learner, Random, arc, contents, open, options, seed, verify};
use sutra_store::{FILE_NAME, Store};
use sutra_vfs::Directory;
use sutra_vfs::sim::{Policy, SimDirectory};

fn policies(seed: u64) -> Vec<Policy> {
    let mut policies = vec![Policy::DropAll, Policy::KeepAll];
    policies.extend((0..6).map(|toss| Policy::Random(seed.wrapping_add(toss))));
    policies
}

#[test]
fn a_crash_while_creating_leaves_no_store_or_an_empty_one() {
    let seed = seed(3);
    let whole = SimDirectory::new();
    Store::create(arc(&whole), options()).unwrap();
    let mut seen = [0; 2];
    for operation in 0..whole.operations() {
        let disk = SimDirectory::new();
        disk.crash_at(operation);
        assert!(Store::create(arc(&disk), options()).is_err());
        for policy in policies(seed + operation) {
            let after = disk.image(policy);
            match Store::open(arc(&after)).unwrap() {
                Some((store, _)) => {
                    assert_eq!(store.repaired_header(), None);
                    seen[1] += 1;
                }
                None => {
                    seen[0] += 1;
                    Store::create(arc(&after), options()).unwrap();
                }
            }
            assert_eq!(after.list().unwrap(), [FILE_NAME]);
        }
    }
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

/// A store after `before` checkpoints, and how the next one would go.
struct Scene {
    disk: SimDirectory,
    store: Store,
    learner: Learner,
}

impl Scene {
    fn new(seed: u64, images: [bool; 2]) -> Self {
        let disk = SimDirectory::new();
        let mut store = Store::create(arc(&disk), options()).unwrap();
        let mut learner = Learner::new();
        let mut random = Random(seed);
        for image in images {
            learner.learn_some(&mut random, 150, 60);
            learner.checkpoint(&mut store, image).unwrap();
        }
        learner.learn_some(&mut random, 150, 60);
        // Chunks that are full, and a blob with a chunk of its own.
        learner.learn(7, &vec![7; 80_000]);
        (1_000..1_600).for_each(|key| learner.learn(key, b"new"));
        Self { disk, store, learner }
    }
}

#[test]
fn a_crash_in_a_checkpoint_leaves_the_old_commit_or_the_new_one() {
    let seed = seed(4);
    for (images, image) in [([false, false], false), ([true, false], true), ([false, true], false)] {
        let mut whole = Scene::new(seed, images);
        let old = contents(&open(&whole.disk).1.writer.latest());
        let first = whole.disk.operations();
        whole.learner.checkpoint(&mut whole.store, image).unwrap();
        let new = contents(&open(&whole.disk.image(Policy::KeepAll)).1.writer.latest());
        assert_ne!(old, new);
        let mut seen = [0; 2];
        for operation in first..whole.disk.operations() {
            let mut scene = Scene::new(seed, images);
            open(&scene.disk);
            assert_eq!(scene.disk.operations(), first);
            scene.disk.crash_at(operation);
            assert!(scene.learner.checkpoint(&mut scene.store, image).is_err());
            for policy in policies(seed + operation) {
                let after = scene.disk.image(policy);
                verify(&after);
                let (mut store, mut learner) = open(&after);
                let found = contents(&learner.writer.latest());
                assert!(found == old || found == new, "operation {operation}, {policy:?}");
                seen[usize::from(found == new)] += 1;
                // What an interrupted checkpoint left beyond the file's end is written over.
                learner.learn_some(&mut Random(seed), 50, 80);
                learner.learn(8, &vec![8; 90_000]);
                learner.checkpoint(&mut store, image).unwrap();
                let continued = contents(&learner.writer.latest());
                verify(&after);
                assert!(contents(&open(&after.image(Policy::DropAll)).1.writer.latest()) == continued);
            }
        }
        assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
    }
}

// A killed process leaves its writes in the page cache. The header that the next open finds there may not be durable; the
// log is cut by it, so it must be made so.
#[test]
fn what_an_open_after_a_kill_has_shown_survives_a_power_cut() {
    let seed = seed(5);
    let mut whole = Scene::new(seed, [false, false]);
    let first = whole.disk.operations();
    whole.learner.checkpoint(&mut whole.store, false).unwrap();
    for operation in first..whole.disk.operations() {
        let mut scene = Scene::new(seed, [false, false]);
        scene.disk.crash_at(operation);
        assert!(scene.learner.checkpoint(&mut scene.store, false).is_err());
        let killed = scene.disk.kill_image();
        let (_, learner) = open(&killed);
        let shown = contents(&learner.writer.latest());
        for policy in policies(seed + operation) {
            let (_, learner) = open(&killed.image(policy));
            assert!(contents(&learner.writer.latest()) == shown, "operation {operation}, {policy:?}");
        }
    }
}
