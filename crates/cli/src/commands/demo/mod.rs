//! `sutra demo`: what the engine does, on real data, in less than a minute.

mod kill;
mod summary;
mod wordnet;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use sutra_storage::{ConcurrentMemory, PathOptions};

use self::summary::{Learned, Summary};
use self::wordnet::WordNet;
use crate::commands::path::show;
use crate::failure::{Failure, Outcome};
use crate::flip::{self, Load, Played};
use crate::interrupt;
use crate::output::{Output, note};
use crate::playground::{Playground, of_child};
use crate::progress::{Spinner, grouped};
use crate::store::open_or_create;

/// Where the demo plays if no folder is named.
const FOLDER: &str = "./sutra-demo";

/// The words whose connection is shown.
const WORDS: (&str, &str) = ("dog", "algebra");

const PLACE: Playground = Playground("demo");

/// How long a path may be: more than any of WordNet's shortest ones.
const DEPTH: u32 = 20;

/// How long the child that is killed may learn.
const UNTIL_KILLED: Duration = Duration::from_secs(1);

/// Learn WordNet, flip between learning and reading, find paths, kill a writer and check what it was promised
///
/// Everything lies in the folder named with --store, else in ./sutra-demo (SUTRA_STORE is left alone). A store that an
/// earlier demo left there is replaced; a folder with anything else in it is refused.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// How long each of the three flips lasts
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// The summary as one JSON object; the rest is told on the standard error
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(crate) fn run(&self, named: Option<&Path>) -> Result<Outcome, Failure> {
        let place = named.map_or_else(|| PathBuf::from(FOLDER), Path::to_path_buf);
        let mut out = Output::telling(self.json);
        if PLACE.prepare(&place)? {
            out.line(format_args!("Replaced what an earlier demo left in {}.", place.display()))?;
        }
        out.line(format_args!("The store is in {}.", place.display()))?;

        let memory = open_or_create(&place)?;
        let (wordnet, learned) = match learn(&memory, &mut out) {
            Err(Failure::Interrupted) => {
                memory.close()?;
                return interrupted("stopped while learning WordNet", &place);
            }
            learned => learned?,
        };
        let played = self.flip(&memory, &wordnet, &mut out)?;
        if let Some(stopped) = played.stopped() {
            memory.close()?;
            return interrupted(&stopped, &place);
        }
        connect(&memory, &wordnet, &mut out)?;
        let closing = Instant::now();
        {
            let _spinner = Spinner::new("closing the store");
            memory.close()?;
        }
        let closing = closing.elapsed();

        out.line(
            "\n4. A child process learns and says which writes are durable; it is killed, and the store opened again.",
        )?;
        out.show()?;
        let killed = kill::check(&of_child(&place), UNTIL_KILLED)?;
        if interrupt::requested() {
            return interrupted("stopped before the summary", &place);
        }
        out.line(format_args!("   {killed}"))?;

        let summary = Summary { learned, flips: played.flips, killed, closing_seconds: closing.as_secs_f64() };
        if self.json {
            out.json(&summary)?;
        } else {
            summary.show(&place, (wordnet.key(WORDS.0)?, wordnet.key(WORDS.1)?), &mut out)?;
        }
        out.end()?;
        Ok(Outcome::Done)
    }

    fn flip(&self, memory: &ConcurrentMemory, wordnet: &WordNet, out: &mut Output) -> Result<Played, Failure> {
        out.line(format_args!(
            "\n2. Three flips of {} s. A read is a concept with its content and its neighbours.",
            self.seconds
        ))?;
        out.show()?;
        flip::play(memory, &wordnet.ids, &Load::of_demo(), Duration::from_secs(self.seconds), out)
    }
}

fn interrupted(stopped: &str, place: &Path) -> Result<Outcome, Failure> {
    note(format_args!("{stopped}; the store in {} is closed and sound", place.display()));
    Ok(Outcome::Interrupted)
}

fn learn(memory: &ConcurrentMemory, out: &mut Output) -> Result<(WordNet, Learned), Failure> {
    out.line("\n1. Learning WordNet 3.0: its sets of synonyms, and how they are connected.")?;
    out.show()?;
    let begun = Instant::now();
    let (concepts, associations) = wordnet::learn(memory)?;
    let learned = Learned { concepts, associations, seconds: begun.elapsed().as_secs_f64() };
    out.line(format_args!(
        "   {} concepts and {} associations, durable and visible, in {:.2} s ({}/s)",
        grouped(concepts),
        grouped(associations),
        learned.seconds,
        grouped(learned.rate()),
    ))?;
    Ok((WordNet::resolve(&memory.snapshot(), &[WORDS.0, WORDS.1])?, learned))
}

fn connect(memory: &ConcurrentMemory, wordnet: &WordNet, out: &mut Output) -> Result<(), Failure> {
    let (from, to) = (wordnet.key(WORDS.0)?, wordnet.key(WORDS.1)?);
    let snapshot = memory.snapshot();
    let options = PathOptions { max_depth: DEPTH, ..PathOptions::default() };
    out.line(format_args!("\n3. How does \"{}\" lead to \"{}\"?", WORDS.0, WORDS.1))?;
    for (what, best) in [("the fewest hops", false), ("the highest confidence", true)] {
        let begun = Instant::now();
        let found = if best {
            snapshot.find_best_path(from, to, options)?
        } else {
            snapshot.find_path_with(from, to, options)?
        };
        let elapsed = begun.elapsed();
        let path = found.ok_or_else(|| Failure::Demo(format!("no path leads from {from} to {to}")))?;
        out.line(format_args!("   By {what}, found in {:.2} ms:", elapsed.as_secs_f64() * 1e3))?;
        show(&snapshot, &path, "     ", out)?;
    }
    out.show()
}
