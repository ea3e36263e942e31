//! An engine that does nothing: what the loops around an engine cost.

use std::hint::black_box;

use sutra_benches::Outcome;

use crate::engine::{Engine, Id, Reader, Source, Targets};

pub(crate) struct BlackHole;

impl Engine for BlackHole {
    fn write(&self, writes: &mut dyn Source) -> Outcome {
        while let Some(write) = writes.next() {
            black_box(&write);
        }
        Ok(())
    }

    fn reader(&self) -> Outcome<Box<dyn Reader + '_>> {
        Ok(Box::new(Self))
    }

    fn rest(&self) -> Outcome {
        Ok(())
    }

    fn close(self: Box<Self>) -> Outcome {
        Ok(())
    }
}

impl Reader for BlackHole {
    fn newest(&mut self) -> Outcome {
        Ok(())
    }

    fn get(&mut self, id: &Id) -> Outcome<Option<u64>> {
        Ok(Some(black_box(u64::from(id[0]))))
    }

    fn neighbours(&mut self, id: &Id) -> Outcome<Targets> {
        Ok(Targets { count: 1, sum: black_box(u64::from(id[0])) })
    }
}
