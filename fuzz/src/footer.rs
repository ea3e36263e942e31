//! Footers: the header, what is listed, the catalogue, the Bloom filter and the index.

use std::ops::Range;

use sutra_format::catalogue::Catalogue;
use sutra_format::footer::{FOOTER_HEADER_SIZE, FooterHeader};
use sutra_format::{bloom, checksum, id_hash, index};
use zerocopy::little_endian::U64;

/// Reads the input as a footer, as it is and with all checksums set right.
pub fn check(input: &[u8]) {
    if let Ok(header) = FooterHeader::read(input) {
        sections(&header, input);
    }
    let mut header: FooterHeader = crate::filled(input);
    // Counts that the input cannot fill are refused for that alone: bounded, others come through.
    header.extents = (header.extents.get() % 64).into();
    header.groups = (header.groups.get() % 64).into();
    header.access = (header.access.get() % 64).into();
    header.catalogue_length = (header.catalogue_length.get() % 1024).into();
    header.index_entries = (header.index_entries.get() % 64).into();
    header.bloom_length = U64::new(bloom::length(header.index_entries.get()));
    let mut bytes = input.to_vec();
    let whole = usize::try_from(header.index_range().end).expect("small counts");
    bytes.resize(whole, 0);
    header.listed_checksum = U64::new(checksum(part(&bytes, header.listed_range())));
    header.index_checksum = U64::new(checksum(part(&bytes, header.index_range())));
    header.seal();
    sections(&header, &bytes);
    let _ = FooterHeader::read(zerocopy::IntoBytes::as_bytes(&header));
}

fn sections(header: &FooterHeader, bytes: &[u8]) {
    if let Ok(listed) = header.listed(part(bytes, header.listed_range())) {
        assert_eq!(listed.extents.len(), header.extents.get() as usize);
        if let Ok(names) = Catalogue::decode(listed.catalogue) {
            let again = Catalogue::decode(&names.encode()).expect("what was decoded can be");
            assert_eq!(again.definitions(), names.definitions());
        }
        assert_eq!(listed.encode().len() as u64, header.listed_range().end - FOOTER_HEADER_SIZE);
    }
    if let Ok((filter, entries)) = header.index(part(bytes, header.index_range())) {
        let sorted = index::is_sorted(entries);
        for entry in entries {
            let _ = bloom::may_contain(filter, id_hash(&entry.id));
            let found = index::find(entries, &entry.id);
            assert!(!sorted || found == Some(entry.position.get()));
        }
        let _ = index::find(entries, &[7; 16]);
    }
}

fn part(bytes: &[u8], range: Range<u64>) -> &[u8] {
    let end = |end: u64| usize::try_from(end).unwrap_or(usize::MAX).min(bytes.len());
    &bytes[end(range.start)..end(range.end)]
}
