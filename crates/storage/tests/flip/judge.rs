//! What may come of a damage, and what does.

use std::sync::Arc;

use sutra_format::wal::SegmentHeader;
use sutra_storage::{ConcurrentMemory, Error, Verified, verify_in};
use sutra_vfs::Directory;
use sutra_vfs::sim::{Fault, SimDirectory, TraceKind};

use crate::answers::Answers;
use crate::damage::Damage;
use crate::lent::Lent;
use crate::subject::{DATA, Group, Subject, open, open_in};
use crate::support::bytes_of;
use crate::support::panics::engine_panics;

/// What came of one damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// The open says that the store is damaged.
    Refused,
    /// Some reads say so, the others are right.
    SomeDamaged,
    /// All answers are right.
    AllRight,
    /// The end of the log is gone, and that is reported.
    CutAndReported,
    /// The end of the log is gone, and so is every byte that could tell.
    CutWithoutTrace,
}

/// What must be so whatever the outcome.
type Wrong = String;

/// What a damage to the log may cost.
struct Loss {
    /// How many groups are left before the first that is touched.
    left: usize,
    /// Whether something intact says that the touched groups were durable.
    vouched: bool,
    /// Whether anything is left of the first of them, or of its place.
    traced: bool,
}

impl Loss {
    fn of(damage: Damage, subject: &Subject) -> Option<Self> {
        let name = &subject.files[damage.file()].0;
        if name == DATA {
            return None;
        }
        let range = damage.range();
        let is_touched = |group: &&Group| group.file == *name && group.start < range.end && range.start < group.end;
        let left = subject.groups.iter().position(|group| is_touched(&group))?;
        let first = &subject.groups[left];
        let later = subject.groups[left..].iter().filter(|group| !is_touched(group));
        let by_a_group = later.clone().any(|group| group.durable_through >= first.last);
        // The header of a segment says that all before it was durable.
        let by_a_header = subject.log().any(|other| {
            let header = SegmentHeader::decode(subject.file(other));
            other != name && header.is_ok_and(|header| header.first_sequence.get() > first.last)
        });
        // A cut is told by the file's length, unless that is of a segment which was never begun. Of zeros where a group
        // would begin nobody can say that they are not what was always there.
        let traced = match damage {
            Damage::Bit { .. } => true,
            Damage::Cut { length, .. } => length > 0,
            _ => first.start < range.start,
        };
        Some(Self { left, vouched: by_a_group || by_a_header, traced })
    }
}

/// Verifies, opens, reads everything, and compares.
pub(crate) fn judge(damage: Damage, subject: &Subject, go_on: bool) -> Result<Outcome, Wrong> {
    let disk = damage.disk(subject);
    let before = disk.operations();
    // A damage of the log is none of the file: then all of its maps can be lent.
    let damaged = if damage.file() == 0 { damage.range() } else { 0..0 };
    let lent = Lent { disk: disk.clone(), lender: subject.lender.clone(), damaged };
    let verified = verify_in(Arc::new(lent.clone()));
    // A store that goes on writes what it maps later.
    let directory: Arc<dyn Directory> = if go_on { Arc::new(disk.clone()) } else { Arc::new(lent) };
    let outcome = match open_in(directory) {
        Err(error) => refused(&error, damage),
        Ok(memory) => opened(&memory, &disk, damage, subject, verified.as_ref(), go_on),
    }?;
    match (&verified, outcome) {
        (Err(Error::Corrupt { .. } | Error::NotOurs { .. }), Outcome::Refused) => {}
        (Err(error), _) => return Err(format!("verify: {error:?}, and {outcome:?}")),
        (Ok(verified), Outcome::Refused | Outcome::SomeDamaged) if verified.is_sound() => {
            return Err(format!("verify finds nothing, and {outcome:?}"));
        }
        (Ok(verified), _) if verified.is_sound() && is_vital(damage, subject) => {
            return Err("verify finds nothing in a header or a footer".to_owned());
        }
        (Ok(verified), Outcome::CutAndReported) if verified.is_sound() && verified.log_tail_bytes == 0 => {
            return Err("verify says nothing of what is cut".to_owned());
        }
        (Ok(_), _) => {}
    }
    if outcome == Outcome::Refused {
        // A header may have been written again as it was; the bytes are looked at if anything was written at all.
        let written = disk.trace().into_iter().skip(before as usize).find(|it| !is_sync(&it.kind));
        if let Some(written) = written
            && bytes_of(&disk) != bytes_of(&damage.disk(subject))
        {
            return Err(format!("refused, after it changed the files: {written:?}"));
        }
    }
    if engine_panics() > 0 {
        return Err("a thread of the engine has panicked".to_owned());
    }
    Ok(outcome)
}

