//! The recovery itself: cut at each of its operations, and done twice.

use sutra_vfs::sim::{Policy, Rest, SimDirectory, TraceKind, Unsynced};

use crate::cut::{Cut, without_power};
use crate::images::{few, is_header, without_tears};
use crate::support::answers::answers;

/// Where a recovery may begin: at an image, or at what a killed process left.
fn starts(cut: &Cut<'_>) -> Vec<Option<Policy>> {
    few(cut).into_iter().map(Some).chain([None]).collect()
}

fn begin(cut: &Cut<'_>, start: Option<Policy>) -> SimDirectory {
    start.map_or_else(|| cut.disk.kill_image(), |policy| cut.disk.image(policy))
}

/// The power goes at every operation of the recovery, and at the first one of what the open store does next, its close. Where
/// the power went first between two headers, so that one alone has the last commit, at every operation of the close.
pub(crate) fn cut_again(cut: &mut Cut<'_>) {
    let headers = matches!(&cut.last.kind, TraceKind::Write { name, offset, .. } if is_header(name, *offset));
    for start in starts(cut) {
        let through = headers && start == Some(Policy::KeepAll);
        for again in 0.. {
            let disk = begin(cut, start);
            disk.crash_at(again);
            let what = ("from", start, "cut again at", again);
            let case = cut.case(&what);
            let mut known = cut.known.clone();
            let opened = cut.open(&disk);
            let within = opened.is_err();
            if let Ok(memory) = opened {
                known.check(&memory);
                // Its close is cut.
                drop(memory);
            }
            drop(case);
            let mut policies = vec![Policy::Random(cut.toss(again << 10))];
            if within || !through {
                policies =
                    without_tears(&disk, cut.tier, |index| cut.toss(again << 10 | index), cut.tier.pick(1, 2, 4));
            }
            policies.extend(tears(&disk, cut.tier.pick(1, 2, 8)));
            cut.look_at(&what, &disk, policies, &known);
            let reached = disk.operations() > again;
            if !(within || through && reached) {
                break;
            }
        }
    }
}

/// Some tears of what is written to the log and to headers. What is not written of a header stands there as before or is
/// lost; of the log it stands there as before: recovery writes groups again, the same bytes, and there is no second copy of
/// them that would help if the disk lost bytes that a write does not change.
fn tears(disk: &SimDirectory, wanted: u64) -> Vec<Policy> {
    let mut policies = Vec::new();
    for (change, unsynced) in disk.unsynced().iter().enumerate() {
        let Unsynced::Write { name, offset, len } = unsynced else { continue };
        if !name.ends_with(".log") && !is_header(name, *offset) {
            continue;
        }
        let rests = if is_header(name, *offset) { &[Rest::Before, Rest::Zeros][..] } else { &[Rest::Before] };
        for bytes in (1..*len).step_by((len / wanted) as usize + 1) {
            policies.extend(rests.iter().map(|rest| Policy::Torn { change, bytes, rest: *rest, others: true }));
        }
    }
    policies
}

/// Recovering twice from equal disks gives equal stores, times and counters included; and so does recovering what a
/// recovery left, with and without what it did not sync.
pub(crate) fn is_idempotent(cut: &mut Cut<'_>) {
    for start in starts(cut) {
        let _case = cut.case(&("recovered twice from", start));
        let (first, second) = (begin(cut, start), begin(cut, start));
        let memory = cut.open(&first).expect("opens");
        let mut known = cut.known.clone();
        known.check(&memory);
        let expected = answers(&memory.snapshot());
        let left = [first.kill_image(), first.image(Policy::DropAll), first.image(Policy::Random(cut.toss(3)))];
        without_power(&first, memory);
        let created = cut.disk.image(Policy::DropAll).fingerprint() == SimDirectory::new().fingerprint();
        for disk in [second].into_iter().chain(left) {
            cut.is_new(&disk, &known);
            let again = cut.open(&disk).expect("opens again");
            assert_eq!(answers(&again.snapshot()), expected, "{}", if created { "created" } else { "recovered" });
            without_power(&disk, again);
        }
    }
}
