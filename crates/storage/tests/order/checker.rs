//! The rules of order, held against one event after the other.

use std::collections::BTreeMap;

use crate::event::{Event, Segment};

/// What a slot holds that no header can be read from.
pub(crate) const UNREADABLE: u64 = u64::MAX;

/// A rule that an event breaks.
pub(crate) type Broken = &'static str;

/// One life of a segment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    pub(crate) generation: u64,
    pub(crate) synced: bool,
    /// By position.
    pub(crate) groups: BTreeMap<u64, Group>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) synced: bool,
}

/// Where a commit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Between commits; data may be written.
    Open,
    /// One header is written. Synced or not.
    First { slot: usize, synced: bool },
    /// The other one is written and not synced.
    Second,
}

/// What is known of the disk, up to some event.
#[derive(Clone, Debug)]
pub(crate) struct Checker {
    /// Whether there is a log; otherwise checkpoints alone make durable.
    pub(crate) log: bool,
    /// Whether a sync has covered all names.
    pub(crate) names_synced: bool,
    /// Whether the file has its name, and whether a sync has covered that.
    pub(crate) named: bool,
    pub(crate) name_synced: bool,
    /// Whether the file holds bytes that no sync has covered.
    pub(crate) dirty: bool,
    /// Whether a header is among them that was written here.
    header_unsynced: bool,
    /// The commit that each slot holds.
    pub(crate) slots: [u64; 2],
    /// The newest commit and its sequence, from its first header on.
    pub(crate) commit: u64,
    pub(crate) sequence: u64,
    /// The last sequence that a whole commit covers: what is in the log up to here may go.
    pub(crate) covered: u64,
    pub(crate) segments: BTreeMap<Segment, Life>,
    phase: Phase,
    /// What the commits that this checker has seen refer to, and what was written since.
    committed: Vec<(u64, u64)>,
    fresh: Vec<(u64, u64)>,
    /// Commits seen whole.
    pub(crate) checkpoints: u64,
}

impl Checker {
    /// An empty disk.
    pub(crate) fn new(log: bool) -> Self {
        Self {
            log,
            names_synced: true,
            named: false,
            name_synced: false,
            dirty: false,
            header_unsynced: false,
            slots: [0; 2],
            commit: 0,
            sequence: 0,
            covered: 0,
            segments: BTreeMap::new(),
            phase: Phase::Open,
            committed: Vec::new(),
            fresh: Vec::new(),
            checkpoints: 0,
        }
    }

    /// Takes all events, or says which one breaks which rule.
    pub(crate) fn take_all(&mut self, events: &[Event]) -> Result<(), (usize, Broken)> {
        events.iter().enumerate().try_for_each(|(index, event)| self.take(event).map_err(|rule| (index, rule)))
    }

    fn take(&mut self, event: &Event) -> Result<(), Broken> {
        match *event {
            Event::CreateStore | Event::CreateSegment(_) | Event::RemoveNewStore => self.names_synced = false,
            Event::NameStore => {
                ensure(!self.dirty, "the file gets its name before its headers are synced")?;
                (self.named, self.names_synced) = (true, false);
            }
            // A segment that is created later leaves the file's own name as durable as it was.
            Event::SyncNames => (self.names_synced, self.name_synced) = (true, self.named),
            Event::Data { from, to } => self.data(from, to)?,
            Event::Header { .. } if !self.named => self.dirty = true,
            Event::Header { slot, commit, sequence } => self.header(slot, commit, sequence)?,
            Event::SyncStore => self.sync_store(),
            Event::Begin { segment, generation, first } => self.begin(segment, generation, first)?,
            Event::Group { segment, position, generation, first, last } => {
                self.group(segment, position, generation, (first, last))?;
            }
            Event::SyncSegment(segment) => {
                let life = self.segments.entry(segment).or_default();
                life.synced = true;
                life.groups.values_mut().for_each(|group| group.synced = true);
            }
            Event::Cut { segment, from, to } => self.cut(segment, from, to)?,
            Event::RemoveSegment(segment) => {
                self.gives_up(segment)?;
                self.segments.remove(&segment);
                self.names_synced = false;
            }
        }
        Ok(())
    }

    fn data(&mut self, from: u64, to: u64) -> Result<(), Broken> {
        ensure(self.phase == Phase::Open, "data between the headers of a commit")?;
        let clash = self.committed.iter().any(|(start, end)| from < *end && *start < to);
        ensure(!clash, "committed bytes are written again")?;
        self.dirty = true;
        self.fresh.push((from, to));
        Ok(())
    }

