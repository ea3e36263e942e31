//! Reading a checkpoint without the engine.

mod support;

use support::{Learner, Random, arc, id, options, seed};
use sutra_store::{CheckpointReader, Store};
use sutra_vfs::sim::SimDirectory;

#[test]
fn every_id_is_found_as_the_last_checkpoint_has_it() {
    let seed = seed(9);
    for images in 0..16_u32 {
        let disk = SimDirectory::new();
        let mut store = Store::create(arc(&disk), options()).unwrap();
        let mut learner = Learner::new();
        let mut random = Random(seed);
        for round in 0..4 {
            learner.learn_some(&mut random, 200, 150);
            learner.checkpoint(&mut store, images >> round & 1 == 1).unwrap();
        }
        let reader = CheckpointReader::open(arc(&disk)).unwrap();
        assert_eq!(reader.sequence(), store.sequence());
        let snapshot = learner.writer.latest();
        let mut present = 0;
        for key in 0..400 {
            let expected = snapshot.find(&id(key)).unwrap();
            let found = reader.find(&id(key)).unwrap();
            assert_eq!(found.is_some(), expected.is_some(), "concept {key}");
            let (Some(found), Some((_, record))) = (found, expected) else { continue };
            present += 1;
            assert_eq!(found.record.checksum, record.checksum);
            assert_eq!(found.content, snapshot.content(record).unwrap());
        }
        assert!(present > 100);
    }
}

#[test]
fn a_reader_keeps_its_checkpoint() {
    let disk = SimDirectory::new();
    let mut store = Store::create(arc(&disk), options()).unwrap();
    let mut learner = Learner::new();
    learner.learn(1, b"first");
    learner.checkpoint(&mut store, true).unwrap();
    let reader = CheckpointReader::open(arc(&disk)).unwrap();
    learner.learn(1, b"second");
    learner.learn(2, b"other");
    learner.checkpoint(&mut store, true).unwrap();
    assert_eq!(reader.find(&id(1)).unwrap().unwrap().content, b"first");
    assert!(reader.find(&id(2)).unwrap().is_none());
    let reader = CheckpointReader::open(arc(&disk)).unwrap();
    assert_eq!(reader.find(&id(1)).unwrap().unwrap().content, b"second");
    assert!(reader.find(&id(2)).unwrap().is_some());
}
