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
//! Other processes on the machine are not known to it; spreads tell.

mod child;
#[cfg(feature = "peers")]
mod edge;
mod engine;
mod engines;
mod limits;
mod options;
mod output;
mod pace;
mod process;
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

/// Before the tables. It says nothing of one run: in a document, tables of several runs may follow it.
const OPENING: &str = "Medians of the rounds over all engines. \"ours\" is how many times as fast, or as small, our engine is as \
    the one of the row; below 1 is a loss. \"durable\" says how what was written is made durable: a peer commits what it was given \
    in 10 ms, and what the commit takes comes on top.\n";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some((flag, rest)) = args.split_first()
        && flag == child::FLAG
    {
        return ended(child::run(rest));
    }
    if args.iter().any(|arg| arg == "--help") {
        println!("{}", Options::usage());
        return ExitCode::SUCCESS;
    }
    match Options::parse(args) {
        Ok(options) => ended(compare(&options)),
        Err(message) => {
            eprintln!("{message}\n\n{}", Options::usage());
            ExitCode::from(2)
        }
    }
}

fn ended(outcome: Outcome) -> ExitCode {
    match outcome {
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
        options.output.as_ref().map_or(Ok(()), |path| output::write(path, &report))
    };
    println!("{}\n", output::TITLE);
    say(OPENING.to_owned())?;
    say(limits::table(options.quick)?)?;
    let wanted = if options.workloads.is_empty() { WORKLOADS } else { &options.workloads };
    for (name, run) in wanted {
        let start = Instant::now();
        let section = run(options).map_err(|error| format!("{name}: {error}"))?;
        // In each section: it may come to stand among those of another run.
        let smoke = if options.quick { "\n\nA smoke test, whose numbers mean nothing. " } else { "\n\n" };
        say(section.replacen("\n\n", smoke, 1))?;
        eprintln!("({name}: {:.0} s)\n", start.elapsed().as_secs_f64());
    }
    Ok(())
}
