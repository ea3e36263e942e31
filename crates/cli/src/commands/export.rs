//! `sutra export`: writes what a store holds, to be read by others or imported again.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use sutra_storage::Snapshot;

use crate::export::{self, GraphMl, Jsonl, Parquet};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, note};
use crate::progress::{Count, grouped};
use crate::store::{close_read, open_existing};

/// Write all concepts and associations: JSONL, Parquet or GraphML
///
/// Importing an export gives an equal store, but for what the engine counts itself: versions, sequences, accesses. Parquet is
/// a folder of two files, concepts.parquet and associations.parquet. GraphML is for programs that draw graphs too: what XML cannot
/// hold stands beside the text in hexadecimal digits.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// Where to write it: a file, for Parquet a folder; the standard output if it is not given, or `-`
    file: Option<PathBuf>,
    /// What to write; if it is not given, what the name says, else JSONL
    #[arg(long, value_enum)]
    format: Option<Form>,
    /// Say what was written as one JSON object; needs a file
    #[arg(long, requires = "file")]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One JSON object a line
    Jsonl,
    /// Two tables
    Parquet,
    /// One XML document
    Graphml,
}

#[derive(Serialize)]
struct Shown<'a> {
    file: &'a Path,
    concepts: u64,
    associations: u64,
}

impl Export {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let file = self.file.as_deref().filter(|file| *file != Path::new("-"));
        let form = self.form(file);
        if form == Form::Parquet && file.is_none() {
            return Err(Failure::Usage("Parquet is two files: name a folder for them".to_owned()));
        }
        let memory = open_existing(store)?;
        let written = match file {
            Some(file) => to_file(&memory.snapshot(), form, file),
            None => to_output(&memory.snapshot(), form),
        };
        let closed = close_read(&memory);
        if let (Err(Failure::Interrupted), Some(file)) = (&written, file) {
            note(format_args!("{} holds a part of it", file.display()));
        }
        let (concepts, associations) = written?;
        closed?;
        if let Some(file) = file {
            let mut out = Output::new();
            if self.json {
                out.json(&Shown { file, concepts, associations })?;
            } else {
                let (concepts, associations) = (grouped(concepts), grouped(associations));
                out.line(format_args!(
                    "wrote {concepts} concepts and {associations} associations to {}",
                    file.display()
                ))?;
            }
            out.end()?;
        }
        Ok(Outcome::Done)
    }

    fn form(&self, file: Option<&Path>) -> Form {
        let ending = file.and_then(|file| file.extension()?.to_str());
        self.format.unwrap_or(match ending {
            Some("parquet") => Form::Parquet,
            Some("graphml" | "xml") => Form::Graphml,
            _ => Form::Jsonl,
        })
    }
}

fn to_file(snapshot: &Snapshot, form: Form, path: &Path) -> Result<(u64, u64), Failure> {
    let total = snapshot.concept_count() + snapshot.edge_count();
    let bar = Count::new(total);
    if form == Form::Parquet {
        return export::all(snapshot, &mut Parquet::create(path)?, || bar.item());
    }
    let failed = |source| Failure::Write { file: path.display().to_string(), source };
    let file = File::create(path).map_err(failed)?;
    let counts = to(snapshot, form, BufWriter::new(&file), || bar.item()).map_err(|error| match error {
        Failure::Output(source) => failed(source),
        other => other,
    })?;
    file.sync_all().map_err(failed)?;
    Ok(counts)
}

fn to_output(snapshot: &Snapshot, form: Form) -> Result<(u64, u64), Failure> {
    to(snapshot, form, BufWriter::new(std::io::stdout().lock()), || {})
}

fn to(snapshot: &Snapshot, form: Form, write: impl Write, tell: impl FnMut()) -> Result<(u64, u64), Failure> {
    match form {
        Form::Graphml => export::all(snapshot, &mut GraphMl::new(write, Failure::Output), tell),
        _ => export::all(snapshot, &mut Jsonl::new(write, Failure::Output), tell),
    }
}
