//! The standard output: answers as text or as JSON.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use serde::Serialize;

use crate::failure::Failure;

/// Where answers go. [`Output::end`] must be called: what could not be written is known only then.
#[derive(Debug)]
pub(crate) struct Output {
    lines: BufWriter<StdoutLock<'static>>,
    /// Lines are not the answer, which is one JSON value: they go to the standard error.
    beside: bool,
}

impl Output {
    pub(crate) fn new() -> Self {
        Self { lines: BufWriter::new(io::stdout().lock()), beside: false }
    }

    /// Of a command that tells much while it runs: with `json`, what it tells is beside the answer.
    pub(crate) fn telling(json: bool) -> Self {
        Self { beside: json, ..Self::new() }
    }

    /// Whether lines are seen on a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        !self.beside && io::stdout().is_terminal()
    }

    pub(crate) fn line(&mut self, text: impl Display) -> Result<(), Failure> {
        if self.beside {
            note(text);
            return Ok(());
        }
        writeln!(self.lines, "{text}").map_err(Failure::Output)
    }

    /// One JSON value as one line.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.lines, value).map_err(|error| Failure::Output(error.into()))?;
        writeln!(self.lines).map_err(Failure::Output)
    }

    /// Makes what was written so far appear.
    pub(crate) fn show(&mut self) -> Result<(), Failure> {
        self.lines.flush().map_err(Failure::Output)
    }

    pub(crate) fn end(mut self) -> Result<(), Failure> {
        self.show()
    }
}

/// Says something beside the answer, on the standard error.
pub(crate) fn note(text: impl Display) {
    // Nothing depends on it being read.
    let _ = writeln!(io::stderr(), "{text}");
}

/// Text as it may stand on a terminal: control characters, which could command it, are written out.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            control if control.is_control() => plain.extend(control.escape_default()),
            other => plain.push(other),
        }
    }
    plain
}

/// [`plain`] on one line of at most `longest` characters, an ellipsis included.
pub(crate) fn brief(content: &[u8], longest: usize) -> String {
    let text = String::from_utf8_lossy(content);
    let first = text.lines().next().unwrap_or_default();
    let mut brief = plain(first);
    if brief.chars().count() > longest {
        brief = brief.chars().take(longest.saturating_sub(3)).chain("...".chars()).collect();
    }
    brief
}

/// A text in lines of at most `width` characters, broken between words; a longer word gets a line of its own.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("overlong a b", 3), ["overlong", "a b"]);
        assert_eq!(wrapped("", 3), [""; 0]);
    }

    #[test]
    fn control_characters_do_not_reach_a_terminal() {
        assert_eq!(plain("a\tb\u{1b}[2J\n"), "a\\tb\\u{1b}[2J\\n");
        assert_eq!(plain("caf\u{e9}"), "caf\u{e9}");
    }

    #[test]
    fn brief_is_one_line_of_bounded_length() {
        assert_eq!(brief(b"one\ntwo", 10), "one");
        assert_eq!(brief(b"0123456789", 10), "0123456789");
        assert_eq!(brief(b"01234567890", 10), "0123456...");
        assert_eq!(brief(b"\xff", 10), "\u{fffd}");
        assert_eq!(brief(b"", 10), "");
    }
}
