//! Small inputs that reach deep: what the fuzzer begins with.

use std::sync::Arc;

use sutra_format::footer::FooterHeader;
use sutra_format::header::HEADER_SIZE;
use sutra_format::image::ImageHeader;
use sutra_format::wal::FIRST_GROUP;
use sutra_format::{bloom, id_hash, index};
use sutra_vfs::sim::SimDirectory;
use sutra_vfs::{Directory, File};
use sutra_wal::{Wal, WalOptions};
use zerocopy::IntoBytes;
use zerocopy::little_endian::U64;

use crate::valid::{self, STORE_ID};

/// The seeds of a target: name and bytes. The same in every run.
#[must_use]
pub fn of(target: &str) -> Vec<(String, Vec<u8>)> {
    let seeds = match target {
        "header" => headers(),
        "record" => records(),
        "footer" => beginnings(b"SUTRAFTR", 2048),
        "index" => indexes(),
        "image" => beginnings(b"SUTRAIMG", size_of::<ImageHeader>() + 64),
        // The longest of a round: it has the most kinds of operations.
        "entry" => (0..3).filter_map(|round| valid::entries(round).into_iter().max_by_key(Vec::len)).collect(),
        "wal_replay" => logs(),
        "open" => changes(),
        "operations" => lives(),
        _ => Vec::new(),
    };
    let numbered = (0..).zip(seeds).map(|(number, seed): (u32, _)| (format!("seed-{number}"), seed));
    if target == "operations" { numbered.chain(failed_syncs()).collect() } else { numbered.collect() }
}

fn headers() -> Vec<Vec<u8>> {
    let file = valid::file();
    let slots = [&file[..HEADER_SIZE], &file[4096..4096 + HEADER_SIZE]];
    vec![slots.concat(), slots[0].to_vec(), b"SUTRADAT".to_vec()]
}

fn records() -> Vec<Vec<u8>> {
    // The first chunk of concepts begins behind the headers.
    let file = valid::file();
    vec![file[8192..8192 + 128].to_vec(), b"a1b2c3d4e5f67890".to_vec(), valid::id(1).to_string().into_bytes()]
}

/// The first bytes of everything in the valid file that begins with this.
fn beginnings(magic: &[u8; 8], length: usize) -> Vec<Vec<u8>> {
    let file = valid::file();
    let places = (0..file.len()).step_by(4096).filter(|at| file[*at..].starts_with(magic));
    places
        .map(|at| {
            let whole = FooterHeader::read(&file[at..]).map_or(length as u64, |footer| footer.length.get());
            let length = usize::try_from(whole).unwrap_or(length).min(length);
            file[at..at + length].to_vec()
        })
        .collect()
}

fn logs() -> Vec<Vec<u8>> {
    let disk = SimDirectory::new();
    let options = WalOptions { segment_bytes: 8192, ..WalOptions::new(STORE_ID) };
    let (mut wal, _) = Wal::recover(Arc::new(disk.clone()), options, 0, &mut |_| Ok(())).expect("empty");
    let entries: Vec<_> = valid::entries(0).into_iter().take(6).collect();
    for entries in entries.chunks(2) {
        wal.append(7, wal.next_sequence(), entries).expect("appends");
    }
    let file: Arc<dyn File> = disk.open("wal-00000001.log").expect("opens").expect("is there");
    let mut segment = vec![0; usize::try_from(file.len().expect("known")).expect("fits")];
    file.read_exact_at(&mut segment, 0).expect("reads");
    let used = segment.iter().rposition(|byte| *byte != 0).map_or(0, |last| (last + 8) & !7);
    let (whole, groups) = (&segment[..used], &segment[usize::try_from(FIRST_GROUP).expect("small")..used]);
    let lengths = entries.iter().map(|entry| u16::try_from(entry.len()).expect("small").to_le_bytes());
    let listed: Vec<u8> = lengths.zip(&entries).flat_map(|(length, entry)| [&length, &entry[..]].concat()).collect();
    vec![
        [&[0], whole].concat(),
        [&[1], groups].concat(),
        [&[2 + 7 * 4], groups, groups].concat(),
        [vec![3], listed].concat(),
    ]
}

fn changes() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = (0..16).map(|flags| vec![flags]).collect();
    // A bit here and there, with all checksums right and with none.
    for position in (0..u16::MAX).step_by(4099) {
        for flags in [0, 15] {
            let [low, high] = position.to_le_bytes();
            seeds.push(vec![flags, low, high, 1, 0x40]);
        }
    }
    // Several changes in one file, and a file that is cut.
    let several = (0..u16::MAX).step_by(1021).flat_map(|at| [at.to_le_bytes()[0], at.to_le_bytes()[1], 2, 1, 0xff]);
    seeds.push(std::iter::once(3).chain(several.clone()).collect());
    seeds.push(std::iter::once(15).chain(several).collect());
    seeds.push(vec![0x10, 0, 60, 1, 0]);
    seeds
}

/// Ids of which some are added and some only looked for; entries in order, behind a filter.
fn indexes() -> Vec<Vec<u8>> {
    let ids: Vec<u8> = (0..12).flat_map(|number| *valid::id(number).as_bytes()).collect();
    let built = index::build((0..8).map(|number| (*valid::id(number.into()).as_bytes(), number)));
    let mut filter = [U64::ZERO; 2];
    built.iter().for_each(|entry| bloom::insert(&mut filter, id_hash(&entry.id)));
    vec![
        [&[64][..], &ids].concat(),
        // Each id twice: the later one counts.
        [&[0][..], &ids[..96], &ids[..96]].concat(),
        [&[16][..], filter.as_bytes(), built.as_bytes()].concat(),
    ]
}

/// Lives of random steps, and of none.
fn lives() -> Vec<Vec<u8>> {
    let random = |seed: u64, length: u64| {
        let byte =
            |at: u64| (seed << 32 | at).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).wrapping_mul(seed | 1);
        (0..length).map(|at| byte(at).to_be_bytes()[0]).collect::<Vec<u8>>()
    };
    (0..24).map(|seed| random(seed + 1, 20 + 6 * seed)).chain([Vec::new()]).collect()
}

/// A sync fails, at one operation of the disk after the other; the process ends, the next one writes and acknowledges, and then
/// the power goes. Once a header that stood in the page cache alone was believed: segments of the log were used again for what
/// it covered, and the power cut took the header away.
fn failed_syncs() -> impl Iterator<Item = (String, Vec<u8>)> {
    const DURABLE: u8 = 168;
    const FLUSH: u8 = 176;
    let learn = |name, content| [0, 0, name, 0, 1, content];
    (0..32).map(move |operation| {
        let life = [
            &[0][..],
            &learn(0, 1),
            &[FLUSH],
            &learn(1, 2),
            // The fault is a failed sync, the end a kill.
            &[DURABLE, 248, operation, 3, 2],
            &learn(2, 3),
            &[DURABLE],
            &learn(2, 4),
            &[FLUSH],
            &learn(4, 4),
            &[FLUSH],
            &learn(3, 9),
            // Nothing is kept that was not synced; the log is large.
            &[DURABLE, 216, 0, 15],
        ];
        (format!("failed-sync-at-{operation}-then-kill-then-power-cut"), life.concat())
    })
}