    fn header(&mut self, slot: usize, commit: u64, sequence: u64) -> Result<(), Broken> {
        let again = self.phase == Phase::Open && commit == self.commit && self.slots[slot] == commit;
        if again {
            // An open that cannot know whether the header is on the disk writes it again, the same bytes.
            ensure(self.slots[1 - slot] != UNREADABLE, "the only header that can be read is written")?;
            ensure(!self.header_unsynced, "a header before the sync of the other one")?;
            (self.dirty, self.header_unsynced) = (true, true);
            return Ok(());
        }
        ensure(!self.dirty, "a header before the sync of what was written before it")?;
        ensure(self.name_synced, "a commit in a file whose name is not synced")?;
        match self.phase {
            Phase::Open => {
                let only = self.slots[1 - slot] != self.commit;
                ensure(!only, "the only slot that holds the last commit is written")?;
                if commit == self.commit {
                    // The other slot had been left behind: it gets the same commit.
                    ensure(sequence == self.sequence, "one commit with two sequences")?;
                    self.phase = Phase::Second;
                } else {
                    ensure(commit > self.commit && sequence >= self.sequence, "commits go backwards")?;
                    ensure(!self.log || sequence <= self.durable(), "a commit of what the log has not synced")?;
                    (self.commit, self.sequence) = (commit, sequence);
                    self.committed.append(&mut self.fresh);
                    self.phase = Phase::First { slot, synced: false };
                }
            }
            Phase::First { slot: first, .. } => {
                // `dirty` has seen to the sync in between.
                let same = commit == self.commit && sequence == self.sequence;
                ensure(slot != first && same, "the second header is not the other slot of the same commit")?;
                self.phase = Phase::Second;
            }
            Phase::Second => return Err("a header before the sync of the second one"),
        }
        self.slots[slot] = commit;
        (self.dirty, self.header_unsynced) = (true, true);
        Ok(())
    }

    fn sync_store(&mut self) {
        (self.dirty, self.header_unsynced) = (false, false);
        match &mut self.phase {
            Phase::Open if self.slots[0] != self.slots[1] => {
                // At an open after a kill: the newest header may have been in the page cache alone until now.
                self.covered = self.sequence;
            }
            Phase::Open => {}
            Phase::First { synced, .. } => *synced = true,
            Phase::Second => {
                self.covered = self.sequence;
                self.checkpoints += 1;
                self.phase = Phase::Open;
            }
        }
    }

    /// The end of what is durable without a hole: the newest whole commit, and synced groups that follow it.
    fn durable(&self) -> u64 {
        let mut groups: Vec<_> = self.segments.values().flat_map(|life| life.groups.values()).copied().collect();
        groups.sort_by_key(|group| group.first);
        let synced = groups.iter().filter(|group| group.synced);
        synced.fold(self.covered, |end, group| if group.first <= end + 1 { end.max(group.last) } else { end })
    }

    fn begin(&mut self, segment: Segment, generation: u64, first: u64) -> Result<(), Broken> {
        ensure(self.log, "a log where there is to be none")?;
        ensure(self.names_synced, "a segment is begun before the names are synced")?;
        self.gives_up(segment)?;
        let newest = self.segments.values().map(|life| life.generation).max().unwrap_or(0);
        ensure(generation > newest, "a generation is used twice")?;
        ensure(first <= self.durable() + 1, "a segment is begun before all that went before is durable")?;
        self.segments.insert(segment, Life { generation, ..Life::default() });
        Ok(())
    }

    fn group(
        &mut self,
        segment: Segment,
        position: u64,
        generation: u64,
        (first, last): (u64, u64),
    ) -> Result<(), Broken> {
        let next = self.durable() + 1;
        // After a kill there may be groups that were never synced and need not be: a commit covers them.
        let settled = |group: &Group| group.synced || group.last <= self.covered;
        let alone = self.segments.values().flat_map(|life| life.groups.values()).all(settled);
        let life = self.segments.get_mut(&segment).ok_or("a group in a segment that was not begun")?;
        if let Some(group) = life.groups.get(&position)
            && (group.first, group.last, life.generation) == (first, last, generation)
        {
            // Recovery writes again what it cannot know to be on the disk: the same bytes.
            return Ok(());
        }
        ensure(life.synced, "a group before its segment's header is synced")?;
        ensure(life.generation == generation, "a group of another generation than its segment's")?;
        ensure(alone, "a group before the one before it is synced")?;
        ensure(first == next, "a group that does not follow what is durable")?;
        let overlaps = life.groups.keys().next_back().is_some_and(|newest| *newest >= position);
        ensure(!overlaps, "a group over another one")?;
        life.groups.insert(position, Group { first, last, synced: false });
        Ok(())
    }

    fn cut(&mut self, segment: Segment, from: u64, to: u64) -> Result<(), Broken> {
        let (durable, covered) = (self.durable(), self.covered);
        let life = self.segments.entry(segment).or_default();
        let needed = |group: &Group| group.synced && group.last <= durable && group.last > covered;
        ensure(!life.groups.range(from..to).any(|(_, group)| needed(group)), "what is durable is cut from the log")?;
        life.groups.retain(|position, _| !(from..to).contains(position));
        life.synced = false;
        Ok(())
    }

    /// What a segment holds is not needed any more.
    fn gives_up(&self, segment: Segment) -> Result<(), Broken> {
        let needed = |life: &Life| life.groups.values().any(|group| group.last > self.covered);
        let free = !self.segments.get(&segment).is_some_and(needed);
        ensure(free, "a segment is used again or removed before a whole commit covers it")
    }
}

fn ensure(holds: bool, rule: Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(rule) }
}