/// Whether a bit is one of those that all mean something.
fn is_vital(damage: Damage, subject: &Subject) -> bool {
    let Damage::Bit { file: 0, .. } = damage else { return false };
    subject.vital.iter().any(|part| part.contains(&damage.range().start))
}

fn is_sync(kind: &TraceKind) -> bool {
    matches!(kind, TraceKind::Sync { .. } | TraceKind::SyncDirectory)
}

/// Whether it is said in the right words.
fn refused(error: &Error, damage: Damage) -> Result<Outcome, Wrong> {
    // What is shorter than a header cannot be told from another program's file.
    let too_short = matches!(damage, Damage::Cut { file: 0, length } if length < 256);
    match error {
        Error::Corrupt { .. } => {}
        Error::NotOurs { .. } if too_short => {}
        _ => return Err(format!("refused with {error:?}")),
    }
    Ok(Outcome::Refused)
}

fn opened(
    memory: &ConcurrentMemory,
    disk: &SimDirectory,
    damage: Damage,
    subject: &Subject,
    verified: Result<&Verified, &Error>,
    go_on: bool,
) -> Result<Outcome, Wrong> {
    if memory.recovery().created {
        return Err("a fresh store".to_owned());
    }
    let answers = Answers::read(&memory.snapshot())?;
    let (right, mut outcome) = compare(&answers, memory.recovery().cut_bytes, damage, subject)?;
    if answers.damaged > 0 {
        outcome = Outcome::SomeDamaged;
    }
    if verified.is_ok_and(|verified| verified.is_sound() && verified.log_tail_bytes == 0) {
        let equal = &answers == subject.whole() || outcome == Outcome::CutWithoutTrace;
        if !equal {
            return Err("verify finds nothing, and the answers are not those of the store".to_owned());
        }
    }
    if go_on {
        // Closing writes a checkpoint over the damage: it must not turn damage into wrong answers.
        let closed = memory.close();
        let again = match open(disk) {
            Ok(memory) => Answers::read(&memory.snapshot())?,
            Err(Error::Corrupt { .. }) => return Ok(outcome),
            Err(error) => return Err(format!("closed ({closed:?}) and opened again: {error:?}")),
        };
        if let Some(wrong) = again.wrong(right) {
            return Err(format!("closed ({closed:?}) and opened again: {wrong}"));
        }
    } else {
        // The store is dropped as it is: the checkpoint that would end it is of no interest here.
        disk.fail_from(disk.operations(), Fault::Eio);
    }
    Ok(outcome)
}

/// The right answers, which are those of the whole store or of a prefix that the damage may leave.
fn compare<'s>(
    answers: &Answers,
    cut_bytes: u64,
    damage: Damage,
    subject: &'s Subject,
) -> Result<(&'s Answers, Outcome), Wrong> {
    let whole = subject.whole();
    if answers.sequence == whole.sequence {
        return match answers.wrong(whole) {
            None => Ok((whole, Outcome::AllRight)),
            Some(wrong) => Err(wrong),
        };
    }
    let found = answers.sequence;
    let Some(loss) = Loss::of(damage, subject) else { return Err(format!("it ends at {found}")) };
    let prefix = &subject.answers[loss.left];
    if found != prefix.sequence {
        return Err(format!("it ends at {found}, the damage begins behind {}", prefix.sequence));
    }
    if loss.vouched {
        return Err(format!("it ends at {found}, and something says that more was durable"));
    }
    if let Some(wrong) = answers.wrong(prefix) {
        return Err(wrong);
    }
    match (cut_bytes > 0, loss.traced) {
        (true, _) => Ok((prefix, Outcome::CutAndReported)),
        (false, false) => Ok((prefix, Outcome::CutWithoutTrace)),
        (false, true) => Err(format!("it ends at {found}, and nothing is reported")),
    }
}
