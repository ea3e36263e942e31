//! Files that are gone.

use sutra_storage::Error;
use sutra_vfs::Directory;
use sutra_vfs::sim::{Policy, SimDirectory};

use crate::SUBJECT;
use crate::answers::Answers;
use crate::subject::{DATA, open};
use crate::support::bytes_of;
use crate::support::tier::checked;

fn without(names: &[&str]) -> SimDirectory {
    let disk = SUBJECT.disk.image(Policy::KeepAll);
    names.iter().for_each(|name| disk.remove(name).expect("removed"));
    disk.sync().expect("synced");
    disk
}

#[test]
fn storage_dat_is_gone_and_the_log_is_left() {
    let log: Vec<_> = SUBJECT.log().collect();
    for kept in 1..=log.len() {
        let disk = without(&[&[DATA], &log[kept..]].concat());
        let before = bytes_of(&disk);
        let refused = open(&disk);
        assert!(matches!(refused, Err(Error::NotOurs { .. })), "{refused:?}");
        assert!(bytes_of(&disk) == before, "no fresh store is begun, and the log stays");
    }
    checked(log.len() as u64, "stores without storage.dat");
}

/// Any of the segments. Without the last ones the log ends earlier: a segment that is not there cannot be told from one that
/// was never made. Otherwise something says that more was durable.
#[test]
fn segments_of_the_log_are_gone() {
    let log: Vec<_> = SUBJECT.log().collect();
    for which in 1..1_u32 << log.len() {
        let gone: Vec<_> = (0..log.len()).filter(|at| which >> at & 1 == 1).map(|at| log[at]).collect();
        let disk = without(&gone);
        let before = bytes_of(&disk);
        let left = SUBJECT.groups.iter().position(|group| gone.contains(&&*group.file)).expect("it held groups");
        let is_end = SUBJECT.groups[left..].iter().all(|group| gone.contains(&&*group.file));
        match open(&disk) {
            Ok(memory) => {
                assert!(is_end, "{gone:?} are gone, and later ones are there");
                let answers = Answers::read(&memory.snapshot()).expect("readable");
                assert!(answers == SUBJECT.answers[left], "{gone:?}: neither more nor less than is left");
            }
            Err(Error::Corrupt { .. }) => assert!(bytes_of(&disk) == before, "{gone:?}: the files have changed"),
            Err(error) => panic!("{gone:?}: {error:?}"),
        }
    }
    checked((1 << log.len()) - 1, "logs without some of their segments");
}
