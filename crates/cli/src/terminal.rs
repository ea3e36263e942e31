//! The terminal's width.

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
