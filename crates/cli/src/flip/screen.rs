//! How it goes as a screen: rates and staleness over time, latencies, queue, groups, snapshots, file, memory.
//!
//! It lies below what was printed before and is gone in the end, so that what was printed stays.

use std::io::{Stdout, stdout};
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::bar;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Sparkline, Widget};
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::latency::duration;
use super::load::Load;
use super::sample::Sample;
use crate::failure::Failure;
use crate::progress::{grouped, size};
use crate::{interrupt, style, terminal};

/// Columns from which curves and figures stand side by side.
const WIDE: u16 = 100;

/// Columns that the figures need.
const FIGURES: u16 = 50;

/// Lines of the figures.
const ROWS: u16 = 8;

/// Lines of the whole, where there is room for them side by side, and where not.
const HEIGHTS: (u16, u16) = (ROWS + 2, ROWS + 7);

/// Samples that are kept: more than a terminal has columns.
const KEPT: usize = 512;

/// Columns before a curve.
const LABEL: u16 = 22;

/// A screen on the standard output.
pub(super) struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    shown: Shown,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").finish_non_exhaustive()
    }
}

/// All that is drawn.
#[derive(Debug, Default)]
struct Shown {
    load: String,
    asked: String,
    /// Number from 1, and of how many.
    number: (usize, usize),
    into: Duration,
    length: Duration,
    samples: Vec<Sample>,
    look: Look,
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    colours: bool,
    /// Characters beside ASCII.
    blocks: bool,
}

impl Screen {
    /// Nothing where a screen has no room, or the terminal does not say where its cursor is.
    pub(super) fn open() -> Option<Self> {
        let (columns, rows) = terminal::size()?;
        let height = if columns >= WIDE { HEIGHTS.0 } else { HEIGHTS.1 };
        if columns < 60 || rows <= height {
            return None;
        }
        let options = TerminalOptions { viewport: Viewport::Inline(height) };
        let terminal = Terminal::with_options(CrosstermBackend::new(stdout()), options).ok()?;
        interrupt::screen(true);
        let look = Look { colours: style::coloured(), blocks: terminal::is_utf8() };
        Some(Self { terminal, shown: Shown { look, ..Shown::default() } })
    }

    pub(super) fn begin(&mut self, load: &Load, number: usize, of: usize, length: Duration) {
        self.shown.load = load.name.clone();
        self.shown.asked = load.asked();
        self.shown.number = (number + 1, of);
        self.shown.length = length;
    }

    pub(super) fn tell(&mut self, sample: &Sample, into: Duration) -> Result<(), Failure> {
        if self.shown.samples.len() == KEPT {
            self.shown.samples.remove(0);
        }
        self.shown.samples.push(*sample);
        self.shown.into = into;
        let shown = &self.shown;
        self.terminal.draw(|frame| shown.draw(frame.area(), frame.buffer_mut())).map_err(Failure::Output)?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // What cannot be written any more is not missed: the answer that follows tells.
        let top = self.terminal.get_frame().area().as_position();
        let _ = self.terminal.clear();
        let _ = self.terminal.set_cursor_position(top);
        let _ = self.terminal.show_cursor();
        interrupt::screen(false);
    }
}

/// A curve: what it is, its newest value as text, and all of them.
struct Curve {
    name: &'static str,
    now: String,
    values: Vec<f64>,
    colour: Color,
}

