//! Lines of bounded length, lent from one buffer.

use std::io::Read;

use super::error::ImportError;
use super::input::{Input, Progress};

/// The largest content has 64 MiB, and each byte of it may take six as an escape; this leaves room for the rest of its concept,
/// and ends the reading of a file that has no lines.
pub(super) const LONGEST: usize = 400 << 20;

/// The buffer at first; it grows to the longest line met.
const BUFFER: usize = 256 << 10;

/// One line, lent until the next one is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    file: &'a str,
    number: u64,
}

impl Line<'_> {
    /// An error about this line.
    pub(super) fn rejected(&self, reason: impl Into<String>) -> ImportError {
        ImportError::Rejected { file: self.file.to_owned(), line: self.number, reason: reason.into() }
    }
}

/// Reads an input line by line.
pub(super) struct Lines {
    input: Input,
    buffer: Vec<u8>,
    /// What is read and not yet given out: `buffer[start..end]`.
    start: usize,
    end: usize,
    /// Of the line given out last, from 1.
    number: u64,
    longest: usize,
    /// The input has ended, or failed: nothing more is read from it.
    ended: bool,
}

impl Lines {
    pub(super) fn new(input: Input) -> Self {
        Self::with_longest(input, LONGEST)
    }

    fn with_longest(input: Input, longest: usize) -> Self {
        let buffer = vec![0; BUFFER.min(longest + 1)];
        Self { input, buffer, start: 0, end: 0, number: 0, longest, ended: false }
    }

    /// A handle to ask how far reading has come.
    pub(super) fn progress(&self) -> Progress {
        self.input.progress()
    }

