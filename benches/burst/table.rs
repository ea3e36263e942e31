//! Tables of text, and numbers as they stand in them.

/// Rows below a header, printed when all are known.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(header: &[&str]) -> Self {
        Self { rows: vec![header.iter().map(|&name| name.to_owned()).collect()] }
    }

    /// As many cells as the header has.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn print(&self, title: &str) {
        println!("## {title}\n");
        let columns = self.rows.first().map_or(0, Vec::len);
        let widths: Vec<usize> = (0..columns)
            .map(|column| self.rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0))
            .collect();
        for (number, row) in self.rows.iter().enumerate() {
            let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            println!("| {} |", cells.join(" | "));
            if number == 0 {
                let rules: Vec<_> = widths.iter().map(|width| "-".repeat(*width)).collect();
                println!("|-{}-|", rules.join("-|-"));
            }
        }
        println!();
    }
}

/// A count with separators: 1,000,000.
pub(crate) fn count(number: usize) -> String {
    let digits = number.to_string();
    let parts: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    parts.join(",")
}

/// A rate or another number of which three digits matter.
pub(crate) fn rounded(number: f64) -> String {
    if number >= 1000.0 {
        // Saturates, and is positive.
        return count(number.round() as usize);
    }
    if number >= 100.0 { format!("{number:.0}") } else { format!("{number:.3}") }
}

/// A time in microseconds, given in nanoseconds.
pub(crate) fn micros(nanos: u64) -> String {
    let micros = nanos as f64 / 1000.0;
    if micros >= 100.0 { count(micros.round() as usize) } else { format!("{micros:.2}") }
}