impl Shown {
    fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let [head, _, rest] =
            Layout::vertical([Constraint::Length(1), Constraint::Length(1), Constraint::Fill(1)]).areas(area);
        self.head(head, buffer);
        let Some(last) = self.samples.last() else { return };
        if area.width >= WIDE {
            let [curves, _, figures] =
                Layout::horizontal([Constraint::Fill(1), Constraint::Length(2), Constraint::Length(FIGURES)])
                    .areas(rest);
            self.curves(curves, 2, buffer);
            self.figures(last, figures, buffer);
        } else {
            let [curves, _, figures] =
                Layout::vertical([Constraint::Length(4), Constraint::Length(1), Constraint::Fill(1)]).areas(rest);
            self.curves(curves, 1, buffer);
            self.figures(last, figures, buffer);
        }
    }

    fn head(&self, area: Rect, buffer: &mut Buffer) {
        let (number, of) = self.number;
        let (into, length) = (self.into.as_secs_f64().min(self.length.as_secs_f64()), self.length.as_secs_f64());
        let right = format!("flip {number} of {of}  {into:>4.1} of {length:.0} s");
        let width = u16::try_from(right.len()).unwrap_or(u16::MAX);
        let [left_area, _, right_area] =
            Layout::horizontal([Constraint::Fill(1), Constraint::Length(2), Constraint::Length(width)]).areas(area);
        let left = Line::from(vec![
            Span::styled(format!("   {}", self.load), self.bold()),
            Span::styled(format!(": {}", self.asked), self.faint()),
        ]);
        left.render(left_area, buffer);
        Line::styled(right, self.faint()).render(right_area, buffer);
    }

    fn bold(&self) -> Style {
        if self.look.colours { Style::new().add_modifier(Modifier::BOLD) } else { Style::new() }
    }

    fn faint(&self) -> Style {
        if self.look.colours { Style::new().add_modifier(Modifier::DIM) } else { Style::new() }
    }

    fn curves(&self, area: Rect, height: u16, buffer: &mut Buffer) {
        let rows = Layout::vertical([Constraint::Length(height); 4]).split(area);
        for (curve, row) in self.of_all().iter().zip(rows.iter()) {
            let [label, line] = Layout::horizontal([Constraint::Length(LABEL), Constraint::Fill(1)]).areas(*row);
            // At the foot of the curve.
            let label = Rect { y: label.bottom().saturating_sub(1), height: label.height.min(1), ..label };
            let text = format!("   {:<9}{:>9}", curve.name, curve.now);
            Line::raw(text).render(label, buffer);
            let from = curve.values.len().saturating_sub(usize::from(line.width));
            let values: Vec<u64> = curve.values[from..].iter().map(|value| height_of(*value)).collect();
            let colour = if self.look.colours { Style::new().fg(curve.colour) } else { Style::new() };
            let bars = if self.look.blocks { bar::NINE_LEVELS } else { ASCII };
            Sparkline::default().data(&values).bar_set(bars).style(colour).render(line, buffer);
        }
    }

    fn of_all(&self) -> [Curve; 4] {
        let last = self.samples.last().copied().unwrap_or_default();
        let values = |of: fn(&Sample) -> f64| self.samples.iter().map(of).collect();
        let count = |rate: f64| grouped(rate.round() as u64);
        let stale = if last.stale.count == 0 { "-".to_owned() } else { duration(last.stale.p99_ns) };
        [
            Curve {
                name: "writes/s",
                now: count(last.writes_per_s),
                values: values(|sample| sample.writes_per_s),
                colour: Color::Green,
            },
            Curve {
                name: "reads/s",
                now: count(last.reads_per_s),
                values: values(|sample| sample.reads_per_s),
                colour: Color::Cyan,
            },
            Curve {
                name: "stale p99",
                now: stale,
                values: values(|sample| sample.stale.p99_ns as f64 / 1e3),
                colour: Color::Yellow,
            },
            Curve {
                name: "queue",
                now: grouped(last.queue),
                values: values(|sample| sample.queue as f64),
                colour: Color::Magenta,
            },
        ]
    }

    fn figures(&self, last: &Sample, area: Rect, buffer: &mut Buffer) {
        let row = |name: &str, cells: [String; 4]| {
            let [p50, p99, p999, max] = cells;
            format!("   {name:<9}{p50:>9}{p99:>9}{p999:>9}{max:>9}")
        };
        let header = row("", ["p50", "p99", "p99.9", "max"].map(str::to_owned));
        let [write, read, stale] = last.all;
        let (log, group, storage) = (&last.stats.write_log, &last.stats.reconciler, &last.stats.storage);
        let us = |micros: u64| duration(micros.saturating_mul(1000));
        let lines = vec![
            Line::styled(header, self.faint()),
            Line::raw(row("write", write.texts())),
            Line::raw(row("read", read.texts())),
            Line::raw(row("stale", stale.texts())),
            Line::raw(format!("   queue    {} waiting, {} refused", grouped(log.pending), grouped(log.dropped))),
            Line::raw(format!(
                "   group    {} writes, sync {}, apply {}",
                grouped(group.last_batch),
                us(group.commit_us),
                us(group.apply_us)
            )),
            Line::raw(format!(
                "   snapshot {} published, oldest held {}",
                grouped(group.reconciliations),
                us(storage.oldest_snapshot_age)
            )),
            Line::raw(format!(
                "   file     {}, log {}, memory {}",
                size(storage.file_bytes),
                size(storage.wal_bytes),
                size(storage.heap_bytes)
            )),
        ];
        Paragraph::new(lines).render(area, buffer);
    }
}

