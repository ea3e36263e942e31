//! Test programs: building them, finding them, asking them for their tests.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::steps::announce;

/// Builds what a `cargo test` would run; gives the programs.
pub(crate) fn build(test: &mut Command) -> Result<Vec<PathBuf>, String> {
    announce(test.arg("--no-run"));
    Ok(executables(&output(test.arg("--message-format=json"))?))
}

/// The names of a test program's tests.
pub(crate) fn tests_of(program: &mut Command) -> Result<Vec<String>, String> {
    let list = output(program.args(["--list", "--format", "terse"]))?;
    Ok(list.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
}

/// What a command prints, if it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let ended = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let ended = ended.map_err(|error| format!("could not start {name}: {error}"))?;
    match ended.status.success() {
        true => Ok(String::from_utf8_lossy(&ended.stdout).into_owned()),
        false => Err(format!("{name} failed: {}", ended.status)),
    }
}

/// What `"executable":"..."` says in the messages of cargo. Paths with quotes or backslashes in them are not for us.
fn executables(messages: &str) -> Vec<PathBuf> {
    let values = messages.split("\"executable\":\"").skip(1);
    values.filter_map(|rest| rest.split('"').next()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_in_the_messages() {
        let messages =
            "{\"executable\":\"/t/a-1\",\"fresh\":true}\n{\"executable\":null}\n{\"executable\":\"/t/b-2\"}\n";
        assert_eq!(executables(messages), [PathBuf::from("/t/a-1"), PathBuf::from("/t/b-2")]);
    }

    #[test]
    fn tests_are_listed() {
        let mut program = Command::new("sh");
        program.args(["-c", "echo 'a::b: test'; echo 'c: benchmark'; echo 'd: test'"]);
        assert_eq!(tests_of(&mut program).unwrap(), ["a::b", "d"]);
        assert!(tests_of(Command::new("sh").args(["-c", "exit 3"])).is_err());
    }
}
