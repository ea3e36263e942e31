//! The rule for names in a directory.

use std::io;

/// Refuses whatever would leave the directory.
pub(crate) fn check(name: &str) -> io::Result<()> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\\', '\0']) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} is not a plain file name")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_plain_names_pass() {
        for good in ["a", "storage.dat", "wal-00000001.log", "..a", "a b"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a/b", "/a", "a\\b", "a\0b", "../a"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
