//! Where a report goes: a file of its own, or between two marks of a document that says more.
//!
//! Between the marks each `## ` section is replaced by the one of the same heading; sections that were not measured this time
//! stay. A new one comes after the one that it was measured after.

use std::path::Path;

use sutra_benches::Outcome;

/// The heading of a file that holds nothing else.
pub(crate) const TITLE: &str = "# Comparison";

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// Writes a report: between the marks of a file that has them, else as all that the file holds.
pub(crate) fn write(path: &Path, report: &str) -> Outcome {
    // A file that is not there has no marks.
    let document = std::fs::read_to_string(path).unwrap_or_default();
    let text = merged(&document, report).unwrap_or_else(|| format!("{TITLE}\n\n{report}"));
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// The document with the report's sections between its marks; `None` if it lacks them.
fn merged(document: &str, report: &str) -> Option<String> {
    let (begin, length) = line(document, BEGIN)?;
    let (before, rest) = document.split_at(begin + length);
    let (kept, after) = rest.split_at(line(rest, END)?.0);
    let mut all = sections(kept);
    let mut at = 0;
    for section in sections(report) {
        match all.iter().position(|known| heading(known) == heading(section)) {
            Some(known) => {
                all[known] = section;
                at = known + 1;
            }
            None => {
                all.insert(at, section);
                at += 1;
            }
        }
    }
    let texts: Vec<_> = all.iter().map(|section| section.trim()).filter(|text| !text.is_empty()).collect();
    Some(format!("{before}\n\n{}\n\n{after}", texts.join("\n\n")))
}

/// Where a line begins that is this text and nothing else, and its length.
fn line(text: &str, wanted: &str) -> Option<(usize, usize)> {
    let mut lines = text.split_inclusive('\n').scan(0, |at, line| {
        let began = *at;
        *at += line.len();
        Some((began, line.trim_end()))
    });
    lines.find(|(_, line)| *line == wanted).map(|(at, line)| (at, line.len()))
}

/// What stands before the first heading, then each heading with what follows it.
fn sections(text: &str) -> Vec<&str> {
    let starts = text.match_indices("## ").map(|(at, _)| at).filter(|at| *at == 0 || text[..*at].ends_with('\n'));
    let mut cuts: Vec<_> = [0].into_iter().chain(starts).collect();
    cuts.push(text.len());
    cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect()
}

/// The line that a section begins with; nothing of what stands before the first one.
fn heading(section: &str) -> &str {
    let first = section.lines().next().unwrap_or_default();
    if first.starts_with("## ") { first.trim_end() } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "About all.\n\n## Limits\n\nnew\n\n## Reads\n\nnew\n";

    #[test]
    fn a_document_without_both_marks_is_left_alone() {
        assert_eq!(merged("# A\n", REPORT), None);
        assert_eq!(merged("<!-- bench:begin -->\n", REPORT), None);
        assert_eq!(merged("<!-- bench:end -->\n<!-- bench:begin -->\n", REPORT), None);
        assert_eq!(merged("see <!-- bench:begin --> and\n<!-- bench:end -->\n", REPORT), None);
    }

    #[test]
    fn empty_marks_are_filled() {
        let merged = merged("# A\n\n<!-- bench:begin -->\n<!-- bench:end -->\n\n## Reads\n\nmine\n", REPORT).unwrap();
        assert_eq!(
            merged,
            "# A\n\n<!-- bench:begin -->\n\nAbout all.\n\n## Limits\n\nnew\n\n## Reads\n\nnew\n\n\
             <!-- bench:end -->\n\n## Reads\n\nmine\n"
        );
    }

    #[test]
    fn only_what_was_measured_is_replaced() {
        let document = "<!-- bench:begin -->\nOld.\n\n## Learn\n\nkept\n\n### With\n\nkept too\n\n## Reads\n\nold\n\n\
                        ## Growth\n\nkept\n<!-- bench:end -->\nafter";
        let merged = merged(document, REPORT).unwrap();
        assert_eq!(
            merged,
            "<!-- bench:begin -->\n\nAbout all.\n\n## Limits\n\nnew\n\n## Learn\n\nkept\n\n### With\n\nkept too\n\n\
             ## Reads\n\nnew\n\n## Growth\n\nkept\n\n<!-- bench:end -->\nafter"
        );
    }

    #[test]
    fn writing_twice_changes_nothing_more() {
        let once = merged("a\n<!-- bench:begin -->\n<!-- bench:end -->\nb\n", REPORT).unwrap();
        assert_eq!(merged(&once, REPORT).unwrap(), once);
    }

    #[test]
    fn a_file_of_its_own_has_a_title() {
        let folder = sutra_benches::store::Folder::new().unwrap();
        let path = folder.path().join("report.md");
        write(&path, REPORT).unwrap();
        write(&path, REPORT).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), format!("# Comparison\n\n{REPORT}"));
    }
}
