//! Ids, association types and namespaces.

use std::fmt;
use std::str::FromStr;

/// The id of a concept: 16 bytes, not all zero.
///
/// As text it is 32 lower-case hex digits, or 16 when the last eight bytes are zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConceptId([u8; 16]);

/// Why bytes or text are not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdError {
    /// All sixteen bytes are zero.
    #[error("an id of sixteen zero bytes is reserved: use another id or a key")]
    Zero,
    /// The text is not 16 or 32 hex digits.
    #[error("an id is 16 or 32 hex digits: check the text, or use it as a key")]
    Text,
    /// The key is empty.
    #[error("a key must not be empty")]
    EmptyKey,
}

impl ConceptId {
    /// An id of the given bytes. All zero is accepted here and refused by every call that takes an id.
    #[must_use]
    #[inline]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id of a string key in the default namespace: the first 16 bytes of the key's BLAKE3 hash.
    ///
    /// # Errors
    /// [`IdError::EmptyKey`] for the empty string.
    pub fn from_key(key: &str) -> Result<Self, IdError> {
        Self::from_key_in("", key)
    }

    /// The id of a string key in a named namespace: its name is hashed in, length first, so that no two pairs of name and
    /// key run together. The empty name is the default namespace.
    ///
    /// # Errors
    /// [`IdError::EmptyKey`] for the empty key.
    pub fn from_key_in(namespace: &str, key: &str) -> Result<Self, IdError> {
        if key.is_empty() {
            return Err(IdError::EmptyKey);
        }
        let mut hasher = blake3::Hasher::new();
        if !namespace.is_empty() {
            hasher.update(b"namespace");
            hasher.update(&(namespace.len() as u64).to_le_bytes());
            hasher.update(namespace.as_bytes());
        }
        hasher.update(key.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        Ok(Self(id))
    }

    /// Reads 16 or 32 hex digits of either case. Sixteen digits are the first eight bytes; the others are zero.
    ///
    /// # Errors
    /// [`IdError::Text`] if it is anything else, [`IdError::Zero`] if all bytes are zero.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let digits = text.as_bytes();
        if digits.len() != 16 && digits.len() != 32 {
            return Err(IdError::Text);
        }
        let mut bytes = [0; 16];
        for (byte, [high, low]) in bytes.iter_mut().zip(digits.as_chunks().0) {
            let (Some(high), Some(low)) = (hex(*high), hex(*low)) else {
                return Err(IdError::Text);
            };
            *byte = high << 4 | low;
        }
        if bytes == [0; 16] { Err(IdError::Zero) } else { Ok(Self(bytes)) }
    }

    /// The sixteen bytes.
    #[must_use]
    #[inline]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// The sixteen bytes, borrowed.
    #[must_use]
    #[inline]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether all bytes are zero: no concept has this id.
    #[must_use]
    #[inline]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 16]
    }
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

impl fmt::Display for ConceptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = if self.0[8..] == [0; 8] { &self.0[..8] } else { &self.0[..] };
        shown.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ConceptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConceptId({self})")
    }
}

impl FromStr for ConceptId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::parse(text)
    }
}

/// The type of an association: five are built in, the others are named by the user in the store's catalogue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct AssociationType(pub u8);

impl AssociationType {
    /// Related in meaning.
    pub const SEMANTIC: Self = Self(0);
    /// The source brings the target about.
    pub const CAUSAL: Self = Self(1);
    /// The source comes before the target.
    pub const TEMPORAL: Self = Self(2);
    /// The source stands under the target in an order.
    pub const HIERARCHICAL: Self = Self(3);
    /// The source is a part of the target.
    pub const COMPOSITIONAL: Self = Self(4);
    /// The names of the built-in types, by code.
    pub const BUILT_IN: [&'static str; 5] = ["semantic", "causal", "temporal", "hierarchical", "compositional"];
    /// How many names a catalogue holds at most, the built-in ones among them.
    pub const MAX_NAMES: usize = 250;
}

/// A namespace: a number in every record, named in the catalogue. Zero is the default namespace and has no name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Namespace(pub u32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_back_as_it_went_in() {
        for text in ["a1b2c3d4e5f67890", "00000000000000000000000000000001", "ffeeddccbbaa99887766554433221100"] {
            assert_eq!(ConceptId::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(ConceptId::parse("A1B2C3D4E5F67890").unwrap().to_string(), "a1b2c3d4e5f67890");
    }

    #[test]
    fn text_that_is_no_id_is_refused() {
        for text in ["", "a1b2", "a1b2c3d4e5f6789g", "a1b2c3d4e5f678901"] {
            assert_eq!(ConceptId::parse(text), Err(IdError::Text), "{text}");
        }
        assert_eq!(ConceptId::parse("0000000000000000"), Err(IdError::Zero));
        assert_eq!(ConceptId::parse("00000000000000000000000000000000"), Err(IdError::Zero));
    }

    #[test]
    fn keys_are_the_first_half_of_blake3() {
        // The published BLAKE3 test vector for the three bytes "abc".
        let id = ConceptId::from_key("abc").unwrap();
        assert_eq!(id.to_string(), "6437b3ac38465133ffb63b75273a8db5");
        assert_eq!(ConceptId::from_key(""), Err(IdError::EmptyKey));
    }

    #[test]
    fn a_named_namespace_gives_other_ids() {
        let plain = ConceptId::from_key("otter").unwrap();
        let named = ConceptId::from_key_in("zoo", "otter").unwrap();
        assert_ne!(plain, named);
        assert_ne!(named, ConceptId::from_key_in("zo", "ootter").unwrap());
        assert_eq!(plain, ConceptId::from_key_in("", "otter").unwrap());
    }
}
