//! The disks that one power cut may leave.

use sutra_vfs::sim::{Policy, Rest, SimDirectory, TraceKind, Unsynced};

use crate::cut::Cut;
use crate::support::tier::Tier;

/// All that are tried for a cut.
pub(crate) fn of(cut: &Cut<'_>) -> Vec<Policy> {
    let mut policies = without_tears(&cut.disk, cut.tier, |index| cut.toss(index), cut.tier.pick(2, 32, 60));
    policies.extend(tears(cut));
    policies
}

/// Dropped, kept, by kind, all but one, one alone, and `random` of each kind of disorder.
pub(crate) fn without_tears(disk: &SimDirectory, tier: Tier, toss: impl Fn(u64) -> u64, random: u64) -> Vec<Policy> {
    let mut policies = vec![Policy::DropAll, Policy::KeepAll];
    for kinds in 1..7 {
        let [names, lengths, bytes] = [kinds & 1 != 0, kinds & 2 != 0, kinds & 4 != 0];
        policies.push(Policy::Kinds { names, lengths, bytes });
    }
    let changes = disk.unsynced().len();
    for change in (0..changes).step_by(tier.pick(1 + changes / 3, 1, 1)) {
        policies.extend([Policy::AllBut(change), Policy::Only(change)]);
    }
    for index in 0..random {
        policies.extend([Policy::Random(toss(index)), Policy::RandomChanges(toss(index))]);
    }
    policies
}

/// Whether what is written there is a header of the file.
pub(crate) fn is_header(name: &str, offset: u64) -> bool {
    name.starts_with("storage.dat") && offset < 8192
}

/// Tears of what was being written to the log or to a header when the power went.
fn tears(cut: &Cut<'_>) -> Vec<Policy> {
    let mut policies = Vec::new();
    for (change, unsynced) in cut.disk.unsynced().iter().enumerate() {
        let Unsynced::Write { name, offset, len } = unsynced else { continue };
        if !name.ends_with(".log") && !is_header(name, *offset) {
            continue;
        }
        // At the sync that follows, all that is not synced is the same again: a few tears are enough there.
        let under_way = cut.last.kind == TraceKind::Write { name: name.clone(), offset: *offset, len: *len };
        // Every byte, but of long writes: then some hundreds or thousands.
        let all = cut.tier.pick(len / 5, len / 2048 * 5, len / 16_384 * 4) + 1;
        let step = if under_way { all } else { all.max(len / cut.tier.pick(2, 7, 60) + 1) };
        // Another beginning each time, so that the bytes that are left out are others.
        let first = cut.toss(0) % step;
        for bytes in (first..*len).step_by(step as usize) {
            for rest in [Rest::Before, Rest::Zeros] {
                for others in [false, true] {
                    policies.push(Policy::Torn { change, bytes, rest, others });
                }
            }
        }
    }
    policies
}

/// A few images to recover from with care: each kind, and some torn ones.
pub(crate) fn few(cut: &Cut<'_>) -> Vec<Policy> {
    let mut policies = vec![Policy::KeepAll, Policy::Random(cut.toss(1))];
    policies.extend((2..cut.tier.pick(2, 2, 6)).map(|index| Policy::RandomChanges(cut.toss(index))));
    let torn = tears(cut);
    let wanted = cut.tier.pick(1, 2, 10);
    policies.extend(torn.iter().step_by((torn.len() / wanted).max(1)).take(wanted));
    policies
}
