//! A directory that keeps what is written beside the trace of the simulated disk: headers and groups say what they cover.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use sutra_vfs::sim::SimDirectory;
use sutra_vfs::{Directory, DirectoryLock, File, LockError, Map, MapMut};

/// Shown by a recorder: the disk, and the bytes of its writes by their numbers.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    disk: SimDirectory,
    written: Arc<Mutex<BTreeMap<u64, Vec<u8>>>>,
}

impl Recorder {
    pub(crate) fn of(disk: &SimDirectory) -> Self {
        Self { disk: disk.clone(), written: Arc::default() }
    }

    pub(crate) fn disk(&self) -> &SimDirectory {
        &self.disk
    }

    pub(crate) fn written(&self) -> BTreeMap<u64, Vec<u8>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// All changes go through here one after the other, so that a write finds the number that it gets.
    fn change<T>(&self, bytes: Option<&[u8]>, act: impl FnOnce() -> T) -> T {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = bytes {
            written.insert(self.disk.operations(), bytes.to_vec());
        }
        act()
    }

    fn file(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        Arc::new(RecordedFile { recorder: self.clone(), file })
    }
}

impl Directory for Recorder {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn File>>> {
        Ok(self.disk.open(name)?.map(|file| self.file(file)))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        Ok(self.file(self.change(None, || self.disk.create(name))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change(None, || self.disk.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change(None, || self.disk.remove(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn sync(&self) -> io::Result<()> {
        self.change(None, || self.disk.sync())
    }

    fn lock(&self, name: &str) -> Result<DirectoryLock, LockError> {
        self.disk.lock(name)
    }
}

#[derive(Debug)]
struct RecordedFile {
    recorder: Recorder,
    file: Arc<dyn File>,
}

impl File for RecordedFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buf, offset)
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.recorder.change(Some(buf), || self.file.write_all_at(buf, offset))
    }

    fn reserve(&self, len: u64) -> io::Result<()> {
        self.recorder.change(None, || self.file.reserve(len))
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.recorder.change(None, || self.file.allocate(len))
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.recorder.change(None, || self.file.truncate(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.recorder.change(None, || self.file.sync_data())
    }

    fn map(&self, offset: u64, len: usize) -> io::Result<Map> {
        self.file.map(offset, len)
    }

    fn map_private(&self, offset: u64, len: usize) -> io::Result<MapMut> {
        self.file.map_private(offset, len)
    }
}
