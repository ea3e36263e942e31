//! RocksDB: one write batch for each window, with which its log is synced.

use std::path::Path;

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamily, DB, DBRawIterator, Options, ReadOptions, SliceTransform, Snapshot,
    WriteBatch, WriteOptions,
};
use sutra_benches::Outcome;

use super::{CACHE, Kind};
use crate::edge::{edge, end};
use crate::engine::{Engine, Id, Reader, Source, Targets, Write};
use crate::value;
use crate::windows::Windows;

pub(crate) const KIND: Kind = Kind {
    name: "RocksDB",
    durable: "each write batch of 10 ms, its log synced with it (sync = true)",
    open: |folder| Ok(Box::new(Rocks::open(folder)?)),
    on_disk: true,
};

struct Rocks {
    database: DB,
}

struct Families<'e> {
    database: &'e DB,
    concepts: &'e ColumnFamily,
    edges: DBRawIterator<'e>,
}

struct Held<'e> {
    engine: &'e Rocks,
    snapshot: Snapshot<'e>,
}

impl Rocks {
    fn open(folder: &Path) -> Outcome<Self> {
        let mut blocks = BlockBasedOptions::default();
        blocks.set_block_cache(&Cache::new_lru_cache(CACHE));
        blocks.set_bloom_filter(10.0, false);
        let mut options = Options::default();
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        options.set_block_based_table_factory(&blocks);
        let mut prefixed = options.clone();
        prefixed.set_prefix_extractor(SliceTransform::create_fixed_prefix(16));
        let families = [("concepts", options.clone()), ("edges", prefixed.clone()), ("back", prefixed)];
        Ok(Self { database: DB::open_cf_with_opts(&options, folder, families)? })
    }

    fn family(&self, name: &str) -> Outcome<&ColumnFamily> {
        self.database.cf_handle(name).ok_or_else(|| format!("no column family {name}").into())
    }

    fn edges(&self) -> Outcome<DBRawIterator<'_>> {
        Ok(self.database.raw_iterator_cf_opt(self.family("edges")?, within_prefix()))
    }
}

fn within_prefix() -> ReadOptions {
    let mut options = ReadOptions::default();
    options.set_prefix_same_as_start(true);
    options
}

/// The targets of a concept's associations, as an iterator sees them.
fn targets(edges: &mut DBRawIterator<'_>, id: &Id) -> Outcome<Targets> {
    let mut targets = Targets::default();
    edges.seek(id);
    while let Some(key) = edges.key().filter(|key| key.starts_with(id)) {
        targets.add(end(key));
        edges.next();
    }
    edges.status()?;
    Ok(targets)
}

/// What is read of a concept's value.
fn touched(value: Option<&[u8]>) -> Option<u64> {
    value.and_then(value::parts).map(|(content, vector)| value::touch(content, vector))
}

impl Engine for Rocks {
    fn write(&self, writes: &mut dyn Source) -> Outcome {
        let (concepts, edges, back) = (self.family("concepts")?, self.family("edges")?, self.family("back")?);
        let mut synced = WriteOptions::default();
        synced.set_sync(true);
        let mut buffer = Vec::new();
        let mut windows = Windows::new(writes);
        while let Some(mut window) = windows.next() {
            let time = window.time;
            let mut batch = WriteBatch::default();
            while let Some(write) = window.next() {
                match write {
                    Write::Learn { id, content, vector } => {
                        value::concept(&mut buffer, content, vector, time);
                        batch.put_cf(concepts, id, &buffer);
                    }
                    Write::Associate { source, target, kind, confidence } => {
                        batch.put_cf(edges, value::key(source, kind, target), edge(confidence, time));
                        batch.put_cf(back, value::key(target, kind, source), []);
                    }
                }
            }
            self.database.write_opt(batch, &synced)?;
        }
        Ok(())
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        let (concepts, edges) = (self.family("concepts")?, self.edges()?);
        Ok(Box::new(Families { database: &self.database, concepts, edges }))
    }

    fn hold(&self) -> Outcome<Option<Box<dyn Reader + '_>>> {
        Ok(Some(Box::new(Held { engine: self, snapshot: self.database.snapshot() })))
    }

    fn close(self: Box<Self>) -> Outcome {
        self.database.cancel_all_background_work(true);
        Ok(())
    }
}

impl Reader for Families<'_> {
    /// Gets see what is newest by themselves; the iterator is one for many prefixes, and is renewed here.
    fn newest(&mut self) -> Outcome {
        Ok(self.edges.refresh()?)
    }

    fn get(&mut self, id: &Id) -> Outcome<Option<u64>> {
        Ok(touched(self.database.get_pinned_cf(self.concepts, id)?.as_deref()))
    }

    fn neighbours(&mut self, id: &Id) -> Outcome<Targets> {
        targets(&mut self.edges, id)
    }
}

impl Reader for Held<'_> {
    fn newest(&mut self) -> Outcome {
        self.snapshot = self.engine.database.snapshot();
        Ok(())
    }

    fn get(&mut self, id: &Id) -> Outcome<Option<u64>> {
        Ok(touched(self.snapshot.get_pinned_cf(self.engine.family("concepts")?, id)?.as_deref()))
    }

    fn neighbours(&mut self, id: &Id) -> Outcome<Targets> {
        let edges = self.engine.family("edges")?;
        targets(&mut self.snapshot.raw_iterator_cf_opt(edges, within_prefix()), id)
    }
}
