//! Playing flips, one after the other without a pause.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use sutra_storage::{ConceptId, ConcurrentMemory};

use super::latency::Latency;
use super::live::Live;
use super::load::Load;
use super::pace::Pace;
use super::sample::Sample;
use super::workers::{Shared, Writer, read, watch, write};
use crate::failure::Failure;
use crate::interrupt;
use crate::output::Output;

/// Between two looks.
const EVERY: Duration = Duration::from_millis(250);

/// How one flip went.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    /// Writes a second that were asked for; nothing for as many as there can be.
    pub(crate) asked_writes: Option<u32>,
    pub(crate) asked_reads: Option<u32>,
    pub(crate) seconds: f64,
    /// Writes that were accepted.
    pub(crate) writes: u64,
    pub(crate) writes_per_s: f64,
    pub(crate) reads_per_s: f64,
    pub(crate) write: Latency,
    pub(crate) read: Latency,
    pub(crate) stale: Latency,
    /// The most operations that were seen waiting in the write log.
    pub(crate) deepest_queue: u64,
    /// Writes that were refused for want of room.
    pub(crate) refused: u64,
    /// Groups that were committed and published.
    pub(crate) groups: u64,
    pub(crate) checkpoints: u64,
}

/// All flips that were played, and how it went on.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) flips: Vec<Measured>,
    pub(crate) samples: Vec<Sample>,
    /// It was interrupted in the last one.
    pub(crate) interrupted: bool,
}

impl Played {
    /// Where it was interrupted, in words.
    pub(crate) fn stopped(&self) -> Option<String> {
        let last = self.flips.last().filter(|_| self.interrupted)?;
        Some(format!("stopped in \"{}\" after {:.1} s", last.name, last.seconds))
    }
}

/// Plays flips of equal length on a store that holds the known concepts.
pub(crate) fn play(
    memory: &ConcurrentMemory,
    known: &[ConceptId],
    loads: &[Load],
    length: Duration,
    out: &mut Output,
) -> Result<Played, Failure> {
    if known.is_empty() {
        return Err(Failure::Load("there is nothing to read".to_owned()));
    }
    let mut live = Live::new(out)?;
    let mut writer = Writer::new(known);
    let begun = Instant::now();
    let mut played = Played { flips: Vec::new(), samples: Vec::new(), interrupted: false };
    for (number, load) in loads.iter().enumerate() {
        live.begin(load, number, loads.len(), length, out)?;
        let mut stage = Stage { memory, load, number, begun, length };
        let measured = stage.flip(&mut writer, &mut live, &mut played.samples, out)?;
        played.flips.push(measured);
        if interrupt::requested() {
            played.interrupted = true;
            break;
        }
    }
    Ok(played)
}

/// One flip.
struct Stage<'a> {
    memory: &'a ConcurrentMemory,
    load: &'a Load,
    number: usize,
    /// When the first flip began.
    begun: Instant,
    length: Duration,
}

impl Stage<'_> {
    fn flip(
        &mut self,
        writer: &mut Writer,
        live: &mut Live,
        samples: &mut Vec<Sample>,
        out: &mut Output,
    ) -> Result<Measured, Failure> {
        let shared = Shared::new()?;
        let (memory, load) = (self.memory, self.load);
        let known = writer.known();
        let before = memory.stats();
        let begun = Instant::now();
        let end = begun + self.length;
        let deepest_queue = thread::scope(|scope| {
            let (accepted, to_watch) = std::sync::mpsc::sync_channel(1);
            let shared = &shared;
            let guarded = |result: Result<(), Failure>| {
                if result.is_err() {
                    shared.end();
                }
                result
            };
            let threads = [
                scope.spawn(move || guarded(write(memory, Pace::new(load.writes, end), writer, shared, &accepted))),
                scope.spawn(move || guarded(read(memory, Pace::new(load.reads, end), &known, shared))),
                scope.spawn(move || guarded(watch(memory, &to_watch, shared))),
            ];
            let told = self.tell(begun, shared, live, samples, out);
            // Those who are late still make what they were to make: only who is interrupted leaves it.
            if told.is_err() || interrupt::requested() {
                shared.end();
            }
            for thread in threads {
                thread.join().map_err(|_| Failure::Load("a thread of it panicked".to_owned()))??;
            }
            told
        })?;
        let (elapsed, after) = (begun.elapsed(), memory.stats());
        let rate = |count: u64| count as f64 / elapsed.as_secs_f64().max(1e-9);
        let [write, read, stale] = shared.all()?;
        Ok(Measured {
            name: load.name.clone(),
            asked_writes: load.writes,
            asked_reads: load.reads,
            seconds: elapsed.as_secs_f64(),
            writes: shared.writes(),
            writes_per_s: rate(shared.writes()),
            reads_per_s: rate(read.count),
            write,
            read,
            stale,
            deepest_queue,
            refused: after.write_log.dropped - before.write_log.dropped,
            groups: after.reconciler.reconciliations - before.reconciler.reconciliations,
            checkpoints: after.storage.checkpoints - before.storage.checkpoints,
        })
    }

    /// Says how it goes until the end, or until it is interrupted; gives the deepest queue that it saw.
    fn tell(
        &self,
        begun: Instant,
        shared: &Shared,
        live: &mut Live,
        samples: &mut Vec<Sample>,
        out: &mut Output,
    ) -> Result<u64, Failure> {
        let end = begun + self.length;
        let (mut deepest, mut before, mut writes) = (0, begun, 0);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || shared.is_over() || interrupt::requested() {
                return Ok(deepest);
            }
            thread::sleep(left.min(EVERY));
            let stats = self.memory.stats();
            let queue = stats.write_log.pending;
            deepest = deepest.max(queue);
            let now = Instant::now();
            let since = now - before;
            // A last look a moment before the end would tell the rate of nothing.
            if since < EVERY / 2 {
                continue;
            }
            let made = shared.writes();
            let [write, read, stale] = shared.look()?;
            let rate = |count: u64| count as f64 / since.as_secs_f64();
            let sample = Sample {
                at: (now - self.begun).as_secs_f64(),
                flip: self.number,
                writes_per_s: rate(made - writes),
                reads_per_s: rate(read.0.count),
                write: write.0,
                read: read.0,
                stale: stale.0,
                all: [write.1, read.1, stale.1],
                stats,
                queue,
                file_bytes: stats.storage.file_bytes,
                heap_bytes: stats.storage.heap_bytes,
            };
            live.tell(&sample, now - begun, out)?;
            samples.push(sample);
            (before, writes) = (now, made);
        }
    }
}
