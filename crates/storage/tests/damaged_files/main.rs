//! Files that are not as they were left: each is a typed error, or is read around; the files stay as they are, byte for
//! byte, when the store does not open. Never a panic, never a wrong answer, never a fresh start.

#[path = "../support/mod.rs"]
mod support;

mod data_file;
mod log_files;

use std::collections::BTreeMap;

use sutra_storage::{Association, Concept, ConcurrentMemory, Durability, Error, Sequence, Snapshot};
use sutra_vfs::Directory;
use sutra_vfs::sim::{Policy, SimDirectory};

use support::{bytes_of, open};

type Files = BTreeMap<String, Vec<u8>>;

/// How many concepts the store has, each with an embedding, metadata, and an association to the next two.
const CONCEPTS: usize = 150;

fn name(number: usize) -> String {
    format!("concept {number}")
}

fn content(number: usize) -> String {
    format!("what is known of {number} ").repeat(1 + number % 7)
}

fn learn(memory: &ConcurrentMemory, number: usize) -> Sequence {
    let (name, content, metadata) = (name(number), content(number), format!("[{number}]"));
    let embedding = [number as f32, 1.0, -1.0];
    let concept = Concept::new(&name).content(&content).embedding(&embedding);
    memory.learn(&concept.metadata(&metadata).created(number as u64)).unwrap();
    let associate = |next| {
        let target = self::name((number + next) % CONCEPTS);
        memory.associate(&Association::new(&name, &target, "leads to").weight(number as f32)).unwrap()
    };
    associate(1);
    associate(2)
}

/// A store with two checkpoints, and in its log a part that none covers.
fn killed() -> SimDirectory {
    let disk = SimDirectory::new();
    let memory = open(&disk, Durability::Group).unwrap();
    for number in 0..CONCEPTS {
        let sequence = learn(&memory, number);
        if number == 60 || number == 110 {
            memory.flush().unwrap();
        } else if number > 110 {
            memory.wait_durable(sequence).unwrap();
        }
    }
    let sequence = memory.record_access(&name(7)).unwrap();
    memory.wait_durable(sequence).unwrap();
    disk.image(Policy::DropAll)
}

/// The same store, closed in order: one file, with an image.
fn closed() -> SimDirectory {
    let disk = killed();
    open(&disk, Durability::Group).unwrap().close().unwrap();
    assert_eq!(disk.list().unwrap(), ["storage.dat"]);
    disk
}

/// A disk with these files, all of them durable.
fn disk_of(files: &Files) -> SimDirectory {
    let disk = SimDirectory::new();
    for (name, bytes) in files {
        let file = disk.create(name).unwrap();
        file.reserve(bytes.len() as u64).unwrap();
        for (index, page) in bytes.chunks(4096).enumerate() {
            if page.iter().any(|byte| *byte != 0) {
                file.write_all_at(page, index as u64 * 4096).unwrap();
            }
        }
        file.sync_data().unwrap();
    }
    disk.sync().unwrap();
    disk
}

/// What reading everything gave.
#[derive(Debug, Default, PartialEq, Eq)]
struct Read {
    right: usize,
    damaged: usize,
}

impl Read {
    fn note<T>(&mut self, outcome: Result<T, Error>) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.right += 1;
                Some(value)
            }
            Err(Error::Corrupt { .. }) => {
                self.damaged += 1;
                None
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Reads everything. Each answer is right or says that bytes are damaged.
fn read_all(snapshot: &Snapshot, concepts: usize) -> Read {
    let mut read = Read::default();
    for number in 0..concepts {
        let name = name(number);
        if let Some(found) = read.note(snapshot.query_concept(&name)) {
            let found = found.expect("it was learned");
            assert_eq!(found.created(), number as u64);
            read.note(found.content()).inspect(|found| assert_eq!(*found, content(number).as_bytes()));
            read.note(found.embedding()).inspect(|found| assert_eq!(found.unwrap()[0], number as f32));
            read.note(found.metadata()).inspect(|found| assert_eq!(*found, Some(&*format!("[{number}]"))));
            read.note(found.key()).inspect(|found| assert_eq!(*found, Some(&*name)));
            read.note(found.access_count());
        }
        if let Some(neighbors) = read.note(snapshot.neighbors(&name)) {
            assert_eq!(neighbors.len(), 2, "{name}");
            for neighbor in neighbors.iter() {
                assert_eq!(neighbor.type_name(), "leads to");
                read.note(neighbor.id());
                read.note(neighbor.association()).inspect(|found| assert_eq!(found.weight(), number as f32));
            }
        }
        let target = self::name((number + 1) % CONCEPTS);
        read.note(snapshot.association(&name, &target, "leads to")).inspect(|found| assert!(found.is_some()));
    }
    for concept in snapshot.concepts() {
        read.note(concept);
    }
    for association in snapshot.associations() {
        read.note(association);
    }
    let last = name(concepts - 1);
    read.note(snapshot.find_path("concept 0", &last, 1000)).inspect(|path| assert!(path.is_some()));
    read
}

/// Opens a disk that must not open, and looks that nothing was done to it.
fn refuses(disk: &SimDirectory, what: &str) -> Error {
    let before = bytes_of(disk);
    let Err(error) = open(disk, Durability::Group) else { panic!("{what}: it opens") };
    assert!(bytes_of(disk) == before, "{what}: the files have changed");
    assert!(!error.to_string().is_empty());
    error
}

/// Opens a disk that may or may not open. If it does, every answer is right or an error, and it writes on.
fn opens_or_refuses(disk: &SimDirectory, what: &str) -> Option<Read> {
    let before = bytes_of(disk);
    match open(disk, Durability::Group) {
        Ok(memory) => {
            assert!(!memory.recovery().created, "{what}: a fresh start");
            let read = read_all(&memory.snapshot(), CONCEPTS);
            Some(read)
        }
        Err(error) => {
            assert!(matches!(error, Error::Corrupt { .. } | Error::NotOurs { .. }), "{what}: {error:?}");
            assert!(bytes_of(disk) == before, "{what}: the files have changed");
            None
        }
    }
}
