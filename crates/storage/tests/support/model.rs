//! A naive store: maps, searched from end to end, cloned whole for each sequence.

use std::collections::BTreeMap;

use sutra_storage::ConceptId;

use super::operation::{Associate, Learn, Name, Operation};

/// A time in microseconds: given exactly, or between the readings of the clock before and after a call.
pub(crate) type Time = (u64, u64);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Live,
    Stub,
    Forgotten,
}

/// A concept, a stub, or what is left of one.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) state: State,
    pub(crate) key: Option<&'static str>,
    pub(crate) namespace: &'static str,
    pub(crate) content: String,
    pub(crate) embedding: Option<Vec<f32>>,
    pub(crate) metadata: Option<String>,
    pub(crate) strength: f32,
    pub(crate) confidence: f32,
    pub(crate) created: Time,
    pub(crate) modified: Time,
    pub(crate) version: u32,
    pub(crate) sequence: u64,
    pub(crate) accesses: u32,
    pub(crate) accessed: Option<Time>,
}

impl Node {
    /// Gives it the key, and with it the namespace, of a name; says whether it had none.
    fn name(&mut self, name: Name) -> bool {
        let new = self.key.is_none() && name.key().is_some();
        if new {
            (self.key, self.namespace) = (name.key(), name.namespace());
        }
        new
    }

    fn blank(state: State, name: Name, sequence: u64, time: Time) -> Self {
        Self {
            state,
            key: name.key(),
            namespace: name.namespace(),
            content: String::new(),
            embedding: None,
            metadata: None,
            strength: 0.0,
            confidence: 0.0,
            created: time,
            modified: time,
            version: 0,
            sequence,
            accesses: 0,
            accessed: None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) source: ConceptId,
    pub(crate) target: ConceptId,
    pub(crate) kind: &'static str,
    pub(crate) confidence: f32,
    pub(crate) weight: f32,
    pub(crate) created: Time,
    pub(crate) valid: (u32, u32),
    pub(crate) metadata: Option<String>,
    pub(crate) sequence: u64,
}

/// What the store should hold after some sequence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) sequence: u64,
    /// In the order in which they were first named.
    pub(crate) order: Vec<ConceptId>,
    pub(crate) nodes: BTreeMap<ConceptId, Node>,
    /// Those there are, by when they were last learned.
    pub(crate) edges: BTreeMap<u64, Edge>,
    learned: u64,
    pub(crate) dimension: Option<usize>,
    /// Operations that did nothing.
    pub(crate) ignored: u64,
}

impl Model {
    /// What follows when `operation` is accepted as the next sequence, made within `time`.
    pub(crate) fn after(&self, operation: &Operation, time: Time) -> Self {
        let mut next = self.clone();
        next.sequence += 1;
        next.apply(operation, time);
        next
    }

    /// Whether the store must refuse it: an embedding of another dimension than the first one.
    pub(crate) fn refuses(&self, operation: &Operation) -> bool {
        let mut dimension = self.dimension;
        let singles = match operation {
            Operation::Batch(operations) => operations.as_slice(),
            single => std::slice::from_ref(single),
        };
        singles.iter().any(|single| match single {
            Operation::Learn(Learn { embedding: Some(embedding), .. }) => {
                *dimension.get_or_insert(embedding.len()) != embedding.len()
            }
            _ => false,
        })
    }

    fn apply(&mut self, operation: &Operation, time: Time) {
        let done = match operation {
            Operation::Learn(learn) => {
                self.learn(learn, time);
                true
            }
            Operation::Associate(associate) => {
                self.associate(associate, time);
                true
            }
            Operation::Strength(name, strength) => self.revise(*name, time, |node| node.strength = *strength),
            Operation::Metadata(name, json) => self.revise(*name, time, |node| node.metadata = Some(json.clone())),
            Operation::Access(name) => match self.live(*name) {
                Some(node) => {
                    node.accesses += 1;
                    node.accessed = Some(time);
                    true
                }
                None => false,
            },
            Operation::Forget(name) => self.forget(name.id(), time),
            Operation::ForgetAssociation(source, target, kind) => {
                let found = self.find(source.id(), target.id(), kind);
                found.is_some_and(|place| self.edges.remove(&place).is_some())
            }
            Operation::Batch(operations) => {
                operations.iter().for_each(|operation| self.apply(operation, time));
                true
            }
        };
        self.ignored += u64::from(!done);
    }

