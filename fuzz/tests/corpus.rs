//! Every seed, and whatever else lies in the corpus, without a fuzzer: `cargo test`, in the folder `fuzz`.

use std::fs;
use std::path::Path;

#[test]
fn the_corpus_passes() {
    for (target, check) in sutra_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        let mut count = 0;
        for file in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = file.unwrap().path();
            println!("{}", path.display());
            check(&fs::read(&path).unwrap());
            count += 1;
        }
        assert!(count > 0, "no seeds of {target}: cargo run --example seeds");
    }
}

/// The seeds that are checked in are those that are made now: the format has not moved on without them.
#[test]
fn the_seeds_are_up_to_date() {
    for (target, _) in sutra_fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
        for (name, bytes) in sutra_fuzz::seeds::of(target) {
            let there = fs::read(folder.join(&name)).unwrap_or_default();
            assert!(there == bytes, "{target}/{name} differs: cargo run --example seeds");
        }
    }
}
