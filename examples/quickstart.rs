//! Learn two concepts, connect them, find the way from one to the other.
//!
//! Run it with `cargo run -p sutra-storage --example quickstart`; it leaves its store in `sutra-store`.

use sutra_storage::{ConcurrentConfig, ConcurrentMemory};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config = ConcurrentConfig { storage_path: "sutra-store".into(), ..Default::default() };
    let memory = ConcurrentMemory::new(config)?;

    memory.learn_concept("rain", "water that falls from clouds", None, 1.0, 0.9)?;
    memory.learn_concept("flood", "water where it should not be", None, 1.0, 0.9)?;
    let written = memory.learn_association("rain", "flood", "causal", 0.8)?;
    memory.wait_visible(written)?;

    let snapshot = memory.snapshot();
    if let Some(concept) = snapshot.query_concept("rain")? {
        println!("rain: {}", String::from_utf8_lossy(concept.content()?));
    }
    if let Some(path) = snapshot.find_path("rain", "flood", 6)? {
        println!("from rain to flood in {} hop", path.hops.len());
    }
    memory.close()?;
    Ok(())
}
