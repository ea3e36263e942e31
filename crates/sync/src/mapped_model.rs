//! Atomics and plain places in laid out memory, under loom: each address that is touched gets a shadow.
//!
//! The bytes stay where they are and hold what was written last. Beside them, found by address, stands a loom cell, which
//! knows who read and wrote the place plainly, and, where the place is used as an atomic, a loom atomic, which decides
//! what an atomic load may see. So loom reports
//! - a plain access and any other access to the same place, one of them a write, that nothing orders;
//! - hence also memory that was given away while somebody could still read it: the new owner's write is such an access;
//! - any access to memory after [`free`]. The bytes are kept to the end of the run, so that this is a report, not a crash.
//!
//! A model prepares its memory first, unobserved, and then says [`observe`], before it starts threads: to a fresh shadow
//! everything before that is ordered. A shadow that is only made when a thread comes to its place would count as written
//! by that thread then, a race that is none; so a pool of them is made at once and given out address by address. Atomics
//! of the pool are zero and hold the difference to what the bytes held when the shadow was given out.
//!
//! What it does not see: a plain access that the code does not announce, and values read through a slice later than it was
//! made. Plain reads give what the bytes hold now, never an older value, which is enough: where that could matter the
//! access is a race and the run ends.

use loom::cell::UnsafeCell;
use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::atomic::Ordering;

thread_local! {
    // loom runs all threads of a model on one thread of the system.
    static MEMORY: RefCell<Option<Memory>> = const { RefCell::new(None) };
}

/// The shadows of one run.
#[derive(Default)]
struct Memory {
    places: BTreeMap<usize, Place>,
    unused_places: Vec<UnsafeCell<()>>,
    unused_words: Vec<loom::sync::atomic::AtomicU64>,
    /// Ranges that were filled, each with one cell for all of it.
    regions: Vec<(Range<usize>, UnsafeCell<()>)>,
    freed: Vec<Range<usize>>,
    /// What owns the freed ranges.
    kept: Vec<Box<dyn Any>>,
}

struct Place {
    access: UnsafeCell<()>,
    /// Made when the place is first used as an atomic, and again after each plain write.
    word: Option<Rc<Word>>,
}

/// An atomic: what it held when it was made, and how it differs from that.
struct Word {
    initial: u64,
    change: loom::sync::atomic::AtomicU64,
}

/// From here on what happens in memory is modelled, at up to so many places. To be called in the model's first thread
/// before it starts others.
pub fn observe(places: usize) {
    let memory = Memory {
        unused_places: (0..places).map(|_| UnsafeCell::new(())).collect(),
        unused_words: (0..places).map(|_| loom::sync::atomic::AtomicU64::new(0)).collect(),
        ..Memory::default()
    };
    MEMORY.set(Some(memory));
}

/// Forgets what was observed and drops what was kept: a run begins, or the model's other threads have ended.
pub fn forget() {
    drop(MEMORY.take());
}

impl Memory {
    fn place(&mut self, address: usize) -> &mut Place {
        if let Some(range) = self.freed.iter().find(|range| range.contains(&address)) {
            panic!("memory is used after it was freed: byte {} of {}", address - range.start, range.len());
        }
        for (_, access) in self.regions.iter().filter(|(range, _)| range.contains(&address)) {
            access.with(|_| ());
        }
        let unused = &mut self.unused_places;
        self.places.entry(address).or_insert_with(|| Place { access: unused_cell(unused), word: None })
    }

    fn fill(&mut self, range: Range<usize>) {
        self.places.range_mut(range.clone()).for_each(|(_, place)| place.write());
        self.regions.retain(|(old, _)| old.end <= range.start || range.end <= old.start);
        let access = unused_cell(&mut self.unused_places);
        access.with_mut(|_| ());
        self.regions.push((range, access));
    }

    /// All places of a range, the first byte's among them in any case.
    fn places(&mut self, start: usize, bytes: usize) -> impl Iterator<Item = &mut Place> {
        self.place(start);
        self.places.range_mut(start..start + bytes.max(1)).map(|(_, place)| place)
    }
}

fn unused_cell(unused: &mut Vec<UnsafeCell<()>>) -> UnsafeCell<()> {
    unused.pop().expect("the model touches more places than it reserved")
}

impl Place {
    fn read(&self) {
        // Also what lets loom tell this access from earlier ones of the thread.
        self.access.with(|_| ());
        if let Some(word) = &self.word {
            #[allow(unsafe_code)]
            // SAFETY: loom checks the access, which is all that is wanted.
            unsafe {
                word.change.unsync_load();
            }
        }
    }

    fn write(&mut self) {
        // An exclusive access. Every access to the word is one to the cell too, so the word has no user left.
        self.access.with_mut(|_| ());
        self.word = None;
    }
}

/// Runs something on the shadows, if this is a model that observes.
fn shadow<R>(look: impl FnOnce(&mut Memory) -> R) -> Option<R> {
    MEMORY.with_borrow_mut(|memory| memory.as_mut().map(look))
}

/// The atomic at an address, which holds `value` if it was not known before. Not used under the borrow of [`MEMORY`], since
/// loom may turn to another thread at each use.
fn word<T>(at: *const T, value: u64) -> Option<Rc<Word>> {
    shadow(|memory| {
        let place = memory.place(at.addr());
        place.access.with(|_| ());
        if let Some(word) = &place.word {
            return word.clone();
        }
        let change = memory.unused_words.pop().expect("the model uses more atomics than it reserved");
        let word = Rc::new(Word { initial: value, change });
        memory.place(at.addr()).word = Some(word.clone());
        word
    })
}

