//! The chain of all footers: their own bytes, and whether Bloom filters and indexes find every id.

use sutra_format::footer::FooterHeader;
use sutra_format::{ConceptRecord, bloom, id_hash, index};
use sutra_vfs::File;

use super::Checked;
use crate::error::StoreError;
use crate::footers::{Chain, Footer};
use crate::reading::Readable;
use crate::store::footer_space;

impl Checked {
    /// Reads every footer back to the first. A broken link ends the walk.
    pub(super) fn footers(&mut self, file: &dyn File) -> Result<(), StoreError> {
        let readable = Readable { file, end: self.header.file_end.get() };
        let mut group_after = (u64::MAX, u64::MAX);
        let mut oldest = self.header.concepts.get();
        for footer in Chain::new(readable, &self.header) {
            let footer = footer?;
            self.report.footers = self.report.footers.saturating_add(1);
            self.report.footer_bytes = self.report.footer_bytes.saturating_add(footer_space(footer.place.length));
            self.groups(&footer, &mut group_after)?;
            self.index(&footer, &readable)?;
            oldest = footer.header.first_concept.get();
        }
        if oldest != 0 {
            self.report.add("footer", 0, format!("no index covers the first {oldest} concept records"));
        }
        Ok(())
    }

    /// Groups never fall, in a footer and from one to the next.
    fn groups(&mut self, footer: &Footer, after: &mut (u64, u64)) -> Result<(), StoreError> {
        for group in footer.listed()?.groups.iter().rev() {
            let (last, time) = (group.last.get(), group.commit_time.get());
            if last > after.0 || time > after.1 || last > footer.header.sequence.get() {
                let what = format!("the group that ends at sequence {last} is out of order");
                self.report.add("footer", footer.place.position, what);
            }
            *after = (last, time);
        }
        for entry in footer.listed()?.access {
            if entry.slot.get() >= footer.header.slots.get() {
                self.report.add("footer", footer.place.position, format!("accesses to slot {}", entry.slot));
            }
        }
        Ok(())
    }

    fn index(&mut self, footer: &Footer, readable: &Readable<'_>) -> Result<(), StoreError> {
        let bytes = footer.read_index(readable)?;
        let (filter, entries) = match footer.header.index(&bytes) {
            Ok(read) => read,
            Err(error) => {
                self.report.add("index", footer.place.position, error.to_string());
                return Ok(());
            }
        };
        if !index::is_sorted(entries) {
            self.report.add("index", footer.place.position, "it is not in order".to_owned());
        }
        let FooterHeader { first_concept, concepts, .. } = footer.header;
        // From the newest on: the first record of an id that is met is the one that the index must name.
        let mut found = 0_usize;
        for ordinal in (first_concept.get()..concepts.get()).rev() {
            let Some(record) = self.concept(ordinal).filter(ConceptRecord::is_intact) else { continue };
            let named = bloom::may_contain(filter, id_hash(&record.id)).then(|| index::find(entries, &record.id));
            match named.flatten() {
                Some(named) if named == u64::from(ordinal) => found += 1,
                // An older version in the same checkpoint.
                Some(named) if named > u64::from(ordinal) && named < u64::from(concepts.get()) => {}
                _ => self.report.add("index", footer.place.position, format!("record {ordinal} is not found")),
            }
        }
        if found != entries.len() {
            let what = format!("{} entries for {found} ids", entries.len());
            self.report.add("index", footer.place.position, what);
        }
        Ok(())
    }
}
