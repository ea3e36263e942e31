//! Reads the layouts of the file format out of their source: name, fields, offsets, sizes.
//!
//! A layout is a struct with named fields and `#[repr(C)]` (or a zerocopy derive). Its fields are bytes, little-endian
//! numbers of zerocopy, arrays of fields, and other layouts: all of alignment one, so that an offset is the sum of the
//! sizes before it. Anything else in a layout is refused by name.

use std::collections::BTreeMap;

use super::File;
use super::source::{code_only, line_of, without_tests, words};

/// One struct of the format.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) size: usize,
    /// Offset, size, name.
    pub(super) fields: Vec<(usize, usize, String)>,
}

/// A place in the source whose layout could not be worked out, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclear {
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) reason: String,
}

/// Every layout of the given files, in the order of the files.
pub(super) fn read<'a>(files: impl Iterator<Item = &'a File>) -> (Vec<Layout>, Vec<Unclear>) {
    let mut known = Known::default();
    let mut structs = Vec::new();
    for file in files {
        let code = without_tests(&code_only(&file.text));
        collect(&file.path, &code, &mut known, &mut structs);
    }
    for found in &structs {
        known.types.insert(found.name.clone(), found.fields.iter().map(|(_, kind)| kind.clone()).collect());
    }
    let (mut layouts, mut unclear) = (Vec::new(), Vec::new());
    for found in structs.into_iter().filter(|found| found.documented) {
        match laid_out(&known, &found) {
            Ok(layout) => layouts.push(layout),
            Err(reason) => unclear.push(Unclear { path: found.path, line: found.line, reason }),
        }
    }
    (layouts, unclear)
}

struct Struct {
    name: String,
    path: String,
    line: usize,
    /// Name and type, without spaces.
    fields: Vec<(String, String)>,
    /// A wrapper of one field (a tuple struct) has a size, but no table of its own.
    documented: bool,
}

#[derive(Default)]
struct Known {
    /// Field types of each struct.
    types: BTreeMap<String, Vec<String>>,
    /// The expression of each constant.
    constants: BTreeMap<String, String>,
}

impl Known {
    /// `depth` ends a type that holds itself, which rustc would refuse anyhow.
    fn size(&self, kind: &str, depth: usize) -> Result<usize, String> {
        if depth > 16 {
            return Err(format!("`{kind}` is nested too deeply"));
        }
        if let Some(inner) = kind.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let (element, count) = inner.rsplit_once(';').ok_or_else(|| format!("`{kind}` has no length"))?;
            let (element, count) = (self.size(element, depth + 1)?, self.number(count, depth + 1)?);
            return element.checked_mul(count).ok_or_else(|| format!("`{kind}` is too large"));
        }
        // `zerocopy::little_endian::U32` and `U64<LittleEndian>` are known by their own name.
        let path = kind.split('<').next().unwrap_or(kind);
        let name = path.rsplit("::").next().unwrap_or(path);
        match name {
            "u8" | "i8" => Ok(1),
            "U16" | "I16" => Ok(2),
            "U32" | "I32" | "F32" => Ok(4),
            "U64" | "I64" | "F64" => Ok(8),
            "U128" | "I128" => Ok(16),
            _ => match self.types.get(name) {
                Some(fields) => fields.iter().try_fold(0usize, |total, field| {
                    total.checked_add(self.size(field, depth + 1)?).ok_or_else(|| format!("`{kind}` is too large"))
                }),
                None => {
                    Err(format!("`{kind}` is not a type of a layout: use bytes, little-endian numbers, other layouts"))
                }
            },
        }
    }

    /// Two constants of one name (in two impls, say) have no value here unless they agree.
    fn add_constant(&mut self, name: &str, value: String) {
        let known = self.constants.entry(name.to_owned()).or_insert_with(|| value.clone());
        if *known != value {
            *known = format!("{name} (several)");
        }
    }

    /// A number, a constant of the same crate, `size_of` a layout, and sums and products of them.
    fn number(&self, expression: &str, depth: usize) -> Result<usize, String> {
        if depth > 16 {
            return Err(format!("`{expression}` is nested too deeply"));
        }
        let unclear = || format!("the value of `{expression}` is not plain");
        for (operator, apply) in
            [('+', usize::checked_add as fn(usize, usize) -> Option<usize>), ('*', usize::checked_mul)]
        {
            if let Some((left, right)) = expression.rsplit_once(operator) {
                let (left, right) = (self.number(left, depth + 1)?, self.number(right, depth + 1)?);
                return apply(left, right).ok_or_else(unclear);
            }
        }
        if let Some((_, rest)) = expression.split_once("size_of::<") {
            return self.size(rest.strip_suffix(">()").ok_or_else(unclear)?, depth + 1);
        }
        let digits = expression.trim_end_matches("usize").replace('_', "");
        if let Ok(number) = digits.parse() {
            return Ok(number);
        }
        let name = expression.rsplit("::").next().unwrap_or(expression);
        self.number(self.constants.get(name).ok_or_else(unclear)?, depth + 1)
    }
}

