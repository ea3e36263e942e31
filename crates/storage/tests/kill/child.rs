//! The process that is killed: writes by several threads without end, and says what it was promised.

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Durability};
use sutra_vfs::RealDirectory;

use crate::steps::{Steps, THREADS};
use crate::support::Random;

/// What the child is told, in its environment.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) folder: PathBuf,
    pub(crate) seed: u64,
    pub(crate) durability: Durability,
}

const VARIABLES: [&str; 3] = ["SUTRA_KILL_FOLDER", "SUTRA_KILL_SEED", "SUTRA_KILL_DURABILITY"];

impl Orders {
    pub(crate) fn variables(&self) -> [(&'static str, String); 3] {
        let durability = match self.durability {
            Durability::Group => "group",
            Durability::Always => "always",
            Durability::None => "none",
        };
        let values = [self.folder.to_str().unwrap().to_owned(), self.seed.to_string(), durability.to_owned()];
        let mut values = values.into_iter();
        VARIABLES.map(|variable| (variable, values.next().unwrap()))
    }

    /// What this process was told, if it is a child.
    pub(crate) fn of_this_process() -> Option<Self> {
        let [folder, seed, durability] = VARIABLES.map(|variable| std::env::var(variable).ok());
        let durability = match durability?.as_str() {
            "group" => Durability::Group,
            "always" => Durability::Always,
            _ => Durability::None,
        };
        Some(Self { folder: folder?.into(), seed: seed?.parse().ok()?, durability })
    }

    /// Opens the store with a log of a few segments, a short queue and frequent checkpoints.
    pub(crate) fn open(&self) -> sutra_storage::Result<ConcurrentMemory> {
        let random = &mut Random(self.seed);
        let config = ConcurrentConfig {
            reconcile_interval_ms: 1 + random.below(3),
            memory_threshold: random.pick(&[20, 200, 5000]),
            queue_capacity: 64,
            write_timeout: Duration::from_secs(60),
            durability: self.durability,
            initial_size: 0,
            ..ConcurrentConfig::new(&self.folder)
        };
        let segment_bytes = random.pick(&[8 << 10, 32 << 10]);
        let overlap_bytes = random.pick(&[0, u64::MAX]);
        ConcurrentMemory::open_adjusted(Arc::new(RealDirectory::open(&self.folder)?), config, |options| {
            options.wal_segment_bytes = segment_bytes;
            options.wal_bytes = 8 * segment_bytes;
            options.overlap_bytes = overlap_bytes;
        })
    }
}

/// One line, whole or, when the process ends, without its end. Nobody reads any more: this process is of no use.
fn say(line: impl Display) {
    let line = format!("\n{line}\n");
    let mut out = std::io::stdout().lock();
    if out.write_all(line.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// Writes until it is killed.
pub(crate) fn run(orders: &Orders) {
    let mut random = Random(orders.seed);
    let open = || {
        say("opening");
        let memory = orders.open().unwrap();
        say("open");
        memory
    };
    let mut memory = open();
    let mut threads: Vec<_> = (0..THREADS).map(Steps::of).collect();
    let snapshot = memory.snapshot();
    threads.iter_mut().for_each(|steps| steps.catch_up(&snapshot));
    drop(snapshot);
    loop {
        thread::scope(|scope| {
            for steps in &mut threads {
                let (memory, random) = (&memory, Random(random.next()));
                scope.spawn(move || write(memory, steps, random));
            }
        });
        match random.below(4) {
            0 => {
                say("closing");
                memory.close().unwrap();
                threads.iter().for_each(promised);
                memory = open();
            }
            1 => {
                memory.flush().unwrap();
                threads.iter().for_each(promised);
            }
            _ => {}
        }
    }
}

fn promised(steps: &Steps) {
    say(format_args!("promised {} {}", steps.thread, steps.next));
}

/// Some steps of one thread; says now and then, and under Always each time, that all steps so far are promised.
fn write(memory: &ConcurrentMemory, steps: &mut Steps, mut random: Random) {
    let durability = memory.config().durability;
    for _ in 0..5 + random.below(60) {
        let sequence = steps.perform(memory).unwrap();
        steps.advance();
        match (durability, random.below(12)) {
            (Durability::Always, _) => {}
            (_, 0 | 1) => memory.wait_durable(sequence).unwrap(),
            (_, 2) if random.one_in(4) => memory.flush().unwrap(),
            (Durability::Group, 3) => {
                // What a reader sees is promised too.
                memory.wait_visible(sequence).unwrap();
                assert!(memory.sequence() >= sequence);
            }
            _ => continue,
        }
        promised(steps);
    }
}
