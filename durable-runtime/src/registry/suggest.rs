//! "Did you mean": the registered name that is closest to a missing one.

/// The name in `known` that is a slip of the finger away from `word`.
pub(crate) fn closest(
    word: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    let by_distance = known.into_iter().map(|name| (distance(word, name), name));
    let (distance, nearest) = by_distance.filter(|(_, name)| *name != word).min()?;
    // A third of the letters at most: anything further away is another word, and would mislead.
    (distance <= (word.len() / 3).max(1)).then_some(nearest)
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
