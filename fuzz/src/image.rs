//! The header of an image, its ranges, and its sums.

use sutra_format::image::{ImageHeader, slice};
use zerocopy::IntoBytes;
use zerocopy::little_endian::U64;

use crate::valid;

/// Reads the input as the beginning of an image; then as one whose offsets follow from its counts and whose sums are right,
/// with the rest of the input as its bytes.
pub fn check(input: &[u8]) {
    if let Ok(header) = ImageHeader::read(input) {
        ranges(&header, input);
    }
    let given: ImageHeader = crate::filled(input);
    let [slots, concepts, associations, edges] =
        [given.slots, given.concepts, given.associations, given.edges].map(|count| count.get() % 512);
    let mut header = ImageHeader::layout(slots, concepts, associations, edges, given.sequence.get());
    let mut bytes = vec![0; usize::try_from(header.length.get()).expect("small counts")];
    let rest = input.get(size_of::<ImageHeader>()..).unwrap_or_default();
    for (byte, given) in bytes.iter_mut().skip(4096).zip(rest.iter().cycle().take(1 << 16)) {
        *byte = *given;
    }
    let checks: Vec<U64> = (0..header.blocks())
        .map(|block| U64::new(sutra_format::checksum(slice(&bytes, header.block_range(block)).expect("in it"))))
        .collect();
    let at = usize::try_from(header.check_range().start).expect("small counts");
    bytes[at..at + checks.len() * 8].copy_from_slice(checks.as_bytes());
    header.seal(&checks);
    bytes[..size_of::<ImageHeader>()].copy_from_slice(header.as_bytes());
    assert_eq!(ImageHeader::read(&bytes), Ok(header));
    assert_eq!(header.block_checks(&bytes), Ok(&checks[..]));
    ranges(&header, &bytes);
    valid::open_image(&bytes, &header);
}

fn ranges(header: &ImageHeader, bytes: &[u8]) {
    let (out, incoming) = (header.out_columns(), header.in_columns());
    for columns in [out, incoming] {
        for range in [columns.offsets, columns.targets, columns.ordinals, columns.confidences, columns.kinds] {
            let _ = slice(bytes, range);
        }
    }
    for range in [header.row_range(), header.id_range(), header.check_range()] {
        let _ = slice(bytes, range);
    }
    let _ = header.block_checks(bytes);
    for offset in [0, 4095, 4096, header.length.get(), u64::MAX] {
        if let Some(block) = header.block_of(offset) {
            assert!(header.block_range(block).contains(&offset));
        }
    }
    assert!(header.block_range(u64::MAX).is_empty());
}
