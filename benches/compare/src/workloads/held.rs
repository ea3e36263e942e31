//! A snapshot, or read transaction, that is held while a burst of writes goes on: what it costs the writer, the disk and
//! memory. Each engine in a process of its own, one with a snapshot and one without.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sutra_benches::Outcome;
use sutra_benches::store::Folder;

use super::disk::allocated;
use super::fill;
use crate::child;
use crate::engine::Engine;
use crate::engines::Kind;
use crate::options::Options;
use crate::process::Resident;
use crate::report::{Measure, Unit, rounded, table};
use crate::work::{Burst, Concepts, ids};

pub(crate) const ROLE: &str = "held";

/// Writes of a burst at most, so that the disk is not filled.
const MOST: u64 = 20_000_000;

const FIGURES: [(&str, Unit); 3] =
    [("writes", Unit::Rate), ("on disk, a write", Unit::Bytes), ("anonymous, a write", Unit::Bytes)];

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let columns =
        |when: &str| FIGURES.map(|(name, unit)| Measure::new(format!("{name}, {when}"), unit, options.engines.len()));
    let mut measures = [columns("none held"), columns("one held")];
    let millis = Duration::from_secs_f64(options.held).as_millis();
    // What has no files has no snapshots either.
    for (engine, kind) in options.engines.iter().enumerate().filter(|(_, kind)| kind.on_disk) {
        for (held, measures) in measures.iter_mut().enumerate() {
            let folder = Folder::new()?;
            let told = [options.concepts, options.associations, usize::try_from(millis)?, held];
            let said: [f64; FIGURES.len()] = child::numbers(ROLE, *kind, folder.path(), &told)?;
            // What a system does not say is not a number.
            for (measure, said) in measures.iter_mut().zip(said).filter(|(_, said)| said.is_finite()) {
                measure.add(engine, said);
            }
        }
    }
    let about = format!(
        "{} concepts and {} associations to begin with. A burst is a new concept and an association between known ones, in \
         turns, for {} s or {} writes; then the store rests, and what it has added on the disk (allocated) and in anonymous \
         memory is divided by the writes, with the snapshot still held.",
        options.concepts,
        options.associations,
        options.held,
        rounded(MOST as f64)
    );
    let [none, one] = measures;
    let measures: Vec<_> = none.into_iter().zip(one).flat_map(|(none, one)| [none, one]).collect();
    Ok(table("A snapshot held in a burst of writes", &about, &options.engines, &measures))
}

/// Prints the figures of one engine.
pub(crate) fn child(kind: Kind, folder: &Path, numbers: &[usize]) -> Outcome {
    let &[concepts, associations, millis, held] = numbers else { return Err("two sizes, a time, held or not".into()) };
    let store = (kind.open)(folder)?;
    let known = ids(0..concepts + 1);
    let (probe, known) = (&known[concepts..], &known[..concepts]);
    fill(&*store, known, (0, &[]), associations)?;
    store.rest()?;
    let mut held = if held == 1 { store.hold()? } else { None };
    if let Some(held) = &mut held {
        // A transaction may begin with its first read.
        held.get(&known[0])?;
    }
    let before = (allocated(folder)?, Resident::now());
    store.write(&mut Concepts::new(probe, &[], 4))?;
    let (writes, spent) = burst(&*store, known, Duration::from_millis(millis as u64));
    store.rest()?;
    let (disk, memory) = (allocated(folder)?, Resident::now());
    if let Some(held) = &mut held
        && held.get(&probe[0])?.is_some()
    {
        return Err("what was held has changed".into());
    }
    drop(held);
    store.close()?;
    let anonymous = before.1.zip(memory).map_or(f64::NAN, |(a, b)| b.anonymous as f64 - a.anonymous as f64);
    println!("{}", writes / spent);
    println!("{}", (disk as f64 - before.0 as f64) / writes);
    println!("{}", anonymous / writes);
    Ok(())
}

/// Writes for a time, from another thread; their number, and seconds.
fn burst(store: &dyn Engine, known: &[[u8; 16]], time: Duration) -> (f64, f64) {
    let over = AtomicBool::new(false);
    let start = Instant::now();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut burst = Burst::new(known, &over, 5);
            burst.most = MOST;
            store.write(&mut burst).expect("writes");
            (burst.given as f64, start.elapsed().as_secs_f64())
        });
        while start.elapsed() < time && !writer.is_finished() {
            sleep(Duration::from_millis(10));
        }
        // Relaxed: it says when to stop, nothing else.
        over.store(true, Ordering::Relaxed);
        writer.join().expect("writes")
    })
}
