//! Calls that a signal interrupts, and writes that end early: continued here, by real and simulated files alike.
//!
//! Callers never see either. For a sync this is no second try of one that failed: `EINTR` says that the waiting was
//! interrupted, not that a page could not be written. What was not written is still dirty, and an error that was met
//! is still to be reported.
//!
//! The standard library repeats some of these calls by itself, which ones it does not say; around those the loop here
//! runs once.

use std::io;

/// How often one call is made at most. A signal comes to a thread a thousand times a second when it is being
/// profiled, and seldom otherwise; a call that is interrupted a hundred times running makes no progress. An error is
/// safe then (the log is poisoned, a checkpoint given up), and an endless loop would hold up everybody who waits.
const ATTEMPTS: u32 = 100;

/// Makes a call until it is not interrupted.
pub(crate) fn retried<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let mut outcome = call();
    for _ in 1..ATTEMPTS {
        match outcome {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => outcome = call(),
            other => return other,
        }
    }
    outcome
}

/// Writes all of `buf` at `offset` by a call that may write less and says how much. Ends: each call that counts writes
/// at least a byte.
pub(crate) fn write_all(
    mut buf: &[u8],
    mut offset: u64,
    mut write: impl FnMut(&[u8], u64) -> io::Result<usize>,
) -> io::Result<()> {
    while !buf.is_empty() {
        let written = retried(|| write(buf, offset))?;
        buf = match buf.get(written..) {
            Some(rest) if written > 0 => rest,
            _ => return Err(io::ErrorKind::WriteZero.into()),
        };
        offset = offset.saturating_add(written as u64);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};

    use super::{ATTEMPTS, retried, write_all};

    #[test]
    fn interrupted_calls_are_made_again_and_not_for_ever() {
        for interruptions in [0, 1, ATTEMPTS - 1, ATTEMPTS, u32::MAX] {
            let mut calls = 0;
            let outcome = retried(|| {
                calls += 1;
                if calls > interruptions { Ok(calls) } else { Err(ErrorKind::Interrupted.into()) }
            });
            match outcome {
                Ok(made) => assert_eq!(made, interruptions + 1),
                Err(error) => assert_eq!((error.kind(), calls), (ErrorKind::Interrupted, ATTEMPTS)),
            }
            assert_eq!(calls <= interruptions, interruptions >= ATTEMPTS);
        }
    }

    #[test]
    fn other_errors_are_passed_on_at_once() {
        let mut calls = 0;
        let outcome: io::Result<()> = retried(|| {
            calls += 1;
            Err(ErrorKind::StorageFull.into())
        });
        assert_eq!((outcome.expect_err("it fails").kind(), calls), (ErrorKind::StorageFull, 1));
    }

    #[test]
    fn short_writes_are_continued_where_they_ended() {
        for step in 1..7 {
            let (mut file, mut calls) = (vec![0; 3], 0);
            write_all(b"abcdefg", 3, |buf, offset| {
                calls += 1;
                if calls % 2 == 0 {
                    return Err(ErrorKind::Interrupted.into());
                }
                assert_eq!(offset, file.len() as u64);
                let part = &buf[..step.min(buf.len())];
                file.extend_from_slice(part);
                Ok(part.len())
            })
            .expect("written");
            assert_eq!(file, b"\0\0\0abcdefg");
        }
        let nothing = write_all(b"a", 0, |_, _| Ok(0)).expect_err("no progress");
        assert_eq!(nothing.kind(), ErrorKind::WriteZero);
        write_all(b"", 0, |_, _| Err(ErrorKind::StorageFull.into())).expect("nothing to write");
    }
}
