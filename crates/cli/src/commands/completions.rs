//! `sutra completions`: what a shell needs to know to complete commands.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::failure::{Failure, Outcome};
use crate::output::Output;

/// Print the completions of a shell
///
/// For bash: `sutra completions bash > ~/.local/share/bash-completion/completions/sutra`; for zsh into a folder of $fpath as
/// `_sutra`; for fish: `sutra completions fish > ~/.config/fish/completions/sutra.fish`.
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// Which one
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Result<Outcome, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "sutra", &mut script);
        let mut out = Output::new();
        out.line(String::from_utf8_lossy(&script).trim_end())?;
        out.end()?;
        Ok(Outcome::Done)
    }
}
