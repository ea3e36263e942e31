//! Tables of what was measured: medians of the rounds, their spread, and how ours compares.

use sutra_benches::median;

use crate::engines::{Kind, OURS};

/// What a number is, and whether more of it is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Writes a second.
    Rate,
    /// Nanoseconds.
    Nanos,
    /// Microseconds.
    Micros,
    /// Milliseconds.
    Millis,
    /// Seconds that nobody is better or worse for.
    Seconds,
    /// Bytes.
    Bytes,
    /// Of what was asked for, in per cent.
    Share,
}

/// One thing that was measured of every engine.
#[derive(Debug)]
pub(crate) struct Measure {
    name: String,
    unit: Unit,
    /// For each engine, in the order of the engines, the rounds.
    rounds: Vec<Vec<f64>>,
}

impl Measure {
    pub(crate) fn new(name: impl Into<String>, unit: Unit, engines: usize) -> Self {
        Self { name: name.into(), unit, rounds: vec![Vec::new(); engines] }
    }

    /// Adds a round of an engine.
    pub(crate) fn add(&mut self, engine: usize, value: f64) {
        self.rounds[engine].push(value);
    }
}

/// A section in Markdown with a table: a row for each measure and engine.
pub(crate) fn table(title: &str, about: &str, engines: &[Kind], measures: &[Measure]) -> String {
    let mut rows = vec![["measured", "engine", "median", "min .. max", "ours", "durable"].map(str::to_owned)];
    for measure in measures {
        let ours = engines.iter().position(|kind| kind.name == OURS);
        let ours = ours.map_or(f64::NAN, |ours| median(&measure.rounds[ours]));
        for (kind, rounds) in engines.iter().zip(&measure.rounds).filter(|(_, rounds)| !rounds.is_empty()) {
            let theirs = median(rounds);
            let least = rounds.iter().copied().fold(f64::INFINITY, f64::min);
            let most = rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            rows.push([
                measure.name.clone(),
                kind.name.to_owned(),
                measure.unit.shown(theirs),
                format!("{} .. {}", measure.unit.shown(least), measure.unit.shown(most)),
                if kind.name == OURS { String::new() } else { measure.unit.compared(ours, theirs) },
                kind.durable.to_owned(),
            ]);
        }
    }
    let rounds = measures.iter().flat_map(|measure| &measure.rounds).map(Vec::len).max().unwrap_or(0);
    let rounds = if rounds > 1 { format!("{rounds} rounds.") } else { "One round.".to_owned() };
    section(title, &format!("{about} {rounds}"), &rows)
}

/// A section in Markdown: what was done, and a table of it.
pub(crate) fn section<const N: usize>(title: &str, about: &str, rows: &[[String; N]]) -> String {
    format!("## {title}\n\n{about}\n\n{}", aligned(rows))
}

impl Unit {
    /// How many times as good ours is; below 1 it is a loss, and says so. Nothing of what is no ratio.
    fn compared(self, ours: f64, theirs: f64) -> String {
        if self == Self::Seconds || !(ours > 0.0 && theirs > 0.0) {
            return String::new();
        }
        let times = if matches!(self, Self::Rate | Self::Share) { ours / theirs } else { theirs / ours };
        let shown = format!("{times:.2}");
        if times < 1.0 && shown != "1.00" { format!("{shown} (loss)") } else { shown }
    }

    fn shown(self, value: f64) -> String {
        match self {
            Self::Rate => format!("{}/s", rounded(value)),
            Self::Nanos => format!("{} ns", rounded(value)),
            Self::Micros => format!("{} us", rounded(value)),
            Self::Millis => format!("{} ms", rounded(value)),
            Self::Seconds => format!("{} s", rounded(value)),
            Self::Bytes => format!("{} B", rounded(value)),
            Self::Share => format!("{} %", rounded(value)),
        }
    }
}

/// Columns of one width.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let widths: [usize; N] = std::array::from_fn(|at| rows.iter().map(|row| row[at].len()).max().unwrap_or(0));
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
        if number == 0 {
            text.push_str(&format!("|-{}-|\n", widths.map(|width| "-".repeat(width)).join("-|-")));
        }
    }
    text
}

/// Three digits of a small number, all of a large one, with separators.
pub(crate) fn rounded(number: f64) -> String {
    match number {
        small if small.abs() < 10.0 => format!("{small:.2}"),
        medium if medium.abs() < 100.0 => format!("{medium:.1}"),
        large => {
            let digits = format!("{:.0}", large.abs());
            let parts: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
            format!("{}{}", if large < 0.0 { "-" } else { "" }, parts.join(","))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engines::ALL;

    #[test]
    fn losses_are_said() {
        assert_eq!(Unit::Rate.compared(30.0, 10.0), "3.00");
        assert_eq!(Unit::Nanos.compared(30.0, 10.0), "0.33 (loss)");
        assert_eq!(Unit::Rate.compared(9.0, 10.0), "0.90 (loss)");
        assert_eq!(Unit::Share.compared(50.0, 100.0), "0.50 (loss)");
        assert_eq!(Unit::Share.compared(99.9, 100.0), "1.00");
        assert_eq!(Unit::Bytes.compared(-3.0, 10.0), "");
    }

    #[test]
    fn numbers_have_three_digits_or_separators() {
        for (number, text) in [(1.234, "1.23"), (12.34, "12.3"), (-123_456.7, "-123,457"), (100.0, "100")] {
            assert_eq!(rounded(number), text);
        }
    }

    #[test]
    fn a_table_has_a_row_for_each_engine_that_was_measured() {
        let mut measure = Measure::new("gets", Unit::Nanos, ALL.len());
        for value in [3.0, 1.0, 2.0] {
            measure.add(0, value);
        }
        measure.add(ALL.len() - 1, 1234.0);
        let text = table("Reads", "Why.", ALL, &[measure]);
        assert!(text.starts_with("## Reads\n\nWhy. 3 rounds.\n\n| measured | engine "), "{text}");
        assert!(text.contains("| 2.00 ns  | 1.00 ns .. 3.00 ns"), "{text}");
        assert!(text.contains("1,234 ns") && text.contains("617"), "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with('|')).count(), 4, "{text}");
    }
}
