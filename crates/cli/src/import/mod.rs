//! Reading what is to be learned: JSONL, TSV, Parquet, GraphML, arrays of numpy; lines plain or compressed.
//!
//! A record is read, checked and lent to the caller before the next one is touched, so that a file of any size needs the
//! memory of its longest line, which is bounded, or of one batch of Parquet's rows. Strings without escapes and metadata are
//! borrowed from the line. Every error names the file, and the line or row.
//!
//! - [`open`] gives a [`Reader`] of a file's [`Record`]s, whatever form it has.
//! - [`Input`] opens a file or the standard input and takes off zstd or gzip, whichever its first bytes show.
//! - [`Embeddings`] gives the rows of an array.
//!
//! This module knows nothing of the engine: what a key or an id means, and whether an embedding has the right
//! dimension, is for the caller to find out. [`Reader::rejected`] makes its complaint one about the line.

mod associations;
mod compressed;
mod error;
mod graphml;
mod input;
mod lines;
mod npy;
mod objects;
mod open;
mod record;
mod rows;
mod standard_input;

#[cfg(test)]
mod wordnet_tests;

pub(crate) use self::{
    associations::AssociationReader,
    error::ImportError,
    graphml::HEX,
    input::{Input, Progress},
    npy::Embeddings,
    objects::ObjectReader,
    open::{Format, files_of, open},
    record::{AssociationLine, ConceptLine, ConceptName, Reader, Record},
};
