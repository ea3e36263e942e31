//! The names of the simulated disk: what is durable, what is seen, and the steps between.

use std::collections::{BTreeMap, BTreeSet};

use super::image::{Chance, Kind, Unsynced};

pub(super) type NodeId = u64;

/// A change of names that no directory sync has covered.
#[derive(Clone, Debug)]
enum Step {
    Create(String, NodeId),
    Rename(String, String, NodeId),
    Remove(String),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    durable: BTreeMap<String, NodeId>,
    current: BTreeMap<String, NodeId>,
    pending: Vec<Step>,
}

impl Names {
    pub(super) fn get(&self, name: &str) -> Option<NodeId> {
        self.current.get(name).copied()
    }

    pub(super) fn list(&self) -> Vec<String> {
        self.current.keys().cloned().collect()
    }

    pub(super) fn create(&mut self, name: &str, node: NodeId) {
        self.take(Step::Create(name.to_owned(), node));
    }

    pub(super) fn rename(&mut self, from: &str, to: &str, node: NodeId) {
        self.take(Step::Rename(from.to_owned(), to.to_owned(), node));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.take(Step::Remove(name.to_owned()));
    }

    fn take(&mut self, step: Step) {
        step.apply(&mut self.current);
        self.pending.push(step);
    }

    pub(super) fn sync(&mut self) {
        self.durable.clone_from(&self.current);
        self.pending.clear();
    }

    /// The changes that no sync has covered, in the order of happening.
    pub(super) fn unsynced(&self) -> impl Iterator<Item = Unsynced> {
        self.pending.iter().map(|_| Unsynced::Name)
    }

    /// Every name and what it stands for.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, NodeId)> {
        self.current.iter().map(|(name, node)| (name.as_str(), *node))
    }

    /// The names after a power cut: each step is there or not, but of two steps that touch one name the later is
    /// there only if the earlier is.
    pub(super) fn after_power_cut(&self, chance: &mut Chance) -> Self {
        let mut names = self.durable.clone();
        let mut undone: BTreeSet<&str> = BTreeSet::new();
        for step in &self.pending {
            chance.begin(Kind::Name);
            let touched = step.touched();
            let possible = !touched.iter().any(|name| undone.contains(name));
            if possible && chance.keeps() {
                step.apply(&mut names);
            } else {
                undone.extend(touched);
            }
        }
        Self { durable: names.clone(), current: names, pending: Vec::new() }
    }
}

impl Step {
    fn touched(&self) -> Vec<&str> {
        match self {
            Self::Create(name, _) | Self::Remove(name) => vec![name],
            Self::Rename(from, to, _) => vec![from, to],
        }
    }

    fn apply(&self, names: &mut BTreeMap<String, NodeId>) {
        match self {
            Self::Create(name, node) => {
                names.insert(name.clone(), *node);
            }
            Self::Rename(from, to, node) => {
                names.remove(from);
                names.insert(to.clone(), *node);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}
