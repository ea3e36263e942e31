//! Entries of the write log.

use sutra_format::DecodeError;
use sutra_format::entry::{EntryWriter, Op, Ops};

/// Decodes the input. What can be decoded is encoded again, and that decodes to the same.
pub fn check(input: &[u8]) {
    let Ok(ops) = Ops::new(input) else { return };
    let time = ops.time();
    // The header's count is not to be trusted: what follows ends with the bytes.
    let read: Vec<_> = ops.take_while(Result::is_ok).flatten().collect();
    assert!(read.len() <= input.len() / 8);
    let once = encoded(time, &read);
    let again: Vec<_> = decoded(&once).expect("what was encoded can be decoded");
    assert_eq!(encoded(time, &again), once);
}

fn encoded(time: u64, ops: &[Op<'_>]) -> Vec<u8> {
    let mut writer = EntryWriter::new(time, 0);
    for op in ops {
        let before = writer.encoded_length();
        writer.push(op);
        assert_eq!(writer.encoded_length() - before, op.encoded_length());
    }
    writer.finish().to_vec()
}

fn decoded(entry: &[u8]) -> Result<Vec<Op<'_>>, DecodeError> {
    Ops::new(entry)?.collect()
}
