//! Which faults there are, and where each of them means something.

use std::fmt;

use sutra_vfs::sim::{Fault, SimDirectory, TraceKind, TraceOp};

/// One fault at one place of a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) place: Place,
    pub(crate) fault: Fault,
    /// Whether it stays: every later operation, or read, meets it too.
    pub(crate) for_ever: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Operation(u64),
    Read(u64),
}

impl Plan {
    /// Every plan for a life that is as long as the one on `disk` was.
    pub(crate) fn all(disk: &SimDirectory) -> Vec<Self> {
        let mut plans = Vec::new();
        let mut add = |place, fault| {
            plans.extend([false, true].map(|for_ever| Self { place, fault, for_ever }));
        };
        for TraceOp { number, kind, .. } in disk.trace() {
            for fault in faults_of(&kind) {
                add(Place::Operation(number), *fault);
            }
        }
        for number in 0..disk.reads() {
            for fault in [Fault::Eio, Fault::Enomem, Fault::Interrupted] {
                add(Place::Read(number), fault);
            }
        }
        plans
    }

    pub(crate) fn order(&self, disk: &SimDirectory) {
        match (self.place, self.for_ever) {
            (Place::Operation(number), false) => disk.fail_at(number, self.fault),
            (Place::Operation(number), true) => disk.fail_from(number, self.fault),
            (Place::Read(number), false) => disk.fail_read_at(number, self.fault),
            (Place::Read(number), true) => disk.fail_reads_from(number, self.fault),
        }
    }

    pub(crate) fn is_of_reads(&self) -> bool {
        matches!(self.place, Place::Read(_))
    }

    /// Whether callers must not notice it.
    pub(crate) fn is_unnoticed(&self) -> bool {
        self.fault == Fault::ShortWrite || self.fault == Fault::Interrupted && !self.for_ever
    }
}

/// The faults that do something to such an operation. The others would be cases that test nothing: a full disk is none
/// for a sync.
fn faults_of(kind: &TraceKind) -> &'static [Fault] {
    match kind {
        TraceKind::Write { .. } => {
            use Fault::*;
            &[Eio, Enospc, Interrupted, ShortWrite, ShortWriteThenEio, DoneThenEio]
        }
        TraceKind::Sync { .. } | TraceKind::SyncDirectory => &[Fault::Eio, Fault::Interrupted, Fault::FailedSync],
        TraceKind::Create { .. } | TraceKind::Reserve { .. } | TraceKind::Allocate { .. } => {
            &[Fault::Eio, Fault::Enospc, Fault::Interrupted, Fault::DoneThenEio]
        }
        _ => &[Fault::Eio, Fault::Interrupted, Fault::DoneThenEio],
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, number) = match self.place {
            Place::Operation(number) => ("operation", number),
            Place::Read(number) => ("read", number),
        };
        write!(f, "{:?} {} {what} {number}", self.fault, if self.for_ever { "from" } else { "at" })
    }
}
