//! Faults to order, and the plan that says when they strike.

use std::io;

use super::trace::TraceKind;

/// What goes wrong with an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The operation does nothing and reports an input/output error.
    Eio,
    /// The disk is full: writes, reservations, allocations and creations do nothing and say so; other operations
    /// are not affected.
    Enospc,
    /// A write does its first half and reports an input/output error; other operations are not affected.
    ShortWriteThenEio,
    /// A sync reports an error, and what it should have written counts as written although it is not; other
    /// operations are not affected.
    FailedSync,
}

/// What becomes of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Success,
    /// Does nothing, error code.
    Nothing(i32),
    /// Does the first half.
    Half,
    /// Syncs nothing and forgets that it should.
    Lost,
    /// The power goes while it is under way: done in memory, reported as an error.
    UnderWay,
    /// There is no power.
    Dead,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    once: Vec<(u64, Fault)>,
    from: Option<(u64, Fault)>,
    crash: Option<u64>,
}

impl Plan {
    pub(super) fn fail_at(&mut self, number: u64, fault: Fault) {
        self.once.push((number, fault));
    }

    pub(super) fn fail_from(&mut self, number: u64, fault: Fault) {
        self.from = Some((number, fault));
    }

    pub(super) fn crash_at(&mut self, number: u64) {
        self.crash = Some(number);
    }

    /// Whether the power has gone before operation `number`.
    pub(super) fn dead(&self, number: u64) -> bool {
        self.crash.is_some_and(|crash| number > crash)
    }

    pub(super) fn fate(&self, number: u64, kind: &TraceKind) -> Fate {
        if self.dead(number) {
            return Fate::Dead;
        }
        if self.crash == Some(number) {
            return Fate::UnderWay;
        }
        let fault = self
            .once
            .iter()
            .find(|(at, _)| *at == number)
            .or(self.from.as_ref().filter(|(from, _)| *from <= number))
            .map(|(_, fault)| *fault);
        let writes = matches!(kind, TraceKind::Write { .. });
        let takes_space =
            writes || matches!(kind, TraceKind::Reserve { .. } | TraceKind::Allocate { .. } | TraceKind::Create { .. });
        let syncs = matches!(kind, TraceKind::Sync { .. } | TraceKind::SyncDirectory);
        match fault {
            Some(Fault::Eio) => Fate::Nothing(libc::EIO),
            Some(Fault::Enospc) if takes_space => Fate::Nothing(libc::ENOSPC),
            Some(Fault::ShortWriteThenEio) if writes => Fate::Half,
            Some(Fault::FailedSync) if syncs => Fate::Lost,
            _ => Fate::Success,
        }
    }
}

pub(super) fn no_power() -> io::Error {
    io::Error::other("simulated power cut")
}

pub(super) fn eio() -> io::Error {
    io::Error::from_raw_os_error(libc::EIO)
}
