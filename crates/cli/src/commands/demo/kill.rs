//! What was promised to a process that is then killed.

use std::fmt::{self, Display};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde::ser::{Serialize, SerializeStruct, Serializer};
use sutra_storage::{ConceptRef, ConcurrentConfig, ConcurrentMemory, RecoveryReport, Snapshot};

use crate::commands::demo_child::{KIND, content, key};
use crate::failure::Failure;
use crate::progress::grouped;

/// How long a child may take until it promises something.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was found after the kill. There is none of it if anything was missing.
#[derive(Debug)]
pub(super) struct Killed {
    /// Concepts that were promised, and are there with all they had.
    checked: u64,
    /// Concepts that are there beside them: durable, but the child had not yet said so.
    beyond: u64,
    recovery: RecoveryReport,
}

impl Serialize for Killed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut killed = serializer.serialize_struct("Killed", 4)?;
        killed.serialize_field("checked", &self.checked)?;
        killed.serialize_field("beyond", &self.beyond)?;
        killed.serialize_field("replayed_entries", &self.recovery.replayed_entries)?;
        killed.serialize_field("cut_bytes", &self.recovery.cut_bytes)?;
        killed.end()
    }
}

impl Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [checked, beyond] = [self.checked, self.beyond].map(grouped);
        let [replayed, cut] = [self.recovery.replayed_entries, self.recovery.cut_bytes].map(grouped);
        write!(
            f,
            "{checked} acknowledged concepts checked, none lost ({beyond} more were there); {replayed} writes replayed, {cut} bytes cut"
        )
    }
}

/// Lets a child learn into a store, kills it some time after its first promise, opens the store and looks for everything that
/// was promised.
pub(super) fn check(store: &Path, length: Duration) -> Result<Killed, Failure> {
    let promised = promises(store, length)?;
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(store))?;
    let recovery = *memory.recovery();
    let snapshot = memory.snapshot();
    for (sequence, number) in &promised {
        if let Some(wrong) = what_is_wrong(&snapshot, *sequence, *number)? {
            return Err(Failure::Demo(format!("acknowledged write {sequence} ({}) {wrong}", key(*number))));
        }
    }
    let checked = promised.len() as u64;
    let killed = Killed { checked, beyond: snapshot.concept_count().saturating_sub(checked), recovery };
    memory.close()?;
    Ok(killed)
}

fn what_is_wrong(snapshot: &Snapshot, sequence: u64, number: u64) -> Result<Option<&'static str>, Failure> {
    let key_text = key(number);
    let Some(concept) = snapshot.query_concept(ConceptRef::key(&key_text))? else { return Ok(Some("is lost")) };
    if concept.content()? != content(number).as_bytes() {
        return Ok(Some("has another content"));
    }
    if concept.sequence() != sequence {
        return Ok(Some("has another sequence"));
    }
    let Some(before) = number.checked_sub(1).map(key) else { return Ok(None) };
    let found = snapshot.association(ConceptRef::key(&before), ConceptRef::key(&key_text), KIND)?;
    Ok(found.is_none().then_some("has lost its association"))
}

/// A child that does not outlive what holds it.
struct Held(Child);

impl Held {
    fn kill(&mut self) {
        // It may have ended by itself; then what it said is looked at all the same.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts the child, kills it (by SIGKILL, where there are signals), and gives what it promised until then: sequences, and
/// the numbers of concepts.
fn promises(store: &Path, length: Duration) -> Result<Vec<(u64, u64)>, Failure> {
    let failed = |error: std::io::Error| Failure::Demo(format!("the child process: {error}"));
    let mut command = Command::new(std::env::current_exe().map_err(failed)?);
    command.arg("demo-child").arg("--store").arg(store).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = Held(command.spawn().map_err(failed)?);
    let Some(output) = child.0.stdout.take() else { return Err(Failure::Demo("the child has no output".into())) };
    let (sender, receiver) = channel();
    let reader = thread::spawn(move || read_lines(output, &sender));

    let mut promised = Vec::new();
    let mut end = Instant::now() + PATIENCE;
    loop {
        let next = receiver.recv_timeout(end.saturating_duration_since(Instant::now()));
        match next {
            Ok(promise) => {
                if promised.is_empty() {
                    end = Instant::now() + length;
                }
                promised.push(promise);
            }
            Err(RecvTimeoutError::Timeout) if !promised.is_empty() => break,
            Err(_) => return Err(Failure::Demo("the child process ended by itself, or promised nothing".into())),
        }
        if Instant::now() >= end {
            break;
        }
    }
    child.kill();
    promised.extend(rest(&receiver));
    reader.join().map_err(|_| Failure::Demo("the thread that reads from the child panicked".to_owned()))?;
    Ok(promised)
}

/// What the child had said before it was killed and nobody had read yet. Ends when the pipe does.
fn rest(receiver: &Receiver<(u64, u64)>) -> impl Iterator<Item = (u64, u64)> {
    receiver.iter()
}

fn read_lines(output: impl Read, sender: &Sender<(u64, u64)>) {
    let mut output = BufReader::new(output);
    let mut line = String::new();
    // A line without its end was cut by the kill: it promises nothing.
    while output.read_line(&mut line).is_ok() && line.ends_with('\n') {
        if let Some(promise) = parse(&line)
            && sender.send(promise).is_err()
        {
            return;
        }
        line.clear();
    }
}

/// `sequence key` as the child writes it.
fn parse(line: &str) -> Option<(u64, u64)> {
    let (sequence, key) = line.trim_end().split_once(' ')?;
    Some((sequence.parse().ok()?, crate::commands::demo_child::number(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_promise() {
        let (sender, receiver) = channel();
        read_lines(&b"7 child-3\n9 child-4\nnonsense\n11 child-5"[..], &sender);
        drop(sender);
        assert_eq!(receiver.iter().collect::<Vec<_>>(), [(7, 3), (9, 4)]);
    }

    #[test]
    fn what_differs_from_the_promise_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let memory = ConcurrentMemory::new(ConcurrentConfig::new(folder.path())).unwrap();
        let learn = |number: u64, content: &str| memory.learn_concept(&key(number), content, None, 1.0, 1.0).unwrap();
        let sequences = [learn(0, &content(0)), learn(1, &content(1)), learn(2, "else"), learn(3, &content(3))];
        let last = memory.learn_association(&key(0), &key(1), KIND, 1.0).unwrap();
        memory.wait_visible(last).unwrap();
        let snapshot = memory.snapshot();
        let wrong = |number: u64, sequence| what_is_wrong(&snapshot, sequence, number).unwrap();
        assert_eq!(wrong(0, sequences[0]), None);
        assert_eq!(wrong(1, sequences[1]), None);
        assert_eq!(wrong(1, sequences[0]), Some("has another sequence"));
        assert_eq!(wrong(2, sequences[2]), Some("has another content"));
        assert_eq!(wrong(3, sequences[3]), Some("has lost its association"));
        assert_eq!(wrong(4, 1), Some("is lost"));
    }
}
