//! "Did you mean": the known name that is closest to a misspelt one.

/// The name in `known` that `word` was most likely meant to be.
pub(crate) fn closest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let nearest = known.iter().min_by_key(|name| distance(word, name))?;
    let allowed = (word.len().max(nearest.len()) / 3).max(1);
    (distance(word, nearest) <= allowed).then_some(nearest)
}

/// The Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_slip_of_the_finger_finds_its_name() {
        let known = ["name", "queue", "timeout", "retry"];
        assert_eq!(closest("timout", &known), Some("timeout"));
        assert_eq!(closest("queu", &known), Some("queue"));
    }

    #[test]
    fn a_foreign_word_finds_none() {
        assert_eq!(closest("priority", &["name", "queue"]), None);
    }
}
