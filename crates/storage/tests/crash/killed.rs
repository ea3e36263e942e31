//! The process is killed, the next one shows what it finds to a reader, and then the power goes.

use sutra_vfs::sim::Policy;

use crate::cut::{Cut, without_power};
use crate::images::without_tears;

/// What the second process has shown was in the page cache alone when it began: it must have synced it before.
pub(crate) fn then_cut(cut: &mut Cut<'_>) {
    let killed = cut.disk.kill_image();
    let mut known = cut.known.clone();
    let case = cut.case(&"killed, then read");
    let memory = cut.open(&killed).expect("what a killed process leaves can be opened");
    known.check(&memory);
    drop(case);
    let policies = without_tears(&killed, cut.tier, |index| cut.toss(1000 + index), cut.tier.pick(1, 8, 20));
    cut.look_at(&"killed, read, then", &killed, policies, &known);
    // Written on to in the second process, then the power goes.
    let _case = cut.case(&"killed, written on, then DropAll");
    known.write_on(&memory);
    let after = killed.image(Policy::DropAll);
    let again = cut.open(&after).expect("opens");
    assert_eq!(known.check(&again), 0, "what was written on is durable");
    without_power(&after, again);
    without_power(&killed, memory);
}
