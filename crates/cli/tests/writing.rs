//! learn, associate, forget, find, show, completions: what they do, print, and end with.

mod support;

use serde_json::json;
use support::{Place, Said};

#[test]
fn a_store_is_learned_word_by_word() {
    let place = Place::new();
    assert_eq!(place.sutra(["learn", "rain", "water that falls", "--confidence", "0.5"]).done(), "learned rain\n");
    let again = place.json(["learn", "rain", "water", "--json", "--metadata", "{\"a\":1}", "--embedding", "-1,0.5"]);
    assert_eq!((&again["name"], &again["version"]), (&json!("rain"), &json!(2)));
    let rain = place.json(["get", "rain", "--json"]);
    assert_eq!((&rain["content"], &rain["metadata"]), (&json!("water"), &json!({"a": 1})));
    assert_eq!((&rain["embedding"], &rain["confidence"]), (&json!([-1.0, 0.5]), &json!(1.0)));
    place.write("text", "from a pipe");
    let mut learn = place.command(["learn", "pipe", "-"]);
    Said::of(learn.stdin(std::fs::File::open(place.path("text")).unwrap()).output().unwrap()).done();
    assert_eq!(place.json(["get", "pipe", "--json"])["content"], "from a pipe");
    assert!(place.sutra(["learn", "x", "--embedding", "1"]).refused(2).contains("1 dimensions"));
    assert!(place.sutra(["learn", "x", "--metadata", "{"]).refused(2).contains("not JSON"));

    let said = place.sutra(["associate", "rain", "flood", "--type", "causal", "--confidence", "0.8"]);
    assert_eq!(said.err, "flood is a stub until it is learned\n");
    assert_eq!(said.done(), "rain -- causal 0.8 -> flood\n");
    let again = place.json(["associate", "rain", "flood", "--type", "causal", "--weight", "-2", "--json"]);
    assert_eq!((&again["weight"], &again["stubs"]), (&json!(-2.0), &json!(["flood"])));
    assert_eq!(place.json(["neighbors", "rain", "--json"])["neighbors"].as_array().unwrap().len(), 1);
}

#[test]
fn a_name_that_is_none_makes_no_store() {
    let place = Place::new();
    for command in [&["learn", ""][..], &["learn", "0000000000000000"], &["associate", "a", "key:"]] {
        place.sutra(command).refused(2);
        assert!(!place.path("sutra-store").exists(), "{command:?}");
    }
}

#[test]
fn what_is_forgotten_is_gone() {
    let place = Place::with_store();
    let out = place.sutra(["forget", "rain", "flood", "--type", "causal"]).done();
    assert_eq!(out, "forgot the association from rain to flood\n");
    assert!(place.sutra(["forget", "rain", "flood", "--type", "causal"]).refused(1).contains("no association of type"));
    let report = place.json(["forget", "rain", "--json"]);
    assert_eq!((&report["forgotten"], &report["associations"]), (&json!("rain"), &json!(2)));
    place.sutra(["get", "rain"]).refused(1);
    assert!(place.sutra(["forget", "rain"]).refused(1).starts_with("rain is not known"));
    assert_eq!(place.sutra(["forget", "weather"]).done(), "forgot weather and 0 associations\n");
    let stats = place.json(["stats", "--json"]);
    assert_eq!((&stats["snapshot"]["edge_count"], &stats["snapshot"]["stub_count"]), (&json!(1), &json!(0)));
}

#[test]
fn words_are_found_wherever_they_stand() {
    let place = Place::with_store();
    let names = |arguments: &[&str]| {
        let answer = place.json([&["find", "--json"], arguments].concat());
        let found = answer["found"].as_array().unwrap().clone();
        found.iter().map(|found| found["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&["RAIN"]), ["rain"]);
    assert_eq!(names(&["water"]), ["rain", "flood"]);
    assert_eq!(names(&["water", "falls"]), ["rain"]);
    assert_eq!(names(&["that", "look"]), ["key:a1b2c3d4e5f67890"]);
    assert_eq!(names(&["water", "--limit", "1"]), ["rain"]);
    assert_eq!(place.json(["find", "water", "--limit", "1", "--json"])["total"], 2);
    let out = place.sutra(["find", "clouds"]).done();
    assert_eq!(out, "rain  water that falls from clouds\n");
    assert_eq!(place.sutra(["find", "snow"]).refused(1), "no concept says snow\n");
    assert!(place.sutra(["find", "--", "--"]).refused(2).contains("no letter or digit"));
}

#[test]
fn the_first_dog_of_wordnet_is_the_animal() {
    let place = Place::new();
    let demo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("demo");
    let [concepts, associations] = ["concepts.jsonl.zst", "associations.tsv.zst"].map(|name| demo.join(name));
    place.sutra(["import".as_ref(), concepts.as_os_str(), associations.as_os_str()]).done();
    let answer = place.json(["find", "dog", "--json"]);
    assert_eq!(
        (&answer["found"][0]["name"], &answer["found"][0]["field"]),
        (&json!("n02084071"), &json!("metadata.words[0]"))
    );
    assert!(answer["total"].as_u64().unwrap() > 100);
}

#[test]
fn a_neighbourhood_is_drawn() {
    let place = Place::with_store();
    let out = place.sutra(["show", "flood"]).done();
    let drawn = "flood  water where it should not be\n\
                 |-- causal\n\
                 |   `-- key:a1b2c3d4e5f67890  a key that looks like an id\n\
                 `-- <- causal\n    `-- rain  water that falls from clouds\n";
    assert_eq!(out, drawn);
    let out = place.sutra(["show", "rain", "--direction", "out", "--type", "hypernym"]).done();
    assert_eq!(out, "rain  water that falls from clouds\n`-- hypernym\n    `-- weather  (stub)\n");
    let tree = place.json(["show", "weather", "--depth", "2", "--limit", "1", "--json"]);
    let rain = &tree["groups"][0]["neighbors"][0];
    assert_eq!((&tree["stub"], &rain["name"]), (&json!(true), &json!("rain")));
    assert_eq!(rain["groups"].as_array().unwrap().len(), 3);
    assert!(place.sutra(["show", "snow"]).refused(1).starts_with("snow is not known"));
    assert_eq!(place.sutra(["show", "rain", "--depth", "0"]).done(), "rain  water that falls from clouds\n");
}

#[test]
fn colours_are_where_they_are_wished_for() {
    let place = Place::with_store();
    let said =
        |name: &str, value: &str| Said::of(place.command(["find", "clouds"]).env(name, value).output().unwrap()).done();
    assert!(!place.sutra(["find", "clouds"]).done().contains('\u{1b}'));
    assert!(said("CLICOLOR_FORCE", "1").contains("\u{1b}[1mrain\u{1b}[0m"));
    assert!(!said("NO_COLOR", "1").contains('\u{1b}'));
}

#[test]
fn completions_name_the_commands_and_the_help_the_exit_codes() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = place.sutra(["completions", shell]).done();
        assert!(script.contains("keep-going") && script.contains("neighbors"), "{shell}");
    }
    let help = place.sutra(["--help"]).done();
    for code in ["  0    done", "  4    another process", "  130  interrupted"] {
        assert!(help.contains(code), "{code}: {help}");
    }
}
