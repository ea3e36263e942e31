//! A directory of the operating system.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::directory::Directory;
use crate::file::{File, check_map};
use crate::lock::{self, DirectoryLock, LockError};
use crate::map::{Map, MapMut};
use crate::{name, system};

/// A directory of the operating system's file system.
#[derive(Clone, Debug)]
pub struct RealDirectory {
    /// Canonical, so that neither a symlink nor a change of the working directory leads elsewhere later.
    path: PathBuf,
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
        Ok(Self { path })
    }

    /// The canonical path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn at(&self, name: &str) -> io::Result<PathBuf> {
        name::check(name)?;
        Ok(self.path.join(name))
    }
}

/// Creates `path` and its missing parents, each made durable in the directory that holds it: a store must not vanish
/// with a directory entry that nobody synced.
fn create_durably(path: &Path) -> io::Result<()> {
    let missing: Vec<&Path> =
        path.ancestors().take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists()).collect();
    for directory in missing.into_iter().rev() {
        match fs::create_dir(directory) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let holder = match directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        match fs::File::open(holder) {
            Ok(holder) => holder.sync_all()?,
            // A parent that may be written but not read (mode -wx) cannot be synced by us.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Directory for RealDirectory {
    fn open(&self, name: &str) -> io::Result<Option<Arc<dyn File>>> {
        match fs::OpenOptions::new().read(true).write(true).open(self.at(name)?) {
            Ok(file) => Ok(Some(Arc::new(RealFile::new(file)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = fs::OpenOptions::new().read(true).write(true).create_new(true).open(self.at(name)?)?;
        Ok(Arc::new(RealFile::new(file)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from)?, self.at(to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.at(name)?)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn sync(&self) -> io::Result<()> {
        fs::File::open(&self.path)?.sync_all()
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
        Ok(self.file.metadata()?.len())
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buf, offset)
    }

    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let _guard = self.length.read().unwrap_or_else(PoisonError::into_inner);
        self.file.write_all_at(buf, offset)
    }

    fn reserve(&self, len: u64) -> io::Result<()> {
        let _guard = self.length.write().unwrap_or_else(PoisonError::into_inner);
        if self.len()? < len { self.file.set_len(len) } else { Ok(()) }
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        // Needs no guard: the system's call never shortens.
        if system::allocate(&self.file, len)? { Ok(()) } else { self.reserve(len) }
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        let _guard = self.length.write().unwrap_or_else(PoisonError::into_inner);
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        // The standard library uses F_FULLFSYNC on Apple systems, where fsync does not reach the medium.
        self.file.sync_data()
    }

    fn map(&self, offset: u64, len: usize) -> io::Result<Map> {
        check_map(offset, len, self.len()?)?;
        Map::of_file(&self.file, offset, len)
    }

    fn map_private(&self, offset: u64, len: usize) -> io::Result<MapMut> {
        check_map(offset, len, self.len()?)?;
        MapMut::of_file(&self.file, offset, len)
    }
}