fn laid_out(known: &Known, found: &Struct) -> Result<Layout, String> {
    let mut offset = 0usize;
    let mut fields = Vec::new();
    for (name, kind) in &found.fields {
        let size = known.size(kind, 0).map_err(|reason| format!("{}.{name}: {reason}", found.name))?;
        fields.push((offset, size, name.clone()));
        offset = offset.checked_add(size).ok_or_else(|| format!("{} is too large", found.name))?;
    }
    Ok(Layout { name: found.name.clone(), path: found.path.clone(), line: found.line, size: offset, fields })
}

/// Adds the constants and structs of one file.
fn collect(path: &str, code: &str, known: &mut Known, structs: &mut Vec<Struct>) {
    let words = words(code);
    for pair in words.windows(2) {
        let [(at, keyword), (name_at, name)] = pair else {
            continue;
        };
        let after = &code[name_at + name.len()..];
        if *keyword == "const" {
            let item = after.split(';').next().and_then(|item| item.split_once('='));
            if let Some((_, value)) = item.filter(|(kind, _)| kind.trim_start_matches(':').trim() == "usize") {
                known.add_constant(name, squeezed(value));
            }
        } else if *keyword == "struct" {
            let attributes = attributes_before(code, *at);
            let derives = ["FromBytes", "IntoBytes"].iter().any(|derive| attributes.contains(derive));
            if !attributes.contains("repr(C") && !attributes.contains("repr(transparent") && !derives {
                continue;
            }
            let named = after.trim_start().starts_with('{');
            structs.push(Struct {
                name: (*name).to_owned(),
                path: path.to_owned(),
                line: line_of(code, *at),
                fields: fields(after, named),
                documented: named,
            });
        }
    }
}

/// The attributes of the item whose keyword is at `at`, without spaces.
fn attributes_before(code: &str, at: usize) -> String {
    let start = code[..at].rfind([';', '}', '{']).map_or(0, |before| before + 1);
    squeezed(&code[start..at])
}

fn squeezed(code: &str) -> String {
    code.split_whitespace().collect()
}

/// The fields between the first bracket of `code` and the one that closes it.
fn fields(code: &str, named: bool) -> Vec<(String, String)> {
    let mut parts = vec![String::new()];
    let mut depth = 0usize;
    for c in code.trim_start().chars() {
        match c {
            '{' | '(' | '[' | '<' => depth += 1,
            '}' | ')' | ']' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            break;
        }
        match parts.last_mut() {
            Some(_) if c == ',' && depth == 1 => parts.push(String::new()),
            Some(part) => part.push(c),
            None => {}
        }
    }
    if let Some(first) = parts.first_mut() {
        first.remove(0);
    }
    parts
        .iter()
        .map(|part| without_prefix(part))
        .filter(|part| !part.is_empty())
        .map(|part| split(part, named))
        .collect()
}

