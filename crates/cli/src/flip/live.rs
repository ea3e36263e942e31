//! How it is shown while it goes on: on a terminal as a screen, elsewhere as lines.

use std::time::Duration;

use super::lines;
use super::load::Load;
use super::sample::Sample;
use super::screen::Screen;
use crate::failure::Failure;
use crate::output::Output;

/// What shows a flip.
#[derive(Debug)]
pub(super) enum Live {
    Screen(Box<Screen>),
    Lines { seconds: u64 },
}

impl Live {
    /// A screen, if there is a terminal that can show it.
    pub(super) fn new(out: &mut Output) -> Result<Self, Failure> {
        out.show()?;
        let screen = if out.is_terminal() { Screen::open() } else { None };
        Ok(screen.map_or(Self::Lines { seconds: 0 }, |screen| Self::Screen(Box::new(screen))))
    }

    pub(super) fn begin(
        &mut self,
        load: &Load,
        number: usize,
        of: usize,
        length: Duration,
        out: &mut Output,
    ) -> Result<(), Failure> {
        match self {
            Self::Screen(screen) => screen.begin(load, number, of, length),
            Self::Lines { seconds } => {
                *seconds = 0;
                out.line(format_args!("   {}: {}", load.name, load.asked()))?;
                out.show()?;
            }
        }
        Ok(())
    }

    /// `into` is how long the flip has gone on.
    pub(super) fn tell(&mut self, sample: &Sample, into: Duration, out: &mut Output) -> Result<(), Failure> {
        match self {
            Self::Screen(screen) => screen.tell(sample, into),
            // As many lines as seconds: between them nobody could read.
            Self::Lines { seconds } if into.as_secs() > *seconds => {
                *seconds = into.as_secs();
                out.line(format_args!("   {}", lines::status(sample)))?;
                out.show()
            }
            Self::Lines { .. } => Ok(()),
        }
    }
}
