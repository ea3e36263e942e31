//! Writes the seeds of all targets to `corpus`: `cargo run --example seeds`, in the folder `fuzz`.

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    for target in &sutra_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        fs::create_dir_all(&folder)?;
        for (name, bytes) in sutra_fuzz::seeds::of(target.name) {
            fs::write(folder.join(name), bytes)?;
        }
    }
    Ok(())
}
