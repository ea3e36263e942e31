//! The store that is damaged: small, and with one of everything that a store can hold.

use std::ops::Range;
use std::sync::Arc;

use sutra_format::footer::FooterHeader;
use sutra_format::header::{HEADER_END, HEADER_SIZE, HEADER_SLOTS, Header};
use sutra_format::wal::{FIRST_GROUP, GROUP_ALIGNMENT, SegmentHeader, decode_group};
use sutra_storage::{
    Association, AssociationType, Batch, Concept, ConceptId, ConceptRef, ConcurrentConfig, ConcurrentMemory,
    Durability, Result,
};
use sutra_vfs::Directory;
use sutra_vfs::sim::{Policy, SimDirectory};

use crate::answers::Answers;
use crate::lent::Lender;
use crate::support::{bytes_of, config};

pub(crate) const DATA: &str = "storage.dat";
/// One page of header and one of groups: the shortest segment there is.
const SEGMENT_BYTES: u64 = 8192;
/// Concepts that are learned before the image, in the footers after it, and in the log.
pub(crate) const NAMES: u32 = 60;
const IMAGED: u32 = 36;
const COMMITTED: u32 = 44;

/// A group of the log that no checkpoint covers.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) file: String,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) last: u64,
    pub(crate) durable_through: u64,
}

/// The store as a power cut leaves it, and what it answers.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) disk: SimDirectory,
    /// Name and bytes of each file.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// `storage.dat` at the checkpoint before the last one, which is as long.
    pub(crate) older: Vec<u8>,
    /// Headers and footers: where everything else lies. Every bit of them means something.
    pub(crate) vital: Vec<Range<u64>>,
    /// Maps of the undamaged file.
    pub(crate) lender: Arc<Lender>,
    /// In the order of their sequences.
    pub(crate) groups: Vec<Group>,
    /// What the checkpoint holds, and then what each group has added, as the store told while it was alive.
    pub(crate) answers: Vec<Answers>,
}

pub(crate) fn open(disk: &SimDirectory) -> Result<ConcurrentMemory> {
    open_in(Arc::new(disk.clone()))
}

pub(crate) fn open_in(directory: Arc<dyn Directory>) -> Result<ConcurrentMemory> {
    // A queue for as many as write here: a roomy one takes longer to make than the store to open.
    let config = ConcurrentConfig { queue_capacity: 64, ..config(Durability::Group) };
    ConcurrentMemory::open_adjusted(directory, config, |options| {
        options.wal_segment_bytes = SEGMENT_BYTES;
        options.wal_bytes = 1 << 20;
    })
}

/// The name of a concept: by key, by key in a namespace, or by id.
pub(crate) fn name(number: u32, keys: &[String]) -> ConceptRef<'_> {
    let key = &keys[number as usize];
    match number % 5 {
        1 => ConceptRef::in_namespace("zoo", key),
        2 => ConceptId::from_bytes([number as u8 + 1; 16]).into(),
        _ => key.into(),
    }
}

pub(crate) fn keys() -> Vec<String> {
    (0..NAMES).map(|number| format!("concept {number}")).collect()
}

pub(crate) const KINDS: [&str; 4] = ["causal", "hypernym", "rhymes with", "never used"];

