//! Bytes of memory that an open store takes, by concept and by association: each engine in a process of its own.

use std::path::Path;
use std::time::Duration;

use sutra_benches::Outcome;
use sutra_benches::store::Folder;

use crate::child;
use crate::engines::Kind;
use crate::options::Options;
use crate::process::Resident;
use crate::report::{Measure, Unit, rounded, table};
use crate::work::{CONTENT, Concepts, Drawn, ids};

pub(crate) const ROLE: &str = "memory";

const FIGURES: [&str; 5] = [
    "anonymous, a concept",
    "anonymous, an association",
    "anonymous, all",
    "anonymous, all, after a rest",
    "mapped files, all",
];

/// Before the last look: what an engine keeps for a next burst it may have given back.
const REST: Duration = Duration::from_secs(15);

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let mut measures = FIGURES.map(|name| Measure::new(name, Unit::Bytes, options.engines.len()));
    let sizes = [options.concepts * 5, options.associations * 25];
    // Without a /proc there is nothing to measure, and the table has no rows.
    for (engine, kind) in options.engines.iter().enumerate().filter(|_| Resident::now().is_some()) {
        let folder = Folder::new()?;
        let said: [f64; FIGURES.len()] = child::numbers(ROLE, *kind, folder.path(), &sizes)?;
        for (measure, said) in measures.iter_mut().zip(said) {
            measure.add(engine, said);
        }
    }
    let about = format!(
        "Resident memory of a process that opened one store and wrote {} concepts of {CONTENT} random bytes, then {} \
         associations with uniform ends; while open, after a flush where there is one (RssAnon and RssFile of Linux). Anonymous is what is the \
         process's own, caches of engines among it. Of a concept: what the second half of the concepts took, a piece, since an engine's \
         buffers grow with the first. Of an association: what all of them took. Of all: what the process had before the \
         store was opened is subtracted; after a rest of {} s once more. Mapped are the store's files and what \
         more of the program was read; the system can drop such pages. One round.",
        rounded(sizes[0] as f64),
        rounded(sizes[1] as f64),
        REST.as_secs()
    );
    Ok(table("Bytes in memory", &about, &options.engines, &measures))
}

/// Prints the figures of one engine.
pub(crate) fn child(kind: Kind, folder: &Path, numbers: &[usize]) -> Outcome {
    let &[concepts, associations] = numbers else { return Err("two sizes".into()) };
    let ids = ids(0..concepts);
    let now = || Resident::now().ok_or("the system does not say what is resident");
    let before = now()?;
    let store = (kind.open)(folder)?;
    let (first, second) = ids.split_at(concepts / 2);
    store.write(&mut Concepts::new(first, &[], 1))?;
    store.rest()?;
    let half = now()?;
    store.write(&mut Concepts::new(second, &[], 2))?;
    store.rest()?;
    let learned = now()?;
    store.write(&mut Drawn::new(&ids, associations, 3))?;
    store.rest()?;
    let all = now()?;
    std::thread::sleep(REST);
    let rested = now()?;
    store.close()?;
    println!("{}", (learned.anonymous as f64 - half.anonymous as f64) / second.len() as f64);
    println!("{}", (all.anonymous as f64 - learned.anonymous as f64) / associations as f64);
    println!("{}", all.anonymous as f64 - before.anonymous as f64);
    println!("{}", rested.anonymous as f64 - before.anonymous as f64);
    println!("{}", rested.mapped as f64 - before.mapped as f64);
    Ok(())
}
