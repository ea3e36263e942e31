//! What the program does not do, and how it says so: never with a panic.

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use support::{Place, Running, Said};
use sutra_storage::{Concept, ConceptRef, ConcurrentConfig, ConcurrentMemory};

const READING: [&[&str]; 10] = [
    &["get", "rain"],
    &["show", "rain"],
    &["find", "rain"],
    &["neighbors", "rain"],
    &["path", "rain", "flood"],
    &["export"],
    &["forget", "snow"],
    &["stats"],
    &["verify"],
    &["doctor"],
];

#[test]
fn a_folder_without_a_store_is_not_made_one() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).unwrap();
    for command in READING {
        for folder in ["missing", "empty"] {
            let err = place.sutra([command, &["--store", folder]].concat()).refused(2);
            assert!(err.contains("holds no store") && err.contains("sutra import"), "{err}");
        }
    }
    assert!(!place.path("missing").exists());
    assert_eq!(support::files_of(&place.path("empty")), [""; 0]);
}

#[test]
#[cfg(unix)]
fn a_folder_that_the_system_refuses_is_named() {
    let place = Place::new();
    // Permissions mean nothing to root, who may run this.
    std::os::unix::fs::symlink("loop", place.path("loop")).unwrap();
    for command in READING.into_iter().chain([&["learn", "rain"][..]]) {
        let err = place.sutra([command, &["--store", "loop"]].concat()).refused(2);
        assert!(err.starts_with("sutra: the store loop: the system refused: "), "{command:?}: {err}");
    }
}

/// A store whose log holds more than a file may have of bytes, so that its checkpoint cannot be written.
#[test]
#[cfg(unix)]
fn a_full_disk_takes_no_answer_away() {
    let place = Place::new();
    let memory = ConcurrentMemory::new(ConcurrentConfig::new(place.path("open"))).unwrap();
    let large = "words ".repeat(1 << 17);
    for number in 0..30 {
        memory.learn(&Concept::new(ConceptRef::key(&format!("word {number}"))).content(&large)).unwrap();
    }
    memory.wait_durable(memory.last_accepted()).unwrap();
    fs::create_dir(place.path("killed")).unwrap();
    for file in support::files_of(&place.path("open")).iter().filter(|file| *file != "lock") {
        fs::copy(place.path("open").join(file), place.path("killed").join(file)).unwrap();
    }
    memory.close().unwrap();
    let program = env!("CARGO_BIN_EXE_sutra");
    for (command, code) in [
        ("get 'word 1'", 0),
        ("find words", 0),
        ("show 'word 1'", 0),
        ("stats", 0),
        ("export", 0),
        ("recall 'word 1'", 1),
        ("doctor --json", 5),
    ] {
        // 16 MiB: a segment of the log, and no more.
        let script = format!("trap '' XFSZ; ulimit -f 32768; exec {program} {command} --store killed");
        let said = Said::of(Command::new("sh").args(["-c", &script]).current_dir(place.path("")).output().unwrap());
        assert_eq!(said.code, code, "{command}: {}", said.err);
        // It is what the doctor is asked about; to the others it is a note.
        let told = if command.starts_with("doctor") { &said.out } else { &said.err };
        assert!(told.contains("the checkpoint could not be written"), "{command}: {told}");
        assert_eq!(said.out.is_empty(), code == 1, "{command}");
    }
    // With room again it is written.
    assert!(!place.sutra(["stats", "--store", "killed"]).err.contains("checkpoint"));
    assert_eq!(support::files_of(&place.path("killed")), ["storage.dat"]);
}

#[test]
fn wrong_use_ends_with_two() {
    let place = Place::with_store();
    for arguments in [
        &[][..],
        &["nonsense"],
        &["get"],
        &["neighbors", "rain", "--direction", "up"],
        &["neighbors", "rain", "--min-confidence", "1.5"],
        &["path", "rain", "flood", "--decay", "0.5"],
        &["path", "rain", "flood", "--best", "--decay", "0"],
        &["path", "rain", "flood", "--max-depth", "-1"],
        &["demo", "--seconds", "0"],
        &["import"],
        &["import", "x.jsonl", "--preset", "fast"],
        &["learn"],
        &["learn", "x", "--confidence", "2"],
        &["associate", "x"],
        &["forget", "rain", "flood"],
        &["forget", "rain", "--type", "causal"],
        &["find"],
        &["find", "--", "--"],
        &["show", "rain", "--depth", "7"],
        &["export", "--format", "pdf"],
        &["completions", "nonsense"],
    ] {
        let said = place.sutra(arguments);
        assert_eq!(said.code, 2, "{arguments:?}: {said:?}");
        assert!(!said.err.is_empty(), "{arguments:?}");
    }
    assert!(place.sutra(["--version"]).done().starts_with("sutra "));
}

