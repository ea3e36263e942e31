//! The data of the demo, a part of the program: WordNet 3.0, Copyright 2006 by Princeton University, under the licence that
//! lies beside it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Cursor;

use serde::Deserialize;
use sutra_storage::{Batch, ConceptId, ConcurrentMemory, Snapshot};

use crate::failure::Failure;
use crate::import::{AssociationReader, Input, ObjectReader};
use crate::learn;

const CONCEPTS: &[u8] = include_bytes!("../../../demo/concepts.jsonl.zst");
const ASSOCIATIONS: &[u8] = include_bytes!("../../../demo/associations.tsv.zst");

fn input(name: &str, bytes: &'static [u8]) -> Result<Input, Failure> {
    Ok(Input::new(name.to_owned(), Cursor::new(bytes), Some(bytes.len() as u64))?)
}

/// Learns all of it; returns when it is durable and visible. Gives the numbers of concepts and associations.
pub(super) fn learn(memory: &ConcurrentMemory) -> Result<(u64, u64), Failure> {
    let mut concepts = ObjectReader::new(input("concepts.jsonl.zst", CONCEPTS)?);
    let learned = learn::all(memory, &mut concepts)?.concepts;
    let mut associations = AssociationReader::new(input("associations.tsv.zst", ASSOCIATIONS)?);
    let associated = learn::all(memory, &mut associations)?.associations;
    // A batch of nothing gives the last sequence; what is visible is durable.
    memory.wait_visible(memory.learn_batch(&Batch::new())?)?;
    Ok((learned, associated))
}

/// What the demo needs to know of what was learned.
#[derive(Debug)]
pub(super) struct WordNet {
    /// All concepts.
    pub(super) ids: Vec<ConceptId>,
    keys: HashMap<&'static str, String>,
}

/// What the metadata of a concept says.
#[derive(Deserialize)]
struct About<'a> {
    #[serde(borrow)]
    words: Vec<Cow<'a, str>>,
    pos: &'a str,
}

impl WordNet {
    /// Goes through all concepts once. A word may have many meanings: its key is that of the first noun that begins with it.
    pub(super) fn resolve(snapshot: &Snapshot, words: &[&'static str]) -> Result<Self, Failure> {
        let mut ids = Vec::new();
        let mut keys = HashMap::new();
        for concept in snapshot.concepts() {
            let concept = concept?;
            ids.push(concept.id());
            let Some(about) = concept.metadata()?.and_then(|json| serde_json::from_str::<About<'_>>(json).ok()) else {
                continue;
            };
            let first = about.words.first().filter(|_| about.pos == "noun");
            if let Some(word) = first.and_then(|first| words.iter().find(|word| first == **word))
                && !keys.contains_key(word)
            {
                keys.insert(*word, concept.name()?.into_owned());
            }
        }
        Ok(Self { ids, keys })
    }

    /// The key of a word that was resolved.
    pub(super) fn key(&self, word: &str) -> Result<&str, Failure> {
        let missing = || Failure::Demo(format!("WordNet has no noun {word:?}"));
        self.keys.get(word).map(String::as_str).ok_or_else(missing)
    }
}
