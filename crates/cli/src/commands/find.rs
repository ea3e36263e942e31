//! `sutra find`: concepts by the words in them.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use sutra_storage::{Direction, Snapshot};

use crate::failure::{Failure, Outcome};
use crate::interrupt;
use crate::matching::{Match, Query};
use crate::output::{Output, brief, note, plain};
use crate::progress::{Spinner, grouped};
use crate::store::{close_read, open_existing};
use crate::style;
use crate::terminal;

/// Concepts between two looks at whether the program was interrupted.
const EVERY: u64 = 4096;

/// Find concepts by words in their keys, contents and metadata
///
/// Every word must be the beginning of one there; case does not matter. The closest come first: a key or a word of the metadata
/// that is what was looked for, then texts that begin with it, then texts that have it; among equals those with more
/// associations. It reads all concepts.
#[derive(Args, Debug)]
pub(crate) struct Find {
    /// The words
    #[arg(required = true, num_args = 1..)]
    text: Vec<String>,
    /// How many to show
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// As one JSON object
    #[arg(long)]
    json: bool,
}

/// A concept that matches, ordered by how little it does: the heap gives up the last one first.
#[derive(Debug)]
struct Candidate {
    found: Match,
    degree: usize,
    /// In the order of the concepts.
    number: u64,
    name: String,
    id: String,
    content: String,
}

impl Candidate {
    fn rank(&self, other: &Self) -> Ordering {
        let score = self.found.score.total_cmp(&other.found.score);
        score.then(self.degree.cmp(&other.degree)).then(other.number.cmp(&self.number)).reverse()
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.rank(other).is_eq()
    }
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank(other)
    }
}

impl Find {
    pub(crate) fn run(&self, store: &Path) -> Result<Outcome, Failure> {
        let text = self.text.join(" ");
        let Some(query) = Query::new(&text) else {
            return Err(Failure::Usage(format!("{text:?} has no letter or digit: name a word to look for")));
        };
        let memory = open_existing(store)?;
        let searched = {
            let _spinner = Spinner::new("reading all concepts");
            self.search(&memory.snapshot(), &query)
        };
        let (candidates, total) = searched?;
        close_read(&memory)?;
        let mut out = Output::new();
        if self.json {
            out.json(&Answer { text: &text, total, found: candidates.iter().map(Shown::of).collect() })?;
        } else {
            for candidate in &candidates {
                show(candidate, &query, &mut out)?;
            }
        }
        out.end()?;
        if total == 0 {
            note(format_args!("no concept says {}", plain(&text)));
            return Ok(Outcome::NotFound);
        }
        if !self.json && total > candidates.len() as u64 {
            let (shown, total) = (grouped(candidates.len() as u64), grouped(total));
            note(format_args!("{shown} of {total} shown; --limit shows more, more words find less"));
        }
        Ok(Outcome::Done)
    }

    /// The best ones, and how many there are.
    fn search(&self, snapshot: &Snapshot, query: &Query) -> Result<(Vec<Candidate>, u64), Failure> {
        let mut best = BinaryHeap::with_capacity(self.limit.min(1000) + 1);
        let mut total = 0;
        for (number, concept) in (0..).zip(snapshot.concepts()) {
            if u64::is_multiple_of(number, EVERY) && interrupt::requested() {
                return Err(Failure::Interrupted);
            }
            let concept = concept?;
            let content = String::from_utf8_lossy(concept.content()?);
            let Some(found) = query.of(concept.key()?, &content, concept.metadata()?) else { continue };
            total += 1;
            let degree = snapshot.neighbor_bound(concept.id(), Direction::Both)?;
            let candidate = Candidate {
                found,
                degree,
                number,
                name: concept.name()?.into_owned(),
                id: concept.id().to_string(),
                content: content.into_owned(),
            };
            best.push(candidate);
            if best.len() > self.limit {
                best.pop();
            }
        }
        Ok((best.into_sorted_vec(), total))
    }
}

fn show(candidate: &Candidate, query: &Query, out: &mut Output) -> Result<(), Failure> {
    let Candidate { found, name, content, .. } = candidate;
    let name = plain(name);
    let room = terminal::width().saturating_sub(name.chars().count() + 2).max(20);
    out.line(format_args!("{}  {}", style::name(&name), marked(query, &brief(content.as_bytes(), room))))?;
    // Where the content says it, the line above shows it, unless it lies too far in.
    let beginning = brief(content.as_bytes(), room);
    if found.field == "content" && !query.places(&beginning).is_empty() {
        return Ok(());
    }
    let room = terminal::width().saturating_sub(found.field.len() + 6).max(20);
    let text = around(query, &plain(&found.text), room);
    out.line(format_args!("    {}: {}", style::faint(plain(&found.field)), marked(query, &text)))
}

/// The part of a text around its first match.
fn around(query: &Query, text: &str, longest: usize) -> String {
    let first = query.places(text).first().map_or(0, |place| place.start);
    let before = text.get(..first).map_or(0, |before| before.chars().count());
    if before + 20 < longest {
        return brief(text.as_bytes(), longest);
    }
    let rest: String = text.chars().skip(before.saturating_sub(longest / 3)).collect();
    brief(format!("...{rest}").as_bytes(), longest)
}

/// A text with its matches marked, on a terminal by colour.
fn marked(query: &Query, text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    let mut from = 0;
    for place in query.places(text) {
        marked.push_str(&text[from..place.start]);
        marked.push_str(&style::found(&text[place.clone()]).to_string());
        from = place.end;
    }
    marked.push_str(&text[from..]);
    marked
}

#[derive(Serialize)]
struct Answer<'a> {
    text: &'a str,
    total: u64,
    found: Vec<Shown<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    name: &'a str,
    id: &'a str,
    score: f32,
    field: &'a str,
    #[serde(rename = "match")]
    text: &'a str,
    content: &'a str,
}

impl<'a> Shown<'a> {
    fn of(candidate: &'a Candidate) -> Self {
        let Candidate { found, name, id, content, .. } = candidate;
        Self { name, id, score: found.score, field: &found.field, text: &found.text, content }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_far_in_is_brought_near() {
        let query = Query::new("end").unwrap();
        let text = format!("{}the end of it", "x ".repeat(100));
        let shown = around(&query, &text, 60);
        assert!(shown.starts_with("...") && shown.contains("the end of it") && shown.chars().count() <= 60, "{shown}");
        assert_eq!(around(&query, "the end", 60), "the end");
        assert_eq!(marked(&query, "the end"), "the end");
    }
}
