//! One small store with everything in it, damaged in every way, one at a time: every bit of `storage.dat` and of the
//! write-ahead log flipped, every file cut to every length, every sector zeroed, replaced by another one of its file, or by
//! what it held before, every file removed.
//!
//! Whatever is done, `verify` looks at it first, and then the store is opened and asked everything that there is to ask. Each
//! answer is the right one or says that bytes are damaged; or the open says so, having changed nothing; or, where the damage
//! is to the end of the log and nothing later vouches for it, the answers are exactly those of what is left, and the cut is
//! reported. Where `verify` finds nothing all answers are right, and there is no bit of a header or footer in which it finds
//! nothing. No thread panics, nothing hangs, no store begins afresh. Some live on: closed, which writes a checkpoint over the
//! damage, and opened again, they give no wrong answer either.
//!
//! It found, when it was written: access counts that were shown as zero after damage to the image that held them; a log that
//! was cut to a shorter length and replayed as far as it went; a last group whose magic number was flipped and which went
//! without a word.
//!
//! The file reserves 64 KiB for each of its three arenas, most of which is empty here: it has 276 KiB, of which about 100 are
//! more than zeros, and the log has 24 KiB. A run that does not flip all takes one bit of eight there and one of 64 where there
//! is nothing but zeros; the seed says which, and by default it is another one each time.
//!
//! What this does not show: damage in two places at once. Damage that makes the checksum right again: checksums are not
//! signatures. A group that is gone without a trace: a last segment that was removed or emptied, and a sector of zeros or of
//! something else's where the last groups began. Intact records in the place of others of their kind: a record's checksum does
//! not say where it belongs. These are left out when sectors are exchanged.

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod damage;
mod judge;
mod lent;
mod removed;
mod run;
mod subject;

use std::sync::LazyLock;

use damage::{Damage, bits, cuts, last_header, lost_sectors, vital_bits};
use judge::Outcome;
use run::run;
use subject::Subject;
use support::seed;
use support::tier::Tier;

static SUBJECT: LazyLock<Subject> = LazyLock::new(Subject::build);

/// The seed: it says which of the bits are flipped in a run that does not flip all.
fn rotation() -> u64 {
    let seed = seed(sutra_reconciler::now_micros());
    println!("SUTRA_SEED={seed}");
    seed
}

/// The places of the log's segments among the files.
fn segments() -> impl Iterator<Item = u8> {
    1..SUBJECT.files.len() as u8
}

#[test]
fn bits_of_storage_dat() {
    let (vital, stride, reserved) = Tier::get().pick((40, 600, 20_000), (4, 8, 96), (1, 1, 1));
    let seed = rotation();
    let mut damages = bits(&SUBJECT, 0, stride, reserved, seed);
    damages.extend(vital_bits(&SUBJECT, vital, seed));
    damages.sort_unstable();
    damages.dedup();
    let outcomes = run(&SUBJECT, &damages, "flipped bits of storage.dat");
    // A flip in the data file never costs a group; and if none of them were found, nothing would have been looked at.
    assert!(!outcomes.contains_key(&Outcome::CutAndReported) && !outcomes.contains_key(&Outcome::CutWithoutTrace));
    assert!(outcomes.contains_key(&Outcome::SomeDamaged) && outcomes.contains_key(&Outcome::AllRight));
}

#[test]
fn bits_of_the_log() {
    let (stride, reserved) = Tier::get().pick((100, 400), (8, 8), (1, 1));
    let seed = rotation();
    let mut damages: Vec<_> = segments().flat_map(|file| bits(&SUBJECT, file, stride, reserved, seed)).collect();
    // All bits of the header that nothing vouches for, in every run: what is left of it has to tell that it was there.
    damages.extend(last_header(&SUBJECT));
    damages.sort_unstable();
    damages.dedup();
    let outcomes = run(&SUBJECT, &damages, "flipped bits of the write-ahead log");
    // What the last group's bits may cost is that group; the header tells of it as long as one of its bits is left.
    assert!(outcomes.contains_key(&Outcome::Refused) && outcomes.contains_key(&Outcome::CutAndReported));
    assert!(!outcomes.contains_key(&Outcome::CutWithoutTrace));
}

#[test]
fn lengths() {
    let stride = Tier::get().pick(100, 8, 1);
    let seed = rotation();
    let mut damages = cuts(&SUBJECT, 0, stride, seed);
    damages.extend(segments().flat_map(|file| cuts(&SUBJECT, file, stride, seed)));
    // Without a whole header the segment says nothing of itself: all of these, in every run.
    damages.extend(segments().flat_map(|file| (0..64).map(move |length| Damage::Cut { file, length })));
    damages.sort_unstable();
    damages.dedup();
    run(&SUBJECT, &damages, "lengths to which a file was cut");
}

#[test]
fn sectors() {
    let (stride, copies) = Tier::get().pick((2, 1), (1, 8), (1, 100));
    run(&SUBJECT, &lost_sectors(&SUBJECT, stride, copies, rotation()), "sectors zeroed or replaced");
}
