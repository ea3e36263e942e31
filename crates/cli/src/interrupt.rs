//! Ctrl-C, and the signals that mean the same: the first is a wish, the second an order.
//!
//! A command that takes long asks [`requested`] at places where it can end in order: what was accepted is made durable, the
//! store closed. A store survives the second signal too, as it survives a power cut; the next open replays its log.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::output::note;

/// The exit code of a program that was interrupted, by the custom of shells: 128 and the number of SIGINT.
pub(crate) const CODE: u8 = 130;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Whether a screen is shown, which what is said would disturb, and which hides the cursor.
static SCREEN: AtomicBool = AtomicBool::new(false);

/// What makes a terminal show its cursor.
const SHOW_CURSOR: &str = "\u{1b}[?25h";

/// From now on a signal is a request. Without it, where the system refuses, a signal ends the program at once, as ever.
pub(crate) fn listen() {
    let _ = ctrlc::set_handler(|| {
        // Relaxed: nothing else is passed on with either.
        let screen = SCREEN.load(Ordering::Relaxed);
        if REQUESTED.swap(true, Ordering::Relaxed) {
            if screen {
                note(SHOW_CURSOR);
            }
            note("interrupted twice: ended at once; the next open replays what was promised");
            std::process::exit(CODE.into());
        }
        if !screen {
            note("interrupted: ending in order; once more to end at once");
        }
    });
}

/// A screen is shown, or is shown no more.
pub(crate) fn screen(shown: bool) {
    SCREEN.store(shown, Ordering::Relaxed);
}

/// Whether the program was asked to end.
pub(crate) fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}
