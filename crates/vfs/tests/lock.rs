//! One holder at a time: within the process, through other paths, across processes, and after one of them died.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use sutra_vfs::{Directory, LockError, RealDirectory};

const NAME: &str = "store.lock";
const CHILD: &str = "SUTRA_VFS_TEST_LOCK";
const TURNS: &str = "SUTRA_VFS_TEST_LOCK_TURNS";

fn open(path: &std::path::Path) -> RealDirectory {
    RealDirectory::open(path).expect("it exists")
}

fn held(directory: &RealDirectory) -> (u32, String, u64) {
    match directory.lock(NAME) {
        Err(LockError::Held { pid, host, since }) => (pid, host, since),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_second_open_in_the_same_process_is_refused() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let lock = open(temporary.path()).lock(NAME).expect("free");
    let (pid, host, since) = held(&open(temporary.path()));
    assert_eq!(pid, std::process::id());
    assert!(!host.is_empty());
    assert!(since > 1_700_000_000_000_000, "microseconds of this century: {since}");

    let link = temporary.path().join("link");
    std::os::unix::fs::symlink(temporary.path(), &link).expect("linked");
    assert_eq!(held(&open(&link)).0, std::process::id());

    // The lock file itself may be reached by another name.
    std::fs::hard_link(temporary.path().join(NAME), temporary.path().join("other")).expect("linked");
    assert!(matches!(open(temporary.path()).lock("other"), Err(LockError::Held { .. })));

    drop(lock);
    let _again = open(&link).lock(NAME).expect("released");
}

#[test]
fn a_released_lock_leaves_no_file() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let directory = open(temporary.path());
    for _ in 0..3 {
        let lock = directory.lock(NAME).expect("free");
        assert_eq!(directory.list().expect("listed"), [NAME]);
        drop(lock);
        assert!(directory.list().expect("listed").is_empty());
    }
}

#[test]
fn a_replaced_lock_file_is_not_removed() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let directory = open(temporary.path());
    let lock = directory.lock(NAME).expect("free");
    // Somebody cleaned up by hand, and somebody else took the lock.
    directory.remove(NAME).expect("there");
    let second = directory.lock(NAME).expect("another inode");
    drop(lock);
    assert_eq!(directory.list().expect("listed"), [NAME], "the second one's file stays");
    assert!(matches!(directory.lock(NAME), Err(LockError::Held { .. })));
    drop(second);
}

/// Not a test: what the child of the tests below does.
#[test]
fn child() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let directory = open(path.as_ref());
    if std::env::var_os(TURNS).is_some() {
        return take_turns(&directory);
    }
    match directory.lock(NAME) {
        Ok(_lock) => {
            println!("\nlocked");
            std::io::stdout().flush().expect("the parent reads");
            // Until the parent closes the pipe.
            std::io::stdin().lines().for_each(drop);
        }
        Err(error) => println!("\nrefused {error}"),
    }
}

/// The child, what it says from then on (kept: it must not write to a closed pipe), and how it went.
fn spawn(path: &std::path::Path) -> (Child, Lines<BufReader<ChildStdout>>, String) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--nocapture", "--test-threads=1"])
        .env(CHILD, path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut output = BufReader::new(child.stdout.take().expect("piped")).lines();
    let line = output
        .by_ref()
        .map(|line| line.expect("text"))
        .find(|line| line.starts_with("locked") || line.starts_with("refused"))
        .expect("the child says how it went");
    (child, output, line)
}

#[test]
fn another_process_is_refused_and_named() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let directory = open(temporary.path());
    let (mut child, _output, line) = spawn(temporary.path());
    assert_eq!(line, "locked");
    assert_eq!(held(&directory).0, child.id());
    drop(child.stdin.take());
    child.wait().expect("ended");

    let _lock = directory.lock(NAME).expect("released by the child");
    let (mut second, _second_output, line) = spawn(temporary.path());
    assert!(line.contains(&format!("process {}", std::process::id())), "{line}");
    second.wait().expect("ended");
}

#[test]
fn a_killed_holder_holds_nothing() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let directory = open(temporary.path());
    let (mut child, _output, line) = spawn(temporary.path());
    assert_eq!(line, "locked");
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(directory.list().expect("listed"), [NAME], "its file stays");
    let lock = directory.lock(NAME).expect("but is not locked");
    assert_eq!(held(&directory).0, std::process::id());
    drop(lock);
    assert!(directory.list().expect("listed").is_empty());
}

/// Takes and releases the lock many times, and looks each time whether it is alone.
fn take_turns(directory: &RealDirectory) {
    for _ in 0..300 {
        let lock = loop {
            match directory.lock(NAME) {
                Ok(lock) => break lock,
                Err(LockError::Held { .. }) => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        };
        directory.create("inside").expect("nobody else is inside");
        directory.remove("inside").expect("nobody else removes it");
        drop(lock);
    }
}

/// The file is removed at each release while others are about to lock it: who locks a removed one must start over.
#[test]
fn processes_that_take_turns_are_never_inside_together() {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let spawn = || {
        Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "child", "--test-threads=1"])
            .env(CHILD, temporary.path())
            .env(TURNS, "1")
            .stdout(Stdio::null())
            .spawn()
            .expect("started")
    };
    let children: Vec<Child> = (0..3).map(|_| spawn()).collect();
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
    assert!(open(temporary.path()).list().expect("listed").is_empty());
}
