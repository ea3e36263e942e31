//! What `learn_batch` reaches in Rust, for the Python bench to stand beside: the same names, contents, vectors and batches.
//!
//!     cargo run --release -p sutra-benches --example batch_rate -- <folder> <rows> <rows of a batch> <dimensions, or 0>
//!
//! Prints two numbers of seconds: until the last batch is accepted, and until it is durable and visible.

use std::time::Instant;

use sutra_benches::random::Random;
use sutra_benches::{Outcome, store};
use sutra_storage::{Batch, Concept, ConcurrentMemory};

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, rows, batch, dimensions] = arguments.as_slice() else {
        return Err("four arguments: folder, rows, rows of a batch, dimensions".into());
    };
    let (rows, batch, dimensions): (usize, usize, usize) = (rows.parse()?, batch.parse()?, dimensions.parse()?);
    let names: Vec<String> = (0..rows).map(|row| format!("concept {row}")).collect();
    let contents: Vec<String> = (0..rows).map(|row| format!("{row:0>100}")).collect();
    let mut random = Random::new(1);
    let vectors: Vec<f32> = (0..rows * dimensions).map(|_| random.signed()).collect();

    let memory = ConcurrentMemory::new(store::patient(folder.as_ref()))?;
    let began = Instant::now();
    let mut last = 0;
    for from in (0..rows).step_by(batch.max(1)) {
        let mut learned = Batch::new();
        for row in from..rows.min(from + batch.max(1)) {
            let concept = Concept::new(&names[row]).content(contents[row].as_bytes());
            learned.concept(match vectors.get(row * dimensions..(row + 1) * dimensions) {
                Some(vector) if dimensions > 0 => concept.embedding(vector),
                _ => concept,
            });
        }
        last = memory.learn_batch(&learned)?;
    }
    let accepted = began.elapsed();
    memory.wait_visible(last)?;
    memory.wait_durable(last)?;
    println!("{} {}", accepted.as_secs_f64(), began.elapsed().as_secs_f64());
    memory.close()?;
    Ok(())
}
