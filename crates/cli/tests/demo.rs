//! The demo's parts: a writer that is killed, WordNet, and the whole of it in short.

mod support;

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use support::{Place, Running, files_of};

#[test]
fn what_a_killed_writer_was_promised_is_there() {
    let place = Place::new();
    let mut child = Running(place.command(["demo-child"]).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut promised = HashMap::new();
    let mut promise = |line: String| {
        let (sequence, key) = line.split_once(' ').unwrap();
        promised.insert(key.to_owned(), sequence.parse::<u64>().unwrap());
    };
    for line in lines.by_ref().take(1000) {
        promise(line.unwrap());
    }
    child.kill();
    // The last line may be cut.
    let mut rest: Vec<_> = lines.map_while(Result::ok).collect();
    rest.pop();
    rest.into_iter().for_each(&mut promise);

    let memory =
        sutra_storage::ConcurrentMemory::new(sutra_storage::ConcurrentConfig::new(place.path("sutra-store"))).unwrap();
    assert!(!memory.recovery().created);
    for (key, sequence) in &promised {
        let concept = memory.query_concept(key).unwrap().unwrap_or_else(|| panic!("{key} is lost"));
        assert_eq!(concept.sequence(), *sequence, "{key}");
    }
    assert!(promised.len() >= 1000);
    memory.close().unwrap();
}

#[test]
fn wordnet_is_learned_whole() {
    let place = Place::new();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let [concepts, associations] = ["concepts.jsonl.zst", "associations.tsv.zst"].map(|name| demo.join(name));
    place.sutra(["import".as_ref(), concepts.as_os_str(), associations.as_os_str()]).done();
    let stats = place.json(["stats", "--json"]);
    assert_eq!(stats["snapshot"]["concept_count"], 117_659);
    assert_eq!(stats["snapshot"]["edge_count"], 364_552);
    assert_eq!(stats["snapshot"]["stub_count"], 0);

    let dog = place.json(["get", "n02084071", "--json"]);
    assert_eq!(dog["metadata"]["words"][0], "dog");
    // dog, canine, carnivore, placental: the one way up.
    let path = place.json(["path", "n02084071", "n01886756", "--json"]);
    assert_eq!(path["path"], json!(["n02084071", "n02083346", "n02075296", "n01886756"]));
    for hop in path["hops"].as_array().unwrap() {
        assert_eq!((&hop["type"], hop["confidence"].to_string()), (&json!("hypernym"), "0.95".to_owned()));
    }
    let report = place.json(["verify", "--json"]);
    assert_eq!(
        (&report["sound"], &report["concepts"], &report["edges"]),
        (&json!(true), &json!(117_659), &json!(364_552))
    );
}

#[test]
fn the_demo_runs_and_leaves_a_store() {
    let place = Place::new();
    let mine =
        place.command(["demo", "--seconds", "1", "--store", "place"]).env("SUTRA_STORE", "mine").output().unwrap();
    let out = support::Said::of(mine).done();
    for part in [
        "The store is in place",
        "learning",
        "reasoning",
        "both at once",
        "dog",
        "none lost",
        "sutra verify --store place",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(out.is_ascii());
    assert!(!place.path("mine").exists());
    assert_eq!(files_of(&place.path("place")), ["killed", "made-by-sutra-demo", "storage.dat"]);
    assert_eq!(files_of(&place.path("place/killed")), ["storage.dat"]);
    place.sutra(["path", "n02084071", "n06012726", "--store", "place"]).done();
}

#[test]
fn the_demo_leaves_other_folders_alone() {
    let place = Place::with_store();
    std::fs::create_dir(place.path("sutra-demo")).unwrap();
    place.write("sutra-demo/notes.txt", "mine");
    // Not even the store that the environment names is a place to play.
    let named = place.command(["demo"]).env("SUTRA_STORE", "sutra-store").output().unwrap();
    let err = support::Said::of(named).refused(2);
    assert!(err.contains("./sutra-demo holds files that are not the demo's"), "{err}");
    place.sutra(["demo", "--store", "sutra-store"]).refused(2);
    place.sutra(["get", "rain"]).done();
}
