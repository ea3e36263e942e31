//! The standard input, read so that Ctrl-C is heard while nothing comes.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::interrupt;

/// Bytes read at once.
const PIECE: usize = 128 << 10;

/// Between two looks at whether the program was interrupted.
const LOOK: Duration = Duration::from_millis(50);

/// A stream that another thread reads. After an interruption it ends; what was read last may then be half a line, which
/// whoever reads must not take for a whole one.
pub(super) struct Interruptible {
    pieces: Receiver<io::Result<Vec<u8>>>,
    piece: Vec<u8>,
    at: usize,
}

impl Interruptible {
    pub(super) fn standard_input() -> Self {
        Self::new(io::stdin())
    }

    fn new(mut source: impl Read + Send + 'static) -> Self {
        let (sender, pieces) = sync_channel(2);
        // It ends with the program if it still waits for input then.
        thread::spawn(move || {
            loop {
                let mut piece = vec![0; PIECE];
                let read = match source.read(&mut piece) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                    Ok(length) => {
                        piece.truncate(length);
                        Ok(piece)
                    }
                };
                let last = read.as_ref().map_or(true, Vec::is_empty);
                if sender.send(read).is_err() || last {
                    return;
                }
            }
        });
        Self { pieces, piece: Vec::new(), at: 0 }
    }
}

impl Read for Interruptible {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            match self.pieces.recv_timeout(LOOK) {
                Ok(piece) => {
                    self.piece = piece?;
                    self.at = 0;
                    if self.piece.is_empty() {
                        return Ok(0);
                    }
                }
                Err(RecvTimeoutError::Timeout) if !interrupt::requested() => {}
                Err(_) => return Ok(0),
            }
        }
        let rest = &self.piece[self.at..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_arrives_and_an_error_too() {
        let text: Vec<u8> = (0..3 * PIECE).map(|at| (at % 251) as u8).collect();
        let mut found = Vec::new();
        Interruptible::new(io::Cursor::new(text.clone())).read_to_end(&mut found).unwrap();
        assert!(found == text);

        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the cable is out"))
            }
        }
        let error = Interruptible::new(Failing).read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "the cable is out");
    }
}
