//! Progress of long work, on the standard error, and only where that is a terminal.

use std::cell::Cell;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How often a bar is drawn at most is indicatif's matter; how often it is told of progress is counted in items, because
/// asking the clock for each would cost as much as the item.
const EVERY: u64 = 1024;

/// A bar that tells how much of an input has been read, and how many items came of it.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    input: crate::import::Progress,
    items: u64,
    what: &'static str,
}

impl Bar {
    pub(crate) fn new(what: &'static str, input: crate::import::Progress) -> Self {
        let bar = match input.total() {
            Some(total) => ProgressBar::new(total).with_style(style("[{bar:30}] {percent:>3}% {msg} {eta} left")),
            None => ProgressBar::new_spinner().with_style(style("{spinner} {msg}")),
        };
        Self { bar, input, items: 0, what }
    }

    /// One item more.
    pub(crate) fn item(&mut self) {
        self.items += 1;
        if self.items.is_multiple_of(EVERY) {
            self.draw();
        }
    }

    /// Writes something beside the bar, which is drawn again below it.
    pub(crate) fn beside(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    fn draw(&self) {
        self.bar.set_position(self.input.read());
        self.bar.set_message(format!(
            "{} {}, {}/s",
            grouped(self.items),
            self.what,
            grouped(rate(self.items, self.bar.elapsed()))
        ));
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar over items whose number is known.
#[derive(Debug)]
pub(crate) struct Count {
    bar: ProgressBar,
    items: Cell<u64>,
}

impl Count {
    pub(crate) fn new(total: u64) -> Self {
        let bar = ProgressBar::new(total).with_style(style("[{bar:30}] {percent:>3}% {eta} left"));
        Self { bar, items: Cell::new(0) }
    }

    /// One item more.
    pub(crate) fn item(&self) {
        let items = self.items.get() + 1;
        self.items.set(items);
        if items.is_multiple_of(EVERY) {
            self.bar.set_position(items);
        }
    }
}

impl Drop for Count {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Something that takes a while and has no measure.
#[derive(Debug)]
pub(crate) struct Spinner(ProgressBar);

impl Spinner {
    pub(crate) fn new(what: &'static str) -> Self {
        let bar = ProgressBar::new_spinner().with_style(style("{spinner} {msg}")).with_message(what);
        bar.enable_steady_tick(Duration::from_millis(100));
        Self(bar)
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The standard look is drawn with characters outside ASCII.
fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ").tick_chars("|/-\\ ")
}

/// Items in a second.
pub(crate) fn rate(items: u64, elapsed: Duration) -> u64 {
    (items as f64 / elapsed.as_secs_f64().max(1e-9)).round() as u64
}

/// A count with its thousands apart: `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Bytes as MiB, or GiB where there are many.
pub(crate) fn size(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 10_000.0 { format!("{mib:.1} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_given_in_their_unit() {
        assert_eq!(
            [size(0), size(3 << 19), size(9 << 30), size(1 << 35)],
            ["0.0 MiB", "1.5 MiB", "9216.0 MiB", "32.0 GiB"]
        );
    }

    #[test]
    fn thousands_are_set_apart() {
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (123_456, "123,456"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(count), text);
        }
    }
}
