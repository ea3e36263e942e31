//! A whole `storage.dat`, changed here and there.

use std::ops::ControlFlow;
use std::sync::OnceLock;

use sutra_format::entry::EntryWriter;
use sutra_snapshot::Writer;
use sutra_store::{CheckpointReader, Imaging, New, Store};

use crate::disk::Disk;
use crate::memory::apparatus;
use crate::seal::{Sealed, seal};
use crate::{read, valid};

/// The file's bytes are counted in pieces of so many; pieces of zeros are left out.
const PIECE: usize = 64;

/// Changes a valid file, opens it, reads all of it in every way, and writes to it.
///
/// The first byte says which checksums are set right afterwards, and whether the file is cut. Then come changes: a position
/// (two bytes, counted over what is not zero in the file), a length (one byte), and so many bytes.
pub fn check(input: &[u8]) {
    let Some((flags, changes)) = input.split_first() else { return };
    let disk = apparatus(|| {
        let mut file = valid::file().to_vec();
        let last = change(&mut file, changes);
        seal(&mut file, Sealed::new(*flags & 0xf));
        if flags & 0x10 != 0 {
            file.truncate(last);
        }
        valid::disk_with(&file)
    });
    let _ = Store::verify(disk.shared());
    if let Ok(reader) = CheckpointReader::open(disk.shared()) {
        for number in 0..40 {
            let _ = reader.find(&valid::id(number));
        }
    }
    open(&disk);
}

fn open(disk: &Disk) {
    let Ok(Some((mut store, restore))) = Store::open(disk.shared()) else { return };
    let _ = (store.groups(), store.access_entries(), store.dead_bytes());
    let Ok(mut writer) = Writer::restore(restore) else { return };
    let before = writer.publish(store.commit_time());
    read::all(&before);
    // What is damaged is met by writing too.
    let next = before.sequence().saturating_add(1);
    for (sequence, op) in (next..).zip(valid::ops(1)) {
        if writer.apply(sequence, &EntryWriter::single(2_000, &op)).is_err() {
            return;
        }
    }
    let after = writer.publish(store.commit_time().saturating_add(1));
    read::all(&after);
    read::all(&before);
    for image in [false, true] {
        let mut between = |_: &mut Store| Ok(ControlFlow::Continue(()));
        let imaging = Imaging { access: &[], keep: true, between: &mut between };
        let image = if image { store.write_image(&after, imaging).unwrap_or(None) } else { None };
        let new = New { access: &[], groups: &[(after.sequence(), store.commit_time())], image, pace: &|_| {} };
        let _ = store.checkpoint(&after, new);
    }
    if let Ok(Some((_, restore))) = Store::open(disk.shared())
        && let Ok(mut writer) = Writer::restore(restore)
    {
        read::all(&writer.publish(u64::MAX));
    }
}

/// Makes the changes; returns the end of the last one.
fn change(file: &mut [u8], mut changes: &[u8]) -> usize {
    static PIECES: OnceLock<Vec<usize>> = OnceLock::new();
    let pieces = PIECES.get_or_init(|| {
        let file = valid::file();
        (0..file.len()).step_by(PIECE).filter(|at| file[*at..].iter().take(PIECE).any(|byte| *byte != 0)).collect()
    });
    let mut last = 0;
    while let [low, high, length, rest @ ..] = changes {
        let position = usize::from(u16::from_le_bytes([*low, *high])) % (pieces.len() * PIECE);
        let at = pieces[position / PIECE] + position % PIECE;
        let (bytes, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        let end = (at + bytes.len()).min(file.len());
        file[at..end].copy_from_slice(&bytes[..end - at]);
        (last, changes) = (end, rest);
    }
    last
}
