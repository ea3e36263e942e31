//! Traces that are not in order, each refused by the rule that it breaks.

use crate::checker::{Checker, UNREADABLE};
use crate::event::Event::{self, *};

/// A life in order: creation, a group, a checkpoint, the segment used again, a close.
fn sound() -> Vec<Event> {
    vec![
        CreateStore,
        Header { slot: 0, commit: 0, sequence: 0 },
        Header { slot: 1, commit: 0, sequence: 0 },
        SyncStore,
        NameStore,
        SyncNames,
        CreateSegment(1),
        SyncNames,
        Begin { segment: 1, generation: 1, first: 1 },
        SyncSegment(1),
        Group { segment: 1, position: 4096, generation: 1, first: 1, last: 2 },
        SyncSegment(1),
        Group { segment: 1, position: 4296, generation: 1, first: 3, last: 3 },
        SyncSegment(1),
        Data { from: 8192, to: 9000 },
        Data { from: 73_728, to: 74_000 },
        SyncStore,
        Header { slot: 0, commit: 1, sequence: 3 },
        SyncStore,
        Header { slot: 1, commit: 1, sequence: 3 },
        SyncStore,
        Begin { segment: 1, generation: 2, first: 4 },
        SyncSegment(1),
        Group { segment: 1, position: 4096, generation: 2, first: 4, last: 4 },
        SyncSegment(1),
        Data { from: 9000, to: 9100 },
        SyncStore,
        Header { slot: 0, commit: 2, sequence: 4 },
        SyncStore,
        Header { slot: 1, commit: 2, sequence: 4 },
        SyncStore,
        RemoveSegment(1),
        SyncNames,
    ]
}

fn refused(events: &[Event], rule: &str) {
    let (index, broken) = Checker::new(true).take_all(events).expect_err(rule);
    assert_eq!(broken, rule, "at {:?}", events[index]);
}

/// The sound life without its events from one on.
fn without(index: usize, count: usize) -> Vec<Event> {
    let mut events = sound();
    events.drain(index..index + count);
    events
}

fn with(index: usize, event: Event) -> Vec<Event> {
    let mut events = sound();
    events[index] = event;
    events
}

#[test]
fn a_sound_life_passes() {
    let mut checker = Checker::new(true);
    checker.take_all(&sound()).unwrap();
    assert_eq!(checker.checkpoints, 2);
}

#[test]
fn every_sync_is_needed() {
    let syncs: Vec<_> =
        (0..sound().len()).filter(|index| matches!(sound()[*index], SyncStore | SyncSegment(_) | SyncNames)).collect();
    // The last one makes the end of the log's names durable; nothing in the life follows it.
    for index in &syncs[..syncs.len() - 1] {
        // The first one of the names is made up for by the one of the segment's name.
        assert_eq!(Checker::new(true).take_all(&without(*index, 1)).is_ok(), *index == 5, "event {index}");
    }
}

#[test]
fn a_missing_sync_of_the_data() {
    refused(&without(16, 1), "a header before the sync of what was written before it");
}

#[test]
fn a_header_before_the_data() {
    let mut events = sound();
    let header = events.remove(17);
    events.insert(14, header);
    refused(&events, "data between the headers of a commit");
}

#[test]
fn a_missing_sync_between_the_headers() {
    refused(&without(18, 1), "a header before the sync of what was written before it");
}

#[test]
fn a_segment_used_again_before_the_second_headers_sync() {
    let rule = "a segment is used again or removed before a whole commit covers it";
    refused(&without(20, 1), rule);
    refused(&without(19, 2), rule);
    refused(&without(17, 4), rule);
    refused(&without(14, 7), rule);
    // Removed instead.
    let mut events = without(20, 1);
    events[20] = RemoveSegment(1);
    refused(&events, rule);
}

