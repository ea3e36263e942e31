//! `sutra demo-child`: learns until it is killed, and says which writes it was promised.

use std::path::Path;

use clap::Args;
use sutra_storage::{Association, Concept, ConceptRef};

use crate::failure::{Failure, Outcome};
use crate::output::Output;
use crate::store::open_or_create;

/// The type of the associations that it learns.
pub(crate) const KIND: &str = "temporal";

/// Concepts between two waits.
const GROUP: u64 = 64;

const PREFIX: &str = "child-";

/// Learn without end, and print the sequence and key of each concept once it is durable
#[derive(Args, Debug)]
pub(crate) struct DemoChild {}

impl DemoChild {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let memory = open_or_create(store)?;
        let mut out = Output::new();
        let mut number = 0;
        loop {
            let mut learned = Vec::new();
            let mut last = 0;
            for number in number..number + GROUP {
                let (key_text, text) = (key(number), content(number));
                let concept = Concept::new(ConceptRef::key(&key_text)).content(&text);
                last = memory.learn(&concept)?;
                learned.push((last, key_text));
                if let Some(before) = number.checked_sub(1).map(key) {
                    let (before, this) = (ConceptRef::key(&before), ConceptRef::key(&learned[learned.len() - 1].1));
                    last = memory.associate(&Association::new(before, this, KIND))?;
                }
            }
            number += GROUP;
            memory.wait_durable(last)?;
            for (sequence, key) in learned {
                out.line(format_args!("{sequence} {key}"))?;
            }
            // When nobody reads any more, this fails, and the child ends.
            out.show()?;
        }
    }
}

/// The key of a concept by its number.
pub(crate) fn key(number: u64) -> String {
    format!("{PREFIX}{number}")
}

/// The number of a concept by its key.
pub(crate) fn number(key: &str) -> Option<u64> {
    key.strip_prefix(PREFIX)?.parse().ok()
}

/// The content of a concept by its number, so that another process knows what it must be. Of many lengths, so that groups
/// end anywhere in a page.
pub(crate) fn content(number: u64) -> String {
    let words = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58) + 1;
    (0..words).map(|word| format!("{}-{word} ", number ^ word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_contents_differ() {
        for value in [0, 9, 123_456] {
            assert_eq!(number(&key(value)), Some(value));
            assert_ne!(content(value), content(value + 1));
        }
        assert_eq!(number("other-1"), None);
        assert_eq!(number("child-"), None);
    }
}