    /// The next line that is not blank, without its end, as text. None at the end of the input.
    ///
    /// After a line that is not UTF-8 reading can go on; after any other error there is no next line.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, ImportError> {
        loop {
            let Some((start, end)) = self.advance()? else {
                return Ok(None);
            };
            self.number += 1;
            let skip = if self.number == 1 && self.buffer[start..end].starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
            let start = start + skip;
            if self.buffer[start..end].iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let end = if self.buffer[end - 1] == b'\r' { end - 1 } else { end };
            return match std::str::from_utf8(&self.buffer[start..end]) {
                Ok(text) => Ok(Some(Line { text, file: &self.input.name, number: self.number })),
                Err(error) => {
                    let column = error.valid_up_to() + 1;
                    Err(self.rejected(format!("byte {column} of the line is not UTF-8: save the file as UTF-8")))
                }
            };
        }
    }

    /// The number of the line given out last, from 1; 0 before the first.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Passes over lines up to a number, whatever is in them; false if there are fewer.
    pub(super) fn skip_to(&mut self, number: u64) -> Result<bool, ImportError> {
        while self.number < number {
            if self.advance()?.is_none() {
                return Ok(false);
            }
            self.number += 1;
        }
        Ok(true)
    }

    /// An error about the line given out last.
    pub(super) fn rejected(&self, reason: impl Into<String>) -> ImportError {
        ImportError::Rejected { file: self.input.name.clone(), line: self.number, reason: reason.into() }
    }

    /// Where the next line lies in the buffer, its end excluded.
    fn advance(&mut self) -> Result<Option<(usize, usize)>, ImportError> {
        let mut searched = 0;
        loop {
            let unsearched = &self.buffer[self.start + searched..self.end];
            if let Some(length) = unsearched.iter().position(|byte| *byte == b'\n') {
                let line = (self.start, self.start + searched + length);
                self.start = line.1 + 1;
                return Ok(Some(line));
            }
            searched = self.end - self.start;
            if searched > self.longest {
                self.ended = true;
                (self.start, self.end) = (0, 0);
                let file = self.input.name.clone();
                return Err(ImportError::LineTooLong { file, line: self.number + 1, limit: self.longest });
            }
            if self.ended {
                let line = (self.start, self.end);
                self.start = self.end;
                // A last line need not be ended.
                return Ok((line.0 < line.1).then_some(line));
            }
            self.fill()?;
        }
    }

    /// Reads more behind what is there, after making room for it.
    fn fill(&mut self) -> Result<(), ImportError> {
        if self.end == self.buffer.len() {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            } else {
                // Only a line as long as the buffer leads here, and the longest is refused before: it stays bounded.
                let length = (self.buffer.len() * 2).min(self.longest + 1);
                self.buffer.resize(length, 0);
            }
        }
        loop {
            match self.input.bytes.read(&mut self.buffer[self.end..]) {
                Ok(length) => {
                    self.end += length;
                    self.ended = length == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(source) => {
                    // What lies in the buffer is the beginning of a line that will never be whole.
                    self.ended = true;
                    (self.start, self.end) = (0, 0);
                    return Err(ImportError::Read { file: self.input.name.clone(), line: self.number, source });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};

    use super::*;

    fn lines(bytes: impl Into<Vec<u8>>, longest: usize) -> Lines {
        let input = Input::new("a.txt".to_owned(), Cursor::new(bytes.into()), None).unwrap();
        Lines::with_longest(input, longest)
    }

    fn all(mut lines: Lines) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.number, line.text.to_owned()));
        }
        assert!(lines.next().unwrap().is_none());
        found
    }

    #[test]
    fn ends_blank_lines_and_a_mark_are_taken_off() {
        let found = all(lines("\u{feff}one\r\n\n  \t\r\ntwo \nthree", 100));
        assert_eq!(found, [(1, "one".to_owned()), (4, "two ".to_owned()), (5, "three".to_owned())]);
        assert!(all(lines("", 100)).is_empty());
        assert!(all(lines("\n\n", 100)).is_empty());
    }

    #[test]
    fn lines_of_every_length_come_back_whole() {
        let wanted: Vec<String> =
            (1..200).chain([BUFFER - 1, BUFFER, BUFFER + 1, 5 * BUFFER, 1]).map(|n| "x".repeat(n)).collect();
        for text in [wanted.join("\n"), wanted.join("\n") + "\n"] {
            let found: Vec<_> = all(lines(text, LONGEST)).into_iter().map(|(_, line)| line).collect();
            assert!(found == wanted);
        }
    }

    #[test]
    fn lines_are_passed_over_whatever_they_hold() {
        let mut lines = lines(b"one\n\n\xff\nfour\nfive".to_vec(), 100);
        assert!(lines.skip_to(3).unwrap());
        assert_eq!(lines.next().unwrap().unwrap().text, "four");
        assert!(lines.skip_to(2).unwrap());
        assert_eq!(lines.next().unwrap().unwrap().text, "five");
        assert!(!lines.skip_to(6).unwrap());
    }

    #[test]
    fn the_bound_on_a_line_is_exact() {
        assert_eq!(all(lines("0123456789\n0123456789", 10)).len(), 2);
        for text in ["ab\n0123456789x\ncd\n", "ab\n0123456789x"] {
            let mut lines = lines(text, 10);
            assert_eq!(lines.next().unwrap().unwrap().text, "ab");
            let message = lines.next().unwrap_err().to_string();
            assert!(message.starts_with("a.txt:2:") && message.contains("10 bytes"), "{message}");
            assert!(lines.next().unwrap().is_none());
        }
    }

    #[test]
    fn a_line_that_is_not_utf8_is_named_and_the_next_one_read() {
        let mut lines = lines(b"ab\nc\xff\nd\n".to_vec(), 100);
        lines.next().unwrap();
        assert!(lines.next().unwrap_err().to_string().starts_with("a.txt:2: byte 2 "));
        assert_eq!(lines.next().unwrap().unwrap().text, "d");
    }

    #[test]
    fn a_source_that_fails_says_how_far_it_came() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the cable is out"))
            }
        }
        let source = Cursor::new(b"one\ntwo\nthr".to_vec()).chain(Failing);
        let mut lines = Lines::new(Input::new("a.txt".to_owned(), source, None).unwrap());
        lines.next().unwrap();
        lines.next().unwrap();
        let message = lines.next().unwrap_err().to_string();
        assert!(message.contains("after line 2") && message.contains("the cable is out"), "{message}");
        assert!(lines.next().unwrap().is_none());
    }
}
