//! WordNet 3.0 as the `sutra` program's demonstration holds it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use ruzstd::decoding::StreamingDecoder;
use serde::Deserialize;
use sutra_storage::{Association, Batch, Concept, ConceptId, ConcurrentMemory};

use crate::Outcome;
use crate::load::BATCH;

/// A synonym set.
#[derive(Debug, Deserialize)]
pub struct Synset {
    /// Its key: offset and part of speech.
    pub key: String,
    /// Its words and gloss.
    pub content: String,
}

/// A relation of two synonym sets.
#[derive(Debug)]
pub struct Relation {
    /// Number of the source among the synonym sets.
    pub source: u32,
    /// Number of the target.
    pub target: u32,
    /// Number of the type among [`WordNet::types`].
    pub kind: u8,
    /// How much it is believed.
    pub confidence: f32,
}

/// 117,659 synonym sets and 364,552 relations between them.
#[derive(Debug)]
pub struct WordNet {
    /// The synonym sets.
    pub synsets: Vec<Synset>,
    /// The relations.
    pub relations: Vec<Relation>,
    /// Names of the relations' types.
    pub types: Vec<String>,
}

impl WordNet {
    /// Reads it from the folder that `SUTRA_WORDNET` names, else from the repository.
    ///
    /// # Errors
    /// What reading or decoding reports.
    pub fn load() -> Outcome<Self> {
        let here = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cli/demo");
        let folder = std::env::var_os("SUTRA_WORDNET").map_or_else(here, PathBuf::from);
        let synsets: Vec<Synset> =
            text(&folder.join("concepts.jsonl.zst"))?.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let numbers: HashMap<_, _> = (0..).zip(&synsets).map(|(number, synset)| (&*synset.key, number)).collect();
        let number = |key: &str| numbers.get(key).copied().ok_or_else(|| format!("relation of unknown key {key}"));
        let (mut relations, mut types, mut codes) = (Vec::new(), Vec::new(), HashMap::new());
        for line in text(&folder.join("associations.tsv.zst"))?.lines() {
            let fields: Vec<_> = line.split('\t').collect();
            let [source, kind, target, confidence] = fields[..] else {
                return Err(format!("not four fields: {line}").into());
            };
            let kind = *codes.entry(kind.to_owned()).or_insert_with(|| {
                types.push(kind.to_owned());
                u8::try_from(types.len() - 1).unwrap_or(u8::MAX)
            });
            let (source, target) = (number(source)?, number(target)?);
            relations.push(Relation { source, target, kind, confidence: confidence.parse()? });
        }
        drop(numbers);
        Ok(Self { synsets, relations, types })
    }

    /// The ids of all synonym sets.
    #[must_use]
    pub fn ids(&self) -> Vec<ConceptId> {
        self.synsets.iter().filter_map(|synset| ConceptId::from_key(&synset.key).ok()).collect()
    }

    /// Learns all of it; visible at the end.
    ///
    /// # Errors
    /// What the store reports.
    pub fn learn(&self, memory: &ConcurrentMemory) -> Outcome {
        let mut last = 0;
        for synsets in self.synsets.chunks(BATCH) {
            let mut batch = Batch::new();
            for synset in synsets {
                batch.concept(Concept::new(&synset.key).content(&synset.content));
            }
            last = memory.learn_batch(&batch)?;
        }
        let ids = self.ids();
        let id = |number: u32| ids[number as usize];
        for relations in self.relations.chunks(BATCH) {
            let mut batch = Batch::new();
            for relation in relations {
                let kind = &self.types[usize::from(relation.kind)];
                let association = Association::new(id(relation.source), id(relation.target), kind);
                batch.association(association.confidence(relation.confidence));
            }
            last = memory.learn_batch(&batch)?;
        }
        Ok(memory.wait_visible(last)?)
    }
}

fn text(path: &Path) -> Outcome<String> {
    let named = |error: &dyn std::error::Error| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| named(&error))?;
    let mut decoder = StreamingDecoder::new(BufReader::new(file)).map_err(|error| named(&error))?;
    let mut text = String::new();
    decoder.read_to_string(&mut text).map_err(|error| named(&error))?;
    Ok(text)
}
