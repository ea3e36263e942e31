//! Random operations over few ids, so that they meet.

use sutra_format::entry::{Definition, Entry, EntryWriter, LearnAssociation, LearnConcept, Op};
use sutra_format::{AssociationType, ConceptId};

use super::Model;

/// SplitMix64.
#[derive(Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (self.next() % u64::from(bound)) as u32
    }

    pub(crate) fn one_in(&mut self, bound: u32) -> bool {
        self.below(bound) == 0
    }
}

/// The seed of `SUTRA_SEED`, or `default`; printed, so that a failure names it.
pub(crate) fn seed(default: u64) -> u64 {
    let seed = std::env::var("SUTRA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(default);
    println!("SUTRA_SEED={seed}");
    seed
}

/// How a run of operations looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix {
    pub(crate) ids: u32,
    pub(crate) kinds: u8,
    /// Of 64 operations, how many forget a concept.
    pub(crate) forget: u32,
    /// Of 64 operations, how many learn an association.
    pub(crate) associate: u32,
}

pub(crate) fn id(number: u32) -> ConceptId {
    let mixed = (u128::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    ConceptId::from_bytes(mixed.to_le_bytes())
}

/// One entry of a few operations, applied to the model as well. Gives the entry and how many of it did nothing.
pub(crate) fn entry(random: &mut Random, mix: Mix, model: &mut Model, sequence: u64) -> (Entry, u32, u32) {
    let time = 1_000 + sequence * 10 - u64::from(random.below(20));
    let ops = if random.one_in(4) { random.below(6) } else { 1 };
    let mut entry = EntryWriter::new(time, 0);
    let mut ignored = 0;
    for _ in 0..ops {
        op(random, mix, &mut |op| {
            entry.push(&op);
            ignored += u32::from(!model.apply(sequence, time, &op));
        });
    }
    model.sequence = sequence;
    (entry.finish(), ops, ignored)
}

fn op(random: &mut Random, mix: Mix, push: &mut dyn FnMut(Op<'_>)) {
    let pick = |random: &mut Random| id(random.below(mix.ids));
    let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.next() as u8).collect();
    let more: Vec<u8> = (0..random.below(9)).map(|_| random.next() as u8).collect();
    let unit = |random: &mut Random| random.below(1 << 20) as f32 / (1 << 20) as f32;
    let roll = random.below(64);
    let target = pick(random);
    let source = if random.one_in(12) { target } else { pick(random) };
    let kind = AssociationType(random.below(u32::from(mix.kinds)) as u8);
    if roll < mix.forget {
        return push(Op::ForgetConcept { id: source });
    }
    if roll < mix.forget + mix.associate {
        return push(Op::LearnAssociation(LearnAssociation {
            source,
            target,
            kind,
            confidence: unit(random),
            weight: random.one_in(3).then(|| random.below(100) as f32),
            created: random.one_in(5).then(|| random.next() >> 8),
            validity: random.one_in(5).then(|| (random.below(9), 9 + random.below(9))),
            metadata: random.one_in(4).then_some(&bytes),
            namespace: random.below(3),
            source_key: if random.one_in(4) { &more } else { b"" },
            target_key: if random.one_in(4) { &more } else { b"" },
        }));
    }
    match random.below(12) {
        0..5 => {
            let large;
            let content = if random.one_in(300) {
                large = vec![bytes.len() as u8; 60_000 + random.below(20_000) as usize];
                &large
            } else {
                &bytes
            };
            let vector: Vec<u8> = (0..random.below(6)).flat_map(|_| unit(random).to_le_bytes()).collect();
            push(Op::LearnConcept(LearnConcept {
                id: source,
                namespace: random.below(3),
                key: if random.one_in(3) { b"a key" } else { b"" },
                content,
                vector: random.one_in(2).then_some(&vector),
                metadata: random.one_in(3).then_some(&more),
                strength: unit(random),
                confidence: unit(random),
                created: random.one_in(4).then(|| random.next() >> 8),
            }));
        }
        5 => push(Op::UpdateStrength { id: source, strength: unit(random) }),
        6 => push(Op::UpdateMetadata { id: source, metadata: &bytes }),
        7 | 8 => push(Op::RecordAccess { id: source, count: 1 + random.below(3) }),
        9 | 10 => push(Op::ForgetAssociation { source, target, kind }),
        _ => {
            let number = 10 + random.below(6);
            let name = format!("type {number}");
            push(Op::Define { what: Definition::AssociationType, number, name: name.as_bytes() });
        }
    }
}
