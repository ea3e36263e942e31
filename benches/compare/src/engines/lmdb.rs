//! LMDB by heed: one write transaction for each window, which its commit syncs.

use std::path::Path;

use heed::types::{Bytes, Unit};
use heed::{CommitOrAbort, Database, Env, EnvOpenOptions, RoTxn, WithTls};
use sutra_benches::Outcome;

use super::Kind;
use crate::edge::{edge, end};
use crate::engine::{Engine, Id, Reader, Source, Targets, Write};
use crate::value;
use crate::windows::Windows;

pub(crate) const KIND: Kind = Kind {
    name: "LMDB",
    durable: "each write transaction of 10 ms, synced by its commit",
    open: |folder| Ok(Box::new(Lmdb::open(folder)?)),
    on_disk: true,
};

/// Addresses that are reserved for the file, which grows only as it is written.
const MAP: usize = 64 << 30;

type Bytewise<'t> = Database<'t, Bytes, Bytes>;
type Keys<'t> = Database<'t, Bytes, Unit>;

struct Lmdb {
    env: Env,
    concepts: Bytewise<'static>,
    edges: Bytewise<'static>,
    back: Keys<'static>,
}

struct Transaction<'e> {
    engine: &'e Lmdb,
    // Taken away before the next one begins: a thread has at most one.
    open: Option<RoTxn<'e, WithTls>>,
}

impl Lmdb {
    fn open(folder: &Path) -> Outcome<Self> {
        let mut options = EnvOpenOptions::new();
        options.map_size(MAP).max_dbs(3);
        // SAFETY: the folder is of this process alone, and nothing else changes the file while it is mapped.
        let env = unsafe { options.open(folder)? };
        let transaction = env.write_txn()?;
        let made = env.create_databases_and_commit(transaction, |opener, transaction| {
            let concepts: Bytewise<'_> = opener.create_database(transaction, Some("concepts"))?;
            let edges: Bytewise<'_> = opener.create_database(transaction, Some("edges"))?;
            let back: Keys<'_> = opener.create_database(transaction, Some("back"))?;
            Ok::<_, heed::Error>(CommitOrAbort::<_, ()>::Commit((concepts, edges, back)))
        })?;
        let (concepts, edges, back) = made.commit().ok_or("the databases were not made")?;
        Ok(Self { env, concepts, edges, back })
    }
}

impl Engine for Lmdb {
    fn write(&self, writes: &mut dyn Source) -> Outcome {
        let mut buffer = Vec::new();
        let mut windows = Windows::new(writes);
        while let Some(mut window) = windows.next() {
            let time = window.time;
            let mut transaction = self.env.write_txn()?;
            while let Some(write) = window.next() {
                match write {
                    Write::Learn { id, content, vector } => {
                        value::concept(&mut buffer, content, vector, time);
                        self.concepts.put(&mut transaction, id, &buffer)?;
                    }
                    Write::Associate { source, target, kind, confidence } => {
                        let key = value::key(source, kind, target);
                        self.edges.put(&mut transaction, &key, &edge(confidence, time))?;
                        self.back.put(&mut transaction, &value::key(target, kind, source), &())?;
                    }
                }
            }
            transaction.commit()?;
        }
        Ok(())
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        let mut reader = Transaction { engine: self, open: None };
        reader.newest()?;
        Ok(Box::new(reader))
    }

    fn close(self: Box<Self>) -> Outcome {
        self.env.prepare_for_closing().wait();
        Ok(())
    }
}

impl<'e> Transaction<'e> {
    fn open(&self) -> Outcome<&RoTxn<'e, WithTls>> {
        self.open.as_ref().ok_or_else(|| "no transaction is open".into())
    }
}

impl Reader for Transaction<'_> {
    fn newest(&mut self) -> Outcome {
        self.open = None;
        self.open = Some(self.engine.env.read_txn()?);
        Ok(())
    }

    fn get(&mut self, id: &Id) -> Outcome<Option<u64>> {
        let value = self.engine.concepts.get(self.open()?, id)?;
        Ok(value.and_then(value::parts).map(|(content, vector)| value::touch(content, vector)))
    }

    fn neighbours(&mut self, id: &Id) -> Outcome<Targets> {
        let mut targets = Targets::default();
        for edge in self.engine.edges.prefix_iter(self.open()?, id)? {
            targets.add(end(edge?.0));
        }
        Ok(targets)
    }
}
