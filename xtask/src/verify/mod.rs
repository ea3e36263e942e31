//! `cargo xtask verify`: the checks that search for faults instead of trying examples.
//!
//! Each part is a row of the last table: what it is called, how many cases it checked, how many failed. What is built for
//! the parts is built first, in rows of its own, so that the seconds of a part are those of its checks. A part whose tool
//! is not on this machine is named there as left out, and is not counted as passed.

mod count;
mod fuzz;
mod instructions;
mod loom;
mod miri;
pub(crate) mod mutants;
mod suites;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::flags;
use crate::steps::Step;
use crate::suite::tidy_step;

/// The parts in the order in which they run: what tells something soonest comes first.
const PARTS: [&str; 13] = [
    "tidy",
    "instructions",
    "order",
    "loom",
    "mutants",
    "crash",
    "faults",
    "kill",
    "flip",
    "stress",
    "model",
    "fuzz",
    "miri",
];

/// What all parts are told.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) root: PathBuf,
    pub(crate) full: bool,
    /// Also the mutants of the engine.
    pub(crate) engine: bool,
    /// Of the mutants, those whose names contain this.
    pub(crate) only: String,
    pub(crate) seed: u64,
}

impl Setting {
    /// What tests read from `SUTRA_TIER`.
    fn tier(&self) -> &'static str {
        if self.full { "full" } else { "quick" }
    }
}

/// The steps of what was asked for. The error names the parts there are.
pub(crate) fn steps(root: &Path, asked: &flags::Verify) -> Result<Vec<Step>, String> {
    let parts = selected(&asked.parts)?;
    let seed = asked.seed.unwrap_or_else(fresh_seed);
    println!("SUTRA_SEED={seed}");
    let setting = Setting {
        root: root.to_path_buf(),
        full: asked.full,
        engine: asked.engine || asked.full,
        only: asked.only.clone(),
        seed,
    };
    let (mut building, mut checking) = (Vec::new(), Vec::new());
    suites::build(&setting, &parts, &mut building);
    for part in parts {
        match part {
            "tidy" => {
                let root = setting.root.clone();
                checking.push(Step::new("tidy", move || tidy_step(&root)));
            }
            "instructions" => instructions::steps(&setting, &mut checking),
            "loom" => loom::steps(&setting, &mut building, &mut checking),
            "mutants" => mutants::steps(&setting, &mut checking),
            "fuzz" => fuzz::steps(&setting, &mut building, &mut checking),
            "miri" => miri::steps(&setting, &mut checking),
            suite => suites::steps(&setting, suite, &mut checking),
        }
    }
    building.extend(checking);
    Ok(building)
}

/// The parts of these names in the order of [`PARTS`]; all of them if none is named.
fn selected(names: &[String]) -> Result<Vec<&'static str>, String> {
    if let Some(unknown) = names.iter().find(|name| !PARTS.contains(&name.as_str())) {
        return Err(format!("there is no part `{unknown}`; there are: {}", PARTS.join(", ")));
    }
    Ok(PARTS.into_iter().filter(|part| names.is_empty() || names.iter().any(|name| name == part)).collect())
}

/// A seed that no earlier run had: each run looks at other cases, and says how to see them again.
fn fresh_seed() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs() * 1_000 + u64::from(now.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_run_in_their_order_and_an_unknown_one_is_refused() {
        let named = |names: &[&str]| selected(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(named(&["crash", "tidy"]).unwrap(), ["tidy", "crash"]);
        assert_eq!(named(&[]).unwrap(), PARTS);
        let refused = named(&["crsh"]).unwrap_err();
        assert!(refused.contains("`crsh`") && refused.contains("tidy, instructions"), "{refused}");
    }
}
