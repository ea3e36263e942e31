//! How a caller names a concept or a type: by id, by key, by number.

use std::borrow::Cow;

use sutra_format::{AssociationType, ConceptId};

use crate::error::Error;

/// Bytes of a key at most.
pub(crate) const MAX_KEY: usize = 4096;

/// A concept, named by id or by key.
///
/// Text of 16 or 32 hex digits is an id; `key:` forces a key; any other text is a key. A key names an id: the first half of
/// its BLAKE3 hash; in a named namespace the namespace's name is hashed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConceptRef<'a>(Named<'a>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named<'a> {
    Id(ConceptId),
    Text(&'a str),
    Key { namespace: &'a str, key: &'a str },
}

/// An id, and the key and namespace that it was named by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resolved<'a> {
    pub(crate) id: ConceptId,
    pub(crate) key: &'a str,
    pub(crate) namespace: &'a str,
}

impl<'a> ConceptRef<'a> {
    /// A key in the default namespace, whatever it looks like.
    #[must_use]
    pub const fn key(key: &'a str) -> Self {
        Self(Named::Key { namespace: "", key })
    }

    /// A key in a named namespace, which the first write that uses it defines.
    #[must_use]
    pub const fn in_namespace(namespace: &'a str, key: &'a str) -> Self {
        Self(Named::Key { namespace, key })
    }

    /// The id that this names.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an id of zeros, an empty key, or one of more than 4096 bytes.
    #[inline]
    pub fn id(&self) -> Result<ConceptId, Error> {
        match self.0 {
            Named::Id(id) if !id.is_zero() => Ok(id),
            _ => Ok(self.resolve()?.id),
        }
    }

    pub(crate) fn resolve(&self) -> Result<Resolved<'a>, Error> {
        let (namespace, key) = match self.0 {
            Named::Id(id) if id.is_zero() => return Err(sutra_format::IdError::Zero.into()),
            Named::Id(id) => return Ok(Resolved { id, key: "", namespace: "" }),
            Named::Text(text) => match text.strip_prefix("key:") {
                Some(key) => ("", key),
                None if looks_like_id(text) => {
                    return Ok(Resolved { id: ConceptId::parse(text)?, key: "", namespace: "" });
                }
                None => ("", text),
            },
            Named::Key { namespace, key } => (namespace, key),
        };
        if key.len() > MAX_KEY {
            return Err(Error::invalid("key", format!("{} bytes are more than {MAX_KEY}", key.len())));
        }
        let id = ConceptId::from_key_in(namespace, key).map_err(|error| Error::invalid("key", error.to_string()))?;
        Ok(Resolved { id, key, namespace })
    }
}

fn looks_like_id(text: &str) -> bool {
    matches!(text.len(), 16 | 32) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A key as it is printed: with `key:` before it if it would be read as something else without.
#[must_use]
pub fn key_text(key: &str) -> Cow<'_, str> {
    if looks_like_id(key) || key.starts_with("key:") { Cow::Owned(format!("key:{key}")) } else { Cow::Borrowed(key) }
}

impl From<ConceptId> for ConceptRef<'_> {
    #[inline]
    fn from(id: ConceptId) -> Self {
        Self(Named::Id(id))
    }
}

impl From<&ConceptId> for ConceptRef<'_> {
    #[inline]
    fn from(id: &ConceptId) -> Self {
        Self(Named::Id(*id))
    }
}

impl<'a> From<&'a str> for ConceptRef<'a> {
    #[inline]
    fn from(text: &'a str) -> Self {
        Self(Named::Text(text))
    }
}

impl<'a> From<&'a String> for ConceptRef<'a> {
    fn from(text: &'a String) -> Self {
        Self(Named::Text(text))
    }
}

/// The type of an association, by code or by name. A name that is new is given the next code by the first write that
/// uses it; there are 250 names at most, the built-in ones among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeRef<'a> {
    /// By code: built in, or named before.
    Code(AssociationType),
    /// By name.
    Name(&'a str),
}

impl From<AssociationType> for TypeRef<'_> {
    fn from(code: AssociationType) -> Self {
        Self::Code(code)
    }
}

impl From<u8> for TypeRef<'_> {
    fn from(code: u8) -> Self {
        Self::Code(AssociationType(code))
    }
}

impl<'a> From<&'a str> for TypeRef<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

impl<'a> From<&'a String> for TypeRef<'a> {
    fn from(name: &'a String) -> Self {
        Self::Name(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_an_id_or_a_key() {
        let id = |text: &str| ConceptRef::from(text).id().unwrap();
        assert_eq!(id("a1b2c3d4e5f67890"), ConceptId::parse("a1b2c3d4e5f67890").unwrap());
        assert_eq!(id("otter"), ConceptId::from_key("otter").unwrap());
        assert_eq!(id("key:a1b2c3d4e5f67890"), ConceptId::from_key("a1b2c3d4e5f67890").unwrap());
        assert_eq!(ConceptRef::key("key:x").id().unwrap(), id("key:key:x"));
        assert_ne!(ConceptRef::in_namespace("zoo", "otter").id().unwrap(), id("otter"));
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in ["", "key:", "0000000000000000"] {
            assert!(matches!(ConceptRef::from(text).id(), Err(Error::InvalidArgument { .. })), "{text:?}");
        }
        let long = "x".repeat(MAX_KEY + 1);
        assert!(ConceptRef::from(&long).id().is_err());
        assert!(ConceptRef::from(ConceptId::from_bytes([0; 16])).id().is_err());
    }

    #[test]
    fn a_printed_key_is_read_back_as_the_same() {
        for key in ["otter", "a1b2c3d4e5f67890", "key:x", "A1B2C3D4E5F67890a1b2c3d4e5f67890"] {
            let printed = key_text(key);
            assert_eq!(ConceptRef::from(&*printed).id().unwrap(), ConceptRef::key(key).id().unwrap());
        }
    }
}
