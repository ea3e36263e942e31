//! Records whose checksums match but that contradict each other, the lengths or the chunks: they are damage.

mod model;

use model::Model;
use model::files::Files;
use model::random::{Mix, Random, entry, seed};
use sutra_format::{AssociationRecord, ConceptRecord, NONE};
use sutra_snapshot::{RestoreError, Writer};
use zerocopy::FromBytes;
use zerocopy::little_endian::U32;

/// What is changed, and how.
type Change<T> = (&'static str, fn(&mut T));

fn files() -> Files {
    let mut random = Random(seed(1));
    let (mut writer, mut model) = (Writer::new().unwrap(), Model::default());
    let mix = Mix { ids: 12, kinds: 2, forget: 2, associate: 36 };
    for sequence in 1..=400 {
        let (bytes, ..) = entry(&mut random, mix, &mut model, sequence);
        writer.apply(sequence, &bytes).unwrap();
    }
    Files::of(&writer.publish(1))
}

fn is_damage(files: &Files, what: &str) {
    assert!(matches!(files.restore(), Err(RestoreError::Damage(_))), "{what}");
}

fn concept(files: &mut Files, ordinal: u32) -> &mut ConceptRecord {
    let at = ordinal as usize * ConceptRecord::SIZE;
    ConceptRecord::mut_from_bytes(&mut files.chunks[0][0][at..at + ConceptRecord::SIZE]).unwrap()
}

fn association(files: &mut Files, ordinal: u32) -> &mut AssociationRecord {
    let at = ordinal as usize * AssociationRecord::SIZE;
    AssociationRecord::mut_from_bytes(&mut files.chunks[1][0][at..at + AssociationRecord::SIZE]).unwrap()
}

#[test]
fn concepts_that_contradict_are_damage() {
    let whole = files();
    whole.restore().unwrap();
    for ordinal in 0..whole.lengths.concepts {
        let changes: [Change<ConceptRecord>; 4] = [
            ("another slot", |record| record.slot += U32::new(1)),
            ("an unknown slot", |record| record.slot = U32::new(NONE)),
            ("another previous", |record| record.previous = U32::new(record.previous.get() ^ 1)),
            ("stub and tombstone", |record| record.flags = U32::new(3)),
        ];
        for (what, change) in changes {
            let mut files = whole.clone();
            let record = concept(&mut files, ordinal);
            change(record);
            record.seal();
            is_damage(&files, &format!("record {ordinal}: {what}"));
        }
    }
}

#[test]
fn associations_that_contradict_are_damage() {
    let whole = files();
    for ordinal in 0..whole.lengths.associations {
        let changes: [Change<AssociationRecord>; 5] = [
            ("an unknown source", |record| record.source = U32::new(1000)),
            ("an unknown target", |record| record.target = U32::new(NONE)),
            ("unknown flags", |record| record.flags |= 4),
            ("a later previous", |record| record.previous = U32::new(100_000)),
            ("another kind than its previous", |record| {
                record.kind ^= u8::from(record.previous.get() != NONE);
                // Without a previous, let it contradict in another way.
                record.flags ^= if record.previous.get() == NONE { 3 } else { 0 };
            }),
        ];
        for (what, change) in changes {
            let mut files = whole.clone();
            let record = association(&mut files, ordinal);
            change(record);
            record.seal();
            is_damage(&files, &format!("record {ordinal}: {what}"));
        }
    }
}

#[test]
fn an_association_that_ends_twice_is_damage() {
    let whole = files();
    let updates: Vec<u32> = (0..whole.lengths.associations)
        .filter(|ordinal| association(&mut whole.clone(), *ordinal).previous.get() != NONE)
        .collect();
    let mut chains = 0;
    for ordinal in updates {
        let mut files = whole.clone();
        let previous = association(&mut files, ordinal).previous;
        let before = association(&mut files, previous.get()).previous;
        if before.get() == NONE {
            continue;
        }
        chains += 1;
        let record = association(&mut files, ordinal);
        record.previous = before;
        record.seal();
        is_damage(&files, "what ended is ended again");
    }
    assert!(chains > 3);
}

#[test]
fn lengths_that_contradict_are_damage() {
    let whole = files();
    let changes: [Change<Files>; 9] = [
        ("a slot more", |files| files.lengths.slots += 1),
        ("a slot less", |files| files.lengths.slots -= 1),
        ("a concept more", |files| files.lengths.concepts += 1),
        ("an edge more", |files| files.lengths.edges += 1),
        ("a live concept more", |files| files.lengths.live_concepts += 1),
        ("a stub more", |files| files.lengths.stubs += 1),
        ("blobs end in a chunk that is not there", |files| files.lengths.blobs += 1 << 32),
        ("blobs end between two words", |files| files.lengths.blobs += 1),
        ("blobs end beyond their chunk", |files| files.lengths.blobs |= 0xffff_fffc),
    ];
    for (what, change) in changes {
        let mut files = whole.clone();
        change(&mut files);
        is_damage(&files, what);
    }
}

#[test]
fn chunks_that_contradict_are_damage() {
    let whole = files();
    for arena in 0..3 {
        let mut files = whole.clone();
        files.chunks[arena].push(vec![0; 128 << 10]);
        is_damage(&files, "a chunk too many");
        let mut files = whole.clone();
        files.chunks[arena].pop();
        is_damage(&files, "a chunk too few");
        let mut files = whole.clone();
        files.chunks[arena][0].extend([0; 2048]);
        is_damage(&files, "a chunk too long");
        let mut files = whole.clone();
        files.chunks[arena][0].truncate(60 << 10);
        is_damage(&files, "a chunk too short");
    }
}
