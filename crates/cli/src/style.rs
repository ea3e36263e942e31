//! Colours, where they are seen: on a terminal, unless NO_COLOR says otherwise (and CLICOLOR_FORCE elsewhere).
//!
//! Clap colours its help by the same rules, which are those of `anstream`.

use std::fmt::{self, Display, Formatter};
use std::io::{stderr, stdout};
use std::sync::OnceLock;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// A text that may be coloured. Pad it before, not after: what a terminal does not show is counted too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Painted<T> {
    style: Option<Style>,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.style {
            Some(style) => write!(formatter, "{style}{}{style:#}", self.text),
            None => self.text.fmt(formatter),
        }
    }
}

fn on_stdout() -> bool {
    static SEEN: OnceLock<bool> = OnceLock::new();
    *SEEN.get_or_init(|| AutoStream::choice(&stdout()) != ColorChoice::Never)
}

fn on_stderr() -> bool {
    static SEEN: OnceLock<bool> = OnceLock::new();
    *SEEN.get_or_init(|| AutoStream::choice(&stderr()) != ColorChoice::Never)
}

/// Whether the standard output shows colours.
pub(crate) fn coloured() -> bool {
    on_stdout()
}

fn painted<T: Display>(text: T, style: Style) -> Painted<T> {
    Painted { style: on_stdout().then_some(style), text }
}

/// The name of a concept.
pub(crate) fn name<T: Display>(text: T) -> Painted<T> {
    painted(text, Style::new().bold())
}

/// The type of an association.
pub(crate) fn kind<T: Display>(text: T) -> Painted<T> {
    painted(text, AnsiColor::Cyan.on_default())
}

/// What was looked for.
pub(crate) fn found<T: Display>(text: T) -> Painted<T> {
    painted(text, AnsiColor::Red.on_default().bold())
}

/// What is as it should be.
pub(crate) fn well<T: Display>(text: T) -> Painted<T> {
    painted(text, AnsiColor::Green.on_default())
}

/// What holds the rest together, and is not to be read first.
pub(crate) fn faint<T: Display>(text: T) -> Painted<T> {
    painted(text, Style::new().dimmed())
}

/// The beginning of an error, on the standard error.
pub(crate) fn error<T: Display>(text: T) -> Painted<T> {
    Painted { style: on_stderr().then_some(AnsiColor::Red.on_default().bold()), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_is_ended_and_its_absence_keeps_the_padding() {
        let plain = Painted { style: None, text: "x" };
        assert_eq!(format!("{plain:>3}|"), "  x|");
        let bold = Painted { style: Some(Style::new().bold()), text: "x" };
        assert_eq!(bold.to_string(), "\u{1b}[1mx\u{1b}[0m");
    }
}
