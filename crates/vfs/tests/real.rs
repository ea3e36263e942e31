//! The operating system's directory keeps what the traits promise.

use std::io::ErrorKind;

use sutra_vfs::{Directory, File, RealDirectory};

fn directory() -> (tempfile::TempDir, RealDirectory) {
    let temporary = tempfile::tempdir().expect("a temporary directory");
    let directory = RealDirectory::open(temporary.path()).expect("it exists");
    (temporary, directory)
}

fn contents(file: &dyn File) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(file.len().expect("length")).expect("small")];
    file.read_exact_at(&mut bytes, 0).expect("read");
    bytes
}

#[test]
fn opening_makes_the_directory_and_its_parents() {
    let (temporary, _) = directory();
    let path = temporary.path().join("a/b/c");
    let opened = RealDirectory::open(&path).expect("made");
    assert_eq!(opened.path(), path.canonicalize().expect("it is there"));
    RealDirectory::open(&path).expect("again");
    opened.create("file").expect("free");
    let error = RealDirectory::open(path.join("file")).expect_err("a file is no directory");
    assert_eq!(error.kind(), ErrorKind::NotADirectory);
}

#[test]
fn names_are_created_renamed_removed_and_listed() {
    let (_temporary, directory) = directory();
    assert!(directory.open("a").expect("no error").is_none());
    let file = directory.create("b").expect("free");
    file.write_all_at(b"b", 0).expect("written");
    assert_eq!(directory.create("b").expect_err("taken").kind(), ErrorKind::AlreadyExists);
    directory.create("a").expect("free");
    assert_eq!(directory.list().expect("listed"), ["a", "b"]);
    directory.rename("b", "a").expect("replaces");
    directory.sync().expect("synced");
    assert_eq!(directory.list().expect("listed"), ["a"]);
    assert_eq!(contents(&*directory.open("a").expect("no error").expect("there")), b"b");
    assert_eq!(directory.rename("b", "c").expect_err("gone").kind(), ErrorKind::NotFound);
    directory.remove("a").expect("there");
    assert_eq!(directory.remove("a").expect_err("gone").kind(), ErrorKind::NotFound);
    assert_eq!(contents(&*file), b"b", "an open file outlives its name");
}

#[test]
fn no_name_leads_out_of_the_directory() {
    let (_temporary, directory) = directory();
    directory.create("a").expect("free");
    for name in ["", ".", "..", "../a", "/a", "b/a"] {
        assert_eq!(directory.open(name).expect_err(name).kind(), ErrorKind::InvalidInput);
        assert_eq!(directory.create(name).expect_err(name).kind(), ErrorKind::InvalidInput);
        assert_eq!(directory.remove(name).expect_err(name).kind(), ErrorKind::InvalidInput);
        assert_eq!(directory.rename("a", name).expect_err(name).kind(), ErrorKind::InvalidInput);
        assert_eq!(directory.rename(name, "a").expect_err(name).kind(), ErrorKind::InvalidInput);
        assert!(directory.lock(name).is_err());
    }
}

#[test]
fn files_grow_and_are_never_shortened_by_growing() {
    let (_temporary, directory) = directory();
    let file = directory.create("a").expect("free");
    assert!(file.is_empty().expect("length"));
    file.write_all_at(b"xyz", 10_000).expect("written");
    assert_eq!(file.len().expect("length"), 10_003);
    for len in [0, 1, 10_003] {
        file.reserve(len).expect("reserved");
        file.allocate(len).expect("allocated");
        assert_eq!(file.len().expect("length"), 10_003);
    }
    file.reserve(20_000).expect("reserved");
    assert_eq!(file.len().expect("length"), 20_000);
    file.allocate(30_000).expect("allocated");
    assert_eq!(file.len().expect("length"), 30_000);
    let bytes = contents(&*file);
    assert_eq!(&bytes[10_000..10_003], b"xyz");
    assert!(bytes[..10_000].iter().chain(&bytes[10_003..]).all(|byte| *byte == 0));
    file.truncate(10_001).expect("cut");
    file.sync_data().expect("synced");
    assert_eq!(contents(&*file)[10_000..], *b"x");
}

