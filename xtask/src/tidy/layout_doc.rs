//! docs/format.md says byte for byte what the structs of crates/format say.
//!
//! Each layout has a heading `### Name (N bytes)` in the document, and below it, before the next heading, one table row
//! `| offset | size | field | meaning |` for each of its fields, in order. A heading of that form that names no layout is
//! out of date. Everything else in the document is free.

use super::layouts::{Layout, read};
use super::{File, Finding};

const DOCUMENT: &str = "docs/format.md";

pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let sources = files.iter().filter(|file| file.is_rust() && file.path.starts_with("crates/format/src/"));
    let (layouts, unclear) = read(sources);
    let mut findings: Vec<_> =
        unclear.into_iter().map(|place| Finding::new(place.path, place.line, place.reason)).collect();
    let Some(document) = files.iter().find(|file| file.path == DOCUMENT) else {
        findings.push(Finding::new(DOCUMENT, 0, format!("missing; it must describe {} layouts", layouts.len())));
        return findings;
    };
    let sections = sections(&document.text);
    for layout in &layouts {
        let of_layout: Vec<_> = sections.iter().filter(|section| section.name == layout.name).collect();
        match of_layout.as_slice() {
            [] => {
                let message = format!("{DOCUMENT} has no heading `### {} ({} bytes)`", layout.name, layout.size);
                findings.push(Finding::new(&layout.path, layout.line, message));
            }
            [section] => findings.extend(compare(layout, section)),
            [_, second, ..] => findings.push(Finding::new(DOCUMENT, second.line, format!("a second {}", layout.name))),
        }
    }
    let stale = sections.iter().filter(|section| layouts.iter().all(|layout| layout.name != section.name));
    findings.extend(
        stale.map(|section| {
            Finding::new(DOCUMENT, section.line, format!("crates/format has no layout {}", section.name))
        }),
    );
    findings
}

/// A heading that names a layout, with the rows below it.
struct Section {
    name: String,
    size: usize,
    line: usize,
    rows: Vec<Row>,
}

struct Row {
    line: usize,
    offset: Option<usize>,
    size: Option<usize>,
    field: String,
}

fn compare(layout: &Layout, section: &Section) -> Vec<Finding> {
    if section.size != layout.size {
        let message = format!("{} has {} bytes in {}", layout.name, layout.size, layout.path);
        return vec![Finding::new(DOCUMENT, section.line, message)];
    }
    for (row, (offset, size, field)) in section.rows.iter().zip(&layout.fields) {
        if (row.offset, row.size, &row.field) != (Some(*offset), Some(*size), field) {
            let message = format!("{} has `| {offset} | {size} | {field} |` here in {}", layout.name, layout.path);
            return vec![Finding::new(DOCUMENT, row.line, message)];
        }
    }
    if section.rows.len() == layout.fields.len() {
        return Vec::new();
    }
    let message = format!("{} has {} fields, the table {} rows", layout.name, layout.fields.len(), section.rows.len());
    vec![Finding::new(DOCUMENT, section.line, message)]
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        if line.starts_with('#') {
            let heading = heading(line);
            inside = heading.is_some();
            let section = heading.map(|(name, size)| Section { name, size, line: at + 1, rows: Vec::new() });
            sections.extend(section);
        } else if let Some(section) = sections.last_mut().filter(|_| inside) {
            section.rows.extend(row(line, at + 1));
        }
    }
    sections
}

/// `### Name (N bytes)` with a name that could be a struct's.
fn heading(line: &str) -> Option<(String, usize)> {
    let (name, size) = line.strip_prefix("### ")?.split_once(" (")?;
    let (name, size) = (name.trim().trim_matches('`'), number(size.trim_end().strip_suffix(" bytes)")?)?);
    let plain = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric());
    plain.then(|| (name.to_owned(), size))
}

/// A table row, unless it is the head of the table or the line below that.
fn row(line: &str, at: usize) -> Option<Row> {
    let mut cells = line.trim().strip_prefix('|')?.split('|').map(str::trim);
    let (offset, size, field) = (cells.next()?, cells.next()?, cells.next()?);
    let head = offset == "offset" || offset.chars().all(|c| matches!(c, '-' | ':'));
    (!head).then(|| Row {
        line: at,
        offset: number(offset),
        size: number(size),
        field: field.trim_matches('`').to_owned(),
    })
}

/// Thousands may be set off by commas.
fn number(text: &str) -> Option<usize> {
    text.trim().replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    const SOURCE: &str = "#[repr(C)]\npub struct Extent {\n    pub at: U64,\n    pub length: U32,\n}\n";
    const TABLE: &str = "## Extents\n\n### Extent (12 bytes)\n\nWhere it lies.\n\n| offset | size | field | meaning |\n\
                         |---|--:|---|---|\n| 0 | 8 | at | position |\n| 8 | 4 | `length` | bytes |\n\n### Commit order\n\n| 1 | write |\n";

    fn messages(source: &str, document: &str) -> Vec<String> {
        let files = [file("crates/format/src/extent.rs", source), file(DOCUMENT, document)];
        check(&files)
            .into_iter()
            .map(|finding| format!("{}:{} {}", finding.path, finding.line, finding.message))
            .collect()
    }

    #[test]
    fn a_document_in_step_passes() {
        assert_eq!(messages(SOURCE, TABLE), [""; 0]);
    }

    #[test]
    fn a_missing_document_fails() {
        assert!(check(&[file("crates/format/src/lib.rs", SOURCE)])[0].message.contains("1 layouts"));
        assert_eq!(check(&[]).len(), 1);
    }

    #[test]
    fn each_difference_is_found() {
        for (from, to, wanted) in [
            ("### Extent (12", "### Extent (16", "docs/format.md:3 Extent has 12 bytes"),
            ("| 8 | 4 |", "| 4 | 4 |", "docs/format.md:10 Extent has `| 8 | 4 | length |`"),
            ("| 0 | 8 |", "| 0 | 4 |", "docs/format.md:9 Extent has `| 0 | 8 | at |`"),
            ("`length`", "`size`", "docs/format.md:10 "),
            ("| 8 | 4 | `length` | bytes |\n", "", "docs/format.md:3 Extent has 2 fields, the table 1 rows"),
            ("| bytes |\n", "| bytes |\n| 12 | 4 | more | - |\n", "the table 3 rows"),
            ("### Extent (12 bytes)", "### Extent", "crates/format/src/extent.rs:2 docs/format.md has no heading"),
            ("### Commit order", "### Footer (8 bytes)", "docs/format.md:12 crates/format has no layout Footer"),
            ("### Commit order", "### Extent (12 bytes)", "docs/format.md:12 a second Extent"),
        ] {
            let found = messages(SOURCE, &TABLE.replace(from, to));
            assert!(found.len() == 1 && found[0].contains(wanted), "{to}: {found:?}");
        }
    }

    #[test]
    fn order_counts() {
        let swapped = "#[repr(C)]\npub struct Extent {\n    pub length: U32,\n    pub at: U64,\n}\n";
        assert_eq!(messages(swapped, TABLE).len(), 1);
    }

    #[test]
    fn a_layout_without_a_size_is_found() {
        assert!(messages("#[repr(C)] struct Extent { at: u64 }", "").iter().any(|message| message.contains("`u64`")));
    }
}
