//! The floor: hash maps in memory behind one lock. Nothing of it survives the process.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use sutra_benches::Outcome;

use super::Kind;
use crate::engine::{Engine, Id, Reader, Source, Targets, Write};
use crate::value::{self, Key};

pub(crate) const KIND: Kind =
    Kind { name: "hash map", durable: "nothing, never", open: |_: &Path| Ok(Box::<Floor>::default()), on_disk: false };

/// Ids are hashes already: eight bytes of one are as good as any hash of it.
#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Of a key, both ends count.
        for id in [bytes.first_chunk(), bytes.last_chunk()] {
            self.0 = self.0.rotate_left(5) ^ id.map_or(0, |id| u64::from_le_bytes(*id));
        }
    }

    // The length that an array writes before its bytes.
    fn write_usize(&mut self, _: usize) {}
}

type Map<K, V> = HashMap<K, V, BuildHasherDefault<FirstBytes>>;

#[derive(Default)]
struct Maps {
    concepts: Map<Id, Box<[u8]>>,
    edges: Map<Key, f32>,
    out: Map<Id, Vec<(u8, Id)>>,
    back: Map<Id, Vec<(u8, Id)>>,
}

#[derive(Default)]
struct Floor {
    maps: RwLock<Maps>,
}

impl Engine for Floor {
    fn write(&self, writes: &mut dyn Source) -> Outcome {
        let mut buffer = Vec::new();
        while let Some(write) = writes.next() {
            // For each write, so that readers get in between.
            let mut maps = self.maps.write().unwrap_or_else(PoisonError::into_inner);
            match write {
                Write::Learn { id, content, vector } => {
                    value::concept(&mut buffer, content, vector, 0);
                    maps.concepts.insert(*id, buffer.as_slice().into());
                }
                Write::Associate { source, target, kind, confidence } => {
                    if maps.edges.insert(value::key(source, kind, target), confidence).is_none() {
                        maps.out.entry(*source).or_default().push((kind, *target));
                        maps.back.entry(*target).or_default().push((kind, *source));
                    }
                }
            }
        }
        Ok(())
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(self))
    }

    fn hold(&self) -> Outcome<Option<Box<dyn Reader + '_>>> {
        Ok(None)
    }

    fn rest(&self) -> Outcome {
        Ok(())
    }

    fn close(self: Box<Self>) -> Outcome {
        Ok(())
    }
}

impl Reader for &Floor {
    fn newest(&mut self) -> Outcome {
        Ok(())
    }

    fn get(&mut self, id: &Id) -> Outcome<Option<u64>> {
        let maps = self.maps.read().unwrap_or_else(PoisonError::into_inner);
        let parts = maps.concepts.get(id).and_then(|value| value::parts(value));
        Ok(parts.map(|(content, vector)| value::touch(content, vector)))
    }

    fn neighbours(&mut self, id: &Id) -> Outcome<Targets> {
        let maps = self.maps.read().unwrap_or_else(PoisonError::into_inner);
        let mut targets = Targets::default();
        for (_, target) in maps.out.get(id).into_iter().flatten() {
            targets.add(target);
        }
        Ok(targets)
    }
}