/// What is said of a concept the `round`-th time.
fn learn(memory: &ConcurrentMemory, keys: &[String], number: u32, round: u32) -> u64 {
    let length = if number == 7 { 5000 } else { 40 + number as usize * 37 % 400 };
    let content: String = format!("{number}, said for the {round}th time, ").chars().cycle().take(length).collect();
    let embedding: Vec<f32> = (0..16).map(|at| (number * 16 + at) as f32 / 8.0).collect();
    let metadata = format!(r#"{{"number": {number}, "round": {round}}}"#);
    let mut concept = Concept::new(name(number, keys)).content(&content).strength(0.25).confidence(0.75);
    if number.is_multiple_of(2) {
        concept = concept.embedding(&embedding);
    }
    if number.is_multiple_of(3) {
        concept = concept.metadata(&metadata).created(u64::from(number) + 1);
    }
    memory.learn(&concept).expect("learned")
}

fn associate(memory: &ConcurrentMemory, keys: &[String], from: u32, to: u32) -> u64 {
    let (source, target) = (name(from, keys), name(to, keys));
    // Keys of two namespaces cannot meet by key: the other end is then named by its id.
    let target = ConceptRef::from(target.id().expect("a name"));
    let metadata = format!("[{from}, {to}]");
    let mut association = Association::new(source, target, KINDS[((from + to) % 3) as usize]).confidence(0.5);
    if from.is_multiple_of(2) {
        association = association.weight(to as f32).metadata(&metadata);
    }
    if from.is_multiple_of(3) {
        association = association.created(77).valid(from, 1000 + to);
    }
    memory.associate(&association).expect("associated")
}

/// Whom a concept leads to: some of them are never learned, and stay stubs.
pub(crate) fn targets(number: u32) -> [u32; 2] {
    [(number * 7 + 1) % NAMES, (number + 5) % NAMES]
}

impl Subject {
    pub(crate) fn build() -> Self {
        let disk = SimDirectory::new();
        let keys = keys();
        // Four lives: the first ends with an image, the others leave footers behind it.
        let memory = open(&disk).expect("created");
        for number in 0..IMAGED {
            learn(&memory, &keys, number, 1);
            for target in targets(number) {
                associate(&memory, &keys, number, target);
            }
            if number == IMAGED / 2 {
                memory.flush().expect("flushed");
            }
            if number % 4 == 0 {
                memory.record_access(name(number, &keys)).expect("accessed");
            }
        }
        memory.forget_concept(name(3, &keys)).expect("forgotten");
        memory.close().expect("closed");
        drop(memory);

        let memory = open(&disk).expect("opened");
        for number in IMAGED..COMMITTED {
            learn(&memory, &keys, number, 1);
            associate(&memory, &keys, number, targets(number)[0]);
        }
        change(&memory, &keys, 0);
        memory.flush().expect("flushed");
        let older = bytes_of(&disk.image(Policy::KeepAll)).remove(DATA).expect("the file");
        change(&memory, &keys, 1);
        memory.flush().expect("flushed");

        // What no checkpoint holds: each write that is waited for is a group.
        let mut answers = vec![Answers::read(&memory.snapshot()).expect("readable")];
        let mut group = |sequence: u64| {
            memory.wait_durable(sequence).expect("durable");
            memory.wait_visible(sequence).expect("visible");
            answers.push(Answers::read(&memory.snapshot()).expect("readable"));
        };
        for number in COMMITTED..COMMITTED + 8 {
            group(learn(&memory, &keys, number, 1));
            group(associate(&memory, &keys, number, targets(number)[0]));
        }
        for round in 2..6 {
            let mut batch = Batch::new();
            batch.record_access(name(round, &keys)).update_strength(name(10, &keys), round as f32 / 8.0);
            batch.association(Association::new(name(12, &keys), "a new stub", "rhymes with").weight(1.5));
            batch.concept(Concept::new(name(20 + round, &keys)).content("anew"));
            group(memory.learn_batch(&batch).expect("learned"));
        }
        group(memory.forget_concept(name(20, &keys)).expect("forgotten"));
        group(memory.learn_association("a user's", "own type", "begets", 0.5).expect("learned"));
        group(memory.update_metadata(name(9, &keys), "[9]").expect("updated"));
        let target = ConceptRef::from(name(targets(4)[0], &keys).id().expect("a name"));
        let kind = KINDS[((4 + targets(4)[0]) % 3) as usize];
        group(memory.forget_association(name(4, &keys), target, kind).expect("forgotten"));
        group(memory.record_access(name(12, &keys)).expect("accessed"));
        group(memory.record_access(name(12, &keys)).expect("accessed"));

        let disk = disk.image(Policy::KeepAll);
        let (files, lender) = (bytes_of(&disk).into_iter().collect(), Arc::new(Lender::new(&disk)));
        let mut subject = Self { files, disk, older, vital: vec![], lender, groups: vec![], answers };
        subject.shorten();
        subject.find_footers();
        subject.find_groups();
        subject
    }

    /// Takes away what is only reserved for growth: a flip there shows nothing that another does not.
    fn shorten(&mut self) {
        let end = Header::read(&self.files[0].1).expect("a header").file_end.get();
        assert_eq!(self.files[0].0, DATA);
        self.files[0].1.truncate(end as usize);
        self.older.resize(end as usize, 0);
        let disk = SimDirectory::new();
        for (name, bytes) in &self.files {
            let file = disk.create(name).expect("created");
            file.write_all_at(bytes, 0).expect("written");
            file.sync_data().expect("synced");
        }
        disk.sync().expect("synced");
        self.disk = disk.image(Policy::KeepAll);
        self.lender = Arc::new(Lender::new(&self.disk));
    }

    /// Finds headers and footers by the format alone: a footer begins a page, and its header says how long it is.
    fn find_footers(&mut self) {
        let bytes = self.file(DATA);
        let slots = HEADER_SLOTS.map(|slot| slot..slot + HEADER_SIZE as u64);
        let pages = (HEADER_END as usize..bytes.len()).step_by(4096);
        let footer = |page: usize| Some((page as u64, FooterHeader::read(&bytes[page..]).ok()?.length.get()));
        let footers = pages.filter_map(footer).map(|(start, length)| start..start + length);
        self.vital = slots.into_iter().chain(footers).collect();
        assert!(self.vital.len() >= 6, "two headers, and a footer of each checkpoint");
    }

    /// Reads the log by the format alone, to know where each group lies.
    fn find_groups(&mut self) {
        let covered = self.answers[0].sequence;
        let mut groups = Vec::new();
        for (file, bytes) in &self.files {
            let Ok(header) = SegmentHeader::decode(bytes) else { continue };
            let mut position = FIRST_GROUP;
            while let Ok((group, payload)) = decode_group(&bytes[position as usize..], position) {
                if group.generation != header.generation {
                    break;
                }
                let (start, end) = (position, position + 80 + payload.len() as u64);
                if group.last.get() > covered {
                    let (last, durable_through) = (group.last.get(), group.durable_through.get());
                    groups.push(Group { file: file.clone(), start, end, last, durable_through });
                }
                position = end.next_multiple_of(GROUP_ALIGNMENT as u64);
            }
        }
        groups.sort_by_key(|group| group.last);
        let told: Vec<_> = self.answers.iter().skip(1).map(|answers| answers.sequence).collect();
        assert_eq!(groups.iter().map(|group| group.last).collect::<Vec<_>>(), told, "one group for each write");
        self.groups = groups;
    }

    pub(crate) fn file(&self, name: &str) -> &[u8] {
        self.files.iter().find(|(file, _)| file == name).map(|(_, bytes)| &**bytes).expect("it is there")
    }

    /// The names of the log's segments.
    pub(crate) fn log(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(name, _)| &**name).filter(|name| *name != DATA)
    }

    pub(crate) fn whole(&self) -> &Answers {
        self.answers.last().expect("there is one")
    }
}

/// Writes of all other kinds, which a footer then holds.
fn change(memory: &ConcurrentMemory, keys: &[String], round: u32) {
    for number in (round..IMAGED).step_by(6) {
        memory.record_access(name(number, keys)).expect("accessed");
    }
    learn(memory, keys, 14 + round, 2);
    associate(memory, keys, 14 + round, targets(14 + round)[0]);
    memory.update_strength(name(15, keys), 0.5).expect("updated");
    memory.update_metadata(name(16, keys), r#"{"changed": true}"#).expect("updated");
    memory.forget_concept(name(21 + round, keys)).expect("forgotten");
    let other = ConceptRef::from(name(targets(18 + round)[1], keys).id().expect("a name"));
    let kind = KINDS[((18 + round + targets(18 + round)[1]) % 3) as usize];
    memory.forget_association(name(18 + round, keys), other, kind).expect("forgotten");
    memory.learn_association("hub", "a stub", AssociationType::SEMANTIC, 1.0).expect("learned");
}
