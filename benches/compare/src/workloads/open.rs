//! How long it takes to open a store and to get one concept from it: after a clean close, and after its process was killed in
//! a burst of writes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sutra_benches::Outcome;
use sutra_benches::random::Random;
use sutra_benches::store::Folder;

use super::{Opened, fill};
use crate::child;
use crate::engine::{Engine, Id, Log};
use crate::engines::sutra::Sutra;
use crate::engines::{Kind, OURS};
use crate::options::Options;
use crate::report::{Measure, Unit, rounded, table};
use crate::work::{Burst, ids, vectors};

pub(crate) const ROLE: &str = "open";

/// Vectors that are made; they are taken round and round.
const VECTORS: usize = 1_000;

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let ids = ids(0..options.concepts);
    let vectors = vectors(&mut Random::new(1), VECTORS.min(options.vectors), 384);
    let with_vectors = options.vectors.min(options.concepts);
    let associations = 5 * options.concepts.min(options.associations);
    let mut measures =
        ["after a close", "after a kill"].map(|name| Measure::new(name, Unit::Millis, options.engines.len()));
    let mut found = None;
    // Each engine by itself: its stores are large.
    for (engine, kind) in options.engines.iter().enumerate().filter(|(_, kind)| kind.on_disk) {
        let opened = Opened::new(*kind)?;
        fill(&*opened.store, &ids, (with_vectors, &vectors), associations)?;
        opened.store.rest()?;
        let folder = opened.close()?;
        for _ in 0..options.rounds {
            measures[0].add(engine, open(*kind, folder.path(), &ids)?.0);
        }
        kill(*kind, folder.path(), options)?;
        for _ in 0..options.rounds {
            let copy = copy_of(folder.path())?;
            let (millis, log) = open(*kind, copy.path(), &ids)?;
            measures[1].add(engine, millis);
            found = found.or(log);
        }
    }
    let found = found.map_or(String::new(), |log| {
        let mebibytes = rounded(log.bytes as f64 / f64::from(1 << 20));
        format!(
            "Ours found {mebibytes} MiB in its write-ahead log and replayed {} writes. ",
            rounded(log.replayed as f64)
        )
    });
    let about = format!(
        "{} concepts, the first {with_vectors} of them with 384-d vectors, and {associations} associations: the time from the \
         call that opens the store to the end of a first get. All files are in the page cache. After that a process opens the \
         store, writes new concepts and associations between known ones in turns, as fast as it can, and is killed by \
         SIGKILL: after {} s, ours when its log is about as full as it was when a checkpoint first released some of it, or after \
         ten times as long; its checkpoints wait for bytes and not for records. Each open after a kill is of a copy. \
         {found}What was written in that burst is in the store as well, so that those that write more open a larger one.",
        options.concepts,
        burst_time(options).as_secs_f64()
    );
    Ok(table("Open", &about, &options.engines, &measures))
}

fn burst_time(options: &Options) -> Duration {
    Duration::from_secs_f64(options.seconds * 3.0)
}

/// Milliseconds until the first get, and what ours then says of its log. Closes the store.
fn open(kind: Kind, folder: &Path, ids: &[Id]) -> Outcome<(f64, Option<Log>)> {
    let start = Instant::now();
    let store = (kind.open)(folder)?;
    let found = store.reader()?.get(&ids[ids.len() / 2])?;
    let spent = start.elapsed();
    let log = store.log().filter(|log| log.replayed > 0);
    found.ok_or("a concept that was learned is not there")?;
    store.close()?;
    Ok((spent.as_secs_f64() * 1e3, log))
}

/// Has a process write to the store until it says that it is time, and kills it.
fn kill(kind: Kind, folder: &Path, options: &Options) -> Outcome {
    let told = [options.concepts, usize::try_from(burst_time(options).as_millis())?];
    let mut child = child::command(ROLE, kind, folder, &told)?.stderr(Stdio::inherit()).spawn()?;
    let said = child.stdout.take().map(|stdout| BufReader::new(stdout).lines().next());
    child.kill()?;
    child.wait()?;
    match said.flatten() {
        Some(Ok(_)) => Ok(()),
        _ => Err(format!("{} has ended before it was killed", kind.name).into()),
    }
}

/// Writes until it is killed; says when that should be.
pub(crate) fn child(kind: Kind, folder: &Path, numbers: &[usize]) -> Outcome {
    let &[concepts, millis] = numbers else { return Err("a size and a time".into()) };
    let store = if kind.name == OURS { late(folder)? } else { (kind.open)(folder)? };
    let (known, over) = (ids(0..concepts), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| store.write(&mut Burst::new(&known, &over, 5)).map_err(|error| error.to_string()));
        full(&*store, Duration::from_millis(millis as u64));
        println!("now");
        // Who should kill this process holds the other end: without it there is nobody left to do so.
        let _ = std::io::stdin().read(&mut [0]);
        // Relaxed: it says when to stop, nothing else.
        over.store(true, Ordering::Relaxed);
        Ok(writer.join().map_err(|_| "the writer panicked")??)
    })
}

/// Ours, with checkpoints only when bytes in memory or in the write-ahead log ask for them.
fn late(folder: &Path) -> Outcome<Box<dyn Engine>> {
    Ok(Box::new(Sutra::open(folder, |config| config.memory_threshold = usize::MAX)?))
}

/// Waits for a time; or, if the engine says what its log holds, until a checkpoint has released some of it and it is about as
/// full again, for ten times that time at most.
fn full(store: &dyn Engine, time: Duration) {
    /// Less than this may be released at any time.
    const SEGMENT: u64 = 16 << 20;
    let start = Instant::now();
    let Some(log) = store.log() else { return sleep(time) };
    let (mut held, mut most) = (log.bytes, 0);
    while (most < SEGMENT || held >= most / 2) && start.elapsed() < 5 * time {
        most = held.max(most);
        sleep(Duration::from_millis(1));
        held = store.log().map_or(0, |log| log.bytes);
    }
    while store.log().is_some_and(|log| log.bytes < most / 10 * 9) && start.elapsed() < 10 * time {
        sleep(Duration::from_micros(200));
    }
}

/// A folder with the same files, in the page cache and on the disk.
fn copy_of(folder: &Path) -> Outcome<Folder> {
    let copy = Folder::new()?;
    copy_into(folder, copy.path())?;
    Ok(copy)
}

fn copy_into(from: &Path, to: &Path) -> Outcome {
    for entry in fs::read_dir(from)? {
        let (entry, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if entry.is_dir() {
            fs::create_dir(&to)?;
            copy_into(&entry, &to)?;
        } else {
            fs::copy(&entry, &to)?;
            File::open(&to)?.sync_all()?;
        }
    }
    Ok(())
}
