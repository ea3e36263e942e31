//! A directory of the operating system.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::directory::Directory;
use crate::file::{File, check_map};
use crate::interrupted::{retried, write_all};
use crate::lock::{self, DirectoryLock, LockError};
use crate::map::{Map, MapMut};
use crate::{name, system};

/// A directory of the operating system's file system.
#[derive(Clone, Debug)]
pub struct RealDirectory {
    /// Canonical, so that neither a symlink nor a change of the working directory leads elsewhere later.
    path: PathBuf,
    /// The directory itself. As long as it is open no other one gets its inode.
    opened: Arc<fs::File>,
}

impl RealDirectory {
    /// Opens the directory at `path`, creating it and its parents when missing (durably).
    ///
    /// # Errors
    /// What the system reports.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        create_durably(path)?;
        let path = path.canonicalize()?;
        if !path.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                format!("{} is not a directory: give the path of one", path.display()),
            ));
        }
        let opened = Arc::new(retried(|| fs::File::open(&path))?);
        Ok(Self { path, opened })
    }

    /// The canonical path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn at(&self, name: &str) -> io::Result<PathBuf> {
        name::check(name)?;
        Ok(self.here()?.join(name))
    }

    /// The path, if it still leads to the directory that was opened. Another one in its place is somebody else's: to create
    /// or remove files of the same names there would damage another store.
    fn here(&self) -> io::Result<&Path> {
        let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        let found = retried(|| fs::metadata(&self.path)).map(identity);
        if found.is_ok_and(|found| self.opened.metadata().map(identity).is_ok_and(|opened| opened == found)) {
            return Ok(&self.path);
        }
        Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!(
                "{} was moved or removed while it was open: put it back, or open it where it is",
                self.path.display()
            ),
        ))
    }
}

/// Creates `path` and its missing parents, each made durable in the directory that holds it: a store must not vanish
/// with a directory entry that nobody synced.
fn create_durably(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        path.ancestors().take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists()).collect();
    for directory in missing.into_iter().rev() {
        match retried(|| fs::create_dir(directory)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let holder = match directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        match retried(|| fs::File::open(holder)) {
            Ok(holder) => retried(|| holder.sync_all())?,
            // A parent that may be written but not read (mode -wx) cannot be synced by us.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Directory for RealDirectory {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn File>>> {
        let path = self.at(name)?;
        match retried(|| fs::OpenOptions::new().read(true).write(true).open(&path)) {
            Ok(file) => Ok(Some(Arc::new(RealFile::new(file)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let path = self.at(name)?;
        let file = retried(|| fs::OpenOptions::new().read(true).write(true).create_new(true).open(&path))?;
        Ok(Arc::new(RealFile::new(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let (from, to) = (self.at(from)?, self.at(to)?);
        retried(|| fs::rename(&from, &to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let path = self.at(name)?;
        retried(|| fs::remove_file(&path))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let (here, mut names) = (self.here()?, Vec::new());
        for entry in retried(|| fs::read_dir(here))? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn sync(&self) -> io::Result<()> {
        retried(|| self.opened.sync_all())
    }

    fn lock(&self, name: &str) -> Result<DirectoryLock, LockError> {
        lock::lock(&self.at(name)?)
    }
}

#[derive(Debug)]
struct RealFile {
    file: fs::File,
    /// Held for reading by writes and for writing by changes of the length: growing is "look at the length, then set
    /// it", and a write that extends the file in between would be cut off.
    length: RwLock<()>,
}

impl RealFile {
    fn new(file: fs::File) -> Self {
        Self { file, length: RwLock::new(()) }
    }
}

impl File for RealFile {
    fn len(&self) -> io::Result<u64> {
        Ok(retried(|| self.file.metadata())?.len())
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        // The standard library promises to continue interrupted and short reads.
        self.file.read_exact_at(buf, offset)
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let _guard = self.length.read().unwrap_or_else(PoisonError::into_inner);
        write_all(buf, offset, |buf, offset| self.file.write_at(buf, offset))
    }

    fn reserve(&self, len: u64) -> io::Result<()> {
        let _guard = self.length.write().unwrap_or_else(PoisonError::into_inner);
        if self.len()? < len { retried(|| self.file.set_len(len)) } else { Ok(()) }
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        // Needs no guard: the system's call never shortens.
        if system::allocate(&self.file, len)? { Ok(()) } else { self.reserve(len) }
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        let _guard = self.length.write().unwrap_or_else(PoisonError::into_inner);
        retried(|| self.file.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        // The standard library uses F_FULLFSYNC on Apple systems, where fsync does not reach the medium.
        retried(|| self.file.sync_data())
    }

    fn forget(&self, offset: u64, len: u64) {
        system::forget(&self.file, offset, len);
    }

    fn map(&self, offset: u64, len: usize) -> io::Result<Map> {
        check_map(offset, len, self.len()?)?;
        retried(|| Map::of_file(&self.file, offset, len))
    }

    fn map_private(&self, offset: u64, len: usize) -> io::Result<MapMut> {
        check_map(offset, len, self.len()?)?;
        retried(|| MapMut::of_file(&self.file, offset, len))
    }
}
