//! Bytes that lie in place as long as they are few.

use std::ops::{Deref, DerefMut};

/// As many bytes fit in place.
const FEW: usize = 104;

/// Bytes that grow at their end.
#[derive(Clone, Debug)]
pub(crate) enum Bytes {
    Few { length: u8, bytes: [u8; FEW] },
    Many(Vec<u8>),
}

impl Bytes {
    /// No bytes yet. Where no more than `capacity` follow, nothing is moved.
    #[inline]
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        if capacity <= FEW { Self::default() } else { Self::Many(Vec::with_capacity(capacity)) }
    }

    #[inline]
    pub(crate) fn extend(&mut self, more: &[u8]) {
        match self {
            Self::Few { length, bytes } => {
                let end = usize::from(*length) + more.len();
                match bytes.get_mut(usize::from(*length)..end) {
                    Some(room) => {
                        room.copy_from_slice(more);
                        // At most `FEW`.
                        *length = end as u8;
                    }
                    None => *self = Self::Many([&**self, more].concat()),
                }
            }
            Self::Many(bytes) => bytes.extend_from_slice(more),
        }
    }

    #[cfg(test)]
    pub(crate) fn are_in_place(&self) -> bool {
        matches!(self, Self::Few { .. })
    }
}

impl Default for Bytes {
    #[inline]
    fn default() -> Self {
        Self::Few { length: 0, bytes: [0; FEW] }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Self::Few { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Self::Many(bytes) => bytes,
        }
    }
}

impl DerefMut for Bytes {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Few { length, bytes } => bytes.get_mut(..usize::from(*length)).unwrap_or_default(),
            Self::Many(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_what_was_added_wherever_they_lie() {
        let all: Vec<u8> = (0..=255).collect();
        for step in 1..=FEW + 1 {
            for capacity in [0, 200] {
                let (mut bytes, mut expected) = (Bytes::with_capacity(capacity), Vec::new());
                for part in all.chunks(step) {
                    bytes.extend(part);
                    expected.extend_from_slice(part);
                    assert_eq!(*bytes, *expected);
                    assert_eq!(bytes.are_in_place(), capacity == 0 && expected.len() <= FEW, "{}", expected.len());
                }
                bytes.first_mut().into_iter().for_each(|first| *first = 7);
                assert_eq!((bytes[0], &bytes[1..]), (7, &all[1..]));
            }
        }
    }
}