#[test]
fn a_commit_of_what_the_log_does_not_hold() {
    refused(&without(13, 1), "a commit of what the log has not synced");
    refused(&without(12, 2), "a commit of what the log has not synced");
    let no_log: Vec<_> = sound().into_iter().filter(|event| !matches!(event, Begin { .. } | Group { .. })).collect();
    Checker::new(false).take_all(&no_log).unwrap();
}

#[test]
fn groups_without_their_syncs() {
    refused(&without(11, 1), "a group before the one before it is synced");
    refused(&without(9, 1), "a group before its segment's header is synced");
    refused(&without(7, 1), "a segment is begun before the names are synced");
    refused(&without(8, 2), "a group in a segment that was not begun");
}

#[test]
fn groups_that_do_not_follow() {
    let gap = Group { segment: 1, position: 4296, generation: 1, first: 4, last: 4 };
    refused(&with(12, gap), "a group that does not follow what is durable");
    let over = Group { segment: 1, position: 4096, generation: 1, first: 3, last: 3 };
    refused(&with(12, over), "a group over another one");
    let old = Group { segment: 1, position: 4296, generation: 7, first: 3, last: 3 };
    refused(&with(12, old), "a group of another generation than its segment's");
    let again = Begin { segment: 1, generation: 1, first: 4 };
    refused(&with(21, again), "a generation is used twice");
    let early = Begin { segment: 1, generation: 2, first: 5 };
    refused(&with(21, early), "a segment is begun before all that went before is durable");
}

#[test]
fn committed_bytes_written_again() {
    refused(&with(25, Data { from: 8999, to: 9100 }), "committed bytes are written again");
}

#[test]
fn headers_that_do_not_fit() {
    let rule = "the second header is not the other slot of the same commit";
    refused(&with(19, Header { slot: 0, commit: 1, sequence: 3 }), rule);
    refused(&with(19, Header { slot: 1, commit: 2, sequence: 3 }), rule);
    refused(&with(27, Header { slot: 0, commit: 2, sequence: 2 }), "commits go backwards");
}

#[test]
fn the_only_slot_with_the_last_commit_is_written() {
    let mut checker = Checker::new(true);
    checker.take_all(&sound()).unwrap();
    checker.slots = [1, 2];
    let header = |slot| [Header { slot, commit: 3, sequence: 4 }];
    let rule = "the only slot that holds the last commit is written";
    assert_eq!(checker.clone().take_all(&header(1)).unwrap_err().1, rule);
    checker.take_all(&header(0)).unwrap();
}

#[test]
fn headers_written_again_by_an_open() {
    let header = |slot| Header { slot, commit: 2, sequence: 4 };
    let mut checker = Checker::new(true);
    checker.take_all(&sound()).unwrap();
    checker.clone().take_all(&[header(1), SyncStore, header(0), SyncStore]).unwrap();
    let rule = "a header before the sync of the other one";
    assert_eq!(checker.clone().take_all(&[header(1), header(0)]).unwrap_err().1, rule);
    checker.slots[1] = UNREADABLE;
    checker.clone().take_all(&[header(1), SyncStore, header(0), SyncStore]).unwrap();
    assert_eq!(checker.take_all(&[header(0)]).unwrap_err().1, "the only header that can be read is written");
}

#[test]
fn a_file_that_is_named_too_early() {
    refused(&without(3, 1), "the file gets its name before its headers are synced");
    let mut events = without(5, 9);
    events.truncate(9);
    let mut checker = Checker::new(false);
    assert_eq!(checker.take_all(&events).unwrap_err().1, "a commit in a file whose name is not synced");
}

#[test]
fn a_segment_created_beside_the_first_commit() {
    let mut events = sound();
    let first = events.iter().position(|event| matches!(event, Header { commit: 1, .. })).unwrap();
    events.insert(first, CreateSegment(9));
    events.insert(first + 5, SyncNames);
    Checker::new(true).take_all(&events).unwrap();
}

#[test]
fn a_cut_of_what_is_durable() {
    let mut events = sound();
    events.insert(14, Cut { segment: 1, from: 4296, to: 4304 });
    refused(&events, "what is durable is cut from the log");
}