impl Word {
    fn load(&self, order: Ordering) -> u64 {
        self.change.load(order) ^ self.initial
    }

    fn store(&self, value: u64, order: Ordering) {
        self.change.store(value ^ self.initial, order);
    }

    fn swap(&self, value: u64, order: Ordering) -> u64 {
        self.change.swap(value ^ self.initial, order) ^ self.initial
    }

    /// `last` is what was stored last, most likely: so this is one step as a rule.
    fn fetch_or(&self, bits: u64, order: Ordering, last: u64) -> u64 {
        let with = |change: u64| ((change ^ self.initial) | bits) ^ self.initial;
        let mut before = last ^ self.initial;
        while let Err(now) = self.change.compare_exchange(before, with(before), order, Ordering::Relaxed) {
            before = now;
        }
        before ^ self.initial
    }
}

/// Says that the caller reads the plain bytes of a range that was written at once, such as a record.
pub fn reads_bytes(start: *const u8, bytes: usize) {
    shadow(|memory| memory.places(start.addr(), bytes).for_each(|place| place.read()));
}

/// Says that the caller reads so many plain values, each of which was written on its own.
pub fn reads_column<T>(first: *const T, count: usize) {
    shadow(|memory| (0..count).for_each(|index| memory.place(first.wrapping_add(index).addr()).read()));
}

/// Says that the caller writes the plain bytes of a range.
pub fn writes(start: *const u8, bytes: usize) {
    shadow(|memory| memory.places(start.addr(), bytes).for_each(Place::write));
}

/// Says that the caller has filled a range of bytes that nobody else has come upon yet, plain values and atomics alike:
/// every access to any of them must be ordered after this.
pub fn fresh(start: *const u8, bytes: usize) {
    shadow(|memory| memory.fill(start.addr()..start.addr() + bytes));
}

/// Takes what owns a range of bytes out of use: an exclusive access to all of them, and none may follow.
pub fn free<M: 'static>(owner: M, start: *const u8, bytes: usize) {
    let mut owner = Some(owner);
    shadow(|memory| {
        let range = start.addr()..start.addr() + bytes;
        memory.places.range_mut(range.clone()).for_each(|(_, place)| place.write());
        memory.freed.push(range);
        memory.kept.extend(owner.take().map(|owner| Box::new(owner) as Box<dyn Any>));
    });
}

macro_rules! atomic {
    ($(#[$text:meta])* $name:ident, $std:ty, $value:ty, [$($generic:tt)*], $to:expr, $from:expr) => {
        $(#[$text])*
        #[derive(Debug)]
        #[repr(transparent)]
        pub struct $name<$($generic)*> {
            raw: $std,
        }

        impl<$($generic)*> $name<$($generic)*> {
            /// An atomic that holds `value`.
            pub const fn new(value: $value) -> Self {
                Self { raw: <$std>::new(value) }
            }

            fn word(&self) -> Option<Rc<Word>> {
                word(std::ptr::from_ref(self), $to(self.raw.load(Ordering::Relaxed)))
            }

            /// As in `std`.
            pub fn load(&self, order: Ordering) -> $value {
                match self.word() {
                    Some(word) => $from(word.load(order)),
                    None => self.raw.load(order),
                }
            }

            /// As in `std`.
            pub fn store(&self, value: $value, order: Ordering) {
                if let Some(word) = self.word() {
                    word.store($to(value), order);
                }
                self.raw.store(value, Ordering::Relaxed);
            }

            /// As in `std`.
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                let before = self.word().map(|word| $from(word.swap($to(value), order)));
                let raw = self.raw.swap(value, Ordering::Relaxed);
                before.unwrap_or(raw)
            }

            /// As in `std`: an access that excludes all others, here those to a place that is known.
            pub fn get_mut(&mut self) -> &mut $value {
                let address = std::ptr::from_mut(self).addr();
                shadow(|memory| memory.places.get_mut(&address).map(Place::write));
                self.raw.get_mut()
            }
        }
    };
}

atomic!(
    /// A byte.
    AtomicU8, std::sync::atomic::AtomicU8, u8, [], u64::from, (|value: u64| value as u8)
);
atomic!(
    /// Half a word.
    AtomicU32, std::sync::atomic::AtomicU32, u32, [], u64::from, (|value: u64| value as u32)
);
atomic!(
    /// A word.
    AtomicU64, std::sync::atomic::AtomicU64, u64, [], (|value| value), (|value| value)
);
atomic!(
    /// A pointer.
    AtomicPtr, std::sync::atomic::AtomicPtr<T>, *mut T, [T],
    (|value: *mut T| value.expose_provenance() as u64),
    (|value: u64| std::ptr::with_exposed_provenance_mut(value as usize))
);

impl AtomicU8 {
    /// As in `std`.
    pub fn fetch_or(&self, bits: u8, order: Ordering) -> u8 {
        let last = self.raw.load(Ordering::Relaxed);
        let before = self.word().map(|word| word.fetch_or(bits.into(), order, last.into()) as u8);
        let raw = self.raw.fetch_or(bits, Ordering::Relaxed);
        before.unwrap_or(raw)
    }
}
