//! paths, reason, recall, neighborhood: what they print, as text, as JSON and as graphs, and how they end.

mod support;

use serde_json::{Value, json};
use support::Place;

/// Two ways from rain to flood, a stub behind it, and something apart.
fn weather() -> Place {
    let place = Place::new();
    let concepts = ["rain", "river", "mud", "flood", "sun"]
        .map(|key| json!({"key": key, "content": format!("{key} & <its> \"content\"")}).to_string());
    place.write("concepts.jsonl", concepts.join("\n"));
    place.write(
        "associations.tsv",
        "rain\tcausal\triver\t0.5\nriver\tcausal\tflood\t0.5\nrain\tsemantic\tmud\t0.5\nmud\tcausal\tflood\t0.25\n\
         flood\tcausal\tharm\t1\nrain\ttemporal\tflood\t0.125\n",
    );
    place.sutra(["import", "concepts.jsonl", "associations.tsv"]).done();
    place
}

fn ways(paths: &Value) -> Vec<String> {
    let names = |path: &Value| {
        path["path"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    paths.as_array().unwrap().iter().map(names).collect()
}

#[test]
fn paths_are_shown_in_their_order() {
    let place = weather();
    let shortest = place.json(["paths", "rain", "flood", "--json"]);
    assert_eq!((ways(&shortest["paths"]), &shortest["complete"]), (vec!["rain flood".to_owned()], &json!(true)));
    let longer = place.json(["paths", "rain", "flood", "--longer", "--json"]);
    assert_eq!(ways(&longer["paths"]), ["rain flood", "rain river flood", "rain mud flood"]);
    let best = place.json(["paths", "rain", "flood", "--best", "--limit", "2", "--json"]);
    assert_eq!(ways(&best["paths"]), ["rain river flood", "rain flood"]);
    assert_eq!(best["paths"][0]["confidence"], 0.25);
    let hop = &best["paths"][0]["hops"][0];
    assert_eq!((&hop["type"], &hop["from"], &hop["reversed"]), (&json!("causal"), &json!("rain"), &json!(false)));
    let causal = place.json(["paths", "rain", "flood", "--type", "causal", "--json"]);
    assert_eq!(ways(&causal["paths"]), ["rain river flood"]);
    let sure = place.json(["paths", "rain", "flood", "--min-confidence", "0.2", "--json"]);
    assert_eq!(ways(&sure["paths"]), ["rain river flood", "rain mud flood"]);
    let back = place.json(["paths", "harm", "river", "--direction", "in", "--json"]);
    assert_eq!(ways(&back["paths"]), ["harm flood river"]);

    let text = place.sutra(["paths", "rain", "flood", "--best", "--limit", "1"]).done();
    assert!(text.starts_with("rain  rain & <its> \"content\"\n-- causal 0.5 -> river  "), "{text}");
    assert!(text.ends_with("2 hops, confidence 0.2500\n"), "{text}");
}

#[test]
fn conclusions_show_their_paths() {
    let place = weather();
    let found = place.json(["reason", "rain", "--to", "sun", "--to", "flood", "--to", "river", "--json"]);
    let targets = found["targets"].as_array().unwrap();
    let shown: Vec<_> =
        targets.iter().map(|target| (target["name"].as_str().unwrap(), ways(&target["paths"]).len())).collect();
    assert_eq!(shown, [("river", 1), ("flood", 3), ("sun", 0)]);
    let flood = 1.0 - (1.0 - 0.25) * (1.0 - 0.125) * (1.0 - 0.125);
    assert_eq!(targets[1]["confidence"], flood);
    assert!((targets[1]["agreement"].as_f64().unwrap() - flood / (flood + 0.5)).abs() < 1e-9);
    let text = place.sutra(["reason", "rain", "--to", "river"]).done();
    assert!(text.starts_with("river  confidence 0.5000, agreement 1.0000\n    rain  "), "{text}");
}

#[test]
fn what_comes_to_mind_is_ranked() {
    let place = weather();
    for how in [&["recall", "rain", "--json"][..], &["recall", "rain", "--spread", "--json"]] {
        let found = place.json(how.to_vec());
        let recalled = found["recalled"].as_array().unwrap();
        let mut names: Vec<_> = recalled.iter().map(|one| one["name"].as_str().unwrap()).collect();
        let scores: Vec<_> = recalled.iter().map(|one| one["score"].as_f64().unwrap()).collect();
        assert!(scores.windows(2).all(|pair| pair[0] >= pair[1]));
        names.sort_unstable();
        assert_eq!(names, ["flood", "harm", "mud", "river"]);
        let harm = recalled.iter().find(|one| one["name"] == "harm").unwrap();
        assert_eq!((&harm["stub"], &harm["path"]["path"][0]), (&json!(true), &json!("rain")));
    }
    let two = place.json(["recall", "sun", "mud", "--weights", "9,1", "--with-seeds", "--json"]);
    assert_eq!(two["recalled"][0]["name"], "sun");
    let text = place.sutra(["recall", "river", "--limit", "1"]).done();
    assert!(text.contains("\tflood\tflood & <its> \"content\"\triver -- causal -> flood\n"), "{text}");
}

#[test]
fn a_neighbourhood_is_written_in_five_ways() {
    let place = weather();
    let found = place.json(["neighborhood", "river", "--json"]);
    let names: Vec<_> = found["concepts"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!((names, found["associations"].as_array().unwrap().len()), (vec!["river", "rain", "flood"], 3));
    assert_eq!((&found["whole"], &found["complete"]), (&json!(true), &json!(true)));

    let text = place.sutra(["neighborhood", "river"]).done();
    assert!(text.starts_with("0\triver\triver & <its> \"content\"\n1\train\t"), "{text}");
    assert!(text.ends_with("rain\ttemporal\t0.125\tflood\n"), "{text}");

    let graphml = place.sutra(["neighborhood", "flood", "--graphml"]).done();
    assert_eq!((graphml.matches("<node ").count(), graphml.matches("<edge ").count()), (5, 6));
    assert!(graphml.contains("<data key=\"content\">mud &amp; &lt;its&gt; \"content\"</data>"), "{graphml}");
    assert!(graphml.contains("<data key=\"stub\">true</data>") && graphml.trim_end().ends_with("</graphml>"));

    let dot = place.sutra(["neighborhood", "flood", "--dot"]).done();
    assert!(dot.starts_with("digraph neighborhood {\n") && dot.ends_with("}\n"), "{dot}");
    assert!(dot.contains("  \"rain\" -> \"river\" [label=\"causal 0.5\"];\n"), "{dot}");

    let svg = place.sutra(["neighborhood", "flood", "--hops", "2", "--svg"]).done();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
    assert_eq!(svg.matches("<g>").count(), 5, "a concept each");
    assert!(
        svg.contains("rain &amp; &lt;its&gt; &quot;content..</text>")
            || svg.contains("rain &amp; &lt;its&gt; &quot;content&quot;</text>"),
        "{svg}"
    );
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    // Every association has its line, of the colour that the legend gives its type.
    assert_eq!(svg.matches("marker-end").count(), 6);
    assert!(svg.contains(">causal (4)</text>") && svg.contains(">temporal (1)</text>"), "{svg}");

    let few = place.sutra(["neighborhood", "flood", "--max-concepts", "3", "--max-associations", "1", "--json"]);
    assert!(few.err.contains("there is more than the 3 concepts and 1 associations shown"), "{}", few.err);
    let alone = place.sutra(["neighborhood", "sun", "--svg"]).done();
    assert_eq!(alone.matches("<g>").count(), 1);
    place.sutra(["neighborhood", "sun", "--svg", "--dot"]).refused(2);
}

#[test]
fn the_graphml_of_a_neighbourhood_is_one_of_an_export() {
    let place = weather();
    place.sutra(["learn", "bell \u{7}", "rings \u{1}\r\n", "--metadata", "[7]"]).done();
    place.sutra(["associate", "bell \u{7}", "harm", "--type", "own \u{2}", "--weight", "-2"]).done();
    place.write("bell.graphml", place.sutra(["neighborhood", "bell \u{7}", "--graphml"]).done());
    assert!(
        place.sutra(["import", "bell.graphml", "--store", "copy"]).done().starts_with("learned 1 concepts and 1 as")
    );
    let get = |store: &str| {
        let mut concept = place.json(["get", "bell \u{7}", "--json", "--store", store]);
        for counted in ["modified", "sequence"] {
            concept[counted].take();
        }
        concept
    };
    assert_eq!(get("copy"), get("sutra-store"));
    let found = place.json(["neighbors", "bell \u{7}", "--json", "--store", "copy"]);
    let (to, whole) = (&found["neighbors"][0], place.json(["neighbors", "bell \u{7}", "--json"]));
    assert_eq!((to, &to["type"]), (&whole["neighbors"][0], &json!("own \u{2}")));
    // A stub that no association of the document names.
    place.sutra(["associate", "harm", "nobody yet"]).done();
    let alone = place.sutra(["neighborhood", "nobody yet", "--hops", "0", "--graphml"]).done();
    assert_eq!(alone.matches("<node ").count(), 1, "{alone}");
    assert!(alone.contains("<data key=\"key\">nobody yet</data>") && alone.contains("<data key=\"stub\">true</data>"));
}

#[test]
fn what_is_not_found_ends_with_one() {
    let place = weather();
    assert!(
        place.sutra(["paths", "rain", "sun"]).refused(1).contains("no path of at most 20 hops leads from rain to sun")
    );
    assert!(place.sutra(["paths", "rain", "snow"]).refused(1).starts_with("snow is not known"));
    assert!(place.sutra(["reason", "snow", "--to", "flood"]).code == 1);
    assert!(place.sutra(["recall", "snow"]).refused(1).starts_with("snow is not known"));
    assert!(place.sutra(["recall", "sun"]).refused(1).starts_with("nothing comes to mind"));
    assert!(place.sutra(["neighborhood", "snow"]).refused(1).starts_with("snow is not known"));
    place.sutra(["paths", "rain", "flood", "--best", "--decay", "0"]).refused(2);
    place.sutra(["paths", "rain", "flood", "--decay", "0.5"]).refused(2);
    place.sutra(["recall", "rain", "--threshold", "0.5"]).refused(2);
    place.sutra(["recall", "rain", "--weights", "-1"]).refused(2);
    let err = place.sutra(["recall", "rain", "--weights", "1,2", "--json"]).refused(2);
    assert!(err.contains("2 weights and 1 seeds"), "{err}");
    // Of a 32-bit float this would be 1.
    let err = place.sutra(["recall", "rain", "--restart", "1.00000001"]).refused(2);
    assert!(err.contains("at most 1"), "{err}");
    place.sutra(["reason", "rain"]).refused(2);
}

#[test]
fn a_limit_that_ended_a_search_is_told() {
    let place = weather();
    for command in [
        &["paths", "rain", "harm", "--longer"][..],
        &["reason", "rain", "--to", "harm"],
        &["recall", "rain"],
        &["neighborhood", "rain", "--hops", "2"],
    ] {
        let said = place.sutra([command, &["--max-visited", "1", "--json"]].concat());
        assert!(said.err.contains("something may be missing"), "{command:?}: {}", said.err);
        assert!(said.out.contains("\"complete\":false"), "{command:?}: {}", said.out);
    }
}
