//! The engine's promises, broken one by one.

use super::Mutant;

pub(super) const MUTANTS: &[Mutant] = &[];
