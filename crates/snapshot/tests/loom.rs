//! Readers beside the writer, explored by loom over the real code: `Writer`, `SnapshotSource` and `Snapshot` with all that
//! lies below them.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release -p sutra-snapshot --test loom`
#![cfg(loom)]

mod model;

#[path = "loom/chunks.rs"]
mod chunks;
#[path = "loom/edges.rs"]
mod edges;
#[path = "loom/hubs.rs"]
mod hubs;
#[path = "loom/ids.rs"]
mod ids;
#[path = "loom/images.rs"]
mod images;
#[path = "loom/publish.rs"]
mod publish;
#[path = "loom/reclaim.rs"]
mod reclaim;
#[path = "loom/store.rs"]
mod store;
#[path = "loom/versions.rs"]
mod versions;
