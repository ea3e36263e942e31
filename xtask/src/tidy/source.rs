//! A scanner for Rust source: which bytes are code, and which code is only for tests.
//!
//! Both functions keep every line break and every byte position, so that a place found in their answer is the same
//! place in the file.

/// The source with comments and the contents of literals replaced by spaces.
pub(super) fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = vec![b' '; bytes.len()];
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let skip = if rest.starts_with(b"//") {
            rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len())
        } else if rest.starts_with(b"/*") {
            block_comment(rest)
        } else if rest[0] == b'"' {
            quoted(rest)
        } else if rest[0] == b'\'' {
            char_literal(rest)
        } else if rest[0].is_ascii_alphabetic() || rest[0] == b'_' {
            let word = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
            match raw_string(rest, word) {
                Some(length) => length,
                None => {
                    out[at..at + word].copy_from_slice(&rest[..word]);
                    at += word;
                    continue;
                }
            }
        } else {
            0
        };
        if skip == 0 {
            out[at] = rest[0];
            at += 1;
        } else {
            at += skip.min(rest.len());
        }
    }
    for (to, from) in out.iter_mut().zip(bytes) {
        if *from == b'\n' {
            *to = b'\n';
        }
    }
    // Multi-byte characters only occur whole; in code (identifiers) they are no concern of any rule.
    String::from_utf8_lossy(&out).into_owned()
}