    fn live(&mut self, name: Name) -> Option<&mut Node> {
        self.nodes.get_mut(&name.id()).filter(|node| node.state == State::Live)
    }

    fn revise(&mut self, name: Name, time: Time, change: impl FnOnce(&mut Node)) -> bool {
        let sequence = self.sequence;
        let Some(node) = self.live(name) else { return false };
        change(node);
        node.version += 1;
        (node.sequence, node.modified) = (sequence, time);
        true
    }

    fn learn(&mut self, learn: &Learn, time: Time) {
        let (id, sequence) = (learn.name.id(), self.sequence);
        if !self.nodes.contains_key(&id) {
            self.order.push(id);
        }
        let node = self.nodes.entry(id).or_insert_with(|| Node::blank(State::Forgotten, learn.name, sequence, time));
        if node.state == State::Forgotten {
            *node = Node::blank(State::Forgotten, learn.name, sequence, time);
        }
        if node.state != State::Live {
            node.created = learn.created.map_or(time, |created| (created, created));
        }
        node.state = State::Live;
        node.name(learn.name);
        node.content = learn.text();
        (node.strength, node.confidence) = (learn.strength, learn.confidence);
        if let Some(embedding) = &learn.embedding {
            self.dimension.get_or_insert(embedding.len());
            node.embedding = Some(embedding.clone());
        }
        if let Some(metadata) = &learn.metadata {
            node.metadata = Some(metadata.clone());
        }
        node.version += 1;
        (node.sequence, node.modified) = (sequence, time);
    }

    /// An end of an association: what is there, or a new stub in the association's namespace.
    fn end(&mut self, name: Name, namespace: &'static str, time: Time) {
        let id = name.id();
        let sequence = self.sequence;
        match self.nodes.get_mut(&id) {
            Some(node) if node.state != State::Forgotten => {
                if node.name(name) {
                    (node.sequence, node.modified) = (sequence, time);
                    node.version += u32::from(node.state == State::Live);
                }
                return;
            }
            Some(_) => {}
            None => self.order.push(id),
        }
        let stub = Node { namespace, ..Node::blank(State::Stub, name, self.sequence, time) };
        self.nodes.insert(id, stub);
    }

    fn associate(&mut self, associate: &Associate, time: Time) {
        let (source, target) = (associate.source, associate.target);
        let namespace = if source.namespace().is_empty() { target.namespace() } else { source.namespace() };
        self.end(source, namespace, time);
        self.end(target, namespace, time);
        let found = self.find(source.id(), target.id(), associate.kind);
        let old = found.and_then(|place| self.edges.remove(&place)).unwrap_or(Edge {
            source: source.id(),
            target: target.id(),
            kind: associate.kind,
            confidence: 0.0,
            weight: 1.0,
            created: time,
            valid: (0, u32::MAX),
            metadata: None,
            sequence: 0,
        });
        self.learned += 1;
        let edge = Edge {
            confidence: associate.confidence,
            weight: associate.weight.unwrap_or(old.weight),
            created: associate.created.map_or(old.created, |created| (created, created)),
            valid: associate.valid.unwrap_or(old.valid),
            metadata: associate.metadata.clone().or(old.metadata),
            sequence: self.sequence,
            ..old
        };
        self.edges.insert(self.learned, edge);
    }

    fn forget(&mut self, id: ConceptId, time: Time) -> bool {
        let Some(node) = self.nodes.get_mut(&id).filter(|node| node.state != State::Forgotten) else { return false };
        (node.state, node.modified) = (State::Forgotten, time);
        self.edges.retain(|_, edge| edge.source != id && edge.target != id);
        true
    }

    pub(crate) fn find(&self, source: ConceptId, target: ConceptId, kind: &str) -> Option<u64> {
        let same = |edge: &Edge| edge.source == source && edge.target == target && edge.kind == kind;
        self.edges.iter().find(|(_, edge)| same(edge)).map(|(place, _)| *place)
    }

    pub(crate) fn count(&self, state: State) -> u64 {
        self.nodes.values().filter(|node| node.state == state).count() as u64
    }

    /// Whether it is a node of the graph: a concept or a stub.
    pub(crate) fn is_node(&self, id: ConceptId) -> bool {
        self.nodes.get(&id).is_some_and(|node| node.state != State::Forgotten)
    }
}
