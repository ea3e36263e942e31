//! Ctrl-C: the store is left sound, it is said where the import stopped, and it goes on from there.
#![cfg(unix)]

mod support;

use std::io::Write;
use std::process::{Child, Command, Stdio};

use support::{Place, Running, Said, files_of};

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn lines(numbers: std::ops::Range<u64>) -> String {
    numbers.map(|number| format!("{{\"key\":\"k{number}\",\"content\":\"{number}\"}}\n")).collect()
}

/// An import that waits for more of its input, in the middle of a line, is interrupted.
fn interrupted(place: &Place, signal_name: &str) -> Said {
    let mut command = place.command(["import", "-", "--json"]);
    let mut child =
        Running(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut input = child.0.stdin.take().unwrap();
    input.write_all(lines(0..1000).as_bytes()).unwrap();
    input.write_all(b"{\"key\":\"half\",\"content\":\"").unwrap();
    input.flush().unwrap();
    // The write-ahead log holds the store open: it listens to signals from before that on.
    while !place.path("sutra-store/storage.dat").exists() {
        std::thread::yield_now();
    }
    signal(&child.0, signal_name);
    let status = child.0.wait().unwrap();
    drop(input);
    let read = |mut from: Box<dyn std::io::Read>| {
        let mut text = String::new();
        from.read_to_string(&mut text).unwrap();
        text
    };
    let out = read(Box::new(child.0.stdout.take().unwrap()));
    let err = read(Box::new(child.0.stderr.take().unwrap()));
    Said { code: status.code().unwrap_or(-1), out, err }
}

#[test]
fn an_interrupted_import_leaves_a_sound_store_and_goes_on() {
    for name in ["INT", "TERM"] {
        let place = Place::new();
        let said = interrupted(&place, name);
        assert_eq!(said.code, 130, "{said:?}");
        assert!(said.err.contains("stopped in - after line") && said.err.contains("--resume"), "{said:?}");
        assert!(!said.err.contains("-:"), "half a line was taken for a whole one: {said:?}");
        let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let learned = report["concepts"].as_u64().unwrap();
        assert_eq!(report["stopped"]["line"].as_u64().unwrap(), learned);
        assert!(learned <= 1000);
        assert_eq!(files_of(&place.path("sutra-store")), ["import-progress.json", "storage.dat"]);
        assert_eq!(place.json(["verify", "--json"])["sound"], true);
        assert_eq!(place.json(["stats", "--json"])["snapshot"]["concept_count"], learned);

        // The same input again, with more of it: what was learned is passed over.
        place.write("all", lines(0..1500));
        let mut again = place.command(["import", "-", "--resume", "--json"]);
        let output = again.stdin(std::fs::File::open(place.path("all")).unwrap()).output().unwrap();
        let report: serde_json::Value = serde_json::from_str(&Said::of(output).done()).unwrap();
        assert_eq!(report["concepts"], 1500);
        for key in ["k0", "k999", "k1000", "k1499"] {
            let found = place.json(["get", key, "--json"]);
            assert_eq!((&found["version"], &found["content"]), (&1.into(), &key[1..].into()), "{name} {key}");
        }
        assert_eq!(files_of(&place.path("sutra-store")), ["storage.dat"]);
    }
}

#[test]
fn resuming_other_files_is_refused_and_beginning_anew_is_not() {
    let place = Place::new();
    assert_eq!(interrupted(&place, "INT").code, 130);
    place.write("other.jsonl", lines(0..3));
    assert!(place.sutra(["import", "other.jsonl", "--resume"]).refused(2).contains("other files"));
    let said = place.sutra(["import", "other.jsonl"]);
    assert!(said.err.contains("begins anew"), "{said:?}");
    said.done();
    assert_eq!(files_of(&place.path("sutra-store")), ["storage.dat"]);
}
