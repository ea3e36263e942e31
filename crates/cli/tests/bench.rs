//! `sutra bench`: what it says, what it leaves, and how it ends when it is interrupted.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use support::{Place, Running, Said, files_of};

const SHORT: [&str; 8] = ["bench", "--seconds", "1", "--concepts", "2000", "--flip", "400:50", "--flip=max:max"];

#[test]
fn flips_are_played_measured_and_cleared_away() {
    let place = Place::new();
    let mut command = place.command(SHORT);
    let output = command.args(["--json", "--svg", "chart.svg"]).env("SUTRA_STORE", "mine").output().unwrap();
    let said = Said::of(output);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(said.err.contains("400:50: 400 writes and 50 reads a second"), "{said:?}");
    said.done();
    assert_eq!(report["concepts"], 2000);
    // Some of the random ends were the same.
    assert!((3000..=6000).contains(&report["associations"].as_u64().unwrap()), "{report}");
    let flips = report["flips"].as_array().unwrap();
    assert_eq!(flips.len(), 2);
    assert_eq!((&flips[0]["name"], &flips[0]["asked_writes"]), (&"400:50".into(), &400.into()));
    assert!(flips[1]["asked_writes"].is_null());
    for flip in flips {
        for what in ["write", "read", "stale"] {
            assert!(flip[what]["count"].as_u64().unwrap() > 0, "{what}: {flip}");
            assert!(flip[what]["p50_ns"].as_u64() <= flip[what]["max_ns"].as_u64(), "{what}: {flip}");
        }
        assert_eq!(flip["refused"], 0);
    }
    // A steady rate: no more than was asked for.
    assert!(flips[0]["writes"].as_u64().unwrap() <= 400, "{}", flips[0]);
    assert!(flips[0]["read"]["count"].as_u64().unwrap() <= 50, "{}", flips[0]);
    // How many there are is a matter of how busy the machine is.
    assert!(report["samples"].as_array().unwrap().iter().all(|sample| sample["writes_per_s"].is_number()));

    let chart = std::fs::read_to_string(place.path("chart.svg")).unwrap();
    assert!(chart.starts_with("<svg") && chart.contains("400:50, max:max"), "{chart}");
    assert!(chart.is_ascii());
    assert_eq!(files_of(&place.path("")), ["chart.svg"]);
}

#[test]
fn the_table_is_narrow_enough_and_the_store_may_be_kept() {
    let place = Place::new();
    let out = place.sutra([&SHORT[..], &["--keep", "--preset", "read-heavy", "--store", "kept"]].concat()).done();
    for part in ["writes/s", "read p99.9", "stale p50", "queue", "checkpoints"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let table: Vec<_> = out.lines().skip_while(|line| !line.is_empty()).collect();
    assert!(table.iter().all(|line| line.len() <= 80), "{out}");
    assert_eq!(files_of(&place.path("kept")), ["made-by-sutra-bench", "storage.dat"]);
    place.sutra(["verify", "--store", "kept"]).done();
    place.sutra(["get", "bench-1999", "--store", "kept"]).done();
}

#[test]
fn a_folder_of_somebody_else_and_wrong_loads_are_refused() {
    let place = Place::with_store();
    assert!(place.sutra(["bench", "--store", "sutra-store"]).refused(2).contains("not the bench's"));
    place.sutra(["get", "rain"]).done();
    for wrong in [&["--flip", "0:0"][..], &["--flip", "10"], &["--seconds", "0"], &["--concepts", "0"]] {
        place.sutra([&["bench"], wrong].concat()).refused(2);
    }
    let said = place.sutra([&SHORT[..], &["--svg", "missing/chart.svg"]].concat());
    assert_eq!(said.code, 2);
    assert!(said.err.contains("cannot write missing/chart.svg"), "{said:?}");
    assert!(!place.path("sutra-bench").exists());
}

#[test]
#[cfg(unix)]
fn an_interruption_tells_what_was_measured_and_leaves_nothing() {
    let place = Place::new();
    let mut command = place.command(["bench", "--seconds", "600", "--concepts", "2000", "--json"]);
    let mut child = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut told = BufReader::new(child.0.stderr.take().unwrap()).lines();
    // The first line of figures: it is measuring.
    told.by_ref().find(|line| line.as_ref().unwrap().contains("writes/s")).unwrap().unwrap();
    let sent = Command::new("kill").args(["-INT", &child.0.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let rest: Vec<String> = told.map(Result::unwrap).collect();
    let mut out = String::new();
    child.0.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(child.0.wait().unwrap().code(), Some(130), "{rest:?}");
    assert!(rest.iter().any(|line| line.starts_with("stopped in \"learning\" after ")), "{rest:?}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["flips"].as_array().unwrap().len(), 1);
    assert!(report["flips"][0]["writes"].as_u64().unwrap() > 0 && report["stopped"].is_string(), "{report}");
    assert_eq!(files_of(&place.path("")), [""; 0]);
}
