//! `sutra verify`: reads and checks every byte.

use std::path::Path;

use clap::Args;
use serde::Serialize;
use sutra_storage::Verified;

use crate::failure::{Failure, Outcome};
use crate::output::{Output, plain};
use crate::progress::{Spinner, grouped};
use crate::store::{must_exist, refused};

/// Read and check every byte of a closed store
///
/// Changes nothing. The exit code is 3 if there is damage.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        must_exist(store)?;
        let report = {
            let _spinner = Spinner::new("reading the store");
            sutra_storage::verify(store).map_err(refused(store))?
        };
        let mut out = Output::new();
        if self.json {
            out.json(&Shown::of(&report))?;
        } else {
            show(&report, &mut out)?;
        }
        out.end()?;
        if report.is_sound() { Ok(Outcome::Done) } else { Err(Failure::Damaged(report.file.problem_count)) }
    }
}

fn show(verified: &Verified, out: &mut Output) -> Result<(), Failure> {
    let report = &verified.file;
    for problem in &report.problems {
        out.line(plain(&problem.to_string()))?;
    }
    let count = |count: u32| grouped(count.into());
    out.line(format_args!(
        "{}: {} bytes, {} concept records, {} association records ({} in force), {} blobs, {} image blocks, commit {}",
        if report.is_sound() { "sound" } else { "damaged" },
        grouped(report.file_bytes),
        count(report.concepts),
        count(report.associations),
        count(report.edges),
        grouped(report.blobs),
        grouped(report.image_blocks),
        report.commit,
    ))?;
    if verified.log_entries > 0 || verified.log_tail_bytes > 0 {
        out.line(format_args!(
            "write-ahead log: {} entries to be replayed, {} bytes never acknowledged to be cut, at the next open",
            grouped(verified.log_entries),
            grouped(verified.log_tail_bytes),
        ))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Shown<'a> {
    sound: bool,
    commit: u64,
    sequence: u64,
    file_bytes: u64,
    headers: u32,
    footers: u32,
    chunks: u32,
    slots: u32,
    concepts: u32,
    associations: u32,
    edges: u32,
    blobs: u64,
    image_blocks: u64,
    log_entries: u64,
    log_tail_bytes: u64,
    problem_count: u64,
    problems: Vec<Problem<'a>>,
}

#[derive(Serialize)]
struct Problem<'a> {
    region: &'a str,
    offset: u64,
    what: &'a str,
}

impl<'a> Shown<'a> {
    fn of(verified: &'a Verified) -> Self {
        let report = &verified.file;
        Self {
            log_entries: verified.log_entries,
            log_tail_bytes: verified.log_tail_bytes,
            sound: report.is_sound(),
            commit: report.commit,
            sequence: report.sequence,
            file_bytes: report.file_bytes,
            headers: report.headers,
            footers: report.footers,
            chunks: report.chunks,
            slots: report.slots,
            concepts: report.concepts,
            associations: report.associations,
            edges: report.edges,
            blobs: report.blobs,
            image_blocks: report.image_blocks,
            problem_count: report.problem_count,
            problems: report
                .problems
                .iter()
                .map(|problem| Problem { region: problem.region, offset: problem.offset, what: &problem.what })
                .collect(),
        }
    }
}
