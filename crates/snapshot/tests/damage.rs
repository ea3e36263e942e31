//! Damaged bytes: a flip in what a checkpoint wrote is found when it is restored or read. Never a panic, never a wrong
//! answer.

mod model;

use model::files::Files;
use model::random::{Mix, Random, entry, seed};
use model::{Model, damaged_reads};
use sutra_format::{AssociationRecord, ConceptRecord};
use sutra_snapshot::{ApplyError, RestoreError, Writer};

const MIX: Mix = Mix { ids: 25, kinds: 3, forget: 1, associate: 26 };

/// A store of some hundred records, with what a checkpoint would have written of it.
fn store(random: &mut Random) -> (Files, Model, Files) {
    let (mut writer, mut model) = (Writer::new().unwrap(), Model::default());
    let mut early = None;
    for sequence in 1..=400 {
        let (bytes, ..) = entry(random, MIX, &mut model, sequence);
        writer.apply(sequence, &bytes).unwrap();
        if sequence == 300 {
            early = Some(writer.publish(1));
        }
    }
    let snapshot = writer.publish(2);
    let files = Files::of(&snapshot);
    (files.clone().with_image(&early.unwrap()), model, files)
}

/// Bytes of a chunk below the lengths.
fn used(files: &Files, arena: usize, chunk: usize) -> usize {
    let records =
        [(files.lengths.concepts, ConceptRecord::SIZE), (files.lengths.associations, AssociationRecord::SIZE)];
    let whole = files.chunks[arena][chunk].len();
    match records.get(arena) {
        Some((count, size)) => {
            let before: usize = files.chunks[arena][..chunk].iter().map(Vec::len).sum();
            (*count as usize * size - before).min(whole)
        }
        None if chunk + 1 == files.chunks[arena].len() => files.lengths.blobs as u32 as usize,
        None => whole,
    }
}

fn flip(random: &mut Random, files: &mut Files, arena: usize) {
    let chunk = random.below(files.chunks[arena].len() as u32) as usize;
    let at = random.below(used(files, arena, chunk) as u32) as usize;
    files.chunks[arena][chunk][at] ^= 1 << random.below(8);
}

/// Goes on writing; the first damage that it meets ends it.
fn write_on(random: &mut Random, mut writer: Writer, mut model: Model, sequence: u64) {
    for sequence in sequence + 1..sequence + 60 {
        let (bytes, ..) = entry(random, MIX, &mut model, sequence);
        match writer.apply(sequence, &bytes) {
            Ok(_) => drop(writer.publish(sequence)),
            Err(ApplyError::Damage(_)) => return,
            Err(error) => panic!("{error}"),
        }
    }
    damaged_reads(&model, &writer.latest());
}

#[test]
fn a_flip_in_a_record_is_damage_at_restore() {
    let mut random = Random(seed(1));
    let (_, _, files) = store(&mut random);
    for arena in [0, 1] {
        for _ in 0..300 {
            let mut files = files.clone();
            flip(&mut random, &mut files, arena);
            assert!(matches!(files.restore(), Err(RestoreError::Damage(_))));
        }
    }
}

#[test]
fn a_flip_in_a_blob_is_damage_at_its_read() {
    let mut random = Random(seed(2));
    let (_, model, files) = store(&mut random);
    let mut found = 0;
    for _ in 0..300 {
        let mut files = files.clone();
        flip(&mut random, &mut files, 2);
        let mut writer = files.restore().unwrap();
        let snapshot = writer.publish(9);
        let damaged = damaged_reads(&model, &snapshot);
        assert_eq!(damaged_reads(&model, &snapshot), damaged, "what was found once is found again");
        found += usize::from(damaged > 0);
        write_on(&mut random, writer, model.clone(), files.sequence);
    }
    // Not all: padding is no part of a blob, and contents of associations that ended are not read here.
    assert!(found > 100, "{found}");
}

#[test]
fn with_an_image_a_flip_in_a_record_is_damage_at_its_read() {
    let mut random = Random(seed(3));
    let (files, model, _) = store(&mut random);
    let mut found = 0;
    for round in 0..600 {
        let mut files = files.clone();
        flip(&mut random, &mut files, round % 3);
        match files.restore() {
            Err(error) => assert!(matches!(error, RestoreError::Damage(_))),
            Ok(mut writer) => {
                let snapshot = writer.publish(9);
                found += usize::from(damaged_reads(&model, &snapshot) > 0);
                write_on(&mut random, writer, model.clone(), files.sequence);
            }
        }
    }
    assert!(found > 100, "{found}");
}

