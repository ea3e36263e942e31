//! The data of the demo, read whole: real text, real compression.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::{AssociationReader, ConceptName, ObjectReader, Reader, Record};

fn demo(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").join(name)
}

#[test]
fn wordnet_is_read_to_its_last_line() {
    let mut keys = HashSet::new();
    let mut concepts = ObjectReader::open(&demo("concepts.jsonl.zst")).unwrap();
    while let Some(record) = concepts.next().unwrap() {
        let Record::Concept(concept) = record else { panic!("an association among the concepts") };
        let ConceptName::Key(key) = concept.name else { panic!("a concept without a key") };
        assert!(!concept.content.is_empty() && concept.metadata.is_some(), "{key}");
        assert!(keys.insert(key.into_owned()));
    }
    assert_eq!(keys.len(), 117_659);

    let (mut kinds, mut count) = (HashSet::new(), 0);
    let mut associations = AssociationReader::open(&demo("associations.tsv.zst")).unwrap();
    while let Some(record) = associations.next().unwrap() {
        let Record::Association(association) = record else { panic!("a concept among the associations") };
        assert!(keys.contains(&*association.source) && keys.contains(&*association.target));
        count += 1;
        if !kinds.contains(&*association.kind) {
            kinds.insert(association.kind.into_owned());
        }
    }
    assert_eq!((kinds.len(), count), (26, 364_552));
}
