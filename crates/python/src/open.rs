//! What a storage is opened with.

use std::time::Duration;

use sutra_storage::{Durability, Metric};

use crate::failure::{Answer, Failure};

pub(crate) fn durability(word: &str) -> Answer<Durability> {
    match word {
        "group" => Ok(Durability::Group),
        "always" => Ok(Durability::Always),
        "none" => Ok(Durability::None),
        _ => {
            let reason = format!("{word:?} is none of \"group\", \"always\" and \"none\"");
            Err(Failure::invalid("durability", reason))
        }
    }
}

pub(crate) fn durability_word(durability: Durability) -> &'static str {
    match durability {
        Durability::Group => "group",
        Durability::Always => "always",
        Durability::None => "none",
    }
}

pub(crate) fn metric(word: &str) -> Answer<Metric> {
    let known = [Metric::Cosine, Metric::Dot, Metric::Euclidean];
    known
        .into_iter()
        .find(|metric| metric.name() == word)
        .ok_or_else(|| Failure::invalid("metric", format!("{word:?} is none of \"cosine\", \"dot\" and \"euclidean\"")))
}

pub(crate) fn seconds(field: &'static str, seconds: f64) -> Answer<Duration> {
    Duration::try_from_secs_f64(seconds)
        .map_err(|_| Failure::invalid(field, format!("{seconds} is not a number of seconds")))
}
