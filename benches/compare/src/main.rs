//! The comparison with other engines: `cargo xtask bench`.
//!
//! The same writes and reads on our engine, on LMDB, redb, fjall, SQLite and RocksDB (as far as they were built, see the
//! features), and on hash maps in memory, which are the floor. Each peer is used as its own documentation advises for speed,
//! at the same durability as ours: one commit and one sync for what was written in 10 ms.
//!
//! # Invariants
//! - The same sizes give the same ids, contents, vectors and questions to every engine.
//! - Rounds go over all engines, each round beginning with another one; tables have medians and spreads.
//! - What the loops cost is measured with an engine that does nothing, and subtracted.
//! - Where ours loses, the table says so.
//!
//! # What it does not do
//! It measures no engine in a process of its own: memory use is not compared. Other processes on the machine are not known
//! to it; spreads tell.

#[cfg(feature = "peers")]
mod edge;
mod engine;
mod engines;
mod limits;
mod options;
mod report;
mod value;
#[cfg(feature = "peers")]
mod windows;
mod work;
mod workloads;

use std::process::ExitCode;
use std::time::Instant;

use options::Options;
use sutra_benches::Outcome;
use workloads::WORKLOADS;

fn main() -> ExitCode {
    if std::env::args().any(|arg| arg == "--help") {
        println!("{}", Options::usage());
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}\n\n{}", Options::usage());
            return ExitCode::from(2);
        }
    };
    match compare(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(options: &Options) -> Outcome {
    let mut report = String::new();
    // After each table: what was measured stays, whatever the next one meets.
    let mut say = |text: String| -> Outcome {
        println!("{text}");
        report.push_str(&text);
        report.push('\n');
        if let Some(path) = &options.output {
            std::fs::write(path, &report).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    };
    say(opening(options))?;
    say(limits::table(options.quick)?)?;
    let wanted = if options.workloads.is_empty() { WORKLOADS } else { &options.workloads };
    for (name, run) in wanted {
        let start = Instant::now();
        say(run(options).map_err(|error| format!("{name}: {error}"))?)?;
        eprintln!("({name}: {:.0} s)\n", start.elapsed().as_secs_f64());
    }
    Ok(())
}

fn opening(options: &Options) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let size = if options.quick { "A smoke test: its numbers mean nothing. " } else { "" };
    format!(
        "# Comparison\n\n{size}{cores} cores, medians of {} round(s) over all engines. \"ours\" is how many times as fast, or as \
         small, our engine is as the one of the row; below 1 is a loss. \"durable\" says how what was written is made durable: a \
         peer commits what it was given in 10 ms, and what the commit takes comes on top.\n",
        options.rounds
    )
}
