//! "Did you mean": the nearest of the words there are.

/// A hint for a word that is not among the known ones: the nearest, or all of them.
pub fn nearest(word: &str, known: &[&str]) -> String {
    let close = known
        .iter()
        .map(|name| {
            (
                strsim::jaro_winkler(&word.to_lowercase(), &name.to_lowercase()),
                name,
            )
        })
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match close {
        Some((score, name)) if score > 0.8 => format!("did you mean `{name}`?"),
        _ => format!("known are: {}", known.join(", ")),
    }
}
