//! One power cut in a life, and the way to all of them.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use sutra_storage::ConcurrentMemory;
use sutra_vfs::Directory;
use sutra_vfs::sim::{Policy, SimDirectory, TraceOp};

use crate::images;
use crate::support::life::Known;
use crate::support::panics::engine_panics;
use crate::support::tier::Tier;
use crate::support::workload::Workload;
use crate::{killed, recovery};

/// A life that ended because the power went at one of its operations.
pub(crate) struct Cut<'a> {
    pub(crate) workload: &'a Workload,
    pub(crate) seed: u64,
    pub(crate) number: u64,
    /// The disk as it was in that moment.
    pub(crate) disk: SimDirectory,
    /// The operation at which it went.
    pub(crate) last: TraceOp,
    pub(crate) known: Known,
    pub(crate) tier: Tier,
    /// States that were looked at, each with what was acknowledged then.
    seen: HashSet<(u64, u64)>,
    /// Where the next case is not looked at more closely than others.
    pub(crate) cases: u64,
    /// Cases in which accepted writes were gone, and in which none was.
    pub(crate) lost: [u64; 2],
}

/// Cuts the power at every operation of a workload. Gives the number of states that were opened and compared.
pub(crate) fn every_cut(workload: &Workload, seed: u64) -> u64 {
    let tier = Tier::get();
    // A plain run looks at some of the cuts, others for other seeds.
    let stride = tier.pick(7, 1, 1);
    let (mut cases, mut cuts, mut lost) = (0, 0, [0, 0]);
    for number in (seed % stride..).step_by(stride as usize) {
        let disk = SimDirectory::new();
        disk.crash_at(number);
        let mut known = Known::nothing(workload.durability);
        let directory: Arc<dyn Directory> = Arc::new(disk.clone());
        let outcome = known.live(workload, &directory);
        // How groups fall is not the same each time: the last operation of one life may not be that of another.
        if outcome.is_ok() {
            break;
        }
        let last = disk.trace().swap_remove(number as usize);
        let mut cut =
            Cut { workload, seed, number, disk, last, known, tier, seen: HashSet::new(), cases: 0, lost: [0, 0] };
        assert_eq!(engine_panics(), 0, "a thread of the engine panicked as the power went");
        let (disk, known) = (cut.disk.clone(), cut.known.clone());
        cut.look_at(&"the cut", &disk, images::of(&cut), &known);
        killed::then_cut(&mut cut);
        recovery::cut_again(&mut cut);
        recovery::is_idempotent(&mut cut);
        (cases, cuts) = (cases + cut.cases, cuts + 1);
        lost = [lost[0] + cut.lost[0], lost[1] + cut.lost[1]];
    }
    assert!(cuts * stride > 25, "the life is long enough to mean something: {cuts} cuts");
    if tier > Tier::Plain {
        assert!(lost.iter().all(|count| *count > 0), "some lose a tail and some do not: {lost:?}");
    }
    println!("{}: {cuts} cuts, {} states with all that was accepted, {} with less", workload.name, lost[0], lost[1]);
    cases
}

impl Cut<'_> {
    /// Looks at what each policy leaves of a disk, where it is not a state of this cut that was seen before.
    pub(crate) fn look_at(
        &mut self,
        what: &dyn fmt::Debug,
        disk: &SimDirectory,
        policies: impl IntoIterator<Item = Policy>,
        known: &Known,
    ) {
        for policy in policies {
            let image = disk.image(policy);
            if self.is_new(&image, known) {
                self.look(&(what, policy), &image, &mut known.clone());
            }
        }
    }

    /// Whether no equal state was seen; it counts as one that is, and as a case.
    pub(crate) fn is_new(&mut self, disk: &SimDirectory, known: &Known) -> bool {
        let new = self.seen.insert((disk.fingerprint(), known.acknowledged()));
        self.cases += u64::from(new);
        new
    }

    /// Opens a disk and compares. Each eighth time it writes on and cuts again, or closes and opens again.
    fn look(&mut self, what: &dyn fmt::Debug, disk: &SimDirectory, known: &mut Known) {
        let _case = self.case(what);
        let memory = self.open(disk).expect("what a power cut leaves can be opened");
        let gone = known.check(&memory);
        self.lost[usize::from(gone > 0)] += 1;
        match self.cases % 16 {
            3 => {
                known.write_on(&memory);
                let after = disk.image(Policy::DropAll);
                let again = self.open(&after).expect("opens again");
                assert_eq!(known.check(&again), 0, "what was written on is durable");
                without_power(&after, again);
            }
            11 => {
                memory.close().expect("closes");
                let again = self.open(disk).expect("opens again");
                assert_eq!(known.check(&again), 0, "what was closed holds everything");
                without_power(disk, again);
            }
            _ => {}
        }
        without_power(disk, memory);
        assert_eq!(engine_panics(), 0, "a thread of the engine panicked");
    }

    pub(crate) fn open(&self, disk: &SimDirectory) -> sutra_storage::Result<ConcurrentMemory> {
        self.workload.open(Arc::new(disk.clone()))
    }

    /// What is printed if the thread panics while it is held: enough to find the case again.
    pub(crate) fn case(&self, what: &dyn fmt::Debug) -> Case {
        let (name, seed, op) = (self.workload.name, self.seed, &self.last);
        Case(format!(
            "workload {name:?}, SUTRA_SEED={seed}, power cut at operation {} ({:?}): {what:?}; accepted {}",
            self.number,
            op.kind,
            self.known.accepted(),
        ))
    }

    /// A seed of this cut's own.
    pub(crate) fn toss(&self, index: u64) -> u64 {
        self.seed.wrapping_mul(1_000_003).wrapping_add(self.number << 20).wrapping_add(index)
    }
}

/// Ends a store whose disk has no power: without the checkpoint of a close.
pub(crate) fn without_power(disk: &SimDirectory, memory: ConcurrentMemory) {
    disk.crash_at(disk.operations());
    drop(memory);
}

/// Says in a panic which case it was.
pub(crate) struct Case(String);

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("failed: {}", self.0);
        }
    }
}
