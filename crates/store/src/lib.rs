//! The single file of Sutra Storage: headers, extents, footers, image, commit and map.
//!
#![forbid(unsafe_code)]

mod access;
mod arenas;
mod checkpoint;
mod commit;
mod create;
mod error;
mod extents;
mod footer_writer;
mod footers;
mod image_reader;
mod image_writer;
mod open;
mod policy;
mod reader;
mod reading;
mod sections;
mod slots;
mod space;
mod store;

pub use checkpoint::{Committed, New};
pub use create::StoreOptions;
pub use error::StoreError;
pub use reader::{CheckpointReader, Found};
pub use store::{FILE_NAME, RepairedHeader, Store, TEMPORARY_NAME};
