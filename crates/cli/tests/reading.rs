//! get, neighbors, path, stats, verify: what they print, as text and as JSON, and how they end.

mod support;

use serde_json::json;
use support::Place;

/// Written as the tests' files write it: shortest text of the 32-bit number.
fn number(value: &serde_json::Value) -> String {
    value.to_string()
}

#[test]
fn get_shows_a_concept() {
    let place = Place::with_store();
    let out = place.sutra(["get", "rain"]).done();
    for row in
        ["name          rain", "content       water that falls from clouds", "confidence    0.9", "version       1"]
    {
        assert!(out.lines().any(|line| line == row), "{row}: {out}");
    }
    let rain = place.json(["get", "rain", "--json"]);
    assert_eq!((&rain["key"], &rain["name"]), (&json!("rain"), &json!("rain")));
    assert_eq!((&rain["metadata"], &rain["embedding"]), (&json!({"words": ["rain"]}), &json!(null)));
    assert_eq!((number(&rain["confidence"]), number(&rain["strength"])), ("0.9".into(), "1.0".into()));
    let id = rain["id"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    assert_eq!(place.json(["get", id, "--json"]), rain);

    let flood = place.json(["get", "flood", "--json"]);
    assert_eq!((&flood["embedding"], number(&flood["strength"])), (&json!([0.25, -1.0, 300.0]), "0.5".into()));
    let named_by_id = place.json(["get", "00112233445566778899AABBCCDDEEFF", "--json"]);
    assert_eq!(named_by_id["key"], json!(null));
    assert_eq!(named_by_id["name"], "00112233445566778899aabbccddeeff");
}

#[test]
fn a_key_that_looks_like_an_id_is_one_only_with_its_prefix() {
    let place = Place::with_store();
    let found = place.json(["get", "key:a1b2c3d4e5f67890", "--json"]);
    assert_eq!((&found["key"], &found["name"]), (&json!("a1b2c3d4e5f67890"), &json!("key:a1b2c3d4e5f67890")));
    place.sutra(["get", "a1b2c3d4e5f67890"]).refused(1);
}

#[test]
fn what_is_not_there_is_told_apart_from_a_stub() {
    let place = Place::with_store();
    assert!(place.sutra(["get", "snow"]).refused(1).starts_with("snow is not known; `sutra find`"));
    assert!(place.sutra(["get", "weather", "--json"]).refused(1).starts_with("weather is a stub"));
    assert!(place.sutra(["neighbors", "snow", "--json"]).refused(1).starts_with("snow is not known"));
    assert!(place.sutra(["get", ""]).refused(2).contains("key: "));
    assert!(place.sutra(["get", "0000000000000000"]).refused(2).contains("id: "));
}

#[test]
fn neighbors_are_chosen_by_direction_type_and_confidence() {
    let place = Place::with_store();
    let names = |arguments: &[&str]| {
        let answer = place.json([&["neighbors", "--json"], arguments].concat());
        let neighbors = answer["neighbors"].as_array().unwrap().clone();
        neighbors.iter().map(|neighbor| neighbor["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&["rain"]), ["flood", "weather", "key:a1b2c3d4e5f67890"]);
    assert_eq!(names(&["rain", "--min-confidence", "0.5"]), ["flood", "weather"]);
    assert_eq!(names(&["rain", "--type", "causal", "--type", "semantic"]), ["flood", "key:a1b2c3d4e5f67890"]);
    assert_eq!(names(&["flood", "--direction", "in"]), ["rain"]);
    assert_eq!(names(&["flood", "--direction", "both"]), ["key:a1b2c3d4e5f67890", "rain"]);
    assert_eq!(names(&["weather"]), [""; 0]);

    let out = place.sutra(["neighbors", "flood", "--direction", "both"]).done();
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[0], "->\tkey:a1b2c3d4e5f67890\tcausal\t0.5\ta key that looks like an id");
    assert_eq!(lines[1], "<-\train\tcausal\t0.8\twater that falls from clouds");

    let answer = place.json(["neighbors", "rain", "--json", "--type", "hypernym"]);
    let weather = &answer["neighbors"][0];
    assert_eq!(
        (&weather["type"], &weather["direction"], &weather["stub"]),
        (&json!("hypernym"), &json!("out"), &json!(true))
    );
    assert_eq!(number(&weather["confidence"]), "0.95");

    let unknown = place.sutra(["neighbors", "rain", "--type", "nonsense"]);
    assert!(unknown.err.contains("has the type nonsense") && unknown.code == 0, "{unknown:?}");
}

#[test]
fn paths_have_the_fewest_hops_or_the_highest_confidence() {
    let place = Place::with_store();
    let end = "key:a1b2c3d4e5f67890";
    let shortest = place.json(["path", "rain", end, "--json"]);
    assert_eq!(shortest["path"], json!(["rain", end]));
    assert_eq!(shortest["hops"].as_array().unwrap().len(), 1);
    let best = place.json(["path", "rain", end, "--best", "--json"]);
    assert_eq!(best["path"], json!(["rain", "flood", end]));
    let hop = &best["hops"][1];
    assert_eq!(
        (&hop["from"], &hop["to"], &hop["type"], &hop["reversed"]),
        (&json!("flood"), &json!(end), &json!("causal"), &json!(false))
    );
    assert_eq!(number(&hop["confidence"]), "0.5");
    assert!((best["confidence"].as_f64().unwrap() - 0.4).abs() < 1e-6);
    // Each hop costs half: two of them at 0.4 are now worth less than one at 0.25.
    let decayed = place.json(["path", "rain", end, "--best", "--decay", "0.5", "--json"]);
    assert_eq!(decayed["path"], json!(["rain", end]));

    let out = place.sutra(["path", "weather", "flood", "--direction", "both"]).done();
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[0], "weather  (stub)");
    assert_eq!(lines[1], "<- hypernym 0.95 -- rain  water that falls from clouds");
    assert_eq!(lines[2], "-- causal 0.8 -> flood  water where it should not be");
    assert_eq!(lines[3], "2 hops, confidence 0.7600");
    let reversed = place.json(["path", "weather", "rain", "--direction", "in", "--json"]);
    assert_eq!(reversed["hops"][0]["reversed"], true);
    assert_eq!(place.json(["path", "rain", "rain", "--json"])["hops"], json!([]));
}

#[test]
fn no_path_is_not_an_error() {
    let place = Place::with_store();
    assert!(place.sutra(["path", "flood", "rain"]).refused(1).contains("no path of at most 20 hops"));
    assert!(place.sutra(["path", "rain", "flood", "--max-depth", "0", "--json"]).refused(1).contains("at most 0 hops"));
    assert!(place.sutra(["path", "rain", "snow"]).refused(1).starts_with("snow is not known"));
    let both = place.sutra(["path", "hail", "snow"]).refused(1);
    assert!(both.starts_with("hail is not known") && both.contains("\nsnow is not known"), "{both}");
}

#[test]
fn stats_and_verify_count() {
    let place = Place::with_store();
    let out = place.sutra(["stats"]).done();
    for row in ["concepts      4", "associations  4", "stubs         1", "vectors       3 dimensions"] {
        assert!(out.lines().any(|line| line == row), "{row}: {out}");
    }
    let stats = place.json(["stats", "--json"]);
    assert!(stats["types"].as_array().unwrap().contains(&json!("hypernym")));
    assert!(stats["storage"]["file_bytes"].as_u64().unwrap() > 0);
    for part in ["write_log", "reconciler", "recovery"] {
        assert!(stats[part].is_object(), "{part}");
    }

    assert!(place.sutra(["verify"]).done().starts_with("sound: "));
    let report = place.json(["verify", "--json"]);
    assert_eq!((&report["sound"], &report["edges"], &report["problems"]), (&json!(true), &json!(4), &json!([])));
}

#[test]
fn the_store_is_named_by_option_by_environment_or_by_habit() {
    let place = Place::with_store();
    std::fs::rename(place.path("sutra-store"), place.path("other")).unwrap();
    place.sutra(["get", "rain"]).refused(2);
    place.sutra(["get", "rain", "--store", "other"]).done();
    place.sutra(["--store", "other", "get", "rain"]).done();
    let output = place.command(["get", "rain"]).env("SUTRA_STORE", "other").output().unwrap();
    support::Said::of(output).done();
    let output = place.command(["get", "rain", "--store", "nowhere"]).env("SUTRA_STORE", "other").output().unwrap();
    support::Said::of(output).refused(2);
}

#[test]
fn control_characters_are_written_out() {
    let place = Place::new();
    place.write("c.jsonl", "{\"key\":\"x\\u001b[2J\",\"content\":\"a\\nb\\u0007\"}\n");
    place.sutra(["import", "c.jsonl"]).done();
    let out = place.sutra(["get", "x\u{1b}[2J"]).done();
    assert!(out.contains("name          x\\u{1b}[2J\n") && out.contains("content       a\\nb\\u{7}\n"), "{out}");
    assert_eq!(place.json(["get", "x\u{1b}[2J", "--json"])["content"], "a\nb\u{7}");
}
