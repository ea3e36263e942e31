//! What every engine of the comparison can do, and the writes that it is given.

use std::time::Instant;

use sutra_benches::Outcome;

/// A concept's id.
pub(crate) type Id = [u8; 16];

/// One write.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Write<'a> {
    /// Learns a concept, or learns it again.
    Learn { id: &'a Id, content: &'a [u8], vector: Option<&'a [f32]> },
    /// Learns an association, or learns it again: its identity is source, type and target.
    Associate { source: &'a Id, target: &'a Id, kind: u8, confidence: f32 },
}

/// Writes, made one at a time. An engine takes them from here, so that it holds its transaction and its tables as long as
/// suits it.
pub(crate) trait Source {
    /// The next write, when it is due: a source that paces itself waits until then. `None` when there is no more.
    fn next(&mut self) -> Option<Write<'_>>;

    /// When the next write is due, of a source that paces itself: time to do something else first.
    fn due(&self) -> Option<Instant> {
        None
    }
}

/// An open store.
pub(crate) trait Engine: Sync {
    /// Makes all writes of a source, from one thread; returns when all of them are as durable as they get and visible.
    fn write(&self, writes: &mut dyn Source) -> Outcome;

    /// A reader for the calling thread.
    fn reader(&self) -> Outcome<Box<dyn Reader + '_>>;

    /// A reader that keeps what it sees at its first read until it is dropped; `None` of an engine without snapshots.
    fn hold(&self) -> Outcome<Option<Box<dyn Reader + '_>>> {
        self.reader().map(Some)
    }

    /// Its write-ahead log; `None` of an engine that does not say.
    fn log(&self) -> Option<Log> {
        None
    }

    /// Returns when nothing that earlier writes have caused goes on, as far as can be known.
    fn rest(&self) -> Outcome {
        std::thread::sleep(std::time::Duration::from_millis(300));
        Ok(())
    }

    /// Closes it as a program that ends in order would.
    fn close(self: Box<Self>) -> Outcome;
}

/// What is known of a write-ahead log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    /// Bytes in it that no checkpoint covers.
    pub(crate) bytes: u64,
    /// Writes that were replayed from it when the store was opened.
    pub(crate) replayed: u64,
}

/// Reads of one thread. What it sees is at least as new as the last [`Reader::newest`].
pub(crate) trait Reader {
    /// Sees from now on what is committed by now.
    fn newest(&mut self) -> Outcome;

    /// Finds a concept and reads of its content and vector; [`touch`](crate::value::touch) of them.
    fn get(&mut self, id: &Id) -> Outcome<Option<u64>>;

    /// [`Reader::get`] of several that are all there; a number that depends on what was read. One after the other, unless the
    /// engine has a call for it.
    fn get_all(&mut self, ids: &[Id]) -> Outcome<u64> {
        let get = |id| Ok(self.get(id)?.ok_or("a concept that was learned is not there")?);
        ids.iter().map(get).try_fold(0_u64, |sum, read: Outcome<u64>| Ok(sum.wrapping_add(read?)))
    }

    /// Goes over the targets of a concept's associations.
    fn neighbours(&mut self, id: &Id) -> Outcome<Targets>;
}

/// What was seen of a concept's neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Targets {
    pub(crate) count: u64,
    /// Of their ids, whatever their order.
    pub(crate) sum: u64,
}

impl Targets {
    /// Adds a neighbour by its id: 16 bytes, of which the first 8 count.
    pub(crate) fn add(&mut self, id: &[u8]) {
        self.count += 1;
        let first = id.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        self.sum = self.sum.wrapping_add(first);
    }
}
