//! `sutra import`: learns files.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use sutra_storage::ConcurrentMemory;

use crate::failure::{Failure, Outcome};
use crate::import::{self, Embeddings, Format, ImportError, Reader};
use crate::learn::{self, At, Counts, Options};
use crate::output::{Output, note};
use crate::progress::{Spinner, grouped, rate};
use crate::resume::{self, Progress};
use crate::store::{Preset, open_or_create_as};

/// Learn concepts and associations from files: JSONL, TSV, Parquet, GraphML; all but Parquet also as .gz or .zst
///
/// JSONL is one JSON object a line. A concept has `key` or `id`, `content`, and if wanted `embedding`, `strength`,
/// `confidence`, `metadata`; an association has `source`, `type`, `target`, and if wanted `confidence`, `weight`,
/// `valid_from`, `valid_until`, `metadata`. TSV is one association a line: source, type, target and confidence with tabs
/// between them. Parquet has columns of the names that JSONL has fields of, GraphML attributes. What a file is its name says, else its first bytes.
///
/// What is known already is learned again: content, strength and confidence are replaced. A line that is wrong ends the import
/// with its file and number; what was read before it stays learned. An import that was interrupted or killed goes on about where
/// it stopped with --resume and the same files.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// What to learn, in this order; `-` for the standard input, a folder for what `sutra export` has put into it as Parquet
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Embeddings of the concepts: a .npy array (f16 or f32) of one row for each concept of the files, in their order
    #[arg(long, value_name = "FILE")]
    embeddings: Option<PathBuf>,
    /// What the files are, where name and content do not tell it
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Report each wrong line and go on without it; the exit code is then 5
    #[arg(long)]
    keep_going: bool,
    /// Go on where the last import of the same files stopped
    #[arg(long)]
    resume: bool,
    /// Settings of the engine
    #[arg(long, value_enum)]
    preset: Option<Preset>,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let begun = Instant::now();
        let files: Vec<PathBuf> = self.files.iter().flat_map(|file| import::files_of(file)).collect();
        let all = || files.iter().chain(&self.embeddings).map(PathBuf::as_path);
        if all().filter(|path| *path == Path::new("-")).count() > 1 {
            return Err(Failure::StandardInputTwice);
        }
        // A file that cannot be opened should not leave a new store behind.
        let mut readers = Vec::new();
        for file in &files {
            readers.push(import::open(file, self.format)?);
        }
        let mut embeddings = self.embeddings.as_deref().map(Embeddings::open).transpose()?;
        let inputs = resume::inputs(&all().collect::<Vec<_>>());
        let mut progress = self.start(store, inputs, files.len())?;

        let memory = open_or_create_as(store, self.preset)?;
        if !self.resume {
            resume::forget(store)?;
        }
        let before = progress.counts().learned();
        let learned = self.learn(&memory, store, &mut readers, embeddings.as_mut(), &mut progress);
        // Also after an error: what was accepted is kept, and the folder left in order.
        let closed = {
            let _spinner = Spinner::new("writing the checkpoint");
            memory.close()
        };
        let interrupted = learned.inspect_err(|error| self.explain(error))?;
        closed?;

        let counts = progress.counts();
        let elapsed = begun.elapsed();
        let rate = rate(counts.learned() - before, elapsed);
        let mut out = Output::new();
        if self.json {
            out.json(&Shown {
                concepts: counts.concepts,
                associations: counts.associations,
                rejected: counts.rejected,
                seconds: elapsed.as_secs_f64(),
                stopped: interrupted.then(|| Stopped::at(&progress)),
            })?;
        } else {
            out.line(format_args!(
                "learned {} concepts and {} associations in {:.2} s ({}/s) into {}",
                grouped(counts.concepts),
                grouped(counts.associations),
                elapsed.as_secs_f64(),
                grouped(rate),
                store.display(),
            ))?;
            if counts.rejected > 0 {
                out.line(format_args!("left out {} wrong lines", grouped(counts.rejected)))?;
            }
        }
        out.end()?;
        if interrupted {
            let Stopped { file, line } = Stopped::at(&progress);
            note(format_args!("stopped in {file} after line {line}; the same command with --resume goes on there"));
            return Ok(Outcome::Interrupted);
        }
        Ok(if counts.rejected > 0 { Outcome::Remarks } else { Outcome::Done })
    }

    /// Where to begin: where the last import stopped, if that is wished for and was one of the same files.
    fn start(&self, store: &Path, inputs: Vec<(String, u64)>, files: usize) -> Result<Progress, Failure> {
        let left = resume::left(store);
        if !self.resume {
            if left.is_some() {
                note("an earlier import was not finished: this one begins anew (--resume would go on)");
            }
            return Ok(Progress { inputs, ..Progress::default() });
        }
        match left {
            Some(left) if left.inputs == inputs && left.input < files => Ok(left),
            Some(_) => Err(Failure::Usage(
                "the unfinished import was one of other files, or they have changed since: import without --resume"
                    .to_owned(),
            )),
            None => {
                Err(Failure::Usage("no unfinished import is known to this store: import without --resume".to_owned()))
            }
        }
    }

    fn learn(
        &self,
        memory: &ConcurrentMemory,
        store: &Path,
        readers: &mut [Box<dyn Reader>],
        mut embeddings: Option<&mut Embeddings>,
        progress: &mut Progress,
    ) -> Result<bool, Failure> {
        if let Some(embeddings) = &mut embeddings {
            embeddings.skip_to(progress.row)?;
        }
        let first = progress.input;
        for (number, reader) in readers.iter_mut().enumerate().skip(first) {
            if number == first && progress.position > 0 && !reader.skip_to(progress.position)? {
                let reason = format!("has fewer than {} lines: import without --resume", progress.position);
                return Err(ImportError::Form { file: named(progress, number), reason }.into());
            }
            let mut counts = progress.counts();
            let mut keep = |at: At| {
                let Counts { concepts, associations, rejected } = at.counts;
                let (position, row) = (at.position, at.row);
                let inputs = std::mem::take(&mut progress.inputs);
                *progress = Progress { inputs, input: number, position, row, concepts, associations, rejected };
                // Never says more than what a power cut would leave.
                memory.wait_durable(at.sequence)?;
                resume::keep(store, progress)
            };
            let options =
                Options { embeddings: embeddings.as_deref_mut(), keep_going: self.keep_going, checkpoint: &mut keep };
            if learn::records(memory, reader.as_mut(), &mut counts, options)? {
                return Ok(true);
            }
        }
        if let Some(embeddings) = embeddings
            && embeddings.read() < embeddings.rows()
        {
            let (rows, concepts) = (embeddings.rows(), embeddings.read());
            let reason = format!("has {rows} rows for {concepts} concepts: the embeddings may be those of others");
            return Err(ImportError::Form { file: embeddings.name().to_owned(), reason }.into());
        }
        resume::forget(store)?;
        Ok(false)
    }

    fn explain(&self, error: &Failure) {
        if matches!(error, Failure::Import(_)) {
            let (mend, skip) =
                ("after mending it, import the whole again", "or leave wrong lines out with --keep-going");
            note(format_args!("what was read before the error is learned; {mend}, {skip}"));
        }
    }
}

fn named(progress: &Progress, number: usize) -> String {
    progress.inputs.get(number).map(|(name, _)| name.clone()).unwrap_or_default()
}

#[derive(Serialize)]
struct Shown {
    concepts: u64,
    associations: u64,
    rejected: u64,
    seconds: f64,
    /// Present when it was interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
}

#[derive(Serialize)]
struct Stopped {
    file: String,
    line: u64,
}

impl Stopped {
    fn at(progress: &Progress) -> Self {
        Self { file: named(progress, progress.input), line: progress.position }
    }
}
