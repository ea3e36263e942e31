//! What a store does while it is written to, and what growth costs: `cargo bench -p sutra-benches --bench burst`.
//!
//! Arguments after `--`: names of parts (`visible`, `reads`, `growth`, `batch`, `open`, `flush`, `memory`), all of them by default; `--quick`
//! for a tenth of the sizes. Not a criterion bench: it is about percentiles and about two things that go on at once.

use std::time::{Duration, Instant};

use sutra_benches::Outcome;

mod batch;
mod flushing;
mod growth;
mod memory;
mod opening;
mod reads;
mod table;
mod times;
mod visible;

/// How much of everything.
#[derive(Clone, Copy, Debug)]
struct Scale {
    quick: bool,
}

impl Scale {
    /// A size, or a tenth of it.
    const fn size(self, size: usize) -> usize {
        if self.quick { size / 10 } else { size }
    }

    /// A number of rounds, or fewer.
    const fn rounds(self, rounds: usize) -> usize {
        if self.quick { rounds.div_ceil(2) } else { rounds }
    }

    /// A time, or a quarter of it.
    fn time(self, seconds: f64) -> Duration {
        Duration::from_secs_f64(if self.quick { seconds / 4.0 } else { seconds })
    }
}

type Part = (&'static str, fn(Scale) -> Outcome);

const PARTS: [Part; 7] = [
    ("visible", visible::run),
    ("reads", reads::run),
    ("growth", growth::run),
    ("batch", batch::run),
    ("open", opening::run),
    ("flush", flushing::run),
    ("memory", memory::run),
];

fn main() -> Outcome {
    let mut scale = Scale { quick: false };
    let mut wanted = Vec::new();
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => scale.quick = true,
            // Cargo says so to every bench.
            "--bench" => {}
            part if PARTS.iter().any(|(name, _)| *name == part) => wanted.push(argument),
            other => {
                return Err(
                    format!("{other}: not --quick, visible, reads, growth, batch, open, flush or memory").into()
                );
            }
        }
    }
    for (name, run) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|part| part == name) {
            let start = Instant::now();
            run(scale)?;
            println!("({name}: {:.0} s)\n", start.elapsed().as_secs_f64());
        }
    }
    Ok(())
}