/// Levels of a curve where there is ASCII only.
const ASCII: bar::Set<'static> = bar::Set {
    full: "#",
    seven_eighths: "#",
    three_quarters: "*",
    five_eighths: "+",
    half: "=",
    three_eighths: "-",
    one_quarter: ":",
    one_eighth: ".",
    empty: " ",
};

/// Logarithmic: ten a second and a million are on one curve.
fn height_of(value: f64) -> u64 {
    ((1.0 + value.max(0.0)).ln() * 100.0) as u64
}

#[cfg(test)]
mod tests {
    use super::super::latency::Latency;
    use super::*;

    fn shown(columns: u16, look: Look) -> Vec<String> {
        let latency =
            Latency { count: 5000, p50_ns: 1_200, p99_ns: 9_100_000, p999_ns: Some(12_000), max_ns: 11_000_000 };
        let mut sample =
            Sample { writes_per_s: 1_234_567.0, reads_per_s: 10.0, stale: latency, queue: 99_999, ..Sample::default() };
        sample.all = [latency, Latency::default(), latency];
        sample.stats.write_log.pending = 99_999;
        sample.stats.storage.file_bytes = 99 << 30;
        sample.stats.storage.heap_bytes = 1 << 34;
        let load = Load::of_demo().remove(2);
        let shown = Shown {
            load: load.name.clone(),
            asked: load.asked(),
            number: (3, 4),
            into: Duration::from_millis(2500),
            length: Duration::from_secs(5),
            samples: vec![Sample { writes_per_s: 2000.0, ..sample }, sample],
            look,
        };
        let area = Rect::new(0, 0, columns, if columns >= WIDE { HEIGHTS.0 } else { HEIGHTS.1 });
        let mut buffer = Buffer::empty(area);
        shown.draw(area, &mut buffer);
        let cell = |x, y| buffer[(x, y)].symbol().to_owned();
        (0..area.height).map(|y| (0..columns).map(|x| cell(x, y)).collect::<String>().trim_end().to_owned()).collect()
    }

    #[test]
    fn all_figures_are_shown_at_any_width() {
        for columns in [60, 80, 99, 100, 120, 200] {
            let lines = shown(columns, Look::default());
            let all = lines.join("\n");
            for part in [
                "both at once",
                "  flip 3 of 4   2.5 of 5 s",
                "writes/s 1,234,567",
                "stale p99   9.1 ms",
                "queue       99,999",
                "write       1.2 us   9.1 ms    12 us    11 ms",
                "read             -        -        -        -",
                "99,999 waiting, 0 refused",
                "snapshot 0 published",
                "memory 16.0 GiB",
            ] {
                assert!(all.contains(part), "{part} at {columns}:\n{all}");
            }
            assert!(all.is_ascii(), "{all}");
            assert!(all.contains('#') && !all.contains('\u{1b}'), "{all}");
        }
    }

    #[test]
    fn blocks_are_drawn_where_they_can_be() {
        assert!(shown(80, Look { colours: true, blocks: true }).concat().contains('\u{2588}'));
    }

    #[test]
    fn nothing_is_shown_before_the_first_look_but_the_head() {
        let area = Rect::new(0, 0, 80, HEIGHTS.1);
        let mut buffer = Buffer::empty(area);
        Shown::default().draw(area, &mut buffer);
        // Nor does a terminal of one line make it panic.
        let area = Rect::new(0, 0, 20, 1);
        Shown::default().draw(area, &mut Buffer::empty(area));
    }
}
