//! Files become a store; what is wrong with them is said with file and line.

mod support;

use std::io::Write;
use std::process::Stdio;

use support::{ASSOCIATIONS, CONCEPTS, Place, Said, files_of};

fn counts(place: &Place) -> (u64, u64, u64) {
    let stats = place.json(["stats", "--json"]);
    let count = |name: &str| stats["snapshot"][name].as_u64().unwrap();
    (count("concept_count"), count("edge_count"), count("stub_count"))
}

#[test]
fn counts_and_seconds_are_told_and_the_store_is_one_file() {
    let place = Place::new();
    place.write("c.jsonl", CONCEPTS);
    place.write("a.tsv", ASSOCIATIONS);
    let out = place.sutra(["import", "c.jsonl", "a.tsv"]).done();
    assert!(out.starts_with("learned 4 concepts and 4 associations in ") && out.contains(" s ("), "{out}");
    assert_eq!(counts(&place), (4, 4, 1));
    assert_eq!(files_of(&place.path("sutra-store")), ["storage.dat"]);
}

#[test]
fn compressed_files_are_read() {
    let place = Place::new();
    let zstd =
        |text: &str| ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    place.write("c.jsonl.zst", zstd(CONCEPTS));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(ASSOCIATIONS.as_bytes()).unwrap();
    place.write("a.tsv.gz", gzip.finish().unwrap());
    place.sutra(["import", "c.jsonl.zst", "a.tsv.gz"]).done();
    assert_eq!(counts(&place), (4, 4, 1));

    place.write("cut.jsonl.zst", &zstd(CONCEPTS)[..40]);
    let err = place.sutra(["import", "cut.jsonl.zst"]).refused(2);
    assert!(err.contains("cut.jsonl.zst") && err.contains("cut short"), "{err}");
}

#[test]
fn the_standard_input_is_read() {
    let place = Place::new();
    let mut child = place.command(["import", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(CONCEPTS.as_bytes()).unwrap();
    Said::of(child.wait_with_output().unwrap()).done();
    assert_eq!(counts(&place), (4, 0, 0));
}

#[test]
fn the_standard_input_cannot_be_both() {
    let place = Place::new();
    let err = place.sutra(["import", "-", "-"]).refused(2);
    assert!(err.contains("standard input"), "{err}");
    assert!(!place.path("sutra-store").exists());
}

#[test]
fn importing_again_replaces() {
    let place = Place::with_store();
    place.write("again.jsonl", "{\"key\":\"rain\",\"content\":\"wet\"}\n{\"key\":\"weather\",\"content\":\"above\"}\n");
    place.sutra(["import", "again.jsonl"]).done();
    assert_eq!(counts(&place), (5, 4, 0));
    let rain = place.json(["get", "rain", "--json"]);
    assert_eq!((&rain["content"], &rain["version"]), (&"wet".into(), &2.into()));
    assert_eq!(rain["metadata"]["words"][0], "rain");
}

#[test]
fn a_wrong_line_is_named_and_what_came_before_is_learned() {
    let good = "{\"key\":\"x\",\"content\":\"y\",\"embedding\":[1,2]}";
    for (line, reason) in [
        ("{\"key\":\"z\"", "EOF"),
        ("{\"key\":\"z\",\"content\":\"\",\"strength\":2}", "`strength` is 2"),
        ("{\"id\":\"123\",\"content\":\"\"}", "id: "),
        ("{\"id\":\"0000000000000000\",\"content\":\"\"}", "id: "),
        ("{\"key\":\"z\",\"content\":\"\",\"embedding\":[1,2,3]}", "3 dimensions"),
        ("{\"key\":\"z\",\"content\":\"\",\"colour\":1}", "colour"),
    ] {
        let place = Place::new();
        place.write("c.jsonl", format!("{good}\n\n{line}\n{{\"key\":\"after\",\"content\":\"\"}}\n"));
        let err = place.sutra(["import", "c.jsonl"]).refused(2);
        assert!(err.contains("c.jsonl:3: ") && err.contains(reason), "{err}");
        assert!(err.contains("import the whole again"), "{err}");
        assert_eq!(counts(&place), (1, 0, 0), "{line}");
        assert_eq!(files_of(&place.path("sutra-store")), ["storage.dat"]);
    }
    for (line, reason) in
        [("a\tb\tc", "3 columns"), ("a\tb\tc\t7", "`7`"), ("key:\tb\tc\t1", "key: "), ("a\t\tc\t1", "type is empty")]
    {
        let place = Place::new();
        place.write("c.jsonl", good);
        place.write("a.tsv", format!("x\tcausal\ty\t1\n{line}\n"));
        let err = place.sutra(["import", "c.jsonl", "a.tsv"]).refused(2);
        assert!(err.contains("a.tsv:2: ") && err.contains(reason), "{err}");
        assert_eq!(counts(&place), (1, 1, 1), "{line}");
    }
}

#[test]
fn more_types_than_there_are_codes_is_an_error_of_the_line() {
    let place = Place::new();
    place.write("c.jsonl", CONCEPTS);
    let lines: String = (0..300).map(|kind| format!("a\tkind{kind}\tb\t1\n")).collect();
    place.write("a.tsv", lines);
    let err = place.sutra(["import", "c.jsonl", "a.tsv"]).refused(2);
    // 250 names, five of them built in.
    assert!(err.contains("a.tsv:246: "), "{err}");
}

#[test]
fn a_file_that_cannot_be_opened_leaves_no_store_behind() {
    let place = Place::new();
    place.write("c.jsonl", CONCEPTS);
    for arguments in
        [["import", "missing.jsonl", "c.jsonl"], ["import", "c.jsonl", "missing.tsv"], ["import", "c.jsonl", "."]]
    {
        let err = place.sutra(arguments).refused(2);
        assert!(err.contains("cannot open"), "{err}");
        assert!(!place.path("sutra-store").exists());
    }
}
