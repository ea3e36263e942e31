//! How well a concept answers to some words.
//!
//! Every word that is looked for must begin a word of the concept's key, metadata or content. How well a text answers is ranked
//! from "is the words themselves" down to "has words that begin so"; a key weighs more than metadata, metadata more than
//! content, and the first texts of a list more than later ones. Case does not matter.

use serde_json::Value;

/// What is looked for.
#[derive(Debug)]
pub(crate) struct Query {
    phrase: String,
    words: Vec<String>,
}

/// The best answer that a concept gives.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Match {
    pub(crate) score: f32,
    /// `key`, `content`, or `metadata` with the way to the text in it, such as `metadata.words[0]`.
    pub(crate) field: String,
    pub(crate) text: String,
}

/// How a text holds what is looked for.
const IS: f32 = 8.0;
const BEGINS: f32 = 4.0;
const HAS_PHRASE: f32 = 2.5;
const HAS_WORDS: f32 = 2.0;
const HAS_BEGINNINGS: f32 = 1.0;

const KEY: f32 = 3.0;
const METADATA: f32 = 2.0;
const CONTENT: f32 = 1.0;

/// Texts of a list beyond this one are worth the same.
const LAST_OF_LIST: usize = 9;

impl Query {
    /// None if there is no letter or digit in it.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let phrase = text.trim().to_lowercase();
        let words: Vec<String> = words_of(&phrase).map(|(_, word)| word.to_owned()).collect();
        (!words.is_empty()).then_some(Self { phrase, words })
    }

    /// The best match of a concept, if every word is somewhere in it.
    pub(crate) fn of(&self, key: Option<&str>, content: &str, metadata: Option<&str>) -> Option<Match> {
        let mut best = Best { query: self, missing: self.words.iter().map(String::as_str).collect(), found: None };
        if let Some(key) = key {
            best.offer(key, KEY, || "key".to_owned());
        }
        best.offer(content, CONTENT, || "content".to_owned());
        if let Some(metadata) = metadata
            // Most concepts say none of the words: only the text is looked at then, not what it means. Escapes may hide a word.
            && (metadata.contains('\\') || self.is_in(&metadata.to_lowercase()))
            && let Ok(value) = serde_json::from_str(metadata)
        {
            best.walk(&value, "metadata", METADATA);
        }
        if best.missing.is_empty() { best.found } else { None }
    }

    fn is_in(&self, text: &str) -> bool {
        self.words.iter().any(|word| text.contains(word.as_str()))
    }

    /// How a text in lower case holds what is looked for.
    fn level(&self, text: &str) -> Option<f32> {
        if !self.is_in(text) {
            return None;
        }
        let whole = |at: usize| {
            let end = at + self.phrase.len();
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            let after = text.get(end..).and_then(|text| text.chars().next());
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        };
        if text == self.phrase {
            Some(IS)
        } else if text.starts_with(&self.phrase) && whole(0) {
            Some(BEGINS)
        } else if text.match_indices(&self.phrase).any(|(at, _)| whole(at)) {
            Some(HAS_PHRASE)
        } else if self.words.iter().all(|wanted| words_of(text).any(|(_, word)| word == wanted)) {
            Some(HAS_WORDS)
        } else if self.words.iter().any(|wanted| words_of(text).any(|(_, word)| word.starts_with(wanted.as_str()))) {
            Some(HAS_BEGINNINGS)
        } else {
            None
        }
    }

    /// Where in a text the words are: byte ranges, in their order, apart from each other.
    pub(crate) fn places(&self, text: &str) -> Vec<std::ops::Range<usize>> {
        // Lower case may have other lengths: a text for which it has is shown as it is.
        let lower = text.to_lowercase();
        if lower.len() != text.len() {
            return Vec::new();
        }
        let found = words_of(&lower).filter_map(|(at, word)| {
            let wanted = self.words.iter().filter(|wanted| word.starts_with(wanted.as_str()));
            let length = wanted.map(String::len).max()?;
            let range = at..at + length;
            (text.is_char_boundary(range.start) && text.is_char_boundary(range.end)).then_some(range)
        });
        found.collect()
    }
}

/// The best match so far, and the words that no text has had yet.
struct Best<'q> {
    query: &'q Query,
    missing: Vec<&'q str>,
    found: Option<Match>,
}

impl Best<'_> {
    fn offer(&mut self, text: &str, weight: f32, field: impl FnOnce() -> String) {
        let lower = text.to_lowercase();
        let Some(level) = self.query.level(&lower) else { return };
        self.missing.retain(|wanted| !words_of(&lower).any(|(_, word)| word.starts_with(wanted)));
        let score = level * weight;
        if self.found.as_ref().is_none_or(|found| found.score < score) {
            self.found = Some(Match { score, field: field(), text: text.to_owned() });
        }
    }

    fn walk(&mut self, value: &Value, path: &str, weight: f32) {
        match value {
            Value::String(text) => self.offer(text, weight, || path.to_owned()),
            Value::Array(values) => {
                for (at, value) in values.iter().enumerate() {
                    let weight = weight * (1.0 - at.min(LAST_OF_LIST) as f32 * 0.05);
                    self.walk(value, &format!("{path}[{at}]"), weight);
                }
            }
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.walk(value, &format!("{path}.{name}"), weight);
                }
            }
            _ => {}
        }
    }
}

/// The runs of letters and digits in a text, with their byte offsets.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let base = text.as_ptr() as usize;
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - base, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(query: &str, key: &str, content: &str, metadata: &str) -> Option<(f32, String)> {
        let found = Query::new(query).unwrap().of(Some(key), content, Some(metadata))?;
        Some((found.score, found.field))
    }

    #[test]
    fn closer_answers_score_higher() {
        let levels = [
            score("dog", "dog", "", "{}"),
            score("dog", "n1", "", r#"{"words":["dog"]}"#),
            score("dog", "n1", "", r#"{"words":["hound","Dog"]}"#),
            score("dog", "dog house", "", "{}").map(|found| (found.0 - 0.5, found.1)),
            score("dog", "n1", "", r#"{"words":["dog house"]}"#),
            score("dog", "n1", "the dog barks", "{}"),
            score("dog", "n1", "dogged", "{}"),
        ];
        let scores: Vec<f32> = levels.iter().map(|found| found.as_ref().unwrap().0).collect();
        assert_eq!(scores[..3], [24.0, 16.0, 15.2]);
        assert!(scores.windows(2).all(|pair| pair[0] > pair[1]), "{scores:?}");
        assert_eq!(levels[2].as_ref().unwrap().1, "metadata.words[1]");
        assert_eq!(levels[5].as_ref().unwrap().1, "content");
    }

    #[test]
    fn every_word_must_be_somewhere() {
        assert!(score("big dog", "n1", "a big cat", r#"{"words":["dog"]}"#).is_some());
        assert!(score("big dog", "n1", "a big cat", "{}").is_none());
        assert!(score("dog", "n1", "firedog", r#"{"dog":1}"#).is_none());
        assert!(Query::new(" -- ").is_none());
        assert!(score("dog", "n1", "", "no json: dog").is_none());
        assert!(score("dog", "n1", "", r#"["\u0064og"]"#).is_some());
    }

    #[test]
    fn places_are_those_of_the_words() {
        let query = Query::new("Big dog").unwrap();
        assert_eq!(query.places("A big bigger hotdog Dog"), [2..5, 6..9, 20..23]);
        // A capital whose small form is longer moves what follows: no place is better than a wrong one.
        assert_eq!(query.places("\u{130} dog"), []);
    }
}
