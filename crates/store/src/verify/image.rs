//! The image: every block, and whether it says what the records say.

use sutra_format::header::Header;
use sutra_format::id_hash;
use sutra_format::image::{ImageColumns, ImageRow, LOST_COUNT};
use sutra_vfs::File;
use zerocopy::little_endian::{F32, U32};
use zerocopy::{FromBytes, Immutable, KnownLayout};

use super::Checked;
use super::records::{Alive, Concepts};
use crate::error::StoreError;
use crate::footers::Footer;
use crate::image_reader::ImageReader;
use crate::open::open_image_map;

impl Checked {
    /// Checks the image of a footer. When the image is older than the checkpoint, what it covers is compared.
    pub(super) fn image(
        &mut self,
        file: &dyn File,
        footer: &Footer,
        concepts: &Concepts,
        alive: &Alive,
    ) -> Result<(), StoreError> {
        let position = footer.header.image_position.get();
        if self.header.flags.get() & Header::DISTRUST_IMAGE != 0 {
            self.report.add("image", position, "blocks of it were found damaged; it is not used".to_owned());
            return Ok(());
        }
        let image = match open_image_map(file, footer)? {
            Ok((place, map)) => ImageReader::new(place, map),
            Err(problem) => {
                self.report.add("image", position, problem);
                return Ok(());
            }
        };
        self.report.image_blocks = image.header().blocks();
        self.report.image_bytes = image.header().length.get();
        let mut whole = true;
        for block in 0..image.header().blocks() {
            if let Err(StoreError::Corrupt { region, offset, problem }) = image.verify(block) {
                self.report.add(region, offset, problem);
                whole = false;
            }
        }
        if whole {
            self.rows(&image, position, concepts)?;
            let covers_all = image.header().associations.get() == self.lengths.associations;
            // The edges of an older image have ended since or not; only the newest can be compared edge by edge.
            if covers_all && image.header().slots.get() == self.lengths.slots {
                self.edges(&image, position, alive)?;
            }
        }
        Ok(())
    }

    /// Every id is found at its slot, and every row names the newest record that the image covers.
    fn rows(&mut self, image: &ImageReader, position: u64, concepts: &Concepts) -> Result<(), StoreError> {
        let covered = image.header().concepts.get();
        let rows = image.bytes(image.header().row_range())?;
        let rows = <[ImageRow]>::ref_from_bytes(rows).map_err(|_| corrupt(position))?;
        let lost = rows.iter().filter(|row| row.access_count.get() == LOST_COUNT).count();
        if lost > 0 {
            let what = format!("the access counts of {lost} slots were lost with an image before it");
            self.report.add("image", position, what);
        }
        for (slot, row) in rows.iter().enumerate() {
            let mut latest = concepts.latest.get(slot).copied().unwrap_or(u32::MAX);
            while latest >= covered {
                // Links go back; one that does not was reported, and must not lead in a circle.
                let previous = self.concept(latest).map(|record| record.previous.get());
                let Some(previous) = previous.filter(|previous| *previous < latest) else { break };
                latest = previous;
            }
            if row.latest.get() != latest {
                self.report.add("image", position, format!("slot {slot} has record {}, not {latest}", row.latest));
            }
            let Some(id) = concepts.ids.get(slot) else { continue };
            let found = image.find(id_hash(id), |ordinal| {
                Ok(self.concept(ordinal).filter(|record| record.id == *id).map(|record| record.slot.get()))
            })?;
            if found.map(u64::from) != Some(slot as u64) {
                self.report.add("image", position, format!("the id of slot {slot} is found at {found:?}"));
            }
        }
        Ok(())
    }

    /// Rows and columns hold the visible associations, each in its place.
    fn edges(&mut self, image: &ImageReader, position: u64, alive: &Alive) -> Result<(), StoreError> {
        let rows = image.bytes(image.header().row_range())?;
        let rows = <[ImageRow]>::ref_from_bytes(rows).map_err(|_| corrupt(position))?;
        for outgoing in [true, false] {
            let columns = if outgoing { image.header().out_columns() } else { image.header().in_columns() };
            let columns = Columns::read(image, columns, position)?;
            let mut next: Vec<u32> = columns.offsets.iter().map(|offset| offset.get()).collect();
            for ordinal in 0..self.lengths.associations {
                let Some(record) = self.association(ordinal).filter(|record| alive.is_alive(ordinal, record)) else {
                    continue;
                };
                let (here, there) =
                    if outgoing { (record.source, record.target) } else { (record.target, record.source) };
                let edge =
                    next.get_mut(here.get() as usize).map(|next| std::mem::replace(next, next.saturating_add(1)));
                let expected = (there, U32::new(ordinal), record.confidence.get().to_bits(), record.kind);
                if edge.and_then(|edge| columns.edge(edge as usize)) != Some(expected) {
                    self.report.add(
                        "image",
                        position,
                        format!("association {ordinal} is not in the row of slot {here}"),
                    );
                }
            }
            for (slot, row) in rows.iter().enumerate() {
                let (start, end) = (columns.offsets.get(slot), columns.offsets.get(slot + 1));
                let (start, end) = (start.map_or(0, |it| it.get()), end.map_or(0, |it| it.get()));
                let flag = if outgoing { row.out.get() } else { row.incoming.get() };
                if next.get(slot) != Some(&end) || flag != u32::from(start != end) {
                    self.report.add("image", position, format!("the row of slot {slot} has other edges"));
                }
            }
        }
        Ok(())
    }
}

struct Columns<'a> {
    offsets: &'a [U32],
    targets: &'a [U32],
    ordinals: &'a [U32],
    confidences: &'a [F32],
    kinds: &'a [u8],
}

impl<'a> Columns<'a> {
    fn read(image: &'a ImageReader, ranges: ImageColumns, position: u64) -> Result<Self, StoreError> {
        Ok(Self {
            offsets: column(image.bytes(ranges.offsets)?, position)?,
            targets: column(image.bytes(ranges.targets)?, position)?,
            ordinals: column(image.bytes(ranges.ordinals)?, position)?,
            confidences: column(image.bytes(ranges.confidences)?, position)?,
            kinds: image.bytes(ranges.kinds)?,
        })
    }

    /// Target, ordinal, bits of the confidence and type of an edge.
    fn edge(&self, at: usize) -> Option<(U32, U32, u32, u8)> {
        let confidence = self.confidences.get(at)?.get().to_bits();
        Some((*self.targets.get(at)?, *self.ordinals.get(at)?, confidence, *self.kinds.get(at)?))
    }
}

fn column<T: FromBytes + Immutable + KnownLayout>(bytes: &[u8], position: u64) -> Result<&[T], StoreError> {
    <[T]>::ref_from_bytes(bytes).map_err(|_| corrupt(position))
}

fn corrupt(position: u64) -> StoreError {
    StoreError::corrupt("image", position, "a column is cut short")
}
