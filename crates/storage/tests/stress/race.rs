//! Eight processes try to open one store at the same moment, by eight different paths: one gets it, the others are told who
//! has it. The winner is killed, and the next race has the next winner, who finds all that the others have written.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use sutra_storage::{ConcurrentConfig, ConcurrentMemory, Error};

use crate::child;
use crate::child::SAYS;
use crate::support::tier::{Tier, checked};

const RACERS: usize = 8;

struct Racer {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Racer {
    fn start(folder: &Path) -> Self {
        let mut process =
            child("racer").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("started");
        let input = process.stdin.take().expect("piped");
        let output = BufReader::new(process.stdout.take().expect("piped"));
        let mut racer = Self { process, input, output };
        assert_eq!(racer.hear(), "ready");
        racer
    }

    fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).expect("text") > 0, "a racer has ended");
            if let Some(said) = line.trim_end().strip_prefix(SAYS) {
                return said.to_owned();
            }
        }
    }
}

impl Drop for Racer {
    fn drop(&mut self) {
        // It may have been killed before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Ways to one folder: by itself, up and down again, by links to it, to what holds it and to a link, and from within.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let link = |to: &Path, name: &str| {
        let at = folder.join(name);
        std::os::unix::fs::symlink(to, &at).expect("linked");
        at
    };
    let store = folder.join("store");
    std::fs::create_dir(&store).expect("made");
    std::fs::create_dir(folder.join("beside")).expect("made");
    let to_store = link(&store, "to-store");
    let to_folder = link(folder, "to-folder");
    let to_link = link(&to_store, "to-link");
    vec![
        store.clone(),
        folder.join("beside/../store"),
        to_store,
        to_folder.join("store"),
        to_link,
        to_folder.join("to-folder/beside/../to-store/."),
        PathBuf::from("store"),
        PathBuf::from("./beside/../to-link"),
    ]
}

#[test]
fn of_eight_processes_by_eight_paths_one_opens_and_the_others_are_told() {
    let rounds = Tier::get().pick(4, 50, 500);
    let folder = tempfile::tempdir().expect("a folder");
    let paths = paths(folder.path());
    let mut racers: Vec<_> = (0..RACERS).map(|_| Racer::start(folder.path())).collect();
    let mut before = 0;
    for round in 0..rounds {
        for (racer, path) in racers.iter_mut().zip(paths.iter().cycle().skip(round)) {
            writeln!(racer.input, "{}", path.display()).expect("it listens");
        }
        let said: Vec<_> = racers.iter_mut().map(Racer::hear).collect();
        let won: Vec<_> = (0..RACERS).filter(|racer| said[*racer].starts_with("won")).collect();
        let [winner] = won[..] else { panic!("round {round}: {said:?}") };
        // Everything that a winner was told to be durable is there for the next, though it was killed.
        assert_eq!(said[winner], format!("won {round}"), "round {round}");
        let pid = racers[winner].process.id();
        for loser in (0..RACERS).filter(|racer| *racer != winner) {
            // Between locking and writing its name into the file, the winner is nobody, or whoever left the file there.
            let held = [pid, 0, before].map(|pid| format!("held {pid}"));
            assert!(held.contains(&said[loser]), "round {round}: {} of {held:?}", said[loser]);
        }
        // Who asks later is told the name.
        let late = ConcurrentMemory::new(ConcurrentConfig::new(&paths[round % RACERS % 6]));
        assert!(matches!(late, Err(Error::Locked { pid: told, .. }) if told == pid), "round {round}: {late:?}");
        // SIGKILL.
        racers[winner] = Racer::start(folder.path());
        before = pid;
    }
    drop(racers);
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(&paths[0])).expect("nobody has it");
    assert_eq!(memory.concept_count(), rounds as u64);
    for round in 0..rounds {
        assert!(memory.contains(&format!("win {round}")).expect("readable"));
    }
    checked((rounds * RACERS) as u64, "opens that raced for one store");
}
