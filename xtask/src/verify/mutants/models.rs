//! Orderings and protocols that loom must miss when they are gone.

use super::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[];
