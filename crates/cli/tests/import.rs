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

#[test]
fn what_is_wrong_can_be_left_out() {
    let place = Place::new();
    let lines = [
        "{\"key\":\"a\",\"content\":\"\",\"embedding\":[1,2]}",
        "{\"key\":\"b\"}",
        "{\"key\":\"c\",\"content\":\"\",\"embedding\":[1]}",
        "{\"source\":\"a\",\"type\":\"t\",\"target\":\"d\"}",
        "nonsense",
    ];
    place.write("c.jsonl", lines.join("\n"));
    place.write("a.tsv", "a\tt\tb\n a\tt\td\t1\n");
    let said = place.sutra(["import", "c.jsonl", "a.tsv", "--keep-going"]);
    assert_eq!(said.code, 5, "{said:?}");
    for place in ["c.jsonl:2: ", "c.jsonl:3: ", "c.jsonl:5: ", "a.tsv:1: "] {
        assert!(said.err.contains(place), "{place}: {said:?}");
    }
    assert!(said.out.contains("left out 4 wrong lines"), "{said:?}");
    assert_eq!(counts(&place), (1, 2, 2));
    let said = place.sutra(["import", "c.jsonl", "--keep-going", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &report["rejected"], &report["concepts"]), (5, &3.into(), &1.into()));
    assert_eq!(files_of(&place.path("sutra-store")), ["storage.dat"]);
}

fn array(descr: &str, rows: usize, columns: usize, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

#[test]
fn rows_of_an_array_belong_to_the_concepts_in_their_order() {
    let place = Place::new();
    let line = |key: &str| format!("{{\"key\":\"{key}\",\"content\":\"\"}}\n");
    place.write("one.jsonl", [line("a"), "{\"key\":\"wrong\"}\n".into(), line("b")].concat());
    place.write("two.jsonl", line("c"));
    let floats = |numbers: &[f32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>();
    place.write("e.npy", array("<f4", 3, 2, &floats(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])));
    let said = place.sutra(["import", "two.jsonl", "--embeddings", "e.npy"]);
    assert!(said.code == 2 && said.err.contains("3 rows for 1 concepts"), "{said:?}");
    place.write("ok.jsonl", [line("a"), line("b")].concat());
    place.sutra(["import", "ok.jsonl", "two.jsonl", "--embeddings", "e.npy", "--store", "ok"]).done();
    for (key, numbers) in [("a", [1.0, 2.0]), ("b", [3.0, 4.0]), ("c", [5.0, 6.0])] {
        let found = place.json(["get", key, "--json", "--store", "ok"]);
        assert_eq!(found["embedding"], serde_json::json!(numbers), "{key}");
    }
    place.write("f.npy", array("<f2", 1, 1, &[0, 0x3c]));
    let said = place.sutra(["import", "ok.jsonl", "--embeddings", "f.npy", "--store", "few"]);
    assert!(said.code == 2 && said.err.contains("has 1 rows, and there are more concepts"), "{said:?}");
    assert_eq!(place.json(["get", "a", "--json", "--store", "few"])["embedding"], serde_json::json!([1.0]));
    assert!(place.sutra(["import", "e.npy"]).refused(2).contains("--embeddings"));
}

#[test]
fn presets_are_taken() {
    let place = Place::new();
    place.write("c.jsonl", CONCEPTS);
    for (number, preset) in ["write-heavy", "read-heavy", "memory-constrained"].iter().enumerate() {
        place.sutra(["import", "c.jsonl", "--preset", preset]).done();
        assert_eq!(place.json(["get", "rain", "--json"])["version"], number + 1);
    }
}

#[test]
fn resuming_needs_something_to_go_on_with() {
    let place = Place::with_store();
    assert!(place.sutra(["import", "concepts.jsonl", "--resume"]).refused(2).contains("no unfinished import"));
}
