//! From a checked write to an accepted one: names are looked up, or defined in the same entry before their first use.

use std::borrow::Cow;

use sutra_format::AssociationType;
use sutra_format::catalogue::{Catalogue, CatalogueError};
use sutra_format::entry::{Definition, EntryWriter, LearnAssociation, LearnConcept, Op};
use sutra_log::{Cost, Wait};
use sutra_reconciler::{Engine, now_micros};

use crate::builder::Write;
use crate::config::{MAX_DIMENSION, Metric};
use crate::error::Error;
use crate::name::TypeRef;

/// What the configuration says of vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vectors {
    pub(crate) dimension: Option<usize>,
    pub(crate) metric: Metric,
}

/// Accepts writes as one entry, one sequence.
pub(crate) fn submit(engine: &Engine, vectors: Vectors, writes: &[Write<'_>], wait: Wait) -> Result<u64, Error> {
    let entries = writes.len();
    let names = engine.names();
    let defines = missing(writes, &names, vectors)?.1;
    if defines.is_empty() {
        let bytes = writes.iter().map(encoded_length).fold(0, usize::saturating_add);
        check_size(engine, entries, bytes)?;
        let mut entry = EntryWriter::new(now_micros(), bytes);
        for write in writes {
            entry.push(&operation(write, &names)?);
        }
        let entry = entry.finish();
        drop(names);
        return Ok(engine.accept(entry, entries, wait)?);
    }
    drop(names);
    let lengths = writes.iter().map(encoded_length).chain(defines.iter().map(|(what, number, name)| {
        Op::Define { what: *what, number: *number, name: name.as_bytes() }.encoded_length()
    }));
    let bytes = lengths.fold(64, u64_add);
    let cost = Cost { entries: entries + defines.len(), bytes };
    engine.accept_defining(cost, wait, |names, entry| {
        // Asked again: another call may have defined some of them meanwhile, or fixed another dimension.
        let (known, defines) = missing(writes, names, vectors)?;
        for (what, number, name) in &defines {
            entry.push(&Op::Define { what: *what, number: *number, name: name.as_bytes() });
        }
        for write in writes {
            entry.push(&operation(write, &known)?);
        }
        *names = known.into_owned();
        Ok(())
    })
}

fn u64_add(sum: u64, bytes: usize) -> u64 {
    sum.saturating_add(bytes as u64)
}

/// What could never be accepted is refused before memory is taken for it.
fn check_size(engine: &Engine, operations: usize, bytes: usize) -> Result<(), Error> {
    let capacity = engine.log().capacity();
    if operations > capacity.entries || bytes as u64 > capacity.bytes {
        return Err(Error::TooLarge { operations, bytes: bytes as u64 });
    }
    Ok(())
}

type Defines = Vec<(Definition, u32, String)>;

/// The names that these writes use and nobody has defined, and the catalogue with them.
fn missing<'n>(
    writes: &[Write<'_>],
    names: &'n Catalogue,
    vectors: Vectors,
) -> Result<(Cow<'n, Catalogue>, Defines), Error> {
    let mut known = Cow::Borrowed(names);
    let mut defines = Vec::new();
    let mut define = |known: &mut Cow<'n, Catalogue>, what, number: u32, name: &str| {
        known.to_mut().define(what, number, name).map_err(refused)?;
        defines.push((what, number, name.to_owned()));
        Ok::<(), Error>(())
    };
    for write in writes {
        let namespace = match write {
            Write::Concept { learn, namespace } => {
                if let Some(vector) = learn.vector {
                    let got = vector.len() / size_of::<f32>();
                    match known.dimension().map(|dimension| dimension as usize).or(vectors.dimension) {
                        Some(expected) if expected != got => {
                            return Err(Error::DimensionMismatch { expected, got });
                        }
                        _ if known.dimension().is_some() => {}
                        _ => {
                            let dimension = u32::try_from(got.min(MAX_DIMENSION)).unwrap_or(u32::MAX);
                            define(&mut known, Definition::Vectors, dimension, vectors.metric.name())?;
                        }
                    }
                }
                *namespace
            }
            Write::Association { kind, namespace, .. } => {
                if let TypeRef::Name(name) = kind
                    && known.association_type(name).is_none()
                {
                    let Some(code) = known.next_type() else {
                        let reason = format!("{name:?} is new and all {} names are given", AssociationType::MAX_NAMES);
                        return Err(Error::invalid("type", reason));
                    };
                    define(&mut known, Definition::AssociationType, code.0.into(), name)?;
                }
                *namespace
            }
            Write::Other(_) | Write::ForgetAssociation { .. } => "",
        };
        if !namespace.is_empty() && known.namespace(namespace).is_none() {
            let Some(number) = known.next_namespace() else {
                return Err(Error::invalid("namespace", format!("{namespace:?} is new and all numbers are given")));
            };
            define(&mut known, Definition::Namespace, number.0, namespace)?;
        }
    }
    Ok((known, defines))
}

fn refused(error: CatalogueError) -> Error {
    Error::invalid("name", error.to_string())
}

/// A write as the log holds it; `names` has every name that it uses.
fn operation<'a>(write: &Write<'a>, names: &Catalogue) -> Result<Op<'a>, Error> {
    let number = |namespace: &str| names.namespace(namespace).unwrap_or_default().0;
    Ok(match write {
        Write::Concept { learn, namespace } => {
            Op::LearnConcept(LearnConcept { namespace: number(namespace), ..*learn })
        }
        Write::Association { learn, kind, namespace } => Op::LearnAssociation(LearnAssociation {
            kind: type_code(*kind, names)?,
            namespace: number(namespace),
            ..*learn
        }),
        Write::Other(op) => *op,
        // A type that nobody has named is the type of no association: the code that names none finds none.
        Write::ForgetAssociation { source, target, kind } => Op::ForgetAssociation {
            source: *source,
            target: *target,
            kind: type_code(*kind, names).unwrap_or(AssociationType(u8::MAX)),
        },
    })
}

/// The code of a type, which must be built in or named.
pub(crate) fn type_code(kind: TypeRef<'_>, names: &Catalogue) -> Result<AssociationType, Error> {
    match kind {
        TypeRef::Code(code) if names.type_name(code).is_some() => Ok(code),
        TypeRef::Code(code) => {
            let reason = format!("code {} has no name: give the type by name, which gives it a code", code.0);
            Err(Error::invalid("type", reason))
        }
        TypeRef::Name(name) => {
            names.association_type(name).ok_or_else(|| Error::invalid("type", format!("{name:?} is not known")))
        }
    }
}

fn encoded_length(write: &Write<'_>) -> usize {
    match write {
        Write::Concept { learn, .. } => Op::LearnConcept(*learn).encoded_length(),
        Write::Association { learn, .. } => Op::LearnAssociation(*learn).encoded_length(),
        Write::Other(op) => op.encoded_length(),
        Write::ForgetAssociation { .. } => 48,
    }
}
