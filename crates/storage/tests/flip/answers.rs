//! Everything that can be asked of a store, and its answers as digests.

use std::sync::LazyLock;

use sutra_format::checksum;
use sutra_storage::{
    AssociationType, AssociationView, ConceptId, ConceptRef, ConceptView, Direction, Error, NeighborOptions, Path,
    PathOptions, Snapshot,
};

use crate::subject::{KINDS, NAMES, keys, name, targets};

/// The answers to all questions, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answers {
    pub(crate) sequence: u64,
    /// `None`: the store says that what it would have to read is damaged.
    single: Vec<Option<u64>>,
    /// Lists of which an item may be missing: what came, and how often damage was met instead.
    lists: [(Vec<u64>, usize); 2],
    /// Answers that were refused because of damage.
    pub(crate) damaged: usize,
}

/// One answer, mixed into 64 bits: each step is a bijection of the state, so that answers that differ in one place differ.
#[derive(Clone, Copy, Default)]
struct Digest(u64);

impl Digest {
    fn number(self, number: impl Into<u64>) -> Self {
        Self((self.0 ^ number.into()).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29))
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        self.number(bytes.len() as u64).number(checksum(bytes))
    }

    fn maybe(self, bytes: Option<&[u8]>) -> Self {
        match bytes {
            Some(bytes) => self.number(1_u64).bytes(bytes),
            None => self.number(0_u64),
        }
    }

    fn end(self) -> u64 {
        self.0
    }
}

/// Everybody who is asked for: also stubs, forgotten ones and one whom nobody knows.
fn names() -> &'static [(ConceptRef<'static>, ConceptId)] {
    static KEYS: LazyLock<Vec<String>> = LazyLock::new(keys);
    static NAMES_AND_IDS: LazyLock<Vec<(ConceptRef<'static>, ConceptId)>> = LazyLock::new(|| {
        let others = ["hub", "a stub", "a new stub", "a user's", "own type", "nobody"].map(ConceptRef::from);
        let all = (0..NAMES).map(|number| name(number, &KEYS)).chain(others);
        all.map(|name| (name, name.id().expect("it names something"))).collect()
    });
    &NAMES_AND_IDS
}

fn id(number: u32) -> ConceptId {
    names()[number as usize].1
}

/// An error that is no answer to damage.
type Wrong = String;

impl Answers {
    /// Asks everything.
    pub(crate) fn read(snapshot: &Snapshot) -> Result<Self, Wrong> {
        let mut answers = Self { sequence: snapshot.sequence(), ..Self::default() };
        answers.ask_counts(snapshot);
        for (name, id) in names() {
            // By name once; then by id, so that not every question hashes the name again.
            answers.tell(snapshot.contains(*name).map(u64::from))?;
            answers.ask_concept(snapshot, *id)?;
        }
        for number in 0..NAMES {
            for target in targets(number) {
                let kind = KINDS[((number + target) % 3) as usize];
                for kind in [kind, "never used"] {
                    let found = snapshot.association(id(number), id(target), kind);
                    answers.tell(found.and_then(|found| found.map_or(Ok(0), |found| association(&found))))?;
                }
            }
        }
        answers.ask_paths(snapshot)?;
        answers.list(0, snapshot.concepts().map(|found| found.map(|found| concept(&found))))?;
        answers.list(1, snapshot.associations().map(|found| found.and_then(|found| association(&found))))?;
        Ok(answers)
    }

    fn tell(&mut self, answer: Result<u64, Error>) -> Result<(), Wrong> {
        match answer {
            Ok(answer) => self.single.push(Some(answer)),
            Err(Error::Corrupt { .. }) => {
                self.single.push(None);
                self.damaged += 1;
            }
            Err(error) => return Err(format!("question {}: {error:?}", self.single.len())),
        }
        Ok(())
    }

    fn list(&mut self, list: usize, items: impl Iterator<Item = Result<u64, Error>>) -> Result<(), Wrong> {
        for item in items {
            match item {
                Ok(item) => self.lists[list].0.push(item),
                Err(Error::Corrupt { .. }) => {
                    self.lists[list].1 += 1;
                    self.damaged += 1;
                }
                Err(error) => return Err(format!("list {list}: {error:?}")),
            }
        }
        Ok(())
    }

    fn ask_counts(&mut self, snapshot: &Snapshot) {
        self.single.extend([
            Some(snapshot.sequence()),
            Some(snapshot.timestamp()),
            Some(snapshot.concept_count()),
            Some(snapshot.stub_count()),
            Some(snapshot.edge_count()),
            snapshot.vector_dimension().map(|dimension| dimension as u64).or(Some(0)),
        ]);
        for code in 0..10 {
            let name = snapshot.type_name(AssociationType(code)).unwrap_or_default();
            self.single.push(Some(Digest::default().bytes(name.as_bytes()).end()));
        }
        for kind in KINDS {
            self.single.push(Some(snapshot.association_type(kind).map_or(256, |kind| kind.0.into())));
        }
    }

