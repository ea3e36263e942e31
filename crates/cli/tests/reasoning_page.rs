//! docs/reasoning.md: its commands run, and print what stands below them.

mod support;

use std::path::Path;

use support::Place;

/// The blocks of a page: what was typed, and what was printed if that is shown.
fn examples(page: &str) -> Vec<(String, Option<String>)> {
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let mut block =
            || lines.by_ref().take_while(|line| *line != "```").fold(String::new(), |text, line| text + line + "\n");
        match line {
            "```sh" => found.push((block(), None)),
            "```text" => found.last_mut().expect("a command stands before").1 = Some(block()),
            _ => {}
        }
    }
    found
}

#[test]
fn the_commands_print_what_is_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let page = std::fs::read_to_string(root.join("docs/reasoning.md")).unwrap();
    let place = Place::new();
    let examples = examples(&page);
    assert!(examples.len() > 6, "{} examples", examples.len());
    for (typed, shown) in examples {
        let mut printed = String::new();
        for command in typed.lines() {
            let words = command.strip_prefix("sutra ").unwrap_or_else(|| panic!("not of the program: {command}"));
            // Where a picture goes to is the shell's.
            let words = words.split(" > ").next().unwrap();
            let data = root.join("crates/cli/demo/").display().to_string() + "/";
            let words: Vec<String> = words.split(' ').map(|word| word.replace("crates/cli/demo/", &data)).collect();
            printed += &place.sutra(words).done();
        }
        if let Some(shown) = shown {
            assert_eq!(printed, shown, "{typed}");
        }
    }
}
