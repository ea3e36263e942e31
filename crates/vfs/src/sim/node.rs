//! One file of the simulated disk: what is durable, what reads see, and what lies between.

use std::collections::BTreeSet;

use super::SECTOR;
use super::content::Content;
use super::image::Chance;

/// A change that no sync has covered.
#[derive(Clone, Debug)]
enum Change {
    /// The file's length became this.
    Length(u64),
    /// A sector as the page cache held it after a write. `lost`: a failed sync covered it, so no later sync will.
    Sector { offset: u64, bytes: Box<[u8; SECTOR]>, lost: bool },
}

#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// For the trace: the name it was created with or last renamed to.
    pub(super) name: String,
    durable: Content,
    current: Content,
    /// In the order of happening.
    pending: Vec<Change>,
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
        let mut sector = offset - offset % SECTOR as u64;
        while sector < end {
            let mut bytes = Box::new([0; SECTOR]);
            self.current.read(&mut bytes[..], sector);
            self.pending.push(Change::Sector { offset: sector, bytes, lost: false });
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
                Change::Sector { offset, bytes, lost: false } => {
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

    /// The file after a power cut.
    pub(super) fn after_power_cut(&self, chance: &mut Chance) -> Self {
        let mut content = self.durable.clone();
        let mut lengths_kept = true;
        for change in &self.pending {
            match change {
                Change::Length(len) => {
                    lengths_kept = lengths_kept && chance.keeps();
                    if lengths_kept {
                        content.set_len(*len);
                    }
                }
                Change::Sector { offset, bytes, .. } => {
                    if chance.keeps() {
                        content.write(&bytes[..], *offset);
                    }
                }
            }
        }
        Self { name: self.name.clone(), durable: content.clone(), current: content, pending: Vec::new() }
    }
}
