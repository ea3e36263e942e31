//! Bytes of memory that an open store takes, by concept and by association: each engine in a process of its own.

use std::path::Path;

use sutra_benches::Outcome;
use sutra_benches::store::Folder;

use crate::child;
use crate::engines::Kind;
use crate::options::Options;
use crate::process::Resident;
use crate::report::{Measure, Unit, table};
use crate::work::{CONTENT, Concepts, Drawn, ids};

pub(crate) const ROLE: &str = "memory";

const FIGURES: [&str; 4] = ["anonymous, a concept", "anonymous, an association", "anonymous, all", "mapped files, all"];

pub(crate) fn run(options: &Options) -> Outcome<String> {
    let mut measures = FIGURES.map(|name| Measure::new(name, Unit::Bytes, options.engines.len()));
    let sizes = [options.concepts, options.associations];
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
         associations with uniform ends; each time at rest, while open (RssAnon and RssFile of Linux). Anonymous is what is the \
         process's own, caches of engines among it; what it had before the store was opened is subtracted, and from the bytes \
         of a concept what one concept takes. Mapped are the store's files and what \
         more of the program was read; the system can drop such pages.",
        options.concepts, options.associations
    );
    Ok(table("Bytes in memory", &about, &options.engines, &measures))
}

/// Prints the figures of one engine.
pub(crate) fn child(kind: Kind, folder: &Path, numbers: &[usize]) -> Outcome {
    let &[concepts, associations] = numbers else { return Err("two sizes".into()) };
    let ids = ids(0..concepts + 1);
    let now = || Resident::now().ok_or("the system does not say what is resident");
    let before = now()?;
    let store = (kind.open)(folder)?;
    store.write(&mut Concepts::new(&ids[..1], &[], 1))?;
    store.rest()?;
    let one = now()?;
    store.write(&mut Concepts::new(&ids[1..], &[], 2))?;
    store.rest()?;
    let learned = now()?;
    store.write(&mut Drawn::new(&ids, associations, 3))?;
    store.rest()?;
    let all = now()?;
    store.close()?;
    println!("{}", (learned.anonymous as f64 - one.anonymous as f64) / concepts as f64);
    println!("{}", (all.anonymous as f64 - learned.anonymous as f64) / associations as f64);
    println!("{}", all.anonymous as f64 - before.anonymous as f64);
    println!("{}", all.mapped as f64 - before.mapped as f64);
    Ok(())
}
