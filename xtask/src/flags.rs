//! The whole command surface of `cargo xtask`, in one place.

/// Printed by `help`, and after a command that could not be understood.
pub(crate) const HELP: &str = "\
usage: cargo xtask <command>

  test             format, lints, all tests with doc tests, the quickstart example, tidy, python
  python           the Python package: builds the wheel, tests it in a fresh environment, checks types and stubs
  tidy             the rules about the tree itself: crate edges, openings, ASCII, unsafe, format.md, panics
  verify [part..]  the checks that search for faults; all parts, or those named:
                   tidy instructions order loom mutants crash faults kill flip stress
                   model fuzz miri
    --full         about two hours instead of ten minutes
    --seed <n>     the seed of every random part; printed if it is not given
    --engine       mutants: also those that break the engine's promises (always with --full)
    --only <text>  mutants: those whose names contain this
  bench [name..]   the engine beside LMDB, redb, fjall, SQLite and a hash map; all workloads (two to three hours), or those
                   named: learn learn-384 learn-768 associate associate-skewed read burst open-loop flip checkpoint held
                   open disk memory growth ten-seconds sustained
    --python       the Python package instead, beside the Python packages of LMDB, LanceDB, Kuzu and NetworkX: two minutes
    --rocksdb      RocksDB as well: a long C++ build that needs libclang
    --quick        a smoke test of seconds, whose numbers mean nothing
    --output <f>   writes the report to a file too, between its marks if it has them; `--help` lists the flags for sizes,
                   times, rounds and engines
  coverage         lines that the tests of the storage crates reach; fails below 95 % in one of them
  help             this text

Steps run to the end even when one fails; the exit code is that of the first one that failed.";

/// One command line, understood.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Help,
    Test,
    Tidy,
    Verify(Verify),
    Bench(Bench),
    Coverage,
    Python,
}

/// What `verify` is to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Verify {
    /// Empty means every part.
    pub(crate) parts: Vec<String>,
    pub(crate) full: bool,
    pub(crate) engine: bool,
    pub(crate) seed: Option<u64>,
    pub(crate) only: String,
}

/// What `bench` is to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Bench {
    pub(crate) rocksdb: bool,
    /// The Python package beside Python packages, instead of the engine beside engines.
    pub(crate) python: bool,
    /// For the program that measures, which understands them itself.
    pub(crate) arguments: Vec<String>,
}

/// Reads the arguments after the program's name; the error says what was not understood.
pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut args = args.into_iter();
    let name = args.next().unwrap_or_else(|| "help".to_owned());
    let command = match name.as_str() {
        "test" => Command::Test,
        "tidy" => Command::Tidy,
        "verify" => return verify(args).map(Command::Verify),
        "bench" => return Ok(Command::Bench(bench(args))),
        "coverage" => Command::Coverage,
        "python" => Command::Python,
        "help" | "--help" | "-h" => Command::Help,
        other => return Err(format!("there is no command `{other}`")),
    };
    match args.next() {
        Some(extra) => Err(format!("`{name}` takes no arguments, but got `{extra}`")),
        None => Ok(command),
    }
}

fn bench(args: impl Iterator<Item = String>) -> Bench {
    let mut bench = Bench::default();
    for arg in args {
        match arg.as_str() {
            "--rocksdb" => bench.rocksdb = true,
            "--python" => bench.python = true,
            _ => bench.arguments.push(arg),
        }
    }
    bench
}

fn verify(mut args: impl Iterator<Item = String>) -> Result<Verify, String> {
    let mut verify = Verify::default();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--full" => verify.full = true,
            "--engine" => verify.engine = true,
            "--only" => verify.only = args.next().ok_or("`--only` takes a part of a name")?,
            "--seed" => {
                let seed = args.next().and_then(|text| text.parse().ok());
                // Parts count on from it.
                verify.seed = Some(seed.filter(|seed| *seed < 1 << 48).ok_or("`--seed` takes a number below 2^48")?);
            }
            flag if flag.starts_with('-') => return Err(format!("verify has no flag `{flag}`")),
            _ => verify.parts.push(arg),
        }
    }
    Ok(verify)
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
        assert_eq!(parsed("coverage"), Ok(Command::Coverage));
        assert_eq!(parsed("python"), Ok(Command::Python));
        assert_eq!(parsed("verify"), Ok(Command::Verify(Verify::default())));
        let parts = vec!["loom".to_owned(), "tidy".to_owned()];
        let verify = Verify { parts, full: true, engine: true, seed: Some(7), only: "gap".into() };
        assert_eq!(parsed("verify loom --seed 7 tidy --only gap --full --engine"), Ok(Command::Verify(verify)));
    }

    #[test]
    fn bench_hands_on_what_is_not_its_own() {
        let arguments = ["learn", "--output", "x.md"].map(str::to_owned).to_vec();
        let bench = Bench { rocksdb: true, python: false, arguments };
        assert_eq!(parsed("bench learn --rocksdb --output x.md"), Ok(Command::Bench(bench)));
        let bench = Bench { python: true, arguments: vec!["--quick".to_owned()], ..Bench::default() };
        assert_eq!(parsed("bench --python --quick"), Ok(Command::Bench(bench)));
        assert_eq!(parsed("bench"), Ok(Command::Bench(Bench::default())));
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        assert!(parsed("tset").unwrap_err().contains("`tset`"));
        assert!(parsed("test --release").unwrap_err().contains("`--release`"));
        assert!(parsed("verify --all").unwrap_err().contains("`--all`"));
        assert!(parsed("verify --seed").unwrap_err().contains("number"));
        assert!(parsed("verify --seed 18446744073709551615").unwrap_err().contains("below"));
        assert!(parsed("verify --only").unwrap_err().contains("part of a name"));
        assert!(parsed("verify --seed loom").unwrap_err().contains("number"));
    }
}
