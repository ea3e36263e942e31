//! A disk whose maps are lent by the undamaged one, where nothing is damaged.
//!
//! The simulated disk makes a map by copying, and three times as many bytes are mapped for each damage as the store has: by the
//! verification of the file, by that of the log, and by the open. All but the damaged part is the same each time, and what is
//! mapped never changes, so it is copied once. Everything else goes to the disk itself.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use sutra_vfs::sim::SimDirectory;
use sutra_vfs::{Directory, DirectoryLock, File, LockError, Map, MapMut};

use crate::subject::DATA;

/// Maps of the undamaged `storage.dat`, by place and length.
#[derive(Debug)]
pub(crate) struct Lender {
    file: Arc<dyn File>,
    maps: Mutex<HashMap<(u64, usize), Map>>,
}

impl Lender {
    pub(crate) fn new(disk: &SimDirectory) -> Self {
        let file = disk.open(DATA).expect("power").expect("it is there");
        Self { file, maps: Mutex::default() }
    }

    fn map(&self, offset: u64, len: usize) -> io::Result<Map> {
        let mut maps = self.maps.lock().expect("no panic");
        if let Some(map) = maps.get(&(offset, len)) {
            return Ok(map.clone());
        }
        let map = self.file.map(offset, len)?;
        maps.insert((offset, len), map.clone());
        Ok(map)
    }
}

/// The disk, and the part of `storage.dat` that is damaged.
#[derive(Clone, Debug)]
pub(crate) struct Lent {
    pub(crate) disk: SimDirectory,
    pub(crate) lender: Arc<Lender>,
    pub(crate) damaged: Range<u64>,
}

#[derive(Debug)]
struct LentFile {
    file: Arc<dyn File>,
    lender: Arc<Lender>,
    damaged: Range<u64>,
}

impl Lent {
    fn file(&self, name: &str, file: Arc<dyn File>) -> Arc<dyn File> {
        if name != DATA {
            return file;
        }
        Arc::new(LentFile { file, lender: self.lender.clone(), damaged: self.damaged.clone() })
    }
}

impl Directory for Lent {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn File>>> {
        Ok(self.disk.open(name)?.map(|file| self.file(name, file)))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.disk.create(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.sync()
    }

    fn lock(&self, name: &str) -> Result<DirectoryLock, LockError> {
        self.disk.lock(name)
    }
}

impl File for LentFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buf, offset)
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.file.write_all_at(buf, offset)
    }

    fn reserve(&self, len: u64) -> io::Result<()> {
        self.file.reserve(len)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.file.allocate(len)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn map(&self, offset: u64, len: usize) -> io::Result<Map> {
        let whole = offset + len as u64 <= self.damaged.start || self.damaged.end <= offset;
        if whole { self.lender.map(offset, len) } else { self.file.map(offset, len) }
    }

    fn map_private(&self, offset: u64, len: usize) -> io::Result<MapMut> {
        self.file.map_private(offset, len)
    }
}
