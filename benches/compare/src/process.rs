//! What the system says of this process.

/// Bytes of memory that are resident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resident {
    /// The process's own.
    pub(crate) anonymous: u64,
    /// Of files, the program among them.
    pub(crate) mapped: u64,
}

impl Resident {
    /// As of now; `None` where the system has no `/proc`.
    pub(crate) fn now() -> Option<Self> {
        Self::of(&std::fs::read_to_string("/proc/self/status").ok()?)
    }

    fn of(status: &str) -> Option<Self> {
        Some(Self { anonymous: kibibytes(status, "RssAnon:")?, mapped: kibibytes(status, "RssFile:")? })
    }
}

/// The bytes of a line like `MemTotal:  24607140 kB`.
pub(crate) fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim().strip_suffix("kB")?.trim_end().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kibibytes_are_found_by_name() {
        let status = "VmRSS:\t    300 kB\nRssAnon:\t    100 kB\nRssFile:\t    200 kB\nThreads:\t1\n";
        assert_eq!(Resident::of(status), Some(Resident { anonymous: 102_400, mapped: 204_800 }));
        assert_eq!(Resident::of("RssAnon:\t1 kB\n"), None);
        assert_eq!(kibibytes(status, "Threads:"), None);
    }
}
