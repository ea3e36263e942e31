//! The command line.

use std::path::PathBuf;

use crate::engines::{ALL, Kind, OURS};
use crate::workloads::{WORKLOADS, Workload};

/// How much is measured, and of what.
pub(crate) struct Options {
    /// Concepts without vectors.
    pub(crate) concepts: usize,
    /// Concepts with vectors of 384 dimensions; half as many with 768.
    pub(crate) vectors: usize,
    /// Associations.
    pub(crate) associations: usize,
    /// Rounds over all engines.
    pub(crate) rounds: usize,
    /// Seconds of one measurement of reads.
    pub(crate) seconds: f64,
    /// Seconds that each engine writes in `sustained`.
    pub(crate) sustain: f64,
    /// Seconds of `flip`, of each engine.
    pub(crate) flip: f64,
    /// Seconds that a snapshot is held.
    pub(crate) held: f64,
    /// Concepts of the largest store of `growth`.
    pub(crate) growth_to: usize,
    /// Ours first.
    pub(crate) engines: Vec<Kind>,
    /// Empty means all.
    pub(crate) workloads: Vec<Workload>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) quick: bool,
}

impl Options {
    pub(crate) fn usage() -> String {
        let engines: Vec<_> = ALL.iter().map(|kind| kind.name).collect();
        let workloads: Vec<_> = WORKLOADS.iter().map(|(name, _)| *name).collect();
        format!(
            "usage: [--quick] [--output FILE] [--engines NAME,..] [--concepts N] [--vectors N] [--associations N] \
             [--rounds N] [--seconds S] [--sustain S] [--flip S] [--held S] [--growth-to N] [WORKLOAD..]\nengines: {}\nworkloads: {}",
            engines.join(", "),
            workloads.join(", ")
        )
    }

    /// Reads the arguments after the program's name; the error says what was not understood.
    pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut args: Vec<String> = args.into_iter().collect();
        let before = args.len();
        args.retain(|arg| arg != "--quick");
        let mut options = if args.len() < before { Self::quick() } else { Self::full() };
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("`{arg}` takes a value"));
            match arg.as_str() {
                "--concepts" => options.concepts = at_least(100, &arg, &value()?)?,
                "--vectors" => options.vectors = at_least(100, &arg, &value()?)?,
                "--associations" => options.associations = at_least(100, &arg, &value()?)?,
                "--rounds" => options.rounds = at_least(1, &arg, &value()?)?,
                "--seconds" => options.seconds = positive(&arg, &value()?)?,
                "--sustain" => options.sustain = positive(&arg, &value()?)?,
                "--flip" => options.flip = positive(&arg, &value()?)?,
                "--held" => options.held = positive(&arg, &value()?)?,
                "--growth-to" => options.growth_to = at_least(10_000, &arg, &value()?)?,
                "--output" => options.output = Some(value()?.into()),
                "--engines" => options.engines = engines(&value()?)?,
                name => match WORKLOADS.iter().find(|(known, _)| *known == name) {
                    Some(workload) => options.workloads.push(*workload),
                    None => return Err(format!("`{name}` is no flag and no workload")),
                },
            }
        }
        Ok(options)
    }

    fn full() -> Self {
        Self {
            concepts: 200_000,
            vectors: 40_000,
            associations: 200_000,
            rounds: 3,
            seconds: 1.0,
            sustain: 300.0,
            flip: 60.0,
            held: 60.0,
            growth_to: 10_000_000,
            engines: ALL.to_vec(),
            workloads: Vec::new(),
            output: None,
            quick: false,
        }
    }

    fn quick() -> Self {
        let sizes = Self { concepts: 5_000, vectors: 1_000, associations: 5_000, growth_to: 20_000, ..Self::full() };
        Self { rounds: 1, seconds: 0.1, sustain: 0.3, flip: 0.4, held: 0.4, quick: true, ..sizes }
    }
}

fn at_least(least: usize, flag: &str, text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number >= least);
    number.ok_or_else(|| format!("`{flag}` takes a number of at least {least}"))
}

fn positive(flag: &str, text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|seconds: &f64| *seconds > 0.0 && seconds.is_finite());
    seconds.ok_or_else(|| format!("`{flag}` takes a positive number"))
}

/// Ours is in every comparison.
fn engines(names: &str) -> Result<Vec<Kind>, String> {
    let names: Vec<_> = names.split(',').collect();
    if let Some(unknown) = names.iter().find(|name| ALL.iter().all(|kind| kind.name != **name)) {
        return Err(format!("there is no engine `{unknown}` in this build"));
    }
    Ok(ALL.iter().filter(|kind| kind.name == OURS || names.contains(&kind.name)).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn flags_are_understood_in_any_order() {
        let options = parsed("learn --concepts 700 --quick --output x.md associate").unwrap();
        assert!(options.quick && options.concepts == 700 && options.rounds == 1);
        assert_eq!(options.output, Some("x.md".into()));
        assert_eq!(options.workloads.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["learn", "associate"]);
        assert!(parsed("").unwrap().workloads.is_empty());
    }

    #[test]
    fn times_and_sizes_are_set_one_by_one() {
        let options = parsed("--quick --sustain 2.5 --held 3 --growth-to 100000").unwrap();
        assert_eq!((options.sustain, options.held, options.growth_to), (2.5, 3.0, 100_000));
        assert_eq!(options.flip, parsed("--quick").unwrap().flip);
    }

    #[test]
    fn ours_is_always_there() {
        assert_eq!(parsed(&format!("--engines {OURS}")).unwrap().engines.len(), 1);
        assert_eq!(parsed("").unwrap().engines[0].name, OURS);
    }

    #[test]
    fn anything_else_is_refused_by_name() {
        for (line, named) in [
            ("lern", "`lern`"),
            ("--rounds 0", "`--rounds`"),
            ("--seconds -1", "positive"),
            ("--flip nan", "`--flip`"),
            ("--growth-to 9", "10000"),
            ("--engines x", "`x`"),
        ] {
            assert!(parsed(line).err().unwrap().contains(named), "{line}");
        }
        assert!(parsed("--output").is_err());
    }
}
