//! The lock of a directory.
//!
//! The lock is `flock` on a small file that also says who holds it. The file is removed when the lock is released,
//! which is safe because both sides check: who locks it looks again whether the name still leads to the inode it
//! locked, and starts over if not; who releases removes the name while still holding the lock.
//!
//! `flock` already refuses a second open in the same process; the registry of inodes says so too where a file
//! system's locks belong to the process (and it makes taking and releasing one step within the process).

use std::collections::HashSet;
use std::fmt::Debug;
use std::fs;
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::interrupted::retried;
use crate::system;

/// Why a directory's lock was not given.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Someone else, or this process itself, holds it.
    #[error(
        "the store is open in process {pid} on host {host:?} (since {since} us of the Unix epoch): close it there \
         first; pid 0 means that the holder has not yet written its name"
    )]
    Held {
        /// The holder's process id, 0 when unknown.
        pid: u32,
        /// The holder's machine, empty when unknown.
        host: String,
        /// When it was taken, in microseconds since the Unix epoch, 0 when unknown.
        since: u64,
    },
    /// The lock file could not be opened, locked or written.
    #[error("the lock file could not be taken: check the directory's permissions and that its file system has locks")]
    Io(#[from] io::Error),
}

/// A held lock; dropping it releases it. In a forked child dropping does nothing: the lock is the parent's.
#[derive(Debug)]
#[must_use = "dropping the lock releases it"]
pub struct DirectoryLock {
    _guard: Box<dyn Guard>,
}

/// What stands behind a lock: released by its `Drop`.
trait Guard: Send + Sync + Debug {}

impl<T: Send + Sync + Debug> Guard for T {}

impl DirectoryLock {
    /// A lock released by dropping `guard`; for implementations of [`crate::Directory`].
    pub fn new(guard: impl Send + Sync + Debug + 'static) -> Self {
        Self { _guard: Box::new(guard) }
    }
}

/// Device and inode of every lock file that this process holds.
type Registry = HashSet<(u64, u64)>;

fn registry() -> MutexGuard<'static, Registry> {
    static HELD: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);
    // Poisoning says nothing here: no panic can leave the set half changed.
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the lock file at `path`.
pub(crate) fn lock(path: &Path) -> Result<DirectoryLock, LockError> {
    let mut held = registry();
    loop {
        let open = || fs::OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = retried(open)?;
        let inode = identity(&file.metadata()?);
        if held.contains(&inode) {
            return Err(holder(&mut file));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(holder(&mut file)),
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
        }
        match fs::metadata(path) {
            Ok(metadata) if identity(&metadata) == inode => {}
            // Between opening and locking, the holder released and removed it: this lock is on a nameless file.
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        }
        let pid = std::process::id();
        retried(|| file.set_len(0))?;
        file.write_all(
            format!("pid {pid}\nhost {}\nsince {}\n", system::host_name(), system::unix_micros()).as_bytes(),
        )?;
        held.insert(inode);
        return Ok(DirectoryLock::new(LockFile { file, path: path.to_owned(), inode, pid }));
    }
}

fn identity(metadata: &fs::Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Who holds the lock, as far as the file tells: it may be read between the holder's locking and writing.
fn holder(file: &mut fs::File) -> LockError {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(1024).read_to_string(&mut text));
    let field = |name: &str| {
        read.as_ref().ok()?;
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
    };
    LockError::Held {
        pid: field("pid").and_then(|pid| pid.parse().ok()).unwrap_or(0),
        host: field("host").unwrap_or_default().to_owned(),
        since: field("since").and_then(|since| since.parse().ok()).unwrap_or(0),
    }
}

#[derive(Debug)]
struct LockFile {
    file: fs::File,
    path: PathBuf,
    inode: (u64, u64),
    /// Who took it; a forked child has another.
    pid: u32,
}

impl Drop for LockFile {
    fn drop(&mut self) {
        if std::process::id() != self.pid {
            // The child shares the parent's open file: unlocking here would release the parent's lock. Neither is
            // the registry's mutex safe to take: another thread of the parent may have held it when it forked.
            return;
        }
        let mut held = registry();
        // Nobody to tell of an error: the file then stays, unlocked, and the next open takes it over.
        if fs::metadata(&self.path).is_ok_and(|metadata| identity(&metadata) == self.inode) {
            let _ = fs::remove_file(&self.path);
        }
        held.remove(&self.inode);
        // Explicitly: should the file have stayed, children that inherited it open would go on holding its lock.
        let _ = self.file.unlock();
    }
}
