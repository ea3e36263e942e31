//! SQLite by rusqlite: a write-ahead log, prepared statements, one transaction for each window, which its commit syncs.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};
use sutra_benches::Outcome;
use zerocopy::IntoBytes;

use super::{CACHE, Kind};
use crate::engine::{Engine, Id, Reader, Source, Targets, Write};
use crate::value::{self, CONFIDENCE, STRENGTH};
use crate::windows::Windows;

pub(crate) const KIND: Kind = Kind {
    name: "SQLite",
    durable: "each transaction of 10 ms, its WAL synced by the commit (synchronous = FULL)",
    open: |folder| Ok(Box::new(Sqlite::open(folder)?)),
    on_disk: true,
};

// Associations lie in the order of their key, to be read by its prefix; the index ends with the rest of the key, so it is
// the reverse. Rows of kilobytes, as concepts with vectors are, are better off in a table with an index beside it.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS concepts (
        id BLOB PRIMARY KEY, strength REAL, confidence REAL, created INTEGER, content BLOB, vector BLOB
    );
    CREATE TABLE IF NOT EXISTS associations (
        source BLOB, kind INTEGER, target BLOB, confidence REAL, created INTEGER,
        PRIMARY KEY (source, kind, target)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS back ON associations (target, kind);
";

const LEARN: &str = "
    INSERT INTO concepts VALUES (?1, ?2, ?3, ?4, ?5, ?6)
    ON CONFLICT (id) DO UPDATE SET strength = ?2, confidence = ?3, content = ?5, vector = coalesce(?6, vector)";

const ASSOCIATE: &str = "
    INSERT INTO associations VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (source, kind, target) DO UPDATE SET confidence = ?4";

const GET: &str = "SELECT content, vector FROM concepts WHERE id = ?1";

const NEIGHBOURS: &str = "SELECT target FROM associations WHERE source = ?1";

struct Sqlite {
    path: PathBuf,
    writer: Mutex<Connection>,
}

struct Queries {
    connection: Connection,
}

impl Sqlite {
    fn open(folder: &Path) -> Outcome<Self> {
        let path = folder.join("store.sqlite");
        let writer = connect(&path)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.execute_batch(TABLES)?;
        Ok(Self { path, writer: Mutex::new(writer) })
    }
}

fn connect(path: &Path) -> Outcome<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Negative: in KiB.
    connection.pragma_update(None, "cache_size", -i64::try_from(CACHE / 1024)?)?;
    connection.pragma_update(None, "mmap_size", i64::try_from(CACHE)?)?;
    // 64 MiB instead of 4: fewer checkpoints in a burst.
    connection.pragma_update(None, "wal_autocheckpoint", 16_384)?;
    Ok(connection)
}

impl Engine for Sqlite {
    fn write(&self, writes: &mut dyn Source) -> Outcome {
        let connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut learn = connection.prepare_cached(LEARN)?;
        let mut associate = connection.prepare_cached(ASSOCIATE)?;
        let mut windows = Windows::new(writes);
        while let Some(mut window) = windows.next() {
            let time = i64::try_from(window.time)?;
            let transaction = connection.unchecked_transaction()?;
            while let Some(write) = window.next() {
                match write {
                    Write::Learn { id, content, vector } => {
                        let vector = vector.map(IntoBytes::as_bytes);
                        learn.execute(params![id, STRENGTH, CONFIDENCE, time, content, vector])?;
                    }
                    Write::Associate { source, target, kind, confidence } => {
                        associate.execute(params![source, kind, target, confidence, time])?;
                    }
                }
            }
            transaction.commit()?;
        }
        Ok(())
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        let connection = connect(&self.path)?;
        connection.execute_batch("BEGIN")?;
        Ok(Box::new(Queries { connection }))
    }

    fn close(self: Box<Self>) -> Outcome {
        let connection = self.writer.into_inner().unwrap_or_else(PoisonError::into_inner);
        connection.close().map_err(|(_, error)| error.into())
    }
}

impl Reader for Queries {
    fn newest(&mut self) -> Outcome {
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(())
    }

    fn get(&mut self, id: &Id) -> Outcome<Option<u64>> {
        let mut query = self.connection.prepare_cached(GET)?;
        let found = query.query_row([id], |row| {
            let (content, vector) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob_or_null()?);
            Ok(value::touch(content, vector.unwrap_or_default()))
        });
        Ok(found.optional()?)
    }

    fn neighbours(&mut self, id: &Id) -> Outcome<Targets> {
        let mut query = self.connection.prepare_cached(NEIGHBOURS)?;
        let mut rows = query.query([id])?;
        let mut targets = Targets::default();
        while let Some(row) = rows.next()? {
            targets.add(row.get_ref(0)?.as_blob()?);
        }
        Ok(targets)
    }
}
