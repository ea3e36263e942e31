//! A forked child knows that it is one, and leaves its parent's lock alone. One test only: the process forks.

use sutra_vfs::{Directory, LockError, RealDirectory, forks, watch_fork};

#[test]
fn a_forked_child_knows_and_releases_nothing() {
    watch_fork().expect("installed");
    watch_fork().expect("once is enough");
    assert_eq!(forks(), 0);
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let directory = RealDirectory::open(temporary.path()).expect("it exists");
    let lock = directory.lock("store.lock").expect("free");

    // SAFETY: the child only drops the lock (which looks at its process id and closes a descriptor), loads an atomic
    // and leaves by `_exit`: nothing that another thread of the parent may have left locked.
    let child = unsafe { libc::fork() };
    if child == 0 {
        drop(lock);
        let code = if forks() == 1 { 7 } else { 8 };
        // SAFETY: ends the child at once, without the handlers of the test program.
        unsafe { libc::_exit(code) };
    }
    assert!(child > 0);
    let mut status = 0;
    // SAFETY: `status` is a valid place for the result, and `child` is a child of this process not yet waited for.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status));
    assert_eq!(libc::WEXITSTATUS(status), 7);

    assert_eq!(forks(), 0, "the parent is no child");
    assert_eq!(directory.list().expect("listed"), ["store.lock"]);
    assert!(matches!(directory.lock("store.lock"), Err(LockError::Held { .. })));

    // A child that lives on with what it inherited must not keep the lock.
    let mut pipe = [0; 2];
    // SAFETY: `pipe` is a valid place for two descriptors.
    assert_eq!(unsafe { libc::pipe(pipe.as_mut_ptr()) }, 0);
    // SAFETY: as above: the child only reads from a pipe, until the parent closes it, and leaves.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let mut byte = 0_u8;
        // SAFETY: both descriptors are the child's own, and `byte` is a valid place for one byte.
        unsafe {
            libc::close(pipe[1]);
            libc::read(pipe[0], (&raw mut byte).cast(), 1);
            libc::_exit(0);
        }
    }
    assert!(child > 0);
    drop(lock);
    let again = directory.lock("store.lock");
    // SAFETY: the descriptor is open, and nothing else uses it; the child is not yet waited for.
    unsafe {
        libc::close(pipe[1]);
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
    }
    let _again = again.expect("released while the child lived");
}
