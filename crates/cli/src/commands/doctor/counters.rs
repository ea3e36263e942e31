//! The counters of `stats()`, read back from the JSON that a program has written of them.

use serde::Deserialize;
use sutra_storage::Stats;

use crate::failure::Failure;

/// What the checks look at. A counter that is not in the JSON counts as zero; the four groups must be there, so that another
/// file is not taken for a healthy store.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub(super) struct Counters {
    pub(super) write_log: WriteLog,
    pub(super) reconciler: Reconciler,
    pub(super) snapshot: Snapshot,
    pub(super) storage: Storage,
    /// Only `sutra stats --json` has it.
    #[serde(default)]
    pub(super) recovery: Recovery,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct WriteLog {
    pub(super) dropped: u64,
    pub(super) pending: u64,
    pub(super) pending_bytes: u64,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct Reconciler {
    pub(super) staleness_us: u64,
    pub(super) commit_us: u64,
    pub(super) apply_us: u64,
    pub(super) last_batch: u64,
    pub(super) ignored: u64,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct Snapshot {
    pub(super) concept_count: u64,
    pub(super) edge_count: u64,
    pub(super) stub_count: u64,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct Storage {
    pub(super) file_bytes: u64,
    pub(super) dead_bytes: u64,
    pub(super) wal_bytes: u64,
    pub(super) heap_bytes: u64,
    pub(super) retained_bytes: u64,
    pub(super) oldest_snapshot_age: u64,
    pub(super) checkpoint_failures: u64,
    pub(super) recovered: u64,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub(super) struct Recovery {
    pub(super) cut_bytes: u64,
    pub(super) repaired_header: bool,
}

impl Counters {
    /// From what a program wrote; `name` is that of the file.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, Failure> {
        serde_json::from_str(text).map_err(|error| {
            let wanted = "give the JSON of `stats()` or of `sutra stats --json`";
            Failure::Usage(format!("{name} holds no counters ({error}): {wanted}"))
        })
    }

    /// From an open store.
    pub(super) fn of(stats: &Stats, recovery: Recovery) -> Result<Self, Failure> {
        let value = serde_json::to_value(stats).map_err(|error| Failure::Output(error.into()))?;
        let counters: Self = serde_json::from_value(value).map_err(|error| Failure::Output(error.into()))?;
        Ok(Self { recovery, ..counters })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_engine_writes_is_read_and_another_file_is_not() {
        let text = serde_json::to_string(&Stats::default()).unwrap();
        assert_eq!(Counters::parse("-", &text).unwrap(), Counters::default());
        assert_eq!(Counters::of(&Stats::default(), Recovery::default()).unwrap(), Counters::default());
        for other in ["{}", "[]", "", "{\"write_log\": {}}"] {
            assert!(matches!(Counters::parse("x", other), Err(Failure::Usage(_))), "{other}");
        }
    }

    #[test]
    fn every_counter_that_is_looked_at_is_one_of_the_engine() {
        // A renamed counter would be zero for ever.
        let engine = serde_json::to_value(Stats::default()).unwrap();
        for (group, names) in [
            ("write_log", &["dropped", "pending", "pending_bytes"][..]),
            ("reconciler", &["staleness_us", "commit_us", "apply_us", "last_batch", "ignored"]),
            ("snapshot", &["concept_count", "edge_count", "stub_count"]),
            (
                "storage",
                &[
                    "file_bytes",
                    "dead_bytes",
                    "wal_bytes",
                    "heap_bytes",
                    "retained_bytes",
                    "oldest_snapshot_age",
                    "checkpoint_failures",
                    "recovered",
                ],
            ),
        ] {
            for name in names {
                assert!(engine[group][name].is_u64(), "{group}.{name}");
            }
        }
    }
}
