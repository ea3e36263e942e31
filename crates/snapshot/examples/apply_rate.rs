//! Measures one thread that applies, publishes and reads: nanoseconds for each operation.
//!
//! `cargo run --release -p sutra-snapshot --example apply_rate [concepts] [associations] [single]`
//! `single` applies entry by entry instead of by groups.

use std::hint::black_box;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use sutra_format::entry::{Entry, EntryWriter, LearnAssociation, LearnConcept, Op};
use sutra_format::{AssociationType, ConceptId};
use sutra_snapshot::{Side, Writer};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}

fn id(number: u64) -> ConceptId {
    let mut random = Random(number);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&random.next().to_le_bytes());
    bytes[8..].copy_from_slice(&random.next().to_le_bytes());
    ConceptId::from_bytes(bytes)
}

fn concept(number: u64) -> Entry {
    let content = [number as u8; 100];
    EntryWriter::single(
        number,
        &Op::LearnConcept(LearnConcept {
            id: id(number),
            namespace: 0,
            key: b"",
            content: &content,
            vector: None,
            metadata: None,
            strength: 1.0,
            confidence: 0.5,
            created: None,
        }),
    )
}

fn association(random: &mut Random, concepts: u64) -> Entry {
    EntryWriter::single(
        1,
        &Op::LearnAssociation(LearnAssociation {
            source: id(random.below(concepts)),
            target: id(random.below(concepts)),
            kind: AssociationType(0),
            confidence: 0.5,
            weight: None,
            created: None,
            validity: None,
            metadata: None,
            namespace: 0,
            source_key: b"",
            target_key: b"",
        }),
    )
}

/// What groups cost.
#[derive(Clone, Default)]
struct Cost {
    single: bool,
    apply: Duration,
    publish: Duration,
    worst: Duration,
    ops: u64,
}

impl Cost {
    fn group(&mut self, writer: &mut Writer, sequence: &mut u64, entries: &[Entry]) {
        let start = Instant::now();
        if self.single {
            for (sequence, entry) in (*sequence..).zip(entries) {
                writer.apply(sequence, entry).expect("applies");
            }
        } else {
            writer.apply_group(*sequence, entries.iter().map(|entry| &**entry)).expect("applies");
        }
        let applied = start.elapsed();
        *sequence += entries.len() as u64;
        writer.publish(*sequence);
        let whole = start.elapsed();
        self.apply += applied;
        self.publish += whole - applied;
        self.worst = self.worst.max(whole);
        self.ops += entries.len() as u64;
    }

    fn print(&self, what: &str) {
        let per = |time: Duration| time.as_nanos() as f64 / self.ops as f64;
        println!(
            "{what:<24} apply {:6.1} ns/op, publish {:5.1} ns/op, worst group {:?}",
            per(self.apply),
            per(self.publish),
            self.worst
        );
    }
}

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let asked = |what| std::env::args().any(|argument| argument == what);
    let nothing = Cost { single: asked("single"), ..Cost::default() };
    let concepts = numbers.first().copied().unwrap_or(1_000_000);
    let associations = numbers.get(1).copied().unwrap_or(1_500_000);
    let mut writer = Writer::new().expect("memory");
    let mut sequence = 1;

    let mut cost = nothing.clone();
    for start in (0..concepts).step_by(5_000) {
        let entries: Vec<_> = (start..concepts.min(start + 5_000)).map(concept).collect();
        cost.group(&mut writer, &mut sequence, &entries);
    }
    cost.print("new concept");

    let (mut cost, mut random) = (nothing.clone(), Random(7));
    for start in (0..associations).step_by(10_000) {
        let count = associations.min(start + 10_000) - start;
        let entries: Vec<_> = (0..count).map(|_| association(&mut random, concepts)).collect();
        cost.group(&mut writer, &mut sequence, &entries);
    }
    cost.print("new association");

    let (mut cost, mut random) = (nothing.clone(), Random(11));
    for start in (0..concepts / 2).step_by(5_000) {
        let count = (concepts / 2).min(start + 5_000) - start;
        let entries: Vec<_> = (0..count).map(|_| concept(random.below(concepts))).collect();
        cost.group(&mut writer, &mut sequence, &entries);
    }
    cost.print("concept learned again");

    let snapshot = writer.latest();
    let ids: Vec<_> = (0..1_000_000).map(|_| id(random.below(concepts))).collect();
    let start = Instant::now();
    let found = ids.iter().filter(|id| black_box(snapshot.find(id)).is_ok_and(|found| found.is_some())).count();
    println!(
        "find                     {:6.1} ns/op ({found} found)",
        start.elapsed().as_nanos() as f64 / ids.len() as f64
    );
    let ids: Vec<_> = (0..1_000_000).map(|_| id(concepts + random.below(1 << 40))).collect();
    let start = Instant::now();
    let found = ids.iter().filter(|id| black_box(snapshot.find(id)).is_ok_and(|found| found.is_some())).count();
    println!(
        "find, unknown id         {:6.1} ns/op ({found} found)",
        start.elapsed().as_nanos() as f64 / ids.len() as f64
    );

    let slots: Vec<_> = (0..1_000_000).map(|_| random.below(concepts) as u32).collect();
    for side in [Side::Out, Side::In] {
        let (start, mut edges, mut sum) = (Instant::now(), 0_u64, 0_u64);
        for slot in &slots {
            let visited = snapshot.edges(*slot, side).expect("no damage").visit(|edge| {
                edges += 1;
                sum += u64::from(edge.target);
                ControlFlow::<()>::Continue(())
            });
            let _ = black_box(visited);
        }
        let per = start.elapsed().as_nanos() as f64 / slots.len() as f64;
        println!("edges {side:?} of a slot      {per:6.1} ns/op ({edges} edges, {sum})");
    }
    println!("heap {} MB, {:?}", writer.count_memory() >> 20, writer.lengths());
}
