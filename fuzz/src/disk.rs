//! The simulated disk as the code under test gets it: its memory does not count.

use std::io;
use std::sync::Arc;

use sutra_vfs::sim::SimDirectory;
use sutra_vfs::{Directory, DirectoryLock, File, LockError, Map, MapMut};

use crate::memory::apparatus;

/// A simulated disk of which the memory belongs to the [apparatus](crate::memory).
#[derive(Clone, Debug)]
pub(crate) struct Disk(pub(crate) SimDirectory);

impl Disk {
    /// As what the engine is given.
    pub(crate) fn shared(&self) -> Arc<dyn Directory> {
        Arc::new(self.clone())
    }

    /// What the end of the process leaves.
    pub(crate) fn after_kill(&self) -> Self {
        apparatus(|| Self(self.0.kill_image()))
    }
}

/// A disk with one file of these bytes, all of it durable.
pub(crate) fn with_file(name: &str, bytes: &[u8]) -> Disk {
    apparatus(|| {
        let disk = SimDirectory::new();
        put(&disk, name, bytes);
        Disk(disk)
    })
}

/// Creates a file of these bytes.
pub(crate) fn put(disk: &SimDirectory, name: &str, bytes: &[u8]) {
    apparatus(|| disk.create(name).expect("creates").write_all_at(bytes, 0).expect("writes"));
}

impl Directory for Disk {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn File>>> {
        apparatus(|| Ok(self.0.open(name)?.map(handle)))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        apparatus(|| self.0.create(name).map(handle))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        apparatus(|| self.0.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        apparatus(|| self.0.remove(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        apparatus(|| self.0.list())
    }

    fn sync(&self) -> io::Result<()> {
        apparatus(|| self.0.sync())
    }

    fn lock(&self, name: &str) -> Result<DirectoryLock, LockError> {
        apparatus(|| self.0.lock(name))
    }
}

fn handle(file: Arc<dyn File>) -> Arc<dyn File> {
    Arc::new(Handle(file))
}

#[derive(Debug)]
struct Handle(Arc<dyn File>);

impl File for Handle {
    fn len(&self) -> io::Result<u64> {
        apparatus(|| self.0.len())
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        apparatus(|| self.0.read_exact_at(buf, offset))
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        apparatus(|| self.0.write_all_at(buf, offset))
    }

    fn reserve(&self, len: u64) -> io::Result<()> {
        apparatus(|| self.0.reserve(len))
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        apparatus(|| self.0.allocate(len))
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        apparatus(|| self.0.truncate(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        apparatus(|| self.0.sync_data())
    }

    fn map(&self, offset: u64, len: usize) -> io::Result<Map> {
        apparatus(|| self.0.map(offset, len))
    }

    fn map_private(&self, offset: u64, len: usize) -> io::Result<MapMut> {
        apparatus(|| self.0.map_private(offset, len))
    }
}
