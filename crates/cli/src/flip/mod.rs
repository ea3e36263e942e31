//! Bursts of learning and bursts of reading that change places on one store, and what they do to each other: the load, those
//! who make it, what is measured, and how it is shown while it goes on.
//!
//! `sutra demo` and `sutra bench` play the same flips. A flip is a number of writes and of reads a second; one thread writes,
//! one reads, one watches when writes become visible, and the calling one looks four times a second and shows it: on a terminal
//! as a screen, elsewhere as a line a second.

pub(crate) mod chart;
mod latency;
mod lines;
mod live;
mod load;
mod pace;
mod play;
mod sample;
mod screen;
pub(crate) mod table;
mod workers;

pub(crate) use self::load::Load;
pub(crate) use self::play::{Measured, Played, play};
pub(crate) use self::sample::Sample;
pub(crate) use self::workers::Random;
