//! Reading what is to be learned: concepts as JSONL, associations as TSV, plain or compressed.
//!
//! A line is read, checked and lent to the caller before the next one is touched, so that a file of any size needs the
//! memory of its longest line, which is bounded. Strings without escapes and metadata are borrowed from the line. Every
//! error names the file and the line.
//!
//! - [`Input`] opens a file or the standard input and takes off zstd or gzip, whichever its first bytes show.
//! - [`ConceptReader`] and [`AssociationReader`] give the lines of one.
//!
//! This module knows nothing of the engine: what a key or an id means, and whether an embedding has the right
//! dimension, is for the caller to find out. [`ConceptReader::rejected`] makes its complaint one about the line.

mod associations;
mod compressed;
mod concepts;
mod error;
mod input;
mod lines;

#[cfg(test)]
mod wordnet_tests;

pub(crate) use self::{
    associations::AssociationReader,
    concepts::{ConceptLine, ConceptName, ConceptReader},
    error::ImportError,
    input::{Input, Progress},
};
