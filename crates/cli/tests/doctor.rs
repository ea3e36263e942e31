//! `sutra doctor`: counters of a program, of a store, and what it does not touch.

mod support;

use std::io::Write;
use std::process::Stdio;

use support::{Place, Said, files_of};

fn counters(changed: &[(&str, u64)]) -> String {
    let mut stats = serde_json::to_value(sutra_storage::Stats::default()).unwrap();
    for (path, value) in changed {
        *stats.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = (*value).into();
    }
    stats.to_string()
}

#[test]
fn the_counters_of_a_program_are_judged_by_its_settings() {
    let place = Place::new();
    place.write("well", counters(&[]));
    let out = place.sutra(["doctor", "--stats", "well"]).done();
    assert!(out.ends_with("9 checks, all well\n"), "{out}");

    place.write("ill", counters(&[("/write_log/dropped", 7), ("/reconciler/staleness_us", 90_000)]));
    let said = place.sutra(["doctor", "--stats", "ill"]);
    assert_eq!(said.code, 5, "{said:?}");
    for part in
        ["advice  room         7 writes refused", "raise queue_capacity", "advice  stale ", "wait_visible", "2 of 9"]
    {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    assert!(said.out.is_ascii() && !said.out.contains('\u{1b}'));

    // Groups of 50 ms are seen after 90 ms.
    let said = place.sutra(["doctor", "--stats", "ill", "--reconcile-interval-ms", "50", "--json"]);
    assert_eq!(said.code, 5);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(report["advised"], 1);
    let advised: Vec<_> =
        report["checks"].as_array().unwrap().iter().filter(|check| !check["advice"].is_null()).collect();
    assert_eq!(advised[0]["name"], "room");
}

#[test]
fn counters_may_come_by_a_pipe_and_other_text_is_refused() {
    let place = Place::new();
    let piped = |text: &str| {
        let mut command = place.command(["doctor", "--stats", "-"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        Said::of(child.wait_with_output().unwrap())
    };
    piped(&counters(&[])).done();
    assert!(piped("{\"concepts\": 1}").refused(2).contains("sutra stats --json"));
    assert!(place.sutra(["doctor", "--stats", "missing"]).refused(2).contains("cannot read missing"));
    place.sutra(["doctor", "--stats", "x", "--verify"]).refused(2);
}

#[test]
fn a_store_is_examined_and_left_as_it_was() {
    let place = Place::with_store();
    let report = place.sutra(["doctor", "--verify", "--json"]);
    // A busy disk of the machine may have advice of its own; the store has none.
    assert!(matches!(report.code, 0 | 5), "{report:?}");
    let report: serde_json::Value = serde_json::from_str(&report.out).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "bytes",
            "room",
            "commit",
            "stale",
            "memory",
            "snapshots",
            "persistence",
            "unknown",
            "space",
            "size",
            "cores",
            "disk",
            "free"
        ]
    );
    assert!(checks.iter().take(10).all(|check| check["advice"].is_null()), "{report}");
    assert_eq!(files_of(&place.path("sutra-store")), ["storage.dat"]);
}

#[test]
fn what_sutra_stats_prints_is_read() {
    let place = Place::with_store();
    let stats = place.sutra(["stats", "--json"]).done();
    place.write("stats.json", stats);
    place.sutra(["doctor", "--stats", "stats.json"]).done();
}

#[test]
fn damage_is_found_by_reading_every_byte() {
    let place = Place::with_store();
    let path = place.path("sutra-store/storage.dat");
    let mut bytes = std::fs::read(&path).unwrap();
    let content = b"water that falls from clouds";
    let at = bytes.windows(content.len()).position(|window| window == content).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let err = place.sutra(["doctor", "--verify"]).refused(3);
    assert!(err.contains("checksum") && err.contains("problems: restore"), "{err}");
}