#[test]
fn growing_beside_writes_loses_none() {
    let (_temporary, directory) = directory();
    let file = directory.create("a").expect("free");
    std::thread::scope(|scope| {
        scope.spawn(|| (0..2000_u64).for_each(|turn| file.reserve(turn * 8).expect("reserved")));
        for turn in 0..2000_u64 {
            file.write_all_at(&[1; 16], turn * 16).expect("written");
        }
    });
    assert_eq!(contents(&*file), vec![1; 32_000]);
}

#[cfg(target_os = "linux")]
#[test]
fn allocated_space_is_backed_by_blocks() {
    use std::os::unix::fs::MetadataExt;
    let (temporary, directory) = directory();
    directory.create("sparse").expect("free").reserve(1 << 20).expect("reserved");
    directory.create("backed").expect("free").allocate(1 << 20).expect("allocated");
    let blocks = |name| std::fs::metadata(temporary.path().join(name)).expect("there").blocks() * 512;
    assert_eq!(blocks("sparse"), 0);
    assert!(blocks("backed") >= 1 << 20);
}

#[test]
fn reading_beyond_the_end_is_an_error() {
    let (_temporary, directory) = directory();
    let file = directory.create("a").expect("free");
    file.write_all_at(b"abc", 0).expect("written");
    let mut bytes = [0; 4];
    assert_eq!(file.read_exact_at(&mut bytes, 0).expect_err("too long").kind(), ErrorKind::UnexpectedEof);
    assert_eq!(file.read_exact_at(&mut bytes, 9).expect_err("beyond").kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn maps_show_the_file_and_outlive_it() {
    let (_temporary, directory) = directory();
    let file = directory.create("a").expect("free");
    file.write_all_at(&[1; 4096], 0).expect("written");
    file.write_all_at(&[2; 5000], 4096).expect("written");
    let whole = file.map(0, 9096).expect("within");
    let tail = file.map(4096, 5000).expect("within");
    whole.populate();
    directory.remove("a").expect("there");
    drop(file);
    let clone = tail.clone();
    drop(tail);
    assert!(whole[..4096].iter().all(|byte| *byte == 1));
    assert_eq!(whole[4096..], clone[..]);
    assert!(clone.iter().all(|byte| *byte == 2));
    assert_eq!(clone.as_ptr().addr() % 4096, 0);
}

#[test]
fn maps_beyond_the_end_are_errors_and_not_faults() {
    let (_temporary, directory) = directory();
    let file = directory.create("a").expect("free");
    file.reserve(8192).expect("reserved");
    for (offset, len) in [(0, 8193), (4096, 4097), (8192, 1), (12_288, 0), (0, usize::MAX)] {
        assert_eq!(file.map(offset, len).expect_err("beyond").kind(), ErrorKind::UnexpectedEof);
        assert_eq!(file.map_private(offset, len).expect_err("beyond").kind(), ErrorKind::UnexpectedEof);
    }
    assert_eq!(file.map(1, 10).expect_err("misaligned").kind(), ErrorKind::InvalidInput);
    assert_eq!(file.map(u64::MAX - 4095, 4096).expect_err("beyond").kind(), ErrorKind::UnexpectedEof);
    assert!(file.map(8192, 0).expect("empty").is_empty());
    assert!(file.map_private(8192, 0).expect("empty").is_empty());
}

#[test]
fn private_maps_do_not_reach_the_file() {
    let (_temporary, directory) = directory();
    let file = directory.create("a").expect("free");
    file.write_all_at(b"abcd", 0).expect("written");
    let map = file.map_private(0, 4).expect("within");
    // SAFETY: four bytes are mapped, and nothing else uses this map.
    unsafe {
        map.as_mut_ptr().write(b'X');
        assert_eq!(std::slice::from_raw_parts(map.as_ptr(), map.len()), b"Xbcd");
    }
    assert_eq!(contents(&*file), b"abcd");
}
