//! The whole command surface of `cargo xtask`, in one place.

/// Printed by `help`, and after a command that could not be understood.
pub(crate) const HELP: &str = "\
usage: cargo xtask <command>

  test             format, lints, all tests with doc tests, the quickstart example, tidy
  tidy             the rules about the tree itself: crate edges, openings, ASCII, unsafe, format.md, panics
  verify [part..]  the checks that search for faults: loom, crash, tidy; all that exist, or those named
  help             this text

Steps run to the end even when one fails; the exit code is that of the first one that failed.";

/// One command line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Test,
    Tidy,
    /// `parts` empty means every part that exists.
    Verify {
        parts: Vec<String>,
    },
}

/// Reads the arguments after the program's name; the error says what was not understood.
pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut args = args.into_iter();
    let name = args.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = args.collect();
    let command = match name.as_str() {
        "test" => Command::Test,
        "tidy" => Command::Tidy,
        "verify" => match rest.iter().find(|part| part.starts_with('-')) {
            Some(flag) => return Err(format!("verify takes names of parts, not `{flag}`")),
            None => return Ok(Command::Verify { parts: rest }),
        },
        "help" | "--help" | "-h" => Command::Help,
        other => return Err(format!("there is no command `{other}`")),
    };
    match rest.first() {
        Some(extra) => Err(format!("`{name}` takes no arguments, but got `{extra}`")),
        None => Ok(command),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn commands_are_understood() {
        assert_eq!(parsed(""), Ok(Command::Help));
        assert_eq!(parsed("test"), Ok(Command::Test));
        assert_eq!(parsed("tidy"), Ok(Command::Tidy));
        assert_eq!(parsed("verify"), Ok(Command::Verify { parts: vec![] }));
        let parts = vec!["loom".to_owned(), "tidy".to_owned()];
        assert_eq!(parsed("verify loom tidy"), Ok(Command::Verify { parts }));
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        assert!(parsed("tset").unwrap_err().contains("`tset`"));
        assert!(parsed("test --release").unwrap_err().contains("`--release`"));
        assert!(parsed("verify --all").unwrap_err().contains("`--all`"));
    }
}
