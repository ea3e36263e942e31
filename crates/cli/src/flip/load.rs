//! What is asked of the store in each flip.

use std::str::FromStr;

/// How much is written and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) name: String,
    /// Writes a second; `None` for as many as there can be.
    pub(crate) writes: Option<u32>,
    /// Reads a second; `None` for as many as there can be.
    pub(crate) reads: Option<u32>,
}

impl Load {
    fn new(name: &str, writes: Option<u32>, reads: Option<u32>) -> Self {
        Self { name: name.to_owned(), writes, reads }
    }

    /// The flips of the demo, in their order.
    pub(crate) fn of_demo() -> Vec<Self> {
        vec![
            Self::new("learning", Some(2000), Some(10)),
            Self::new("reasoning", Some(10), Some(3000)),
            Self::new("both at once", None, None),
        ]
    }

    /// Those of the bench: there and back again, and what the machine can do.
    pub(crate) fn of_bench() -> Vec<Self> {
        vec![
            Self::new("learning", Some(2000), Some(10)),
            Self::new("reasoning", Some(10), Some(3000)),
            Self::new("learning again", Some(1500), Some(20)),
            Self::new("both at once", None, None),
        ]
    }

    /// What is asked for, in words.
    pub(crate) fn asked(&self) -> String {
        let words = |rate: Option<u32>, what: &str| match rate {
            Some(rate) => format!("{rate} {what} a second"),
            None => format!("{what} as fast as they go"),
        };
        match (self.writes, self.reads) {
            (Some(writes), Some(reads)) => format!("{writes} writes and {reads} reads a second"),
            (None, None) => "one writer and one reader as fast as they go".to_owned(),
            (writes, reads) => format!("{}, {}", words(writes, "writes"), words(reads, "reads")),
        }
    }
}

/// `WRITES:READS`, each a number a second or `max`; at least one of them is not nothing.
impl FromStr for Load {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "give WRITES:READS, each a number a second up to 1,000,000, or max".to_owned();
        let rate = |text: &str| match text {
            "max" => Ok(None),
            number => match number.parse() {
                Ok(rate) if rate <= 1_000_000 => Ok(Some(rate)),
                _ => Err(wrong()),
            },
        };
        let (writes, reads) = text.split_once(':').ok_or_else(wrong)?;
        let load = Self::new(text, rate(writes)?, rate(reads)?);
        if load.writes == Some(0) && load.reads == Some(0) { Err(wrong()) } else { Ok(load) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_are_read_and_wrong_ones_refused() {
        assert_eq!("2000:10".parse(), Ok(Load::new("2000:10", Some(2000), Some(10))));
        assert_eq!("max:0".parse(), Ok(Load::new("max:0", None, Some(0))));
        for wrong in ["", "10", "0:0", "-1:5", "1:x", "1:2:3", "1000001:1"] {
            assert!(wrong.parse::<Load>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_asked_is_said() {
        assert_eq!(Load::of_demo()[0].asked(), "2000 writes and 10 reads a second");
        assert_eq!("max:10".parse::<Load>().unwrap().asked(), "writes as fast as they go, 10 reads a second");
    }
}