#[test]
fn a_store_that_another_process_has_open_is_refused() {
    let place = Place::new();
    let mut child = Running(place.command(["demo-child"]).stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let pid = child.0.id().to_string();
    for command in READING {
        let err = place.sutra(command).refused(4);
        assert!(err.contains("is open in process") && err.contains(&pid) && err.contains(" since 20"), "{err}");
    }
    drop(lines);
    child.kill();
    let key = first.split_once(' ').unwrap().1;
    place.sutra(["get", key]).done();
}

#[test]
fn a_damaged_content_is_told_and_the_rest_still_read() {
    let place = Place::with_store();
    let path = place.path("sutra-store/storage.dat");
    let mut bytes = fs::read(&path).unwrap();
    let content = b"water that falls from clouds";
    let at = bytes.windows(content.len()).position(|window| window == content).unwrap();
    bytes[at] ^= 1;
    fs::write(&path, bytes).unwrap();
    let err = place.sutra(["get", "rain"]).refused(3);
    assert!(err.contains("damaged bytes"), "{err}");
    place.sutra(["get", "flood"]).done();
    let said = place.sutra(["verify"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.out.contains("damaged: ") && said.err.contains("restore the store"), "{said:?}");
    let said = place.sutra(["verify", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((said.code, &report["sound"]), (3, &false.into()));
}

#[test]
fn a_store_that_is_no_store_is_refused() {
    let place = Place::with_store();
    let path = place.path("sutra-store/storage.dat");
    let whole = fs::read(&path).unwrap();
    let other = b"something else altogether".repeat(1000);
    for bytes in [&b""[..], &whole[..100], &whole[..5000], &other] {
        for command in READING {
            fs::write(&path, bytes).unwrap();
            let said = place.sutra(command);
            assert_eq!(said.code, 3, "{} bytes, {command:?}: {said:?}", bytes.len());
            assert!(said.err.starts_with("sutra: "), "{said:?}");
            assert_eq!(fs::read(&path).unwrap(), bytes, "{command:?} changed the file");
        }
    }
}

#[test]
fn damage_anywhere_is_an_error_and_no_panic() {
    let seed = std::env::var("SUTRA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x5eed_u64);
    println!("SUTRA_SEED={seed}");
    let place = Place::with_store();
    let path = place.path("sutra-store/storage.dat");
    let whole = fs::read(&path).unwrap();
    let mut state = seed | 1;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let written: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    for round in 0..72 {
        let mut bytes = whole.clone();
        for _ in 0..=random(20) {
            bytes[written[random(written.len())]] ^= 1 << random(8);
        }
        fs::write(&path, bytes).unwrap();
        let command = READING[round % READING.len()];
        let said = place.sutra(command);
        // The doctor may have advice.
        let advised = said.code == 5 && command == ["doctor"];
        assert!((0..=3).contains(&said.code) || advised, "round {round}, {command:?}: {said:?}");
        assert!(said.code < 2 || advised || said.err.contains("sutra: "), "round {round}, {command:?}: {said:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    place.write("c.jsonl", "{\"key\":\"hub\",\"content\":\"\"}\n");
    // More than a pipe takes.
    let lines: String = (0..5000).map(|spoke| format!("hub\tsemantic\tspoke number {spoke}\t1\n")).collect();
    place.write("a.tsv", lines);
    place.sutra(["import", "c.jsonl", "a.tsv"]).done();
    for json in [&[][..], &["--json"]] {
        let mut command = place.command([&["neighbors", "hub"], json].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let said = Said::of(child.wait_with_output().unwrap());
        assert_eq!((said.code, said.err.as_str()), (0, ""));
    }
}