    fn ask_concept(&mut self, snapshot: &Snapshot, name: ConceptId) -> Result<(), Wrong> {
        let found = match snapshot.query_concept(name) {
            Ok(found) => found,
            Err(error) => {
                (0..7).try_for_each(|_| self.tell(Err(error.clone())))?;
                return self.ask_neighbors(snapshot, name);
            }
        };
        self.tell(Ok(found.as_ref().map_or(0, concept)))?;
        if let Some(found) = &found {
            self.tell(found.content().map(|content| Digest::default().bytes(content).end()))?;
            let add = |digest: Digest, number: &f32| digest.number(number.to_bits());
            let embedding = found.embedding().map(|numbers| numbers.map(|it| it.iter().fold(Digest::default(), add)));
            self.tell(embedding.map(|digest| digest.map_or(0, Digest::end)))?;
            self.tell(found.metadata().map(|text| Digest::default().maybe(text.map(str::as_bytes)).end()))?;
            self.tell(found.key().map(|text| Digest::default().maybe(text.map(str::as_bytes)).end()))?;
            self.tell(found.access_count().map(u64::from))?;
            self.tell(found.last_accessed().map(Option::unwrap_or_default))?;
        } else {
            self.single.extend([Some(0); 6]);
        }
        self.ask_neighbors(snapshot, name)
    }

    fn ask_neighbors(&mut self, snapshot: &Snapshot, name: ConceptId) -> Result<(), Wrong> {
        // Both directions at once, of one in four: it is the same rows again.
        let directions = if name.as_bytes()[0].is_multiple_of(4) {
            &[Direction::Out, Direction::In, Direction::Both][..]
        } else {
            &[Direction::Out, Direction::In]
        };
        for &direction in directions {
            let options = NeighborOptions { direction, ..NeighborOptions::default() };
            let found = match snapshot.neighbors_with(name, options) {
                Ok(found) => found,
                Err(error) => {
                    self.tell(Err(error.clone()))?;
                    self.tell(Err(error))?;
                    continue;
                }
            };
            let start = Digest::default().number(found.len() as u64);
            let concepts = found.iter().try_fold(start, |digest, neighbor| {
                let side = u64::from(neighbor.direction() == Direction::Out);
                let digest = digest.number(concept(&neighbor.concept()?)).number(neighbor.kind().0).number(side);
                Ok(digest.number(neighbor.confidence().to_bits()).bytes(neighbor.type_name().as_bytes()))
            });
            self.tell(concepts.map(Digest::end))?;
            let details = found.iter().try_fold(Digest::default(), |digest, neighbor| {
                Ok(digest.number(association(&neighbor.association()?)?))
            });
            self.tell(details.map(Digest::end))?;
        }
        Ok(())
    }

    fn ask_paths(&mut self, snapshot: &Snapshot) -> Result<(), Wrong> {
        for (from, to) in [(0, 33), (1, 50), (5, 12), (30, 2), (8, 8)] {
            let (from, to) = (id(from), id(to));
            self.tell(snapshot.find_path(from, to, 30).map(|found| found.as_ref().map_or(0, path)))?;
            let options = PathOptions { max_depth: 30, decay: 0.9, ..PathOptions::default() };
            self.tell(snapshot.find_best_path(from, to, options).map(|found| found.as_ref().map_or(0, path)))?;
        }
        Ok(())
    }

    /// What is wrong in these answers, if the right ones are `right`: an answer is right, or says that it cannot be given.
    pub(crate) fn wrong(&self, right: &Self) -> Option<String> {
        if self.single.len() != right.single.len() {
            return Some("another number of answers".to_owned());
        }
        let single = self.single.iter().zip(&right.single).position(|(it, right)| it.is_some() && it != right);
        if let Some(question) = single {
            return Some(format!("question {question}: {:?} for {:?}", self.single[question], right.single[question]));
        }
        for (list, ((items, damaged), (right, _))) in self.lists.iter().zip(&right.lists).enumerate() {
            let mut rest = right.iter();
            // What came stands in the right order, and damage was met at least as often as something is missing.
            let all_right = items.iter().all(|item| rest.any(|right| right == item));
            if !all_right || right.len() > items.len() + damaged {
                return Some(format!("list {list}: {} of {} items, {damaged} damaged", items.len(), right.len()));
            }
        }
        None
    }
}

fn concept(found: &ConceptView<'_>) -> u64 {
    Digest::default()
        .bytes(found.id().as_bytes())
        .bytes(found.namespace_name().as_bytes())
        .number(found.strength().to_bits())
        .number(found.confidence().to_bits())
        .number(found.created())
        .number(found.modified())
        .number(found.version())
        .number(found.sequence())
        .number(u64::from(found.is_stub()))
        .end()
}

fn association(found: &AssociationView<'_>) -> Result<u64, Error> {
    let (from, until) = found.valid();
    Ok(Digest::default()
        .number(concept(&found.source()?))
        .number(concept(&found.target()?))
        .bytes(found.type_name().as_bytes())
        .number(found.kind().0)
        .number(found.confidence().to_bits())
        .number(found.weight().to_bits())
        .number(found.created())
        .number(found.sequence())
        .number(from)
        .number(until)
        .maybe(found.metadata()?.map(str::as_bytes))
        .end())
}

fn path(found: &Path) -> u64 {
    let mut digest = Digest::default().number(found.confidence.to_bits());
    for node in &found.nodes {
        digest = digest.bytes(node.id.as_bytes()).maybe(node.key.as_deref().map(str::as_bytes));
        digest = digest.number(u64::from(node.is_stub));
    }
    for hop in &found.hops {
        digest = digest.bytes(hop.type_name.as_bytes()).number(hop.confidence.to_bits()).number(hop.weight.to_bits());
        digest = digest.number(hop.created).number(hop.sequence);
    }
    digest.end()
}