/// A field without its attributes and its visibility.
fn without_prefix(field: &str) -> &str {
    let mut field = field.trim();
    while let Some(end) = field.strip_prefix("#[").and_then(|rest| rest.find(']')) {
        field = field[end + 3..].trim_start();
    }
    match field.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(')').map_or(rest, |(_, rest)| rest).trim_start(),
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => field,
    }
}

fn split(field: &str, named: bool) -> (String, String) {
    match field.split_once(':') {
        Some((name, kind)) if named => (squeezed(name), squeezed(kind)),
        _ => (String::new(), squeezed(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn layouts(text: &str) -> (Vec<Layout>, Vec<Unclear>) {
        read([file("crates/format/src/a.rs", text)].iter())
    }

    #[test]
    fn offsets_are_sums_of_sizes() {
        let text = "
            use zerocopy::little_endian::*;
            const ID: usize = 16;
            /// Not a layout.
            pub struct View<'a> { bytes: &'a [u8] }
            #[derive(FromBytes, Unaligned)]
            #[repr(C)]
            pub struct Record {
                /// The id: 16 bytes, [u8; 16].
                pub id: [u8; ID],
                pub(crate) kind: u8, // U64
                #[allow(dead_code)]
                pub pad: [u8; 3],
                pub at: zerocopy::little_endian::U64,
                pub extents: [Extent; 2 * 2],
                pub name: Name,
            }
            #[repr(C)] struct Extent { a: U32, b: U16, c: I64, d: F32, }
            #[repr(transparent)] struct Name([u8; 1_0]);
            #[cfg(test)] mod tests { #[repr(C)] struct Other { a: U32 } }";
        let (found, unclear) = layouts(text);
        assert_eq!(unclear, []);
        let names: Vec<_> = found.iter().map(|layout| (layout.name.as_str(), layout.size)).collect();
        assert_eq!(names, [("Record", 16 + 1 + 3 + 8 + 4 * 18 + 10), ("Extent", 18)]);
        let fields: Vec<_> = found[0].fields.iter().map(|(at, size, name)| (*at, *size, name.as_str())).collect();
        let wanted =
            [(0, 16, "id"), (16, 1, "kind"), (17, 3, "pad"), (20, 8, "at"), (28, 72, "extents"), (100, 10, "name")];
        assert_eq!(fields, wanted);
        assert_eq!(found[0].line, 8);
    }

    #[test]
    fn a_struct_without_attributes_is_no_layout_whatever_stands_before_it() {
        let (found, unclear) =
            layouts("#[repr(C)] struct A { a: u8 } struct B { b: String } #[repr(C)] struct C { c: u8 }");
        assert_eq!(unclear, []);
        assert_eq!(found.iter().map(|layout| layout.name.as_str()).collect::<Vec<_>>(), ["A", "C"]);
    }

    #[test]
    fn sizes_may_be_named() {
        let (found, unclear) = layouts(
            "#[repr(C)] struct A { a: [u8; 256 + N * size_of::<B>()] } const N: usize = 0 + 2; #[repr(C)] struct B { b: U16 }",
        );
        assert_eq!((found[0].size, unclear), (260, vec![]));
    }

    #[test]
    fn what_has_no_plain_size_is_refused_by_name() {
        for (text, reason) in [
            ("#[repr(C)] struct A { a: u64 }", "A.a: `u64`"),
            ("#[repr(C)] struct A { a: [u8; f(2)] }", "`f(2)`"),
            ("#[repr(C)] struct A { a: Vec<u8> }", "`Vec<u8>`"),
            ("const N: usize = 1; const N: usize = 2; #[repr(C)] struct A { a: [u8; N] }", "several"),
            ("#[repr(C)] struct A { a: A }", "too deeply"),
            ("#[derive(IntoBytes)] struct A { a: usize }", "`usize`"),
        ] {
            let (found, unclear) = layouts(text);
            assert!(found.is_empty() && unclear[0].reason.contains(reason), "{text}: {unclear:?}");
        }
    }
}
