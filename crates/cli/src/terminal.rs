//! The terminal: its width, and what it can show.

use std::ffi::OsStr;
use std::io::{IsTerminal, stdout};
use std::sync::OnceLock;

/// Where there is no terminal: lines that a person may still read.
const USUAL: usize = 100;

/// Narrower ones are not catered for.
const LEAST: usize = 40;

/// Columns of the terminal that the answers go to.
pub(crate) fn width() -> usize {
    static WIDTH: OnceLock<usize> = OnceLock::new();
    *WIDTH.get_or_init(|| {
        let out = stdout();
        if !out.is_terminal() {
            return USUAL;
        }
        rustix::termios::tcgetwinsize(&out).map_or(USUAL, |size| usize::from(size.ws_col).max(LEAST))
    })
}

/// Columns and rows that the terminal, to which the answers go, has for a screen; nothing where there is none, or one that
/// cannot move its cursor.
pub(crate) fn size() -> Option<(u16, u16)> {
    let out = stdout();
    let moves = moves_its_cursor(std::env::var_os("TERM").as_deref());
    let size = rustix::termios::tcgetwinsize(&out).ok().filter(|_| moves && out.is_terminal())?;
    Some((size.ws_col, size.ws_row))
}

fn moves_its_cursor(terminal: Option<&OsStr>) -> bool {
    terminal.is_some_and(|name| !name.is_empty() && name != "dumb")
}

/// Whether the environment says that texts are UTF-8.
pub(crate) fn is_utf8() -> bool {
    // The first that is set counts, as everywhere in POSIX.
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    set.and_then(|value| value.into_string().ok()).is_some_and(|value| names_utf8(&value))
}

fn names_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dumb_terminal_gets_no_screen() {
        for dumb in [None, Some(""), Some("dumb")] {
            assert!(!moves_its_cursor(dumb.map(OsStr::new)), "{dumb:?}");
        }
        assert!(moves_its_cursor(Some(OsStr::new("xterm"))));
    }

    #[test]
    fn utf8_is_known_by_both_spellings() {
        assert!(names_utf8("en_US.UTF-8") && names_utf8("C.utf8"));
        assert!(!names_utf8("C") && !names_utf8("de_DE.ISO-8859-1"));
    }
}
