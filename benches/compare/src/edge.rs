//! What peers keep of an association beside its key.

/// Confidence and time of creation.
pub(crate) type Edge = [u8; 12];

/// The value of an association.
pub(crate) fn edge(confidence: f32, created: u64) -> Edge {
    let mut edge = [0; 12];
    edge[..4].copy_from_slice(&confidence.to_le_bytes());
    edge[4..].copy_from_slice(&created.to_le_bytes());
    edge
}

/// The id that the key of an association ends with.
pub(crate) fn end(key: &[u8]) -> &[u8] {
    key.get(17..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::key;

    #[test]
    fn a_key_ends_with_its_id() {
        assert_eq!(end(&key(&[1; 16], 3, &[2; 16])), [2; 16]);
    }

    #[test]
    fn an_edge_is_confidence_and_time() {
        assert_eq!(edge(1.0, 7), [0, 0, 0x80, 0x3f, 7, 0, 0, 0, 0, 0, 0, 0]);
    }
}