/// Many looked up together end at the first that is damaged: nothing of its window or after it is given.
#[test]
fn many_end_at_the_first_damage() {
    const WINDOW: usize = 32;
    let mut random = Random(seed(9));
    let (files, model, _) = store(&mut random);
    let known: Vec<_> = model.newest.iter().map(|ordinal| model.versions[*ordinal as usize].id).collect();
    let ids: Vec<_> = known.iter().cycle().take(100).copied().collect();
    let (mut failed, mut in_the_middle) = (0, 0);
    for _ in 0..3000 {
        // A record that is damaged for one id only, and in the middle.
        let mut files = files.clone();
        flip(&mut random, &mut files, 0);
        let Ok(mut writer) = files.restore() else { continue };
        let snapshot = writer.publish(9);
        let bad = ids.iter().position(|id| snapshot.find(id).is_err());
        let mut ids = ids.clone();
        if let Some(bad) = bad {
            let (bad, good) = (ids[bad], ids.iter().find(|id| snapshot.find(id).is_ok()).copied());
            ids.retain(|id| *id != bad);
            ids.resize(100, good.unwrap());
            ids.insert(70, bad);
        }
        let mut given = 0;
        let answer = snapshot.find_each(&ids, |found| {
            assert_eq!(found.map(|(slot, _)| slot), snapshot.find(&ids[given]).unwrap().map(|(slot, _)| slot));
            given += 1;
        });
        match ids.iter().position(|id| snapshot.find(id).is_err()) {
            None => assert!(answer.is_ok() && given == ids.len()),
            Some(first) => {
                assert!(answer.is_err());
                assert_eq!(given, first / WINDOW * WINDOW, "of {first}");
                failed += 1;
                in_the_middle += u32::from(first == 70);
            }
        }
    }
    assert!(failed > 10 && in_the_middle > 10, "{failed}, {in_the_middle} of them in the middle");
}

#[test]
fn a_flip_in_an_image_is_damage_or_mended() {
    let mut random = Random(seed(4));
    let (files, model, _) = store(&mut random);
    let mut found = 0;
    for _ in 0..600 {
        let mut files = files.clone();
        let image = files.image.as_mut().unwrap();
        // Behind the header's page, whose checksum the opener of the image checks, and before the checks.
        let at = 4096 + random.below(image.len() as u32 - 2 * 4096) as usize;
        image[at] ^= 1 << random.below(8);
        let mut writer = files.restore().unwrap();
        let snapshot = writer.publish(9);
        found += usize::from(damaged_reads(&model, &snapshot) > 0);
        write_on(&mut random, writer, model.clone(), files.sequence);
    }
    println!("{found} of 600 were met by a read");
}

#[test]
fn an_image_that_lies_does_not_panic() {
    let mut random = Random(seed(5));
    let (files, model, _) = store(&mut random);
    for _ in 0..600 {
        let mut files = files.clone();
        let image = files.image.as_mut().unwrap();
        let mut header = sutra_format::image::ImageHeader::read(image).unwrap();
        for _ in 0..4 {
            let rows = header.row_range();
            let at = match random.below(2) {
                0 => rows.start as usize + random.below((rows.end - rows.start) as u32) as usize,
                _ => 4096 + random.below(image.len() as u32 - 2 * 4096) as usize,
            };
            image[at] = random.next() as u8;
        }
        model::files::seal_image(&mut header, image);
        // Checksums match, so answers may be wrong; but nothing leaves its bounds.
        let Ok(mut writer) = files.restore() else { continue };
        let snapshot = writer.publish(9);
        for slot in 0..snapshot.lengths().slots {
            for side in [sutra_snapshot::Side::Out, sutra_snapshot::Side::In] {
                let _ = snapshot.edges(slot, side).map(|edges| edges.iter().count());
            }
            let _ = snapshot.newest(slot);
        }
        for ordinal in 0..snapshot.lengths().concepts {
            let _ = snapshot.concept(ordinal).and_then(|record| snapshot.content(record));
        }
        let mut model = model.clone();
        for sequence in files.sequence + 1..files.sequence + 40 {
            let (bytes, ..) = entry(&mut random, MIX, &mut model, sequence);
            if writer.apply(sequence, &bytes).is_err() {
                break;
            }
            writer.publish(sequence);
        }
    }
}
