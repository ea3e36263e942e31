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
    /// The operation does nothing and reports that a signal interrupted it. It is made again, as another operation with
    /// the next number, up to a bound; so once, nobody notices.
    Interrupted,
    /// A write does its first half and reports so much; other operations are not affected. The rest is written by
    /// another operation with the next number, so nobody notices.
    ShortWrite,
    /// A write does its first half and reports an input/output error; other operations are not affected.
    ShortWriteThenEio,
    /// The operation is done and yet reports an input/output error; syncs are not affected.
    DoneThenEio,
    /// A sync reports an error, and what it should have written counts as written although it is not; other
    /// operations are not affected.
    FailedSync,
    /// There is no memory, or no descriptor: reads (openings and maps among them) are refused; operations that change
    /// something are not affected.
    Enomem,
}

/// What becomes of one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Success,
    /// Does nothing, error code.
    Nothing(i32),
    /// Does the first half, and says so.
    Short,
    /// Does the first half, error code.
    Half,
    /// Does all of it, error code.
    Done,
    /// Syncs nothing and forgets that it should.
    Lost,
    /// The power goes while it is under way: done in memory, reported as an error.
    UnderWay,
    /// There is no power.
    Dead,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    operations: Faults,
    reads: Faults,
    crash: Option<u64>,
}

/// The faults ordered for operations, or for reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    once: Vec<(u64, Fault)>,
    from: Option<(u64, Fault)>,
}

impl Faults {
    pub(super) fn at(&mut self, number: u64, fault: Fault) {
        self.once.push((number, fault));
    }

    pub(super) fn from(&mut self, number: u64, fault: Fault) {
        self.from = Some((number, fault));
    }

    fn of(&self, number: u64) -> Option<Fault> {
        let once = self.once.iter().find(|(at, _)| *at == number);
        once.or(self.from.as_ref().filter(|(from, _)| *from <= number)).map(|(_, fault)| *fault)
    }
}

impl Plan {
    pub(super) fn operations(&mut self) -> &mut Faults {
        &mut self.operations
    }

    pub(super) fn reads(&mut self) -> &mut Faults {
        &mut self.reads
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
        let writes = matches!(kind, TraceKind::Write { .. });
        let takes_space =
            writes || matches!(kind, TraceKind::Reserve { .. } | TraceKind::Allocate { .. } | TraceKind::Create { .. });
        let syncs = matches!(kind, TraceKind::Sync { .. } | TraceKind::SyncDirectory);
        match self.operations.of(number) {
            Some(Fault::Eio) => Fate::Nothing(libc::EIO),
            Some(Fault::Interrupted) => Fate::Nothing(libc::EINTR),
            Some(Fault::Enospc) if takes_space => Fate::Nothing(libc::ENOSPC),
            Some(Fault::ShortWrite) if writes => Fate::Short,
            Some(Fault::ShortWriteThenEio) if writes => Fate::Half,
            Some(Fault::DoneThenEio) if !syncs => Fate::Done,
            Some(Fault::FailedSync) if syncs => Fate::Lost,
            _ => Fate::Success,
        }
    }

    /// The error code that read `number` meets.
    pub(super) fn read_error(&self, number: u64) -> Option<i32> {
        match self.reads.of(number)? {
            Fault::Eio => Some(libc::EIO),
            Fault::Enomem => Some(libc::ENOMEM),
            Fault::Interrupted => Some(libc::EINTR),
            _ => None,
        }
    }
}

pub(super) fn no_power() -> io::Error {
    io::Error::other("simulated power cut")
}

pub(super) fn eio() -> io::Error {
    io::Error::from_raw_os_error(libc::EIO)
}