/// Code (as [`code_only`] gives it) with every item under `#[cfg(test)]` replaced by spaces.
///
/// A condition counts when it is `test`, or `all(..)` with `test` among its members. The item reaches to its closing
/// brace, or to its semicolon.
pub(super) fn without_tests(code: &str) -> String {
    let bytes = code.as_bytes();
    let mut out = bytes.to_vec();
    let mut from = 0;
    while let Some(start) = next_condition(code, from) {
        let open = start + code[start..].find('(').unwrap_or(0);
        let close = matching(bytes, open);
        from = close.max(start + 1);
        if !for_tests(&code[open + 1..close]) {
            continue;
        }
        let end = if code[start..].starts_with("#!") { bytes.len() } else { item_end(bytes, close + 2) };
        out[start..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        from = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The first `#[cfg(` or `#![cfg(` at or after `from`.
fn next_condition(code: &str, from: usize) -> Option<usize> {
    let found = |attribute| code[from..].find(attribute).map(|at| from + at);
    [found("#[cfg("), found("#![cfg(")].into_iter().flatten().min()
}

/// Names declared as `mod name;` under `#[cfg(test)]`: their files hold nothing but tests.
pub(super) fn test_modules(code: &str) -> Vec<String> {
    let kept = without_tests(code);
    modules(code).into_iter().filter(|name| !modules(&kept).contains(name)).collect()
}

fn modules(code: &str) -> Vec<String> {
    let words = words(code);
    let name_of = |(at, word): &(usize, &str)| {
        let rest = code[at + word.len()..].trim_start();
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        rest[name.len()..].trim_start().starts_with(';').then_some(name)
    };
    words.iter().filter(|(_, word)| *word == "mod").filter_map(name_of).collect()
}

/// Every identifier and number with its position.
pub(super) fn words(code: &str) -> Vec<(usize, &str)> {
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !is_word(bytes[at]) {
            at += 1;
            continue;
        }
        let end = bytes[at..].iter().position(|byte| !is_word(*byte)).map_or(bytes.len(), |length| at + length);
        found.push((at, &code[at..end]));
        at = end;
    }
    found
}

/// The line of a position, from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn for_tests(condition: &str) -> bool {
    let condition: String = condition.split_whitespace().collect();
    match condition.strip_prefix("all(") {
        Some(members) => members.trim_end_matches(')').split(',').any(|member| member == "test"),
        None => condition == "test",
    }
}

/// The position of the bracket that closes the one at `open`, or the end.
fn matching(bytes: &[u8], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    bytes.len()
}

/// One past the last byte of the item that starts at or after `start`, further attributes included.
fn item_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' => at = matching(bytes, at),
            b'{' => return (matching(bytes, at) + 1).min(bytes.len()),
            b';' => return at + 1,
            // A field or an arm: it ends where what holds it ends, at the latest.
            b'}' | b')' | b']' => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Block comments nest.
fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn quoted(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a character literal, or 0 for a lifetime.
fn char_literal(rest: &[u8]) -> usize {
    if rest.get(1) == Some(&b'\\') {
        let escaped = rest.iter().skip(3).position(|byte| *byte == b'\'');
        return escaped.map_or(rest.len(), |length| length + 4);
    }
    // One character is at most four bytes; a lifetime has no quote after its first character.
    let width = match rest.get(1) {
        Some(byte) if *byte >= 0xf0 => 4,
        Some(byte) if *byte >= 0xe0 => 3,
        Some(byte) if *byte >= 0xc0 => 2,
        _ => 1,
    };
    if rest.get(1 + width) == Some(&b'\'') { width + 2 } else { 0 }
}

/// The length of `r"..."`, `br#"..."#` and the like when `rest` starts with one; `word` is the length of its prefix.
fn raw_string(rest: &[u8], word: usize) -> Option<usize> {
    if !matches!(&rest[..word], b"r" | b"br" | b"cr") {
        return None;
    }
    let hashes = rest[word..].iter().take_while(|byte| **byte == b'#').count();
    let body = word + hashes + 1;
    if rest.get(body - 1) != Some(&b'"') {
        return None;
    }
    let mut end = vec![b'"'];
    end.resize(hashes + 1, b'#');
    let close = rest[body..].windows(end.len()).position(|window| window == end);
    Some(close.map_or(rest.len(), |at| body + at + end.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squeezed(code: &str) -> String {
        code.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_vanish_and_places_stay() {
        let text = "a // x\nb /* y /* z */ */ c \"q\\\"r\" d 'e' 'f '\\'' br#\"g\"h\"# i \"two\nlines\" r#type";
        let code = code_only(text);
        assert_eq!(squeezed(&code), "a b c d 'f i r#type");
        assert_eq!(code.len(), text.len());
        assert_eq!(line_of(&code, code.find("r#type").unwrap()), 3);
    }

    #[test]
    fn a_lifetime_is_code() {
        assert_eq!(squeezed(&code_only("fn f<'a>(x: &'a str) -> char { 'x' }")), "fn f<'a>(x: &'a str) -> char { }");
        assert_eq!(squeezed(&code_only("b'\\n' b'{' '\u{e9}' end")), "b b end");
    }

    #[test]
    fn items_for_tests_are_left_out() {
        let code =
            "fn a() {} #[cfg(test)] mod t { fn b() { } } fn c() {} #[cfg(all(test, not(loom)))] use d; fn e() {}";
        assert_eq!(squeezed(&without_tests(code)), "fn a() {} fn c() {} fn e() {}");
        let others = "#[cfg(loom)] fn a() {} #[cfg(not(test))] fn b() {} #[cfg(any(test, fuzzing))] fn c() {}";
        assert_eq!(without_tests(others), others);
    }

    #[test]
    fn an_item_for_tests_may_hold_brackets_and_attributes() {
        let code = "#[cfg(test)] #[allow(dead_code)] fn a(x: [u8; 2]) -> [u8; 3] { b(); } fn c() {}";
        assert_eq!(squeezed(&without_tests(code)), "fn c() {}");
        assert_eq!(squeezed(&without_tests("#![cfg(test)] fn a() {} #[cfg(test)] fn b() {}")), "");
        assert_eq!(
            squeezed(&without_tests("struct A { a: u8, #[cfg(test)] b: u8 } fn c() {}")),
            "struct A { a: u8, } fn c() {}"
        );
    }

    #[test]
    fn unfinished_source_is_no_trouble() {
        for text in ["\"", "'", "'\\", "/*", "r#\"", "#[cfg(test", "#[cfg(test)]", "#[cfg(test)] mod a {", "\\"] {
            let code = code_only(text);
            assert_eq!(without_tests(&code).len(), text.len(), "{text}");
        }
    }

    #[test]
    fn modules_for_tests_are_known() {
        assert_eq!(test_modules("mod a; #[cfg(test)] mod b; pub mod c { }"), ["b"]);
    }
}
