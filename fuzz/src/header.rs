//! File headers.

use sutra_format::header::{FORMAT_VERSION, HEADER_MAGIC, HEADER_SIZE, Header};
use zerocopy::IntoBytes;

/// Reads the input as the two slots one after the other; then again with magic, version and checksum set right.
pub fn check(input: &[u8]) {
    let (first, second) = input.split_at(input.len().min(HEADER_SIZE));
    let _ = Header::choose(first, second);

    let [first, second] = [first, second].map(|slot| {
        let mut header: Header = crate::filled(slot);
        header.magic = HEADER_MAGIC;
        header.version = FORMAT_VERSION.into();
        header.seal();
        header
    });
    let readable = [first, second].into_iter().filter(|header| Header::read(header.as_bytes()).is_ok());
    let newest = readable.map(|header| header.commit.get()).max();
    if let Ok(chosen) = Header::choose(first.as_bytes(), second.as_bytes()) {
        assert_eq!(chosen.header, [first, second][chosen.slot]);
        assert_eq!(Some(chosen.header.commit.get()), newest);
    }
}
