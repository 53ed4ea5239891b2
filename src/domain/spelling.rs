//! What somebody meant who misspelt a name.

/// The name in `known` that `given` was most likely meant to be.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let fold = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let given = fold(given);
    let length = given.chars().count();
    let measured = known.into_iter().map(|name| {
        let folded = fold(name);
        // A name that was cut short is nearer than one that merely has similar letters.
        let cut_short = length >= 4 && folded.starts_with(&given);
        (if cut_short { 1 } else { strsim::levenshtein(&given, &folded) }, name)
    });
    let (distance, name) = measured.min_by_key(|(distance, _)| *distance)?;
    (distance <= (length / 3).max(2).min(length.saturating_sub(1))).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        let known = ["time_zone", "honor_grace", "member"];
        assert_eq!(nearest("timezone", known), Some("time_zone"));
        assert_eq!(nearest("honour_grace", known), Some("honor_grace"));
        assert_eq!(nearest("Member", known), Some("member"));
        assert_eq!(nearest("tmie_zone", known), Some("time_zone"));
        assert_eq!(nearest("honor", known), Some("honor_grace"));
        assert_eq!(nearest("something_else", known), None);
        assert_eq!(nearest("x", ["at", "y"]), None);
    }
}
