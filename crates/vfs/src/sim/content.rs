//! The bytes of a file: sparse, cheap to clone.

use std::collections::BTreeMap;
use std::sync::Arc;

const PAGE: usize = 4096;

/// Pages that were written, the rest reads as zeros. No page lies wholly beyond the length, and the last page is zero
/// beyond it, so growing needs no clearing.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    len: u64,
    pages: BTreeMap<u64, Arc<[u8; PAGE]>>,
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    pub(super) fn set_len(&mut self, len: u64) {
        if len < self.len {
            let first_gone = len.div_ceil(PAGE as u64);
            drop(self.pages.split_off(&first_gone));
            let (last, within) = place(len);
            if let Some(page) = self.pages.get_mut(&last) {
                Arc::make_mut(page)[within..].fill(0);
            }
        }
        self.len = len;
    }

    /// A number that is another one for other bytes, as surely as 64 bits can say. Not for bytes that somebody chose to
    /// deceive.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut sum = mix(0, self.len);
        for (index, page) in &self.pages {
            // Four sums side by side: each waits for its own multiplications alone.
            let mut lanes = [1_u64, 2, 3, 4];
            let mut any = 0;
            for words in page.chunks_exact(32) {
                for (lane, word) in lanes.iter_mut().zip(words.chunks_exact(8)) {
                    let word = u64::from_le_bytes(word.try_into().unwrap_or_default());
                    any |= word;
                    *lane = mix(*lane, word);
                }
            }
            // A page of zeros reads like one that was never written.
            if any != 0 {
                sum = lanes.into_iter().fold(mix(sum, *index), mix);
            }
        }
        sum
    }

    /// Reads what lies below the length; zeros beyond.
    pub(super) fn read(&self, mut buf: &mut [u8], mut offset: u64) {
        while !buf.is_empty() {
            let (index, within) = place(offset);
            let count = buf.len().min(PAGE - within);
            let (part, rest) = buf.split_at_mut(count);
            match self.pages.get(&index) {
                Some(page) => part.copy_from_slice(&page[within..within + count]),
                None => part.fill(0),
            }
            buf = rest;
            offset += count as u64;
        }
    }

    /// Reads into memory that is zero, touching no more of it than what was written: a map of a sparse file costs little.
    pub(super) fn read_into_zeros(&self, buf: &mut [u8], offset: u64) {
        let end = offset.saturating_add(buf.len() as u64);
        for (index, page) in self.pages.range(offset / PAGE as u64..end.div_ceil(PAGE as u64)) {
            let start = index * PAGE as u64;
            let (from, to) = (start.max(offset), (start + PAGE as u64).min(end));
            // Both lie within the buffer, whose length is a usize.
            let part = (from - offset) as usize..(to - offset) as usize;
            buf[part].copy_from_slice(&page[(from - start) as usize..(to - start) as usize]);
        }
    }

    /// Writes what lies below the length; the rest is dropped.
    pub(super) fn write(&mut self, buf: &[u8], mut offset: u64) {
        let room = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut buf = &buf[..buf.len().min(room)];
        while !buf.is_empty() {
            let (index, within) = place(offset);
            let count = buf.len().min(PAGE - within);
            let (part, rest) = buf.split_at(count);
            let page = self.pages.entry(index).or_insert_with(|| Arc::new([0; PAGE]));
            Arc::make_mut(page)[within..within + count].copy_from_slice(part);
            buf = rest;
            offset += count as u64;
        }
    }
}

/// Folds a word into a sum: a multiplication carries it upwards, the shift brings the upper bits back.
pub(super) fn mix(sum: u64, word: u64) -> u64 {
    let product = (sum ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (product ^ (product >> 29)).wrapping_add(0x94D0_49BB_1331_11EB)
}

/// Page index and place within the page.
fn place(offset: u64) -> (u64, usize) {
    // The remainder is below 4096.
    (offset / PAGE as u64, (offset % PAGE as u64) as usize)
}

#[cfg(test)]
mod tests {
    use super::Content;

    #[test]
    fn behaves_like_a_vector() {
        let mut content = Content::default();
        let mut model: Vec<u8> = Vec::new();
        for step in 0_u64..400 {
            let offset = step * 7919 % 20_000;
            if step % 5 == 0 {
                content.set_len(offset);
                model.resize(usize::try_from(offset).expect("small"), 0);
            } else {
                let bytes: Vec<u8> = (0..step * 31 % 9000).map(|i| (i + step) as u8).collect();
                let end = (offset + bytes.len() as u64).max(content.len());
                content.set_len(end);
                content.write(&bytes, offset);
                let start = usize::try_from(offset).expect("small");
                model.resize(usize::try_from(end).expect("small"), 0);
                model[start..start + bytes.len()].copy_from_slice(&bytes);
            }
            let mut read = vec![1; model.len()];
            content.read(&mut read, 0);
            assert!(read == model, "step {step}");
            let from = model.len().min(usize::try_from(step).expect("small") * 37);
            let mut part = vec![0; (model.len() - from).min(9000)];
            content.read_into_zeros(&mut part, from as u64);
            assert!(part == model[from..from + part.len()], "step {step}");
        }
    }

    #[test]
    fn bytes_beyond_the_length_are_dropped() {
        let mut content = Content::default();
        content.set_len(3);
        content.write(b"abcdef", 0);
        content.set_len(6);
        let mut read = [1; 6];
        content.read(&mut read, 0);
        assert_eq!(&read, b"abc\0\0\0");
    }
}
