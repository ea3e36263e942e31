//! A neighbourhood as DOT.

use std::fmt::Write;

use sutra_storage::Neighborhood;

use super::label;
use crate::output::plain;

pub(super) fn of(around: &Neighborhood, contents: &[Option<Vec<u8>>]) -> String {
    let mut text = String::from("digraph neighborhood {\n");
    text += "  graph [layout=neato, overlap=false, splines=true];\n  node [shape=box, style=rounded];\n";
    for (at, (node, content)) in around.nodes.iter().zip(contents).enumerate() {
        let style = if node.is_stub { ", style=\"rounded,dashed\"" } else { "" };
        let bold = if at == 0 { ", penwidth=3" } else { "" };
        let (name, label) = (quoted(&node.name()), quoted(&label(node, content.as_ref())));
        add(&mut text, format_args!("  {name} [label={label}, tooltip={name}{style}{bold}];"));
    }
    for link in &around.links {
        let name = |at: usize| quoted(&around.nodes[at].name());
        let label = quoted(&format!("{} {}", link.type_name, link.confidence));
        add(&mut text, format_args!("  {} -> {} [label={label}];", name(link.source), name(link.target)));
    }
    text += "}\n";
    text
}

/// A quoted string: a quote is escaped, and so is a backslash, with which escapes of labels begin.
fn quoted(text: &str) -> String {
    format!("\"{}\"", plain(text).replace('\\', "\\\\").replace('"', "\\\""))
}

fn add(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_string_has_no_way_out() {
        assert_eq!(quoted("a\"b\\c\n"), "\"a\\\"b\\\\c\\\\n\"");
    }
}
