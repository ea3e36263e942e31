//! What was measured, a column a flip.

use super::latency::{Latency, duration};
use super::play::Measured;
use crate::failure::Failure;
use crate::output::{Output, plain};
use crate::progress::grouped;

/// Flips beside each other: more are too wide for a terminal of 80 columns.
const COLUMNS: usize = 4;

type Row = (&'static str, fn(&Measured) -> String);

/// Rows of the table, in their order.
const ROWS: [Row; 13] = [
    ("writes/s", |flip| whole(flip.writes_per_s)),
    ("reads/s", |flip| whole(flip.reads_per_s)),
    ("write p50", |flip| texts(&flip.write, 0)),
    ("write p99", |flip| texts(&flip.write, 1)),
    ("read p50", |flip| texts(&flip.read, 0)),
    ("read p99", |flip| texts(&flip.read, 1)),
    ("read p99.9", |flip| texts(&flip.read, 2)),
    ("stale p50", |flip| texts(&flip.stale, 0)),
    ("stale p99", |flip| texts(&flip.stale, 1)),
    ("stale max", |flip| if flip.stale.count == 0 { "-".to_owned() } else { duration(flip.stale.max_ns) }),
    ("queue", |flip| grouped(flip.deepest_queue)),
    ("groups", |flip| grouped(flip.groups)),
    ("checkpoints", |flip| grouped(flip.checkpoints)),
];

fn whole(rate: f64) -> String {
    grouped(rate.round() as u64)
}

fn texts(latency: &Latency, which: usize) -> String {
    latency.texts().into_iter().nth(which).unwrap_or_default()
}

/// The lines of the table, and what its words mean.
pub(crate) fn show(flips: &[Measured], out: &mut Output) -> Result<(), Failure> {
    for flips in flips.chunks(COLUMNS) {
        let row = |name: &str, cell: &dyn Fn(&Measured) -> String| {
            let cells: String = flips.iter().map(|flip| format!("{:>16}", cell(flip))).collect();
            format!("{name:<12}{cells}")
        };
        out.line(row("", &|flip| plain(&flip.name)))?;
        for (name, cell) in ROWS {
            out.line(row(name, &cell))?;
        }
        out.line("")?;
    }
    out.line("write: the call that accepts one. read: a concept, its content, its neighbours.")?;
    out.line("stale: from accepted to visible, and by then durable. queue: most seen waiting.")
}
