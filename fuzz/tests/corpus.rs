//! Every seed, and whatever else lies in the corpus, without a fuzzer: `cargo test`, in the folder `fuzz`. Each with the bound
//! on its memory.

use std::fs;
use std::path::{Path, PathBuf};

use sutra_fuzz::TARGETS;

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target)
}

// One test for all: memory is the process's, so inputs are checked one after the other. Making seeds takes memory too.
#[test]
fn the_corpus_passes_and_the_seeds_are_up_to_date() {
    let mut cases = 0;
    for target in &TARGETS {
        let files = fs::read_dir(folder(target.name)).expect("a folder of seeds: cargo run --example seeds");
        let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
        paths.sort();
        assert!(!paths.is_empty(), "no seeds of {}: cargo run --example seeds", target.name);
        for path in paths {
            println!("{}", path.display());
            target.check(&fs::read(&path).unwrap());
            cases += 1;
        }
    }
    // The seeds that are checked in are those that are made now: the format has not moved on without them.
    for target in &TARGETS {
        for (name, bytes) in sutra_fuzz::seeds::of(target.name) {
            let there = fs::read(folder(target.name).join(&name)).unwrap_or_default();
            assert!(there == bytes, "{}/{name} differs: cargo run --example seeds", target.name);
        }
    }
    println!("cases: {cases} (inputs of the corpus)");
}
