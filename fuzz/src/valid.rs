//! A small valid store to change, and files that hold given bytes.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use sutra_format::entry::{Definition, EntryWriter, LearnAssociation, LearnConcept, Op};
use sutra_format::footer::AccessEntry;
use sutra_format::image::ImageHeader;
use sutra_format::{AssociationType, ConceptId};
use sutra_snapshot::{Image, Writer};
use sutra_store::{FILE_NAME, Imaging, New, Store, StoreOptions};
use sutra_vfs::Directory;
use sutra_vfs::sim::{Policy, SimDirectory};

use crate::disk::{Disk, put, with_file};

pub(crate) const STORE_ID: [u8; 16] = *b"the fuzzed store";

const CONCEPTS: u64 = 24;

pub(crate) fn id(number: u64) -> ConceptId {
    let mut bytes = [1; 16];
    bytes[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    ConceptId::from_bytes(bytes)
}

/// A concept with everything that one can have.
pub(crate) fn concept(number: u64) -> Op<'static> {
    const VECTOR: [u8; 16] = [0, 0, 128, 63, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 128, 191];
    let content = b"what is known of it, more of some than of others";
    Op::LearnConcept(LearnConcept {
        id: id(number),
        namespace: 0,
        key: if number.is_multiple_of(3) { b"otter" } else { b"" },
        content: &content[..content.len() - usize::try_from(number % 40).unwrap_or(0)],
        vector: number.is_multiple_of(2).then_some(&VECTOR),
        metadata: number.is_multiple_of(5).then_some(b"{\"five\":true}"),
        strength: 0.5,
        confidence: 0.75,
        created: number.is_multiple_of(7).then_some(7),
    })
}

pub(crate) fn association(source: u64, target: u64) -> Op<'static> {
    Op::LearnAssociation(LearnAssociation {
        source: id(source),
        target: id(target),
        kind: AssociationType(u8::try_from((source + target) % 5).unwrap_or(0)),
        confidence: 0.5,
        weight: source.is_multiple_of(3).then_some(2.0),
        created: None,
        validity: target.is_multiple_of(4).then_some((1, 2)),
        metadata: source.is_multiple_of(5).then_some(b"{}"),
        namespace: 0,
        source_key: b"",
        target_key: b"beaver",
    })
}

/// A little of everything.
pub(crate) fn ops(round: u64) -> Vec<Op<'static>> {
    let mut ops = Vec::new();
    if round == 0 {
        ops.push(Op::Define { what: Definition::Vectors, number: 4, name: b"cosine" });
        ops.push(Op::Define { what: Definition::AssociationType, number: 5, name: b"eats" });
    }
    for number in 0..CONCEPTS {
        let other = (number * 7 + round * 5 + 1) % (CONCEPTS + 8);
        match (number + round) % 6 {
            0..3 => ops.push(concept(number)),
            3 => ops.push(Op::RecordAccess { id: id(number), count: 2 }),
            4 => ops.push(Op::UpdateStrength { id: id(number), strength: 0.25 }),
            _ => ops.push(Op::UpdateMetadata { id: id(number), metadata: b"{\"a\":1}" }),
        }
        ops.push(association(number, other));
        if number % 11 == 10 {
            ops.push(Op::ForgetAssociation { source: id(number), target: id(other), kind: AssociationType(0) });
        }
    }
    if round == 2 {
        ops.push(Op::ForgetConcept { id: id(3) });
    }
    ops
}

/// The entries of a round, a few operations in each.
pub(crate) fn entries(round: u64) -> Vec<Vec<u8>> {
    let entry = |ops: &[Op<'static>]| {
        let mut entry = EntryWriter::new(1_000 + round, 0);
        ops.iter().for_each(|op| entry.push(op));
        entry.finish()
    };
    ops(round).chunks(3).map(|ops| entry(ops).to_vec()).collect()
}

/// The bytes of `storage.dat` after three checkpoints, the second with an image.
pub(crate) fn file() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let disk = SimDirectory::new();
        let options = StoreOptions { store_id: STORE_ID, initial_size: 64 << 10, created: 1 };
        let mut store = Store::create(Arc::new(disk.clone()), options).expect("creates");
        let mut writer = Writer::new().expect("memory");
        for round in 0..3 {
            for entry in entries(round) {
                writer.apply(writer.sequence() + 1, &entry).expect("applies");
            }
            let snapshot = writer.publish(1_000 + round);
            let mut access: Vec<_> = writer
                .take_accessed()
                .into_iter()
                .map(|(slot, count, last)| AccessEntry {
                    slot: slot.into(),
                    count: count.into(),
                    last_accessed: last.into(),
                })
                .collect();
            // They come in no order.
            access.sort_by_key(|entry| entry.slot.get());
            let groups = [(snapshot.sequence(), 1_000 + round)];
            let mut between = |_: &mut Store| Ok(ControlFlow::Continue(()));
            let imaging = Imaging { access: &access, keep: true, between: &mut between };
            let image = (round == 1).then(|| store.write_image(&snapshot, imaging).expect("is written")).flatten();
            let access = if image.is_some() { &[][..] } else { &access };
            let new = New { access, groups: &groups, image, pace: &|_| {} };
            store.checkpoint(&snapshot, new).expect("commits");
        }
        let file = disk.open(FILE_NAME).expect("opens").expect("is there");
        let mut bytes = vec![0; usize::try_from(file.len().expect("known")).expect("fits")];
        file.read_exact_at(&mut bytes, 0).expect("reads");
        bytes
    })
}

/// A disk with a `storage.dat` of these bytes, as long as the valid one or shorter, all of it durable. Written is what
/// differs from the valid file, a page at a time: a whole file costs more than opening it.
pub(crate) fn disk_with(bytes: &[u8]) -> Disk {
    const PAGE: usize = 4096;
    static DISK: OnceLock<SimDirectory> = OnceLock::new();
    let disk = DISK.get_or_init(|| {
        let disk = SimDirectory::new();
        put(&disk, FILE_NAME, file());
        disk.sync().expect("syncs");
        // Of what is to be written nothing is pending any more, so that a copy costs little.
        disk.image(Policy::KeepAll)
    });
    let copy = disk.kill_image();
    let there = copy.open(FILE_NAME).expect("opens").expect("is there");
    for (number, (page, valid)) in (0..).zip(bytes.chunks(PAGE).zip(file().chunks(PAGE))) {
        if page != &valid[..page.len()] {
            there.write_all_at(page, number * PAGE as u64).expect("writes");
        }
    }
    if bytes.len() < file().len() {
        there.truncate(bytes.len() as u64).expect("cuts");
    }
    Disk(copy)
}

/// Opens an image as the engine does.
pub(crate) fn open_image(bytes: &[u8], header: &ImageHeader) {
    let file = with_file("image", bytes).open("image").expect("opens").expect("is there");
    let rows = header.row_range();
    let length = usize::try_from(rows.end - rows.start).expect("small");
    let (Ok(map), Ok(rows)) = (file.map(0, bytes.len()), file.map_private(rows.start, length)) else { return };
    if let Ok(image) = Image::open(map, rows) {
        assert_eq!(image.slots(), header.slots.get());
    }
}
