//! Edges that were looked up and not yet read: the blocks that they lead to are replaced again and again meanwhile, and
//! must not be used for anything else while their snapshot is held.

mod model;

use model::Model;
use model::random::{Mix, Random, entry, seed};
use sutra_snapshot::{EdgeRef, Side, Writer};

struct Store {
    random: Random,
    writer: Writer,
    sequence: u64,
    mix: Mix,
}

impl Store {
    /// A few groups.
    fn write(&mut self) {
        for _ in 0..self.random.below(4) {
            for _ in 0..self.random.below(30) {
                self.sequence += 1;
                let (bytes, ..) = entry(&mut self.random, self.mix, &mut Model::default(), self.sequence);
                self.writer.apply(self.sequence, &bytes).unwrap();
            }
            self.writer.publish(self.sequence);
        }
    }

    /// Looks all edges up, goes on writing with further snapshots held inside, then reads them.
    fn hold(&mut self, depth: u32) {
        self.write();
        let snapshot = self.writer.latest();
        let slots = 0..snapshot.lengths().slots;
        let sides = slots.flat_map(|slot| [(slot, Side::Out), (slot, Side::In)]);
        let looked_up: Vec<_> = sides.map(|(slot, side)| snapshot.edges(slot, side).unwrap()).collect();
        let expected: Vec<Vec<EdgeRef>> = looked_up.iter().map(|edges| edges.iter().collect()).collect();
        for _ in 0..2 {
            self.write();
            if depth > 0 {
                self.hold(depth - 1);
            }
            for (edges, expected) in looked_up.iter().zip(&expected) {
                assert_eq!(edges.iter().collect::<Vec<_>>(), *expected);
            }
        }
    }
}

#[test]
fn edges_stay_readable_while_their_snapshot_is_held() {
    let first = seed(1);
    for case in first..first + 60 {
        println!("SUTRA_SEED={case}");
        let kinds = if case % 3 == 0 { 200 } else { 3 };
        let mix = Mix { ids: 12, kinds, forget: 2, associate: 40 };
        let mut store = Store { random: Random(case), writer: Writer::new().unwrap(), sequence: 0, mix };
        store.hold(4);
    }
}
