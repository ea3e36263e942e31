//! One file of the simulated disk: what is durable, what reads see, and what lies between.

use std::collections::BTreeSet;

use super::SECTOR;
use super::content::Content;
use super::image::{Chance, Kind, Rest, Unsynced};

/// A change that no sync has covered.
#[derive(Clone, Debug)]
enum Change {
    /// The file's length became this.
    Length(u64),
    /// A sector as the page cache held it after a write. `lost`: a failed sync covered it, so no later sync will.
    Sector { offset: u64, bytes: Box<[u8; SECTOR]>, lost: bool, of: Write },
}

/// The write that a sector belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Write {
    /// Tells the writes of a file apart.
    number: u64,
    offset: u64,
    len: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// For the trace: the name it was created with or last renamed to.
    pub(super) name: String,
    durable: Content,
    current: Content,
    /// In the order of happening.
    pending: Vec<Change>,
    /// Writes so far.
    writes: u64,
}

impl Node {
    pub(super) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(super) fn current(&self) -> &Content {
        &self.current
    }

    pub(super) fn write(&mut self, buf: &[u8], offset: u64) {
        if buf.is_empty() {
            return;
        }
        let end = offset + buf.len() as u64;
        if end > self.current.len() {
            self.set_len(end);
        }
        self.current.write(buf, offset);
        let of = Write { number: self.writes, offset, len: buf.len() as u64 };
        self.writes += 1;
        let mut sector = offset - offset % SECTOR as u64;
        while sector < end {
            let mut bytes = Box::new([0; SECTOR]);
            self.current.read(&mut bytes[..], sector);
            self.pending.push(Change::Sector { offset: sector, bytes, lost: false, of });
            sector += SECTOR as u64;
        }
    }

    pub(super) fn set_len(&mut self, len: u64) {
        self.current.set_len(len);
        self.pending.push(Change::Length(len));
    }

    /// Brings to the medium what no failed sync has lost.
    pub(super) fn sync(&mut self) {
        let mut written = BTreeSet::new();
        for change in &self.pending {
            match change {
                Change::Length(len) => self.durable.set_len(*len),
                Change::Sector { offset, bytes, lost: false, .. } => {
                    self.durable.write(&bytes[..], *offset);
                    written.insert(*offset);
                }
                Change::Sector { .. } => {}
            }
        }
        // A lost sector may still be on the medium, unless a newer one has been written over it.
        self.pending.retain(|change| match change {
            Change::Sector { offset, lost: true, .. } => !written.contains(offset),
            _ => false,
        });
    }

    /// What is dirty counts as written from now on, and is not.
    pub(super) fn fail_sync(&mut self) {
        for change in &mut self.pending {
            if let Change::Sector { lost, .. } = change {
                *lost = true;
            }
        }
    }

    /// The changes that no sync has covered, in the order of happening.
    pub(super) fn unsynced(&self) -> Vec<Unsynced> {
        let mut changes = Vec::new();
        let mut last = None;
        for change in &self.pending {
            let name = self.name.clone();
            match change {
                Change::Length(_) => changes.push(Unsynced::Length { name }),
                Change::Sector { of, .. } if last == Some(of.number) => {}
                Change::Sector { of, .. } => {
                    last = Some(of.number);
                    changes.push(Unsynced::Write { name, offset: of.offset, len: of.len });
                }
            }
        }
        changes
    }

    /// The file after a power cut.
    pub(super) fn after_power_cut(&self, chance: &mut Chance) -> Self {
        let mut content = self.durable.clone();
        let mut lengths_kept = true;
        let mut last = None;
        for change in &self.pending {
            match change {
                Change::Length(len) => {
                    chance.begin(Kind::Length);
                    lengths_kept = lengths_kept && chance.keeps();
                    if lengths_kept {
                        content.set_len(*len);
                    }
                }
                Change::Sector { offset, bytes, of, .. } => {
                    if last != Some(of.number) {
                        last = Some(of.number);
                        chance.begin(Kind::Write);
                    }
                    if let Some((done, rest)) = chance.torn() {
                        tear(&mut content, *offset, &bytes[..], *of, done, rest);
                    } else if chance.keeps() {
                        content.write(&bytes[..], *offset);
                    }
                }
            }
        }
        Self { name: self.name.clone(), durable: content.clone(), current: content, ..Self::default() }
    }
}

/// Writes one sector of a write of which the first `done` bytes were done; no byte beside them, for a disk that stops within
/// a sector.
fn tear(content: &mut Content, sector: u64, bytes: &[u8], of: Write, done: u64, rest: Rest) {
    let within = |position: u64| position.clamp(sector, sector + SECTOR as u64);
    let (from, cut, end) = (within(of.offset), within(of.offset.saturating_add(done)), within(of.offset + of.len));
    // Both are within the sector, so the differences are at most 512.
    let place = |position: u64| (position - sector) as usize;
    content.write(&bytes[place(from)..place(cut.min(end))], from);
    if rest == Rest::Zeros && cut < end {
        content.write(&[0; SECTOR][place(cut)..place(end)], cut);
    }
}
