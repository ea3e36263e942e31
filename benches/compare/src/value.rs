//! Concepts and associations as the bytes that a store of keys and values holds.
//!
//! | what | key | value |
//! |---|---|---|
//! | concept | id | strength, confidence, time of creation, length of the content, content, vector |
//! | association | source, type, target | confidence, time of creation |
//! | its reverse | target, type, source | nothing |

use zerocopy::IntoBytes;

use crate::engine::Id;

/// The strength that every concept is learned with.
pub(crate) const STRENGTH: f32 = 1.0;
/// The confidence that every concept is learned with.
pub(crate) const CONFIDENCE: f32 = 0.9;

const HEADER: usize = 20;

/// Source, type, target; or target, type, source.
pub(crate) type Key = [u8; 33];

/// Writes a concept's value into a buffer, whose bytes it replaces.
pub(crate) fn concept(buffer: &mut Vec<u8>, content: &[u8], vector: Option<&[f32]>, created: u64) {
    buffer.clear();
    buffer.extend_from_slice(&STRENGTH.to_le_bytes());
    buffer.extend_from_slice(&CONFIDENCE.to_le_bytes());
    buffer.extend_from_slice(&created.to_le_bytes());
    buffer.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    buffer.extend_from_slice(content);
    buffer.extend_from_slice(vector.unwrap_or_default().as_bytes());
}

/// Content and vector of a concept's value; `None` if it is no such value.
pub(crate) fn parts(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let (header, rest) = value.split_at_checked(HEADER)?;
    let length = u32::from_le_bytes(*header.last_chunk()?);
    rest.split_at_checked(usize::try_from(length).ok()?)
}

/// The key of an association, or of its reverse with the ends exchanged.
pub(crate) fn key(from: &Id, kind: u8, to: &Id) -> Key {
    let mut key = [kind; 33];
    key[..16].copy_from_slice(from);
    key[17..].copy_from_slice(to);
    key
}

/// Reads from each 64 bytes of a content and of a vector, so that all their lines are fetched; a number that depends on
/// what was read.
pub(crate) fn touch(content: &[u8], vector: &[u8]) -> u64 {
    let numbers = vector.chunks(64).filter_map(|line| line.first_chunk()).map(|bytes| u32::from_le_bytes(*bytes));
    touched(content, numbers)
}

/// [`touch`] of a vector that is numbers.
pub(crate) fn touch_numbers(content: &[u8], vector: &[f32]) -> u64 {
    touched(content, vector.chunks(16).map(|line| line[0].to_bits()))
}

fn touched(content: &[u8], vector: impl Iterator<Item = u32>) -> u64 {
    let bytes: u64 = content.iter().step_by(64).map(|byte| u64::from(*byte)).sum();
    vector.fold(bytes + content.len() as u64, |sum, number| sum.rotate_left(1) ^ u64::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_gives_back_its_parts() {
        let (content, vector) = ([7; 100], [0.5, -1.0, 2.0]);
        let mut buffer = Vec::new();
        concept(&mut buffer, &content, Some(&vector), 9);
        assert_eq!(parts(&buffer), Some((&content[..], vector.as_bytes())));
        assert_eq!(touch(&content, vector.as_bytes()), touch_numbers(&content, &vector));
        assert_ne!(touch(&content, vector.as_bytes()), touch_numbers(&content, &[]));
        assert_eq!(parts(&buffer[..119]), None);
    }
}
