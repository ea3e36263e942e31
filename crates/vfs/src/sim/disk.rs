//! The state of a simulated disk, and the one place where an operation is numbered, traced and failed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::fault::{Fate, Plan, eio, no_power};
use super::image::{Chance, Policy};
use super::names::{Names, NodeId};
use super::node::Node;
use super::trace::{TraceKind, TraceOp};

#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) names: Names,
    /// Also nodes without a name: open handles may lead to them.
    pub(super) nodes: BTreeMap<NodeId, Node>,
    next_node: NodeId,
    pub(super) plan: Plan,
    pub(super) trace: Vec<TraceOp>,
    /// How many reads there were.
    reads: u64,
    /// How many operations and reads met a fault.
    faults: u64,
    /// Names of the locks held.
    pub(super) locks: BTreeSet<String>,
}

/// How far an operation is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    Half,
    /// For syncs: not done, and forgotten.
    Lost,
}

impl Disk {
    pub(super) fn operations(&self) -> u64 {
        self.trace.len() as u64
    }

    pub(super) fn reads(&self) -> u64 {
        self.reads
    }

    pub(super) fn faults(&self) -> u64 {
        self.faults
    }

    /// Numbers a read, which works if there is power and no fault is ordered for it.
    pub(super) fn read(&mut self) -> io::Result<()> {
        self.check_power()?;
        let number = self.reads;
        self.reads += 1;
        match self.plan.read_error(number) {
            Some(code) => {
                self.faults += 1;
                Err(io::Error::from_raw_os_error(code))
            }
            None => Ok(()),
        }
    }

    /// Nothing works without power.
    pub(super) fn check_power(&self) -> io::Result<()> {
        // The crashing operation is itself in the trace, so the next number is beyond it.
        if self.plan.dead(self.operations()) { Err(no_power()) } else { Ok(()) }
    }

    /// Numbers and traces an operation, and does as much of it as its fate allows: says how much, if that is no error.
    pub(super) fn operate(&mut self, kind: TraceKind, act: impl FnOnce(&mut Self, Extent)) -> io::Result<Extent> {
        let number = self.operations();
        let fate = self.plan.fate(number, &kind);
        let syncs = matches!(kind, TraceKind::Sync { .. } | TraceKind::SyncDirectory);
        self.trace.push(TraceOp { number, kind, succeeded: fate == Fate::Success });
        self.faults += u64::from(matches!(fate, Fate::Nothing(_) | Fate::Short | Fate::Half | Fate::Done | Fate::Lost));
        match fate {
            Fate::Success => {
                act(self, Extent::Whole);
                Ok(Extent::Whole)
            }
            Fate::Short => {
                act(self, Extent::Half);
                Ok(Extent::Half)
            }
            Fate::Nothing(code) => Err(io::Error::from_raw_os_error(code)),
            Fate::Half => {
                act(self, Extent::Half);
                Err(eio())
            }
            Fate::Done => {
                act(self, Extent::Whole);
                Err(eio())
            }
            Fate::Lost => {
                act(self, Extent::Lost);
                Err(eio())
            }
            Fate::UnderWay => {
                // A change is now pending like any other and the image decides how much of it is found. A sync under
                // way has covered nothing for certain.
                if !syncs {
                    act(self, Extent::Whole);
                }
                Err(no_power())
            }
            Fate::Dead => Err(no_power()),
        }
    }

    pub(super) fn create(&mut self, name: &str) -> NodeId {
        let node = self.next_node;
        self.next_node += 1;
        self.nodes.insert(node, Node::named(name));
        self.names.create(name, node);
        node
    }

    /// The disk after a power cut.
    pub(super) fn after_power_cut(&self, policy: Policy) -> Self {
        let mut chance = Chance::new(policy);
        Self {
            names: self.names.after_power_cut(&mut chance),
            nodes: self.nodes.iter().map(|(id, node)| (*id, node.after_power_cut(&mut chance))).collect(),
            next_node: self.next_node,
            ..Self::default()
        }
    }

    /// The disk after the process was killed: nothing is lost, and nothing more is durable than was.
    pub(super) fn after_kill(&self) -> Self {
        Self { names: self.names.clone(), nodes: self.nodes.clone(), next_node: self.next_node, ..Self::default() }
    }
}
